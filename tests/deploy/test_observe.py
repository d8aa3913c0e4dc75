"""Every panel of the dashboards, asked of a real Prometheus that watches nabz at work.

`make observe CHECK=1` goes on from there: it breaks two things and waits for their alarms.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.deploy.observe import Observed, observed
from tests.deploy.panels import Asked, asked
from tests.deploy.prometheus import NotSeenError, awaited
from tests.deploy.tools import needed

PATIENCE_S = 240.0
"""A minute is usual; a panel that asks for what is not there waits for all of it."""


@pytest.fixture(scope="module")
def one() -> Iterator[Observed]:
    """All of nabz under simulated load."""
    needed("prometheus", "prometheus")
    with ExitStack() as stack:
        try:
            installation = stack.enter_context(observed())
        except NotSeenError as error:
            # Once in forty starts, on 25 November 2026, it did not begin, and nobody knows why yet:
            # what was seen is printed, and it may try once more.
            sys.stdout.write(f"{error}\n")
            installation = stack.enter_context(observed())
        yield installation


def test_every_panel_has_data_and_no_rule_an_error(one: Observed) -> None:
    """Within a minute of load; a misspelt metric would answer with success and no series."""
    still = asked()

    def none_is_left() -> bool:
        one.all_run()
        still[:] = [query for query in still if one.prometheus.lacking(query, 60)]
        return not still

    try:
        awaited("every panel has data", none_is_left, PATIENCE_S)
    finally:
        assert [query.place for query in still] == []
    # Some rules are looked at once a minute only.
    try:
        awaited("every rule has run", lambda: not one.prometheus.failing_rules(), 90.0)
    finally:
        assert one.prometheus.failing_rules() == []


def test_a_panel_that_asks_for_what_is_not_there_is_found(one: Observed) -> None:
    """No series, no number: each is named with its place."""
    nothing = Asked("fleet", "Customers", "A", "sum(nabz_customer)", instant=False)
    assert (one.prometheus.lacking(nothing, 60) or "").startswith(
        "fleet / Customers / A: no series"
    )
    noughts = Asked("fleet", "Customers", "A", "0 * max(up) / 0", instant=True)
    assert (one.prometheus.lacking(noughts, 60) or "").endswith("series without a number")
