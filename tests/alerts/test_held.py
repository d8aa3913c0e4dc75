"""The stop button: several alerts, one channel, holds, digests and crashes, without Kafka."""

from __future__ import annotations

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from alerts.allowance import Allowance
from alerts.budget import WINDOW_MS, Budget, Meter
from alerts.channels.base import Limits, Outcome, Refused, Retry, Sent
from alerts.delivery import Delivery, after
from alerts.holds import Hold, covering
from alerts.outputs import Transition
from alerts.pipeline import Now
from alerts.silences import Silence, matcher
from streams.notifier.held import freed
from streams.notifier.outbox import Outbox
from tests.alerts.transitions import BASE_MS, HOUR_MS, transition

ALERTS = ("a", "b", "c")
OPENINGS = {"fired", "escalated", "reopened"}


class Desk(RuleBasedStateMachine):
    """What the receiver believes at last is true, whatever was held, bundled, retried or lost."""

    @initialize(most=st.sampled_from([None, 1, 3]))
    def start(self, most: int | None = None) -> None:
        """Nothing has happened."""
        self.most = most
        self.now_ms = BASE_MS
        self.outbox = self.emptied()
        self.records: dict[str, Delivery] = {}
        self.log: list[Transition] = []
        self.seq = dict.fromkeys(ALERTS, 0)
        self.open = dict.fromkeys(ALERTS, False)
        self.acked = dict.fromkeys(ALERTS, False)
        self.holds: dict[str, Hold] = {}
        self.silences: dict[str, Silence] = {}
        self.call: tuple[Delivery, list[str]] | None = None
        self.received: list[tuple[str, str, tuple[str, ...]]] = []  # id, kind, alerts
        self.unclear: Counter[str] = Counter()

    def emptied(self) -> Outbox:
        """A new process; the channel may have a budget."""
        meters = {} if self.most is None else {"ops": Meter(Budget(self.most))}
        return Outbox(allowance=Allowance(meters))

    def now(self) -> Now:
        """What is in force."""
        holding = tuple(
            (name, hold) for name, hold in self.holds.items() if hold.lasts(self.now_ms)
        )
        silences = tuple(one for one in self.silences.items() if one[1].lasts(self.now_ms))
        return Now(self.now_ms, live=False, holds=holding, silences=silences)

    def write(self, *deliveries: Delivery) -> None:
        """Acknowledged records; a version never falls."""
        for one in deliveries:
            known = self.records.get(one.notification_id)
            assert known is None or one.version > known.version
            self.records[one.notification_id] = one

    def happen(self, name: str, reason: str) -> None:
        """The fold writes a transition, and we read it."""
        self.seq[name] += 1
        notify = reason != "acked"
        made = transition(self.seq[name], reason, fingerprint=name, customer=name, notify=notify)
        self.log.append(made)
        found = self.outbox.plan(
            made,
            len(self.log) - 1,
            routes=(),
            channels=("ops",),
            now=self.now(),
            wall_ms=self.now_ms,
        )
        withdrawn = self.outbox.withdrawn(made, ("ops",), self.now_ms)
        self.write(*found, *withdrawn)
        for one in withdrawn:
            self.outbox.update(one)
        for one in found:
            self.outbox.add(one, made)

    @rule(name=st.sampled_from(ALERTS), worse=st.booleans())
    def worsen(self, *, name: str, worse: bool) -> None:
        """It fires, fires again, or gets worse."""
        if not self.open[name]:
            self.happen(name, "reopened" if self.seq[name] else "raised")
        elif worse:
            self.happen(name, "escalated")
            self.acked[name] = False
        self.open[name] = True

    @rule(name=st.sampled_from(ALERTS))
    def end(self, *, name: str) -> None:
        """It ends."""
        if self.open[name]:
            self.open[name] = self.acked[name] = False
            self.happen(name, "recovered")

    @rule(name=st.sampled_from(ALERTS))
    def acknowledge(self, *, name: str) -> None:
        """Somebody takes it."""
        if self.open[name]:
            self.acked[name] = True
            self.happen(name, "acked")

    @rule(channel=st.sampled_from(["", "ops", "other"]), ms=st.sampled_from([1_000, HOUR_MS]))
    def press(self, *, channel: str, ms: int) -> None:
        """Somebody presses the button."""
        if len(self.holds) < 4:
            self.holds[str(len(self.holds))] = Hold(self.now_ms + ms, channel=channel)

    @rule(name=st.sampled_from(ALERTS), ms=st.sampled_from([1_000, HOUR_MS]))
    def silence(self, *, name: str, ms: int) -> None:
        """Somebody does not want to hear of a customer."""
        about = (matcher(f"customer={name}"),)
        self.silences[f"s-{name}"] = Silence(self.now_ms + ms, self.now_ms, about)

    @rule(how=st.sampled_from(["send", "digest", "discard"]), which=st.integers(0, 3))
    def release(self, *, how: str, which: int) -> None:
        """And lets go."""
        hold = self.holds.get(str(which))
        if hold is not None and hold.lasts(self.now_ms):
            done = replace(hold, released_ms=self.now_ms, after=how)
            self.holds[str(which)] = done

    @rule(ms=st.sampled_from([1, 999, 1_000, HOUR_MS]))
    def wait(self, *, ms: int) -> None:
        """Time passes."""
        self.now_ms += ms

    @rule(cut=st.integers(0, 4))
    def look_again(self, *, cut: int) -> None:
        """Free what is no longer held; a process may die after any of the records."""
        changed = freed(self.outbox, self.now(), self.holds, self.now_ms)
        if 0 < cut < len(changed):
            self.write(*changed[:cut])
            self.crash()
            return
        self.write(*changed)
        for one in changed:
            if one.kind == "digest":
                self.outbox.add_digest(one)
            else:
                self.outbox.update(one)

    @rule(
        how=st.sampled_from(["digest", "digest", "send", "discard"]),
        names=st.permutations(ALERTS),
        count=st.integers(2, 3),
        cut=st.integers(0, 4),
    )
    def have_a_night(self, *, how: str, names: list[str], count: int, cut: int) -> None:
        """A hold, some openings under it, its end: the walk chance seldom finds."""
        name = f"night-{len(self.log)}-{self.now_ms}"
        self.holds[name] = Hold(self.now_ms + HOUR_MS)
        for one in names[:count]:
            self.worsen(name=one, worse=True)
        self.holds[name] = replace(self.holds[name], released_ms=self.now_ms, after=how)
        self.look_again(cut=cut)

    @precondition(lambda self: self.call is None)
    @rule(pick=st.integers(0, 5))
    def work(self, *, pick: int) -> None:
        """Look at a lane; begin a call if there is one to make."""
        lanes = self.outbox.lanes
        keys = sorted(key for key, lane in lanes.items() if any(one.open for one in lane))
        if not keys:
            return
        key = keys[pick % len(keys)]
        found = self.outbox.step(key, self.now_ms)
        self.write(*found.changed)
        for one in found.changed:
            self.outbox.update(one)
        if found.send is None:
            self.outbox.settle(key)
            return
        stopped = self.outbox.stopped(found.send, self.now(), self.now_ms)
        if stopped is not None:
            if stopped[0] is not None:
                self.write(stopped[0])
                self.outbox.update(stopped[0])
            return
        held = covering(self.now().holds, "ops", "customer-distress")
        assert held is None, "sent through a hold"
        if found.send.fingerprint in ALERTS and not found.send.closing:
            silence = self.silences.get(f"s-{found.send.fingerprint}")
            assert silence is None or not silence.lasts(self.now_ms), "sent through a silence"
        about = [one.alert_id for one, _ in self.outbox.members(found.send)]
        begun = self.outbox.begun(found.send, self.now_ms)
        self.write(*begun)
        for one in begun:
            self.outbox.update(one)
        self.call = (begun[-1], about or [found.send.alert_id])

    @precondition(lambda self: self.call is not None)
    @rule(
        how=st.sampled_from(["ok", "ok", "429", "400", "timeout", "crash"]),
        arrived=st.booleans(),
        cut=st.integers(0, 3),
    )
    def answer(self, *, how: str, arrived: bool, cut: int) -> None:
        """The receiver answers, does not, or we die before we know or while writing it down."""
        assert self.call is not None
        (begun, about), self.call = self.call, None
        unclear = how in {"timeout", "crash"}
        self.unclear[begun.notification_id] += unclear
        if how == "ok" or (unclear and arrived):
            self.received.append((begun.notification_id, begun.kind, tuple(about)))
        if how == "crash":
            self.crash()
            return
        outcomes: dict[str, Outcome] = {
            "ok": Sent(),
            "429": Retry(5_000, "rate_limited", 429),
            "400": Refused("client_error", 400),
            "timeout": Retry(None, "timeout", ambiguous=True),
        }
        done = after(outcomes[how], begun, self.now_ms, 1.0, Limits())
        records = self.outbox.answered(done, self.now_ms)
        if 0 < cut < len(records):
            self.write(*records[:cut])
            self.crash()
            return
        self.write(*records)
        for one in records:
            self.outbox.update(one)

    @rule()
    def crash(self) -> None:
        """A new process reads the records."""
        if getattr(self, "call", None) is not None:
            assert self.call is not None
            self.unclear[self.call[0].notification_id] += 1
            self.call = None
        self.now_ms += 1
        self.outbox = self.emptied()
        missing = self.outbox.restore(self.records.values(), self.now_ms)
        self.write(*self.outbox.mended)
        for one in missing:
            self.outbox.transitions[one.notification_id] = self.log[one.offset]

    @invariant()
    def nothing_arrives_twice_without_a_doubt(self) -> None:
        """A repeat has the same id, and a call without an answer before it."""
        copies = Counter(name for name, _, _ in getattr(self, "received", ()))
        assert all(count <= 1 + self.unclear[name] for name, count in copies.items())

    def teardown(self) -> None:
        """Every hold ends, everything is answered; then the receiver's picture must be right."""
        if not hasattr(self, "records"):
            return
        if self.call is not None:
            self.answer(how="ok", arrived=True, cut=0)
        for _ in range(12):
            self.now_ms += HOUR_MS // 2
            self.look_again(cut=0)
            for pick in range(len(self.outbox.lanes) + 2):
                if self.call is None:
                    self.work(pick=pick)
                if self.call is not None:
                    self.answer(how="ok", arrived=True, cut=0)
        assert not any(one.open or one.state == "bundled" for one in self.records.values())
        assert not {"held", "silence", "budget"} & {
            lane[-1].failure for lane in self.outbox.lanes.values()
        }
        for name in ALERTS:
            self.check(name)

    def check(self, name: str) -> None:
        """One alert."""
        alert_id = transition(fingerprint=name).alert_id
        mine = [one for one in self.records.values() if one.alert_id == alert_id]
        told = [kind for _, kind, about in self.received if alert_id in about]
        refused = any(one.state in {"failed_perm", "dead"} for one in mine)
        shown = bool(told) and told[-1] in {*OPENINGS, "digest"}
        if not self.open[name] and not any(
            one.closing and one.state in {"failed_perm", "dead"} for one in mine
        ):
            assert not shown, "an opening was told, its end was not"
        discarded = any(one.failure == "discarded" for one in mine)
        for one in mine:
            if one.failure == "discarded" and not one.ambiguous:
                copies = [kind for id_, kind, _ in self.received if id_ == one.notification_id]
                assert not copies, "discarded and told all the same"
        if self.open[name] and not (self.acked[name] or discarded or refused):
            assert shown, "it is open, and nobody was told"
        if not refused and not any(self.unclear.values()):
            ends = [kind for kind in told if kind == "recovered"]
            begins = [i for i, kind in enumerate(told) if kind in {*OPENINGS, "digest"}]
            assert len(ends) <= len(begins), "more ends than beginnings"


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)


