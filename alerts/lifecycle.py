"""The life of an alert: inactive, pending, firing, recovering, closed.

`step` compares one rule with one look at a customer and says what changes. At most one episode of a
rule and customer is open at a time; what has been decided once is in the `Episode`, so a replay
decides the same. Severity goes up at once and down by its own cut. Recovering is silent, a relapse
too. An alert closes as *recovered* only if the measure stayed below its cut and something good or
neutral was seen since what opened it: points that merely fade away are no recovery. Without any
contact it *expires* instead, and never while somebody waits for us. What expired, or was closed by
a person, opens again only on something new from the customer. An alert that relapses or is opened
again three times in six hours is *flapping*: that is told once, and it takes four times as long to
recover until it has been quiet for a while. What people decided (`alerts.human`) moves none of
this; what ends of it is told if the alert is still true then.

Next step: `alerts.fold` turns changes into transitions with evidence.
"""

from __future__ import annotations

import uuid
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from alerts import hits, human
from alerts.conditions import Judged
from alerts.human import Human
from alerts.outputs import Severity, State
from alerts.rules import Rule
from scoring.calendar import Calendar, earliest

NAMESPACE: Final = uuid.UUID("6f1e6a52-8f0c-5d0e-9a55-1c2f7a3f9b10")
"""Root of the names of alerts; never changes, or a replay would give other ids."""

Reason = Literal[
    "raised", "red_flag", "held", "dropped", "escalated", "eased", "clearing", "relapsed",
    "recovered", "expired", "reopened", "rule_removed", "manual", "acked", "unacked", "flapping",
    "snoozed", "unsnoozed", "assigned", "noted", "disagreed", "handled", "rejected",
    "snooze_ended", "snooze_broken", "ack_ended", "overdue",
]  # fmt: skip

NOTIFIED: Final = frozenset(
    {"raised", "red_flag", "held", "escalated", "recovered", "expired", "reopened", "rule_removed",
     "manual", "flapping", "snooze_ended", "snooze_broken", "ack_ended", "overdue"}
)  # fmt: skip
"""Reasons somebody may have to be told of; the others are recorded only."""
HUMAN: Final = frozenset(
    {"acked", "unacked", "manual", "snoozed", "unsnoozed", "assigned", "noted", "disagreed",
     "handled", "rejected"}
)  # fmt: skip
"""Reasons that only a command has."""
_NEEDS_NEWS: Final = frozenset({"expired", "manual"})
"""Ways to close while the measure may still be beyond its cut: that alone raises nothing anew."""
OPEN: Final = frozenset({"firing", "recovering"})
_AT_REST: Final = frozenset({"inactive", "closed"})

FLAPS: Final = 3
FLAP_MS: Final = 6 * 3_600_000
"""So many relapses or reopenings within so long are flapping."""
FLAP_FACTOR: Final = 4
"""How much longer a flapping alert must be over before it is closed."""
CALM_FACTOR: Final = 2
"""Raised again later than so many times `clear_for` after a close, it does not flap any more."""


