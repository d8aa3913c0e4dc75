"""The processes of `nabz up`: named lines, restarts, and an end in order."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue

from streams.cli.children import Child, Children
from streams.cli.errors import CRASHED

ROOT = Path(__file__).resolve().parents[2]
QUICK = {"backoff_s": 0.05, "backoff_max_s": 0.2, "settled_s": 60.0, "stop_s": 20.0}
PATIENT = """
import signal, sys
def end(*_):
    print("ending")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("ready")
while True:
    signal.pause()
"""
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, lambda *_: print("no"))
print("ready")
while True:
    signal.pause()
"""


class Supervisor:
    """A supervisor under test and the lines it has written so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Collect its lines."""
        self.process = process
        self.lines: list[str] = []
        self._queue: SimpleQueue[str] = SimpleQueue()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._queue.put(line.rstrip("\n"))

    def await_line(self, pattern: str, times: int = 1, timeout_s: float = 20.0) -> str:
        """Wait until a line matches, so many times in all."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            found = [line for line in self.lines if re.search(pattern, line)]
            if len(found) >= times:
                return found[times - 1]
            try:
                self.lines.append(self._queue.get(timeout=deadline_s - time.monotonic()))
            except (Empty, ValueError):
                raise AssertionError(f"no line like {pattern!r} in {self.lines}") from None

    def wait(self, timeout_s: float = 30.0) -> int:
        """Exit code, with all lines read."""
        code = self.process.wait(timeout_s)
        self._thread.join(5.0)
        while not self._queue.empty():
            self.lines.append(self._queue.get())
        return code

    def pid_of(self, name: str) -> int:
        """Pid of the last start of a child."""
        started = [line for line in self.lines if f"{name} started" in line]
        return int(started[-1].rsplit(" ", 1)[1])


@contextmanager
def supervising(children: dict[str, str], **patience: float) -> Iterator[Supervisor]:
    """A supervisor over scripts, killed at the end should it still be there."""
    told = {"children": list(children.items()), "patience": {**QUICK, **patience}}
    with subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-m", "tests.cli.supervisor", json.dumps(told)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        supervisor = Supervisor(process)
        try:
            yield supervisor
        finally:
            if process.poll() is None:
                process.kill()


def is_there(pid: int) -> bool:
    """Does a process still exist?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_child_that_ends_with_70_is_started_again_and_later_each_time() -> None:
    """A worker that must not go on is replaced; one that always ends does not spin."""
    crashing = f"import sys; print('here'); sys.exit({CRASHED})"
    with supervising({"worker": crashing}) as supervisor:
        supervisor.await_line(r"^worker \| here", times=4)
        waits = [
            float(line.split(" in ")[1].split(" ")[0])
            for line in supervisor.lines
            if "starting it again" in line
        ]
        assert waits[:3] == [0.05, 0.1, 0.2]
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.wait() == 0


def test_a_child_that_somebody_killed_is_started_again() -> None:
    """Any process may be killed at any moment."""
    with supervising({"worker": PATIENT}) as supervisor:
        supervisor.await_line("ready")
        os.kill(supervisor.pid_of("worker"), signal.SIGKILL)
        supervisor.await_line("worker ended by signal 9; starting it again")
        supervisor.await_line("ready", times=2)
        supervisor.process.send_signal(signal.SIGTERM)
        assert supervisor.wait() == 0


def test_a_child_that_cannot_work_ends_everything() -> None:
    """A wrong configuration is not cured by a restart: its exit code is ours, nobody stays."""
    with supervising({"notifier": PATIENT, "worker": "raise SystemExit(2)"}) as supervisor:
        assert supervisor.wait() == 2
        assert any("worker ended with 2" in line for line in supervisor.lines)
        assert not is_there(supervisor.pid_of("notifier"))


def test_ctrl_c_stops_the_children_in_order() -> None:
    """One after the other, each asked politely; a terminal's signal to all reaches only us."""
    with supervising({"worker": PATIENT, "notifier": PATIENT}) as supervisor:
        supervisor.await_line(r"^worker   \| ready")
        supervisor.await_line(r"^notifier \| ready")
        os.killpg(supervisor.process.pid, signal.SIGINT)
        assert supervisor.wait() == 0
        ends = [line for line in supervisor.lines if "stopping" in line or "ending" in line]
        assert ends == [
            "up       | stopping worker",
            "worker   | ending",
            "up       | stopping notifier",
            "notifier | ending",
        ]


def test_a_second_ctrl_c_does_not_wait() -> None:
    """A child that does not end is killed, and so is the next one."""
    with supervising({"worker": STUBBORN, "notifier": STUBBORN}) as supervisor:
        supervisor.await_line("ready", times=2)
        supervisor.process.send_signal(signal.SIGINT)
        supervisor.await_line(r"^worker   \| no")
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.wait(timeout_s=10.0) == 0
        killed = [line for line in supervisor.lines if "killing" in line]
        assert killed == ["up       | killing worker", "up       | killing notifier"]
        assert not any(line == "notifier | no" for line in supervisor.lines)


def test_a_child_that_does_not_end_in_time_is_killed() -> None:
    """An end in order has an end."""
    with supervising({"worker": STUBBORN}, stop_s=0.3) as supervisor:
        supervisor.await_line("ready")
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.wait() == 0
        assert "up     | killing worker" in supervisor.lines


def test_a_child_that_ran_long_enough_starts_at_once_again() -> None:
    """The wait before a restart grows with crashes in a row, not over months."""
    with supervising({"worker": f"raise SystemExit({CRASHED})"}, settled_s=0.0) as supervisor:
        supervisor.await_line("starting it again", times=3)
        again = [line for line in supervisor.lines if "starting it again" in line]
        assert {line.rsplit(" in ", 1)[1] for line in again} == {"0.05 s"}
        supervisor.process.send_signal(signal.SIGINT)
        assert supervisor.wait() == 0


def test_a_program_that_is_not_there_leaves_nobody_behind() -> None:
    """When the second child cannot be started, the first one is stopped."""
    patient = Child("one", [sys.executable, "-c", PATIENT], dict(os.environ))
    missing = Child("two", ["/nowhere/nabz"], {})
    raised = ""
    try:
        Children([patient, missing]).run()
    except FileNotFoundError as error:
        raised = str(error)
    assert "/nowhere/nabz" in raised
    assert not patient.running()
