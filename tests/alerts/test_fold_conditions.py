"""Rules with conditions, and rules about conversations, through the one fold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.conditions import Cued, Every, Level, Moved, Some, State
from alerts.config import Config
from alerts.fold import Entry, Folded, fold
from alerts.hits import Hits
from alerts.lifecycle import OPEN, Episode, fingerprint
from alerts.message import notification
from alerts.outputs import AlertRow, HealthRow, Transition
from alerts.row import Row, decode_row, encode_row
from alerts.rules import Cuts, Rule
from alerts.subjects import FORGOTTEN_MAX, kept, subjects
from scoring.calendar import Calendar
from scoring.config import DAY_MS, HOUR_MS, MINUTE_MS, Touchpoint
from scoring.conversation import Conversation
from scoring.customer import Customer
from scoring.records import Cue, LogRecord
from tests.strategies import (
    BASE_MS,
    CLEAR_MS,
    EXPIRE_MS,
    FOR_MS,
    SCORING,
    answer,
    command,
    fold_all,
    gaps_ms,
    hashed,
    logs,
    profile,
    signal,
    thanks,
    wake,
)

T = BASE_MS
FOUR_HOURS = Level("waiting", 4 * HOUR_MS, HOUR_MS)
RULES = (
    Rule("both", when=Every((Level("distress", 1_500, 800), FOUR_HOURS))),
    Rule(
        "either",
        when=Some(
            (
                Cued("lawyer", HOUR_MS),
                Level("contacts_24h", 3, 1),
                State("quiet", ("unresolved", "left")),
            )
        ),
        critical_when=Level("distress", 4_000, 3_000),
        for_ms=FOR_MS,
    ),
    Rule("fell", when=Moved("health", 800, 400, 7 * DAY_MS)),
    Rule("rose", when=Moved("distress", 1_500, 700, DAY_MS)),
    Rule("low", when=Every((Level("distress", 500, 900), Level("momentum", -10, 10)))),
    Rule("warm", warning=Cuts(1_500, 1_000), critical=None, warmup_ms=HOUR_MS, min_events=2),
    Rule("talk", entity="conversation", warning=Cuts(1_200, 800), critical=Cuts(3_000, 2_000)),
    Rule(
        "stuck",
        entity="conversation",
        when=Every((Level("waiting", HOUR_MS, 0), Level("distress", 300, 100))),
        critical_when=Level("waiting", 12 * HOUR_MS, 0),
        red_flags=("lawyer",),
    ),
    Rule(
        "often",
        warning=Cuts(1_500, 1_000),
        critical=None,
        hits=Hits(3, 5, 10 * MINUTE_MS),
        warmup_ms=HOUR_MS,
    ),
    Rule("thrice", when=Level("distress", 1_500, 800), hits=Hits(2, 3), min_events=2),
    Rule("reason", entity="conversation", when=State("reason", ("waiting_now", "again"))),
)
CONFIG = Config(clock="watermark", scoring=SCORING, rules=RULES)
ann = logs(customers=[b"ann"], max_size=12)
prompt = logs(customers=[b"ann"], lags_ms=(0,), max_size=12)


def with_rules(*rules: Rule, **scoring: Any) -> Config:
    """Only these, and a change of scoring if need be."""
    return Config(clock="watermark", scoring=replace(SCORING, **scoring), rules=rules)


def of(log: Sequence[tuple[bytes, LogRecord]]) -> list[LogRecord]:
    """The records of Ann."""
    return [record for key, record in log if key == b"ann"]


def transitions(folded: Iterable[Folded]) -> list[Transition]:
    """What changed with alerts; answers to commands about none are left out."""
    found = [one for each in folded for one in each.outputs if isinstance(one, Transition)]
    return [one for one in found if one.rule]


def story(folded: Iterable[Folded]) -> list[tuple[int, str]]:
    """When what was told of alerts."""
    return [(one.at_ms - T, one.reason) for one in transitions(folded)]


# ---------------------------------------------------------------------- laws, for these rules too


@given(ann)
def test_folding_from_stored_bytes_is_folding_on(log: list[tuple[bytes, LogRecord]]) -> None:
    """A row that went through the store at each record ends in the same bytes, outputs included."""
    at_once = fold_all(of(log), CONFIG)
    row: Row | None = None
    for offset, record in enumerate(of(log)):
        again = fold(row, Entry("ann", record, 0, offset, record.at_ms), CONFIG, hashed(CONFIG))
        assert again.outputs == at_once[offset].outputs
        data = encode_row(again.row, log_epoch=1, offset=0)
        assert data == encode_row(at_once[offset].row, log_epoch=1, offset=0)
        row = decode_row(data)


@given(prompt, st.lists(st.tuples(st.integers(0, 24), gaps_ms), max_size=8), gaps_ms)
def test_a_customer_left_alone_and_one_woken_often_have_the_same_story(
    log: list[tuple[bytes, LogRecord]], wakes: list[tuple[int, int]], last_ms: int
) -> None:
    """Timers fire at their own due times, whenever somebody looks."""
    records = of(log) or [signal(T, 2_500)]
    close = wake(records[-1].at_ms + last_ms)
    between = list(records)
    for place, gap_ms in sorted(wakes, reverse=True):
        if place < len(records):
            end_ms = records[place + 1].at_ms if place + 1 < len(records) else close.at_ms
            between.insert(place + 1, wake(min(records[place].at_ms + gap_ms, end_ms)))
    between.sort(key=lambda record: record.at_ms)
    alone = fold_all([*records, close], CONFIG)
    woken = fold_all([*between, close], CONFIG)
    assert story(alone) == story(woken)
    assert alone[-1].row == woken[-1].row


@given(ann)
def test_what_is_told_keeps_the_laws(log: list[tuple[bytes, LogRecord]]) -> None:
    """Gapless and in order for each alert, one open at a time, nothing beyond what was read."""
    records = of(log)
    last_ms = records[-1].at_ms if records else T
    folded = fold_all([*records, wake(last_ms + 2 * DAY_MS)], CONFIG)
    seqs: dict[str, int] = {}
    opened: dict[str, str] = {}
    for one in transitions(folded):
        if one.fingerprint in seqs:
            assert one.seq == seqs[one.fingerprint] + 1
        seqs[one.fingerprint] = one.seq
        about = one.conversation or "" if one.entity == "conversation" else ""
        assert one.fingerprint == fingerprint(one.rule, "ann", about)
        assert (one.entity == "conversation") == (one.rule in {"talk", "stuck", "reason"})
        if one.after in OPEN:
            assert opened.setdefault(one.fingerprint, one.alert_id) == one.alert_id
        else:
            opened.pop(one.fingerprint, None)
        if one.reason == "expired":
            assert one.waiting.state != "yes"
    row = folded[-1].row
    assert sum(one.state in OPEN for one in row.episodes) == len(opened)
    dues = [due for due in (row.due_ms, row.absence_due_ms) if due is not None]
    assert all(due > row.now_ms for due in dues)


CLOCKS = with_rules(  # at none of the steps of a wait, at which scores are looked at anyway
    Rule("wait", when=Level("waiting", 5 * HOUR_MS, 90 * MINUTE_MS)),
    Rule("late", when=Level("promise_gap", MINUTE_MS, -MINUTE_MS), for_ms=FOR_MS),
    Rule("talk", entity="conversation", when=Level("waiting", 2 * HOUR_MS, 0)),
    Rule("steps", entity="conversation", warning=Cuts(400, 0), critical=Cuts(900, 400)),
    Rule("gone", when=State("quiet", ("content", "unresolved"))),
    Rule("green", when=State("watermelon", ("yes",))),
    touchpoints={"shop": Touchpoint(promise_ms=30 * MINUTE_MS)},
    high=500,
)


@given(prompt, st.lists(gaps_ms, max_size=6))
def test_what_a_clock_raises_is_raised_at_its_own_time_however_often_anybody_looks(
    log: list[tuple[bytes, LogRecord]], looks: list[int]
) -> None:
    """A note of a person makes every rule look: nothing is found that a timer would have missed."""
    records = of(log) or [signal(T, 2_500)]
    end_ms = records[-1].at_ms + 9 * DAY_MS
    seldom = fold_all([*records, wake(end_ms)], CLOCKS)
    notes: list[LogRecord] = []
    now_ms = records[0].at_ms
    for gap_ms in looks:
        now_ms += gap_ms
        notes.append(command(now_ms, "note", command_id=f"note-{len(notes)}"))
    mixed = sorted([*records, *notes], key=lambda one: one.at_ms)
    often = fold_all([*mixed, wake(end_ms)], CLOCKS)

    def opened(folded: list[Folded]) -> set[tuple[str, int]]:
        return {
            (one.fingerprint, one.at_ms) for one in transitions(folded)
            if one.before == "inactive" and one.rule != "steps"
        }  # fmt: skip

    assert opened(often) == opened(seldom)


# ---------------------------------------------------------------------- conditions


def test_a_wait_opens_an_alert_when_it_has_lasted_just_long_enough() -> None:
    """Five hours, to the millisecond, with nobody writing; and if somebody just looked, too."""
    long_ms = 5 * HOUR_MS  # none of the steps at which scores are looked at anyway
    config = with_rules(Rule("wait", when=Level("waiting", long_ms, HOUR_MS)))
    folded = fold_all([signal(T, 700), wake(T + 9 * HOUR_MS)], config)
    assert story(folded) == [(long_ms, "raised")]
    (opened,) = transitions(folded)
    assert (opened.measure, opened.score_e2, opened.raise_at_e2) == (
        "waiting_minutes", 30_000, 30_000,
    )  # fmt: skip
    note = command(T + long_ms - 1, "note")
    looked, woken = fold_all([note, wake(T + 9 * HOUR_MS)], config, row=folded[0].row, first=1)
    assert transitions([looked]) == [] and looked.row.absence_due_ms == T + long_ms
    assert story([woken]) == [(long_ms, "raised")]


def test_the_clock_of_a_condition_counts_business_time() -> None:
    """A night is no wait."""
    office = Calendar(week=(((9 * 60, 17 * 60),),) * 7)
    rule = Rule("wait", when=FOUR_HOURS)
    config = with_rules(rule, calendars={"office": office}, calendar="office")
    folded = fold_all([signal(T, 700), wake(T + 3 * DAY_MS)], config)
    # Until 17:00, and what is then left of four hours from 09:00 on.
    midnight = T // DAY_MS * DAY_MS
    left_ms = 4 * HOUR_MS - (midnight + 17 * HOUR_MS - T)
    (opened,) = transitions(folded)
    assert opened.at_ms == midnight + DAY_MS + 9 * HOUR_MS + left_ms


def test_a_broken_promise_opens_an_alert_so_long_after_it_was_due() -> None:
    """A minute too late is told at that minute; and one that nears its end, before."""
    late = Rule("late", when=Level("promise_gap", MINUTE_MS, 0))
    near = Rule("near", when=Level("promise_gap", -5 * MINUTE_MS, -10 * MINUTE_MS))
    config = with_rules(late, near, touchpoints={"shop": Touchpoint(promise_ms=30 * MINUTE_MS)})
    folded = fold_all([signal(T, 700, touchpoint="shop"), wake(T + HOUR_MS)], config)
    assert [(one.rule, one.at_ms - T, one.score_e2) for one in transitions(folded)] == [
        ("near", 25 * MINUTE_MS, -500), ("late", 31 * MINUTE_MS, 100),
    ]  # fmt: skip


def test_an_outage_makes_no_condition_true() -> None:
    """Nobody has read on: the wait is judged, and its timer due, only up to there."""
    rule = Rule("wait", when=FOUR_HOURS)
    late = fold_all(
        [signal(T, 700), wake(T + 9 * HOUR_MS, T + HOUR_MS), wake(T + 10 * HOUR_MS)],
        with_rules(rule),
    )
    assert [len(transitions([one])) for one in late] == [0, 0, 1]
    assert story(late) == [(4 * HOUR_MS, "raised")]


def test_all_conditions_must_hold_and_one_that_is_over_ends_it() -> None:
    """Waiting and in distress; an answer ends the wait, and with it the alert."""
    rule = RULES[0]
    folded = fold_all(
        [
            signal(T, 3_000),
            wake(T + 5 * HOUR_MS),
            answer(T + 6 * HOUR_MS),
            wake(T + 6 * HOUR_MS + CLEAR_MS),
        ],
        with_rules(rule),
    )
    assert story(folded) == [
        (4 * HOUR_MS, "raised"),
        (6 * HOUR_MS, "clearing"),
        (6 * HOUR_MS + CLEAR_MS, "recovered"),
    ]
    mild = fold_all([signal(T, 700), wake(T + 6 * HOUR_MS)], with_rules(rule))
    assert story(mild) == []


def test_a_cue_grows_old_by_itself() -> None:
    """At the end of its window the condition is over, with nothing else happening."""
    rule = Rule("flag", when=Cued("lawyer", HOUR_MS))
    flag = signal(T, cues=(Cue("lawyer", "intent", 100, "my lawyer"),))
    folded = fold_all([flag, answer(T + 5), wake(T + 2 * HOUR_MS)], with_rules(rule))
    assert story(folded) == [
        (0, "raised"), (HOUR_MS, "clearing"), (HOUR_MS + CLEAR_MS, "recovered"),
    ]  # fmt: skip


def test_the_higher_severity_has_conditions_of_its_own() -> None:
    """It escalates when they are true, and eases only when they are over."""
    rule = Rule("hurt", when=Level("distress", 1_000, 500), critical_when=FOUR_HOURS)
    folded = fold_all(
        [signal(T, 2_500), wake(T + 4 * HOUR_MS), answer(T + 5 * HOUR_MS)], with_rules(rule)
    )
    assert story(folded) == [(0, "raised"), (4 * HOUR_MS, "escalated"), (5 * HOUR_MS, "eased")]
    between = Rule("hurt", when=rule.when, critical_when=Level("contacts_24h", 1, -1))
    folded = fold_all([signal(T, 2_500), wake(T + 30 * HOUR_MS)], with_rules(between))
    assert {one.severity for one in transitions(folded)} == {"critical"}


def test_quiet_opens_an_alert_and_what_is_absent_does_not_expire_at_once() -> None:
    """The newest event is long ago by then: it expires a while after it was opened."""
    rule = Rule("gone", when=State("quiet", ("unresolved", "content")))
    asks = [signal(T + n * DAY_MS, 300, conversation=None) for n in range(4)]
    done = answer(T + 3 * DAY_MS + 5, conversation=None)
    folded = fold_all([*asks, done, wake(T + 40 * DAY_MS)], with_rules(rule))
    (opened, first), (closed, last) = story(folded)
    assert (first, last) == ("raised", "expired")
    assert opened >= 10 * DAY_MS and closed == opened + EXPIRE_MS


def test_health_that_fell_opens_an_alert_at_the_message_that_did_it() -> None:
    """Held against a week before; unknown for whom we have not known for so long."""
    rule = RULES[2]
    bad = [signal(T + 8 * DAY_MS + n, 3_000, conversation=None) for n in range(3)]
    known = fold_all([signal(T, conversation=None), *bad], with_rules(rule))
    assert [reason for _, reason in story(known)] == ["raised"]
    (opened,) = transitions(known)
    assert opened.measure == "health_fall" and opened.score_e2 >= 800
    assert story(fold_all(bad, with_rules(rule))) == []


def test_a_new_customer_is_waited_for_and_one_message_may_not_be_enough() -> None:
    """A warm-up and a least number of events hold an alert back, and time lets it go."""
    warm = Rule("warm", warning=Cuts(1_500, 1_000), critical=None, warmup_ms=HOUR_MS)
    folded = fold_all([signal(T, 9_000), wake(T + 2 * HOUR_MS)], with_rules(warm))
    assert story(folded) == [(0, "raised"), (HOUR_MS, "held")]
    assert [one.notify for one in transitions(folded)] == [False, True]
    two = replace(warm, warmup_ms=0, min_events=2)
    folded = fold_all(
        [signal(T, 3_000), wake(T + HOUR_MS), signal(T + HOUR_MS + 5, 3_000)], with_rules(two)
    )
    assert story(folded) == [(0, "raised"), (HOUR_MS + 5, "held")]
    flagged = replace(two, red_flags=("lawyer",), warmup_ms=DAY_MS)
    flag = signal(T, cues=(Cue("lawyer", "intent", 100, "my lawyer"),))
    assert story(fold_all([flag], with_rules(flagged))) == [(0, "red_flag")]


def test_who_does_not_consent_is_not_watched_by_any_condition() -> None:
    """An alert that was open ends as one of a customer nobody hears of."""
    rule = Rule("often", when=Level("contacts_24h", 1, 0))
    folded = fold_all(
        [signal(T, 100), profile(T + 5, monitor=False), wake(T + 2 * DAY_MS)], with_rules(rule)
    )
    assert [reason for _, reason in story(folded)] == ["raised", "expired"]


def test_what_fades_is_looked_at_every_hour_while_an_alert_is_open() -> None:
    """Below resting too, where nobody would look: an alert does not stay open for that."""
    rule = Rule("hurt", when=Level("distress", 900, 200), expire_after_ms=9 * DAY_MS)
    still = with_rules(rule, resting=10_000, base=10_000, displeasure=0, wait_steps=())
    folded = fold_all([signal(T, 1_000), answer(T + 5), wake(T + 3 * DAY_MS)], still)
    (_, opened), (clearing, over), (recovered, last) = story(folded)
    assert (opened, over, last) == ("raised", "clearing", "recovered")
    assert 27 * HOUR_MS <= clearing <= 30 * HOUR_MS and recovered == clearing + CLEAR_MS


def test_what_fades_may_raise_what_looks_downwards() -> None:
    """Nobody writes, nobody waits: it is found within the hour."""
    rule = Rule("calm", when=Level("distress", 200, 900))
    still = with_rules(rule, resting=10_000, base=10_000, displeasure=0, wait_steps=())
    folded = fold_all([thanks(T, 1_000), wake(T + 2 * DAY_MS)], still)
    (raised, reason), *_ = story(folded)
    assert reason == "raised" and 27 * HOUR_MS <= raised <= 30 * HOUR_MS


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (Rule("r", when=FOUR_HOURS), "minutes of waiting 240 (raised at 240), since"),
        (
            Rule("r", when=Level("distress.waiting_now", 900, 0)),
            "distress waiting now 9 (raised at 9), since",
        ),
        (
            Rule("r", entity="conversation", when=FOUR_HOURS),
            "minutes of waiting in the conversation 240 (raised at 240), since",
        ),
    ],
)
def test_a_message_names_what_the_rule_looks_at(rule: Rule, line: str) -> None:
    """In words, with its unit; distress would be another number."""
    folded = fold_all([signal(T, 700), wake(T + 5 * HOUR_MS)], with_rules(rule))
    opened = transitions(folded)[0]
    assert any(one.startswith(line) for one in notification(opened, channel="ops").lines)
    assert notification(opened, channel="ops", locale="fa").lines


# ---------------------------------------------------------------------- conversations

TALK = with_rules(Rule("talk", entity="conversation", warning=Cuts(1_200, 800), critical=None))


def test_each_conversation_has_an_alert_of_its_own() -> None:
    """Two go badly, one ends well: the other's alert stays open, under its own name."""
    folded = fold_all(
        [
            signal(T, 2_000, conversation="t-1", link="https://desk.example/1"),
            signal(T + 5, 2_000, conversation="t-2"),
            signal(T + 6, 2_000, conversation=None, channel="mail"),
            signal(T + 7, 9_000, family="relief", conversation="t-2"),
            answer(T + 8, conversation="t-2"),
            wake(T + 8 + CLEAR_MS),
        ],
        TALK,
    )
    seen = transitions(folded)
    assert [(one.conversation, one.reason) for one in seen] == [
        ("t-1", "raised"), ("t-2", "raised"), ("t-2", "clearing"), ("t-2", "recovered"),
    ]  # fmt: skip
    assert seen[0].fingerprint == fingerprint("talk", "ann", "t-1") != seen[1].fingerprint
    assert (seen[0].measure, seen[0].score_e2, seen[0].link) == (
        "conversation_distress", 2_000, "https://desk.example/1",
    )  # fmt: skip
    assert (seen[0].waiting.state, seen[0].waiting.since_ms) == ("yes", T)
    assert (seen[-1].waiting.state, seen[-1].waiting.conversation) == ("no", "t-2")
    rows = [one for each in folded for one in each.outputs if isinstance(one, AlertRow)]
    assert [one.conversation for one in rows] == ["t-1", "t-2", "t-2", "t-2"]
    health = [one for each in folded for one in each.outputs if isinstance(one, HealthRow)]
    assert health[-1].open_alerts == 1


