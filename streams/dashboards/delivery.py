"""The page for those who are told: what is on its way, through which channel, and what went wrong.

Next step: `streams.dashboards.alarm_quality` asks whether it was worth telling.
"""

from __future__ import annotations

from typing import Final

from streams.dashboards.board import Board, Variable
from streams.dashboards.panel import NEVER, Panel, Query, quantiles

_OF = '{@, channel=~"$channel"}'
_ATTEMPTS = f"nabz_notification_attempts_total{_OF}"
_FAILED = f"nabz_notifications_failed_total{_OF}"
_WAITED = (
    "max{by} (time() - (nabz_delivery_oldest_timestamp_seconds" + _OF + " > 0))"
    " or max{by} (0 * nabz_delivery_oldest_timestamp_seconds" + _OF + ")"
)
"""Nought where nothing waits: the time of the oldest is 0 then."""

_NOW: Final = (
    Panel(
        title="Sending",
        says="Notifiers that send. It is one; further ones stand by. None: NabzNotifierDown.",
        kind="stat",
        width=4,
        unit="short",
        base="red",
        grades=((1, "green"), (2, "red")),
        queries=(Query("sum(nabz_notifier_active{@})"),),
    ),
    Panel(
        title="Waiting to be sent",
        says="Messages that are not accepted yet, over the channels chosen.",
        kind="stat",
        width=4,
        unit="short",
        grades=((20, "yellow"),),
        queries=(Query(f"sum(nabz_delivery_queue_records{_OF})"),),
    ),
    Panel(
        title="Longest wait",
        says="Of the oldest message that is not accepted yet. Ten minutes: NabzDeliverySlow.",
        kind="stat",
        width=4,
        unit="s",
        grades=((60, "yellow"), (600, "red")),
        queries=(Query(_WAITED.replace("{by}", "")),),
    ),
    Panel(
        title="Given up",
        says="Messages refused for good or not taken in time, within the range: NabzUndelivered.",
        kind="stat",
        width=4,
        unit="short",
        grades=NEVER,
        queries=(
            Query(f"sum(increase(nabz_notifications_dead_total{_OF}[$__range]))", instant=True),
        ),
    ),
    Panel(
        title="Told to nobody",
        says="Messages that should exist for five minutes and have no record: "
        "NabzUndeliveredTransitions, a defect of nabz.",
        kind="stat",
        width=4,
        unit="short",
        grades=NEVER,
        queries=(Query("max(nabz_undelivered_transitions{@})"),),
    ),
    Panel(
        title="Holds in force",
        says="Somebody has stopped what is sent: `nabz notifier status` says who and until when.",
        kind="stat",
        width=4,
        unit="short",
        grades=((1, "yellow"),),
        queries=(Query("max(nabz_notifier_holds{@})"),),
    ),
)

