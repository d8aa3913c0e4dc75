"""`nabz topics`: what the broker has, compared with what nabz needs.

Next step: `streams.engine.admin` asks and creates; `streams.acls` is what `export` prints.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.acls import PROCESSES, Process, Right, rights
from streams.cli.errors import FAILED, MISUSED, Stop
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import console
from streams.topics import TOPICS, Topic

if TYPE_CHECKING:
    from streams.engine.admin import TopicState
    from streams.settings import Settings


@click.group(
    epilog=examples(
        "nabz topics list",
        "nabz topics apply --broker kafka-1:9092",
        "nabz topics export > kafka.sh",
    )
)
def topics() -> None:
    """Show and create the topics of nabz, and what its users may do."""


def _word(state: TopicState) -> str:
    if state.mismatch is not None:
        return "differs"
    return "missing" if state.partitions is None else "ok"


def _facts(state: TopicState) -> dict[str, Any]:
    return {
        "topic": state.topic.name,
        "state": _word(state),
        "partitions": state.partitions,
        "wanted_partitions": state.wanted_partitions,
        "cleanup_policy": state.policy,
        "wanted_cleanup_policy": state.topic.config()["cleanup.policy"],
        "public": state.topic.public,
        "mismatch": state.mismatch,
    }


@topics.command(
    "list",
    epilog=examples(
        "nabz topics list",
        "nabz topics list --json --broker kafka-1:9092",
    ),
)
@json_option
@with_settings
@click.pass_context
def list_(
    ctx: click.Context, *, as_json: bool, config_path: Path | None, broker: str | None
) -> None:
    """Compare the broker's topics with those nabz needs; changes nothing.

    Ends with 1 if a topic is missing or differs.
    """
    settings = settings_from(config_path, broker)

    from streams.engine.access import let_in
    from streams.engine.admin import topics_state
    from streams.engine.kafka_reads import require_listener

    require_listener(settings.broker())
    let_in(settings.broker())
    states = topics_state(settings.broker(), partitions=settings.partitions)
    if as_json:
        for state in states:
            click.echo(json.dumps(_facts(state)))
    else:
        _print(states)
    ctx.exit(0 if all(_word(state) == "ok" for state in states) else FAILED)


def _print(states: list[TopicState]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("topic", "partitions", "kept", "state"):
        table.add_column(name, justify="right" if name == "partitions" else "left")
    colours = {"ok": "green", "missing": "yellow", "differs": "red"}
    for state in states:
        word = _word(state)
        found = "-" if state.partitions is None else str(state.partitions)
        kept = state.policy or state.topic.config()["cleanup.policy"]
        table.add_row(state.topic.name, found, kept, word, style=colours[word])
    console().print(table)
    for state in states:
        if state.mismatch is not None:
            click.echo(state.mismatch, err=True)
    if any(_word(state) == "missing" for state in states):
        click.echo("some are missing: `nabz topics apply` creates them", err=True)


@topics.command(
    epilog=examples(
        "nabz topics apply",
        "nabz topics apply --config nabz.yaml --broker kafka-1:9092",
    )
)
@with_settings
def apply(*, config_path: Path | None, broker: str | None) -> None:
    """Create the topics that are missing. An existing one is never altered."""
    settings = settings_from(config_path, broker)

    from streams.engine.access import let_in
    from streams.engine.admin import apply_topics
    from streams.engine.kafka_reads import require_listener

    require_listener(settings.broker())
    let_in(settings.broker())
    created = apply_topics(
        settings.broker(), partitions=settings.partitions, replication=settings.replication
    )
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("all topics are there; nothing to do")


@topics.command(
    epilog=examples(
        "nabz topics export > kafka.sh",
        "nabz topics export --user ingest=svc-nabz --user track=svc-nabz",
        "nabz topics export --format json",
    )
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["kafka-acls", "json"]),
    default="kafka-acls",
    show_default=True,
    help="Commands for Kafka's own tools, or one JSON object.",
)
@click.option(
    "--user",
    "users",
    metavar="PROCESS=NAME",
    multiple=True,
    help="Who a process is on Kafka; nabz-PROCESS by default. May be repeated.",
)
@with_settings
def export(
    *, form: str, users: tuple[str, ...], config_path: Path | None, broker: str | None
) -> None:
    """Print the topics, and the rights of each process, for whoever administers Kafka.

    Asks no broker. The commands expect an administrator's settings in admin.properties. Processes:
    ingest and track (the roles of the worker), notifier, apply (topics apply, config apply), ask
    (why, tail, replay, dlq list, sources test, doctor), order (notifier hold, silences) and again
    (dlq replay, sources rewind).
    """
    settings = settings_from(config_path, broker)
    named = _named(users)
    sources = sorted({one.topic for one in settings.sources.values() if one.topic is not None})
    table = {one: rights(one, sources=sources) for one in PROCESSES}
    if form == "json":
        click.echo(json.dumps(_document(settings, named, table), indent=2))
        return
    for line in _commands(settings, named, table):
        click.echo(line)


def _named(users: tuple[str, ...]) -> dict[Process, str]:
    """Principal of each process."""
    found: dict[Process, str] = {one: f"User:nabz-{one}" for one in PROCESSES}
    for written in users:
        process, _, name = written.partition("=")
        for one in PROCESSES:
            if one == process and name:
                found[one] = f"User:{name}"
                break
        else:
            raise Stop(
                f"--user: found {written!r}; write PROCESS=NAME, where PROCESS is one of"
                f" {', '.join(PROCESSES)}",
                MISUSED,
            )
    return found


def _count(topic: Topic, settings: Settings) -> int:
    return settings.partitions if topic.partitions == "log" else 1


def _document(
    settings: Settings, named: dict[Process, str], table: dict[Process, tuple[Right, ...]]
) -> dict[str, Any]:
    return {
        "topics": [
            {
                "name": one.name,
                "partitions": _count(one, settings),
                "replication": settings.replication,
                "config": one.config(),
            }
            for one in TOPICS
        ],
        "acls": [
            {
                "process": process,
                "principal": named[process],
                "resource": one.kind,
                "name": one.name,
                "operations": list(one.operations),
            }
            for process, several in table.items()
            for one in several
        ],
    }


def _commands(
    settings: Settings, named: dict[Process, str], table: dict[Process, tuple[Right, ...]]
) -> Iterator[str]:
    where = f"--bootstrap-server {shlex.quote(settings.broker().bootstrap)}"
    where += " --command-config admin.properties"
    yield "# Topics. Those of your sources are yours and not made here."
    for one in TOPICS:
        kept = "".join(f" --config {name}={value}" for name, value in one.config().items())
        yield (
            f"kafka-topics.sh {where} --create --if-not-exists --topic {one.name}"
            f" --partitions {_count(one, settings)}"
            f" --replication-factor {settings.replication}{kept}"
        )
    for process, several in table.items():
        yield f"# {process}"
        alike: dict[tuple[str, ...], list[Right]] = {}
        for right in several:
            alike.setdefault((right.kind, *right.operations), []).append(right)
        for (_, *operations), some in alike.items():
            # Words as Kafka's tools take them: DescribeConfigs for DESCRIBE_CONFIGS.
            may = " ".join(
                f"--operation {''.join(word.capitalize() for word in each.split('_'))}"
                for each in operations
            )
            what = " ".join(f"--{one.kind} {shlex.quote(one.name)}" for one in some)
            yield (
                f"kafka-acls.sh {where} --add"
                f" --allow-principal {shlex.quote(named[process])} {may} {what}"
            )
