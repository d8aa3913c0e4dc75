"""Does everything that should be told have a record? A second opinion on the notifier's books.

What is expected follows from the transitions and the routes alone; what is recorded from the
deliveries as they stand in Kafka. Any record will do: sent, on its way, given up or kept back are
all decisions somebody can look at. A transition without one for five minutes has been lost.

Next step: `streams.notifier.auditor` feeds it both topics, every minute.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from alerts.delivery import Delivery
from alerts.message import notification_id
from alerts.outputs import Transition

PATIENCE_MS: Final = 300_000
_KEEP_MS: Final = 3_600_000


class Audit:
    """Expectations without a record yet, and records that nothing was expected of yet."""

    def __init__(self) -> None:
        """Expect nothing."""
        self._expected: dict[str, int] = {}
        self._recorded: dict[str, int] = {}
        self._newest: dict[str, tuple[int, int]] = {}

    @property
    def expecting(self) -> int:
        """How many messages have no record yet."""
        return len(self._expected)

    def changed(self, transition: Transition, channels: Iterable[str], now_ms: int) -> None:
        """Expect a record for each channel that a transition is routed to.

        What is not newer than what was seen of the alert is a repetition and expects nothing.
        """
        place = (transition.log.epoch, transition.seq)
        if place <= self._newest.get(transition.fingerprint, (-1, -1)):
            return
        self._newest[transition.fingerprint] = place
        if not transition.notify:
            return
        for channel in channels:
            name = notification_id(
                transition.alert_id, channel, seq=transition.seq, reason=transition.reason
            )
            if self._recorded.pop(name, None) is None:
                self._expected[name] = now_ms

    def recorded(self, delivery: Delivery, now_ms: int) -> None:
        """A record has come; the two topics are read side by side, so it may come first."""
        if self._expected.pop(delivery.notification_id, None) is None and delivery.version == 1:
            self._recorded[delivery.notification_id] = now_ms

    def lost(self, now_ms: int) -> tuple[str, ...]:
        """Ids of messages that have waited for a record too long, the longest first."""
        for name, since_ms in tuple(self._recorded.items()):
            if now_ms - since_ms > _KEEP_MS:
                del self._recorded[name]
        return tuple(
            name for name, since_ms in self._expected.items() if now_ms - since_ms > PATIENCE_MS
        )
