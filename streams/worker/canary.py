"""Writes of the canary: one event at a time into `nabz.events.v1`, where events of others come in.

The owner of the log's first partition does it, so that it is one worker and goes on when that one
ends. What comes back is told by `alerts.canary`; how old the newest that came back is, by metrics.

Next step: `streams.ingest.loop` reads it like any other event.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import msgspec
from prometheus_client import Gauge

from alerts.canary import CANARY
from streams.clock import wall_ms
from streams.engine.cycle import Writer, partition_of

_SINGS_FOR: Final = 0
_LOOK_S: Final = 1.0


class Canary:
    """Sings every so often while we have the first partition of the log, until cancelled."""

    def __init__(
        self,
        writer: Callable[[], Writer],
        *,
        every_ms: int,
        events_topic: str,
        owned: Callable[[], Collection[int]],
        sent: Gauge,
        clock: Callable[[], int] = wall_ms,
    ) -> None:
        """Write through the lane's writer; `sent` is set to when it last did."""
        self._writer = writer
        self._every_ms = every_ms
        self._topic = events_topic
        self._owned = owned
        self._sent = sent
        self._clock = clock
        self._last_ms = 0

    async def run(self) -> None:
        """Once a second, look whether it is time."""
        while True:
            await self.once()
            await asyncio.sleep(_LOOK_S)

    async def once(self) -> bool:
        """Write if it is time and ours to do; acknowledged on return."""
        now_ms = self._clock()
        if now_ms < self._last_ms + self._every_ms or _SINGS_FOR not in self._owned():
            return False
        self._last_ms = now_ms
        event = {
            "kind": "message",
            "event_id": f"{CANARY}/{now_ms}",
            "customer": CANARY,
            "author": "bot",  # said by nobody, so it waits for no answer and has no score
            "ts": now_ms,
            "text": "tweet",
        }
        key = CANARY.encode()
        writer = self._writer()
        partition = partition_of(key, await writer.partitions(self._topic))
        value = msgspec.json.encode(event)
        await writer.acked(await writer.send(self._topic, partition, [(key, value, ())]))
        self._sent.set(now_ms / 1000)
        return True
