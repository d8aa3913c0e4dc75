"""The demo on recorded events: read as fast as it goes, stop when nothing is left to do, sum up.

Nothing is left when all files are finished, every partition of the log is folded to its end, and no
timer lies within the time that was read; all of it must hold several times in a row, as the owner
of a partition looks for due timers twice a second and what it appends moves the end again.

Next step: `streams.demo.report` sums up what the picture and the changelog say.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console
from rich.text import Text

from streams.demo.audience import check, interruptible, partitions_of, until, until_first, watch
from streams.demo.folded import Folded, all_finished
from streams.demo.picture import Picture
from streams.demo.report import Report, report
from streams.demo.stage import Stage
from streams.engine.reader import fetched_ends
from streams.topics import LOG

_LOOK_S: Final = 0.6
_HELD: Final = 3
_QUIET_S: Final = 30.0
_PROGRESS_S: Final = 1.0
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
        self, stage: Stage, console: Console, *, sources: Sequence[str], plain: bool
    ) -> None:
        """Describe it; `sources` are those that read the files."""
        self._stage = stage
        self._console = console
        self._sources = tuple(sources)
        self._plain = plain or not console.is_terminal
        self._picture = Picture()
        self._folded = Folded()
        self._began_s = time.monotonic()
        self._quiet = Quiet()
        self._done = False

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
        )

    async def _run(self, duration_s: float | None) -> None:
        async with interruptible() as stop:
            await until_first(
                until(stop, duration_s),
                watch(self._stage.broker, self._picture, self._folded),
                check(self._stage),
                self._tell(),
                self._until_quiet(),
            )

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

    def _near(self) -> dict[int, int]:
        return {
            partition: self._folded.offsets.get(partition, 0)
            for partition in range(partitions_of(LOG))
        }

    # ------------------------------------------------------------------ progress

    async def _tell(self) -> None:
        every_s = _PLAIN_PROGRESS_S if self._plain else _PROGRESS_S
        if self._plain:
            while True:
                await asyncio.sleep(every_s)
                self._console.print(self._progress())
        with self._console.status(self._progress(), spinner="dots") as status:
            while True:
                await asyncio.sleep(every_s)
                status.update(self._progress())

    def _progress(self) -> Text:
        files = [one for one in self._picture.progress() if one.source in self._sources]
        done = sum(one.finished for one in files)
        folded = sum(self._folded.count("folded").values())
        if not files:
            return Text("waiting for the worker to join its group", "dim")
        text = Text()
        text.append(f"{self._picture.read():,} read", "bold")
        text.append(f"  {done}/{len(files)} files at their end")
        text.append(f"  {self._picture.appended():,} events in the log, {folded:,} folded")
        text.append(f"  {len(self._picture.rows):,} customers")
        text.append(f"  {len(self._picture.transitions):,} changes of alerts")
        return text
