"""Channels of vendors without sockets: limits are kept, and every answer means something."""

from __future__ import annotations

import json
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.channels import slack, telegram
from alerts.channels.alertmanager import Alertmanager
from alerts.channels.base import (
    ENDS,
    FAILURES,
    Calls,
    Channel,
    Failure,
    Mail,
    Refused,
    Request,
    Response,
    Retry,
    Sent,
)
from alerts.channels.mail import BadAddressError, MailBox, address
from alerts.channels.pagerduty import PagerDuty, dedup_key
from alerts.channels.shortened import cut, shortened
from alerts.channels.slack import SlackBot, SlackWebhook
from alerts.channels.teams import Teams
from alerts.channels.telegram import Telegram
from alerts.channels.terminal import Terminal
from alerts.delivery import CLOSING
from alerts.message import FSI, PDI, Link, Notification, notification
from tests.alerts.transitions import BASE_MS, transition

TOKEN = "4242:" + "A" * 35
ALL: dict[str, Channel] = {
    "slack-webhook": SlackWebhook("https://hooks.slack.example/T0/B0/x"),
    "slack-bot": SlackBot("xoxb-1", "C0123"),
    "pagerduty": PagerDuty("k" * 32),
    "teams": Teams("https://flow.example/x"),
    "telegram": Telegram(TOKEN, "77"),
    "alertmanager": Alertmanager(("https://am.example/",), "t0ken"),
    "mail": MailBox("nabz@shop.example", ("ops@shop.example",)),
    "terminal": Terminal(),
}
VENDORS = [name for name in ALL if name not in {"mail", "terminal"}]


def bodies(channel: Channel, message: Notification, ref: str | None = None) -> list[bytes]:
    """What goes on the wire."""
    made = channel.render(message, now_ms=BASE_MS, ref=ref)
    if isinstance(made, Calls):
        return [one.body for one in made.requests]
    assert isinstance(made, Request | Mail)
    return [made.body]


def long(size: int, letter: str = "ط") -> Notification:
    """A notification whose every text is long, isolates around it."""
    made = notification(transition(), channel="it", quotes=True)
    text = FSI + letter * size + PDI
    return replace(
        made,
        title=text,
        lines=(text,) * 12,
        evidence=(text,) * 3,
        links=tuple(Link(f"n{n}", "https://x.example/" + "y" * size) for n in range(12)),
        why=text,
        rule=text,
        customer=text,
        account=text,
        tier=text,
        runbook=text,
        measure=text,
        alert_id="i" * min(size, 500),
    )


def slack_length(body: bytes) -> int:
    """Characters in the blocks."""
    runs = [run for part in json.loads(body)["blocks"][0]["elements"] for run in part["elements"]]
    return sum(len(run["text"]) for run in runs)


def telegram_length(body: bytes) -> int:
    """What is shown, in UTF-16 units; without the tags, of which there are few."""
    return len(json.loads(body)["text"].encode("utf-16-le")) // 2


@pytest.mark.parametrize("size", [0, 90, 700, 8_000])
@pytest.mark.parametrize("letter", ["x", "\U0001f9ff", "&", "@a"])
@pytest.mark.parametrize(
    ("name", "measure", "most"),
    [
        ("slack-webhook", slack_length, 3_000),
        ("slack-bot", slack_length, 3_000),
        ("pagerduty", lambda body: len(json.loads(body)["payload"]["summary"]), 1_024),
        ("pagerduty", lambda body: len(json.loads(body)["dedup_key"]), 255),
        ("pagerduty", len, 512_000),
        ("teams", len, 28_000),
        ("telegram", lambda body: len(json.loads(body)["text"]), 4 * 4_096),
        ("alertmanager", len, 20_000),
        ("mail", len, 100_000),
    ],
)
def test_a_vendor_s_limit_is_kept_whatever_is_told(
    name: str, measure: Callable[[bytes], int], most: int, size: int, letter: str
) -> None:
    """Quotes go first, then links, then the ends of texts; isolates stay in pairs."""
    for body in bodies(ALL[name], long(size, letter), ref="C1:1.2" if "slack" in name else None):
        assert measure(body) <= most
        assert body.count(FSI.encode()) == body.count(PDI.encode())


