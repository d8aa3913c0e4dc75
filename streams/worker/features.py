"""A customer as a line of numbers: what was known at a moment, and the scores that follow from it.

Features are what the scores rest on, so that a model of yours can be compared with them. Everything
comes from a row that was folded up to the moment; the scores are worked out for the moment itself,
not for the customer's last record.

Next step: `nabz export` writes the lines.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

from alerts.config import Config, decode_config
from alerts.lifecycle import OPEN
from alerts.row import Row
from scoring.config import DAY_MS, HOUR_MS
from scoring.health import health
from scoring.panes import COLUMN, window
from streams.control import Control
from streams.worker.history import History


class Features(NamedTuple):
    """One customer at one moment.

    Attributes:
        customer: Whose.
        as_of_ms: The moment.
        complete_to_ms: All sources had been read up to here.
        from_checkpoint: Folded on top of a checkpoint, as the log was cut.
        config_hash: Configuration of the scores.
        distress_e2: 0 to 10000; None while unknown, as `health_e2`.
        band: Of health, after hysteresis.
        waiting_since_ms: Of the longest open wait.
        messages_7d: Messages of the customer on so many UTC days, that of the moment included; bad
            turns likewise. Contacts are counted by the hour.
        feeling_7d_e2: Points by family, undiminished by age.
    """

    customer: str
    as_of_ms: int
    complete_to_ms: int
    from_checkpoint: bool
    config_hash: str
    distress_e2: int | None
    health_e2: int | None
    band: str
    confidence_e2: int
    waiting: str
    waiting_since_ms: int | None
    open_alerts: int
    first_ms: int | None
    event_ms: int | None
    contact_ms: int | None
    messages: int
    read: int
    behaviours: int
    late: int
    conversations: int
    contacts_24h: int
    contacts_7d: int
    contacts_28d: int
    messages_7d: int
    messages_28d: int
    bad_7d: int
    bad_28d: int
    feeling_7d_e2: int
    waiting_7d_e2: int
    repetition_7d_e2: int
    effort_7d_e2: int
    intent_7d_e2: int
    relief_7d_e2: int
    outcomes: str
    account: str | None
    tier: str | None
    language: str | None


def features(history: History, control: Control, at_ms: int) -> Iterator[Features]:
    """A line for every customer who is monitored, in the order of their names.

    Args:
        history: Folded up to the moment, and no further.
        control: Knows the configurations.
        at_ms: The moment.
    """
    configs: dict[str, Config] = {"": Config()}
    for name in sorted(history.rows):
        row = history.rows[name]
        if row.customer.profile is not None and not row.customer.profile.monitor:
            continue
        config = configs.get(row.config_hash)
        if config is None:
            config = configs[row.config_hash] = decode_config(control.bodies[row.config_hash])
        yield _features(name, row, config, at_ms, started=name in history.started)


def _features(name: str, row: Row, config: Config, at_ms: int, *, started: bool) -> Features:
    customer = row.customer
    spread_ms = zlib.crc32(name.encode("utf-8", "surrogatepass")) % HOUR_MS
    now_ms = max(at_ms, row.now_ms)
    found = health(
        customer, now_ms, config.scoring, complete_to_ms=row.complete_ms, spread_ms=spread_ms
    )
    hour, day = now_ms // HOUR_MS, now_ms // DAY_MS

    def hours(column: str, count: int) -> int:
        return window(customer.hours, hour, count, COLUMN[column])

    def days(column: str, count: int) -> int:
        return window(customer.days, day, count, COLUMN[column])

    profile = customer.profile
    return Features(
        customer=name,
        as_of_ms=at_ms,
        complete_to_ms=row.complete_ms,
        from_checkpoint=started,
        config_hash=row.config_hash,
        distress_e2=found.distress_e2,
        health_e2=found.health_e2,
        band=found.band,
        confidence_e2=found.confidence_e2,
        waiting=found.wait.state,
        waiting_since_ms=found.wait.since_ms,
        open_alerts=sum(episode.state in OPEN for episode in row.episodes),
        first_ms=customer.first_ms,
        event_ms=customer.event_ms,
        contact_ms=customer.contact_ms,
        messages=customer.messages,
        read=customer.read,
        behaviours=customer.behaviours,
        late=customer.late,
        conversations=len(customer.conversations),
        contacts_24h=hours("contacts", 24),
        contacts_7d=hours("contacts", 168),
        contacts_28d=days("contacts", 28),
        messages_7d=days("messages", 7),
        messages_28d=days("messages", 28),
        bad_7d=days("negatives", 7),
        bad_28d=days("negatives", 28),
        feeling_7d_e2=hours("feeling", 168),
        waiting_7d_e2=hours("waiting", 168),
        repetition_7d_e2=hours("repetition", 168),
        effort_7d_e2=hours("effort", 168),
        intent_7d_e2=hours("intent", 168),
        relief_7d_e2=hours("relief", 168),
        outcomes=" ".join(kind for _, kind in customer.outcomes),
        account=None if profile is None else profile.account,
        tier=None if profile is None else profile.tier,
        language=None if profile is None else profile.language,
    )
