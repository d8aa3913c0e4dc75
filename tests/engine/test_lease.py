"""The right to write ends before anybody else may be given our partitions."""

from __future__ import annotations

import time

from streams.engine.lease import Lease, clock_s

SESSION_S, REBALANCE_S = 10.0, 30.0


def lease() -> Lease:
    """A lease of a session of ten seconds."""
    return Lease(session_s=SESSION_S, rebalance_s=REBALANCE_S)


def test_nothing_is_held_before_the_group_has_answered() -> None:
    """A new process asks first."""
    assert not lease().held(0.0)


def test_a_lease_lasts_six_tenths_of_a_session_from_the_question() -> None:
    """Counted from before it was sent, so the broker cannot have forgotten us earlier."""
    one = lease()
    one.answered(100.0)
    assert one.held(105.99)
    assert not one.held(106.0)


def test_answers_that_overtake_each_other_never_shorten_a_lease() -> None:
    """A heartbeat and a SyncGroup may be under way together."""
    one = lease()
    one.answered(100.0)
    one.answered(97.0)
    assert one.held(105.0)


def test_a_rebalance_extends_the_lease_only_as_long_as_we_may_be_late_for_it() -> None:
    """The group answers `rebalancing` until it expels who has not rejoined."""
    one = lease()
    one.answered(100.0)
    for asked_s in (103.0, 106.0, 112.0, 118.0, 121.0):
        one.answered(asked_s, rebalancing=True)
    assert one.held(126.9)
    one.answered(121.01, rebalancing=True)  # .6 of 30 s after the first such answer
    one.answered(125.0, rebalancing=True)
    assert not one.held(127.0)


def test_rejoining_ends_the_bound_of_a_rebalance() -> None:
    """The next rebalance has a bound of its own."""
    one = lease()
    one.answered(100.0, rebalancing=True)
    one.answered(120.0)
    one.answered(121.0, rebalancing=True)
    one.answered(138.0, rebalancing=True)
    assert one.held(143.9)


def test_the_clock_runs_on() -> None:
    """At the pace of the others."""
    before_s, began_s = clock_s(), time.monotonic()
    time.sleep(0.01)
    assert abs((clock_s() - before_s) - (time.monotonic() - began_s)) < 0.005
