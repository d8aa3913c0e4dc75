"""Receivers on loopback that speak the protocols of Slack, PagerDuty, Teams, Telegram and others.

Each takes what the vendor documents, refuses what the vendor would refuse, and keeps what a person
would see. `Service.fault` answers instead of it, like a proxy or a bad day.
Source: the pages named in `alerts/channels/*.py`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import ssl
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from aiohttp import web

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]
TOKENS: Final = {"slack": "xoxb-1-2-3", "telegram": "4242:" + "A" * 35, "pagerduty": "k" * 32}
HOOK: Final = "/services/T0/B0/secret"
FLOW: Final = "/workflows/0/triggers/manual/paths/invoke"


@dataclass
class Seen:
    """What stands in a receiver, as a person sees it.

    Attributes:
        ident: The receiver's name of it.
        text: All that is shown.
        parent: What it is a reply to.
        key: What the receiver could tell a repeat by.
        body: As it came.
    """

    ident: str
    text: str
    parent: str | None = None
    key: str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)


class Service(ABC):
    """A receiver: what it is asked, and how it answers.

    Attributes:
        url: Where it listens, without a path.
        fault: Answers instead, while it is there.
        calls: Path and body of each request that came.
        seen: What a person finds there.
        alarms: Mentions, markup or links a text has managed to write.
    """

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.url = ""
        self.fault: Fault | None = None
        self.calls: list[tuple[str, str]] = []
        self.seen: dict[str, Seen] = {}
        self.alarms: list[str] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a request."""
        text = (await request.read()).decode()
        self.calls.append((request.path, text))
        if self.fault is not None:
            return await self.fault(request)
        if not request.headers["content-type"].startswith("application/json"):
            return web.Response(status=415)
        return self.answer(request, json.loads(text))

    async def link(self, request: web.Request) -> web.StreamResponse:  # noqa: ARG002
        """Open a web socket, where a vendor has such."""
        return web.Response(status=404)

    @abstractmethod
    def answer(self, request: web.Request, body: Any) -> web.Response:
        """Answer as documented."""

    def too_many(self, seconds: int) -> web.Response:
        """Say that it is too much, and when to come again."""
        return web.Response(status=429, headers={"Retry-After": str(seconds)})

    def show(self, one: Seen) -> None:
        """Keep what a person sees; the same name again is an edit."""
        self.seen[one.ident] = one


class Hook(Service):
    """A Standard Webhooks endpoint that tells a repeat by its id."""

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """Any 2xx."""
        key = request.headers["webhook-id"]
        self.show(Seen(key, json.dumps(body, ensure_ascii=False), key=key, body=body))
        return web.Response(status=204)