class Episode(msgspec.Struct, frozen=True, array_like=True):
    """What is remembered of one rule for one customer.

    Attributes:
        rule: Id of the rule.
        state: Where it stands.
        seq: Transitions so far; gapless.
        since_ms: When this state began.
        alert_id: Id of the newest episode, empty before the first.
        opened_ms: When it opened, None before the first.
        severity: As it is now; the last one once closed.
        peak_e2: Worst measure of the episode.
        held_ms: Since when the condition holds that led to the present alert.
        looked_ms: Last step; times never run backwards within an episode.
        reopened: How often it was opened again.
        closed: Reason of the last close, empty while open.
        acked_by: Who takes care of it, empty for nobody.
        late_until_ms: Opened by causes too old to tell anybody: it is told, if still true, once all
            sources have been read up to here. None for an alert that is told as usual.
        closed_ms: When it was last closed, None before the first close.
        renewed: Something new has come from the customer since.
        cause_ms: Event time of what opened it, or the due time of the timer that did.
        below_ms: While recovering: since when the measure is at its clearing cut or better, None
            while it is between the cuts.
        conversation: The one it is about; empty for the customer.
        unrest: When it last relapsed or was opened again, the newest three.
        flapping: It does so too often.
        hits: While pending, of a rule that asks for several: those that count.
        human: What else people decided, and what is due; None for nothing.
    """

    rule: str
    state: State = "inactive"
    seq: int = 0
    since_ms: int = 0
    alert_id: str = ""
    opened_ms: int | None = None
    severity: Severity = "warning"
    peak_e2: int = 0
    held_ms: int = 0
    looked_ms: int = 0
    reopened: int = 0
    closed: str = ""
    acked_by: str = ""
    late_until_ms: int | None = None
    closed_ms: int | None = None
    renewed: bool = False
    cause_ms: int = 0
    below_ms: int | None = None
    conversation: str = ""
    unrest: tuple[int, ...] = ()
    flapping: bool = False
    hits: tuple[int, ...] = ()
    human: Human | None = None

    @property
    def people(self) -> Human:
        """What people decided besides, and what is due; that of nobody where nothing is kept."""
        return human.NOBODY if self.human is None else self.human


class Look(NamedTuple):
    """What a step sees of a customer.

    Attributes:
        now_ms: The moment.
        measure_e2: What the rule looks at, None while unknown.
        event_ms: Newest event of the customer, None before the first.
        calm_ms: Newest sign that was not bad, None before the first.
        waits: Somebody waits for us.
        by_event: Something new from the customer is the cause, not time nor an answer of ours.
        cause_ms: Event time of that event, or the due time of the timer.
        cues: Codes of the cues the event brought; none of a customer who does not consent.
        complete_to_ms: All sources have been read up to here.
        news_ms: Live only: causes before this are history; None where time is the data's own.
        judged: What the conditions of a rule that has some came to; `measure_e2` is then what is
            shown, and may be None although they are known.
        first_ms: First event of the customer, for a rule with a warm-up.
        events: Events of the customer, for a rule that asks for some.
        calendar: The owner's business time, for a rule that promises something.
    """

    now_ms: int
    measure_e2: int | None
    event_ms: int | None = None
    calm_ms: int | None = None
    waits: bool = False
    by_event: bool = False
    cause_ms: int = 0
    cues: frozenset[str] = frozenset()
    complete_to_ms: int = 0
    news_ms: int | None = None
    judged: Judged | None = None
    first_ms: int | None = None
    events: int = 1
    calendar: Calendar | None = None

    @property
    def known(self) -> bool:
        """Is there anything to hold against the cuts?"""
        if self.judged is None:
            return self.measure_e2 is not None
        return self.judged.warning != "unknown"


class Change(NamedTuple):
    """One transition, before it is told in full."""

    episode: Episode
    before: State
    reason: Reason
    notify: bool


class Due(NamedTuple):
    """When an episode next changes by time alone; None for never.

    Attributes:
        time_ms: Needs nothing but time to pass.
        absence_ms: Rests on absence: only once all sources have been read up to there.
    """

    time_ms: int | None = None
    absence_ms: int | None = None


def fingerprint(rule: str, customer: str, conversation: str = "") -> str:
    """Identity of an alert: one rule, one customer (and conversation); all else may change.

    >>> fingerprint("customer-distress", "c-1")
    'bd59e063-d3f0-5a47-a215-79a31f081d5b'
    >>> fingerprint("conversation-stuck", "c-1", "t-9")
    '943e289a-34a1-5d84-9be9-c59bf7295e90'
    """
    if conversation:
        lengths = f"{len(rule)}|{len(customer)}"
        name = f"conversation|{lengths}|{rule}|{customer}|{conversation}"
        return str(uuid.uuid5(NAMESPACE, name))
    return str(uuid.uuid5(NAMESPACE, f"customer|{len(rule)}|{rule}|{customer}"))


def alert_id(of: str, opened_ms: int) -> str:
    """Identity of one episode of an alert."""
    return str(uuid.uuid5(NAMESPACE, f"{of}|{opened_ms}"))