def test_what_happens_elsewhere_is_no_news_for_a_conversation() -> None:
    """Resolved by a person, it opens again only on something new of its own."""
    resolved = fold_all(
        [
            signal(T, 2_000, conversation="t-1"),
            command(T + 5, "resolve", fingerprint=fingerprint("talk", "ann", "t-1")),
            signal(T + 9, 100, conversation="t-2"),
        ],
        TALK,
    )
    assert story(resolved) == [(0, "raised"), (5, "manual")]
    (again,) = fold_all([signal(T + 99, 100)], TALK, row=resolved[-1].row, first=3)
    assert [one.reason for one in transitions([again])] == ["reopened"]


def test_a_red_flag_in_one_conversation_opens_only_that_one() -> None:
    """Whatever else is open."""
    flag = (Cue("lawyer", "intent", 100, "my lawyer"),)
    stuck = RULES[7]
    folded = fold_all(
        [signal(T, 0, conversation="t-1"), signal(T + 5, cues=flag, conversation="t-2")],
        with_rules(stuck),
    )
    assert [(one.conversation, one.reason) for one in transitions(folded)] == [("t-2", "red_flag")]


def test_a_red_flag_fires_although_conditions_are_unknown_and_never_without_consent() -> None:
    """Nothing was promised, so nobody knows whether we are late; a flag is a flag all the same."""
    rule = Rule("late", when=Level("promise_gap", MINUTE_MS, 0), red_flags=("lawyer",))
    flag = signal(T + 9, cues=(Cue("lawyer", "intent", 100, "my lawyer"),))
    assert story(fold_all([flag], with_rules(rule))) == [(9, "red_flag")]
    for silent in (rule, Rule("plain", red_flags=("lawyer",))):
        nobody: list[LogRecord] = [profile(T, monitor=False), flag]
        assert story(fold_all(nobody, with_rules(silent))) == []


