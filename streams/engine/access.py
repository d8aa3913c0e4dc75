"""Are we let in, and may we do what this process needs? Asked before anything is begun.

A member whose group or source is denied would idle for ever without a word, and kafka-python hides
a wrong password behind a time limit. So one connection is made by hand, which tells the cause, and
the broker is asked what our user may do: it answers that to everybody, about what they may see.

Next step: `streams.cli.processes` asks before a process starts, `nabz doctor` at any time.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from aiokafka.conn import create_conn
from aiokafka.errors import (
    AuthenticationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from kafka.errors import (
    CoordinatorNotAvailableError,
    GroupAuthorizationFailedError,
    NotCoordinatorError,
)
from kafka.errors import KafkaError as AdminError

from streams.acls import Right
from streams.engine.admin import BrokerUnreachableError, connected
from streams.engine.brokers import Broker

if TYPE_CHECKING:
    from kafka.admin import KafkaAdminClient

_DENIED: Final = 29  # TOPIC_AUTHORIZATION_FAILED; also of a topic that is not there
CURE: Final = "`nabz topics export` prints the ACLs each process needs"


class AccessError(Exception):
    """The broker does not let us in or denies a right; a line per cause, with what to do."""


def door(broker: Broker, timeout_s: float = 10.0) -> str | None:
    """Why no server lets us in, None if one does.

    A line that names the server, what it answered and the setting to look at; never a secret.
    """
    try:
        settings = broker.aiokafka()
    except OSError as error:  # ssl.SSLError is one
        return f"broker: ca, cert or key cannot be used ({type(error).__name__}); check the files"
    settings.pop("bootstrap_servers")
    causes: list[str] = []
    for server in broker.servers:
        cause = asyncio.run(_knock(broker, server, settings, timeout_s))
        if cause is None:
            return None
        causes.append(f"{server}: {cause}")
    return "; ".join(causes)


async def _knock(
    broker: Broker, server: str, settings: dict[str, object], timeout_s: float
) -> str | None:
    host, _, port = server.rpartition(":")
    if not port.isascii() or not port.isdigit():
        return "is no address; write host:port in broker.bootstrap"
    limit_ms = int(timeout_s * 1000)
    try:
        async with asyncio.timeout(timeout_s):
            connection = await create_conn(
                host.strip("[]"), int(port), request_timeout_ms=limit_ms, **settings
            )
    except (KafkaError, OSError, TimeoutError) as error:
        return _cause(broker, error)
    connection.close()
    return None


def _cause(broker: Broker, error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            trusted = "the system's authorities" if broker.ca is None else broker.ca
            return (
                f"its certificate is not vouched for by {trusted} ({error.verify_message});"
                " check broker.ca and the host name"
            )
        case ssl.SSLError():
            return "no TLS comes about; does this listener speak TLS, and does it want broker.cert?"
        case SaslAuthenticationFailed() | AuthenticationFailedError():
            return (
                f"user or password is refused with {broker.mechanism}; check broker.username"
                f" ({broker.username}) and broker.password ({broker.password})"
            )
        case UnsupportedSaslMechanismError():
            return f"it does not offer {broker.mechanism}; check broker.mechanism"
        case TimeoutError():
            return "no answer in time; check the address and the way there"
        case KafkaConnectionError():
            spoken = broker.protocol
            return f"it hangs up on {spoken}; check broker.tls and broker.mechanism"
        case OSError():
            return f"nobody listens there ({type(error).__name__}); check broker.bootstrap"
    return f"it answered with {type(error).__name__}; check the broker's log"


def denied(broker: Broker, rights: Iterable[Right], timeout_s: float = 15.0) -> list[str]:
    """The rights our user lacks, a line each; those of topics that are not there are not judged.

    Raises:
        streams.engine.admin.BrokerUnreachableError: No broker answered.
    """
    wanted = tuple(rights)
    topics = [one for one in wanted if one.kind == "topic"]
    lines: list[str] = []
    try:
        with connected(broker, timeout_s) as client:
            shown = {one["name"]: one for one in client.describe_topics([t.name for t in topics])}
            for one in topics:
                lines += _lacking(one, *_of_topic(shown.get(one.name)))
            for one in wanted:
                if one.kind == "group":
                    lines += _lacking(one, *_of_group(client, one.name, timeout_s))
    except AdminError as error:
        raise BrokerUnreachableError(
            f"the broker at {broker.bootstrap} did not tell what this user may do"
            f" ({type(error).__name__}); check its log and start again"
        ) from error
    return lines


def _lacking(right: Right, allowed: frozenset[str] | None, remark: str) -> list[str]:
    missing = [] if allowed is None else [one for one in right.operations if one not in allowed]
    if not missing:
        return []
    return [f"{right.kind} {right.name}: {' and '.join(missing)} denied to this user{remark}"]


def _of_topic(shown: dict[str, object] | None) -> tuple[frozenset[str] | None, str]:
    """Operations allowed; None where the broker does not say."""
    if shown is None:
        return None, ""
    if shown["error_code"] == _DENIED:
        return frozenset(), " (or there is no such topic)"
    return _names(shown), ""


def _of_group(
    client: KafkaAdminClient, name: str, timeout_s: float
) -> tuple[frozenset[str] | None, str]:
    deadline_s = time.monotonic() + timeout_s
    while True:
        try:
            return _names(client.describe_groups([name])[name]), ""
        except GroupAuthorizationFailedError:
            return frozenset(), ""
        except (CoordinatorNotAvailableError, NotCoordinatorError):
            # The first group of a cluster: the broker is making the topic of the offsets.
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.2)


def _names(shown: dict[str, object]) -> frozenset[str] | None:
    found = shown.get("authorized_operations")
    return frozenset(map(str, found)) if isinstance(found, list) else None


def let_in(broker: Broker) -> None:
    """Return if the broker lets us in; nothing is asked without TLS and SASL.

    Raises:
        AccessError: Says what is refused and which setting to look at.
    """
    if broker.tls or broker.mechanism is not None:
        shut = door(broker)
        if shut is not None:
            raise AccessError(f"broker {shut}")


def require(broker: Broker, rights: Iterable[Right]) -> None:
    """Return if we are let in and may do all of this.

    Without TLS and SASL there is nobody to deny anything to, and nothing is asked.

    Raises:
        AccessError: Says what is refused and what to do.
        streams.engine.admin.BrokerUnreachableError: The broker stopped answering.
    """
    if not broker.tls and broker.mechanism is None:
        return
    let_in(broker)
    lines = denied(broker, rights)
    if lines:
        raise AccessError(f"{'; '.join(lines)}; {CURE}")
