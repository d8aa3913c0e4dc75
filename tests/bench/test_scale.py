"""What a worker relies on so that it may look for garbage seldom."""

from __future__ import annotations

import gc
import subprocess
import sys

from bench.scale import logged, new_track
from bench.workload import events

EVENTS = 300


def test_folding_leaves_no_garbage_that_only_a_search_would_find() -> None:
    """Values let go are free at once: no cycle is made for an event."""
    track, first = new_track()
    records = [first, *logged(events(7, EVENTS, 1_789_900_000_000, customers=20), 1)]
    rows: dict[bytes, bytes] = {}
    gc.collect()
    gc.disable()
    try:
        for at in range(0, len(records), 50):
            changed = track.fold(0, records[at : at + 50], rows).changed
            rows.update((key, row) for key, row in changed.items() if row is not None)
        found = gc.collect()
    finally:
        gc.enable()
    assert len(rows) > 10
    assert found < EVENTS


def test_a_worker_looks_for_garbage_seldom() -> None:
    """It is told so once, in a process of its own."""
    code = (
        "import gc; from streams.worker.app import collect_seldom;"
        " collect_seldom(); print(gc.get_threshold()[0], gc.get_freeze_count() > 0, gc.isenabled())"
    )
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603  # ours
    assert run.stdout.split() == ["50000", "True", "True"]
