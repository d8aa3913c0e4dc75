"""What Slack, PagerDuty and Telegram say back, read without sockets."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels import pagerduty_back, slack_back, telegram_back
from alerts.channels.base import Calls, Request, Response, answered
from alerts.channels.pagerduty_back import Event, event, genuine
from alerts.channels.slack import SlackBot
from alerts.channels.slack_back import BadAppTokenError, Frame, app_token, frame
from alerts.channels.telegram import Telegram
from alerts.channels.telegram_back import BadSecretError, keyboard, press, webhook_secret
from alerts.message import notification
from tests.alerts.transitions import transition

ALERT = "0f0e7c1c-5f6e-5d0a-9a55-000000000001"
KEYS = (b"new-secret-of-ours", b"old-secret-of-ours")
_NAMES = (
    "type", "payload", "actions", "value", "user", "id", "channel", "event", "data", "agent",
    "update_id", "message", "from", "callback_query", "envelope_id", "chat", "message_id",
    "event_type", "incident", "assignees",
)  # fmt: skip
trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(_NAMES),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


def sent(made: Request | Calls) -> list[Any]:
    """What goes on the wire."""
    several = made.requests if isinstance(made, Calls) else (made,)
    return [json.loads(one.body) for one in several]


# ---------------------------------------------------------------------- Slack


def envelope(value: str = f"ack::{ALERT}", **changes: Any) -> str:
    """A press as Slack sends it."""
    action = {"action_id": "nabz.ack", "type": "button", "value": value}
    payload = {
        "type": "block_actions",
        "user": {"id": "U1", "username": "ann", "team_id": "T1"},
        "team": {"id": "T1", "domain": "shop"},
        "container": {"type": "message", "message_ts": "1790000000.000100", "channel_id": "C1"},
        "channel": {"id": "C1", "name": "team"},
        "trigger_id": "12.34",
        "actions": [{**action, "action_ts": "1790000001.840180"}],
        **changes,
    }
    whole = {"envelope_id": "e-1", "type": "interactive", "accepts_response_payload": True}
    return json.dumps({**whole, "payload": payload})


def test_a_press_in_slack_is_a_deed() -> None:
    """Who, where, when and about what."""
    found = frame(envelope())
    assert found.envelope == "e-1" and found.channel == "C1" and found.deed is not None
    assert (found.deed.verb, found.deed.alert_id, found.deed.user) == ("ack", ALERT, "U1")
    assert found.deed.at_ms == 1_790_000_001_840


def test_a_choice_in_slack_is_a_deed() -> None:
    """Its value stands in the option that was chosen."""
    option = {"selected_option": {"value": f"disagree:not_mine:{ALERT}"}, "action_ts": "1.5"}
    found = frame(envelope(actions=[{"type": "static_select", **option}]))
    assert found.deed is not None and found.deed.reason == "not_mine"
    assert found.deed.at_ms == 1_500


def test_an_envelope_that_comes_again_is_the_same_command() -> None:
    """Under another envelope, on another connection; a second press is another one."""
    again = json.loads(envelope())
    again["envelope_id"] = "e-2"
    later = json.loads(envelope())
    later["payload"]["actions"][0]["action_ts"] = "1790000002.000000"
    first, second, third = (
        frame(json.dumps(one)) for one in (json.loads(envelope()), again, later)
    )
    assert first.deed is not None and second.deed is not None and third.deed is not None
    assert first.deed.command_id == second.deed.command_id != third.deed.command_id


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "view_submission"},
        {"actions": []},
        {"actions": ["x"]},
        {"actions": None},
        {"user": None},
        {"actions": [{"value": "somebody else's button"}]},
    ],
)
def test_what_is_no_press_of_ours_is_only_acknowledged(changes: dict[str, Any]) -> None:
    """Else Slack sends it again."""
    assert frame(envelope(**changes)) == Frame(envelope="e-1", channel="C1")


def test_slack_says_when_a_connection_begins_and_ends() -> None:
    """And why, within bounds."""
    assert frame('{"type": "hello", "num_connections": 1}').hello
    assert frame('{"type": "disconnect", "reason": "warning"}').leaves == "warning"
    assert frame('{"type": "disconnect"}').leaves == "unknown"
    assert frame('{"payload": {}}') == Frame()
    other = json.loads(envelope())
    other["payload"] = "text"
    assert frame(json.dumps(other)) == Frame(envelope="e-1")


@given(st.one_of(trees.map(json.dumps), st.text()))
def test_reading_a_frame_never_raises(data: str) -> None:
    """Whatever stands in it."""
    assert isinstance(frame(data), Frame)


def test_a_token_of_an_app_is_told_from_that_of_a_bot() -> None:
    """And is never shown."""
    assert app_token("xapp-1-A-2-b") == "xapp-1-A-2-b"
    for wrong in ("xoxb-1", "xapp-\n", "xapp-é"):
        with pytest.raises(BadAppTokenError) as found:
            app_token(wrong)
        assert wrong not in str(found.value)


def test_slack_has_buttons_under_what_is_open_and_none_under_its_end() -> None:
    """And none where nobody listens, nor in the thread."""
    bot = SlackBot("xoxb-1", "C1", buttons=True)

    def blocks(
        bot: SlackBot, reason: str, ref: str | None = None, alert_id: str = ALERT
    ) -> list[list[str]]:
        one = notification(transition(1, reason, alert_id=alert_id), channel="it")
        bodies = sent(bot.render(one, now_ms=1, ref=ref))
        return [[block["type"] for block in body["blocks"]] for body in bodies]

    assert blocks(bot, "raised") == [["rich_text", "actions"]]
    assert blocks(bot, "escalated", "C1:1.2") == [["rich_text", "actions"], ["rich_text"]]
    assert blocks(bot, "recovered", "C1:1.2") == [["rich_text"], ["rich_text"]]
    assert blocks(SlackBot("xoxb-1", "C1"), "raised") == [["rich_text"]]
    assert blocks(bot, "raised", alert_id="another form") == [["rich_text"]]


def test_calls_to_slack_carry_the_right_token() -> None:
    """The app's opens a connection, the bot's tells somebody something."""
    opening = slack_back.opening("https://slack.example/api/", "xapp-1")
    assert opening.url == "https://slack.example/api/apps.connections.open"
    assert opening.headers["authorization"] == "Bearer xapp-1"
    aside = SlackBot("xoxb-1", "C1").aside(user="U1", text="no <!channel>")
    assert aside.headers["authorization"] == "Bearer xoxb-1"
    assert json.loads(aside.body)["text"] == "no &lt;!channel&gt;"


# ---------------------------------------------------------------------- PagerDuty


def webhook(kind: str = "incident.acknowledged", **changes: Any) -> bytes:
    """A webhook as PagerDuty sends it."""
    one: dict[str, Any] = {
        "id": "01EVENT",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-09-21T14:13:20.500Z",
        "agent": {"id": "P1", "type": "user_reference", "summary": "Ann"},
        "client": None,
        "data": {
            "id": "Q1",
            "type": "incident",
            "incident_key": ALERT,
            "status": "acknowledged",
            "assignees": [{"id": "P2", "type": "user_reference"}],
        },
    }
    return json.dumps({"event": {**one, **changes}}).encode()


def signed(body: bytes, *keys: bytes) -> str:
    """The header PagerDuty sends."""
    return ",".join("v1=" + hmac.new(one, body, hashlib.sha256).hexdigest() for one in keys)


@pytest.mark.parametrize(
    ("kind", "verb"),
    [
        ("incident.acknowledged", "ack"),
        ("incident.unacknowledged", "unack"),
        ("incident.resolved", "resolve"),
        ("incident.reassigned", "assign"),
    ],
)
def test_what_a_person_does_in_pagerduty_is_a_deed(kind: str, verb: str) -> None:
    """Under one id, however often it is sent."""
    found = event(webhook(kind), {})
    assert found is not None and found.deed is not None
    assert (found.deed.verb, found.deed.alert_id, found.deed.user) == (verb, ALERT, "P1")
    assert found.deed.at_ms == 1_790_000_000_500
    assert found.deed.to == ("P2" if verb == "assign" else "")
    again = event(webhook(kind), {})
    assert again is not None and again.deed == found.deed


def test_a_note_belongs_to_the_incident_that_was_known() -> None:
    """It does not name the alert itself."""
    note = {"incident": {"id": "Q1"}, "id": "N1", "content": "called them", "type": "incident_note"}
    body = webhook("incident.annotated", data=note)
    found = event(body, {"Q1": ALERT})
    assert found is not None and found.deed is not None
    assert (found.deed.verb, found.deed.text) == ("note", "called them")
    assert event(body, {}) == Event("01EVENT", "incident.annotated", "Q1")


@pytest.mark.parametrize(
    ("kind", "agent"),
    [
        ("incident.acknowledged", {"id": "S1", "type": "inbound_integration_reference"}),
        ("incident.resolved", {"id": "S1", "type": "service_reference"}),
        ("incident.resolved", None),
        ("incident.triggered", {"id": "P1", "type": "user_reference"}),
        ("incident.unacknowledged", {"id": "S1", "type": "service_reference"}),
    ],
)
def test_what_nabz_itself_has_told_there_does_not_come_back(kind: str, agent: Any) -> None:
    """An echo of ours would acknowledge for nobody."""
    found = event(webhook(kind, agent=agent), {})
    assert found == Event("01EVENT", kind, "Q1", ALERT)


def test_an_acknowledgement_that_ran_out_counts_without_a_user() -> None:
    """PagerDuty takes it back by itself."""
    found = event(webhook("incident.unacknowledged", agent=None), {})
    assert found is not None and found.deed is not None and found.deed.user == ""


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[]", b"{}", b'{"event": 1}', b'{"event": {"id": "x"}}']
)
def test_what_is_no_webhook_is_none(body: bytes) -> None:
    """Nothing is guessed."""
    assert event(body, {}) is None


def test_a_time_that_cannot_be_read_is_not_believed() -> None:
    """The reader's own is taken then; an assignment to nobody names nobody."""
    found = event(webhook("incident.reassigned", occurred_at="soon", data={
        "id": "Q1", "incident_key": ALERT, "assignees": []}), {})  # fmt: skip
    assert found is not None and found.deed is not None
    assert found.deed.at_ms is None and found.deed.to == ""
    odd = event(webhook("incident.reassigned", data={"incident_key": ALERT, "assignees": 1}), {})
    assert odd is not None and odd.deed is not None and odd.deed.to == ""


