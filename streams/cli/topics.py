"""`nabz topics`: what the broker has, compared with what nabz needs.

Next step: `streams.engine.admin` asks and creates.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from streams.cli.errors import FAILED
from streams.cli.options import examples, json_option, settings_from, with_settings
from streams.cli.words import console

if TYPE_CHECKING:
    from streams.engine.admin import TopicState


@click.group(
    epilog=examples(
        "nabz topics list",
        "nabz topics apply --broker kafka-1:9092",
    )
)
def topics() -> None:
    """Show and create the topics of nabz."""


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

    from streams.engine.admin import topics_state
    from streams.engine.kafka_reads import require_listener

    require_listener(settings.broker())
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

    from streams.engine.admin import apply_topics
    from streams.engine.kafka_reads import require_listener

    require_listener(settings.broker())
    created = apply_topics(
        settings.broker(), partitions=settings.partitions, replication=settings.replication
    )
    for name in created:
        click.echo(f"created {name}")
    if not created:
        click.echo("all topics are there; nothing to do")
