"""`nabz export`: what was known of every customer at a moment, a line each, for analysts.

The log is folded up to that moment and no further, so nothing that came later is in a line: what a
model learns from it, it would have known.

Next step: `streams.worker.history` folds, `streams.worker.features` makes a line of a row.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import examples, settings_from, with_settings
from streams.cli.progress import folding
from streams.cli.words import moment_ms

if TYPE_CHECKING:
    from streams.worker.features import Features


@click.command(
    epilog=examples(
        "nabz export --as-of 2026-11-24T10:00 > customers.jsonl",
        "nabz export --as-of 2026-11-24 --format csv --out customers.csv",
    )
)
@click.option(
    "--as-of",
    required=True,
    metavar="TIME",
    help="The moment: 2026-11-24T10:00 (UTC), or milliseconds.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["jsonl", "csv", "parquet"]),
    default="jsonl",
    show_default=True,
    help="How it is written; parquet needs the package pyarrow, and --out.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to; standard output without it.",
)
@with_settings
def export(
    *, as_of: str, kind: str, out: Path | None, config_path: Path | None, broker: str | None
) -> None:
    """Write features and scores of every customer as they were at a moment, without look-ahead.

    Numbers are the integers of the topics, hundredths and milliseconds; what is unknown is empty.
    """
    try:
        at_ms = moment_ms(as_of)
    except ValueError as error:
        raise Stop(
            f"--as-of: found {as_of!r}; write a time like 2026-11-24T10:00 (UTC), or milliseconds",
            MISUSED,
        ) from error
    if kind == "parquet":
        _require_parquet(out)
    settings = settings_from(config_path, broker)

    from streams.worker.features import features
    from streams.worker.history import control_of, refold

    where = settings.broker()
    with folding() as progress:
        history = refold(where, settings, at_ms=at_ms, progress=progress)
    found = features(history, control_of(where), at_ms)
    if kind == "parquet":
        _write_parquet(found, out)
        return
    lines = _csv(found) if kind == "csv" else _jsonl(found)
    if out is None:
        for line in lines:
            click.echo(line)
        return
    with out.open("w", encoding="utf-8", newline="") as file:
        file.writelines(f"{line}\n" for line in lines)


def _jsonl(found: Iterator[Features]) -> Iterator[str]:
    for one in found:
        yield json.dumps(one._asdict(), ensure_ascii=False)


def _csv(found: Iterator[Features]) -> Iterator[str]:
    from streams.worker.features import Features

    yield _row(Features._fields)
    for one in found:
        yield _row(one)


def _row(values: tuple[Any, ...]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(_plain(value) for value in values)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """What a spreadsheet would take for a formula becomes text: names are customers' own.

    >>> _plain("=1+1"), _plain(-5), _plain(True)
    ("'=1+1", -5, 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _require_parquet(out: Path | None) -> None:
    if out is None:
        raise Stop("--format parquet: it is no text; name a file with --out", MISUSED)
    from importlib.util import find_spec

    if find_spec("pyarrow") is None:
        raise Stop(
            "--format parquet: the package pyarrow is not installed; install nabz with its extra"
            " `parquet`, or write jsonl or csv",
            MISUSED,
        )


def _write_parquet(found: Iterator[Features], out: Path | None) -> None:
    import importlib

    arrow: Any = importlib.import_module("pyarrow")
    parquet: Any = importlib.import_module("pyarrow.parquet")
    table = arrow.Table.from_pylist([one._asdict() for one in found])
    parquet.write_table(table, sys.stdout.buffer if out is None else out)
