"""What PagerDuty says back, by V3 webhooks: who acknowledged, resolved, handed on or wrote a note.

A request is believed if one of its signatures fits one of our keys: several keys let one be changed
without a gap. What an integration did is left alone, as that is what nabz itself has told there;
only an acknowledgement that ran out has no user and counts all the same. A note does not say which
alert its incident is: that is remembered from earlier events of the incident.
Source: developer.pagerduty.com, "Webhooks overview", "Verifying webhook signatures".

Next step: `streams.notifier.hooks` listens, `alerts.deeds` says what becomes of an event.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from alerts.channels.base import text_at
from alerts.deeds import Deed, command_id

SIGNATURE: Final = "x-pagerduty-signature"
_SIGNATURES_MAX: Final = 20
_NOTE_MAX: Final = 2_000
_VERBS: Final[Mapping[str, str]] = {
    "incident.acknowledged": "ack",
    "incident.unacknowledged": "unack",
    "incident.resolved": "resolve",
    "incident.reassigned": "assign",
    "incident.annotated": "note",
}


def genuine(signatures: str, body: bytes, keys: Sequence[bytes]) -> bool:
    """Was a body signed with one of our keys?

    Args:
        signatures: The header, several `v1=<hex>` with commas between.
        body: Exactly the bytes that came.
        keys: At least one, the newest first.

    >>> genuine("v1=0,v2=1", b"{}", [b"k"])
    False
    """
    rights = [hmac.new(key, body, hashlib.sha256).hexdigest().encode() for key in keys]
    shown = [
        one.strip().encode(errors="replace") for one in signatures.split(",")[:_SIGNATURES_MAX]
    ]
    # Every pair is compared, so that how long it takes tells nothing.
    fits = [hmac.compare_digest(one, b"v1=" + right) for one in shown for right in rights]
    return any(fits)


@dataclass(frozen=True, slots=True)
class Event:
    """What one webhook means.

    Attributes:
        event_id: PagerDuty's own; the same when it is sent again.
        kind: Its type, like `incident.acknowledged`.
        incident: Id of the incident, empty where there is none.
        key: The incident's key, which is the alert's id; empty where it is not said.
        deed: What somebody did; None where nobody did, or nothing that concerns nabz.
    """

    event_id: str
    kind: str
    incident: str = ""
    key: str = ""
    deed: Deed | None = None


def event(body: bytes, known: Mapping[str, str]) -> Event | None:
    """Read a webhook; never raises, None for what is none.

    Args:
        body: As it came, its signature already checked.
        known: Keys of incidents that came before, by id.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    one = found.get("event") if isinstance(found, dict) else None
    event_id, kind = text_at(one, "id"), text_at(one, "event_type")
    if not isinstance(one, dict) or not event_id or not kind:
        return None
    verb, data = _VERBS.get(kind), one.get("data")
    incident = text_at(data, "incident", "id") if verb == "note" else text_at(data, "id")
    key = text_at(data, "incident_key") or known.get(incident, "")
    user = text_at(one, "agent", "id") if text_at(one, "agent", "type") == "user_reference" else ""
    lapsed = verb == "unack" and one.get("agent") is None
    if verb is None or not key or not (user or lapsed):
        return Event(event_id, kind, incident, key)
    deed = Deed(
        command_id("pagerduty", event_id),
        verb,
        key,
        user,
        at_ms=_instant_ms(text_at(one, "occurred_at")),
        text=text_at(data, "content")[:_NOTE_MAX] if verb == "note" else "",
        to=_assignee(data) if verb == "assign" else "",
    )
    return Event(event_id, kind, incident, key, deed)


def _assignee(data: object) -> str:
    assignees = data.get("assignees") if isinstance(data, dict) else None
    return text_at(assignees[0], "id") if isinstance(assignees, list) and assignees else ""


def _instant_ms(stamp: str) -> int | None:
    """A time as PagerDuty writes it, in milliseconds.

    >>> _instant_ms("1970-01-01T00:00:01.500Z"), _instant_ms("1970-01-01T00:00:01")
    (1500, None)
    >>> _instant_ms("soon") is None
    True
    """
    try:
        when = datetime.fromisoformat(stamp)
        return int(when.timestamp() * 1000) if when.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
