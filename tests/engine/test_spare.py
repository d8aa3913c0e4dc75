"""More workers than there is work for: the spare one waits, and nobody restarts it."""

from __future__ import annotations

import time
from contextlib import AsyncExitStack
from pathlib import Path

from streams.engine.brokers import Broker
from tests.engine.lanes import lane_of, reached, run, running
from tests.engine.workers import World


def test_a_worker_without_partitions_is_alive(kafka_broker: Broker, tmp_path: Path) -> None:
    """It has seen the log, although others own all of it: it is ready to take over."""

    async def go() -> None:
        with World(kafka_broker, tmp_path) as world:
            async with AsyncExitStack() as open_lanes:
                lanes = []
                for number in range(1, 4):
                    lanes.append(await open_lanes.enter_async_context(running(lane_of(world))))
                    await reached(
                        f"{number} have joined and all is owned",
                        lambda: (
                            all(one.progress.ready() for one in lanes)
                            and sum(len(one.owned()) for one in lanes) == world.partitions
                        ),
                    )
                # Of four partitions two workers hold two each, and the third holds none.
                spare = [one for one in lanes if not one.owned()]
                assert len(spare) == 1
                late_s = time.monotonic() + 10 * spare[0].progress.session_s
                spare[0].progress.fetched_s = late_s  # it does come round; only time is skipped
                assert spare[0].progress.stuck(late_s) is None

    run(go)
