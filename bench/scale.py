"""What does it cost to know more customers? The fold over many rows, and getting them back.

Rows are those of one customer with eight events, under as many names as asked for. Folding takes
place in this process, without a broker: cycles of 2,000 records of customers drawn by Zipf's law
from all there are, so with more customers more rows are met, decoded and encoded for fewer records
each. Getting back reads such rows from a changelog on the broker, as a worker does when it starts,
the index of timers included. nabz keeps no store on disk: a start is always this.

    python -m bench.scale fold 10000
    python -m bench.scale restore 10000 HOST:PORT

Each prints a line of JSON and is run by `bench.run`, in a process of its own for its memory's sake.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.structs import ConsumerRecord

from alerts.config import Config, config_hash, encode_config
from alerts.header import HEADER_BYTES, Header, pack_header, unpack_header
from bench.contest import ROOT, WORKER_CORE, ContestError, on_core
from bench.contestants.given import peak_mb
from bench.workload import FAILING, HARMLESS, SPAN_MS, Event, events
from scoring.config import Interaction, Scoring
from scoring.reading import read
from scoring.records import PARTITION_KEY, ConfigChanged, Origin, encode_record
from streams.control import Control, config_key
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Headers, Writer
from streams.engine.reader import read_to_end
from streams.engine.rows import Rows
from streams.ingest.events import Filtered, Rejected
from streams.ingest.mapping import compile_source
from streams.ingest.signals import log_record
from streams.ingest.sources import NATIVE
from streams.settings import load
from streams.topics import EVENTS, Topic
from streams.worker.app import collect_seldom
from streams.worker.track import Track

PARTITIONS: Final = 4
EVENTS_FOLDED: Final = 20_000
_CYCLE: Final = 2_000
_SEED: Final = 7
_NOW_MS: Final = 1_790_035_200_000


class Logged(NamedTuple):
    """A record of the log, as a lane gets it."""

    offset: int
    timestamp: int
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...] = ()


def workload_config() -> Config:
    """The interaction types of the workload, some of them failures; the rules as shipped."""
    types = {name: Interaction() for name in HARMLESS} | {
        name: Interaction(points=500) for name in FAILING
    }
    return Config(scoring=Scoring(interactions=types), rules=load(None).rules)


def logged(some: Iterable[Event], first: int) -> Iterator[Logged]:
    """Events as ingest appends them, `first` being the offset of the first."""
    decode = compile_source(
        "events", NATIVE, frozenset(workload_config().scoring.interactions), native=True
    )
    for offset, event in enumerate(some, first):
        decoded = decode(event.value, f"0/{offset}", _NOW_MS)
        assert not isinstance(decoded, Filtered | Rejected), "the workload has none"
        record = log_record(
            decoded[0],
            Origin("events", 0, offset, 0, topic=EVENTS),
            read,
            at_ms=_NOW_MS,
            complete_to_ms=decoded[0].ts_ms,
            ordered=True,
            inbound=False,
        )
        yield Logged(offset, _NOW_MS, event.customer, encode_record(record))


def new_track() -> tuple[Track, Logged]:
    """A track, and the record that puts its configuration in force."""
    body = encode_config(workload_config())
    name = config_hash(body)
    control = Control()
    control.apply(config_key(name), body)
    changed = encode_record(ConfigChanged(_NOW_MS, 0, name))
    return Track(control), Logged(0, _NOW_MS, PARTITION_KEY, changed)


def _template() -> tuple[dict[bytes, bytes], bytes]:
    """The partition's row, and that of a customer with eight events."""
    track, first = new_track()
    some = events(_SEED, 8, _NOW_MS - SPAN_MS, customers=1)
    changed = track.fold(0, [first, *logged(some, 1)], {}).changed
    partition = changed.pop(PARTITION_KEY)
    (row,) = changed.values()
    assert partition is not None, "rows are never deleted here"
    assert row is not None, "rows are never deleted here"
    return {PARTITION_KEY: partition}, row


def _names(customers: int) -> Iterator[bytes]:
    return (b"customer-%06d" % number for number in range(customers))


