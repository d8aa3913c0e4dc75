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

from alerts.allowance import Allowance
from alerts.delivery import (
    Delivery,
    Step,
    carried,
    group_of,
    interrupted,
    kept,
    planned,
    postponed,
    said_of,
    sending,
    stand_in,
    step,
    superseded,
    untaken,
)
from alerts.fallback import wanted
from alerts.holds import covering
from alerts.ladder import Saying
from alerts.message import SEVERAL, notification_id
from alerts.outputs import Transition
from alerts.pipeline import WAITING, Kept, Now, kept_back
from alerts.routing import Route, channels_for
from alerts.standing import Register, Standing
from alerts.standstill import Standstill, fingerprint
from alerts.storm import Storm

Key = tuple[str, str]
"""Channel and alert id."""
KEEP_MS = 30 * 86_400_000
_HUMAN = frozenset({"acked", "snoozed", "handled"})


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
        and delivery.kind not in SEVERAL
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
        allowance: What has been told lately.
        groups: Newest message about each account, by its fingerprint.
        mended: Records a crash left behind their digest; to be written before anything is sent.
        repeated: Channels whose receivers forget: what stands open there is said again.
        hearing: What people did that a channel hears of, of an alert it was told of, by reason.
        channels: All that are configured.
    """

    lanes: dict[Key, list[Delivery]] = field(default_factory=dict)
    transitions: dict[str, Transition] = field(default_factory=dict)
    seen: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    waiting: dict[Key, None] = field(default_factory=dict)
    bundles: dict[str, dict[Key, None]] = field(default_factory=dict)
    allowance: Allowance = field(default_factory=Allowance)
    groups: dict[str, Key] = field(default_factory=dict)
    mended: list[Delivery] = field(default_factory=list)
    repeated: frozenset[str] = frozenset()
    hearing: Mapping[str, frozenset[str]] = field(default_factory=dict)
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
            if one.of_nabz is not None and self._keeps(taken):
                self.transitions[one.notification_id] = said_of(one.of_nabz)
        for one in sorted(known, key=lambda one: one.created_ms):
            self._grouped(one)
            self.allowance.recorded(one)
        for key in list(self.lanes):
            self._index(key)
            self._end(key)
        return [
            one
            for lane in self.lanes.values()
            for one in lane
            if self._keeps(one)
            and one.kind not in SEVERAL
            and one.of_nabz is None
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
        hear = (
            name
            for name in told
            if transition.reason in self.hearing.get(name, ())
            and any(_stands(one) or one.state == "sending" for one in self.lanes[name, alert_id])
        )
        wanted = (*wanted, *(name for name in hear if name not in wanted))
        if closes:  # a close follows its opening, whatever the routes have become
            wanted = (*wanted, *(name for name in told if name not in wanted))
        place = (transition.log.epoch, transition.seq)
        return [
            planned(
                transition,
                channel=name,
                offset=offset,
                now_ms=wall_ms,
                kept=self.allowance.why_kept(
                    transition, replace(now, channel=name, heard=wanted), wall_ms
                ),
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

    def knows(self, delivery: Delivery) -> bool:
        """It has been planned before."""
        lane = self.lanes.get((delivery.channel, delivery.alert_id), [])
        same = any(one.notification_id == delivery.notification_id for one in lane)
        return same or delivery.notification_id in self.ended

    def on_its_way(self, key: Key) -> bool:
        """A lane has something that is still to be sent."""
        return any(one.open for one in self.lanes.get(key, ()))

    def falling_back(
        self, channel: str, to: str, register: Register, *, shut: bool, now: Now, wall_ms: int
    ) -> list[tuple[Delivery, Transition]]:
        """First records of messages to a fallback, for what a channel does not take."""
        made = []
        for (name, alert_id), lane in self.lanes.items():
            if name != channel or lane[-1].closing:
                continue
            one, other = lane[-1], self.lanes.get((to, alert_id), [])
            there = any(old.seq >= one.seq and old.state != "suppressed" for old in other)
            about = self._about(one, register)
            if there or about is None or not wanted(one, shut=shut, now_ms=wall_ms):
                continue
            why = self.allowance.why_kept(about, replace(now, channel=to, caught_up=True), wall_ms)
            first = planned(
                about, channel=to, offset=one.offset, now_ms=wall_ms, kept=why, about=one.of_nabz
            )
            meant = stand_in(first, channel)
            if all(old.notification_id != meant.notification_id for old in other):
                made.append((meant, about))
        return made

    def _about(self, one: Delivery, register: Register) -> Transition | None:
        """What a message is about; of one that was given up, if it is still true."""
        if one.of_nabz is not None:
            return said_of(one.of_nabz)
        standing = register.get(one.fingerprint)
        known = None if standing is None or standing.base.seq != one.seq else standing.base
        return self.transitions.get(one.notification_id, known)

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
            why = self.allowance.why_kept(base, replace(now, channel=name, caught_up=True), wall_ms)
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
        self._grouped(delivery)
        return key

    def group(self, channel: str, account: str, now_ms: int) -> list[Delivery]:
        """Messages about an account that one more customer is an update of; empty for none."""
        key = self.groups.get(group_of(channel, account))
        lane = [] if key is None else self.lanes.get(key, [])
        window_ms = self.allowance.groups[channel].window_ms
        return lane if lane and now_ms - lane[0].created_ms < window_ms else []

    def told_before(self, delivery: Delivery) -> list[str]:
        """Fingerprints of what earlier messages of a group told of and has not ended."""
        lane = self.lanes.get((delivery.channel, delivery.alert_id), [])
        ids = {one.notification_id for one in lane} - {delivery.notification_id}
        return [
            members[0].fingerprint
            for (channel, _), members in self.lanes.items()
            if channel == delivery.channel
            and not members[-1].closing
            and any(one.by in ids for one in members)
        ]

    def _grouped(self, delivery: Delivery) -> None:
        """Remember the newest message of an account; the one before it is over."""
        if delivery.reason != "group":
            return
        key = (delivery.channel, delivery.alert_id)
        before = self.groups.get(delivery.fingerprint, key)
        self.groups[delivery.fingerprint] = key
        if before != key:
            self._end(before, group=True)

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
        bundle = delivery.kind in SEVERAL
        if delivery.kind == "digest" and not self.members(delivery):
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
        for mark, key in tuple(self.groups.items()):
            lane, group = self.lanes.get(key, []), self.allowance.groups.get(key[0])
            if not lane or group is None or now_ms - lane[0].created_ms >= group.window_ms:
                self._end(key, group=True)
                if key not in self.lanes:
                    del self.groups[mark]
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

    def _end(self, key: Key, *, group: bool = False) -> None:
        lane = self.lanes.get(key)
        if not lane or any(one.open or one.state == "bundled" for one in lane):
            return
        if not group and lane[-1].reason == "group" and key in self.groups.values():
            return  # the next customer of the account is an update of it
        if lane[-1].closing or lane[-1].kind in SEVERAL:
            for one in self.lanes.pop(key):
                self.ended[one.notification_id] = one.updated_ms
                self.transitions.pop(one.notification_id, None)
                self.bundles.pop(one.notification_id, None)
            self.waiting.pop(key, None)