class Slack(Service):
    """Both ways into a workspace: the Web API and incoming webhooks."""

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """200 and `ok`, or plain words from a webhook."""
        wrong = self._wrong(body)
        if request.path == HOOK:
            if wrong is not None:
                return web.Response(status=400, text="invalid_payload")
            self._post(body, "C0HOOK")
            return web.Response(text="ok")
        method = request.path.rpartition("/")[2]
        if request.headers.get("authorization") != f"Bearer {TOKENS['slack']}":
            return web.json_response({"ok": False, "error": "invalid_auth"})
        if wrong is not None:
            return web.json_response({"ok": False, "error": wrong})
        if body["channel"] != "C0123":
            return web.json_response({"ok": False, "error": "channel_not_found"})
        if method == "chat.update":
            if body["ts"] not in self.seen:
                return web.json_response({"ok": False, "error": "message_not_found"})
            self.show(self._seen(body, body["ts"]))
            return web.json_response({"ok": True, "channel": "C0123", "ts": body["ts"]})
        if body.get("thread_ts") not in {None, *self.seen}:
            return web.json_response({"ok": False, "error": "thread_not_found"})
        ts = self._post(body, "C0123")
        thread = {name: body[name] for name in ("thread_ts",) if name in body}
        return web.json_response(
            {"ok": True, "channel": "C0123", "ts": ts, "message": {"ts": ts, **thread}}
        )

    def _post(self, body: Any, channel: str) -> str:
        ts = f"1790000000.{len(self.seen):06d}"
        self.show(self._seen(body, ts, channel))
        return ts

    def _wrong(self, body: Any) -> str | None:
        blocks = [one for one in body.get("blocks", []) if one["type"] != "actions"]
        under = [one for one in body.get("blocks", []) if one["type"] == "actions"]
        if len(blocks) + len(under) > 50 or not all(map(_pressable, under)):
            return "invalid_blocks"
        texts = [_shown(one) for block in blocks for one in _runs(block)]
        if sum(map(len, texts)) > 3_000:
            return "msg_blocks_too_long"
        if any(block["type"] != "rich_text" for block in blocks) or not all(texts):
            return "invalid_blocks"
        return None if body.get("text") else "no_text"

    def _seen(self, body: Any, ts: str, channel: str = "C0123") -> Seen:
        self.alarms += re.findall(r"<[^>]*>", body["text"])  # the fallback is markup
        if body["link_names"] or body["parse"] != "none":
            self.alarms.append("names are linked")
        runs = [
            one for block in body["blocks"] if block["type"] != "actions" for one in _runs(block)
        ]
        self.alarms += [one["type"] for one in runs if one["type"] not in {"text", "link"}]
        text = "\n".join([_unescaped(body["text"]), *map(_shown, runs)])
        key = body.get("metadata", {}).get("event_payload", {}).get("notification_id")
        return Seen(ts, text, body.get("thread_ts"), key, {**body, "channel": channel})

    def too_many(self, seconds: int) -> web.Response:
        """Both in the status and in words."""
        return web.json_response(
            {"ok": False, "error": "ratelimited"},
            status=429,
            headers={"Retry-After": str(seconds)},
        )


def _pressable(block: Mapping[str, Any]) -> bool:
    """Slack's limits of a block of buttons and choices."""
    several = block["elements"]
    ids = {one["action_id"] for one in several}
    texts = [one["text"] for one in several if one["type"] == "button"]
    values = [one["value"] for one in several if one["type"] == "button"]
    choices = [one for one in several if one["type"] == "static_select"]
    options = [option for one in choices for option in one["options"]]
    texts += [option["text"] for option in options] + [one["placeholder"] for one in choices]
    values += [option["value"] for option in options]
    return (
        0 < len(several) <= 25
        and len(ids) == len(several) == len(choices) + len(values) - len(options)
        and all(text["type"] == "plain_text" and 0 < len(text["text"]) <= 75 for text in texts)
        and all(0 < len(value) <= 150 for value in values)
    )


def _runs(block: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for part in block["elements"] for one in part["elements"]]


def _shown(run: Mapping[str, Any]) -> str:
    return str(run["text"]) + (f" {run['url']}" if "url" in run else "")


def _unescaped(text: str) -> str:
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


