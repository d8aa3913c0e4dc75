"""The one fold: the same log gives the same rows, and everything happens at its own time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.config import Config
from alerts.fold import (
    CHECKPOINT_MS,
    CHECKPOINT_RECORDS,
    DEGRADED_MS,
    LOG_TOPIC,
    SKEW_MS,
    TIMELY_MS,
    Entry,
    Folded,
    fold,
)
from alerts.lifecycle import OPEN
from alerts.outputs import (
    AlertRow,
    At,
    Checkpoint,
    ConversationRow,
    FoldFailed,
    HealthRow,
    Output,
    Transition,
)
from alerts.row import Row, decode_row, encode_row
from alerts.rules import Cuts, Rule
from scoring.config import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    Interaction,
    Relationship,
    Scoring,
    Share,
    Touchpoint,
)
from scoring.customer import Customer
from scoring.health import health
from scoring.records import Cue, LogRecord, Origin, Reading, Tick, decode_record
from tests.strategies import (
    BASE_MS,
    CLEAR_MS,
    CONFIG,
    EXPIRE_MS,
    LIVE,
    OTHER,
    SCORING,
    answer,
    at,
    command,
    fold_all,
    gaps_ms,
    hashed,
    interaction,
    logs,
    outcome,
    profile,
    signal,
    thanks,
    wake,
)

T = BASE_MS
One = TypeVar("One", bound=Output)
EASY = Config(
    clock="watermark",
    scoring=SCORING,
    rules=(Rule("easy", warning=Cuts(2_000, 1_000), critical=None, labels={"team": "cs"}),),
)
"""One rule that a message of 20 points raises."""

ann = logs(customers=[b"ann"])
prompt = logs(customers=[b"ann"], lags_ms=(0,))


def of(log: Sequence[tuple[bytes, LogRecord]]) -> list[LogRecord]:
    """The records of Ann."""
    return [record for key, record in log if key == b"ann"]


def ended(records: list[LogRecord]) -> list[LogRecord]:
    """The same, and two days of silence that are read to their end."""
    last_ms = records[-1].at_ms if records else T
    return [*records, wake(last_ms + 2 * DAY_MS)]


def told(folded: Iterable[Folded], kind: type[One]) -> list[One]:
    """Outputs of a kind, in order."""
    return [one for each in folded for one in each.outputs if isinstance(one, kind)]


def reasons(folded: Iterable[Folded]) -> list[tuple[int, str]]:
    """When what was told of alerts."""
    return [(one.at_ms - T, one.reason) for one in told(folded, Transition)]


def encoded(folded: Folded, offset: int = 0) -> bytes:
    """The row's bytes."""
    return encode_row(folded.row, log_epoch=1, offset=offset)


# ---------------------------------------------------------------------- one log, one row


@given(ann, st.sampled_from([CONFIG, LIVE]))
def test_folding_from_stored_bytes_is_folding_on(
    log: list[tuple[bytes, LogRecord]], config: Config
) -> None:
    """A row that went through the store at each record ends in the same bytes, outputs included."""
    at_once = fold_all(of(log), config)
    row: Row | None = None
    for offset, record in enumerate(of(log)):
        again = fold(row, Entry("ann", record, 0, offset, record.at_ms), config, hashed(config))
        assert again.outputs == at_once[offset].outputs
        assert encoded(again) == encoded(at_once[offset])
        row = decode_row(encoded(again))


def plain(output: Transition | HealthRow) -> object:
    """What is told, without where in the log it was decided and how far all was read then."""
    return replace(output, log=At("", 0, 0), complete_to_ms=0)


@given(prompt, st.lists(st.tuples(st.integers(0, 24), gaps_ms), max_size=12), gaps_ms)
def test_a_customer_left_alone_and_one_woken_often_have_the_same_story(
    log: list[tuple[bytes, LogRecord]], wakes: list[tuple[int, int]], last_ms: int
) -> None:
    """Timers fire at their own due times, whenever somebody looks.

    Two logs with the same records, one with wakes at arbitrary times in between, both closed by the
    same wake: the same transitions and health rows (but for coordinates and completeness), and rows
    equal in every byte. It holds where all is read up to the wakes, as in `clock: watermark`.
    """
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
    assert [plain(one) for one in told(alone, Transition)] == [
        plain(one) for one in told(woken, Transition)
    ]
    assert [plain(one) for one in told(alone, HealthRow)] == [
        plain(one) for one in told(woken, HealthRow)
    ]
    assert encoded(alone[-1]) == encoded(woken[-1])


@given(ann)
def test_a_wake_that_finds_nothing_due_changes_only_how_far_the_row_is(
    log: list[tuple[bytes, LogRecord]],
) -> None:
    """Two wakes at the same time are one."""
    records = of(log) or [signal(T, 2_500)]
    end_ms = records[-1].at_ms + 9 * DAY_MS
    before = fold_all([*records, wake(end_ms)], CONFIG)[-1].row
    (again,) = fold_all([wake(end_ms)], CONFIG, row=before, first=99)
    assert again.outputs == () and again.row == before
    dues = [due for due in (before.due_ms, before.absence_due_ms) if due is not None]
    assert all(due > end_ms for due in dues)
    (moved,) = fold_all([wake(min([end_ms + 99, *dues]) - 1)], CONFIG, row=before, first=99)
    assert moved.outputs == ()
    assert moved.row == replace(before, now_ms=moved.row.now_ms, complete_ms=moved.row.complete_ms)


