"""Channels without sockets: what is sent, and what an answer means."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from alerts.channels.base import (
    FAILURES,
    Failure,
    Limits,
    Refused,
    Request,
    Response,
    Retry,
    Sent,
    http_outcome,
)
from alerts.channels.terminal import Terminal
from alerts.channels.webhook import BadKeyError, Webhook, signing_key
from alerts.message import notification
from tests.alerts.transitions import transition

SECRETS = tuple("whsec_" + base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))
KEYS = tuple(signing_key(one) for one in SECRETS)
HOOK = Webhook("https://hooks.example/nabz", KEYS)


def now_ms() -> int:
    """The verifier of the package looks at the real clock."""
    return int(datetime.now(UTC).timestamp() * 1000)


def rendered(**changes: Any) -> Request:
    """A request for one transition."""
    made = notification(transition(**changes), channel="hook", quotes=True)
    found = HOOK.render(made, now_ms=now_ms())
    assert isinstance(found, Request)
    return found


@pytest.mark.parametrize("secret", SECRETS)
def test_others_can_verify_our_signatures_with_either_key(secret: str) -> None:
    """By the reference package; while keys rotate both sign."""
    request = rendered()
    data = standardwebhooks.Webhook(secret).verify(request.body, dict(request.headers))
    assert data["type"] == "nabz.alert.fired"
    assert data["data"]["customer"] == "c-102"


def test_a_changed_body_does_not_verify() -> None:
    """Exactly these bytes are signed."""
    request = rendered()
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(SECRETS[0]).verify(
            request.body.replace(b"c-102", b"c-103"), dict(request.headers)
        )


def test_the_id_is_the_notification_s() -> None:
    """The same on every attempt, so that the receiver can tell a repeat."""
    made = notification(transition(), channel="hook")
    ids = {HOOK.render(made, now_ms=at).headers["webhook-id"] for at in (1_000, 9_000)}
    assert ids == {made.notification_id}


def test_the_secret_is_not_shown() -> None:
    """Not in a repr, not in an error."""
    assert "hooks.example" not in repr(HOOK) and repr(KEYS[0]) not in repr(HOOK)
    for bad in ("secret", "whsec_***", "whsec_c2hvcnQ=", "whsec_" + "A" * 120):
        with pytest.raises(BadKeyError) as found:
            signing_key(bad)
        assert bad not in str(found.value)


@given(st.text(min_size=0, max_size=30_000), st.text(max_size=3_000))
def test_a_body_keeps_its_limit_whatever_it_tells(long: str, quote: str) -> None:
    """Quotes go first, then links, then the ends of texts."""
    made = notification(
        transition(
            customer=long,
            name=quote,
            account=long,
            rule=long,
            runbook=long,
            tier=long,
            measure=quote,
        ),
        channel="hook",
        links={f"n{n}": "https://crm.example/{customer}" for n in range(3)},
        quotes=True,
    )
    request = HOOK.render(made, now_ms=1)
    assert isinstance(request, Request)
    assert len(request.body) < HOOK.limits.body_max_bytes
    assert json.loads(request.body)["data"]["alert_id"] == made.alert_id


@pytest.mark.parametrize(
    ("status", "headers", "outcome"),
    [
        (200, {}, Sent(None, 200)),
        (204, {}, Sent(None, 204)),
        (301, {"location": "https://x"}, Refused("not_found", 301)),
        (400, {}, Refused("client_error", 400)),
        (401, {}, Refused("auth", 401)),
        (403, {}, Refused("auth", 403)),
        (404, {}, Refused("not_found", 404)),
        (410, {}, Refused("gone", 410)),
        (413, {}, Refused("too_large", 413)),
        (429, {"retry-after": "7"}, Retry(7_000, "rate_limited", 429)),
        (429, {}, Retry(None, "rate_limited", 429)),
        (500, {}, Retry(None, "server_error", 500, ambiguous=True)),
        (502, {"retry-after": "3"}, Retry(3_000, "server_error", 502, ambiguous=True)),
        (503, {"retry-after": "x"}, Retry(None, "rate_limited", 503)),
    ],
)
def test_what_an_answer_means(status: int, headers: dict[str, str], outcome: object) -> None:
    """One row an answer."""
    assert HOOK.outcome(Response(status, headers), now_ms=0) == outcome


@given(
    st.integers(100, 599),
    st.dictionaries(st.sampled_from(["retry-after", "x"]), st.text(max_size=40)),
    st.integers(0, 2**41),
)
def test_every_answer_means_something(status: int, headers: dict[str, str], at_ms: int) -> None:
    """No header of a receiver raises; reasons are a closed set."""
    found = http_outcome(Response(status, headers), now_ms=at_ms)
    assert isinstance(found, Sent) == (200 <= status < 300)
    assert isinstance(found, Sent) or found.reason in FAILURES


@pytest.mark.parametrize("channel", [HOOK, Terminal()])
@pytest.mark.parametrize("begun", [True, False])
def test_no_answer_is_tried_again(channel: Webhook | Terminal, begun: bool) -> None:
    """And remembered as ambiguous if it may have arrived."""
    found = channel.outcome(Failure("timeout", begun=begun), now_ms=0)
    assert found == Retry(None, "timeout", None, begun)


def test_a_long_id_costs_the_links_and_not_the_message() -> None:
    """What could break the limit goes first."""
    request = rendered(customer="ط" * 9_000)
    links = {f"n{n}": "https://crm.example/{customer}" for n in range(9)}
    made = notification(transition(customer="ط" * 9_000), channel="hook", links=links)
    long = HOOK.render(made, now_ms=1)
    assert isinstance(long, Request)
    assert json.loads(long.body)["data"]["links"] == []
    assert len(request.body) < 20_000 and len(long.body) < 20_000
    widest = "\U0001f9ff" * 600
    fields = ("customer", "rule", "account", "tier", "runbook", "measure", "severity", "reason")
    worst = rendered(fingerprint=widest, alert_id=widest, **dict.fromkeys(fields, widest))
    assert len(worst.body) < 20_000


def test_a_skewed_clock_does_not_stop_a_message() -> None:
    """A time no calendar holds is written as its number."""
    assert json.loads(rendered(at_ms=10**18).body)["timestamp"] == str(10**18)


def test_limits_are_data() -> None:
    """Webhooks are given three days, a screen six hours."""
    assert HOOK.limits.give_up_ms == 72 * 3_600_000
    assert Terminal().limits.give_up_ms == Limits().give_up_ms == 6 * 3_600_000


def test_a_forbidden_address_is_not_tried_again() -> None:
    """It will not become another one by waiting."""
    assert HOOK.outcome(Failure("address", begun=False), now_ms=0) == Refused("address")


def test_a_screen_shows_a_block_and_cuts_it_at_its_limit() -> None:
    """Whole characters only."""
    made = notification(transition(name="سارا احمدی"), channel="screen", quotes=True)
    line = Terminal().render(made, now_ms=0)
    assert line.text.splitlines()[0] == made.title
    short = Terminal(Limits(in_flight=1, body_max_bytes=9)).render(made, now_ms=0)
    assert len(short.text.encode()) <= 9 and made.title.startswith(short.text)


def test_what_was_written_to_a_screen_was_sent() -> None:
    """And what was not is tried again."""
    assert Terminal().outcome(Response(200, {}), now_ms=0) == Sent(status=200)
