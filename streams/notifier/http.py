"""The sockets of the channels: HTTP with an address guard, and standard output.

Only addresses on the public internet are called, unless a channel's settings allow more. The guard
sits in the resolver, so that the address that was checked is the address that is connected to.
Redirects are not followed, cookies and proxies of the environment not used.

Next step: `streams.notifier.courier` sends through these.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TextIO

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from alerts.channels.base import Call, Failure, Request, Response, TerminalLine

_BODY_MAX = 65_536
_FRAME_MAX = 1 << 20
_NOT_ALLOWED = (
    "a network that is not allowed; a receiver on this machine needs `allow_loopback: true`, one in"
    " a private network `allow:`"
)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


class ForbiddenAddressError(OSError):
    """A channel's address leads where it may not: a private network, this machine, metadata."""


@dataclass(frozen=True, slots=True)
class Guard:
    """Where a channel may connect.

    Attributes:
        allow: Networks besides the public internet.
        loopback: This machine too.
        plain: Unencrypted http too, to whatever is permitted otherwise.
    """

    allow: tuple[IPNetwork, ...] = ()
    loopback: bool = False
    plain: bool = False

    def permits(self, address: str) -> bool:
        """May this address be called?

        >>> [Guard().permits(one) for one in ("1.1.1.1", "10.0.0.1", "::ffff:127.0.0.1")]
        [True, False, False]
        >>> Guard().permits("169.254.169.254"), Guard(loopback=True).permits("127.0.0.1")
        (False, True)
        """
        ip = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
        if any(ip.version == net.version and ip in net for net in self.allow):
            return True
        if ip.is_loopback:
            return self.loopback
        return ip.is_global and not ip.is_multicast

    def check_url(self, url: str) -> None:
        """Refuse what can be refused without resolving.

        Raises:
            ForbiddenAddressError: Not https (nor http to this machine), no host, or a bad literal.
        """
        try:
            parts = URL(url)  # the parser aiohttp will use: host and port are what it connects to
            host, _ = parts.raw_host, parts.port
        except ValueError:
            raise ForbiddenAddressError("the address cannot be read") from None
        if not host:
            raise ForbiddenAddressError("the address has no host")
        if _literal(host) is None and host.replace(".", "").isdigit():
            raise ForbiddenAddressError("the host is a number, not an address or a name")
        literal = _literal(host)
        if literal is not None and not self.permits(host):
            raise ForbiddenAddressError(f"the address is in {_NOT_ALLOWED}")
        if parts.scheme == "https" or (parts.scheme == "http" and self.plain):
            return
        local = host == "localhost" or (literal is not None and _unwrapped(literal).is_loopback)
        if parts.scheme != "http" or not self.loopback or not local:
            raise ForbiddenAddressError(
                "the address must be https (http only to this machine, with `allow_loopback: true`)"
            )


def _literal(host: str) -> IPAddress | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def is_loopback(host: str) -> bool:
    """Is it an address of this machine? Names are not looked up.

    >>> [is_loopback(one) for one in ("127.0.0.9", "[::1]", "::ffff:127.0.0.1", "crm.example")]
    [True, True, True, False]
    """
    ip = _literal(host.strip("[]"))
    return ip is not None and _unwrapped(ip).is_loopback