def held_desk(how: str, *names: str) -> Desk:
    """These alerts opened under a hold that was then released."""
    desk = Desk()
    desk.start()
    desk.holds["h"] = Hold(BASE_MS + HOUR_MS)
    for name in names:
        desk.worsen(name=name, worse=False)
    desk.work(pick=0)
    assert {one.failure for one in desk.records.values()} == {"held"}
    desk.holds["h"] = replace(desk.holds["h"], released_ms=BASE_MS, after=how)
    desk.look_again(cut=0)
    return desk


def drained(desk: Desk) -> list[tuple[str, int]]:
    """Kinds of what arrives, and how many alerts each is about, once all is answered."""
    for _ in range(10):
        if desk.call is None:
            desk.work(pick=0)
        if desk.call is not None:
            desk.answer(how="ok", arrived=True, cut=0)
    return [(kind, len(about)) for _, kind, about in desk.received]


def test_what_was_held_is_told_once_in_a_digest() -> None:
    """Three openings, one message; then each end by itself."""
    desk = held_desk("digest", "a", "b", "c")
    assert drained(desk) == [("digest", 3)]
    assert {one.state for one in desk.records.values()} == {"sent"}
    desk.end(name="b")
    assert drained(desk) == [("digest", 3), ("recovered", 1)]


