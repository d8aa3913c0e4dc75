"""The page of figures says what was found, what was missed and who failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import page, run


def _round(us: float) -> dict[str, Any]:
    return {
        "events": 1_000, "cpu_s": us / 1_000, "wall_s": 1.0, "broker_cpu_s": 0.01, "rss_mb": 90.0,
        "calibration_s": 0.2, "records": 125,
    }  # fmt: skip


@pytest.fixture
def result() -> dict[str, Any]:
    """As `bench.run.measure` gives it: nabz slower than Quix, Faust failed."""
    costs = {"nabz": 80.0, "nabz_job": 20.0, "quix": 60.0, "bytewax": 50.0, "bare": 30.0}
    rounds = {name: [_round(us), _round(us * 2), _round(us)] for name, us in costs.items()}
    for one in rounds["nabz"]:
        one |= {"changelog": 500, "row_bytes": 700}
    rounds["faust"] = [{"error": "it did not start | at all"}]
    return {
        "machine": {
            "broker": "Apache Kafka 4", "model": "a machine", "cores": 2, "pinned": True,
            "load": 0.1, "system": "Linux", "python": "3.11", "commit": "abc", "day": "2026-11-25",
            "versions": {"bytewax": "1"},
        },
        "contests": run.summed(rounds, run.QUICK),
        "engine": {
            "ratio": 20.0, "ratios": [20.0],
            "sides": {name: {"events_per_cpu_s": 1_000.0} for name in ("nabz", "faust")},
        },
        "workers": {"one_us": 80.0, "two_us": 84.0},
        "latency": [
            {
                "name": "nabz", "label": "nabz", "rate": 500, "share_of_most": None, "p50_ms": 30.0,
                "p95_ms": 60.0, "p99_ms": 120.0, "share": 0.6, "core_share": 0.2, "events": 900,
            },
            {
                "name": "bare", "label": "bare", "rate": 500, "share_of_most": 0.5,
                "error": "nothing was seen",
            },
        ],
        "fold": [
            {"customers": count, "us_per_event": us, "rows_per_event": 0.5, "rss_mb": 100.0}
            for count, us in ((10_000, 50.0), (1_000_000, 60.0))
        ],
        "restore": [
            {"customers": 1_000_000, "wall_s": 9.0, "cpu_s": 8.0, "rss_mb": 900.0, "empty_mb": 80.0}
        ],
    }  # fmt: skip


def test_every_target_has_its_verdict(result: dict[str, Any]) -> None:
    """What is missed says so; a ratio is the median of the rounds'."""
    verdicts = {one.what: (one.found, one.verdict()) for one in page.targets(result)}
    assert verdicts["whole, to Quix doing the job"] == (0.75, "**missed**")
    assert verdicts["the peers' job, to Quix"] == (3.0, "met")
    assert verdicts["latency at 500/s, p99"] == (120.0, "**missed**")
    assert verdicts["an event with two workers, to one"] == (1.05, "met")
    assert verdicts["fold at 1 M customers, to 10,000"] == (1.2, "met")
    del result["contests"]["nabz"]["rss_mb"]
    (memory,) = (one for one in page.targets(result) if one.what.startswith("memory"))
    assert memory.verdict() == "not measured"


def test_who_failed_stands_in_the_table(result: dict[str, Any]) -> None:
    """A peer that could not be measured is not left out in silence."""
    text = page.figures(result)
    assert "failed: it did not start" in text and "failed: nothing was seen" in text
    assert (
        "| **nabz, whole**: reading, scores, rules, alerts | 12,500 | 80.0 | 80.0 - 160 |" in text
    )
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in rows[:16]}) == 1


def test_figures_and_plot_take_their_places(result: dict[str, Any], tmp_path: Path) -> None:
    """What people wrote around the figures stays; without the markers nothing is written."""
    written, plot = tmp_path / "performance.md", tmp_path / "plot.svg"
    written.write_text("before\n<!-- figures:begin -->\nold\n<!-- figures:end -->\nafter\n")
    page.write("new\n", result, page=written, picture=plot)
    assert written.read_text() == (
        "before\n<!-- figures:begin -->\nnew\n"
        "\n![Events per processor-second](pictures/plot.svg)\n<!-- figures:end -->\nafter\n"
    )
    assert plot.read_text().count("<rect") == 6
    written.write_text("nothing")
    with pytest.raises(ValueError, match="put them back"):
        page.write("new\n", result, page=written, picture=plot)


def test_the_page_has_its_markers() -> None:
    """`make bench` finds where to write."""
    text = page.PAGE.read_text(encoding="utf-8")
    assert text.index("<!-- figures:begin -->") < text.index("<!-- figures:end -->")
