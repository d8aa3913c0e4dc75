"""Rules that must be raised several times before they speak."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.config import Config, decode_config, encode_config
from alerts.fields import Seen
from alerts.hits import Hits, counted, due_ms
from alerts.lifecycle import Episode, Look, close, due_of, step
from alerts.outputs import Transition
from alerts.rules import Cuts, Rule, rules_from
from alerts.timelines import run_tests
from alerts.why_not import gate
from alerts.written import RuleError
from scoring.config import HOUR_MS, MINUTE_MS, Scoring
from scoring.customer import Customer, advance
from scoring.health import health
from scoring.records import LogRecord
from tests.strategies import BASE_MS, SCORING, answer, fold_all, signal, wake

TEN_MS = 10 * MINUTE_MS
T = BASE_MS // TEN_MS * TEN_MS
OFTEN = Rule("often", warning=Cuts(2_000, 1_000), critical=None, hits=Hits(3, 5, TEN_MS))
EVENTS = Rule("events", warning=Cuts(2_000, 1_000), critical=None, hits=Hits(2, 3))


def walked(rule: Rule, *looks: tuple[int, int], by_event: bool = True, **facts: Any) -> list[str]:
    """What changed, over looks at (minute, measure)."""
    episode, told = Episode(rule.id), []
    for minute, measure in looks:
        look = Look(T + minute * MINUTE_MS, measure, by_event=by_event, **facts)
        episode, changes = step(episode, rule, look, customer="c")
        told += [f"{minute} {one.reason}" for one in changes]
    return told


def test_it_fires_at_the_third_window_of_five_however_it_went_up_and_down() -> None:
    """What comes back counts, although it never holds for long."""
    looks = ((0, 2_000), (1, 0), (12, 2_000), (13, 0), (31, 0), (41, 2_000))
    assert walked(OFTEN, *looks) == ["0 raised", "41 held"]


def test_a_window_counts_once_and_five_windows_later_no_more() -> None:
    """Three looks in one window are one hit, and the hit of the first window is forgotten."""
    assert walked(OFTEN, (0, 2_000), (4, 2_000), (9, 2_000)) == ["0 raised"]
    late = ((0, 2_000), (11, 2_000), (12, 0), (50, 2_000))
    assert walked(OFTEN, *late) == ["0 raised"]
    assert walked(OFTEN, *late, (51, 0), (60, 0), (70, 2_000)) == ["0 raised"]
    assert walked(OFTEN, *late, (60, 2_000), (70, 2_000)) == ["0 raised", "70 held"]


def test_hits_that_are_too_old_end_the_waiting() -> None:
    """Pending is no life sentence."""
    assert walked(OFTEN, (0, 2_000), (49, 0), (50, 0)) == ["0 raised", "50 dropped"]


def test_events_are_counted_and_looks_of_the_clock_are_not() -> None:
    """Two bad ones of three; time alone makes none."""
    assert walked(EVENTS, (0, 2_000), (1, 0), (2, 2_000)) == ["0 raised", "2 held"]
    assert walked(EVENTS, (0, 2_000), (1, 0), (2, 0), (3, 0)) == ["0 raised", "3 dropped"]
    assert walked(EVENTS, (0, 2_000), (1, 2_000), by_event=False) == []


def test_a_red_flag_waits_for_no_hits() -> None:
    """It fires at once, whatever else is asked for."""
    rule = Rule("often", hits=Hits(3, 5, TEN_MS), red_flags=("lawyer",))
    assert walked(rule, (0, 0), cues=frozenset({"lawyer"})) == ["0 red_flag"]


def test_what_was_closed_by_hand_is_counted_only_after_something_new() -> None:
    """Somebody said enough; that the score stays where it is says nothing."""
    closed = Episode("often", "closed", closed="manual", closed_ms=T)
    look = Look(T + MINUTE_MS, 2_000)
    assert step(closed, OFTEN, look, customer="c") == (closed, ())
    flagged = Rule("often", hits=OFTEN.hits, red_flags=("lawyer",))
    look = Look(T + MINUTE_MS, 9_000, cues=frozenset({"lawyer"}))
    assert step(closed, flagged, look, customer="c") == (closed, ())
    renewed, changes = step(closed, OFTEN, look._replace(by_event=True), customer="c")
    assert [one.reason for one in changes] == ["raised"]
    assert renewed.state == "pending"


def test_a_new_customer_is_waited_for_and_then_fires_without_another_event() -> None:
    """The warm-up ends at its own time, the hits being there."""
    rule = Rule(
        "warm", warning=Cuts(2_000, 1_000), critical=None, hits=EVENTS.hits, warmup_ms=HOUR_MS
    )
    told = walked(rule, (0, 2_000), (1, 2_000), first_ms=T)
    assert told == ["0 raised"]
    pending = Episode("warm", "pending", hits=(1, 0), looked_ms=T + MINUTE_MS)
    due = due_of(pending, rule, event_ms=T, calm_ms=None, waits=False, first_ms=T)
    assert due.time_ms == T + HOUR_MS
    look = Look(T + HOUR_MS, 2_000, first_ms=T)
    assert [one.reason for one in step(pending, rule, look, customer="c")[1]] == ["held"]
    look = Look(T + HOUR_MS, 0, first_ms=T)
    over, changes = step(pending, rule, look, customer="c")
    assert not changes
    due = due_of(over, rule, event_ms=T, calm_ms=None, waits=False, first_ms=T)
    assert due.time_ms is None


def test_a_close_and_an_unknown_score_forget_the_hits() -> None:
    """Whoever begins again begins at nought."""
    pending = Episode("often", "pending", hits=(1, 2))
    ended = close(pending, "rule_removed", T)
    assert ended is not None
    assert ended.episode.hits == ()
    unknown, _ = step(pending, OFTEN, Look(T, None), customer="c")
    assert (unknown.state, unknown.hits) == ("inactive", ())


@given(st.lists(st.tuples(st.integers(0, 25), st.booleans()), max_size=30))
def test_windows_are_counted_as_a_list_of_all_looks_would_count_them(
    steps: list[tuple[int, bool]],
) -> None:
    """The few numbers that are kept say what all looks together say, at every prefix."""
    hits = Hits(3, 5, TEN_MS)
    found: tuple[int, ...] = ()
    now_ms, looks = T, list[tuple[int, bool]]()
    for minutes, raised in steps:
        now_ms += minutes * MINUTE_MS
        looks.append((now_ms // TEN_MS, raised))
        found = counted(hits, found, now_ms, raised=raised, by_event=False)
        window = now_ms // TEN_MS
        assert found == tuple(sorted({at for at, hit in looks if hit and at > window - 5}))
        due = due_ms(hits, found, now_ms)
        assert (due is None) == (not found)
        assert due is None or due > now_ms


@given(st.lists(st.booleans(), max_size=30))
def test_events_are_counted_as_a_list_of_all_would_count_them(raised: list[bool]) -> None:
    """The same of events."""
    found: tuple[int, ...] = ()
    hits = Hits(2, 3)
    for number, one in enumerate(raised):
        found = counted(hits, found, T, raised=one, by_event=True)
        assert len(found) == sum(raised[max(0, number - 2) : number + 1])
    assert counted(hits, found, T, raised=True, by_event=False) == found


def test_while_it_is_raised_each_window_is_looked_at_though_nobody_writes() -> None:
    """Somebody who stays angry for twenty minutes is a hit in three windows."""
    log: list[LogRecord] = [signal(T + MINUTE_MS, 4_000), wake(T + HOUR_MS)]
    config = Config(clock="watermark", scoring=SCORING, rules=(OFTEN,))
    told = [
        (one.at_ms - T, one.reason)
        for each in fold_all(log, config)
        for one in each.outputs
        if isinstance(one, Transition)
    ]
    assert told == [(MINUTE_MS, "raised"), (2 * TEN_MS, "held")]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"hits": 3}, "write {hits: 3, windows: 5"),
        ({"hits": 3, "windows": 5, "events": 5, "each": "1m"}, "write {hits: 3"),
        ({"hits": 3, "events": 5, "each": "1m"}, "write {hits: 3"),
        ({"hits": 6, "events": 5}, "whole number of hits from 2 to 5"),
        ({"hits": 1, "events": 5}, "whole number of hits from 2 to 5"),
        ({"hits": 2, "events": 33}, "from 2 to 32"),
        ({"hits": 2, "windows": 5}, "a duration is written"),
        ({"hits": 2, "windows": 5, "each": "1s"}, "from 1m to 1d"),
        ({"hits": 2, "window": 5}, "did you mean windows"),
    ],
)
def test_what_cannot_be_meant_is_refused(written: Any, meant: str) -> None:
    """With the field and what to write."""
    with pytest.raises(RuleError, match=meant) as error:
        rules_from([{"id": "often", "for": written}])
    assert str(error.value).startswith("rule often.for")


def test_a_rule_with_hits_is_a_record_of_the_log_like_any_other() -> None:
    """It travels in the configuration, and rules without hits have the hash they had."""
    rules = rules_from([{"id": "often", "for": {"hits": 3, "windows": 5, "each": "10m"}}])
    assert rules[0].hits == Hits(3, 5, TEN_MS)
    config = Config(rules=rules)
    assert decode_config(encode_config(config)) == config
    assert b"hits" not in encode_config(Config(rules=(Rule("r"),)))


def test_stories_beside_rules_count_hits() -> None:
    """`nabz rules test` runs them as a worker would."""
    tree = {
        "rules": [{"id": "r", "raise_at": 30, "clear_at": 10, "critical": None,
                   "for": {"hits": 2, "events": 3}}],
        "tests": [
            {
                "name": "the second bad one fires",
                "rule": "r",
                "events": [
                    {"at": "0s", "points": {"feeling": 35}},
                    {"at": "1h", "points": {"feeling": 20}},
                ],
                "expect": [{"reason": "held", "at": "1h"}],
            }
        ],
    }  # fmt: skip
    assert run_tests(tree, rules_from(tree), Scoring())[0].wrong == ()


def test_why_not_says_how_many_hits_are_there() -> None:
    """With both numbers, though the score is down again for now."""
    customer = advance(advance(Customer(), signal(T, 4_000), SCORING), answer(T + 1), SCORING)
    found = health(customer, T + 1, SCORING, complete_to_ms=T + 1)
    seen = Seen(customer, found, SCORING, T + 1)
    stopped = gate(OFTEN, seen, Episode("often", "pending", hits=(1, 2)))
    assert (stopped.name, stopped.text) == (
        "not_held_yet",
        "raised 2 times, must be raised in 3 of 5 windows of 10 min",
    )
