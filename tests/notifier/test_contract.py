"""What every channel promises, over its real wire: sent, tried again or refused; nothing raises."""

from __future__ import annotations

import asyncio
import contextlib
import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from alerts.channels.base import Outcome, Refused, Retry, Sent
from alerts.channels.webhook import Webhook
from alerts.message import FSI, PDI, Notification, notification
from alerts.outputs import Contribution, Transition
from streams.notifier.build import ChannelConfigError, Outlet, build
from streams.notifier.http import ForbiddenAddressError, Guard, HttpSender
from streams.notifier.settings import NotifierSettings
from streams.notifier.telling import tell
from tests.alerts.test_channels import KEYS, SECRETS
from tests.alerts.transitions import evidence, transition
from tests.notifier.certificates import self_signed
from tests.notifier.fakes import SERVICES, Fault, Service, raw, secrets_of, serving, settings_of

KINDS = tuple(SERVICES)
WORDY = ("slack-bot", "telegram")
"""Receivers whose status says little: what counts is in the body."""
BAD = "\x1b[2J\u202e</script>\r\nHost: evil\x00'\"; rm -rf /"
LOUD = "<!channel> <@U1> @all *b* _i_ <at>all</at> [l](https://evil.example) #tag /go evil.example"


@pytest.fixture(autouse=True)
def _secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, secret in zip(("NABZ_TEST_NEW", "NABZ_TEST_OLD"), SECRETS, strict=True):
        monkeypatch.setenv(name, secret)


class Desk:
    """Channels as configured, told of something."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        """Put secrets into this environment."""
        self._patch = patch

    def outlet(self, kind: str, url: str, **more: Any) -> Outlet:
        """A configured channel of a kind, whose receiver is at an address."""
        for name, value in secrets_of(kind, url).items():
            self._patch.setenv(name, value)
        settings = {"channels": {"it": settings_of(kind, url, **more)}}
        return build(NotifierSettings.model_validate(settings)).outlets["it"]

    async def tell_all(
        self, kind: str, url: str, messages: tuple[Notification, ...], **more: Any
    ) -> list[Outcome]:
        """Tell of an alert, one notification after the other."""
        one = self.outlet(kind, url, **more)
        found: list[Outcome] = []
        ref: str | None = None
        try:
            for message in messages:
                outcome = await tell(
                    one.channel, one.sender, message, ref=ref, clock=lambda: 1_790_000_000_000
                )
                found.append(outcome)
                if isinstance(outcome, Sent) and outcome.ref is not None:
                    ref = outcome.ref
        finally:
            await one.sender.close()
        return found

    def told(
        self, kind: str, *messages: Notification, fault: Fault | None = None, **more: Any
    ) -> tuple[Service, list[Outcome]]:
        """A receiver that was told of an alert."""

        async def go() -> tuple[Service, list[Outcome]]:
            service = SERVICES[kind]()
            service.fault = fault
            async with serving(service):
                return service, await self.tell_all(kind, service.url, messages, **more)

        return asyncio.run(go())


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Channels in this test's environment."""
    return Desk(monkeypatch)


def hostile(text: str) -> Transition:
    """A change in which a text stands wherever one from outside may stand."""
    why = (Contribution(text, 900, "assumed", (evidence(text, 900, text),)),)
    named: dict[str, Any] = dict.fromkeys(("name", "account", "tier", "runbook"), text)
    return transition(customer="c-1", why=why, **named)


def said(seq: int = 1, reason: str = "raised", **facts: Any) -> Notification:
    """A notification of a change."""
    return notification(transition(seq, reason, **facts), channel="it", quotes=True)


def status(code: int, **headers: str) -> Fault:
    """Answer like this."""

    async def answer(_: web.Request) -> web.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=code, headers=named)

    return answer


