"""Brokers for the tests: the embedded one and Apache Kafka, each started once per session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.engine import kafka_local
from streams.engine.brokers import Broker
from streams.engine.embedded import EmbeddedBroker
from streams.engine.kafka_local import LocalKafka

_IN_MEMORY = {"embedded_broker", "empty_broker"}  # fixtures
_INSTALLED = {"tests.demo.test_demo", "tests.deploy.test_observe"}  # start it as a user would
_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs on the broker in memory is tried once more, and the report lists it as a rerun.

    That broker is a convenience of third parties: about once in a hundred starts it does not
    answer a member of a group. What nabz promises is tested on Apache Kafka too, without mercy.
    """
    for item in items:
        if not isinstance(item, pytest.Function):
            continue
        broker = item.callspec.params.get("broker") if hasattr(item, "callspec") else None
        if (
            broker == "embedded"
            or not _IN_MEMORY.isdisjoint(item.fixturenames)
            or hasattr(item.module, "EmbeddedBroker")
            or item.module.__name__ in _INSTALLED
        ):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def embedded_broker() -> Iterator[Broker]:
    """Tansu, in memory."""
    with EmbeddedBroker() as broker:
        yield broker


@pytest.fixture(scope="session")
def kafka_at_hand() -> None:
    """Java and Maven are there; a laptop without them still runs the rest, CI fails."""
    lacking = kafka_local.missing()
    if lacking is not None:
        if _CI:
            pytest.fail(f"CI must test on Apache Kafka: {lacking}")
        pytest.skip(lacking)


@pytest.fixture(scope="session")
def kafka_broker(kafka_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Apache Kafka; its logs stay in pytest's temporary directory."""
    directory: Path = tmp_path_factory.mktemp("kafka")
    with LocalKafka(directory) as broker:
        print(f"Kafka's log: {directory}/server.log")  # noqa: T201  # shown when a test fails
        yield broker


@pytest.fixture(params=["embedded", "kafka"])
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each broker in turn: a test that takes this runs on both."""
    found: Broker = request.getfixturevalue(f"{request.param}_broker")
    return found