@given(ann, st.data())
def test_a_repeat_changes_nothing_but_the_counter(
    log: list[tuple[bytes, LogRecord]], data: st.DataObject
) -> None:
    """The same event once more, under its own or another coordinate: folded once."""
    records = [one for one in of(log) if one.__class__.__name__ != "Wake"] or [signal(T, 2_500)]
    place = data.draw(st.integers(0, len(records) - 1))
    last = records[-1]
    moved: dict[str, Any] = {"origin": Origin("elsewhere", 7, data.draw(st.integers(0, 9)))}
    repeat = at(replace(records[place], **moved), last.at_ms, last.complete_to_ms)
    once = fold_all(records, CONFIG)[-1].row
    (again,) = fold_all([repeat], CONFIG, row=once, first=len(records))
    assert (again.result, again.outputs) == ("duplicate", ())
    assert again.row == replace(once, duplicates=once.duplicates + 1)


def test_a_record_in_source_order_is_known_by_its_coordinate_alone() -> None:
    """What stands before the last coordinate of its source partition was folded or left out."""
    first = signal(T, 500, ordered=True, origin=Origin("chat", 0, 7, 1))
    for offset, index, result in ((7, 1, "duplicate"), (6, 9, "duplicate"), (7, 2, "folded")):
        second = signal(
            T, 500, ordered=True, origin=Origin("chat", 0, offset, index), event_id="other"
        )
        assert [one.result for one in fold_all([first, second], EASY)] == ["folded", result]
    unordered = signal(T, origin=Origin("chat", 0, 3), event_id="other")
    assert fold_all([first, unordered], EASY)[-1].result == "folded"


@given(ann, st.sampled_from([CONFIG, LIVE]))
def test_every_repeat_of_a_whole_log_is_found(
    log: list[tuple[bytes, LogRecord]], config: Config
) -> None:
    """A source read again from its beginning folds nothing twice."""
    records = [one for one in of(log) if one.__class__.__name__ != "Wake"]
    if records:
        last = records[-1]
        again = [at(record, last.at_ms, last.complete_to_ms) for record in records]
        folded = fold_all([*records, *again], config)
        assert {one.result for one in folded[len(records) :]} == {"duplicate"}


# ---------------------------------------------------------------------- laws of what is told


@given(ann, st.sampled_from([CONFIG, LIVE]))
def test_what_is_told_keeps_the_laws(log: list[tuple[bytes, LogRecord]], config: Config) -> None:
    """Whatever the log: gapless, in order, exact, and each with a coordinate of its own."""
    folded = fold_all(ended(of(log)), config)
    seqs: dict[str, int] = {}
    states: dict[str, str] = {}
    opened: dict[str, str] = {}
    for one in told(folded, Transition):
        if not one.rule:  # an answer about no alert
            assert (one.seq, one.reason) == (0, "rejected")
            continue
        assert one.seq == seqs.get(one.fingerprint, 0) + 1
        assert one.before == states.get(one.fingerprint, "inactive")
        seqs[one.fingerprint], states[one.fingerprint] = one.seq, one.after
        if one.after in OPEN:
            held = opened.setdefault(one.fingerprint, one.alert_id)
            assert held == one.alert_id
        else:
            opened.pop(one.fingerprint, None)
        if one.measure == "distress":
            assert sum(part.points_e2 for part in one.why) == one.score_e2
        assert one.reason != "raised" or one.before in {"inactive", "closed", "firing"}
        assert one.replay.startswith("nabz why")
    rows = told(folded, HealthRow)
    assert [one.version for one in rows] == list(range(1, len(rows) + 1))
    assert all(b.as_of_ms >= a.as_of_ms + 1_000 for a, b in pairwise(rows))
    for row in rows:
        for parts, score_e2 in ((row.health, row.health_e2), (row.distress, row.distress_e2)):
            assert sum(part.points_e2 for part in parts) == (0 if score_e2 is None else score_e2)
    times = [one.at_ms for one in told(folded, Transition)]
    assert times == sorted(times)
    places = [(one.log.offset, one.log.index) for each in folded for one in each.outputs]
    assert len(set(places)) == len(places) and places == sorted(places)


@given(ann, st.sampled_from([CONFIG, LIVE]))
def test_nothing_that_rests_on_absence_happens_beyond_what_was_read(
    log: list[tuple[bytes, LogRecord]], config: Config
) -> None:
    """An outage of a source closes no alert and makes nobody wait longer."""
    since: dict[str, int] = {}
    rules = {rule.id: rule for rule in config.rules}
    for one in told(fold_all(ended(of(log)), config), Transition):
        if not one.rule:
            continue
        rule = rules[one.rule]
        if one.reason == "clearing":
            since[one.fingerprint] = one.at_ms
        if one.reason == "recovered":
            assert since[one.fingerprint] + rule.clear_for_ms <= one.complete_to_ms
        if one.reason == "expired":
            newest = T if one.event_ms is None else one.event_ms
            assert newest + rule.expire_after_ms <= one.complete_to_ms
            assert one.waiting.state != "yes"
        clock = sum(part.points_e2 for part in one.why if part.name == "waiting_now")
        if clock:
            assert one.waiting.since_ms is not None
            waited_ms = min(one.at_ms, one.complete_to_ms) - one.waiting.since_ms
            steps = [step.points for step in SCORING.wait_steps if step.after_ms <= waited_ms]
            assert clock == steps[-1]


