"""The end of a process that cannot vouch for itself: say why, in no customer's words, exit 70.

Nothing is cleaned up, because nothing can be trusted. A new process recovers from the log and the
changelog; that is the one recovery path, and a well trodden one.

Next step: `streams.engine.worker.Lane` ends this way on whatever it cannot explain.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

import structlog
from aiokafka.errors import KafkaError

log = structlog.get_logger(__name__)

FAIL_STOP = 70


class FailStop(Protocol):
    """Ends the process; tests may raise instead."""

    def __call__(self, reason: str, error: BaseException | None = None) -> NoReturn:
        """Say why and never return."""
        ...


def told(error: BaseException) -> dict[str, Any]:
    """An exception for the log: type and places, and the text only where it cannot hold a record.

    Tracebacks with locals, and the words of a decoder's error, would print what a customer wrote.

    >>> told(ValueError("not a number: 'my invoice is wrong'"))
    {'error': 'ValueError', 'where': []}
    """
    safe = isinstance(error, KafkaError | OSError) or type(error).__module__.startswith("streams.")
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames[-6:]]
    return {
        "error": type(error).__name__,
        "where": where,
        **({"text": str(error)} if safe else {}),
    }


def fail_stop(reason: str, error: BaseException | None = None) -> NoReturn:
    """Log why and end this process now, exit code 70."""
    with suppress(Exception):
        log.critical("worker.fail_stopped", reason=reason, **({} if error is None else told(error)))
    with suppress(Exception):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(FAIL_STOP)