async def _never(_: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


class Endless:
    """A body that goes on for as long as somebody reads."""

    def __init__(self) -> None:
        self.sent = 0

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        """Write and write."""
        answer = web.StreamResponse(status=200)
        await answer.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await answer.write(b"x" * 65_536)
                self.sent += 65_536
        return answer


async def _slow(request: web.Request) -> web.StreamResponse:
    """A body that begins and does not end."""
    answer = web.StreamResponse(status=200, headers={"content-type": "application/json"})
    await answer.prepare(request)
    await answer.write(b'{"ok":')
    await asyncio.Event().wait()
    return answer


# ---------------------------------------------------------------------- what is told


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["plain", BAD, LOUD, "x" * 50_000, "\ud800", "سلام"])
def test_a_message_arrives_whatever_it_says(kind: str, text: str, desk: Desk) -> None:
    """Hostile and oversized texts too: no control character, no mention, no markup, no link."""
    for locale in ("en", "fa"):
        change = hostile(text)
        message = notification(change, channel="it", quotes=True, locale=locale)
        service, outcomes = desk.told(kind, message)
        assert all(isinstance(one, Sent) for one in outcomes)
        (seen,) = service.seen.values()
        assert "c-1" in seen.text and not {"\x1b", "\u202e", "\x00", "\ud800"} & set(seen.text)
        assert service.alarms == []
        assert seen.text.count(FSI) == seen.text.count(PDI)


@pytest.mark.parametrize("kind", KINDS)
def test_a_link_is_ours_and_a_quote_is_a_quote(kind: str, desk: Desk) -> None:
    """What a person may click on stands in the configuration."""
    links = {"crm": "https://crm.example/{customer}"}
    message = notification(transition(), channel="it", quotes=True, links=links)
    service, _ = desk.told(kind, message)
    (seen,) = service.seen.values()
    assert "https://crm.example/c-102" in seen.text
    assert "nobody answers me" in seen.text


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_that_comes_twice_is_known_as_one(kind: str, desk: Desk) -> None:
    """After a crash: receivers that keep keys show it once, and the others can tell."""
    service, outcomes = desk.told(kind, said())
    again = said()
    assert again == said()

    async def go() -> None:
        async with serving(service):
            await desk.tell_all(kind, service.url, (again,))

    before = len(service.seen)
    asyncio.run(go())
    assert isinstance(outcomes[0], Sent)
    keys = {one.key for one in service.seen.values()}
    assert len(keys) == 1
    keeps = kind in {"webhook", "pagerduty", "alertmanager"}
    assert len(service.seen) == (before if keeps else before + 1)
    if kind == "slack-bot":
        assert keys == {again.notification_id}


@pytest.mark.parametrize("kind", WORDY)
def test_an_alert_is_one_message_edited_and_its_changes_are_replies(kind: str, desk: Desk) -> None:
    """What stands in the chat is what is true now."""
    story = (said(), said(2, "escalated"), said(3, "recovered"))
    service, outcomes = desk.told(kind, *story)
    refs = {one.ref for one in outcomes if isinstance(one, Sent)}
    assert len(outcomes) == 3 and len(refs) == 1
    head, worse, end = service.seen.values()
    assert head.text.startswith("[recovered]") and head.parent is None
    assert worse.parent == end.parent == head.ident
    loud = "reply_broadcast" if kind == "slack-bot" else "disable_notification"
    assert [worse.body[loud], end.body[loud]] == [kind == "slack-bot", kind != "slack-bot"]


@pytest.mark.parametrize("kind", WORDY)
def test_a_message_that_was_deleted_is_told_anew(kind: str, desk: Desk) -> None:
    """There is nothing to edit: the end still arrives, by itself."""

    async def go() -> tuple[Service, list[Outcome]]:
        service = SERVICES[kind]()
        async with serving(service):
            one = desk.outlet(kind, service.url)
            found: list[Outcome] = []
            for message, ref in ((said(), None), (said(2, "recovered"), "gone")):
                known = found[0].ref if ref and isinstance(found[0], Sent) else None
                if ref:
                    service.seen.clear()
                found.append(
                    await tell(one.channel, one.sender, message, ref=known, clock=lambda: 1)
                )
            await one.sender.close()
            return service, found

    service, found = asyncio.run(go())
    (only,) = service.seen.values()
    assert only.parent is None and only.text.startswith("[recovered]")
    assert isinstance(found[1], Sent) and found[1].ref is not None


