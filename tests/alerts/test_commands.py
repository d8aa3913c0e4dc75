"""What people decide: done once, for as long as they said, answered, and to nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from alerts.human import ACK_MS, LONGEST_MS
from alerts.outputs import AlertRow, Care, Transition
from alerts.owners import Owner
from alerts.routing import Match
from alerts.rules import Cuts, Rule
from scoring.calendar import Calendar
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS
from scoring.records import DISAGREEMENTS
from tests.alerts.test_fold import told
from tests.alerts.test_lifecycle import DUE_MS, LOW, PLAIN, PROMISED, SINGLE, Story, T, story
from tests.strategies import CONFIG, command, fold_all, profile, signal, wake


def reasons(found: Story) -> list[str]:
    """What happened, in order."""
    return [reason for _, reason in found.told()]


def spoken(found: Story) -> list[tuple[int, str]]:
    """What somebody is told of, and when."""
    return [(at_ms - T, one.reason) for at_ms, one in found.changes if one.notify]


# ---------------------------------------------------------------------- acknowledging


def test_a_person_takes_an_alert_and_gives_it_back() -> None:
    """Recorded, told to nobody; another may take it over."""
    found = story(("event", 7_000))
    assert found.obey("unack") == "nothing_to_undo"
    assert [found.obey("ack"), found.obey("ack", actor="ali")] == [None, None]
    assert found.episode.acked_by == "ali"
    assert found.obey("unack") is None
    assert reasons(found) == ["raised", "rejected", "acked", "acked", "unacked"]
    assert spoken(found) == [(0, "raised")]
    assert (found.episode.state, found.episode.since_ms) == ("firing", T)
    assert found.episode.acked_by == "" and found.episode.human is None


@pytest.mark.parametrize("until_ms", [None, T + HOUR_MS])
def test_an_acknowledgement_ends_and_says_so_if_the_alert_is_still_true(
    until_ms: int | None,
) -> None:
    """Eight hours of business time, unless another end was given; to the millisecond."""
    end_ms = ACK_MS if until_ms is None else HOUR_MS
    found = story(("event", 7_000))
    found.obey("ack", until_ms=until_ms)
    found.advance(end_ms - 1)
    assert reasons(found) == ["raised", "acked"]
    found.advance(1)
    assert spoken(found) == [(0, "raised"), (end_ms, "ack_ended")]
    assert found.episode.acked_by == ""
    better = story(("event", 7_000), ("pass", 1), ("fades", 0))
    better.obey("ack", until_ms=until_ms)
    better.advance(9 * HOUR_MS)
    assert reasons(better)[-1] == "ack_ended" and spoken(better) == [(0, "raised")]


# ---------------------------------------------------------------------- snoozing


def test_a_snooze_ends_at_its_moment_and_says_so_if_the_alert_is_still_true() -> None:
    """However late anybody looks, and not a millisecond early."""
    found = story(("event", 7_000))
    found.obey("snooze", until_ms=T + HOUR_MS)
    found.event(10_000)  # it gets worse: no matter to a snooze until a moment
    found.advance(HOUR_MS - 1)
    assert reasons(found) == ["raised", "snoozed", "escalated"]
    found.advance(DAY_MS // 2)
    assert spoken(found)[-1] == (HOUR_MS, "snooze_ended")
    silent = story(("event", 7_000))
    silent.obey("snooze", until_ms=T + HOUR_MS)
    silent.event(100)
    silent.advance(HOUR_MS)
    assert reasons(silent)[-1] == "snooze_ended"
    assert spoken(silent) == [(0, "raised")]


WORSE: dict[str, tuple[Rule, int, dict[str, Any], int, bool]] = {
    "critical": (PLAIN, 7_000, {}, 8_500, True),
    "not yet critical": (PLAIN, 7_000, {}, 8_499, False),
    "critical already": (PLAIN, 8_500, {}, 10_000, False),
    "so many points": (PLAIN, 7_000, {"worse_by_e2": 500}, 7_500, True),
    "a hundredth less": (PLAIN, 7_000, {"worse_by_e2": 500}, 7_499, False),
    "critical before so many points": (PLAIN, 7_000, {"worse_by_e2": 9_000}, 8_500, True),
    "health falls by so many": (LOW, 3_000, {"worse_by_e2": 500}, 2_500, True),
    "health falls by less": (LOW, 3_000, {"worse_by_e2": 500}, 2_501, False),
    "health is critical": (LOW, 3_000, {}, 1_000, True),
}


@pytest.mark.parametrize("name", WORSE)
def test_a_snooze_until_worse_ends_when_it_gets_worse(name: str) -> None:
    """By a higher severity, or by so many points; told at once."""
    rule_, before, facts, after, breaks = WORSE[name]
    found = story(("event", before), rule_=rule_)
    found.obey("snooze", until_worse=True, **facts)
    found.advance(5)
    found.event(after)
    assert (reasons(found)[-1] == "snooze_broken") == breaks
    assert ((5, "snooze_broken") in spoken(found)) == breaks
    assert (found.episode.human is None) == breaks


def test_a_red_flag_ends_a_snooze_until_worse_and_no_other() -> None:
    """Whoever snoozed had not read that."""
    flag = frozenset({"lawyer"})
    for until_worse in (True, False):
        found = story(("event", 7_000), rule_=SINGLE)
        found.obey("snooze", until_worse=until_worse, until_ms=T + HOUR_MS)
        found.event(7_000, cues=flag)
        assert (reasons(found)[-1] == "snooze_broken") == until_worse


def test_a_snooze_until_worse_of_what_is_not_known_waits_for_its_severity() -> None:
    """Points cannot be counted from nothing."""
    found = story(("event", 7_000), ("event", None))
    found.obey("snooze", until_worse=True, worse_by_e2=100)
    found.event(8_400)
    assert reasons(found)[-1] == "snoozed"
    found.event(8_500)
    assert reasons(found)[-1] == "snooze_broken"


def test_points_of_a_snooze_are_not_counted_while_the_measure_is_unknown() -> None:
    """Unknown is not worse."""
    found = story(("event", 7_000))
    found.obey("snooze", until_worse=True, worse_by_e2=100)
    found.event(None)
    assert reasons(found)[-1] == "snoozed"


def test_a_snooze_until_worse_lasts_a_week_at_most() -> None:
    """What nobody looks at for so long is looked at again."""
    found = story(("event", 7_000), ("waits", True))
    found.obey("snooze", until_worse=True)
    found.advance(LONGEST_MS)
    assert found.told()[-1] == (LONGEST_MS, "snooze_ended")


def test_a_snooze_is_taken_back() -> None:
    """And only where there is one."""
    found = story(("event", 7_000))
    assert found.obey("unsnooze") == "nothing_to_undo"
    found.obey("snooze", until_ms=T + 1, actor="")
    assert found.episode.human is not None and found.episode.human.snoozed_by == "?"
    assert found.obey("unsnooze") is None
    found.advance(HOUR_MS)
    assert reasons(found) == ["raised", "rejected", "snoozed", "unsnoozed"]


@pytest.mark.parametrize(("left_ms", "kept"), [(1, True), (0, False)])
def test_an_alert_that_opens_again_is_still_snoozed(left_ms: int, kept: bool) -> None:
    """It is the same alert; who has it stays, who acknowledged it may not have seen this."""
    found = story(("event", 7_000))
    found.obey("snooze", until_ms=T + 2 * MINUTE_MS + left_ms)
    found.obey("assign", assignee="omid")
    found.obey("ack")
    found.obey("resolve")
    found.advance(2 * MINUTE_MS)
    found.event(7_000)
    assert reasons(found)[-1] == "reopened"
    human = found.episode.human
    assert human is not None and (human.assignee, human.acked_until_ms) == ("omid", None)
    assert (human.snoozed, found.episode.acked_by) == (kept, "")


# ---------------------------------------------------------------------- what it was


@pytest.mark.parametrize("reason", DISAGREEMENTS)
def test_who_disagrees_closes_the_alert_unless_it_is_somebody_elses(reason: str) -> None:
    """What is not mine stays open and is nobody's; all else needs something new to open again."""
    found = story(("event", 7_000))
    found.obey("ack")
    found.obey("assign", assignee="mina")
    assert found.obey("disagree", reason=reason) is None
    human = found.episode.human
    assert human is not None and human.verdict == reason
    if reason == "not_mine":
        assert (found.episode.state, found.episode.acked_by, human.assignee) == ("firing", "", "")
        return
    assert (found.episode.state, found.episode.closed) == ("closed", "manual")
    assert found.obey("disagree", reason="too_late") is None  # on second thoughts
    assert found.episode.human is not None and found.episode.human.verdict == "too_late"
    found.event(7_000, ours=True)
    assert found.episode.state == "closed"


