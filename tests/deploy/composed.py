"""What `deploy/compose.yaml` says, as plain processes on loopback.

Names of containers become addresses, mounted files and secrets become files in a folder, addresses
to listen on become free ports. Nothing else of a command or an environment is changed.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from streams.engine.embedded import free_port

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def variables(page: str) -> dict[str, str]:
    """An `.env` file."""
    lines = (line.partition("=") for line in page.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


def compose(given: Mapping[str, str]) -> dict[str, Any]:
    """The file with its variables put in, as Compose does it."""

    def put_in(found: re.Match[str]) -> str:
        return given.get(found[1]) or (found[2] or "")

    text = _VARIABLE.sub(put_in, (DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    tree: dict[str, Any] = yaml.safe_load(text)
    return tree


def in_order(services: Mapping[str, Any]) -> Iterator[str]:
    """Services, each after those it depends on."""
    told: set[str] = set()
    while len(told) < len(services):
        ready = [
            name
            for name, one in services.items()
            if name not in told and set(one.get("depends_on", {})) <= told
        ]
        assert ready, "the services wait for each other in a circle"
        told.update(ready)
        yield from ready


@dataclass
class Running:
    """A container as a process."""

    service: str
    process: subprocess.Popen[bytes]
    log: Path
    port: int | None


@dataclass
class Composed:
    """All services of nabz in the file; Kafka is one that runs already."""

    tree: dict[str, Any]
    bootstrap: str
    folder: Path
    token: str
    running: list[Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Put secrets and mounted files where the processes will find them."""
        (self.folder / "metrics_token").write_text(self.token, encoding="utf-8")
        mounted = self.tree["services"]["worker"]["volumes"]
        assert mounted == ["./nabz.yaml:/etc/nabz/nabz.yaml:ro"]
        (self.folder / "nabz.yaml").write_bytes((DEPLOY / "nabz.yaml").read_bytes())

    def words(self, service: str) -> list[str]:
        """Its command line after `nabz`."""
        return [self._here(str(word)) for word in self.tree["services"][service]["command"]]

    def _here(self, text: str) -> str:
        here = text.replace("kafka:9092", self.bootstrap)
        return here.replace("/run/secrets/", f"{self.folder}/")

    def environment(self, service: str) -> tuple[dict[str, str], int | None]:
        """Its variables, and the port it answers on."""
        found, port = {**os.environ, "PYTHONPATH": str(ROOT)}, None
        for name, value in self.tree["services"][service]["environment"].items():
            here = self._here(str(value))
            if here.startswith("0.0.0.0:"):
                port = free_port()
                here = f"127.0.0.1:{port}"
            found[name] = here
        return found, port

    def finish(self, service: str) -> str:
        """Run a service that ends, and return what it said."""
        done = subprocess.run(  # noqa: S603  # the command of the file
            self._command(service), cwd=self.folder, env=self.environment(service)[0],
            capture_output=True, text=True, timeout=90, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{service}: {done.stdout}{done.stderr}"
        return done.stdout

    def start(self, service: str) -> None:
        """Start a service, as many times as the file says."""
        for number in range(self.tree["services"][service].get("deploy", {}).get("replicas", 1)):
            env, port = self.environment(service)
            log = self.folder / f"{service}-{number}.log"
            with log.open("wb") as sink:
                process = subprocess.Popen(  # noqa: S603  # the command of the file
                    self._command(service), cwd=self.folder, env=env,
                    stdout=sink, stderr=subprocess.STDOUT,
                )  # fmt: skip
            self.running.append(Running(service, process, log, port))

    def _command(self, service: str) -> list[str]:
        return [sys.executable, "-m", "streams.cli.main", *self.words(service)]

    def of(self, service: str) -> list[Running]:
        """The processes of a service."""
        return [one for one in self.running if one.service == service]

    def stop(self) -> dict[str, list[int]]:
        """End all, as Compose would, and return their exit codes."""
        for one in self.running:
            if one.process.poll() is None:
                one.process.send_signal(signal.SIGTERM)
        codes: dict[str, list[int]] = {}
        for one in self.running:
            try:
                code = one.process.wait(45)
            except subprocess.TimeoutExpired:
                one.process.kill()
                code = one.process.wait()
            codes.setdefault(one.service, []).append(code)
        self.running.clear()
        return codes
