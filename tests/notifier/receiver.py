"""A webhook receiver on loopback that answers as a test tells it to, and remembers what came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[["Received"], Awaitable[web.Response] | web.Response]


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The webhook id."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """What came, and how the next is answered."""

    url: str = ""
    got: list[Received] = field(default_factory=list)
    answer: Answer = lambda _: web.Response(status=200)
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, count: int, timeout_s: float = 30.0) -> None:
        """Return once so many requests have come."""
        async with asyncio.timeout(timeout_s), self.arrived:
            await self.arrived.wait_for(lambda: len(self.got) >= count)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver while the block runs."""
    receiver = Receiver()

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        one = Received(headers, await request.read())
        async with receiver.arrived:
            receiver.got.append(one)
            receiver.arrived.notify_all()
        answer = receiver.answer(one)
        return answer if isinstance(answer, web.Response) else await answer

    app = web.Application()
    app.router.add_post("/hook", handle)
    app.router.add_get("/hook", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
        yield receiver
    finally:
        await runner.cleanup()
