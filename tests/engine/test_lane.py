"""The lane on both brokers: everything is folded once, whoever comes and goes in good order."""

from __future__ import annotations

from pathlib import Path

from streams.engine.brokers import Broker
from tests.engine.workers import SIGTERM, World, until


def test_a_worker_stops_cleanly_and_the_next_goes_on_from_its_rows(
    broker: Broker, tmp_path: Path
) -> None:
    """SIGTERM: code 0 and all is committed. Then nothing is counted twice, and nothing is lost."""
    with World(broker, tmp_path) as world:
        world.send(300)
        first = world.start()
        until("first owns all", lambda: world.settled(first))
        world.send(300)
        until("first folded", lambda: first.facts()["records"] == 600)
        first.signal(SIGTERM)
        assert first.wait() == 0
        world.await_all_folded(timeout_s=5.0)
        world.check()
        world.send(300)
        second = world.start()
        until("second folded", lambda: second.facts()["records"] == 300)
        world.await_all_folded()
        world.check()


def test_a_second_worker_takes_its_share_while_events_flow(broker: Broker, tmp_path: Path) -> None:
    """Joining and leaving move partitions without losing or repeating a count."""
    with World(broker, tmp_path) as world:
        first = world.start()
        until("first owns all", lambda: world.settled(first))
        world.send(400)
        second = world.start()
        until("both own some", lambda: world.settled(first, second))
        world.send(400)
        second.signal(SIGTERM)
        assert second.wait() == 0
        until("first owns all again", lambda: world.settled(first))
        world.send(200)
        world.await_all_folded()
        world.check()
