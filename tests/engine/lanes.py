"""Lanes in the test's own process, where partitions, rows and progress can be looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NoReturn

from streams.engine.cycle import Record
from streams.engine.worker import Extra, Lane, Timing
from tests.engine.counter import EPOCH, FAST, Counter
from tests.engine.workers import World


class FailStoppedError(Exception):
    """Stands for the end of the process."""


class Ends:
    """Takes the place of exit code 70: remembers the reasons."""

    def __init__(self) -> None:
        """Nothing has failed."""
        self.reasons: list[str] = []
        self.errors: list[str] = []

    def __call__(self, reason: str, error: BaseException | None = None) -> NoReturn:
        """Remember, and stop whoever asked, as far as an exception can."""
        if isinstance(error, FailStoppedError):  # the process would be gone by now
            raise error
        self.reasons.append(reason)
        self.errors.append(type(error).__name__)
        raise FailStoppedError(reason)


class Gated(Counter):
    """A counter that can be held up before it folds."""

    def __init__(self, out: str) -> None:
        """Open."""
        super().__init__(out)
        self.waiting = asyncio.Event()
        self.open = asyncio.Event()
        self.open.set()

    async def ready_for(self, partition: int, records: Sequence[Record]) -> None:  # noqa: ARG002  # a lane names them
        """Wait for the gate."""
        if not self.open.is_set():
            self.waiting.set()
        await self.open.wait()


def lane_of(
    world: World,
    *,
    fold: Counter | None = None,
    timing: Timing = FAST,
    extra: Sequence[Extra] = (),
    ends: Ends | None = None,
    log_epoch: int = EPOCH,
) -> Lane:
    """A lane over a world's topics."""
    return Lane(
        broker=world.broker,
        app_id=world.name,
        fold=fold or Counter(world.out),
        log_topic=world.log,
        rows_topic=world.rows,
        log_epoch=log_epoch,
        timing=timing,
        extra=extra,
        on_fail_stop=ends or Ends(),
    )


@asynccontextmanager
async def running(lane: Lane) -> AsyncIterator[Lane]:
    """Run a lane while the block runs, then stop it in good order."""
    task = asyncio.ensure_future(lane.run())
    try:
        yield lane
    finally:
        lane.stop()
        await asyncio.wait_for(task, lane.timing.stop_s)
    ends = lane.fail_stop
    assert isinstance(ends, Ends)
    assert not ends.reasons


async def reached(
    what: str, condition: Callable[[], bool], *, timeout_s: float = 40.0, step_s: float = 0.02
) -> None:
    """Wait for a condition; fail with its name when it does not come true."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}")
        await asyncio.sleep(step_s)


def quick(**more: Any) -> Timing:
    """Time limits of a test that waits for one of them."""
    return replace(FAST, **more)


def run(test: Callable[[], Awaitable[None]], *, timeout_s: float = 90.0) -> None:
    """Run a test's coroutine, but not for ever."""

    async def go() -> None:
        await asyncio.wait_for(test(), timeout_s)

    asyncio.run(go())
