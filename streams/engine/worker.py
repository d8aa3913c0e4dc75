"""A lane: one group, one log, its rows, and the process around them.

A `Lane` joins the group through Faust, has the rows of its partitions restored before Faust lets
records flow, and runs commit cycles. Anything it cannot vouch for ends the process with exit code
70; so does a stop that takes too long.

Next step: `nabz worker` calls `run_worker` with the fold of `streams/worker/track.py`.
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import faust
import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.engine import aiokafka_fixes
from streams.engine.brokers import Broker
from streams.engine.cycle import Cycle, Fold, Writer
from streams.engine.failstop import FAIL_STOP, FailStop, fail_stop
from streams.engine.lease import Lease, clock_s
from streams.engine.progress import Progress
from streams.engine.restore import Restore
from streams.engine.rows import Rows
from streams.engine.transport import CYCLE_RECORDS, LOST, Batch, Consumer, Found

__all__ = ["FAIL_STOP", "Extra", "Lane", "LaneConfigError", "Timing", "fail_stop", "run_worker"]

log = structlog.get_logger(__name__)

SAY_S = 10.0
TOPIC_S = 5.0  # aiokafka would look for a missing topic for as long as it tries to produce
Extra = Callable[[], Coroutine[Any, Any, None]]


class LaneConfigError(Exception):
    """The topics do not fit the lane; start-up stops and says what to do."""


@dataclass(frozen=True, slots=True)
class Timing:
    """How long things may take, in seconds.

    Attributes:
        session_s: Without a heartbeat for this long the group gives our partitions away.
        heartbeat_s: Between heartbeats; well below .6 of the session.
        rebalance_s: Members have this long to rejoin, so a cycle must be shorter.
        request_s: For an answer of the broker; not below the session.
        produce_s: For an acknowledgement, retries included; then the process ends.
        commit_s: Between commits of offsets.
        stop_s: For an orderly end; then a disorderly one.
    """

    session_s: float = 15.0
    heartbeat_s: float = 3.0
    rebalance_s: float = 30.0
    request_s: float = 40.0
    produce_s: float = 60.0
    commit_s: float = 1.0
    stop_s: float = 30.0


class LaneApp(faust.App):
    """A Faust application without agents and tables; `hooks` is the lane behind it."""

    hooks: Lane

    def _create_directories(self) -> None:
        """Nothing is kept on disk."""


class Lane:
    """Member of a group that folds one log into rows; see the module.

    Attributes:
        rows: Rows of the partitions we hold, standbys included.
        producer: Idempotent producer behind `writer`.
        writer: Appends through it, to the log as well.
        progress: What probes and metrics read.
        member: Our name in the group, None where we are a new member at every start.
    """

    def __init__(  # wiring
        self,
        *,
        broker: Broker,
        app_id: str,
        fold: Fold,
        log_topic: str,
        rows_topic: str,
        log_epoch: int = 1,
        member: str | None = None,
        timing: Timing | None = None,
        extra: Sequence[Extra] = (),
        at: Callable[[str], None] = lambda _point: None,
        on_fail_stop: FailStop = fail_stop,
        took: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        """Describe a lane; must be made inside a running event loop, started by `run`.

        Args:
            broker: The cluster.
            app_id: Name of the application and of its consumer group.
            fold: What to do with the log.
            log_topic: What to fold.
            rows_topic: Changelog of the rows, with as many partitions as the log.
            log_epoch: Epoch of the log, as in row headers.
            member: Name under which the group keeps our place while we restart, None for none.
            timing: Time limits.
            extra: Services to run beside the lane from its start to its stop.
            at: Told each named point of a cycle; for tests that crash there.
            on_fail_stop: Ends the process.
            took: Told how many seconds each finished cycle took.
        """
        self.timing = timing or Timing()
        self.fail_stop = on_fail_stop
        self.rows = Rows()
        self.lease = Lease(session_s=self.timing.session_s, rebalance_s=self.timing.rebalance_s)
        self.progress = Progress(
            session_s=self.timing.session_s,
            cycle_limit_s=2 * self.timing.produce_s + self.timing.session_s,
            started_s=time.monotonic(),
        )
        self._broker = broker
        self._log_topic = log_topic
        self._rows_topic = rows_topic
        self._extra = extra
        self._at = at
        self._took = took
        self._said = (0, 0)
        self._said_s = self.progress.started_s
        self._stop = asyncio.Event()
        self._watchdog: threading.Timer | None = None
        self.producer = AIOKafkaProducer(
            **broker.aiokafka(),
            client_id=f"{app_id}-lane",
            acks="all",
            enable_idempotence=broker.idempotent,
            max_batch_size=512 * 1024,
            max_request_size=1024 * 1024,
            request_timeout_ms=int(self.timing.produce_s * 1000),
        )
        self.writer = Writer(self.producer)
        self._cycle = Cycle(
            fold=fold, rows=self.rows, rows_topic=rows_topic, writer=self.writer, at=at
        )
        self._restore = Restore(
            broker=broker,
            fold=fold,
            rows=self.rows,
            progress=self.progress,
            log_topic=log_topic,
            rows_topic=rows_topic,
            log_epoch=log_epoch,
            fail_stop=on_fail_stop,
        )
        self.member = member
        self.app = self._new_app(app_id)

    def _new_app(self, app_id: str) -> LaneApp:
        timing = self.timing
        app = LaneApp(
            app_id,
            broker=self._broker.faust_url(),
            broker_credentials=self._broker.faust_credentials(),
            autodiscover=False,
            broker_session_timeout=timing.session_s,
            broker_heartbeat_interval=timing.heartbeat_s,
            broker_rebalance_timeout=timing.rebalance_s,
            broker_request_timeout=timing.request_s,
            broker_commit_interval=timing.commit_s,
            broker_max_poll_records=CYCLE_RECORDS,
            consumer_auto_offset_reset="earliest",
            consumer_max_fetch_size=1 << 20,
            # Without tables this alone makes Faust use its own, sticky assignor with standbys.
            table_standby_replicas=1,
            stream_wait_empty=True,
            stream_recovery_delay=0.0,
            consumer_group_instance_id=self.member,
            topic_allow_declare=False,
            topic_disable_leader=True,
            web_enabled=False,
            worker_redirect_stdouts=False,
        )
        app.hooks = self
        app.topics.add(app.topic(self._log_topic, value_type=bytes, value_serializer="raw"))
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        app.on_rebalance_complete.connect(self._on_rebalance_complete, weak=False)
        return app

    @property
    def _consumer(self) -> Consumer:
        return cast(Consumer, self.app.consumer)

    def owned(self) -> frozenset[int]:
        """Partitions that are ours, restored and being folded; none during a rebalance."""
        return self.progress.assigned if self.progress.ready() else frozenset()

    def stop(self) -> None:
        """Ask `run` to end in good order; after `stop_s` the process is ended in bad order."""
        if self._watchdog is None:
            self._watchdog = threading.Timer(
                self.timing.stop_s, self.fail_stop, ["the stop took too long"]
            )
            self._watchdog.daemon = True
            self._watchdog.start()
        self._stop.set()

    # ------------------------------------------------------------------ what the transport calls

    async def cycle(self, batch: Batch, *, generation: int, suspended: asyncio.Event) -> bool:
        """Run one commit cycle; see `streams.engine.transport.Hooks`."""
        progress = self.progress
        began_s = progress.cycle_s = time.monotonic()
        try:
            if not await self._ready_for(batch, suspended):
                return False

            async def lease() -> None:
                await self._await_lease(generation)

            await self._cycle.run(batch, lease)
        finally:
            progress.cycle_s = None
            progress.cycled_s = time.monotonic()
        self._took(progress.cycled_s - began_s)
        progress.cycles += 1
        progress.records += sum(len(records) for _, records in batch)
        self._say(progress.cycled_s)
        return True

    def _say(self, now_s: float) -> None:
        """One line for the cycles of ten seconds: there may be fifty a second."""
        if now_s < self._said_s + SAY_S:
            return
        progress = self.progress
        cycles, records = self._said
        log.info(
            "log.folded",
            cycles=progress.cycles - cycles,
            records=progress.records - records,
            partitions=len(progress.assigned),
        )
        self._said, self._said_s = (progress.cycles, progress.records), now_s

    async def _ready_for(self, batch: Batch, suspended: asyncio.Event) -> bool:
        """Wait for the fold to be ready, but give up when the partitions are taken away."""
        ready = asyncio.ensure_future(self._cycle.ready_for(batch))
        await asyncio.sleep(0)
        if ready.done():
            ready.result()
            return True
        taken = asyncio.ensure_future(suspended.wait())
        await asyncio.wait({ready, taken}, return_when=asyncio.FIRST_COMPLETED)
        taken.cancel()
        if ready.done():
            ready.result()
            return True
        ready.cancel()
        with suppress(asyncio.CancelledError):
            await ready
        return False

    async def _await_lease(self, generation: int) -> None:
        """Return once we hold the lease; end the process when the group no longer knows us."""
        while True:
            if generation == LOST or self._consumer.generation() != generation:
                self.fail_stop("the group gave our partitions away while we held records of them")
            if self.lease.held(clock_s()):
                return
            await asyncio.sleep(0.05)

    async def start_at(self, partition: int, found: Found) -> int:
        """Where to read a partition from; see `streams.engine.transport.Hooks`."""
        return await self._restore.start_at(partition, found)

    def committed(self, offsets: Mapping[int, int]) -> None:
        """See `streams.engine.transport.Hooks`."""
        log.debug("offsets.committed", partitions=len(offsets))
        self._at("committed")

    # ------------------------------------------------------------------ rebalances

    async def _on_revoked(self, *_: Any, **__: Any) -> None:
        if self.progress.rebalancing_s is None:
            self.progress.rebalancing_s = time.monotonic()
        self.progress.restored = False

    async def _on_rebalance_complete(self, *_: Any, **__: Any) -> None:
        """Put rows in place; Faust seeks and lets records flow once this returns."""
        try:
            await self._bring_rows()
        except asyncio.CancelledError as error:
            if self.app.should_stop:
                raise
            self.fail_stop("restoring was cancelled", error)  # mode would end the task silently
        except BaseException as error:  # noqa: BLE001  # mode would log it and idle for ever
            self.fail_stop("restoring failed", error)
        finally:
            self.progress.restoring_s = None

    async def _bring_rows(self) -> None:
        app, progress = self.app, self.progress
        generation = app.consumer_generation_id

        def still() -> bool:
            progress.restoring_s = time.monotonic()
            self._consumer.keep_alive()
            return app.consumer_generation_id == generation and not app.should_stop

        mine = frozenset(tp.partition for tp in app.consumer.assignment())
        spare = frozenset(tp.partition for tp in app.assignor.assigned_standbys()) - mine
        if not still() or not await self._restore.bring(mine, spare, still):
            log.info("restore.outrun", generation=generation)
            return
        progress.joined = True
        progress.topic_known = bool(mine) or self._consumer.knows(self._log_topic)
        progress.assigned = mine
        progress.rebalancing_s = None
        progress.restored = True

    # ------------------------------------------------------------------ life

    async def run(self) -> None:
        """Start, work until `stop` is called or something fails, and stop in good order.

        Raises:
            LaneConfigError: The topics do not fit.
            aiokafka.errors.KafkaError: No broker answered.
        """
        try:
            connecting = asyncio.ensure_future(self._connect())
            if await self._done_before_stop(connecting):
                await self._work()
        finally:
            await self.producer.stop()
            if self._watchdog is not None:
                self._watchdog.cancel()
        log.info("worker.stopped", cycles=self.progress.cycles, records=self.progress.records)

    async def _connect(self) -> None:
        await self.producer.start()
        await self._check_topics()

    async def _done_before_stop(self, task: asyncio.Future[None]) -> bool:
        """Wait for a step of the start; False, and the step given up, if we are to stop first."""
        stopping = asyncio.ensure_future(self._stop.wait())
        either: set[asyncio.Future[Any]] = {task, stopping}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            task.result()
            return not self._stop.is_set()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    async def _work(self) -> None:
        """Run Faust and the services beside it until we are to stop."""
        starting = asyncio.ensure_future(self.app.start())
        services = [asyncio.ensure_future(one()) for one in self._extra]
        stopping = asyncio.ensure_future(self._stop.wait())
        aiokafka_fixes.install()
        watched: set[asyncio.Future[Any]] = {starting, stopping, *services}
        while not self._stop.is_set():
            done, watched = await asyncio.wait(
                watched, timeout=0.5, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if one.cancelled():
                    self.fail_stop("a service of the worker was cancelled")
                error = one.exception()
                if error is not None:
                    self.fail_stop("a service of the worker failed", error)
            if self.app.crashed:
                self.fail_stop("the Faust application crashed", self.app.crash_reason)
        for one in services:
            one.cancel()
        await asyncio.gather(*services, return_exceptions=True)
        await self._restore.stop_standbys()
        try:
            await self.app.stop()
        except Exception as error:  # noqa: BLE001  # Faust died as we were told to stop
            # Nothing is lost: what was folded is in the changelog, the rest is read again.
            self.fail_stop("could not stop in good order", error)
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)

    async def _check_topics(self) -> None:
        """The log and the rows must exist and be cut alike."""
        counts = {}
        for topic in (self._log_topic, self._rows_topic):
            try:
                async with asyncio.timeout(TOPIC_S):
                    counts[topic] = await self.writer.partitions(topic)
            except (KafkaError, TypeError, TimeoutError) as error:
                raise LaneConfigError(
                    f"topic {topic} is missing or not readable for this user"
                    f" ({type(error).__name__}); run `nabz topics apply` and check the ACLs"
                ) from error
        if counts[self._log_topic] != counts[self._rows_topic]:
            raise LaneConfigError(
                f"{self._log_topic} has {counts[self._log_topic]} partitions and"
                f" {self._rows_topic} {counts[self._rows_topic]}; they must have equally many:"
                " restore the count the log was created with"
            )


def run_worker(make: Callable[[], Lane]) -> None:
    """Run one lane as this process until SIGTERM or SIGINT.

    Args:
        make: Makes the lane, called inside the event loop.

    Raises:
        LaneConfigError: The topics do not fit.
    """

    async def main() -> None:
        lane = make()
        loop = asyncio.get_running_loop()
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, lane.stop)
        await lane.run()

    asyncio.run(main())