def fold(customers: int) -> dict[str, Any]:
    """Fold some events over so many rows.

    Returns:
        `customers`, `us_per_event`, `rows_per_event`, `row_bytes`, `rss_mb`.
    """
    rows, row = _template()
    # As restored rows are: each key has bytes of its own.
    rows.update((name, row[:HEADER_BYTES] + row[HEADER_BYTES:]) for name in _names(customers))
    some = events(_SEED, EVENTS_FOLDED, _NOW_MS - SPAN_MS, customers=customers)
    records = list(logged(some, 100))
    track, _ = new_track()
    collect_seldom()  # as a worker does
    written = 0
    began_s = time.process_time()
    for at in range(0, len(records), _CYCLE):
        changed = track.fold(0, records[at : at + _CYCLE], rows).changed
        written += len(changed)
        rows.update((key, one) for key, one in changed.items() if one is not None)
    used_s = time.process_time() - began_s
    return {
        "customers": customers,
        "us_per_event": 1e6 * used_s / len(records),
        "rows_per_event": written / len(records),
        "row_bytes": len(row),
        "rss_mb": peak_mb(),
    }


async def _write(broker: Broker, topic: str, customers: int, row: bytes) -> None:
    nothing: Headers = ()
    async with AIOKafkaProducer(
        **broker.aiokafka(), acks="all", max_batch_size=512 * 1024, enable_idempotence=True
    ) as producer:
        writer = Writer(producer)
        for partition in range(PARTITIONS):
            items = (
                (b"customer-%06d" % number, row, nothing)
                for number in range(partition, customers, PARTITIONS)
            )
            await writer.acked(await writer.send(topic, partition, items))


async def _restore(broker: Broker, topic: str) -> int:
    rows = Rows()
    track, _ = new_track()

    def apply(partition: int, records: Sequence[ConsumerRecord[bytes, bytes]]) -> None:
        rows.restore(partition, records)

    await read_to_end(broker, topic, dict.fromkeys(range(PARTITIONS), 0), apply)
    for partition in range(PARTITIONS):
        track.on_restored(partition, rows.of(partition))
    return sum(len(rows.of(partition)) for partition in range(PARTITIONS))


def restore(customers: int, bootstrap: str) -> dict[str, Any]:
    """Write so many rows, then get them back.

    Returns:
        `customers`, `wall_s`, `cpu_s`, `rss_mb`, and `empty_mb`, the memory before.

    Raises:
        ContestError: Not all came back.
    """
    broker = Broker(bootstrap)
    topic = f"bench.rows-{customers}-{time.monotonic_ns()}"
    apply_topics(broker, partitions=PARTITIONS, replication=1, topics=[Topic(topic, "log")])
    _, row = _template()
    head = unpack_header(row)
    row = pack_header(Header(head.log_epoch, head.offset, _NOW_MS)) + row[HEADER_BYTES:]
    told = [
        sys.executable,
        "-m",
        "bench.scale",
        "write",
        str(customers),
        bootstrap,
        topic,
        row.hex(),
    ]
    subprocess.run([*on_core(0), *told], cwd=ROOT, check=True)  # noqa: S603  # ourselves
    empty_mb = peak_mb()
    began = time.monotonic(), time.process_time()
    count = asyncio.run(_restore(broker, topic))
    if count != customers:
        raise ContestError(f"{count} of {customers} rows came back")
    return {
        "customers": customers,
        "wall_s": time.monotonic() - began[0],
        "cpu_s": time.process_time() - began[1],
        "empty_mb": empty_mb,
        "rss_mb": peak_mb(),
    }


def measured(what: str, customers: int, *more: str) -> dict[str, Any]:
    """`fold` or `restore` in a process of its own.

    Raises:
        ContestError: It failed.
    """
    command = [sys.executable, "-m", "bench.scale", what, str(customers), *more]
    run = subprocess.run(  # noqa: S603  # ourselves
        [*on_core(WORKER_CORE), *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise ContestError(f"{what} over {customers} customers failed: {run.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Measure one thing, or write rows for it."""
    what, customers, *more = sys.argv[1:]
    if what == "fold":
        result = fold(int(customers))
    elif what == "restore":
        result = restore(int(customers), more[0])
    else:
        asyncio.run(_write(Broker(more[0]), more[1], int(customers), bytes.fromhex(more[2])))
        return
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
