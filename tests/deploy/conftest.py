"""A secured Kafka with an installation on it, and the command line in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.acls import PROCESSES
from streams.engine.kafka_local import SecuredKafka
from tests.cli.conftest import empty_broker, nabz, nabz_on, own_broker
from tests.deploy.secured import USERS, Site, allow
from tests.deploy.tools import needed

__all__ = ["empty_broker", "nabz", "nabz_on", "own_broker", "site"]


@pytest.fixture(scope="package")
def site(kafka_at_hand: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Kafka with the ACLs of the table, topics and configuration made by `nabz-apply`."""
    needed("openssl", "openssl")
    kafka = SecuredKafka(tmp_path_factory.mktemp("kafka"), USERS)
    with kafka as broker:
        one = Site(kafka, tmp_path_factory.mktemp("site"))
        for process in PROCESSES:
            allow(broker, process)
        for words in (("topics", "apply"), ("config", "apply")):
            done = one.nabz("nabz-apply", *words)
            assert done.code == 0, done.said
        yield one
        one.stop()
