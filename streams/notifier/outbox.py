"""All messages that are on their way, by lane, and what has been planned before.

A lane is one alert in one channel. The outbox plans deliveries for transitions, drops what is not
newer than what it planned for that channel, and is rebuilt from `nabz.deliveries.v1`. What is kept
back for a reason that passes stays in its lane and is looked at again. It does no I/O: whoever
changes it has written the records first.

Next step: `streams.notifier.courier` drains the lanes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from alerts.budget import Meter
from alerts.delivery import (
    Delivery,
    Step,
    carried,
    digest,
    interrupted,
    kept,
    planned,
    postponed,
    released,
    sending,
    step,
    superseded,
    untaken,
)
from alerts.holds import Hold, covering
from alerts.ladder import Saying
from alerts.message import notification_id
from alerts.outputs import Transition
from alerts.pipeline import WAITING, Kept, Now, kept_back
from alerts.routing import Route, channels_for
from alerts.standing import Standing
from alerts.standstill import Standstill, fingerprint
from alerts.standstill import transition as said_of
from alerts.storm import Storm
from alerts.storm import transition as said_of_storm

Key = tuple[str, str]
"""Channel and alert id."""
KEEP_MS = 30 * 86_400_000
_HUMAN = frozenset({"acked", "snoozed"})


def _waits(delivery: Delivery) -> bool:
    """Kept back for a reason that passes."""
    return delivery.state == "suppressed" and delivery.failure in WAITING


def _person(now: Now, transition: Transition, channel: str) -> str | None:
    """Whom a message reaches as the owner."""
    found = now.audience.person(transition, channel, transition.at_ms)
    return None if found is None else found.name


def _needs(delivery: Delivery) -> bool:
    """What it is about may still have to be said."""
    return delivery.open or delivery.state == "bundled" or _waits(delivery)


def _stands(delivery: Delivery) -> bool:
    """The receiver was told of it by a message of its own, and it may be open there."""
    return (
        delivery.state == "sent"
        and not delivery.closing
        and delivery.kind != "digest"
        and delivery.by is None
    )


@dataclass
class Outbox:
    """The state of the active notifier.

    Attributes:
        lanes: Deliveries of each alert in each channel, oldest first, while its end is untold.
        transitions: What open deliveries are about, by notification id.
        seen: Newest log epoch and sequence number planned, by channel and fingerprint.
        ended: Deliveries whose lane has ended, and when: tombstoned after 30 days.
        waiting: Lanes whose last word is kept back for a reason that passes.
        bundles: Lanes with a member of a digest, by the digest's notification id.
        meters: What the channels that have a budget have been told lately.
        mended: Records a crash left behind their digest; to be written before anything is sent.
        repeated: Channels whose receivers forget: what stands open there is said again.
        hearing: Channels that hear of who takes an alert they were told of.
        channels: All that are configured.
    """

    lanes: dict[Key, list[Delivery]] = field(default_factory=dict)
    transitions: dict[str, Transition] = field(default_factory=dict)
    seen: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    waiting: dict[Key, None] = field(default_factory=dict)
    bundles: dict[str, dict[Key, None]] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    mended: list[Delivery] = field(default_factory=list)
    repeated: frozenset[str] = frozenset()
    hearing: frozenset[str] = frozenset()
    channels: tuple[str, ...] = ()

    def restore(self, deliveries: Iterable[Delivery], now_ms: int) -> list[Delivery]:
        """Take up where the records end, and return those whose transitions are still needed."""
        known = sorted(deliveries, key=lambda one: (one.log.epoch, one.seq, one.created_ms))
        digests = {one.notification_id: one for one in known if one.kind == "digest"}
        for one in known:
            self._saw(one)
            taken = one
            if one.by in digests and one.state == "sending":
                by = digests[one.by]
                again = interrupted(by, now_ms) if by.state == "sending" else by
                taken = carried(one, again, now_ms)
                self.mended.append(taken)
            elif one.state == "sending":
                taken = interrupted(one, now_ms)
            self.lanes.setdefault((one.channel, one.alert_id), []).append(taken)
            if one.about is not None and self._keeps(taken):
                self.transitions[one.notification_id] = said_of(one.about)
            if one.storm is not None and self._keeps(taken):
                self.transitions[one.notification_id] = said_of_storm(one.storm)
        for one in sorted(known, key=lambda one: one.created_ms):
            self._metered(one)
        for key in list(self.lanes):
            self._index(key)
            self._end(key)
        return [
            one
            for lane in self.lanes.values()
            for one in lane
            if self._keeps(one)
            and one.kind != "digest"
            and one.about is None
            and one.storm is None
            and (not _waits(one) or one is lane[-1])
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
        about: Standstill | Storm | None = None,
    ) -> list[Delivery]:
        """The first records of a transition's messages; empty if nobody is to be told, or again."""
        alert_id, closes = transition.alert_id, transition.after == "closed"
        known = tuple(channels)
        told = tuple(name for name in known if (name, alert_id) in self.lanes)
        owner = now.audience.owner(transition)
        wanted = channels_for(transition, routes, known, owner) if transition.notify else ()
        if transition.reason == "acked":
            wanted = (*wanted, *(name for name in told if name in self.hearing - {*wanted}))
        if closes:  # a close follows its opening, whatever the routes have become
            wanted = (*wanted, *(name for name in told if name not in wanted))
        place = (transition.log.epoch, transition.seq)
        return [
            planned(
                transition,
                channel=name,
                offset=offset,
                now_ms=wall_ms,
                kept=self.why_kept(transition, replace(now, channel=name), wall_ms),
                about=about,
                person=_person(now, transition, name),
            )
            for name in wanted
            if place > self.seen.get((name, transition.fingerprint), (-1, -1))
        ]

    def told_ms(self, alert_id: str, seq: int) -> int | None:
        """When somebody was first told of a transition, or might have been; None for not yet.

        What is on its way counts from when it was planned, so that a channel that is down does not
        stop the ladder; what is kept back, or waits in a digest, does not count.
        """
        moments = [
            one.updated_ms if one.state == "sent" else one.created_ms
            for name in self.channels
            for one in self.lanes.get((name, alert_id), ())
            if one.seq == seq
            and one.number == 0
            and one.state not in {"suppressed", "superseded", "bundled"}
        ]
        return min(moments, default=None)

    def on_its_way(self, key: Key) -> bool:
        """A lane has something that is still to be sent."""
        return any(one.open for one in self.lanes.get(key, ()))

    def untaken(
        self, standing: Standing, saying: Saying, *, now: Now, wall_ms: int
    ) -> list[Delivery]:
        """The first records of a reminder or a rung; none where it was said, or something waits."""
        base, made = standing.base, []
        for name in (one for one in saying.channels if one in self.channels):
            lane = self.lanes.get((name, base.alert_id), [])
            told = any(old.state not in {"suppressed", "bundled"} for old in lane)
            said = notification_id(
                base.alert_id, name, seq=base.seq, reason=saying.reason, repeat_no=saying.number
            )
            if any(old.open or old.notification_id == said for old in lane):
                continue
            if saying.reason == "repeat" and not told:
                continue
            why = self.why_kept(base, replace(now, channel=name, caught_up=True), wall_ms)
            first = planned(
                base, channel=name, offset=standing.offset, now_ms=wall_ms, kept=why,
                person=_person(now, base, name),
            )  # fmt: skip
            made.append(untaken(first, saying))
        return made

    def standstills(self) -> dict[str, Standstill]:
        """Sources that were told of as standing still, and not yet as going on."""
        return {
            lane[-1].about.source: lane[-1].about
            for lane in self.lanes.values()
            if lane[-1].about is not None and not lane[-1].closing
        }

    def storms(self) -> dict[str, Storm]:
        """Storms that were told of, and whose end was not yet, by the id of their hold."""
        return {
            lane[-1].storm.name: lane[-1].storm
            for lane in self.lanes.values()
            if lane[-1].storm is not None and not lane[-1].closing
        }

    def seqs(self, sources: Iterable[str]) -> dict[str, int]:
        """Newest sequence number planned for each source, 0 for none."""
        marks = {fingerprint(source): source for source in sources}
        found = dict.fromkeys(marks.values(), 0)
        for (_, mark), (_, seq) in self.seen.items():
            if mark in marks:
                found[marks[mark]] = max(found[marks[mark]], seq)
        return found

    def why_kept(self, transition: Transition, now: Now, wall_ms: int) -> Kept | None:
        """What keeps an opening back; one that nothing else does uses up the channel's budget."""
        why, meter = kept_back(transition, now), self.meters.get(now.channel)
        if why is not None or meter is None or transition.after == "closed":
            return why
        return kept_back(transition, replace(now, flooded=meter.arrived(wall_ms)))

    def _metered(self, delivery: Delivery) -> None:
        """Count a recorded opening as it was counted when it was planned."""
        meter = self.meters.get(delivery.channel)
        if meter is None or delivery.closing:
            return
        if delivery.kind == "digest":
            meter.told_ms = delivery.created_ms
        elif delivery.state != "suppressed" or delivery.failure == "budget":
            meter.arrived(delivery.created_ms)

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
            if (one.state in {"pending", "failed_temp", "bundled"} or _waits(one))
            and not one.closing
            and one.seq < transition.seq
            and not any(other.state == "sending" for other in lane)
        ]

    def add(self, delivery: Delivery, transition: Transition) -> Key:
        """Take a planned delivery whose record is acknowledged."""
        key = (delivery.channel, delivery.alert_id)
        self._saw(delivery)
        self.lanes.setdefault(key, []).append(delivery)
        if self._keeps(delivery):
            self.transitions[delivery.notification_id] = transition
        self._index(key)
        return key

    def add_digest(self, delivery: Delivery) -> Key:
        """Take a digest whose record is acknowledged; its members follow as updates."""
        key = (delivery.channel, delivery.alert_id)
        self.lanes.setdefault(key, []).append(delivery)
        return key

    def update(self, delivery: Delivery) -> None:
        """Take the newer record of a delivery."""
        key = (delivery.channel, delivery.alert_id)
        lane = self.lanes.get(key, [])
        for place, one in enumerate(lane):
            if one.notification_id == delivery.notification_id:
                lane[place] = delivery
        if not self._keeps(delivery):
            self.transitions.pop(delivery.notification_id, None)
        self._index(key)

    def step(self, key: Key, now_ms: int) -> Step:
        """What a lane does next."""
        return step(self.lanes.get(key, ()), now_ms)

    def settle(self, key: Key) -> None:
        """Forget a lane whose end has been told or needs no telling."""
        self._end(key)

    def freed(self, now: Now, holds: Mapping[str, Hold], wall_ms: int) -> list[Delivery]:
        """What becomes of openings that were kept back and are still the last word.

        Args:
            now: What is in force; with `caught_up`, what was too old when read goes out too.
            holds: All that are known by id, those that have ended too: they say what is to become
                of what they held.
            wall_ms: The wall clock.

        Returns:
            Newer records, a digest before its members; empty while the reasons last.
        """
        changed: list[Delivery] = []
        bundles: dict[tuple[str, str], list[Delivery]] = {}
        for key in self.waiting:
            one = self.lanes[key][-1]
            transition = self.transitions.get(one.notification_id)
            if transition is None:
                continue
            match self._verdict(one, transition, now, holds, wall_ms):
                case "send":
                    changed.append(released(one, wall_ms))
                case "digest":
                    bundles.setdefault((one.channel, one.by or "budget"), []).append(one)
                case Kept() as why:
                    changed.append(kept(one, why, wall_ms))
                case None:
                    pass
        for (_, cause), members in bundles.items():
            if len(members) == 1:  # a list of one says less than the message itself
                changed.append(released(members[0], wall_ms))
                continue
            made = digest(members, cause=cause, now_ms=wall_ms)
            self._metered(made)
            changed += [made, *(carried(one, made, wall_ms) for one in members)]
        return changed

    def _verdict(
        self,
        one: Delivery,
        transition: Transition,
        now: Now,
        holds: Mapping[str, Hold],
        wall_ms: int,
    ) -> Kept | Literal["send", "digest"] | None:
        """What becomes of one opening that was kept back; None to leave it as it is."""
        hold = holds.get(one.by or "") if one.failure == "held" else None
        after = "send" if hold is None or hold.lasts(wall_ms) else hold.after
        if after == "discard":
            return Kept("discarded", one.by)
        bundle, about = (
            one.failure == "budget" or after == "digest",
            replace(now, channel=one.channel),
        )
        why = kept_back(transition, about) if bundle else self.why_kept(transition, about, wall_ms)
        if why is not None:
            same = (why.reason, why.by) == (one.failure, one.by) or why.reason == "too_old"
            return None if same else why
        if not bundle:
            return "send"
        meter = self.meters.get(one.channel) if one.failure == "budget" else None
        if meter is not None and not meter.digest_due(wall_ms):
            return None
        # An end before it, still on its way, goes out first.
        before = any(other.open for other in self.lanes[one.channel, one.alert_id])
        return None if before else "digest"

    def members(self, delivery: Delivery) -> list[tuple[Delivery, Transition]]:
        """What a digest stands for: openings that nothing newer is about to be said after."""
        return [
            (one, self.transitions[one.notification_id])
            for key in self.bundles.get(delivery.notification_id, {})
            for lane in [self.lanes.get(key, [])]
            for place, one in enumerate(lane)
            if one.by == delivery.notification_id
            and one.notification_id in self.transitions
            and (
                one.state == "sending"
                or (one.state == "bundled" and not any(later.open for later in lane[place:]))
            )
        ]

    def stopped(
        self, delivery: Delivery, now: Now, now_ms: int
    ) -> tuple[Delivery | None, int] | None:
        """What keeps back a message that is due, None if nothing does.

        An opening is kept back for whatever has come up since it was planned. A close and a digest
        know holds only, and stay in the queue until the hold ends. A digest whose members have all
        left it is superseded.

        Args:
            delivery: What `step` would send.
            now: What is in force.
            now_ms: The wall clock.

        Returns:
            The record to write, if it is new, and when to look again.
        """
        bundle = delivery.kind == "digest"
        if bundle and not self.members(delivery):
            return superseded(delivery, now_ms), now_ms
        if not bundle and not delivery.closing:
            transition = self.transitions[delivery.notification_id]
            about = replace(now, channel=delivery.channel, caught_up=True)
            stop = kept_back(transition, about)
            return None if stop is None else (kept(delivery, stop, now_ms), now_ms)
        rule = "" if bundle else self.transitions[delivery.notification_id].rule
        held = covering(now.holds, delivery.channel, rule, closing=not bundle)
        if held is None:
            return None
        name, hold = held
        why = Kept("held", name)
        known = (delivery.failure, delivery.by) == why
        return (None if known else postponed(delivery, why, now_ms)), hold.until_ms

    def begun(self, delivery: Delivery, now_ms: int) -> list[Delivery]:
        """Records before a call, in this order: a digest found in `sending` knows its members."""
        current = sending(delivery, now_ms)
        return [*(carried(one, current, now_ms) for one, _ in self.members(delivery)), current]

    def answered(self, delivery: Delivery, now_ms: int) -> list[Delivery]:
        """Records after a call: what a message has become, and its members with it."""
        return [delivery, *(carried(one, delivery, now_ms) for one, _ in self.members(delivery))]

    def ref(self, delivery: Delivery) -> str | None:
        """What the receiver calls the message of the same alert; None where it has none."""
        lane = self.lanes.get((delivery.channel, delivery.alert_id), [])
        refs = (one.provider_ref for one in reversed(lane) if one.provider_ref is not None)
        return next(refs, None)

    def standing(self, key: Key) -> tuple[Delivery, Transition] | None:
        """What is said again to a receiver that forgets: the last word, while nothing newer comes.

        None where nothing is open, where it was told in a digest, and while a message is on its
        way: that one will be the last word.
        """
        lane = self.lanes.get(key, [])
        if key[0] not in self.repeated or any(one.open for one in lane):
            return None
        last = next((one for one in reversed(lane) if one.state == "sent"), None)
        if last is None or not _stands(last):
            return None
        transition = self.transitions.get(last.notification_id)
        return None if transition is None else (last, transition)

    def kept_by_reason(self) -> dict[str, int]:
        """How many openings are kept back for each reason that passes."""
        found = dict.fromkeys(sorted(WAITING), 0)
        for key in self.waiting:
            found[self.lanes[key][-1].failure or ""] += 1
        return found

    def backlog(self) -> int:
        """How many messages are on their way."""
        return sum(one.open for lane in self.lanes.values() for one in lane)

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

    def _keeps(self, delivery: Delivery) -> bool:
        """What it is about is still needed, to be said or to be said again."""
        return _needs(delivery) or (delivery.channel in self.repeated and _stands(delivery))

    def _saw(self, delivery: Delivery) -> None:
        key, place = (delivery.channel, delivery.fingerprint), (delivery.log.epoch, delivery.seq)
        self.seen[key] = max(place, self.seen.get(key, place))

    def _index(self, key: Key) -> None:
        lane = self.lanes.get(key)
        if lane and _waits(lane[-1]):
            self.waiting[key] = None
        else:
            self.waiting.pop(key, None)
        for one in lane or ():
            if one.state == "bundled" and one.by is not None:
                self.bundles.setdefault(one.by, {})[key] = None

    def _end(self, key: Key) -> None:
        lane = self.lanes.get(key)
        if not lane or any(one.open or one.state == "bundled" for one in lane):
            return
        if lane[-1].closing or lane[-1].kind == "digest":
            for one in self.lanes.pop(key):
                self.ended[one.notification_id] = one.updated_ms
                self.transitions.pop(one.notification_id, None)
                self.bundles.pop(one.notification_id, None)
            self.waiting.pop(key, None)
