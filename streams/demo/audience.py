"""Follow the topics while the demo runs: what comes in goes to a picture, news to a callback.

Everything happens in one event loop; the notifier's lines arrive in a thread and are handed over as
whole blocks, since a notification ends with an empty line.

Next step: `streams.demo.live` and `streams.demo.recorded` say what to do with the news.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

from alerts.outputs import Transition
from streams.demo.folded import Folded
from streams.demo.picture import FOLLOWED, Picture
from streams.demo.stage import PARTITIONS, Stage
from streams.engine.brokers import Broker
from streams.engine.reader import follow
from streams.topics import ROWS, TOPICS

_CHECK_S = 0.5
_BEGUN_S = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def partitions_of(topic: str) -> int:
    """How many partitions a topic of ours has in the demo.

    >>> partitions_of("nabz.health.v1"), partitions_of("nabz.transitions.v1")
    (4, 1)
    """
    row = next(one for one in TOPICS if one.name == topic)
    return PARTITIONS if row.partitions == "log" else 1


async def watch(
    broker: Broker,
    picture: Picture,
    folded: Folded,
    *,
    news: Callable[[Transition], None] = lambda _: None,
) -> None:
    """Feed a picture and the changelog's reader from their topics until cancelled."""

    def feed(topic: str) -> Callable[[int, Sequence[Any]], None]:
        def apply(partition: int, records: Sequence[Any]) -> None:
            for record in records:
                if topic == ROWS:
                    folded.take(partition, record.key, record.value)
                    continue
                found = picture.take(topic, record.key, record.value)
                if found is not None:
                    news(found)

        return apply

    await asyncio.gather(
        *(
            follow(broker, topic, dict.fromkeys(range(partitions_of(topic)), 0), feed(topic))
            for topic in (*FOLLOWED, ROWS)
        )
    )


async def check(stage: Stage) -> None:
    """Look after what runs until cancelled.

    Raises:
        streams.demo.children.ChildDiedError: Something has ended.
    """
    while True:
        stage.check()
        await asyncio.sleep(_CHECK_S)


class Blocks:
    """Lines of the notifier, gathered into notifications.

    >>> seen = []
    >>> blocks = Blocks()
    >>> blocks.told = seen.append
    >>> for line in ("[warning] ann", "    Why: ...", "", ""): blocks.line(line)
    >>> seen
    [['[warning] ann', '    Why: ...']]
    """

    def __init__(self) -> None:
        """Hear nothing until `told` is set."""
        self.told: Callable[[list[str]], None] = lambda _: None
        self.count = 0
        self._lines: list[str] = []

    def line(self, text: str) -> None:
        """One line; an empty one ends a notification."""
        if text.strip():
            self._lines.append(text)
        elif self._lines:
            block, self._lines = self._lines, []
            self.count += 1
            self.told(block)


@asynccontextmanager
async def interruptible() -> AsyncIterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM or a closed terminal set, while the block runs."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in _SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def rest(stage: Stage) -> None:
    """Let everything run until Ctrl-C.

    Raises:
        streams.demo.children.ChildDiedError: Something has ended.
    """
    async with interruptible() as stop:
        await until_first(stop.wait(), check(stage))


async def until(stop: asyncio.Event, seconds: float | None) -> None:
    """Return when asked to stop, or after so many seconds; None for as long as it takes."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)


async def until_after(
    stop: asyncio.Event, seconds: float | None, begun: Callable[[], bool]
) -> None:
    """Return when asked to stop, or so many seconds after something has begun.

    Args:
        stop: Asks to stop, at any time.
        seconds: None for as long as it takes.
        begun: Has it?
    """
    while seconds is not None and not stop.is_set() and not begun():
        await until(stop, _BEGUN_S)
    await until(stop, seconds)


async def until_first(*jobs: Awaitable[Any]) -> None:
    """Run jobs side by side until one of them ends, and cancel the others.

    Raises:
        Exception: That of the job that failed.
    """
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