@pytest.mark.parametrize("size", [700, 8_000])
def test_what_fits_in_telegram_is_counted_as_telegram_counts(size: int) -> None:
    """In UTF-16 units, entities as what they stand for, tags not at all."""
    (body,) = bodies(ALL["telegram"], long(size, "\U0001f9ff"))
    assert telegram_length(body) <= telegram.TEXT_MAX + 200
    wide = replace(long(0), title="\U0001f9ff" * 3_000, lines=(), evidence=(), links=(), why="w")
    (body,) = bodies(ALL["telegram"], wide)
    assert telegram_length(body) <= 4_096
    fits = replace(long(0), title="&" * 4_000, lines=(), evidence=(), links=(), why="w")
    (body,) = bodies(ALL["telegram"], fits)
    assert json.loads(body)["text"].count("&amp;") == 4_000, "nothing was cut"


def test_versions_get_shorter_one_thing_at_a_time() -> None:
    """Whoever cuts more than it must tells less than it could."""
    full, quiet, bare, short = shortened(long(300))
    assert (len(full.evidence), len(quiet.evidence), len(quiet.links)) == (3, 0, 12)
    assert (bare.links, bare.title) == ((), full.title)
    assert (len(short.lines), len(short.title)) == (6, 200)
    assert list(shortened(replace(long(9), account=None, tier=None, runbook=None)))[-1].tier is None


@given(st.text(alphabet=f"ab{FSI}{PDI}", max_size=30), st.integers(3, 30))
def test_a_cut_text_is_short_and_opens_nothing(text: str, most: int) -> None:
    """No isolate that began before the cut is left open."""
    found = cut(text, most)
    assert len(found) <= max(most, len(text) if len(text) <= most else 0) + text.count(FSI)
    if len(text) > most:
        assert found.count(FSI) <= found.count(PDI)
    else:
        assert found == text


@pytest.mark.parametrize("name", ALL)
@given(
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"{}", b"[]", b'{"ok":true}', b'{"ok":true,"ts":1,"channel":2,"message":3}',
                b'{"ok":true,"result":{"message_id":"x","reply_to_message":7}}',
                b'{"ok":true,"result":[]}', b'{"parameters":{"retry_after":-1}}',
                b'{"parameters":7}', b'{"ok":false,"error":7}', b'{"dedup_key":7}', b"\xff",
            ]
        ),
    ),
)  # fmt: skip
def test_every_answer_means_something(name: str, status: int, body: bytes) -> None:
    """Nothing a receiver says raises; reasons are a closed set."""
    found = ALL[name].outcome(Response(status, {"retry-after": "x"}, body), now_ms=0)
    assert isinstance(found, Sent) or found.reason in FAILURES


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("begun", [True, False])
def test_no_answer_is_tried_again(name: str, begun: bool) -> None:
    """And remembered as ambiguous if it may have arrived; a forbidden address is not."""
    if name == "terminal":
        return
    found = ALL[name].outcome(Failure("timeout", begun=begun), now_ms=0)
    assert found == Retry(None, "timeout", None, begun)
    assert ALL[name].outcome(Failure("address", begun=False), now_ms=0) == Refused("address")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("token_revoked", Refused("auth", 200)),
        ("is_archived", Refused("not_found", 200)),
        ("msg_too_long", Refused("too_large", 200)),
        ("invalid_blocks", Refused("client_error", 200)),
        ("ratelimited", Retry(5_000, "rate_limited", 200)),
        ("internal_error", Retry(None, "server_error", 200, ambiguous=True)),
    ],
)
def test_slack_says_what_is_wrong_in_words(error: str, outcome: object) -> None:
    """With status 200."""
    body = json.dumps({"ok": False, "error": error}).encode()
    answer = Response(200, {"retry-after": "5"}, body)
    assert ALL["slack-bot"].outcome(answer, now_ms=0) == outcome


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {"ok": True, "result": {"message_id": 7}}, Sent("7", 200)),
        (
            200,
            {"ok": True, "result": {"message_id": 9, "reply_to_message": {"message_id": 7}}},
            Sent("7", 200),
        ),
        (200, {"ok": True}, Sent(None, 200)),
        (200, {}, Retry(None, "server_error", 200, ambiguous=True)),
        (400, {"description": "Bad Request: message is not modified: ..."}, Sent(None, 400)),
        (400, {"description": "Bad Request: chat not found"}, Refused("not_found", 400)),
        (400, {"description": "Bad Request: message is too long"}, Refused("client_error", 400)),
        (403, {"description": "Forbidden: bot was kicked"}, Refused("auth", 403)),
        (429, {"parameters": {"retry_after": 7}}, Retry(7_000, "rate_limited", 429)),
        (429, {"parameters": {"retry_after": 10**9}}, Retry(21_600_000, "rate_limited", 429)),
        (429, {"parameters": {"retry_after": -1}}, Retry(None, "rate_limited", 429)),
        (429, {}, Retry(None, "rate_limited", 429)),
    ],
)
def test_telegram_says_the_rest_in_the_body(status: int, body: object, outcome: object) -> None:
    """How long to wait, what to mend, and which message it was."""
    answer = Response(status, {}, json.dumps(body).encode())
    assert ALL["telegram"].outcome(answer, now_ms=0) == outcome


