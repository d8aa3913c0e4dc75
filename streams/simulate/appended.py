"""Simulated records as ingest would append them where `clock: watermark`: mapped, read, stamped.

For whoever folds a simulated year in one process, without a broker: benchmarks and tests. Mapping
and reading are those of ingest; here is only its order, one source, in the order of arrival.

Next step: `alerts.fold` folds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from scoring.config import Scoring
from scoring.reading import read
from scoring.records import LogRecord, Origin
from streams.ingest.events import Filtered, Rejected
from streams.ingest.mapping import compile_source
from streams.ingest.signals import log_record
from streams.ingest.sources import NATIVE
from streams.simulate.faults import Sent
from streams.topics import EVENTS

_SOURCE: Final = "events"


def appended(
    sent: Iterable[Sent], scoring: Scoring, *, partitions: int = 1
) -> Iterator[tuple[bytes, LogRecord]]:
    """Key and record of all that is appended, in the order of arrival.

    What has no place in the log is left out, as ingest would: types the catalogue does not know,
    garbage. A record that arrives late stands for the time up to which all was read before it.

    Args:
        sent: In the order of arrival.
        scoring: Its catalogue of interactions decides which types are known.
        partitions: How many the source has; records go to them in turn.

    >>> one = Sent(b"c-1", b'{"kind":"outcome","type":"churned","customer":"c-1","ts":5}', 5)
    >>> garbage = Sent(b"c-1", b"<ping/>", 6)
    >>> [(key, record.at_ms) for key, record in appended([one, garbage], Scoring())]
    [(b'c-1', 5)]
    """
    decode = compile_source(_SOURCE, NATIVE, frozenset(scoring.interactions), native=True)
    complete_ms = 0
    for number, one in enumerate(sent):
        offset, partition = divmod(number, partitions)
        decoded = decode(one.value, f"{partition}/{offset}", one.due_ms)
        if isinstance(decoded, Filtered | Rejected):
            continue
        for index, event in enumerate(decoded):
            complete_ms = max(complete_ms, event.ts_ms - NATIVE.lateness)
            yield (
                one.key,
                log_record(
                    event,
                    Origin(_SOURCE, partition, offset, index, topic=EVENTS),
                    read,
                    at_ms=max(event.ts_ms, complete_ms),
                    complete_to_ms=complete_ms,
                    ordered=True,
                    inbound=False,
                ),
            )