def beyond(rule: Rule, measure_e2: int, cut_e2: int) -> bool:
    """Is a measure at a raising cut or worse?

    >>> beyond(Rule("r"), 7000, 7000), beyond(Rule("r", "health"), 7000, 3000)
    (True, False)
    """
    return measure_e2 >= cut_e2 if rule.measure == "distress" else measure_e2 <= cut_e2


def upwards(rule: Rule, judged: Judged | None) -> bool:
    """Is more of what a rule measures worse? `judged` is what its conditions made of a look."""
    return rule.measure == "distress" if judged is None else judged.upwards


def over(rule: Rule, measure_e2: int, cut_e2: int) -> bool:
    """Is a measure at a clearing cut or better?"""
    return measure_e2 <= cut_e2 if rule.measure == "distress" else measure_e2 >= cut_e2


def step(
    episode: Episode, rule: Rule, look: Look, *, customer: str
) -> tuple[Episode, tuple[Change, ...]]:
    """Advance an episode by one look.

    Args:
        episode: As it is; a fresh `Episode(rule.id)` for the first.
        rule: The rule in force.
        look: What there is to see.
        customer: Whose alert it is; with the rule it names a new episode.

    Returns:
        The episode and what changed, oldest first; the same episode and nothing where nothing did.
    """
    resting = rests(episode, rule, by_event=look.by_event, cues=look.cues)
    if resting and not _raised(rule, look):
        return episode, ()
    walk = _Walk(episode, max(look.now_ms, episode.looked_ms))
    if look.by_event and episode.closed and not episode.renewed:
        walk.episode = replace(episode, renewed=True)
    # A red flag fires whatever conditions say; where there is no measure nobody consents.
    flagged = look.judged is not None and not look.cues.isdisjoint(rule.red_flags)
    if look.known or flagged:
        _by_measure(walk, rule, look, customer)
    elif episode.state == "pending":
        walk.to("inactive", "dropped", hits=())
    if walk.episode.state in OPEN:
        _by_absence(walk, rule, look)
    if walk.episode.state in OPEN and walk.episode.human is not None:
        _by_people(walk, rule, look)
    if walk.episode.state == "firing" and walk.episode.late_until_ms is not None:
        _tell_late(walk, look)
    if walk.changes or walk.episode is not episode:
        walk.episode = replace(walk.episode, looked_ms=walk.now_ms)
    return walk.episode, tuple(walk.changes)


def rests(episode: Episode, rule: Rule, *, by_event: bool, cues: frozenset[str]) -> bool:
    """Does nothing change unless the rule is raised? So it is at most looks: they are spared.

    >>> rests(Episode("r"), Rule("r"), by_event=True, cues=frozenset())
    True
    """
    news = by_event and episode.closed and not episode.renewed
    return episode.state in _AT_REST and not news and not cues and rule.hits is None


class _Walk:
    """Collects the changes of one step."""

    def __init__(self, episode: Episode, now_ms: int) -> None:
        self.episode = episode
        self.now_ms = now_ms
        self.changes: list[Change] = []

    def to(self, state: State, reason: Reason, *, tell: bool = True, **facts: object) -> None:
        before = self.episode
        since = before.since_ms if state == before.state else self.now_ms
        self.episode = replace(
            before,
            state=state,
            seq=before.seq + 1,
            since_ms=since,
            **facts,
        )
        told = tell and reason in NOTIFIED
        self.changes.append(Change(self.episode, before.state, reason, told))


def _raised(rule: Rule, look: Look) -> bool:
    if look.judged is not None:
        return look.judged.warning == "raised"
    return look.measure_e2 is not None and beyond(rule, look.measure_e2, rule.warning.raise_at_e2)


def _over(rule: Rule, look: Look) -> bool:
    if look.judged is not None:
        return look.judged.warning == "over"
    return look.measure_e2 is not None and over(rule, look.measure_e2, rule.warning.clear_at_e2)


