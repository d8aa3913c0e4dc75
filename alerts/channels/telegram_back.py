"""What Telegram says back: a press on a button under one of our messages.

Two buttons answer at once, two open a choice under the same message; which one it is, and what it
is about, stands in the button, so nothing has to be remembered. Updates come by long polling, or at
an address of ours with a secret in a header.
Source: core.telegram.org/bots/api, `getUpdates`, `setWebhook`, `CallbackQuery`,
`answerCallbackQuery`, `InlineKeyboardMarkup`.

Next step: `streams.notifier.telegram_updates` listens, `alerts.deeds` says what becomes of it.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Any, Final

from alerts.channels.base import Request, json_post, text_at
from alerts.deed_texts import DEED_TEXTS, choice
from alerts.deeds import SNOOZES_MS, Deed, code, command_id, pressed, wanted
from alerts.message import Locale
from scoring.records import DISAGREEMENTS

SECRET_HEADER: Final = "x-telegram-bot-api-secret-token"  # noqa: S105  # its name
NOTICE_MAX: Final = 200
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{16,256}")
_WANTED: Final = ["callback_query"]


class BadSecretError(ValueError):
    """A secret is none Telegram would send, or too short to be one; start-up stops."""


def webhook_secret(secret: str) -> str:
    """The secret token of a webhook.

    Raises:
        BadSecretError: Other letters than Telegram takes, or too few. The message never shows it.
    """
    if _SECRET.fullmatch(secret) is None:
        raise BadSecretError(
            "a Telegram webhook secret is 16 to 256 letters of A-Z, a-z, 0-9, _ and -"
        )
    return secret


def genuine(shown: str, secret: str) -> bool:
    """Does a request show our secret?

    >>> genuine("a" * 16, "a" * 16), genuine("", "a" * 16)
    (True, False)
    """
    return hmac.compare_digest(shown.encode(errors="replace"), secret.encode())


@dataclass(frozen=True, slots=True)
class Press:
    """A press on a button.

    Attributes:
        update: Number of the update; those up to it need not come again.
        query: To be answered, else the button goes on turning.
        chats: How the chat may be written in the settings: its number, and its `@name`.
        message: Number of the message there.
        deed: What it stands for; None where it opens or leaves a choice.
        menu: The buttons to show instead.
    """

    update: int
    query: str = ""
    chats: tuple[str, ...] = ()
    message: int = 0
    deed: Deed | None = None
    menu: dict[str, Any] | None = None


def press(update: object, locale: Locale) -> Press | None:
    """Read an update; never raises. None for what has no number, which Telegram never sends.

    >>> press({"update_id": 7, "message": {}}, "en")
    Press(update=7, query='', chats=(), message=0, deed=None, menu=None)
    """
    number = update.get("update_id") if isinstance(update, dict) else None
    if not isinstance(update, dict) or type(number) is not int:
        return None
    query = update.get("callback_query")
    named = query.get("id") if isinstance(query, dict) else None
    if not isinstance(query, dict) or not isinstance(named, str):
        return Press(number)
    chat = _number(query, "message", "chat", "id")
    message, user = _number(query, "message", "message_id"), _number(query, "from", "id")
    button = pressed(query.get("data"))
    if button is None or chat is None or message is None or user is None:
        return Press(number, named)
    deed = wanted(
        button, command_id=command_id("telegram", str(chat), named), user=str(user), at_ms=None
    )
    menu = None if deed is not None else keyboard(button.alert_id, locale, button.verb)
    name = text_at(query, "message", "chat", "username")
    chats = (str(chat), f"@{name}") if name else (str(chat),)
    return Press(number, named, chats, message, deed, menu)


def _number(tree: object, *path: str) -> int | None:
    for step in path:
        tree = tree.get(step) if isinstance(tree, dict) else None
    return tree if type(tree) is int else None


def keyboard(alert_id: str, locale: Locale, choice_of: str = "") -> dict[str, Any] | None:
    """The buttons under a message; None for an alert nobody can answer to.

    Args:
        alert_id: What it is about.
        locale: Language of the labels.
        choice_of: `snooze` or `disagree` for their choices, anything else for the first four.
    """
    texts = DEED_TEXTS[locale]

    def button(words: str, verb: str, argument: str = "") -> dict[str, Any]:
        return {"text": words, "callback_data": code(verb, argument, alert_id)}

    if code("ack", "", alert_id) is None:
        return None
    back = [button(texts.back, "back")]
    match choice_of:
        case "snooze":
            lengths = [
                button(choice(for_ms, locale), "snooze", str(for_ms // 60_000))
                for for_ms in SNOOZES_MS
            ]
            rows = [lengths, back]
        case "disagree":
            rows = [[button(texts.doubts[one], "disagree", one)] for one in DISAGREEMENTS] + [back]
        case _:
            verbs = (("ack", "resolve"), ("snooze", "disagree"))
            rows = [[button(texts.buttons[verb], verb) for verb in row] for row in verbs]
    return {"inline_keyboard": rows}


def _call(api: str, token: str, method: str, body: dict[str, Any]) -> Request:
    return json_post(f"{api.rstrip('/')}/bot{token}/{method}", body)


def polling(api: str, token: str, *, after: int | None, wait_s: int) -> Request:
    """Ask for the next update; one at a time, so that no answer is longer than we read.

    Args:
        api: Where the Bot API is.
        token: The bot's.
        after: Number of the last update that need not come again.
        wait_s: How long Telegram holds the answer back while there is nothing to say.
    """
    since = {} if after is None else {"offset": after + 1}
    body = {"timeout": wait_s, "limit": 1, "allowed_updates": _WANTED, **since}
    return _call(api, token, "getUpdates", body)


def notice(api: str, token: str, *, query: str, text: str, alarm: bool = False) -> Request:
    """Tell whoever pressed a button something; `alarm` is a window to be closed."""
    body = {"callback_query_id": query, "text": text[:NOTICE_MAX], "show_alert": alarm}
    return _call(api, token, "answerCallbackQuery", body)


def showing(api: str, token: str, *, chat: str, message: int, menu: dict[str, Any]) -> Request:
    """Put other buttons under a message."""
    body = {"chat_id": chat, "message_id": message, "reply_markup": menu}
    return _call(api, token, "editMessageReplyMarkup", body)


def hook_state(api: str, token: str) -> Request:
    """Ask whether updates go to an address, which keeps them from being polled."""
    return _call(api, token, "getWebhookInfo", {})
