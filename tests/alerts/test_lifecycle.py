"""The life of an alert: never two at once, never early, never late, never lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from alerts.commands import Refusal, Sight, changed, refusal, refused
from alerts.human import ACK_MS, LONGEST_MS
from alerts.lifecycle import (
    HUMAN,
    NOTIFIED,
    OPEN,
    Change,
    Due,
    Episode,
    Look,
    alert_id,
    beyond,
    close,
    due_of,
    fingerprint,
    over,
    step,
)
from alerts.rules import Cuts, Rule
from scoring.config import HOUR_MS, MINUTE_MS
from scoring.records import DISAGREEMENTS, VERBS
from tests.strategies import (
    BASE_MS,
    CLEAR_MS,
    EXPIRE_MS,
    FOR_MS,
    REOPEN_MS,
    command,
    gaps_ms,
)

T = BASE_MS
OF = fingerprint("r", "ann")
PLAIN = Rule("r")
HELD = Rule("r", for_ms=FOR_MS)
DUE_MS = 2 * HOUR_MS
PROMISED = Rule("r", due_ms=DUE_MS, expire_after_ms=9 * EXPIRE_MS)
LOW = Rule("r", "health", Cuts(3_000, 4_000), Cuts(1_000, 2_000))
SINGLE = Rule("r", critical=None, red_flags=("lawyer",))
AGE_MS = 15 * MINUTE_MS


class Story:
    """One rule and one customer over time, driven as the fold drives it.

    Timers fire at their own due times, the oldest first: those of time up to now, those of absence
    up to where all has been read. The measure stays what it was until something sets it.
    """

    def __init__(self, rule_: Rule = PLAIN, *, live: bool = False) -> None:
        """Nothing has happened."""
        self.rule, self.live = rule_, live
        self.episode = Episode("r")
        self.now_ms = self.complete_ms = self.looked_ms = T
        self.measure: int | None = 0
        self.event_ms: int | None = None
        self.calm_ms: int | None = None
        self.waits = False
        self.changes: list[tuple[int, Change]] = []

    def look(
        self,
        at_ms: int,
        cause_ms: int,
        *,
        by_event: bool = False,
        cues: frozenset[str] = frozenset(),
    ) -> None:
        """One look, as the fold takes it."""
        look = Look(
            at_ms, self.measure, self.event_ms, self.calm_ms, self.waits, by_event, cause_ms, cues,
            self.complete_ms, self.now_ms - AGE_MS if self.live else None,
        )  # fmt: skip
        self.looked_ms = at_ms
        self.episode, changes = step(self.episode, self.rule, look, customer="ann")
        self.changes += [(at_ms, change) for change in changes]

    def due(self) -> Due:
        """When something happens by time alone."""
        return due_of(
            self.episode, self.rule, event_ms=self.event_ms, calm_ms=self.calm_ms, waits=self.waits
        )

    def advance(self, gap_ms: int, *, lag_ms: int = 0) -> None:
        """Let time pass; all sources have been read up to `lag_ms` before now."""
        self.now_ms += gap_ms
        self.complete_ms = max(self.complete_ms, self.now_ms - lag_ms)
        for _ in range(50):
            time_ms, absence_ms = self.due()
            ready = [time_ms] if time_ms is not None and time_ms <= self.now_ms else []
            if absence_ms is not None and absence_ms <= min(self.now_ms, self.complete_ms):
                ready.append(absence_ms)
            if not ready:
                return
            self.look(max(min(ready), self.looked_ms), min(ready))
        raise AssertionError("a timer fires without end")

    def event(
        self, measure: int | None, *, calm: bool = False, late_ms: int = 0, ours: bool = False,
        cues: frozenset[str] = frozenset(),
    ) -> None:  # fmt: skip
        """Something of the customer, or of ours, is folded now."""
        ts_ms = self.now_ms - late_ms
        self.measure = measure
        self.event_ms = ts_ms if self.event_ms is None else max(self.event_ms, ts_ms)
        if calm or ours:
            self.calm_ms = ts_ms if self.calm_ms is None else max(self.calm_ms, ts_ms)
        self.look(self.now_ms, ts_ms, by_event=not ours, cues=cues)

    def put(self, change: Change | None) -> Change | None:
        """Take over what a person or a configuration decided."""
        if change is not None:
            self.episode = change.episode
            self.changes.append((self.now_ms, change))
        return change

    def obey(self, verb: str, **facts: Any) -> Refusal | None:
        """A person decides; the fold takes a look afterwards."""
        asked = command(self.now_ms, verb, **facts)
        why = refusal(self.episode, asked, self.now_ms)
        self.put(
            changed(
                self.episode,
                asked,
                self.now_ms,
                Sight(self.measure, self.rule.measure == "distress"),
            )
            if why is None
            else refused(self.episode, self.now_ms)
        )
        self.look(self.now_ms, self.now_ms)
        return why

    def told(self) -> list[tuple[int, str]]:
        """When what happened, from the beginning."""
        return [(at_ms - T, change.reason) for at_ms, change in self.changes]


def story(*steps: tuple[str, Any], rule_: Rule = PLAIN, live: bool = False) -> Story:
    """A story of events (with a measure), answers, waits, and time passing."""
    found = Story(rule_, live=live)
    for what, value in steps:
        match what:
            case "event":
                found.event(value)
            case "calm":
                found.event(value, calm=True)
            case "answer":
                found.event(value, ours=True)
            case "pass":
                found.advance(value)
            case "late":
                found.advance(value, lag_ms=10**9)
            case "fades":
                found.measure = value
                found.look(found.now_ms, found.now_ms)
            case "waits":
                found.waits = value
            case "resolve":
                found.put(close(found.episode, "manual", found.now_ms))
            case _:
                found.put(close(found.episode, "rule_removed", found.now_ms))
    return found


# ---------------------------------------------------------------------- exact times


@pytest.mark.parametrize(("gap_ms", "fires"), [(FOR_MS - 1, False), (FOR_MS, True)])
def test_a_condition_fires_when_it_has_held_just_long_enough(gap_ms: int, fires: bool) -> None:
    """Not a millisecond early, and at its own time however late anybody looks."""
    found = story(("event", 7_000), ("pass", gap_ms), rule_=HELD)
    assert (found.episode.state == "firing") == fires
    found.event(7_000)
    assert (found.episode.state == "firing") == fires
    late = story(("event", 7_000), ("pass", 9 * FOR_MS), rule_=HELD)
    assert late.told() == [(0, "raised"), (FOR_MS, "held")]
    assert late.episode.opened_ms == T + FOR_MS and late.episode.held_ms == T


@pytest.mark.parametrize(("gap_ms", "closed"), [(CLEAR_MS - 1, False), (CLEAR_MS, True)])
def test_an_alert_recovers_when_it_has_been_over_just_long_enough(
    gap_ms: int, closed: bool
) -> None:
    """Ten minutes below its own cut, with something good seen since."""
    found = story(("event", 7_000), ("pass", 5), ("calm", 5_500), ("pass", gap_ms))
    assert (found.episode.closed == "recovered") == closed
    late = story(("event", 7_000), ("pass", 5), ("calm", 5_500), ("pass", 9 * CLEAR_MS))
    assert late.told() == [(0, "raised"), (5, "clearing"), (5 + CLEAR_MS, "recovered")]


@pytest.mark.parametrize("measure", [9_000, 6_000, 0], ids=["high", "between", "low"])
@pytest.mark.parametrize(("gap_ms", "closed"), [(EXPIRE_MS - 1, False), (EXPIRE_MS, True)])
def test_an_alert_expires_when_nothing_came_for_just_long_enough(
    gap_ms: int, closed: bool, measure: int
) -> None:
    """A day after the newest event; whatever the measure is, it never counts as recovered."""
    found = story(("event", 9_000), ("pass", 5), ("fades", measure), ("pass", gap_ms - 5))
    assert (found.episode.closed == "expired") == closed
    late = story(("event", 9_000), ("fades", measure), ("pass", 9 * EXPIRE_MS))
    assert late.told()[-1] == (EXPIRE_MS, "expired")


@pytest.mark.parametrize(("gap_ms", "same"), [(REOPEN_MS, True), (REOPEN_MS + 1, False)])
@pytest.mark.parametrize("rule_", [PLAIN, HELD], ids=["at-once", "held"])
def test_raised_again_soon_it_is_the_same_alert(gap_ms: int, same: bool, rule_: Rule) -> None:
    """Half an hour after the close; later it is another one, with a name of its own."""
    found = story(
        ("event", 8_000), ("pass", FOR_MS), ("calm", 100), ("pass", CLEAR_MS), rule_=rule_
    )  # fmt: skip
    first = found.episode
    assert first.closed == "recovered"
    found.advance(gap_ms)
    found.event(7_500)
    found.advance(rule_.for_ms)
    assert found.episode.state == "firing"
    assert (found.episode.alert_id == first.alert_id) == same
    assert (found.changes[-1][1].reason == "reopened") == same
    assert found.episode.reopened == int(same)
    assert found.episode.peak_e2 == (8_000 if same else 7_500)


# ---------------------------------------------------------------------- tables

STORIES: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "below its cut nothing happens": ([("event", 6_999)], []),
    "at its cut it is raised": ([("event", 7_000)], ["raised"]),
    "far beyond it is critical at once": ([("event", 8_500)], ["raised"]),
    "worse is escalated": ([("event", 7_000), ("event", 8_500)], ["raised", "escalated"]),
    "eased only by its own cut": (
        [("event", 8_500), ("event", 7_501), ("event", 7_500)],
        ["raised", "eased"],
    ),
    "between the cuts it goes on": ([("event", 7_000), ("calm", 5_501)], ["raised"]),
    "a relapse is silent": (
        [("event", 7_000), ("calm", 5_500), ("event", 7_000)],
        ["raised", "clearing", "relapsed"],
    ),
    "a relapse that is worse escalates": (
        [("event", 7_000), ("calm", 0), ("event", 9_000)],
        ["raised", "clearing", "relapsed", "escalated"],
    ),
    "what fades away has not recovered": (
        [("event", 7_000), ("fades", 100), ("pass", 9 * CLEAR_MS)],
        ["raised", "clearing"],
    ),
    "it recovers late if the good sign comes late": (
        [("event", 7_000), ("fades", 100), ("pass", 9 * CLEAR_MS), ("answer", 100)],
        ["raised", "clearing", "recovered"],
    ),
    "between the cuts the clock of recovery stands still": (
        [("event", 7_000), ("calm", 5_500), ("pass", 5), ("event", 6_000), ("pass", 9 * CLEAR_MS)],
        ["raised", "clearing"],
    ),
    "and starts anew below": (
        [
            ("event", 7_000),
            ("calm", 5_500),
            ("pass", 5),
            ("event", 6_000),
            ("event", 6_000),
            ("pass", CLEAR_MS),
            ("calm", 100),
            ("event", 90),
            ("pass", CLEAR_MS - 1),
            ("calm", 100),
            ("pass", 1),
        ],
        ["raised", "clearing", "recovered"],
    ),
    "nothing expires while somebody waits": (
        [("event", 7_000), ("waits", True), ("pass", 30 * EXPIRE_MS)],
        ["raised"],
    ),
    "it expires once nobody waits any more": (
        [
            ("event", 7_000),
            ("waits", True),
            ("pass", 30 * EXPIRE_MS),
            ("waits", False),
            ("pass", 0),
        ],
        ["raised", "expired"],
    ),
    "who waits may recover": (
        [("event", 7_000), ("waits", True), ("calm", 100), ("pass", CLEAR_MS)],
        ["raised", "clearing", "recovered"],
    ),
    "without reading on, nothing closes": (
        [("event", 7_000), ("calm", 0), ("late", 3 * EXPIRE_MS)],
        ["raised", "clearing"],
    ),
    "what expired is not raised again by what is left of it": (
        [
            ("event", 9_000),
            ("pass", EXPIRE_MS),
            ("fades", 8_900),
            ("pass", HOUR_MS),
            ("fades", 8_800),
        ],
        ["raised", "expired"],
    ),
    "an answer of ours is nothing new": (
        [("event", 9_000), ("resolve", None), ("answer", 8_900), ("fades", 8_900)],
        ["raised", "manual"],
    ),
    "something new opens it again": (
        [("event", 9_000), ("resolve", None), ("event", 9_000)],
        ["raised", "manual", "reopened"],
    ),
    "something new and later a wait opens it again": (
        [("event", 9_000), ("resolve", None), ("event", 500), ("pass", 5), ("fades", 7_000)],
        ["raised", "manual", "reopened"],
    ),
    "what recovered is raised by time too": (
        [("event", 8_000), ("calm", 0), ("pass", CLEAR_MS), ("fades", 7_000)],
        ["raised", "clearing", "recovered", "reopened"],
    ),
    "a removed rule that comes back opens another alert": (
        [("event", 9_000), ("removed", None), ("fades", 9_000)],
        ["raised", "rule_removed", "raised"],
    ),
    "unknown raises nothing and closes nothing": (
        [("event", None), ("event", 7_000), ("event", None), ("pass", CLEAR_MS)],
        ["raised"],
    ),
    "an alert about an unknown customer expires": (
        [("event", 7_000), ("event", None), ("pass", EXPIRE_MS)],
        ["raised", "expired"],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_what_happens_in_which_order(name: str) -> None:
    """A line a story."""
    steps, expected = STORIES[name]
    assert [reason for _, reason in story(*steps).told()] == expected


HOLDS: dict[str, tuple[list[tuple[str, Any]], list[str]]] = {
    "over before it held": ([("event", 7_000), ("fades", 6_999)], ["raised", "dropped"]),
    "dropped begins anew": (
        [("event", 7_000), ("pass", 5), ("fades", 0), ("event", 7_000), ("pass", FOR_MS - 1)],
        ["raised", "dropped", "raised"],
    ),
    "unknown before it held": (
        [("event", 7_000), ("event", None), ("pass", FOR_MS)],
        ["raised", "dropped"],
    ),
    "resolved before it held": ([("event", 7_000), ("resolve", None)], ["raised", "dropped"]),
    "removed before it held": ([("event", 7_000), ("removed", None)], ["raised", "dropped"]),
    "holding needs no reading on": ([("event", 7_000), ("late", FOR_MS)], ["raised", "held"]),
}


@pytest.mark.parametrize("name", HOLDS)
def test_what_becomes_of_a_condition_that_must_hold(name: str) -> None:
    """Pending is silent, and so is its end."""
    steps, expected = HOLDS[name]
    found = story(*steps, rule_=HELD)
    assert [reason for _, reason in found.told()] == expected
    assert [change.notify for _, change in found.changes] == [one == "held" for one in expected]


def test_a_red_flag_fires_at_once_whatever_the_score() -> None:
    """Also where a condition must hold, in a recovering alert, and with a goodbye."""
    flag = frozenset({"lawyer"})
    held = replace(SINGLE, for_ms=FOR_MS)
    found = Story(held)
    found.event(100, cues=frozenset({"angry"}))
    assert found.told() == []
    found.event(100, cues=flag)
    assert [change.reason for _, change in found.changes] == ["red_flag"]
    found.event(100, calm=True)
    found.event(100, ours=True, cues=flag)
    assert [reason for _, reason in found.told()][1:] == ["clearing", "relapsed"]
    pending = story(("event", 7_000), rule_=held)
    pending.event(7_000, cues=flag)
    assert pending.told()[-1] == (0, "red_flag")


def test_a_health_rule_raises_downwards_and_clears_upwards() -> None:
    """Its worst measure is its least."""
    found = story(
        ("event", 3_001), ("event", 3_000), ("event", 1_000), ("calm", 2_000), ("calm", 4_000),
        ("pass", CLEAR_MS), rule_=LOW,
    )  # fmt: skip
    assert [reason for _, reason in found.told()] == [
        "raised", "escalated", "eased", "clearing", "recovered",
    ]  # fmt: skip
    assert found.episode.peak_e2 == 1_000


@pytest.mark.parametrize("rule_", [PLAIN, LOW])
def test_no_measure_is_beyond_and_over_at_once(rule_: Rule) -> None:
    """The gap between the cuts keeps alerts from flapping."""
    cuts = rule_.warning
    for measure in range(0, 10_001, 500):
        assert not (
            beyond(rule_, measure, cuts.raise_at_e2) and over(rule_, measure, cuts.clear_at_e2)
        )


def test_a_rule_without_a_higher_severity_never_escalates() -> None:
    """And one that loses it eases."""
    assert story(("event", 9_900), rule_=SINGLE).episode.severity == "warning"
    found = story(("event", 9_900))
    found.rule = SINGLE
    found.event(9_900)
    assert found.told()[-1][1] == "eased"


# ---------------------------------------------------------------------- flapping


def relapses(found: Story, times: int, gap_ms: int = 0) -> Story:
    """It gets better, and worse again after a while, so many times."""
    for _ in range(times):
        found.event(100)
        found.advance(gap_ms)
        found.event(7_000)
    return found


@pytest.mark.parametrize(
    ("gap_ms", "flaps"), [(3 * HOUR_MS, True), (3 * HOUR_MS + 1, False)], ids=["6h", "longer"]
)
def test_three_relapses_within_six_hours_are_flapping(gap_ms: int, flaps: bool) -> None:
    """The third is told, once; before it, and after it, a relapse is silent."""
    found = relapses(story(("event", 7_000)), 3, gap_ms)
    assert found.episode.flapping == flaps
    relapses(found, 2)
    told = [change.reason for _, change in found.changes if change.notify]
    assert told == ["raised", "flapping"]
    assert found.episode.flapping


def test_what_flaps_takes_four_times_as_long_to_recover() -> None:
    """To the millisecond, and its timer says so."""
    found = relapses(story(("event", 7_000)), 3)
    found.event(100, calm=True)
    below_ms = found.now_ms
    assert found.due().absence_ms == below_ms + 4 * CLEAR_MS
    found.advance(4 * CLEAR_MS - 1)
    assert found.episode.state == "recovering"
    found.advance(1)
    assert found.told()[-1] == (below_ms + 4 * CLEAR_MS - T, "recovered")


def reopens(found: Story, times: int) -> Story:
    """It is closed by a person and opened again by something new, so many times."""
    for _ in range(times):
        found.put(close(found.episode, "manual", found.now_ms))
        found.event(7_000)
    return found


def test_an_alert_that_is_opened_again_three_times_flaps_and_says_so_with_the_third() -> None:
    """That is told anyway: no second message for it."""
    found = reopens(story(("event", 7_000)), 3)
    assert [change.episode.flapping for _, change in found.changes] == [False] * 6 + [True]
    assert "flapping" not in [reason for _, reason in found.told()]


@pytest.mark.parametrize(("quiet_ms", "flaps"), [(2 * CLEAR_MS, True), (2 * CLEAR_MS + 1, False)])
def test_after_a_quiet_while_it_does_not_flap_any_more(quiet_ms: int, flaps: bool) -> None:
    """Twice the time to recover without being raised again; the count begins anew."""
    found = reopens(relapses(story(("event", 7_000)), 3), 0)
    found.rule = replace(found.rule, reopen_ms=9 * HOUR_MS)
    found.advance(7 * HOUR_MS)  # the relapses are long ago by then
    found.put(close(found.episode, "manual", found.now_ms))
    found.advance(quiet_ms)
    found.event(7_000)
    assert found.told()[-1][1] == "reopened"
    assert found.episode.flapping == flaps


def test_another_alert_does_not_inherit_it() -> None:
    """It has another name, and another story."""
    found = relapses(story(("event", 7_000)), 3)
    found.put(close(found.episode, "manual", found.now_ms))
    found.advance(REOPEN_MS + 1)
    found.event(7_000)
    assert found.told()[-1][1] == "raised"
    assert (found.episode.flapping, found.episode.unrest) == (False, ())
    relapses(found, 2)
    assert not found.episode.flapping


# ---------------------------------------------------------------------- identity


def test_names_of_alerts_are_pinned() -> None:
    """Another name for the same alert would page everybody again after an upgrade."""
    assert OF == "3e1de0ed-6902-54b3-a601-c58f4e9aea90"
    assert alert_id(OF, T) == "5ba09875-c2c7-5e42-91de-036b3afda83e"


def test_names_do_not_run_into_each_other() -> None:
    """Whatever rule and customer are called."""
    assert fingerprint("a", "b|c") != fingerprint("a|b", "c")
    assert len({fingerprint(one, other) for one in "ab" for other in "ab"}) == 4


def test_editing_a_rule_keeps_its_alert() -> None:
    """Cuts, times and labels may change: it is the same alert, and it is judged by the new rule."""
    found = story(("event", 7_000))
    name = found.episode.alert_id
    found.rule = Rule("r", warning=Cuts(9_000, 8_000), critical=None, labels={"team": "x"})
    found.event(7_000, calm=True)
    assert (found.episode.alert_id, found.episode.state) == (name, "recovering")


# ---------------------------------------------------------------------- people


@pytest.mark.parametrize("state", ["inactive", "closed"])
def test_what_is_not_open_cannot_be_closed(state: Any) -> None:
    """Neither by a person nor by a configuration."""
    assert close(Episode("r", state), "manual", T) is None
    assert close(Episode("r", state), "rule_removed", T) is None


def test_a_new_alert_is_nobodys() -> None:
    """Who took care of the last one has not taken this one."""
    found = story(("event", 7_000))
    found.obey("ack")
    found.put(close(found.episode, "manual", T))
    found.event(7_000)
    assert (found.episode.state, found.episode.acked_by) == ("firing", "")


def test_an_answer_that_is_appended_late_is_a_good_sign_all_the_same() -> None:
    """Event time is compared with event time: the answer came after what raised the alert."""
    found = Story()
    found.event(7_000, late_ms=10_000)
    found.advance(1_000)
    found.event(100, ours=True, late_ms=9_000)
    found.advance(CLEAR_MS)
    assert found.told()[-1][1] == "recovered"
    before = Story()
    before.event(7_000, late_ms=10_000)
    before.event(100, ours=True, late_ms=10_001)
    before.advance(CLEAR_MS)
    assert before.told()[-1][1] == "clearing"


def test_time_does_not_run_backwards_within_an_episode() -> None:
    """A look that is behind counts as the last one."""
    found = story(("event", 7_000))
    again, changes = step(found.episode, PLAIN, Look(T - 9, 8_500), customer="ann")
    assert (again.looked_ms, changes[0].reason) == (T, "escalated")
    change = close(found.episode, "manual", T - 9)
    assert change is not None and change.episode.closed_ms == T


# ---------------------------------------------------------------------- old causes


def test_an_alert_with_old_causes_is_told_once_all_is_read_if_still_true() -> None:
    """After an outage nobody is paged for what is over; what is not over is told once."""
    found = Story(live=True)
    found.now_ms = found.complete_ms + HOUR_MS
    found.event(7_000, late_ms=AGE_MS + 1)
    found.advance(MINUTE_MS, lag_ms=HOUR_MS)
    assert [change.episode.late_until_ms for _, change in found.changes] == [
        found.now_ms - MINUTE_MS - AGE_MS
    ]
    found.event(7_100, late_ms=HOUR_MS)  # still behind: what is news has moved on
    assert found.due().absence_ms == found.now_ms - AGE_MS
    found.advance(MINUTE_MS, lag_ms=AGE_MS)
    assert [(change.reason, change.before) for _, change in found.changes] == [
        ("raised", "inactive"), ("raised", "firing"),
    ]  # fmt: skip
    assert found.episode.late_until_ms is None
    found.advance(HOUR_MS)
    assert len(found.changes) == 2


@pytest.mark.parametrize(("late_ms", "historical"), [(AGE_MS, False), (AGE_MS + 1, True)])
def test_causes_are_old_after_a_quarter_of_an_hour(late_ms: int, historical: bool) -> None:
    """To the millisecond; where time is the data's own, nothing is old."""
    found = Story(live=True)
    found.now_ms += HOUR_MS
    found.event(7_000, late_ms=late_ms)
    assert (found.episode.late_until_ms is not None) == historical
    replayed = Story()
    replayed.now_ms += HOUR_MS
    replayed.event(7_000, late_ms=late_ms)
    assert replayed.episode.late_until_ms is None


