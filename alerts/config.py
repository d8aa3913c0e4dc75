"""What a log is folded under, as one value with a hash: scoring and rules.

A configuration is itself a record: `nabz config apply` writes its body to `nabz.control.v1` and its
hash to every partition of the log, so replaying the log replays the configuration. Equal content
has equal bytes and an equal hash, however its file was written.

Next step: `alerts.fold.fold` folds a record under a configuration.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from alerts.owners import Owner
from alerts.rules import Rule
from alerts.value import Worth
from scoring.config import Scoring


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that decides what a record does to a row.

    Attributes:
        clock: `live` for the wall clock, `watermark` for files and backfill.
        scoring: What the two scores are made of.
        rules: When somebody should be told.
        max_notify_age_ms: Live only: alerts with older causes open as `historical` and are told to
            nobody until all sources have caught up.
        value: How what is at stake is reckoned; None for not at all.
        owners: Whose alerts are, in order, and when these people are there.
    """

    clock: Literal["live", "watermark"] = "live"
    scoring: Scoring = Scoring()
    rules: tuple[Rule, ...] = ()
    max_notify_age_ms: int = 900_000
    value: Worth | None = None
    owners: tuple[Owner, ...] = ()


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Config)


def encode_config(config: Config) -> bytes:
    """Encode as JSON, equal bytes for equal content: a default that was written out is left out.

    >>> encode_config(Config(scoring=Scoring(base=8_500), rules=(Rule("r", for_ms=0),)))
    b'{"rules":[{"id":"r"}]}'
    """
    return _encoder.encode(_without_defaults(config))


def _without_defaults(value: Any) -> Any:
    """The same content; what equals a default is the default, which msgspec knows by identity."""
    match value:
        case msgspec.Struct():
            fields = {
                field.name: field.default
                if (held := getattr(value, field.name)) == field.default
                else _without_defaults(held)
                for field in msgspec.structs.fields(value)
            }
            return type(value)(**fields)
        case tuple():
            return tuple(_without_defaults(one) for one in value)
        case dict():
            return {name: _without_defaults(one) for name, one in value.items()}
        case _:
            return value


def decode_config(body: bytes) -> Config:
    """Decode the body of a configuration.

    Raises:
        msgspec.ValidationError: Not one, or written by a newer release with fields unknown here.

    >>> decode_config(encode_config(Config())) == Config()
    True
    """
    return _decoder.decode(body)


def config_hash(body: bytes) -> str:
    """Name of a configuration: 16 hexadecimal digits of SHA-256 over its body.

    >>> config_hash(encode_config(Config()))
    '44136fa355b3678a'
    """
    return hashlib.sha256(body).hexdigest()[:16]
