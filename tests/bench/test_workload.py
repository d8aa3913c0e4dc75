"""The workload of the benchmark: the same for everybody, and shaped as it says."""

from __future__ import annotations

import json
from collections import Counter

from bench.workload import FAILING, HARMLESS, SPAN_MS, events


def test_equal_arguments_give_equal_bytes() -> None:
    """Whoever repeats a run meets the same events."""
    assert list(events(3, 200, 5_000)) == list(events(3, 200, 5_000))
    assert list(events(3, 200, 5_000)) != list(events(4, 200, 5_000))


def test_half_are_texts_of_supportlike_lengths() -> None:
    """Median near that of real chats, a long tail, agents and Persian among them."""
    told = [json.loads(value) for _, value in events(7, 4_000, 0)]
    texts = [one for one in told if one["kind"] == "message"]
    assert 1_900 < len(texts) < 2_100
    lengths = sorted(len(one["text"]) for one in texts)
    assert 55 < lengths[len(lengths) // 2] < 85
    assert 180 < lengths[len(lengths) * 95 // 100] < 260
    agents = sum(one["author"] == "agent" for one in texts)
    assert 0.15 < agents / len(texts) < 0.25
    persian = sum(any("\u0600" <= char <= "\u06ff" for char in one["text"]) for one in texts)
    assert 0.05 < persian / len(texts) < 0.2
    types = {one["type"] for one in told if one["kind"] == "interaction"}
    assert types == {*HARMLESS, *FAILING}


def test_customers_follow_zipf_and_time_runs_to_its_end() -> None:
    """A few customers have many events, keys are theirs, and some events are late."""
    some = list(events(7, 4_000, 1_000_000, customers=500))
    told = [json.loads(value) for _, value in some]
    assert all(
        one.customer.decode() == each["customer"] for one, each in zip(some, told, strict=True)
    )
    counts = [count for _, count in Counter(one["customer"] for one in told).most_common()]
    assert counts[0] > 5 * counts[50] > 0
    times = [one["ts"] for one in told]
    late = [SPAN_MS * place // 4_000 + 1_000_000 - ts for place, ts in enumerate(times)]
    assert 300 < sum(one > 0 for one in late) < 500 and 0 <= min(late) <= max(late) < 20_000
    assert 1_000_000 + SPAN_MS * 0.99 < max(times) <= 1_000_000 + SPAN_MS
