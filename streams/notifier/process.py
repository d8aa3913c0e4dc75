"""One notifier as a process: signals end it, and its exit code says whether a restart is the cure.

Next step: `streams.notifier.loop` works until it is stopped.
"""

from __future__ import annotations

import asyncio
import signal

import structlog
from prometheus_client import CollectorRegistry

from streams.engine.brokers import Broker
from streams.notifier.build import build
from streams.notifier.feed import FeedError, Names
from streams.notifier.loop import NoAssignmentError, Notifier
from streams.notifier.settings import NotifierSettings

EX_SOFTWARE = 70

log = structlog.get_logger("nabz.notifier")


def run_notifier(
    broker: Broker,
    settings: NotifierSettings,
    *,
    names: Names | None = None,
    session_ms: int = 15_000,
    registry: CollectorRegistry | None = None,
    metrics_bind: str | None = None,
    metrics_token: str | None = None,
) -> int:
    """Run one notifier until SIGTERM or SIGINT, and return the process's exit code.

    Args:
        broker: Where the topics are.
        settings: The notifier's part of `nabz.yaml`.
        names: Topics and group, for tests.
        session_ms: How long the group waits for a silent member.
        registry: Where metrics are collected.
        metrics_bind: `host:port` of `/metrics`, `/livez` and `/readyz`; None for none.
        metrics_token: Reference to a bearer token; needed unless bound to loopback.

    Returns:
        0 after a signal, 70 where a restart is the cure.

    Raises:
        ChannelConfigError: The settings cannot work.
    """
    plan = build(settings)
    registry = CollectorRegistry() if registry is None else registry

    async def main() -> None:
        notifier = Notifier(broker, plan, names=names, session_ms=session_ms, registry=registry)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, notifier.stop)
        if metrics_bind is None:
            await notifier.run()
            return
        from streams.http import serving  # only where a port is wanted

        async with serving(
            registry,
            bind=metrics_bind,
            token=metrics_token,
            live=lambda: notifier.live,
            ready=lambda: notifier.ready,
        ):
            await notifier.run()

    try:
        asyncio.run(main())
    except (FeedError, NoAssignmentError) as error:
        log.error("notifier.failed", error=str(error))  # said in one line
        return EX_SOFTWARE
    return 0
