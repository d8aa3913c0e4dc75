"""A partition lived through or filled in, over a log that is a list.

Lived: `clock: live`, and the clock goes on only when all that is due has been folded; a timer is
woken for, within ten seconds of coming due. Filled in: the same events with `clock: watermark`, all
appended before the first is folded. Run as a module (`make year`) it does both for a long time and
says what differs.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from alerts.config import Config
from alerts.outputs import Transition
from alerts.presets import PRESETS
from alerts.row import decode_row
from alerts.rules import Rule, rules_from
from scoring.config import DAY_MS, Interaction
from scoring.records import PARTITION_KEY, ConfigChanged, LogRecord, encode_record
from streams.engine.cycle import Writer
from streams.simulate.appended import appended
from streams.simulate.extras import Extras
from streams.simulate.faults import records
from streams.simulate.shop import events
from streams.topics import LOG
from streams.worker.track import Batch, Track
from streams.worker.wakes import Wakes
from tests.strategies import SCORING, Stored
from tests.worker.lived import LATENESS_MS, RULES, START_MS, knowing, named
from tests.worker.test_wakes import Log

SHOP: Final = replace(
    SCORING,
    interactions={
        "payment_failed": Interaction(points=900),
        "page_error": Interaction(points=400),
        "login_failed": Interaction(points=500),
        "app_crash": Interaction(points=600),
        "case_solved": Interaction(points=4_500, family="relief", wait="ends"),
    },
)
"""The types of interactions that the simulator writes."""
ALL_RULES: Final = (*RULES, *rules_from(PRESETS["sensitive"]))
"""Scores, conversations, windows, cues, quiet: whatever a rule can look at."""
AFTER_MS: Final = 3 * DAY_MS
"""How long nobody writes in the end, so that what is open closes."""
APART_MS: Final = 10_000

Story = list[tuple[bytes, LogRecord]]


def story(
    seed: int, *, customers: int, days: int, rate_e2: float, extras: Extras
) -> Iterator[tuple[bytes, LogRecord]]:
    """What the simulator's customers do, read, as ingest would append it: in order of time."""
    told = events(
        seed, customers, START_MS, duration_ms=days * DAY_MS, rate_e2=rate_e2, extras=extras
    )
    return appended(records(told), SHOP)


