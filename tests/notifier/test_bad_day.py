"""300 transitions through five channels on a bad day; `make bad-day` does the same with 10,000."""

from __future__ import annotations

import asyncio

import pytest

from tests.notifier.bad_day import bad_day, secrets


def test_a_bad_day_leaves_nothing_undelivered_and_no_fire_without_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Calls fail in one of seven, processes die in the middle of them."""
    for name, value in secrets().items():
        monkeypatch.setenv(name, value)
    found = asyncio.run(bad_day(300, seed=6))
    assert found["transitions"] == 300 and found["calls"] > 2 * 300
    assert found["deaths"] > 0, "another seed"
    assert found["undelivered"] == 0
    assert found["fires_without_an_end"] == 0
    assert found["arrived_more_than_once_without_a_doubt"] == 0
    assert set(found["states"]) <= {"sent", "superseded", "suppressed"}
