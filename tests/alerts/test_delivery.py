"""The life of a message: retries, restarts, and that an end is told where a beginning was."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.channels.base import FAILURES, Limits, Outcome, Refused, Retry, Sent
from alerts.delivery import (
    BACKOFF_MAX_MS,
    Delivery,
    after,
    backoff_ms,
    interrupted,
    lost,
    planned,
    released,
    sending,
    step,
)
from alerts.outputs import Transition
from alerts.pipeline import Kept, Now
from streams.notifier.outbox import Outbox
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition

LIMITS = Limits()
OUTCOMES = st.one_of(
    st.builds(Sent, st.none(), st.just(200)),
    st.builds(
        Retry,
        st.none() | st.integers(0, 10**8),
        st.sampled_from(FAILURES),
        st.none() | st.just(503),
        st.booleans(),
    ),
    st.builds(Refused, st.sampled_from(FAILURES), st.none() | st.just(400)),
)


def one(seq: int = 1, reason: str = "raised", **changes: object) -> Delivery:
    """A planned delivery."""
    made = planned(transition(seq, reason), channel="ops", offset=seq, now_ms=BASE_MS)
    return msgspec.structs.replace(made, **changes)


def tried(outcome: Outcome, delivery: Delivery | None = None, *, now_ms: int = BASE_MS) -> Delivery:
    """A delivery after one call."""
    begun = sending(one() if delivery is None else delivery, now_ms)
    return after(outcome, begun, now_ms, 1.0, LIMITS)


@given(OUTCOMES, st.floats(0, 1), st.integers(0, 10**9), st.integers(1, 60))
def test_every_outcome_gives_a_known_state(
    outcome: Outcome, jitter: float, later_ms: int, attempts: int
) -> None:
    """Either it is over, or it has a time to go on."""
    begun = sending(one(attempt=attempts - 1), BASE_MS + later_ms)
    done = after(outcome, begun, BASE_MS + later_ms, jitter, LIMITS)
    assert done.state in {"sent", "failed_temp", "failed_perm", "dead"}
    assert (done.next_retry_ms is not None) == (done.state == "failed_temp")
    assert done.version == begun.version + 1
    assert msgspec.json.decode(msgspec.json.encode(done), type=Delivery) == done
    if done.next_retry_ms is not None:
        assert BASE_MS + later_ms <= done.next_retry_ms <= BASE_MS + LIMITS.give_up_ms


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_backoff_stays_within_its_bound(attempt: int, jitter: float) -> None:
    """Up to five minutes."""
    assert 0 <= backoff_ms(attempt, jitter) <= BACKOFF_MAX_MS


def test_the_receiver_s_wish_wins() -> None:
    """Retry-After, whatever our own backoff says."""
    assert tried(Retry(77_000, "rate_limited", 429)).next_retry_ms == BASE_MS + 77_000


def test_giving_up_is_at_its_time_and_not_before() -> None:
    """The retry would come a millisecond too late, or just in time."""
    just = tried(Retry(LIMITS.give_up_ms, "timeout", ambiguous=True))
    late = tried(Retry(LIMITS.give_up_ms + 1, "timeout", ambiguous=True))
    assert (just.state, late.state) == ("failed_temp", "dead")
    assert late.ambiguous


@pytest.mark.parametrize(
    ("reason", "state"),
    [("auth", "failed_temp"), ("gone", "failed_temp"), ("client_error", "failed_perm")],
)
def test_what_a_person_can_cure_stays_in_the_queue(reason: str, state: str) -> None:
    """A wrong token loses no alert; a wrong payload is over at once."""
    assert tried(Refused(reason, 400)).state == state  # type: ignore[arg-type]


def test_nothing_is_sent_past_an_unanswered_call() -> None:
    """Order per alert and channel."""
    lane = [sending(one(), BASE_MS), one(2, "recovered")]
    assert step(lane, BASE_MS + HOUR_MS) == step([], BASE_MS)


def test_a_close_goes_where_its_opening_went() -> None:
    """And only there."""
    told = step([tried(Sent()), one(2, "recovered")], BASE_MS)
    assert told.send is not None and told.send.kind == "recovered"
    untold = step([one(state="suppressed", failure="shadow"), one(2, "recovered")], BASE_MS)
    assert untold.send is None
    assert [done.failure for done in untold.changed] == ["nothing_to_close"]


def test_what_both_missed_goes_out_as_one() -> None:
    """One 429, then the alert clears: the other systems say nothing at all."""
    lane = [tried(Retry(60_000, "rate_limited", 429)), one(2, "recovered")]
    waits = step(lane, BASE_MS + 1)
    assert waits.send is None and waits.due_ms == BASE_MS + 60_000
    assert [(d.kind, d.state) for d in waits.changed] == [
        ("fired_and_recovered", "pending"),
        ("fired", "superseded"),
    ]
    sent = step([waits.changed[1], waits.changed[0]], BASE_MS + 60_000)
    assert sent.send is not None and sent.send.kind == "fired_and_recovered"


def test_a_crash_while_combining_loses_nothing() -> None:
    """Any prefix of the written records leads to the same message."""
    lane = [tried(Retry(0, "server_error", 500)), one(2, "recovered")]
    records = step(lane, BASE_MS).changed
    for written in range(len(records) + 1):
        left = {d.notification_id: d for d in (*lane, *records[:written])}
        send = step(sorted(left.values(), key=lambda d: d.seq), BASE_MS).send
        assert send is not None and send.kind == "fired_and_recovered"


def test_a_dead_opening_that_may_have_arrived_is_closed() -> None:
    """The receiver may show it open for ever otherwise."""
    dead = tried(Retry(10**9, "timeout", ambiguous=True))
    refused = tried(Refused("client_error", 400))
    after_dead = step([dead, one(2, "recovered")], BASE_MS).send
    assert after_dead is not None
    assert step([refused, one(2, "recovered")], BASE_MS).send is None


def test_an_escalation_replaces_the_opening_it_overtook() -> None:
    """One message, the newer one."""
    found = step([one(), one(2, "escalated")], BASE_MS)
    assert found.send is not None and found.send.kind == "escalated"
    assert [d.state for d in found.changed] == ["superseded"]


def test_a_second_episode_of_the_same_alert_is_closed_by_itself() -> None:
    """A reopening that was kept back needs no close, though the first opening had one."""
    lane = [tried(Sent()), tried(Sent(), one(2, "recovered"))]
    lane += [one(3, "reopened", state="suppressed", failure="too_old"), one(4, "recovered")]
    assert [d.failure for d in step(lane, BASE_MS).changed] == ["nothing_to_close"]


def test_an_end_is_not_about_what_was_told_after_it() -> None:
    """Its own opening was kept back: the later one is still open."""
    lane = [one(state="suppressed", failure="held"), one(2, "recovered")]
    lane.append(one(3, "reopened", state="sent"))
    assert [d.failure for d in step(lane, BASE_MS).changed] == ["nothing_to_close"]


class Lifecycle(RuleBasedStateMachine):
    """One alert, one channel, a receiver, crashes: what the receiver believes at last is true."""

    @initialize()
    def start(self) -> None:
        """Nothing has happened."""
        self.records: dict[str, Delivery] = {}
        self.log: list[Transition] = []
        self.outbox = Outbox()
        self.now_ms = BASE_MS
        self.open = self.ever = False
        self.received: list[tuple[str, str]] = []  # (id, kind) in the receiver's books
        self.calls: dict[str, int] = {}
        self.unclear: dict[str, int] = {}
        self.in_call: Delivery | None = None
        self.key = ("ops", transition().alert_id)

    def write(self, *deliveries: Delivery) -> None:
        """Acknowledged records."""
        for delivery in deliveries:
            known = self.records.get(delivery.notification_id)
            assert known is None or delivery.version > known.version
            self.records[delivery.notification_id] = delivery

    def take(self, made: Transition, offset: int, *, crash: bool = False) -> None:
        """Plan one transition."""
        found = self.outbox.plan(
            made,
            offset,
            routes=(),
            channels=("ops",),
            now=Now(self.now_ms),
            wall_ms=self.now_ms,
        )
        self.write(*found)
        if not crash:
            for delivery in found:
                self.outbox.add(delivery, made)

    @rule(reason=st.sampled_from(["raised", "escalated"]), kept=st.booleans())
    def worsen(self, *, reason: str, kept: bool) -> None:
        """It fires, gets worse, or fires again."""
        reason = reason if self.open else ("reopened" if self.ever else "raised")
        self.open = self.ever = True
        self.happen(transition(len(self.log) + 1, reason, historical=kept))

    @rule(reason=st.sampled_from(["recovered", "expired", "manual"]))
    def end(self, *, reason: str) -> None:
        """It ends."""
        if self.open:
            self.open = False
            self.happen(transition(len(self.log) + 1, reason))

    def happen(self, made: Transition) -> None:
        """The fold writes a transition, and we read it."""
        self.log.append(made)
        self.take(made, len(self.log))

    @rule(which=st.integers(0, 20))
    def repeat(self, *, which: int) -> None:
        """The worker or our own restart shows us an old transition again."""
        if self.log:
            self.take(self.log[which % len(self.log)], which)

    @rule(ms=st.sampled_from([1, 1_000, 300_000, HOUR_MS]))
    def wait(self, *, ms: int) -> None:
        """Time passes."""
        self.now_ms += ms

    @rule()
    def work(self) -> None:
        """Look at the lane; begin a call if there is one to make."""
        if self.in_call is not None:
            return
        found = self.outbox.step(self.key, self.now_ms)
        self.write(*found.changed)
        for delivery in found.changed:
            self.outbox.update(delivery)
        if found.send is not None:
            self.in_call = sending(found.send, self.now_ms)
            self.write(self.in_call)
            self.outbox.update(self.in_call)
        else:
            self.outbox.settle(self.key)

    def arrive(self, delivery: Delivery) -> None:
        """The receiver takes it into its books."""
        self.received.append((delivery.notification_id, delivery.kind))

    @rule(
        how=st.sampled_from(["ok", "429", "500", "400", "timeout", "crash"]),
        arrived=st.booleans(),
    )
    def answer(self, *, how: str, arrived: bool) -> None:
        """The receiver answers, does not, or we die before we know."""
        self.work()
        call = self.in_call
        if call is None:
            return
        self.in_call = None
        self.calls[call.notification_id] = self.calls.get(call.notification_id, 0) + 1
        unclear = how in {"timeout", "crash"}
        self.unclear[call.notification_id] = self.unclear.get(call.notification_id, 0) + unclear
        if how == "ok" or (unclear and arrived):
            self.arrive(call)
        if how == "crash":
            self.crash()
            return
        outcomes: dict[str, Outcome] = {
            "ok": Sent(),
            "429": Retry(5_000, "rate_limited", 429),
            "500": Retry(None, "server_error", 500),
            "400": Refused("client_error", 400),
            "timeout": Retry(None, "timeout", ambiguous=True),
        }
        outcome = outcomes[how]
        done = after(outcome, call, self.now_ms, 1.0, LIMITS)
        self.write(done)
        self.outbox.update(done)

    @rule()
    def crash(self) -> None:
        """A new process reads the records."""
        self.in_call = None
        self.outbox = Outbox()
        missing = self.outbox.restore(self.records.values(), self.now_ms)
        for delivery in missing:
            self.outbox.transitions[delivery.notification_id] = self.log[delivery.seq - 1]

    @invariant()
    def nothing_arrives_twice_without_a_doubt(self) -> None:
        """A repeat needs an unanswered call."""
        for name in {name for name, _ in getattr(self, "received", [])}:
            copies = sum(1 for other, _ in self.received if other == name)
            assert copies <= 1 + self.unclear.get(name, 0)

    def teardown(self) -> None:
        """Let everything be answered; then the receiver's picture must be right."""
        if not hasattr(self, "records"):
            return
        if self.in_call is not None:
            self.answer(how="ok", arrived=True)
        for _ in range(40):
            self.now_ms += BACKOFF_MAX_MS
            self.work()
            if self.in_call is not None:
                self.answer(how="ok", arrived=True)
        assert not any(d.open for d in self.records.values())
        opens = {"fired", "escalated", "reopened"}
        shown_open = False
        refused_close = False
        for _, kind in self.received:
            shown_open = kind in opens
        refused_close = any(
            d.closing and d.state in {"failed_perm", "dead"} for d in self.records.values()
        )
        if not self.open and not refused_close:
            assert not shown_open, "fire delivered, close not"
        told = [kind for _, kind in self.received]
        if told and not any(self.unclear.values()) and not refused_close:
            assert told[0] in {*opens, "fired_and_recovered"}, "a close without a beginning"


TestLifecycle = Lifecycle.TestCase
TestLifecycle.settings = settings(max_examples=300, stateful_step_count=25, deadline=None)


def test_what_was_too_old_goes_out_when_we_have_caught_up() -> None:
    """As if it had just been planned."""
    kept = planned(transition(), channel="ops", offset=1, now_ms=BASE_MS, kept=Kept("too_old"))
    assert step([kept], BASE_MS).send is None
    free = released(kept, BASE_MS + 9)
    assert step([free], BASE_MS + 9).send == free and free.failure is None


def test_a_message_whose_transition_is_gone_is_dead() -> None:
    """Nothing can be said any more, and that is said."""
    assert (lost(one(), BASE_MS).state, lost(one(), BASE_MS).failure) == ("dead", "internal")


def test_an_interrupted_call_is_made_again_under_the_same_id() -> None:
    """Ambiguous, due at once."""
    begun = sending(one(), BASE_MS)
    found = step([interrupted(begun, BASE_MS + 5)], BASE_MS + 5).send
    assert found is not None
    assert (found.notification_id, found.ambiguous) == (begun.notification_id, True)
