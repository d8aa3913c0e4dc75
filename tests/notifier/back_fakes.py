"""The vendors' sides of the way back: they speak the documented protocols, and have bad days.

Slack opens web sockets and gives a press three seconds; Telegram keeps updates until they are asked
for with a higher number, has one reader a bot, and wants every press answered once; PagerDuty signs
and sends again what was not taken.
Source: the pages named in `alerts/channels/*_back.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from aiohttp import web

from tests.notifier.fakes import TOKENS, Fault, Slack, Telegram

APP_TOKEN: Final = "xapp-1-A0-2-secret"
SLACK_WAITS_S: Final = 3.0


class SlackWorkspace(Slack):
    """A workspace with an app in Socket Mode, and one bot of it in one channel.

    Attributes:
        sockets: Connections that are open, the newest last.
        told: What single users were told, with their ids.
        opened: How many connections there were.
        open_fault: Answers instead of `apps.connections.open`, while it is there.
        pings: False: pings are not answered, as if the other end had gone without a word.
    """

    def __init__(self) -> None:
        """Nobody is connected."""
        super().__init__()
        self.sockets: list[web.WebSocketResponse] = []
        self.told: list[tuple[str, str]] = []
        self.opened = 0
        self.open_fault: Fault | None = None
        self.pings = True
        self._tickets = itertools.count(1)
        self._numbers = itertools.count(1)
        self._acked: dict[str, asyncio.Event] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a request; opening a connection is asked for with the app's token."""
        method = request.path.rpartition("/")[2]
        if method == "apps.connections.open":
            if self.open_fault is not None:
                return await self.open_fault(request)
            if request.headers.get("authorization") != f"Bearer {APP_TOKEN}":
                return web.json_response({"ok": False, "error": "invalid_auth"})
            where = self.url.replace("http", "ws", 1)
            url = f"{where}/link/?ticket={next(self._tickets)}&app_id=A0"
            return web.json_response({"ok": True, "url": url})
        return await super().handle(request)

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """As before; and tell one user."""
        if request.path.rpartition("/")[2] == "chat.postEphemeral":
            if request.headers.get("authorization") != f"Bearer {TOKENS['slack']}":
                return web.json_response({"ok": False, "error": "invalid_auth"})
            self.told.append((body["user"], body["text"]))
            return web.json_response({"ok": True, "message_ts": "1.1"})
        return super().answer(request, body)

    async def link(self, request: web.Request) -> web.StreamResponse:
        """A connection: hello, then envelopes, until one side ends it."""
        socket = web.WebSocketResponse(autoping=self.pings)
        await socket.prepare(request)
        self.opened += 1
        info = {"app_id": "A0"}
        await socket.send_json(
            {"type": "hello", "num_connections": len(self.sockets) + 1, "connection_info": info}
        )
        self.sockets.append(socket)
        try:
            async for message in socket:
                if message.type is aiohttp.WSMsgType.TEXT:
                    receipt = json.loads(message.data)
                    self._acked.setdefault(receipt["envelope_id"], asyncio.Event()).set()
        finally:
            self.sockets.remove(socket)
        return socket

    def envelope(self, user: str, value: str, *, ts: str, at: str | None = None) -> dict[str, Any]:
        """A press of a button, as it goes out; `at` repeats an earlier press."""
        when = f"17900000{next(self._numbers):02}.000100" if at is None else at
        return {
            "envelope_id": f"e-{next(self._numbers)}",
            "type": "interactive",
            "accepts_response_payload": True,
            "payload": {
                "type": "block_actions",
                "user": {"id": user, "username": "someone", "team_id": "T0"},
                "container": {"type": "message", "message_ts": ts, "channel_id": "C0123"},
                "channel": {"id": "C0123", "name": "team"},
                "actions": [
                    {"action_id": "nabz", "type": "button", "value": value, "action_ts": when}
                ],
            },
        }

    async def press(self, envelope: Mapping[str, Any], *, on: int = 0) -> bool:
        """Send a press on one connection; True if it was acknowledged in time."""
        acked = self._acked.setdefault(envelope["envelope_id"], asyncio.Event())
        await self.sockets[on].send_json(envelope)
        try:
            await asyncio.wait_for(acked.wait(), SLACK_WAITS_S)
        except TimeoutError:
            return False
        return True

    async def disconnect(self, reason: str, *, on: int = 0) -> None:
        """Announce that a connection will end."""
        await self.sockets[on].send_json({"type": "disconnect", "reason": reason})

    def buttons(self) -> list[str]:
        """What the buttons and choices under the newest version of a message carry."""
        found: list[str] = []
        for one in self.seen.values():
            for block in one.body["blocks"]:
                for element in block["elements"] if block["type"] == "actions" else ():
                    options = element.get("options", [element])
                    found += [option["value"] for option in options]
        return found


