"""One connection to Slack in Socket Mode, always: opened, listened to, replaced before it ends.

Slack says some seconds before it ends a connection; the next one is opened then, while the old one
is still listened to, so that no press falls between them. A connection whose other end is gone
without a word answers no ping and is replaced too. A press is acknowledged once its command is in
Kafka, within the three seconds Slack gives: whoever pressed the button sees if it was not.

Next step: `streams.notifier.hearing` takes the deed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping
from typing import Final

import aiohttp
import structlog

from alerts.channels.base import Refused, Response, Retry, Sent, answered, text_at
from alerts.channels.slack import SlackBot
from alerts.channels.slack_back import Frame, frame, opening, receipt
from alerts.delivery import BACKOFF_MAX_MS, backoff_ms
from streams.notifier.hearing import Hearing
from streams.notifier.http import ForbiddenAddressError, HttpSender

ACKNOWLEDGE_S: Final = 2.5
"""Of the three seconds that Slack waits."""
BEAT_S: Final = 10.0
_OPEN_TIMEOUT_MS: Final = 15_000
_LINGER_S: Final = 30.0
_SHUT: Final = "link_disabled"
"""Somebody has turned Socket Mode off for the app."""

log = structlog.get_logger("nabz.notifier")


class SlackSocket:
    """Listens for one app: `await run()` until cancelled."""

    def __init__(
        self,
        token: str,
        bots: Mapping[str, SlackBot],
        sender: HttpSender,
        hearing: Hearing,
        *,
        clock: Callable[[], int],
        jitter: Callable[[], float] = random.random,
        beat_s: float = BEAT_S,
    ) -> None:
        """Prepare.

        Args:
            token: The app's (`xapp-...`).
            bots: Channels with buttons of this app, by name in the settings.
            sender: The wire.
            hearing: Takes deeds.
            clock: The wall clock, in milliseconds.
            jitter: Draws from [0, 1).
            beat_s: Time between two pings.
        """
        self._token = token
        self._bots = bots
        self._api = next(iter(bots.values())).api
        self._sender = sender
        self._hearing = hearing
        self._clock = clock
        self._jitter = jitter
        self._beat_s = beat_s
        self._ready = 0

    async def run(self) -> None:
        """Keep one connection open, two while one replaces the other."""
        failed = 0
        async with asyncio.TaskGroup() as group:
            while True:
                url, wait_ms = await self._address()
                if url is None:
                    failed += 1
                    await asyncio.sleep(self._pause_s(failed, wait_ms))
                    continue
                turn = _Turn()
                group.create_task(self._listen(url, turn))
                await turn.over.wait()
                failed = 1 if turn.greeted else failed + 1
                if turn.reason == _SHUT:
                    await asyncio.sleep(BACKOFF_MAX_MS / 1000)
                elif not turn.reason:  # it was lost: nobody said that another one is welcome
                    await asyncio.sleep(self._pause_s(failed, None))

    def _pause_s(self, failed: int, wait_ms: int | None) -> float:
        return (backoff_ms(failed, self._jitter()) if wait_ms is None else wait_ms) / 1000

    async def _address(self) -> tuple[str | None, int | None]:
        """Where to connect; or None, and how long to wait before asking again."""
        bot = next(iter(self._bots.values()))
        request = opening(self._api, self._token)
        answer = await self._sender.send(request, timeout_ms=_OPEN_TIMEOUT_MS)
        outcome = bot.outcome(answer, now_ms=self._clock())
        match outcome:
            case Sent() if isinstance(answer, Response):
                url = text_at(answered(answer), "url")
                return (url, None) if url else (None, BACKOFF_MAX_MS)
            case Retry(after_ms, reason):
                log.warning("listening.not_open", channels=sorted(self._bots), failure=reason)
                return None, after_ms
            case Refused(reason):
                log.error(
                    "listening.refused", channels=sorted(self._bots), failure=reason,
                    next="check the app token and its scope connections:write, and Socket Mode",
                )  # fmt: skip
            case _:
                pass
        return None, BACKOFF_MAX_MS

    async def _listen(self, url: str, turn: _Turn) -> None:
        """Serve one connection until it ends; never raises for what the other side does."""
        try:
            async with self._sender.socket(url, beat_s=self._beat_s) as socket:
                await self._frames(socket, turn)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            forbidden = isinstance(error, ForbiddenAddressError)
            log.warning(
                "listening.connection_lost", channels=sorted(self._bots),
                error="forbidden address" if forbidden else type(error).__name__,
            )  # fmt: skip
        finally:
            self._greeted(turn, ready=False)
            turn.over.set()

    async def _frames(self, socket: aiohttp.ClientWebSocketResponse, turn: _Turn) -> None:
        async with asyncio.TaskGroup() as group:
            until = None
            while True:
                try:
                    message = await socket.receive(timeout=until)
                except TimeoutError:
                    return  # it should have ended by now
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return
                found = frame(message.data)
                if found.hello:
                    self._greeted(turn, ready=True)
                if found.leaves is not None:
                    log.info("listening.renewed", reason=found.leaves)
                    turn.reason = found.leaves
                    self._greeted(turn, ready=False)
                    turn.over.set()  # the next one is opened; this one is heard to its end
                    until = _LINGER_S
                if found.envelope is not None:
                    group.create_task(self._pressed(socket, found))

    def _greeted(self, turn: _Turn, *, ready: bool) -> None:
        if ready == turn.ready:
            return
        turn.ready = ready
        turn.greeted = turn.greeted or ready
        self._ready += 1 if ready else -1
        for name in self._bots:
            self._hearing.metrics.listening.labels(name).set(self._ready > 0)

    async def _pressed(self, socket: aiohttp.ClientWebSocketResponse, found: Frame) -> None:
        """Take a press, and acknowledge its envelope if that worked in time."""
        envelope, deed = found.envelope, found.deed
        names = [name for name, bot in self._bots.items() if bot.channel == found.channel]
        if deed is not None and names:
            bot = self._bots[names[0]]

            async def confirm(words: str, *, failed: bool) -> None:  # noqa: ARG001
                told = bot.aside(user=deed.user, text=words)
                await self._sender.send(told, timeout_ms=_OPEN_TIMEOUT_MS)

            try:
                async with asyncio.timeout(ACKNOWLEDGE_S):
                    if await self._hearing.take("slack", names, deed, confirm) == "failed":
                        return
            except TimeoutError:
                log.warning("command.late", channel=names[0], verb=deed.verb)
                return
        else:
            self._hearing.ignored(next(iter(self._bots)))
        if envelope is not None:
            with contextlib.suppress(OSError, aiohttp.ClientError):  # it ended meanwhile
                await socket.send_str(receipt(envelope))


class _Turn:
    """One connection, from its opening until another takes its place."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.ready = False
        self.greeted = False
        self.reason = ""
