"""Which rights on Kafka each process needs, and not one more.

A row per process and set of operations. READ and WRITE include DESCRIBE, and WRITE on a topic
includes idempotent producing, so no right on the cluster is ever needed. A worker with both roles
needs the rights of both.

Next step: `nabz topics export` prints the table, `streams.engine.access` compares it with a broker.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from streams.topics import (
    ALERTS,
    CHECKPOINTS,
    COMMANDS,
    CONTROL,
    DEAD_LETTERS,
    DELIVERIES,
    EVENTS,
    HEALTH,
    IDENTITIES,
    LOG,
    ROWS,
    TOPICS,
    TRANSITIONS,
)

Process = Literal["ingest", "track", "notifier", "apply", "ask", "order", "again"]
PROCESSES: Final[tuple[Process, ...]] = (
    "ingest", "track", "notifier", "apply", "ask", "order", "again",
)  # fmt: skip
"""`apply` is `nabz topics apply` and `nabz config apply`; `ask` is what only reads: why, tail,
replay, dlq list, sources test, doctor. It sees what dead letters and foreign topics hold.
`order` is whoever may stop what the notifier sends (notifier hold, silences), `again` whoever may
have records taken in a second time (dlq replay, sources rewind)."""

INGEST_GROUP: Final = "nabz-ingest"
TRACK_GROUP: Final = "nabz-track"
NOTIFIER_GROUP: Final = "nabz-notifier"
GROUPS: Final = (INGEST_GROUP, TRACK_GROUP, NOTIFIER_GROUP)


@dataclass(frozen=True, slots=True)
class Right:
    """What may be done to one topic or group.

    Attributes:
        kind: `topic` or `group`.
        name: Its name, never a pattern.
        operations: As Kafka spells them, sorted.
    """

    kind: Literal["topic", "group"]
    name: str
    operations: tuple[str, ...]


def _topics(names: Iterable[str], *operations: str) -> list[Right]:
    return [Right("topic", name, tuple(sorted(operations))) for name in names]


def _groups(names: Iterable[str], operation: str) -> list[Right]:
    return [Right("group", name, (operation,)) for name in names]


def rights(process: Process, *, sources: Iterable[str] = ()) -> tuple[Right, ...]:
    """The rights of one process, each topic and group once.

    Args:
        process: One of `PROCESSES`.
        sources: Topics of the configured sources.

    >>> for one in rights("notifier"):
    ...     print(one.kind, one.name, *one.operations)
    topic nabz.transitions.v1 READ
    topic nabz.control.v1 READ WRITE
    topic nabz.deliveries.v1 READ WRITE
    topic nabz.commands.v1 WRITE
    group nabz-notifier READ
    """
    foreign = sorted(set(sources) - {topic.name for topic in TOPICS})
    ours = [topic.name for topic in TOPICS]
    match process:
        case "ingest":
            return (
                *_topics([*foreign, EVENTS, COMMANDS], "READ"),
                *_topics([CONTROL, IDENTITIES], "READ", "WRITE"),
                *_topics([LOG, DEAD_LETTERS], "WRITE"),
                *_groups([INGEST_GROUP], "READ"),
            )
        case "track":
            return (
                *_topics([LOG, ROWS], "READ", "WRITE"),  # the log too: it appends wakes and ticks
                *_topics([CONTROL], "READ"),
                # Into events it writes of the canary.
                *_topics([EVENTS, HEALTH, ALERTS, TRANSITIONS, CHECKPOINTS, DEAD_LETTERS], "WRITE"),
                *_groups([TRACK_GROUP], "READ"),
            )
        case "notifier":
            return (
                *_topics([TRANSITIONS], "READ"),
                *_topics([CONTROL], "READ", "WRITE"),  # to hold a storm of openings
                *_topics([DELIVERIES], "READ", "WRITE"),
                *_topics([COMMANDS], "WRITE"),  # what people answer in channels
                *_groups([NOTIFIER_GROUP], "READ"),
            )
        case "apply":
            making = ("CREATE", "DESCRIBE", "DESCRIBE_CONFIGS")
            return (
                *_topics([name for name in ours if name not in {CONTROL, LOG}], *making),
                *_topics([CONTROL], *making, "READ", "WRITE"),
                *_topics([LOG], *making, "WRITE"),
            )
        case "ask":
            told = (LOG, ROWS, CONTROL, CHECKPOINTS, HEALTH, TRANSITIONS, DEAD_LETTERS)
            return (
                *_topics([name for name in ours if name in told], "DESCRIBE_CONFIGS", "READ"),
                *_topics(
                    [name for name in ours if name not in told], "DESCRIBE_CONFIGS", "DESCRIBE"
                ),
                *_topics(foreign, "READ"),
                *_groups(GROUPS, "DESCRIBE"),
            )
        case "order":
            return (
                *_topics([CONTROL], "READ", "WRITE"),
                *_topics([DELIVERIES, TRANSITIONS], "READ"),
            )
        case "again":
            return (
                *_topics([*foreign, EVENTS], "READ"),
                *_topics([LOG, CONTROL, IDENTITIES, DEAD_LETTERS], "READ", "WRITE"),
            )


def together(*several: Iterable[Right]) -> tuple[Right, ...]:
    """The rights of several processes that run as one user, each topic and group once.

    >>> both = together(rights("ingest"), rights("track"))
    >>> next(one.operations for one in both if one.name == "nabz.customer-log.v1")
    ('READ', 'WRITE')
    """
    found: dict[tuple[Literal["topic", "group"], str], set[str]] = {}
    for one in (one for some in several for one in some):
        found.setdefault((one.kind, one.name), set()).update(one.operations)
    return tuple(Right(*what, tuple(sorted(how))) for what, how in found.items())
