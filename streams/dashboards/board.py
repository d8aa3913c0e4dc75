"""A page of panels as Grafana keeps it: places, variables, annotations, links.

Next step: `streams.dashboards.fleet` is the first of the four pages, `__main__` writes them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from streams.dashboards.panel import SOURCE, Json, Panel

SCHEMA: Final = 41
"""`schemaVersion` of Grafana 12; newer ones read it and move it on by themselves."""
COLUMNS: Final = 24
TAG: Final = "nabz"


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice on top of the page, all by default.

    Attributes:
        name: As queries call it.
        label: As people read it.
        query: Where its values come from.
    """

    name: str
    label: str
    query: str

    def written(self) -> Json:
        """As Grafana writes it."""
        return {
            "type": "query",
            "name": self.name,
            "label": self.label,
            "datasource": SOURCE,
            "query": {"query": self.query, "refId": self.name},
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".+",
            "current": {"text": ["All"], "value": ["$__all"]},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """A dashboard.

    Attributes:
        name: Of its file; `nabz-` before it is its uid, which links rest on and never changes.
        title: As in the list of dashboards.
        says: For whom it is.
        asks: A metric every process on it shows: its jobs and instances are offered.
        rows: Headings with panels; the heading of the first may be empty, there is none then.
        variables: Besides source, job and instance.
        hours: How far back it looks at first.
    """

    name: str
    title: str
    says: str
    asks: str
    rows: tuple[tuple[str, tuple[Panel, ...]], ...]
    variables: tuple[Variable, ...] = ()
    hours: int = 6

    @property
    def panels(self) -> tuple[Panel, ...]:
        """All panels, in the order of the page."""
        return tuple(one for _, panels in self.rows for one in panels)

    @property
    def choices(self) -> tuple[Variable, ...]:
        """All variables that are asked of Prometheus."""
        return (
            Variable("job", "Job", f"label_values({self.asks}, job)"),
            Variable("instance", "Instance", f'label_values({self.asks}{{job=~"$job"}}, instance)'),
            *self.variables,
        )

    def text(self) -> str:
        """The file, equal for equal boards."""
        return json.dumps(self.written(), indent=1, ensure_ascii=False) + "\n"

    def written(self) -> Json:
        """As Grafana writes it."""
        source = {
            "type": "datasource",
            "name": "datasource",
            "label": "Data source",
            "query": "prometheus",
            "refresh": 1,
            "multi": False,
            "includeAll": False,
        }
        return {
            "uid": f"nabz-{self.name}",
            "title": self.title,
            "description": self.says,
            "tags": [TAG],
            "schemaVersion": SCHEMA,
            "version": 1,
            # The files are the truth: what is changed in the browser would be lost.
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": f"now-{self.hours}h", "to": "now"},
            "timezone": "browser",
            "links": [_LINK],
            "templating": {"list": [source, *(one.written() for one in self.choices)]},
            "annotations": {"list": list(_ANNOTATIONS)},
            "panels": [*self._placed()],
        }

    def _placed(self) -> Iterator[Json]:
        """Panels from left to right, a new line where one does not fit; rows below each other."""
        number = x = y = line = 0
        for heading, panels in self.rows:
            y, x, line = y + line, 0, 0
            if heading:
                number += 1
                place = {"x": 0, "y": y, "w": COLUMNS, "h": 1}
                yield {
                    "id": number, "type": "row", "title": heading, "collapsed": False,
                    "gridPos": place, "panels": [],
                }  # fmt: skip
                y += 1
            for panel in panels:
                if x + panel.width > COLUMNS:
                    y, x, line = y + line, 0, 0
                number += 1
                yield panel.written(number, x, y)
                x, line = x + panel.width, max(line, panel.height)


_LINK: Final[Json] = {
    "type": "dashboards",
    "title": "nabz",
    "tags": [TAG],
    "asDropdown": False,
    "icon": "external link",
    "includeVars": False,
    "keepTime": True,
    "targetBlank": False,
    "tooltip": "",
}


def _annotation(
    name: str, colour: str, expr: str, title: str, keys: str, *, shown: bool = True
) -> Json:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": shown,
        "hide": False,
        "iconColor": colour,
        "expr": expr,
        "titleFormat": title,
        "textFormat": "",
        "tagKeys": keys,
        "useValueForTime": False,
    }


_ANNOTATIONS: Final = (
    _annotation(
        "Alarms about nabz",
        "red",
        'ALERTS{alertname=~"Nabz.+", alertstate="firing"}',
        "{{alertname}}",
        "severity,channel,reason",
    ),
    _annotation(
        "Processes that started",
        "blue",
        "time() - process_start_time_seconds < 60 and on (job, instance) nabz_build_info",
        "{{job}} started",
        "instance",
    ),
    _annotation(
        "Alerts about customers",
        "orange",
        'sum by (severity) (increase(nabz_transitions_total{to="firing"}[$__rate_interval])) > 0',
        "Alerts raised: {{severity}}",
        "severity",
        shown=False,
    ),
)
"""Of configuration changes and incidents there is no metric yet; a start is next to them."""
