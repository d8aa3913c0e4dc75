"""The child processes of the demo: started, listened to, and stopped by their pids.

Each leads a session of its own, so Ctrl-C reaches only us and we end them in order. Their logs go
to files of a temporary folder; a child that ends by itself is a `ChildDiedError` with the tail of
its log.

Next step: `streams.demo.stage` starts a worker and a notifier.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from streams.engine.embedded import stop_group

_TAIL_BYTES: Final = 4_000
_TAIL_LINES: Final = 15
_STOP_S: Final = 12.0


class ChildDiedError(Exception):
    """A child ended by itself; the message has its exit code and the last lines of its log."""


def tail(log: Path) -> str:
    """The last lines of a log, indented."""
    try:
        end = log.read_bytes()[-_TAIL_BYTES:].decode("utf-8", "replace")
    except OSError:
        end = ""
    lines = end.splitlines()[-_TAIL_LINES:] or ["(it logged nothing)"]
    return "\n".join(f"    {line}" for line in lines)


@dataclass(slots=True)
class Child:
    """One child process.

    Attributes:
        name: What it is called on the screen.
        command: Arguments of `nabz`.
        log: File its log goes to.
        heard: Called with each line of its standard output, in a thread; None for a child that
            says nothing.
    """

    name: str
    command: Sequence[str]
    log: Path
    heard: Callable[[str], None] | None = None
    _process: subprocess.Popen[bytes] | None = None
    _listener: threading.Thread | None = None
    _files: list[IO[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start it; returns at once."""
        log = self.log.open("wb")
        self._files.append(log)
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-P", "-m", "streams.cli.main", *self.command],
            stdin=subprocess.DEVNULL,
            stdout=log if self.heard is None else subprocess.PIPE,
            stderr=log,
            env=_environment(),
            start_new_session=True,
        )
        if self._process.stdout is not None:
            self._listener = threading.Thread(
                target=self._listen, args=(self._process.stdout,), daemon=True
            )
            self._listener.start()

    def _listen(self, pipe: IO[bytes]) -> None:
        heard = self.heard
        for line in pipe:
            if heard is not None:
                heard(line.decode("utf-8", "replace").rstrip("\r\n"))
        pipe.close()

    @property
    def pid(self) -> int | None:
        """Process id, None before the start."""
        return None if self._process is None else self._process.pid

    def ended(self) -> int | None:
        """Exit code of a child that has ended, None while it runs or before it is started."""
        return None if self._process is None else self._process.poll()

    def check(self) -> None:
        """Make sure that it still runs.

        Raises:
            ChildDiedError: It has ended.
        """
        code = self.ended()
        if code is not None:
            how = f"with exit code {code}" if code >= 0 else f"by signal {-code}"
            raise ChildDiedError(f"{self.name} ended {how}; the end of its log:\n{tail(self.log)}")

    def stop(self) -> None:
        """End it politely, then not; harmless when it has ended or never began."""
        if self._process is not None:
            stop_group(self._process, _STOP_S)
            self._process.wait()
        if self._listener is not None:
            self._listener.join(2.0)
        while self._files:
            self._files.pop().close()


def _environment() -> dict[str, str]:
    """Ours, without what would send a child to another broker than the demo's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NABZ_BROKER")}
    return kept | {"PYTHONUNBUFFERED": "1"}
