"""How many events does a second of processor time carry through the engine alone?

Two ways over the same two hops, on the same broker, in one run:

    nabz         source -> batch loop -> log -> lane, a row per customer in a durable changelog
    stock Faust  source -> agent -> log -> agent, a row per customer in a Table

Both decode JSON at hop 1, key the log by customer, and fold with a constant: there is no scoring
here, so this is the engine's ceiling and not the speed of nabz. Each hop runs in a process of its
own; its processor time (user and system, threads included) is read from the kernel when the last
event is through, from the moment the first was fetched. The sides take turns for some rounds, and
what is compared is the median of the rounds' ratios, so a busy moment of the machine decides
nothing. Not measured: latency, several brokers, replication, a store on disk.

    python -m bench.engine [--events 300000] [--faust-events 40000] [--rounds 3] [--json FILE]

The JSON has `broker`, `cores`, `python`, `partitions`, `customers`, `row_bytes`, `ratio` (median
over the rounds), `ratios` (each round), `floor`, and under `sides`, for `nabz` and `faust`,
`events` (a round), `events_per_cpu_s` (over both hops, median) and `rounds`: per round
`events_per_cpu_s` and `hops` with `hop`, `events`, `cpu_s`, `wall_s` and `events_per_cpu_s`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from kafka import KafkaProducer

from alerts.header import HEADER_BYTES, Header, pack_header, unpack_header
from streams.engine import kafka_local
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Folded, Record, Writer, partition_of
from streams.engine.embedded import EmbeddedBroker
from streams.engine.kafka_local import LocalKafka
from streams.topics import Topic

PARTITIONS = 4
CUSTOMERS = 10_000
ROW_BYTES = 600
_PADDING = b"." * (ROW_BYTES - HEADER_BYTES - 8)
FLOOR = 15.0


def cpu_s() -> float:
    """Processor seconds this process has used."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


class Meter:
    """Events per processor-second from the first event to the last."""

    def __init__(self, hop: str, events: int) -> None:
        """Expect so many events."""
        self._hop = hop
        self._left = events
        self._events = events
        self._began: tuple[float, float] | None = None

    def begin(self) -> None:
        """The first fetch has arrived; later calls change nothing."""
        if self._began is None:
            self._began = cpu_s(), time.monotonic()

    def add(self, count: int) -> bool:
        """So many more are through; prints the result and answers True after the last."""
        self._left -= count
        if self._left > 0 or self._began is None:
            return False
        used, took = cpu_s() - self._began[0], time.monotonic() - self._began[1]
        result = {"hop": self._hop, "events": self._events, "cpu_s": used, "wall_s": took}
        print(json.dumps(result), flush=True)  # noqa: T201  # read by the parent
        return True


class Constant:
    """A fold that does the same for every event: one more, and a row of `ROW_BYTES`."""

    def __init__(self, meter: Meter) -> None:
        """Tell the meter what is stored."""
        self._meter = meter
        self._folded = 0

    def fold(
        self,
        partition: int,  # noqa: ARG002  # a lane names it
        records: Sequence[Record],
        rows: Mapping[bytes, bytes],
    ) -> Folded:
        """Count each record under its customer, skipping what the fence says is counted."""
        self._meter.begin()
        changed: dict[bytes, tuple[int, int]] = {}
        for record in records:
            key, offset = record.key or b"", record.offset
            state = changed.get(key)
            if state is None:
                row = rows.get(key)
                state = (
                    (0, -1)
                    if row is None
                    else (
                        int.from_bytes(row[HEADER_BYTES : HEADER_BYTES + 8], "big"),
                        unpack_header(row).offset,
                    )
                )
            if offset > state[1]:
                changed[key] = state[0] + 1, offset
        self._folded += len(records)
        return Folded(
            {
                key: pack_header(Header(1, offset)) + count.to_bytes(8, "big") + _PADDING
                for key, (count, offset) in changed.items()
            },
            [],
        )

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:
        """Always ready."""

    def on_restored(self, partition: int, rows: Mapping[bytes, bytes]) -> None:
        """Nothing to do."""

    def on_stored(self, partition: int, changed: Mapping[bytes, bytes | None]) -> None:
        """Nothing to do."""

    def on_lost(self, partition: int) -> None:
        """Nothing to do."""

    def stored(self) -> bool:
        """A cycle is stored; True once all events are."""
        folded, self._folded = self._folded, 0
        return self._meter.add(folded)


