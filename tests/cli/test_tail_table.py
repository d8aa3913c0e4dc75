"""The table of `nabz tail health` on terminals of several widths."""

from __future__ import annotations

import io

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from streams.cli.public import Health
from streams.cli.tail import _health_table
from tests.demo.published import ROW


def drawn(width: int) -> list[str]:
    """Lines of the table on a terminal of that width."""
    found = Health()
    found.rows = {
        "c-102": ROW,
        "c-1": replace(
            ROW,
            customer="a-customer-with-a-rather-long-identity",
            name="Leila Ashby",
            distress_e2=10_000,
        ),
    }
    console = Console(file=io.StringIO(), width=width, force_terminal=True, color_system=None)
    console.print(_health_table(found, limit=None, width=width))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_a_narrow_terminal_shows_what_matters_most_in_words() -> None:
    """At 80 columns nothing is cut but long names, and no code has to be looked up."""
    lines = drawn(80)
    assert max(cell_len(line) for line in lines) <= 80
    assert lines[0].split() == [
        "customer", "name", "distress", "health", "band", "waiting", "because",
    ]  # fmt: skip
    said = "\n".join(lines)
    for word in ("Leila Ashby", "100.00", "at risk", "sounds unhappy"):
        assert word in said
    assert "…" in said and "as of" not in said


@pytest.mark.parametrize("width", [150, 1_000])
def test_a_wide_terminal_shows_all_columns(width: int) -> None:
    """A pipe too, which is as wide as it needs to be."""
    lines = drawn(width)
    for column in ("24 h", "contacts", "alerts", "as of (UTC)"):
        assert column in lines[0]
    assert max(cell_len(line) for line in lines) <= width