def test_what_is_taken_care_of_stays_open_until_it_is_over() -> None:
    """Nobody is reminded, nothing is overdue, and the acknowledgement does not end."""
    found = story(("event", 7_000), ("waits", True), rule_=PROMISED)
    found.obey("ack", until_ms=T + 1)
    assert found.obey("handled") is None
    found.advance(3 * DAY_MS)
    assert reasons(found) == ["raised", "acked", "handled"]
    assert found.episode.acked_by == "mina"
    found.obey("resolve")
    assert found.obey("handled") is None and found.episode.state == "closed"


# ---------------------------------------------------------------------- refusals


def test_what_cannot_be_done_is_refused_and_changes_nothing_but_the_count() -> None:
    """Each with its own reason."""
    never = Story()
    assert never.obey("note") == "never_opened"
    found = story(("event", 7_000))
    assert found.obey("ack", seq=1) is None
    assert found.obey("ack", seq=1) == "stale"
    assert found.obey("ack", seq=3) is None
    assert found.obey("ack", alert_id="another") == "another_alert"
    assert found.obey("ack", alert_id=found.episode.alert_id) is None
    assert found.obey("snooze", until_ms=T) == "past"
    assert found.obey("snooze", until_ms=T + LONGEST_MS + 1) == "too_long"
    assert found.obey("ack", until_ms=T + LONGEST_MS + 1) == "too_long"
    assert found.obey("snooze", until_ms=T + LONGEST_MS) is None
    before = found.episode
    assert found.obey("unack", seq=1) == "stale"
    assert replace(found.episode, seq=before.seq) == before
    assert found.obey("resolve") is None
    for verb in ("ack", "unack", "snooze", "unsnooze", "assign", "resolve"):
        assert found.obey(verb, until_ms=T + 5) == "closed"
    assert [one.episode.seq for _, one in found.changes] == list(range(1, len(found.changes) + 1))


