"""`nabz channels test` and `nabz deliveries`; what `nabz doctor` says of links."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest
from msgspec.structs import replace

from alerts.delivery import Delivery, planned, sending
from alerts.pipeline import Kept
from streams.cli.channels import _CURES
from streams.cli.diagnosis import links, unheard
from streams.engine.cycle import Output
from streams.notifier.back_trial import back_trial
from streams.notifier.build import Plan, build
from streams.settings import SettingsFileError, load
from streams.topics import DELIVERIES
from tests.alerts.transitions import BASE_MS, transition
from tests.cli.conftest import Nabz
from tests.cli.kafka import publish
from tests.notifier.back_fakes import APP_TOKEN, SlackWorkspace, TelegramBot
from tests.notifier.fakes import SERVICES, TOKENS, PagerDuty, Service, serving, settings_of
from tests.notifier.test_back import Place, until


@contextmanager
def listening(service: Service) -> Iterator[Service]:
    """A receiver beside a command that has an event loop of its own."""
    loop, ready, done = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with serving(service):
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield service
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
        loop.close()


@pytest.fixture
def _tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, token in TOKENS.items():
        monkeypatch.setenv(f"NABZ_TEST_{name.upper()}", token)


def written(nabz: Nabz, kind: str, service: Service, **more: object) -> None:
    """One channel in the settings of the folder."""
    one = settings_of(kind, service.url, **more)
    text = msgspec.json.encode({"channels": {"ops": one}}).decode()
    (nabz.folder / "nabz.yaml").write_text(text, encoding="utf-8")


def answering(nabz: Nabz, kind: str, service: Service, users: object, **more: object) -> None:
    """One channel people can answer in."""
    tree = {
        "channels": {"ops": settings_of(kind, service.url, **more)},
        "people": {"ann": {"channels": "ops", "users": users}},
    }
    (nabz.folder / "nabz.yaml").write_text(msgspec.json.encode(tree).decode(), encoding="utf-8")


@pytest.mark.usefixtures("_tokens")
def test_a_way_back_that_works_is_said_to(nabz: Nabz, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack would let us listen; nobody is listened to for it."""
    monkeypatch.setenv("NABZ_TEST_APP", APP_TOKEN)
    with listening(SlackWorkspace()) as service:
        answering(nabz, "slack-bot", service, {"slack": "U1"}, app_token="env:NABZ_TEST_APP")
        found = nabz("channels", "test", "ops")
        assert found.exit_code == 0 and "answers in ops are heard\n" in found.stdout
        answering(nabz, "slack-bot", service, {"telegram": 7}, app_token="env:NABZ_TEST_APP")
        found = nabz("channels", "test", "ops")
        assert found.exit_code == 0 and "users: {slack: ...}" in found.stderr
        monkeypatch.setenv("NABZ_TEST_APP", "xapp-another")
        found = nabz("channels", "test", "ops", "--json")
        assert found.exit_code == 1 and json.loads(found.stdout)["back"] == "refused"
        assert isinstance(service, SlackWorkspace) and service.opened == 0


@pytest.mark.usefixtures("_tokens")
def test_a_bot_whose_presses_go_elsewhere_is_found(nabz: Nabz) -> None:
    """To an address, where they are to be fetched."""
    with listening(TelegramBot()) as service:
        assert isinstance(service, TelegramBot)
        answering(nabz, "telegram", service, {"telegram": 77}, buttons=True)
        assert nabz("channels", "test", "ops").exit_code == 0
        service.hook = "https://elsewhere.example"
        found = nabz("channels", "test", "ops")
        assert found.exit_code == 1 and "answers in ops: webhook_set" in found.stderr
        assert service.polls == 0


