"""What is to be said against an alert."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.config import Config
from alerts.message import notification
from alerts.outputs import Transition
from alerts.quality import KNOWN_E2, LATE_MS, QUALITIES, STALE_MS, quality_of
from alerts.rules import Cuts, Rule
from alerts.texts import TEXTS
from scoring.config import MINUTE_MS
from scoring.records import LogRecord
from tests.alerts.transitions import transition
from tests.strategies import BASE_MS, SCORING, fold_all, signal

T = BASE_MS
SOUND: dict[str, Any] = {
    "at_ms": T, "complete_to_ms": T, "event_ms": T, "confidence_e2": 100, "flapping": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, ()),
        ({"complete_to_ms": T - LATE_MS}, ()),
        ({"complete_to_ms": T - LATE_MS - 1}, ("late_data",)),
        ({"confidence_e2": KNOWN_E2}, ()),
        ({"confidence_e2": KNOWN_E2 - 1}, ("low_evidence",)),
        ({"event_ms": T - STALE_MS}, ()),
        ({"event_ms": T - STALE_MS - 1}, ("stale",)),
        ({"event_ms": None}, ()),
        ({"event_ms": 0, "confidence_e2": 0, "complete_to_ms": 0, "flapping": True}, QUALITIES),
    ],
)
def test_each_quality_begins_at_its_edge(facts: dict[str, Any], found: tuple[str, ...]) -> None:
    """And they are named in one order."""
    assert quality_of(**(SOUND | facts)) == found


def test_a_transition_says_on_how_little_it_rests() -> None:
    """One message is little; the second is enough; sources that lag are said."""
    rule = Rule("r", warning=Cuts(2_000, 1_000), critical=Cuts(6_000, 5_000))
    config = Config(clock="watermark", scoring=SCORING, rules=(rule,))
    second = signal(T + MINUTE_MS, 3_000, family="intent")
    for complete_ms, late in ((T + MINUTE_MS, ()), (T - 20 * MINUTE_MS, ("late_data",))):
        log: list[LogRecord] = [
            replace(signal(T, 4_000), complete_to_ms=min(T, complete_ms)),
            replace(second, complete_to_ms=complete_ms),
        ]
        told = [
            one
            for each in fold_all(log, config)
            for one in each.outputs
            if isinstance(one, Transition)
        ]
        assert [(one.reason, one.quality) for one in told] == [
            ("raised", (*late, "low_evidence")),
            ("escalated", late),
        ]


def test_a_message_says_it_in_words_and_flapping_is_said_elsewhere() -> None:
    """In both languages, the same of each."""
    plain = notification(transition(), channel="ops").lines
    told = notification(transition(quality=QUALITIES), channel="ops").lines
    assert set(told) - set(plain) == set(TEXTS["en"].qualities.values())
    persian = notification(transition(quality=QUALITIES), channel="ops", locale="fa").lines
    assert set(TEXTS["fa"].qualities.values()) <= set(persian)
    assert set(QUALITIES) - TEXTS["en"].qualities.keys() == {"flapping"}
    newer = notification(transition(quality=("unheard_of",)), channel="ops").lines
    assert newer == plain
