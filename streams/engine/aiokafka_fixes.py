"""Two manners aiokafka lacks when a broker is away: patience and brevity.

When its only broker has left, the producer's sender asks for metadata without a pause: 5.5 seconds
of processor time and 30,000 log lines in 8 seconds. So a failed metadata request waits a little,
and each line of aiokafka's and Faust's loggers is said a few times per period only.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

from aiokafka.client import AIOKafkaClient

PAUSE_S = 0.2
_SAID_AT_MOST = 5
_PERIOD_S = 10.0
_NOISY = ("aiokafka", "faust", "mode")

upstream_metadata_update: Callable[..., Awaitable[bool]] = AIOKafkaClient._metadata_update


@wraps(upstream_metadata_update)
async def _patient_metadata_update(self: AIOKafkaClient, *args: Any, **kwargs: Any) -> bool:
    updated = await upstream_metadata_update(self, *args, **kwargs)
    if not updated:
        await asyncio.sleep(PAUSE_S)
    return updated


class AtMost(logging.Filter):
    """Let each log line (place in the source) pass a few times per period.

    >>> brief = AtMost(2, 10.0)
    >>> line = logging.LogRecord("aiokafka.client", 40, "client.py", 7, "gone", (), None)
    >>> [brief.filter(line) for _ in range(3)]
    [True, True, False]
    """

    def __init__(self, times: int, period_s: float) -> None:
        """Say each line at most so many times in so many seconds."""
        super().__init__()
        self._times = times
        self._period_s = period_s
        self._said: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass, or hold back what was just said; the first after a pause tells how often."""
        now_s = time.monotonic()
        place = record.pathname, record.lineno
        since_s, said = self._said.get(place, (now_s, 0))
        if now_s - since_s > self._period_s:
            held_back = said - self._times
            since_s, said = now_s, 0
            if held_back > 0:
                record.msg = f"{record.getMessage()} ({held_back} like it were held back)"
                record.args = ()
        self._said[place] = since_s, said + 1
        return said < self._times


_brief = AtMost(_SAID_AT_MOST, _PERIOD_S)


def install() -> None:
    """Apply both to this process; harmless to repeat. Call it once the clients are imported."""
    AIOKafkaClient._metadata_update = _patient_metadata_update
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in _NOISY:
            logger = logging.getLogger(name)
            if _brief not in logger.filters:
                logger.addFilter(_brief)
