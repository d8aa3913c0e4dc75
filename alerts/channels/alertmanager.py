"""Prometheus Alertmanager: alerts are sent again while they are open, as Prometheus does it.

Alertmanager forgets what is not sent again: each alert ends by itself four minutes after the last
time, so that a notifier that is gone leaves nothing burning for ever, and a replica that was down
learns of everything within a minute. Labels are the identity: who, by which rule, how bad. An alert
that gets worse is another one there, so the milder one is ended in the same breath. All replicas
are told, never a load balancer; one that has it is enough.
Source: prometheus/alertmanager `docs/alerts_api.md`, `docs/high_availability.md`,
`api/v2/openapi.yaml`.

Next step: `streams.notifier.telling` makes the calls, `streams.notifier.courier` makes them again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from alerts.channels.base import (
    ENDS,
    Calls,
    Failure,
    Limits,
    Outcome,
    Request,
    Response,
    http_outcome,
)
from alerts.channels.shortened import TEXT_MAX, cut, fitting
from alerts.message import SEVERAL, Notification

PATH: Final = "/api/v2/alerts"
REPEAT_MS: Final = 60_000
LASTS_MS: Final = 4 * REPEAT_MS
"""How long an alert stays without being sent again."""
DIGEST_LASTS_MS: Final = 3_600_000
"""A digest has no end of its own and is not sent again."""
_SEVERITIES: Final = ("warning", "critical")


def _instant(at_ms: int, now_ms: int) -> str:
    """A time in RFC 3339; now where the calendar has none."""
    try:
        when = datetime.fromtimestamp(at_ms / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        when = datetime.fromtimestamp(now_ms / 1000, UTC)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _labels(notification: Notification, severity: str) -> dict[str, str]:
    if notification.kind in SEVERAL:  # about several alerts, rules and customers
        facts = {"alertname": "nabz-digest", "digest": notification.alert_id}
    else:
        facts = {
            "alertname": notification.rule,
            "customer": notification.customer,
            "account": "" if notification.account is None else notification.account,
            "kind": notification.measure,
        }
    facts["severity"] = severity
    # Cut here and always: a label must not change with how much else there is to say.
    return {name: cut(value, TEXT_MAX) for name, value in facts.items() if value}


def _annotations(notification: Notification) -> dict[str, str]:
    facts = {
        "summary": notification.title,
        "description": "\n".join((*notification.lines, *notification.evidence)),
        "explain": notification.why,
        "runbook_url": "" if notification.runbook is None else notification.runbook,
        "alert_id": notification.alert_id,
        "notification_id": notification.notification_id,
        **{f"link_{number}": link.url for number, link in enumerate(notification.links)},
    }
    return {name: value for name, value in facts.items() if value}


def _alerts(notification: Notification, now_ms: int) -> list[dict[str, Any]]:
    """The alert itself and, where it got worse, the end of the milder one."""
    at_ms = min(notification.at_ms, now_ms)
    since = notification.since_ms if notification.opened_ms is None else notification.opened_ms
    starts_ms = min(since, at_ms)
    if notification.kind in ENDS:
        ends_ms = at_ms
    else:
        ends_ms = now_ms + (DIGEST_LASTS_MS if notification.kind in SEVERAL else LASTS_MS)
    about = {
        "annotations": _annotations(notification),
        "startsAt": _instant(starts_ms, now_ms),
        **({"generatorURL": notification.links[0].url} if notification.links else {}),
    }
    made = [
        about
        | {
            "labels": _labels(notification, notification.severity),
            "endsAt": _instant(ends_ms, now_ms),
        }
    ]
    if notification.kind == "escalated":
        made += [
            about | {"labels": _labels(notification, other), "endsAt": _instant(at_ms, now_ms)}
            for other in _SEVERITIES
            if other != notification.severity
        ]
    return made


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """All replicas of one Alertmanager.

    Attributes:
        urls: Base address of each, without `/api`.
        token: Bearer token, where a proxy before it asks for one.
    """

    urls: tuple[str, ...] = field(repr=False)
    token: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=lambda: Limits(repeat_ms=REPEAT_MS, stays_open=True))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,
        ref: str | None = None,  # noqa: ARG002  # the labels say which alert it is
    ) -> Calls:
        """The same POST to each replica."""
        most = self.limits.body_max_bytes
        body = fitting(
            notification,
            lambda version: msgspec.json.encode(_alerts(version, now_ms)),
            lambda made: len(made) <= most,
        )
        headers: Mapping[str, str] = {"content-type": "application/json", "user-agent": "nabz"}
        if self.token is not None:
            headers = {**headers, "authorization": f"Bearer {self.token}"}
        return Calls(
            tuple(Request("POST", url.rstrip("/") + PATH, headers, body) for url in self.urls),
            need="any",
        )

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """200 is success; 400 an alert it does not like."""
        return http_outcome(answer, now_ms=now_ms)
