"""A broker is described once and spelled for three clients; secrets are read, never shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from faust import SASLCredentials, SSLCredentials

from streams.engine.brokers import Broker, BrokerConfigError, secret


def test_a_secret_comes_from_the_environment_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line end of a file is no part of it."""
    monkeypatch.setenv("NABZ_TEST_SECRET", "hush")
    place = tmp_path / "password"
    place.write_text("hush hush\r\n", encoding="utf-8")
    assert secret("env:NABZ_TEST_SECRET") == "hush"
    assert secret(f"file:{place}") == "hush hush"


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("env:NABZ_TEST_NOT_SET", "the environment has no NABZ_TEST_NOT_SET"),
        ("file:/nowhere/password", "cannot be read"),
        ("hunter2", "written as env:NAME or file:/path"),
        ("https://x", "written as env:NAME or file:/path"),
    ],
)
def test_a_secret_that_is_not_there_says_what_to_do(reference: str, words: str) -> None:
    """And a secret written in the open is refused without being repeated."""
    with pytest.raises(BrokerConfigError, match=words) as refused:
        secret(reference)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"bootstrap": " "}, "bootstrap is empty"),
        ({"bootstrap": "a:1", "mechanism": "PLAIN", "username": "env:A"}, "needs username and"),
        ({"bootstrap": "a:1", "tls": True, "key": "k.pem"}, "key given without cert"),
    ],
    ids=["no address", "half a login", "half a certificate"],
)
def test_half_a_description_is_refused(given: dict[str, object], words: str) -> None:
    """At start-up, before anything is connected."""
    with pytest.raises(BrokerConfigError, match=words):
        Broker(**given)  # type: ignore[arg-type]  # each a different subset of the fields


def test_a_login_reaches_every_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCRAM over TLS, as most clusters ask for."""
    monkeypatch.setenv("NABZ_TEST_USER", "nabz")
    monkeypatch.setenv("NABZ_TEST_PASSWORD", "hush")
    broker = Broker(
        "a:9093,b:9093",
        tls=True,
        mechanism="SCRAM-SHA-512",
        username="env:NABZ_TEST_USER",
        password="env:NABZ_TEST_PASSWORD",
    )
    told = broker.aiokafka()
    assert isinstance(told.pop("ssl_context"), ssl.SSLContext)
    assert told == {
        "bootstrap_servers": ["a:9093", "b:9093"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "nabz",
        "sasl_plain_password": "hush",
    }
    assert broker.kafka_python().keys() == broker.aiokafka().keys()
    login = broker.faust_credentials()
    assert isinstance(login, SASLCredentials)
    assert (login.username, login.password, login.protocol.value) == ("nabz", "hush", "SASL_SSL")
    assert broker.faust_url() == ["nabz+kafka://a:9093", "nabz+kafka://b:9093"]
    assert "hush" not in repr(broker)


def test_tls_alone_and_neither() -> None:
    """A certificate without a login, and a broker on loopback."""
    assert isinstance(Broker("a:9093", tls=True).faust_credentials(), SSLCredentials)
    assert Broker("a:9092").faust_credentials() is None
    assert Broker("a:9092").ssl_context() is None


def test_an_authority_that_is_not_there_stops_start_up(tmp_path: Path) -> None:
    """Rather than trusting the system's instead."""
    with pytest.raises(OSError):  # noqa: PT011  # the system's own words, path included
        Broker("a:9093", tls=True, ca=str(tmp_path / "ca.pem")).ssl_context()