def test_when_a_silence_ends_what_is_still_true_is_told_then() -> None:
    """Once; what ended meanwhile is not told at all, what was told before is closed meanwhile."""
    desk = Desk()
    desk.start()
    desk.worsen(name="c", worse=False)
    assert drained(desk) == [("fired", 1)]
    for name in ALERTS:
        desk.silence(name=name, ms=HOUR_MS)
    desk.worsen(name="a", worse=False)
    desk.worsen(name="b", worse=False)
    desk.end(name="b")
    desk.end(name="c")
    assert drained(desk) == [("fired", 1), ("recovered", 1)]
    assert [one.by for one in desk.records.values() if one.failure == "silence"] == ["s-a", "s-b"]
    desk.look_again(cut=0)
    desk.wait(ms=HOUR_MS)
    desk.look_again(cut=0)
    desk.look_again(cut=0)
    assert drained(desk) == [("fired", 1), ("recovered", 1), ("fired", 1)]


def test_a_silence_also_stops_what_is_being_tried() -> None:
    """Its receiver had asked for time; by then nobody wants to hear of it."""
    desk = Desk()
    desk.start()
    desk.worsen(name="a", worse=False)
    desk.work(pick=0)
    desk.answer(how="429", arrived=False, cut=0)
    desk.silence(name="a", ms=HOUR_MS)
    desk.wait(ms=10_000)
    assert drained(desk) == []
    assert [one.failure for one in desk.records.values()] == ["silence"]


