"""The way back: what people do in a channel arrives once, from whoever it was, or they are told."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from alerts.channels.telegram_back import SECRET_HEADER
from alerts.deeds import About, Allowed
from alerts.message import FSI, PDI, notification
from alerts.outputs import Answer, Transition
from scoring.records import Command, Origin
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.ingest.commands import ForCustomer, decode_command
from streams.metrics import NotifierMetrics
from streams.notifier.build import ChannelConfigError, Plan, build
from streams.notifier.ears import Ears
from streams.notifier.hearing import CommandError, Hearing
from streams.notifier.http import HttpSender
from streams.notifier.settings import NotifierSettings
from streams.notifier.slack_socket import SlackSocket
from streams.notifier.telling import tell
from tests.alerts.transitions import BASE_MS, transition
from tests.notifier.back_fakes import (
    APP_TOKEN,
    PagerDutySender,
    SlackWorkspace,
    TelegramBot,
)
from tests.notifier.fakes import PagerDuty, Service, secrets_of, serving, settings_of
from tests.notifier.kafka import names_for, notifying, publish

ALERT: Final = "0f0e7c1c-5f6e-5d0a-9a55-000000000001"
ABOUT: Final = About("c-102", "f-1", ALERT)
KEYS: Final = {"NABZ_TEST_KEY_NEW": "new-secret-of-ours", "NABZ_TEST_KEY_OLD": "old-secret-of-ours"}
SECRET: Final = "A_-9" * 8
PEOPLE: Final[dict[str, Any]] = {
    "ann": {"channels": "it", "users": {"slack": "U1", "telegram": 77, "pagerduty": ["P1", "P9"]}},
    "bob": {"channels": "it", "users": {"slack": "U2", "telegram": 78}, "may": "ack"},
}
SOON_S: Final = 20.0
_BEGAN_S: Final = time.monotonic()


def now_ms() -> int:
    """A minute after the alert was told: the vendors' fakes say these times."""
    return BASE_MS + 60_000 + int((time.monotonic() - _BEGAN_S) * 1_000)


class Book:
    """Takes commands as Kafka would, and fails while it is told to."""

    def __init__(self) -> None:
        """Nothing is written."""
        self.written: list[Mapping[str, Any]] = []
        self.fails = False
        self.slow = asyncio.Event()
        self.slow.set()

    async def connect(self) -> None:
        """There is nothing to connect to."""

    async def write(self, allowed: Allowed) -> None:
        """Write one."""
        await self.slow.wait()
        if self.fails:
            raise CommandError("topic commands: a command was not taken")
        self.written.append(allowed.value)

    async def close(self) -> None:
        """Nothing is open."""


class Place:
    """A notifier's ears for one channel, and what they hear."""

    def __init__(self, plan: Plan) -> None:
        """Hear nothing yet."""
        self.plan = plan
        self.book = Book()
        self.registry = CollectorRegistry()
        self.metrics = NotifierMetrics.register(self.registry, channels=plan.outlets)
        self.hearing = Hearing(
            plan, self.book, self._about, self.metrics, clock=now_ms, answer_s=SOON_S
        )
        self.ears = Ears(plan, self.hearing, clock=now_ms)

    async def _about(self, channel: str, alert_id: str) -> About | None:
        return ABOUT if channel in self.plan.outlets and alert_id == ALERT else None

    def counted(self, outcome: str) -> float:
        """How many deeds came to that."""
        labels = {"channel": "it", "outcome": outcome}
        return self.registry.get_sample_value("nabz_channel_commands_total", labels) or 0.0

    async def listening(self) -> None:
        """Wait until the way back is open."""
        await until(lambda: self.registry.get_sample_value(
            "nabz_channel_listening", {"channel": "it"}) == 1.0)  # fmt: skip

    def folded(self, number: int = -1, rejected: str | None = None) -> None:
        """The fold says what it made of a command."""
        said = self.book.written[number]
        answer = Answer(said["command_id"], said["verb"], rejected, None, None, "it", 1)
        self.hearing.saw(transition(2, "acked", answer=answer))


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(SOON_S):
        while not holds():
            await asyncio.sleep(0.01)


