"""`nabz up`: all of nabz on one machine, with a broker in memory where none is given.

Topics are created, the configuration put in force, then worker and notifier run as child processes.
The broker in memory takes Kafka's usual port where that is free, so that `nabz why` in another
terminal finds it without being told.

Next step: `streams.cli.children` keeps the processes up and stops them.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from streams.cli.errors import MISUSED, Stop
from streams.cli.options import config_option, examples, file_of, settings_from
from streams.clock import wall_ms

if TYPE_CHECKING:
    from streams.cli.children import Child
    from streams.settings import Settings

EMBEDDED: Final = "embedded"
_USUAL_PORT: Final = 9092


@click.command(epilog=examples("nabz up", "nabz up --config nabz.yaml --broker kafka-1:9092"))
@click.option(
    "--broker",
    metavar="embedded|HOST:PORT",
    help="Kafka; embedded starts one in memory, as happens where the settings name none.",
)
@config_option
@click.pass_context
def up(ctx: click.Context, *, broker: str | None, config_path: Path | None) -> None:
    """Run all of nabz on this machine until Ctrl-C.

    Creates the topics, puts the configuration in force, and keeps a worker and a notifier up. The
    embedded broker is for trying: it forgets everything when it stops. A second
    Ctrl-C does not wait for an orderly end.
    """
    with contextlib.ExitStack() as stack:
        settings = _settings(stack, broker, config_path)
        _prepare(settings)

        from streams.cli.children import Children

        code = Children(_children(settings, config_path)).run()
    ctx.exit(code)


def _settings(
    stack: contextlib.ExitStack, broker: str | None, config_path: Path | None
) -> Settings:
    """The settings to run with; starts the broker in memory where it is asked for or none is."""
    given = None if broker == EMBEDDED else broker
    settings = settings_from(config_path, given)
    named = "bootstrap" in settings.broker_.model_fields_set
    if named and broker != EMBEDDED:
        return settings

    from streams.engine.embedded import EmbeddedBroker, listening

    if settings.broker().tls or settings.broker().mechanism is not None:
        raise Stop(
            "--broker embedded: the settings ask for TLS or SASL, which the broker in memory does"
            " not speak; leave `broker:` out of the settings, or name a Kafka",
            MISUSED,
        )
    port = None if listening(_USUAL_PORT) else _USUAL_PORT
    server = EmbeddedBroker(port=port)
    stack.callback(server.stop)
    memory = server.start()
    hint = "" if port is not None else f"; other commands find it with --broker {memory.bootstrap}"
    click.echo(
        f"broker in memory at {memory.bootstrap}{hint}; it forgets everything when it stops",
        err=True,
    )

    from streams.settings import load

    known = {"bootstrap": memory.bootstrap, "idempotent": memory.idempotent}
    return load(file_of(config_path), {"broker": known, "replication": 1})


def _prepare(settings: Settings) -> None:
    """Topics, then the configuration."""
    from streams.engine.admin import apply_topics
    from streams.engine.kafka_reads import require_listener
    from streams.worker.configure import apply_config

    broker = settings.broker()
    require_listener(broker)
    made = apply_topics(broker, partitions=settings.partitions, replication=settings.replication)
    click.echo(f"topics: {len(made)} created" if made else "topics: all there", err=True)
    applied = apply_config(
        broker, settings.config(), clock_ms=wall_ms(), sources=settings.source_names()
    )
    state = "put in force" if applied.changed else "in force already"
    click.echo(f"configuration {applied.hash}: {state}", err=True)


def _children(settings: Settings, config_path: Path | None) -> list[Child]:
    """Worker and notifier, stopped in this order: what was decided last is still told."""
    from streams.cli.children import Child

    broker = settings.broker()
    file = file_of(config_path)
    # A child writes to a pipe of ours; whoever reads it in the end decides how.
    logs = "lines" if sys.stderr.isatty() else "json"
    arguments = ["--broker", broker.bootstrap, "--logs", logs]
    arguments += [] if file is None else ["--config", str(file)]
    environment = {
        **os.environ,
        "NABZ_BROKER__IDEMPOTENT": str(broker.idempotent).lower(),
        "PYTHONUNBUFFERED": "1",
    }
    # -P: a folder named `streams` where the person stands must not be taken for ours.
    program = [sys.executable, "-P", "-m", "streams.cli.main"]
    return [
        Child(name, [*program, name, *arguments], environment) for name in ("worker", "notifier")
    ]