@pytest.mark.usefixtures("_tokens")
@pytest.mark.parametrize("kind", ["pagerduty", "telegram"])
def test_our_own_address_is_called_as_the_vendor_would(
    kind: str, nabz: Nabz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It answers while a notifier runs with this secret, and not otherwise."""
    monkeypatch.setenv("NABZ_TEST_HOOK", "A_-9" * 8)
    ways: dict[str, dict[str, object]] = {
        "pagerduty": {"webhook_keys": "env:NABZ_TEST_HOOK"},
        "telegram": {"buttons": True, "webhook_secret": "env:NABZ_TEST_HOOK"},
    }
    service: Service = PagerDuty() if kind == "pagerduty" else TelegramBot()

    async def tried(plan: Plan, address: tuple[str, int]) -> str | None:
        called = dataclasses.replace(plan, listen=address)
        return await back_trial(called, called.outlets["ops"])

    async def go() -> list[str | None]:
        async with serving(service):
            answering(nabz, kind, service, {kind: "7"}, **ways[kind])
            plan = build(load(nabz.folder / "nabz.yaml").notifier())
            plan = dataclasses.replace(plan, listen=("127.0.0.1", 0))
            place = Place(plan)
            if isinstance(service, TelegramBot):
                not_set = await tried(plan, ("127.0.0.1", 1))
                service.hook = "https://nabz.example/back/ops"
                assert not_set == "webhook_not_set"
            running = asyncio.create_task(place.ears.run())
            await until(lambda: place.ears.address is not None)
            assert place.ears.address is not None
            found = [await tried(plan, place.ears.address)]
            monkeypatch.setenv("NABZ_TEST_HOOK", "B_-9" * 8)
            other = build(load(nabz.folder / "nabz.yaml").notifier())
            found.append(await tried(other, place.ears.address))
            address = place.ears.address
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            found.append(await tried(plan, address))
            await place.hearing.close()
            return found

    assert asyncio.run(go()) == ["works", "wrong_secret", "unreachable"]


def test_the_doctor_finds_that_nobody_could_answer() -> None:
    """A way back without anybody who is known refuses everybody."""
    way = {"type": "telegram", "token": "env:T", "chat": 1, "buttons": True}
    tree = {"channels": {"ops": way}, "people": {"ann": {"channels": "ops"}}}
    settings = load(None, tree)
    (found,) = unheard(settings, "ops", settings.channels["ops"])
    assert found.state == "warn" and "users: {telegram: ID}" in found.next
    known = load(None, {**tree, "people": {"ann": {"channels": "ops", "users": {"telegram": 7}}}})
    assert list(unheard(known, "ops", known.channels["ops"])) == []
    way = {"type": "pagerduty", "key": "env:T"}
    silent = load(None, {"channels": {"ops": way}})
    assert list(unheard(silent, "ops", silent.channels["ops"])) == []


@pytest.mark.usefixtures("_tokens")
@pytest.mark.parametrize("locale", ["en", "fa"])
def test_a_test_message_arrives_and_says_that_it_is_one(nabz: Nabz, locale: str) -> None:
    """In the language of the channel; the command says how it was answered."""
    with listening(SERVICES["slack-bot"]()) as service:
        written(nabz, "slack-bot", service, locale=locale)
        found = nabz("channels", "test", "ops")
        assert found.exit_code == 0, found.output
        assert found.stdout.startswith("sent to ops (slack), which answered 200, in ")
        (seen,) = service.seen.values()
        assert ("[test]" if locale == "en" else "[آزمایش]") in seen.text
        assert "ops" in seen.text


@pytest.mark.usefixtures("_tokens")
def test_a_test_leaves_no_incident_open(nabz: Nabz) -> None:
    """Its end follows at once."""
    with listening(PagerDuty()) as service:
        written(nabz, "pagerduty", service)
        found = nabz("channels", "test", "ops", "--json")
        facts = json.loads(found.stdout)
        assert (facts["sent"], facts["status"], facts["type"]) == (True, 202, "pagerduty")
        assert isinstance(service, PagerDuty)
        assert list(service.state.values()) == ["resolved"] and len(service.calls) == 2


@pytest.mark.usefixtures("_tokens")
def test_what_is_in_the_way_is_said_with_what_to_do(
    nabz: Nabz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line, code 1, no secret."""
    monkeypatch.setenv("NABZ_TEST_SLACK", "xoxb-wrong")
    with listening(SERVICES["slack-bot"]()) as service:
        written(nabz, "slack-bot", service)
        found = nabz("channels", "test", "ops")
    assert found.exit_code == 1 and found.stdout == ""
    assert found.stderr.startswith("channel ops (slack): auth 200 after ")
    assert "check the key, token or password" in found.stderr
    assert "xoxb" not in found.stderr and found.stderr.count("\n") == 1
    written(nabz, "slack-bot", service)
    gone = nabz("channels", "test", "ops", "--json")
    assert gone.exit_code == 1
    assert json.loads(gone.stdout)["reason"] == "unreachable"


def test_a_channel_that_is_not_configured_is_not_tested(nabz: Nabz) -> None:
    """And those that are, are named."""
    (nabz.folder / "nabz.yaml").write_text("channels: {screen: {type: terminal}}\n")
    found = nabz("channels", "test", "ops")
    assert found.exit_code == 2
    assert "channel 'ops': is not configured; known are screen" in found.stderr


def test_every_failure_has_a_cure() -> None:
    """Whatever a receiver does, somebody is told what to look at."""
    from alerts.channels.base import FAILURES

    assert sorted(_CURES) == sorted(FAILURES)


# ------------------------------------------------------------------ nabz deliveries


def several() -> list[Delivery]:
    """One message of each fate."""

    def one(number: int, kept: Kept | None = None) -> Delivery:
        made = planned(
            transition(1, fingerprint=f"d|{number}"),
            channel="ops" if number % 2 else "chat",
            offset=number,
            now_ms=BASE_MS + number,
            kept=kept,
        )
        return replace(made, updated_ms=BASE_MS + number)

    return [
        replace(sending(one(1), BASE_MS + 1), state="sent", http_status=200),
        one(2),
        one(3, Kept("quiet_hours")),
        one(4, Kept("nothing_to_close")),
        replace(one(5), state="failed_perm", failure="client_error", http_status=400),
        replace(one(6), state="superseded", failure="superseded"),
    ]


@pytest.fixture
def told(nabz_on: Nabz) -> Nabz:
    """An installation that has told of several alerts."""
    assert nabz_on.broker is not None
    rows = [
        Output(DELIVERIES, one.notification_id.encode(), msgspec.json.encode(one), (), 0)
        for one in several()
    ]
    publish(nabz_on.broker, rows)
    return nabz_on


def test_every_message_is_listed_with_what_has_become_of_it(told: Nabz) -> None:
    """The newest last; why, and what the receiver answered."""
    lines = told.on_broker("deliveries").stdout.splitlines()[1:]
    fates = [line.split()[4] for line in lines]
    assert fates == ["sent", "waiting", "held", "dropped", "failed", "dropped"]
    assert "quiet_hours" in lines[2] and "client_error 400" in lines[4]
    assert several()[0].alert_id in lines[0]


def test_some_messages_are_chosen(told: Nabz) -> None:
    """By channel, alert and fate; the newest so many."""

    def ids(*words: str) -> list[str]:
        found = told.on_broker("deliveries", "--json", *words)
        return [json.loads(line)["notification_id"] for line in found.stdout.splitlines()]

    made = [one.notification_id for one in several()]
    assert ids() == made
    assert ids("--channel", "ops") == made[::2]
    assert ids("--only", "held", "--only", "failed") == [made[2], made[4]]
    assert ids("--alert", several()[3].alert_id) == [made[3]]
    assert ids("--limit", "2") == made[-2:]
    nothing = told.on_broker("deliveries", "--channel", "nobody")
    assert (nothing.exit_code, nothing.stdout, nothing.stderr) == (0, "", "no such message\n")
    cut = told.on_broker("deliveries", "--limit", "2")
    assert cut.stderr == "the newest 2 of 6; --limit shows more\n"


# ------------------------------------------------------------------ links, routes


@pytest.mark.parametrize(
    ("url", "sound"),
    [
        ("https://crm.example/c/{customer}", True),
        ("http://10.0.0.7/{customer}", True),
        ("http://localhost:8080/{customer}", False),
        ("http://nabz.localhost/{alert_id}", False),
        ("http://127.0.0.1:8080/{alert_id}", False),
        ("http://[::1]/{alert_id}", False),
    ],
)
def test_a_link_to_this_machine_is_found_before_somebody_follows_it(url: str, sound: bool) -> None:
    """Whoever gets the message sits elsewhere."""
    found = list(links(load(None, {"links": {"page": url}})))
    assert [one.state for one in found] == ([] if sound else ["fail"])
    assert sound or found[0].next == "write the address people use in links.page"


@pytest.mark.parametrize(
    ("url", "template"),
    [
        ("https://nabz.example/", "https://nabz.example/alerts/{alert_id}"),
        ("http://nabz.example:8080/care", "http://nabz.example:8080/care/alerts/{alert_id}"),
    ],
)
def test_messages_link_to_the_page_of_their_alert(url: str, template: str) -> None:
    """Before the links of yours; one of yours called `alert` takes its place."""
    tree = {"public_url": url, "links": {"crm": "https://crm.example"}}
    assert list(load(None, tree).notifier().links.items()) == [
        ("alert", template), ("crm", "https://crm.example"),
    ]  # fmt: skip
    mine = {"alert": "https://crm.example"}
    assert load(None, {"public_url": url, "links": mine}).notifier().links == mine
    assert list(links(load(None, tree))) == []


def test_a_public_address_of_this_machine_is_found_too() -> None:
    """And one that is no address is refused."""
    (found,) = links(load(None, {"public_url": "http://127.0.0.1:8080"}))
    assert (found.check, found.state) == ("link alert", "fail")
    assert found.next == "write the address people use in public_url"
    for wrong in ("nabz.example", "https://nabz.example/{x}", "https://nabz.example/?a=b"):
        with pytest.raises(SettingsFileError, match="public_url"):
            load(None, {"public_url": wrong})


@pytest.mark.usefixtures("_tokens")
def test_the_doctor_looks_at_links_where_somebody_is_told_over_the_network() -> None:
    """On a screen of one's own such a link is fine."""
    from streams.cli.diagnosis import channels

    page = {"links": {"page": "http://localhost/{customer}"}}
    pager = settings_of("pagerduty", "https://127.0.0.1:9")
    told_over = list(channels(load(None, page | {"channels": {"ops": pager}})))
    assert [(one.check, one.state) for one in told_over] == [
        ("channel ops", "ok"),
        ("link page", "fail"),
    ]
    screen = list(channels(load(None, page | {"channels": {"ops": {"type": "terminal"}}})))
    assert [one.check for one in screen] == ["channel ops"]


def test_a_severity_nobody_knows_is_refused_with_the_one_that_was_meant(nabz: Nabz) -> None:
    """Such a route would never be taken, and nobody would notice."""
    (nabz.folder / "nabz.yaml").write_text(
        "channels: {screen: {type: terminal}}\n"
        "routes: [{match: {severity: critcal}, channels: screen}]\n"
    )
    found = nabz("config", "check")
    assert found.exit_code == 2
    assert "routes[0].match.severity: found 'critcal'; did you mean critical?" in found.stderr