def planned(patch: pytest.MonkeyPatch, kind: str, url: str, **more: Any) -> Plan:
    """A configuration with one channel that can be answered in."""
    named = {"NABZ_TEST_APP": APP_TOKEN, "NABZ_TEST_HOOK": SECRET, **KEYS}
    for name, value in {**secrets_of(kind, url), **named}.items():
        patch.setenv(name, value)
    ways: dict[str, dict[str, Any]] = {
        "slack-bot": {"app_token": "env:NABZ_TEST_APP"},
        "telegram": {"buttons": True},
        "pagerduty": {"webhook_keys": [f"env:{name}" for name in KEYS]},
    }
    channel = settings_of(kind, url, **ways[kind], **more)
    settings = {"channels": {"it": channel}, "people": PEOPLE, "back": {"listen": "127.0.0.1:0"}}
    return build(NotifierSettings.model_validate(settings))


@contextlib.asynccontextmanager
async def hearing(
    patch: pytest.MonkeyPatch, kind: str, service: Service, **more: Any
) -> AsyncIterator[Place]:
    """A channel that was told of an alert, and is listened to."""
    async with serving(service):
        place = Place(planned(patch, kind, service.url, **more))
        one = place.plan.outlets["it"]
        said = notification(transition(alert_id=ALERT), channel="it", locale=one.locale)
        await tell(one.channel, one.sender, said, ref=None, clock=now_ms)
        running = asyncio.create_task(place.ears.run())
        try:
            await place.listening()
            yield place
            assert not running.done()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await place.hearing.close()
            await one.sender.close()


def button(carried: list[str], verb: str) -> str:
    """What the button of a verb carries."""
    return next(one for one in carried if one.startswith(f"{verb}:"))


# ---------------------------------------------------------------------- Slack


def test_a_press_in_slack_becomes_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acknowledged once it is written; whoever pressed is told what came of it, nobody else is."""

    async def go() -> None:
        slack = SlackWorkspace()
        async with hearing(monkeypatch, "slack-bot", slack) as place:
            (ts,) = slack.seen
            assert len(slack.buttons()) == 2 + 3 + 5
            first = slack.envelope("U1", button(slack.buttons(), "ack"), ts=ts)
            assert await slack.press(first)
            (written,) = place.book.written
            assert (written["verb"], written["actor"], written["customer"]) == (
                "ack",
                "ann",
                "c-102",
            )
            place.folded()
            await until(lambda: bool(slack.told))
            assert slack.told == [("U1", "Acknowledged: it is yours.")]
            again = {**first, "envelope_id": "e-again"}
            assert await slack.press(again), "Slack repeats what is not acknowledged"
            assert len(place.book.written) == 1
            assert (place.counted("taken"), place.counted("duplicate")) == (1, 1)

    asyncio.run(go())


def test_what_the_fold_rejects_is_told_to_whoever_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the channel's language."""

    async def go() -> None:
        slack = SlackWorkspace()
        async with hearing(monkeypatch, "slack-bot", slack, locale="fa") as place:
            (ts,) = slack.seen
            value = button(slack.buttons(), "snooze")
            assert await slack.press(slack.envelope("U1", value, ts=ts))
            place.folded(rejected="closed")
            await until(lambda: bool(slack.told))
            assert slack.told == [("U1", "به حساب نیامد: این هشدار پایان یافته است.")]
            assert place.book.written[0]["until_worse"] is True

    asyncio.run(go())


def test_whoever_is_not_known_is_refused_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And so is who may not do it, and who answers to an alert this channel was not told of."""

    async def go() -> None:
        slack = SlackWorkspace()
        async with hearing(monkeypatch, "slack-bot", slack) as place:
            (ts,) = slack.seen
            ack, resolve = (button(slack.buttons(), verb) for verb in ("ack", "resolve"))
            other = ack.replace(ALERT, ALERT.replace("1", "2"))
            for user, value in (("U5", ack), ("U2", resolve), ("U1", other)):
                assert await slack.press(slack.envelope(user, value, ts=ts))
            await until(lambda: len(slack.told) == 3)
            assert [user for user, _ in slack.told] == ["U5", "U2", "U1"]
            assert f"{FSI}U5{PDI}" in slack.told[0][1]
            assert place.book.written == [] and place.counted("refused") == 3

    asyncio.run(go())


def test_what_is_not_written_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever pressed sees it, and the next try counts under the same id."""

    async def go() -> None:
        slack = SlackWorkspace()
        async with hearing(monkeypatch, "slack-bot", slack) as place:
            (ts,) = slack.seen
            first = slack.envelope("U1", button(slack.buttons(), "ack"), ts=ts)
            place.book.fails = True
            assert not await slack.press(first)
            place.book.fails = False
            assert await slack.press({**first, "envelope_id": "e-again"})
            assert len(place.book.written) == 1

    asyncio.run(go())


