"""A log folded under rules on trial: scores as known then, alerts as they would have been."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from alerts.config import Config
from alerts.rules import Cuts
from scoring.config import MINUTE_MS
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, Reading, Turn
from streams.worker.trial import CONTACTS, DISTRESS, SENTIMENT, WAIT, timelines
from tests.strategies import BASE_MS, OTHER, RULES, answer, hashed, outcome, signal, stored

T = BASE_MS
LOW = Config(
    clock="watermark",
    rules=(
        msgspec.structs.replace(
            RULES[0], warning=Cuts(1_000, 500), critical=None, labels={"team": "desk"}
        ),
    ),
)


def log() -> list[tuple[bytes, LogRecord]]:
    """Ann writes twice and escalates, bo once; another configuration was in force."""
    calm = Reading("en", 5_000, (), Turn(words=3))
    return [
        (PARTITION_KEY, ConfigChanged(T, T, hashed(OTHER))),
        (b"ann", signal(T, 900)),
        (b"bo", signal(T + 1, event_id="bo", reading=calm)),
        (b"ann", signal(T + MINUTE_MS, 900)),
        (b"ann", answer(T + 2 * MINUTE_MS)),
        (b"ann", outcome(T + 3 * MINUTE_MS, "escalated")),
        (b"ann", outcome(T + 4 * MINUTE_MS, "renewed")),
    ]


def read() -> Iterator[tuple[int, list[Any]]]:
    """In two batches."""
    whole = stored(log())
    yield 0, whole[:3]
    yield 0, whole[3:]


def test_each_look_has_what_was_known_at_that_record() -> None:
    """Distress as folded under the rules on trial, contacts, the last message, the wait."""
    ann, bo = timelines(read, LOW, log_epoch=1, kinds=("escalated",))
    assert (ann.customer, bo.customer) == ("ann", "bo")
    assert ann.at_ms[:2] == (T, T + MINUTE_MS)
    first, second = ann.scores[DISTRESS][:2]
    assert first >= 9.0 and second > first
    assert ann.scores[CONTACTS][0] == 1.0
    assert ann.scores[SENTIMENT][:2] == (0.01, 0.01)
    assert ann.scores[WAIT][:2] == (0.0, float(MINUTE_MS))
    assert ann.scores[WAIT][2] == -1.0  # answered
    assert bo.scores[SENTIMENT] == (-0.5,)


def test_alerts_and_events_are_those_of_the_trial() -> None:
    """Ann's alert opens with her second message; of her outcomes one is an event."""
    ann, bo = timelines(read, LOW, log_epoch=1, kinds=("escalated",))
    (fired,) = ann.fired
    assert (fired.rule, fired.severity, fired.owner) == ("distress", "warning", "desk")
    assert fired.opened_ms == T + MINUTE_MS
    assert fired.closed_ms is None
    assert ann.events == (T + 3 * MINUTE_MS,)
    assert (bo.fired, bo.events) == ((), ())
    strict = msgspec.structs.replace(LOW, rules=RULES[:1])
    (calm, _) = timelines(read, strict, log_epoch=1)
    assert (calm.fired, calm.events) == ((), ())


def test_labels_from_outside_take_the_place_of_outcomes() -> None:
    """Who is not among them had no event."""
    ann, bo = timelines(
        read, LOW, log_epoch=1, kinds=("escalated",), labels={"bo": (T + 9, T + 10)}
    )
    assert (ann.events, bo.events) == ((), (T + 9, T + 10))
