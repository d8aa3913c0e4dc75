"""The page for those who look after nabz: records in, records folded, and the processes that do it.

Next step: `streams.dashboards.delivery`, for what is told to people.
"""

from __future__ import annotations

from typing import Final

from streams.dashboards.board import Board, Variable
from streams.dashboards.panel import NEVER, Panel, Query, quantiles

_READ = 'nabz_ingest_records_total{@, source=~"$source"'

_NOW: Final = (
    Panel(
        title="Workers ready",
        says="Workers that have their rows in place and fold. None: NabzNoWorkerReady.",
        kind="stat",
        width=4,
        unit="short",
        base="red",
        grades=((1, "green"),),
        queries=(Query("sum(nabz_worker_ready{@})"),),
    ),
    Panel(
        title="Partitions in hand",
        says="Partitions of the customer log some worker has. Fewer than the log has: part of the"
        " customers is not looked after.",
        kind="stat",
        width=4,
        unit="short",
        base="text",
        queries=(Query("sum(nabz_assigned_partitions{@})"),),
    ),
    Panel(
        title="Records lost",
        says="Records of the log that retention removed before they were read, within the range: "
        "NabzLogSkipped.",
        kind="stat",
        width=4,
        unit="short",
        grades=NEVER,
        queries=(
            Query("sum(increase(nabz_log_skipped_records_total{@}[$__range]))", instant=True),
        ),
    ),
    Panel(
        title="Folds that failed",
        says="Records put aside because folding them raised, within the range: NabzFoldFailed, a "
        "defect of nabz.",
        kind="stat",
        width=4,
        unit="short",
        grades=NEVER,
        queries=(Query("sum(increase(nabz_dead_letters_total{@}[$__range]))", instant=True),),
    ),
    Panel(
        title="Fetches read again",
        says="Fetches that did not go on where the last one ended, within the range. A few after "
        "a change of members are usual.",
        kind="stat",
        width=4,
        unit="short",
        grades=((20, "yellow"),),
        queries=(Query("sum(increase(nabz_log_gaps_total{@}[$__range]))", instant=True),),
    ),
    Panel(
        title="Rows outvoted",
        says="Stored rows of a worker that had been frozen, dropped at restore, within the range."
        " It is healed; often means that workers hang.",
        kind="stat",
        width=4,
        unit="short",
        grades=((1, "yellow"),),
        queries=(Query("sum(increase(nabz_stale_rows_total{@}[$__range]))", instant=True),),
    ),
)

