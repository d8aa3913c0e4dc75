"""From an event to a record of the customer log: its text is read here, and goes no further.

Of agents and bots only what the turn does is kept: nobody scores a member of staff.

Next step: `streams.ingest.batch` writes it to the log, `scoring.customer.advance` remembers it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from scoring.records import LogRecord, Origin, Outcome, Profile, Reading, Signal
from streams.ingest.events import Event

Read = Callable[[str, str], Reading]
"""`scoring.reading.read`: text and role in, reading out."""


def log_record(
    event: Event,
    origin: Origin,
    read: Read,
    *,
    at_ms: int,
    complete_to_ms: int,
    ordered: bool,
    inbound: bool,
) -> LogRecord:
    """Make the record of one event.

    Args:
        event: From the mapping.
        origin: Its coordinates, equal on every reading of the source: so the fold sees repeats.
        read: Reads a text.
        at_ms: The time it stands for.
        complete_to_ms: All sources are appended up to here.
        ordered: It travels in source order.
        inbound: The source carries no replies of ours.
    """
    match event.kind:
        case "profile":
            assert event.facts is not None, "the mapping fills it in"  # noqa: S101
            return Profile(
                at_ms, complete_to_ms, event.event_id, event.ts_ms, origin, event.facts, ordered
            )
        case "outcome":
            return Outcome(
                at_ms, complete_to_ms, event.event_id, event.ts_ms, origin, event.type,
                event.value, ordered,
            )  # fmt: skip
    reading = None if event.text is None else read(event.text, event.author)
    if reading is not None and event.author != "customer":
        reading = msgspec.structs.replace(reading, sentiment_e4=None, cues=())
    return Signal(
        at_ms=at_ms,
        complete_to_ms=complete_to_ms,
        event_id=event.event_id,
        ts_ms=event.ts_ms,
        origin=origin,
        type=event.type,
        author=event.author,
        conversation=event.conversation,
        reading=reading,
        channel=event.channel,
        touchpoint=event.touchpoint,
        value=event.value,
        link=event.link,
        ordered=ordered,
        inbound=inbound,
        dims=event.dims,
    )