def test_a_list_of_one_is_a_message() -> None:
    """A digest of one would say less than the message itself."""
    assert drained(held_desk("digest", "a")) == [("fired", 1)]


def test_a_release_without_a_word_tells_each() -> None:
    """Once each."""
    assert drained(held_desk("send", "a", "b")) == [("fired", 1), ("fired", 1)]


def test_what_is_discarded_is_never_told_and_needs_no_end() -> None:
    """And says so in its record."""
    desk = held_desk("discard", "a", "b")
    desk.end(name="a")
    assert drained(desk) == []
    why = Counter(one.failure for one in desk.records.values())
    assert why == {"discarded": 2, "nothing_to_close": 1}


def test_a_member_that_ends_before_the_digest_leaves_it() -> None:
    """Nobody is told of what is over; a digest that is empty is not sent."""
    desk = held_desk("digest", "a", "b")
    desk.end(name="a")
    desk.work(pick=0)
    desk.crash()
    assert drained(desk) == [("digest", 1)]
    empty = held_desk("digest", "a", "b")
    for name in ("a", "b"):
        empty.end(name=name)
    assert drained(empty) == []
    assert not any(one.open or one.state == "bundled" for one in empty.records.values())


def test_a_digest_cut_short_by_a_crash_is_sent_again_under_its_id() -> None:
    """And an end that comes meanwhile waits for its answer, and follows it."""
    desk = held_desk("digest", "a", "b")
    while desk.call is None:
        desk.work(pick=0)
    desk.end(name="a")
    desk.answer(how="crash", arrived=True, cut=0)
    told = drained(desk)
    assert told[0] == ("digest", 2)
    assert Counter(told[1:]) == {("digest", 1): 1, ("fired_and_recovered", 1): 1}
    ids = {name for name, kind, _ in desk.received if kind == "digest"}
    assert len(ids) == 1


