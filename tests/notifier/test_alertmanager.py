"""A real Prometheus Alertmanager receives our alerts, holds them, and tells of their ends."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace

from alerts.channels.base import Outcome, Sent
from alerts.message import Notification
from streams.clock import wall_ms
from streams.notifier.build import build
from streams.notifier.settings import NotifierSettings
from streams.notifier.telling import tell
from tests.deploy.tools import needed
from tests.notifier.receiver import Receiver, receiving
from tests.notifier.test_contract import said

CONFIG = """\
route: {{receiver: us, group_by: ["..."], group_wait: 0s, group_interval: 2s, repeat_interval: 1h}}
receivers:
  - name: us
    webhook_configs: [{{url: "{url}", send_resolved: true}}]
"""
WAIT_S = 30


@dataclass
class Alertmanager:
    """A running one.

    Attributes:
        url: Where it listens.
        told: What it tells others.
    """

    url: str
    told: Receiver

    async def active(self) -> list[dict[str, Any]]:
        """Alerts that are firing there."""
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self.url}/api/v2/alerts", params={"active": "true"}) as answer,
        ):
            found = await answer.json()
        assert isinstance(found, list)
        return found

    async def until(self, good: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The alerts, once they are as they should be."""
        async with asyncio.timeout(WAIT_S):
            while not good(found := await self.active()):
                await asyncio.sleep(0.1)
        return found

    async def heard(self, count: int) -> list[tuple[str, str]]:
        """Status and severity of what it has told others, once that is so much."""
        await self.told.until(count, WAIT_S)
        alerts = [one for got in self.told.got for one in json.loads(got.body)["alerts"]]
        return [(one["status"], one["labels"]["severity"]) for one in alerts]

    async def tell(self, message: Notification, *, late_ms: int = 0) -> Outcome:
        """Have our channel send it, with a clock that may be behind."""
        settings = {"type": "alertmanager", "urls": self.url, "allow_loopback": True}
        plan = build(NotifierSettings.model_validate({"channels": {"am": settings}}))
        one = plan.outlets["am"]
        try:
            return await tell(
                one.channel, one.sender, message, ref=None, clock=lambda: wall_ms() - late_ms
            )
        finally:
            await one.sender.close()


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Alertmanager]:
    """An Alertmanager of its own, without any other replica."""
    program = needed("prometheus-alertmanager", "prometheus-alertmanager")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    async with receiving() as receiver:
        config = folder / "alertmanager.yaml"
        config.write_text(CONFIG.format(url=receiver.url), encoding="utf-8")
        process = await asyncio.create_subprocess_exec(
            program, f"--config.file={config}", f"--storage.path={folder / 'data'}",
            f"--web.listen-address={where}", "--cluster.listen-address=", "--log.level=error",
        )  # fmt: skip
        try:
            await _ready(f"http://{where}", process)
            yield Alertmanager(f"http://{where}", receiver)
        finally:
            process.terminate()
            await process.wait()


async def _ready(url: str, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as client:
        while True:
            assert process.returncode is None, "it has ended"
            with contextlib.suppress(aiohttp.ClientError):
                async with client.get(f"{url}/-/ready") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.1)


def against(folder: Path, test: Callable[[Alertmanager], Awaitable[None]]) -> None:
    """Run a test's coroutine against an Alertmanager."""

    async def go() -> None:
        async with running(folder) as alertmanager:
            await test(alertmanager)

    asyncio.run(go())


def now(message: Notification) -> Notification:
    """As if it had happened just now."""
    at_ms = wall_ms()
    return replace(message, at_ms=at_ms, since_ms=at_ms - 60_000, opened_ms=at_ms - 60_000)


def test_an_alert_fires_there_gets_worse_and_is_resolved(tmp_path: Path) -> None:
    """As one alert a severity, none of which is left; what it says is what we said."""

    async def test(am: Alertmanager) -> None:
        assert await am.tell(now(said())) == Sent(None, 200)
        (one,) = await am.until(lambda found: len(found) == 1)
        assert one["labels"] == {
            "alertname": "customer-distress", "customer": "c-102", "account": "Acme",
            "kind": "distress", "severity": "warning",
        }  # fmt: skip
        assert one["annotations"]["summary"] == said().title
        assert await am.heard(1) == [("firing", "warning")]

        await am.tell(now(said(2, "escalated")))
        await am.until(lambda found: [a["labels"]["severity"] for a in found] == ["critical"])
        assert sorted((await am.heard(3))[1:]) == [("firing", "critical"), ("resolved", "warning")]

        await am.tell(now(said(3, "recovered", severity="critical")))
        await am.until(lambda found: found == [])
        assert (await am.heard(4))[3:] == [("resolved", "critical")]

    against(tmp_path, test)


def test_an_alert_lives_as_long_as_it_is_sent_again(tmp_path: Path) -> None:
    """Each time gives it four minutes; without one it ends by itself, and that is told too."""

    async def test(am: Alertmanager) -> None:
        message = now(said())
        nearly_over_ms = 4 * 60_000 - 4_000
        await am.tell(message, late_ms=nearly_over_ms)
        (first,) = await am.until(lambda found: len(found) == 1)
        await am.tell(message, late_ms=nearly_over_ms - 2_000)
        (again,) = await am.until(lambda found: found[:1] != [first])
        assert again["fingerprint"] == first["fingerprint"] and again["endsAt"] > first["endsAt"]
        await am.until(lambda found: found == [])
        assert await am.heard(2) == [("firing", "warning"), ("resolved", "warning")]

    against(tmp_path, test)


@pytest.mark.parametrize("name", ["x" * 90, "سارا", "</script>\x1b[2J\u202e{{ .Labels }}"])
def test_it_takes_whatever_a_customer_is_called(tmp_path: Path, name: str) -> None:
    """Labels and texts."""

    async def test(am: Alertmanager) -> None:
        assert isinstance(await am.tell(now(said(customer=name, account=name, name=name))), Sent)
        (one,) = await am.until(lambda found: len(found) == 1)
        assert not {"\x1b", "\u202e"} & set(one["labels"]["customer"])

    against(tmp_path, test)
