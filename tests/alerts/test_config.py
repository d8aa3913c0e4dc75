"""A configuration is a value with a name."""

from __future__ import annotations

import json

import msgspec
import pytest

from alerts.config import Config, config_hash, decode_config, encode_config
from alerts.rules import Rule
from scoring.config import Caps, Interaction, Scoring
from tests.strategies import CONFIG, LIVE, OTHER


@pytest.mark.parametrize("config", [Config(), CONFIG, LIVE, OTHER], ids=["plain", "a", "b", "c"])
def test_a_configuration_comes_back_from_its_body(config: Config) -> None:
    """The log says under what it was folded by these bytes."""
    body = encode_config(config)
    assert decode_config(body) == config
    assert encode_config(decode_config(body)) == body


def test_equal_content_has_an_equal_name_however_it_was_written() -> None:
    """The order of names in a file does not matter, a default that is written out neither."""
    kinds = {"a": Interaction(points=1), "b": Interaction(points=2)}
    turned = dict(reversed(list(kinds.items())))
    one = Config(
        scoring=Scoring(interactions=kinds), rules=(Rule("r", labels={"x": "1", "y": "2"}),)
    )
    other = Config(
        scoring=Scoring(interactions=turned, caps=Caps(feeling=4_500)),
        rules=(Rule("r", labels={"y": "2", "x": "1"}),),
        clock="live",
    )
    assert encode_config(one) == encode_config(other)
    assert config_hash(encode_config(one)) == config_hash(encode_config(other))


def test_other_content_has_another_name() -> None:
    """Each field counts."""
    names = {config_hash(encode_config(one)) for one in (Config(), CONFIG, LIVE, OTHER)}
    assert len(names) == 4


def test_a_field_of_a_newer_release_is_refused() -> None:
    """Folding under half of a configuration would give other rows than the log says."""
    body = json.loads(encode_config(CONFIG)) | {"unheard_of": 1}
    with pytest.raises(msgspec.ValidationError, match="unheard_of"):
        decode_config(json.dumps(body).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b'{"clock":"sundial"}', b'{"rules":[{}]}'])
def test_what_is_no_configuration_is_refused(body: bytes) -> None:
    """As an error of the decoder, which names the field."""
    with pytest.raises(msgspec.DecodeError):
        decode_config(body)
