"""What a panel shows, and the same as Grafana writes it.

A query is PromQL in which `@` stands for the jobs and instances chosen on top of the page, so that
no panel forgets them: `sum(rate(nabz_events_total{@, outcome="folded"}[$__rate_interval]))`.
Colours are names, which Grafana gives another shade in the dark theme and in the light one; there
is no other colour here.

Next step: `streams.dashboards.board` puts panels on a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

WHERE: Final = 'job=~"$job", instance=~"$instance"'
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
"""Whatever Prometheus is chosen on top of the page."""

Json = dict[str, Any]
Kind = Literal["stat", "timeseries", "heatmap", "state-timeline"]
Unit = Literal["short", "eps", "s", "percentunit", "bytes"]
"""Counts, events a second, seconds, shares of one, bytes: ids of Grafana's unit list."""
Grade = tuple[float, str]
"""From this value on, this colour."""

NEVER: Final[tuple[Grade, ...]] = ((1, "red"),)
"""Of what must not happen at all; below the first grade a number is green."""


@dataclass(frozen=True, slots=True)
class Query:
    """One expression of a panel.

    Attributes:
        text: PromQL, with `@` as above.
        legend: What a series is called, labels in `{{ }}`.
        instant: Asked for the end of the range only; for sums over all of it.
    """

    text: str
    legend: str = ""
    instant: bool = False

    @property
    def expr(self) -> str:
        """The expression as Grafana gets it.

        >>> Query('sum(up{@, job="a"})').expr
        'sum(up{job=~"$job", instance=~"$instance", job="a"})'
        """
        return self.text.replace("@", WHERE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """A panel, or the heading of a row of them.

    Attributes:
        title: What it is, in a few words.
        says: What is seen, and when somebody should look closer.
        queries: At least one.
        unit: Of all its values.
        kind: How it is drawn.
        width: Of 24 columns.
        grades: Colours of a number, or lines across a chart, from low to high.
        base: Colour below the first grade.
        stacked: Series add up to something.
        top: End of the axis, where there is one by nature.
        states: Texts and colours in place of the values of a state timeline.
    """

    title: str
    says: str
    queries: tuple[Query, ...]
    unit: Unit
    kind: Kind = "timeseries"
    width: int = 8
    grades: tuple[Grade, ...] = ()
    base: str = "green"
    stacked: bool = False
    top: float | None = None
    states: tuple[tuple[int, str, str], ...] = ()

    @property
    def height(self) -> int:
        """In rows of the grid."""
        return 4 if self.kind == "stat" else 8

    def written(self, number: int, x: int, y: int) -> Json:
        """As Grafana writes it, at a place."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.says,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [self._target(place, one) for place, one in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._defaults(), "overrides": []},
            "options": _OPTIONS[self.kind],
        }

    def _target(self, place: int, query: Query) -> Json:
        return {
            "refId": "ABCDEFGH"[place],
            "datasource": SOURCE,
            "expr": query.expr,
            "legendFormat": query.legend,
            "format": "heatmap" if self.kind == "heatmap" else "time_series",
            "instant": query.instant,
            "range": not query.instant,
        }

    def _defaults(self) -> Json:
        steps: list[Json] = [{"color": self.base, "value": None}]
        steps += [{"color": colour, "value": value} for value, colour in self.grades]
        by_grade = self.kind in {"stat", "state-timeline"}
        found: Json = {
            "unit": self.unit,
            "color": {"mode": "thresholds" if by_grade else "palette-classic"},
            "thresholds": {"mode": "absolute", "steps": steps},
            "custom": self._custom(),
        }
        if self.kind == "timeseries":
            found["min"] = 0
        if self.top is not None:
            found["max"] = self.top
        if self.states:
            texts = {
                str(value): {"text": text, "color": colour} for value, text, colour in self.states
            }
            found["mappings"] = [{"type": "value", "options": texts}]
        return found

    def _custom(self) -> Json:
        if self.kind == "timeseries":
            return {
                "drawStyle": "line",
                "lineWidth": 1,
                "fillOpacity": 25 if self.stacked else 5,
                "showPoints": "auto",
                "spanNulls": False,
                "stacking": {"mode": "normal" if self.stacked else "none", "group": "A"},
                "thresholdsStyle": {"mode": "dashed" if self.grades else "off"},
            }
        return {"fillOpacity": 70, "lineWidth": 0} if self.kind == "state-timeline" else {}


_LEGEND: Final[Json] = {
    "displayMode": "list",
    "placement": "bottom",
    "showLegend": True,
    "calcs": [],
}
_TOOLTIP: Final[Json] = {"mode": "multi", "sort": "desc"}
_OPTIONS: Final[dict[Kind, Json]] = {
    "stat": {
        "colorMode": "value",
        "graphMode": "area",
        "justifyMode": "auto",
        "orientation": "auto",
        "percentChangeColorMode": "standard",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "showPercentChange": False,
        "textMode": "auto",
        "wideLayout": True,
    },
    "timeseries": {"legend": _LEGEND, "tooltip": _TOOLTIP},
    "heatmap": {
        "calculate": False,
        "cellGap": 1,
        # This scheme is turned round in the dark theme, so that much stands out in both.
        "color": {
            "mode": "scheme",
            "scheme": "Oranges",
            "fill": "dark-orange",
            "exponent": 0.5,
            "reverse": False,
            "steps": 64,
        },
        "exemplars": {"color": "blue"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "unit": "short", "reverse": False},
    },
    "state-timeline": {
        "alignValue": "left",
        "legend": _LEGEND,
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": _TOOLTIP,
    },
}


def quantiles(metric: str, by: str = "", legend: str = "") -> tuple[Query, ...]:
    """Median, and what one of twenty and one of a hundred exceed, of a histogram.

    >>> [one.legend for one in quantiles("nabz_cycle_seconds")]
    ['median', '95 %', '99 %']
    """
    labels = f"le, {by}" if by else "le"
    rate = f"sum by ({labels}) (rate({metric}_bucket{{@}}[$__rate_interval]))"
    return tuple(
        Query(f"histogram_quantile({share}, {rate})", f"{legend} {name}".strip())
        for share, name in ((0.5, "median"), (0.95, "95 %"), (0.99, "99 %"))
    )
