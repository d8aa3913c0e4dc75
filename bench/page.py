"""The figures as text: tables and a plot between the markers of `docs/performance.md`.

Next step: a person reads `docs/performance.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

_DOCS: Final = Path(__file__).resolve().parents[1] / "docs"
PAGE: Final = _DOCS / "performance.md"
PICTURE: Final = _DOCS / "pictures" / "performance.svg"
_BEGIN, _END = "<!-- figures:begin -->", "<!-- figures:end -->"
_WIDTH, _ROW, _LEFT, _RIGHT = 760, 26, 330, 90


class Target(NamedTuple):
    """What was to be reached, and what was.

    Attributes:
        found: None where it was not measured.
        least: At least, or at most where `most`.
    """

    what: str
    found: float | None
    least: float
    unit: str = ""
    most: bool = False

    def verdict(self) -> str:
        """Met, missed, or not measured."""
        if self.found is None:
            return "not measured"
        reached = self.found <= self.least if self.most else self.found >= self.least
        return "met" if reached else "**missed**"


def _number(value: float | None) -> str:
    """Three digits that matter.

    >>> _number(12345.6), _number(0.1234), _number(2.5), _number(None)
    ('12,300', '0.12', '2.5', '')
    """
    if value is None:
        return ""
    if value >= 100:
        digits = max(0, len(str(int(value))) - 3)
        return f"{round(value, -digits):,.0f}"
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]


def ratio(result: Mapping[str, Any], ours: str, theirs: str) -> float | None:
    """Events per processor-second of one to another's: median of the rounds' ratios."""
    rounds = [result["contests"][name]["rounds"] for name in (ours, theirs)]
    pairs = [
        (one, other) for one, other in zip(*rounds, strict=False) if "us" in one and "us" in other
    ]
    return median(other["us"] / one["us"] for one, other in pairs) if pairs else None


def _contests(result: Mapping[str, Any]) -> list[str]:
    rows = []
    for one in result["contests"].values():
        if "error" in one:
            rows.append([one["label"], "failed: " + one["error"].splitlines()[0][:80], *[""] * 6])
            continue
        spread = sorted(each["us"] for each in one["rounds"])
        rows.append(
            [
                one["label"],
                _number(one["events_per_cpu_s"]),
                _number(one["us"]),
                f"{_number(spread[0])} - {_number(spread[-1])}",
                _number(one.get("broker_us")),
                _number(one["events_per_s"]),
                _number(one["rss_mb"]),
                _number(one["records_per_event"]),
            ]
        )
    head = [
        "", "events per CPU-s", "µs an event", "rounds", "broker µs", "events/s",
        "memory MB", "records an event",
    ]  # fmt: skip
    return _table(head, rows)


def _latency(result: Mapping[str, Any]) -> list[str]:
    rows = []
    for one in result["latency"]:
        share = one["share_of_most"]
        rate = f"{one['rate']}" + ("" if share is None else f" ({share:.0%} of the most)")
        if "error" in one:
            rows.append([one["label"], rate, "failed: " + one["error"][:60], *[""] * 4])
            continue
        rows.append(
            [
                one["label"], rate, _number(one["p50_ms"]), _number(one["p95_ms"]),
                _number(one["p99_ms"]), f"{one['share']:.0%}", f"{one['core_share']:.0%}",
            ]
        )  # fmt: skip
    head = ["", "events/s", "p50 ms", "p95 ms", "p99 ms", "seen at once", "of a core"]
    return _table(head, rows)


def fold_us(result: Mapping[str, Any], customers: int) -> float | None:
    """Processor time of folding an event over so many customers, median."""
    some = [one["us_per_event"] for one in result["fold"] if one.get("customers") == customers]
    return median(some) if some else None


def _scale(result: Mapping[str, Any]) -> list[str]:
    base = fold_us(result, 10_000)
    rows = []
    for count in sorted({one["customers"] for one in result["fold"] if "customers" in one}):
        some = [one for one in result["fold"] if one.get("customers") == count]
        us = fold_us(result, count)
        rows.append(
            [
                f"{count:,}",
                _number(us),
                "" if us is None or base is None else f"{us / base:.2f}",
                _number(median(one["rows_per_event"] for one in some)),
                _number(median(one["rss_mb"] for one in some)),
            ]
        )
    lines = _table(
        ["customers", "fold µs an event", "to 10,000", "rows written an event", "memory MB"], rows
    )
    back = [
        [
            f"{one['customers']:,}", _number(one["wall_s"]), _number(one["cpu_s"]),
            _number(one["rss_mb"] - one["empty_mb"]),
        ]
        for one in result["restore"]
        if "error" not in one
    ]  # fmt: skip
    return [*lines, "", *_table(["rows got back", "seconds", "CPU-s", "memory MB"], back)]


def targets(result: Mapping[str, Any]) -> list[Target]:
    """What issue and design ask for, and what was found."""
    whole = result["contests"]["nabz"]
    at_500: Mapping[str, Any] = next(
        (one for one in result["latency"] if one["name"] == "nabz" and one["rate"] == 500), {}
    )
    costs = result["workers"]
    two = costs["two_us"] / costs["one_us"] if "two_us" in costs else None
    ten, million = fold_us(result, 10_000), fold_us(result, 1_000_000)
    back: Mapping[str, Any] = next(
        (one for one in result["restore"] if one.get("customers") == 1_000_000), {}
    )
    return [
        Target("whole, to Quix doing the job", ratio(result, "nabz", "quix"), 1.0, "x"),
        Target("whole, to Bytewax doing the job", ratio(result, "nabz", "bytewax"), 1.0, "x"),
        Target("the peers' job, to Quix", ratio(result, "nabz_job", "quix"), 1.7, "x"),
        Target("the peers' job, to Bytewax", ratio(result, "nabz_job", "bytewax"), 1.7, "x"),
        Target("engine alone, to stock Faust with a Table", result["engine"].get("ratio"), 15, "x"),
        Target("latency at 500/s, p50", at_500.get("p50_ms"), 50, " ms", most=True),
        Target("latency at 500/s, p99", at_500.get("p99_ms"), 110, " ms", most=True),
        Target("of a core at 500/s", at_500.get("core_share"), 0.4, "", most=True),
        Target("an event with two workers, to one", two, 1.15, "x", most=True),
        Target(
            "fold at 1 M customers, to 10,000",
            None if ten is None or million is None else million / ten, 1.6, "x", most=True,
        ),
        Target("row, median", whole.get("row_bytes"), 2_500, " B", most=True),
        Target("1 M customers back from the changelog", back.get("wall_s"), 30, " s", most=True),
        Target(
            "changelog records an event, backlog",
            whole["changelog"] / whole["events"] if "changelog" in whole else None,
            0.6, "", most=True,
        ),
        Target("memory with 10,000 customers", whole.get("rss_mb"), 200, " MB", most=True),
    ]  # fmt: skip


def figures(result: Mapping[str, Any]) -> str:
    """All of it as Markdown."""
    on = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in on["versions"].items())
    engine = result["engine"]
    rounds = max(len(one["rounds"]) for one in result["contests"].values())
    lines = [
        f"Measured {on['day']} at commit {on['commit']} on {on['broker']}, Python {on['python']},",
        f"{on['system']}, {on['cores']} cores ({on['model']}),",
        "the broker on one and contestants on another," if on["pinned"] else "nobody pinned,",
        f"load at the start {on['load']:.1f}; rounds: {rounds}.",
        f"{versions}, faust-streaming 0.15.3.",
        "",
        "### Targets",
        "",
        *_table(
            ["", "found", "asked", ""],
            [
                [
                    one.what,
                    "" if one.found is None else _number(one.found) + one.unit,
                    f"{'at most' if one.most else 'at least'} {_number(one.least)}{one.unit}",
                    one.verdict(),
                ]
                for one in targets(result)
            ],
        ),
        "",
        "### Throughput, a backlog",
        "",
        *_contests(result),
        "",
    ]
    if "error" not in engine:
        each = ", ".join(f"{one:.1f}" for one in engine["ratios"])
        sides = engine["sides"]
        ours, theirs = (_number(sides[name]["events_per_cpu_s"]) for name in ("nabz", "faust"))
        lines += [
            "Engine alone, a constant fold, two hops, events per CPU-s:",
            f"nabz {ours}, stock Faust with a Table {theirs};",
            f"ratio {engine['ratio']:.1f} (rounds: {each}).",
            "",
        ]
    lines += ["### Latency", "", *_latency(result), "", "### More customers", "", *_scale(result)]
    return "\n".join(lines) + "\n"


def plot(result: Mapping[str, Any]) -> str:
    """Events per processor-second as bars, an SVG."""
    some = [
        (one["label"].replace("*", ""), one["events_per_cpu_s"])
        for one in result["contests"].values()
        if "error" not in one
    ]
    most = max((rate for _, rate in some), default=1.0)
    height = _ROW * len(some) + 40
    frame = f'viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="12"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}>',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        '<text x="10" y="20" fill="#333333">Events per processor-second, more is better</text>',
    ]
    for number, (label, rate) in enumerate(some):
        y = 34 + number * _ROW
        width = (_WIDTH - _LEFT - _RIGHT) * rate / most
        fill = "#1f6f8b" if label.startswith("nabz") else "#b0b7bd"
        text = f'y="{y + 14}" fill="#333333"'
        lines += [
            f'<text x="{_LEFT - 8}" {text} text-anchor="end">{escape(label)}</text>',
            f'<rect x="{_LEFT}" y="{y}" width="{width:.0f}" height="{_ROW - 7}" fill="{fill}"/>',
            f'<text x="{_LEFT + width + 6:.0f}" {text}>{rate:,.0f}</text>',
        ]
    return "\n".join([*lines, "</svg>"]) + "\n"


def write(
    text: str, result: Mapping[str, Any], *, page: Path = PAGE, picture: Path = PICTURE
) -> None:
    """Put figures and plot in their places.

    Raises:
        ValueError: The page has lost its markers.
    """
    before = page.read_text(encoding="utf-8")
    if _BEGIN not in before or _END not in before:
        raise ValueError(f"{page.name}: the lines {_BEGIN} and {_END} are gone; put them back")
    between = re.compile(re.escape(_BEGIN) + ".*?" + re.escape(_END), re.DOTALL)
    shown = f"{text}\n![Events per processor-second](pictures/{picture.name})\n"
    page.write_text(between.sub(lambda _: f"{_BEGIN}\n{shown}{_END}", before), encoding="utf-8")
    picture.write_text(plot(result), encoding="utf-8")
