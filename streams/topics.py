"""Every topic nabz reads or writes: its name, how it is kept, and who may see it.

`nabz topics apply` and `nabz up` create topics from this table and refuse one that exists with
other partitions or another clean-up policy. The customer log and the rows share their partition
count, which is fixed for a log epoch.

Next step: `streams.engine.admin` applies the table to a broker.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

EVENTS = "nabz.events.v1"
COMMANDS = "nabz.commands.v1"
LOG = "nabz.customer-log.v1"
CONTROL = "nabz.control.v1"
IDENTITIES = "nabz.identities.v1"
ROWS = "nabz.rows.v1"
CHECKPOINTS = "nabz.checkpoints.v1"
PARTIALS = "nabz.partials.v1"
HEALTH = "nabz.health.v1"
CONVERSATIONS = "nabz.conversations.v1"
ACCOUNTS = "nabz.accounts.v1"
INCIDENTS = "nabz.incidents.v1"
ALERTS = "nabz.alerts.v1"
TRANSITIONS = "nabz.transitions.v1"
DELIVERIES = "nabz.deliveries.v1"
DEAD_LETTERS = "nabz.dead-letters.v1"

_DAY_MS = 86_400_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Topic:
    """One row of the table.

    Attributes:
        name: Topic name, version included.
        partitions: `log` for as many as the customer log has, `one` for exactly one.
        compacted: Kept per key instead of by age.
        retention_ms: Age limit of a topic that is not compacted.
        public: Part of the contract with other services.
        extra: Further topic settings.
    """

    name: str
    partitions: Literal["log", "one"]
    compacted: bool = False
    retention_ms: int | None = None
    public: bool = False
    extra: dict[str, str] = field(default_factory=dict)

    def config(self) -> dict[str, str]:
        """Topic settings as Kafka spells them."""
        policy = {"cleanup.policy": "compact" if self.compacted else "delete"}
        kept = {} if self.retention_ms is None else {"retention.ms": str(self.retention_ms)}
        return policy | kept | self.extra


TOPICS: tuple[Topic, ...] = (
    Topic(EVENTS, "log", retention_ms=7 * _DAY_MS),
    Topic(COMMANDS, "log", retention_ms=7 * _DAY_MS),
    Topic(LOG, "log", retention_ms=90 * _DAY_MS),
    Topic(CONTROL, "one", compacted=True),
    Topic(IDENTITIES, "log", compacted=True),
    # A frozen worker's stale write lands behind the row that outvotes it, which must outlast it.
    Topic(ROWS, "log", compacted=True, extra={"min.compaction.lag.ms": str(_HOUR_MS)}),
    Topic(CHECKPOINTS, "log", retention_ms=90 * _DAY_MS),
    Topic(PARTIALS, "log", retention_ms=_DAY_MS),
    Topic(HEALTH, "log", compacted=True, public=True),
    Topic(CONVERSATIONS, "log", compacted=True, public=True),
    Topic(ACCOUNTS, "log", compacted=True, public=True),
    Topic(INCIDENTS, "one", compacted=True, public=True),
    Topic(ALERTS, "log", compacted=True, public=True),
    Topic(TRANSITIONS, "one", retention_ms=90 * _DAY_MS, public=True),
    Topic(DELIVERIES, "one", compacted=True, public=True),
    Topic(DEAD_LETTERS, "one", retention_ms=7 * _DAY_MS),
)
