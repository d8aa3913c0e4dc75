"""Ingest: sources in, customer log out.

Member of a group of its own: who owns a partition of a source topic reads it, and who owns
partition `number % n` of `nabz.events.v1` reads file `number` of every file source. A round takes
in, merges, decides and writes; then it counts, and at least once a second publishes progress and
commits. A restart goes on from the progress, which holds the counts that belong to its offset.

There is no lease as the lane has one. A frozen process that wakes may append what its successor has
appended already, but with the same coordinates in the same order, and the fold's fence drops what
is not newer. What it then writes to the control topic is older progress: the next owner reads a
little twice, nothing else.

Next step: `streams.worker` folds the log; `streams.control` tells everybody how far ingest is.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec
import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from streams.clock import wall_ms
from streams.control import (
    Control,
    Place,
    Progress,
    complete_to_ms,
    least_complete_ms,
    progress_key,
)
from streams.engine import aiokafka_fixes, membership, reader
from streams.engine.brokers import Broker
from streams.engine.cycle import Writer
from streams.engine.membership import MembershipError
from streams.ingest.batch import Names
from streams.ingest.conversations import Conversations
from streams.ingest.files import find
from streams.ingest.intake import FETCH_WAIT_MS, Intake, Reading, compiled
from streams.ingest.metrics import IngestMetrics
from streams.ingest.signals import Read
from streams.ingest.sorting import Sorting
from streams.settings import Settings

_STUCK_S: Final = 60.0
_FORGET_S: Final = 3_600.0
_PRODUCE_MS: Final = 60_000

log = structlog.get_logger("nabz.ingest")


class _Listener(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Passes on what the group decides."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:  # noqa: ARG002
        await self._ingest.revoked()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._ingest.assigned(set(assigned))


class Ingest:
    """One ingest process: `await run()` until `stop()` or a failure."""

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        *,
        read: Read,
        input: Path | None = None,  # noqa: A002  # as the option is called
        names: Names | None = None,
        metrics: IngestMetrics | None = None,
        clock: Callable[[], int] = wall_ms,
        at: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """Prepare; nothing is connected before `run`.

        Args:
            settings: What is configured.
            broker: Where the topics are.
            read: Reads a text, `scoring.reading.read`.
            input: Directory of the file sources, or the one file.
            names: Topics and group, for tests.
            metrics: Where to count.
            clock: The wall clock, in milliseconds.
            at: Told each of `streams.ingest.batch.POINTS`; for tests that crash there.

        Raises:
            streams.ingest.files.InputError: Files are configured and not found.
        """
        self._settings = settings
        self._broker = broker
        self._names = Names() if names is None else names
        self._clock = clock
        self._at = at
        self._live = settings.clock == "live"
        self._counting = settings.source_names()
        sources = compiled(settings, self._names, find(settings.sources, input))
        self._intake = Intake(sources, settings, self._names, clock)
        self._merge = self._intake.merge
        self._conversations = Conversations(
            hold_ms=settings.ingest.hold, hold_max=settings.ingest.hold_max
        )
        self._sorting = Sorting(
            self._intake, self._conversations, read, live=self._live, clock=clock
        )
        self._metrics = (
            IngestMetrics.register(CollectorRegistry(), sources) if metrics is None else metrics
        )
        self._control = Control()
        # Read to the end whenever partitions come: what is followed may lag, or run ahead of it.
        self._ledger = Control()
        self._ledger_at = 0
        self._identities_at: dict[int, int] = {}
        self._complete_to_ms = 0
        self._lock = asyncio.Lock()
        self._stopping = asyncio.Event()
        self._failure: BaseException | None = None
        self._joined = False
        self._started_s = self._beat_s = self._forgot_s = time.monotonic()
        self._reported_s = 0.0

    # ------------------------------------------------------------------ from outside

    def stop(self) -> None:
        """Write down how far this is, then return from `run`."""
        self._stopping.set()

    @property
    def complete_to_ms(self) -> int:
        """All sources have been read and appended up to this event time; never falls."""
        return self._complete_to_ms

    @property
    def drained(self) -> bool:
        """Every file of every file source is read to its end and counted, whoever read it."""
        told = self.progress()
        return all(
            (place := (name, 0, number)) in told and told[place].finished
            for name, source in self._intake.sources.items()
            for number in range(len(source.inputs or ()))
        )

    def progress(self) -> dict[Place, Progress]:
        """How far every source partition is, whoever reads it; of our own as last published."""
        own = {
            place: one.told for place, one in self._intake.readings.items() if one.told is not None
        }
        return {**self._control.progress, **own}

    def stuck(self, now_s: float) -> str | None:
        """Why the process should be started anew, None while all is well; `now_s` is monotonic."""
        if now_s - self._beat_s > _STUCK_S + _PRODUCE_MS / 1000:
            return f"ingest has not finished a round for {now_s - self._beat_s:.0f} s"
        if not self._joined and now_s - self._started_s > 2 * self._settings.ingest.session / 1000:
            return f"the group {self._names.group} has not answered for two sessions"
        return None

    async def run(self) -> None:
        """Read, append and count until stopped.

        Raises:
            streams.ingest.intake.IngestError: A topic is not what it was.
            MembershipError: The group gave our name to another process.
            aiokafka.errors.KafkaError: Kafka did not take or give what it should.
        """
        aiokafka_fixes.install()
        async with contextlib.AsyncExitStack() as stack:
            self._writer = Writer(self._producer())
            await self._writer.producer.start()
            stack.push_async_callback(self._writer.producer.stop)
            await self._catch_up()
            follower = asyncio.create_task(self._follow())
            stack.push_async_callback(_cancelled, follower)
            self._consumer = self._member()
            self._consumer.subscribe(self._intake.topics(), listener=_Listener(self))
            stack.push_async_callback(self._consumer.stop)
            await self._consumer.start()
            membership.watch(self._consumer, self._settings.worker.member, self._expelled)
            try:
                while not self._stopping.is_set():
                    await self._round()
                    if follower.done():
                        await follower
                async with self._lock:
                    await self._report()
            except BaseException as error:
                # From here on a rebalance must not write down what we may not vouch for.
                self._failure = self._failure or error
                raise

    def _producer(self) -> AIOKafkaProducer:
        return AIOKafkaProducer(
            **self._broker.aiokafka(),
            client_id="nabz-ingest",
            acks="all",
            enable_idempotence=self._broker.idempotent,
            max_batch_size=512 * 1024,
            max_request_size=1024 * 1024,
            request_timeout_ms=_PRODUCE_MS,
        )

    def _member(self) -> AIOKafkaConsumer:
        session_ms = self._settings.ingest.session
        return AIOKafkaConsumer(
            **self._broker.aiokafka(),
            group_id=self._names.group,
            group_instance_id=self._settings.worker.member,
            client_id="nabz-ingest",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=session_ms // 5,
            rebalance_timeout_ms=2 * session_ms,
            max_poll_interval_ms=600_000,
            request_timeout_ms=max(40_000, session_ms + 5_000),
        )

    # ------------------------------------------------------------------ what others have written

    async def _catch_up(self) -> None:
        """Read what is new in the control topic and among the identities, to their ends."""

        def note(_partition: int, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
            for record in records:
                self._ledger.apply(record.key, record.value)

        start = {0: self._ledger_at}
        read = await reader.read_to_end(self._broker, self._names.control, start, note)
        self._ledger_at = 0 if read is None else read[0]

        def apply(_partition: int, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
            for record in records:
                self._conversations.apply(record.key, record.value)

        count = await self._writer.partitions(self._names.identities)
        starts = {number: self._identities_at.get(number, 0) for number in range(count)}
        ends = await reader.read_to_end(self._broker, self._names.identities, starts, apply)
        self._identities_at = {} if ends is None else ends

    async def _follow(self) -> None:
        def apply(_partition: int, records: Iterable[ConsumerRecord[bytes, bytes]]) -> None:
            for record in records:
                self._control.apply(record.key, record.value)

        await reader.follow(self._broker, self._names.control, {0: 0}, apply)

    # ------------------------------------------------------------------ what the group decides

    async def revoked(self) -> None:
        """Our partitions are about to be others': write down how far they are, and let go."""
        async with self._lock:
            if self._failure is None:
                try:
                    await self._report()
                except BaseException as error:
                    self._failure = error  # aiokafka only logs what a listener raises
                    raise
            for place in self._intake.readings:
                self._conversations.lose(place)
            self._intake.drop()
            self._metrics.forget()

    async def assigned(self, assigned: set[TopicPartition]) -> None:
        """These partitions are ours: go on where their last owner has stopped."""
        async with self._lock:
            try:
                await self._catch_up()
                await self._intake.take_over(self._consumer, assigned, self._ledger.progress)
            except BaseException as error:
                self._failure = error
                raise
            self._joined = True
            self._reported_s = 0.0  # tell at once whose they are
            log.info("ingest.partitions_assigned", partitions=len(self._intake.readings))

    def _expelled(self, reason: str) -> None:
        """Our name is another's: the next round ends this process."""
        self._failure = self._failure or MembershipError(reason)

    # ------------------------------------------------------------------ a round

    async def _round(self) -> None:
        async with self._lock:
            if self._failure is not None:
                raise self._failure
            await self._intake.fetch(self._consumer, self._control.progress)
            self._forget()
            emitted = self._merge.emit(
                self._settings.ingest.batch,
                others_ms=self._others_ms(),
                passed_over=self._intake.unreadable(self._consumer),
            )
            batch = await self._sorting.batch(emitted)
            await batch.write(self._writer, self._names, self._at)
            self._count()
            due_s = self._reported_s + self._settings.ingest.progress_every / 1000
            if self._intake.file_ended or time.monotonic() >= due_s:
                await self._report()
            self._beat_s = time.monotonic()
        await asyncio.sleep(0)  # a rebalance may want the lock

    def _others_ms(self) -> int | None:
        """Up to where the partitions of other processes are read; None if they hold nobody back."""
        here = {place: one.here for place, one in self._intake.readings.items()}
        return least_complete_ms({**self._control.progress, **here}, self._counting)

    def _forget(self) -> None:
        """Once an hour, let go of conversations that ended a month ago."""
        if time.monotonic() - self._forgot_s < _FORGET_S:
            return
        self._forgot_s = time.monotonic()
        for place, partition in self._merge.partitions.items():
            if partition.newest_ms is not None:
                self._conversations.forget(place, partition.newest_ms)

    def _count(self) -> None:
        """Everything is acknowledged: let the books say so."""
        for source, count in self._intake.skipped.items():
            self._metrics.skipped.labels(source).inc(count)
        self._intake.skipped.clear()
        for place, one in self._intake.readings.items():
            before = one.books.events
            for (outcome, reason), count in Counter(one.books.close()).items():
                self._metrics.records.labels(place[0], outcome).inc(count)
                if outcome == "dead_lettered":
                    self._metrics.dead_letters.labels(reason).inc(count)
            self._metrics.events.labels(place[0]).inc(one.books.events - before)
            for offset in [offset for offset in one.held if offset < one.books.offset]:
                del one.held[offset]

    # ------------------------------------------------------------------ how far this is

    async def _report(self) -> None:
        """Publish progress, acknowledged, and commit."""
        self._intake.file_ended = False
        self._reported_s = time.monotonic()
        fresh: dict[Place, Progress] = {}
        for place, one in self._intake.readings.items():
            now = self._progress(place, one)
            if one.told is None or msgspec.structs.replace(now, at_ms=one.told.at_ms) != one.told:
                fresh[place] = now
        if fresh:
            items = [(progress_key(one), msgspec.json.encode(one), ()) for one in fresh.values()]
            await self._writer.acked(await self._writer.send(self._names.control, 0, items))
            for place, progress in fresh.items():
                self._intake.readings[place].told = progress
            self._at("progress_acked")
        reached_ms = complete_to_ms(self.progress(), self._counting)
        self._complete_to_ms = max(self._complete_to_ms, reached_ms)
        self._gauges()
        await self._commit(fresh)

    def _progress(self, place: Place, one: Reading) -> Progress:
        partition = self._merge.partitions[place]
        newest_ms = partition.newest_ms
        if newest_ms is not None and partition.held_ms is not None:
            # As of `offset`, which is that of the turn held: a restart reads it again, and must
            # not take it for younger than it is.
            newest_ms = min(newest_ms, partition.held_ms)
        return Progress(
            source=place[0],
            epoch=place[1],
            partition=place[2],
            partitions=one.partitions,
            offset=one.books.offset,
            complete_ms=partition.allows_ms(),
            newest_ms=newest_ms,
            finished=partition.finished and not partition.queue and partition.held_ms is None,
            counts=one.books.counts,
            at_ms=self._clock(),
        )

    async def _commit(self, fresh: Mapping[Place, Progress]) -> None:
        """Commit what was published; progress is what counts, so a refusal costs nothing."""
        offsets: dict[TopicPartition, int] = {}
        for place, progress in fresh.items():
            one = self._intake.readings[place]
            if one.source.inputs is None:
                tp = TopicPartition(one.topic, place[2])
                offsets[tp] = min(progress.offset, offsets.get(tp, progress.offset))
        if not offsets:
            return
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            log.info("ingest.commit_refused", error=type(error).__name__)
            return
        self._at("committed")

    def _gauges(self) -> None:
        self._metrics.complete_to.set(self._complete_to_ms / 1000)
        told = self.progress()
        for name in self._counting:
            read_ms = complete_to_ms(told, [name])
            self._metrics.source_complete_to.labels(name).set(read_ms / 1000)
        for (source, _, number), reading in self._intake.readings.items():
            end = self._end_of(reading, number)
            if end is not None:
                behind = max(0, end - reading.books.offset)
                self._metrics.lag_records.labels(source, str(number)).set(behind)
        if not self._live:
            return
        now_ms = self._clock()
        behind_s: dict[str, float] = {}
        for (source, _, _), one in self._merge.partitions.items():
            at_end = one.ended and not one.queue
            away_ms = 0 if at_end or one.newest_ms is None else now_ms - one.newest_ms
            behind_s[source] = max(behind_s.get(source, 0.0), away_ms / 1000)
        for source, seconds in behind_s.items():
            self._metrics.lag.labels(source).set(seconds)

    def _end_of(self, one: Reading, number: int) -> int | None:
        """Where a topic's partition ended at the last answered fetch; None of files."""
        tp = TopicPartition(one.topic, number)
        if one.source.inputs is not None or tp not in self._consumer.assignment():
            return None
        end: int | None = self._consumer.highwater(tp)
        return end


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, KafkaError):
        await task
