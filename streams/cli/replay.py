"""`nabz replay`: fold the whole log again, and compare what comes out with what is stored.

The log is the truth (law 3): the same records under the same configurations give the same rows, to
the byte. `--check` shows it for the installation at hand. Where retention has cut the log,
customers begin with a checkpoint; what neither log nor checkpoint reaches is counted apart, and
never guessed. `--log` folds a file that `nabz log export` wrote, and asks no broker; the SHA-256 of
the rows shows that both give the same.

Next step: `streams.worker.history` folds a topic, `streams.worker.log_file` a file, and
`streams.engine.rows` restores what is stored.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from alerts.header import FENCE_BYTES
from streams.cli.errors import FAILED, MISUSED, Stop
from streams.cli.options import (
    checkpoint_option,
    examples,
    json_option,
    settings_from,
    with_settings,
)
from streams.cli.progress import folding
from streams.cli.words import shown

if TYPE_CHECKING:
    from streams.engine.brokers import Broker
    from streams.worker.history import History

_SHOWN: Final = 20


@click.command(
    epilog=examples(
        "nabz replay --check",
        "nabz replay --json | jq .duplicates",
        "nabz replay --log log.jsonl.gz",
    )
)
@click.option("--check", is_flag=True, help="Compare with the stored rows; 1 if one differs.")
@click.option(
    "--log",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Fold a log that `nabz log export` wrote, instead of the topic; needs no broker.",
)
@checkpoint_option
@json_option
@with_settings
@click.pass_context
def replay(
    ctx: click.Context,
    *,
    check: bool,
    file: Path | None,
    from_checkpoint: bool,
    as_json: bool,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Fold the whole log again, and check what is stored.

    Counts what comes out, and writes nothing.

    With --check each row is compared byte for byte with the one in nabz.rows.v1. A row that the
    worker has not folded as far is counted apart: it is behind, not different. So is a row whose
    records are gone from the log, and no checkpoint reaches back to them.
    """
    if file is not None:
        _require_alone(check=check, from_checkpoint=from_checkpoint, broker=broker)
    stored: EncodedRows = {}
    with folding() as progress:
        if file is not None:
            from streams.worker.log_file import refold_file

            history = refold_file(file, progress=progress)
        else:
            from streams.worker.history import refold

            settings = settings_from(config_path, broker)
            where = settings.broker()
            stored = _stored(where) if check else {}
            history = refold(where, settings, from_checkpoint=from_checkpoint, progress=progress)
    counts = counted(history)
    found = compared(history.encoded, stored, partial=history.partial) if check else None
    sha256 = rows_sha256(history.encoded)
    if as_json:
        facts = {**counts, "rows_sha256": sha256}
        click.echo(json.dumps(facts if found is None else {**facts, "check": found._asdict()}))
    else:
        _print(counts, found, sha256=sha256, log_begins=max(history.first.values(), default=0))
    ctx.exit(FAILED if found is not None and found.differ else 0)


def _require_alone(*, check: bool, from_checkpoint: bool, broker: str | None) -> None:
    if check:
        raise Stop(
            "--check compares with rows on the broker, which have gone on since --log was written;"
            " compare the SHA-256 that both replays show instead",
            MISUSED,
        )
    if from_checkpoint:
        raise Stop(
            "--from-checkpoint: the file of --log holds only the checkpoints it has to begin with;"
            " leave one of the two out",
            MISUSED,
        )
    if broker is not None:
        raise Stop("--broker: --log asks no broker; leave one of the two out", MISUSED)


class Check(NamedTuple):
    """Stored rows beside those the log gives, the rows of partitions (key `~`) included.

    Attributes:
        same: Equal to the byte.
        behind: Rows the worker has not folded as far as the log goes, or not at all yet.
        gone: Rows that cannot be derived: some of their records are gone, without a checkpoint.
        differ: Rows that differ though both are folded as far, or that the log does not give.
        examples: Keys of some of those, and what differs.
    """

    same: int
    behind: int
    gone: int
    differ: int
    examples: tuple[str, ...]


EncodedRows = Mapping[int, Mapping[bytes, bytes]]


def rows_sha256(rows: EncodedRows) -> str:
    """One sum over all rows with their partitions and keys, in a fixed order.

    >>> one = rows_sha256({0: {b"a": b"1", b"b": b"2"}, 1: {}})
    >>> one == rows_sha256({1: {}, 0: {b"b": b"2", b"a": b"1"}})
    True
    >>> one == rows_sha256({0: {b"a": b"1"}})
    False
    """
    summed = hashlib.sha256()
    for partition in sorted(rows):
        for key, row in sorted(rows[partition].items()):
            summed.update(b"%d %d %d " % (partition, len(key), len(row)) + key + row)
    return summed.hexdigest()


