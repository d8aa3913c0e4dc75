"""The notifier's own desk, rounds and courier on virtual time: no broker, no socket, no waiting.

Only the edges are stood in for: records are kept in a dict as a compacted topic keeps them, and a
call arrives at a `Receiver` that answers as the vendor's API does. A restart is a new desk that has
read the records and the transitions back, as `streams.notifier.takeover` does.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry

from alerts.audit import Audit
from alerts.channels.base import Call, Failure, Request, Response
from alerts.delivery import Delivery
from alerts.outputs import Transition
from alerts.routing import channels_for
from alerts.storm import Watch
from streams.metrics import NotifierMetrics
from streams.notifier.build import Plan, build
from streams.notifier.courier import Courier
from streams.notifier.desk import Desk
from streams.notifier.feed import Raw
from streams.notifier.orders import Orders
from streams.notifier.rounds import Rounds
from streams.notifier.settings import NotifierSettings
from streams.notifier.sources import Sources
from streams.notifier.takeover import empty_outbox
from streams.notifier.term import Term
from tests.alerts.transitions import BASE_MS

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
WEBHOOK = {"type": "webhook", "url": "https://hooks.example/in", "keys": "env:NABZ_TEST_NEW"}
SLACK = {"type": "slack", "token": "env:NABZ_TEST_SLACK", "channel": "C0123"}
PAGER = {"type": "pagerduty", "key": "env:NABZ_TEST_PAGERDUTY"}


class Got(NamedTuple):
    """One call as a receiver saw it.

    Attributes:
        at_ms: Virtual time.
        path: Of its address.
        body: Parsed.
        taken: It was answered with success.
        id: Of the message, where it is a webhook's.
    """

    at_ms: int
    path: str
    body: Any
    taken: bool
    id: str = ""

    @property
    def kind(self) -> str:
        """Kind of the message in a webhook."""
        return str(self.body["data"]["kind"])

    @property
    def customer(self) -> str:
        """Customer of the message in a webhook."""
        return str(self.body["data"]["customer"])


def on_virtual_time(
    test: Callable[..., Coroutine[Any, Any, None]],
) -> Callable[..., None]:
    """Run a test's coroutine; nothing in it waits."""

    @functools.wraps(test)
    def run(*args: Any, **named: Any) -> None:
        asyncio.run(test(*args, **named))

    return run


class Dropped(Exception):  # noqa: N818  # it is no error of ours
    """The process dies in the middle of a call."""


@dataclasses.dataclass
class Receiver:
    """A wire whose other end answers at once.

    Attributes:
        clock: Virtual time.
        status: What it answers: a status, `late` or `lost` (no answer, whether it has the message
            or not), or `die`, which ends the process in the middle of the call.
        got: All calls.
    """

    clock: Callable[[], int]
    status: Callable[[], int | str] = lambda: 200
    got: list[Got] = dataclasses.field(default_factory=list)

    async def send(self, request: Call, *, timeout_ms: int) -> Response | Failure:  # noqa: ARG002
        """Take one call."""
        await asyncio.sleep(0)
        assert isinstance(request, Request)
        status = self.status()
        path = request.url.rpartition("/")[2]
        body = json.loads(request.body)
        taken = status in {200, "late"}
        id_ = request.headers.get("webhook-id", "")
        self.got.append(Got(self.clock(), path, body, taken, id_))
        if status in {"late", "lost"}:  # it has it, or not; no answer comes either way
            return Failure("timeout", begun=True)
        if isinstance(status, str):
            raise Dropped
        answer = {"ok": True, "channel": "C0123", "ts": f"{len(self.got)}.0"}
        headers = {"retry-after": "60"} if status == 429 else {}
        return Response(status, headers, json.dumps(answer).encode())

    async def close(self) -> None:
        """Nothing is open."""

    @property
    def told(self) -> list[Got]:
        """Calls that it took."""
        return [one for one in self.got if one.taken]


class Books:
    """Records as a compacted topic keeps them, the newest of each key."""

    def __init__(self) -> None:
        """Empty; `left` is how many more records are written before the process dies."""
        self.left: int | None = None
        self.deliveries: dict[str, Delivery] = {}
        self.orders: dict[bytes, bytes] = {}

    async def write(self, deliveries: Sequence[Delivery]) -> None:
        """A version never falls."""
        for one in deliveries:
            if self.left is not None:
                if self.left == 0:
                    raise Dropped
                self.left -= 1
            encoded = msgspec.json.decode(msgspec.json.encode(one), type=Delivery)
            known = self.deliveries.get(one.notification_id)
            assert known is None or known.version < one.version, (known, one)
            self.deliveries[one.notification_id] = encoded

    async def order(self, key: bytes, value: bytes) -> None:
        """One order."""
        self.orders[key] = value


