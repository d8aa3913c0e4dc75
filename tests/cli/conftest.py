"""A broker of its own for each test: the command line knows the real topics only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from streams.cli.main import main
from streams.engine.admin import apply_topics
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker

PARTITIONS = 2


@pytest.fixture
def empty_broker() -> Iterator[Broker]:
    """A broker nobody has used."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture
def own_broker(empty_broker: Broker) -> Broker:
    """A broker with nabz's topics, and nothing in them."""
    apply_topics(empty_broker, partitions=PARTITIONS, replication=1)
    return empty_broker


class Nabz:
    """The command line, in a folder of its own, as a person at a pipe has it."""

    def __init__(self, folder: Path, broker: Broker | None = None) -> None:
        """Run in this folder; commands that touch Kafka get this broker."""
        self.folder = folder
        self.broker = broker

    def __call__(self, *words: str, given: str | None = None) -> Result:
        """Run a command as it is."""
        return CliRunner().invoke(main, list(words), input=given)

    def on_broker(self, *words: str) -> Result:
        """Run a command against the broker, with the partitions of the tests."""
        assert self.broker is not None
        return self(*words, "--broker", self.broker.bootstrap)


@pytest.fixture
def nabz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nabz:
    """The command line without a broker."""
    monkeypatch.chdir(tmp_path)
    return Nabz(tmp_path)


@pytest.fixture
def nabz_on(nabz: Nabz, own_broker: Broker) -> Nabz:
    """The command line with a broker that has the topics, and two partitions configured."""
    (nabz.folder / "nabz.yaml").write_text(
        f"partitions: {PARTITIONS}\nreplication: 1\nclock: watermark\n", encoding="utf-8"
    )
    nabz.broker = own_broker
    return nabz
