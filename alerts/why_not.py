"""Why nobody was told of a customer: the first gate of each rule that stopped an alert.

The gates in the order in which an alert passes them: is the customer monitored, is anything known,
is the condition raised, is the customer past the warm-up, has it held, was it closed by hand; then
is the rule in shadow, was the cause too old, is it snoozed; then what became of the message at each
channel, and does somebody have it already.

Next step: `nabz why-not` prints them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

from alerts.delivery import Delivery
from alerts.fields import Seen
from alerts.lifecycle import OPEN, Episode
from alerts.message import duration, moment
from alerts.pipeline import WAITING
from alerts.rule_words import explained, hits_said
from alerts.rules import Rule
from scoring.health import monitored

Name = Literal[
    "not_monitored", "unknown", "not_raised", "warming_up", "too_few_events", "not_held_yet",
    "closed_by_hand", "shadow", "historical", "snoozed", "acked", "kept_back", "superseded",
    "undelivered", "no_message", "told",
]  # fmt: skip
NAMES: Final[tuple[Name, ...]] = Name.__args__  # type: ignore[attr-defined]


class Gate(NamedTuple):
    """What stopped the alert of a rule, or `told` where nothing did.

    Attributes:
        conversation: The one it is about; empty for the customer.
        text: In words, with the numbers compared.
    """

    rule: str
    conversation: str
    name: Name
    text: str


def gate(
    rule: Rule, seen: Seen, episode: Episode | None, deliveries: Iterable[Delivery] = ()
) -> Gate:
    """The first gate that stopped the alert of a rule.

    Args:
        rule: The rule in force.
        seen: Its subject, from `alerts.subjects.seen_by`.
        episode: Where the rule stands with this subject; None before it ever saw anything.
        deliveries: Messages about the episode, the newest record of each.
    """
    conversation = "" if episode is None else episode.conversation
    name, text = (
        _of_alert(rule, episode, seen.found.now_ms, deliveries)
        if episode is not None and episode.state in OPEN
        else _of_condition(rule, seen, episode)
    )
    return Gate(rule.id, conversation, name, text)


def _of_condition(rule: Rule, seen: Seen, episode: Episode | None) -> tuple[Name, str]:
    customer, found = seen.customer, seen.found
    lines = explained(rule, seen)
    first = lines[0]
    if not monitored(customer):
        return "not_monitored", "did not consent to being monitored"
    if first.verdict == "unknown":
        waiting = "" if found.wait.state != "unknown" else "; whether they wait is unknown too"
        return "unknown", f"nothing is known: {first.text}{waiting}"
    if rule.hits is not None and episode is not None and episode.state == "pending":
        asked = hits_said(rule.hits)
        return "not_held_yet", f"raised {len(episode.hits)} times, must be raised {asked}"
    if first.verdict != "raised":
        return "not_raised", "; ".join(line.text for line in lines)
    if customer.first_ms is not None and found.now_ms < customer.first_ms + rule.warmup_ms:
        left = duration(customer.first_ms + rule.warmup_ms - found.now_ms)
        return "warming_up", f"new: the rule waits for another {left}"
    events = customer.messages + customer.behaviours
    if events < rule.min_events:
        return "too_few_events", f"{events} events, the rule asks for {rule.min_events}"
    if episode is not None and episode.state == "pending":
        held = duration(max(0, found.now_ms - episode.since_ms))
        return "not_held_yet", f"raised for {held}, must hold for {duration(rule.for_ms)}"
    if episode is not None and episode.closed == "manual" and not episode.renewed:
        return "closed_by_hand", "nothing new has come since"
    return "not_held_yet", "raised, and not looked at since: the next record opens it"


def _of_alert(
    rule: Rule, episode: Episode, now_ms: int, deliveries: Iterable[Delivery]
) -> tuple[Name, str]:
    """The gate of an open alert, and what became of what was promised."""
    name, text = _of_open(rule, episode, now_ms, deliveries)
    human = episode.human
    if human is None or human.due_at_ms is None or human.handled_by:
        return name, text
    due = moment(human.due_at_ms, seen_from_ms=now_ms)
    return name, f"{text}; {'overdue since' if human.overdue else 'due'} {due}"


def _of_open(
    rule: Rule, episode: Episode, now_ms: int, deliveries: Iterable[Delivery]
) -> tuple[Name, str]:
    if rule.shadow:
        return "shadow", "fired in shadow: the rule tells nobody"
    if episode.late_until_ms is not None:
        return "historical", "fired on causes too old to tell; told if still true once caught up"
    human = episode.human
    if human is not None and human.snoozed_until_ms is not None:
        until = moment(human.snoozed_until_ms, seen_from_ms=now_ms)
        worse = ", or until it gets worse" if human.breaks_from else ""
        return "snoozed", f"snoozed by {human.snoozed_by} until {until}{worse}"
    about = [one for one in deliveries if one.alert_id == episode.alert_id]
    sent = sorted({one.channel for one in about if one.state == "sent"})
    if sent:
        return "told", f"told: {', '.join(sent)}"
    if episode.acked_by:
        ends_ms = None if human is None else human.acked_until_ms
        until = "" if ends_ms is None else f" until {moment(ends_ms, seen_from_ms=now_ms)}"
        return "acked", f"{episode.acked_by} takes care of it{until}"
    for one in sorted(about, key=lambda each: (-each.seq, each.channel)):
        why = one.failure or "no reason recorded"
        if one.state == "suppressed" and one.failure in WAITING:
            return "kept_back", f"{one.channel}: kept back, {why}; told if still true afterwards"
        if one.state in {"suppressed", "superseded"}:
            return "superseded", f"{one.channel}: not told any more, {why}"
        status = "" if one.http_status is None else f", answered {one.http_status}"
        return "undelivered", f"{one.channel}: {one.state} after {one.attempt} calls, {why}{status}"
    none = (
        "fired, and no channel has a message of it: no route leads to one, or it is still to come"
    )
    return "no_message", none
