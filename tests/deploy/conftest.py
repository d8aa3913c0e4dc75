"""The command line in a folder of its own, as the tests of the command line have it."""

from __future__ import annotations

from tests.cli.conftest import empty_broker, nabz, nabz_on, own_broker

__all__ = ["empty_broker", "nabz", "nabz_on", "own_broker"]
