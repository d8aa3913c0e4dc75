"""A fold for tests: count each customer's events, publish every new count with its coordinate.

Run as a module it is a worker: `python -m tests.engine.counter '{"bootstrap": ..., ...}'`.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from alerts.header import HEADER_BYTES, Header, pack_header, unpack_header
from streams.engine.brokers import Broker
from streams.engine.cycle import Folded, Output, Record
from streams.engine.worker import Lane, Timing, run_worker

_STATE = struct.Struct(">QQ")
EPOCH = 1
FAST = Timing(
    session_s=4.0, heartbeat_s=0.8, rebalance_s=6.0, request_s=10.0, produce_s=15.0, stop_s=20.0
)


def counted(row: bytes) -> tuple[int, int]:
    """How many events a row has seen, and the sum of their numbers."""
    count, total = _STATE.unpack_from(row, HEADER_BYTES)
    return count, total


class Counter:
    """Counts; `ready_for`, `on_restored` and `on_lost` only take notes."""

    def __init__(self, out: str) -> None:
        """Publish to `out`, none for no outputs."""
        self.out = out
        self.restored: list[tuple[int, int]] = []
        self.lost: list[int] = []

    def fold(
        self, partition: int, records: Sequence[Record], rows: Mapping[bytes, bytes]
    ) -> Folded:
        """Add each record to its customer's count, unless the fence says it is in there."""
        changed: dict[bytes, bytes | None] = {}
        outputs: list[Output] = []
        for record in records:
            key, value = record.key, record.value
            assert key is not None
            assert value is not None
            row = changed.get(key) or rows.get(key)
            count, total = (0, 0) if row is None else counted(row)
            if row is not None and record.offset <= unpack_header(row).offset:
                continue
            count, total = count + 1, total + int(value)
            state = _STATE.pack(count, total)
            changed[key] = pack_header(Header(EPOCH, record.offset)) + state
            if self.out:
                coordinate = b"%d/%d" % (partition, record.offset)
                outputs.append(Output(self.out, key, state, (("at", coordinate),)))
        return Folded(changed, outputs)

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:
        """Always ready."""

    def on_restored(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Note it."""
        self.restored.append((partition, len(rows)))

    def on_stored(self, partition: int, changed: Mapping[bytes, bytes | None]) -> None:
        """Nothing to do."""

    def on_lost(self, partition: int) -> None:
        """Note it."""
        self.lost.append(partition)


def _crash(wanted: str, mark: Path) -> Callable[[str], None]:
    """Die, or freeze, at the named point: `point:n`, `freeze@point:n`; then only once per mark."""
    place, _, nth = wanted.partition(":")
    how, _, point = place.rpartition("@")
    seen = 0

    def at(reached: str) -> None:
        nonlocal seen
        if reached != point or mark.exists():
            return
        seen += 1
        if seen < int(nth or 1):
            return
        mark.write_text(reached, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGSTOP if how == "freeze" else signal.SIGKILL)

    return at


async def _finishes() -> None:
    """Has nothing more to do after a moment."""
    await asyncio.sleep(0.1)


async def _fails() -> None:
    """Finds a port taken, say."""
    await asyncio.sleep(0.1)
    raise RuntimeError("the service cannot go on")


async def _is_cancelled() -> None:
    """Lets a cancellation of something it waited for out."""
    await asyncio.sleep(0.1)
    raise asyncio.CancelledError


async def _hangs() -> None:
    """Does not end when it is told to."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


_SERVICES = {
    "": _finishes,
    "fails": _fails,
    "is cancelled": _is_cancelled,
    "hangs": _hangs,
}


def main() -> None:
    """Run a counting worker as described by the JSON argument."""
    given = json.loads(sys.argv[1])
    ready_file = Path(given["ready"])
    at = _crash(given["at"], Path(given["mark"])) if given.get("at") else lambda _point: None

    def make() -> Lane:
        lane: Lane

        async def tell() -> None:
            told = None
            while True:
                facts = json.dumps(
                    {
                        "owned": sorted(lane.owned()),
                        "records": lane.progress.records,
                        "gaps": lane.progress.gaps,
                        "stale": lane.progress.stale,
                    }
                )
                if facts != told:
                    told = facts
                    ready_file.with_suffix(".new").write_text(facts, encoding="utf-8")
                    ready_file.with_suffix(".new").replace(ready_file)
                await asyncio.sleep(0.05)

        lane = Lane(
            broker=Broker(given["bootstrap"], idempotent=given["idempotent"]),
            app_id=given["group"],
            fold=Counter(given["out"]),
            log_topic=given["log"],
            rows_topic=given["rows"],
            log_epoch=given["epoch"],
            timing=replace(FAST, stop_s=given["stop_s"]),
            extra=[tell, _SERVICES[given["extra"]]],
            at=at,
        )
        return lane

    run_worker(make)


if __name__ == "__main__":
    main()