class Life:
    """One partition over a log in memory, folded whenever anything was appended."""

    def __init__(self, config: Config) -> None:
        """The configuration is in force, and nothing has happened."""
        self.track = Track(knowing(config))
        self.log = Log()
        self.live = config.clock == "live"
        self.now_ms = START_MS
        self.complete_ms = 0
        self.told: list[Transition] = []
        self.rows: dict[bytes, bytes] = {}
        self._folded = 0
        self.wakes = Wakes(
            self.track, lambda: Writer(self.log), log_topic=LOG, owned=lambda: (0,),
            complete_to_ms=lambda: self.complete_ms, live=self.live, clock=lambda: self.now_ms,
        )  # fmt: skip
        self.track.on_restored(0, {})
        self.append(PARTITION_KEY, ConfigChanged(START_MS, 0, named(config)))

    def append(self, key: bytes, record: LogRecord) -> None:
        """As ingest would."""
        log = self.log.appended.setdefault(0, [])
        log.append(Stored(len(log), record.at_ms, key, encode_record(record)))
        self.complete_ms = max(self.complete_ms, record.complete_to_ms)

    def fold(self) -> None:
        """Fold what is new, as one cycle."""
        log = self.log.appended[0]
        work = Batch(self.track, 0, self.rows)
        for record in log[self._folded :]:
            work.take(record)
        self._folded = len(log)
        self.told += [one for _, one in work.told if isinstance(one, Transition)]
        changed = work.changed()
        self.rows.update({key: row for key, row in changed.items() if row is not None})
        self.track.on_stored(0, changed)

    async def settle(self) -> None:
        """Wakes and folds until nothing is due."""
        self.fold()
        while await self.wakes.once(ticks=False):
            # A broker stamps what is appended with the time it is.
            log, at_ms = self.log.appended[0], self.now_ms if self.live else self.complete_ms
            log[self._folded :] = [one._replace(timestamp=at_ms) for one in log[self._folded :]]
            self.fold()

    async def live_until(self, at_ms: int) -> None:
        """Let time pass; all sources have been read up to ten seconds ago."""
        await self.settle()
        while due := self.track.due[0].all():
            # Rounded up to the pass that wakes for it, and ten seconds for completeness.
            next_ms = -(-due[0][1] // APART_MS) * APART_MS + LATENESS_MS
            if next_ms >= at_ms:
                break
            self.now_ms = max(self.now_ms, next_ms)
            self.complete_ms = max(self.complete_ms, self.now_ms - LATENESS_MS)
            await self.settle()
        self.now_ms = max(self.now_ms, at_ms)

    def alerts(self) -> dict[str, list[tuple[str, int]]]:
        """By rule and customer: each opening and closing with its time."""
        found: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for one in self.told:
            if one.after == "closed" or (one.before in {"inactive", "pending", "closed"}):
                found[one.fingerprint].append((one.after, one.at_ms))
        return found

    def bands(self) -> dict[bytes, str]:
        """Of every customer."""
        rows = {key: decode_row(row) for key, row in self.rows.items() if key != PARTITION_KEY}
        return {key: row.customer.band for key, row in rows.items() if row is not None}


async def lived(told: Story, rules: Sequence[Rule]) -> Life:
    """One record after the other, each when its time has come, and then some days of rest."""
    life = Life(Config(clock="live", scoring=SHOP, rules=tuple(rules)))
    for key, record in told:
        await life.live_until(record.at_ms)
        life.append(key, record)
    await life.live_until(life.now_ms + AFTER_MS)
    await life.settle()
    return life


async def filled_in(told: Story, rules: Sequence[Rule]) -> Life:
    """All of it at once; in the end all has been read up to where life ended."""
    life = Life(Config(clock="watermark", scoring=SHOP, rules=tuple(rules)))
    for key, record in told:
        life.append(key, record)
        life.now_ms = record.at_ms
    life.fold()
    life.now_ms += AFTER_MS
    life.complete_ms = life.now_ms - LATENESS_MS
    await life.settle()
    return life


class Compared(NamedTuple):
    """What living and filling in came to.

    Attributes:
        events: Events of the simulator.
        lived: Records folded while living: events, wakes.
        openings: Openings and closings of alerts while living.
        apart_ms: How far the same step of both is apart at most.
        differ: What is not the same, in words; empty if nothing differs.
    """

    events: int
    lived: int
    openings: int
    apart_ms: int
    differ: tuple[str, ...]


def compared(one: Life, other: Life, count: int) -> Compared:
    """Openings and closings of every alert, with their times, and the bands in the end."""
    differ, apart_ms = [], 0
    alerts, again = one.alerts(), other.alerts()
    for name in sorted({*alerts, *again}):
        steps, steps_again = alerts.get(name, []), again.get(name, [])
        if [state for state, _ in steps] != [state for state, _ in steps_again]:
            differ.append(f"{name}: lived {steps}, filled in {steps_again}")
            continue
        for (state, at_ms), (_, at_again_ms) in zip(steps, steps_again, strict=True):
            apart_ms = max(apart_ms, abs(at_ms - at_again_ms))
            if abs(at_ms - at_again_ms) > APART_MS:
                differ.append(f"{name}: {state} at {at_ms} lived, {at_again_ms} filled in")
    bands, bands_again = one.bands(), other.bands()
    differ += [
        f"{key!r}: {bands.get(key)} lived, {bands_again.get(key)} filled in"
        for key in sorted({*bands, *bands_again})
        if bands.get(key) != bands_again.get(key)
    ]
    folded = len(one.log.appended[0])
    return Compared(count, folded, sum(map(len, alerts.values())), apart_ms, tuple(differ))


def compare(told: Story, rules: Sequence[Rule] = ALL_RULES) -> Compared:
    """Live it and fill it in."""
    one, other = asyncio.run(lived(told, rules)), asyncio.run(filled_in(told, rules))
    return compared(one, other, len(told))


def main() -> int:
    """Compare a long life; 1 if something differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--customers", type=int, default=20)
    parser.add_argument("--a-day", type=float, default=40.0, help="events of all of them a day")
    parser.add_argument("--heavy", type=int, default=20_000, help="events of one more customer")
    given = parser.parse_args()
    extras = Extras(
        incidents_every_ms=20 * DAY_MS, renewed=True, quiet_e2=10, sarcasm_e2=10,
        heavy_events=given.heavy,
    )  # fmt: skip
    began_s = time.monotonic()
    told = list(
        story(
            given.seed, customers=given.customers, days=given.days,
            rate_e2=given.a_day / 864, extras=extras,
        )
    )  # fmt: skip
    read_s = time.monotonic() - began_s
    found = compare(told)
    for line in found.differ:
        sys.stdout.write(f"differs: {line}\n")
    sys.stdout.write(
        f"{found.events} events of {given.days} days, {found.lived} records lived,"
        f" {found.openings} openings and closings at most {found.apart_ms} ms apart,"
        f" {len(found.differ)} differences; read in {read_s:.0f} s,"
        f" folded in {time.monotonic() - began_s - read_s:.0f} s (synthetic)\n"
    )
    return 1 if found.differ else 0


if __name__ == "__main__":
    sys.exit(main())