async def nabz_hop_1(broker: Broker, names: Mapping[str, str], events: int) -> None:
    """Source to log: decode, find the customer, append one batch per log partition, commit."""
    meter = Meter("1", events)
    producer = AIOKafkaProducer(
        **broker.aiokafka(),
        acks="all",
        enable_idempotence=broker.idempotent,
        max_batch_size=512 * 1024,
    )
    consumer = AIOKafkaConsumer(
        names["source"],
        **broker.aiokafka(),
        group_id=names["run"] + "-nabz-ingest",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_min_bytes=1_000_000,
        fetch_max_wait_ms=20,
    )
    await producer.start()
    await consumer.start()
    writer = Writer(producer)
    decode = json.loads
    try:
        while True:
            fetched = await consumer.getmany(timeout_ms=1_000, max_records=4_000)
            if not fetched:
                continue
            meter.begin()
            batches: dict[int, list[tuple[bytes, bytes, tuple[()]]]] = {}
            count = 0
            for records in fetched.values():
                for record in records:
                    key = decode(record.value)["customer"].encode()
                    where = partition_of(key, PARTITIONS)
                    batches.setdefault(where, []).append((key, record.value, ()))
                count += len(records)
            pending = [
                await writer.send(names["log"], where, items) for where, items in batches.items()
            ]
            for one in pending:
                await writer.acked(one)
            await consumer.commit()
            if meter.add(count):
                return
    finally:
        await consumer.stop()
        await producer.stop()


def nabz_hop_2(broker: Broker, names: Mapping[str, str], events: int) -> None:
    """Log to rows: the lane itself."""
    from streams.engine.worker import Lane, run_worker

    fold = Constant(Meter("2", events))

    def make() -> Lane:
        def at(point: str) -> None:
            if point == "stored" and fold.stored():
                lane.stop()

        lane = Lane(
            broker=broker,
            app_id=names["run"] + "-nabz-track",
            fold=fold,
            log_topic=names["log"],
            rows_topic=names["rows"],
            at=at,
        )
        return lane

    run_worker(make)


def faust_hop(broker: Broker, names: Mapping[str, str], events: int, hop: str) -> None:
    """One hop of stock Faust: its own transport, an agent, and at hop 2 a Table."""
    import faust

    meter = Meter(hop, events)
    app = faust.App(
        f"{names['run']}-faust-{hop}",
        broker=[f"kafka://{server}" for server in broker.servers],
        autodiscover=False,
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        topic_disable_leader=True,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=tempfile.mkdtemp(),
        store="memory://",
    )
    source = app.topic(names["source"], value_type=bytes, value_serializer="raw")
    target = app.topic(names["faust_log"], value_type=bytes, value_serializer="raw")

    async def run() -> None:
        done = asyncio.Event()
        if hop == "1":

            @app.agent(source)
            async def ingest(stream: Any) -> None:
                async for value in stream:
                    meter.begin()
                    key = json.loads(value)["customer"].encode()
                    await target.send(key=key, value=value)
                    if meter.add(1):
                        done.set()

        else:
            counts = app.Table(
                "counts", default=bytes, value_type=bytes, key_type=bytes, partitions=PARTITIONS
            )

            @app.agent(target)
            async def track(stream: Any) -> None:
                async for event in stream.events():
                    meter.begin()
                    row = counts[event.key]
                    count = int.from_bytes(row[:8], "big") + 1
                    counts[event.key] = count.to_bytes(8, "big") + _PADDING
                    if meter.add(1):
                        done.set()

        await app.start()
        await done.wait()
        # After the measurement: hop 2 waits for every event, and one flush gives up at a lull.
        await app.producer.flush()
        while app.producer.buffer.size:
            await app.producer.flush()
        sys.stdout.flush()
        os._exit(0)  # what stopping costs is nobody's question here

    asyncio.run(run())


def fill(broker: Broker, topic: str, events: int) -> None:
    """Write the source: messages of about 190 bytes, customers by Zipf's law."""
    chance = random.Random(7)
    weights = [1 / (rank + 1) for rank in range(CUSTOMERS)]
    customers = chance.choices(range(CUSTOMERS), weights, k=events)
    producer = KafkaProducer(
        **broker.kafka_python(), enable_idempotence=False, linger_ms=20, batch_size=262_144
    )
    text = "The invoice is wrong again and nobody has answered since Monday, please help me."
    for number, customer in enumerate(customers):
        event = {
            "event_id": f"e{number:09}",
            "customer": f"customer-{customer:05}",
            "ts": 1_700_000_000_000 + number,
            "author": "customer",
            "text": text,
        }
        producer.send(topic, json.dumps(event).encode(), partition=number % PARTITIONS)
    producer.flush()
    producer.close()


@contextmanager
def _some_broker() -> Iterator[tuple[str, Broker]]:
    if kafka_local.missing() is None:
        with tempfile.TemporaryDirectory() as place, LocalKafka(Path(place) / "k") as broker:
            yield f"Apache Kafka {kafka_local.KAFKA_VERSION}", broker
    else:
        with EmbeddedBroker() as broker:
            yield "embedded (Tansu)", broker


def _measure(side: str, hop: str, given: Mapping[str, Any]) -> dict[str, Any]:
    told = json.dumps({**given, "side": side, "hop": hop})
    command = [sys.executable, "-m", "bench.engine", "--child", told]
    run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  # ourselves
    for line in run.stdout.splitlines():
        if line.startswith('{"hop"'):
            result: dict[str, Any] = json.loads(line)
            result["events_per_cpu_s"] = result["events"] / result["cpu_s"]
            return result
    raise RuntimeError(
        f"{side} hop {hop} gave no result, exit {run.returncode}: {run.stderr[-2000:]}"
    )


