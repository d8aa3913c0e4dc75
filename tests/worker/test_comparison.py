"""Two configurations over the same records: who would be seen otherwise, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from alerts.config import Config
from alerts.rules import Cuts
from scoring.config import MINUTE_MS, Bands
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord
from streams.worker.comparison import compare
from tests.strategies import BASE_MS, CONFIG, OTHER, RULES, hashed, signal, stored

T = BASE_MS


def log() -> list[tuple[bytes, LogRecord]]:
    """Ann is angry, bo is not; another configuration was in force all the time."""
    found: list[tuple[bytes, LogRecord]] = [(PARTITION_KEY, ConfigChanged(T, T, hashed(OTHER)))]
    for number in range(4):
        at_ms = T + number * MINUTE_MS
        found.append((b"ann", signal(at_ms, 900, event_id=f"ann-{number}")))
        found.append((b"bo", signal(at_ms, 0, event_id=f"bo-{number}")))
    return found


def given(
    records: list[tuple[bytes, LogRecord]], first: int = 0
) -> Callable[[], Iterator[tuple[int, list[Any]]]]:
    """A log in two batches, whose beginning may be gone."""
    whole = stored(records, first)

    def read() -> Iterator[tuple[int, list[Any]]]:
        yield 0, list(whole[:3])
        yield 0, list(whole[3:])

    return read


def test_equal_configurations_make_no_difference() -> None:
    """Whatever the log itself was folded under."""
    found = compare(given(log()), CONFIG, CONFIG, log_epoch=1)
    assert (found.customers, found.differing) == (2, ())


def test_an_alert_that_a_lower_cut_would_raise_is_shown_with_its_time() -> None:
    """And only of whom it concerns."""
    high = Config(clock="watermark", rules=(msgspec.structs.replace(RULES[0], critical=None),))
    lower = Cuts(1_000, 500)
    low = Config(
        clock="watermark",
        rules=(msgspec.structs.replace(RULES[0], warning=lower, critical=None),),
    )
    for first in (0, 50):
        found = compare(given(log(), first), high, low, log_epoch=1)
        (ann,) = found.differing
        assert ann.customer == "ann"
        (before,), (after,) = ann.before.alerts, ann.after.alerts
        assert after.opened_ms is not None and before.opened_ms is not None
        assert after.opened_ms == T + MINUTE_MS < before.opened_ms
        assert after.closed_ms is None


def test_a_band_that_changes_comes_with_the_parts_that_weigh_most() -> None:
    """The worst first; the base, which all have, explains nothing."""
    bands = Bands(healthy=9_900, watch=9_800, at_risk=8_800)
    scoring = msgspec.structs.replace(CONFIG.scoring, bands=bands)
    strict = msgspec.structs.replace(CONFIG, scoring=scoring)
    found = compare(given(log()), CONFIG, strict, log_epoch=1)
    ann, bo = found.differing
    assert (ann.customer, ann.before.band, ann.after.band) == ("ann", "watch", "critical")
    assert (bo.before.band, bo.after.band) == ("healthy", "critical")
    assert ann.after.health_e2 == ann.before.health_e2
    assert {part.name for part in ann.after.health} == {"feeling", "trail"}
    assert ann.after.distress[0].name == "feeling"
