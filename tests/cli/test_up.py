"""`nabz up`: from nothing to an explained score, and nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.engine.brokers import Broker
from streams.engine.cycle import Output, partition_of
from streams.engine.embedded import listening
from streams.topics import EVENTS
from tests.cli.conftest import PARTITIONS, Nabz
from tests.cli.kafka import publish
from tests.cli.test_children import Supervisor, is_there
from tests.engine.workers import until

ROOT = Path(__file__).resolve().parents[2]

SETTINGS = f"""
partitions: {PARTITIONS}
channels:
  screen: {{type: terminal}}
rules:
  - {{id: angry, raise_at: 5, clear_at: 2, critical: null}}
metrics:
  worker: {{bind: "127.0.0.1:0"}}
  notifier: {{bind: "127.0.0.1:0"}}
"""


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start `nabz up` in a folder, its lines in one stream."""
    return subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-m", "streams.cli.main", "up", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def says(broker: Broker, customer: str, text: str, ts_ms: int) -> None:
    """Write a message of a customer to `nabz.events.v1`."""
    event = {
        "kind": "message", "event_id": f"{customer}-{ts_ms}", "customer": customer, "ts": ts_ms,
        "author": "customer", "conversation": f"t-{customer}", "text": text,
    }  # fmt: skip
    key = customer.encode()
    body = json.dumps(event).encode()
    publish(broker, [Output(EVENTS, key, body, (), partition_of(key, PARTITIONS))])


def test_it_runs_explains_tells_and_leaves_nothing_behind(nabz: Nabz) -> None:
    """One command, then a message, then a person is told why; Ctrl-C ends all of it."""
    (nabz.folder / "nabz.yaml").write_text(SETTINGS, encoding="utf-8")
    with started(nabz.folder) as process:
        try:
            up = Supervisor(process)
            first = up.await_line("broker in memory at", timeout_s=30.0)
            found = re.search(r"127\.0\.0\.1:(\d+)", first)
            assert found is not None
            port = int(found[1])
            assert port == 9092 or f"--broker 127.0.0.1:{port}" in first
            nabz.broker = Broker(f"127.0.0.1:{port}", idempotent=False)
            up.await_line("configuration [0-9a-f]{16}: put in force")
            up.await_line("worker started, pid")
            up.await_line("notifier started, pid")
            from streams.clock import wall_ms

            says(nabz.broker, "c-1", "This is unacceptable, cancel my account now!", wall_ms())
            up.await_line(r"^notifier \|     nabz why c-1 --alert ", timeout_s=60.0)

            def explained() -> bool:
                facts = nabz.on_broker("why", "c-1", "--json")
                return facts.exit_code == 0 and json.loads(facts.stdout)["published"] == "same"

            until("why agrees with what was published", explained, step_s=0.5)
            pids = [up.pid_of("worker"), up.pid_of("notifier")]
            process.send_signal(signal.SIGINT)
            assert up.wait(60.0) == 0
            stops = [line for line in up.lines if "| stopping" in line]
            assert [line.split()[-1] for line in stops] == ["worker", "notifier"]
            assert not any(is_there(pid) for pid in pids)
            assert not listening(port)
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize(
    "more", ["tls: true", "mechanism: PLAIN, username: env:U, password: env:P"]
)
def test_the_broker_in_memory_speaks_no_tls_and_no_sasl(nabz: Nabz, more: str) -> None:
    """Settings for a guarded Kafka are not quietly used without its guards."""
    (nabz.folder / "nabz.yaml").write_text(f"broker: {{{more}}}\n", encoding="utf-8")
    found = nabz("up", "--broker", "embedded")
    assert found.exit_code == 2
    assert "--broker embedded: the settings ask for TLS or SASL" in found.stderr


def test_a_broker_that_is_named_and_missing_is_not_replaced_by_one_in_memory(nabz: Nabz) -> None:
    """Whoever names a Kafka means that one."""
    found = nabz("up", "--broker", "127.0.0.1:9")
    assert found.exit_code == 1
    assert "127.0.0.1:9" in found.stderr
    assert "in memory" not in found.stderr
