"""What a log is folded under, as one value with a hash: scoring and rules.

A configuration is itself a record: `nabz config apply` writes its body to `nabz.control.v1` and its
hash to every partition of the log, so replaying the log replays the configuration. Equal content
has equal bytes and an equal hash, however its file was written.

Next step: `alerts.fold.fold` folds a record under a configuration.
"""

from __future__ import annotations

import hashlib
from typing import Literal

import msgspec

from alerts.rules import Rule
from scoring.config import Scoring


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that decides what a record does to a row.

    Attributes:
        clock: `live` for the wall clock, `watermark` for files and backfill.
        scoring: What the two scores are made of.
        rules: When somebody should be told.
        max_notify_age_ms: Live only: alerts with older causes open as `historical` and are told to
            nobody until all sources have caught up.
    """

    clock: Literal["live", "watermark"] = "live"
    scoring: Scoring = Scoring()
    rules: tuple[Rule, ...] = ()
    max_notify_age_ms: int = 900_000


_encoder = msgspec.json.Encoder(order="deterministic")
_decoder = msgspec.json.Decoder(Config)


def encode_config(config: Config) -> bytes:
    """Encode as JSON, equal bytes for equal content."""
    return _encoder.encode(config)


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
