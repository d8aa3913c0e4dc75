"""Mail over a real SMTP server: what arrives, and what its answers mean."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiosmtpd.smtp import SMTP
from structlog.testing import capture_logs

from alerts.channels.base import Outcome, Refused, Retry, Sent
from alerts.message import FSI, PDI, Locale, Notification, notification
from streams.notifier.build import ChannelConfigError, build
from streams.notifier.settings import NotifierSettings
from streams.notifier.telling import tell
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import BASE_MS
from tests.notifier.certificates import self_signed
from tests.notifier.fakes import raw
from tests.notifier.mail_server import LOGIN, MailServer, receiving_mail
from tests.notifier.test_contract import BAD, LOUD, hostile, said

BOX: dict[str, Any] = {
    "type": "mail",
    "host": "127.0.0.1",
    "from": "nabz@shop.example",
    "to": ["ops@shop.example"],
    "encryption": "none",
    "allow_loopback": True,
    "quotes": True,
}


@pytest.fixture(autouse=True)
def _login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NABZ_TEST_NEW", SECRETS[0])
    for name, value in zip(("USER", "PASSWORD"), LOGIN, strict=True):
        monkeypatch.setenv(f"NABZ_TEST_{name}", value)


async def written(port: int, *messages: Notification, **more: Any) -> list[Outcome]:
    """Hand messages over, one after the other."""
    settings = {"channels": {"it": BOX | {"port": port} | more}}
    one = build(NotifierSettings.model_validate(settings)).outlets["it"]
    found = []
    for message in messages:
        found.append(await tell(one.channel, one.sender, message, ref=None, clock=lambda: BASE_MS))
        await asyncio.sleep(0)  # the transport of a conversation that is over closes
    await one.sender.close()
    return found


def mailed(
    server: MailServer, *messages: Notification, tls: ssl.SSLContext | None = None, **more: Any
) -> list[Outcome]:
    """Outcomes of messages to a server."""

    async def go() -> list[Outcome]:
        async with receiving_mail(server, tls=tls, login="username" in more):
            return await written(server.port, *messages, **more)

    return asyncio.run(go())


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize("text", ["plain", BAD, LOUD, "x" * 50_000, "\ud800", "سلام"])
def test_a_mail_arrives_whatever_it_says(text: str, locale: Locale) -> None:
    """Both bodies; nothing in a text becomes a header, markup or a link."""
    server = MailServer()
    change = hostile(text)
    links = {"crm": "https://crm.example/{customer}"}
    message = notification(change, channel="it", quotes=True, locale=locale, links=links)
    assert mailed(server, message) == [Sent(None, 250)]
    (mail,) = server.got
    assert set(map(str.lower, mail.keys())) <= {
        "from", "to", "subject", "date", "message-id", "in-reply-to", "references",
        "auto-submitted", "x-auto-response-suppress", "mime-version", "content-type",
        "content-language", "x-peer", "x-mailfrom", "x-rcptto",
    }  # fmt: skip
    plain, rich = (
        part.get_content()
        for kind in ("plain", "html")
        if (part := mail.get_body((kind,))) is not None
    )
    for body in (plain, rich, str(mail["subject"])):
        assert not {"\x1b", "\u202e", "\x00", "\ud800"} & set(body)
        assert body.count(FSI) == body.count(PDI)
    assert "c-1" in plain and "c-1" in rich
    assert rich.count("<a ") == 1 and 'href="https://crm.example/c-1"' in rich
    assert "<script" not in rich and "<at>" not in rich and "<!channel>" not in rich
    assert f'dir="{"rtl" if locale == "fa" else "ltr"}"' in rich.splitlines()[1]


def test_all_mails_of_an_alert_are_one_thread() -> None:
    """Without anything to remember; one that comes twice comes under one id."""
    server = MailServer()
    story = (said(), said(2, "escalated"), said(2, "escalated"), said(3, "recovered"))
    other = said(fingerprint="d|2")
    assert mailed(server, *story, other) == [Sent(None, 250)] * 5
    roots = [str(one["references"]) for one in server.got]
    assert len(set(roots[:4])) == 1 and roots[4] != roots[0]
    assert [one["in-reply-to"] for one in server.got] == roots
    ids = [str(one["message-id"]) for one in server.got]
    assert ids[1] == ids[2] and len(set(ids)) == 4
    assert {str(one["auto-submitted"]) for one in server.got} == {"auto-generated"}
    assert [one["importance"] for one in server.got] == [None, "high", "high", None, None]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("421 closing", Retry(None, "rate_limited", 421)),
        ("450 greylisted", Retry(None, "server_error", 450)),
        ("452 full", Retry(None, "rate_limited", 452)),
        ("530 login first", Refused("auth", 530)),
        ("550 no such user", Refused("not_found", 550)),
        ("552 too large", Refused("too_large", 552)),
        ("554 no", Refused("client_error", 554)),
    ],
)
@pytest.mark.parametrize("step", ["sender", "recipient", "mail"])
def test_an_answer_means_the_same_at_every_step(answer: str, outcome: Outcome, step: str) -> None:
    """4xx is for later, 5xx for a person; nothing is ambiguous as the server has said no."""
    server = MailServer()
    if step == "sender":
        server.greeting = answer
    elif step == "recipient":
        server.refuse = {"ops@shop.example": answer}
    else:

        async def no(_: SMTP) -> str:
            return answer

        server.data = no
    assert mailed(server, said()) == [outcome]
    assert server.got == []


def test_some_recipients_have_it_and_it_is_not_sent_again() -> None:
    """How many were refused is logged, their addresses are not."""
    server = MailServer(refuse={"gone@shop.example": "550 no such user"})
    structlog.reset_defaults()
    with capture_logs() as logged:
        found = mailed(server, said(), to=["gone@shop.example", "ops@shop.example"])
    assert found == [Sent(None, 250)]
    assert server.to == [["ops@shop.example"]]
    assert [one["codes"] for one in logged] == [[550]]
    assert "gone@" not in str(logged)


def test_a_server_that_hangs_up_in_the_middle_may_have_the_mail() -> None:
    """From the mail itself on; before that nothing was sent."""

    async def hang_up(server: SMTP) -> str:
        assert server.transport is not None
        server.transport.close()
        return "250 OK"

    assert mailed(MailServer(data=hang_up), said()) == [
        Retry(None, "unreachable", None, ambiguous=True)
    ]

    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        await reader.readline()
        writer.write_eof()

    assert told_to(deaf) == [Retry(None, "unreachable")]


def told_to(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], **more: Any
) -> list[Outcome]:
    """Outcome of a mail to a server that says whatever it likes."""

    async def go() -> list[Outcome]:
        async with raw(talk) as url:
            return await written(int(url.rpartition(":")[2]), said(), **more)

    return asyncio.run(go())


def test_a_server_that_does_not_answer_in_time_may_have_the_mail() -> None:
    """Where it had been sent; a greeting that never comes is not ambiguous."""

    async def never(_: SMTP) -> str:
        await asyncio.Event().wait()
        return "250 OK"

    silent_end = MailServer(goodbye=never)
    assert mailed(silent_end, said(), timeout="1s") == [Sent(None, 250)], "it has the mail"
    late = mailed(MailServer(data=never), said(), timeout="1s")
    assert late == [Retry(None, "timeout", None, ambiguous=True)]

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    assert told_to(silent, timeout="200ms") == [Retry(None, "timeout")]


def test_nobody_listening_is_not_ambiguous() -> None:
    """Nothing was sent."""

    async def go() -> list[Outcome]:
        server = MailServer()
        async with receiving_mail(server):
            pass
        return await written(server.port, said())

    assert asyncio.run(go()) == [Retry(None, "unreachable")]


def test_a_password_goes_to_a_server_with_a_good_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Encrypted by STARTTLS; to any other certificate nothing goes at all."""
    context, cert = self_signed(tmp_path, "127.0.0.1")
    login = {"username": "env:NABZ_TEST_USER", "password": "env:NABZ_TEST_PASSWORD"}
    server = MailServer()
    assert mailed(server, said(), tls=context, encryption="starttls", **login) == [
        Retry(None, "unreachable")
    ]
    assert server.logins == []
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    found = mailed(server, said(), tls=context, encryption="starttls", **login)
    assert found == [Sent(None, 250)] and server.logins == [True]
    monkeypatch.setenv("NABZ_TEST_PASSWORD", "wrong")
    assert mailed(server, said(), tls=context, encryption="starttls", **login) == [
        Refused("auth", 535)
    ]
    assert len(server.got) == 1


