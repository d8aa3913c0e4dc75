"""Logs: one canonical line per batch or delivery, JSON unless a terminal reads them.

What a customer wrote never gets into a log: keys that could hold it are dropped, and named, by a
processor every line passes. Kafka clients repeat themselves by the thousand while a broker is away;
their loggers let a few lines through in ten seconds and then say how many were kept back.

Next step: every process calls `configure` once.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FORBIDDEN: Final = frozenset(
    {"text", "body", "quote", "quotes", "value", "message_text", "words", "name", "email", "phone"}
)
OURS: Final = ("nabz", "streams")
NOISY: Final = ("kafka", "aiokafka", "faust", "mode")
_BURST: Final = 5
_WINDOW_S: Final = 10.0


def without_text(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Drop keys that could hold what a customer wrote, and say which.

    >>> without_text(None, "info", {"event": "record.rejected", "text": "secret", "offset": 3})
    {'event': 'record.rejected', 'offset': 3, 'dropped_keys': ['text']}
    """
    found = sorted(FORBIDDEN & event.keys())
    for key in found:
        del event[key]
    if found:
        event["dropped_keys"] = found
    return event


class Seldom(logging.Filter):
    """Lets a few lines of each logger and level through per window, then counts."""

    def __init__(
        self,
        burst: int = _BURST,
        window_s: float = _WINDOW_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Let `burst` lines through in each window."""
        super().__init__()
        self._burst = burst
        self._window_s = window_s
        self._clock = clock
        self._seen: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """True for a line that may pass; the first of a new window says what was kept back."""
        key, now = (record.name, record.levelno), self._clock()
        since, count = self._seen.get(key, (now, 0))
        if now - since >= self._window_s:
            kept_back = max(0, count - self._burst)
            since, count = now, 0
            if kept_back:
                record.msg = f"{record.getMessage()} [{kept_back} lines kept back]"
                record.args = ()
        self._seen[key] = (since, count + 1)
        return count < self._burst


def configure(
    *, level: str = "INFO", json: bool | None = None, stream: TextIO | None = None
) -> None:
    """Set up structlog and the standard library's logging for a process.

    Args:
        level: Lowest level of our own lines; libraries start at WARNING.
        json: One JSON object a line; None asks whether the stream is a terminal.
        stream: Where to write; standard error by default.
    """
    out = sys.stderr if stream is None else stream
    as_json = not out.isatty() if json is None else json
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_text,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    last: Processor = (
        structlog.processors.JSONRenderer(sort_keys=True)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=out.isatty())
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    seldom = Seldom()
    handler.addFilter(lambda record: not _noisy(record.name) or seldom.filter(record))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for ours in OURS:
        logging.getLogger(ours).setLevel(level.upper())


def _noisy(name: str) -> bool:
    return name.partition(".")[0] in NOISY
