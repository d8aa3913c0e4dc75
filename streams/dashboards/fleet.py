"""The page for those who look after customers: how are they, what was raised, is it now?

Next step: `streams.dashboards.pipeline`, for those who look after nabz.
"""

from __future__ import annotations

from typing import Final

from streams.dashboards.board import Board
from streams.dashboards.panel import NEVER, Panel, Query, quantiles

_RAISED = 'nabz_transitions_total{@, to="firing"}'
_HEALTH = "nabz_health_score_bucket{@}"
_DISTRESS = "sum by (le) (rate(nabz_distress_score_bucket{@}[$__rate_interval]))"

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

_WHOLE: Final = (
    Panel(
        title="Customers by band",
        says="All customers by band of health, as their rows last told. Colours move up in a bad "
        "week; `unknown` has shown too little to be judged.",
        unit="short",
        stacked=True,
        queries=(Query("sum by (band) (nabz_customers{@})", "{{band}}"),),
    ),
    Panel(
        title="Alerts open",
        says="By severity and whether somebody has taken them, those of rules on trial included. "
        "`unacked` that grows: nobody looks.",
        unit="short",
        stacked=True,
        queries=(
            Query("sum by (severity, human) (nabz_open_alerts{@})", "{{severity}} {{human}}"),
        ),
    ),
    Panel(
        title="Customers who have stopped writing",
        says="They used to write and are overdue: `content`, or `unresolved` with something open. "
        "Twice as many as a day ago, and one in twenty, is NabzManyQuiet.",
        unit="short",
        stacked=True,
        queries=(Query("sum by (state) (nabz_quiet_customers{@})", "{{state}}"),),
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

_WRITTEN: Final = (
    Panel(
        title="Languages",
        says="Share of the messages by the language they were read in. `unknown` is not read: "
        "three in ten of a day are NabzUnread. A share that is not what it was is NabzDrift.",
        unit="percentunit",
        stacked=True,
        top=1,
        queries=(
            Query(
                "sum by (language) (rate(nabz_messages_total{@}[$__rate_interval]))"
                " / ignoring (language) group_left ()"
                " sum(rate(nabz_messages_total{@}[$__rate_interval]))",
                "{{language}}",
            ),
        ),
    ),
    Panel(
        title="What messages hold",
        says="Share of the messages in which a cue of the family was found; one may hold several.",
        unit="percentunit",
        queries=(
            Query(
                "sum by (family) (rate(nabz_cue_messages_total{@}[$__rate_interval]))"
                " / ignoring (family) group_left ()"
                " sum(rate(nabz_messages_total{@}[$__rate_interval]))",
                "{{family}}",
            ),
        ),
    ),
    Panel(
        title="Median and highest tenth of distress",
        says="Of the rows that were written. The highest tenth rises alone where a few customers "
        "have a bad day; both rise where something has happened to many.",
        unit="short",
        top=100,
        queries=tuple(
            Query(f"histogram_quantile({share}, {_DISTRESS})", name)
            for share, name in ((0.5, "median"), (0.9, "highest tenth"))
        ),
    ),
)

FLEET: Final = Board(
    name="fleet",
    title="nabz: fleet",
    says="How the customers are, what was raised about them, and whether it is the present.",
    asks="nabz_build_info",
    rows=(
        ("", _NOW),
        ("All customers", _WHOLE),
        ("Health", _HEALTHS),
        ("Alerts", _ALERTS),
        ("What they write", _WRITTEN),
    ),
)