@given(ann)
def test_the_last_state_always_comes_out(log: list[tuple[bytes, LogRecord]]) -> None:
    """Held back for the end of a second, never lost: a second later the newest row says what is."""
    records = of(log) or ended([])
    folded = fold_all(records, CONFIG)
    row = folded[-1].row
    if row.emit_ms is not None:
        assert row.emit_ms == row.emitted_ms + 1_000
        folded += fold_all([wake(max(row.emit_ms, row.now_ms))], CONFIG, row=row, first=99)
        row = folded[-1].row
    rows = told(folded, HealthRow)
    if not rows:  # nothing but wakes of nobody
        assert row.customer == Customer()
        return
    assert row.emit_ms is None or row.emit_ms > row.now_ms
    found = health(row.customer, row.looked_ms, CONFIG.scoring, complete_to_ms=row.complete_ms)
    if row.emit_ms is None:
        newest = rows[-1]
        for shown, now in (
            (newest.distress_e2, found.distress_e2), (newest.health_e2, found.health_e2),
        ):  # fmt: skip
            assert (shown is None) == (now is None)
            assert shown is None or now is None or shown // 100 == now // 100
        assert newest.band == found.band == row.customer.band
        assert newest.open_alerts == sum(one.state in OPEN for one in row.episodes)


# ---------------------------------------------------------------------- timers


def test_timers_fire_at_their_own_times_in_order_before_the_record() -> None:
    """Ann is left alone for a week: what happened then is told as of then."""
    folded = fold_all([signal(T, 2_500), answer(T + 1), wake(T + 7 * DAY_MS)], EASY)
    spread = 12 * HOUR_MS + HOUR_MS
    assert [reason for _, reason in reasons(folded)] == ["raised", "clearing", "recovered"]
    (_, clearing), (_, recovered) = [
        (one.reason, one.at_ms) for one in told(folded, Transition)[1:]
    ]
    assert T + 12 * HOUR_MS <= clearing <= T + spread + 4 * HOUR_MS
    assert recovered == clearing + CLEAR_MS


@pytest.mark.parametrize(
    ("at_ms", "complete_ms", "closed"),
    [
        (T + EXPIRE_MS, T + EXPIRE_MS, True),
        (T + EXPIRE_MS - 1, T + EXPIRE_MS, False),
        (T + EXPIRE_MS, T + EXPIRE_MS - 1, False),
    ],
    ids=["due-and-read", "not-due", "not-read"],
)
def test_absence_is_judged_once_all_is_read(at_ms: int, complete_ms: int, closed: bool) -> None:
    """A wake before the sources caught up closes nothing."""
    config = replace(EASY, scoring=replace(SCORING, wait_steps=(), resting=10_000))
    folded = fold_all([thanks(T, 9_000), wake(at_ms, complete_ms)], config)
    assert (reasons(folded)[-1] == (EXPIRE_MS, "expired")) == closed


def test_what_expired_is_not_raised_again_every_hour() -> None:
    """What is left of a great grief is no news."""
    angry = [signal(T + at_ms, 1_500) for at_ms in range(30)]
    hours = [wake(T + hour * HOUR_MS) for hour in range(1, 72)]
    folded = fold_all([*angry, answer(T + 40), *hours], EASY)
    assert reasons(folded) == [(1, "raised"), (EXPIRE_MS + 40, "expired")]
    again = fold_all(
        [thanks(T + 3 * DAY_MS), signal(T + 3 * DAY_MS + 1, 3_000)], EASY, row=folded[-1].row
    )  # fmt: skip
    assert [reason for _, reason in reasons(again)] == ["raised"]


def test_a_wait_alone_raises_an_alert_at_its_step_and_keeps_it_open() -> None:
    """Nobody answers: the clock raises it exactly after a day, and it never expires."""
    config = replace(EASY, rules=(Rule("waits", warning=Cuts(2_000, 1_000), critical=None),))
    quiet: list[LogRecord] = [signal(T), wake(T + 30 * DAY_MS)]
    assert reasons(fold_all(quiet, config)) == [(DAY_MS, "raised")]
    answered = fold_all([*quiet, answer(T + 30 * DAY_MS), wake(T + 31 * DAY_MS)], config)
    assert [reason for _, reason in reasons(answered)] == ["raised", "clearing", "recovered"]


def test_more_timers_than_a_lifetime_has_are_a_failure_not_an_endless_loop() -> None:
    """Twelve years of hourly looks in one record: put aside, and the customer goes on."""
    config = Config(clock="watermark", scoring=Scoring(resting=0, contact_ladder=()))
    quiet = fold_all([answer(T), signal(T + 1), wake(T + 12 * 365 * DAY_MS)], config)
    assert (quiet[-1].result, quiet[-1].row.customer) == ("failed", quiet[1].row.customer)
    later = answer(T + 12 * 365 * DAY_MS)
    (after,) = fold_all([later], config, row=quiet[-1].row, first=3)
    assert after.result == "folded" and after.row.due_ms is None


