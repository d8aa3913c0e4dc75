"""A notifier process that a test can kill: `python -m tests.notifier.child <arguments as JSON>`."""

from __future__ import annotations

import json
import sys

from streams.engine.brokers import Broker
from streams.logs import configure
from streams.notifier.feed import Names
from streams.notifier.process import run_notifier
from streams.notifier.settings import NotifierSettings


def main() -> int:
    """Run until a signal."""
    configure()
    told = json.loads(sys.argv[1])
    return run_notifier(
        Broker(**told["broker"]),
        NotifierSettings.model_validate(told["settings"]),
        names=Names(**told["names"]),
        session_ms=told["session_ms"],
    )


if __name__ == "__main__":
    sys.exit(main())