def test_what_must_hold_first_is_dropped_by_who_resolves_it() -> None:
    """It was no alert yet; nothing else can be said of it."""
    found = story(("event", 7_000), rule_=replace(PLAIN, for_ms=HOUR_MS))
    assert found.obey("ack") == "never_opened"
    assert found.obey("resolve") is None
    assert reasons(found)[:3] == ["raised", "rejected", "dropped"]


# ---------------------------------------------------------------------- due


@pytest.mark.parametrize("acked", [False, True])
def test_what_is_due_and_not_done_is_told_once(acked: bool) -> None:
    """To the millisecond, whoever has acknowledged it."""
    found = story(("event", 7_000), rule_=PROMISED)
    if acked:
        found.obey("ack")
    found.advance(DUE_MS - 1)
    assert spoken(found) == [(0, "raised")]
    found.advance(3 * HOUR_MS)
    assert spoken(found) == [(0, "raised"), (DUE_MS, "overdue")]


def test_what_is_due_while_it_is_snoozed_is_overdue_when_that_ends() -> None:
    """Who snoozed it has put it off; no longer than that."""
    found = story(("event", 7_000), rule_=PROMISED)
    found.obey("snooze", until_ms=T + DUE_MS + 5)
    found.advance(DUE_MS + 5)
    assert spoken(found)[-2:] == [(DUE_MS + 5, "snooze_ended"), (DUE_MS + 5, "overdue")]