@pytest.mark.parametrize("ahead_ms", [SKEW_MS, SKEW_MS + 1, 40 * DAY_MS])
def test_a_clock_that_runs_ahead_does_not_run_the_row_away(ahead_ms: int) -> None:
    """An appender is believed up to five minutes beyond the broker's timestamp."""
    name = hashed(EASY)
    folded = fold(
        None, Entry("ann", at(signal(T), T + ahead_ms, T), 0, 0, timestamp_ms=T), EASY, name
    )
    assert folded.row.now_ms == T + SKEW_MS
    back = fold(
        folded.row, Entry("ann", at(signal(T + 1), T + 1, T), 0, 1, timestamp_ms=T + 1), EASY, name
    )
    assert back.row.now_ms == T + SKEW_MS


def test_completeness_of_a_row_never_falls() -> None:
    """A new owner that knows less takes nothing back."""
    folded = fold_all([wake(T, T), wake(T + 1, T - 9)], EASY)
    assert folded[-1].row.complete_ms == T


# ---------------------------------------------------------------------- failing

BROKEN = signal(T + 5, cues=(Cue("x", "unheard_of", 1),))


def test_a_record_whose_fold_raises_is_put_aside_and_the_customer_goes_on() -> None:
    """The dead letter names the type of the error, never its text, and holds the record."""
    before, failed, after = fold_all([signal(T, 900), BROKEN, signal(T + 9, 900)], EASY)
    assert [one.result for one in (before, failed, after)] == ["folded", "failed", "folded"]
    assert failed.row.customer == before.row.customer
    assert (failed.row.failed, failed.row.failed_ms, failed.row.now_ms) == (1, T + 5, T + 5)
    (letter,) = told([failed], FoldFailed)
    assert letter == FoldFailed("ann", "KeyError", letter.record, T + 5, At(LOG_TOPIC, 0, 1, 0, 1))
    assert decode_record(letter.record) == BROKEN
    assert after.row.folded == 2 and after.row.customer.signals == 2


def test_a_customer_with_a_failed_record_is_degraded_for_a_day() -> None:
    """So nobody takes its picture for whole."""
    later = [signal(T + 9, 900), interaction(T + 5 + DEGRADED_MS, "refund")]
    rows = told(fold_all([BROKEN, *later], EASY), HealthRow)
    assert rows[0].quality.degraded and not rows[-1].quality.degraded


def test_a_record_of_the_partition_that_reaches_a_customer_is_a_failure() -> None:
    """It changes no customer."""
    (folded,) = fold_all([Tick(T, T)], EASY)
    assert folded.result == "failed"


class Hungry(dict[str, Interaction]):
    """A catalogue that cannot be read."""

    def __init__(self, error: type[BaseException]) -> None:
        """Raise this."""
        super().__init__()
        self.error = error

    def get(self, *_args: object) -> Any:
        """Raise."""
        raise self.error


@pytest.mark.parametrize("error", [MemoryError, RecursionError, KeyboardInterrupt])
def test_what_is_not_the_records_fault_ends_the_process(error: type[BaseException]) -> None:
    """Folding on would put aside records that are good."""
    config = Config(scoring=Scoring(interactions=Hungry(error)))
    with pytest.raises(error):
        fold(None, Entry("ann", signal(T), 0, 0, T), config, "h")
    assert fold(None, Entry("ann", wake(T), 0, 0, T), config, "h").result == "woken"


# ---------------------------------------------------------------------- configurations


def test_a_removed_rule_closes_its_alerts_and_an_edited_one_keeps_them() -> None:
    """Told as `rule_removed`; a wake is enough to fold a row under what is in force."""
    before = fold_all([signal(T, 3_000), wake(T + 60_000)], CONFIG)
    open_before = {one.rule: one.alert_id for one in before[-1].row.episodes if one.state in OPEN}
    assert set(open_before) == {"distress", "held", "health"}
    (after,) = fold_all([wake(T + 61_000)], OTHER, row=before[-1].row, first=2)
    assert after.row.config_hash == hashed(OTHER)
    removed = [one for one in told([after], Transition) if one.reason == "rule_removed"]
    assert [(one.rule, one.after, one.notify) for one in removed] == [("health", "closed", True)]
    still = {one.rule: one.alert_id for one in after.row.episodes if one.state in OPEN}
    assert still == {name: open_before[name] for name in ("distress", "held")}
    (row,) = [one for one in told([after], AlertRow) if one.rule == "health"]
    assert (row.state, row.closed_reason) == ("closed", "rule_removed")


def test_a_rule_that_is_added_looks_at_once() -> None:
    """At a wake or at a repeat, not only at the next event."""
    for record in (wake(T + 2_000), at(signal(T, 3_000), T + 2_000, T)):
        before = fold_all([signal(T, 3_000)], Config(clock="watermark", scoring=SCORING))
        (after,) = fold_all([record], EASY, row=before[-1].row, first=1)
        assert reasons([after]) == [(2_000, "raised")]
        (again,) = fold_all([wake(T + 2_000)], EASY, row=after.row, first=2)
        assert again.outputs == ()
        assert again.row == replace(after.row, complete_ms=T + 2_000)


