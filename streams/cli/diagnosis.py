"""What may be wrong with an installation, looked at one thing after the other.

Each look gives findings: what it is about, how it stands, what was found, what to do next. Nothing
is written anywhere and no receiver is called. A look that the user may not take is a finding too,
and nothing that needs the broker is looked at where the broker lets nobody in.

Next step: `streams.cli.doctor` prints what is found.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import msgspec
from kafka.errors import KafkaError
from yarl import URL

from alerts.config import config_hash, encode_config
from streams.acls import (
    GROUPS,
    INGEST_GROUP,
    NOTIFIER_GROUP,
    TRACK_GROUP,
    Process,
    rights,
    together,
)
from streams.cli.words import age
from streams.control import Control
from streams.dead_letters import DeadLetter
from streams.engine.access import CURE, denied, door
from streams.engine.admin import BrokerUnreachableError, connected, topics_state
from streams.engine.kafka_reads import ReadError, ends, read
from streams.notifier.build import ChannelConfigError, build, hosts
from streams.notifier.channel_settings import (
    CalledSettings,
    ChannelSettings,
    PagerDutySettings,
    SlackSettings,
    TelegramSettings,
    TerminalSettings,
)
from streams.notifier.http import (
    ForbiddenAddressError,
    Guard,
    GuardedResolver,
    is_loopback,
    networks,
)
from streams.settings import Settings
from streams.topics import DEAD_LETTERS, EVENTS, LOG, TRANSITIONS
from streams.worker.configure import Standing, standing

State = Literal["ok", "warn", "fail"]
BEHIND_MS: Final = 300_000
"""Assumed: what is read five minutes late is late to everybody, whatever the rules."""
SKEW_MS: Final = 5_000
"""Above any delay between writing a record of progress and reading it here."""
RECENT_MS: Final = 86_400_000
_LETTERS_MAX: Final = 10_000
_RUN: Final = {
    INGEST_GROUP: "nabz worker --roles ingest",
    TRACK_GROUP: "nabz worker --roles track",
    NOTIFIER_GROUP: "nabz notifier",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the diagnosis.

    Attributes:
        check: What was looked at.
        state: `ok`, `warn` (it works, look at it) or `fail` (it does not work).
        found: What was found.
        next: What to do; empty where there is nothing to do.
    """

    check: str
    state: State
    found: str
    next: str = ""


Look = Callable[[], Iterable[Finding]]


def diagnosis(settings: Settings, processes: tuple[Process, ...], now_ms: int) -> Iterator[Finding]:
    """All findings, each as soon as it is known.

    Args:
        settings: The installation's, as the configured user.
        processes: Whose rights the user should have.
        now_ms: The wall clock of this machine.
    """
    yield from channels(settings)
    shut = door(settings.broker())
    where = settings.broker().bootstrap
    if shut is not None:
        yield Finding("broker", "fail", shut, "mend this first; nothing else was looked at")
        return
    yield Finding("broker", "ok", f"lets us in at {where}")
    found: list[Standing] = []

    def control() -> Control:
        if not found:
            found.append(standing(settings.broker()))
        return found[0].control

    looks: tuple[tuple[str, Look], ...] = (
        ("rights", lambda: allowed(settings, processes)),
        ("topics", lambda: topics(settings)),
        ("configuration", lambda: in_force(settings, control())),
        ("clock", lambda: clocks(control(), now_ms)),
        ("lag", lambda: lag(settings, control(), now_ms)),
        ("dead letters", lambda: dead_letters(settings, now_ms)),
    )
    for name, look in looks:
        try:
            yield from look()
        except (ReadError, BrokerUnreachableError) as error:
            yield Finding(name, "fail", f"cannot be looked at: {error}")
        except KafkaError as error:
            yield Finding(
                name, "fail", f"cannot be looked at: Kafka answered {type(error).__name__}", CURE
            )


def source_topics(settings: Settings) -> list[str]:
    """Topics of the configured sources, each once."""
    return sorted({one.topic for one in settings.sources.values() if one.topic is not None})


