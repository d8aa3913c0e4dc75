"""`nabz init`: a configuration to start from, with its rules in shadow.

Next step: `nabz config check` reads it, `nabz doctor` says what is missing around it.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

import click

from streams.cli.errors import Stop
from streams.cli.options import examples

_FILES: Final = {"nabz.yaml": "starter.yaml", "rules.yaml": "starter_rules.yaml"}


@click.command(
    epilog=examples(
        "nabz init",
        "nabz init /etc/nabz",
    )
)
@click.argument(
    "folder", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
def init(*, folder: Path) -> None:
    """Write nabz.yaml and rules.yaml into a folder; never over a file that is there.

    Every setting is explained in place, and every rule starts in shadow: what it would have told is
    recorded, and nobody is told.
    """
    there = [name for name in _FILES if (folder / name).exists()]
    if there:
        raise Stop(f"{folder / there[0]}: is there already; name another folder, or move it away")
    for name, starter in _FILES.items():
        text = resources.files("streams.cli").joinpath(starter).read_text(encoding="utf-8")
        try:
            with (folder / name).open("x", encoding="utf-8") as sink:
                sink.write(text)
        except OSError as error:
            raise Stop(f"{folder / name}: cannot be written ({type(error).__name__})") from error
        click.echo(f"wrote {folder / name}")
    click.echo(
        "next: name your broker and topics in nabz.yaml, then `nabz doctor`;"
        " or try it without a Kafka: `nabz up --broker embedded`",
        err=True,
    )
