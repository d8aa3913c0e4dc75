"""What nabz is made of is written down, agreed to, and asked about."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.deploy import supply
from tests.deploy.tools import ROOT


def test_every_part_is_under_a_licence_somebody_has_agreed_to() -> None:
    """A new one is looked at before it ships; an exception that is not needed goes."""
    stated = {name: supply.licence(one) for name, one in supply.parts().items()}
    assert {name: one for name, one in stated.items() if supply.refused(name, one)} == {}
    assert supply.EXCEPTIONS.keys() <= {
        name for name, one in stated.items() if one not in supply.ALLOWED
    }


def test_the_bill_of_materials_lists_what_runs_and_is_valid(tmp_path: Path) -> None:
    """CycloneDX by its own schema, every part with version and licence, no tool, no machine."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    document = supply.bill()
    text = json.dumps(document)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert document["metadata"]["component"]["name"] == "nabz"
    named = {one["name"].lower().replace("_", "-"): one for one in document["components"]}
    assert set(named) == supply.parts().keys() - {"nabz"}
    assert "pytest" not in named
    assert all(one["version"] and one["purl"] for one in named.values())
    assert str(ROOT) not in text
    assert "file:" not in text
    refs = {one["bom-ref"] for one in document["components"]} | {"root-component"}
    assert {on for one in document["dependencies"] for on in one.get("dependsOn", ())} <= refs


def test_an_audit_that_could_ask_nobody_says_so_and_stops_nothing() -> None:
    """Neither a finding nor an all-clear; also where the database knows none of the packages."""
    lines, act = supply.verdict({"a": "MIT"}, "no route to host", 3)
    assert not act
    assert (
        lines[-1] == "vulnerabilities: NOT LOOKED AT, the database did not answer: no route to host"
    )
    lines, act = supply.verdict({"a": "MIT"}, supply.Known([], 1, ["b", "c"]), None)
    assert not act
    assert lines[-1] == "vulnerabilities: 2 PACKAGES NOT LOOKED AT: no answer"


@pytest.mark.parametrize(
    ("stated", "found", "said"),
    [
        ({"a": "AGPL-3.0-only"}, [], "licence of a: AGPL-3.0-only"),
        ({"a": "MIT"}, ["b 1: X-1, mended in 2"], "vulnerability: b 1: X-1, mended in 2"),
    ],
)
def test_what_needs_somebody_fails_the_audit(
    stated: dict[str, str], found: list[str], said: str
) -> None:
    """A licence nobody agreed to, a vulnerability nobody accepted."""
    lines, act = supply.verdict(stated, supply.Known(found, 2, []), 3)
    assert act
    assert any(line.startswith(said) for line in lines)


def test_an_old_lock_is_called_old() -> None:
    """What was fresh two months ago is not."""
    fresh, _ = supply.verdict({}, "", 60)
    old, _ = supply.verdict({}, "", 61)
    assert "lock: last changed 60 days ago" in fresh
    assert "lock: last changed 61 days ago; RENEW IT: make lock ARGS=--upgrade" in old


def test_the_image_holds_the_list_of_its_parts() -> None:
    """Made in the build, by the tool that the lock pins, from what the image will run."""
    page = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "cyclonedx-py environment /opt/nabz/bin/python" in page
    assert "cyclonedx-bom==" in supply.LOCK.read_text(encoding="utf-8")
