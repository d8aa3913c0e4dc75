"""`nabz why-not`: what stopped an alert, from the log of a broker."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Nabz
from tests.cli.world import MINUTE_MS, START_MS, World
from tests.strategies import profile


@pytest.fixture
def asked(nabz_on: Nabz) -> Nabz:
    """One customer threatens to leave after a calm minute, another never does."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.says("c-102", "hello", points=0)
    world.says("c-102", "cancel it", at_min=1)
    world.says("c-103", "hello", points=0, at_min=1)
    return nabz_on


def test_the_first_gate_is_named_with_its_numbers(asked: Nabz) -> None:
    """Of each rule, for people and for programs."""
    done = asked.on_broker("why-not", "c-103")
    assert done.exit_code == 0, done.output
    head, line = done.stdout.splitlines()
    assert head.startswith("customer c-103, 2026-")
    assert line.startswith("angry: not raised: distress 0")
    done = asked.on_broker("why-not", "c-102", "--json")
    (one,) = (json.loads(found) for found in done.stdout.splitlines())
    assert (one["rule"], one["name"]) == ("angry", "no_message")


def test_an_earlier_moment_has_its_own_gate(asked: Nabz) -> None:
    """Before the threat nothing was raised; before anything nobody was there."""
    done = asked.on_broker("why-not", "c-102", "--at", str(START_MS + MINUTE_MS // 2))
    assert "angry: not raised" in done.stdout
    gone = asked.on_broker("why-not", "c-102", "--at", str(START_MS - 1))
    assert gone.exit_code == 1 and "not in the log" in gone.output


def test_who_is_not_there_and_a_time_that_is_none_are_refused(asked: Nabz) -> None:
    """With what to look at next."""
    assert "nabz dlq list" in asked.on_broker("why-not", "nobody").output
    done = asked.on_broker("why-not", "c-102", "--at", "soon")
    assert done.exit_code == 2 and "write a time like" in done.output


def test_a_display_name_leads_to_the_customer(nabz_on: Nabz) -> None:
    """People type names; the id is what the log knows."""
    assert nabz_on.broker is not None
    world = World(nabz_on.broker)
    world.configure()
    world.append("c-102", profile(START_MS, name="Leila Ashby"))
    world.says("c-102", "hello", points=0)
    world.work()
    said = "not in the log; close to it are c-102 (Leila Ashby)"
    assert said in nabz_on.on_broker("why", "Leila").stderr
    assert said in nabz_on.on_broker("why-not", "leila ashby").stderr
