"""Brokers started beside us: up when told so, gone afterwards, clear about what is missing."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from streams.engine import kafka_local
from streams.engine.admin import topics_state
from streams.engine.embedded import EmbeddedBroker, EmbeddedBrokerError, free_port, listening
from streams.engine.kafka_local import KafkaUnavailableError, LocalKafka


def alive(pid: int) -> bool:
    """Is there a process of this id?"""
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else _signalled(pid)


def _signalled(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_embedded_broker_answers_and_leaves_nothing_behind() -> None:
    """Also when the block fails."""
    one, pids = EmbeddedBroker(), []

    def interrupted() -> None:
        with one as broker:
            assert one.pid is not None and alive(one.pid)
            pids.append(one.pid)
            assert broker.bootstrap == f"127.0.0.1:{one.port}" and not broker.idempotent
            assert topics_state(broker, partitions=1)[0].partitions is None
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    (pid,) = pids
    assert one.pid is None and not alive(pid) and not listening(one.port)
    one.stop()  # again, harmless


def test_a_taken_port_is_named() -> None:
    """Instead of talking to whatever listens there."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(EmbeddedBrokerError, match=f"port {port} is taken; choose another"):
            EmbeddedBroker(port=port).start()


def test_an_embedded_broker_that_is_not_up_in_time_is_ended(tmp_path: Path) -> None:
    """Its last words are told, and its log stays where it was asked for."""
    log = tmp_path / "broker.log"
    one = EmbeddedBroker(start_timeout_s=0.0, log=log)
    with pytest.raises(EmbeddedBrokerError, match="did not listen within 0 s"):
        one.start()
    assert one.pid is None and log.exists()


def test_what_kafka_lacks_is_said_with_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Java and Maven are looked for on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    lacking = kafka_local.missing()
    assert lacking is not None
    assert "java" in lacking and "apt-get install default-jre-headless maven" in lacking
    with pytest.raises(KafkaUnavailableError, match="not found"):
        LocalKafka(tmp_path / "kafka").start()


@pytest.mark.usefixtures("kafka_at_hand")
def test_a_kafka_that_does_not_start_names_its_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A `java` that only fails stands for a broken installation."""
    kafka_local.jars()  # Maven needs a `java` that works
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho broken\nexit 3\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{java.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(KafkaUnavailableError, match="formatting failed: broken"):
        LocalKafka(tmp_path / "kafka").start()
    (tmp_path / "kafka" / "data").mkdir()  # formatted, but it cannot run
    with pytest.raises(KafkaUnavailableError, match=r"see .*stdout\.log and .*server\.log"):
        LocalKafka(tmp_path / "kafka").start()


def test_a_free_port_is_one_nobody_listens_on() -> None:
    """At this moment."""
    assert not listening(free_port())
