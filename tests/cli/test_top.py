"""`nabz top`: whom to look at first."""

from __future__ import annotations

from msgspec.structs import replace

from alerts.outputs import Loss
from streams.cli.top import _line, in_order
from tests.demo.published import ROW


def test_customers_are_listed_by_loss_with_places_for_distress() -> None:
    """Each says what the place was got by, and whether the value is assumed."""
    known = Loss("EUR a year", "gold", 1_000_000, False, 15, 150_000, None)
    unknown = Loss("EUR a year", "gold", None, True, 5, None, None)
    rows = {
        name: replace(ROW, customer=name, distress_e2=distress, loss=loss)
        for name, distress, loss in (
            ("poor", 9_000, None),
            ("rich", 5_000, known),
            ("unsure", 4_000, unknown),
            ("fragile", 100, replace(known, value_e2=1, loss_e2=0, exempt="vulnerable")),
        )
    }
    told = [_line(*one) for one in in_order(rows, 30)]
    assert [line.split()[0] for line in told] == ["fragile", "poor", "rich", "unsure"]
    assert "exempt: vulnerable" in told[0]
    assert told[1].rstrip().endswith("distress")
    assert told[2].endswith("loss        1,500 EUR a year at stake (15 % of 10,000)")
    assert told[3].endswith("at stake (5 % of 0, assumed)")
    assert in_order({}, 30) == []
