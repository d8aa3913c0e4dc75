"""A whole worker that a test can crash or freeze: `python -m tests.journey.child '{"at": ...}'`.

The product knows no such place; it only tells its named points to whoever made it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from streams.cli.errors import Stop
from streams.cli.processes import supervised
from streams.logs import configure
from streams.settings import load
from streams.worker.app import run_worker_process
from tests.engine.counter import FAST


def stumbling(at: str, mark: Path) -> Callable[[str], None]:
    """Die at the n-th time of a named point (`kill@cycle.stored:2`), or freeze there (`freeze@`).

    Once only: the mark says that it has happened, and a thawed process goes on.
    """
    how, _, place = at.partition("@")
    point, _, nth = place.partition(":")
    left = int(nth or 1)

    def reached(name: str) -> None:
        nonlocal left
        if name != point or left <= 0:
            return
        left -= 1
        if left == 0:
            mark.write_text(at, encoding="utf-8")
            os.kill(os.getpid(), signal.SIGSTOP if how == "freeze" else signal.SIGKILL)

    return reached


def main() -> int:
    """Run until a signal, or the named point."""
    configure(json=False)
    told = json.loads(sys.argv[1])
    settings = load(
        Path(told["config"]),
        {
            "broker": {"bootstrap": told["bootstrap"]},
            "metrics": {"worker": {"bind": "127.0.0.1:0"}},
        },
    )
    at = stumbling(told["at"], Path(told["mark"]))
    roles = frozenset(("ingest", "track"))
    timing = FAST if told["hasty"] else None
    try:
        return supervised(lambda: run_worker_process(settings, roles=roles, timing=timing, at=at))
    except Stop as stop:
        print(stop.message)  # noqa: T201  # into the log of the test
        return stop.exit_code


if __name__ == "__main__":
    sys.exit(main())
