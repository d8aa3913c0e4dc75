"""Quix Streams: a stateful `apply`, state in RocksDB with a changelog topic, as its guide has it.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

from typing import Any

from bench.contestants.given import Meter, given
from bench.job import fresh, points_e4, stock, update

COMMIT_S = 5.0  # its default


def main() -> None:
    """Work until ended."""
    from quixstreams import Application

    run = given()
    meter, compound = Meter(run.marks), stock()
    app = Application(
        broker_address=run.bootstrap,
        consumer_group=run.run,
        auto_offset_reset="earliest",
        commit_interval=COMMIT_S,
        state_dir=run.place,
        loglevel="ERROR",
    )
    source = app.topic(run.source, value_deserializer="json", key_deserializer="str")
    output = app.topic(run.output, value_serializer="json", key_serializer="str")

    def work(event: dict[str, Any], state: Any) -> dict[str, Any] | None:
        held = state.get("state")
        if held is None:
            held = fresh()
        value_e4 = points_e4(event, compound)
        record = update(held, event["customer"], event["ts"], value_e4, run.every)
        state.set("state", held)
        meter.add()
        return record

    frame = app.dataframe(source).apply(work, stateful=True)
    frame[frame.apply(lambda record: record is not None)].to_topic(output)
    app.run()


if __name__ == "__main__":
    main()
