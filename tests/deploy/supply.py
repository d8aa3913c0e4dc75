"""What nabz is made of: the parts it runs with, their licences, and what is known against them.

    make sbom       a CycloneDX document of what `pip install nabz[embedded]` brings
    make audit      licences, published vulnerabilities, age of the lock; 1 if one needs somebody

A database that does not answer is no finding and no all-clear: it is said in capitals, and ends
with 0, as what others publish must not stop a build that was sound an hour ago for their network.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.deploy.tools import ROOT, tool

LOCK: Final = ROOT / "requirements.lock"
EXTRAS: Final = ("embedded",)
ALLOWED: Final = frozenset(
    {"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "PSF-2.0", "Unlicense"}
)
"""SPDX names of licences that ask for a notice and nothing else."""
EXCEPTIONS: Final[Mapping[str, str]] = {
    "certifi": "MPL-2.0, per file: a list of certificates that we pass on unchanged",
    "venusian": "Repoze, which is BSD with a clause about trademarks; comes with Faust",
}
"""Parts under another licence, and why they may be there."""
ACCEPTED: Final[Mapping[str, str]] = {}
"""Ids of published vulnerabilities that do not reach nabz, and why."""
_SPELLINGS: Final = {
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license": "Apache-2.0",
    "bsd license": "BSD-3-Clause",
    "mit license": "MIT",
    "python software foundation license": "PSF-2.0",
}
_OLD_DAYS: Final = 60


class Known(NamedTuple):
    """What a vulnerability database told.

    Attributes:
        found: Lines about what is published and not accepted.
        asked: Packages it knows.
        unasked: Packages it could not tell anything about.
    """

    found: list[str]
    asked: int
    unasked: list[str]


def parts(root: str = "nabz", extras: tuple[str, ...] = EXTRAS) -> dict[str, Distribution]:
    """Packages that run with another one, itself included, by canonical name.

    >>> {"nabz", "faust-streaming", "msgspec"} <= parts().keys(), "pytest" in parts()
    (True, False)
    """
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(root), extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            raise SystemExit(f"supply: {name} is not installed; run `make setup`") from None
        for one in map(Requirement, found[name].requires or ()):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                needed = canonicalize_name(one.name)
                waiting += [(needed, more) for more in ("", *one.extras)]
    return found


def licence(of: Distribution) -> str:
    """The licence a package states, as SPDX spells it where we know how.

    >>> licence(distribution("msgspec")), licence(distribution("mode-streaming"))
    ('BSD-3-Clause', 'BSD-3-Clause')
    """
    told = of.metadata
    classified: list[str] = [
        one.rpartition(" :: ")[2]
        for one in told.get_all("Classifier", [])
        if one.startswith("License ::")
    ]
    expressed: list[str] = told.get_all("License-Expression", [])
    stated = [*expressed, *classified, *told.get_all("License", []), "none"]
    first: str = stated[0].splitlines()[0].strip()
    return _SPELLINGS.get(first.lower(), first)


def refused(name: str, stated: str) -> bool:
    """Is this a licence nobody has agreed to yet?

    >>> refused("a", "MIT OR GPL-3.0-only"), refused("a", "MIT AND GPL-3.0-only")
    (False, True)
    >>> refused("certifi", "MPL-2.0"), refused("a", "none")
    (False, True)
    """
    if name in EXCEPTIONS:
        return False
    ways = [one.strip("() ").split(" AND ") for one in stated.split(" OR ")]
    return not any(all(part.strip("() ") in ALLOWED for part in way) for way in ways)


def known(report: Mapping[str, Any]) -> Known:
    """Read what pip-audit reports as JSON; a package it skipped is not one without findings.

    >>> told = {"dependencies": [
    ...     {"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]},
    ...     {"name": "b", "version": "1", "vulns": []},
    ...     {"name": "c", "skip_reason": "not found"}]}
    >>> known(told)
    Known(found=['a 1: X-1, mended in 2'], asked=2, unasked=['c'])
    """
    found, asked, unasked = [], 0, []
    for one in report["dependencies"]:
        if "vulns" not in one:
            unasked.append(one["name"])
            continue
        asked += 1
        for bug in one["vulns"]:
            names = {bug["id"], *bug.get("aliases", ())}
            if not names & ACCEPTED.keys():
                mended = ", ".join(bug["fix_versions"]) or "no release yet"
                found.append(f"{one['name']} {one['version']}: {bug['id']}, mended in {mended}")
    return Known(found, asked, unasked)


def bill() -> dict[str, Any]:
    """The parts as a CycloneDX document, made from this environment, tools of ours left out.

    Its schema is held to by a test and not each time, as that takes most of the time.
    """
    made = subprocess.run(  # noqa: S603  # a tool of the lock
        [
            str(Path(sys.executable).with_name("cyclonedx-py")), "environment", sys.executable,
            "--pyproject", str(ROOT / "pyproject.toml"), "--output-reproducible", "--no-validate",
            "--of", "JSON", "--sv", "1.6",
        ],
        capture_output=True, text=True, timeout=300, check=True,
    )  # fmt: skip
    document: dict[str, Any] = json.loads(made.stdout)
    names = parts().keys() - {"nabz"}  # which is what the document is about
    kept = [one for one in document["components"] if canonicalize_name(one["name"]) in names]
    refs = {one["bom-ref"] for one in kept} | {document["metadata"]["component"]["bom-ref"]}
    document["components"] = [_portable(one) for one in kept]
    document["dependencies"] = [
        {
            **one,
            **(
                {"dependsOn": [on for on in one["dependsOn"] if on in refs]}
                if "dependsOn" in one
                else {}
            ),
        }
        for one in document["dependencies"]
        if one["ref"] in refs
    ]
    return document


def _portable(component: dict[str, Any]) -> dict[str, Any]:
    """Without places on the machine it was made on."""
    outside = [
        one for one in component.get("externalReferences", ()) if not one["url"].startswith("file:")
    ]
    return (
        {**component, "externalReferences": outside}
        if outside
        else {name: value for name, value in component.items() if name != "externalReferences"}
    )


def asked() -> Known | str:
    """Ask what is published against the lock; a line that says why where nobody could be asked."""
    done = subprocess.run(  # noqa: S603  # a linter of tools.txt
        [
            str(tool("pip-audit")), "--disable-pip", "--require-hashes", "-r", str(LOCK),
            "--format", "json", "--progress-spinner", "off", "--timeout", "15",
        ],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if done.stdout.strip():
        return known(json.loads(done.stdout))
    last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
    return re.sub(r"https?://\S+", "its address", last)[:200]


def age_days(today: dt.date) -> int | None:
    """Days since the lock was last changed; None outside of a clone."""
    told = subprocess.run(  # noqa: S603  # our own fixed command
        ["git", "log", "-1", "--format=%cs", "--", LOCK.name],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    written = told.stdout.strip()
    return (today - dt.date.fromisoformat(written)).days if written else None


def verdict(
    stated: Mapping[str, str], told: Known | str, days: int | None
) -> tuple[list[str], bool]:
    """What to say, and whether somebody has to act.

    Args:
        stated: Licence of each part.
        told: What a database told, or why none did.
        days: Since the lock was last changed, None where nobody knows.
    """
    strange = {name: one for name, one in stated.items() if refused(name, one)}
    lines = [
        f"licence of {name}: {one}; agree to it in tests/deploy/supply.py, or do without it"
        for name, one in strange.items()
    ]
    lines.append(f"licences: {len(stated)} packages, {len(strange)} not agreed to")
    lines += [f"  agreed to: {name}, {why}" for name, why in EXCEPTIONS.items()]
    since = "at an unknown time" if days is None else f"{days} days ago"
    old = days is not None and days > _OLD_DAYS
    lines.append(
        f"lock: last changed {since}{'; RENEW IT: make lock ARGS=--upgrade' if old else ''}"
    )
    if isinstance(told, str):
        lines.append(f"vulnerabilities: NOT LOOKED AT, the database did not answer: {told}")
        return lines, bool(strange)
    lines += [f"vulnerability: {one}" for one in told.found]
    lines.append(f"vulnerabilities: {len(told.found)} known in {told.asked} packages")
    if told.unasked:
        lines.append(f"vulnerabilities: {len(told.unasked)} PACKAGES NOT LOOKED AT: no answer")
    return lines, bool(strange or told.found)


def main() -> int:
    """`sbom FILE` or `audit`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    several = parser.add_subparsers(dest="what", required=True)
    several.add_parser("audit")
    several.add_parser("sbom").add_argument("out", type=Path)
    given = parser.parse_args()
    if given.what == "audit":
        stated = {name: licence(one) for name, one in sorted(parts().items())}
        days = age_days(dt.datetime.now(tz=dt.UTC).date())
        lines, act = verdict(stated, asked(), days)
        print("\n".join(f"audit: {line}" for line in lines))  # noqa: T201
        return int(act)
    document = bill()
    given.out.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    print(f"{given.out}: {len(document['components'])} parts")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