def _by_measure(walk: _Walk, rule: Rule, look: Look, customer: str) -> None:
    episode = walk.episode
    flagged = not look.cues.isdisjoint(rule.red_flags)
    if episode.state in OPEN:
        _while_open(walk, rule, look, flagged=flagged)
        return
    fresh = episode.closed not in _NEEDS_NEWS or episode.renewed
    if rule.hits is not None and not (flagged and fresh):
        _count(walk, rule, rule.hits, look, customer, raised=fresh and _raised(rule, look))
        return
    if not flagged and not _raised(rule, look):
        if episode.state == "pending":
            walk.to("inactive", "dropped", hits=())
        return
    if not fresh:
        return
    if flagged:
        _open(walk, rule, look, customer, "red_flag", walk.now_ms)
    elif episode.state == "pending":
        if walk.now_ms - episode.held_ms >= rule.for_ms and _ready(rule, look, walk.now_ms):
            _open(walk, rule, look, customer, "held", episode.held_ms)
    elif rule.for_ms == 0 and _ready(rule, look, walk.now_ms):
        _open(walk, rule, look, customer, "raised", walk.now_ms)
    else:
        walk.to("pending", "raised", tell=False, held_ms=walk.now_ms)


def _count(
    walk: _Walk, rule: Rule, asked: hits.Hits, look: Look, customer: str, *, raised: bool
) -> None:
    """A rule that must be raised several times: one look more."""
    episode = walk.episode
    found = hits.counted(asked, episode.hits, walk.now_ms, raised=raised, by_event=look.by_event)
    if episode.state != "pending":
        if found:
            walk.to("pending", "raised", tell=False, held_ms=walk.now_ms, hits=found)
        return
    if not found:
        walk.to("inactive", "dropped", hits=())
        return
    walk.episode = replace(episode, hits=found)
    if raised and len(found) >= asked.need and _ready(rule, look, walk.now_ms):
        _open(walk, rule, look, customer, "held", episode.held_ms)


def _ready(rule: Rule, look: Look, now_ms: int) -> bool:
    """Past the warm-up of a new customer, and after enough events?"""
    warm_ms = _warm_ms(rule, look.first_ms)
    return _enough(rule, look.events) and (warm_ms is None or now_ms >= warm_ms)


def _enough(rule: Rule, events: int) -> bool:
    return rule.min_events == 1 or events >= rule.min_events


def _warm_ms(rule: Rule, first_ms: int | None) -> int | None:
    return None if first_ms is None or not rule.warmup_ms else first_ms + rule.warmup_ms


def _open(walk: _Walk, rule: Rule, look: Look, customer: str, reason: Reason, held_ms: int) -> None:
    before = walk.episode
    # Conditions may be true although the number that is shown is unknown.
    measure = 0 if look.measure_e2 is None else look.measure_e2
    again = (
        before.closed_ms is not None
        and before.closed != "rule_removed"
        and held_ms - before.closed_ms <= rule.reopen_ms
    )
    late = look.news_ms is not None and look.cause_ms < look.news_ms
    facts: dict[str, Any] = {
        "severity": _severity(rule, look, "warning"),
        "held_ms": held_ms,
        "closed": "",
        "acked_by": "",
        "renewed": False,
        "hits": (),
        "cause_ms": min(look.cause_ms, walk.now_ms),
        "late_until_ms": look.news_ms if late else None,
        "human": human.opened(
            before.human if again else None, rule.due_ms, look.calendar, walk.now_ms
        ),
    }
    if again:
        rest_ms = CALM_FACTOR * rule.clear_for_ms
        calm = before.closed_ms is not None and walk.now_ms - before.closed_ms > rest_ms
        unrest, flaps = _unrest(before, walk.now_ms)
        facts |= {"unrest": unrest, "flapping": flaps or (before.flapping and not calm)}
        peak = _worse(rule, look, before.peak_e2, measure)
        walk.to("firing", "reopened", reopened=before.reopened + 1, peak_e2=peak, **facts)
        return
    of = fingerprint(rule.id, customer, before.conversation)
    walk.to(
        "firing", reason, alert_id=alert_id(of, walk.now_ms), opened_ms=walk.now_ms,
        peak_e2=measure, reopened=0, unrest=(), flapping=False, **facts,
    )  # fmt: skip


