"""What the lane builds on, seen again on Apache Kafka; `docs/adr` 3 tells what went wrong there."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from streams.engine.brokers import Broker
from streams.engine.cycle import partition_of
from streams.engine.worker import Lane
from tests.engine.lanes import Gated, lane_of, reached, run, running
from tests.engine.workers import PARTITIONS, World

POLL_S = 2.0


def test_a_burst_in_a_rebalance_of_a_group_without_commits_is_folded(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """What is fetched while partitions move is dropped, and read again though none is committed."""

    async def test(world: World) -> None:
        async with running(lane_of(world)) as first:
            await reached("first owns all", lambda: len(first.owned()) == PARTITIONS)

            async def burst(*_: Any, **__: Any) -> None:
                await asyncio.to_thread(world.send, 40)

            async def linger(*_: Any, **__: Any) -> None:
                await asyncio.sleep(0.5)  # a restore takes its time, and what is fetched is dropped

            first.app.on_partitions_revoked.connect(burst, weak=False)
            first.app.on_rebalance_complete.connect(linger, weak=False)
            async with running(lane_of(world)) as second:
                await reached(
                    "each owns some",
                    lambda: (
                        len(first.owned()) + len(second.owned()) == PARTITIONS
                        and bool(second.owned())
                    ),
                )
                await reached(
                    "all folded",
                    lambda: first.progress.records + second.progress.records >= len(world.sent),
                )
            assert len(world.sent) >= 40
        await asyncio.to_thread(world.await_all_folded)
        await asyncio.to_thread(world.check)

    with World(kafka_broker, tmp_path) as world:
        run(lambda: test(world))


def test_an_idle_spare_takes_over_after_the_poll_interval(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """With nothing to fetch, aiokafka leaves the group for good; the drain loop keeps it in."""

    async def test(world: World) -> None:
        lanes = [lane_of(world), lane_of(world)]
        async with AsyncExitStack() as stops:
            stop: dict[Lane, AsyncExitStack] = {}
            for lane in lanes:
                lane.app.conf.broker_max_poll_interval = POLL_S
                stop[lane] = await stops.enter_async_context(AsyncExitStack())
                await stop[lane].enter_async_context(running(lane))
            await reached("both joined", lambda: all(lane.progress.joined for lane in lanes))
            await reached("one owns it", lambda: sum(len(lane.owned()) for lane in lanes) == 1)
            active, spare = sorted(lanes, key=lambda lane: len(lane.owned()), reverse=True)
            await asyncio.to_thread(world.send, 5)
            await reached("folded", lambda: active.progress.records == 5)
            await asyncio.sleep(2 * POLL_S)
            assert active.owned()
            await stop[active].aclose()
            await asyncio.to_thread(world.send, 5)
            await reached("the spare folds", lambda: spare.progress.records == 5, timeout_s=15.0)
        await asyncio.to_thread(world.check)

    with World(kafka_broker, tmp_path, partitions=1) as world:
        run(lambda: test(world))


def test_a_fetch_that_does_not_continue_the_position_is_read_again(
    broker: Broker, tmp_path: Path
) -> None:
    """Records between a position and a fetch are not skipped: counted as a gap, and all folded."""

    async def test(world: World) -> None:
        fold = Gated(world.out)
        async with running(lane_of(world, fold=fold)) as lane:
            await reached("it owns all", lambda: len(lane.owned()) == world.partitions)
            fold.open.clear()
            await asyncio.to_thread(world.send, 1, customers=1)
            await reached("a cycle is held up", fold.waiting.is_set)
            await asyncio.to_thread(world.send, 9, customers=1)
            where = partition_of(b"customer-0", world.partitions)
            thread = lane.app.consumer._thread  # type: ignore[attr-defined]
            (tp,) = (one for one in lane.app.consumer.assignment() if one.partition == where)
            await thread.seek_all({tp: 4})  # as a fetch does that was begun before a rebalance
            fold.open.set()
            await reached("all folded", lambda: lane.progress.records >= 10)
            assert (lane.progress.gaps, lane.progress.skipped) == (1, 0)
            assert lane.progress.records == 10
        await asyncio.to_thread(world.await_all_folded)
        await asyncio.to_thread(world.check)

    with World(broker, tmp_path) as world:
        run(lambda: test(world))