def test_an_alert_goes_on_although_the_number_that_is_shown_is_unknown() -> None:
    """Nothing was promised; one of the two is true all the same, and the worst shown is none."""
    rule = Rule("any", when=Some((Level("promise_gap", MINUTE_MS, 0), Level("distress", 500, 100))))
    folded = fold_all([signal(T, 700), signal(T + 5, 700)], with_rules(rule))
    assert story(folded) == [(0, "raised")]
    (opened,) = transitions(folded)
    assert (opened.measure, opened.score_e2) == ("promise_gap_minutes", 0)
    assert folded[-1].row.episodes[0].peak_e2 == 0


def test_the_steps_of_a_wait_raise_a_conversation_that_is_not_the_one_waiting_longest() -> None:
    """Each one's clock has its own timers."""
    rule = Rule("talk", entity="conversation", warning=Cuts(900, 100), critical=None)
    folded = fold_all(
        [
            signal(T, 0, conversation="t-1"),
            signal(T + 7 * MINUTE_MS, 0, conversation="t-2"),
            wake(T + 5 * HOUR_MS),
        ],
        with_rules(rule),
    )
    assert story(folded) == [(4 * HOUR_MS, "raised"), (4 * HOUR_MS + 7 * MINUTE_MS, "raised")]


def test_the_alert_of_a_forgotten_conversation_expires_and_its_numbers_go_on() -> None:
    """Six are remembered; the seventh's alert is closed a day later, and one number is kept."""
    talks = [signal(T, 2_000, conversation="t-0"), answer(T + 1, conversation="t-0")]
    for n in range(1, 8):
        talks += [
            signal(T + n * 10, 0, conversation=f"t-{n}"),
            answer(T + n * 10 + 1, conversation=f"t-{n}"),
        ]
    folded = fold_all([*talks, wake(T + 2 * DAY_MS)], TALK)
    assert [one.reason for one in transitions(folded)] == ["raised", "expired"]
    assert transitions(folded)[-1].waiting.state in {"no", "unknown"}
    back = fold_all(
        [command(T + 3 * DAY_MS, "note"), signal(T + 3 * DAY_MS + 5, 2_000, conversation="t-0")],
        TALK,
        row=folded[-1].row,
        first=99,
    )
    assert {(one.conversation, one.seq) for one in back[0].row.episodes} == {("", 2)}
    assert [(one.reason, one.seq) for one in transitions(back)] == [("raised", 3)]
    assert {one.conversation for one in back[-1].row.episodes} == {"", "t-0"}