class PagerDuty(Service):
    """Events API v2: incidents by `dedup_key`; `body` of one is its newest event."""

    def __init__(self) -> None:
        """No incident is open."""
        super().__init__()
        self.state: dict[str, str] = {}

    def answer(self, request: web.Request, body: Any) -> web.Response:  # noqa: ARG002
        """202, or 400 with what is wrong."""
        wrong = self._wrong(body)
        if wrong is not None:
            said = {"status": "invalid event", "message": "Event object is invalid"}
            return web.json_response({**said, "errors": [wrong]}, status=400)
        key, action = body["dedup_key"], body["event_action"]
        if action == "trigger":
            self.state.setdefault(key, "triggered")
            if self.state[key] == "resolved":
                self.state[key] = "triggered"
        elif key in self.state:
            self.state[key] = {"acknowledge": "acknowledged", "resolve": "resolved"}[action]
        self.show(Seen(key, json.dumps(body, ensure_ascii=False), key=key, body=body))
        done = {"status": "success", "message": "Event processed", "dedup_key": key}
        return web.json_response(done, status=202)

    def _wrong(self, body: Any) -> str | None:
        payload = body.get("payload", {})
        if body.get("routing_key") != TOKENS["pagerduty"]:
            return "'routing_key' is invalid"
        if body.get("event_action") not in {"trigger", "acknowledge", "resolve"}:
            return "'event_action' is invalid"
        if not 0 < len(body["dedup_key"]) <= 255:
            return "'dedup_key' is invalid"
        if body["event_action"] != "trigger":
            return None
        if not 0 < len(payload.get("summary", "")) <= 1_024 or not payload.get("source"):
            return "'payload.summary' is missing or blank"
        if payload.get("severity") not in {"critical", "error", "warning", "info"}:
            return "'payload.severity' is invalid"
        return None


class Teams(Service):
    """A workflow that posts cards."""

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """202 without a word."""
        if request.path != FLOW:
            return web.Response(status=404)
        card = body["attachments"][0]
        if body["type"] != "message" or not card["contentType"].endswith("card.adaptive"):
            return web.Response(status=400)
        if request.content_length is None or request.content_length > 28_000:
            return web.Response(status=413)
        content = card["content"]
        self.alarms += [one["type"] for one in content["body"] if one["type"] != "RichTextBlock"]
        self.alarms += ["entities"] if "entities" in content["msteams"] else []
        runs = [run["text"] for block in content["body"] for run in block["inlines"]]
        urls = [one["url"] for one in content["actions"]]
        self.show(Seen(str(len(self.seen)), "\n".join([*runs, *urls]), body=content))
        return web.Response(status=202)