def test_an_alert_with_old_causes_that_recovers_is_told_to_nobody() -> None:
    """Neither its opening nor its end."""
    found = Story(live=True)
    found.now_ms += 2 * HOUR_MS
    found.event(7_000, late_ms=HOUR_MS)
    found.event(100, calm=True, late_ms=HOUR_MS - 5)
    found.advance(CLEAR_MS - 1)
    found.event(90)
    found.advance(1)
    assert [reason for _, reason in found.told()] == ["raised", "clearing", "recovered"]
    assert found.episode.late_until_ms is not None


def test_an_alert_with_old_causes_that_relapses_is_told_then() -> None:
    """It is true after all."""
    found = Story(live=True)
    found.now_ms += 2 * HOUR_MS
    found.event(7_000, late_ms=HOUR_MS)
    found.event(100, late_ms=HOUR_MS)
    found.complete_ms = found.now_ms
    found.event(7_000)
    assert [reason for _, reason in found.told()] == ["raised", "clearing", "relapsed", "raised"]


def test_a_change_to_the_datas_own_clock_tells_what_was_held_back() -> None:
    """There is no history where time is the data's own."""
    found = Story(live=True)
    found.now_ms += HOUR_MS
    found.event(7_000, late_ms=AGE_MS + 1)
    found.live = False
    found.advance(0)
    found.look(found.now_ms, found.now_ms)
    assert found.episode.late_until_ms is None and len(found.changes) == 2