@given(trees)
def test_reading_a_webhook_never_raises(tree: Any) -> None:
    """Whatever stands in it."""
    event(json.dumps({"event": tree}).encode(), {"x": "y"})
    event(json.dumps(tree).encode(), {})


def test_a_signature_of_any_key_of_ours_is_believed() -> None:
    """So one can be changed without a gap; a byte more or less is another body."""
    body = webhook()
    assert genuine(signed(body, KEYS[1]), body, KEYS)
    assert genuine(signed(body, b"theirs", KEYS[0]).replace(",", ", "), body, KEYS)
    assert not genuine(signed(body, b"theirs"), body, KEYS)
    assert not genuine(signed(body + b" ", *KEYS), body, KEYS)
    assert not genuine("", body, KEYS)
    assert not genuine(signed(body, KEYS[0]).replace("v1=", "v0="), body, KEYS)
    assert not genuine("v1=é", body, KEYS)


def test_a_header_that_is_no_text_is_not_believed() -> None:
    """A server hands such bytes on as lone surrogates."""
    assert not genuine("v1=\udcff", b"{}", KEYS)
    assert not telegram_back.genuine("\udcff", "a" * 16)


def test_what_is_nested_too_deeply_means_nothing() -> None:
    """It is read as anything else that is not understood."""
    deep = "[" * 100_000
    assert frame(deep) == Frame()
    assert event(deep.encode(), {}) is None
    assert answered(Response(200, {}, deep.encode())) == {}


