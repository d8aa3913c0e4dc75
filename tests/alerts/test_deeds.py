"""What people do in a channel becomes a command, or a refusal with a reason."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.deed_texts import DEED_TEXTS, done, not_done
from alerts.deeds import (
    DEEDS,
    REFUSALS,
    SNOOZES_MS,
    TOO_OLD_MS,
    About,
    Allowed,
    Deed,
    Pressed,
    Refusal,
    answerable,
    code,
    command_id,
    decided,
    person_of,
    pressed,
    wanted,
)
from alerts.message import FSI, PDI, digest_notification, notification
from alerts.people import Person
from scoring.records import DISAGREEMENTS, VERBS, Origin
from streams.ingest.commands import ForCustomer, decode_command
from tests.alerts.transitions import BASE_MS, transition

ALERT = "0f0e7c1c-5f6e-5d0a-9a55-000000000001"
ABOUT = About("c-102", "f-1", ALERT)
ANN = Person("ann", ("team",), users={"slack": ("U1", "U2"), "pagerduty": ("P1",)})
BOB = Person("bob", ("team",), users={"slack": ("U9",)}, may=frozenset({"ack"}))


def deed(verb: str = "ack", user: str = "U1", **facts: Any) -> Deed:
    """Somebody did something."""
    return Deed("command-1", verb, ALERT, user, **facts)


def decide(one: Deed, kind: str = "slack", about: About | None = ABOUT) -> Allowed | Refusal:
    """What becomes of it."""
    return decided(one, kind=kind, channel="team", about=about, people=(ANN, BOB), now_ms=BASE_MS)


def test_a_press_becomes_a_command_with_who_and_where() -> None:
    """The id is the deed's: one that comes twice is one."""
    found = decide(deed(at_ms=BASE_MS - 5))
    assert found == Allowed(
        "ann",
        "c-102",
        {
            "command_id": "command-1",
            "verb": "ack",
            "customer": "c-102",
            "fingerprint": "f-1",
            "alert_id": ALERT,
            "actor": "ann",
            "channel": "team",
            "ts_ms": BASE_MS - 5,
        },
    )


@pytest.mark.parametrize("verb", VERBS)
def test_every_command_is_one_that_ingest_takes(verb: str) -> None:
    """What the buttons write is never a dead letter."""
    needs: dict[str, dict[str, Any]] = {
        "snooze": {"for_ms": SNOOZES_MS[0]},
        "assign": {"to": "U9"},
        "note": {"text": "called them"},
        "disagree": {"reason": DISAGREEMENTS[0]},
    }
    found = decide(deed(verb, **needs.get(verb, {})))
    assert isinstance(found, Allowed)
    value = msgspec.json.encode(found.value)
    read = decode_command(found.key.encode(), value, Origin("commands", 0, 7), BASE_MS + 5)
    assert isinstance(read, ForCustomer)
    assert read.customer == "c-102" and read.command.verb == verb
    assert read.command.command_id == "command-1" and read.command.actor == "ann"
    assert read.command.alert_id == ALERT and read.command.channel == "team"
    assert read.command.until_ms == (BASE_MS + SNOOZES_MS[0] if verb == "snooze" else None)
    assert read.command.assignee == ("bob" if verb == "assign" else "")


