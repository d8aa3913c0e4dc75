"""Stock Faust: an agent and a Table, as its guide has it, with a changelog record per event.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from bench.contestants.given import Meter, given
from bench.job import fresh, points_e4, stock, update

COMMIT_S = 2.8  # its default


def main() -> None:
    """Work until ended."""
    import faust

    run = given()
    meter, compound = Meter(run.marks), stock()
    app = faust.App(
        run.run,
        broker=f"kafka://{run.bootstrap}",
        autodiscover=False,
        topic_partitions=run.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        broker_commit_interval=COMMIT_S,
        stream_recovery_delay=0.0,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
        worker_redirect_stdouts=False,
        datadir=run.place,
        store="memory://",
    )
    source = app.topic(run.source, key_type=str, value_type=bytes, value_serializer="raw")
    output = app.topic(run.output, key_type=str, value_type=bytes, value_serializer="raw")
    table = app.Table("states", default=fresh, key_type=str, partitions=run.partitions)

    async def work() -> None:
        @app.agent(source)
        async def track(stream: Any) -> None:
            async for value in stream:
                event = json.loads(value)
                customer = event["customer"]
                state = table[customer]
                record = update(state, customer, event["ts"], points_e4(event, compound), run.every)
                table[customer] = state  # it publishes only what is assigned
                if record is not None:
                    told = json.dumps(record, separators=(",", ":")).encode()
                    await output.send(key=customer, value=told)
                meter.add()

        await app.start()
        await asyncio.Event().wait()

    asyncio.run(work())


if __name__ == "__main__":
    main()