# ---------------------------------------------------------------------- timers


@pytest.mark.parametrize(
    ("episode", "expected"),
    [
        (Episode("r"), Due()),
        (Episode("r", "closed"), Due()),
        (Episode("r", "pending", held_ms=5), Due(time_ms=5 + FOR_MS)),
        (Episode("r", "firing", since_ms=5), Due(absence_ms=9 + EXPIRE_MS)),
        (Episode("r", "firing", late_until_ms=7), Due(absence_ms=7)),
        (Episode("r", "recovering", late_until_ms=7), Due(absence_ms=9 + EXPIRE_MS)),
        (Episode("r", "recovering", below_ms=5), Due(absence_ms=5 + CLEAR_MS)),
        (Episode("r", "recovering", cause_ms=4, below_ms=5), Due(absence_ms=9 + EXPIRE_MS)),
    ],
)
def test_a_timer_is_set_for_what_comes_by_time_alone(episode: Episode, expected: Due) -> None:
    """Holding needs time only; recovering, expiring and telling late rest on absence."""
    assert due_of(episode, HELD, event_ms=9, calm_ms=3, waits=False) == expected


def test_without_any_event_an_alert_expires_from_its_state_on() -> None:
    """And never while somebody waits, who then needs no timer."""
    firing = Episode("r", "firing", since_ms=5)
    due = due_of(firing, PLAIN, event_ms=None, calm_ms=None, waits=False)
    assert due == Due(absence_ms=5 + EXPIRE_MS)
    assert due_of(firing, PLAIN, event_ms=None, calm_ms=None, waits=True) == Due()


