"""The hold of a storm: an order like any other, written before the openings it holds.

Next step: `streams.notifier.desk` shows each transition to the watch and tells of its storms.
"""

from __future__ import annotations

import msgspec

from alerts.storm import Bounds, Storm, hold
from streams.notifier.orders import Orders, hold_key
from streams.notifier.term import Ledger


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
