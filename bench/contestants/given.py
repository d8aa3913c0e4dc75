"""What a contestant is given, and how it tells how far it is.

Only the standard library: peers run in an environment of their own, without nabz.

Next step: the other modules of this package.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Given:
    """One run.

    Attributes:
        bootstrap: Address of the broker.
        run: A name nobody has used, for groups and topics.
        source: Topic of the events, keyed by customer.
        output: Topic of the records, made already; as many partitions.
        partitions: Of source and output.
        marks: Tell when so many events are through.
        every: A record at every so many events of a customer.
        place: A directory to keep state in.
        settings: `nabz.yaml` of this run, for nabz only.
    """

    bootstrap: str
    run: str
    source: str
    output: str
    partitions: int
    marks: tuple[int, ...]
    every: int
    place: str
    settings: str = ""

    def encoded(self) -> str:
        """As an argument of a command."""
        return json.dumps(asdict(self))


def given() -> Given:
    """What this process was given."""
    fields = json.loads(sys.argv[1])
    return Given(**fields | {"marks": tuple(fields["marks"])})


def peak_mb() -> float:
    """The most memory this process has held, in megabytes."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024
    except OSError:  # not Linux; there, it begins with what the parent held
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Meter:
    """Prints events, processor seconds and memory of this process whenever a mark is passed."""

    def __init__(self, marks: tuple[int, ...]) -> None:
        """Tell at these counts; with none of them, at every call of `reached`."""
        self._always = not marks
        self._marks = sorted(marks, reverse=True)
        self.count = 0

    def add(self) -> None:
        """One more event is through."""
        self.count += 1
        if self._marks and self.count >= self._marks[-1]:
            self.reached(self.count)

    def reached(self, count: int) -> None:
        """So many events are through in all."""
        self.count = count
        passed = False
        while self._marks and count >= self._marks[-1]:
            self._marks.pop()
            passed = True
        if passed or self._always:
            self.tell()

    def tell(self) -> None:
        """Print where this process is."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        line = {
            "events": self.count,
            "cpu_s": used.ru_utime + used.ru_stime,
            "at_s": time.monotonic(),
            "rss_mb": peak_mb(),
        }
        print(json.dumps(line), flush=True)  # noqa: T201  # read by the parent