def _unrest(episode: Episode, now_ms: int) -> tuple[tuple[int, ...], bool]:
    """The newest relapses and reopenings, this one included, and whether they are too many."""
    unrest = (*episode.unrest, now_ms)[-FLAPS:]
    return unrest, len(unrest) == FLAPS and now_ms - unrest[0] <= FLAP_MS


def _relapse(walk: _Walk) -> None:
    """Silent, unless it is one too many: that is told, once."""
    unrest, flaps = _unrest(walk.episode, walk.now_ms)
    flapped = walk.episode.flapping
    walk.to("firing", "relapsed", unrest=unrest)
    if flaps and not flapped:
        walk.to("firing", "flapping", flapping=True)


def _while_open(walk: _Walk, rule: Rule, look: Look, *, flagged: bool) -> None:
    episode = walk.episode
    if flagged or _raised(rule, look):
        if episode.state == "recovering":
            _relapse(walk)
    elif _over(rule, look):
        if episode.state == "firing":
            walk.to("recovering", "clearing", below_ms=walk.now_ms)
        elif episode.below_ms is None:
            walk.episode = replace(episode, below_ms=walk.now_ms)
    elif episode.state == "recovering" and episode.below_ms is not None:
        walk.episode = replace(episode, below_ms=None)
    severity = _severity(rule, look, walk.episode.severity)
    if severity != walk.episode.severity:
        worse = severity == "critical"
        walk.to(walk.episode.state, "escalated" if worse else "eased", severity=severity)
    measure = look.measure_e2
    if measure is not None:
        peak = _worse(rule, look, walk.episode.peak_e2, measure)
        if peak != walk.episode.peak_e2:
            walk.episode = replace(walk.episode, peak_e2=peak)


def _tell_late(walk: _Walk, look: Look) -> None:
    """An alert with old causes that is still true once all sources have caught up is told once."""
    if look.news_ms is None or look.complete_to_ms >= look.news_ms:
        walk.to(walk.episode.state, "raised", late_until_ms=None)
    elif walk.episode.late_until_ms != look.news_ms:
        walk.episode = replace(walk.episode, late_until_ms=look.news_ms)


def _severity(rule: Rule, look: Look, now: Severity) -> Severity:
    if look.judged is not None:
        critical = look.judged.critical
        if critical == "raised":
            return "critical"
        return now if critical in {"between", "unknown"} else "warning"
    cuts, measure = rule.critical, look.measure_e2
    if cuts is None or measure is None:
        return "warning"
    if beyond(rule, measure, cuts.raise_at_e2):
        return "critical"
    return now if now == "critical" and not over(rule, measure, cuts.clear_at_e2) else "warning"


def _worse(rule: Rule, look: Look, one: int, other: int) -> int:
    return max(one, other) if upwards(rule, look.judged) else min(one, other)


def _by_people(walk: _Walk, rule: Rule, look: Look) -> None:
    """End what people decided for a while; told if it is still true."""
    held, now_ms = walk.episode.human, walk.now_ms
    assert held is not None, "the caller looked"  # noqa: S101
    true = walk.episode.state == "firing"
    if held.snoozed_until_ms is not None:
        flagged = not look.cues.isdisjoint(rule.red_flags)
        worse = human.breaks(
            held, walk.episode.severity, look.measure_e2,
            upwards=upwards(rule, look.judged), flagged=flagged,
        )  # fmt: skip
        if worse or held.snoozed_until_ms <= now_ms:
            held = human.awake(held)
            reason: Reason = "snooze_broken" if worse else "snooze_ended"
            walk.to(walk.episode.state, reason, tell=true, human=human.kept(held))
    if held.acked_until_ms is not None and held.acked_until_ms <= now_ms:
        held = replace(held, acked_until_ms=None)
        walk.to(walk.episode.state, "ack_ended", tell=true, acked_by="", human=human.kept(held))
    due_ms = held.awaited_ms
    if due_ms is not None and due_ms <= now_ms:
        walk.to(walk.episode.state, "overdue", human=replace(held, overdue=True))