def test_the_end_of_what_was_told_waits_for_the_hold_and_not_longer() -> None:
    """The button holds it; the clock lets it go."""
    desk = Desk()
    desk.start()
    desk.worsen(name="a", worse=False)
    assert drained(desk) == [("fired", 1)]
    desk.press(channel="", ms=HOUR_MS)
    desk.end(name="a")
    assert drained(desk) == [("fired", 1)]
    held = [one for one in desk.records.values() if one.failure == "held"]
    assert [(one.kind, one.state) for one in held] == [("recovered", "pending")]
    desk.wait(ms=HOUR_MS)
    assert drained(desk) == [("fired", 1), ("recovered", 1)]


def crowd(desk: Desk, count: int, severity: str = "warning", *, first: int = 0) -> None:
    """So many customers, all at once."""
    for n in range(first, first + count):
        name = f"x-{n}"
        made = transition(1, fingerprint=name, customer=name, severity=severity)
        desk.log.append(made)
        at = {"routes": (), "channels": ("ops",), "now": desk.now(), "wall_ms": desk.now_ms}
        for one in desk.outbox.plan(made, len(desk.log) - 1, **at):  # type: ignore[arg-type]
            desk.write(one)
            desk.outbox.add(one, made)


def pumped(desk: Desk) -> list[tuple[str, int]]:
    """Kinds and sizes of all that arrives now."""
    before = len(desk.received)
    desk.look_again(cut=0)
    while any(one.open for lane in desk.outbox.lanes.values() for one in lane):
        desk.work(pick=0)
        if desk.call is not None:
            desk.answer(how="ok", arrived=True, cut=0)
    return [(kind, len(about)) for _, kind, about in desk.received[before:]]


def test_five_hundred_at_once_are_ten_messages_and_a_digest() -> None:
    """What the phone of an owner shows: ten, then one every ten minutes; critical ones pass."""
    desk = Desk()
    desk.start(most=10)
    crowd(desk, 500)
    assert pumped(desk) == [("fired", 1)] * 10
    why = Counter(one.failure for one in desk.records.values())
    assert why == {None: 10, "budget": 490}
    desk.wait(ms=WINDOW_MS - 2)
    assert pumped(desk) == []
    desk.crash()  # the flood is in the records, not in the process
    assert pumped(desk) == []
    desk.wait(ms=1)
    assert pumped(desk) == [("digest", 490)]
    assert {one.state for one in desk.records.values()} == {"sent"}


def test_a_flood_that_goes_on_has_one_digest_every_ten_minutes() -> None:
    """Not one more for each that comes."""
    desk = Desk()
    desk.start(most=2)
    crowd(desk, 5)
    assert pumped(desk) == [("fired", 1)] * 2
    desk.wait(ms=WINDOW_MS - 2)
    crowd(desk, 5, first=5)
    desk.wait(ms=2)
    assert pumped(desk) == [("digest", 8)]
    crowd(desk, 3, first=10)
    assert pumped(desk) == []
    desk.wait(ms=WINDOW_MS)
    assert pumped(desk) == [("digest", 3)]


def test_a_critical_opening_passes_a_flood() -> None:
    """It is why there is a budget at all."""
    desk = Desk()
    desk.start(most=1)
    crowd(desk, 5, severity="critical")
    assert pumped(desk) == [("fired", 1)] * 5
    assert {one.failure for one in desk.records.values()} == {None}


def test_what_a_silence_hid_does_not_come_as_a_flood() -> None:
    """Its end tells as many as the channel bears, and the rest in a digest."""
    desk = Desk()
    desk.start(most=10)
    desk.silences["all"] = Silence(desk.now_ms + HOUR_MS, desk.now_ms, (matcher("tier=gold"),))
    crowd(desk, 30)
    assert pumped(desk) == []
    desk.wait(ms=HOUR_MS)
    assert pumped(desk) == [("fired", 1)] * 10
    desk.wait(ms=WINDOW_MS)
    assert pumped(desk) == [("digest", 20)]
