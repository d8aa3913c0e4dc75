"""When another channel stands in for one that takes nothing.

A channel that refuses us (a revoked token, an address that is gone) is not waited for; one that
fails in other ways is given five minutes. What waits there then goes to its fallback too, and stays
in its own queue: it arrives late rather than never. What was given up or refused for good goes to
the fallback as well. An end goes wherever its opening went, so it needs no stand-in.

Next step: `streams.notifier.rounds` plans the message, with reason `fallback`.
"""

from __future__ import annotations

from typing import Final

from alerts.delivery import HELD, Delivery
from alerts.message import SEVERAL

PATIENCE_MS: Final = 300_000


def wanted(delivery: Delivery, *, shut: bool, now_ms: int) -> bool:
    """Should the fallback of its channel be told as well?

    Args:
        delivery: A message to the channel.
        shut: The channel refuses us altogether.
        now_ms: The wall clock.
    """
    if delivery.closing or delivery.kind in SEVERAL:
        return False
    if delivery.state in {"dead", "failed_perm"}:
        return True
    if not delivery.open:
        return False
    failing = delivery.attempt > 0 and delivery.failure is not None
    refused = failing and delivery.failure in HELD
    return shut or refused or (failing and now_ms - delivery.created_ms >= PATIENCE_MS)