@pytest.mark.parametrize("kind", WORDY)
def test_an_edit_made_twice_is_no_failure(kind: str, desk: Desk) -> None:
    """A crash between edit and reply makes both again; only the reply may be seen twice."""
    service, outcomes = desk.told(kind, said(), said(2, "recovered"), said(2, "recovered"))
    assert all(isinstance(one, Sent) for one in outcomes)
    assert [one.parent is None for one in service.seen.values()] == [True, False, False]


def test_an_incident_is_opened_taken_and_resolved(desk: Desk) -> None:
    """By one key, which is the episode's."""
    story = (said(), said(2, "escalated"), said(3, "acked"), said(4, "recovered"))
    service, _ = desk.told("pagerduty", *story)
    (incident,) = service.seen.values()
    assert incident.ident == story[0].alert_id
    assert service.state == {incident.ident: "resolved"}  # type: ignore[attr-defined]
    assert [one.count('"event_action":"trigger"') for _, one in service.calls] == [1, 1, 0, 0]
    assert '"event_action":"acknowledge"' in service.calls[2][1]


def test_what_gets_worse_is_another_alert_there_and_the_milder_one_ends(desk: Desk) -> None:
    """Labels are the identity in an Alertmanager."""
    service, _ = desk.told("alertmanager", said(), said(2, "escalated"))
    found = {one.body["labels"]["severity"]: one.body["endsAt"] for one in service.seen.values()}
    assert found["warning"] <= "2026-09-21T14:13:20.000Z" < found["critical"]


def test_every_replica_is_told_and_one_that_has_it_is_enough(desk: Desk) -> None:
    """As Prometheus does it; never through a load balancer."""

    async def go() -> tuple[list[Outcome], list[int]]:
        one, other = SERVICES["alertmanager"](), SERVICES["alertmanager"]()
        one.fault = status(500)
        async with serving(one), serving(other):
            urls = [one.url, other.url]
            found = await desk.tell_all("alertmanager", "", (said(),), urls=urls)
            other.fault = status(503)
            found += await desk.tell_all("alertmanager", "", (said(),), urls=urls)
            return found, [len(one.calls), len(other.calls)]

    assert asyncio.run(go()) == (
        [Sent(None, 200), Retry(None, "server_error", 500, ambiguous=True)],
        [2, 2],
    )


# ---------------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (status(400), Refused("client_error", 400)),
        (status(401), Refused("auth", 401)),
        (status(403), Refused("auth", 403)),
        (status(404), Refused("not_found", 404)),
        (status(410), Refused("gone", 410)),
        (status(413), Refused("too_large", 413)),
        (status(302, Location="https://elsewhere.example"), Refused("not_found", 302)),
        (status(500), Retry(None, "server_error", 500, ambiguous=True)),
        (status(503, Retry_After="3"), Retry(3_000, "rate_limited", 503)),
    ],
)
def test_an_answer_means_the_same_everywhere(
    kind: str, answer: Fault, outcome: Outcome, desk: Desk
) -> None:
    """Over HTTP; a redirect is not followed."""
    assert desk.told(kind, said(), fault=answer)[1] == [outcome]