def test_a_message_in_slack_is_named_by_channel_and_time() -> None:
    """A reply names the head of its thread."""
    for body, ref in (
        ({"ok": True, "channel": "C1", "ts": "1.2"}, "C1:1.2"),
        ({"ok": True, "channel": "C1", "ts": "3", "message": {"thread_ts": "1.2"}}, "C1:1.2"),
        ({"ok": True}, None),
    ):
        answer = Response(200, {}, json.dumps(body).encode())
        assert ALL["slack-bot"].outcome(answer, now_ms=0) == Sent(ref, 200)


@pytest.mark.parametrize(
    ("reason", "action"),
    [("raised", "trigger"), ("acked", "acknowledge"), ("recovered", "resolve")],
)
def test_a_change_does_one_thing_to_its_incident(reason: str, action: str) -> None:
    """Who takes the alert acknowledges it."""
    (event,) = bodies(ALL["pagerduty"], notification(transition(2, reason), channel="pd"))
    assert json.loads(event)["event_action"] == action


@pytest.mark.parametrize("ref", ["7", "x", "", "C1", None])
def test_a_reference_of_another_kind_is_none(ref: str | None) -> None:
    """A channel that was set up anew under its old name tells anew."""
    assert isinstance(ALL["slack-bot"].render(long(9), now_ms=0, ref=ref), Request)
    made = ALL["telegram"].render(long(9), now_ms=0, ref=ref)
    assert isinstance(made, Calls) == (ref == "7")


def test_a_topic_of_a_group_is_written_to() -> None:
    """Its edits need no topic: they have the message."""
    channel = Telegram(TOKEN, "-100", topic=9)
    first, reply = bodies(channel, long(9), ref="4")
    assert "message_thread_id" not in json.loads(first)
    assert json.loads(reply)["message_thread_id"] == 9


def test_an_address_may_end_with_a_slash() -> None:
    """As people write it."""
    for one in (
        SlackBot("xoxb-1", "C1", "https://x.example/api/"),
        Telegram(TOKEN, "7", api="https://x.example/"),
    ):
        made = one.render(long(9), now_ms=0)
        assert isinstance(made, Request) and "//" not in made.url.removeprefix("https://")


def test_no_secret_is_shown() -> None:
    """Neither by a channel nor by what it renders."""
    for name, channel in ALL.items():
        made = channel.render(long(9), now_ms=BASE_MS, ref="7")
        for secret in ("hooks.slack", "xoxb-1", "kkkk", "flow.example", "4242:", "t0ken"):
            assert secret not in repr(channel) and secret not in repr(made), name
        if name != "terminal":
            assert FSI not in repr(made), name


@pytest.mark.parametrize("bad", ["", "xoxp-1-2", "xoxb-\n1", "https://x"])
def test_a_token_that_is_none_stops_start_up(bad: str) -> None:
    """Without being shown."""
    for parse in (slack.bot_token, telegram.bot_token):
        with pytest.raises(ValueError, match="bot token") as found:
            parse(bad)
        assert not bad or bad not in str(found.value)
    assert slack.bot_token("xoxb-1") and telegram.bot_token(TOKEN) == TOKEN


@pytest.mark.parametrize(
    "bad", ["ops", "a@b@c", "a b@c", "ops@shop.example\n", "Ops <ops@shop.example>", "ö@x.example"]
)
def test_an_address_that_is_none_stops_start_up(bad: str) -> None:
    """A name or a second header is no part of one."""
    with pytest.raises(BadAddressError):
        address(bad)


def test_a_score_of_nought_is_a_score_and_what_is_not_known_is_left_out() -> None:
    """Absent is not 0, and 0 is not absent."""
    made = replace(notification(transition(2, "recovered"), channel="pd"), score_e2=0, tier=None)
    details = json.loads(bodies(ALL["pagerduty"], made)[0])["payload"]["custom_details"]
    assert details["score"] == 0 and "tier" not in details and "quotes" not in details


def test_what_ends_here_closes_everywhere() -> None:
    """Channels and deliveries mean the same by an end."""
    assert ENDS == CLOSING


def test_two_long_ids_are_two_incidents() -> None:
    """Cut off they would be one."""
    one, other = (dedup_key("i" * 300 + end) for end in "ab")
    assert one != other and len(one) <= 255


