"""The benchmark runs from end to end and tells what it documents; no figure is judged here."""

from __future__ import annotations

import json

from bench import engine
from streams.engine.brokers import Broker


def test_a_round_of_each_side_gives_the_documented_figures(kafka_broker: Broker) -> None:
    """With few events, which takes seconds; `python -m bench.engine` measures."""
    few = {"nabz": 2_000, "faust": 200}
    result = json.loads(
        json.dumps(engine.compare(kafka_broker, "Apache Kafka", events=few, rounds=1))
    )
    assert result.keys() == {
        "broker", "cores", "python", "partitions", "customers", "row_bytes",
        "ratio", "ratios", "floor", "sides",
    }  # fmt: skip
    assert result["sides"].keys() == few.keys()
    hop_keys = {"hop", "events", "cpu_s", "wall_s", "events_per_cpu_s"}
    for name, side in result["sides"].items():
        assert side.keys() == {"events", "events_per_cpu_s", "rounds"}
        assert side["events"] == few[name]
        (only,) = side["rounds"]
        assert only.keys() == {"events_per_cpu_s", "hops"}
        assert [hop["hop"] for hop in only["hops"]] == ["1", "2"]
        for hop in only["hops"]:
            assert hop.keys() == hop_keys
            assert hop["events"] == few[name] and hop["cpu_s"] > 0
    documented = engine.__doc__ or ""
    named = {*result, *few, *hop_keys, "events_per_cpu_s", "rounds", "hops"}
    assert not {key for key in named if f"`{key}`" not in documented}
    told = engine.table(result)
    assert "stock Faust" in told and f"ratio over both hops: {result['ratio']:.1f}" in told
