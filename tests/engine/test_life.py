"""How a worker ends: in good order whenever it is told to, at once when it must not go on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faust.types import TP
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.structs import OffsetAndMetadata

from alerts.header import Header, pack_header
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.cycle import Writer
from streams.engine.embedded import free_port
from streams.engine.worker import FAIL_STOP, Lane, LaneConfigError
from streams.topics import Topic
from tests.engine.counter import EPOCH, FAST, Counter
from tests.engine.lanes import Ends, FailStoppedError, lane_of, reached, run
from tests.engine.workers import SIGTERM, Worker, World, until

ROWS = 100_000


def test_a_service_that_fails_ends_the_process_and_one_that_finishes_does_not(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """A worker without its wakes or its probes is none, and would look alive."""
    with World(kafka_broker, tmp_path) as world:
        failing, cancelled = world.start(extra="fails"), world.start(extra="is cancelled")
        assert failing.wait() == FAIL_STOP
        assert "a service of the worker failed" in failing.told()
        assert "cannot go on" not in failing.told()  # what it said may quote a customer
        assert cancelled.wait() == FAIL_STOP
        assert "a service of the worker was cancelled" in cancelled.told()
        going_on = world.start()
        world.send(10)
        world.await_all_folded()
        going_on.signal(SIGTERM)
        assert going_on.wait() == 0


def test_a_stop_that_takes_too_long_is_cut_short(kafka_broker: Broker, tmp_path: Path) -> None:
    """Kubernetes would kill it anyway; this says why."""
    with World(kafka_broker, tmp_path) as world:
        hanging = world.start(extra="hangs", stop_s=1.0)
        until("it runs", lambda: world.settled(hanging))
        began_s = time.monotonic()
        hanging.signal(SIGTERM)
        assert hanging.wait() == FAIL_STOP
        assert time.monotonic() - began_s < 5.0
        assert "the stop took too long" in hanging.told()


def test_sigterm_at_any_moment_of_the_start_ends_in_good_order(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """While it connects, joins, is assigned partitions, restores: exit code 0, well in time."""
    with World(kafka_broker, tmp_path) as world:
        world.send(50)
        for delays_s in ((0.0, 0.1, 0.4), (0.05, 0.2, 0.8)):
            workers = [world.start() for _ in delays_s]
            for worker, delay_s in zip(workers, delays_s, strict=True):
                until("it has begun", worker.ready.exists, step_s=0.005)
                time.sleep(delay_s)  # the moment is what is varied
                worker.signal(SIGTERM)
            for worker in workers:
                assert worker.wait(FAST.stop_s / 2) == 0, worker.told()
        world.start()
        world.await_all_folded()
        world.check()


@asynccontextmanager
async def silent_broker() -> AsyncIterator[Broker]:
    """Something that accepts connections and never answers."""
    open_: set[asyncio.StreamWriter] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.add(writer)
        await reader.read()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield Broker(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        for writer in open_:
            writer.close()
        server.close()
        await server.wait_closed()


def lane_on(broker: Broker) -> Lane:
    """A lane over topics nobody has made."""
    return Lane(
        broker=broker,
        app_id="nobody",
        fold=Counter(""),
        log_topic="nobody.log",
        rows_topic="nobody.rows",
        timing=FAST,
        on_fail_stop=Ends(),
    )


def test_a_stop_while_the_broker_does_not_answer_is_a_stop() -> None:
    """Nobody has to wait for a request to time out."""

    async def test() -> None:
        async with silent_broker() as broker:
            lane = lane_on(broker)
            running = asyncio.ensure_future(lane.run())
            await asyncio.sleep(0.3)
            assert not running.done()
            lane.stop()
            await asyncio.wait_for(running, 2.0)

    run(test)


def test_no_broker_is_an_error_of_the_start() -> None:
    """Not a fail-stop: nothing was ours yet."""

    async def test() -> None:
        with pytest.raises(KafkaError):
            await lane_on(Broker(f"127.0.0.1:{free_port()}")).run()

    run(test)


def test_topics_that_are_missing_or_cut_otherwise_stop_the_start(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """With what to do about it."""
    with World(kafka_broker, tmp_path) as world:

        async def test() -> None:
            with pytest.raises(LaneConfigError, match=r"nobody\.log is missing.*topics apply"):
                await lane_on(kafka_broker).run()
            lane = lane_of(world)
            lane_with_other_rows = Lane(
                broker=kafka_broker,
                app_id=world.name,
                fold=Counter(""),
                log_topic=world.log,
                rows_topic=other.name,
                on_fail_stop=Ends(),
            )
            with pytest.raises(LaneConfigError, match=r"has 4 partitions and .* 2; they must"):
                await lane_with_other_rows.run()
            lane.stop()
            await lane.run()

        other = Topic(f"{world.name}.other", "log")
        apply_topics(kafka_broker, partitions=2, replication=1, topics=[other])
        run(test)


def test_a_stop_in_a_long_restore_ends_in_good_order(kafka_broker: Broker, tmp_path: Path) -> None:
    """Rows half read are forgotten, and nothing was folded on them."""

    async def fill(world: World) -> None:
        producer = AIOKafkaProducer(**world.broker.aiokafka(), max_batch_size=512 * 1024)
        await producer.start()
        writer = Writer(producer)
        row = pack_header(Header(EPOCH, 0)) + b"." * 500
        await writer.acked(
            await writer.send(world.rows, 0, ((b"%d" % one, row, ()) for one in range(ROWS)))
        )
        await producer.stop()

    async def test(world: World) -> None:
        await fill(world)
        world.sent.clear()
        lane = lane_of(world)
        running = asyncio.ensure_future(lane.run())
        await reached("a restore is under way", lambda: lane.rows.position(0) > 0, step_s=0.001)
        assert not lane.progress.restored
        lane.stop()
        await asyncio.wait_for(running, FAST.stop_s / 2)
        assert 0 < lane.rows.position(0) < ROWS
        assert not lane.owned()
        assert lane.progress.cycles == 0

    with World(kafka_broker, tmp_path) as world:
        world.send(10)
        run(lambda: test(world))


def test_a_consumer_that_dies_as_we_stop_is_a_fail_stop(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """No traceback and no exit code of Python's: a supervisor knows what 70 means."""

    async def test(world: World) -> None:
        ends = Ends()
        lane = lane_of(world, ends=ends)
        running = asyncio.ensure_future(lane.run())
        await reached("it has folded", lambda: lane.progress.records >= 10)
        consumer: Any = lane.app.consumer
        await consumer._thread.stop()
        consumer._done = {TP(world.log, 0): 1}  # a cycle that is not committed yet
        lane.stop()
        with pytest.raises(FailStoppedError):
            await asyncio.wait_for(running, FAST.stop_s)
        assert ends.reasons == ["could not stop in good order"]

    with World(kafka_broker, tmp_path) as world:
        world.send(10)
        run(lambda: test(world))