# ---------------------------------------------------------------------- the machine

MEASURES = [None, 0, 5_499, 5_500, 5_501, 6_999, 7_000, 7_499, 7_500, 8_499, 8_500, 10_000]
FROM = {
    "raised": {"inactive", "closed", "firing"},
    "red_flag": {"inactive", "pending", "closed"},
    "held": {"pending"},
    "dropped": {"pending"},
    "escalated": OPEN,
    "eased": OPEN,
    "clearing": {"firing"},
    "relapsed": {"recovering"},
    "recovered": {"recovering"},
    "expired": OPEN,
    "reopened": {"closed", "pending", "inactive"},
    "rule_removed": OPEN,
    "manual": OPEN,
    "acked": OPEN,
    "unacked": OPEN,
    "flapping": {"firing"},
    "snoozed": OPEN,
    "unsnoozed": OPEN,
    "assigned": OPEN,
    "noted": {"inactive", "pending", "closed", *OPEN},
    "disagreed": {"inactive", "pending", "closed", *OPEN},
    "handled": {"inactive", "pending", "closed", *OPEN},
    "rejected": {"inactive", "pending", "closed", *OPEN},
    "snooze_ended": OPEN,
    "snooze_broken": OPEN,
    "ack_ended": OPEN,
    "overdue": OPEN,
}
ENDS_MS = [1, FOR_MS, HOUR_MS, DUE_MS, LONGEST_MS]


