"""How the customers of the partitions in hand are: bands, open alerts, who has stopped writing.

Counted from rows: all of a partition when it is taken over, and from then on by what each stored
row changed. So the figures are of the whole fleet, not of the customers who happen to come by, and
a partition that is lost takes its share along. Alerts of rules on trial are counted like others.

Next step: `streams.http` serves what is counted at `/metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from alerts.canary import CANARY
from alerts.lifecycle import OPEN
from alerts.row import Glance, Row, glance
from scoring.records import PARTITION_KEY

BANDS: Final = ("unknown", "healthy", "watch", "at_risk", "critical")
QUIET: Final = ("content", "unresolved")
SEVERITIES: Final = ("warning", "critical")
HUMAN: Final = ("unacked", "acked")
NOBODY: Final = frozenset({PARTITION_KEY, CANARY.encode()})
"""Keys of rows that are no customer's."""

Fact = tuple[str, ...]
"""What is counted: `band` and its name; `quiet` and how; `alert`, severity, human; `flapping`."""


def facts(row: Row | Glance) -> tuple[Fact, ...]:
    """What one customer counts for.

    >>> facts(Row())
    (('band', 'unknown'),)
    """
    found: list[Fact] = [("band", row.shown.band)]
    if row.shown.quiet in QUIET:
        found.append(("quiet", row.shown.quiet))
    for episode in row.episodes:
        if episode.state in OPEN:
            found.append(("alert", episode.severity, "acked" if episode.acked_by else "unacked"))
            if episode.flapping:
                found.append(("flapping",))
    return tuple(found)


def counted(rows: Mapping[bytes, bytes]) -> Counter[Fact]:
    """All customers of a partition, from their stored rows."""
    found: Counter[Fact] = Counter()
    for key, data in rows.items():
        if key not in NOBODY and (row := glance(data)) is not None:
            found.update(facts(row))
    return found


def changed(rows: Iterable[tuple[Row | None, Row]]) -> Counter[Fact]:
    """What rows count for now less what they counted for before."""
    found: Counter[Fact] = Counter()
    for before, after in rows:
        old = () if before is None else facts(before)
        new = facts(after)
        if new != old:
            found.update(new)
            found.subtract(old)
    return found


class CensusCollector(Collector):
    """The sum over the partitions in hand, taken when somebody asks; every label from the start."""

    def __init__(self, census: Mapping[int, Counter[Fact]]) -> None:
        """Show these counts by partition."""
        self._census = census

    def collect(self) -> Iterator[Metric]:
        """Four gauges."""
        total: Counter[Fact] = Counter()
        for one in list(self._census.values()):
            total.update(one)
        customers = GaugeMetricFamily(
            "nabz_customers", "Customers by band of health", labels=["band"]
        )
        for band in BANDS:
            customers.add_metric([band], total["band", band])
        yield customers
        quiet = GaugeMetricFamily(
            "nabz_quiet_customers", "Customers who have stopped writing", labels=["state"]
        )
        for state in QUIET:
            quiet.add_metric([state], total["quiet", state])
        yield quiet
        alerts = GaugeMetricFamily(
            "nabz_open_alerts", "Alerts that are open", labels=["severity", "human"]
        )
        for severity in SEVERITIES:
            for human in HUMAN:
                alerts.add_metric([severity, human], total["alert", severity, human])
        yield alerts
        yield GaugeMetricFamily(
            "nabz_flapping_alerts", "Open alerts that flap", value=total["flapping",]
        )
