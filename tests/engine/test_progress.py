"""Liveness is progress: every way of idling for ever is noticed, and slowness is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from streams.engine.progress import FETCH_LIMIT_S, Progress

SESSION_S, CYCLE_S, STARTED_S = 10.0, 90.0, 1_000.0
NEW = Progress(session_s=SESSION_S, cycle_limit_s=CYCLE_S, started_s=STARTED_S)
JOINED = replace(NEW, joined=True, restored=True, fetched_s=2_000.0)


@pytest.mark.parametrize(
    ("state", "since_s", "patience_s", "words"),
    [
        (NEW, STARTED_S, 2 * SESSION_S, "assigned nothing"),
        (replace(JOINED, topic_known=False), STARTED_S, 2 * SESSION_S, "missing or not readable"),
        (replace(JOINED, cycle_s=2_000.0), 2_000.0, CYCLE_S, "cycle does not end"),
        (replace(JOINED, rebalancing_s=2_000.0), 2_000.0, 2 * SESSION_S, "rebalance or restore"),
        (
            replace(JOINED, rebalancing_s=1_900.0, restoring_s=2_000.0),
            2_000.0,
            2 * SESSION_S,
            "rebalance or restore",
        ),
        (JOINED, 2_000.0, FETCH_LIMIT_S, "not being read"),
    ],
    ids=["no group", "no topic", "cycle", "rebalance", "restore", "drain loop"],
)
def test_a_lane_that_idles_is_stuck_once_its_patience_is_over(
    state: Progress, since_s: float, patience_s: float, words: str
) -> None:
    """Up to the limit it lives, beyond it the reason is named."""
    assert state.stuck(since_s + patience_s) is None
    assert state.live(since_s + patience_s)
    reason = state.stuck(since_s + patience_s + 0.01)
    assert reason is not None and words in reason
    assert not state.live(since_s + patience_s + 0.01)


def test_a_long_cycle_is_not_taken_for_a_drain_loop_that_stopped() -> None:
    """Only its own limit counts while it runs."""
    assert replace(JOINED, cycle_s=2_000.0).stuck(2_000.0 + CYCLE_S) is None


def test_a_long_restore_that_moves_is_no_stuck_rebalance() -> None:
    """Millions of rows take longer than two sessions."""
    assert replace(JOINED, rebalancing_s=2_000.0, restoring_s=2_900.0).stuck(2_901.0) is None


def test_ready_is_restored_and_not_rebalancing() -> None:
    """Alive and not ready is how a restore looks."""
    assert JOINED.ready()
    assert not NEW.ready()
    assert not replace(JOINED, rebalancing_s=1.0).ready()
