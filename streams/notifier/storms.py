"""What is usual, read again: the transitions before the first that the active notifier plans.

Whoever takes over must decide as the one before it would have, so it reads back as far as that one
remembers. A storm's hold is an order like any other, written before the openings it holds.

Next step: `streams.notifier.desk` shows each transition to the watch and tells of its storms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from alerts.outputs import Transition
from alerts.storm import REMEMBERED, Bounds, Storm, Watch, hold
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.notifier.orders import Orders, hold_key
from streams.notifier.term import Ledger

_decoder: msgspec.json.Decoder[Transition] = msgspec.json.Decoder(Transition)


async def watch_from(broker: Broker, topic: str, begin: int, bounds: Bounds) -> Watch:
    """A watch that has seen what stands before an offset.

    Args:
        broker: Where to read.
        topic: The transitions.
        begin: Offset of the first one that is still to be planned.
        bounds: When it is a storm.
    """
    watch, reached = Watch(bounds), 0

    def apply(_: int, records: Iterable[Any]) -> None:
        nonlocal reached
        for record in records:
            reached = record.offset + 1
            if record.offset >= begin:
                return
            try:
                watch.saw(_decoder.decode(record.value or b""))
            except msgspec.DecodeError:
                continue  # counted and reported where it was read for telling

    if begin > 0:
        await read_to_end(
            broker, topic, {0: max(0, begin - REMEMBERED)}, apply, still=lambda: reached < begin
        )
    return watch


async def hold_openings(
    ledger: Ledger, orders: Orders, storm: Storm, bounds: Bounds, now_ms: int
) -> bool:
    """Write the hold of a storm and obey it at once; False if it had been written before.

    Raises:
        streams.notifier.feed.FeedError: It was not acknowledged.
    """
    if storm.name in orders.holds:  # found again after a crash; it may have been released since
        return False
    made = hold(storm, until_ms=now_ms + bounds.hold_ms, ts_ms=now_ms)
    key, value = hold_key(storm.name), msgspec.json.encode(made)
    await ledger.order(key, value)
    orders.apply(key, value)
    return True
