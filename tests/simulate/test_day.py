"""A simulated day, lived under each preset: `make day`, small."""

from __future__ import annotations

import pytest

from alerts.presets import PRESETS
from alerts.rules import rules_from
from bench.day import Day, lived, main, records, shown
from streams.settings import load


def test_every_alert_that_was_opened_is_closed_or_still_open(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Under each preset; the more sensitive it is, the more it opens, and every hour is counted."""
    assert main(["--customers", "120", "--rate", "0.004"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("SYNTHETIC")
    assert [name for name in PRESETS if f"\n{name}\n" in told] == ["quiet", "normal", "sensitive"]
    scoring = load(None).scoring.scoring()
    log = records(seed=1, customers=120, rate=0.004, scoring=scoring)
    days = [lived(log, rules_from(PRESETS[name]), scoring) for name in PRESETS]
    opened = [day.opened.total() for day in days]
    assert opened == sorted(opened)
    assert opened[0] < opened[-1]
    assert all(day.gates["open"] == day.still_open for day in days)
    assert f"opened {opened[-1]} = closed" in "\n".join(shown("sensitive", days[-1], days[0]))
    assert isinstance(days[0], Day)
