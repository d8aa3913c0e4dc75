"""A Prometheus that runs, asked what Grafana would ask it, and whether its rules are well.

A query that names a metric there is none of is answered with success and no series, so what counts
is what comes back.

Next step: `tests.deploy.test_observe` asks it everything.
"""

from __future__ import annotations

import json
import math
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from tests.deploy.panels import Asked, all_chosen, boards, put_in

_ASK_S: Final = 10.0

Json = dict[str, Any]


class NotSeenError(Exception):
    """What should have been seen was not; the message says what, and where to look."""


def awaited(what: str, condition: Callable[[], bool], timeout_s: float) -> float:
    """Wait until something is so; how long it took, in seconds.

    Raises:
        NotSeenError: It was not so in time.
    """
    began_s = time.monotonic()
    while not condition():
        if time.monotonic() - began_s > timeout_s:
            raise NotSeenError(f"not within {timeout_s:g} s: {what}")
        time.sleep(1.0)
    return time.monotonic() - began_s


class Prometheus:
    """A Prometheus that answers at an address."""

    def __init__(self, url: str) -> None:
        """Nothing is asked yet."""
        self.url = url

    def ask(self, path: str, **words: str) -> Json:
        """The answer of its API, whole.

        Raises:
            NotSeenError: It refused; its own words say why.
        """
        query = urllib.parse.urlencode(words)
        try:
            with urllib.request.urlopen(  # noqa: S310  # loopback
                f"{self.url}/api/v1/{path}?{query}", timeout=_ASK_S
            ) as answer:
                found: Json = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            raise NotSeenError(f"{path}: {error.read().decode()}") from error
        return found

    def answers(self) -> bool:
        """Does it take questions?"""
        try:
            return bool(self.ask("status/buildinfo")["status"] == "success")
        except (OSError, NotSeenError):
            return False

    def values(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Series of an expression as they are now, labels and value."""
        found = self.ask("query", query=expr)["data"]["result"]
        return [(one["metric"], float(one["value"][1])) for one in found]

    def firing(self) -> list[dict[str, str]]:
        """Labels of all alarms that fire."""
        alerts = self.ask("alerts")["data"]["alerts"]
        return [one["labels"] for one in alerts if one["state"] == "firing"]

    def lacking(self, one: Asked, range_s: int) -> str | None:
        """What is wrong with what a panel would show, or None: series, numbers, no warnings."""
        chosen = all_chosen(boards()[one.board])
        expr = put_in(one.expr, range_s=range_s, rate_s=60, chosen=chosen)
        now_s = time.time()
        if one.instant:
            answer = self.ask("query", query=expr, time=f"{now_s}")
        else:
            answer = self.ask(
                "query_range", query=expr, start=f"{now_s - range_s}", end=f"{now_s}", step="15"
            )
        if warnings := answer.get("warnings"):
            return f"{one.place}: Prometheus warns: {warnings}"
        series = answer["data"]["result"]
        if not series:
            return f"{one.place}: no series; is a metric or a label misspelt?"
        points = [point for found in series for point in found.get("values", [found.get("value")])]
        if not any(math.isfinite(float(value)) for _, value in points):
            return f"{one.place}: series without a number"
        return None

    def failing_rules(self) -> list[str]:
        """Rules that were not evaluated, or with an error."""
        groups = self.ask("rules")["data"]["groups"]
        return [
            f"{one['name']}: {one['health']} {one.get('lastError', '')}"
            for group in groups
            for one in group["rules"]
            if one["health"] != "ok" or one.get("lastError")
        ]