def test_a_rule_that_comes_back_opens_another_alert() -> None:
    """Its numbers go on: readers drop what is not newer per fingerprint."""
    nothing = replace(EASY, rules=())
    first = fold_all([signal(T, 3_000)], EASY)
    gone = fold_all([wake(T + 1_000)], nothing, row=first[-1].row, first=1)
    back = fold_all([wake(T + 2_000)], EASY, row=gone[-1].row, first=2)
    seen = told([*first, *gone, *back], Transition)
    assert [(one.reason, one.seq) for one in seen] == [
        ("raised", 1), ("rule_removed", 2), ("raised", 3),
    ]  # fmt: skip
    assert seen[0].alert_id == seen[1].alert_id != seen[2].alert_id


def test_pending_alerts_of_a_removed_rule_are_dropped_in_silence() -> None:
    """Nobody was told, so nobody is called off."""
    held = replace(EASY, rules=(replace(EASY.rules[0], for_ms=MINUTE_MS),))
    before = fold_all([signal(T, 3_000)], held)
    (after,) = fold_all([wake(T + 1_000)], replace(EASY, rules=()), row=before[-1].row, first=1)
    assert [(one.reason, one.notify) for one in told([after], Transition)] == [("dropped", False)]
    other = replace(EASY, rules=(), max_notify_age_ms=1)
    (later,) = fold_all([wake(T + HOUR_MS)], other, row=after.row, first=2)
    assert told([later], Transition) == [] and later.row.config_hash == hashed(other)


@given(ann, ann)
def test_whatever_was_folded_another_configuration_goes_on_from_there(
    log: list[tuple[bytes, LogRecord]], more: list[tuple[bytes, LogRecord]]
) -> None:
    """No row stands in the way of a new configuration; removed rules have nothing open."""
    before = fold_all(of(log) or [signal(T, 2_500)], CONFIG)
    shift_ms = before[-1].row.now_ms - T
    later = [at(one, one.at_ms + shift_ms, one.complete_to_ms + shift_ms) for one in of(more)]
    later = ended(later)
    after = fold_all(later, OTHER, row=before[-1].row, first=99)
    assert "failed" not in {one.result for one in [*before, *after]}
    kept = {rule.id for rule in OTHER.rules}
    assert not [one for one in after[-1].row.episodes if one.state in OPEN and one.rule not in kept]


# ---------------------------------------------------------------------- consent


def test_an_alert_about_somebody_who_refuses_consent_ends() -> None:
    """Fire delivered means close delivered, also where nothing is followed any more."""
    held = replace(EASY, rules=(*EASY.rules, replace(EASY.rules[0], id="held", for_ms=HOUR_MS)))
    folded = fold_all(
        [signal(T, 3_000), profile(T + 1_000, monitor=False), signal(T + 2_000, 9_000),
         wake(T + 2 * DAY_MS)],
        held,
    )  # fmt: skip
    assert reasons(folded) == [
        (0, "raised"), (0, "raised"), (1_000, "dropped"), (EXPIRE_MS, "expired"),
    ]  # fmt: skip
    newest = told(folded, HealthRow)[-1]
    assert (newest.distress_e2, newest.health_e2, newest.band) == (None, None, "unknown")
    assert (newest.distress, newest.health, newest.open_alerts) == ((), (), 0)


# ---------------------------------------------------------------------- people


def test_commands_reach_the_alert_they_name() -> None:
    """Or all open ones of the customer; others are left alone, and every command is answered."""
    opened = fold_all([signal(T, 3_000)], CONFIG)
    names = {one.rule: one.fingerprint for one in told(opened, Transition)}
    row = opened[-1].row
    for verb, of_, expected in (
        ("ack", names["distress"], [("distress", "acked")]),
        ("ack", "", [("distress", "acked"), ("health", "acked")]),
        ("ack", "elsewhere", [("", "rejected")]),
        ("note", "", [("distress", "noted"), ("health", "noted")]),
        ("unack", names["health"], [("health", "rejected")]),
    ):
        (after,) = fold_all([command(T + 1_000, verb, fingerprint=of_)], CONFIG, row=row, first=1)
        assert [(one.rule, one.reason) for one in told([after], Transition)] == expected
        assert after.result == "folded"
    (acked,) = fold_all([command(T + 1_000, "ack")], CONFIG, row=row, first=1)
    (given_back,) = fold_all([command(T + 2_000, "unack")], CONFIG, row=acked.row, first=2)
    assert {one.human for one in told([acked], AlertRow)} == {"acked:mina"}
    assert {one.human for one in told([given_back], AlertRow)} == {"unacked"}
    assert {one.actor for one in told([acked], Transition)} == {"mina"}


def test_an_unnamed_person_may_take_an_alert() -> None:
    """Somebody did, whoever it was."""
    folded = fold_all([signal(T, 3_000), command(T + 1, "ack", actor="")], EASY)
    assert told(folded, AlertRow)[-1].human == "acked:?"
    assert told(folded, Transition)[-1].actor is None


