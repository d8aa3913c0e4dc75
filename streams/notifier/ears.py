"""All the ways back of one notifier, while it is the active one.

One connection an app of Slack, one reader a bot of Telegram, one address for all who call: channels
that share a token share the listener too.

Next step: `streams.notifier.slack_socket`, `telegram_updates` and `hooks` listen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import structlog

from alerts.channels.slack import SlackBot
from alerts.channels.telegram import Telegram
from streams.notifier.build import Back, Outlet, Plan
from streams.notifier.hearing import Hearing
from streams.notifier.hooks import Hook, PagerDutyHook, TelegramHook, serving
from streams.notifier.http import HttpSender
from streams.notifier.slack_socket import SlackSocket
from streams.notifier.telegram_updates import TelegramUpdates

Listener = Callable[[], Coroutine[Any, Any, None]]
_AGAIN_S: Final = 60.0
_Bot = TypeVar("_Bot", SlackBot, Telegram)

log = structlog.get_logger("nabz.notifier")


class Ears:
    """Listens to everything that is configured: `await run()` until cancelled."""

    def __init__(self, plan: Plan, hearing: Hearing, *, clock: Callable[[], int]) -> None:
        """Prepare; nothing is connected before `run`."""
        self._plan = plan
        self._hearing = hearing
        self._clock = clock
        self.address: tuple[str, int] | None = None

    async def run(self) -> None:
        """Listen; returns at once where nothing is configured."""
        senders: list[HttpSender] = []
        try:
            listeners = self._listeners(senders)
            if listeners:
                await self._hearing.begin()
            async with asyncio.TaskGroup() as group:
                for name, listener in listeners:
                    group.create_task(_supervised(name, listener))
        finally:
            for sender in senders:
                await sender.close()

    def _listeners(self, senders: list[HttpSender]) -> list[tuple[str, Listener]]:
        """What listens, each with a name for the log; the wires they use are added to `senders`."""
        found: list[tuple[str, Listener]] = []
        hooks: dict[str, Hook] = {}
        clock, hearing = self._clock, self._hearing
        for outlets in _shared(self._plan, "slack"):
            bots, token = _bots(outlets, SlackBot), _back(outlets[0]).secrets[0]
            socket = SlackSocket(token, bots, _wire(outlets[0], senders), hearing, clock=clock)
            found.append((outlets[0].name, socket.run))
        for outlets in _shared(self._plan, "telegram"):
            wire = _wire(outlets[0], senders)
            updates = TelegramUpdates(_bots(outlets, Telegram), wire, hearing, clock=clock)
            called = [one for one in outlets if _back(one).called]
            for one in called:
                hooks[one.name] = TelegramHook(one.name, _back(one).secrets[0], updates)
            if not called:
                found.append((outlets[0].name, updates.run))
        for outlets in _shared(self._plan, "pagerduty"):
            for one in outlets:
                keys = tuple(key.encode() for key in _back(one).secrets)
                hooks[one.name] = PagerDutyHook(one.name, keys)
        if hooks:
            found.append(("webhooks", lambda: self._serve(hooks)))
        return found

    async def _serve(self, hooks: dict[str, Hook]) -> None:
        host, port = self._plan.listen
        async with serving(hooks, self._hearing, host=host, port=port) as address:
            self.address = address
            log.info(
                "listening.listening", host=address[0], port=address[1], channels=sorted(hooks)
            )
            await asyncio.Event().wait()


async def _supervised(name: str, listener: Listener) -> None:
    """Listen again after a defect of ours: nobody's message waits for a way back."""
    while True:
        try:
            await listener()
        except Exception as error:  # noqa: BLE001  # its text may hold what somebody wrote
            log.error(
                "listening.failed", channel=name, error=type(error).__name__, next="report it"
            )
        await asyncio.sleep(_AGAIN_S)


def _back(outlet: Outlet) -> Back:
    assert outlet.back is not None, "only those are asked"  # noqa: S101
    return outlet.back


def _shared(plan: Plan, kind: str) -> list[list[Outlet]]:
    """Channels of a type with a way back, those with one listener together."""
    found: dict[str, list[Outlet]] = {}
    for outlet in plan.outlets.values():
        if outlet.back is not None and outlet.back.kind == kind:
            found.setdefault(outlet.back.shared, []).append(outlet)
    return list(found.values())


def _bots(outlets: list[Outlet], kind: type[_Bot]) -> dict[str, _Bot]:
    return {one.name: one.channel for one in outlets if isinstance(one.channel, kind)}


def _wire(outlet: Outlet, senders: list[HttpSender]) -> HttpSender:
    """A client of its own: a poll that waits keeps no message from being sent."""
    made = HttpSender(_back(outlet).guard)
    senders.append(made)
    return made
