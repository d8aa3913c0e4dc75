"""The child processes of `nabz up`: their lines, named, their ends, their restarts.

A child that ends with 70, or that somebody killed, is started again, later each time; one that ends
otherwise cannot work here and ends everything. Each leads a session of its own, so Ctrl-C reaches
only us, and we stop them one after the other, each by its pid. A second Ctrl-C does not wait.

Next step: `streams.cli.up` says which children there are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import IO, Final, TextIO

import click

from streams.cli.errors import CRASHED, FAILED

_LOOK_S: Final = 0.1
_COLOURS: Final = ("cyan", "magenta", "yellow", "blue")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long things may take, in seconds.

    Attributes:
        backoff_s: Before the first restart of a child; twice as long before each further one.
        backoff_max_s: At most.
        settled_s: A child that ran this long starts anew with `backoff_s`.
        stop_s: For a child to end when asked; then it is killed. A worker gives itself 30 s.
    """

    backoff_s: float = 1.0
    backoff_max_s: float = 30.0
    settled_s: float = 60.0
    stop_s: float = 40.0


@dataclass(slots=True)
class Child:
    """One child process.

    Attributes:
        name: Stands before its lines.
        command: Program and arguments.
        environment: Its environment.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    restarts: int = 0
    due_s: float | None = None
    readers: list[threading.Thread] = field(default_factory=list)

    def running(self) -> bool:
        """Has it been started and not ended?"""
        return self.process is not None and self.process.poll() is None


class Children:
    """Starts children, keeps them up, and stops them in order."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        patience: Patience | None = None,
        out: TextIO | None = None,
        err: TextIO | None = None,
    ) -> None:
        """Describe them; nothing runs before `run`.

        Args:
            children: In the order in which they are started and stopped.
            patience: Time limits.
            out: Where their standard output goes, ours by default.
            err: Where their standard error and our own lines go, our standard error by default.
        """
        self._children = list(children)
        self._patience = Patience() if patience is None else patience
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err
        self._width = max(len(one.name) for one in [*children, Child("up", (), {})])
        self._lock = threading.Lock()
        self._asked = 0
        self._wake = threading.Event()

    # ------------------------------------------------------------------ what is said

    def say(self, text: str) -> None:
        """A line of our own."""
        self._line(self._err, "up", text)

    def _line(self, stream: TextIO, name: str, text: str) -> None:
        head = f"{name:<{self._width}} | "
        if stream.isatty():
            names = [one.name for one in self._children]
            place = names.index(name) if name in names else -1
            head = click.style(head, fg=_COLOURS[place % len(_COLOURS)])
        with self._lock:
            stream.write(f"{head}{text}\n")
            stream.flush()

    def _pass_on(self, name: str, pipe: IO[bytes], stream: TextIO) -> None:
        for line in pipe:
            self._line(stream, name, line.decode("utf-8", "replace").rstrip("\r\n"))
        pipe.close()

    # ------------------------------------------------------------------ life

    def run(self) -> int:
        """Run all until Ctrl-C, SIGTERM, or a child that cannot work; the exit code.

        Call it in the main thread: it takes the two signals while it runs.
        """
        before = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            for child in self._children:
                if not self._asked:
                    self._start(child)
            code = self._watch()
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)
        return code

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._asked += 1
        self._wake.set()

    def _start(self, child: Child) -> None:
        child.due_s = None
        child.started_s = time.monotonic()
        child.process = subprocess.Popen(  # noqa: S603  # our own command
            child.command,
            env=child.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        child.readers = [
            threading.Thread(target=self._pass_on, args=(child.name, pipe, stream), daemon=True)
            for pipe, stream in (
                (child.process.stdout, self._out),
                (child.process.stderr, self._err),
            )
        ]
        for reader in child.readers:
            reader.start()
        self.say(f"{child.name} started, pid {child.process.pid}")

    def _watch(self) -> int:
        while not self._asked:
            for child in self._children:
                code = self._look_after(child)
                if code is not None:
                    return code
            self._wake.wait(_LOOK_S)
        return 0

    def _look_after(self, child: Child) -> int | None:
        """Restart a child if it is time to; a code where everything has to end."""
        now_s = time.monotonic()
        if child.due_s is not None:
            if now_s >= child.due_s:
                self._start(child)
            return None
        code = None if child.process is None else child.process.poll()
        if code is None:
            return None
        self._hear_out(child)
        if code != CRASHED and code >= 0:
            self.say(f"{child.name} ended with {code}; a restart would not help, so all stop")
            return code or FAILED
        patience = self._patience
        if now_s - child.started_s >= patience.settled_s:
            child.restarts = 0
        wait_s = min(patience.backoff_max_s, patience.backoff_s * 2**child.restarts)
        child.restarts = min(child.restarts + 1, 16)
        child.due_s = now_s + wait_s
        how = f"with {code}" if code >= 0 else f"by signal {-code}"
        self.say(f"{child.name} ended {how}; starting it again in {wait_s:g} s")
        return None

    def _stop_all(self) -> None:
        """Stop one after the other, each by its pid; a further signal kills what is left."""
        told = self._asked
        for child in self._children:
            if child.process is None or not child.running():
                continue
            if self._asked <= max(told, 1):
                self.say(f"stopping {child.name}")
                os.kill(child.process.pid, signal.SIGTERM)
                self._await(child.process, patient=max(told, 1))
            if child.running():
                self.say(f"killing {child.name}")
                os.kill(child.process.pid, signal.SIGKILL)
            child.process.wait()
            self._hear_out(child)
        self.say("stopped")

    @staticmethod
    def _hear_out(child: Child) -> None:
        """Its last words come before what we say next."""
        for reader in child.readers:
            reader.join(1.0)

    def _await(self, process: subprocess.Popen[bytes], *, patient: int) -> None:
        deadline_s = time.monotonic() + self._patience.stop_s
        while process.poll() is None and self._asked <= patient:
            if time.monotonic() > deadline_s:
                return
            self._wake.clear()
            self._wake.wait(_LOOK_S)