class TelegramBot(Telegram):
    """A bot with buttons.

    Attributes:
        updates: What waits to be fetched.
        notices: What presses were answered with, by their id: text and whether it is a window.
        hook: Where updates go instead, if somewhere.
        polls: How often somebody asked.
    """

    def __init__(self) -> None:
        """Nobody has pressed anything."""
        super().__init__()
        self.updates: list[dict[str, Any]] = []
        self.notices: dict[str, tuple[str, bool]] = {}
        self.hook = ""
        self.polls = 0
        self._numbers = itertools.count(100)
        self._open: set[str] = set()
        self._polling = 0
        self._came = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a request; a poll waits until there is something to say."""
        if not request.path.endswith("/getUpdates") or self.fault is not None:
            return await super().handle(request)
        body = json.loads(await request.read())
        if request.path != f"/bot{TOKENS['telegram']}/getUpdates":
            return self._no(401, "Unauthorized")
        if self.hook or self._polling:
            words = "can't use getUpdates method while webhook is active"
            return self._no(409, f"Conflict: {words}")
        self.polls += 1
        self._polling += 1
        try:
            self.updates = [
                one for one in self.updates if one["update_id"] >= body.get("offset", 0)
            ]
            if not self.updates:
                self._came.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._came.wait(), body["timeout"])
            return web.json_response({"ok": True, "result": self.updates[: body["limit"]]})
        finally:
            self._polling -= 1

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """As before; and what buttons need."""
        method = request.path.rpartition("/")[2]
        if request.path != f"/bot{TOKENS['telegram']}/{method}":
            return self._no(401, "Unauthorized")
        if method == "getWebhookInfo":
            return web.json_response({"ok": True, "result": {"url": self.hook}})
        if method == "answerCallbackQuery":
            query = body["callback_query_id"]
            if query not in self._open or len(body["text"]) > 200:
                return self._no(400, "Bad Request: query is too old or query ID is invalid")
            self._open.discard(query)
            self.notices[query] = (body["text"], body["show_alert"])
            return web.json_response({"ok": True, "result": True})
        if method == "editMessageReplyMarkup":
            old = self.seen.get(str(body["message_id"]))
            if old is None or not self._pressable(body["reply_markup"]):
                return self._no(400, "Bad Request: message to edit not found")
            old.body = {**old.body, "reply_markup": body["reply_markup"]}
            return web.json_response({"ok": True, "result": {"message_id": int(old.ident)}})
        return super().answer(request, body)

    def press(self, user: int, data: str, *, message: int = 1, chat: int = -100) -> dict[str, Any]:
        """Press a button; the update waits to be fetched, and is returned too."""
        number = next(self._numbers)
        update = {
            "update_id": number,
            "callback_query": {
                "id": f"q-{number}",
                "from": {"id": user, "is_bot": False, "first_name": "Someone"},
                "message": {"message_id": message, "chat": {"id": chat, "type": "group"}},
                "data": data,
            },
        }
        self._open.add(f"q-{number}")
        self.updates.append(update)
        self._came.set()
        return update

    def buttons(self, message: int = 1) -> list[str]:
        """What the buttons under a message carry now."""
        markup = self.seen[str(message)].body.get("reply_markup", {"inline_keyboard": []})
        return [one["callback_data"] for row in markup["inline_keyboard"] for one in row]


@dataclass
class PagerDutySender:
    """Sends V3 webhooks, signed with each secret of the subscription.

    Attributes:
        url: The subscriber's address.
        secrets: Two while they change.
    """

    url: str
    secrets: Sequence[str]
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def event(self, kind: str, alert_id: str, *, user: str | None = "P1", **data: Any) -> bytes:
        """An event of an incident; `user` None is what no user did."""
        agent = None if user is None else {"id": user, "type": "user_reference"}
        incident = {"id": "Q1", "type": "incident", "incident_key": alert_id, "assignees": []}
        one = {
            "id": f"01EVENT{next(self._numbers)}",
            "event_type": kind,
            "resource_type": "incident",
            "occurred_at": "2026-09-21T14:13:20.500Z",
            "agent": agent,
            "client": None,
            "data": data or incident,
        }
        return json.dumps({"event": one}).encode()

    async def send(self, body: bytes, *, signature: str | None = None) -> int:
        """Send once, and return the subscriber's status."""
        shown = [
            "v1=" + hmac.new(one.encode(), body, hashlib.sha256).hexdigest() for one in self.secrets
        ]
        headers = {
            "content-type": "application/json",
            "x-pagerduty-signature": ",".join(shown) if signature is None else signature,
        }
        async with (
            aiohttp.ClientSession() as client,
            client.post(self.url, data=body, headers=headers) as answer,
        ):
            return answer.status