_DECIDE: Final = (
    Panel(
        title="Changes of alerts read",
        says="And what was made of them, in the minute before, or the step if longer: planned, "
        "nobody is to be told, known already, or not understood.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                "sum by (outcome) (increase(nabz_notifier_transitions_total{@}[$__rate_interval]))",
                "{{outcome}}",
            ),
        ),
    ),
    Panel(
        title="Not sent, by why",
        says="Openings, repeats and escalations that were kept back or overtaken, in the minute "
        "before, or the step if longer. A close of something delivered is never among them.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                "sum by (reason) (increase(nabz_suppressed_total{@}[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
    ),
    Panel(
        title="Kept back now, by why",
        says="Openings kept back for a reason that passes; each is told once if its alert still "
        "lasts then.",
        unit="short",
        stacked=True,
        queries=(Query("max by (reason) (nabz_kept_back_records{@})", "{{reason}}"),),
    ),
)

_CALLS: Final = (
    Panel(
        title="Calls",
        says="Calls begun, by channel. Many more than messages accepted: they are tried again.",
        unit="eps",
        queries=(Query(f"sum by (channel) (rate({_ATTEMPTS}[$__rate_interval]))", "{{channel}}"),),
    ),
    Panel(
        title="Calls that failed, by why",
        says="In the minute before, or the step if longer; most are tried again. `auth`, `gone` "
        "and `not_found` want a person, `rate_limited` and `server_error` want time.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                f"sum by (channel, failure) (increase({_FAILED}[$__rate_interval]))",
                "{{channel}} {{failure}}",
            ),
        ),
    ),
    Panel(
        title="Share of calls that failed",
        says="By channel. More than 1 % over 15 minutes, and more than three: "
        "NabzNotificationsFailing.",
        unit="percentunit",
        grades=((0.01, "red"),),
        queries=(
            Query(
                f"sum by (channel) (rate({_FAILED}[$__rate_interval]))"
                f" / (sum by (channel) (rate({_ATTEMPTS}[$__rate_interval])) > 0)",
                "{{channel}}",
            ),
        ),
    ),
    Panel(
        title="Messages accepted, by what they say",
        says="In the minute before, or the step if longer, over the channels chosen. Every "
        "`fired` is followed by an end.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                f"sum by (reason) (increase(nabz_notifications_total{_OF}[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
    ),
    Panel(
        title="Messages given up",
        says="In the minute before, or the step if longer, by channel: NabzUndelivered. `nabz "
        "deliveries` lists them.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                f"sum by (channel) (increase(nabz_notifications_dead_total{_OF}"
                "[$__rate_interval]))",
                "{{channel}}",
            ),
        ),
    ),
    Panel(
        title="State of channels",
        says="Open; held, after failures in a row or at the receiver's wish; or switched off for "
        "good until a restart: NabzChannelDisabled.",
        kind="state-timeline",
        unit="short",
        states=((0, "open", "green"), (1, "held", "yellow"), (2, "disabled", "red")),
        queries=(
            Query(
                'max by (channel) (nabz_channel_state{@, channel=~"$channel", state="held"}'
                ' + on (instance, channel) 2 * nabz_channel_state{@, channel=~"$channel",'
                ' state="disabled"})',
                "{{channel}}",
            ),
        ),
    ),
)

_SOON: Final = (
    Panel(
        title="Alert to accepted",
        says="From the change of an alert to the answer of the receiver, by channel.",
        unit="s",
        queries=quantiles("nabz_notification_latency_seconds", "channel", "{{channel}}"),
    ),
    Panel(
        title="Messages accepted too late",
        says="Share of messages accepted more than 30 s after their alert. Agreed is 1 %; "
        "NabzDeliveryBurnFast begins at 14.4 %, NabzDeliveryBurnSlow at 6 %. Of all "
        "channels, whatever is chosen on top.",
        unit="percentunit",
        grades=((0.01, "yellow"), (0.144, "red")),
        queries=(
            Query("nabz:notification_slow:ratio_rate5m", "5 minutes"),
            Query("nabz:notification_slow:ratio_rate1h", "1 hour"),
        ),
    ),
    Panel(
        title="Waiting, by channel",
        says="Messages not accepted yet. One line that grows: that receiver is slow or away.",
        unit="short",
        queries=(Query(f"max by (channel) (nabz_delivery_queue_records{_OF})", "{{channel}}"),),
    ),
    Panel(
        title="Longest wait, by channel",
        says="Age of the oldest message not accepted yet, 0 without one.",
        unit="s",
        grades=((600, "red"),),
        queries=(Query(_WAITED.replace("{by}", " by (channel)"), "{{channel}}"),),
    ),
    Panel(
        title="Notifiers",
        says="Which of them sends. A change takes some seconds, in which nothing is lost.",
        kind="state-timeline",
        unit="short",
        states=((0, "stands by", "blue"), (1, "sends", "green")),
        queries=(Query("max by (instance) (nabz_notifier_active{@})", "{{instance}}"),),
    ),
)

_BACK: Final = (
    Panel(
        title="What people did in channels",
        says="In the minute before, or the step if longer: written as a command, came again, "
        "refused, not taken by Kafka, or asking for nothing.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                f"sum by (outcome) (increase(nabz_channel_commands_total{_OF}[$__rate_interval]))",
                "{{outcome}}",
            ),
        ),
    ),
    Panel(
        title="Listening",
        says="Channels in which people can answer, while a notifier sends. Shut for longer than a "
        "minute: its log says why, as `listening.refused` or `listening.conflict`.",
        kind="state-timeline",
        unit="short",
        states=((0, "shut", "red"), (1, "listens", "green")),
        queries=(Query(f"max by (channel) (nabz_channel_listening{_OF})", "{{channel}}"),),
    ),
)

DELIVERY: Final = Board(
    name="delivery",
    title="nabz: delivery",
    says="What is told to people: what waits, through which channel, how soon, and what failed.",
    asks="nabz_notifier_active",
    variables=(
        Variable("channel", "Channel", "label_values(nabz_notification_attempts_total, channel)"),
    ),
    rows=(
        ("", _NOW),
        ("Decide whom to tell", _DECIDE),
        ("Call the receivers", _CALLS),
        ("How soon", _SOON),
        ("Hear what people answer", _BACK),
    ),
    hours=3,
)
