"""Where Kafka is and how to be let in: one value, spelled for each of the three clients.

aiokafka (ingest, the lane's producer and reader), kafka-python (admin, notifier, command line) and
Faust (the lane's group member) take the same facts under different names. Secrets arrive as
references (`env:NAME` or `file:/path`) and are read when a client is made, never kept or printed.

Next step: `streams.engine.admin` creates the topics, `streams.engine.worker` runs a lane.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from faust import SASLCredentials, SSLCredentials
from faust.types.auth import CredentialsT

SCHEME = "nabz+kafka"


class BrokerConfigError(ValueError):
    """The connection to Kafka is described in a way that cannot work; start-up stops."""


def secret(reference: str) -> str:
    """Read a secret from where a reference says it is.

    Raises:
        BrokerConfigError: Not a reference, or nothing is there.

    >>> os.environ["NABZ_DOCTEST"] = "hush"
    >>> secret("env:NABZ_DOCTEST")
    'hush'
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        found = os.environ.get(place)
        if found is None:
            raise BrokerConfigError(f"secret {reference!r}: the environment has no {place}; set it")
        return found
    if kind == "file":
        try:
            return Path(place).read_text(encoding="utf-8").rstrip("\r\n")
        except OSError as error:
            raise BrokerConfigError(f"secret {reference!r} cannot be read: {error}") from error
    raise BrokerConfigError("a secret is written as env:NAME or file:/path, found another text")


@dataclass(frozen=True, slots=True)
class Broker:
    """A Kafka cluster and the identity we have there.

    Attributes:
        bootstrap: `host:port`, several with commas between them.
        tls: Encrypt, and check the server's certificate.
        ca: PEM file of the authority to trust; the system's where it is None.
        cert: PEM file of our own certificate (mutual TLS).
        key: PEM file of its key.
        mechanism: SASL mechanism (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), None for no SASL.
        username: Reference to the user name, `env:` or `file:`.
        password: Reference to the password, `env:` or `file:`.
        idempotent: Producers may number their batches, so that a retry is no duplicate. False for
            the embedded broker only.
    """

    bootstrap: str
    tls: bool = False
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    mechanism: str | None = None
    username: str | None = None
    password: str | None = None
    idempotent: bool = True

    def __post_init__(self) -> None:
        """Refuse half a description."""
        if not self.bootstrap.strip():
            raise BrokerConfigError("broker: bootstrap is empty; write host:port")
        if self.mechanism is not None and (self.username is None or self.password is None):
            raise BrokerConfigError(
                f"broker: SASL {self.mechanism} needs username and password, as env: or file:"
            )
        if self.key is not None and self.cert is None:
            raise BrokerConfigError("broker: tls key given without cert; give both")

    @property
    def servers(self) -> list[str]:
        """The bootstrap addresses one by one.

        >>> Broker("a:9092, b:9092").servers
        ['a:9092', 'b:9092']
        """
        return [one.strip() for one in self.bootstrap.split(",") if one.strip()]

    @property
    def protocol(self) -> str:
        """Security protocol as Kafka spells it.

        >>> Broker("a:1", tls=True).protocol
        'SSL'
        """
        if self.mechanism is None:
            return "SSL" if self.tls else "PLAINTEXT"
        return "SASL_SSL" if self.tls else "SASL_PLAINTEXT"

    def ssl_context(self) -> ssl.SSLContext | None:
        """Context for TLS, None without it."""
        if not self.tls:
            return None
        context = ssl.create_default_context(cafile=self.ca)
        if self.cert is not None:
            context.load_cert_chain(self.cert, self.key)
        return context

    def _sasl(self) -> dict[str, str]:
        if self.mechanism is None or self.username is None or self.password is None:
            return {}
        return {
            "sasl_mechanism": self.mechanism,
            "sasl_plain_username": secret(self.username),
            "sasl_plain_password": secret(self.password),
        }

    def aiokafka(self) -> dict[str, Any]:
        """Connection arguments of an aiokafka client.

        >>> Broker("a:9092").aiokafka()
        {'bootstrap_servers': ['a:9092'], 'security_protocol': 'PLAINTEXT'}
        """
        context = self.ssl_context()
        tls = {} if context is None else {"ssl_context": context}
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": self.protocol,
            **tls,
            **self._sasl(),
        }

    def kafka_python(self) -> dict[str, Any]:
        """Connection arguments of a kafka-python client (they are spelled alike)."""
        return self.aiokafka()

    def faust_url(self) -> list[str]:
        """Broker URLs that select our transport."""
        return [f"{SCHEME}://{server}" for server in self.servers]

    def faust_credentials(self) -> CredentialsT | None:
        """Credentials of a Faust application."""
        context = self.ssl_context()
        sasl = self._sasl()
        if sasl:
            return SASLCredentials(
                username=sasl["sasl_plain_username"],
                password=sasl["sasl_plain_password"],
                mechanism=sasl["sasl_mechanism"],
                ssl_context=context,
            )
        return None if context is None else SSLCredentials(context=context)
