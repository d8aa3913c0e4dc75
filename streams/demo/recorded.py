"""The demo on recorded events: read as fast as it goes, stop when nothing is left to do, sum up.

Nothing is left when all files are finished, every partition of the log is folded to its end, and no
timer lies within the time that was read; all of it must hold several times in a row, as the owner
of a partition looks for due timers twice a second and what it appends moves the end again.
Alerts and notifications go by as they come: a pipe gets all of them, a terminal keeps the last.

Next step: `streams.demo.report` sums up what the picture and the changelog say.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from alerts.outputs import Transition
from streams.demo.audience import (
    Blocks,
    check,
    interruptible,
    partitions_of,
    until_after,
    until_first,
    watch,
)
from streams.demo.folded import Folded, all_finished
from streams.demo.lateness import late_in
from streams.demo.lines import alert_lines, is_news, notification_lines, say
from streams.demo.picture import Picture
from streams.demo.report import Report, report
from streams.demo.stage import Stage
from streams.engine.reader import fetched_ends
from streams.topics import LOG

_LOOK_S: Final = 0.6
_HELD: Final = 3
_QUIET_S: Final = 30.0
_SHOWN: Final = 36
_SETTLED_S: Final = 1.2
_SETTLE_AT_MOST_S: Final = 15.0
_PROGRESS_S: Final = 0.5
_PLAIN_PROGRESS_S: Final = 5.0


@dataclass(slots=True)
class Quiet:
    """Decides from repeated looks when all is done.

    Attributes:
        held: Looks in a row that found nothing to do.
        changes: Customer rows read at the last look; `since_s` when they last grew.
    """

    held: int = 0
    changes: int = -1
    since_s: float = 0.0

    def look(self, *, finished: bool, at_end: bool, due: int, changes: int, now_s: float) -> bool:
        """One look; True once all is done.

        Timers that stay due without anything moving for half a minute are left to their fate: the
        counts show what is missing, and a demo that never ends shows nothing.

        >>> quiet = Quiet()
        >>> calm = {"finished": True, "at_end": True, "due": 0, "changes": 5}
        >>> [quiet.look(**calm, now_s=now_s) for now_s in (1.0, 2.0, 3.0)]
        [False, False, True]
        """
        if changes != self.changes:
            self.changes, self.since_s = changes, now_s
        nothing_moves = now_s - self.since_s >= _QUIET_S
        idle = finished and at_end and (due == 0 or nothing_moves)
        self.held = self.held + 1 if idle else 0
        return self.held >= _HELD


class Playback:
    """The recorded demo on one console."""

    def __init__(
        self,
        stage: Stage,
        console: Console,
        blocks: Blocks,
        *,
        sources: Sequence[str],
        plain: bool,
        keep: bool = False,
    ) -> None:
        """Describe it; nothing runs before `run`.

        Args:
            stage: What it plays on.
            console: Where it is shown.
            blocks: The notifier's messages.
            sources: Those that read the files.
            plain: Lines instead of a live screen.
            keep: The broker stays afterwards: alerts name the command that explains them.
        """
        self._stage = stage
        self._console = console
        self._blocks = blocks
        self._asked_at = stage.address if keep else None
        self._sources = tuple(sources)
        self._plain = plain or not console.is_terminal
        self._picture = Picture()
        self._folded = Folded()
        self._began_s = time.monotonic()
        self._quiet = Quiet()
        self._done = False
        self._last: deque[Text] = deque(maxlen=max(1, min(_SHOWN, console.height - 3)))

    def run(self, duration_s: float | None) -> Report:
        """Run until all is folded, Ctrl-C, or so many seconds have passed; what was seen.

        Raises:
            streams.demo.children.ChildDiedError: Worker or notifier ended by itself.
        """
        asyncio.run(self._run(duration_s))
        elapsed_s = self._quiet.since_s - self._began_s
        return report(
            self._picture,
            self._folded,
            elapsed_ms=max(0, round(elapsed_s * 1_000)),
            finished=self._done,
            files=self._sources,
            late=late_in(self._stage.broker) if self._done else None,
        )

    async def _run(self, duration_s: float | None) -> None:
        loop = asyncio.get_running_loop()

        def told(block: list[str]) -> None:
            # The notifier is heard in a thread of its own; the screen belongs to this one.
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._show_block, block)

        self._blocks.told = told
        async with interruptible() as stop:
            await until_first(
                until_after(stop, duration_s, lambda: self._folded.changes > 0),
                watch(self._stage.broker, self._picture, self._folded, news=self._news),
                check(self._stage),
                self._tell(),
                self._until_quiet(),
            )

    def _news(self, one: Transition) -> None:
        if is_news(one):
            self._show(alert_lines(one, self._asked_at))

    def _show_block(self, block: list[str]) -> None:
        self._show(notification_lines(block))

    def _show(self, lines: Sequence[Text]) -> None:
        if self._plain:
            for line in lines:
                say(self._console, line)
        else:
            self._last.extend(lines)

    async def _until_quiet(self) -> None:
        while not self._done:
            await asyncio.sleep(_LOOK_S)
            control = self._picture.control
            finished = all(all_finished(control, source) for source in self._sources)
            at_end = False
            if finished:
                ends = await fetched_ends(self._stage.broker, LOG, self._near())
                at_end = self._folded.at_end(ends)
            self._done = self._quiet.look(
                finished=finished,
                at_end=at_end,
                due=self._folded.due_by(control.complete_to_ms(self._sources)),
                changes=self._folded.changes,
                now_s=time.monotonic(),
            )
        await self._all_told()

    async def _all_told(self) -> None:
        """Wait until the notifier has nothing more to say."""
        began_s = heard_s = time.monotonic()
        count = self._blocks.count
        while (now_s := time.monotonic()) - heard_s < _SETTLED_S:
            if now_s - began_s > _SETTLE_AT_MOST_S:
                return
            if self._blocks.count != count:
                count, heard_s = self._blocks.count, now_s
            await asyncio.sleep(_LOOK_S / 2)

    def _near(self) -> dict[int, int]:
        return {
            partition: self._folded.offsets.get(partition, 0)
            for partition in range(partitions_of(LOG))
        }

    # ------------------------------------------------------------------ progress

    async def _tell(self) -> None:
        if self._plain:
            while True:
                await asyncio.sleep(_PLAIN_PROGRESS_S)
                self._console.print(self._progress())
        # What it shows last stays on the terminal: the newest alerts.
        with Live(console=self._console, auto_refresh=False) as screen:
            while True:
                screen.update(self._picture_now(), refresh=True)
                await asyncio.sleep(_PROGRESS_S)

    def _picture_now(self) -> Group:
        lines = [line.copy() for line in self._last]
        for line in lines:  # one row each, or the screen would jump
            line.no_wrap, line.overflow = True, "ellipsis"
        return Group(*lines, self._progress())

    def _progress(self) -> Text:
        files = [one for one in self._picture.progress() if one.source in self._sources]
        done = sum(one.finished for one in files)
        folded = sum(self._folded.count("folded").values())
        if not files:
            return Text("the worker joins its group, about 10 s", "dim")
        text = Text()
        text.append(f"{self._picture.read():,} read", "bold")
        text.append(f"  {done}/{len(files)} files at their end")
        text.append(f"  {self._picture.appended():,} events in the log, {folded:,} folded")
        text.append(f"  {len(self._picture.rows):,} customers")
        text.append(f"  {len(self._picture.transitions):,} changes of alerts")
        return text
