"""How much readers are told by messages of their own: per channel, per account, per owner and day.

What `alerts.pipeline` lets go may still be more than somebody reads: customers of one account wait
for each other a moment, a channel in a flood and an owner whose day is full are told the rest in
one message. All of it is a function of records, so a restart decides as the last process would.

Next step: `streams.notifier.held` makes one message of what waits here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from alerts.budget import Day, Meter
from alerts.deeds import DEEDS
from alerts.delivery import Delivery
from alerts.outputs import Transition
from alerts.people import Person
from alerts.pipeline import Kept, Now, kept_back
from scoring.calendar import local_day


@dataclass(frozen=True, slots=True)
class Group:
    """How customers of one account share a message in a channel.

    Attributes:
        wait_ms: How long the first of them waits for others.
        window_ms: Who comes within so long of the message is an update of it.
    """

    wait_ms: int
    window_ms: int = 3_600_000


@dataclass(slots=True)
class Allowance:
    """What has been told lately.

    Attributes:
        meters: Of channels that have a budget.
        groups: Of channels that group by account.
        people: Those whose day has a budget, by name.
        days: What they have been told today.
    """

    meters: dict[str, Meter] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    people: Mapping[str, Person] = field(default_factory=dict)
    days: dict[str, Day] = field(default_factory=dict)

    def why_kept(
        self, transition: Transition, now: Now, wall_ms: int, *, waited: bool = False
    ) -> Kept | None:
        """What keeps an opening back; one that nothing does uses up what its readers bear.

        Args:
            transition: What would be told.
            now: What is in force, with the channel.
            wall_ms: The wall clock.
            waited: It has waited for others of its account.
        """
        why = kept_back(transition, now)
        if why is not None or transition.after == "closed":
            return why
        if now.channel in self.groups and transition.account is not None and not waited:
            return kept_back(transition, replace(now, grouped=True))
        if transition.reason in DEEDS:  # its message is edited
            return None
        meter = self.meters.get(now.channel)
        if meter is not None and meter.arrived(wall_ms):
            why = kept_back(transition, replace(now, flooded=True))
        if why is not None:
            return why
        person = now.audience.person(transition, now.channel, transition.at_ms)
        if person is None or not self._full(person.name, transition.alert_id, wall_ms):
            return None
        return kept_back(transition, replace(now, spent=person.name))

    def recorded(self, delivery: Delivery) -> None:
        """Count a recorded message as it was counted when it was planned."""
        if delivery.closing or delivery.reason in DEEDS:
            return
        meter = self.meters.get(delivery.channel)
        passed = delivery.state != "suppressed"
        if meter is not None and delivery.kind == "digest" and delivery.reason != "group":
            meter.told_ms = delivery.created_ms
        elif meter is not None and (passed or delivery.failure in {"budget", "owner_budget"}):
            meter.arrived(delivery.created_ms)
        if passed and delivery.person is not None and delivery.by is None:
            self._full(delivery.person, delivery.alert_id, delivery.created_ms)

    def begins(self, name: str, since_ms: int, now_ms: int) -> bool:
        """Has a new day of an owner begun, and are they there?"""
        person = self.people.get(name)
        if person is None:  # their budget has left the configuration
            return True
        today, then = (local_day(person.hours, one) for one in (now_ms, since_ms))
        return today > then and person.there(now_ms)

    def _full(self, name: str, alert_id: str, at_ms: int) -> bool:
        """Is the day of an owner full without this alert? If not, it is one of its alerts now."""
        person = self.people.get(name)
        if person is None or person.budget is None:
            return False
        day = self.days.setdefault(name, Day(person.budget))
        return day.full(alert_id, local_day(person.hours, at_ms))
