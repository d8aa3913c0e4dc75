"""The first gate that stopped an alert, by rule, from nothing known to a message that failed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from alerts.config import Config
from alerts.delivery import Delivery
from alerts.fields import Seen
from alerts.lifecycle import Episode
from alerts.outputs import At
from alerts.row import Row
from alerts.rules import Cuts, Rule
from alerts.why_not import NAMES, gate
from scoring.config import HOUR_MS, MINUTE_MS
from scoring.customer import Customer
from scoring.health import health
from tests.strategies import BASE_MS, SCORING, command, fold_all, profile, signal, wake

T = BASE_MS
RULE = Rule("angry", warning=Cuts(2_000, 1_000), critical=None)


def seen(customer: Customer, now_ms: int = T) -> Seen:
    """A customer as a rule sees them, all read up to now."""
    found = health(customer, now_ms, SCORING, complete_to_ms=now_ms)
    return Seen(customer, found, SCORING, now_ms)


def lived(rule: Rule, *records: Any) -> tuple[Row, Episode | None]:
    """The row after these records, and where the rule stands."""
    config = Config(clock="watermark", scoring=SCORING, rules=(rule,))
    row = fold_all(list(records), config)[-1].row
    return row, next((one for one in row.episodes if one.rule == rule.id), None)


def stopped(rule: Rule, *records: Any, deliveries: tuple[Delivery, ...] = ()) -> tuple[str, str]:
    """Name and text of the gate after these records."""
    row, episode = lived(rule, *records)
    found = gate(rule, seen(row.customer, row.now_ms), episode, deliveries)
    assert found.name in NAMES
    return found.name, found.text


def delivery(alert_id: str, **changes: Any) -> Delivery:
    """A message to the channel ops."""
    facts: dict[str, Any] = {
        "notification_id": "n", "channel": "ops", "alert_id": alert_id, "fingerprint": "f",
        "seq": 1, "kind": "fired", "reason": "raised", "state": "sent", "attempt": 1,
        "next_retry_ms": None, "failure": None, "http_status": None, "provider_ref": None,
        "ambiguous": False, "offset": 0, "log": At("l", 0, 0), "created_ms": T, "updated_ms": T,
    }  # fmt: skip
    return Delivery(**(facts | changes))


def test_who_is_not_monitored_or_not_known_stops_at_the_first_gates() -> None:
    """Before any number is compared."""
    assert stopped(RULE, profile(T, monitor=False))[0] == "not_monitored"
    name, text = stopped(RULE, profile(T))
    assert name == "unknown" and "nothing is known" in text


def test_a_condition_that_is_not_raised_comes_with_its_numbers() -> None:
    """What it is, and where it is raised."""
    name, text = stopped(RULE, signal(T, 900))
    assert name == "not_raised"
    assert "distress 9" in text and "20" in text


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"warmup_ms": HOUR_MS}, "warming_up", "another 1 h"),
        ({"min_events": 3}, "too_few_events", "1 events, the rule asks for 3"),
        ({"for_ms": HOUR_MS}, "not_held_yet", "must hold for 1 h"),
        ({"shadow": True}, "shadow", "tells nobody"),
    ],
)
def test_a_raised_condition_may_still_be_held_by_the_rule(
    changes: dict[str, Any], name: str, said: str
) -> None:
    """By time, by events, or by its shadow."""
    found = stopped(msgspec.structs.replace(RULE, **changes), signal(T, 2_500))
    assert found[0] == name
    assert said in found[1]


def test_what_a_person_closed_needs_something_new() -> None:
    """Until the customer writes again."""
    row, episode = lived(RULE, signal(T, 2_500))
    assert episode is not None
    close = command(T + 1, "resolve", fingerprint="")
    found = stopped(RULE, signal(T, 2_500), close)
    assert found[0] in {"closed_by_hand", "no_message"}
    by_hand = msgspec.structs.replace(episode, state="closed", closed="manual", renewed=False)
    assert gate(RULE, seen(row.customer), by_hand).name == "closed_by_hand"
    again = msgspec.structs.replace(by_hand, renewed=True)
    name, text = gate(RULE, seen(row.customer), again)[2:]
    assert (name, text.startswith("raised, and not looked at since")) == ("not_held_yet", True)


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({}, "told", "told: ops"),
        ({"state": "suppressed", "failure": "silence"}, "kept_back", "ops: kept back, silence"),
        ({"state": "superseded", "failure": "acked"}, "superseded", "ops: not told any more"),
        (
            {"state": "dead", "attempt": 7, "failure": "rejected", "http_status": 404},
            "undelivered",
            "ops: dead after 7 calls, rejected, answered 404",
        ),
    ],
)
def test_an_alert_that_fired_is_followed_to_its_channels(
    changes: dict[str, Any], name: str, said: str
) -> None:
    """Kept back, given up, answered otherwise, or told; none at all is said too."""
    row, episode = lived(RULE, signal(T, 2_500), signal(T + MINUTE_MS, 100))
    assert episode is not None and episode.state == "firing"
    one = gate(RULE, seen(row.customer), episode, [delivery(episode.alert_id, **changes)])
    assert one.name == name
    assert said in one.text
    other = gate(RULE, seen(row.customer), episode, [delivery("another alert")])
    assert other.name == "no_message"
    acked = msgspec.structs.replace(episode, acked_by="sara")
    assert gate(RULE, seen(row.customer), acked).name == "acked"
    late = msgspec.structs.replace(episode, late_until_ms=T)
    assert gate(RULE, seen(row.customer), late).name == "historical"


def test_what_people_decided_and_what_was_promised_is_said() -> None:
    """Snoozed by whom and until when, taken until when, due or overdue since when."""
    rule = replace(RULE, due_ms=HOUR_MS)
    angry = signal(T, 2_500)
    due = "due 15:13 UTC"
    assert stopped(rule, angry)[1].endswith(f"; {due}")
    ack = command(T + 1, "ack", until_ms=T + 2 * HOUR_MS)
    assert stopped(rule, angry, ack) == (
        "acked", f"mina takes care of it until 16:13 UTC; {due}",
    )  # fmt: skip
    late = wake(T + HOUR_MS)
    assert stopped(rule, angry, ack, late)[1].endswith("; overdue since 15:13 UTC")
    snooze = command(T + 1, "snooze", until_ms=T + 3 * HOUR_MS)
    assert stopped(RULE, angry, snooze) == ("snoozed", "snoozed by mina until 17:13 UTC")
    until_worse = command(T + 1, "snooze", until_ms=T + 3 * HOUR_MS, until_worse=True)
    assert stopped(RULE, angry, until_worse)[1].endswith("17:13 UTC, or until it gets worse")
    done = command(T + 2, "handled")
    assert stopped(rule, angry, done) == ("acked", "mina takes care of it")
