"""What another configuration would have changed, for people and for programs."""

from __future__ import annotations

import json
import time

from scoring.records import Cue, Origin, Reading, Signal, Turn
from tests.cli.conftest import Nabz
from tests.cli.world import World

RULES = "rules: [{{id: angry, measure: distress, raise_at: {raise_at}, clear_at: 5, for: 0s}}]\n"


def test_the_difference_is_told_and_nothing_is_written(nabz_on: Nabz) -> None:
    """A lower cut raises an alert; the same file twice changes nobody."""
    assert nabz_on.broker is not None
    now_ms = int(time.time() * 1000)
    world = World(nabz_on.broker)
    for number in range(3):
        reading = Reading("en", -5_000, (Cue("angry", "feeling", 900, "so angry"),), Turn(words=4))
        origin = Origin("tickets", 0, number, topic="support.tickets")
        ts_ms = now_ms + number
        world.append("c-1", Signal(ts_ms, ts_ms, f"e{number}", ts_ms, origin, reading=reading))
    base = (nabz_on.folder / "nabz.yaml").read_text(encoding="utf-8")
    for name, raise_at in (("before.yaml", 80), ("after.yaml", 15)):
        (nabz_on.folder / name).write_text(
            base.replace("watermark", "live") + RULES.format(raise_at=raise_at), encoding="utf-8"
        )
    (nabz_on.folder / "nabz.yaml").write_text(
        base + f"broker: {{bootstrap: '{nabz_on.broker.bootstrap}', idempotent: false}}\n",
        encoding="utf-8",
    )
    for name in ("before.yaml", "after.yaml"):
        with (nabz_on.folder / name).open("a", encoding="utf-8") as file:
            file.write("broker: {idempotent: false}\n")
    found = nabz_on.on_broker("diff-config", "before.yaml", "after.yaml")
    assert found.exit_code == 0, found.output
    lines = found.stdout.splitlines()
    assert lines[0].startswith("c-1: ")
    assert lines[1].startswith("  + angry warning ") and lines[1].endswith(", open")
    assert lines[-1] == "1 of 1 customers differ over the last 30 days"
    objects = nabz_on.on_broker("diff-config", "before.yaml", "after.yaml", "--json")
    (one,) = (json.loads(line) for line in objects.stdout.splitlines())
    assert one["before"]["alerts"] == []
    assert [alert[0] for alert in one["after"]["alerts"]] == ["angry"]
    same = nabz_on.on_broker("diff-config", "after.yaml", "after.yaml")
    assert same.stdout == "nobody of 1 customers differs over the last 30 days\n"
