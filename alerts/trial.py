"""A message that says it is a test: for somebody who has just set a channel up.

It is about nobody, its alert id begins with `test-`, and its rule is `nabz-test`, so that receivers
can be told to leave it alone.

Next step: `alerts.channels` renders it like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from alerts.message import Kind, Locale, Notification, notification_id, plain

RULE: Final = "nabz-test"


class _Words(NamedTuple):
    opened: str
    ended: str
    line: str


_WORDS: Final[Mapping[Locale, _Words]] = {
    "en": _Words(
        "[test] nabz reaches you here",
        "[test] nabz reaches you here: over",
        "Channel {channel} works. Nobody needs to do anything.",
    ),
    "fa": _Words(
        "[آزمایش] پیام‌های nabz به شما می‌رسد",
        "[آزمایش] پیام‌های nabz به شما می‌رسد: پایان",
        "کانال \u2068{channel}\u2069 کار می‌کند. نیازی به هیچ کاری نیست.",
    ),
}


def trial(
    channel: str, *, mark: str, now_ms: int, locale: Locale = "en", ends: bool = False
) -> Notification:
    """A test message, or its end.

    Args:
        channel: Name of the channel.
        mark: Tells this test from every other.
        now_ms: The wall clock.
        locale: Language of the texts.
        ends: It closes what the test has opened, in receivers that keep things open.

    >>> trial("ops", mark="1", now_ms=0).lines
    ('Channel ops works. Nobody needs to do anything.',)
    """
    words = _WORDS[locale]
    alert_id, seq = f"test-{mark}", 2 if ends else 1
    kind: Kind = "closed" if ends else "updated"
    return Notification(
        notification_id=notification_id(alert_id, channel, seq=seq, reason="test"),
        alert_id=alert_id,
        fingerprint=f"~test|{plain(channel)}",
        seq=seq,
        kind=kind,
        reason="test",
        reason_code=None,
        severity="warning",
        locale=locale,
        title=words.ended if ends else words.opened,
        lines=(words.line.format(channel=plain(channel)),),
        evidence=(),
        links=(),
        why="nabz doctor",
        rule=RULE,
        customer="nabz",
        account=None,
        tier=None,
        measure="test",
        score_e2=0,
        change_e2=None,
        health_e2=None,
        confidence_e2=0,
        since_ms=now_ms,
        opened_ms=now_ms,
        at_ms=now_ms,
        runbook=None,
    )
