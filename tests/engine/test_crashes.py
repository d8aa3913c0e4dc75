"""Kill -9, a freeze longer than the session, and a crash at every point of the commit cycle.

On Apache Kafka only: these are about what the group and the log promise, and Tansu is for try-outs.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from streams.engine.brokers import Broker
from streams.engine.cycle import POINTS
from streams.engine.worker import FAIL_STOP
from tests.engine.workers import SIGCONT, SIGKILL, SIGSTOP, World, until


def test_a_crash_at_any_point_of_a_cycle_changes_nothing(
    kafka_broker: Broker, tmp_path: Path
) -> None:
    """Whatever was half written, the next worker comes to the same rows and outputs.

    The points are tried side by side, each with topics and a group of its own: what takes time is
    the group's patience with the dead.
    """
    with ExitStack() as open_worlds:
        worlds: dict[str, World] = {}
        for point in POINTS:
            directory = tmp_path / point
            directory.mkdir()
            world = open_worlds.enter_context(World(kafka_broker, directory))
            world.send(300)
            world.start(at=f"{point}:1")
            worlds[point] = world
        for point, world in worlds.items():
            doomed = world.workers[0]
            until(f"died at {point}", doomed.ended)
            assert doomed.crashed(), f"ended before {point}: {doomed.told()}"
        for world in worlds.values():
            world.send(300)
            world.start()
        for world in worlds.values():
            world.await_all_folded()
            world.check()


def test_kill_9_under_load_loses_and_repeats_nothing(kafka_broker: Broker, tmp_path: Path) -> None:
    """The other worker takes over from the changelog, the restarted one rejoins."""
    with World(kafka_broker, tmp_path) as world:
        first, second = world.start(), world.start()
        until("both own some", lambda: world.settled(first, second))
        for _ in range(10):
            world.send(200)
        first.signal(SIGKILL)
        for _ in range(10):
            world.send(200)
        third = world.start()
        until("third owns some", lambda: world.settled(second, third))
        world.send(500)
        world.await_all_folded()
        world.check()


@pytest.mark.parametrize("point", ["outputs_acked", "changelog_sent"])
def test_a_worker_frozen_beyond_its_session_does_no_harm(
    kafka_broker: Broker, tmp_path: Path, point: str
) -> None:
    """Frozen between its sends it finds its lease gone; within one, its rows are outvoted."""
    with World(kafka_broker, tmp_path) as world:
        frozen = world.start(at=f"freeze@{point}:2")
        until("it owns all", lambda: world.settled(frozen))
        world.send(200)
        until("first cycle done", lambda: frozen.facts()["records"] > 0 or frozen.crashed())
        healthy = world.start()
        world.send(200)  # makes it freeze with a write queued, at the latest after the rebalance
        until("it is frozen", frozen.crashed)
        until("the healthy one owns all", lambda: world.settled(healthy))
        world.send(400)
        world.await_all_folded()
        frozen.signal(SIGCONT)
        if point == "outputs_acked":
            assert frozen.wait() == FAIL_STOP
        else:
            until("its rows have landed", lambda: world.stale_rows() > 0)
            until("it is back", lambda: frozen.ended() or world.settled(frozen, healthy))
        world.check()  # while customers are quiet, and nothing writes over stale rows
        world.send(200)
        world.await_all_folded()
        world.check()


def test_a_freeze_at_an_arbitrary_moment_does_no_harm(kafka_broker: Broker, tmp_path: Path) -> None:
    """SIGSTOP from outside under load: lease or fence, the rows are right."""
    with World(kafka_broker, tmp_path) as world:
        first, second = world.start(), world.start()
        until("both own some", lambda: world.settled(first, second))
        world.send(500)
        first.signal(SIGSTOP)
        world.send(500)
        until("second owns all", lambda: world.settled(second))
        first.signal(SIGCONT)
        world.send(500)
        world.await_all_folded()
        world.check()