def test_no_more_alerts_of_forgotten_conversations_are_open_than_are_remembered() -> None:
    """A customer who opens a hundred conversations does not make a row grow without bound."""
    records: list[LogRecord] = []
    for n in range(40):
        records += [
            signal(T + n * 10, 2_000, conversation=f"t-{n}"),
            answer(T + n * 10 + 1, conversation=f"t-{n}"),
        ]
    folded = fold_all(records, TALK)
    for one in folded:
        assert len(one.row.episodes) <= 6 + FORGOTTEN_MAX + 2
    seen = transitions(folded)
    opened = {one.fingerprint for one in seen if one.reason == "raised"}
    closed = {one.fingerprint for one in seen if one.after == "closed"}
    still = {fingerprint("talk", "ann", one.conversation) for one in folded[-1].row.episodes
             if one.state in OPEN}  # fmt: skip
    assert len(opened) == 40 and opened == closed | still and not closed & still
    assert {one.reason for one in seen if one.after == "closed"} == {"expired"}


def test_a_rule_that_is_about_something_else_now_closes_what_it_had_opened() -> None:
    """As if it had been removed: the alert was about another thing."""
    customer = with_rules(Rule("r", warning=Cuts(1_200, 800), critical=None))
    talk = with_rules(Rule("r", entity="conversation", warning=Cuts(1_200, 800), critical=None))
    for before, after in ((customer, talk), (talk, customer)):
        row = fold_all([signal(T, 2_000)], before)[-1].row
        changed = fold_all([wake(T + 5)], after, row=row, first=1)
        assert [one.reason for one in transitions(changed)] == ["rule_removed", "raised"]
        gone = fold_all([wake(T + 5)], with_rules(), row=row, first=1)
        (closed,) = transitions(gone)
        assert (closed.reason, closed.entity) == (
            "rule_removed", before.rules[0].entity,
        )  # fmt: skip


def test_only_conversations_with_an_id_are_subjects() -> None:
    """What is kept under a channel's name is no conversation."""
    talks = (Conversation("mail", 0, 0), Conversation("t-1", 0, 0, named=True))
    ann_ = Customer(conversations=talks)
    rule = Rule("r", entity="conversation")
    assert subjects(rule, ann_, ()) == ["t-1"]
    assert subjects(Rule("r"), ann_, ()) == [""]
    open_ = Episode("r", "firing", 3, conversation="t-0")
    assert subjects(rule, ann_, (open_, Episode("r", "closed", 2, conversation="t-9"))) == [
        "t-1", "t-0",
    ]  # fmt: skip
    assert kept(rule, ann_, (open_,)).episodes == (open_,)


@pytest.mark.parametrize("state", ["firing", "recovering", "pending"])
def test_a_firing_alert_of_a_rule_for_conversations_that_is_edited_stays(state: str) -> None:
    """Cuts, conditions and times may change."""
    row = fold_all([signal(T, 2_000)], TALK)[-1].row
    edited = with_rules(Rule("talk", entity="conversation", when=Level("distress", 1_100, 100)))
    changed = fold_all([wake(T + 5)], edited, row=row, first=1)
    assert transitions(changed) == [] and state
