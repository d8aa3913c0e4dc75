"""Microsoft Teams, by a workflow that waits for a request: an Adaptive Card in a channel.

A workflow tells nothing of what it posted, so every change is a card of its own. Texts are runs of
a rich text block, where neither markdown nor `<at>` mean anything. In Persian the card is written
from right to left.
Source: learn.microsoft.com, "Create incoming webhooks with Workflows for Microsoft Teams",
adaptivecards.io explorer (AdaptiveCard 1.5, RichTextBlock, Action.OpenUrl).

Next step: `streams.notifier.telling` makes the call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from alerts.channels.base import (
    Failure,
    Limits,
    Outcome,
    Request,
    Response,
    http_outcome,
    json_post,
)
from alerts.channels.shortened import fitting
from alerts.message import Notification

CARD_MAX_BYTES: Final = 28_000
ACTIONS_MAX: Final = 6
_GAP_MS: Final = 250
"""Four messages a second."""


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text} | style


def _block(*runs: dict[str, Any], **style: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": list(runs)} | style


def _card(notification: Notification) -> dict[str, Any]:
    colour = "attention" if notification.severity == "critical" else "default"
    body = [_block(_run(notification.title, weight="bolder", size="medium", color=colour))]
    body += [_block(_run(line)) for line in notification.lines]
    body += [_block(_run(line, italic=True)) for line in notification.evidence]
    body.append(_block(_run(notification.why, fontType="monospace", size="small"), separator=True))
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "lang": notification.locale,
        "rtl": notification.locale == "fa",
        "fallbackText": notification.title,
        "msteams": {"width": "Full"},
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": link.name, "url": link.url}
            for link in notification.links[:ACTIONS_MAX]
        ],
    }


@dataclass(frozen=True, slots=True)
class Teams:
    """One workflow.

    Attributes:
        url: Where the workflow takes requests; its signature is in the address.
    """

    url: str = field(repr=False)
    limits: Limits = field(
        default_factory=lambda: Limits(body_max_bytes=CARD_MAX_BYTES, gap_ms=_GAP_MS)
    )

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,  # noqa: ARG002  # a workflow cannot edit
    ) -> Request:
        """One card."""

        def message(version: Notification) -> Request:
            card = {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": _card(version),
            }
            return json_post(self.url, {"type": "message", "attachments": [card]})

        most = self.limits.body_max_bytes
        return fitting(notification, message, lambda request: len(request.body) <= most)

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """202 is success; 401 and 403 a signature that no longer counts, 404 a workflow gone."""
        return http_outcome(answer, now_ms=now_ms)
