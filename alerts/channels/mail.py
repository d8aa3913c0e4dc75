"""E-mail: plain text and HTML, one thread an alert.

Every mail of an alert refers to the same root, which is named after the alert and never sent, so
mail programs show them together without anything having to be remembered. The id of a mail is that
of its notification: one that comes twice, comes twice under one id. Persian is written from right
to left. Texts from outside are escaped in HTML and stand alone on their lines in plain text.
Source: RFC 5322 (3.6.4, identification fields), RFC 3834 (automatic messages), RFC 5321 (4.2,
replies).

Next step: `streams.notifier.smtp` hands it to a server.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final

from alerts.channels.base import (
    Failure,
    FailureReason,
    Limits,
    Mail,
    Outcome,
    Refused,
    Response,
    Retry,
    Sent,
)
from alerts.channels.shortened import cut, fitting
from alerts.message import Notification

SUBJECT_MAX: Final = 150
MAIL_MAX_BYTES: Final = 100_000
RECIPIENTS_MAX: Final = 50
_ADDRESS: Final = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]+")
_AUTH: Final = frozenset({530, 534, 535, 538})
_ADDRESSES: Final = frozenset({550, 551, 553})
_BUSY: Final = frozenset({421, 452})


class BadAddressError(ValueError):
    """An address mail cannot be sent to or from; start-up stops."""


def address(text: str) -> str:
    """An address as it goes on the wire: ASCII, no name, no comment.

    Raises:
        BadAddressError: It is none.

    >>> address("ops@shop.example")
    'ops@shop.example'
    """
    if _ADDRESS.fullmatch(text) is None:
        raise BadAddressError(f"found {text[:80]!r}; write an address like ops@shop.example")
    return text


def _id(local: str, domain: str) -> str:
    return f"<{_UNSAFE.sub('-', local)[:120]}@{domain}>"


def _plain(notification: Notification) -> str:
    parts = [notification.title, "", *notification.lines]
    if notification.evidence:
        parts += ["", *(f"> {line}" for line in notification.evidence)]
    if notification.links:
        parts += ["", *(f"{link.name}: {link.url}" for link in notification.links)]
    return "\n".join([*parts, "", notification.why, ""])


def _html(notification: Notification) -> str:
    direction = "rtl" if notification.locale == "fa" else "ltr"
    parts = [f"<h3>{html.escape(notification.title)}</h3>"]
    parts += [f"<p>{html.escape(line)}</p>" for line in notification.lines]
    parts += [f"<blockquote>{html.escape(line)}</blockquote>" for line in notification.evidence]
    parts += [
        f'<p><a href="{html.escape(link.url)}">{html.escape(link.name)}</a></p>'
        for link in notification.links
    ]
    parts.append(f'<p dir="ltr"><code>{html.escape(notification.why)}</code></p>')
    body = "\n".join(parts)
    return (
        f'<!DOCTYPE html>\n<html lang="{notification.locale}" dir="{direction}">'
        f'<head><meta charset="utf-8"></head>\n<body dir="{direction}">\n{body}\n</body></html>\n'
    )


def _day(at_ms: int) -> str:
    return format_datetime(datetime.fromtimestamp(at_ms // 1000, UTC))


@dataclass(frozen=True, slots=True)
class MailBox:
    """Who is written to, and as whom.

    Attributes:
        sender: Address in `From`; its domain is part of every id.
        recipients: Addresses, at least one.
    """

    sender: str
    recipients: tuple[str, ...] = field(repr=False)
    limits: Limits = field(
        default_factory=lambda: Limits(
            body_max_bytes=MAIL_MAX_BYTES, in_flight=2, timeout_ms=60_000
        )
    )

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,
        ref: str | None = None,  # noqa: ARG002  # the root of a thread follows from the alert
    ) -> Mail:
        """One mail with both bodies."""
        most = self.limits.body_max_bytes
        body = fitting(
            notification, lambda version: self._bytes(version, now_ms), lambda b: len(b) <= most
        )
        return Mail(self.sender, self.recipients, body)

    def _bytes(self, notification: Notification, now_ms: int) -> bytes:
        domain = self.sender.rpartition("@")[2]
        root = _id(f"alert-{notification.alert_id}", domain)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address("nabz", addr_spec=self.sender)
        mail["To"] = [Address(addr_spec=one) for one in self.recipients]
        mail["Subject"] = cut(notification.title, SUBJECT_MAX)
        mail["Date"] = _day(now_ms)
        mail["Message-ID"] = _id(notification.notification_id, domain)
        mail["In-Reply-To"] = root
        mail["References"] = root
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Auto-Response-Suppress"] = "All"
        if notification.severity == "critical":
            mail["Importance"] = "high"
        mail.set_content(_plain(notification), cte="quoted-printable")
        mail.add_alternative(_html(notification), subtype="html", cte="quoted-printable")
        mail["Content-Language"] = notification.locale  # earlier it would go with the first part
        mail.set_boundary(f"nabz-{_UNSAFE.sub('-', notification.notification_id)[:50]}")
        return mail.as_bytes()

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:  # noqa: ARG002
        """By reply code: 4xx is for later, 5xx for a person."""
        if isinstance(answer, Failure):
            if answer.reason == "address":
                return Refused("address")
            return Retry(None, answer.reason, ambiguous=answer.begun)
        status = answer.status
        if 200 <= status < 300:
            return Sent(None, status)
        if 400 <= status < 500:
            busy: FailureReason = "rate_limited" if status in _BUSY else "server_error"
            return Retry(None, busy, status)
        if status in _AUTH:
            return Refused("auth", status)
        if status in _ADDRESSES:
            return Refused("not_found", status)
        return Refused("too_large" if status == 552 else "client_error", status)
