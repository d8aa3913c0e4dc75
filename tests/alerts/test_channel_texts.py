"""What each channel sends for each kind of message in each language, pinned in golden files."""

from __future__ import annotations

import json
import os
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from alerts.channels.base import Calls, Mail, Request
from alerts.message import Kind, Locale, Notification, digest_notification, notification
from tests.alerts.test_agenda import agenda_of
from tests.alerts.test_channel_limits import ALL
from tests.alerts.test_message import LINKS, PERSIAN, several
from tests.alerts.transitions import BASE_MS, transition

GOLDEN = Path(__file__).parents[1] / "golden" / "messages" / "channels"
REASONS = {
    "fired": "raised",
    "escalated": "escalated",
    "reopened": "reopened",
    "repeat": "repeat",
    "unanswered": "raised",
    "recovered": "recovered",
    "expired": "expired",
    "closed": "manual",
    "fired_and_recovered": "recovered",
    "updated": "acked",
}
REFS = {"slack-bot": "C0123:1790000000.000100", "telegram": "17"}


def message(kind: Kind, locale: Locale) -> Notification:
    """One of each kind."""
    if kind == "digest":
        return digest_notification(
            several(locale, 2),
            notification_id="0f0e7c1c-5f6e-5d0a-9a55-000000000001",
            alert_id="digest-1",
            channel="ops",
            locale=locale,
            now_ms=BASE_MS,
        )
    if kind == "list":
        return agenda_of(locale)
    full = kind == "fired"  # with quotes and links; once is enough
    return notification(
        transition(1, REASONS[kind], **(PERSIAN if locale == "fa" else {})),
        channel="ops",
        kind=kind,
        locale=locale,
        quotes=full,
        links=LINKS if full else None,
    )


def sent(name: str, said: Notification) -> Any:
    """What goes on the wire, as a tree; an edit of what was sent before, where a channel can."""
    ref = REFS.get(name) if said.kind != "fired" else None
    made = ALL[name].render(said, now_ms=BASE_MS, ref=ref)
    if isinstance(made, Mail):
        return _mail(made)
    if isinstance(made, Calls):
        edit, *rest = (json.loads(one.body) for one in made.requests)
        # A reply says what the edit says: only how it is sent is worth looking at.
        aside = [{key: one[key] for key in one if key not in edit} for one in rest]
        return {"first": edit, "then": aside} if rest else edit
    assert isinstance(made, Request)
    return json.loads(made.body)


def _mail(made: Mail) -> Any:
    mail = BytesParser(policy=policy.default).parsebytes(made.body)
    assert isinstance(mail, EmailMessage)
    bodies = {
        kind: part.get_content().splitlines()
        for kind in ("plain", "html")
        if (part := mail.get_body((kind,))) is not None
    }
    return {name: str(value) for name, value in mail.items()} | bodies


@pytest.mark.parametrize("locale", ["en", "fa"])
@pytest.mark.parametrize("name", [name for name in ALL if name != "terminal"])
def test_what_a_channel_sends_is_as_agreed(name: str, locale: Locale) -> None:
    """Set NABZ_GOLDEN=write to write the files anew, then read the difference."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    tree = {kind: sent(name, message(kind, locale)) for kind in kinds}
    shown = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False, width=100)
    path = GOLDEN / f"{name}.{locale}.yaml"
    if os.environ.get("NABZ_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
