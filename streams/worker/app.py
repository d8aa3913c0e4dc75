"""The worker process: ingest, track, or both, until a signal or something only a restart cures.

Wiring only. The lane folds; beside it run the reader of the control topic, the wakes, ingest and
the small HTTP server. Whatever fails ends the process with 70, and the next one recovers.

Next step: `streams.ingest.loop` fills the log, `streams.worker.track` folds it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import gc
import signal
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry

from alerts.config import config_hash, encode_config
from scoring.brands import Brands
from scoring.reading import read
from streams.control import Control
from streams.dead_letters import REASONS
from streams.engine import cycle, reader
from streams.engine.worker import FAIL_STOP, Lane, LaneConfigError, Timing, fail_stop
from streams.http import serving
from streams.ingest import batch
from streams.ingest.loop import Ingest
from streams.ingest.metrics import IngestMetrics
from streams.metrics import LaneCollector, Metrics, build_info
from streams.settings import Settings
from streams.topics import CONTROL, EVENTS, LOG, ROWS
from streams.worker.canary import Canary
from streams.worker.census import CensusCollector
from streams.worker.observer import Counting
from streams.worker.track import Track
from streams.worker.wakes import Wakes

log = structlog.get_logger("nabz.worker")

GROUP: Final = "nabz-track"
COMMANDS_SOURCE: Final = "commands"
INGEST_STOP_S: Final = 10.0
"""A broker that does not answer must not keep a worker from stopping."""
POINTS: Final = (
    *(f"ingest.{point}" for point in batch.POINTS),
    *(f"cycle.{point}" for point in cycle.POINTS),
)
"""Where a test may crash a whole worker."""
Service = Callable[[], Coroutine[Any, Any, None]]


def _timing(session_s: float) -> Timing:
    """Time limits of a lane with such a session.

    >>> _timing(15.0) == Timing(), _timing(45.0).request_s
    (True, 50.0)
    """
    usual = Timing()
    return dataclasses.replace(
        usual,
        session_s=session_s,
        heartbeat_s=min(usual.heartbeat_s, session_s / 5),
        request_s=max(usual.request_s, session_s + 5.0),
    )


class Worker:
    """One worker process, described; `run` works until `stop`.

    Attributes:
        control: The control topic as read so far.
        ingest: None where this process does not ingest.
        lane: None where this process does not track.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        roles: frozenset[str],
        input_path: Path | None = None,
        registry: CollectorRegistry | None = None,
        timing: Timing | None = None,
        at: Callable[[str], None] = lambda _point: None,
    ) -> None:
        """Describe it; must be made inside a running event loop.

        Args:
            settings: The installation's.
            roles: `ingest`, `track`, or both.
            input_path: File or folder that file sources are read from.
            registry: Where to count.
            timing: Time limits of the lane.
            at: Told each of `POINTS`; for tests that crash there.
        """
        self._settings = settings
        self._timing = timing
        self._at = at
        self._broker = settings.broker()
        self.registry = CollectorRegistry() if registry is None else registry
        build_info(self.registry)
        self.control = Control()
        self.ingest: Ingest | None = None
        self.lane: Lane | None = None
        self._stop = asyncio.Event()
        self._ingesting = False
        self._compared = ""
        if "ingest" in roles:
            self.ingest = Ingest(
                settings,
                self._broker,
                read=functools.partial(read, brands=Brands(settings.scoring.brands)),
                input=input_path,
                metrics=IngestMetrics.register(
                    self.registry, (*settings.source_names(), COMMANDS_SOURCE)
                ),
                at=lambda point: at(f"ingest.{point}"),
            )
        if "track" in roles:
            self.lane = self._new_lane()

    def _new_lane(self) -> Lane:
        settings = self._settings
        live = settings.clock == "live"
        metrics = Metrics.register(self.registry, reasons=REASONS)
        counting = Counting(metrics, live=live)
        track = Track(
            self.control,
            log_epoch=settings.log_epoch,
            observer=counting,
            on_config=lambda partition, _: wakes.config_changed(partition, lane.rows.of(partition)),
        )
        wakes = Wakes(
            track,
            lambda: lane.writer,
            log_topic=LOG,
            owned=lambda: lane.owned(),  # noqa: PLW0108  # the lane is made below
            complete_to_ms=lambda: self.control.complete_to_ms(settings.source_names()),
            live=live,
        )
        lane = Lane(
            broker=self._broker,
            app_id=GROUP,
            fold=track,
            log_topic=LOG,
            rows_topic=ROWS,
            log_epoch=settings.log_epoch,
            member=settings.worker.member,
            timing=self._timing or _timing(settings.worker.session / 1000),
            extra=[*self._services(wakes, lambda: lane), *self._canary(metrics, lambda: lane)],
            at=lambda point: self._at(f"cycle.{point}"),
            took=metrics.cycle.observe,
        )
        self.registry.register(LaneCollector(lane.progress))
        self.registry.register(CensusCollector(track.census))
        return lane

    def _services(self, wakes: Wakes, lane: Callable[[], Lane]) -> Sequence[Service]:
        services: list[Service] = [self._follow_control, wakes.run, self._serve]
        ingest = self.ingest
        if ingest is not None:
            services.append(lambda: self._ingest(ingest, lane()))
        return services

    def _canary(self, metrics: Metrics, lane: Callable[[], Lane]) -> Sequence[Service]:
        """Who writes of the canary, where that is configured and there is a present."""
        every_ms = self._settings.canary
        if every_ms is None or self._settings.clock != "live":
            return ()
        canary = Canary(
            lambda: lane().writer,
            every_ms=every_ms,
            events_topic=EVENTS,
            owned=lambda: lane().owned(),
            sent=metrics.canary_sent,
        )
        return (canary.run,)

    # ------------------------------------------------------------------ services

    async def _follow_control(self) -> None:
        """Keep the control topic read; never ends."""

        def apply(_: int, records: Sequence[Any]) -> None:
            for record in records:
                self.control.apply(record.key, record.value)
            self._compare()

        await reader.follow(self._broker, CONTROL, {0: 0}, apply)

    def _compare(self) -> None:
        """Say once per configuration that another one is in force than this process was given."""
        force = self.control.in_force
        if force is None or force.hash == self._compared:
            return
        self._compared = force.hash
        given = config_hash(encode_config(self._settings.config()))
        if given != force.hash:
            log.warning(
                "config.other_in_force",
                given=given,
                in_force=force.hash,
                next="the one in force is followed; `nabz config apply` puts yours in force",
            )

    async def _serve(self) -> None:
        """Answer scrapes and probes; never ends."""
        at = self._settings.metrics.worker
        async with serving(
            self.registry, bind=at.bind, token=at.token, live=self.live, ready=self.ready
        ) as (host, port):
            log.info("http.listening", host=host, port=port)
            await asyncio.Event().wait()

    def stuck(self) -> str | None:
        """Why this process should be restarted, None while it moves."""
        now_s = time.monotonic()
        found = None if self.lane is None else self.lane.progress.stuck(now_s)
        if found is None and self.ingest is not None:
            found = self.ingest.stuck(now_s)
        return found

    def live(self) -> bool:
        """Is there no reason to restart this process?"""
        why = self.stuck()
        if why is not None:
            log.error("worker.stuck", why=why)
        return why is None

    def ready(self) -> bool:
        """Are rows in place and records being folded?"""
        return self.lane is None or self.lane.progress.ready()

    # ------------------------------------------------------------------ life

    def stop(self) -> None:
        """Ask `run` to end in good order: ingest first, which has its books to close."""
        self._stop.set()
        if self.ingest is not None:
            self.ingest.stop()
        if self.lane is not None:
            if self._ingesting:
                asyncio.get_running_loop().call_later(INGEST_STOP_S, self.lane.stop)
            else:
                self.lane.stop()

    async def _ingest(self, ingest: Ingest, lane: Lane) -> None:
        """Ingest beside a lane, which is stopped only after it."""
        self._ingesting = True
        try:
            await ingest.run()
        finally:
            self._ingesting = False
        lane.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        if self.lane is not None:
            await self.lane.run()
        elif self.ingest is not None:
            await self._run_alone(self.ingest)

    async def _run_alone(self, ingest: Ingest) -> None:
        """Ingest without a lane: the same services, the same end when one fails."""
        named: list[Service] = [self._follow_control, self._serve, ingest.run]
        tasks = [asyncio.ensure_future(one()) for one in named]
        stopping = asyncio.ensure_future(self._stop.wait())
        done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        for one in done - {stopping}:
            if (error := one.exception()) is not None:
                fail_stop("a service of the worker failed", error)
        await self._stop.wait()
        # A broker that does not answer must not keep us: what is not written down is read again.
        watchdog = threading.Timer(
            2 * INGEST_STOP_S, fail_stop, ["ingest did not stop in time; the next one goes on"]
        )
        watchdog.daemon = True
        watchdog.start()
        await asyncio.wait({tasks[-1]}, timeout=INGEST_STOP_S)
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        watchdog.cancel()


