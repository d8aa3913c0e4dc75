"""The one address others may call: webhooks of PagerDuty and Telegram, each checked by its secret.

Bound to loopback unless configured otherwise; a proxy of yours ends TLS. A request is read up to a
bound, believed by its signature or secret before anything in it is looked at, and answered 200 only
once its command is in Kafka: whoever sent it tries again otherwise. Who shows no secret learns
nothing, not even which channels there are.

Next step: `streams.notifier.hearing` takes the deed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog
from aiohttp import web

from alerts.channels.pagerduty_back import SIGNATURE, event, genuine
from alerts.channels.telegram_back import SECRET_HEADER
from alerts.channels.telegram_back import genuine as shows
from streams.notifier.hearing import Hearing
from streams.notifier.telegram_updates import TelegramUpdates

PATH: Final = "/back/"
BODY_MAX: Final = 262_144
_READ_S: Final = 10.0
_INCIDENTS_MAX: Final = 10_000
_AGAIN_S: Final = 5.0

log = structlog.get_logger("nabz.notifier")


@dataclass(slots=True)
class PagerDutyHook:
    """A channel PagerDuty calls.

    Attributes:
        name: In the settings, and the last part of the address.
        keys: Any of them may have signed.
    """

    name: str
    keys: tuple[bytes, ...] = field(repr=False)
    _incidents: OrderedDict[str, str] = field(default_factory=OrderedDict, init=False, repr=False)

    async def take(self, hearing: Hearing, headers: Mapping[str, str], body: bytes) -> int:
        """Take a request, and say with which status it is answered."""
        if not genuine(headers.get(SIGNATURE, ""), body, self.keys):
            return 401
        found = event(body, self._incidents)
        if found is None:
            return 400
        if found.incident and found.key:
            self._incidents[found.incident] = found.key
            while len(self._incidents) > _INCIDENTS_MAX:
                self._incidents.popitem(last=False)
        if found.deed is None:
            log.info("command.ignored", channel=self.name, kind=found.kind[:60])
            hearing.ignored(self.name)
            return 200
        taken = await hearing.take("pagerduty", [self.name], found.deed)
        return 503 if taken == "failed" else 200


@dataclass(frozen=True, slots=True)
class TelegramHook:
    """A channel Telegram calls."""

    name: str
    secret: str = field(repr=False)
    updates: TelegramUpdates

    async def take(self, hearing: Hearing, headers: Mapping[str, str], body: bytes) -> int:
        """Take a request, and say with which status it is answered."""
        if not shows(headers.get(SECRET_HEADER, ""), self.secret):
            return 401
        try:
            update = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return 400
        taken = await self.updates.take(update)
        if taken is None:
            hearing.ignored(self.name)
        return 503 if taken == "failed" else 200


Hook = PagerDutyHook | TelegramHook


def application(hooks: Mapping[str, Hook], hearing: Hearing) -> web.Application:
    """The pages: one for each channel that is called."""

    async def called(request: web.Request) -> web.Response:
        hook = hooks.get(request.match_info["channel"])
        try:
            body = await asyncio.wait_for(request.read(), _READ_S)
        except (TimeoutError, web.HTTPRequestEntityTooLarge):
            return web.Response(status=413)
        except web.RequestPayloadError:  # not in the encoding it says
            return web.Response(status=400)
        headers = {name.lower(): value for name, value in request.headers.items()}
        status = 401 if hook is None else await hook.take(hearing, headers, body)
        if status == 401:
            log.warning(
                "command.not_genuine", channel=None if hook is None else hook.name,
                next="check the address and the secret at the sender",
            )  # fmt: skip
        return web.Response(status=status)

    app = web.Application(client_max_size=BODY_MAX)
    app.add_routes([web.post(PATH + "{channel}", called)])
    return app


@contextlib.asynccontextmanager
async def serving(
    hooks: Mapping[str, Hook], hearing: Hearing, *, host: str, port: int
) -> AsyncIterator[tuple[str, int]]:
    """Listen while the block runs; gives host and port, another one if 0 was asked for.

    Where the port is taken, which it is while another notifier of this machine is being replaced,
    it is tried again until it is free.
    """
    runner = web.AppRunner(application(hooks, hearing), access_log=None, shutdown_timeout=2.0)
    await runner.setup()
    try:
        while True:
            try:
                await web.TCPSite(runner, host, port).start()
                break
            except OSError as error:
                log.error(
                    "listening.port_taken", host=host, port=port, error=error.strerror,
                    next="free it, or write another under `back: {listen: ...}`",
                )  # fmt: skip
                await asyncio.sleep(_AGAIN_S)
        for name in hooks:
            hearing.metrics.listening.labels(name).set(1)
        address = runner.addresses[0]
        yield str(address[0]), int(address[1])
    finally:
        for name in hooks:
            hearing.metrics.listening.labels(name).set(0)
        await runner.cleanup()