def test_what_a_person_closed_stays_closed_until_the_customer_says_more() -> None:
    """Our own answers, bots and thanks are no news; a goodbye with a grief in it is."""
    resolved = fold_all([signal(T, 6_000), command(T + 1_000, "resolve")], EASY)
    assert [reason for _, reason in reasons(resolved)] == ["raised", "manual"]
    row = resolved[-1].row
    for record, opens in (
        (answer(T + 2_000), False),
        (signal(T + 2_000, author="bot"), False),
        (thanks(T + 2_000), False),
        (thanks(T + 2_000, cues=(Cue("great", "relief", 1),)), False),
        (thanks(T + 2_000, 100), True),
        (signal(T + 2_000), True),
        (signal(T + 2_000, reading=None), True),
        (wake(T + 2_000 + HOUR_MS), False),
        (outcome(T + 2_000, "refunded"), False),
        (interaction(T + 2_000, "checkout_failed"), True),
    ):
        (after,) = fold_all([record], EASY, row=row, first=2)
        assert bool(told([after], Transition)) == opens, record


# ---------------------------------------------------------------------- red flags and roles


def test_a_red_flag_of_the_customer_fires_and_one_of_ours_does_not() -> None:
    """Only customers are scored, never staff."""
    flag = (Cue("lawyer", "intent", 100, "my lawyer"),)
    assert reasons(fold_all([signal(T, cues=flag)], CONFIG)) == [(0, "red_flag")]
    assert reasons(fold_all([answer(T, cues=flag)], CONFIG)) == []
    assert reasons(fold_all([signal(T, cues=flag, author="bot")], CONFIG)) == []


# ---------------------------------------------------------------------- old causes


def test_a_backlog_pages_nobody_until_it_is_read() -> None:
    """Opened as historical; told once, with another number, when it is still true."""
    old = at(signal(T - HOUR_MS, 3_000), T, T - HOUR_MS)
    folded = fold_all(
        [old, wake(T + 1_000, T - HOUR_MS), wake(T + 2_000, T + 1_000), wake(T + 90_000)],
        replace(EASY, clock="live"),
    )
    seen = told(folded, Transition)
    assert [(one.reason, one.before, one.historical) for one in seen] == [
        ("raised", "inactive", True), ("raised", "firing", False),
    ]  # fmt: skip
    assert seen[0].alert_id == seen[1].alert_id
    assert [one.historical for one in told(folded, AlertRow)] == [True, False]


# ---------------------------------------------------------------------- what is published


def test_a_row_goes_out_once_a_second_and_the_last_state_at_its_end() -> None:
    """Ten messages in half a second are two rows."""
    burst = [signal(T + 50 * number, 300) for number in range(10)]
    folded = fold_all([*burst, wake(T + 999)], EASY)
    assert [one.as_of_ms - T for one in told(folded, HealthRow)] == [0]
    assert folded[-1].row.due_ms == T + 1_000
    folded += fold_all([wake(T + 5_000)], EASY, row=folded[-1].row, first=11)
    rows = told(folded, HealthRow)
    assert [(one.as_of_ms - T, one.distress_e2) for one in rows] == [(0, 300), (1_000, 3_000)]
    assert [one.version for one in rows] == [1, 2]


def test_what_changed_and_changed_back_within_a_second_stays_unsaid() -> None:
    """There is nothing to say."""
    folded = fold_all(
        [signal(T, 300), interaction(T + 100, "broken"), interaction(T + 200, "mended")],
        replace(EASY, scoring=Scoring(
            interactions={"broken": Interaction(600), "mended": Interaction(600, "relief")},
            health=Relationship(friction=Share(0, 0), relief=Share(0, 0), trail=Share(0, 0)),
        )),
    )  # fmt: skip
    assert folded[1].row.emit_ms == T + 1_000
    assert folded[2].row.emit_ms is None and len(told(folded, HealthRow)) == 1


def test_above_resting_a_row_goes_out_every_hour_below_it_none() -> None:
    """So a reader sees distress fade; at rest there is nothing to see."""
    loud = fold_all([thanks(T, 9_000), wake(T + 5 * HOUR_MS)], EASY)
    assert len(told(loud, HealthRow)) == 6
    still = replace(EASY, rules=(), scoring=replace(SCORING, resting=10_000, base=10_000))
    quiet = fold_all([thanks(T, 900), wake(T + 5 * DAY_MS)], still)
    assert len(told(quiet, HealthRow)) == 1
    assert told(quiet, HealthRow)[0].reason is None


def test_an_hourly_look_repeats_a_row_that_did_not_change() -> None:
    """Above resting only: a reader knows that it was looked at."""
    scoring = replace(SCORING, wait_steps=(), caps=replace(SCORING.caps, feeling=2_000))
    folded = fold_all([thanks(T, 40_000), wake(T + 3 * HOUR_MS)], replace(EASY, scoring=scoring))
    rows = told(folded, HealthRow)
    assert [one.distress_e2 for one in rows] == [2_000] * 4


