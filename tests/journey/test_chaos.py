"""One seed of chaos, and that what compares at the end can tell."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from streams.worker.app import POINTS
from tests.journey.chaos import Chaos, schedule
from tests.journey.truth import differing

EVENTS = 50_000
"""Within eight minutes on two cores; `make chaos` has 200,000."""


@pytest.mark.usefixtures("kafka_at_hand")
def test_whatever_happens_to_workers_the_log_is_folded_once(tmp_path: Path) -> None:
    """Killed, frozen, added, removed, at every named point, the broker restarted: exact."""
    chaos = Chaos(tmp_path, 1, EVENTS, told=print)
    figures = chaos.run()
    assert figures["points"] == len(POINTS)
    assert figures["thawed"] >= 3
    assert figures["events"] == EVENTS
    assert figures["repeated"] > EVENTS * 0.04
    assert figures["late"] > EVENTS * 0.04
    assert figures["transitions"] > 0


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_schedule_has_everything_in_it_in_another_order(seed: int) -> None:
    """Each named point once, freezes before and between the sends, the broker once."""
    plan = schedule(seed, EVENTS)
    kinds = Counter(kind for kind, _ in plan)
    assert {where.partition("@")[2] for kind, where in plan if kind == "doom"} == {*POINTS}
    assert kinds["broker"] == 1
    assert min(kinds["kill"], kinds["freeze"], kinds["add"], kinds["remove"]) >= 2
    assert plan != schedule(seed + 1, EVENTS)


def test_rows_that_differ_are_named() -> None:
    """A row too many, one too few and one with another byte."""
    rows = {0: {b"ann": b"1", b"bo": b"1"}, 1: {b"cy": b"1"}}
    other = {0: {b"ann": b"2", b"bo": b"1"}, 1: {b"di": b"1"}}
    assert differing(rows, rows) == []
    assert differing(rows, other) == ["0/ann", "1/cy", "1/di"]
