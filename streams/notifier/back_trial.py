"""Does the way back of a channel work? Asked without taking anything from a running notifier.

Slack and Telegram are asked whether they would let us listen; nothing is fetched, as whoever
fetches a press has to act on it. Where a channel calls us, our own address is called as the vendor
would, with a message that asks for nothing.

Next step: `nabz channels test` says what was found.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Any, Final, Literal, assert_never

import msgspec

from alerts.channels.base import Refused, Request, Response, Retry, Sent, answered, text_at
from alerts.channels.pagerduty_back import SIGNATURE
from alerts.channels.slack import SlackBot
from alerts.channels.slack_back import opening
from alerts.channels.telegram import Telegram
from alerts.channels.telegram_back import SECRET_HEADER, hook_state
from streams.clock import wall_ms
from streams.notifier.build import Back, Outlet, Plan
from streams.notifier.hooks import PATH
from streams.notifier.http import Guard, HttpSender

Found = Literal["works", "refused", "unreachable", "webhook_set", "webhook_not_set", "wrong_secret"]
_CALL_MS: Final = 15_000


async def back_trial(plan: Plan, outlet: Outlet) -> Found | None:
    """What is found of a channel's way back; None where it has none."""
    back = outlet.back
    if back is None:
        return None
    match back.kind:
        case "slack":
            assert isinstance(outlet.channel, SlackBot), "buttons are a bot's"  # noqa: S101
            bot = outlet.channel
            found, _ = await _asked(back, bot, opening(bot.api, back.secrets[0]))
            return found
        case "telegram":
            assert isinstance(outlet.channel, Telegram), "buttons are a bot's"  # noqa: S101
            return await _telegram(plan, outlet.name, back, outlet.channel)
        case "pagerduty":
            ping = {"event": {"id": "test", "event_type": "pagey.ping", "data": {}}}
            body = msgspec.json.encode(ping)
            right = hmac.new(back.secrets[0].encode(), body, hashlib.sha256).hexdigest()
            return await _called(plan, outlet.name, body, {SIGNATURE: f"v1={right}"})
        case _:
            assert_never(back.kind)


async def _telegram(plan: Plan, name: str, back: Back, bot: Telegram) -> Found:
    found, said = await _asked(back, bot, hook_state(bot.api, bot.token))
    if found != "works":
        return found
    there = bool(text_at(said, "result", "url"))
    if not back.called:
        return "webhook_set" if there else "works"
    if not there:
        return "webhook_not_set"
    body = msgspec.json.encode({"update_id": 0})
    return await _called(plan, name, body, {SECRET_HEADER: back.secrets[0]})


async def _asked(back: Back, bot: SlackBot | Telegram, request: Request) -> tuple[Found, Any]:
    """Ask the vendor."""
    sender = HttpSender(back.guard)
    try:
        answer = await sender.send(request, timeout_ms=_CALL_MS)
    finally:
        await sender.close()
    match bot.outcome(answer, now_ms=wall_ms()):
        case Sent():
            return "works", answered(answer)
        case Retry():
            return "unreachable", {}
        case Refused():
            return "refused", {}


async def _called(plan: Plan, name: str, body: bytes, headers: dict[str, str]) -> Found:
    """Call our own address as the vendor would."""
    host, port = plan.listen
    at = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # not listened on here
    allow = () if at == "localhost" else (ipaddress.ip_network(at),)
    shown = f"[{at}]" if ":" in at else at
    url = f"http://{shown}:{port}{PATH}{name}"
    sender = HttpSender(Guard(allow, loopback=True, plain=True))
    try:
        named = {"content-type": "application/json", **headers}
        answer = await sender.send(Request("POST", url, named, body), timeout_ms=_CALL_MS)
    finally:
        await sender.close()
    if not isinstance(answer, Response):
        return "unreachable"
    return "works" if answer.status == 200 else "wrong_secret"
