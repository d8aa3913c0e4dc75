"""Whose conversation is it? For sources whose agent turns name only the thread.

The first customer to write owns the conversation, and agent turns go to the owner; other customers
in it keep their own turns. A turn that comes before its customer is held until the customer writes,
for up to a minute of its partition's event time; then nobody can be named (`no_customer`). What was
held and let go is `ordered: false`: it reaches the log after records that follow it in the source.

A restart reads again what is not yet counted, held turns included. So an identity says where its
customer first wrote: a turn from before that place was held the first time too, and is let go under
the same terms. A conversation must stay in one source partition; `nabz sources test` checks it.

Next step: `streams.ingest.loop` keeps what changed in `nabz.identities.v1`, acknowledged before the
events that rest on it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

import msgspec

from streams.control import Place
from streams.ingest.events import Event

HOLD_MS: Final = 60_000
HOLD_MAX: Final = 10_000
KEEP_MS: Final = 30 * 86_400_000
_TOUCH_MS: Final = 86_400_000
_KIND: Final = "conversation:"


class Identity(msgspec.Struct, frozen=True):
    """Value of `nabz.identities.v1` at key `conversation:<source>:<id>`.

    Attributes:
        customer: The owner.
        partition: Source partition the conversation is in.
        offset: Where the owner first wrote.
        since_ms: How far event time in the partition was at that moment.
        last_ms: Newest turn known, to a day; 30 days later it is forgotten.
    """

    customer: str
    partition: int
    offset: int
    since_ms: int
    last_ms: int


class Named(NamedTuple):
    """An event whose customer is known."""

    offset: int
    event: Event
    customer: str
    ordered: bool


class Nameless(NamedTuple):
    """An event whose customer did not write in time."""

    offset: int
    event: Event


class _Held(NamedTuple):
    offset: int
    event: Event
    since_ms: int


_Held_at = tuple[int, int]
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Identity] = msgspec.json.Decoder(Identity)


def identity_key(source: str, conversation: str) -> bytes:
    """Key of a conversation's owner.

    >>> identity_key("chat", "t-1")
    b'conversation:chat:t-1'
    """
    return f"{_KIND}{source}:{conversation}".encode()


class Conversations:
    """Owners of all conversations, and the turns that wait for one.

    Attributes:
        changed: Owners to be written since last asked, by key; None for one to be forgotten.
    """

    def __init__(self, *, hold_ms: int = HOLD_MS, hold_max: int = HOLD_MAX) -> None:
        """Know nobody; hold a turn for `hold_ms`, at most `hold_max` of them a partition."""
        self.changed: dict[bytes, bytes | None] = {}
        self._owners: dict[bytes, Identity] = {}
        self._held: dict[Place, OrderedDict[_Held_at, _Held]] = {}
        self._waiting: dict[bytes, list[_Held_at]] = {}
        self._hold_ms = hold_ms
        self._hold_max = hold_max

    @property
    def held(self) -> int:
        """How many turns wait for a customer."""
        return sum(map(len, self._held.values()))

    def apply(self, key: bytes | None, value: bytes | None) -> None:
        """Take one record of `nabz.identities.v1`; other kinds of identities are not ours."""
        if key is None or not key.startswith(_KIND.encode()):
            return
        if value is None:
            self._owners.pop(key, None)
        else:
            self._owners[key] = _decoder.decode(value)

    def take(
        self, place: Place, offset: int, event: Event, newest_ms: int
    ) -> list[Named | Nameless]:
        """Name the customer of one event, and of those that waited for it.

        What has waited for too long at that time is given up first.

        Args:
            place: Source partition.
            offset: Where in it.
            event: With a customer, or with a conversation only.
            newest_ms: Newest event time seen in the partition, this event included.

        Returns:
            In the order to append; empty when the event is held.
        """
        return [*self.overdue(place, newest_ms), *self._take(place, offset, event, newest_ms)]

    def _take(
        self, place: Place, offset: int, event: Event, newest_ms: int
    ) -> list[Named | Nameless]:
        if event.conversation is None:
            assert event.customer is not None, "the mapping gives one of both"  # noqa: S101
            return [Named(offset, event, event.customer, ordered=True)]
        key = identity_key(place[0], event.conversation)
        owner = self._owners.get(key)
        if event.customer is not None:
            return self._own_turn(place, key, owner, offset, event, newest_ms)
        if owner is None:
            return self._hold(place, key, _Held(offset, event, newest_ms))
        self._touch(key, owner, event.ts_ms)
        if owner.partition == place[2] and offset < owner.offset:
            if owner.since_ms - newest_ms > self._hold_ms:
                return [Nameless(offset, event)]
            return [Named(offset, event, owner.customer, ordered=False)]
        return [Named(offset, event, owner.customer, ordered=True)]

    def _own_turn(
        self,
        place: Place,
        key: bytes,
        owner: Identity | None,
        offset: int,
        event: Event,
        newest_ms: int,
    ) -> list[Named | Nameless]:
        assert event.customer is not None, "asked by the caller"  # noqa: S101
        own = Named(offset, event, event.customer, ordered=True)
        if owner is not None:
            self._touch(key, owner, event.ts_ms)
            return [own]
        owner = Identity(event.customer, place[2], offset, newest_ms, event.ts_ms)
        self._owners[key] = owner
        self.changed[key] = _encoder.encode(owner)
        held = self._held.get(place, OrderedDict())
        released: list[Named | Nameless] = []
        for at in self._waiting.pop(key, ()):
            waited = held.pop(at, None)
            if waited is not None:
                released.append(Named(waited.offset, waited.event, owner.customer, ordered=False))
        return [*released, own]

    def _hold(self, place: Place, key: bytes, held: _Held) -> list[Named | Nameless]:
        queue = self._held.setdefault(place, OrderedDict())
        at = held.offset, held.event.index
        queue[at] = held
        self._waiting.setdefault(key, []).append(at)
        if len(queue) <= self._hold_max:
            return []
        return [self._give_up(place)]

    def _give_up(self, place: Place) -> Nameless:
        _, oldest = self._held[place].popitem(last=False)
        assert oldest.event.conversation is not None, "only such are held"  # noqa: S101
        key = identity_key(place[0], oldest.event.conversation)
        waiting = self._waiting[key]
        waiting.remove((oldest.offset, oldest.event.index))
        if not waiting:
            del self._waiting[key]
        return Nameless(oldest.offset, oldest.event)

    def overdue(self, place: Place, newest_ms: int) -> list[Nameless]:
        """Give up what has been held for longer than allowed, oldest first."""
        queue = self._held.get(place)
        given_up: list[Nameless] = []
        while queue and newest_ms - next(iter(queue.values())).since_ms > self._hold_ms:
            given_up.append(self._give_up(place))
        return given_up

    def end(self, place: Place) -> list[Nameless]:
        """Give up all that is held: nothing more will come from this partition."""
        queue = self._held.get(place)
        given_up: list[Nameless] = []
        while queue:
            given_up.append(self._give_up(place))
        return given_up

    def held_since_ms(self, place: Place) -> int | None:
        """How far event time was when the oldest turn still held came, None if none is."""
        queue = self._held.get(place)
        return next(iter(queue.values())).since_ms if queue else None

    def lose(self, place: Place) -> None:
        """Drop what is held of a partition we lose; its next owner reads it again."""
        for held in self._held.pop(place, OrderedDict()).values():
            assert held.event.conversation is not None, "only such are held"  # noqa: S101
            self._waiting.pop(identity_key(place[0], held.event.conversation), None)

    def forget(self, place: Place, newest_ms: int) -> None:
        """Let go of conversations of a partition whose last turn is 30 days older than this."""
        prefix = identity_key(place[0], "")
        for key, owner in list(self._owners.items()):
            if owner.partition != place[2] or not key.startswith(prefix):
                continue
            if newest_ms - owner.last_ms > KEEP_MS:
                del self._owners[key]
                self.changed[key] = None

    def _touch(self, key: bytes, owner: Identity, ts_ms: int) -> None:
        # To a day: a write per turn would buy nothing.
        if ts_ms - owner.last_ms >= _TOUCH_MS:
            later = msgspec.structs.replace(owner, last_ms=ts_ms)
            self._owners[key] = later
            self.changed[key] = _encoder.encode(later)
