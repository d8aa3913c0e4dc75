"""The pages every process serves, what it logs and what it counts."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Callable, Iterator

import aiohttp
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from streams.http import BindError, parse_bind, serving
from streams.logs import FORBIDDEN, Seldom, configure
from streams.metrics import Metrics, NotifierMetrics, build_info


@pytest.fixture
def _logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def registry() -> CollectorRegistry:
    """Everything nabz counts."""
    made = CollectorRegistry()
    build_info(made)
    Metrics.register(made, reasons=["undecodable"])
    NotifierMetrics.register(made, channels=["chat", "hook"])
    return made


def pages(
    *paths: str, accept: str = "", token: str | None = None, bears: str | None = None,
    ready: Callable[[], bool] = lambda: True,
) -> list[tuple[int, str, str]]:  # fmt: skip
    """Status, content type and text of pages."""

    async def go() -> list[tuple[int, str, str]]:
        headers = {"Accept": accept} if accept else {}
        if bears is not None:
            headers["Authorization"] = f"Bearer {bears}"
        found = []
        async with (
            serving(registry(), bind="127.0.0.1:0", token=token, ready=ready) as (host, port),
            aiohttp.ClientSession() as client,
        ):
            for path in paths:
                async with client.get(f"http://{host}:{port}{path}", headers=headers) as answer:
                    found.append((answer.status, answer.content_type, await answer.text()))
        return found

    return asyncio.run(go())


def test_metrics_speak_what_the_scraper_asks_for() -> None:
    """Plain text by default, OpenMetrics if wanted."""
    ((status, kind, text),) = pages("/metrics")
    assert (status, kind) == (200, "text/plain")
    assert 'nabz_notifications_total{channel="hook",reason="fired"} 0.0' in text
    ((_, kind, text),) = pages("/metrics", accept="application/openmetrics-text; version=1.0.0")
    assert kind == "application/openmetrics-text" and text.endswith("# EOF\n")


def test_probes_ask_the_process() -> None:
    """Alive, but not ready."""
    assert [page[0] for page in pages("/livez", "/readyz", ready=lambda: False)] == [200, 503]


def test_a_token_guards_the_metrics_and_not_the_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    """An orchestrator holds no token."""
    monkeypatch.setenv("NABZ_TEST_TOKEN", "a-token-of-some-length")
    for bears, status in ((None, 401), ("wrong", 401), ("a-token-of-some-length", 200)):
        found = pages("/metrics", "/livez", token="env:NABZ_TEST_TOKEN", bears=bears)
        assert [page[0] for page in found] == [status, 200]


@pytest.mark.parametrize(
    "bind", ["0.0.0.0:9100", "[::]:9100", "example.com:80", "9100", "x:y", ":1"]
)
def test_nobody_listens_to_the_world_without_a_token(bind: str) -> None:
    """Nor at an address that is none."""
    with pytest.raises(BindError):
        parse_bind(bind, has_token=False)


@pytest.mark.usefixtures("_logging")
def test_no_line_holds_what_a_customer_wrote() -> None:
    """Forbidden keys are dropped and named, from our lines and from libraries'."""
    out = io.StringIO()
    configure(json=True, stream=out)
    written = dict.fromkeys(FORBIDDEN, "SECRET WORDS")
    structlog.get_logger("nabz.test").info("record.rejected", offset=3, **written)
    line = json.loads(out.getvalue())
    assert "SECRET" not in out.getvalue()
    assert line["event"] == "record.rejected" and line["offset"] == 3
    assert line["dropped_keys"] == sorted(FORBIDDEN)
    assert {"timestamp", "level", "logger"} <= line.keys()


@pytest.mark.usefixtures("_logging")
def test_a_library_s_line_is_json_too_and_seldom() -> None:
    """A broker that is away fills no disk."""
    out = io.StringIO()
    configure(json=True, stream=out)
    for _ in range(1_000):
        logging.getLogger("kafka.conn").warning("no connection to %s", "broker")
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert 1 <= len(lines) <= 10
    assert lines[0]["event"] == "no connection to broker"


def test_what_was_kept_back_is_said() -> None:
    """With the first line of the next window."""
    now = [0.0]
    seldom = Seldom(burst=2, window_s=10.0, clock=lambda: now[0])

    def line() -> logging.LogRecord:
        return logging.LogRecord("kafka", logging.WARNING, "", 0, "gone %s", ("away",), None)

    assert [seldom.filter(line()) for _ in range(5)] == [True, True, False, False, False]
    now[0] = 10.0
    last = line()
    assert seldom.filter(last) and last.getMessage() == "gone away [3 lines kept back]"


@given(st.text(max_size=30))
def test_a_bind_is_good_or_refused(bind: str) -> None:
    """Nothing else is raised."""
    try:
        host, port = parse_bind(bind, has_token=False)
    except BindError:
        return
    assert host and 0 <= port <= 65_535
    assert os.name