def _rows_beyond_the_log(world: World) -> Worker:
    _append(world, pack_header(Header(EPOCH, 7)) + bytes(16))
    return world.start()


def _rows_of_another_epoch(world: World) -> Worker:
    _append(world, pack_header(Header(EPOCH, 7)) + bytes(16))
    return world.start(epoch=EPOCH + 1)


def _no_row_in_the_changelog(world: World) -> Worker:
    _append(world, b"my invoice is wrong")
    return world.start()


def _commits_beyond_the_log(world: World) -> Worker:
    consumer = KafkaConsumer(
        **world.broker.kafka_python(), group_id=world.name, enable_auto_commit=False
    )
    consumer.commit({TopicPartition(world.log, 0): OffsetAndMetadata(9, "", -1)})
    consumer.close()
    return world.start()


def _append(world: World, value: bytes) -> None:
    producer = KafkaProducer(**world.broker.kafka_python(), enable_idempotence=False)
    producer.send(world.rows, key=b"ann", value=value, partition=0)
    producer.flush()
    producer.close()


_REFUSED: dict[str, tuple[Callable[[World], Worker], str]] = {
    "rows-ahead": (_rows_beyond_the_log, "ends at 0, but a row was folded up to 7"),
    "other-epoch": (_rows_of_another_epoch, "this worker runs log epoch 2"),
    "no-row": (_no_row_in_the_changelog, "restoring failed"),
    "commits-ahead": (_commits_beyond_the_log, "ends at 0, but the group has committed 9"),
}


def test_what_cannot_stem_from_this_log_ends_the_process(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """Going on would skip records in silence; the reason says what to do. Tried side by side."""
    with ExitStack() as open_worlds:
        workers: dict[str, Worker] = {}
        for name, (prepare, _) in _REFUSED.items():
            directory = tmp_path / name
            directory.mkdir()
            workers[name] = prepare(open_worlds.enter_context(World(kafka_broker, directory)))
        for name, (_, words) in _REFUSED.items():
            assert workers[name].wait() == FAIL_STOP, name
            assert words in workers[name].told(), workers[name].told()
            assert "invoice" not in workers[name].told()
        assert "raise log_epoch" in workers["rows-ahead"].told()
        assert "UnreadableRowError" in workers["no-row"].told()
