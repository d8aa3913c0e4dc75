"""The disaster of `docs/operations.md`, done on Apache Kafka with the commands of the page."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.engine.admin import connected
from streams.engine.brokers import Broker
from streams.engine.kafka_local import LocalKafka
from tests.journey.desk import ROOT, Desk, desk, story
from tests.journey.test_workers_on_kafka import stop

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")


@pytest.fixture
def own_kafka(kafka_at_hand: None, tmp_path: Path) -> Iterator[Broker]:
    """A broker of its own: whole processes use the real names of topics and groups."""
    with LocalKafka(tmp_path / "kafka") as broker:
        yield broker


def commands(heading: str) -> list[list[str]]:
    """What the page says to type under a heading, split into words."""
    (part,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    (block,) = re.findall(r"^```bash\n(.*?)^```", part, re.MULTILINE | re.DOTALL)
    return [shlex.split(line, comments=True) for line in block.splitlines()]


def typed(one: Desk, words: list[str]) -> None:
    """Run a command of the page: ours as it is, Kafka's by what they ask of the broker."""
    match words:
        case ["nabz", *rest]:
            more = ["--broker", one.broker.bootstrap] if "--config" in rest else []
            done = subprocess.run(  # noqa: S603  # a command of the page
                [sys.executable, "-m", "streams.cli.main", *rest, *more],
                cwd=one.directory, env={**os.environ, "PYTHONPATH": str(ROOT)},
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        case ["kafka-topics.sh", _, _, "--delete", "--topic", topic]:
            with connected(one.broker, 30) as client:
                client.delete_topics([topic])
        case ["kafka-consumer-groups.sh", _, _, "--delete", "--group", group]:
            with connected(one.broker, 30) as client:
                client.delete_groups([group])
        case _:
            raise AssertionError(f"nobody knows how to run {words}")


def test_rows_that_are_lost_are_worked_out_again(own_kafka: Broker, tmp_path: Path) -> None:
    """The same rows, to the byte of what the log gives, and every event counted once."""
    told = story(3, customers=30, start_ms=int(time.time() * 1000) - 30 * 86_400_000)
    with desk(own_kafka, tmp_path) as one:
        one.start()
        one.write(told, count=800)
        one.await_folded()
        stop(one)
        for words in commands("Backup"):
            typed(one, words)
        before = one.counted()
        for words in commands("The rows are lost"):
            typed(one, words)
        assert not any(one.rows().values())
        one.start()
        one.await_folded()
        stop(one)
        assert one.counted() == before == one.expected
        check = "nabz replay --check --config nabz.yaml"
        assert f"`{check}` must end with 0" in " ".join(PAGE.split())
        typed(one, shlex.split(check))