def _unwrapped(ip: IPAddress) -> IPAddress:
    """The IPv4 address an IPv6 one stands for, if it does."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return ip.ipv4_mapped
        if ip.sixtofour is not None:
            return ip.sixtofour
        if ip in _NAT64:
            return ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


class GuardedResolver(AbstractResolver):
    """Resolves, then refuses if any address is not permitted."""

    def __init__(self, guard: Guard, inner: AbstractResolver | None = None) -> None:
        """Guard an inner resolver, the system's by default."""
        self._guard = guard
        self._inner = aiohttp.ThreadedResolver() if inner is None else inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Addresses of a host.

        Raises:
            ForbiddenAddressError: One of them is not permitted.
        """
        found = await self._inner.resolve(host, port, family)
        if not all(self._guard.permits(one["host"]) for one in found):
            raise ForbiddenAddressError(f"the address resolves into {_NOT_ALLOWED}")
        return found

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


class HttpSender:
    """One channel's HTTP client."""

    def __init__(self, guard: Guard, resolver: AbstractResolver | None = None) -> None:
        """Prepare a client; needs a running event loop only when used."""
        self._guard = guard
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=GuardedResolver(self._guard, self._resolver), use_dns_cache=False
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
            )
        return self._session

    async def send(self, request: Call, *, timeout_ms: int) -> Response | Failure:
        """Send one request and read the beginning of the answer."""
        if not isinstance(request, Request):
            return Failure("internal", begun=False)
        try:
            self._guard.check_url(request.url)
            async with self._client().request(
                request.method,
                request.url,
                data=request.body,
                headers=dict(request.headers),
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_ms / 1000),
            ) as answer:
                headers = {name.lower(): value for name, value in answer.headers.items()}
                return Response(answer.status, headers, await _beginning(answer))
        except ForbiddenAddressError:
            return Failure("address", begun=False)
        except aiohttp.ClientConnectorError as error:
            forbidden = isinstance(error.os_error, ForbiddenAddressError)
            return Failure("address" if forbidden else "unreachable", begun=False)
        except aiohttp.ConnectionTimeoutError:
            return Failure("timeout", begun=False)
        except TimeoutError:
            return Failure("timeout", begun=True)
        except aiohttp.InvalidURL:
            return Failure("address", begun=False)
        except (aiohttp.ClientError, OSError):
            return Failure("unreachable", begun=True)
        except ValueError:  # aiohttp found the address or a header impossible
            return Failure("internal", begun=False)

    @asynccontextmanager
    async def socket(
        self, url: str, *, beat_s: float
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """A web socket while the block runs; one whose other end answers no ping is closed.

        Raises:
            ForbiddenAddressError: Its address leads where it may not.
            aiohttp.ClientError: It cannot be opened; or OSError, or TimeoutError.
        """
        self._guard.check_url(url.replace("ws", "http", 1))
        async with self._client().ws_connect(
            url,
            heartbeat=beat_s,
            max_msg_size=_FRAME_MAX,
            timeout=aiohttp.ClientWSTimeout(ws_close=2.0),
        ) as opened:
            yield opened

    async def close(self) -> None:
        """Close the client's connections."""
        if self._session is not None:
            await self._session.close()


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """The first part of a body, or what came of it before the connection ended."""
    found = bytearray()
    try:
        while len(found) < _BODY_MAX and (part := await answer.content.readany()):
            found += part
    except (aiohttp.ClientError, TimeoutError):
        pass  # the status is there; whether that is enough is for the channel to say
    return bytes(found[:_BODY_MAX])


class TerminalSender:
    """Writes blocks to standard output, whole and one at a time."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to a stream; standard output as it is when written if None."""
        self._stream = stream

    async def send(self, request: Call, *, timeout_ms: int) -> Response | Failure:  # noqa: ARG002
        """Write one block and flush it."""
        if not isinstance(request, TerminalLine):
            return Failure("internal", begun=False)
        try:
            await asyncio.to_thread(self._write, request.text)
        except (OSError, ValueError):  # a closed pipe, a closed file
            return Failure("unreachable", begun=True)
        return Response(200, {})

    def _write(self, text: str) -> None:
        stream = sys.stdout if self._stream is None else self._stream
        encoding = stream.encoding or "utf-8"
        stream.write(text.encode(encoding, "replace").decode(encoding) + "\n\n")
        stream.flush()

    async def close(self) -> None:
        """Nothing is held open."""


def networks(texts: Sequence[str]) -> tuple[IPNetwork, ...]:
    """Networks from their texts.

    Raises:
        ValueError: One is none.
    """
    return tuple(ipaddress.ip_network(text) for text in texts)
