"""The peers' job on the engine of nabz: its ingest with VADER only, its log, its lane with a fold.

Two hops through the broker, as nabz works, where the peers have one: the source need not be keyed
by customer. Outputs are acknowledged, then rows, in every cycle: effectively once.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from alerts.header import HEADER_BYTES, Header, pack_header, unpack_header
from bench.contestants.given import Given, Meter, given
from bench.job import State, fresh, update
from scoring.records import Reading, Signal, decode_record
from scoring.vader import compound
from streams.engine.cycle import Folded, Output, Record
from streams.engine.worker import Lane
from streams.ingest.batch import Names
from streams.ingest.loop import Ingest
from streams.settings import load

TOPICS: Final = ("events", "commands", "log", "control", "identities", "dead_letters", "rows")
"""What a run needs of its own, each named after the run."""
COMPACTED: Final = ("control", "identities", "rows")
ONE: Final = ("control", "dead_letters")

_decode = msgspec.msgpack.Decoder(State).decode
_encode = msgspec.msgpack.encode
_write = msgspec.json.encode


def vader_only(text: str, role: str) -> Reading:  # noqa: ARG001  # the signature of a reader
    """A reading that holds VADER's compound and nothing else."""
    return Reading("en", round(compound(text) * 10_000))


class Job:
    """The job as a `streams.engine.cycle.Fold`."""

    def __init__(self, run: Given) -> None:
        """Fold for this run."""
        self._run = run
        self.folded = 0

    def fold(
        self,
        partition: int,
        records: Sequence[Record],
        rows: Mapping[bytes, bytes],
    ) -> Folded:
        """Update the states of customers; a row is decoded and encoded once."""
        states: dict[bytes, tuple[State, int]] = {}
        outputs = []
        for record in records:
            key, offset = record.key or b"", record.offset
            held = states.get(key)
            if held is None:
                row = rows.get(key)
                held = (
                    (fresh(), -1)
                    if row is None
                    else (_decode(row[HEADER_BYTES:]), unpack_header(row).offset)
                )
            state, seen = held
            if offset <= seen:
                continue
            event = decode_record(record.value or b"")
            assert isinstance(event, Signal)  # the workload has no others
            reading = event.reading
            value_e4 = 0 if reading is None else reading.sentiment_e4 or 0
            told = update(state, key.decode(), event.ts_ms, value_e4, self._run.every)
            if told is not None:
                outputs.append(Output(self._run.output, key, _write(told), (), partition))
            states[key] = state, offset
        self.folded += len(records)
        changed: dict[bytes, bytes | None] = {
            key: pack_header(Header(1, offset)) + _encode(state)
            for key, (state, offset) in states.items()
        }
        return Folded(changed, outputs)

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:
        """Always ready."""

    def on_restored(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Nothing to do."""

    def on_stored(self, partition: int, changed: Mapping[bytes, bytes | None]) -> None:
        """Nothing to do."""

    def on_lost(self, partition: int) -> None:
        """Nothing to do."""


async def work() -> None:
    """Work until ended; what is told has its rows stored."""
    run = given()
    meter = Meter(run.marks)
    settings = load(Path(run.settings), {"broker": {"bootstrap": run.bootstrap}})
    names = {topic: f"{run.run}.{topic}" for topic in TOPICS}
    fold = Job(run)

    def at(point: str) -> None:
        if point == "stored":
            meter.reached(fold.folded)

    rows = names.pop("rows")
    ingest = Ingest(
        settings,
        settings.broker(),
        read=vader_only,
        names=Names(group=f"{run.run}-ingest", **names),
    )
    lane = Lane(
        broker=settings.broker(),
        app_id=f"{run.run}-track",
        fold=fold,
        log_topic=names["log"],
        rows_topic=rows,
        extra=[ingest.run],
        at=at,
    )
    await lane.run()


if __name__ == "__main__":
    asyncio.run(work())
