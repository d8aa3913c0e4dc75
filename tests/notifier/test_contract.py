"""What every channel promises, over its real wire: sent, tried again or refused; nothing raises."""

from __future__ import annotations

import asyncio
import io

import pytest
from aiohttp import web

from alerts.channels.base import Failure, Outcome, Refused, Retry, Sent
from alerts.channels.webhook import Webhook
from alerts.message import Notification, notification
from streams.notifier.build import ChannelConfigError, Outlet, build
from streams.notifier.http import ForbiddenAddressError, Guard, HttpSender
from streams.notifier.settings import NotifierSettings
from tests.alerts.test_channels import KEYS, SECRETS
from tests.alerts.transitions import transition
from tests.notifier.receiver import Answer, Receiver, receiving

BAD = "\x1b[2J\u202e</script>\r\nHost: evil\x00'\"; rm -rf /"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in zip(("NABZ_TEST_NEW", "NABZ_TEST_OLD"), SECRETS, strict=True):
        monkeypatch.setenv(name, secret)


class Broken(io.StringIO):
    """A screen that is gone."""

    def write(self, text: str) -> int:
        """Fail like a closed pipe."""
        raise BrokenPipeError(text[:0])


def outlet(kind: str, receiver: Receiver, stdout: io.StringIO, timeout: str = "15s") -> Outlet:
    """A configured channel of one kind."""
    settings = {
        "terminal": {"type": "terminal", "quotes": True},
        "webhook": {
            "type": "webhook",
            "url": receiver.url,
            "keys": ["env:NABZ_TEST_NEW", "env:NABZ_TEST_OLD"],
            "allow_loopback": True,
            "quotes": True,
            "timeout": timeout,
        },
    }[kind]
    plan = build(NotifierSettings.model_validate({"channels": {kind: settings}}), stdout=stdout)
    return plan.outlets[kind]


async def send(one: Outlet, message: Notification) -> Outcome:
    """Render, send, understand."""
    request = one.channel.render(message, now_ms=1_000)
    try:
        answer = await one.sender.send(request, timeout_ms=one.channel.limits.timeout_ms)
    finally:
        await one.sender.close()
    return one.channel.outcome(answer, now_ms=1_000)


def told(
    kind: str, answer: Answer | None, message: Notification, timeout: str = "15s"
) -> tuple[Outcome, str]:
    """Outcome of one message over the wire, and what the other side saw."""

    async def go() -> tuple[Outcome, str]:
        stdout = Broken() if answer is not None and kind == "terminal" else io.StringIO()
        async with receiving() as receiver:
            if answer is not None:
                receiver.answer = answer
            found = await send(outlet(kind, receiver, stdout, timeout), message)
            seen = stdout.getvalue() + "".join(one.body.decode() for one in receiver.got)
            return found, seen

    return asyncio.run(go())


def status(code: int, **headers: str) -> Answer:
    """Answer like this."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: web.Response(status=code, headers=named)


async def _never(_: object) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def _endless(_: object) -> web.Response:
    return web.Response(status=200, body=b"x" * 10_000_000)


@pytest.mark.parametrize("kind", ["terminal", "webhook"])
@pytest.mark.parametrize("text", ["plain", BAD, "x" * 50_000, "\ud800", "سلام"])
def test_a_message_arrives_whatever_it_says(kind: str, text: str) -> None:
    """Hostile and oversized texts too; no control character reaches the other side."""
    message = notification(
        transition(name=text, account=text, customer="c-1"), channel=kind, quotes=True
    )
    outcome, seen = told(kind, None, message)
    assert isinstance(outcome, Sent)
    assert "c-1" in seen and "\x1b" not in seen and "\u202e" not in seen and "\x00" not in seen
    assert len(seen.encode()) < 20_000


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (status(400), Refused("client_error", 400)),
        (status(401), Refused("auth", 401)),
        (status(410), Refused("gone", 410)),
        (status(302, Location="https://elsewhere.example"), Refused("not_found", 302)),
        (status(429, Retry_After="9"), Retry(9_000, "rate_limited", 429)),
        (status(500), Retry(None, "server_error", 500, ambiguous=True)),
        (_endless, Sent(None, 200)),
    ],
)
def test_a_webhook_s_answers(answer: Answer, outcome: Outcome) -> None:
    """Over HTTP; a redirect is not followed, a huge answer not read."""
    assert told("webhook", answer, notification(transition(), channel="x"))[0] == outcome


def test_a_webhook_that_does_not_answer_is_ambiguous() -> None:
    """After its timeout."""
    found, _ = told("webhook", _never, notification(transition(), channel="x"), "200ms")
    assert found == Retry(None, "timeout", None, ambiguous=True)


def test_a_screen_that_is_gone_is_tried_again() -> None:
    """The terminal's only failure."""
    found, _ = told("terminal", status(200), notification(transition(), channel="x"))
    assert found == Retry(None, "unreachable", None, ambiguous=True)


def test_nobody_listening_is_not_ambiguous() -> None:
    """Nothing was sent."""

    async def go() -> Outcome:
        async with receiving() as receiver:
            one = outlet("webhook", receiver, io.StringIO())
        return await send(one, notification(transition(), channel="x"))

    assert asyncio.run(go()) == Retry(None, "unreachable")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "224.0.0.1"],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    """Also those that hide an IPv4 address in an IPv6 one."""
    assert not Guard().permits(address)


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "ftp://example.com", "https://", "https://[::1]/", "https://127.0.0.1/",
     "http://127.0.0.1/", "https://169.254.169.254/latest", "https://x:99999/"],
)  # fmt: skip
def test_bad_addresses_stop_start_up(url: str) -> None:
    """Before anything is resolved."""
    with pytest.raises(ForbiddenAddressError):
        Guard().check_url(url)
    channel = {"type": "webhook", "url": url, "keys": "env:NABZ_TEST_NEW"}
    with pytest.raises(ChannelConfigError, match=r"channels\.hook"):
        build(NotifierSettings.model_validate({"channels": {"hook": channel}}))


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "0x7f000001", "2130706433", "１２７。0。0。1"]
)
def test_a_name_that_resolves_to_this_machine_is_refused(host: str) -> None:
    """The address that is checked is the one that would be connected to."""

    async def go() -> Outcome:
        hook = Webhook(f"https://{host}:9/", KEYS)
        sender = HttpSender(Guard())
        try:
            request = hook.render(notification(transition(), channel="x"), now_ms=1)
            answer = await sender.send(request, timeout_ms=5_000)
            assert isinstance(answer, Failure)
            return hook.outcome(answer, now_ms=1)
        finally:
            await sender.close()

    assert asyncio.run(go()) == Refused("address")


@pytest.mark.parametrize(
    "bad",
    [
        {"chanels": {}},
        {"channels": {"a": {"type": "terminal", "colour": 1}}},
        {"channels": {"a": {"type": "pigeon"}}},
        {"channels": {"A b": {"type": "terminal"}}},
        {
            "channels": {
                "a": {"type": "webhook", "url": "https://x.example", "keys": ["whsec_plain"]}
            }
        },
        {"routes": [{"channels": ["nobody"]}]},
        {"links": {"a": "https://x.example/{secret}"}},
        {"max_notify_age": "soon"},
    ],
)
def test_settings_refuse_what_they_do_not_know(bad: dict[str, object]) -> None:
    """Unknown keys, channels, kinds; secrets in the open; and never show what was written."""
    with pytest.raises(ValueError) as found:  # noqa: PT011  # pydantic's own
        NotifierSettings.model_validate(bad)
    assert "whsec_plain" not in str(found.value)
