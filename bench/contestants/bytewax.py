"""Bytewax: `stateful_map` with recovery, a snapshot in SQLite at the end of each epoch.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.contestants.given import Meter, given
from bench.job import State, fresh, points_e4, stock, update

EPOCH_S = 10.0  # its default


def main() -> None:
    """Work until ended."""
    import bytewax.operators as op
    import orjson
    from bytewax.connectors.kafka import KafkaSinkMessage
    from bytewax.connectors.kafka import operators as kafka
    from bytewax.dataflow import Dataflow
    from bytewax.recovery import RecoveryConfig, init_db_dir
    from bytewax.run import cli_main

    run = given()
    meter, compound = Meter(run.marks), stock()
    place = Path(run.place)
    init_db_dir(place, 1)

    def keyed(message: Any) -> tuple[str, dict[str, Any]]:
        event = orjson.loads(message.value)
        return event["customer"], event

    def work(
        state: State | None, event: dict[str, Any]
    ) -> tuple[State | None, dict[str, Any] | None]:
        if state is None:
            state = fresh()
        value_e4 = points_e4(event, compound)
        record = update(state, event["customer"], event["ts"], value_e4, run.every)
        meter.add()
        return state, record

    def message(item: tuple[str, dict[str, Any] | None]) -> Any:
        key, record = item
        return None if record is None else KafkaSinkMessage(key.encode(), orjson.dumps(record))

    flow = Dataflow("bench")
    read = kafka.input(
        "read", flow, brokers=[run.bootstrap], topics=[run.source], batch_size=1_000,
        add_config={"fetch.queue.backoff.ms": "5"},
    )  # fmt: skip
    told = op.stateful_map("work", op.map("key", read.oks, keyed), work)
    kafka.output(
        "write", op.filter_map("records", told, message), brokers=[run.bootstrap], topic=run.output
    )
    cli_main(
        flow,
        epoch_interval=timedelta(seconds=EPOCH_S),
        recovery_config=RecoveryConfig(str(place)),
    )


if __name__ == "__main__":
    main()