_INGEST: Final = (
    Panel(
        title="Records read",
        says="By source and what became of them: appended, filtered or put aside. They are all "
        "records there were.",
        unit="eps",
        stacked=True,
        queries=(
            Query(
                f"sum by (source, outcome) (rate({_READ}}}[$__rate_interval]))",
                "{{source}} {{outcome}}",
            ),
        ),
    ),
    Panel(
        title="Behind, by source",
        says="Event time the slowest partition of a source is behind; 0 at its end. One that "
        "grows while records are read: not enough workers; while none is read: cut off.",
        unit="s",
        queries=(
            Query('max by (source) (nabz_ingest_lag_seconds{@, source=~"$source"})', "{{source}}"),
        ),
    ),
    Panel(
        title="Not dealt with yet, by source",
        says="Records written and not yet appended, filtered or put aside. Alone it says little: "
        "a thousand at a hundred a second are ten seconds.",
        unit="short",
        queries=(
            Query('sum by (source) (nabz_ingest_lag_records{@, source=~"$source"})', "{{source}}"),
        ),
    ),
    Panel(
        title="Time since each source was read",
        says="Up to where a source has been read, less its lateness. The slowest holds back what "
        "is said of waiting and quiet customers.",
        unit="s",
        queries=(
            Query(
                "time() - max by (source)"
                ' (nabz_source_complete_to_timestamp_seconds{@, source=~"$source"} > 0)',
                "{{source}}",
            ),
        ),
    ),
    Panel(
        title="Records of a source lost",
        says="Removed by retention, or passed over by a reset of offsets, before they were read: "
        "NabzSourceSkipped. In the minute before, or the step if longer.",
        unit="short",
        grades=NEVER,
        queries=(
            Query(
                "sum by (source) (increase("
                'nabz_ingest_skipped_records_total{@, source=~"$source"}[$__rate_interval]))',
                "{{source}}",
            ),
        ),
    ),
    Panel(
        title="Time since all sources were read",
        says="As ingest tells it and as it is folded, for the slowest partition. What rests on "
        "absence stands there; ten minutes is NabzWatermarkStalled.",
        unit="s",
        grades=((600, "red"),),
        queries=(
            Query("time() - max(nabz_ingest_complete_to_timestamp_seconds{@})", "ingest"),
            Query(
                "time() - min(max by (partition) (nabz_watermark_timestamp_seconds{@}))", "folded"
            ),
        ),
    ),
    Panel(
        title="Put aside, by reason",
        says="Records nabz could not understand, in the minute before, or the step if longer: "
        "NabzDeadLetters. `nabz dlq list` shows where they stand.",
        unit="short",
        stacked=True,
        queries=(
            Query(
                "sum by (reason) (increase(nabz_ingest_dead_letters_total{@}[$__rate_interval]))",
                "{{reason}}",
            ),
        ),
    ),
    Panel(
        title="Share put aside",
        says="Of the records read. Some per mille are the usual dirt; a step means that a source "
        "has changed its form.",
        unit="percentunit",
        grades=((0.01, "yellow"),),
        queries=(
            Query(
                f'sum(rate({_READ}, outcome="dead_lettered"}}[$__rate_interval]))'
                f" / sum(rate({_READ}}}[$__rate_interval]))",
                "put aside",
            ),
        ),
    ),
    Panel(
        title="Share filtered",
        says="Of the records of each source: not of a customer, an unknown type, no consent. A "
        "step means that a mapping or a source has changed: NabzFilteredRise.",
        unit="percentunit",
        queries=(
            Query(
                f'sum by (source) (rate({_READ}, outcome="filtered"}}[$__rate_interval]))'
                f" / (sum by (source) (rate({_READ}}}[$__rate_interval])) > 0)",
                "{{source}}",
            ),
        ),
    ),
)

_FOLD: Final = (
    Panel(
        title="Appended and folded",
        says="Events ingest appended to the log, and what became of them. The sums follow each "
        "other; where they part, the log is being caught up with.",
        unit="eps",
        queries=(
            Query("sum(rate(nabz_ingest_events_total{@}[$__rate_interval]))", "appended"),
            Query("sum by (outcome) (rate(nabz_events_total{@}[$__rate_interval]))", "{{outcome}}"),
        ),
    ),
    Panel(
        title="Not folded yet",
        says="Records of the log by partition. One that stays while nothing is folded is "
        "NabzLogStalled.",
        unit="short",
        queries=(Query("sum by (partition) (nabz_log_lag_records{@})", "partition {{partition}}"),),
    ),
    Panel(
        title="Event to score",
        says="From the time of an event to its score, sources' own delays included.",
        unit="s",
        queries=quantiles("nabz_event_lag_seconds"),
    ),
    Panel(
        title="Events scored too late",
        says="Share of events scored more than 5 s after they happened. Agreed is 1 %; "
        "NabzEventLagBurn begins at 14.4 %. Of all workers, whatever is chosen on top.",
        unit="percentunit",
        grades=((0.01, "yellow"), (0.144, "red")),
        queries=(
            Query("nabz:event_lag_slow:ratio_rate5m", "5 minutes"),
            Query("nabz:event_lag_slow:ratio_rate1h", "1 hour"),
        ),
    ),
    Panel(
        title="One commit cycle",
        says="Fold, outputs, rows, local store. Beyond a second the broker is slow or rows are "
        "large; beyond 90 s the worker ends itself.",
        unit="s",
        queries=quantiles("nabz_cycle_seconds"),
    ),
    Panel(
        title="Customers by partition",
        says="Even, unless a few accounts write under one id. A partition that is missing is "
        "being restored, or nobody has it.",
        unit="short",
        queries=(
            Query("max by (partition) (nabz_partition_customers{@})", "partition {{partition}}"),
        ),
    ),
    Panel(
        title="Workers that fold",
        says="Ready, or restoring its rows, or waiting for its group. A quarter of an hour "
        "without is NabzRestoreLong.",
        kind="state-timeline",
        unit="short",
        states=((0, "not ready", "yellow"), (1, "ready", "green")),
        queries=(Query("min by (instance) (nabz_worker_ready{@})", "{{instance}}"),),
    ),
)

