"""What keeps a message back, in the order of `STAGES`.

Only an opening, a reminder or an escalation may be kept back; a close is never a stage's business:
`alerts.delivery` sends it wherever its opening went. Each stage has one signature and names its
reason, which is recorded with the delivery and counted. What is kept back for a reason of `WAITING`
is looked at again, and told once if the reason has gone and the alert has not.

Next step: `alerts.delivery` carries what is left to the channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, get_args

from alerts import holds, silences
from alerts.deeds import DEEDS
from alerts.outputs import Transition
from alerts.people import Audience
from alerts.quality import POOR
from alerts.quiet_hours import QuietHours

Reason = Literal[
    "shadow",
    "historical",
    "quality",
    "too_old",
    "held",
    "maintenance",
    "silence",
    "quiet_hours",
    "snoozed",
    "group",
    "budget",
    "owner_budget",
    "discarded",
    "nothing_to_close",
    "superseded",
]
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)
WAITING: Final[frozenset[str]] = frozenset(
    {
        "too_old",
        "held",
        "maintenance",
        "silence",
        "quiet_hours",
        "group",
        "budget",
        "owner_budget",
    }
)
"""Reasons that pass; the others are for good."""


class Kept(NamedTuple):
    """Why something is kept back, and by which hold or silence, null where there is none."""

    reason: Reason
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Now:
    """What a stage may look at besides the transition; what is in force, it is at this time.

    Attributes:
        now_ms: The time it is: the wall clock where `live`, else the newest `at_ms` seen.
        live: The installation runs on the wall clock. Elsewhere the fold knows what is history.
        max_notify_age_ms: Older openings wait until the notifier has caught up.
        caught_up: It has.
        channel: Name of the channel the message would go to.
        holds: Holds in force.
        maintenance: Maintenance in force.
        silences: Silences in force.
        quiet: Channels that have quiet hours now.
        wary: Channels that want only what is well founded.
        heard: Channels that are to hear of it, while it is planned; not asked again later.
        grouped: It waits for others of its account.
        flooded: The channel has had more openings than it bears.
        spent: The owner whose day is full, None where it is not.
        audience: Whose customers they are, and when those people are there.
    """

    now_ms: int
    live: bool = True
    max_notify_age_ms: int = 900_000
    caught_up: bool = False
    channel: str = ""
    holds: tuple[holds.Named, ...] = ()
    maintenance: tuple[silences.Named, ...] = ()
    silences: tuple[silences.Named, ...] = ()
    quiet: Mapping[str, QuietHours] = field(default_factory=dict)
    wary: frozenset[str] = frozenset()
    heard: tuple[str, ...] = ()
    grouped: bool = False
    flooded: bool = False
    spent: str | None = None
    audience: Audience = field(default_factory=Audience)


Stage = Callable[[Transition, Now], Kept | None]


def shadow(transition: Transition, now: Now) -> Kept | None:  # noqa: ARG001  # one signature
    """A rule on trial tells nobody."""
    return Kept("shadow") if transition.shadow else None


def historical(transition: Transition, now: Now) -> Kept | None:  # noqa: ARG001
    """The fold found its causes too old to page anybody."""
    return Kept("historical") if transition.historical else None


def quality(transition: Transition, now: Now) -> Kept | None:
    """It rests on too little for a channel that pages, and another one hears of it."""
    poor = POOR.intersection(transition.quality)
    exempt = transition.reason == "red_flag" or (
        transition.loss is not None and transition.loss.exempt is not None
    )
    elsewhere = now.channel in now.wary and not now.wary.issuperset(now.heard)
    return Kept("quality", min(poor)) if poor and elsewhere and not exempt else None


def too_old(transition: Transition, now: Now) -> Kept | None:
    """It has waited too long for us; it is sent once we have caught up, if it is still true."""
    late = now.live and now.now_ms - transition.at_ms > now.max_notify_age_ms
    return Kept("too_old") if late and not now.caught_up else None


def held(transition: Transition, now: Now) -> Kept | None:
    """Somebody has pressed the stop button."""
    found = holds.covering(now.holds, now.channel, transition.rule)
    return None if found is None else Kept("held", found[0])


def maintenance(transition: Transition, now: Now) -> Kept | None:
    """Planned work is going on."""
    found = silences.covering(now.maintenance, transition)
    return None if found is None else Kept("maintenance", found[0])


def silenced(transition: Transition, now: Now) -> Kept | None:
    """Somebody does not want to hear of it for a while."""
    found = silences.covering(now.silences, transition)
    return None if found is None else Kept("silence", found[0])


def quiet_hours(transition: Transition, now: Now) -> Kept | None:
    """Whoever reads the channel sleeps, or the owner is not there.

    What a person did to an alert that was told wakes nobody: their message is edited.
    """
    if transition.reason in DEEDS:
        return None
    critical = transition.severity == "critical"
    found = now.quiet.get(now.channel)
    if found is not None and not (found.critical and critical):
        return Kept("quiet_hours")
    person = now.audience.person(transition, now.channel, transition.at_ms)
    if person is None or (person.critical and critical) or person.there(now.now_ms):
        return None
    return Kept("quiet_hours", person.name)


def snoozed(transition: Transition, now: Now) -> Kept | None:  # noqa: ARG001
    """Somebody wanted to hear no more of this one; its end is a transition of its own."""
    care = transition.care
    return None if care.snoozed_until_ms is None else Kept("snoozed", care.snoozed_by)


def group(transition: Transition, now: Now) -> Kept | None:
    """Others of its account may follow at once: one message says all of them."""
    return Kept("group", transition.account) if now.grouped else None


def budget(transition: Transition, now: Now) -> Kept | None:
    """The channel is full; what is critical passes, the rest comes in a digest."""
    return Kept("budget") if now.flooded and transition.severity != "critical" else None


def owner_budget(transition: Transition, now: Now) -> Kept | None:
    """The owner has been told enough today; what is critical passes, the rest comes tomorrow."""
    full = now.spent is not None and transition.severity != "critical"
    return Kept("owner_budget", now.spent) if full else None


STAGES: Final[tuple[Stage, ...]] = (
    shadow, historical, quality, too_old, held, maintenance, silenced, quiet_hours, snoozed, group,
    budget, owner_budget,
)  # fmt: skip


def kept_back(transition: Transition, now: Now) -> Kept | None:
    """The first reason not to send a transition, None if it may go or is a close."""
    if transition.after == "closed":
        return None
    return next((kept for stage in STAGES if (kept := stage(transition, now))), None)