def test_a_connection_is_replaced_before_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """No press falls between the old one and the new one."""

    async def go() -> None:
        slack = SlackWorkspace()
        async with hearing(monkeypatch, "slack-bot", slack) as place:
            (ts,) = slack.seen
            ack = button(slack.buttons(), "ack")
            await slack.disconnect("warning")
            await until(lambda: len(slack.sockets) == 2)
            assert await slack.press(slack.envelope("U1", ack, ts=ts), on=0)
            assert await slack.press(slack.envelope("U1", ack, ts=ts), on=1)
            await slack.sockets[0].close()
            await until(lambda: len(slack.sockets) == 1)
            await place.listening()
            assert await slack.press(slack.envelope("U1", ack, ts=ts))
            await slack.disconnect("refresh_requested")
            await until(lambda: slack.opened == 3)
            assert len(place.book.written) == 3

    asyncio.run(go())


def test_a_connection_that_is_lost_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while Slack asks for time, or is down."""

    async def go() -> None:
        slack = SlackWorkspace()
        answers = iter([429, 500])

        async def busy(_: web.Request) -> web.Response:
            status = next(answers, 0)
            if status == 0:
                slack.open_fault = None
            return web.Response(status=status or 503, headers={"Retry-After": "0"})

        async with hearing(monkeypatch, "slack-bot", slack) as place:
            slack.open_fault = busy
            await slack.sockets[0].close()
            await until(lambda: slack.opened == 2)
            await place.listening()

    asyncio.run(go())


def test_an_end_that_is_gone_without_a_word_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pings are not answered: the connection is replaced."""

    async def go() -> None:
        slack = SlackWorkspace()
        slack.pings = False
        async with serving(slack):
            plan = planned(monkeypatch, "slack-bot", slack.url)
            place, outlet = Place(plan), plan.outlets["it"]
            assert outlet.back is not None
            sender = HttpSender(outlet.back.guard)
            socket = SlackSocket(
                APP_TOKEN,
                {"it": outlet.channel},  # type: ignore[dict-item]  # it is a bot
                sender,
                place.hearing,
                clock=now_ms,
                beat_s=0.2,
            )
            running = asyncio.create_task(socket.run())
            await until(lambda: slack.opened >= 2)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await sender.close()
            await place.hearing.close()

    asyncio.run(go())


# ---------------------------------------------------------------------- Telegram


def test_a_press_in_telegram_becomes_one_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The button stops turning and says what came of it."""

    async def go() -> None:
        telegram = TelegramBot()
        async with hearing(monkeypatch, "telegram", telegram) as place:
            update = telegram.press(77, button(telegram.buttons(), "ack"))
            await until(lambda: len(place.book.written) == 1)
            place.folded()
            await until(lambda: bool(telegram.notices))
            query = update["callback_query"]["id"]
            assert telegram.notices == {query: ("Acknowledged: it is yours.", False)}
            assert place.book.written[0]["actor"] == "ann"

    asyncio.run(go())


def test_a_choice_in_telegram_opens_and_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Why somebody disagrees is one press more; it can be left again."""

    async def go() -> None:
        telegram = TelegramBot()
        async with hearing(monkeypatch, "telegram", telegram, locale="fa") as place:
            four = telegram.buttons()
            telegram.press(77, button(four, "disagree"))
            await until(lambda: len(telegram.buttons()) == 6)
            telegram.press(77, button(telegram.buttons(), "back"))
            await until(lambda: telegram.buttons() == four)
            telegram.press(77, button(telegram.buttons(), "disagree"))
            await until(lambda: len(telegram.buttons()) == 6)
            telegram.press(77, telegram.buttons()[1])
            await until(lambda: len(place.book.written) == 1)
            written = place.book.written[0]
            assert (written["verb"], written["reason"]) == ("disagree", "misread_words")

    asyncio.run(go())