def _by_absence(walk: _Walk, rule: Rule, look: Look) -> None:
    """Close what is over; only as far as all sources have been read."""
    ends_ms = _ends_ms(
        walk.episode, rule, event_ms=look.event_ms, calm_ms=look.calm_ms, waits=look.waits
    )
    if ends_ms is None or ends_ms > min(walk.now_ms, look.complete_to_ms):
        return
    recovers = _recovers_ms(walk.episode, rule, look.calm_ms)
    reason: Reason = "recovered" if recovers == ends_ms else "expired"
    walk.to("closed", reason, closed=reason, closed_ms=walk.now_ms)


def _ends_ms(
    episode: Episode, rule: Rule, *, event_ms: int | None, calm_ms: int | None, waits: bool
) -> int | None:
    newest = episode.since_ms if event_ms is None else event_ms
    if rule.when is not None and episode.opened_ms is not None:
        # What conditions find may be an absence, which begins long after the newest event.
        newest = max(newest, episode.opened_ms)
    expires = None if waits else newest + rule.expire_after_ms
    return earliest((_recovers_ms(episode, rule, calm_ms), expires))


def _recovers_ms(episode: Episode, rule: Rule, calm_ms: int | None) -> int | None:
    # Event time with event time: an answer may be appended later than it was given.
    if episode.state != "recovering" or calm_ms is None or calm_ms < episode.cause_ms:
        return None
    if episode.below_ms is None:
        return None
    return episode.below_ms + rule.clear_for_ms * (FLAP_FACTOR if episode.flapping else 1)


def due_of(
    episode: Episode,
    rule: Rule,
    *,
    event_ms: int | None,
    calm_ms: int | None,
    waits: bool,
    first_ms: int | None = None,
    events: int = 1,
) -> Due:
    """When an episode changes next by time alone; `first_ms` and `events` as in `Look`.

    >>> due_of(Episode("r", "pending", held_ms=5), Rule("r", for_ms=10), event_ms=5, calm_ms=None,
    ...        waits=False)
    Due(time_ms=15, absence_ms=None)
    """
    if episode.state == "pending":
        warm_ms = _warm_ms(rule, first_ms)
        if rule.hits is not None:
            warms = warm_ms is not None and warm_ms > episode.looked_ms
            next_ms = hits.due_ms(rule.hits, episode.hits, episode.looked_ms)
            return Due(time_ms=earliest((next_ms, warm_ms if warms else None)))
        if not _enough(rule, events):
            return Due()
        held_ms = episode.held_ms + rule.for_ms
        return Due(time_ms=held_ms if warm_ms is None else max(held_ms, warm_ms))
    if episode.state not in OPEN:
        return Due()
    ends_ms = _ends_ms(episode, rule, event_ms=event_ms, calm_ms=calm_ms, waits=waits)
    late_ms = episode.late_until_ms if episode.state == "firing" else None
    return Due(episode.people.ends_ms, earliest((ends_ms, late_ms)))


def close(
    episode: Episode, reason: Literal["manual", "rule_removed", "expired"], now_ms: int
) -> Change | None:
    """Close an alert for another reason than its measure; None if it is not open."""
    if episode.state == "pending":
        walk = _Walk(episode, max(now_ms, episode.looked_ms))
        walk.to("inactive", "dropped", hits=())
    elif episode.state in OPEN:
        walk = _Walk(episode, max(now_ms, episode.looked_ms))
        walk.to("closed", reason, closed=reason, closed_ms=walk.now_ms)
    else:
        return None
    return walk.changes[0]


def decided(
    episode: Episode, reason: Reason, now_ms: int, *, by: str, rest: Human | None
) -> Change:
    """What a person decided without moving the condition.

    Args:
        episode: As it is.
        reason: One of `HUMAN`.
        now_ms: When.
        by: Who takes care of it from now on, empty for nobody.
        rest: The rest of the human axis from now on.
    """
    walk = _Walk(episode, max(now_ms, episode.looked_ms))
    walk.to(episode.state, reason, acked_by=by, human=None if rest is None else human.kept(rest))
    return walk.changes[0]
