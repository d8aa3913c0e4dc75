"""Whose is it? The one who must act on an alert, and the hours in which that is counted.

An alert that was given to somebody is theirs. Else the first of the configured owners who owns it
has it, as the notifier's routes to the owner find it (`alerts.people`); else whom the customer's
profile names; else the team of the rule, by its label `team`, or of the touch-point. What is left
is nobody's, and says so. Owners are part of the configuration, since what is due rests on them.

Next step: `alerts.fold` says whose an alert is, and counts what is due in their hours.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from alerts.routing import Described, Match
from alerts.rules import Rule
from scoring.calendar import Calendar
from scoring.records import ProfileFacts


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Somebody who owns customers.

    Attributes:
        name: In the configuration.
        hours: Their business time, None for day and night.
        owns: What is asked of an alert; nothing is all of them.
    """

    name: str
    hours: Calendar | None = None
    owns: Match = Match()


class Owned(NamedTuple):
    """Whose an alert is; None for nobody's. The calendar is None for day and night."""

    name: str | None
    calendar: Calendar | None


def owner_of(
    owners: tuple[Owner, ...],
    rule: Rule,
    severity: str,
    profile: ProfileFacts | None,
    *,
    assignee: str,
    team: str | None,
    calendar: Calendar | None,
) -> Owned:
    """Say whose an alert is.

    Args:
        owners: In order; the first that owns it does.
        rule: Its rule.
        severity: As it is now.
        profile: Who the customer is, None while unknown.
        assignee: Whom it was given to, empty for nobody.
        team: Of the touch-point it is about.
        calendar: By which the customer waits; also of owners who have no hours of their own.

    >>> of = lambda rule, **said: owner_of(
    ...     (Owner("mina", owns=Match(rule=("r",))),), rule, "warning", None,
    ...     **{"assignee": "", "team": None, "calendar": None} | said,
    ... ).name
    >>> of(Rule("r")), of(Rule("r"), assignee="omid"), of(Rule("s"), team="chat"), of(Rule("s"))
    ('mina', 'omid', 'chat', None)
    """
    hours = {one.name: one.hours for one in owners}
    if assignee:
        return Owned(assignee, hours.get(assignee, calendar))
    subject = Described(
        severity,
        rule.id,
        None if profile is None else profile.tier,
        rule.labels,
        None if profile is None else profile.account,
        None if profile is None else profile.language,
    )
    found = next((one for one in owners if one.owns(subject)), None)
    if found is not None:
        return Owned(found.name, found.hours)
    named = None if profile is None else profile.owner
    name = named or rule.labels.get("team") or team
    return Owned(name, hours.get(name, calendar) if name else calendar)
