"""The floor: a loop over confluent-kafka with a dictionary. Nothing is durable.

Next step: `bench.contest` says what it costs.
"""

from __future__ import annotations

from bench.contestants.given import Meter, given
from bench.job import fresh, points_e4, stock, update


def main() -> None:
    """Work until ended."""
    import orjson
    from confluent_kafka import Consumer, Producer

    run = given()
    meter, compound = Meter(run.marks), stock()
    consumer = Consumer(
        {
            "bootstrap.servers": run.bootstrap,
            "group.id": run.run,
            "auto.offset.reset": "earliest",
            # The default of a second idles that long whenever its queue is full.
            "fetch.queue.backoff.ms": 5,
        }
    )
    producer = Producer({"bootstrap.servers": run.bootstrap, "acks": "all", "linger.ms": 5})
    consumer.subscribe([run.source])
    states: dict[str, list[int]] = {}
    while True:
        message = consumer.poll(0.1)
        while message is not None and not message.error():
            event = orjson.loads(message.value())
            customer = event["customer"]
            state = states.get(customer)
            if state is None:
                state = states[customer] = fresh()
            record = update(state, customer, event["ts"], points_e4(event, compound), run.every)
            if record is not None:
                producer.produce(
                    run.output, orjson.dumps(record), message.key(), message.partition()
                )
            meter.add()
            message = consumer.poll(0)
        producer.poll(0)


if __name__ == "__main__":
    main()
