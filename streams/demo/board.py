"""The board at the bottom of a terminal: the customers most in distress, and how it goes.

Alerts scroll by above it and stay in the terminal's history; the board is drawn anew a few times a
second. Columns that do not fit a narrow terminal are left out, the least telling first.

Next step: `streams.demo.live` keeps it up to date with `rich.live`.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from alerts.outputs import HealthRow
from streams.cli.words import shown
from streams.demo.lines import status_line
from streams.demo.phrases import arrow, bar, reasons, waited, whole, why
from streams.demo.picture import Picture

ROWS: Final = 8
_WIDE: Final = 100
_MEDIUM: Final = 72
_NAMED: Final = 56
_NAME_WIDTH: Final = 18
_CUTS_E2: Final = ((8_500, "red"), (7_000, "yellow"), (4_000, "bright_white"))
_BANDS: Final = {"critical": "red", "at_risk": "yellow", "watch": "cyan", "healthy": "green"}


def colour(distress_e2: int) -> str:
    """Red where an alert is critical by default, yellow where it warns.

    >>> colour(9_000), colour(7_000), colour(100)
    ('red', 'yellow', 'dim')
    """
    return next((name for least, name in _CUTS_E2 if distress_e2 >= least), "dim")


class Board:
    """A picture, drawn for the width there is.

    Attributes:
        running_s: How long the demo has been running.
        written: Events the simulator has written; `folded` of them are in a customer's row.
        per_s: Events a second, lately.
        now_ms: The wall clock.
    """

    def __init__(self, picture: Picture, broker: str) -> None:
        """Draw this picture."""
        self._picture = picture
        self._broker = broker
        self.running_s = 0.0
        self.written = 0
        self.folded = 0
        self.per_s = 0.0
        self.now_ms = 0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        yield Rule(style="dim")
        status = status_line(
            self._picture,
            running_s=self.running_s,
            written=self.written,
            folded=self.folded,
            per_s=self.per_s,
            narrow=options.max_width < _WIDE,
        )
        status.no_wrap, status.overflow = True, "ellipsis"
        yield status
        yield Text("")
        yield self._customers(options.max_width)
        yield Text("")
        yield self._hint()

    def _customers(self, width: int) -> RenderableType:
        rows = self._picture.worst()[:ROWS]
        table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim", expand=True)
        table.add_column("  customer", no_wrap=True)
        if width >= _NAMED:
            table.add_column("name", no_wrap=True, max_width=_NAME_WIDTH)
        table.add_column(" distress", no_wrap=True, min_width=18 if width >= _WIDE else 9)
        if width >= _MEDIUM:
            table.add_column("health", no_wrap=True, justify="right")
            table.add_column("waiting", no_wrap=True, justify="right", min_width=7)
        table.add_column("mostly because", no_wrap=True, ratio=1, overflow="ellipsis")
        for row in rows:
            table.add_row(*self._cells(row, width))
        blank = [""] * len(table.columns)
        for _ in range(ROWS - len(rows)):  # the board keeps its height, so nothing jumps
            table.add_row(*blank)
        return table

    def _cells(self, row: HealthRow, width: int) -> list[Text]:
        distress_e2 = 0 if row.distress_e2 is None else row.distress_e2
        shade = colour(distress_e2)
        trail = self._picture.trails.get(row.customer)
        change = arrow(0 if trail is None else trail.change_e2(self.now_ms))
        mark = "●" if row.open_alerts else " "
        cells = [Text.assemble((f"{mark} ", shade), (shown(row.customer, 24), "bold"))]
        if width >= _NAMED:
            cells.append(Text("" if row.name is None else shown(row.name, _NAME_WIDTH)))
        score = Text(f"{whole(row.distress_e2):>3} {change} ", shade)
        if width >= _WIDE:
            score.append(bar(distress_e2, 12), shade)
        cells.append(score)
        if width >= _MEDIUM:
            cells.append(Text(whole(row.health_e2), _BANDS.get(row.band, "dim")))
            cells.append(Text(waited(row, self.now_ms)))
        cells.append(Text(", ".join(reasons(row.distress)), "" if distress_e2 >= 4_000 else "dim"))
        return cells

    def _hint(self) -> RenderableType:
        alerts = self._picture.open_alerts()
        if not alerts:
            return Group(
                Text("The first customers are getting angry; alerts appear here.", "dim"),
                Text("Ctrl-C ends it", "dim"),
            )
        line = Text("Why?  ", "dim")
        line.append(why(alerts[-1], self._broker), "cyan")
        return Group(line, Text("in a second terminal; Ctrl-C ends it", "dim"))
