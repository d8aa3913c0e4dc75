"""A storm of openings after a change: when it is one, and that a restart sees the same one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.holds import Hold, covering
from alerts.message import notification
from alerts.outputs import At, Transition
from alerts.storm import RULE, WATCH_MS, Bounds, Storm, Watch, ended, hold, said
from alerts.storm import transition as said_of
from tests.alerts.transitions import BASE_MS, HOUR_MS, MINUTE_MS, transition

NEW = "bad"
TEN = Bounds(times=10, within_ms=10 * MINUTE_MS, floor=5)


def opening(at_ms: int = BASE_MS, config: str = NEW, partition: int = 0, **more: Any) -> Transition:
    """An opening under a configuration."""
    log = At("nabz.customer-log.v1", partition, 1, 0, 1)
    return transition(at_ms=at_ms, config_hash=config, log=log, **more)


def watched(transitions: Sequence[Transition], bounds: Bounds = TEN) -> tuple[Watch, list[Storm]]:
    """A watch that has seen them, and what it found."""
    watch = Watch(bounds)
    found = [watch.saw(one) for one in transitions]
    return watch, [one for one in found if one is not None]


def old(count: int = 1, at_ms: int = BASE_MS - HOUR_MS) -> list[Transition]:
    """Openings of one rule under the configuration before."""
    return [opening(at_ms, "good") for _ in range(count)]


def test_one_opening_more_than_the_floor_is_a_storm_and_is_found_once() -> None:
    """The floor is borne; the next one is too many; what follows is the same storm."""
    borne = [*old(), *(opening() for _ in range(5))]
    assert watched(borne)[1] == []
    watch, found = watched([*borne, opening(), opening()])
    assert [(one.openings, one.most, one.rule) for one in found] == [(6, 5, "customer-distress")]
    assert watch.storms == {"customer-distress": found[0]}


def test_without_a_change_nothing_is_a_storm() -> None:
    """Nor is the first configuration ever seen: budgets and silences are for bad days."""
    assert watched([opening() for _ in range(500)])[1] == []


def test_what_is_usual_raises_what_is_borne() -> None:
    """Ten times as many as in the week before, a day of it at least."""
    week = [opening(BASE_MS - hour * HOUR_MS, "good") for hour in range(168, 0, -1) for _ in "abc"]
    watch, _ = watched([*week, opening()])
    assert watch.most("customer-distress") == 5  # 3 an hour are half a one in ten minutes
    watch, _ = watched([*week, *week, *week, opening()])
    assert watch.most("customer-distress") == 15
    day, _ = watched([*old(144), opening()])  # an hour is known, a day is assumed
    assert day.most("customer-distress") == 10
    assert day.most("another") == 5


@pytest.mark.parametrize(
    ("apart_ms", "storms"), [(2 * MINUTE_MS - 1, 1), (2 * MINUTE_MS, 0), (3 * MINUTE_MS, 0)]
)
def test_only_openings_within_the_time_count(apart_ms: int, storms: int) -> None:
    """Six in less than ten minutes are too many, in ten they are not."""
    times = [BASE_MS + n * apart_ms for n in range(6)]
    assert len(watched([*old(), *map(opening, times)])[1]) == storms


@pytest.mark.parametrize(("later_ms", "storms"), [(0, 1), (WATCH_MS, 1), (WATCH_MS + 1, 0)])
def test_a_change_is_watched_for_two_hours(later_ms: int, storms: int) -> None:
    """Longer after it, a bad day is a bad day."""
    first = opening(reason="clearing", notify=False)
    assert len(watched([*old(), first, *[opening(BASE_MS + later_ms)] * 6])[1]) == storms


@pytest.mark.parametrize(
    "more",
    [
        {"shadow": True},
        {"historical": True},
        {"notify": False},
        {"reason": "recovered"},
        {"reason": "acked"},
        {"config": "good", "partition": 1},
    ],
)
def test_what_nobody_would_be_told_of_anew_does_not_count(more: dict[str, Any]) -> None:
    """Nor what a partition still finds under the configuration before."""
    before = [*old(), opening(config="good", partition=1)]
    assert watched([*before, opening(), *(opening(**more) for _ in range(50))])[1] == []


def test_a_partition_that_goes_back_is_a_change_and_one_that_is_late_is_none() -> None:
    """After a rollback the old configuration is the new one; each change has a storm of its own."""
    late = [opening(config="good", partition=n) for n in (1, 2)]
    watch, _ = watched([opening(config="good", partition=1), *old(), opening(), *late])
    assert (watch.config_hash, watch.changed_ms) == (NEW, BASE_MS)
    back = [opening(BASE_MS + 1, "good") for _ in range(6)]
    more = [opening(BASE_MS + 2) for _ in range(6)]
    found = watched([*old(), *[opening()] * 6, *back, *more])[1]
    assert [(one.config_hash, one.changed_ms) for one in found] == [
        (NEW, BASE_MS), ("good", BASE_MS + 1), (NEW, BASE_MS + 2),
    ]  # fmt: skip
    assert len({one.name for one in found}) == 3


def test_what_came_in_a_storm_is_not_usual() -> None:
    """The next bad rule is held as soon as the first was."""
    storm = [*old(), *(opening() for _ in range(500))]
    watch, _ = watched([*storm, opening(BASE_MS + HOUR_MS, "worse")])
    assert watch.most("customer-distress") == 5


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 10 * MINUTE_MS - 1, 10 * MINUTE_MS, WATCH_MS, WATCH_MS + 1]),
        st.sampled_from(["a", "b"]),
        st.sampled_from([0, 1]),
        st.sampled_from(["r", "s"]),
        st.sampled_from(["raised", "recovered", "escalated"]),
    ),
    max_size=60,
)


@given(STEPS, st.integers(0, 60))
def test_a_watch_that_saw_all_of_it_again_decides_the_same(
    steps: list[tuple[int, str, int, str, str]], at: int
) -> None:
    """Wherever the one before stopped, and no rule has two storms under one change."""
    now_ms, told = BASE_MS, []
    for later_ms, config, partition, rule, reason in steps:
        now_ms += later_ms
        told.append(opening(now_ms, config, partition, rule=rule, reason=reason))
    whole, found = watched(told, Bounds(floor=3))
    again, _ = watched(told[:at], Bounds(floor=3))
    for one in told[at:]:
        again.saw(one)
    assert again == whole
    assert len({one.name for one in found}) == len(found)
    for storm in found:
        near = [
            one
            for one in told
            if one.rule == storm.rule
            and one.config_hash == storm.config_hash
            and one.reason != "recovered"
            and storm.at_ms - storm.within_ms < one.at_ms <= storm.at_ms
        ]
        assert storm.openings > storm.most >= 3
        assert storm.openings <= len(near)


STORM = Storm("r", NEW, BASE_MS, BASE_MS, 21, 20, 600_000)
OVER = ended(STORM, BASE_MS + 9)


def test_a_storm_s_hold_keeps_openings_of_its_rule_and_lets_ends_through() -> None:
    """Whoever was called is called off, storm or not."""
    named = ((STORM.name, hold(STORM, until_ms=10, ts_ms=1)),)
    assert covering(named, "ops", "r") == named[0]
    assert covering(named, "ops", "r", closing=True) is None
    assert covering(named, "ops", "s") is None
    button = (("h", Hold(until_ms=10)),)
    assert covering((*named, *button), "ops", "r", closing=True) == button[0]


def test_a_storm_is_said_while_it_is_held_and_then_its_end() -> None:
    """Once each: what was told is not said to be over twice, and released is over."""
    made = hold(STORM, until_ms=10, ts_ms=1)
    assert said([STORM], {}, {STORM.name: made}, 9) == (STORM,)
    assert said([STORM], {STORM.name: STORM}, {STORM.name: made}, 10) == (ended(STORM, 10),)
    assert said([STORM], {STORM.name: STORM}, {}, 9) == (ended(STORM, 9),)
    assert said([STORM], {}, {STORM.name: made}, 10) == ()


def test_a_storm_is_an_alert_that_names_no_customer() -> None:
    """Opened and closed under one id, for whoever routes by `kind: pipeline`."""
    first, last = said_of(STORM), said_of(ended(STORM, BASE_MS + 9))
    assert (first.rule, first.customer, first.labels["kind"]) == (RULE, "", "pipeline")
    assert (first.alert_id, first.fingerprint) == (last.alert_id, last.fingerprint)
    assert [(one.seq, one.after, one.at_ms) for one in (first, last)] == [
        (1, "firing", BASE_MS),
        (2, "closed", BASE_MS + 9),
    ]


def test_a_storm_is_told_in_words_and_names_what_to_type() -> None:
    """Which rule, how many, what was done, and what to do about it; in both languages."""
    first, last = (notification(said_of(one), channel="ops") for one in (STORM, OVER))
    assert (first.title, first.why) == ("[critical] rule r needs attention", "nabz notifier status")
    assert "held until they are released" in first.lines[0]
    assert first.lines[1].startswith("number of openings 21 (raised at 20)")
    assert last.lines[-1] == "Closed because the hold has ended"
    persian = notification(said_of(STORM), channel="ops", locale="fa")
    assert "\u2068r\u2069" in persian.title
    assert "opening_storm" not in persian.lines[0]
