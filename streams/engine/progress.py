"""Is the worker getting anywhere? Plain facts and two questions, for probes and metrics.

"The process is up" says nothing: a group member can idle for ever when its group or topic is denied
to it, when a task has died silently or when a call never returns. So liveness asks for progress.

Next step: the metrics server answers /livez with `stuck` and /readyz with `ready`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

FETCH_LIMIT_S = 30.0


@dataclass
class Progress:
    """What one lane did last, in `time.monotonic` seconds; written by the lane only.

    Attributes:
        session_s: Session timeout of the group.
        cycle_limit_s: How long one cycle may take before it counts as stuck.
        started_s: When the lane was started.
        joined: The group has assigned us partitions, or none, at least once.
        topic_known: The broker shows us the log topic.
        rebalancing_s: Since when a rebalance is under way, None between them.
        restoring_s: When a restore last moved, None outside of one.
        fetched_s: When the drain loop last came round.
        cycle_s: Since when the running cycle runs, None between cycles.
        cycled_s: When the last cycle was finished.
        assigned: Partitions we own.
        restored: The rows of all of them are in place.
        cycles: Cycles finished.
        records: Records folded.
        gaps: Fetches that did not continue a partition's position and were read again.
        skipped: Log records that retention removed before we had read them.
        stale: Changelog records outvoted by a higher fence.
        behind: Records of each partition that the last look at it found unfolded.
    """

    session_s: float
    cycle_limit_s: float
    started_s: float
    joined: bool = False
    topic_known: bool = True
    rebalancing_s: float | None = None
    restoring_s: float | None = None
    fetched_s: float | None = None
    cycle_s: float | None = None
    cycled_s: float | None = None
    assigned: frozenset[int] = frozenset()
    restored: bool = False
    cycles: int = 0
    records: int = 0
    gaps: int = 0
    skipped: int = 0
    stale: int = 0
    behind: dict[int, int] = field(default_factory=dict)

    def ready(self) -> bool:
        """Are our rows in place and records being folded?"""
        return self.restored and self.rebalancing_s is None

    def live(self, now_s: float) -> bool:
        """Is there no reason to restart this process?"""
        return self.stuck(now_s) is None

    def stuck(self, now_s: float) -> str | None:
        """Why the process should be restarted, None while it moves.

        >>> Progress(session_s=10, cycle_limit_s=90, started_s=0.0).stuck(21.0)
        'the group assigned nothing in 2 sessions: is the group readable for this user?'
        """
        patience_s = 2 * self.session_s
        if not self.joined:
            if now_s - self.started_s > patience_s:
                return (
                    "the group assigned nothing in 2 sessions: is the group readable for this user?"
                )
            return None
        if not self.topic_known and now_s - self.started_s > patience_s:
            return "the log topic is missing or not readable for this user"
        if self.cycle_s is not None:
            late = now_s - self.cycle_s > self.cycle_limit_s
            return "a cycle does not end" if late else None
        since_s = self.rebalancing_s if self.restoring_s is None else self.restoring_s
        if since_s is not None:
            return "a rebalance or restore does not end" if now_s - since_s > patience_s else None
        if self.fetched_s is not None and now_s - self.fetched_s > FETCH_LIMIT_S:
            return "the log is not being read"
        return None