class World:
    """One installation: settings, receivers, a clock, the topics."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        at_ms: int = BASE_MS,
        status: Mapping[str, Callable[[], int | str]] | None = None,
    ) -> None:
        """Begin at a time; each channel has a receiver of its own."""
        self.now_ms = at_ms
        self.books = Books()
        self.log: list[Transition] = []
        self.receivers: dict[str, Receiver] = {}
        answers = {} if status is None else status
        plan = build(NotifierSettings.model_validate(settings))
        outlets = {}
        for name, outlet in plan.outlets.items():
            self.receivers[name] = Receiver(lambda: self.now_ms)
            if name in answers:
                self.receivers[name].status = answers[name]
            outlets[name] = dataclasses.replace(outlet, sender=self.receivers[name])
        self.plan: Plan = dataclasses.replace(plan, outlets=outlets)
        self.read = 0
        self.restart()

    def restart(self) -> None:
        """A new process: it knows what the topics say."""
        self.dead = False
        self.metrics = NotifierMetrics.register(CollectorRegistry(), channels=self.plan.outlets)
        clock = self.clock
        self.desk = Desk(self.plan, self.books, self.metrics, clock=clock)
        self.courier = Courier(
            self.plan, self.books, self.metrics, clock=clock, jitter=lambda: 0.5,
            may_send=lambda _: True,
        )  # fmt: skip
        self.rounds = Rounds(
            self.plan, self.books, self.metrics,
            clock=clock, past=self.past, shut=self.courier.shut,
        )  # fmt: skip
        outbox, orders = empty_outbox(self.plan), Orders()
        for key, value in self.books.orders.items():
            orders.apply(key, value)
        for one in outbox.restore(self.books.deliveries.values(), self.now_ms):
            outbox.transitions[one.notification_id] = self.log[one.offset]
        for one in outbox.mended:
            self.books.deliveries[one.notification_id] = one
        self.term = Term(
            1, outbox, orders, Sources({}, 900_000), Watch(self.plan.storm), asyncio.Event()
        )
        for offset, transition in enumerate(self.log[: self.read]):
            self.term.register.saw(transition, offset)
        self.term.push_all(self.now_ms)

    async def past(self, since_ms: int) -> list[Transition]:
        """Transitions since a moment."""
        return [one for one in self.log[: self.read] if one.at_ms >= since_ms]

    def clock(self) -> int:
        """Virtual time."""
        return self.now_ms

    async def take(self, *transitions: Transition) -> None:
        """The fold writes transitions, and the notifier reads them and says what is due now."""
        self.log += transitions
        await self.catch_up()

    async def catch_up(self) -> None:
        """Read what has not been read, and do what is due now."""
        raw = [
            Raw(offset, msgspec.json.encode(self.log[offset]))
            for offset in range(self.read, len(self.log))
        ]
        try:
            if raw:
                await self.desk.take(self.term, raw)
                self.read = len(self.log)
            await self.settle()
        except Dropped:
            self.dead = True

    async def settle(self) -> None:
        """Say all that is due at this moment."""
        await self.desk.look(self.term)
        await self.rounds.go(self.term)
        await self.desk.release(self.term, caught_up=self.read == len(self.log))
        while True:
            self.courier.begin_due(self.term)
            if not self.term.tasks:
                return
            await asyncio.gather(*self.term.tasks, return_exceptions=True)
            await asyncio.sleep(0)
            if self.term.failed is not None:
                raise self.term.failed

    async def wait(self, length_ms: int, step_ms: int = MINUTE_MS) -> None:
        """Let time pass, no further at once than a step or to what is due."""
        end_ms = self.now_ms + length_ms
        while self.now_ms < end_ms:
            if self.dead:  # time passes all the same
                self.now_ms = end_ms
                return
            due_ms = self.term.due[0][0] if self.term.due else end_ms
            self.now_ms = max(self.now_ms + 1, min(end_ms, due_ms, self.now_ms + step_ms))
            try:
                await self.settle()
            except Dropped:
                self.dead = True

    def fates(self, channel: str | None = None) -> list[tuple[str, str]]:
        """Reason, and failure or state, of each message, in the order they were planned."""
        return [
            (one.reason, one.state if one.failure is None else one.failure)
            for one in self.books.deliveries.values()
            if channel in {None, one.channel}
        ]

    def undelivered(self) -> int:
        """What the auditor misses, and what is still on its way."""
        audit = Audit()
        for one in self.log:
            owner = self.plan.audience.owner(one)
            wanted = channels_for(one, self.plan.routes, tuple(self.plan.outlets), owner)
            audit.changed(one, wanted, 0)
        for delivery in self.books.deliveries.values():
            audit.recorded(msgspec.structs.replace(delivery, version=1), 0)
        open_ = sum(one.open or one.state == "bundled" for one in self.books.deliveries.values())
        return audit.expecting + open_


def kinds(got: Iterable[Got]) -> list[tuple[str, str]]:
    """Customer and kind of webhook messages."""
    return [(one.customer, one.kind) for one in got]