def test_an_update_is_asked_for_until_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram keeps it meanwhile; once written, it does not come again."""

    async def go() -> None:
        telegram = TelegramBot()
        async with hearing(monkeypatch, "telegram", telegram) as place:
            place.book.fails = True
            telegram.press(77, button(telegram.buttons(), "ack"))
            await until(lambda: place.counted("failed") >= 1)
            place.book.fails = False
            await until(lambda: len(place.book.written) == 1)
            telegram.press(78, button(telegram.buttons(), "ack"))
            await until(lambda: len(place.book.written) == 2)
            assert place.counted("duplicate") == 0

    asyncio.run(go())


def test_whoever_is_not_known_in_telegram_is_shown_a_window(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And a press in another chat is nobody's."""

    async def go() -> None:
        telegram = TelegramBot()
        async with hearing(monkeypatch, "telegram", telegram) as place:
            ack = button(telegram.buttons(), "ack")
            telegram.press(77, ack, chat=-999)
            update = telegram.press(5, ack)
            query = update["callback_query"]["id"]
            await until(lambda: query in telegram.notices)
            words, window = telegram.notices[query]
            assert window and f"{FSI}5{PDI}" in words
            assert place.book.written == []
            assert (place.counted("refused"), place.counted("ignored")) == (1, 1)

    asyncio.run(go())


