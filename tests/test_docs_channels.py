"""What docs/channels.md shows works: its settings are taken, its check of a signature checks."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any

import yaml

from alerts.channels.base import Request
from alerts.channels.webhook import Webhook, signing_key
from alerts.message import notification
from streams.notifier.channel_settings import CHANNEL_TYPES
from streams.notifier.settings import NotifierSettings
from tests.alerts.transitions import transition

PAGE = Path(__file__).resolve().parents[1] / "docs" / "channels.md"
OLD, NEW, OTHER = (
    "whsec_" + base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3)
)


def genuine(headers: Any, body: bytes, secret: str) -> bool:
    """The function of the page."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  # our own page
    found: bool = names["genuine"](headers, body, secret)
    return found


def sent(at_s: float) -> Request:
    """A message as a webhook with two keys sends it."""
    hook = Webhook("https://hooks.example/nabz", (signing_key(NEW), signing_key(OLD)))
    made = notification(transition(), channel="hook", quotes=False)
    request = hook.render(made, now_ms=round(at_s * 1_000))
    assert isinstance(request, Request)
    return request


def test_a_receiver_that_does_as_the_page_says_takes_our_messages_and_no_others() -> None:
    """Either key will do while they change; an old message or another body will not."""
    now = sent(time.time())
    assert genuine(now.headers, now.body, OLD) and genuine(now.headers, now.body, NEW)
    assert not genuine(now.headers, now.body, OTHER)
    assert not genuine(now.headers, now.body + b" ", NEW)
    old = sent(time.time() - 600)
    assert not genuine(old.headers, old.body, NEW)


def test_the_settings_the_page_shows_are_taken() -> None:
    """Every one of them, and one of each type at least."""
    shown = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    seen = set()
    for one in map(yaml.safe_load, shown):
        settings = NotifierSettings.model_validate(one if "channels" in one else {"channels": one})
        seen |= {channel.type for channel in settings.channels.values()}
    assert seen == set(CHANNEL_TYPES)
