"""The live demo: simulated customers write, and everybody watches.

A terminal shows the board with the alerts going by above it; a pipe gets a line for each alert, the
notifications, and how it goes every few seconds.

Next step: `streams.simulate.live` writes the events, `streams.demo.audience` follows what comes of
them.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import Final

from rich.console import Console
from rich.live import Live
from rich.text import Text

from alerts.outputs import Transition
from streams.clock import wall_ms
from streams.demo.audience import Blocks, check, interruptible, until_after, until_first, watch
from streams.demo.board import Board
from streams.demo.folded import Folded
from streams.demo.lines import (
    alert_lines,
    is_news,
    notification_lines,
    say,
    status_line,
    worst_lines,
)
from streams.demo.picture import Picture
from streams.demo.report import Report, report
from streams.demo.stage import Stage
from streams.simulate.faults import Sent, records
from streams.simulate.live import play
from streams.simulate.shop import events

CUSTOMERS: Final = 150
RATE_E2: Final = 400
SPEED: Final = 60
FIRST: Final = (
    "calm",
    "repeated_failure",
    "billing_dispute",
    "answered",
    "angry_leaver",
    "happy",
    "polite_sufferer",
)
"""How the first contacts go: within half a minute c-102 is angry, and others after it."""

_DRAW_S: Final = 0.5
_STATUS_S: Final = 5.0
_RATE_OVER_S: Final = 10.0
_SETTLE_S: Final = 1.5  # ingest tells its progress once a second


class Pace:
    """Events a second over the last ten seconds."""

    def __init__(self) -> None:
        """None yet."""
        self.total = 0
        self._times: deque[float] = deque()

    def add(self, at_s: float) -> None:
        """One more."""
        self.total += 1
        self._times.append(at_s)

    def per_s(self, now_s: float) -> float:
        """The mean of the last ten seconds.

        >>> pace = Pace()
        >>> for second in range(20): pace.add(second)
        >>> pace.per_s(19.0)
        1.0
        """
        while self._times and self._times[0] <= now_s - _RATE_OVER_S:
            self._times.popleft()
        return len(self._times) / _RATE_OVER_S


class Show:
    """The live demo on one console."""

    def __init__(
        self, stage: Stage, console: Console, blocks: Blocks, *, seed: int, plain: bool
    ) -> None:
        """Describe it; nothing runs before `run`."""
        self._stage = stage
        self._console = console
        self._blocks = blocks
        self._seed = seed
        self._plain = plain or not console.is_terminal
        self._picture = Picture()
        self._folded = Folded()
        self._pace = Pace()
        self._began_s = time.monotonic()

    def run(self, duration_s: float | None) -> Report:
        """Run until Ctrl-C or for so many seconds; what was seen.

        Raises:
            streams.demo.children.ChildDiedError: Worker or notifier ended by itself.
        """
        asyncio.run(self._run(duration_s))
        elapsed_ms = round((time.monotonic() - self._began_s) * 1_000)
        return report(self._picture, self._folded, elapsed_ms=elapsed_ms, finished=True)

    async def _run(self, duration_s: float | None) -> None:
        loop = asyncio.get_running_loop()

        def told(block: list[str]) -> None:
            # The notifier is heard in a thread of its own; the screen belongs to this one.
            loop.call_soon_threadsafe(self._tell, block)

        self._blocks.told = told
        board = Board(self._picture, self._stage.address)
        live = (
            nullcontext()
            if self._plain
            else Live(board, console=self._console, auto_refresh=False, transient=True)
        )
        self._console.print()
        with live as screen:
            async with interruptible() as stop:
                await until_first(
                    self._write(until_after(stop, duration_s, self._begun)),
                    watch(self._stage.broker, self._picture, self._folded, news=self._news),
                    check(self._stage),
                    self._status() if screen is None else self._draw(board, screen),
                )

    async def _write(self, ended: Coroutine[None, None, None]) -> None:
        """Let customers write until it is over, and what they wrote be folded and counted."""
        writing, over = asyncio.ensure_future(self._play()), asyncio.ensure_future(ended)
        try:
            await asyncio.wait({writing, over}, return_when=asyncio.FIRST_COMPLETED)
            if writing.done():
                writing.result()
        finally:
            for task in (writing, over):
                task.cancel()
            await asyncio.gather(writing, over, return_exceptions=True)
        await asyncio.sleep(_SETTLE_S)

    async def _play(self) -> None:
        told = events(
            self._seed,
            CUSTOMERS,
            wall_ms(),
            duration_ms=None,
            rate_e2=RATE_E2,
            speed=SPEED,
            first=FIRST,
        )
        await play(self._stage.broker, records(told), on_sent=self._on_sent)

    def _on_sent(self, _sent: Sent) -> None:
        self._pace.add(time.monotonic())

    def _news(self, one: Transition) -> None:
        if is_news(one):
            for line in alert_lines(one, self._stage.address):
                self._say(line)

    def _tell(self, block: list[str]) -> None:
        for line in notification_lines(block):
            self._say(line)

    def _say(self, line: Text) -> None:
        say(self._console, line)

    def _begun(self) -> bool:
        return self._events_folded() > 0

    def _events_folded(self) -> int:
        return sum(self._folded.count("folded").values())

    async def _draw(self, board: Board, screen: Live) -> None:
        while True:
            board.running_s = time.monotonic() - self._began_s
            board.written, board.per_s = self._pace.total, self._pace.per_s(time.monotonic())
            board.folded = self._events_folded()
            board.now_ms = wall_ms()
            screen.refresh()
            await asyncio.sleep(_DRAW_S)

    async def _status(self) -> None:
        while True:
            await asyncio.sleep(_STATUS_S)
            now_s = time.monotonic()
            line = status_line(
                self._picture,
                running_s=now_s - self._began_s,
                written=self._pace.total,
                folded=self._events_folded(),
                per_s=self._pace.per_s(now_s),
            )
            self._say(line)
            for worst in worst_lines(self._picture, wall_ms()):
                self._say(worst)