# ---------------------------------------------------------------------- Telegram


def update(data: str = f"ack::{ALERT}", **changes: Any) -> dict[str, Any]:
    """A press as Telegram sends it."""
    query = {
        "id": "q-1",
        "from": {"id": 77, "is_bot": False, "first_name": "Ann"},
        "message": {"message_id": 17, "chat": {"id": -100, "type": "group"}, "date": 1},
        "chat_instance": "1",
        "data": data,
    }
    return {"update_id": 5, "callback_query": {**query, **changes}}


def test_a_press_in_telegram_is_a_deed() -> None:
    """Named by the press itself, which is the same when it comes again."""
    found, again = press(update(), "en"), press(update(), "en")
    assert found is not None and found == again and found.deed is not None
    assert (found.update, found.query, found.chats, found.message) == (5, "q-1", ("-100",), 17)
    assert (found.deed.verb, found.deed.user, found.deed.alert_id) == ("ack", "77", ALERT)
    assert found.menu is None and found.deed.at_ms is None


def test_a_channel_of_telegram_is_known_by_its_name_too() -> None:
    """As it may stand in the settings."""
    message = {"message_id": 17, "chat": {"id": -100, "username": "ops"}}
    found = press(update(message=message), "en")
    assert found is not None and found.chats == ("-100", "@ops")


