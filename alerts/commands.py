"""What a command makes of an alert: a change, or the reason it was refused for.

Only resolving, and disagreeing with an alert, closes it; all else leaves the condition alone. What
is asked of an alert that has moved on (another episode, a newer transition, closed) is refused, so
that a button that is pressed late does nothing to what nobody has looked at.

Next step: `alerts.fold` tells the change with its answer.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple, get_args

from msgspec.structs import replace

from alerts.human import ACK_MS, LONGEST_MS, Human, awake
from alerts.lifecycle import OPEN, Change, Episode, Reason, close, decided
from scoring.calendar import Calendar, reached_ms
from scoring.records import Command

Refusal = Literal[
    "unknown_alert", "never_opened", "another_alert", "closed", "stale", "past", "too_long",
    "nothing_to_undo",
]  # fmt: skip
REFUSALS: Final[tuple[Refusal, ...]] = get_args(Refusal)
_WHATEVER_STATE: Final = frozenset({"note", "disagree", "handled"})
"""What can be said of an alert that is closed."""
_NOBODY: Final = "?"
"""Who decided, where the command does not say."""


class Sight(NamedTuple):
    """What a command needs to know of the alert besides its episode.

    Attributes:
        measure_e2: As it is now, None while unknown.
        upwards: More of it is worse.
        calendar: The owner's business time.
    """

    measure_e2: int | None = None
    upwards: bool = True
    calendar: Calendar | None = None


def refusal(episode: Episode, command: Command, now_ms: int) -> Refusal | None:
    """Why a command cannot be applied to an alert, None where it can.

    >>> from scoring.records import Origin
    >>> command = Command(0, 0, "c", 0, Origin("commands", 0, 0), "ack")
    >>> refusal(Episode("r"), command, 5), refusal(Episode("r", "firing", alert_id="a"), command, 5)
    ('never_opened', None)
    """
    if command.alert_id and command.alert_id != episode.alert_id:
        return "another_alert"
    if command.seq is not None and command.seq < episode.seq:
        return "stale"
    if command.verb == "resolve" and episode.state == "pending":
        return None
    if not episode.alert_id:
        return "never_opened"
    if episode.state not in OPEN and command.verb not in _WHATEVER_STATE:
        return "closed"
    return _of_span(command, now_ms) or _of_undoing(episode, command)


def _of_span(command: Command, now_ms: int) -> Refusal | None:
    if command.verb not in {"ack", "snooze"} or command.until_ms is None:
        return None
    if command.until_ms <= now_ms:
        return "past"
    return "too_long" if command.until_ms - now_ms > LONGEST_MS else None


def _of_undoing(episode: Episode, command: Command) -> Refusal | None:
    human = episode.people
    held = {"unack": bool(episode.acked_by), "unsnooze": human.snoozed}
    return None if held.get(command.verb, True) else "nothing_to_undo"


def changed(episode: Episode, command: Command, now_ms: int, sight: Sight) -> Change:
    """Apply a command that is not refused.

    Args:
        episode: The alert.
        command: What was decided.
        now_ms: When it is folded.
        sight: What else there is to know.
    """
    by = command.actor or _NOBODY
    human = episode.people
    match command.verb:
        case "ack":
            until_ms = _ack_ends_ms(command, now_ms, sight.calendar)
            held = replace(human, acked_until_ms=until_ms)
            return decided(episode, "acked", now_ms, by=by, rest=held)
        case "unack":
            held = replace(human, acked_until_ms=None)
            return decided(episode, "unacked", now_ms, by="", rest=held)
        case "snooze":
            return _human(episode, "snoozed", now_ms, _snoozed(episode, command, now_ms, sight))
        case "unsnooze":
            return _human(episode, "unsnoozed", now_ms, awake(human))
        case "assign":
            held = replace(human, assignee=command.assignee)
            return _human(episode, "assigned", now_ms, held)
        case "note":
            return _human(episode, "noted", now_ms, human)
        case "handled":
            held = replace(human, acked_until_ms=None, handled_by=by, verdict="handled")
            return decided(episode, "handled", now_ms, by=by, rest=held)
        case "disagree":
            return _disagreed(episode, command, now_ms, human)
        case _:
            return _closed(episode, now_ms)


def refused(episode: Episode, now_ms: int) -> Change:
    """What a refused command leaves of itself: a transition, and nothing else."""
    return _human(episode, "rejected", now_ms, episode.people)


def _human(episode: Episode, reason: Reason, now_ms: int, human: Human) -> Change:
    return decided(episode, reason, now_ms, by=episode.acked_by, rest=human)


def _ack_ends_ms(command: Command, now_ms: int, calendar: Calendar | None) -> int:
    if command.until_ms is not None:
        return command.until_ms
    ends_ms = reached_ms(calendar, now_ms, ACK_MS)
    longest_ms = now_ms + LONGEST_MS
    return longest_ms if ends_ms is None else min(ends_ms, longest_ms)


def _snoozed(episode: Episode, command: Command, now_ms: int, sight: Sight) -> Human:
    until_ms = now_ms + LONGEST_MS if command.until_ms is None else command.until_ms
    facts: dict[str, Any] = {"breaks_from": "", "breaks_at_e2": None}
    if command.until_worse:
        facts["breaks_from"] = episode.severity
        if command.worse_by_e2 is not None and sight.measure_e2 is not None:
            by_e2 = command.worse_by_e2 if sight.upwards else -command.worse_by_e2
            facts["breaks_at_e2"] = sight.measure_e2 + by_e2
    human = episode.people
    return replace(human, snoozed_until_ms=until_ms, snoozed_by=command.actor or _NOBODY, **facts)


def _disagreed(episode: Episode, command: Command, now_ms: int, human: Human) -> Change:
    """Somebody else's stays open and is nobody's; any other is over for whoever looked at it."""
    said = replace(human, verdict=command.reason)
    if episode.state not in OPEN:
        return _human(episode, "disagreed", now_ms, said)
    if command.reason == "not_mine":
        given_back = replace(said, assignee="", acked_until_ms=None)
        return decided(episode, "disagreed", now_ms, by="", rest=given_back)
    return _closed(replace(episode, human=said), now_ms)


def _closed(episode: Episode, now_ms: int) -> Change:
    change = close(episode, "manual", now_ms)
    assert change is not None, "it was looked at before"  # noqa: S101
    return change
