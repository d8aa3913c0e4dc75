"""What Slack says back, over Socket Mode: a pressed button, or that the connection will end.

A frame that can be acknowledged has an `envelope_id`; every one is, also those that are none of
ours, as Slack repeats what is not. A press is named by message, user, button and the time Slack
gives it: an envelope that comes twice, or on another connection, is one command.
Source: docs.slack.dev, "Using Socket Mode", "block_actions payload", `apps.connections.open`.

Next step: `streams.notifier.slack_socket` listens, `alerts.deeds` says what becomes of a press.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from alerts.channels.base import Request, json_post, text_at
from alerts.deed_texts import DEED_TEXTS, choice
from alerts.deeds import SNOOZES_MS, Deed, code, command_id, pressed, wanted
from alerts.message import Locale
from scoring.records import DISAGREEMENTS

TOKEN_PREFIX: Final = "xapp-"  # noqa: S105  # how such tokens begin
_ACTION: Final = "nabz"


class BadAppTokenError(ValueError):
    """A token is not one of an app; start-up stops."""


def app_token(secret: str) -> str:
    """An app-level token as Slack writes it.

    Raises:
        BadAppTokenError: Another kind of token. The message never shows it.
    """
    if not secret.startswith(TOKEN_PREFIX) or not secret.isascii() or not secret.isprintable():
        raise BadAppTokenError(
            f"a Slack app token starts with {TOKEN_PREFIX} and has the scope connections:write"
        )
    return secret


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame of the connection means.

    Attributes:
        hello: The connection is ready.
        leaves: Slack will end it, for this reason; a new one is to be opened.
        envelope: To be acknowledged.
        channel: Id of the channel a button was pressed in.
        deed: What the press stands for.
    """

    hello: bool = False
    leaves: str | None = None
    envelope: str | None = None
    channel: str = ""
    deed: Deed | None = None


def frame(data: str) -> Frame:
    """Read a frame; never raises, what is not understood means nothing.

    >>> frame('{"type": "disconnect", "reason": "refresh_requested"}').leaves
    'refresh_requested'
    >>> frame("hello?")
    Frame(hello=False, leaves=None, envelope=None, channel='', deed=None)
    """
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Frame()
    match text_at(found, "type"):
        case "hello":
            return Frame(hello=True)
        case "disconnect":
            return Frame(leaves=text_at(found, "reason")[:40] or "unknown")
        case _:
            pass
    envelope = text_at(found, "envelope_id")
    if not envelope:
        return Frame()
    payload = found.get("payload")
    channel = text_at(payload, "channel", "id") or text_at(payload, "container", "channel_id")
    return Frame(envelope=envelope, channel=channel, deed=_deed(payload, channel))


def _deed(payload: object, channel: str) -> Deed | None:
    if not isinstance(payload, dict) or payload.get("type") != "block_actions":
        return None
    actions = payload.get("actions")
    action = actions[0] if isinstance(actions, list) and actions else None
    if not isinstance(action, dict):
        return None
    carried = action.get("value") or text_at(action, "selected_option", "value")
    button, user = pressed(carried), text_at(payload, "user", "id")
    if button is None or not user:
        return None
    when = text_at(action, "action_ts")
    message = text_at(payload, "container", "message_ts")
    named = command_id("slack", channel, message, user, str(carried), when)
    return wanted(button, command_id=named, user=user, at_ms=_instant_ms(when))


def _instant_ms(stamp: str) -> int | None:
    """Slack's `seconds.micros` in milliseconds.

    >>> _instant_ms("1548426417.840180"), _instant_ms("soon")
    (1548426417840, None)
    """
    seconds, _, rest = stamp.partition(".")
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        return None
    millis = rest[:3] if rest.isascii() and rest.isdigit() else ""
    return int(seconds) * 1_000 + int(millis.ljust(3, "0"))


def receipt(envelope: str) -> str:
    """The frame that acknowledges another.

    >>> receipt("e-1")
    '{"envelope_id":"e-1"}'
    """
    return msgspec.json.encode({"envelope_id": envelope}).decode()


def opening(api: str, token: str) -> Request:
    """The call that gives the address of a new connection."""
    return json_post(
        f"{api.rstrip('/')}/apps.connections.open", {}, {"authorization": f"Bearer {token}"}
    )


def buttons(alert_id: str, locale: Locale) -> dict[str, Any] | None:
    """A block with two buttons and two choices; None for an alert nobody can answer to."""
    texts = DEED_TEXTS[locale]
    ack, resolve = code("ack", "", alert_id), code("resolve", "", alert_id)
    if ack is None or resolve is None:
        return None
    snoozes = {
        code("snooze", str(for_ms // 60_000), alert_id): choice(for_ms, locale)
        for for_ms in SNOOZES_MS
    }
    doubts = {code("disagree", doubt, alert_id): texts.doubts[doubt] for doubt in DISAGREEMENTS}
    return {
        "type": "actions",
        "elements": [
            {**_button("ack", texts.buttons["ack"], ack), "style": "primary"},
            _button("resolve", texts.buttons["resolve"], resolve),
            _choice("snooze", texts.buttons["snooze"], snoozes),
            _choice("disagree", texts.buttons["disagree"], doubts),
        ],
    }


def _words(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}


def _button(verb: str, text: str, value: str) -> dict[str, Any]:
    named = {"action_id": f"{_ACTION}.{verb}", "value": value}
    return {"type": "button", "text": _words(text), **named}


def _choice(verb: str, text: str, options: Mapping[str | None, str]) -> dict[str, Any]:
    return {
        "type": "static_select",
        "action_id": f"{_ACTION}.{verb}",
        "placeholder": _words(text),
        "options": [{"text": _words(words), "value": value} for value, words in options.items()],
    }