@pytest.mark.parametrize("at_ms", [-(10**18), 10**18])
def test_a_skewed_clock_does_not_stop_a_message(at_ms: int) -> None:
    """A time no calendar holds is left out, or is now."""
    odd = replace(long(9), at_ms=at_ms, since_ms=at_ms, opened_ms=None)
    (event,) = bodies(ALL["pagerduty"], odd)
    assert "timestamp" not in json.loads(event)["payload"]
    (alerts,) = bodies(ALL["alertmanager"], odd)
    (one,) = json.loads(alerts)
    assert one["startsAt"] <= one["endsAt"]


def alert(**changes: Any) -> dict[str, Any]:
    """The alert as an Alertmanager gets it."""
    made = notification(transition(1, changes.pop("reason", "raised")), channel="am")
    (body,) = bodies(Alertmanager(("https://am.example",)), replace(made, **changes))
    found = json.loads(body)[0]
    assert isinstance(found, dict)
    return found


def test_an_alert_lasts_four_minutes_and_its_end_is_past() -> None:
    """It ends by itself where nobody sends it again."""
    assert alert()["endsAt"] == "2026-09-21T14:17:20.000Z"
    assert alert()["startsAt"] == "2026-09-21T13:53:20.000Z"
    assert alert(reason="recovered")["endsAt"] == "2026-09-21T14:13:20.000Z"
    assert alert(reason="recovered")["labels"] == alert()["labels"]
    ahead = alert(reason="recovered", at_ms=BASE_MS + 3_600_000, opened_ms=BASE_MS + 3_600_000)
    assert ahead["endsAt"] == "2026-09-21T14:13:20.000Z", "a clock that is ahead keeps none open"
    odd = alert(reason="recovered", opened_ms=BASE_MS + 60_000)
    assert odd["startsAt"] <= odd["endsAt"], "it would be refused"


def test_an_alert_keeps_its_labels_however_much_there_is_to_say() -> None:
    """They are its identity: with other ones its end would be the end of another alert."""
    name = "c" * 400
    much = alert(customer=name, lines=("l" * 3_000,) * 12)
    assert alert(customer=name)["labels"] == much["labels"]


def test_a_milder_alert_ends_when_a_worse_one_begins() -> None:
    """Each severity is an alert of its own there."""
    made = notification(transition(2, "escalated"), channel="am")
    worse, milder = json.loads(bodies(ALL["alertmanager"], made)[0])
    assert [one["labels"]["severity"] for one in (worse, milder)] == ["critical", "warning"]
    assert milder["endsAt"] == "2026-09-21T14:13:20.000Z" < worse["endsAt"]
    assert "generatorURL" not in worse, "there is no link"


def test_a_digest_is_an_alert_of_its_own_that_ends_within_the_hour() -> None:
    """It is about no single customer."""
    found = alert(kind="digest", alert_id="digest-1")
    assert found["endsAt"] == "2026-09-21T15:13:20.000Z"
    assert found["labels"]["digest"] == "digest-1" and "customer" not in found["labels"]


def test_a_mail_is_the_same_bytes_each_time() -> None:
    """Its boundary, date and ids follow from what it says."""
    box = ALL["mail"]
    assert bodies(box, long(9)) == bodies(box, long(9))
    mail = BytesParser(policy=policy.default).parsebytes(bodies(box, long(9))[0])
    assert mail["date"] == "Mon, 21 Sep 2026 14:13:20 +0000"
    assert mail["message-id"].endswith("@shop.example>")
    (worse,) = bodies(box, notification(transition(2, "escalated"), channel="mail"))
    assert b"Importance: high" in worse


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (250, Sent(None, 250)),
        (421, Retry(None, "rate_limited", 421)),
        (450, Retry(None, "server_error", 450)),
        (535, Refused("auth", 535)),
        (550, Refused("not_found", 550)),
        (552, Refused("too_large", 552)),
        (554, Refused("client_error", 554)),
    ],
)
def test_a_reply_code_means_something(code: int, outcome: object) -> None:
    """4xx is for later, 5xx for a person."""
    assert ALL["mail"].outcome(Response(code, {}), now_ms=0) == outcome


@pytest.mark.parametrize("name", ALL)
def test_a_title_alone_is_a_message(name: str) -> None:
    """Nothing is said of what is not known."""
    bare = replace(long(0), title="t", lines=(), evidence=(), links=(), why="w", runbook=None)
    made = ALL[name].render(bare, now_ms=BASE_MS)
    assert "t" in str(getattr(made, "text", "t"))
    assert name == "terminal" or all(bodies(ALL[name], bare))
