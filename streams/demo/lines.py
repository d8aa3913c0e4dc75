"""What happens, as lines: for a pipe, for a log, and above the board of a terminal.

Each is a `rich.text.Text`: on a terminal it has colours with a meaning (red somebody must act now,
yellow soon, green it is over, dim is context), in a pipe it is the same text without them.

Next step: `streams.demo.live` prints them as the records come in.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from alerts.outputs import Transition
from streams.cli.words import place, shown
from streams.demo.phrases import clock, quotes, reasons, waited, who, whole, why
from streams.demo.picture import Picture, fired

INDENT: Final = " " * 10
_SEVERITY: Final = {"critical": "bold red", "warning": "bold yellow"}
_STATE_WIDTH: Final = 12


def style_of(one: Transition) -> str:
    """The colour of an alert's state."""
    if one.after == "firing":
        return _SEVERITY.get(one.severity, "bold")
    return {"closed": "bold green", "recovering": "green"}.get(one.after, "dim")


def state_of(one: Transition) -> str:
    """An alert's state in a word; of a closed one, whether it recovered or expired."""
    if one.after != "closed":
        return one.after
    return one.reason if one.reason in {"recovered", "expired"} else "closed"


def is_news(one: Transition) -> bool:
    """Is this transition worth a line?

    A pending alert is nobody's business yet: it either fires or goes away. One that eases while it
    recovers has said so already.
    """
    recovers = one.after == "recovering" and one.before != "recovering"
    return fired(one) or recovers or one.after == "closed"


def alert_lines(one: Transition, broker: str | None) -> list[Text]:
    """A transition: what changed; of a new alert also in whose words, and how to look into it.

    The rest is a line each: what a person is told of it is shown as a notification.

    Args:
        one: The transition.
        broker: Where it can be asked about; None where that will not be possible.
    """
    head = Text(no_wrap=False, overflow="fold")
    head.append(f"{clock(one.at_ms)}  ", "dim")
    head.append(f"{shown(state_of(one)):<{_STATE_WIDTH}}", style_of(one))
    head.append(f"{who(one.customer, one.name)}", "bold")
    head.append(f"  {one.measure} {whole(one.score_e2)}")
    if one.after == "firing":
        head.append(f"  {one.severity}", _SEVERITY.get(one.severity, "bold"))
        head.append(f"  {shown(one.reason)}" if one.reason not in {"raised", "held"} else "")
    lines = [head]
    if one.after != "firing" or one.before == "firing":
        return lines
    for said in quotes(one.why):
        line = Text(f"{INDENT}“{shown(said.quote)}”", "italic")
        line.append(f"  {place(said.at.topic, said.at.partition, said.at.offset)}", "dim")
        lines.append(line)
    if broker is not None:
        lines.append(Text(f"{INDENT}{why(one, broker)}", "cyan"))
    return lines


def notification_lines(block: list[str]) -> list[Text]:
    """A notification as the notifier wrote it, marked as what a person would get."""
    marked = []
    for number, line in enumerate(block):
        text = Text(f"{INDENT}┃ ", "magenta")
        text.append(line, "bold" if number == 0 else "")
        marked.append(text)
    return marked


def status_line(
    picture: Picture,
    *,
    running_s: float,
    written: int,
    folded: int,
    per_s: float,
    narrow: bool = False,
) -> Text:
    """How it goes, in one line, of at most 80 cells where it is narrow."""
    open_ = picture.open_alerts()
    text = Text()
    text.append(f"{running_s:6.0f} s  ", "dim")
    if not folded:
        text.append("the worker joins its group, about 10 s", "dim")
        return text
    unit = "alert" if len(open_) == 1 else "alerts"
    text.append(f"{len(open_)} {unit} open", "bold" if open_ else "")
    text.append(f", {picture.closed()} closed")
    text.append(f"  {len(picture.rows)} customers")
    text.append(f"  {per_s:.1f} events/s")
    if not narrow:
        text.append(f"  {written} written, {folded} folded", "dim")
    return text


def say(console: Console, line: Text) -> None:
    """Print a line; what a narrow terminal breaks goes on under its beginning."""
    plain = line.plain
    if console.is_terminal and plain.startswith(INDENT):
        console.print(Padding(line[len(INDENT) :], (0, 0, 0, len(INDENT)), expand=False))
    else:
        console.print(line)


def worst_lines(picture: Picture, now_ms: int, most: int = 3) -> list[Text]:
    """The customers most in distress, a line each."""
    lines = []
    for row in picture.worst()[:most]:
        text = Text(INDENT)
        text.append(f"distress {whole(row.distress_e2):>3}  ", "bold")
        text.append(who(row.customer, row.name))
        text.append(f"  health {whole(row.health_e2)}", "dim")
        because = reasons(row.distress)
        if because:
            text.append(f"  {', '.join(because)}", "dim")
        since = waited(row, now_ms)
        if since:
            text.append(f"  waiting {since}", "dim")
        lines.append(text)
    return lines
