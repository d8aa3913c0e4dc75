"""The wire of mail: one conversation with a server a message, through the address guard.

The socket is connected to the address that was checked; the certificate is checked by the name.
A server that takes some recipients and refuses others has taken the message: sending it again
would reach the former twice, so the others are logged by number.

Next step: `streams.notifier.telling` hands the answer to the channel.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import aiosmtplib
import structlog
from aiohttp.abc import AbstractResolver

from alerts.channels.base import Call, Failure, Mail, Response
from streams.notifier.http import ForbiddenAddressError, Guard, GuardedResolver

Encryption = Literal["starttls", "tls", "none"]
PORTS: Final[Mapping[Encryption, int]] = {"starttls": 587, "tls": 465, "none": 25}
_GOODBYE_S: Final = 2.0
_NOT_ENCRYPTED: Final = 538
_NO_LOGIN: Final = 534
"""What a server would answer that asked us for what it does not offer."""

log = structlog.get_logger("nabz.notifier")


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail is handed over.

    Attributes:
        host: Name, checked against the certificate.
        port: 587, 465 or 25 as a rule.
        encryption: `starttls` and `tls` refuse to go on without; `none` sends in the open.
        username: With `password`, or neither.
    """

    host: str
    port: int
    encryption: Encryption = "starttls"
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)


class SmtpSender:
    """One channel's mail server."""

    def __init__(
        self, server: Server, guard: Guard, resolver: AbstractResolver | None = None
    ) -> None:
        """Prepare; nothing is connected before the first mail."""
        self._server = server
        self._resolver = GuardedResolver(guard, resolver)

    async def send(self, request: Call, *, timeout_ms: int) -> Response | Failure:
        """Hand over one mail."""
        if not isinstance(request, Mail):
            return Failure("internal", begun=False)
        talk = _Conversation(self._server, request)
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                return await talk.handed_over(await self._connected())
        except ForbiddenAddressError:
            return Failure("address", begun=False)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return Response(error.recipients[0].code, {})
        except aiosmtplib.SMTPResponseException as error:
            return Response(error.code, {})
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            return Failure("timeout", begun=talk.begun) if talk.taken is None else talk.taken
        except (aiosmtplib.SMTPException, OSError):
            return Failure("unreachable", begun=talk.begun)

    async def _connected(self) -> socket.socket:
        """A socket connected to the first checked address that answers."""
        loop, failed = asyncio.get_running_loop(), OSError("no address")
        for one in await self._resolver.resolve(
            self._server.host, self._server.port, socket.AF_UNSPEC
        ):
            sock = socket.socket(one["family"], socket.SOCK_STREAM)
            sock.settimeout(0)
            try:
                await loop.sock_connect(sock, (one["host"], one["port"]))
            except OSError as error:
                failed = error
                sock.close()
            except BaseException:  # timed out: nobody else would close it
                sock.close()
                raise
            else:
                return sock
        raise failed

    async def close(self) -> None:
        """Nothing is held open between mails."""
        await self._resolver.close()


class _Conversation:
    """One mail, over one connection.

    Attributes:
        begun: The mail itself is on its way: no answer from now on may mean that it arrived.
        taken: The server has it; whether it says goodbye does not matter.
    """

    def __init__(self, server: Server, mail: Mail) -> None:
        self._server, self._mail = server, mail
        self.begun = False
        self.taken: Response | None = None

    async def handed_over(self, sock: socket.socket) -> Response:
        server, mail = self._server, self._mail
        client = aiosmtplib.SMTP(
            hostname=server.host,
            sock=sock,
            local_hostname=mail.sender.rpartition("@")[2],  # else DNS is asked for our own name
            use_tls=server.encryption == "tls",
            start_tls=False,
            timeout=None,  # the whole conversation has one
        )
        try:
            await client.connect()
        except BaseException:  # nobody else has it yet
            sock.close()
            raise
        try:
            refused = await self._introduced(client)
            if refused is not None:
                return refused
            await client.mail(mail.sender)
            turned_down = await self._addressed(client)
            self.begun = True
            self.taken = Response((await client.data(mail.body)).code, {})
            if turned_down:
                log.warning("mail.recipients_refused", refused=len(turned_down), codes=turned_down)
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await client.quit(timeout=_GOODBYE_S)
        finally:
            client.close()
        return self.taken

    async def _introduced(self, client: aiosmtplib.SMTP) -> Response | None:
        """Encrypted and logged in; what is in the way, named as a server would."""
        server = self._server
        await client.ehlo()
        if server.encryption == "starttls":
            if not client.supports_extension("starttls"):
                return Response(_NOT_ENCRYPTED, {})
            await client.starttls()
            await client.ehlo()
        if server.username is not None and server.password is not None:
            if not client.supported_auth_methods:
                return Response(_NO_LOGIN, {})
            await client.login(server.username, server.password)
        return None

    async def _addressed(self, client: aiosmtplib.SMTP) -> list[int]:
        """Codes of the recipients that were refused.

        Raises:
            aiosmtplib.SMTPRecipientsRefused: All were.
        """
        refused: list[aiosmtplib.SMTPRecipientRefused] = []
        for one in self._mail.recipients:
            try:
                await client.rcpt(one)
            except aiosmtplib.SMTPRecipientRefused as error:
                refused.append(error)
        if len(refused) == len(self._mail.recipients):
            raise aiosmtplib.SMTPRecipientsRefused(refused)
        return [one.code for one in refused]