_CANARY: Final = (
    Panel(
        title="Time since the canary was heard",
        says="An event of nabz's own, where `canary` is configured: written, folded, and heard "
        "by the notifier. Five minutes without is NabzCanaryStale.",
        unit="s",
        width=12,
        grades=((300, "red"),),
        queries=tuple(
            Query(f"time() - max(nabz_canary_{metric}_timestamp_seconds{{@}} > 0)", name)
            for metric, name in (
                ("sent", "written"),
                ("folded", "folded"),
                ("last_success", "heard"),
            )
        ),
    ),
    Panel(
        title="The canary's way",
        says="From being written to being heard by the notifier: what an alert takes at least, "
        "without any rule or channel.",
        unit="s",
        width=12,
        queries=quantiles("nabz_canary_latency_seconds"),
    ),
)

_PROCESSES: Final = (
    Panel(
        title="Answering",
        says="Whether Prometheus reaches the process. Two minutes without is NabzWorkerDown.",
        kind="state-timeline",
        unit="short",
        states=((0, "down", "red"), (1, "up", "green")),
        queries=(Query("min by (instance) (up{@})", "{{instance}}"),),
    ),
    Panel(
        title="Processor",
        says="Share of one core. A worker uses one at most: near it, add workers.",
        unit="percentunit",
        queries=(
            Query(
                "sum by (instance) (rate(process_cpu_seconds_total{@}[$__rate_interval]))",
                "{{instance}}",
            ),
        ),
    ),
    Panel(
        title="Memory",
        says="Resident. Rows of the customers in hand are most of it, so it grows when a worker "
        "takes over partitions.",
        unit="bytes",
        queries=(Query("sum by (instance) (process_resident_memory_bytes{@})", "{{instance}}"),),
    ),
    Panel(
        title="Files open",
        says="Share of what the system allows the process.",
        unit="percentunit",
        queries=(
            Query("max by (instance) (process_open_fds{@} / process_max_fds{@})", "{{instance}}"),
        ),
    ),
    Panel(
        title="Running for",
        says="Since the process started. One that starts again and again: its last words tell why.",
        unit="s",
        queries=(
            Query("time() - max by (instance) (process_start_time_seconds{@})", "{{instance}}"),
        ),
    ),
    Panel(
        title="Releases running",
        says="Processes by version of nabz. Two for longer than a roll-out takes: somebody was "
        "left behind.",
        unit="short",
        stacked=True,
        queries=(Query("count by (version) (nabz_build_info{@})", "{{version}}"),),
    ),
)

PIPELINE: Final = Board(
    name="pipeline",
    title="nabz: pipeline",
    says="What is read, what is folded, how far behind, and the processes that do it.",
    asks="nabz_worker_ready",
    variables=(Variable("source", "Source", "label_values(nabz_ingest_records_total, source)"),),
    rows=(
        ("", _NOW),
        ("Read the sources", _INGEST),
        ("Fold the log", _FOLD),
        ("From end to end", _CANARY),
        ("Processes", _PROCESSES),
    ),
    hours=3,
)
