"""All messages that are on their way, by lane, and what has been planned before.

A lane is one alert in one channel. The outbox plans deliveries for transitions, drops what is not
newer than what it planned for that channel, and is rebuilt from `nabz.deliveries.v1`. It does no
I/O: whoever changes it has written the records first.

Next step: `streams.notifier.loop` drains the lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alerts.delivery import Delivery, Step, interrupted, planned, released, step, superseded
from alerts.outputs import Transition
from alerts.pipeline import Now, kept_back
from alerts.routing import Route, channels_for

Key = tuple[str, str]
"""Channel and alert id."""
KEEP_MS = 30 * 86_400_000
_HUMAN = frozenset({"acked", "snoozed"})


@dataclass
class Outbox:
    """The state of the active notifier.

    Attributes:
        lanes: Deliveries of each alert in each channel, oldest first, while its end is untold.
        transitions: What open deliveries are about, by notification id.
        seen: Newest log epoch and sequence number planned, by channel and fingerprint.
        ended: Deliveries whose lane has ended, and when: tombstoned after 30 days.
    """

    lanes: dict[Key, list[Delivery]] = field(default_factory=dict)
    transitions: dict[str, Transition] = field(default_factory=dict)
    seen: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def restore(self, deliveries: Iterable[Delivery], now_ms: int) -> list[Delivery]:
        """Take up where the records end, and return those whose transitions are still needed."""
        for one in sorted(deliveries, key=lambda one: (one.log.epoch, one.seq, one.created_ms)):
            self._saw(one)
            taken = interrupted(one, now_ms) if one.state == "sending" else one
            self.lanes.setdefault((one.channel, one.alert_id), []).append(taken)
        for key in list(self.lanes):
            self._end(key)
        return [
            one
            for lane in self.lanes.values()
            for one in lane
            if one.open or (one is lane[-1] and one.failure == "too_old")
        ]

    def plan(
        self,
        transition: Transition,
        offset: int,
        *,
        routes: tuple[Route, ...],
        channels: Iterable[str],
        now: Now,
        wall_ms: int,
    ) -> list[Delivery]:
        """The first records of a transition's messages; empty if nobody is to be told, or again."""
        alert_id, closes = transition.alert_id, transition.after == "closed"
        known = tuple(channels)
        told = tuple(name for name in known if (name, alert_id) in self.lanes)
        wanted = channels_for(transition, routes, known) if transition.notify else ()
        if closes:  # a close follows its opening, whatever the routes have become
            wanted = (*wanted, *(name for name in told if name not in wanted))
        kept = kept_back(transition, now)
        place = (transition.log.epoch, transition.seq)
        return [
            planned(transition, channel=name, offset=offset, now_ms=wall_ms, kept=kept)
            for name in wanted
            if place > self.seen.get((name, transition.fingerprint), (-1, -1))
        ]

    def withdrawn(
        self, transition: Transition, channels: Iterable[str], now_ms: int
    ) -> list[Delivery]:
        """Openings that need not be sent any more, since a person has taken the alert."""
        if transition.reason not in _HUMAN:
            return []
        lanes = (self.lanes.get((name, transition.alert_id), []) for name in channels)
        return [
            superseded(one, now_ms)
            for lane in lanes
            for one in lane
            if one.state in {"pending", "failed_temp"}
            and not one.closing
            and one.seq < transition.seq
            and not any(other.state == "sending" for other in lane)
        ]

    def add(self, delivery: Delivery, transition: Transition) -> Key:
        """Take a planned delivery whose record is acknowledged."""
        key = (delivery.channel, delivery.alert_id)
        self._saw(delivery)
        self.lanes.setdefault(key, []).append(delivery)
        if delivery.open or delivery.failure == "too_old":
            self.transitions[delivery.notification_id] = transition
        return key

    def update(self, delivery: Delivery) -> None:
        """Take the newer record of a delivery."""
        lane = self.lanes.get((delivery.channel, delivery.alert_id), [])
        for place, one in enumerate(lane):
            if one.notification_id == delivery.notification_id:
                lane[place] = delivery
        if not delivery.open and delivery.failure != "too_old":
            self.transitions.pop(delivery.notification_id, None)

    def step(self, key: Key, now_ms: int) -> Step:
        """What a lane does next."""
        return step(self.lanes.get(key, ()), now_ms)

    def settle(self, key: Key) -> None:
        """Forget a lane whose end has been told or needs no telling."""
        self._end(key)

    def late(self, now_ms: int) -> list[Delivery]:
        """Openings that were too old when read and are still the last word: they go out now."""
        return [
            released(lane[-1], now_ms)
            for lane in self.lanes.values()
            if lane and lane[-1].failure == "too_old"
        ]

    def expired(self, now_ms: int) -> list[str]:
        """Ids whose records may go."""
        return [one for one, since_ms in self.ended.items() if now_ms - since_ms > KEEP_MS]

    def drop(self, notification_ids: Iterable[str]) -> None:
        """Forget ids whose tombstones are written."""
        for one in notification_ids:
            self.ended.pop(one, None)

    def open_by_channel(self) -> Mapping[str, tuple[int, int]]:
        """How many are open in each channel, and when the oldest was created."""
        found: dict[str, tuple[int, int]] = {}
        for (channel, _), lane in self.lanes.items():
            for one in lane:
                if one.open:
                    count, oldest = found.get(channel, (0, one.created_ms))
                    found[channel] = (count + 1, min(oldest, one.created_ms))
        return found

    def _saw(self, delivery: Delivery) -> None:
        key, place = (delivery.channel, delivery.fingerprint), (delivery.log.epoch, delivery.seq)
        self.seen[key] = max(place, self.seen.get(key, place))

    def _end(self, key: Key) -> None:
        lane = self.lanes.get(key)
        if lane and lane[-1].closing and not any(one.open for one in lane):
            for one in self.lanes.pop(key):
                self.ended[one.notification_id] = one.updated_ms
                self.transitions.pop(one.notification_id, None)