@pytest.mark.parametrize("kind", KINDS)
def test_a_receiver_is_given_the_time_it_asks_for(kind: str, desk: Desk) -> None:
    """Each says it its own way."""

    async def busy(_: web.Request) -> web.Response:
        return SERVICES[kind]().too_many(9)

    assert desk.told(kind, said(), fault=busy)[1] == [Retry(9_000, "rate_limited", 429)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slow", [True, False])
def test_a_body_that_does_not_end_is_not_waited_for(kind: str, slow: bool, desk: Desk) -> None:
    """The status counts; where only the body would tell, it may have arrived."""
    endless = Endless()
    _, found = desk.told(kind, said(), fault=_slow if slow else endless, timeout="1s")
    known = Retry(None, "server_error", 200, ambiguous=True) if kind in WORDY else Sent(None, 200)
    assert found == [known]
    assert endless.sent < 16_000_000, "what sockets buffer, and not all there is"


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_is_ambiguous(kind: str, desk: Desk) -> None:
    """After its timeout."""
    _, found = desk.told(kind, said(), fault=_never, timeout="1s")
    assert found == [Retry(None, "timeout", None, ambiguous=True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 20"])
def test_a_connection_that_ends_before_the_answer_is_ambiguous(
    kind: str, words: bytes, desk: Desk
) -> None:
    """It may have arrived."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(words)
        await writer.drain()
        writer.write_eof()  # the other half stays open: nobody listens, nobody hangs up

    async def go() -> list[Outcome]:
        async with raw(talk) as url:
            return await desk.tell_all(kind, url, (said(),))

    assert asyncio.run(go()) == [Retry(None, "unreachable", None, ambiguous=True)]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_listening_is_not_ambiguous(kind: str, desk: Desk) -> None:
    """Nothing was sent."""

    async def go() -> list[Outcome]:
        service = SERVICES[kind]()
        async with serving(service):
            pass
        return await desk.tell_all(kind, service.url, (said(),))

    assert asyncio.run(go()) == [Retry(None, "unreachable")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_certificate_gets_no_message(kind: str, desk: Desk, tmp_path: Path) -> None:
    """Whoever answers there is not who was meant; it is tried again until it is."""
    context, _ = self_signed(tmp_path, "127.0.0.1")

    async def go() -> tuple[list[Outcome], int]:
        service = SERVICES[kind]()
        async with serving(service, context):
            return await desk.tell_all(kind, service.url, (said(),)), len(service.calls)

    assert asyncio.run(go()) == ([Retry(None, "unreachable")], 0)


def test_a_wrong_secret_or_place_waits_for_a_person(desk: Desk) -> None:
    """The messages stay in the queue meanwhile."""
    assert desk.told("slack-bot", said(), channel="C0999")[1] == [Refused("not_found", 200)]
    assert desk.told("telegram", said(), chat=-999)[1] == [Refused("not_found", 400)]
    for kind, key, outcome in (
        ("slack-bot", "token", Refused("auth", 200)),
        ("telegram", "token", Refused("auth", 401)),
        ("pagerduty", "key", Refused("client_error", 400)),
    ):
        desk._patch.setenv(
            "NABZ_TEST_OTHER", "xoxb-4:" if kind == "slack-bot" else f"1{'2' * 9}:" + "x" * 35
        )
        other: dict[str, Any] = {key: "env:NABZ_TEST_OTHER"}
        assert desk.told(kind, said(), **other)[1] == [outcome]


# ---------------------------------------------------------------------- the screen


class Broken(io.StringIO):
    """A screen that is gone."""

    def write(self, text: str) -> int:
        """Fail like a closed pipe."""
        raise BrokenPipeError(text[:0])


def on_screen(screen: io.StringIO, message: Notification) -> Outcome:
    """Tell it on a screen."""
    settings = NotifierSettings.model_validate({"channels": {"it": {"type": "terminal"}}})
    one = build(settings, stdout=screen).outlets["it"]
    return asyncio.run(tell(one.channel, one.sender, message, ref=None, clock=lambda: 1_000))


@pytest.mark.parametrize("text", ["plain", BAD, "x" * 50_000, "\ud800", "سلام"])
def test_a_screen_shows_whatever_it_is_told(text: str) -> None:
    """Without any control character of a customer's."""
    screen = io.StringIO()
    assert on_screen(screen, said(name=text, account=text, customer="c-1")) == Sent(status=200)
    shown = screen.getvalue()
    assert "c-1" in shown and not {"\x1b", "\u202e", "\x00"} & set(shown)
    assert len(shown.encode()) < 20_000


def test_a_screen_that_is_gone_is_tried_again() -> None:
    """The terminal's only failure."""
    assert on_screen(Broken(), said()) == Retry(None, "unreachable", None, ambiguous=True)


# ---------------------------------------------------------------------- where a channel may call


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
            return await tell(hook, sender, said(), ref=None, clock=lambda: 1)
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
