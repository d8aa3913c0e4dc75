"""What people do in a channel becomes a command, and they are told what came of it.

A deed is decided (`alerts.deeds`), written, and only then confirmed to the channel it came
from, so that one that got lost is seen as lost by whoever gave it. Who was not known, or may not do
what they did, stands in the log with the channel's id of them. What the fold says to a command
comes back as a transition; whoever pressed a button is told, if that takes no longer than they are
likely to look.

Next step: `streams.ingest.commands` validates the command, `alerts.fold` obeys it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal, Protocol

import msgspec
import structlog
from aiokafka.errors import KafkaError as ReadingError
from kafka import KafkaProducer
from kafka.errors import KafkaError

from alerts.deed_texts import DEED_TEXTS, done, not_done
from alerts.deeds import About, Allowed, Deed, Refusal, decided
from alerts.outputs import Answer as Said
from alerts.outputs import Transition, decode_transition
from streams.engine.brokers import Broker
from streams.engine.reader import read_to_end
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan
from streams.notifier.feed import Names
from streams.notifier.outbox import Outbox
from streams.topics import COMMANDS

Taken = Literal["taken", "duplicate", "refused", "failed"]
Find = Callable[[str, str], Awaitable[About | None]]
"""The alert a channel was told of by an id, None where it was not."""
_WRITE_S: Final = 20.0
_ANSWER_S: Final = 6.0
"""How long somebody who pressed a button is likely to look at it."""
_KNOWN_MAX: Final = 10_000

log = structlog.get_logger("nabz.notifier")


class Confirm(Protocol):
    """Tells whoever did it what came of it; whatever comes of that, nothing is done again."""

    async def __call__(self, words: str, *, failed: bool) -> None:
        """Tell; `failed` where it does not count."""


class CommandError(Exception):
    """Kafka did not take a command; giving it again is safe, as its id is the same."""


class Writer(Protocol):
    """Takes commands; each call returns once its command is acknowledged."""

    async def connect(self) -> None:
        """Connect ahead of the first command; harmless where it fails."""

    async def write(self, allowed: Allowed) -> None:
        """Write one; raises CommandError where it was not acknowledged."""

    async def close(self) -> None:
        """Give back what is open."""


class Commands:
    """Writes commands, each acknowledged before it counts as written."""

    def __init__(self, broker: Broker, topic: str = COMMANDS) -> None:
        """Prepare; nothing is connected before `connect` or the first command."""
        self._broker = broker
        self._topic = topic
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="nabz-commands")
        self._producer: KafkaProducer | None = None

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            self._producer = KafkaProducer(
                **self._broker.kafka_python(),
                client_id="nabz-notifier",
                acks="all",
                enable_idempotence=self._broker.idempotent,
                linger_ms=0,
                max_block_ms=int(_WRITE_S * 1000),
            )
        return self._producer

    def _write(self, key: bytes, value: bytes) -> None:
        future: Any = self._connected().send(self._topic, value, key=key)
        future.get(timeout=_WRITE_S)

    async def connect(self) -> None:
        """Connect and learn the topic, so that the first press is not the one that waits for it."""

        def learn() -> None:
            self._connected().partitions_for(self._topic)

        with contextlib.suppress(KafkaError):
            await asyncio.get_running_loop().run_in_executor(self._thread, learn)

    async def write(self, allowed: Allowed) -> None:
        """Write one command.

        Raises:
            CommandError: It was not acknowledged; it may be there all the same.
        """
        value = msgspec.json.encode(allowed.value)
        try:
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._write, allowed.key.encode(), value
            )
        except KafkaError as error:
            raise CommandError(
                f"topic {self._topic}: a command was not taken, {type(error).__name__};"
                " check the broker and whether the notifier may write the topic"
            ) from error

    async def close(self) -> None:
        """Close the producer."""
        if (producer := self._producer) is not None:
            await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: producer.close(timeout=5)
            )
        self._thread.shutdown(wait=False)


async def told(
    outbox: Outbox, broker: Broker, names: Names, channel: str, alert_id: str
) -> About | None:
    """The alert a channel was told of, read again from its transition where it is not in memory.

    Raises:
        CommandError: Kafka does not answer.
    """
    lane = outbox.lanes.get((channel, alert_id), [])
    for one in lane:
        if (known := outbox.transitions.get(one.notification_id)) is not None:
            return About(known.customer, known.fingerprint, known.alert_id)
    offsets = [one.offset for one in lane if one.offset >= 0 and one.kind != "digest"]
    if not offsets:
        return None
    found: list[About] = []

    def apply(_: int, records: Iterable[Any]) -> None:
        for record in records:
            if record.offset == offsets[-1] and record.value is not None:
                with contextlib.suppress(msgspec.DecodeError):
                    one = decode_transition(record.value)
                    found.append(About(one.customer, one.fingerprint, one.alert_id))

    try:
        await read_to_end(
            broker, names.transitions, {0: offsets[-1]}, apply, still=lambda: not found
        )
    except ReadingError as error:
        raise CommandError(
            f"topic {names.transitions}: a transition was not read, {type(error).__name__}"
        ) from error
    return found[0] if found else None


class Hearing:
    """Takes deeds of all channels while one notifier is active."""

    def __init__(
        self,
        plan: Plan,
        commands: Writer,
        find: Find,
        metrics: NotifierMetrics,
        *,
        clock: Callable[[], int],
        answer_s: float = _ANSWER_S,
    ) -> None:
        """Prepare.

        Args:
            plan: Channels and people.
            commands: Where commands are written.
            find: Which alert is meant.
            metrics: Counts them.
            clock: The wall clock, in milliseconds.
            answer_s: How long an answer of the fold is waited for.
        """
        self.plan = plan
        self.metrics = metrics
        self._commands = commands
        self._find = find
        self._clock = clock
        self._answer_s = answer_s
        self._known: OrderedDict[str, None] = OrderedDict()
        self._open: dict[str, asyncio.Future[Said]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(
        self, kind: str, channels: Sequence[str], deed: Deed, confirm: Confirm | None = None
    ) -> Taken:
        """Take one deed; when this returns `taken`, its command is in Kafka.

        Args:
            kind: Type of the channel, by which people are known.
            channels: Those it may have come from; the first that told of the alert counts.
            deed: What somebody did.
            confirm: Tells them, where the channel can.
        """
        if deed.command_id in self._known:
            return self._counted(channels[0], "duplicate")
        channel, about = channels[0], None
        try:
            for name in channels:
                if (about := await self._find(name, deed.alert_id)) is not None:
                    channel = name
                    break
        except CommandError as error:
            return self._lost(channel, deed, error)
        now_ms = self._clock()
        made = decided(
            deed,
            kind=kind,
            channel=channel,
            about=about,
            people=self.plan.audience.people,
            now_ms=now_ms,
        )
        locale = self.plan.outlets[channel].locale
        if isinstance(made, Refusal):
            log.warning(
                "command.refused", channel=channel, user=deed.user[:80], verb=deed.verb,
                reason=made.reason, next="see `users:` in people",
            )  # fmt: skip
            self._tell(confirm, not_done(made.reason, user=deed.user, locale=locale), failed=True)
            return self._counted(channel, "refused")
        waiting = self._open[deed.command_id] = asyncio.get_running_loop().create_future()
        try:
            await self._commands.write(made)
        except BaseException as error:
            self._open.pop(deed.command_id, None)
            if not isinstance(error, CommandError):  # it took too long
                raise
            return self._lost(channel, deed, error)
        self._remember(deed.command_id)
        log.info(
            "command.taken", channel=channel, person=made.person, verb=deed.verb,
            alert=deed.alert_id, command=deed.command_id,
        )  # fmt: skip
        if confirm is None:
            self._open.pop(deed.command_id, None)
        else:
            self._start(self._answered(deed, made, waiting, confirm, channel))
        return self._counted(channel, "taken")

    def _lost(self, channel: str, deed: Deed, error: CommandError) -> Taken:
        """Whoever sent it tries again, or the person who pressed sees that nothing came of it."""
        log.error("command.not_written", channel=channel, verb=deed.verb, error=str(error))
        return self._counted(channel, "failed")

    async def begin(self) -> None:
        """Get ready; a channel gives a press a few seconds."""
        await self._commands.connect()

    def ignored(self, channel: str) -> None:
        """Count something genuine that asks for nothing."""
        self.metrics.commands.labels(channel, "ignored").inc()

    def saw(self, transition: Transition) -> None:
        """Take a transition: it may be what somebody waits for."""
        if transition.answer is None:
            return
        waiting = self._open.get(transition.answer.command_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(transition.answer)

    async def _answered(
        self,
        deed: Deed,
        made: Allowed,
        waiting: asyncio.Future[Said],
        confirm: Confirm,
        channel: str,
    ) -> None:
        """Wait a moment for what the fold says, and pass it on."""
        locale = self.plan.outlets[channel].locale
        try:
            said = await asyncio.wait_for(waiting, self._answer_s)
        except TimeoutError:
            await confirm(DEED_TEXTS[locale].noted, failed=False)
            return
        finally:
            self._open.pop(deed.command_id, None)
        if said.rejected is not None:
            await confirm(not_done(said.rejected, user=deed.user, locale=locale), failed=True)
            return
        words = done(
            deed.verb,
            until_ms=made.value.get("until_ms"),
            assignee=made.value.get("assignee", ""),
            now_ms=self._clock(),
            locale=locale,
        )
        await confirm(words, failed=False)

    def _tell(self, confirm: Confirm | None, words: str, *, failed: bool) -> None:
        if confirm is not None:
            self._start(confirm(words, failed=failed))

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _remember(self, command: str) -> None:
        self._known[command] = None
        while len(self._known) > _KNOWN_MAX:
            self._known.popitem(last=False)

    def _counted(self, channel: str, outcome: Taken) -> Taken:
        self.metrics.commands.labels(channel, outcome).inc()
        return outcome

    async def close(self) -> None:
        """Let nobody wait any longer, and close the producer."""
        for task in tuple(self._tasks):
            task.cancel()
        await self._commands.close()