def counted(history: History) -> dict[str, int]:
    """What a whole log came to, in numbers."""
    from alerts.outputs import AlertRow, Transition

    kinds = Counter(type(one) for one in history.outputs)
    rows = history.rows.values()
    return {
        "entries": history.entries,
        "checkpoints": len(history.started),
        "customers": len(history.rows),
        "events": sum(row.folded for row in rows),
        "duplicates": sum(row.duplicates for row in rows),
        "failed": sum(row.failed for row in rows),
        "health_rows": sum(row.version for row in rows),
        "alert_rows": kinds[AlertRow],
        "transitions": kinds[Transition],
    }


def _stored(broker: Broker) -> EncodedRows:
    """The rows a worker would restore: per key the one with the highest fence."""
    from streams.engine.kafka_reads import read
    from streams.engine.rows import Rows
    from streams.topics import ROWS

    rows = Rows()
    for records in read(broker, ROWS):
        rows.restore(records[0].partition, records)
    return {partition: rows.of(partition) for partition in rows.partitions()}


def compared(derived: EncodedRows, stored: EncodedRows, *, partial: Collection[int] = ()) -> Check:
    """Compare rows byte for byte, header and fence included.

    Args:
        derived: What the log gives, by partition and key.
        stored: What a worker would restore; read before the log, so it is never ahead.
        partial: Partitions that were not folded from their very first record on.

    >>> compared({0: {b"ann": b"a"}}, {0: {b"ann": b"a"}})
    Check(same=1, behind=0, gone=0, differ=0, examples=())
    """
    same = behind = gone = 0
    examples: list[str] = []
    for partition in sorted({*derived, *stored}):
        there, here = derived.get(partition, {}), stored.get(partition, {})
        for key in sorted({*there, *here}):
            one, other = there.get(key), here.get(key)
            if one == other:
                same += 1
            elif other is None or (one is not None and other[:FENCE_BYTES] < one[:FENCE_BYTES]):
                behind += 1
            elif partition in partial and _knows_more(key, one, other):
                gone += 1
            else:
                examples.append(_difference(key, partition, one, other))
    return Check(same, behind, gone, len(examples), tuple(examples[:_SHOWN]))


def _knows_more(key: bytes, derived: bytes | None, stored: bytes) -> bool:
    """Does a stored row count more than the log gives? Of a partition it always does."""
    from alerts.row import decode_row
    from scoring.records import PARTITION_KEY

    if derived is None or key == PARTITION_KEY:
        return True
    one, other = decode_row(derived), decode_row(stored)
    return one is not None and other is not None and one.folded < other.folded


def _difference(key: bytes, partition: int, derived: bytes | None, stored: bytes) -> str:
    """Which row, where it stands and which fields differ; their values may be a customer's."""
    from alerts.header import unpack_header

    at = unpack_header(stored)
    who = shown(key.decode("utf-8", "replace"))
    place = f"{who} in partition {partition}, folded up to {at.offset}"
    if derived is None:
        return f"{place}: the log does not give it"
    if stored[:FENCE_BYTES] > derived[:FENCE_BYTES]:
        return f"{place}: the log gives it up to {unpack_header(derived).offset} only"
    return f"{place}: {', '.join(_fields(key, derived, stored)) or 'header'}"


def _fields(key: bytes, derived: bytes, stored: bytes) -> tuple[str, ...]:
    from alerts.row import decode_partition_row, decode_row
    from scoring.records import PARTITION_KEY
    from streams.cli.explanation import differences

    decode = decode_partition_row if key == PARTITION_KEY else decode_row
    one, other = decode(derived), decode(stored)
    return () if one is None or other is None else differences(one, other)


def _print(
    counts: Mapping[str, int], found: Check | None, *, sha256: str, log_begins: int = 0
) -> None:
    for name, count in counts.items():
        click.echo(f"{name.replace('_', ' '):<12} {count:>10}")
    click.echo(f"rows sha256  {sha256}")
    if log_begins:
        click.echo(
            f"the log was cut, up to offset {log_begins} in one partition; where a customer has a"
            " checkpoint from after the cut, folding began with it"
        )
    if found is None:
        return
    for example in found.examples:
        click.echo(f"differs: {example}")
    if found.differ > len(found.examples):
        click.echo(f"and {found.differ - len(found.examples)} more")
    said = f"{found.same} rows are the same to the byte, {found.differ} differ"
    if found.behind:
        said += f", {found.behind} are not folded as far yet"
    if found.gone:
        said += f", {found.gone} cannot be derived from what the log still holds"
    click.echo(said)
