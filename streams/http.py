"""`/metrics`, `/livez` and `/readyz` of any nabz process.

Bound to loopback unless a bearer token is configured. `/metrics` speaks OpenMetrics or the plain
text format, whichever the scraper asks for.

Next step: `deploy/prometheus` scrapes it.
"""

from __future__ import annotations

import errno
import gzip
import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from streams.engine.brokers import secret

log = structlog.get_logger("nabz.http")

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BindError(ValueError):
    """The address to listen on cannot be used, or not without a token; start-up stops."""


def parse_bind(bind: str, *, has_token: bool) -> tuple[str, int]:
    """Host and port of `host:port`.

    Raises:
        BindError: Not of that form, or reachable from elsewhere without a token.

    >>> parse_bind("127.0.0.1:9100", has_token=False)
    ('127.0.0.1', 9100)
    """
    host, _, port = bind.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise BindError(f"bind is written as host:port, found {bind!r}")
    if not _is_loopback(host) and not has_token:
        raise BindError(
            f"bind {bind!r} is reachable from other machines: configure a bearer token"
            " (env:NAME or file:/path), or bind to 127.0.0.1"
        )
    return host, int(port)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def application(
    registry: CollectorRegistry,
    *,
    live: Callable[[], bool] = lambda: True,
    ready: Callable[[], bool] = lambda: True,
    token: str | None = None,
) -> web.Application:
    """The three pages.

    Args:
        registry: What `/metrics` shows.
        live: Does the process make progress? Never asks Kafka or a receiver.
        ready: Can it do its work?
        token: The bearer token itself; None asks for none. `/livez` and `/readyz` need none.
    """

    async def metrics(request: web.Request) -> web.Response:
        if token is not None and not _bears(request, token):
            return web.Response(
                status=401,
                text="a bearer token is needed\n",
                headers={"WWW-Authenticate": "Bearer"},
            )
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(registry)
        headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=body, headers=headers)

    def probe(ask: Callable[[], bool]) -> _Handler:
        async def answer(_: web.Request) -> web.Response:
            good = ask()
            return web.Response(status=200 if good else 503, text="ok\n" if good else "not now\n")

        return answer

    app = web.Application()
    app.add_routes(
        [
            web.get("/metrics", metrics),
            web.get("/livez", probe(live)),
            web.get("/readyz", probe(ready)),
        ]
    )
    return app


def _bears(request: web.Request, token: str) -> bool:
    shown = request.headers.get("Authorization", "")
    return hmac.compare_digest(shown.encode(), f"Bearer {token}".encode())


@asynccontextmanager
async def serving(
    registry: CollectorRegistry,
    *,
    bind: str,
    token: str | None = None,
    live: Callable[[], bool] = lambda: True,
    ready: Callable[[], bool] = lambda: True,
) -> AsyncIterator[tuple[str, int]]:
    """Listen while the block runs; gives host and port (another one, if it is taken or 0).

    Args:
        registry: What `/metrics` shows.
        bind: `host:port`.
        token: Reference to a bearer token (`env:NAME`, `file:/path`).
        live: See `application`.
        ready: See `application`.

    Raises:
        BindError: The address cannot be used so.
    """
    host, port = parse_bind(bind, has_token=token is not None)
    value = None if token is None else secret(token)
    if value is not None and len(value) < 16:
        raise BindError("the bearer token is shorter than 16 characters")
    runner = web.AppRunner(
        application(registry, live=live, ready=ready, token=value), access_log=None
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise BindError(f"cannot listen on {bind}: {error.strerror}") from error
            # A second process of a kind on one machine is a common sight: it works, and says where.
            log.warning("http.port_taken", bind=bind, next="choose another under `metrics:`")
            await web.TCPSite(runner, host, 0).start()
        address = runner.addresses[0]
        yield str(address[0]), int(address[1])
    finally:
        await runner.cleanup()