def test_a_row_says_who_where_and_why() -> None:
    """All that a page or a service needs, without another look-up."""
    folded = fold_all(
        [
            profile(T - 2_000, name="Sara", tier="gold", account="Acme", language="fa"),
            signal(T, 2_500, link="https://desk.example/1"),
            signal(T + 2_000, 100, conversation=None, reading=Reading("unknown")),
            signal(T + 25 * HOUR_MS, 2_500),
        ],
        EASY,
    )
    row = told(folded, HealthRow)[-1]
    assert (row.customer, row.name, row.tier, row.account) == ("ann", "Sara", "gold", "Acme")
    assert (row.language, row.reason) == ("fa", "angry")
    assert (row.waiting.state, row.waiting.since_ms, row.waiting.conversation) == ("yes", T, "t-1")
    assert row.waiting.link == "https://desk.example/1"
    assert row.quality.read_ratio_e2 == 66 and row.quality.timely
    assert row.trend_e2 == row_trend(folded)
    (first, *_) = told(folded, Transition)
    assert (first.name, first.tier, first.account, first.labels) == (
        "Sara", "gold", "Acme", {"team": "cs"},
    )  # fmt: skip
    assert (first.conversation, first.link) == ("t-1", "https://desk.example/1")
    assert first.change_e2 is None and first.health_e2 is not None
    (part,) = [one for one in first.why if one.name == "feeling"]
    assert part.evidence[0].quote == "so angry" and part.evidence[0].at.topic == "chat"


def test_a_row_says_why_in_words_of_both_languages() -> None:
    """A service can show it as it is; while distress rests, what lowers health is said instead."""
    folded = fold_all([signal(T, 2_500), wake(T + 30 * MINUTE_MS)], EASY)
    row = told(folded, HealthRow)[-1]
    assert row.reasons is not None
    assert row.reasons.en == ("angry", "waiting 30 min for an answer")
    assert row.reasons.fa[1] == "۳۰ دقیقه منتظر پاسخ است"
    resting = replace(SCORING, resting=10_000)
    calm = replace(EASY, rules=(), scoring=replace(resting, base=6_000))
    lowered = told(fold_all([thanks(T, 2_500)], calm), HealthRow)[-1]
    assert (lowered.band, lowered.reason) == ("at_risk", None)
    assert lowered.reasons is not None and lowered.reasons.en
    healthy = replace(EASY, rules=(), scoring=replace(resting, base=10_000))
    assert told(fold_all([thanks(T, 900)], healthy), HealthRow)[-1].reasons is None


