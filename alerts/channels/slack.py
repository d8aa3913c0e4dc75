"""Slack: a webhook that posts, or a bot that posts, edits in place and goes on in the thread.

What stands in a channel is one message an alert. The bot edits it to what is true now and tells the
change in its thread; getting worse again is shown in the channel too, an end is not. Reference of a
message is `channel:ts`. Texts are elements of a rich text block, which Slack takes literally: no
markup, no mention, no link that is not one of ours; only the fallback text is escaped.
Source: docs.slack.dev, `chat.postMessage`, `chat.update`, `chat.postEphemeral`, "Sending messages
using incoming webhooks", "Rate limits", "Block Kit: rich text block".

Next step: `streams.notifier.telling` makes the calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.channels.base import (
    Calls,
    Failure,
    FailureReason,
    Limits,
    Outcome,
    Refused,
    Request,
    Response,
    Retry,
    Sent,
    answered,
    http_outcome,
    json_post,
    retry_after_ms,
)
from alerts.channels.shortened import cut, fitting
from alerts.channels.slack_back import buttons
from alerts.deeds import answerable
from alerts.message import Notification

API: Final = "https://slack.com/api"
TOKEN_PREFIX: Final = "xoxb-"  # noqa: S105  # how such tokens begin
BLOCKS_MAX: Final = 50
BLOCK_TEXT_MAX: Final = 3_000
FALLBACK_MAX: Final = 400
_GAP_MS: Final = 1_000
"""One message a second and channel."""
_SHOWN_AGAIN: Final = frozenset({"escalated", "reopened", "repeat", "unanswered"})

_REASONS: Final[Mapping[str, FailureReason]] = {
    **dict.fromkeys(
        (
            "account_inactive",
            "invalid_auth",
            "missing_scope",
            "no_permission",
            "not_authed",
            "not_allowed_token_type",
            "token_expired",
            "token_revoked",
        ),
        "auth",
    ),
    **dict.fromkeys(
        ("channel_not_found", "is_archived", "not_in_channel", "restricted_action"), "not_found"
    ),
    **dict.fromkeys(("msg_too_long", "msg_blocks_too_long"), "too_large"),
}
"""What the answers of the Web API mean; any other is a message Slack does not like."""
_WAITS: Final = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_TRY_AGAIN: Final = frozenset(
    {"fatal_error", "internal_error", "request_timeout", "service_unavailable"}
)


class BadTokenError(ValueError):
    """A token is not one of a bot; start-up stops."""


def bot_token(secret: str) -> str:
    """A bot's token as Slack writes it.

    Raises:
        BadTokenError: Another kind of token. The message never shows it.
    """
    if not secret.startswith(TOKEN_PREFIX) or not secret.isascii() or not secret.isprintable():
        raise BadTokenError(f"a Slack bot token starts with {TOKEN_PREFIX}; apps show it as such")
    return secret


def escaped(text: str) -> str:
    """Slack's three control characters as entities: no mention and no link can be written.

    >>> escaped("<!channel> & <@U1>")
    '&lt;!channel&gt; &amp; &lt;@U1&gt;'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def _section(kind: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements)}


def _blocks(notification: Notification) -> list[dict[str, Any]]:
    """One rich text block: title, lines, quotes, links, command."""
    parts = [_section("section", _text(notification.title, bold=True))]
    if notification.lines:
        parts.append(_section("section", _text("\n".join(notification.lines))))
    if notification.evidence:
        parts.append(_section("quote", _text("\n".join(notification.evidence))))
    if notification.links:
        spaced: list[dict[str, Any]] = []
        for link in notification.links:
            spaced += [_text("  ")] if spaced else []
            spaced.append({"type": "link", "url": link.url, "text": link.name})
        parts.append(_section("section", *spaced))
    parts.append(_section("section", _text(notification.why, code=True)))
    return [{"type": "rich_text", "elements": parts}]


def _length(blocks: list[dict[str, Any]]) -> int:
    """Characters a block shows; addresses count as they are."""
    return sum(
        len(one["text"]) + len(one.get("url", ""))
        for block in blocks
        for part in block["elements"]
        for one in part["elements"]
    )


