"""The worker process says what a person has to know of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import structlog

from alerts.config import config_hash, encode_config
from streams.control import IN_FORCE, InForce
from streams.settings import load
from streams.worker.app import Worker


def told(in_force: str, times: int = 1) -> list[Any]:
    """What a worker with the default settings logs when it reads of a configuration."""

    async def main() -> None:
        worker = Worker(load(None), roles=frozenset({"ingest"}))
        for _ in range(times):
            worker.control.apply(IN_FORCE, msgspec.json.encode(InForce(in_force, 1)))
            worker._compare()

    with structlog.testing.capture_logs() as lines:
        asyncio.run(main())
    return [line for line in lines if line["event"] == "config.other_in_force"]


def test_a_worker_with_another_file_says_so_once() -> None:
    """It follows the configuration in force, and whoever reads its log learns of the difference."""
    [line] = told("0123456789abcdef", times=2)
    assert line["in_force"] == "0123456789abcdef"
    assert line["given"] == config_hash(encode_config(load(None).config()))


def test_a_worker_with_the_same_file_says_nothing() -> None:
    """No news is good news."""
    same = config_hash(encode_config(load(None).config()))
    assert not told(same)
