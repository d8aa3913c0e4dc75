"""What a channel is: limits as data, notification to request, answer to outcome. No sockets.

Reasons are a closed set, which is also the label of the failure counter. A channel never decides
when to try again: `alerts.delivery.after` does, from the outcome. A message may take several calls,
like an edit and a reply; what they come to is decided in `streams.notifier.telling`.

Next step: the channels beside this file; `streams.notifier.telling` makes the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, Final, Literal, Protocol

import msgspec

from alerts.message import Kind, Notification

FailureReason = Literal[
    "client_error",
    "auth",
    "gone",
    "not_found",
    "address",
    "too_large",
    "rate_limited",
    "server_error",
    "timeout",
    "unreachable",
    "internal",
]
FAILURES: Final[tuple[FailureReason, ...]] = (
    "client_error",
    "auth",
    "gone",
    "not_found",
    "address",
    "too_large",
    "rate_limited",
    "server_error",
    "timeout",
    "unreachable",
    "internal",
)
ENDS: Final[frozenset[Kind]] = frozenset({"recovered", "expired", "closed", "fired_and_recovered"})
"""Kinds that tell of an end."""
RETRY_AFTER_MAX_MS: Final = 6 * 3_600_000
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What a channel bears.

    Attributes:
        body_max_bytes: Larger bodies are shortened when rendered.
        timeout_ms: An answer that takes longer is none.
        give_up_ms: After this long a message is dead.
        in_flight: Calls at the same time.
        gap_ms: Time between the beginnings of two messages.
        stays_open: The receiver keeps an alert open until it is told its end.
        hears: What people did, by reason, that a receiver who was told of the alert is told too.
        repeat_ms: What is open is sent again this often, as the receiver forgets; 0 for never.
    """

    body_max_bytes: int = 20_000
    timeout_ms: int = 15_000
    give_up_ms: int = 6 * _HOUR_MS
    in_flight: int = 4
    gap_ms: int = 0
    stays_open: bool = False
    hears: frozenset[str] = frozenset()
    repeat_ms: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, exactly these bytes; address and headers may hold a token."""

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Calls:
    """Several requests that are one message, made in this order.

    Attributes:
        requests: At least one. A failed attempt is made again as a whole: what can be repeated
            without anybody noticing, like an edit, stands first.
        need: `all` of them must arrive, or `any`, where they go to replicas of one receiver.
        otherwise: Made instead of all the others if the first is refused: what was to be edited is
            gone.
    """

    requests: tuple[Request, ...]
    need: Literal["all", "any"] = "all"
    otherwise: Request | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, exactly these bytes, with its envelope."""

    sender: str
    recipients: tuple[str, ...] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TerminalLine:
    """Text for standard output."""

    text: str


Message = Request | Calls | Mail | TerminalLine
Call = Request | Mail | TerminalLine


@dataclass(frozen=True, slots=True)
class Response:
    """What a receiver answered.

    Attributes:
        status: HTTP status, or reply code of SMTP; 200 for a line that was written.
        headers: Names in lower case.
        body: At most the first 64 kB.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer.

    Attributes:
        reason: Why.
        begun: The receiver may have seen the request.
    """

    reason: Literal["timeout", "unreachable", "address", "internal"]
    begun: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """The receiver has it.

    Attributes:
        ref: The receiver's own name of the message.
    """

    ref: str | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """Worth another try.

    Attributes:
        after_ms: The receiver asked for this long; None for our own backoff.
        ambiguous: The receiver may have it.
    """

    after_ms: int | None
    reason: FailureReason
    status: int | None = None
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A person must change something."""

    reason: FailureReason
    status: int | None = None


Outcome = Sent | Retry | Refused


class Channel(Protocol):
    """One configured receiver; built at the edge, secrets included, never printed."""

    @property
    def limits(self) -> Limits:
        """What it bears."""

    def render(self, notification: Notification, *, now_ms: int, ref: str | None = None) -> Message:
        """Say a notification the channel's way; equal arguments give equal bytes.

        Args:
            notification: What to say.
            now_ms: The wall clock.
            ref: What the receiver calls the message that told of the same alert, if one was sent.
        """

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """Understand an answer, or its absence."""


def retry_after_ms(headers: Mapping[str, str], now_ms: int) -> int | None:
    """How long a receiver asks us to wait, at most six hours; None if it does not say.

    >>> retry_after_ms({"retry-after": "7"}, 0)
    7000
    >>> retry_after_ms({"retry-after": "Thu, 01 Jan 1970 00:01:00 GMT"}, 10_000)
    50000
    >>> retry_after_ms({"retry-after": "soon"}, 0) is None
    True
    """
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(int(value[:9]) * 1000, RETRY_AFTER_MAX_MS)
    try:
        when = parsedate_to_datetime(value)
        zoned = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
        wait_ms = int(zoned.timestamp() * 1000) - now_ms
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0, min(wait_ms, RETRY_AFTER_MAX_MS))


def http_outcome(answer: Response | Failure, *, now_ms: int, ref: str | None = None) -> Outcome:
    """How most HTTP receivers mean their answers: only 2xx is success, a redirect is none."""
    if isinstance(answer, Failure):
        if answer.reason == "address":
            return Refused("address")
        return Retry(None, answer.reason, ambiguous=answer.begun)
    status = answer.status
    if 200 <= status < 300:
        return Sent(ref, status)
    if status in {429, 503}:
        return Retry(retry_after_ms(answer.headers, now_ms), "rate_limited", status)
    if status >= 500 or status in {408, 425}:
        after = retry_after_ms(answer.headers, now_ms)
        return Retry(after, "server_error", status, ambiguous=status != 425)
    if status in {401, 403, 407}:
        return Refused("auth", status)
    if status == 410:
        return Refused("gone", status)
    if status in {404, 405} or status < 400:
        return Refused("not_found", status)
    if status == 413:
        return Refused("too_large", status)
    return Refused("client_error", status)


def json_post(url: str, body: Mapping[str, Any], headers: Mapping[str, str] = {}) -> Request:
    """A POST of a JSON object.

    >>> json_post("https://x.example", {"a": 1}).body
    b'{"a":1}'
    """
    named = {"content-type": "application/json; charset=utf-8", "user-agent": "nabz"}
    return Request("POST", url, named | dict(headers), msgspec.json.encode(body))


def answered(answer: Response | Failure) -> Mapping[str, Any]:
    """The JSON object in an answer's body; empty where there is none.

    >>> answered(Response(200, {}, b'{"ok": true}')), answered(Response(502, {}, b"<html>"))
    ({'ok': True}, {})
    """
    if isinstance(answer, Failure):
        return {}
    try:
        found = msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text_at(tree: object, *path: str) -> str:
    """A text inside of JSON objects; empty where there is none.

    >>> text_at({"user": {"id": "U1"}}, "user", "id"), text_at([], "user")
    ('U1', '')
    """
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree if isinstance(tree, str) else ""