@pytest.mark.parametrize(("verb", "rows"), [("snooze", 2), ("disagree", 6), ("back", 2)])
def test_a_choice_in_telegram_opens_under_the_message(verb: str, rows: int) -> None:
    """Nothing is decided by it."""
    found = press(update(f"{verb}::{ALERT}"), "fa")
    assert found is not None and found.deed is None and found.menu is not None
    assert len(found.menu["inline_keyboard"]) == rows
    assert found.menu == keyboard(ALERT, "fa", verb)


@pytest.mark.parametrize(
    "changes", [{"data": "x"}, {"data": None}, {"message": None}, {"from": {"id": True}}]
)
def test_what_is_no_press_of_ours_is_only_counted_as_read(changes: dict[str, Any]) -> None:
    """Else Telegram sends it for ever."""
    found = press(update(**changes), "en")
    assert found is not None and found.update == 5 and found.deed is None and found.menu is None


def test_an_update_without_a_press_is_only_counted_as_read() -> None:
    """Nobody asked for it."""
    assert press({"update_id": 5, "callback_query": {}}, "en") == telegram_back.Press(5)
    assert press([], "en") is None and press({"update_id": "5"}, "en") is None


@given(trees)
def test_reading_an_update_never_raises(tree: Any) -> None:
    """Whatever stands in it."""
    press(tree, "en")
    press({"update_id": 1, "callback_query": tree}, "fa")


def test_telegram_has_buttons_under_what_is_open_and_none_under_its_end() -> None:
    """And none where nobody listens, nor under a reply."""
    bot = Telegram("4242:" + "A" * 35, "-100", buttons=True)

    def drawn(
        bot: Telegram, reason: str, ref: str | None = None, alert_id: str = ALERT
    ) -> list[bool]:
        one = notification(transition(1, reason, alert_id=alert_id), channel="it")
        return ["reply_markup" in body for body in sent(bot.render(one, now_ms=1, ref=ref))]

    assert drawn(bot, "raised") == [True]
    assert drawn(bot, "escalated", "17") == [True, False]
    assert drawn(bot, "recovered", "17") == [False, False]
    assert drawn(bot, "raised", alert_id="another form") == [False]
    assert drawn(Telegram("4242:" + "A" * 35, "-100"), "raised") == [False]
    assert keyboard("another form", "en") is None


def test_a_secret_of_a_webhook_is_long_enough() -> None:
    """And is never shown."""
    assert webhook_secret("A_-9" * 4) == "A_-9" * 4
    for wrong in ("short", "x" * 15 + "!", "x" * 257):
        with pytest.raises(BadSecretError) as found:
            webhook_secret(wrong)
        assert wrong not in str(found.value)


def test_calls_to_telegram_say_what_they_should() -> None:
    """One update at a time, those read are not asked for again, and a notice is short."""
    first = telegram_back.polling("https://t.example/", "1:a", after=None, wait_s=25)
    assert first.url == "https://t.example/bot1:a/getUpdates"
    assert json.loads(first.body) == {
        "timeout": 25, "limit": 1, "allowed_updates": ["callback_query"],
    }  # fmt: skip
    later = telegram_back.polling("https://t.example", "1:a", after=7, wait_s=25)
    assert json.loads(later.body)["offset"] == 8
    notice = telegram_back.notice("https://t.example", "1:a", query="q", text="x" * 300)
    assert json.loads(notice.body) == {
        "callback_query_id": "q", "text": "x" * 200, "show_alert": False,
    }  # fmt: skip
    shown = telegram_back.showing("https://t.example", "1:a", chat="-1", message=7, menu={})
    assert shown.url.endswith("/editMessageReplyMarkup")
    assert telegram_back.hook_state("https://t.example", "1:a").url.endswith("/getWebhookInfo")


def test_a_verb_of_pagerduty_is_one_of_nabz() -> None:
    """The table has no slip of the pen."""
    from scoring.records import VERBS

    assert set(pagerduty_back._VERBS.values()) <= set(VERBS)
