"""However a command fails: one line, an exit code, and never what a customer wrote."""

from __future__ import annotations

import importlib

import click
import pytest
from kafka.errors import InvalidReplicationFactorError, KafkaTimeoutError

from streams.cli import errors
from streams.cli.errors import CRASHED, FAILED, MISUSED, Stop, told
from streams.cli.processes import supervised
from streams.engine.brokers import BrokerConfigError


def test_a_crash_names_type_and_place_but_not_the_text() -> None:
    """The text of an exception may quote the record it choked on."""
    with pytest.raises(ValueError, match="4111") as caught:
        int("my card is 4111 1111 1111 1111")
    line, code = told(caught.value)
    assert code == CRASHED
    assert "ValueError at test_errors.py:" in line
    assert "4111" not in line
    assert "nabz --debug" in line


def test_a_finished_message_is_shown_as_it_is() -> None:
    """Errors of ours say what to do; nothing is put around them."""
    error = BrokerConfigError("broker: bootstrap is empty; write host:port")
    assert told(error) == (str(error), MISUSED)
    assert told(Stop("customer c: unknown")) == ("customer c: unknown", FAILED)


def test_a_derived_error_counts_as_what_it_is_derived_from() -> None:
    """A narrower error of the same family has a finished message too."""

    class NarrowerError(BrokerConfigError):
        pass

    assert told(NarrowerError("x; do y")) == ("x; do y", MISUSED)


def test_an_error_of_kafka_says_where_to_look() -> None:
    """A client's own error is no crash of ours."""
    line, code = told(KafkaTimeoutError())
    assert code == FAILED
    assert line.startswith("Kafka answered with KafkaTimeoutError; check that the broker is up")
    assert "replication:" in told(InvalidReplicationFactorError()).line


def test_a_process_that_is_supervised_asks_to_be_started_again() -> None:
    """A broker that is away at start-up may be back in a minute; a wrong setting will not."""

    def away() -> int:
        raise KafkaTimeoutError

    def wrong() -> int:
        raise BrokerConfigError("broker: bootstrap is empty; write host:port")

    with pytest.raises(Stop) as caught:
        supervised(away)
    assert caught.value.exit_code == CRASHED
    with pytest.raises(BrokerConfigError):
        supervised(wrong)
    assert supervised(lambda: 3) == 3


def test_a_usage_error_is_one_line_that_names_the_help() -> None:
    """No page of usage between what was wrong and the prompt."""
    line, code = told(click.UsageError("No such option:\n --x."))
    assert (line, code) == ("No such option: --x; see `nabz --help`", MISUSED)


@pytest.mark.parametrize("name", sorted(errors._FINISHED))
def test_every_error_with_a_finished_message_exists(name: str) -> None:
    """A renamed error would end as a crash."""
    module, _, kind = name.rpartition(".")
    assert issubclass(getattr(importlib.import_module(module), kind), Exception)
