"""The page for those who write rules: is what people are told worth their while?

Bounds come from the practice of alarm management in plants (ISA-18.2, EEMUA 191): more than ten
messages in ten minutes are a flood to one person, and 5 of 100 alarms should be of the highest
priority.

Next step: `streams.dashboards.__main__` writes the pages.
"""

from __future__ import annotations

from typing import Final

from streams.dashboards.board import Board
from streams.dashboards.panel import Panel, Query, quantiles

_RAISED = 'nabz_transitions_total{@, to="firing"}'
_CUSTOMERS = "sum(max by (partition) (nabz_partition_customers{@}))"
_SENT = "nabz_notifications_total{@}"
_OPENINGS = 'nabz_notifications_total{@, reason=~"fired|reopened"}'
_LOUD = 'nabz_notifications_total{@, reason=~"fired|reopened|escalated|repeat|digest"}'
_A_DAY = "* 86400 / $__range_s"

_NOW: Final = (
    Panel(
        title="Alerts a day",
        says="Alerts raised within the range, as if it were a day. Some tens are read by one.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(Query(f"sum(increase({_RAISED}[$__range])) {_A_DAY}", instant=True),),
    ),
    Panel(
        title="A day, of 1,000 customers",
        says="The same for each thousand customers there are, so that rules can be compared as "
        "the fleet grows.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(
            Query(
                f"1000 * sum(increase({_RAISED}[$__range])) {_A_DAY} / {_CUSTOMERS}", instant=True
            ),
        ),
    ),
    Panel(
        title="Critical",
        says="Share of the alerts raised within the range. About 5 of 100 should be: where all is"
        " urgent, nothing is.",
        kind="stat",
        width=4,
        unit="percentunit",
        grades=((0.2, "yellow"), (0.5, "red")),
        queries=(
            Query(
                'sum(increase(nabz_transitions_total{@, to="firing", severity="critical"}'
                f"[$__range])) / sum(increase({_RAISED}[$__range]))",
                instant=True,
            ),
        ),
    ),
    Panel(
        title="Came back",
        says="Share of the openings told that were of alerts just closed. Beyond 30 % of a day it"
        " is NabzAlertNoiseHigh: clear later, or lower.",
        kind="stat",
        width=4,
        unit="percentunit",
        grades=((0.1, "yellow"), (0.3, "red")),
        queries=(
            Query(
                'sum(increase(nabz_notifications_total{@, reason="reopened"}[$__range]))'
                f" / sum(increase({_OPENINGS}[$__range]))",
                instant=True,
            ),
        ),
    ),
    Panel(
        title="Messages per opening",
        says="All that was accepted, for each opening that was told: ends, escalations, repeats. "
        "Two are the least; far more means that nobody answers, or that it flaps.",
        kind="stat",
        width=4,
        unit="short",
        grades=((4, "yellow"), (8, "red")),
        queries=(
            Query(
                f"sum(increase({_SENT}[$__range])) / sum(increase({_OPENINGS}[$__range]))",
                instant=True,
            ),
        ),
    ),
    Panel(
        title="Kept back",
        says="Messages not sent within the range: shadow rules, silences, quiet hours, budgets. "
        "What is silenced all the time should not be a rule.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(Query("sum(increase(nabz_suppressed_total{@}[$__range]))", instant=True),),
    ),
)

_LOAD: Final = (
    Panel(
        title="Messages in 10 minutes, by channel",
        says="What asks for attention. Above the line of ten, one person can no longer follow: a "
        "budget on the channel makes digests of it.",
        unit="short",
        grades=((10, "red"),),
        queries=(Query(f"sum by (channel) (increase({_LOUD}[10m]))", "{{channel}}"),),
    ),
    Panel(
        title="What messages say",
        says="Accepted in the minute before, or the step if longer. `repeat` that grows: nobody "
        "takes care; `fired_and_recovered`: it was over before it could be told.",
        unit="short",
        stacked=True,
        queries=(Query(f"sum by (reason) (increase({_SENT}[$__rate_interval]))", "{{reason}}"),),
    ),
    Panel(
        title="Why messages were kept back",
        says="In the minute before, or the step if longer. `budget` means a flood, `superseded` "
        "that it was over.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                "sum by (reason) (increase(nabz_suppressed_total{@}[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
    ),
)

_LIFE: Final = (
    Panel(
        title="Raised in an hour, by severity",
        says="Alerts that began to fire in the hour before, relapses included.",
        unit="short",
        stacked=True,
        queries=(Query(f"sum by (severity) (increase({_RAISED}[1h]))", "{{severity}}"),),
    ),
    Panel(
        title="Of those that seemed to recover",
        says="Alerts that began to recover and that closed, in the hour before. Far more of the "
        "first: they relapse while they clear.",
        unit="short",
        queries=(
            Query(
                'sum by (to) (increase(nabz_transitions_total{@, to=~"recovering|closed"}[1h]))',
                "{{to}}",
            ),
        ),
    ),
    Panel(
        title="How soon an alert comes",
        says="From the moment a rule's condition held to its alert, the rule's `for` included: "
        "what waiting for certainty costs.",
        unit="s",
        queries=quantiles("nabz_detection_delay_seconds"),
    ),
    Panel(
        title="Flapping now",
        says="Open alerts that relapse or come back too often. Each is told once and takes longer "
        "to recover; those that stay need another `clear_at`.",
        unit="short",
        queries=(Query("sum(nabz_flapping_alerts{@})", "flapping"),),
    ),
    Panel(
        title="Alarms about nabz itself",
        says="How many of each are firing; what each means stands in the runbook. Those that fire"
        " often and change nothing should be changed themselves.",
        width=16,
        unit="short",
        stacked=True,
        queries=(
            Query(
                'count by (alertname) (ALERTS{alertname=~"Nabz.+", alertstate="firing"})'
                " or vector(0)",
                "{{alertname}}",
            ),
        ),
    ),
)

ALARM_QUALITY: Final = Board(
    name="alarm-quality",
    title="nabz: alarm quality",
    says="Whether what people are told is worth their while: how much, how urgent, how often.",
    asks="nabz_build_info",
    rows=(("", _NOW), ("Load on people", _LOAD), ("Life of alerts", _LIFE)),
    hours=24,
)
