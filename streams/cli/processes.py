"""`nabz worker`, and how a process ends that something restarts.

Next step: `streams.worker.app` runs until a signal; `streams.cli.notifier` is the other process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import CRASHED, FAILED, MISUSED, Stop, told
from streams.cli.options import examples, settings_from, with_settings

if TYPE_CHECKING:
    from streams.acls import Process
    from streams.settings import Settings

ROLES: Final[tuple[Process, ...]] = ("ingest", "track")


def roles_from(text: str) -> frozenset[str]:
    """Roles as written, with commas between them.

    Raises:
        Stop: One is not known, or there is none.

    >>> sorted(roles_from("track, ingest"))
    ['ingest', 'track']
    """
    named = frozenset(one.strip() for one in text.split(",") if one.strip())
    unknown = sorted(named - frozenset(ROLES))
    if unknown or not named:
        found = ", ".join(unknown) if unknown else "nothing"
        raise Stop(f"--roles: found {found}; write one or both of {','.join(ROLES)}", MISUSED)
    return named


def admitted(settings: Settings, *processes: Process) -> None:
    """Return if the broker lets us in and allows what these processes do.

    Raises:
        streams.engine.access.AccessError: Says what is refused and what to do.
    """
    from streams.acls import rights, together
    from streams.engine.access import require

    sources = [one.topic for one in settings.sources.values() if one.topic is not None]
    require(settings.broker(), together(*(rights(one, sources=sources) for one in processes)))


logs_option = click.option(
    "--logs",
    type=click.Choice(["json", "lines"]),
    help="How logs are written; lines on a terminal, else JSON.",
)


def supervised(run: Callable[[], int]) -> int:
    """Run a process that something restarts: a broker that is away now may be back later.

    >>> supervised(lambda: 0)
    0
    """
    try:
        return run()
    except Exception as error:
        line, code = told(error)
        if code != FAILED:
            raise
        raise Stop(line, CRASHED) from error


@click.command(
    epilog=examples(
        "nabz worker --config nabz.yaml",
        "nabz worker --roles track --broker kafka-1:9092",
    )
)
@click.option("--roles", default=",".join(ROLES), show_default=True, help="What this process does.")
@click.option(
    "--input",
    "input_path",
    metavar="PATH",
    type=click.Path(exists=True, readable=True, path_type=Path),
    help="Folder that file sources are read from, or the one file.",
)
@logs_option
@with_settings
@click.pass_context
def worker(
    ctx: click.Context,
    *,
    roles: str,
    input_path: Path | None,
    logs: str | None,
    config_path: Path | None,
    broker: str | None,
) -> None:
    """Read the sources, keep a row per customer, decide on alerts.

    Start as many as you like on as many machines; all state is in Kafka. Ends with 70 where a
    restart is the cure, so let a supervisor restart it.
    """
    named = roles_from(roles)
    settings = settings_from(config_path, broker)

    from streams.engine.embedded import recognised
    from streams.logs import configure
    from streams.worker.app import run_worker_process

    configure(json=None if logs is None else logs == "json")

    def run() -> int:
        admitted(settings, *(one for one in ROLES if one in named))
        if not recognised(settings.broker()).idempotent:  # an embedded one, whoever started it
            known = settings.broker_.model_copy(update={"idempotent": False})
            ours = settings.model_copy(update={"broker_": known})
        else:
            ours = settings
        return run_worker_process(ours, roles=named, input_path=input_path)

    ctx.exit(supervised(run))
