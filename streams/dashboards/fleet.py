"""The page for those who look after customers: how are they, what was raised, is it now?

Next step: `streams.dashboards.pipeline`, for those who look after nabz.
"""

from __future__ import annotations

from typing import Final

from streams.dashboards.board import Board
from streams.dashboards.panel import NEVER, Panel, Query, quantiles

_RAISED = 'nabz_transitions_total{@, to="firing"}'
_HEALTH = "nabz_health_score_bucket{@}"

_NOW: Final = (
    Panel(
        title="Customers",
        says="Customers nabz keeps a row of. It only grows, unless customers are erased.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(Query("sum(max by (partition) (nabz_partition_customers{@}))"),),
    ),
    Panel(
        title="Events scored",
        says="Events taken into a customer's row, a second. None at a time when customers write: "
        "look at the pipeline.",
        kind="stat",
        width=4,
        unit="eps",
        base="text",
        queries=(Query('sum(rate(nabz_events_total{@, outcome="folded"}[$__rate_interval]))'),),
    ),
    Panel(
        title="Alerts raised",
        says="Alerts that began to fire within the range shown, those that relapsed included.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(Query(f"sum(increase({_RAISED}[$__range]))", instant=True),),
    ),
    Panel(
        title="Alerts closed",
        says="Alerts that ended within the range shown, for whatever reason. Far fewer than were "
        "raised: what is open piles up.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(
            Query('sum(increase(nabz_transitions_total{@, to="closed"}[$__range]))', instant=True),
        ),
    ),
    Panel(
        title="Behind the present",
        says="How long ago all sources had been read to their ends. Nobody is judged as waiting, "
        "quiet or recovered beyond that. Ten minutes for five minutes is "
        "NabzWatermarkStalled.",
        kind="stat",
        width=4,
        unit="s",
        grades=((60, "yellow"), (600, "red")),
        queries=(Query("time() - min(max by (partition) (nabz_watermark_timestamp_seconds{@}))"),),
    ),
    Panel(
        title="Sources cut off",
        says="Sources that somebody is told of as standing still: NabzSourceCutOff.",
        kind="stat",
        width=4,
        unit="short",
        grades=NEVER,
        queries=(Query("max(nabz_sources_cut_off{@})"),),
    ),
)

_HEALTHS: Final = (
    Panel(
        title="Health of customers who did something",
        says="How many rows were written with a health between two bounds, from 0 (bad) to 100. "
        "Only customers who write or are waited for come by, so this is not the whole fleet;"
        " a band that moves down is what to look for.",
        kind="heatmap",
        width=16,
        unit="short",
        queries=(Query(f"sum by (le) (increase({_HEALTH}[$__rate_interval]))", "{{le}}"),),
    ),
    Panel(
        title="Median and lowest tenth of health",
        says="Of the same rows. The lowest tenth falls alone where a few customers have a bad "
        "day; both fall where something has happened to many.",
        unit="short",
        top=100,
        queries=tuple(
            Query(
                f"histogram_quantile({share}, sum by (le) (rate({_HEALTH}[$__rate_interval])))",
                name,
            )
            for share, name in ((0.5, "median"), (0.1, "lowest tenth"))
        ),
    ),
)

_ALERTS: Final = (
    Panel(
        title="Alerts by state reached",
        says="Changes of alerts, in the minute before, or the step if longer. `firing` without "
        "`closed` for hours: customers are not looked after, or the rule never clears.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                "sum by (to) (increase(nabz_transitions_total"
                '{@, to=~"pending|firing|recovering|closed"}[$__rate_interval]))',
                "{{to}}",
            ),
        ),
    ),
    Panel(
        title="Alerts raised by severity",
        says="In the minute before, or the step if longer. Many at once are usually one cause: "
        "look at what changed then.",
        unit="short",
        stacked=True,
        queries=(
            Query(f"sum by (severity) (increase({_RAISED}[$__rate_interval]))", "{{severity}}"),
        ),
    ),
    Panel(
        title="How soon an alert comes",
        says="From the moment a rule's condition held to its alert, the rule's `for` included.",
        unit="s",
        queries=quantiles("nabz_detection_delay_seconds"),
    ),
)

FLEET: Final = Board(
    name="fleet",
    title="nabz: fleet",
    says="How the customers are, what was raised about them, and whether it is the present.",
    asks="nabz_build_info",
    rows=(("", _NOW), ("Health", _HEALTHS), ("Alerts", _ALERTS)),
)
