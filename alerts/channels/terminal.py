"""A channel for one's own screen: one compact block per notification.

Next step: `streams.notifier.http` writes it to standard output.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from alerts.channels.base import Failure, Limits, Outcome, Response, Retry, Sent, TerminalLine
from alerts.message import Notification


def block(notification: Notification) -> str:
    """A notification as a few lines, ending without a newline."""
    rest = [*notification.lines, *notification.evidence]
    rest += [f"{link.name}: {link.url}" for link in notification.links]
    rest.append(notification.why)
    return "\n".join([notification.title, *(f"    {line}" for line in rest)])


@dataclass(frozen=True, slots=True)
class Terminal:
    """Standard output."""

    limits: Limits = field(default_factory=lambda: Limits(in_flight=1))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,  # noqa: ARG002
    ) -> TerminalLine:
        """One block."""
        text = block(notification).encode("utf-8", "replace")[: self.limits.body_max_bytes]
        return TerminalLine(text.decode("utf-8", "ignore"))

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:  # noqa: ARG002
        """Written, or not."""
        if isinstance(answer, Failure):
            return Retry(None, answer.reason, ambiguous=answer.begun)
        return Sent(status=answer.status)
