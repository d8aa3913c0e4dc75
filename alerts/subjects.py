"""What a rule is about: a customer as a whole, or each conversation of theirs that is remembered.

A rule about conversations has an episode for each one that has an id of its own; whatever else the
customer does, one conversation neither opens nor closes the alert of another. A conversation that
is not remembered any more is unknown: its alert expires like one nobody writes to. Once closed it
is forgotten, and how far its numbers had come is kept for all of them together, so that the same
conversation, should it come back, never counts backwards.

Next step: `alerts.fold` lets every rule look at every subject of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from alerts.conditions import Judged, judge, knowable, verdict
from alerts.fields import Seen
from alerts.lifecycle import OPEN, Episode
from alerts.rules import Rule
from scoring.conversation import CONVERSATIONS
from scoring.customer import Customer
from scoring.talks import View, view

FORGOTTEN_MAX: Final = CONVERSATIONS
"""Open alerts of one rule about conversations that are forgotten; beyond it the oldest expire."""
_LIVE: Final = OPEN | {"pending"}


class Measured(NamedTuple):
    """What a rule looks at, and where it is raised and cleared; all in hundredths."""

    measure: str
    value_e2: int | None
    raise_at_e2: int
    clear_at_e2: int
    judged: Judged | None = None


class Signs(NamedTuple):
    """What an alert's end depends on: newest event, newest good sign, does somebody wait."""

    event_ms: int | None
    calm_ms: int | None
    waits: bool


def is_plain(rule: Rule) -> bool:
    """A rule about the customer with a measure and cuts, and nothing else."""
    return rule.when is None and rule.entity == "customer"


def signs(customer: Customer, rule: Rule, conversation: str) -> Signs:
    """What the end of an alert depends on.

    In a conversation the good sign is an answer of ours, or the customer's goodbye.

    >>> signs(Customer(event_ms=7), Rule("r"), "")
    Signs(event_ms=7, calm_ms=None, waits=False)
    """
    if rule.entity == "customer":
        waits = any(talk.waiting_since_ms is not None for talk in customer.conversations)
        return Signs(customer.event_ms, customer.calm_ms, waits)
    for talk in customer.conversations:
        if talk.named and talk.key == conversation:
            answered_ms = None if talk.answered_ms < 0 else talk.answered_ms
            return Signs(talk.last_ms, answered_ms, talk.waiting_since_ms is not None)
    return Signs(None, None, waits=False)


def seen_by(rule: Rule, conversation: str, seen: Seen) -> Seen:
    """What a rule sees of its subject: for a conversation its view, if it is remembered."""
    if rule.entity == "customer":
        return seen
    known: Seen | None = None if seen.memo is None else seen.memo.get(conversation)
    if known is not None:
        return known
    for talk in seen.customer.conversations:
        if talk.named and talk.key == conversation:
            now = view(
                seen.customer,
                talk,
                seen.found.now_ms,
                seen.scoring,
                complete_to_ms=seen.complete_to_ms,
            )
            if seen.memo is None:
                return seen._replace(talk=now)
            found = seen.memo[conversation] = seen._replace(talk=now, memo={})
            return found
    return seen


def views_of(seen: Seen) -> dict[str, View]:
    """Views of conversations that rules have asked for at this moment."""
    asked = seen.memo or {}
    return {key: of.talk for key, of in asked.items() if isinstance(key, str)}


def raised(rule: Rule, seen: Seen) -> bool:
    """Is a rule raised, of whatever severity? Asked first, as mostly it is not.

    Args:
        rule: A rule with conditions, or about conversations.
        seen: Its subject, from `seen_by`.
    """
    if rule.when is not None:
        return knowable(seen, rule.entity) and verdict(rule.when, seen, rule.entity) == "raised"
    value = None if seen.talk is None else seen.talk.distress_e2
    return value is not None and value >= rule.warning.raise_at_e2


def measured(rule: Rule, seen: Seen, severity: str) -> Measured:
    """Hold a rule against its subject.

    Args:
        rule: The rule.
        seen: Its subject, from `seen_by`.
        severity: Of the alert as it is; says which cuts are shown.
    """
    if rule.when is not None:
        judged = judge(rule.when, rule.critical_when, seen, rule.entity)
        return Measured(
            judged.measure, judged.value_e2, judged.raise_at_e2, judged.clear_at_e2, judged
        )
    cuts = rule.critical if severity == "critical" and rule.critical is not None else rule.warning
    found = seen.found
    if rule.entity == "conversation":
        name, value = "conversation_distress", None if seen.talk is None else seen.talk.distress_e2
    else:
        name, value = rule.measure, found.distress_e2
        if rule.measure == "health":
            value = found.health_e2
    return Measured(name, value, cuts.raise_at_e2, cuts.clear_at_e2)


def subjects(rule: Rule, customer: Customer, episodes: Iterable[Episode]) -> list[str]:
    """All a rule has to look at: remembered conversations, then those with an alert still open.

    Args:
        rule: The rule.
        customer: Whose conversations they are.
        episodes: Those of this rule.

    Returns:
        Keys of conversations, or one empty key for the customer.
    """
    if rule.entity == "customer":
        return [""]
    keys = dict.fromkeys(talk.key for talk in customer.conversations if talk.named)
    live = (one.conversation for one in episodes if one.conversation and one.state in _LIVE)
    return [*keys, *(key for key in live if key not in keys)]


class Kept(NamedTuple):
    """Episodes of a rule about conversations, after what is over and forgotten has gone.

    Attributes:
        episodes: Those that stay, in their order, the one that stands for all others first.
        overdue: Open ones that are forgotten and too many: the oldest, to be closed at once.
    """

    episodes: tuple[Episode, ...]
    overdue: tuple[Episode, ...]


def kept(rule: Rule, customer: Customer, episodes: Iterable[Episode]) -> Kept:
    """Forget closed alerts of conversations that are not remembered any more.

    How far they had counted is kept in an episode without conversation, at which new ones start.

    >>> kept(Rule("r", entity="conversation"), Customer(), [Episode("r", "closed", 6,
    ...     conversation="t-1")]).episodes[0].seq
    6
    """
    remembered = {talk.key for talk in customer.conversations if talk.named}
    stay: list[Episode] = []
    forgotten: list[Episode] = []
    before, last = 0, 0
    for one in episodes:
        if not one.conversation:
            before = one.seq
        elif one.conversation in remembered:
            stay.append(one)
        elif one.state in _LIVE:
            stay.append(one)
            forgotten.append(one)
        else:
            last = max(last, one.seq)
    forgotten.sort(key=lambda one: (one.since_ms, one.conversation))
    floor = max(before, last)
    first = (Episode(rule.id, seq=floor),) if floor else ()
    return Kept((*first, *stay), tuple(forgotten[: max(0, len(forgotten) - FORGOTTEN_MAX)]))
