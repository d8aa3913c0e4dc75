"""The life of an alert: inactive, pending, firing, recovering, closed.

`step` compares one rule with one look at a customer and says what changes. At most one episode of a
rule and customer is open at a time; what has been decided once is in the `Episode`, so a replay
decides the same. Severity goes up at once and down by its own cut. Recovering is silent, a relapse
too. An alert closes as *recovered* only if the measure stayed below its cut and something good or
neutral was seen since what opened it: points that merely fade away are no recovery. Without any
contact it *expires* instead, and never while somebody waits for us. What expired, or was closed by
a person, opens again only on something new from the customer.

Next step: `alerts.fold` turns changes into transitions with evidence.
"""

from __future__ import annotations

import uuid
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec.structs import replace

from alerts.outputs import Severity, State
from alerts.rules import Rule

NAMESPACE: Final = uuid.UUID("6f1e6a52-8f0c-5d0e-9a55-1c2f7a3f9b10")
"""Root of the names of alerts; never changes, or a replay would give other ids."""

Reason = Literal[
    "raised", "red_flag", "held", "dropped", "escalated", "eased", "clearing", "relapsed",
    "recovered", "expired", "reopened", "rule_removed", "manual", "acked", "unacked",
]  # fmt: skip

NOTIFIED: Final = frozenset(
    {"raised", "red_flag", "held", "escalated", "recovered", "expired", "reopened", "rule_removed",
     "manual"}
)  # fmt: skip
"""Reasons somebody may have to be told of; the others are recorded only."""
HUMAN: Final = frozenset({"acked", "unacked", "manual"})
_NEEDS_NEWS: Final = frozenset({"expired", "manual"})
"""Ways to close while the measure may still be beyond its cut: that alone raises nothing anew."""
OPEN: Final = frozenset({"firing", "recovering"})


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
        cues: Codes of the cues the event brought.
        complete_to_ms: All sources have been read up to here.
        news_ms: Live only: causes before this are history; None where time is the data's own.
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


def fingerprint(rule: str, customer: str) -> str:
    """Identity of an alert: one rule, one customer; whatever else changes, it stays.

    >>> fingerprint("customer-distress", "c-1")
    'bd59e063-d3f0-5a47-a215-79a31f081d5b'
    """
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
    walk = _Walk(episode, max(look.now_ms, episode.looked_ms))
    if look.by_event and episode.closed and not episode.renewed:
        walk.episode = replace(episode, renewed=True)
    measure = look.measure_e2
    if measure is not None:
        _by_measure(walk, rule, look, measure, customer)
    elif episode.state == "pending":
        walk.to("inactive", "dropped")
    if walk.episode.state in OPEN:
        _by_absence(walk, rule, look)
    if walk.episode.state == "firing" and walk.episode.late_until_ms is not None:
        _tell_late(walk, look)
    if walk.changes or walk.episode is not episode:
        walk.episode = replace(walk.episode, looked_ms=walk.now_ms)
    return walk.episode, tuple(walk.changes)


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


def _by_measure(walk: _Walk, rule: Rule, look: Look, measure: int, customer: str) -> None:
    episode = walk.episode
    flagged = not look.cues.isdisjoint(rule.red_flags)
    if episode.state in OPEN:
        _while_open(walk, rule, measure, flagged=flagged)
        return
    if not flagged and not beyond(rule, measure, rule.warning.raise_at_e2):
        if episode.state == "pending":
            walk.to("inactive", "dropped")
        return
    if episode.closed in _NEEDS_NEWS and not episode.renewed:
        return
    if flagged:
        _open(walk, rule, look, measure, customer, "red_flag", walk.now_ms)
    elif episode.state == "pending":
        if walk.now_ms - episode.held_ms >= rule.for_ms:
            _open(walk, rule, look, measure, customer, "held", episode.held_ms)
    elif rule.for_ms == 0:
        _open(walk, rule, look, measure, customer, "raised", walk.now_ms)
    else:
        walk.to("pending", "raised", tell=False, held_ms=walk.now_ms)


def _open(
    walk: _Walk, rule: Rule, look: Look, measure: int, customer: str, reason: Reason, held_ms: int
) -> None:
    before = walk.episode
    again = (
        before.closed_ms is not None
        and before.closed != "rule_removed"
        and held_ms - before.closed_ms <= rule.reopen_ms
    )
    severity = _severity(rule, measure, "warning")
    late = look.news_ms is not None and look.cause_ms < look.news_ms
    facts: dict[str, Any] = {
        "severity": severity,
        "held_ms": held_ms,
        "closed": "",
        "acked_by": "",
        "renewed": False,
        "cause_ms": min(look.cause_ms, walk.now_ms),
        "late_until_ms": look.news_ms if late else None,
    }
    if again:
        peak = _worse(rule, before.peak_e2, measure)
        walk.to("firing", "reopened", reopened=before.reopened + 1, peak_e2=peak, **facts)
        return
    walk.to(
        "firing", reason, alert_id=alert_id(fingerprint(rule.id, customer), walk.now_ms),
        opened_ms=walk.now_ms, peak_e2=measure, reopened=0, **facts,
    )  # fmt: skip


