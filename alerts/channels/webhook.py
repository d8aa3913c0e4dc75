"""Standard Webhooks: signed POSTs that a receiver can verify and deduplicate.

Headers `webhook-id` (the notification id, the same on every attempt), `webhook-timestamp` and
`webhook-signature`: `v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, one per key while
keys rotate. The body is thin by default: ids, scores, reason codes and our own sentences.
Source: standard-webhooks/standard-webhooks, spec/standard-webhooks.md.

Next step: `streams.notifier.http` sends the bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from alerts.channels.base import Failure, Limits, Outcome, Request, Response, http_outcome
from alerts.channels.shortened import cut, shortened
from alerts.message import Notification

PREFIX: Final = "whsec_"
KEY_MIN_BYTES: Final = 24
KEY_MAX_BYTES: Final = 64
_GIVE_UP_MS: Final = 72 * 3_600_000
_DROPPED: Final = frozenset({"notification_id"})


class BadKeyError(ValueError):
    """A signing key is not `whsec_` and 24 to 64 bytes in base64; start-up stops."""


def signing_key(secret: str) -> bytes:
    """The bytes of a key as Standard Webhooks writes it.

    Raises:
        BadKeyError: Written otherwise. The message never shows the secret.

    >>> len(signing_key("whsec_" + "A" * 32))
    24
    """
    if not secret.startswith(PREFIX):
        raise BadKeyError(f"a webhook signing key starts with {PREFIX}")
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise BadKeyError("a webhook signing key is base64 after whsec_") from None
    if not KEY_MIN_BYTES <= len(key) <= KEY_MAX_BYTES:
        raise BadKeyError(f"a webhook signing key has 24 to 64 bytes, found {len(key)}")
    return key


def signature(key: bytes, *, message_id: str, timestamp_s: int, body: bytes) -> str:
    """One signature, version included."""
    signed = b".".join((message_id.encode(), str(timestamp_s).encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def _instant(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        return str(at_ms)


def _encoded(notification: Notification) -> bytes:
    data: dict[str, Any] = {
        name: value
        for name, value in msgspec.to_builtins(notification).items()
        if name not in _DROPPED and (name != "members" or value)
    }
    return msgspec.json.encode(
        {
            "type": f"nabz.alert.{notification.kind}",
            "timestamp": _instant(notification.at_ms),
            "data": data,
        }
    )


def _versions(notification: Notification) -> Sequence[Notification]:
    """Ever shorter versions; the last has facts only."""
    found = tuple(shortened(notification))
    short = {
        name: value if value is None else cut(value, 200)
        for name in ("customer", "measure")
        for value in [getattr(found[-1], name)]
    }
    thin = replace(found[-1], title="", why="", lines=(), rule="", account=None, tier=None)
    return (*found, replace(thin, runbook=None, members=(), **short))


@dataclass(frozen=True, slots=True)
class Webhook:
    """One endpoint.

    Attributes:
        url: Where to POST.
        keys: Signing keys, the newest first; two while they rotate.
    """

    url: str = field(repr=False)
    keys: tuple[bytes, ...] = field(repr=False)
    limits: Limits = field(default_factory=lambda: Limits(give_up_ms=_GIVE_UP_MS))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,
        ref: str | None = None,  # noqa: ARG002  # every message stands for itself
    ) -> Request:
        """A signed request whose body keeps the limit."""
        most = self.limits.body_max_bytes
        bodies = map(_encoded, _versions(notification))
        body = next(one for one in bodies if len(one) < most)  # the shortest always fits
        message_id = notification.notification_id
        timestamp_s = now_ms // 1000
        signatures = (
            signature(key, message_id=message_id, timestamp_s=timestamp_s, body=body)
            for key in self.keys
        )
        headers = {
            "content-type": "application/json",
            "user-agent": "nabz",
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp_s),
            "webhook-signature": " ".join(signatures),
        }
        return Request("POST", self.url, headers, body)

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """2xx is success; 410 asks us to stop; 429 and 502 to 504 to slow down."""
        return http_outcome(answer, now_ms=now_ms)
