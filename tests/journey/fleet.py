"""Workers that come and go: started, killed, frozen and thawed, removed, each by its own id.

Whatever ends as a supervisor expects it (killed, or with 70) is started anew; anything else is a
failure of the test.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from streams.engine.worker import FAIL_STOP
from tests.engine.counter import FAST
from tests.journey.desk import ROOT, Desk

THAW_S: Final = 2.2 * FAST.session_s
"""Beyond the sessions of the lane and of ingest, which has 6 s: others have taken over by then."""


@dataclass
class Member:
    """One worker process and what is known of it."""

    process: subprocess.Popen[bytes]
    mark: Path
    log: Path
    at: str
    thaw_s: float | None = None
    noted: bool = False
    leaving: bool = False


@dataclass
class Fleet:
    """The workers of a desk.

    Attributes:
        size: How many there should be.
        hasty: With sessions and time limits of a few seconds, else with those of an installation.
        reached: Named points at which a worker has died or frozen.
        ended: How workers ended: `killed`, `failed` (70), `stopped`.
    """

    desk: Desk
    size: int = 3
    hasty: bool = True
    members: list[Member] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    started: int = 0
    wakings: int = 0

    def start(self, at: str = "") -> Member:
        """Start a worker that dies or freezes at a point, or lives."""
        base = self.desk.directory / f"worker-{self.started:03d}"
        self.started += 1
        given = {
            "config": str(self.desk.config),
            "bootstrap": self.desk.broker.bootstrap,
            "at": at,
            "hasty": self.hasty,
            "mark": str(base.with_suffix(".mark")),
        }
        with base.with_suffix(".log").open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603  # our own command
                [sys.executable, "-m", "tests.journey.child", json.dumps(given)],
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )
        member = Member(process, base.with_suffix(".mark"), base.with_suffix(".log"), at)
        self.members.append(member)
        return member

    def working(self) -> list[Member]:
        """Those that are neither frozen nor on their way out."""
        return [one for one in self.members if not one.leaving and one.thaw_s is None]

    def healthy(self) -> list[Member]:
        """Those of them that are not to die."""
        return [one for one in self.working() if not one.at or one.noted]

    def kill(self, member: Member) -> None:
        """As a power cut would."""
        member.process.send_signal(signal.SIGKILL)

    def freeze(self, member: Member) -> None:
        """For longer than any session; `tend` thaws it."""
        member.process.send_signal(signal.SIGSTOP)
        member.thaw_s = time.monotonic() + THAW_S

    def remove(self, member: Member) -> None:
        """In good order."""
        member.leaving = True
        member.process.send_signal(signal.SIGTERM)

    def tend(self) -> None:
        """Thaw who was frozen for long enough, note who has ended, and fill the ranks.

        Raises:
            AssertionError: A worker ended otherwise than a supervisor may expect.
        """
        now_s = time.monotonic()
        for one in tuple(self.members):
            if one.at and not one.noted and one.mark.exists():
                one.noted = True
                self.reached[one.at.partition("@")[2].partition(":")[0]] += 1
                if one.at.startswith("freeze"):
                    one.thaw_s = now_s + THAW_S
            if one.thaw_s is not None and now_s >= one.thaw_s:
                one.thaw_s = None
                self.wakings += 1
                one.process.send_signal(signal.SIGCONT)
            code = one.process.poll()
            if code is not None:
                self.members.remove(one)
                self._note_end(one, code)
        while sum(not one.leaving for one in self.members) < self.size:
            self.start()

    def _note_end(self, one: Member, code: int) -> None:
        if code == -signal.SIGKILL:
            self.ended["killed"] += 1
        elif code == FAIL_STOP:
            self.ended["failed"] += 1
        elif one.leaving and code in {0, -signal.SIGTERM}:  # the latter: it had not begun yet
            self.ended["stopped"] += 1
        else:
            told = one.log.read_text(encoding="utf-8", errors="replace")[-4000:]
            raise AssertionError(f"{one.log.name} ended with {code}: {told}")

    def calm(self) -> None:
        """Wake everybody who is frozen, and let only those live on that are not to die."""
        for one in self.members:
            if one.thaw_s is not None:
                one.thaw_s = 0.0
        self.tend()

    def stop(self) -> None:
        """End all in good order.

        Raises:
            AssertionError: One did not manage.
        """
        for one in self.members:
            if not one.leaving:
                self.remove(one)
        for one in self.members:
            one.process.wait(40)
        self.size = 0
        self.tend()

    def close(self) -> None:
        """End whatever is left of what we started."""
        for one in self.members:
            if one.process.poll() is None:
                one.process.kill()
                one.process.wait()

    def tails(self) -> str:
        """The ends of what the last workers logged."""
        logs = [one.log for one in self.members]
        return "\n".join(
            f"--- {path.name}\n{path.read_text(encoding='utf-8', errors='replace')[-1500:]}"
            for path in logs
        )
