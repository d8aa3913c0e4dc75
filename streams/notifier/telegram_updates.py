"""Presses on a Telegram bot's buttons, one update at a time: polled, or brought to our address.

An update counts as read once its command is in Kafka; until then Telegram keeps it, and one that
comes twice is one command. A bot has one reader: another one, or an address its updates go to,
shows as a conflict, which a person has to mend.

Next step: `streams.notifier.hearing` takes the deed.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from alerts.channels.base import Failure, Refused, Request, Response, Retry, Sent, answered
from alerts.channels.telegram import Telegram
from alerts.channels.telegram_back import Press, notice, polling, press, showing
from alerts.delivery import BACKOFF_MAX_MS, backoff_ms
from alerts.message import Locale
from streams.notifier.hearing import Hearing, Taken
from streams.notifier.http import HttpSender

WAIT_S: Final = 25
_SPARE_MS: Final = 15_000
_CALL_MS: Final = 15_000
_CONFLICT_S: Final = 30.0

log = structlog.get_logger("nabz.notifier")


class TelegramUpdates:
    """Listens for one bot: `await run()` until cancelled, or `take` what is brought."""

    def __init__(
        self,
        bots: Mapping[str, Telegram],
        sender: HttpSender,
        hearing: Hearing,
        *,
        clock: Callable[[], int],
        jitter: Callable[[], float] = random.random,
        wait_s: int = WAIT_S,
    ) -> None:
        """Prepare.

        Args:
            bots: Channels of this bot, by name in the settings.
            sender: The wire.
            hearing: Takes deeds.
            clock: The wall clock, in milliseconds.
            jitter: Draws from [0, 1).
            wait_s: How long Telegram holds a poll back while there is nothing to say.
        """
        self._bots = bots
        self._bot = next(iter(bots.values()))
        self._sender = sender
        self._hearing = hearing
        self._clock = clock
        self._jitter = jitter
        self._wait_s = wait_s
        self._after: int | None = None

    async def run(self) -> None:
        """Poll."""
        try:
            await self._poll()
        finally:
            self._listens(ready=False)

    async def _poll(self) -> None:
        failed, ready = 0, False
        while True:
            wait_s = self._wait_s if ready else 0  # the first answer says whether it works at all
            api, token = self._bot.api, self._bot.token
            request = polling(api, token, after=self._after, wait_s=wait_s)
            answer = await self._sender.send(request, timeout_ms=wait_s * 1_000 + _SPARE_MS)
            pause_s = self._pause_s(answer, failed + 1)
            if pause_s is None and isinstance(answer, Response):
                took = await self._updates(answered(answer).get("result"))
                failed = 0 if took else failed + 1
                pause_s = None if took else backoff_ms(failed, self._jitter()) / 1000
            else:
                failed += 1
            ready = pause_s is None
            self._listens(ready=ready)
            if pause_s is not None:
                await asyncio.sleep(pause_s)

    def _pause_s(self, answer: Response | Failure, failed: int) -> float | None:
        """How long to wait before the next poll; None where this one worked."""
        if isinstance(answer, Response) and answer.status == 409:
            log.error(
                "listening.conflict", channels=sorted(self._bots),
                next="another program reads this bot's updates, or they go to a webhook",
            )  # fmt: skip
            return _CONFLICT_S
        match self._bot.outcome(answer, now_ms=self._clock()):
            case Sent():
                return None
            case Retry(after_ms, reason):
                log.warning("listening.not_open", channels=sorted(self._bots), failure=reason)
                return (backoff_ms(failed, self._jitter()) if after_ms is None else after_ms) / 1000
            case Refused(reason):
                log.error(
                    "listening.refused", channels=sorted(self._bots), failure=reason,
                    next="check the bot's token",
                )  # fmt: skip
        return BACKOFF_MAX_MS / 1000

    def _listens(self, *, ready: bool) -> None:
        for name in self._bots:
            self._hearing.metrics.listening.labels(name).set(ready)

    async def _updates(self, found: Any) -> bool:
        """Take updates in order; False once one could not be written, which is asked for again."""
        for update in found if isinstance(found, list) else []:
            number = update.get("update_id") if isinstance(update, dict) else None
            if await self.take(update) == "failed":
                return False
            if type(number) is int:
                self._after = number
        return True

    async def take(self, update: object) -> Taken | None:
        """Take one update; None where it asks for nothing."""
        found = press(update, "en")
        if found is None or not found.query:
            return None
        names = [name for name, bot in self._bots.items() if bot.chat in found.chats]
        if not names:
            self._hearing.ignored(next(iter(self._bots)))
            return None
        locale: Locale = self._hearing.plan.outlets[names[0]].locale
        found = press(update, locale)
        assert found is not None, "it was one a moment ago"  # noqa: S101
        if found.deed is None:
            await self._menu(found)
            return None

        async def confirm(words: str, *, failed: bool) -> None:
            await self._call(
                notice(self._bot.api, self._bot.token, query=found.query, text=words, alarm=failed)
            )

        return await self._hearing.take("telegram", names, found.deed, confirm)

    async def _menu(self, found: Press) -> None:
        """Show other buttons; the press itself asks for nothing."""
        api, token = self._bot.api, self._bot.token
        if found.menu is not None:
            shown = showing(api, token, chat=found.chats[0], message=found.message, menu=found.menu)
            await self._call(shown)
        await self._call(notice(api, token, query=found.query, text=""))

    async def _call(self, request: Request) -> None:
        """A courtesy: whatever comes of it, nothing is done again."""
        await self._sender.send(request, timeout_ms=_CALL_MS)