def _while_open(walk: _Walk, rule: Rule, measure: int, *, flagged: bool) -> None:
    episode = walk.episode
    if flagged or beyond(rule, measure, rule.warning.raise_at_e2):
        if episode.state == "recovering":
            walk.to("firing", "relapsed")
    elif over(rule, measure, rule.warning.clear_at_e2):
        if episode.state == "firing":
            walk.to("recovering", "clearing", below_ms=walk.now_ms)
        elif episode.below_ms is None:
            walk.episode = replace(episode, below_ms=walk.now_ms)
    elif episode.state == "recovering" and episode.below_ms is not None:
        walk.episode = replace(episode, below_ms=None)
    severity = _severity(rule, measure, walk.episode.severity)
    if severity != walk.episode.severity:
        worse = severity == "critical"
        walk.to(walk.episode.state, "escalated" if worse else "eased", severity=severity)
    peak = _worse(rule, walk.episode.peak_e2, measure)
    if peak != walk.episode.peak_e2:
        walk.episode = replace(walk.episode, peak_e2=peak)


def _tell_late(walk: _Walk, look: Look) -> None:
    """An alert with old causes that is still true once all sources have caught up is told once."""
    if look.news_ms is None or look.complete_to_ms >= look.news_ms:
        walk.to(walk.episode.state, "raised", late_until_ms=None)
    elif walk.episode.late_until_ms != look.news_ms:
        walk.episode = replace(walk.episode, late_until_ms=look.news_ms)


def _severity(rule: Rule, measure: int, now: Severity) -> Severity:
    cuts = rule.critical
    if cuts is None:
        return "warning"
    if beyond(rule, measure, cuts.raise_at_e2):
        return "critical"
    return now if now == "critical" and not over(rule, measure, cuts.clear_at_e2) else "warning"


def _worse(rule: Rule, one: int, other: int) -> int:
    return max(one, other) if rule.measure == "distress" else min(one, other)


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
    expires = None if waits else newest + rule.expire_after_ms
    return _earliest(_recovers_ms(episode, rule, calm_ms), expires)


def _recovers_ms(episode: Episode, rule: Rule, calm_ms: int | None) -> int | None:
    # Event time with event time: an answer may be appended later than it was given.
    if episode.state != "recovering" or calm_ms is None or calm_ms < episode.cause_ms:
        return None
    return None if episode.below_ms is None else episode.below_ms + rule.clear_for_ms


def due_of(
    episode: Episode, rule: Rule, *, event_ms: int | None, calm_ms: int | None, waits: bool
) -> Due:
    """When an episode changes next by time alone.

    >>> due_of(Episode("r", "pending", held_ms=5), Rule("r", for_ms=10), event_ms=5, calm_ms=None,
    ...        waits=False)
    Due(time_ms=15, absence_ms=None)
    """
    if episode.state == "pending":
        return Due(time_ms=episode.held_ms + rule.for_ms)
    if episode.state not in OPEN:
        return Due()
    ends_ms = _ends_ms(episode, rule, event_ms=event_ms, calm_ms=calm_ms, waits=waits)
    late_ms = episode.late_until_ms if episode.state == "firing" else None
    return Due(absence_ms=_earliest(ends_ms, late_ms))


def _earliest(*found: int | None) -> int | None:
    return min((one for one in found if one is not None), default=None)


def close(
    episode: Episode, reason: Literal["manual", "rule_removed"], now_ms: int
) -> Change | None:
    """Close an alert for another reason than its measure; None if it is not open."""
    if episode.state == "pending":
        walk = _Walk(episode, max(now_ms, episode.looked_ms))
        walk.to("inactive", "dropped")
    elif episode.state in OPEN:
        walk = _Walk(episode, max(now_ms, episode.looked_ms))
        walk.to("closed", reason, closed=reason, closed_ms=walk.now_ms)
    else:
        return None
    return walk.changes[0]


def acknowledge(episode: Episode, actor: str, now_ms: int) -> Change | None:
    """Somebody takes care of an open alert, or nobody any more (empty); None if nothing changes."""
    if episode.state not in OPEN or episode.acked_by == actor:
        return None
    walk = _Walk(episode, max(now_ms, episode.looked_ms))
    walk.to(episode.state, "acked" if actor else "unacked", acked_by=actor)
    return walk.changes[0]
