"""The demo as a whole, on the broker in memory, as somebody would start it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from streams.demo.report import Report
from streams.simulate.faults import records, spoilt
from streams.simulate.shop import events

START_MS = 1_772_323_200_000
HOUR_MS = 3_600_000
ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def demo(*options: str) -> Iterator[subprocess.Popen[str]]:
    """`nabz demo` as a child, its output as text."""
    process = subprocess.Popen(  # noqa: S603  # our own command
        [sys.executable, "-m", "streams.cli.main", "demo", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    """Lines as they come; leaving off closes nothing, as `yield from` would."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        yield line


def alive(pid: int) -> bool:
    """Is there such a process?"""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_first_alert_fires_within_a_minute_and_everything_ends_on_a_signal() -> None:
    """Somebody who types `make demo` sees an alert soon, and after Ctrl-C nothing is left."""
    began_s = time.monotonic()
    pids: list[int] = []
    fired = told = ""
    said = []
    with demo("--plain", "--duration", "60") as process:
        for line in lines_of(process):
            said.append(line)
            pids += [int(pid) for pid in re.findall(r"started, pid (\d+)", line)]
            fired = fired or (line if re.search(r"\bfiring\b", line) else "")
            told = told or (line if "┃" in line and "needs attention" in line else "")
            if fired and told and any("nabz why " in one or "why c-" in one for one in said):
                break
        assert fired and told, "".join(said)
        assert time.monotonic() - began_s < 60
        process.send_signal(signal.SIGINT)
        rest = "".join(lines_of(process))
        assert process.wait(60) == 0
    assert re.search(r"\d+ alerts? raised", rest)
    assert len(pids) == 2
    assert not [pid for pid in pids if alive(pid)]


def test_a_worker_that_dies_ends_the_demo_with_the_reason() -> None:
    """Nobody watches a screen behind which nothing works any more."""
    with demo("--plain", "--duration", "60") as process:
        said = ""
        for line in lines_of(process):
            said += line
            if found := re.search(r"worker +started, pid (\d+)", line):
                os.kill(int(found[1]), signal.SIGKILL)
        assert process.wait(60) == 1
    assert "nabz: worker ended by signal 9; the end of its log:" in said


def test_recorded_events_are_read_folded_and_summed_up(tmp_path: Path) -> None:
    """Every record is accounted for, and angry customers have alerts with quotes."""
    whole = list(records(events(7, 60, START_MS, duration_ms=6 * HOUR_MS, rate_e2=3)))
    values = [one.value for one in spoilt(whole, seed=7, share_e2=5)]
    recorded = tmp_path / "events.jsonl"
    recorded.write_bytes(b"".join(value + b"\n" for value in values))
    written = tmp_path / "report.json"
    with demo("--plain", "--input", str(recorded), "--report", str(written)) as process:
        said = "".join(lines_of(process))
        assert process.wait(60) == 0, said
    seen = msgspec.json.decode(written.read_bytes(), type=Report)
    (source,) = seen.sources.values()
    assert seen.finished
    assert source.read == len(values)
    dead, filtered = sum(source.dead_lettered.values()), sum(source.filtered.values())
    assert source.read == source.appended + filtered + dead
    assert source.events == source.folded + source.duplicate + source.failed
    assert (source.failed, filtered) == (0, 0)
    assert source.folded == len(whole)
    assert dead > 0 and source.duplicate > 0
    fired = [one for one in seen.alerts if one.fired_ms is not None]
    assert fired
    assert any(part.evidence and part.evidence[0].quote for one in fired for part in one.why)
    assert sum(seen.bands.values()) == len(seen.customers)


def test_recorded_events_can_be_asked_about_where_they_are_kept(tmp_path: Path) -> None:
    """With --keep the command at the end works, until Ctrl-C; without it nothing would answer."""
    recorded = tmp_path / "events.jsonl"
    whole = records(events(7, 20, START_MS, duration_ms=HOUR_MS, rate_e2=3))
    recorded.write_bytes(b"".join(one.value + b"\n" for one in whole))
    with demo("--plain", "--keep", "--input", str(recorded)) as process:
        said, asked = "", None
        for line in lines_of(process):
            said += line
            if "kept until Ctrl-C" in said and (asked := re.search(r"(why .*)$", line)):
                break
        assert asked is not None, said
        answer = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "streams.cli.main", *asked[1].split()],
            cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60,
        )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
        assert "exactly the score" in answer.stdout
        process.send_signal(signal.SIGINT)
        rest = "".join(lines_of(process))
        assert process.wait(60) == 0
    assert "stopping" in rest


def test_a_configuration_that_cannot_be_understood_is_said_and_nothing_is_left(
    tmp_path: Path,
) -> None:
    """A slip of the pen ends in one line that names it."""
    config = tmp_path / "nabz.yaml"
    config.write_text("chanels: {}\n", encoding="utf-8")
    with demo("--plain", "--duration", "5", "--config", str(config)) as process:
        said = "".join(lines_of(process))
        assert process.wait(60) == 2
    assert "chanels" in said and "did you mean channels?" in said