class Books:
    """What people decided of the open alert, as the machine remembers it."""

    def __init__(self, due_ms: int | None) -> None:
        """Nobody has decided anything."""
        self.acked_until_ms: int | None = None
        self.acked = self.handled = self.overdue = self.until_worse = self.warned = False
        self.snoozed_until_ms: int | None = None
        self.due_ms = due_ms

    def late_ms(self) -> list[int]:
        """What must have happened by now, by the moment it was due."""
        due_ms = self.due_ms
        if self.handled or self.overdue or self.snoozed_until_ms is not None:
            due_ms = None
        ends = (self.acked_until_ms, self.snoozed_until_ms, due_ms)
        return [one for one in ends if one is not None]


class AlertLifecycle(RuleBasedStateMachine):
    """Whatever comes in whatever order: told once, in time, under one name, and ended.

    What is expected is kept in books of the machine's own, from what it did to the story; the
    episode's fields are never asked.
    """

    def __init__(self) -> None:
        """No story yet."""
        super().__init__()
        self.story = Story()
        self.checked = 0
        self.state, self.since_ms = "inactive", T
        self.names: set[str] = set()
        self.open_name: str | None = None
        self.closed_at_ms: int | None = None
        self.closed_as = ""
        self.news_since_close = True
        self.beyond_since_ms: int | None = None
        self.below_since_ms: int | None = None
        self.opened_by_ms = 0
        self.to_be_told_late = False
        self.unrest_ms: list[int] = []
        self.flapping = False
        self.people = Books(None)
        self.asked: tuple[str, int | None, bool, str] = ("", None, False, "")

    @initialize(rule_=st.sampled_from([PLAIN, HELD, PROMISED]), live=st.booleans())
    def begin(self, rule_: Rule, live: bool) -> None:
        """A rule of either kind, under either clock."""
        self.story = Story(rule_, live=live)

    @rule(gap_ms=gaps_ms, lag_ms=st.sampled_from([0, 0, 1, CLEAR_MS, 3 * EXPIRE_MS]))
    def time_passes(self, gap_ms: int, lag_ms: int) -> None:
        """Timers fire, one by one, each checked against the books."""
        self.story.advance(gap_ms, lag_ms=lag_ms)
        self.check()
        self.nothing_is_late()

    @rule(
        measure=st.sampled_from(MEASURES),
        calm=st.booleans(),
        ours=st.booleans(),
        late_ms=st.sampled_from([0, 0, 1, AGE_MS, AGE_MS + 1, EXPIRE_MS]),
        flag=st.sampled_from([False, False, False, True]),
    )
    def event(self, measure: int | None, calm: bool, ours: bool, late_ms: int, flag: bool) -> None:
        """Something is folded."""
        self.news_since_close |= not ours
        cues = frozenset({"lawyer"}) if flag and not ours else frozenset[str]()
        self.story.event(measure, calm=calm, ours=ours, late_ms=late_ms, cues=cues)
        self.note(measure, flagged=bool(cues) and "lawyer" in self.story.rule.red_flags)
        self.check(late_ms=late_ms)

    @rule(times=st.integers(1, 3), gap_ms=st.sampled_from([0, 1, CLEAR_MS - 1, 3 * HOUR_MS]))
    def flickers(self, times: int, gap_ms: int) -> None:
        """Better and worse, again and again."""
        for measure in (5_500, 7_000) * times:
            self.event(measure, calm=False, ours=False, late_ms=0, flag=False)
            self.time_passes(gap_ms, lag_ms=0)

    @rule(measure=st.sampled_from(MEASURES[1:]))
    def fades(self, measure: int) -> None:
        """A look in between, at another measure."""
        self.story.measure = measure
        self.story.look(self.story.now_ms, self.story.now_ms)
        self.note(measure)
        self.check()

    @rule()
    def waits(self) -> None:
        """Somebody waits, or no more."""
        self.story.waits = not self.story.waits

    @rule(
        verb=st.sampled_from(VERBS),
        for_ms=st.sampled_from([None, *ENDS_MS]),
        until_worse=st.booleans(),
        reason=st.sampled_from(DISAGREEMENTS),
        behind=st.sampled_from([None, None, None, 0, 1]),
    )
    def decide(
        self, verb: str, for_ms: int | None, until_worse: bool, reason: str, behind: int | None
    ) -> None:
        """A person decides: what they may, happens; what they may not, changes nothing."""
        story_, people = self.story, self.people
        was_open = self.open_name is not None
        undone = {"unack": people.acked, "unsnooze": people.snoozed_until_ms is not None}.get(
            verb, True
        )
        until_ms = None if for_ms is None else story_.now_ms + for_ms
        if verb == "snooze" and not until_worse and until_ms is None:
            until_ms = story_.now_ms + 1  # ingest asks for one
        seq = None if behind is None or story_.episode.seq <= behind else self.checked - behind
        before = story_.episode
        self.asked = (verb, until_ms, until_worse, reason)
        why = story_.obey(
            verb, until_ms=until_ms, until_worse=until_worse, reason=reason, seq=seq,
            assignee="omid",
        )  # fmt: skip
        if why is None:
            assert behind != 1 or seq is None
            assert undone
            assert was_open or (before.state == "pending" and verb == "resolve") or self.names
        else:
            assert story_.changes[self.checked][1].reason == "rejected"
            after = story_.changes[self.checked][1].episode
            assert replace(after, seq=before.seq) == before
        self.check()

    @rule(clear_for_ms=st.sampled_from([0, CLEAR_MS]), flags=st.sampled_from([(), ("lawyer",)]))
    def edit(self, clear_for_ms: int, flags: tuple[str, ...]) -> None:
        """A rule is edited: its alerts stay."""
        before = self.open_name
        self.story.rule = replace(self.story.rule, clear_for_ms=clear_for_ms, red_flags=flags)
        self.story.look(self.story.now_ms, self.story.now_ms)
        self.note(self.story.measure)
        self.check()
        if before is not None and self.state in OPEN:
            assert self.open_name == before

    @precondition(lambda self: self.state != "inactive")
    @rule()
    def remove(self) -> None:
        """A rule is removed; it comes back with the next look."""
        self.story.put(close(self.story.episode, "rule_removed", self.story.now_ms))
        self.check()

    def note(self, measure: int | None, *, flagged: bool = False) -> None:
        """Since when the measure is beyond its cut, and since when below the other."""
        now_ms, cuts = self.story.now_ms, self.story.rule.warning
        is_beyond = measure is not None and measure >= cuts.raise_at_e2
        is_below = measure is not None and measure <= cuts.clear_at_e2 and not flagged
        self.beyond_since_ms = (self.beyond_since_ms or now_ms) if is_beyond else None
        if measure is not None:
            self.below_since_ms = (self.below_since_ms or now_ms) if is_below else None

    def check(self, *, late_ms: int = 0) -> None:
        """Every change against the books."""
        for at_ms, change in self.story.changes[self.checked :]:
            self.checked += 1
            assert change.episode.seq == self.checked  # gapless, from 1
            assert change.before == self.state
            assert self.state in FROM[change.reason]
            assert not change.notify or change.reason in NOTIFIED
            assert at_ms <= self.story.now_ms
            self.one(at_ms, change, late_ms)
            self.of_people(at_ms, change)
            if change.reason == "relapsed" and self.too_many() and not self.flapping:
                assert self.story.changes[self.checked][1].reason == "flapping"
            assert change.episode.flapping == self.flapping
            if self.state != change.episode.state:
                self.state, self.since_ms = change.episode.state, at_ms

    def newest_ms(self) -> int:
        """When something last came; without any event, when the alert was opened."""
        return self.since_ms if self.story.event_ms is None else self.story.event_ms

    def nothing_is_late(self) -> None:
        """What the books say is due by now, and may be, has happened."""
        story_ = self.story
        if self.state in OPEN:
            assert all(end_ms > story_.now_ms for end_ms in self.people.late_ms())
        gate_ms = min(story_.now_ms, story_.complete_ms)
        if self.state == "pending":
            assert self.since_ms + story_.rule.for_ms > story_.now_ms
        if self.state in OPEN and not story_.waits:
            assert self.newest_ms() + story_.rule.expire_after_ms > gate_ms
        if self.state == "recovering" and self.below_since_ms is not None:
            calm = story_.calm_ms is not None and story_.calm_ms >= self.opened_by_ms
            assert not calm or self.below_since_ms + self.clear_for_ms() > gate_ms
        if self.state == "firing" and self.to_be_told_late:
            assert story_.complete_ms < story_.now_ms - AGE_MS

    def clear_for_ms(self) -> int:
        """How long it must be over: four times as long while it flaps."""
        return self.story.rule.clear_for_ms * (4 if self.flapping else 1)

    def too_many(self) -> bool:
        """Three relapses or reopenings within six hours."""
        newest = self.unrest_ms[-3:]
        return len(newest) == 3 and newest[-1] - newest[0] <= 6 * HOUR_MS

    def one(self, at_ms: int, change: Change, late_ms: int) -> None:
        """One change."""
        story_, episode = self.story, change.episode
        complete_ms = story_.complete_ms
        if (
            change.reason in {"raised", "held", "red_flag", "reopened"}
            and episode.state == "firing"
        ):
            if change.before == "firing":  # told late
                assert self.to_be_told_late
                assert not story_.live or complete_ms >= story_.now_ms - AGE_MS
                self.to_be_told_late = False
                return
            assert self.open_name is None
            assert self.news_since_close or self.closed_as not in {"manual", "expired"}
            self.opened(at_ms, change, late_ms)
        elif change.reason == "relapsed":
            self.unrest_ms.append(at_ms)
        elif change.reason == "flapping":
            assert not self.flapping and self.too_many() and change.notify
            self.flapping = True
        elif change.reason == "clearing":
            self.below_since_ms = self.below_since_ms or at_ms
        elif change.reason == "recovered":
            assert self.below_since_ms is not None
            assert self.below_since_ms + self.clear_for_ms() <= min(at_ms, complete_ms)
            assert story_.calm_ms is not None and story_.calm_ms >= self.opened_by_ms
        elif change.reason == "expired":
            assert not story_.waits
            assert self.newest_ms() + story_.rule.expire_after_ms <= min(at_ms, complete_ms)
        if episode.state == "closed" != change.before:
            assert self.open_name == episode.alert_id and episode.closed == change.reason
            self.open_name, self.closed_at_ms, self.closed_as = None, at_ms, change.reason
            self.news_since_close = self.to_be_told_late = False

    def opened(self, at_ms: int, change: Change, late_ms: int) -> None:
        """An alert begins, or goes on under its old name."""
        story_, name = self.story, change.episode.alert_id
        if change.reason == "held":
            assert self.beyond_since_ms is not None
            assert at_ms - self.beyond_since_ms >= story_.rule.for_ms
        if change.reason == "reopened":
            assert name in self.names
            assert self.closed_at_ms is not None and self.closed_as != "rule_removed"
            assert at_ms - self.closed_at_ms <= story_.rule.reopen_ms + story_.rule.for_ms
            self.unrest_ms.append(at_ms)
            calm = at_ms - self.closed_at_ms > 2 * story_.rule.clear_for_ms
            self.flapping = self.too_many() or (self.flapping and not calm)
        else:
            self.unrest_ms, self.flapping = [], False
            assert name not in self.names or self.closed_as == "rule_removed"
        self.names.add(name)
        self.open_name = name
        snooze, before = self.people, self.people.snoozed_until_ms
        due_ms = self.story.rule.due_ms
        self.people = Books(None if due_ms is None else at_ms + due_ms)
        if change.reason == "reopened" and before is not None and before > at_ms:
            self.people.snoozed_until_ms = before
            self.people.until_worse, self.people.warned = snooze.until_worse, snooze.warned
        self.opened_by_ms = at_ms - late_ms
        self.to_be_told_late = story_.live and self.opened_by_ms < story_.now_ms - AGE_MS

    def of_people(self, at_ms: int, change: Change) -> None:
        """What a person decided of the alert that is open."""
        people = self.people
        verb, until_ms, until_worse, reason = self.asked
        self.ended(at_ms, change)
        match change.reason:
            case "acked":
                people.acked = True
                people.acked_until_ms = at_ms + ACK_MS if until_ms is None else until_ms
            case "unacked":
                people.acked, people.acked_until_ms = False, None
            case "snoozed":
                people.snoozed_until_ms = at_ms + LONGEST_MS if until_ms is None else until_ms
                people.until_worse = until_worse
                people.warned = change.episode.severity == "warning"
            case "unsnoozed":
                people.snoozed_until_ms = None
            case "handled":
                people.handled = people.acked = True
                people.acked_until_ms = None
            case "disagreed" if self.open_name is not None:
                assert (verb, reason) == ("disagree", "not_mine")
                people.acked, people.acked_until_ms = False, None
            case _:
                pass

    def ended(self, at_ms: int, change: Change) -> None:
        """What ends by time, or because it got worse: never early, never twice."""
        people = self.people
        match change.reason:
            case "ack_ended":
                assert people.acked_until_ms is not None and people.acked_until_ms <= at_ms
                people.acked, people.acked_until_ms = False, None
            case "snooze_ended":
                assert people.snoozed_until_ms is not None and people.snoozed_until_ms <= at_ms
                people.snoozed_until_ms = None
            case "snooze_broken":
                assert people.snoozed_until_ms is not None and people.until_worse
                flags = bool(self.story.rule.red_flags)
                assert flags or (people.warned and change.episode.severity == "critical")
                people.snoozed_until_ms = None
            case "overdue":
                assert people.due_ms is not None and people.due_ms <= at_ms
                assert not people.handled and not people.overdue
                assert people.snoozed_until_ms is None
                people.overdue = True
            case _:
                pass

    @invariant()
    def who_takes_care_is_in_the_books(self) -> None:
        """Of an open alert."""
        if self.open_name is not None:
            assert bool(self.story.episode.acked_by) == self.people.acked

    @invariant()
    def at_most_one_alert_is_open(self) -> None:
        """And its name is the one it was opened under."""
        episode = self.story.episode
        assert (episode.state in OPEN) == (self.open_name is not None)
        if self.open_name is not None:
            assert episode.alert_id == self.open_name


TestAlertLifecycle = AlertLifecycle.TestCase


def test_people_and_configurations_decide_what_no_measure_does() -> None:
    """Which reasons are a person's, and which are told, are closed sets."""
    assert {"manual"} == HUMAN & NOTIFIED
    assert NOTIFIED.issubset(FROM)
    assert not NOTIFIED & {"clearing", "relapsed", "eased", "dropped"}
