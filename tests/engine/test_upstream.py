"""What we take from inside Faust and aiokafka is still what we read when we wrote the lane.

A failure is no bug yet. It says that a version of Faust or aiokafka changed a place the lane
overrides or leans on. Read the difference between the two releases there, decide whether the use
named in `streams.engine.transport.UPSTREAM` still holds, run `make test ARGS="tests/engine"` on
both brokers, and only then write the line that the failure prints into `PINNED`.
"""

from __future__ import annotations

import asyncio
import hashlib
import inspect
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer

from streams.engine import transport
from streams.engine.transport import UPSTREAM

_NAMES = [name for name, _, _ in UPSTREAM]
_OURS = (transport.Consumer, transport.Thread)

# name: where it is defined, its parameters, the first digits of the SHA-256 of its source
PINNED: dict[str, tuple[str, str, str]] = {
    "Consumer._drain_messages": (
        "faust.transport.consumer.Consumer",
        "self, fetcher",
        "44a2500309e8",
    ),
    "Consumer.wait_empty": ("faust.transport.consumer.Consumer", "self", "e4662fe24f09"),
    "Consumer.force_commit": (
        "faust.transport.consumer.Consumer",
        "self, topics, start_new_transaction",
        "cc094614d22c",
    ),
    "Consumer.commit": (
        "faust.transport.consumer.Consumer",
        "self, topics, start_new_transaction",
        "a354437baaa0",
    ),
    "Consumer._commit_offsets": (
        "faust.transport.consumer.Consumer",
        "self, offsets, start_new_transaction",
        "1a6979904118",
    ),
    "Consumer.perform_seek": ("faust.transport.consumer.Consumer", "self", "0e8c130ff4b0"),
    "Consumer._get_active_partitions": (
        "faust.transport.consumer.Consumer",
        "self",
        "b24897f3c7af",
    ),
    "ThreadDelegateConsumer._getmany": (
        "faust.transport.consumer.ThreadDelegateConsumer",
        "self, active_partitions, timeout",
        "f9d47aa9010b",
    ),
    "ThreadDelegateConsumer.seek_to_committed": (
        "faust.transport.consumer.ThreadDelegateConsumer",
        "self",
        "f1d483b861b0",
    ),
    "Consumer.verify_event_path": (
        "faust.transport.drivers.aiokafka.Consumer",
        "self, now, tp",
        "a17e8f0610e1",
    ),
    "Consumer._new_consumer_thread": (
        "faust.transport.drivers.aiokafka.Consumer",
        "self",
        "0870ec53dea7",
    ),
    "AIOKafkaConsumerThread._create_worker_consumer": (
        "faust.transport.drivers.aiokafka.AIOKafkaConsumerThread",
        "self, transport",
        "c2701bfc3e6f",
    ),
    "AIOKafkaConsumerThread._fetch_records": (
        "faust.transport.drivers.aiokafka.AIOKafkaConsumerThread",
        "self, consumer, active_partitions, timeout, max_records",
        "39a2c6c79fc1",
    ),
    "AIOKafkaConsumerThread.on_start": (
        "faust.transport.drivers.aiokafka.AIOKafkaConsumerThread",
        "self",
        "38b4e8bd1e10",
    ),
    "GroupCoordinator._maybe_leave_group": (
        "aiokafka.consumer.group_coordinator.GroupCoordinator",
        "self",
        "016cd88a16e6",
    ),
    "GroupCoordinator._send_req": (
        "aiokafka.consumer.group_coordinator.GroupCoordinator",
        "self, request",
        "fa4b12e914ce",
    ),
    "GroupCoordinator._do_heartbeat": (
        "aiokafka.consumer.group_coordinator.GroupCoordinator",
        "self",
        "dc1d6632aaa6",
    ),
    "CoordinatorGroupRebalance._send_sync_group_request": (
        "aiokafka.consumer.group_coordinator.CoordinatorGroupRebalance",
        "self, request",
        "7429ca078ddf",
    ),
    "SubscriptionState.fetcher_idle_time": (
        "aiokafka.consumer.subscription_state.SubscriptionState",
        "self",
        "45289bef04d7",
    ),
    "AIOKafkaConsumer.start": (
        "aiokafka.consumer.consumer.AIOKafkaConsumer",
        "self",
        "2f1ba7044332",
    ),
    "Recovery._resume_streams": (
        "faust.tables.recovery.Recovery",
        "self, generation_id",
        "d986a6710c1a",
    ),
    "App._on_partitions_revoked": ("faust.app.base.App", "self, revoked", "d5c895bbe57d"),
    "AIOKafkaClient._metadata_update": (
        "aiokafka.client.AIOKafkaClient",
        "self, cluster_metadata, topics",
        "06dc51ed3e0d",
    ),
}


def found(name: str, owner: type) -> tuple[str, str, str]:
    """Where a name is defined, its parameters and a digest of its source."""
    method = name.rpartition(".")[2]
    definer = next(one for one in owner.__mro__ if method in vars(one))
    function = inspect.unwrap(inspect.getattr_static(definer, method))
    if isinstance(function, property):
        function = function.fget
    source = inspect.getsource(function)
    return (
        f"{definer.__module__}.{definer.__qualname__}",
        ", ".join(inspect.signature(function).parameters),
        hashlib.sha256(source.encode()).hexdigest()[:12],
    )


@pytest.mark.parametrize(("name", "owner", "why"), UPSTREAM, ids=_NAMES)
def test_upstream_is_as_we_read_it(name: str, owner: type, why: str) -> None:
    """Same place, same parameters, same source as when the lane was written."""
    now = found(name, owner)
    assert PINNED.get(name) == now, (
        f"{name} changed upstream; we use it thus: {why}. The module's docstring says what to do"
        f" before writing\n    {name!r}: {now!r},"
    )


def test_every_pinned_name_is_used() -> None:
    """A pin without a use would only ever be a nuisance."""
    assert set(PINNED) == set(_NAMES)


@pytest.mark.parametrize("ours", _OURS, ids=lambda one: one.__name__)
def test_what_we_override_is_pinned(ours: type[Any]) -> None:
    """Whatever our classes redefine of upstream's is in the table; the rest is our own."""
    base = ours.__mro__[1]
    overridden = {
        name for name in vars(ours) if hasattr(base, name) and callable(getattr(ours, name))
    }
    assert overridden - {"__init__"} <= {name.rpartition(".")[2] for name in _NAMES}


def test_attributes_we_write_exist_before_we_write_them() -> None:
    """Setting a name that nobody reads any more would do nothing, in silence."""

    async def test() -> None:
        consumer = AIOKafkaConsumer(bootstrap_servers="127.0.0.1:9")
        try:
            assert {"_fetch_min_bytes", "_fetch_max_wait_ms", "_coordinator"} <= vars(
                consumer
            ).keys()
            assert "_last_fetch_ended" in vars(consumer._subscription)
        finally:
            await consumer.stop()

    asyncio.run(test())