@pytest.mark.parametrize(
    ("one", "about", "reason"),
    [
        (deed(user="U5"), ABOUT, "unknown_user"),
        (deed(user="P1"), ABOUT, "unknown_user"),  # known elsewhere, under that id
        (deed(user=""), ABOUT, "unknown_user"),
        (deed("resolve", "U9"), ABOUT, "not_allowed"),
        (deed(), None, "unknown_alert"),
        (deed("assign", to="U5"), ABOUT, "unknown_assignee"),
        (deed("assign"), ABOUT, "unknown_assignee"),
        (deed(at_ms=BASE_MS - TOO_OLD_MS - 1), ABOUT, "too_old"),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_reason(
    one: Deed, about: About | None, reason: str
) -> None:
    """From a closed set, which whoever did it is told and the log keeps."""
    assert decide(one, about=about) == Refusal(reason)  # type: ignore[arg-type]
    assert reason in REFUSALS


def test_the_oldest_that_is_believed() -> None:
    """A channel that was cut off for two days still counts."""
    assert isinstance(decide(deed(at_ms=BASE_MS - TOO_OLD_MS)), Allowed)


def test_a_clock_ahead_of_ours_does_not_run_away() -> None:
    """At most ten minutes are believed."""
    found = decide(deed(at_ms=BASE_MS + 86_400_000))
    assert isinstance(found, Allowed) and found.value["ts_ms"] == BASE_MS + 600_000


def test_an_acknowledgement_that_ran_out_has_nobody() -> None:
    """The receiver says so itself; nothing else counts without a person."""
    found = decide(deed("unack", ""), "pagerduty")
    assert isinstance(found, Allowed) and found.person == found.value["actor"] == "pagerduty"


def test_who_may_do_one_thing_may_do_that() -> None:
    """`may` is a list of what is allowed."""
    assert isinstance(decide(deed("ack", "U9")), Allowed)
    assert person_of((ANN, BOB), "slack", "U2") is ANN
    assert person_of((ANN, BOB), "telegram", "U2") is None


@given(st.lists(st.text(max_size=8), max_size=4), st.lists(st.text(max_size=8), max_size=4))
def test_two_deeds_never_share_an_id(one: list[str], other: list[str]) -> None:
    """Whatever letters a channel's ids are made of."""
    assert (command_id(*one) == command_id(*other)) == (one == other)


@given(st.one_of(st.text(), st.integers(), st.none(), st.binary(), st.lists(st.integers())))
def test_reading_a_button_never_raises(carried: object) -> None:
    """What is none of ours is none."""
    found = pressed(carried)
    assert found is None or wanted(found, command_id="c", user="u", at_ms=None) is None


def test_every_button_fits_and_comes_back_as_what_it_was() -> None:
    """64 bytes is what Telegram carries."""
    for verb, argument in (
        ("ack", ""),
        ("resolve", ""),
        *(("snooze", str(one // 60_000)) for one in SNOOZES_MS),
        *(("disagree", one) for one in DISAGREEMENTS),
    ):
        carried = code(verb, argument, ALERT)
        assert carried is not None and len(carried.encode()) <= 64
        button = pressed(carried)
        assert button is not None
        one = wanted(button, command_id="c", user="U1", at_ms=1)
        assert one is not None and (one.verb, one.alert_id) == (verb, ALERT)
        assert one.reason == (argument if verb == "disagree" else "")


@pytest.mark.parametrize(
    "button",
    [
        Pressed("snooze", "", ALERT),
        Pressed("snooze", "7", ALERT),
        Pressed("snooze", "x", ALERT),
        Pressed("disagree", "", ALERT),
        Pressed("disagree", "because", ALERT),
        Pressed("ack", "now", ALERT),
        Pressed("replay", "", ALERT),
    ],
)
def test_a_button_that_was_never_drawn_does_nothing(button: Pressed) -> None:
    """A forged length, reason or verb is no deed."""
    assert wanted(button, command_id="c", user="U1", at_ms=1) is None


def test_only_what_is_open_and_about_a_customer_can_be_answered() -> None:
    """No button under an end, a digest, or what is about nabz itself."""
    opened = notification(transition(), channel="ops")
    assert answerable(opened)
    assert not answerable(notification(transition(2, "recovered"), channel="ops"))
    assert not answerable(notification(transition(fingerprint="~source|chat"), channel="ops"))
    digest = digest_notification(
        [transition()], notification_id="n", alert_id="digest-1", channel="ops", now_ms=BASE_MS
    )
    assert not answerable(digest)


def test_both_languages_say_the_same() -> None:
    """Every word there is in one table is in the other, and every reason has one."""
    one, other = DEED_TEXTS["en"], DEED_TEXTS["fa"]
    for name in ("buttons", "doubts", "done", "whys"):
        assert getattr(one, name).keys() == getattr(other, name).keys()
    assert set(one.done) == set(VERBS) and set(one.doubts) == set(DISAGREEMENTS)
    assert set(REFUSALS) <= set(one.whys)
    assert {"acked", "unacked"} <= DEEDS


def test_what_comes_from_outside_is_isolated_in_a_confirmation() -> None:
    """A name from right to left turns nothing round, and none brings a control character."""
    for locale in ("en", "fa"):
        said = done("assign", until_ms=None, assignee="بهزاد\u202e", now_ms=0, locale=locale)
        assert f"{FSI}بهزاد{PDI}" in said and "\u202e" not in said
        refused = not_done("unknown_user", user="U5\x1b", locale=locale)
        assert f"{FSI}U5{PDI}" in refused
        assert f"{FSI}moon phase{PDI}" in not_done("moon_phase", user="", locale=locale)
        until = done("snooze", until_ms=BASE_MS, assignee="", now_ms=BASE_MS, locale=locale)
        assert ("۱۴:۱۳" if locale == "fa" else "14:13") in until