def channels(settings: Settings) -> Iterator[Finding]:
    """Can every channel be built, and does its address lead where it may? Nobody is called."""
    try:
        build(settings.notifier())
    except ChannelConfigError as error:
        yield Finding("channels", "fail", str(error), "`nabz config check` tells it without Kafka")
        return
    if not settings.channels:
        yield Finding(
            "channels", "warn", "none: alerts are recorded, nobody is told", "add `channels:`"
        )
    for name, one in settings.channels.items():
        if isinstance(one, TerminalSettings):
            yield Finding(f"channel {name}", "ok", f"is a {one.type}")
            continue
        yield from unheard(settings, name, one)
        for host in hosts(one):
            yield _called(name, one, host)
    if any(not isinstance(one, TerminalSettings) for one in settings.channels.values()):
        yield from links(settings)


def _called(name: str, one: CalledSettings, host: str) -> Finding:
    """Does a host of a channel lead where it may?"""
    # The address itself may be a secret; its host is what an operator has to look at.
    try:
        asyncio.run(_resolved(host, Guard(networks(one.allow), one.allow_loopback)))
    except ForbiddenAddressError as error:
        return Finding(
            f"channel {name}", "fail", f"{host}: {error}",
            f"call another host, or list its network in channels.{name}.allow",
        )  # fmt: skip
    except OSError as error:
        return Finding(
            f"channel {name}", "fail", f"{host} does not resolve ({type(error).__name__})",
            "check the name and this machine's DNS",
        )  # fmt: skip
    return Finding(f"channel {name}", "ok", f"{host} resolves to an allowed address")


def unheard(settings: Settings, name: str, one: ChannelSettings) -> Iterator[Finding]:
    """Can people answer here, and is anybody known who could?"""
    match one:
        case SlackSettings(app_token=str()) | TelegramSettings(buttons=True):
            answers = True
        case PagerDutySettings():
            answers = bool(one.webhook_keys)
        case _:
            answers = False
    if answers and not any(one.type in person.users for person in settings.people.values()):
        yield Finding(
            f"channel {name}", "warn", "has a way back, and every answer will be refused",
            f"write `users: {{{one.type}: ID}}` to somebody in `people:`",
        )  # fmt: skip


def links(settings: Settings) -> Iterator[Finding]:
    """Can whoever gets a message follow its links? One to this machine leads nowhere from there."""
    for name, template in settings.linked().items():
        where = f"links.{name}" if name in settings.links else "public_url"
        host = str(URL(template).raw_host or "")
        if host == "localhost" or host.endswith(".localhost") or is_loopback(host):
            yield Finding(
                f"link {name}", "fail", f"{host} is this machine: nobody else can follow it",
                f"write the address people use in {where}",
            )  # fmt: skip


async def _resolved(host: str, guard: Guard) -> None:
    resolver = GuardedResolver(guard)
    try:
        await resolver.resolve(host)
    finally:
        await resolver.close()


def allowed(settings: Settings, processes: tuple[Process, ...]) -> Iterator[Finding]:
    """May our user do what these processes do?"""
    broker = settings.broker()
    if not broker.tls and broker.mechanism is None:
        yield Finding("rights", "ok", "nobody is asked who they are: no TLS, no SASL")
        return
    sources = source_topics(settings)
    wanted = together(*(rights(one, sources=sources) for one in processes))
    lines = denied(broker, wanted)
    for line in lines:
        yield Finding("rights", "fail", line, CURE)
    if not lines:
        yield Finding("rights", "ok", f"all that {', '.join(processes)} need")


def topics(settings: Settings) -> Iterator[Finding]:
    """Are all topics there, with the partitions and the policy they need?"""
    states = topics_state(settings.broker(), partitions=settings.partitions)
    sound = True
    for one in states:
        if one.mismatch is not None:
            found, _, advice = one.mismatch.partition("; ")
            sound = False
            yield Finding("topics", "fail", found, advice)
        elif one.partitions is None:
            sound = False
            yield Finding("topics", "fail", f"{one.topic.name} is missing", "`nabz topics apply`")
    if sound:
        yield Finding("topics", "ok", f"all {len(states)} are as they should be")
    with connected(settings.broker(), 15) as client:
        there = set(client.list_topics())
    for topic in source_topics(settings):
        if topic not in there:
            yield Finding(
                "topics", "fail", f"source topic {topic} is missing, or hidden from this user",
                f"create it, or allow READ: {CURE}",
            )  # fmt: skip


