"""The options most commands share, and what they come to: settings and a broker.

`--config` names the file (`nabz.yaml` in the working folder if it is there, else defaults), and
`--broker` replaces the broker it names.

Next step: `streams.settings.load` reads the file and the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

if TYPE_CHECKING:
    from streams.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., Any])
DEFAULT_FILE: Final = Path("nabz.yaml")

config_option = click.option(
    "--config",
    "config_path",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="Settings; nabz.yaml in this folder if it is there, else the defaults.",
)
broker_option = click.option(
    "--broker", metavar="HOST:PORT", help="Kafka, instead of the one in the settings."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object a line, for programs."
)
checkpoint_option = click.option(
    "--from-checkpoint",
    is_flag=True,
    help="Begin with the newest checkpoint; without it only where the log was cut.",
)


def examples(*lines: str) -> str:
    """The end of a help text: what to type, a line each, kept as lines by click's backspace.

    >>> examples("nabz up").splitlines()[1:]
    ['Examples:', '  nabz up']
    """
    return "\n  ".join(("\b\nExamples:", *lines))


def with_settings(command: _Command) -> _Command:
    """Add `--config` and `--broker`."""
    return config_option(broker_option(command))


def settings_from(config_path: Path | None, broker: str | None = None) -> Settings:
    """Read the settings a command runs with.

    Raises:
        streams.settings.SettingsFileError: The file or the environment cannot be understood.
    """
    from streams.settings import load

    overrides: dict[str, Any] = {} if broker is None else {"broker": {"bootstrap": broker}}
    return load(file_of(config_path), overrides)


def file_of(config_path: Path | None) -> Path | None:
    """The settings file a command reads, None for the defaults."""
    if config_path is None and DEFAULT_FILE.is_file():
        return DEFAULT_FILE
    return config_path
