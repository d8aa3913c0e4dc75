"""The dashboards as they are on disk: what each panel asks, as Grafana would ask it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tests.deploy.composed import DEPLOY

FOLDER = DEPLOY / "grafana" / "dashboards"
Json = dict[str, Any]


def boards() -> dict[str, Json]:
    """Every dashboard, by the name of its file."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(FOLDER.iterdir())}


def panels(board: Json) -> Iterator[Json]:
    """Its panels, without the headings of rows."""
    return (one for one in board["panels"] if one["type"] != "row")


class Asked(NamedTuple):
    """One query, macros and variables still in it."""

    board: str
    panel: str
    ref: str
    expr: str
    instant: bool

    @property
    def place(self) -> str:
        """Where it stands, for a person."""
        return f"{self.board} / {self.panel} / {self.ref}"


def asked() -> list[Asked]:
    """Every query of every panel."""
    return [
        Asked(name, panel["title"], one["refId"], one["expr"], one["instant"])
        for name, board in boards().items()
        for panel in panels(board)
        for one in panel["targets"]
    ]


def put_in(expr: str, *, range_s: int, rate_s: int, chosen: Mapping[str, str]) -> str:
    """What Grafana makes of it: macros as it computes them, variables as they are chosen.

    >>> put_in('rate(a{job=~"$job"}[$__rate_interval])', range_s=9, rate_s=60, chosen={"job": "b"})
    'rate(a{job=~"b"}[60s])'
    """
    for macro, value in (
        ("$__rate_interval", f"{rate_s}s"),
        ("$__range_s", str(range_s)),
        ("$__range", f"{range_s}s"),
        *((f"${name}", value) for name, value in chosen.items()),
    ):
        expr = expr.replace(macro, value)
    return expr


def all_chosen(board: Json) -> dict[str, str]:
    """Its variables, all of each chosen."""
    return {
        one["name"]: one["allValue"]
        for one in board["templating"]["list"]
        if one["type"] == "query"
    }
