"""May we still write? Only while the group has answered lately that it knows us.

A frozen process does not notice that its partitions were given away. So every write waits until the
broker has answered a heartbeat (or the SyncGroup that assigned the partitions) younger than .6 of
the session timeout, counted from before the question was sent. The clock goes on while a process is
stopped and, on Linux, while the machine sleeps.

Next step: `streams.engine.transport` records the answers, `streams.engine.cycle` asks.
"""

from __future__ import annotations

import time

SHARE = 0.6


def clock_s() -> float:
    """Seconds that pass for stopped processes too, and for a sleeping machine if the OS counts."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


class Lease:
    """When the group last answered that it knows us.

    While the group is rebalancing it goes on answering, but expels a member that does not rejoin in
    time; such answers count for .6 of the rebalance timeout only.
    """

    def __init__(self, *, session_s: float, rebalance_s: float) -> None:
        """Hold no lease yet."""
        self._share_s = SHARE * session_s
        self._rebalance_s = SHARE * rebalance_s
        self._answered_s: float | None = None
        self._rebalancing_since_s: float | None = None

    def answered(self, asked_s: float, *, rebalancing: bool = False) -> None:
        """The group knows us, as of `asked_s`, the moment before it was asked."""
        if not rebalancing:
            self._rebalancing_since_s = None
        elif self._rebalancing_since_s is None:
            self._rebalancing_since_s = asked_s
        elif asked_s - self._rebalancing_since_s > self._rebalance_s:
            return
        if self._answered_s is None or asked_s > self._answered_s:
            self._answered_s = asked_s

    def held(self, now_s: float) -> bool:
        """Is the last answer young enough to write on?

        >>> lease = Lease(session_s=10, rebalance_s=30)
        >>> lease.held(100.0)
        False
        >>> lease.answered(100.0)
        >>> lease.held(105.9), lease.held(106.0)
        (True, False)
        """
        return self._answered_s is not None and now_s - self._answered_s < self._share_s
