"""The report of a backtest: as Markdown for a review, as one HTML page with plots to look at.

The page is one file without scripts: tables, and drawings as SVG. Names of rules, owners and
customers come from outside and are escaped wherever they stand.

Next step: a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Final, NamedTuple

from alerts.backtest import Verdict, Worth

SHOWN_BUDGETS: Final = (1.0, 3.0, 10.0)
_HOUR_MS: Final = 3_600_000
_COLOURS: Final = ("#c0392b", "#2471a3", "#7d6608", "#6c3483", "#707b7c")
_WIDTH, _HEIGHT, _EDGE = 560, 300, 46


class Trial(NamedTuple):
    """What is reported: a name for each set of rules, and its verdict; the first is on trial."""

    name: str
    verdict: Verdict


class _Table(NamedTuple):
    title: str
    note: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def markdown(trials: Sequence[Trial], caution: str = "") -> str:
    """The whole report as Markdown.

    Args:
        trials: The rules on trial, then those in force.
        caution: What the reader must know of the data, `synthetic` say.
    """
    parts = ["# Backtest", *([f"**{caution}**"] if caution else []), _summary(trials[0].verdict)]
    for table in _tables(trials):
        lines = [
            "| " + " | ".join(_cell(one) for one in row) + " |" for row in (table.head, *table.rows)
        ]
        lines.insert(1, "|---" * len(table.head) + "|")
        parts += [f"## {table.title}", *([table.note] if table.note else []), "\n".join(lines)]
    return "\n\n".join(parts) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def page(trials: Sequence[Trial], caution: str = "") -> str:
    """The whole report as one HTML page."""
    verdict = trials[0].verdict
    body = [f"<p class=caution>{escape(caution)}</p>"] if caution else []
    body.append(f"<p>{escape(_summary(verdict))}</p>")
    if verdict.events:
        body.append(_figure("Found of what happened, by alerts a day", _recall_plot(verdict)))
        body.append(_figure("Right of what was alerted, by alerts a day", _precision_plot(verdict)))
    if verdict.per_day:
        body.append(_figure("Alerts told on each day", _days_plot(verdict)))
    for table in _tables(trials):
        head = "".join(f"<th>{escape(one)}" for one in table.head)
        rows = "".join(
            "<tr>" + "".join(f"<td><bdi>{escape(one)}</bdi>" for one in row) for row in table.rows
        )
        body.append(
            f"<h2>{escape(table.title)}</h2><p>{escape(table.note)}</p>"
            f"<div class=wide><table><thead><tr>{head}<tbody>{rows}</table></div>"
        )
    return _PAGE.replace("{{body}}", "\n".join(body))


def _summary(verdict: Verdict) -> str:
    what = (
        "nobody said what happened, so nothing is said of precision or recall; give --labels, or"
        " record outcomes"
        if verdict.events is None
        else f"{verdict.events} events, each to be foretold within"
        f" {verdict.horizon_ms / 86_400_000:g} days before it"
    )
    return f"{verdict.customers} customers over {verdict.days:.1f} days; {what}."


def _tables(trials: Sequence[Trial]) -> Iterable[_Table]:
    yield _Table(
        "Rules",
        "Late alerts came at their event or after it, and count for nothing else; false alarms are"
        " customers without an event who were alerted; lead is from the first alert to its event.",
        ("rules", "alerts", "right", "found", "lead p10", "p50", "p90", "late", "false alarms"),
        tuple(
            (
                one.name,
                *_worth(one.verdict.worth),
                str(one.verdict.late),
                _percent(one.verdict.false_alarm_ratio),
            )
            for one in trials
        ),
    )
    verdict = trials[0].verdict
    yield _Table(
        "Each rule on trial",
        "",
        ("rule", "critical", "warning", "still open", "right", "found", "came back"),
        tuple(
            (
                one.rule,
                str(one.severities.get("critical", 0)),
                str(one.severities.get("warning", 0)),
                str(one.open),
                *_worth(one.worth)[1:3],
                _percent(one.flap_ratio),
            )
            for one in verdict.rules
        ),
    )
    yield _Table(
        "Load",
        "",
        ("owner", "alerts a day", "most on one day"),
        tuple((one.owner or "nobody", f"{one.mean:.1f}", str(one.most)) for one in verdict.loads),
    )
    if not verdict.events:
        return
    ours = ("rules on trial", *_worth(verdict.worth))
    yield _Table(
        "Beside plain scores, as many alerts each",
        "One alert for a customer and day, the highest scores first; ties are drawn by chance.",
        ("by", "alerts", "right", "found", "lead p10", "p50", "p90"),
        (ours, *((name, *_worth(one)) for name, one in verdict.equal.items())),
    )
    for budget in SHOWN_BUDGETS:
        yield _Table(
            f"At {budget:g} alerts per 100 customers and day",
            "",
            ("by", "alerts", "right", "found", "lead p10", "p50", "p90"),
            tuple((name, *_worth(one)) for name, one in verdict.budgets[budget].items()),
        )


def _worth(one: Worth) -> tuple[str, ...]:
    leads = ("-",) * 3 if one.lead_ms is None else tuple(map(_hours, one.lead_ms))
    return (f"{one.alerts:.0f}", _percent(one.precision), _percent(one.recall), *leads)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _hours(ms: int) -> str:
    hours = ms / _HOUR_MS
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} d"


# ------------------------------------------------------------------ drawings


def _figure(title: str, drawing: str) -> str:
    return f"<figure><figcaption>{escape(title)}</figcaption>{drawing}</figure>"


def _recall_plot(verdict: Verdict) -> str:
    return _lines({name: _curve(verdict, name, "recall") for name in verdict.equal})


def _precision_plot(verdict: Verdict) -> str:
    return _lines({name: _curve(verdict, name, "precision") for name in verdict.equal})


def _curve(verdict: Verdict, name: str, field: str) -> list[tuple[float, float]]:
    points = []
    for budget, by_name in verdict.budgets.items():
        value = getattr(by_name[name], field)
        if value is not None:
            points.append((budget, value))
    return points


def _lines(curves: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """Lines over alerts per 100 customers and day, its axis by rank so that small budgets show."""
    budgets = sorted({x for points in curves.values() for x, _ in points})
    top = max((y for points in curves.values() for _, y in points), default=1.0) or 1.0
    inner, high = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    step = inner / max(1, len(budgets) - 1)
    drawn = [_grid(top)]
    for x, budget in enumerate(budgets):
        left = _EDGE + x * step
        drawn.append(
            f'<text x="{left:.0f}" y="{_HEIGHT - 24}" text-anchor="middle">{budget:g}</text>'
        )
    drawn.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 6}" text-anchor="middle">'
        "alerts per 100 customers and day</text>"
    )
    legend = []
    for (name, points), colour in zip(curves.items(), _COLOURS, strict=False):
        path = " ".join(
            f"{_EDGE + budgets.index(x) * step:.1f},{_HEIGHT - _EDGE - y / top * high:.1f}"
            for x, y in points
        )
        drawn.append(f'<polyline points="{path}" stroke="{colour}"/>')
        legend.append(f'<li><i style="background:{colour}"></i>{escape(name)}')
    return f"{_svg(drawn)}<ul class=legend>{''.join(legend)}</ul>"


def _days_plot(verdict: Verdict) -> str:
    first, last = verdict.per_day[0][0], verdict.per_day[-1][0]
    days = (last - first) // 86_400_000 + 1
    top = max(count for _, count in verdict.per_day)
    inner, high = _WIDTH - 2 * _EDGE, _HEIGHT - 2 * _EDGE
    width = inner / days
    drawn = [_grid(top, unit="")]
    for day_ms, count in verdict.per_day:
        left = _EDGE + (day_ms - first) // 86_400_000 * width
        tall = count / top * high
        drawn.append(
            f'<rect x="{left:.1f}" y="{_HEIGHT - _EDGE - tall:.1f}" width="{max(1, width - 1):.1f}"'
            f' height="{tall:.1f}"><title>{_date(day_ms)}: {count}</title></rect>'
        )
    for day_ms, where, anchor in ((first, _EDGE, "start"), (last, _WIDTH - _EDGE, "end")):
        drawn.append(
            f'<text x="{where}" y="{_HEIGHT - 24}" text-anchor="{anchor}">{_date(day_ms)}</text>'
        )
    return _svg(drawn)


def _date(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}"


def _grid(top: float, *, unit: str = " %") -> str:
    high = _HEIGHT - 2 * _EDGE
    drawn = []
    for share in (0.0, 0.5, 1.0):
        y = _HEIGHT - _EDGE - share * high
        value = top * share * (100 if unit else 1)
        drawn.append(
            f'<line x1="{_EDGE}" x2="{_WIDTH - _EDGE}" y1="{y:.0f}" y2="{y:.0f}"/>'
            f'<text x="{_EDGE - 6}" y="{y + 4:.0f}" text-anchor="end">{value:.3g}{unit}</text>'
        )
    return "".join(drawn)


def _svg(drawn: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">{"".join(drawn)}</svg>'


_PAGE: Final = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>nabz backtest</title>
<meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; --line: #8886; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.1rem; margin: 2rem 0 .3rem }
table { border-collapse: collapse; width: 100% } .wide { overflow-x: auto }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: start }
td { font-variant-numeric: tabular-nums }
figure { margin: 1.5rem 0 } figcaption { font-weight: 600 }
svg { width: 100%; max-width: 40rem; font: 11px system-ui; fill: currentColor }
svg line { stroke: var(--line) } svg polyline { fill: none; stroke-width: 2.5 }
svg rect { fill: #2471a3 }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem }
.legend i { display: inline-block; width: 1.2rem; height: .25rem; margin: 0 .4rem .25rem 0 }
.caution { border-inline-start: 4px solid #b9770e; padding-inline-start: .8rem }
</style>
<h1>Backtest</h1>
{{body}}
</html>
"""