NINE_TO_FIVE = Calendar(week=(((540, 1020),),) * 7)
OWNED = replace(
    CONFIG,
    rules=(Rule("distress", warning=Cuts(3_000, 2_000), due_ms=8 * HOUR_MS + 1,
                expire_after_ms=9 * DAY_MS),),
    owners=(Owner("mina", NINE_TO_FIVE, Match(tier=("gold",))),),
)  # fmt: skip


def test_an_alert_is_due_in_the_business_time_of_whose_it_is() -> None:
    """By the configured owner; else by who was named, in the time in which the customer waits."""
    morning = T - T % DAY_MS + DAY_MS + 9 * HOUR_MS
    for tier, owner, due_ms in (("gold", "mina", DAY_MS + 1), ("tin", "sara", 8 * HOUR_MS + 1)):
        folded = fold_all(
            [profile(morning - 5, tier=tier, owner="sara"), signal(morning, 6_000)], OWNED
        )
        care = told(folded, AlertRow)[-1].care
        assert care == Care(owner=owner, due_at_ms=morning + due_ms)
        late = fold_all([wake(morning + 2 * DAY_MS)], OWNED, row=folded[-1].row, first=2)
        overdue = [one for one in told(late, Transition) if one.reason == "overdue"]
        assert [(one.at_ms, one.notify) for one in overdue] == [(morning + due_ms, True)]
        assert overdue[0].care.overdue


def test_a_command_is_answered_on_the_transition_it_caused() -> None:
    """Who, what, when, why, and under which id; of who takes it, how long."""
    row = fold_all([signal(T, 6_000)], OWNED)[-1].row
    ack = command(
        T + 5, "ack", command_id="c-9", text="calling", channel="slack", ts_ms=T + 4,
        until_ms=T + 9, reason="",
    )  # fmt: skip
    (after,) = fold_all([ack], OWNED, row=row, first=1)
    (change,) = told([after], Transition)
    assert (change.actor, change.reason, change.notify) == ("mina", "acked", False)
    assert change.answer is not None
    assert (change.answer.command_id, change.answer.verb) == ("c-9", "ack")
    assert (change.answer.rejected, change.answer.text) == (None, "calling")
    assert (change.answer.channel, change.answer.asked_ms) == ("slack", T + 4)
    assert (change.care.acked_by, change.care.acked_until_ms) == ("mina", T + 9)
    (again,) = fold_all([ack], OWNED, row=after.row, first=2)
    assert (again.result, told([again], Transition)) == ("duplicate", [])


def test_a_command_about_no_alert_is_answered_too() -> None:
    """The answer stands alone: it is about no alert, and numbered nought."""
    (after,) = fold_all([command(T, "ack", fingerprint="elsewhere")], OWNED)
    (change,) = told([after], Transition)
    assert change.answer is not None and change.answer.rejected == "unknown_alert"
    assert (change.seq, change.alert_id, change.rule, change.notify) == (0, "", "", False)
    assert told([after], AlertRow) == []


def test_what_is_over_shows_no_snooze_and_nothing_due() -> None:
    """Of a closed alert only what was said of it stays."""
    row = fold_all([signal(T, 6_000)], OWNED)[-1].row
    snooze = command(T + 1, "snooze", until_ms=T + HOUR_MS, until_worse=True)
    open_ = fold_all([snooze, command(T + 2, "assign", assignee="omid")], OWNED, row=row, first=1)
    care = told(open_, AlertRow)[-1].care
    assert care.snoozed_by == "mina" and care.snoozed_until_ms == T + HOUR_MS
    assert care.until_worse and (care.owner, care.assignee) == ("omid", "omid")
    shut = fold_all(
        [command(T + 3, "disagree", reason="misread_words")], OWNED, row=open_[-1].row, first=3
    )
    care = told(shut, AlertRow)[-1].care
    assert care == Care(owner="omid", assignee="omid", verdict="misread_words")