def test_a_row_says_what_was_promised_what_an_answer_is_worth_and_what_is_usual() -> None:
    """Facts beside the scores; the moment a promise breaks is told at that moment."""
    scoring = replace(SCORING, touchpoints={"shop": Touchpoint(promise_ms=7 * MINUTE_MS)}, high=100)
    config = replace(EASY, rules=(), scoring=scoring)
    asks = signal(T, 300, touchpoint="shop")
    rows = told(fold_all([asks, wake(T + 25 * HOUR_MS)], config), HealthRow)
    told_at = {row.as_of_ms - T: row for row in rows}
    first, broken = rows[0], told_at[7 * MINUTE_MS + 1]
    assert first.promise is not None and broken.promise is not None
    assert (first.promise.gap_ms, first.promise.watermelon) == (-7 * MINUTE_MS, True)
    assert (broken.promise.gap_ms, broken.promise.watermelon) == (1, False)
    day = told_at[24 * HOUR_MS]
    assert day.answered_now is not None and day.distress_e2 is not None
    assert day.distress_e2 - day.answered_now.distress_e2 == 2_000
    assert day.usual is not None and (day.usual.days, day.usual.contacts_e2) == (2, 3_500 // 30)
    answered = told(fold_all([asks, answer(T + 5_000)], config), HealthRow)[-1]
    assert answered.answered_now is None
    assert answered.promise is not None and answered.promise.experienced_ms == 5_000


@pytest.mark.parametrize(("read_ms", "quiet"), [(21 * DAY_MS - 1, False), (21 * DAY_MS, True)])
def test_who_stopped_writing_is_told_once_all_has_been_read(read_ms: int, *, quiet: bool) -> None:
    """At the exact due time, however late somebody looks, and never beyond what was read."""
    visits: list[LogRecord] = []
    for week in range(4):
        at_ms = T + week * 7 * DAY_MS
        key = f"t-{week}"
        visits += [signal(at_ms, conversation=key), answer(at_ms + 1, conversation=key)]
    last_ms = T + 21 * DAY_MS
    folded = fold_all([*visits, wake(last_ms + 30 * DAY_MS, last_ms + read_ms)], EASY)
    found = [row for row in told(folded, HealthRow) if row.quiet and row.quiet.state == "content"]
    assert [row.as_of_ms for row in found] == ([last_ms + 21 * DAY_MS] if quiet else [])
    assert all(("quiet", -300) in {(p.name, p.points_e2) for p in row.health} for row in found)


def row_trend(folded: list[Folded]) -> int:
    """Distress of words and events now, minus that of a day before, from the rows told."""
    rows = told(folded, HealthRow)
    clock = {
        row.as_of_ms: sum(p.points_e2 for p in row.distress if p.name == "waiting_now")
        for row in rows
    }
    now, then = rows[-1], [one for one in rows if one.as_of_ms <= rows[-1].as_of_ms - DAY_MS][-1]
    assert now.distress_e2 is not None and then.distress_e2 is not None
    return (now.distress_e2 - clock[now.as_of_ms]) - (then.distress_e2 - clock[then.as_of_ms])


def test_where_nobody_waits_the_newest_conversation_is_shown() -> None:
    """None where there is none, or where it has no name."""
    two = fold_all(
        [signal(T - 9, inbound=True, conversation="t-0"), signal(T, 2_500, inbound=True)], EASY
    )
    assert told(two, Transition)[-1].conversation == "t-1"
    assert told(two, Transition)[-1].waiting.state == "unknown"
    nameless = fold_all([signal(T, 2_500, conversation=None)], EASY)
    assert told(nameless, Transition)[-1].conversation is None
    none = fold_all([interaction(T, "checkout_failed", event_id=str(n)) for n in range(4)], EASY)
    assert told(none, Transition)[-1].conversation is None


def test_a_row_is_timely_while_its_sources_are_read() -> None:
    """Ten minutes behind is late."""
    for behind_ms, timely in ((TIMELY_MS, True), (TIMELY_MS + 1, False)):
        (folded,) = fold_all([at(signal(T), T, T - behind_ms)], EASY)
        assert told([folded], HealthRow)[0].quality.timely is timely


def test_a_customer_of_whom_nothing_is_known_is_published_as_unknown() -> None:
    """Null, never 0; and a wake of nobody says nothing at all."""
    (row,) = told(fold_all([profile(T, name="Sara")], EASY), HealthRow)
    assert (row.distress_e2, row.health_e2, row.band, row.reason) == (None, None, "unknown", None)
    assert (row.quality.read_ratio_e2, row.trend_e2, row.event_ms) == (None, None, None)
    assert fold_all([wake(T)], EASY)[0].outputs == ()


def test_the_cause_of_a_row_is_a_part_where_no_words_are() -> None:
    """A wait has a clock, not a quote."""
    folded = fold_all([signal(T, reading=Reading("unknown")), wake(T + 13 * HOUR_MS)], EASY)
    assert told(folded, HealthRow)[-1].reason == "waiting_now"


def test_without_distress_there_is_no_cause() -> None:
    """Also where the resting band is 0."""
    config = replace(EASY, scoring=replace(SCORING, resting=0))
    assert told(fold_all([interaction(T, "refund")], config), HealthRow)[0].reason is None


def test_severity_names_the_cuts_in_force() -> None:
    """A critical alert shows the cuts of critical."""
    seen = told(fold_all([signal(T, 6_000), signal(T + 1_000, 500, family="intent")], CONFIG),
                Transition)  # fmt: skip
    by_rule = {one.rule: one for one in seen}
    assert (by_rule["distress"].severity, by_rule["distress"].raise_at_e2) == ("critical", 4_000)
    warned = told(fold_all([signal(T, 2_500)], CONFIG), Transition)[0]
    assert (warned.severity, warned.raise_at_e2, warned.clear_at_e2) == ("warning", 2_000, 1_200)


# ---------------------------------------------------------------------- checkpoints

MORNING = T // DAY_MS * DAY_MS + DAY_MS


def busy(count: int, since_ms: int) -> list[LogRecord]:
    """So many records a second apart."""
    return [signal(since_ms + 1_000 * number) for number in range(count)]


@pytest.mark.parametrize("count", [CHECKPOINT_RECORDS - 1, CHECKPOINT_RECORDS])
def test_a_checkpoint_is_made_before_the_first_record_of_a_day_after_twenty(count: int) -> None:
    """Wakes make none; the day is UTC's."""
    yesterday = busy(count, MORNING - HOUR_MS)
    folded = fold_all([*yesterday, wake(MORNING), *busy(3, MORNING + 60_000)], EASY)
    made = told(folded, Checkpoint)
    assert len(made) == (count >= CHECKPOINT_RECORDS)
    for one in made:
        assert one.log.offset == count + 1
        assert one.row == encode_row(folded[count].row, log_epoch=1, offset=count)


@pytest.mark.parametrize("days", [6, 7])
def test_a_quiet_customer_has_a_checkpoint_after_a_week(days: int) -> None:
    """Seven days after the first record or the last checkpoint, whichever is newer."""
    later_ms = MORNING + days * DAY_MS
    assert CHECKPOINT_MS == 7 * DAY_MS
    folded = fold_all([signal(MORNING), signal(later_ms)], EASY)
    assert len(told(folded, Checkpoint)) == (days == 7)
    again = fold_all([signal(later_ms + DAY_MS)], EASY, row=folded[-1].row, first=2)
    assert len(told(again, Checkpoint)) == (days == 6)


def test_folding_on_from_a_checkpoint_gives_the_same_row() -> None:
    """Where replay and `nabz why` begin."""
    records = [*busy(25, MORNING - HOUR_MS), *busy(5, MORNING + HOUR_MS)]
    folded = fold_all(records, EASY)
    (made,) = told(folded, Checkpoint)
    start = decode_row(made.row)
    again = fold_all(records[25:], EASY, row=start, first=25)
    assert [one.outputs for one in again] == [one.outputs for one in folded[25:]]
    assert encoded(again[-1]) == encoded(folded[-1])


def test_outputs_are_plain_json() -> None:
    """Every kind of output a fold gives can be published."""
    folded = fold_all([signal(T, 3_000), BROKEN, *busy(25, T + 9_000), signal(MORNING)], EASY)
    kinds = {type(one) for each in folded for one in each.outputs}
    assert kinds == {HealthRow, ConversationRow, AlertRow, Transition, FoldFailed, Checkpoint}
    for each in folded:
        for one in each.outputs:
            if not isinstance(one, FoldFailed | Checkpoint):
                assert msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one
