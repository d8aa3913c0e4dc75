"""Many transitions through five channels whose calls fail in every way: what is left at the end?

`make bad-day` takes 10,000 transitions; the tests take 300. On virtual time, with the notifier's
own desk, rounds and courier: one call in seven fails, is lost, or arrives without an answer, and
every thousandth ends the process in the middle of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import structlog

from alerts.delivery import Delivery
from tests.alerts.test_channels import SECRETS
from tests.alerts.transitions import transition
from tests.notifier.fakes import TOKENS
from tests.notifier.virtual import HOUR_MS, PAGER, SLACK, WEBHOOK, World

CHANNELS = {
    "hook": WEBHOOK,
    "second": WEBHOOK | {"budget": 500},
    "third": WEBHOOK | {"group": {"wait": "30s"}},
    "chat": SLACK,
    "pager": PAGER,
}
BATCH = 100
MORNING_MS = 1_790_067_600_000


def faulty(chance: random.Random) -> Callable[[], int | str]:
    """A receiver on a bad day."""
    weights: dict[int | str, int] = {
        200: 860, 429: 40, 503: 60, "late": 20, "lost": 19, "die": 1,
    }  # fmt: skip
    return lambda: chance.choices(tuple(weights), tuple(weights.values()))[0]


async def bad_day(transitions: int, seed: int) -> dict[str, Any]:
    """So many transitions, half of them ends; what has become of them."""
    world = World({"channels": CHANNELS, "clock": "watermark"}, at_ms=MORNING_MS)
    for number, receiver in enumerate(world.receivers.values()):
        receiver.status = faulty(random.Random(seed + number))
    alerts, deaths = transitions // 2, 0
    for part in range(0, alerts, BATCH):
        batch = range(part, min(alerts, part + BATCH))
        for seq, reason in ((1, "raised"), (2, "recovered")):
            world.log += [
                transition(
                    seq, reason, fingerprint=f"d|{n}", customer=f"c-{n}", account=f"a-{n % 40}",
                    at_ms=world.now_ms,
                )
                for n in batch
            ]  # fmt: skip
            await world.catch_up()
            await world.wait(60_000, 10_000)
            while world.dead:
                deaths += 1
                world.restart()
                await world.catch_up()
    while world.undelivered() and world.now_ms < MORNING_MS + 72 * HOUR_MS:
        await world.wait(HOUR_MS)
        while world.dead:
            deaths += 1
            world.restart()
            await world.catch_up()
    records = world.books.deliveries.values()
    return {
        "transitions": len(world.log),
        "calls": sum(len(one.got) for one in world.receivers.values()),
        "deaths": deaths,
        "states": dict(sorted(Counter(one.state for one in records).items())),
        "undelivered": world.undelivered(),
        "fires_without_an_end": unended(records),
        "arrived_more_than_once_without_a_doubt": doubtless(world),
    }


def unended(records: Any) -> int:
    """Alerts of which a channel was told, or may have been, and not of their end."""
    lanes: dict[tuple[str, str], list[Delivery]] = defaultdict(list)
    for one in records:
        if one.kind != "digest":
            lanes[one.channel, one.alert_id].append(one)
    found = 0
    for lane in lanes.values():
        told = any(not one.closing and (one.state == "sent" or one.ambiguous) for one in lane)
        over = any(one.closing and one.state == "sent" for one in lane)
        found += told and not over
    return found


def doubtless(world: World) -> int:
    """Messages that arrived twice although no call was without an answer."""
    copies = Counter(
        one.id for name in ("hook", "second", "third") for one in world.receivers[name].told
    )
    return sum(
        count > 1 and not world.books.deliveries[name].ambiguous for name, count in copies.items()
    )


def secrets() -> dict[str, str]:
    """What the channels read from the environment."""
    named = {f"NABZ_TEST_{name.upper()}": token for name, token in TOKENS.items()}
    return named | {"NABZ_TEST_NEW": SECRETS[0]}


def main() -> int:
    """Say what was seen; 1 if anything is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transitions", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    os.environ.update(secrets())
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())  # a line a call is too much
    begun_s = time.monotonic()
    found = asyncio.run(bad_day(asked.transitions, asked.seed))
    print(json.dumps(found | {"took_s": round(time.monotonic() - begun_s, 1)}, indent=2))  # noqa: T201
    return int(found["undelivered"] > 0 or found["fires_without_an_end"] > 0)


if __name__ == "__main__":
    sys.exit(main())
