"""One message to one channel: rendered, sent, and what came of it.

A message may take several calls (an edit and a reply, or the same to each replica); this is where
they become one outcome. The notifier, `nabz channels test` and the tests all tell through here.

Next step: `streams.notifier.http` and `streams.notifier.smtp` carry a call.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from alerts.channels.base import (
    Call,
    Calls,
    Channel,
    Failure,
    Outcome,
    Refused,
    Response,
    Sent,
)
from alerts.message import Notification


class Sender(Protocol):
    """Carries a call; never raises for what the other side does."""

    async def send(self, request: Call, *, timeout_ms: int) -> Response | Failure:
        """Send once."""

    async def close(self) -> None:
        """Give back what is open."""


async def tell(
    channel: Channel,
    sender: Sender,
    notification: Notification,
    *,
    ref: str | None,
    clock: Callable[[], int],
) -> Outcome:
    """Say a notification to a channel, once.

    Args:
        channel: Renders it and understands the answers.
        sender: The channel's wire.
        notification: What to say.
        ref: The message that told of the same alert, if one was sent.
        clock: The wall clock, in milliseconds.

    Returns:
        `Sent` if all that had to arrive did, with the receiver's name of the message where it gave
        one; else the first failure.
    """

    async def call(one: Call) -> Outcome:
        answer = await sender.send(one, timeout_ms=channel.limits.timeout_ms)
        return channel.outcome(answer, now_ms=clock())

    rendered = channel.render(notification, now_ms=clock(), ref=ref)
    if not isinstance(rendered, Calls):
        return await call(rendered)
    found: list[Outcome] = []
    for one in rendered.requests:
        outcome = await call(one)
        found.append(outcome)
        if rendered.need == "any" or isinstance(outcome, Sent):
            continue
        first = len(found) == 1
        if first and isinstance(outcome, Refused) and rendered.otherwise is not None:
            return await call(rendered.otherwise)
        return outcome
    sent = [one for one in found if isinstance(one, Sent)]
    if not sent:
        return found[0]
    named = [one for one in sent if one.ref is not None]
    return named[-1] if named else sent[-1]
