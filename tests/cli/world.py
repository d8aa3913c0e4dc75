"""A small installation without a worker: a log, and what a worker would have made of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.config import Config
from alerts.outputs import HealthRow, Output, Transition
from alerts.rules import Cuts, Rule
from scoring.records import Cue, LogRecord, Origin, Reading, Signal, Turn, encode_record
from streams.codec import record_of
from streams.engine.brokers import Broker
from streams.engine.cycle import Output as Record
from streams.engine.cycle import partition_of
from streams.topics import LOG, ROWS
from streams.worker.configure import apply_config
from streams.worker.history import Refold, control_of
from tests.cli.conftest import PARTITIONS
from tests.cli.kafka import all_of, publish

START_MS = 1_790_000_000_000
MINUTE_MS = 60_000
RULE = Rule("angry", warning=Cuts(2_000, 1_000), critical=None)
CONFIG = Config(clock="watermark", rules=(RULE,))


@dataclass
class World:
    """A log on a broker, and the outputs of folding it."""

    broker: Broker
    told: list[Output] = field(default_factory=list)
    events: int = 0

    def configure(self, config: Config = CONFIG) -> None:
        """Put a configuration in force."""
        apply_config(self.broker, config, clock_ms=START_MS)

    def says(
        self, customer: str, quote: str, *, points: int = 2_500, at_min: int = 0, index: int = 0
    ) -> None:
        """A customer writes, and an ingest appends it."""
        ts_ms = START_MS + at_min * MINUTE_MS
        cues = (Cue("leave_threat", "intent", points, quote),) if points else ()
        reading = Reading("en", -5_000 if points else 0, cues, Turn(words=4))
        origin = Origin("tickets", 0, self.events, index, 0, "support.tickets")
        self.events += 1
        self.append(
            customer,
            Signal(
                ts_ms, ts_ms, f"e{self.events}", ts_ms, origin, conversation="t-1", reading=reading
            ),
        )

    def append(self, customer: str, record: LogRecord) -> None:
        """Append a record of a customer."""
        key = customer.encode()
        publish(
            self.broker,
            [Record(LOG, key, encode_record(record), (), partition_of(key, PARTITIONS))],
        )

    def work(self, *, rows: bool = True, outputs: bool = True) -> None:
        """Do what a worker does: fold the log, publish, store."""
        work = Refold(control_of(self.broker), log_epoch=1, every_output=True)
        for record in all_of(self.broker, LOG):
            work.fold(record.partition, [record])
        history = work.done()
        self.told = history.outputs
        if outputs:
            publish(self.broker, [record_of(one) for one in history.outputs])
        if rows:
            publish(
                self.broker,
                [
                    Record(ROWS, key, row, (), partition)
                    for partition, some in history.encoded.items()
                    for key, row in some.items()
                ],
            )

    def transitions(self) -> list[Transition]:
        """Transitions told, in order."""
        return [one for one in self.told if isinstance(one, Transition)]

    def health(self, customer: str) -> list[HealthRow]:
        """Health rows told of a customer, in order."""
        return [one for one in self.told if isinstance(one, HealthRow) and one.customer == customer]