def _child(given: Mapping[str, Any]) -> None:
    broker = Broker(given["bootstrap"], idempotent=given["idempotent"])
    names, events = given["names"], given["events"]
    if given["side"] == "faust":
        faust_hop(broker, names, events, given["hop"])
    elif given["hop"] == "1":
        asyncio.run(nabz_hop_1(broker, names, events))
    else:
        nabz_hop_2(broker, names, events)


def both_hops(hops: Sequence[Mapping[str, Any]]) -> float:
    """Events per processor-second over both hops: the processor time of both adds up.

    >>> both_hops([{"cpu_s": 1, "events": 30}, {"cpu_s": 2, "events": 30}])
    10.0
    """
    return 1.0 / float(sum(hop["cpu_s"] / hop["events"] for hop in hops))


def _round(broker: Broker, side: str, source: str, events: int, number: int) -> dict[str, Any]:
    """Both hops of one side, over topics and groups nobody has used."""
    run = f"bench-{side}-{number}"
    names = {"run": run, "source": source} | {
        one: f"{run}.{one}" for one in ("log", "rows", "faust_log")
    }
    used = (("log", False), ("rows", True)) if side == "nabz" else (("faust_log", False),)
    topics = [Topic(names[one], "log", compacted=compacted) for one, compacted in used]
    apply_topics(broker, partitions=PARTITIONS, replication=1, topics=topics)
    given = {
        "bootstrap": broker.bootstrap,
        "idempotent": broker.idempotent,
        "names": names,
        "events": events,
    }
    hops = [_measure(side, hop, given) for hop in ("1", "2")]
    return {"hops": hops, "events_per_cpu_s": both_hops(hops)}


def compare(broker: Broker, kind: str, *, events: Mapping[str, int], rounds: int) -> dict[str, Any]:
    """Run both sides on one broker, turn by turn; the result as documented above."""
    for side, count in events.items():
        source = Topic(f"bench-{side}.source", "log")
        apply_topics(broker, partitions=PARTITIONS, replication=1, topics=[source])
        fill(broker, source.name, count)
    done: dict[str, list[dict[str, Any]]] = {side: [] for side in events}
    for number in range(rounds):
        for side, count in events.items():
            one = _round(broker, side, f"bench-{side}.source", count, number)
            done[side].append(one)
    ratios = [
        ours["events_per_cpu_s"] / theirs["events_per_cpu_s"]
        for ours, theirs in zip(done["nabz"], done["faust"], strict=True)
    ]
    return {
        "broker": kind,
        "cores": os.cpu_count(),
        "python": sys.version.split()[0],
        "partitions": PARTITIONS,
        "customers": CUSTOMERS,
        "row_bytes": ROW_BYTES,
        "sides": {
            side: {
                "events": events[side],
                "events_per_cpu_s": median(one["events_per_cpu_s"] for one in all_rounds),
                "rounds": all_rounds,
            }
            for side, all_rounds in done.items()
        },
        "ratios": ratios,
        "ratio": median(ratios),
        "floor": FLOOR,
    }


def table(result: Mapping[str, Any]) -> str:
    """The result as text."""
    head = f"{'events per processor-second':32}{'hop 1':>12}{'hop 2':>12}{'both hops':>12}"
    lines = [
        f"Engine alone on {result['broker']}, {result['cores']} cores, Python {result['python']}",
        (
            f"{result['partitions']} partitions, {result['customers']} customers (Zipf),"
            f" rows of {result['row_bytes']} B, medians of {len(result['ratios'])} rounds"
        ),
        "",
        head,
    ]
    for side, label in (("nabz", "nabz"), ("faust", "stock Faust, agents and a Table")):
        one = result["sides"][side]
        rates = [
            median(each["hops"][hop]["events_per_cpu_s"] for each in one["rounds"])
            for hop in (0, 1)
        ]
        rates.append(one["events_per_cpu_s"])
        lines.append(f"{label:32}" + "".join(f"{rate:12,.0f}" for rate in rates))
    each = ", ".join(f"{ratio:.1f}" for ratio in result["ratios"])
    ratio, floor = result["ratio"], result["floor"]
    lines += ["", f"ratio over both hops: {ratio:.1f} (rounds: {each}; floor {floor:g})"]
    return "\n".join(lines)


def main() -> int:
    """Run, print, and fail below the floor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=300_000, help="events for nabz")
    parser.add_argument("--faust-events", type=int, default=40_000, help="events for stock Faust")
    parser.add_argument("--rounds", type=int, default=3, help="turns of each side")
    parser.add_argument("--json", type=Path, help="write the result here")
    parser.add_argument("--child", type=json.loads, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child is not None:
        _child(arguments.child)
        return 0
    events = {"nabz": arguments.events, "faust": arguments.faust_events}
    with _some_broker() as (kind, broker):
        result = compare(broker, kind, events=events, rounds=arguments.rounds)
    print(table(result))  # noqa: T201  # a program's answer
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if result["ratio"] >= FLOOR else 1


if __name__ == "__main__":
    raise SystemExit(main())