@pytest.mark.parametrize("status", [409, 429, 500, 502])
def test_a_bad_day_of_telegram_is_waited_out(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """And shown as a way back that is shut."""

    async def go() -> None:
        telegram = TelegramBot()
        async with hearing(monkeypatch, "telegram", telegram) as place:

            async def bad(_: web.Request) -> web.Response:
                if status == 429:
                    return telegram.too_many(0)
                return telegram._no(status, "bad")

            telegram.fault = bad
            telegram.press(77, button(telegram.buttons(), "ack"))
            await until(lambda: place.registry.get_sample_value(
                "nabz_channel_listening", {"channel": "it"}) == 0.0)  # fmt: skip
            if status == 409:
                return  # half a minute is not waited for here
            telegram.fault = None
            await until(lambda: len(place.book.written) == 1)
            await place.listening()

    asyncio.run(go())


async def _brought(place: Place, update: object, secret: str) -> int:
    """Bring an update to the notifier's address, as Telegram does."""
    await until(lambda: place.ears.address is not None)
    assert place.ears.address is not None
    host, port = place.ears.address
    headers = {SECRET_HEADER: secret, "content-type": "application/json"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(
            f"http://{host}:{port}/back/it", data=json.dumps(update), headers=headers
        ) as answer,
    ):
        return answer.status


def test_updates_can_be_brought_with_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it nothing is looked at; what was not written is brought again."""

    async def go() -> None:
        telegram = TelegramBot()
        more = {"webhook_secret": "env:NABZ_TEST_HOOK"}
        async with hearing(monkeypatch, "telegram", telegram, **more) as place:
            update = telegram.press(77, button(telegram.buttons(), "ack"))
            assert await _brought(place, update, "wrong" * 8) == 401
            place.book.fails = True
            assert await _brought(place, update, SECRET) == 503
            place.book.fails = False
            assert await _brought(place, update, SECRET) == 200
            assert await _brought(place, update, SECRET) == 200
            assert await _brought(place, {"update_id": 1, "message": {}}, SECRET) == 200
            assert len(place.book.written) == 1 and telegram.polls == 0
            assert place.counted("duplicate") == 1

    asyncio.run(go())


# ---------------------------------------------------------------------- PagerDuty


@contextlib.asynccontextmanager
async def paged(patch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Place, PagerDutySender]]:
    """A notifier that PagerDuty calls."""
    async with hearing(patch, "pagerduty", PagerDuty()) as place:
        await until(lambda: place.ears.address is not None)
        assert place.ears.address is not None
        host, port = place.ears.address
        yield place, PagerDutySender(f"http://{host}:{port}/back/it", list(KEYS.values()))


def test_what_people_do_in_pagerduty_becomes_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each event once, however often it is sent; what was not written is asked for again."""

    async def go() -> None:
        async with paged(monkeypatch) as (place, sender):
            person = {"id": "P9", "type": "user_reference"}
            moved: dict[str, Any] = {"id": "Q1", "incident_key": ALERT, "assignees": [person]}
            note: dict[str, Any] = {
                "incident": {"id": "Q1"},
                "content": "called them",
                "type": "incident_note",
            }
            bodies = [
                sender.event("incident.acknowledged", ALERT),
                sender.event("incident.reassigned", ALERT, **moved),
                sender.event("incident.annotated", ALERT, **note),
                sender.event("incident.unacknowledged", ALERT, user=None),
                sender.event("incident.resolved", ALERT),
            ]
            place.book.fails = True
            assert await sender.send(bodies[0]) == 503
            place.book.fails = False
            for body in (*bodies, *bodies):
                assert await sender.send(body) == 200
            found = [(one["verb"], one["actor"]) for one in place.book.written]
            assert found == [
                ("ack", "ann"), ("assign", "ann"), ("note", "ann"),
                ("unack", "pagerduty"), ("resolve", "ann"),
            ]  # fmt: skip
            assert place.book.written[1]["assignee"] == "ann"
            assert place.book.written[2]["text"] == "called them"
            assert place.counted("duplicate") == 5

    asyncio.run(go())


def test_what_is_not_signed_by_us_both_is_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Either secret is believed while they change; no other, and no other address."""

    async def go() -> None:
        async with paged(monkeypatch) as (place, sender):
            body = sender.event("incident.acknowledged", ALERT)
            assert await sender.send(body, signature="v1=" + "0" * 64) == 401
            assert await sender.send(body, signature="") == 401
            theirs = PagerDutySender(sender.url, ["another secret altogether"])
            assert await theirs.send(body) == 401
            nowhere = PagerDutySender(sender.url + "s", sender.secrets)
            assert await nowhere.send(body) == 401
            assert await sender.send(b"x" * 300_000) == 413
            assert place.book.written == []
            for number, secret in enumerate(KEYS.values()):
                one = PagerDutySender(sender.url, [secret])
                event = one.event("incident.acknowledged", ALERT).replace(b"01EV", b"%dEV" % number)
                assert await one.send(event) == 200
            assert len(place.book.written) == 2
            assert await sender.send(b"{}") == 400

    asyncio.run(go())


def test_an_echo_and_a_stranger_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """PagerDuty is told 200: sending it again would not help."""

    async def go() -> None:
        async with paged(monkeypatch) as (place, sender):
            echo = sender.event("incident.resolved", ALERT, user=None)
            stranger = sender.event("incident.acknowledged", ALERT, user="P5")
            assert [await sender.send(one) for one in (echo, stranger)] == [200, 200]
            assert place.book.written == []
            assert (place.counted("ignored"), place.counted("refused")) == (1, 1)

    asyncio.run(go())


# ---------------------------------------------------------------------- through Kafka


def test_a_press_goes_all_the_way(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the message to the command, and from what the fold says to whoever pressed.

    After a restart too, when the alert is known from the books alone.
    """

    async def go() -> None:
        slack, names = SlackWorkspace(), names_for(broker)
        read: list[Command] = []

        def apply(_: int, records: Sequence[Any]) -> None:
            for record in records:
                origin = Origin("commands", 0, record.offset)
                found = decode_command(record.key, record.value, origin, now_ms())
                assert isinstance(found, ForCustomer) and found.customer == "c-102"
                read.append(found.command)

        async def pressed(user: str, verb: str, count: int) -> Command:
            (head,) = (ts for ts, one in slack.seen.items() if one.parent is None)
            value = button(slack.buttons(), verb)
            envelope = slack.envelope(user, value, ts=head)
            async with asyncio.timeout(SOON_S):  # whoever sees that it did not count tries again
                while not await slack.press(envelope):
                    pass
            read.clear()
            await read_to_end(broker, names.commands, {0: 0}, apply)
            assert len({one.command_id for one in read}) == count
            return read[-1]

        async with serving(slack):
            plan = planned(monkeypatch, "slack-bot", slack.url)
            publish(broker, names, [transition(alert_id=ALERT)])
            async with notifying(broker, names, plan, clock=now_ms):
                await until(lambda: bool(slack.sockets) and bool(slack.buttons()))
                command = await pressed("U1", "ack", 1)
                assert (command.verb, command.actor, command.alert_id) == ("ack", "ann", ALERT)
                answer = Answer(command.command_id, "ack", None, None, None, "it", now_ms())
                acked = transition(
                    2, "acked", alert_id=ALERT, notify=False, actor="ann", answer=answer
                )
                publish(broker, names, [acked])
                await until(lambda: bool(slack.told))
                assert slack.told == [("U1", "Acknowledged: it is yours.")]
                await until(lambda: len(slack.seen) == 2)
                head, reply = slack.seen.values()
                assert "ann is on it" in head.text and "ann is on it" in reply.text
            plan = planned(monkeypatch, "slack-bot", slack.url)
            async with notifying(broker, names, plan, clock=now_ms):
                await until(lambda: bool(slack.sockets))
                command = await pressed("U1", "resolve", 2)
                assert (command.verb, command.fingerprint) == ("resolve", "distress|c-102")

    asyncio.run(go())


# ---------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("kind", "more", "words"),
    [
        ("slack-bot", {"app_token": "env:NABZ_TEST_SLACK"}, "xapp-"),
        ("telegram", {"webhook_secret": "env:NABZ_TEST_SHORT"}, "16 to 256"),
        ("pagerduty", {"webhook_keys": "env:NABZ_TEST_SHORT"}, "shorter than 16"),
    ],
)
def test_a_secret_that_cannot_work_stops_start_up(
    kind: str, more: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Named, and never shown."""
    monkeypatch.setenv("NABZ_TEST_SHORT", "too short")
    for name, value in secrets_of(kind, "http://127.0.0.1:1").items():
        monkeypatch.setenv(name, value)
    buttons = {"buttons": True} if kind == "telegram" else {}
    channel = settings_of(kind, "http://127.0.0.1:1", **buttons, **more)
    with pytest.raises(ChannelConfigError, match=words) as found:
        build(NotifierSettings.model_validate({"channels": {"it": channel}}))
    assert "too short" not in str(found.value)


@pytest.mark.parametrize(
    "bad",
    [
        {"channels": {"a": {"type": "slack", "url": "env:A", "app_token": "env:B"}}},
        {"channels": {"a": {"type": "telegram", "token": "env:A", "chat": 1,
                            "webhook_secret": "env:B"}}},
        {"channels": {"a": {"type": "terminal"}},
         "people": {"ann": {"channels": "a", "may": ["akc"]}}},
        {"channels": {"a": {"type": "terminal"}},
         "people": {"ann": {"channels": "a", "users": {"pigeon": "7"}}}},
        {"back": {"listen": "9572"}},
    ],
)  # fmt: skip
def test_settings_of_the_way_back_refuse_what_cannot_be(bad: dict[str, Any]) -> None:
    """A slip of the pen would be a button that nobody hears."""
    with pytest.raises(ValueError):  # noqa: PT011  # pydantic's own
        NotifierSettings.model_validate(bad)


def test_channels_of_one_bot_share_a_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot has one; a second would be a conflict."""

    async def go() -> None:
        telegram = TelegramBot()
        async with serving(telegram):
            plan = planned(monkeypatch, "telegram", telegram.url)
            one = plan.outlets["it"]
            other = planned(monkeypatch, "telegram", telegram.url, chat=-200).outlets["it"]
            both = replace(plan, outlets={"it": one, "other": replace(other, name="other")})
            place = Place(both)
            running = asyncio.create_task(place.ears.run())
            await until(lambda: telegram.polls > 0)
            telegram.press(77, f"ack::{ALERT}", chat=-200)
            await until(lambda: len(place.book.written) == 1)
            assert place.book.written[0]["channel"] == "other"
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await place.hearing.close()
            for outlet in both.outlets.values():
                await outlet.sender.close()

    asyncio.run(go())


def test_a_transition_nobody_waits_for_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most are."""
    monkeypatch.setenv("NABZ_TEST_NEW", "x")
    place = Place(build(NotifierSettings()))
    seen: list[Transition] = [
        transition(),
        transition(answer=Answer("c", "ack", None, None, None, None, 1)),
    ]
    for one in seen:
        place.hearing.saw(one)
    assert place.book.written == []