def collect_seldom() -> None:
    """Look for garbage less often: for a process that folds and does nothing else.

    Folding makes many values and lets go of them at once, none in a cycle, while Python's default
    looks through the living ones after every 700: that was a quarter of the fold's time. Cycles
    are still found.
    """
    gc.freeze()  # what is imported lives as long as the process
    gc.set_threshold(50_000, 20, 100)


def run_worker_process(
    settings: Settings,
    *,
    roles: frozenset[str],
    input_path: Path | None = None,
    timing: Timing | None = None,
    at: Callable[[str], None] = lambda _point: None,
) -> int:
    """Run one worker as this process until SIGTERM or SIGINT, and return its exit code.

    Args:
        settings: The installation's.
        roles: `ingest`, `track`, or both.
        input_path: File or folder that file sources are read from.
        timing: Time limits of the lane.
        at: Told each of `POINTS`; for tests that crash there.

    Returns:
        0 after a signal; 70 where a restart or a look at the configuration is the cure.
    """

    async def main() -> None:
        worker = Worker(settings, roles=roles, input_path=input_path, timing=timing, at=at)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        await worker.run()

    collect_seldom()
    try:
        asyncio.run(main())
    except LaneConfigError as error:
        log.error("worker.failed", error=str(error))  # said in one line, without a traceback
        return FAIL_STOP
    return 0