def in_force(settings: Settings, control: Control) -> Iterator[Finding]:
    """Is what the file says what records are folded under?"""
    name = config_hash(encode_config(settings.config()))
    if control.in_force is None:
        yield Finding("configuration", "fail", "none is in force", "`nabz config apply`")
    elif control.in_force.hash != name:
        yield Finding(
            "configuration", "warn", f"in force is {control.in_force.hash}, the file is {name}",
            "`nabz config apply --dry-run` shows the difference, without it applies",
        )  # fmt: skip
    else:
        yield Finding("configuration", "ok", f"{name} is in force")


def clocks(control: Control, now_ms: int) -> Iterator[Finding]:
    """Is a worker's clock ahead of ours? One that is behind cannot be told from a quiet one."""
    newest_ms = max((one.at_ms for one in control.progress.values()), default=0)
    if newest_ms > now_ms + SKEW_MS:
        yield Finding(
            "clock", "fail", f"a worker's clock is {age(now_ms, newest_ms)} ahead of ours",
            "let NTP set the clocks of all machines",
        )  # fmt: skip
    else:
        yield Finding("clock", "ok", "no worker is ahead of this machine")


def lag(settings: Settings, control: Control, now_ms: int) -> Iterator[Finding]:
    """Has every group a member, and how much has it yet to read?"""
    broker = settings.broker()
    read_by = {
        INGEST_GROUP: [*source_topics(settings), *([EVENTS] if settings.events else [])],
        TRACK_GROUP: [LOG],
        NOTIFIER_GROUP: [TRANSITIONS],
    }
    with connected(broker, 15) as client:
        for group in GROUPS:
            members = _members(client, group)
            committed = client.list_group_offsets({group: None})[group]
            behind = sum(_behind(topic, ends(broker, topic), committed) for topic in read_by[group])
            what = f"{group} has {behind} records to read"
            if members is None:
                yield Finding("lag", "ok", f"{what}; this broker does not tell its members")
            elif not members:
                yield Finding("lag", "fail", f"{what} and no member", f"start `{_RUN[group]}`")
            else:
                yield Finding("lag", "ok", what)
    complete_ms = control.complete_to_ms(settings.source_names())
    if settings.clock == "live" and now_ms - complete_ms > BEHIND_MS:
        when = "never" if not complete_ms else f"{age(complete_ms, now_ms)} ago"
        yield Finding(
            "lag", "warn", f"all sources were last read to their ends {when}",
            "the source that is behind stands in nabz_ingest_lag_seconds, or nobody reads it",
        )  # fmt: skip


def _members(client: Any, group: str) -> int | None:
    """How many members a group has; None where the broker does not say."""
    try:
        return len(client.describe_groups([group])[group]["members"])
    except ValueError:  # the embedded broker sends rights that kafka-python cannot read
        return None


def _behind(topic: str, found: dict[int, int], committed: Any) -> int:
    """Records after the committed offsets; all of a partition that has none."""
    done = {tp.partition: max(0, at.offset) for tp, at in committed.items() if tp.topic == topic}
    return sum(max(0, end - done.get(partition, 0)) for partition, end in found.items())


def dead_letters(settings: Settings, now_ms: int) -> Iterator[Finding]:
    """What was put aside in the last day, by reason."""
    found: Counter[str] = Counter()
    decoder = msgspec.json.Decoder(DeadLetter)
    for records in read(settings.broker(), DEAD_LETTERS):
        for record in records:
            if record.value is not None and now_ms - record.timestamp <= RECENT_MS:
                found[decoder.decode(record.value).reason] += 1
        if found.total() >= _LETTERS_MAX:
            break
    if not found:
        yield Finding("dead letters", "ok", "none in the last 24 h")
        return
    several = ", ".join(f"{count} {reason}" for reason, count in found.most_common(5))
    state: State = "fail" if found["fold_failed"] or found["mapping_failed"] else "warn"
    yield Finding(
        "dead letters", state, f"in the last 24 h: {several}",
        "`nabz dlq list` shows them, `nabz sources test` tries the mappings",
    )  # fmt: skip
