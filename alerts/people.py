"""Whose customer is it? People, what they own, how they are reached and when they are there.

The first of `people` that owns an alert is its owner. Where the owner is away when the alert
changes and has a delegate who is there, the delegate is chosen; else the owner is, and hears when
their hours begin. Who is chosen is a function of the transition alone, so a restart and the auditor
choose the same. What is about nabz itself (`kind: pipeline`) has no owner: customers' owners and
those who run nabz are different audiences.

Next step: `alerts.routing` sends what is `to: owner` to the channels of the one chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alerts.ladder import Ladder
from alerts.message import Locale
from alerts.outputs import Transition
from alerts.routing import Match, Route, Subject, looks
from scoring.calendar import Calendar, open_ms

_PIPELINE: Final = "pipeline"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who owns customers.

    Attributes:
        name: In the configuration.
        channels: Names of channels.
        owns: What is asked of an alert; nothing is all of them.
        hours: When they are there; None for always.
        critical: Critical ones reach them at any hour.
        language: Of the texts; None for the channel's.
        delegate: Who stands in while they are away; None for nobody.
        budget: Alerts a day they are told of one by one; None for all.
        morning_min: Local time of their morning list, in minutes after midnight; None for none.
        users: Their ids in channels, by type of channel: what they answer there is theirs.
        may: What they may answer; None for anything.
    """

    name: str
    channels: tuple[str, ...]
    owns: Match = field(default_factory=Match)
    hours: Calendar | None = None
    critical: bool = False
    language: Locale | None = None
    delegate: str | None = None
    budget: int | None = None
    morning_min: int | None = None
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    may: frozenset[str] | None = None

    def there(self, now_ms: int) -> bool:
        """Is it one of their hours?

        >>> ann = Person("ann", ("chat",), hours=Calendar(week=(((540, 1020),),) * 7))
        >>> [ann.there(hour * 3_600_000) for hour in (8, 9, 16, 17)]
        [False, True, True, False]
        """
        return open_ms(self.hours, now_ms, now_ms + 1) > 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Who hears of an alert, and for whom."""

    person: Person
    owner: Person


def owner_of(subject: Subject, people: tuple[Person, ...], at_ms: int) -> Choice | None:
    """The one to be told of an alert, None where nobody owns it.

    Args:
        subject: The alert.
        people: In order; the first that owns it does.
        at_ms: When it changed.
    """
    if subject.labels.get("kind") == _PIPELINE:
        return None
    owner = next((one for one in people if one.owns(subject)), None)
    if owner is None:
        return None
    delegate = next((one for one in people if one.name == owner.delegate), None)
    stands_in = delegate is not None and not owner.there(at_ms) and delegate.there(at_ms)
    return Choice(delegate if delegate is not None and stands_in else owner, owner)


@dataclass(frozen=True, slots=True)
class Audience:
    """People and routes together."""

    people: tuple[Person, ...] = ()
    routes: tuple[Route, ...] = ()

    def owner(self, transition: Transition) -> tuple[str, ...]:
        """Channels of the one who is chosen when it changed; empty where nobody owns it."""
        chosen = owner_of(transition, self.people, transition.at_ms)
        return () if chosen is None else chosen.person.channels

    def hours(self, subject: Subject, at_ms: int) -> Calendar | None:
        """Business time of an alert: its owner's; None, all time, where nobody is spared by it."""
        chosen = owner_of(subject, self.people, at_ms)
        if chosen is None or (chosen.owner.critical and subject.severity == "critical"):
            return None
        return chosen.owner.hours

    def ladders(self, transition: Transition) -> tuple[tuple[Ladder, tuple[str, ...]], ...]:
        """Ladders of the routes an alert takes, each with the channels of its route."""
        return tuple(
            (self.routes[one.number].ladder, one.channels)
            for one in looks(transition, self.routes, self.owner(transition))
            if not one.missed and not self.routes[one.number].ladder.empty
        )

    def language(self, name: str | None) -> Locale | None:
        """Language of somebody; None for the channel's."""
        return next((one.language for one in self.people if one.name == name), None)

    def person(self, subject: Subject, channel: str, at_ms: int) -> Person | None:
        """Whom a message reaches in a channel as the owner; None where a route names the channel.

        Args:
            subject: The alert.
            channel: One that it reaches.
            at_ms: When it changed.
        """
        chosen = owner_of(subject, self.people, at_ms)
        if chosen is None or channel not in chosen.person.channels:
            return None
        taken = [
            self.routes[look.number]
            for look in looks(subject, self.routes, chosen.person.channels)
            if not look.missed
        ]
        named = any(not one.to_owner and channel in one.channels for one in taken)
        return chosen.person if not named and any(one.to_owner for one in taken) else None