def test_a_server_without_encryption_gets_nothing_where_encryption_is_asked() -> None:
    """STARTTLS that was stripped on the way is no reason to go on in the open."""
    server = MailServer()
    assert mailed(server, said(), encryption="starttls") == [Refused("auth", 538)]
    assert server.got == []


def test_a_server_in_a_private_network_is_allowed_or_not_called() -> None:
    """The same guard as for HTTP."""
    assert mailed(MailServer(), said(), allow_loopback=False) == [Refused("address")]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": "nabz"}, "write an address like"),
        ({"to": ["ops@shop.example\r\nBcc: x@y.example"]}, "write an address like"),
        ({"to": []}, "at least 1"),
        ({"username": "env:NABZ_TEST_USER"}, "come together"),
        (
            {"username": "env:NABZ_TEST_USER", "password": "env:NABZ_TEST_PASSWORD"},
            "not sent in the open",
        ),
    ],
)
def test_mail_that_cannot_work_stops_start_up(change: dict[str, Any], words: str) -> None:
    """No header is written from a setting, no password leaves unencrypted."""
    with pytest.raises(ValueError, match=words):
        NotifierSettings.model_validate({"channels": {"it": BOX | change}})


def test_a_secret_that_is_not_there_stops_start_up() -> None:
    """And names the channel."""
    login = {"username": "env:NABZ_TEST_NOBODY", "password": "env:NABZ_TEST_PASSWORD"}
    settings = {"channels": {"it": BOX | login | {"encryption": "tls"}}}
    with pytest.raises(ChannelConfigError, match=r"channels\.it: .*NABZ_TEST_NOBODY"):
        build(NotifierSettings.model_validate(settings))