def _said(notification: Notification) -> dict[str, Any]:
    blocks = fitting(notification, _blocks, lambda made: _length(made) <= BLOCK_TEXT_MAX)
    return {
        "text": escaped(cut(notification.title, FALLBACK_MAX)),
        "blocks": blocks,
        "link_names": False,
        "parse": "none",
    }


_POSTED: Final = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}


@dataclass(frozen=True, slots=True)
class SlackWebhook:
    """An incoming webhook: posts to the one channel it was made for.

    Attributes:
        url: The webhook's address, which is its secret.
    """

    url: str = field(repr=False)
    limits: Limits = field(default_factory=lambda: Limits(gap_ms=_GAP_MS))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,  # noqa: ARG002  # a webhook knows no message it has posted
    ) -> Request:
        """A post."""
        return json_post(self.url, _said(notification) | _POSTED)

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """By status; an archived channel is 410, one that is gone 404, a revoked webhook 403."""
        return http_outcome(answer, now_ms=now_ms)


@dataclass(frozen=True, slots=True)
class SlackBot:
    """A bot in a channel.

    Attributes:
        token: Starts with `xoxb-`; scope `chat:write`.
        channel: Id of the channel.
        api: Where the Web API is.
        buttons: Under a message are buttons, as somebody listens for them.
    """

    token: str = field(repr=False)
    channel: str
    api: str = API
    buttons: bool = False
    limits: Limits = field(default_factory=lambda: Limits(gap_ms=_GAP_MS, in_flight=1))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,
    ) -> Request | Calls:
        """A post; where the alert has a message, its edit and a reply in its thread."""
        said = _said(notification) | {
            "metadata": {
                "event_type": "nabz_alert",
                "event_payload": {"notification_id": notification.notification_id},
            }
        }
        head = said | {"blocks": said["blocks"] + self._buttons(notification)}
        post = self._call("chat.postMessage", head | _POSTED | {"channel": self.channel})
        channel, _, ts = (ref or "").rpartition(":")
        if not channel:
            return post
        edit = self._call("chat.update", head | {"channel": channel, "ts": ts})
        aside = {
            "channel": channel,
            "thread_ts": ts,
            "reply_broadcast": notification.kind in _SHOWN_AGAIN,
        }
        reply = self._call("chat.postMessage", said | _POSTED | aside)
        return Calls((edit, reply), otherwise=post)

    def aside(self, *, user: str, text: str) -> Request:
        """Tell one user something that nobody else in the channel sees."""
        said = {"text": escaped(text), "link_names": False, "parse": "none"}
        return self._call("chat.postEphemeral", said | {"channel": self.channel, "user": user})

    def _buttons(self, notification: Notification) -> list[dict[str, Any]]:
        """A block of them, or none; an end takes them away."""
        if not self.buttons or not answerable(notification):
            return []
        made = buttons(notification.alert_id, notification.locale)
        return [] if made is None else [made]

    def _call(self, method: str, body: Mapping[str, Any]) -> Request:
        return json_post(
            f"{self.api.rstrip('/')}/{method}", body, {"authorization": f"Bearer {self.token}"}
        )

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """Slack says 200 to nearly everything: `ok` and `error` in the body are what counts."""
        if isinstance(answer, Failure) or not 200 <= answer.status < 300:
            return http_outcome(answer, now_ms=now_ms)
        body = answered(answer)
        if body.get("ok") is True:
            return Sent(_reference(body), answer.status)
        error = body.get("error")
        if not isinstance(error, str):  # cut off, or not Slack: it may have the message
            return Retry(None, "server_error", answer.status, ambiguous=True)
        if error in _WAITS:
            return Retry(retry_after_ms(answer.headers, now_ms), "rate_limited", answer.status)
        if error in _TRY_AGAIN:
            return Retry(None, "server_error", answer.status, ambiguous=True)
        return Refused(_REASONS.get(error, "client_error"), answer.status)


def _reference(body: Mapping[str, Any]) -> str | None:
    """The message of the alert: the one that was posted, or the head of its thread."""
    message, channel = body.get("message"), body.get("channel")
    head = message.get("thread_ts") if isinstance(message, dict) else None
    ts = body.get("ts") if head is None else head
    return f"{channel}:{ts}" if isinstance(channel, str) and isinstance(ts, str) else None
