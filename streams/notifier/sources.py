"""How far each source is read, as ingest tells on the control topic, and which stand still.

One for each term: whoever takes over begins to watch anew, and learns from the deliveries what was
told before. Only progress of the first epoch counts: replays and rewinds repeat old times.

Next step: `streams.notifier.desk` plans what is to be said, like any alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import structlog

from alerts.standstill import Part, Standing, Standstill, judged, watched
from streams.control import Control

_PROGRESS: Final = b"progress:"

log = structlog.get_logger("nabz.notifier")


class Sources:
    """The configured sources, as read so far; feed it control records, look at it now and then."""

    def __init__(self, lateness_ms: Mapping[str, int], after_ms: int) -> None:
        """Know nothing.

        Args:
            lateness_ms: Of each configured source: so far behind is present.
            after_ms: How far behind the present counts, and for how long it must stand there.
        """
        self._lateness_ms = lateness_ms
        self._after_ms = after_ms
        self._control = Control()
        self._standing: dict[Part, Standing] = {}

    def take(self, records: Iterable[Any]) -> None:
        """Take records as a consumer hands them out; what is no progress is left to others."""
        for record in records:
            if record.key is None or not record.key.startswith(_PROGRESS):
                continue
            try:
                self._control.apply(record.key, record.value)
            except (msgspec.DecodeError, ValueError) as error:
                log.error("progress.undecodable", error=type(error).__name__)

    def look(
        self, last: Mapping[str, Standstill], seqs: Mapping[str, int], now_ms: int
    ) -> tuple[Standstill, ...]:
        """What there is to say; see `alerts.standstill.judged`."""
        reached = {
            (source, partition): one.complete_ms
            for (source, epoch, partition), one in self._control.progress.items()
            if source in self._lateness_ms
            and epoch == 0
            and not one.finished
            and one.complete_ms is not None
        }
        self._standing = watched(self._standing, reached, now_ms)
        return judged(
            self._standing,
            sources=self._lateness_ms,
            last=last,
            seqs=seqs,
            after_ms=self._after_ms,
            now_ms=now_ms,
        )
