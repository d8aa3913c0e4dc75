"""`nabz log export`: the customer log as a file, to fold it elsewhere or keep it longer.

Next step: `streams.worker.log_file` writes it, `nabz replay --log` folds it.
"""

from __future__ import annotations

from pathlib import Path

import click

from streams.cli.errors import Stop
from streams.cli.options import examples, settings_from, with_settings
from streams.cli.progress import folding

_EXAMPLE = "nabz log export log.jsonl.gz"


@click.group(epilog=examples(_EXAMPLE))
def log() -> None:
    """Write the customer log to a file."""


@log.command(
    epilog=examples(_EXAMPLE, "nabz log export --topic copy.nabz.customer-log.v1 log.jsonl")
)
@click.option(
    "--topic",
    metavar="NAME",
    help="Where the log is, if not in nabz.customer-log.v1: a copy, record for record.",
)
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@with_settings
def export(*, topic: str | None, file: Path, config_path: Path | None, broker: str | None) -> None:
    """Write the customer log to FILE, with all that a replay of it needs.

    Up to its present end, with the configurations it was folded under and, where retention has cut
    it, the checkpoints to begin with. JSON lines, gzip if FILE ends with .gz; an existing FILE is
    overwritten. Only its owner may read it: it holds readings and short redacted quotes.
    """
    settings = settings_from(config_path, broker)

    from streams.topics import LOG
    from streams.worker.log_file import export_log

    try:
        with folding("exporting the log") as progress:
            found = export_log(
                settings.broker(),
                settings.log_epoch,
                file,
                topic=LOG if topic is None else topic,
                progress=progress,
            )
    except OSError as error:
        raise Stop(
            f"{file}: cannot be written ({type(error).__name__}); name another file, or make room"
        ) from error
    begun = f" and {found.checkpoints} checkpoints" if found.checkpoints else ""
    click.echo(
        f"{found.records} records, {found.configurations} configurations{begun} written to {file}",
        err=True,
    )
