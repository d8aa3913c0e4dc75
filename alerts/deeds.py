"""What people answer in a channel: a pressed button, an acknowledged page, and who that was.

A channel says that one of its users did something about one alert. Who that is stands in `people:`,
by the channel's own id of them; what they may do stands there too. What comes of it is a command
for `nabz.commands.v1`, under an id made of what the channel said, so that one that comes twice is
one; or a refusal with a reason from a closed set. Nothing a user writes decides who they are.

Next step: `streams.notifier.hearing` writes the command, `alerts.fold` decides what it changes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, get_args

from alerts.channels.base import ENDS
from alerts.message import NAMESPACE, Notification
from alerts.people import Person
from scoring.records import DISAGREEMENTS

Refused = Literal["unknown_user", "not_allowed", "unknown_alert", "unknown_assignee", "too_old"]
REFUSALS: Final[tuple[Refused, ...]] = get_args(Refused)
DEEDS: Final = frozenset(
    {"acked", "unacked", "snoozed", "unsnoozed", "assigned", "noted", "disagreed", "handled"}
)
"""Reasons of transitions that people have made; a `resolve` ends the alert."""
SNOOZES_MS: Final = (3_600_000, 4 * 3_600_000, 24 * 3_600_000)
"""What the buttons offer."""
TOO_OLD_MS: Final = 3 * 86_400_000
"""A channel that could not reach us tries for two days (PagerDuty); older ones are played back."""
_AHEAD_MS: Final = 600_000
"""What the clocks of others may be ahead of ours, as for events."""
_CODE: Final = re.compile(r"([a-z]{2,10}):([a-z_0-9]{0,16}):([0-9a-f-]{36})")


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did in a channel, before it is known who they are.

    Attributes:
        command_id: Same for the same deed, however often the channel tells of it.
        verb: What they want, one of `scoring.records.VERBS`.
        alert_id: The episode they were told of.
        user: The channel's id of them; empty where the receiver itself did it.
        at_ms: When, by the channel's clock; None where it does not say.
        for_ms: How long, of a snooze.
        reason: Why they disagree.
        text: A note, as written.
        to: The channel's id of the new owner, of an assignment.
    """

    command_id: str
    verb: str
    alert_id: str
    user: str
    at_ms: int | None = None
    for_ms: int | None = None
    reason: str = ""
    text: str = field(default="", repr=False)
    to: str = ""


class About(NamedTuple):
    """The alert an answer is about: whose it is, and which."""

    customer: str
    fingerprint: str
    alert_id: str


class Refusal(NamedTuple):
    """An answer that becomes no command."""

    reason: Refused


class Allowed(NamedTuple):
    """An answer that becomes a command: key and value of a record of `nabz.commands.v1`."""

    person: str
    key: str
    value: Mapping[str, Any]


def command_id(*parts: str) -> str:
    """Identity of a deed, from what the channel says of it.

    >>> command_id("slack", "a|b", "c") == command_id("slack", "a", "b|c")
    False
    """
    named = "|".join(f"{len(part)}:{part}" for part in parts)
    return str(uuid.uuid5(NAMESPACE, f"answer|{named}"))


def code(verb: str, argument: str, alert_id: str) -> str | None:
    """What a button carries, at most 64 bytes; None where an alert's id is of another form.

    >>> code("ack", "", "0" * 36) == "ack::" + "0" * 36
    True
    >>> code("ack", "", "digest-1") is None
    True
    """
    made = f"{verb}:{argument}:{alert_id}"
    return made if _CODE.fullmatch(made) else None


class Pressed(NamedTuple):
    """What a button carried."""

    verb: str
    argument: str
    alert_id: str


def pressed(carried: object) -> Pressed | None:
    """Read what a button carried; None for anything that is none of ours.

    >>> pressed("snooze:60:" + "0" * 36).argument
    '60'
    >>> pressed("rm -rf"), pressed(7)
    (None, None)
    """
    found = _CODE.fullmatch(carried) if isinstance(carried, str) else None
    return None if found is None else Pressed(*found.groups())


def wanted(button: Pressed, **facts: Any) -> Deed | None:
    """The answer a button stands for; None where it only opens a menu, or is none of ours.

    Args:
        button: What it carried.
        facts: `command_id`, `user` and `at_ms`, as the channel says them.

    >>> button = Pressed("snooze", "60", "0" * 36)
    >>> wanted(button, command_id="c", user="u").for_ms
    3600000
    """
    match button:
        case Pressed("ack" | "resolve" as verb, "", alert_id):
            return Deed(verb=verb, alert_id=alert_id, **facts)
        case Pressed("snooze", minutes, alert_id) if minutes.isdigit():
            for_ms = int(minutes) * 60_000
            if for_ms in SNOOZES_MS:
                return Deed(verb="snooze", alert_id=alert_id, for_ms=for_ms, **facts)
        case Pressed("disagree", doubt, alert_id) if doubt in DISAGREEMENTS:
            return Deed(verb="disagree", alert_id=alert_id, reason=doubt, **facts)
        case _:
            pass
    return None


def answerable(notification: Notification) -> bool:
    """May somebody answer to it? To an end, a digest and what is about nabz itself nobody can."""
    about_nabz = notification.fingerprint.startswith("~")
    return not about_nabz and notification.kind not in {*ENDS, "digest"}


def person_of(people: Sequence[Person], kind: str, user: str) -> Person | None:
    """Who a user of a channel is; None where nobody is known by that id."""
    return next((one for one in people if user and user in one.users.get(kind, ())), None)


def decided(
    deed: Deed,
    *,
    kind: str,
    channel: str,
    about: About | None,
    people: Sequence[Person],
    now_ms: int,
) -> Allowed | Refusal:
    """What becomes of an deed.

    Args:
        deed: What somebody did.
        kind: Type of the channel (`slack`); people are known by it.
        channel: Its name, for the record.
        about: The alert, None where this channel was told of none by that id.
        people: All who are known.
        now_ms: The wall clock.
    """
    person = person_of(people, kind, deed.user)
    if person is None and (deed.user or deed.verb != "unack"):
        return Refusal("unknown_user")
    if person is not None and person.may is not None and deed.verb not in person.may:
        return Refusal("not_allowed")
    at_ms = now_ms if deed.at_ms is None else min(deed.at_ms, now_ms + _AHEAD_MS)
    if now_ms - at_ms > TOO_OLD_MS:
        return Refusal("too_old")
    if about is None:
        return Refusal("unknown_alert")
    owner = person_of(people, kind, deed.to) if deed.verb == "assign" else None
    if deed.verb == "assign" and owner is None:
        return Refusal("unknown_assignee")
    name = kind if person is None else person.name
    value: dict[str, Any] = {
        "command_id": deed.command_id,
        "verb": deed.verb,
        "customer": about.customer,
        "fingerprint": about.fingerprint,
        "alert_id": about.alert_id,
        "actor": name,
        "channel": channel,
        "ts_ms": at_ms,
        "until_ms": None if deed.for_ms is None else at_ms + deed.for_ms,
        "until_worse": deed.verb == "snooze",
        "assignee": "" if owner is None else owner.name,
        "reason": deed.reason,
        "text": deed.text,
    }
    value = {field: said for field, said in value.items() if said not in (None, "", False)}
    return Allowed(name, about.customer, value)
