"""Transitions for the tests of what people are told."""

from __future__ import annotations

import uuid
from typing import Any

from alerts.outputs import At, Contribution, Evidence, Transition, Waiting

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
BASE_MS = 1_790_000_000_000  # 2026-09-21 13:33 UTC


def evidence(cue: str, points_e2: int = 800, quote: str = "") -> Evidence:
    """One cause."""
    return Evidence(cue, BASE_MS - 5 * MINUTE_MS, points_e2, quote, At("chat", 0, 17))


WHY = (
    Contribution(
        "waiting_now", 2400, "assumed", (evidence("no_answer", 900, "nobody answers me"),)
    ),
    Contribution("contacts", 1800),
    Contribution(
        "intent", 1500, "literature", (evidence("escalation_request", 1500, "your manager"),)
    ),
    Contribution("relief", -300, "assumed", (evidence("thanks", 300, "thanks"),)),
    Contribution("bounds", 0),
)


def transition(seq: int = 1, reason: str = "raised", **changes: Any) -> Transition:
    """A transition as the fold would write it; episode and customer are set by `changes`."""
    closes = reason in {"recovered", "expired", "rule_removed", "manual"}
    fingerprint = changes.pop("fingerprint", "distress|c-102")
    facts: dict[str, Any] = {
        "alert_id": str(uuid.uuid5(uuid.NAMESPACE_URL, fingerprint)),
        "fingerprint": fingerprint,
        "seq": seq,
        "rule": "customer-distress",
        "customer": "c-102",
        "before": "firing" if closes else "inactive",
        "after": "closed" if closes else "firing",
        "reason": reason,
        "notify": True,
        "historical": False,
        "shadow": False,
        "severity": "critical" if reason == "escalated" else "warning",
        "measure": "distress",
        "score_e2": 2100 if closes else 7800,
        "raise_at_e2": 7000,
        "clear_at_e2": 5500,
        "change_e2": -5700 if closes else 4400,
        "health_e2": 4100,
        "confidence_e2": 80,
        "since_ms": BASE_MS - 20 * MINUTE_MS,
        "opened_ms": BASE_MS - 20 * MINUTE_MS,
        "at_ms": BASE_MS,
        "event_ms": BASE_MS,
        "complete_to_ms": BASE_MS,
        "why": WHY,
        "waiting": Waiting("yes", BASE_MS - 200 * MINUTE_MS, "t-9"),
        "contacts_24h": 3,
        "conversation": "t-9",
        "link": None,
        "account": "Acme",
        "name": "Sara Ahmadi",
        "tier": "gold",
        "language": "en",
        "labels": {"team": "cs"},
        "runbook": None,
        "actor": None,
        "config_hash": "c0ffee",
        "log": At("nabz.customer-log.v1", 0, 100 + seq, 0, 1),
        "replay": "nabz why c-102",
    }
    return Transition(**(facts | changes))
