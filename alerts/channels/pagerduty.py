"""PagerDuty, Events API v2: an alert opens an incident, and its end resolves it.

The `dedup_key` is the alert's id, which is one episode of one fingerprint: whatever is sent again
changes nothing, and an alert that comes back after its end is a new incident, as PagerDuty has it.
Who takes an alert acknowledges its incident. Texts are shown as they are: there is no markup.
Source: developer.pagerduty.com, "Send an event to PagerDuty", "Events API v2 overview".

Next step: `streams.notifier.telling` makes the call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

from alerts.channels.base import (
    ENDS,
    Failure,
    Limits,
    Outcome,
    Request,
    Response,
    answered,
    http_outcome,
    json_post,
)
from alerts.channels.shortened import cut, fitting
from alerts.message import SEVERAL, Notification

URL: Final = "https://events.pagerduty.com/v2/enqueue"
SUMMARY_MAX: Final = 1_024
KEY_MAX: Final = 255
EVENT_MAX_BYTES: Final = 512_000
_GAP_MS: Final = 500
"""120 events a minute and key."""
_SEVERITIES: Final[Mapping[str, str]] = {"critical": "critical", "warning": "warning"}


def dedup_key(alert_id: str) -> str:
    """What names the incident; a long id is hashed, so that two never become one.

    >>> dedup_key("a-1"), len(dedup_key("x" * 300))
    ('a-1', 64)
    """
    return alert_id if len(alert_id) <= KEY_MAX else hashlib.sha256(alert_id.encode()).hexdigest()


def action(notification: Notification) -> Literal["trigger", "acknowledge", "resolve"]:
    """What a notification does to its incident."""
    if notification.kind in ENDS:
        return "resolve"
    return "acknowledge" if notification.reason == "acked" else "trigger"


def _instant(at_ms: int) -> str | None:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return None


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is not known; 0 is known."""
    return {name: value for name, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """One integration of one service.

    Attributes:
        key: Integration key (`routing_key`).
        url: Where events are taken; the European service region has another one.
    """

    key: str = field(repr=False)
    url: str = URL
    limits: Limits = field(
        default_factory=lambda: Limits(gap_ms=_GAP_MS, stays_open=True, hears=frozenset({"acked"}))
    )

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,  # noqa: ARG002  # the key says which incident it is
    ) -> Request:
        """One event."""
        return fitting(
            notification,
            lambda version: json_post(self.url, self._event(version)),
            lambda request: len(request.body) <= EVENT_MAX_BYTES,
        )

    def _event(self, notification: Notification) -> dict[str, Any]:
        details: dict[str, Any] = {
            "why": list(notification.lines),
            "explain": notification.why,
            "notification_id": notification.notification_id,
        }
        if notification.evidence:
            details["quotes"] = list(notification.evidence)
        payload: dict[str, Any] = {
            "summary": cut(notification.title, SUMMARY_MAX),
            "source": "nabz",
            "severity": _SEVERITIES.get(notification.severity, "error"),
            "timestamp": _instant(notification.at_ms),
            "class": notification.kind,
        }
        if notification.kind not in SEVERAL:  # those are about no single customer
            details |= {
                "customer": notification.customer,
                "account": notification.account,
                "tier": notification.tier,
                "score": notification.score_e2 / 100,
                "reason": notification.reason_code,
                "runbook": notification.runbook,
            }
            payload |= {
                "source": notification.customer,
                "component": notification.measure,
                "group": notification.account,
                "class": notification.rule,
            }
        return {
            "routing_key": self.key,
            "event_action": action(notification),
            "dedup_key": dedup_key(notification.alert_id),
            "client": "nabz",
            "payload": _known(payload) | {"custom_details": _known(details)},
            "links": [{"href": link.url, "text": link.name} for link in notification.links],
        }

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """202 is success; 400 an event PagerDuty does not like, 429 too many of them."""
        key = answered(answer).get("dedup_key")
        return http_outcome(answer, now_ms=now_ms, ref=key if isinstance(key, str) else None)
