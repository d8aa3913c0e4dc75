"""Faust's Kafka transport with our own way through it: scheme `nabz+kafka://`.

Faust stays the frame: membership of the group, its sticky assignor, life cycle, commits. What it
does between a fetch and a commit is replaced, because it costs an event sixty Python calls and
loses data in five ways (`docs/adr/0003-commit-cycles-without-agents-and-tables.md`): the drain loop
hands each fetch to one commit cycle and reads on when it is done. There is no agent, stream, queue
or event.

Every private name of Faust and aiokafka used here is in `UPSTREAM`; a test fails when one changes.

Next step: `streams.engine.worker.Lane` is the `hooks` this module calls.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, NoReturn, Protocol, cast

import structlog
from aiokafka import AIOKafkaConsumer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.group_coordinator import CoordinatorGroupRebalance, GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import IllegalStateError
from aiokafka.protocol.group import HeartbeatRequest, SyncGroupRequest
from aiokafka.structs import ConsumerRecord, TopicPartition
from faust import App
from faust.tables.recovery import Recovery
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, AppT

from streams.engine import membership
from streams.engine.lease import Lease, clock_s
from streams.engine.progress import Progress

log = structlog.get_logger(__name__)

CYCLE_RECORDS = 2_000
FETCH_MIN_BYTES = 1_000_000
FETCH_WAIT_MS = 20
LOST = -1
_REBALANCE_IN_PROGRESS = 27

Batch = Sequence[tuple[int, Sequence[ConsumerRecord[bytes, bytes]]]]

UPSTREAM: tuple[tuple[str, Any, str], ...] = (
    ("Consumer._drain_messages", faust_consumer.Consumer, "our drain loop replaces it"),
    ("Consumer.wait_empty", faust_consumer.Consumer, "revoke and stop wait for the cycle in ours"),
    ("Consumer.force_commit", faust_consumer.Consumer, "ours commits what cycles finished"),
    ("Consumer.commit", faust_consumer.Consumer, "calls force_commit, one at a time"),
    ("Consumer._commit_offsets", faust_consumer.Consumer, "called by our force_commit"),
    ("Consumer.perform_seek", faust_consumer.Consumer, "fills _read_offset from seek_to_committed"),
    ("Consumer._get_active_partitions", faust_consumer.Consumer, "what the drain loop may fetch"),
    ("ThreadDelegateConsumer._getmany", faust_consumer.ThreadDelegateConsumer, "our fetch"),
    ("ThreadDelegateConsumer.seek_to_committed", faust_consumer.ThreadDelegateConsumer, "ours"),
    ("Consumer.verify_event_path", driver.Consumer, "ours is silent: there are no streams"),
    ("Consumer._new_consumer_thread", driver.Consumer, "ours makes our Thread"),
    (
        "AIOKafkaConsumerThread._create_worker_consumer",
        driver.AIOKafkaConsumerThread,
        "fetch sizes",
    ),
    ("AIOKafkaConsumerThread._fetch_records", driver.AIOKafkaConsumerThread, "reached by _getmany"),
    ("AIOKafkaConsumerThread.on_start", driver.AIOKafkaConsumerThread, "ours adds the lease"),
    (
        "GroupCoordinator._send_req",
        GroupCoordinator,
        "the lease and `membership` listen to its answers",
    ),
    ("GroupCoordinator._maybe_leave_group", GroupCoordinator, "a named member does not leave"),
    ("GroupCoordinator._do_heartbeat", GroupCoordinator, "asks through _send_req"),
    (
        "CoordinatorGroupRebalance._send_sync_group_request",
        CoordinatorGroupRebalance,
        "asks through the coordinator's _send_req",
    ),
    ("SubscriptionState.fetcher_idle_time", SubscriptionState, "reads what keep_alive writes"),
    ("AIOKafkaConsumer.start", AIOKafkaConsumer, "hands our fetch sizes to its fetcher"),
    ("Recovery._resume_streams", Recovery, "waits for our restore, then seeks and lets flow"),
    ("App._on_partitions_revoked", App, "tells us of a revoke before wait_empty"),
    ("AIOKafkaClient._metadata_update", AIOKafkaClient, "aiokafka_fixes adds a pause"),
)


class Found(NamedTuple):
    """Where a log partition starts and ends and what our group committed there."""

    committed: int | None
    begin: int
    end: int


class Hooks(Protocol):
    """What the transport asks of the lane; it finds it as `app.hooks`."""

    lease: Lease
    progress: Progress
    member: str | None

    async def cycle(self, batch: Batch, *, generation: int, suspended: asyncio.Event) -> bool:
        """Fold and store a batch; False if it was given up before anything was written."""
        ...

    async def start_at(self, partition: int, found: Found) -> int:
        """Where to read a partition from; fail-stops on a log that cannot be ours."""
        ...

    def committed(self, offsets: Mapping[int, int]) -> None:
        """These offsets are committed."""
        ...

    def fail_stop(self, reason: str, error: BaseException | None = None) -> NoReturn:
        """End the process at once, exit code 70."""
        ...


def hooks_of(app: AppT) -> Hooks:
    """The lane behind an application; it has put itself there."""
    hooks: Hooks = cast(Any, app).hooks
    return hooks


class Thread(driver.AIOKafkaConsumerThread):
    """Owns the aiokafka consumer; everything that touches it runs in this thread's loop."""

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # One answer per 20 ms or megabyte: a third of the processor time at low rates.
        consumer._fetch_min_bytes = FETCH_MIN_BYTES
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer

    async def on_start(self) -> None:
        """Start the consumer, and listen to what the group answers it."""
        await super().on_start()
        hooks = hooks_of(self.app)
        consumer = self._ensure_consumer()
        membership.watch(consumer, hooks.member, hooks.fail_stop)
        coordinator = consumer._coordinator
        send: Callable[[Any], Awaitable[Any]] = coordinator._send_req
        lease = hooks.lease

        async def send_and_note(request: Any) -> Any:
            asked_s = clock_s()
            answer = await send(request)
            if isinstance(request, HeartbeatRequest | SyncGroupRequest):
                if answer.error_code == 0:
                    lease.answered(asked_s)
                elif answer.error_code == _REBALANCE_IN_PROGRESS:
                    lease.answered(asked_s, rebalancing=True)
            return answer

        coordinator._send_req = send_and_note

    def generation(self) -> int:
        """Generation of our membership, `LOST` once the group no longer knows us."""
        generation: int = self._ensure_consumer()._coordinator.generation
        return generation

    def knows(self, topic: str) -> bool:
        """Does the broker show us this topic? Asked of what we know of the cluster already.

        Faust's `topic_partitions` looks at the coordinator's snapshot, which a member that leads no
        group may not have for minutes.
        """
        return bool(self._ensure_consumer().partitions_for_topic(topic))

    def end_of(self, tp: TP) -> int | None:
        """Where a partition ended at the last answered fetch; None if that is not known.

        Asked from outside of the consumer's loop, which may give the partition away meanwhile.
        """
        try:
            end: int | None = self._ensure_consumer().highwater(tp)
        except (AssertionError, AttributeError, IllegalStateError):
            return None
        return end

    def keep_alive(self) -> None:
        """Tell aiokafka we are not idle: with nothing to fetch it leaves the group for good."""
        self._ensure_consumer()._subscription._last_fetch_ended = time.monotonic()

    async def positions(self) -> dict[TP, Found]:
        """Look up every assigned log partition; empty when nothing is assigned."""
        found: dict[TP, Found] = await self.call_thread(self._positions)
        return found

    async def _positions(self) -> dict[TP, Found]:
        consumer = self._ensure_consumer()
        assigned = sorted(consumer.assignment())
        if not assigned:
            return {}
        begin, end, committed = await asyncio.gather(
            consumer.beginning_offsets(assigned),
            consumer.end_offsets(assigned),
            asyncio.gather(*(consumer.committed(tp) for tp in assigned)),
        )
        return {
            TP(*tp): Found(at, begin[tp], end[tp])
            for tp, at in zip(assigned, committed, strict=True)
        }

    async def seek_all(self, positions: Mapping[TP, int]) -> None:
        """Read each partition from here on, dropping what was fetched ahead."""
        await self.call_thread(self._seek_all, positions)

    async def _seek_all(self, positions: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        for tp, offset in positions.items():
            consumer.seek(TopicPartition(*tp), offset)


class Consumer(driver.Consumer):
    """Drains the log, one commit cycle per fetch."""

    _thread: Thread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Begin with no cycle."""
        super().__init__(*args, **kwargs)
        self._hooks = hooks_of(self.app)
        self._cycle: asyncio.Task[None] | None = None
        self._done: dict[TP, int] = {}
        self._gaps: set[tuple[TP, int]] = set()

    def _new_consumer_thread(self) -> Thread:
        return Thread(self, loop=self.loop, beacon=self.beacon)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own watch over streams has nothing to see here; `Progress` has."""

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every partition to where it is to be read from, also where nothing is committed.

        Upstream leaves partitions without a commit where they are, and records fetched ahead of a
        rebalance are lost.
        """
        found = await self._thread.positions()
        start = {tp: await self._hooks.start_at(tp.partition, one) for tp, one in found.items()}
        await self._thread.seek_all(start)
        return start

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                await self._drain_once()
        except self.consumer_stopped_errors:
            if self.app.should_stop:
                return
            self._hooks.fail_stop("the consumer was stopped")
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, recovery is a new process
            self._hooks.fail_stop("the drain loop failed", error)

    async def _drain_once(self) -> None:
        progress = self._hooks.progress
        progress.fetched_s = time.monotonic()
        if not self.flow_active:
            self._thread.keep_alive()
            await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # takes any Event
            return
        if self._cycle is not None:  # the fetcher was restarted while a cycle ran
            await asyncio.wait({self._cycle})
        active = set(self._get_active_partitions())
        if not active:
            self._thread.keep_alive()
            await asyncio.sleep(0.1)
            return
        fetched = await self._getmany(active_partitions=active, timeout=1.0)
        progress.fetched_s = time.monotonic()
        for tp in active:
            end, position = self._thread.end_of(tp), self._read_offset[tp]
            if end is not None and position is not None:
                progress.behind[tp.partition] = max(0, end - position)
        if self._thread.generation() == LOST:
            await asyncio.sleep(0.1)  # until the revoke that this entails; then all is read again
        elif fetched and self.flow_active:
            await self._take(fetched)

    async def _take(self, fetched: Mapping[Any, Sequence[ConsumerRecord[bytes, bytes]]]) -> None:
        """Run a cycle over what continues each partition's position; read the rest again."""
        batch: list[tuple[TP, Sequence[ConsumerRecord[bytes, bytes]]]] = []
        for topic_partition, fresh in fetched.items():
            tp = TP(*topic_partition)
            if tp not in self._active_partitions:
                continue
            position = self._read_offset[tp]
            records = fresh
            if position is not None and records[0].offset < position:
                records = [one for one in records if one.offset >= position]
            if not records:
                continue
            if position is None or not self._continues(tp, position, records[0].offset):
                await self.commit()
                await self._read_again()
                return
            batch.append((tp, records))
        if not batch:
            return
        for tp, records in batch:
            self._read_offset[tp] = records[-1].offset + 1
        self._cycle = asyncio.ensure_future(self._run(batch))
        await asyncio.shield(self._cycle)

    def _continues(self, tp: TP, position: int, offset: int) -> bool:
        """Does a fetch start where the last one ended?

        A fetch begun before a rebalance can return after it, and its records were dropped. What is
        missing is read again, once; if it is still missing, retention removed it.
        """
        if offset <= position:
            return True
        progress = self._hooks.progress
        if (tp, position) in self._gaps:
            progress.skipped += offset - position
            log.error("log.records_missing", partition=tp.partition, first=position, next=offset)
            return True
        self._gaps.add((tp, position))
        progress.gaps += 1
        log.warning("log.gap_found", partition=tp.partition, position=position, fetched=offset)
        return False

    async def _read_again(self) -> None:
        try:
            await self.perform_seek()
        except IllegalStateError:  # revoked meanwhile: whoever gets it next seeks
            log.info("log.seek_outrun")

    async def _run(
        self, batch: Sequence[tuple[TP, Sequence[ConsumerRecord[bytes, bytes]]]]
    ) -> None:
        try:
            finished = await self._hooks.cycle(
                [(tp.partition, records) for tp, records in batch],
                generation=self._thread.generation(),
                suspended=self.suspend_flow,
            )
        except BaseException as error:  # noqa: BLE001  # half a cycle may be written
            self._hooks.fail_stop("the cycle failed", error)
        if finished:
            self._done.update({tp: records[-1].offset + 1 for tp, records in batch})
        self._cycle = None

    def generation(self) -> int:
        """See `Thread.generation`."""
        return self._thread.generation()

    def knows(self, topic: str) -> bool:
        """Does the broker show us this topic?"""
        return self._thread.knows(topic)

    def keep_alive(self) -> None:
        """See `Thread.keep_alive`."""
        self._thread.keep_alive()

    async def wait_empty(self) -> None:
        """Wait for the running cycle and commit it: a revoke and a stop call this."""
        if self._cycle is not None:
            await asyncio.wait({self._cycle})
        await self.commit(start_new_transaction=False)
        if self._done:  # a commit was under way already, and did not know of the last cycle
            await self.commit(start_new_transaction=False)
        self._done = {}
        self._gaps = set()

    async def force_commit(
        self,
        topics: Iterable[Any] | None = None,  # noqa: ARG002  # upstream's signature
        start_new_transaction: bool = True,  # noqa: ARG002, FBT001, FBT002  # as above
    ) -> bool:
        """Commit what finished cycles have read; the commit timer calls this too."""
        done, self._done = self._done, {}
        if not done:
            return False
        committed = await self._commit_offsets(done)
        if committed:
            self._hooks.committed({tp.partition: offset for tp, offset in done.items()})
        return bool(committed)


class Transport(driver.Transport):
    """Chosen by the broker URL `nabz+kafka://host:port`."""

    Consumer: ClassVar[type[Consumer]] = Consumer