class _Markup(HTMLParser):
    """What Telegram's HTML shows; it knows few tags and refuses any other."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text, self.bad, self.links = "", False, list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.bad = self.bad or tag not in {"b", "a", "code", "blockquote"}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


class Telegram(Service):
    """The Bot API, for one bot in one chat."""

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """Answer `ok` and `result`, or `error_code` and `description`."""
        method = request.path.rpartition("/")[2]
        if request.path != f"/bot{TOKENS['telegram']}/{method}":
            return self._no(401, "Unauthorized")
        if body["chat_id"] != "-100":
            return self._no(400, "Bad Request: chat not found")
        markup = _Markup()
        markup.feed(body["text"])
        markup.close()
        if markup.bad or body["parse_mode"] != "HTML":
            return self._no(400, "Bad Request: can't parse entities")
        if len(markup.text.encode("utf-16-le")) > 2 * 4_096:
            return self._no(400, "Bad Request: message is too long")
        code = re.sub(r"<code>.*?</code>", "", body["text"])  # nothing is found in there
        self.alarms += re.findall(r"[@#/$]\w+|\w+\.[a-z]{2,}\b", re.sub(r"<[^>]*>", "", code))
        if not self._pressable(body.get("reply_markup", {"inline_keyboard": []})):
            return self._no(400, "Bad Request: BUTTON_DATA_INVALID")
        if method == "editMessageText":
            return self._edit(body, markup)
        head = body.get("reply_parameters", {}).get("message_id")
        parent = self.seen.get(str(head))
        number = len(self.seen) + 1
        shown = "\n".join([markup.text, *markup.links])
        self.show(Seen(str(number), shown, None if parent is None else parent.ident, body=body))
        reply = {} if parent is None else {"reply_to_message": {"message_id": head}}
        return web.json_response({"ok": True, "result": {"message_id": number, **reply}})

    def _pressable(self, markup: Mapping[str, Any]) -> bool:
        buttons = [one for row in markup["inline_keyboard"] for one in row]
        return all(one["text"] and 0 < len(one["callback_data"].encode()) <= 64 for one in buttons)

    def _edit(self, body: Any, markup: _Markup) -> web.Response:
        old = self.seen.get(str(body["message_id"]))
        if old is None:
            return self._no(400, "Bad Request: message to edit not found")
        if (old.body["text"], old.body.get("reply_markup")) == (
            body["text"],
            body.get("reply_markup"),
        ):
            return self._no(400, "Bad Request: message is not modified: specified new message ...")
        self.show(Seen(old.ident, markup.text, old.parent, body=body))
        return web.json_response({"ok": True, "result": {"message_id": int(old.ident)}})

    def _no(self, code: int, words: str, **more: Any) -> web.Response:
        said = {"ok": False, "error_code": code, "description": words, **more}
        return web.json_response(said, status=code)

    def too_many(self, seconds: int) -> web.Response:
        """In the body, not in a header."""
        return self._no(429, "Too Many Requests", parameters={"retry_after": seconds})


class Alertmanager(Service):
    """What version 2 of the API takes; a real one is asked in `test_alertmanager.py`."""

    def answer(self, request: web.Request, body: Any) -> web.Response:
        """200 without a body."""
        if request.path != "/api/v2/alerts":
            return web.Response(status=404)
        for one in body:
            labels = one["labels"]
            if not labels.get("alertname") or one["startsAt"] > one["endsAt"]:
                return web.json_response("start time must be before end time", status=400)
            key = json.dumps(labels, sort_keys=True)
            self.show(Seen(key, json.dumps(one, ensure_ascii=False), key=key, body=one))
        return web.Response(status=200)


SERVICES: Final[Mapping[str, type[Service]]] = {
    "webhook": Hook,
    "slack-webhook": Slack,
    "slack-bot": Slack,
    "pagerduty": PagerDuty,
    "teams": Teams,
    "telegram": Telegram,
    "alertmanager": Alertmanager,
}


def settings_of(kind: str, url: str, **more: Any) -> dict[str, Any]:
    """How a channel to such a service is written; its secrets stand in the environment."""
    ways: dict[str, dict[str, Any]] = {
        "webhook": {"type": "webhook", "url": f"{url}/hook", "keys": "env:NABZ_TEST_NEW"},
        "slack-webhook": {"type": "slack", "url": "env:NABZ_TEST_URL"},
        "slack-bot": {
            "type": "slack",
            "token": "env:NABZ_TEST_SLACK",
            "channel": "C0123",
            "api": f"{url}/api",
        },
        "pagerduty": {
            "type": "pagerduty",
            "key": "env:NABZ_TEST_PAGERDUTY",
            "url": f"{url}/v2/enqueue",
        },
        "teams": {"type": "teams", "url": "env:NABZ_TEST_URL"},
        "telegram": {
            "type": "telegram",
            "token": "env:NABZ_TEST_TELEGRAM",
            "chat": -100,
            "api": url,
        },
        "alertmanager": {"type": "alertmanager", "urls": url},
    }
    return ways[kind] | {"allow_loopback": True, "quotes": True} | more


def secrets_of(kind: str, url: str) -> dict[str, str]:
    """What such a channel reads from the environment."""
    path = HOOK if kind == "slack-webhook" else FLOW
    named = {f"NABZ_TEST_{name.upper()}": token for name, token in TOKENS.items()}
    return {"NABZ_TEST_URL": url + path} | named


@contextlib.asynccontextmanager
async def serving(service: Service, context: ssl.SSLContext | None = None) -> AsyncIterator[None]:
    """Have a service listen while the block runs."""
    app = web.Application(client_max_size=1 << 22)
    app.router.add_post("/{path:.*}", service.handle)
    app.router.add_get("/link/", service.link)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        scheme = "http" if context is None else "https"
        service.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
        yield
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def raw(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server that says whatever it likes; its address."""
    done: list[asyncio.StreamWriter] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        done.append(writer)
        await talk(reader, writer)

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for writer in done:
            writer.close()
        await server.wait_closed()
