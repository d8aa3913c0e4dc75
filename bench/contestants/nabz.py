"""nabz as it is: `nabz worker` with both roles, full reading and scoring, rules and alerts.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from bench.contestants.given import Meter, given
from streams.settings import load
from streams.worker.app import Worker, collect_seldom


async def work() -> None:
    """Work until ended; what is told has its rows stored."""
    run = given()
    meter = Meter(run.marks)
    settings = load(Path(run.settings), {"broker": {"bootstrap": run.bootstrap}})

    def at(point: str) -> None:
        if point == "cycle.stored":
            count = worker.registry.get_sample_value("nabz_events_total", {"outcome": "folded"})
            meter.reached(int(count or 0))

    worker = Worker(settings, roles=frozenset({"ingest", "track"}), at=at)

    async def say_when_ready() -> None:
        lane = worker.lane
        assert lane is not None, "it has the role"
        while not lane.owned():  # noqa: ASYNC110  # a lane has no event for it
            await asyncio.sleep(0.1)
        meter.tell()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(say_when_ready())
        tasks.create_task(worker.run())


if __name__ == "__main__":
    collect_seldom()
    asyncio.run(work())
