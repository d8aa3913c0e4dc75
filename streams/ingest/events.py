"""What a record of a source comes to: events, or a reason why there are none.

Next step: `streams.ingest.mapping` makes them, `streams.ingest.sorting` decides about them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from scoring.records import ProfileFacts

FILTERED: Final = ("where", "unknown_type", "consent", "no_events")
"""Why a record was left out on purpose: its conditions, a type without a row in the catalogue, a
customer who does not want it, an empty list of events."""


class Event(msgspec.Struct, frozen=True):
    """One event of a record, before it is read and addressed.

    Attributes:
        kind: One of `KINDS`.
        customer: Who it is about; None for a turn that names only its conversation.
        event_id: Unique over all sources.
        ts_ms: Event time, milliseconds since the epoch.
        index: Place within the record.
        facts: Of a profile.
    """

    kind: str
    customer: str | None
    event_id: str
    ts_ms: int
    index: int = 0
    type: str = "message"
    author: str = "customer"
    text: str | None = None
    conversation: str | None = None
    channel: str | None = None
    touchpoint: str | None = None
    value: float | None = None
    link: str | None = None
    dims: tuple[tuple[str, str], ...] = ()
    facts: ProfileFacts | None = None


class Filtered(NamedTuple):
    """A record left out on purpose; `reason` is one of `FILTERED`."""

    reason: str


class Rejected(NamedTuple):
    """A record that cannot be understood.

    Attributes:
        reason: One of `streams.dead_letters.REASONS`.
        field: What it is about, never what is in it.
    """

    reason: str
    field: str = ""


Decoded = tuple[Event, ...] | Filtered | Rejected
