"""A real SMTP server on loopback, that keeps what it takes and refuses as a test tells it to."""

# ruff: noqa: ARG002, N802
# The hooks are named and called by aiosmtpd.

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

Data = Callable[[SMTP], Awaitable[str]]
LOGIN = ("nabz", "hush hush")


@dataclass
class MailServer:
    """What came, and what is answered instead of taking it.

    Attributes:
        port: Where it listens.
        got: Mails taken, in order.
        refuse: Recipients that are refused, with the answer.
        greeting: Answer to the sender's address.
        data: Answer to the mail itself.
        goodbye: Answer to the end of the conversation.
        logins: Logins that were tried, whether they were right.
    """

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    to: list[list[str]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    greeting: str | None = None
    data: Data | None = None
    goodbye: Data | None = None
    logins: list[bool] = field(default_factory=list)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a sender."""
        if self.greeting is not None:
            return self.greeting
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take a mail."""
        if self.data is not None:
            return await self.data(server)
        body = envelope.content if isinstance(envelope.content, bytes) else b""
        mail = BytesParser(policy=policy.default).parsebytes(body)
        assert isinstance(mail, EmailMessage)
        self.got.append(mail)
        self.to.append(list(envelope.rcpt_tos))
        return "250 OK"

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Say goodbye."""
        return "221 Bye" if self.goodbye is None else await self.goodbye(server)

    def login(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        """Let one user in."""
        assert isinstance(data, LoginPassword)
        right = (data.login.decode(), data.password.decode()) == LOGIN
        self.logins.append(right)
        return AuthResult(success=right, handled=False)


@contextlib.asynccontextmanager
async def receiving_mail(
    server: MailServer, *, tls: ssl.SSLContext | None = None, login: bool = False
) -> AsyncIterator[None]:
    """Have a server listen while the block runs; with `tls` it offers STARTTLS, and asks for it."""
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            server,
            hostname="mail.example",
            tls_context=tls,
            require_starttls=tls is not None,
            auth_required=login,
            authenticator=server.login if login else None,
            timeout=5,
        )

    listener = await loop.create_server(protocol, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        listener.close()
        await listener.wait_closed()
        # Each connection has a task of its own, which ends when the other side has gone.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.wait(others, timeout=2) if others else None
