"""Telegram: a bot that posts, edits in place and answers its own message.

One message an alert, edited to what is true now; each change is a reply to it, an end without a
sound. Reference of a message is its number. Texts from outside are escaped, and nothing in them
becomes a mention, a hashtag, a command or a link: a word joiner, which nobody sees, stands where
Telegram would look for one.
Source: core.telegram.org/bots/api, `sendMessage`, `editMessageText`, `ResponseParameters`, "HTML
style"; core.telegram.org/bots/faq, "My bot is hitting limits".

Next step: `streams.notifier.telling` makes the calls.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.channels.base import (
    ENDS,
    RETRY_AFTER_MAX_MS,
    Calls,
    Failure,
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
)
from alerts.channels.shortened import fitting
from alerts.channels.telegram_back import keyboard
from alerts.deeds import DEEDS, answerable
from alerts.message import Notification

API: Final = "https://api.telegram.org"
TEXT_MAX: Final = 4_096
"""Of what is shown, in UTF-16 units."""
_GAP_MS: Final = 1_000
_GROUP_GAP_MS: Final = 3_000
"""One message a second to a person, twenty a minute to a group."""
_TOKEN: Final = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{20,80}")
_JOINER: Final = "\u2060"
_ENTITY: Final = re.compile(r"[@#$/.](?=\w)|/(?=/)")
_WRONG_CHAT: Final = ("chat not found", "upgraded to a supergroup", "not enough rights")
"""Said with a 400 where a person has to mend the configuration, not us the message."""


class BadTokenError(ValueError):
    """A token is not one of a Telegram bot; start-up stops."""


def bot_token(secret: str) -> str:
    """A bot's token as BotFather writes it; it becomes part of an address.

    Raises:
        BadTokenError: Written otherwise. The message never shows it.
    """
    if _TOKEN.fullmatch(secret) is None:
        raise BadTokenError("a Telegram bot token is a number, a colon and some 35 characters")
    return secret


def gap_ms(chat: str) -> int:
    """How far apart two messages to a chat must be.

    >>> gap_ms("77"), gap_ms("-1001"), gap_ms("@ops")
    (1000, 3000, 3000)
    """
    return _GROUP_GAP_MS if chat.startswith(("-", "@")) else _GAP_MS


def harmless(text: str) -> str:
    """A text as Telegram's HTML, in which nothing is a link, a mention, a hashtag or a command.

    >>> harmless("<b>@all #x") == f"&lt;b&gt;@{_JOINER}all #{_JOINER}x"
    True
    >>> harmless("evil.example") == f"evil.{_JOINER}example"
    True
    """
    return html.escape(_ENTITY.sub(lambda found: found[0] + _JOINER, text), quote=False)


def _text(notification: Notification) -> str:
    lines = [f"<b>{harmless(notification.title)}</b>"]
    lines += [harmless(line) for line in notification.lines]
    if notification.evidence:
        quotes = "\n".join(harmless(line) for line in notification.evidence)
        lines.append(f"<blockquote>{quotes}</blockquote>")
    lines += [
        f'<a href="{html.escape(link.url)}">{harmless(link.name)}</a>'
        for link in notification.links
    ]
    lines.append(f"<code>{html.escape(notification.why, quote=False)}</code>")
    return "\n".join(lines)


def _fits(text: str) -> bool:
    """Joiners count, tags do not; an entity counts as what it stands for."""
    shown = html.unescape(re.sub(r"<[^>]*>", "", text))
    return len(shown.encode("utf-16-le")) // 2 <= TEXT_MAX


@dataclass(frozen=True, slots=True)
class Telegram:
    """A bot in a chat.

    Attributes:
        token: The bot's, part of every address that is called.
        chat: Number of the chat (a group's is negative), or `@name` of a channel.
        topic: Number of the topic, in groups that have topics.
        api: Where the Bot API is.
        buttons: Under a message are buttons, as somebody listens for them.
    """

    token: str = field(repr=False)
    chat: str
    topic: int | None = None
    api: str = API
    buttons: bool = False
    limits: Limits = field(default_factory=lambda: Limits(gap_ms=_GROUP_GAP_MS, in_flight=1))

    def render(
        self,
        notification: Notification,
        *,
        now_ms: int,  # noqa: ARG002
        ref: str | None = None,
    ) -> Request | Calls:
        """A message; where the alert has one, its edit and a reply to it."""
        said: dict[str, Any] = {
            "chat_id": self.chat,
            "text": fitting(notification, _text, _fits),
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
        }
        buttons = self._buttons(notification)
        sent = said | ({} if self.topic is None else {"message_thread_id": self.topic})
        post = self._call("sendMessage", sent | buttons)
        if ref is None or not ref.isascii() or not ref.isdigit():
            return post
        edit = self._call("editMessageText", said | buttons | {"message_id": int(ref)})
        aside = {
            "reply_parameters": {"message_id": int(ref), "allow_sending_without_reply": True},
            "disable_notification": notification.kind in ENDS or notification.reason in DEEDS,
        }
        return Calls((edit, self._call("sendMessage", sent | aside)), otherwise=post)

    def _buttons(self, notification: Notification) -> dict[str, Any]:
        """Under the message; an edit without them takes them away."""
        if not self.buttons or not answerable(notification):
            return {}
        made = keyboard(notification.alert_id, notification.locale)
        return {} if made is None else {"reply_markup": made}

    def _call(self, method: str, body: Mapping[str, Any]) -> Request:
        return json_post(f"{self.api.rstrip('/')}/bot{self.token}/{method}", body)

    def outcome(self, answer: Response | Failure, *, now_ms: int) -> Outcome:
        """By status; how long to wait stands in the body, an edit that changes nothing is one."""
        body = answered(answer)
        if isinstance(answer, Response):
            if 200 <= answer.status < 300 and body.get("ok") is not True:
                return Retry(None, "server_error", answer.status, ambiguous=True)
            said = str(body.get("description")) if answer.status == 400 else ""
            if "message is not modified" in said:
                return Sent(None, answer.status)
            if any(words in said for words in _WRONG_CHAT):
                return Refused("not_found", answer.status)
            if answer.status == 429:
                return Retry(_asked_ms(body), "rate_limited", answer.status)
        return http_outcome(answer, now_ms=now_ms, ref=_reference(body))


def _asked_ms(body: Mapping[str, Any]) -> int | None:
    """How long Telegram asks us to wait; None if it does not say."""
    parameters = body.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if not isinstance(seconds, int) or seconds < 0:
        return None
    return min(seconds * 1_000, RETRY_AFTER_MAX_MS)


def _reference(body: Mapping[str, Any]) -> str | None:
    """The message of the alert: the one that was posted, or the one that was replied to."""
    message = body.get("result")
    if not isinstance(message, dict):
        return None
    head = message.get("reply_to_message", message)
    number = head.get("message_id") if isinstance(head, dict) else None
    return str(number) if isinstance(number, int) else None
