"""How far a long piece of work is: a bar on standard error, where that is a terminal.

Next step: `nabz replay` and `nabz why` fold under it, `nabz sources rewind` reads again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from streams.cli.words import console


@contextmanager
def folding(what: str = "folding the log") -> Iterator[Callable[[int, int], None]]:
    """A function to tell records done and records there are; the bar goes when the block ends."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    terminal = console(err=True)
    if not terminal.is_terminal:
        yield lambda _done, _total: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
