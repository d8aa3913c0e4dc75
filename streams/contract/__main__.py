"""Write the files of the contract anew, or keep its schemas as those of a release.

    python -m streams.contract                  # after a change of a public type: make contract
    python -m streams.contract --release 0.2.0  # with a release; its schemas are never edited again

Next step: `tests/contract` compares.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from streams.contract.document import ROOT, ContractError, files


def write(root: Path) -> list[str]:
    """Write what differs, and name it."""
    changed = []
    for name, text in files(root / "examples").items():
        path = root / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        changed.append(name)
    return changed


def release(root: Path, version: str) -> None:
    """Keep the schemas as they are now.

    Raises:
        ContractError: That version is kept already.
    """
    kept = root / "released" / version
    if kept.exists():
        raise ContractError(f"{version} has been released; what is kept of it is never edited")
    shutil.copytree(root / "schemas", kept)


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="make contract", description=__doc__.split("\n")[0])
    parser.add_argument("--release", metavar="VERSION")
    given = parser.parse_args()
    try:
        changed = write(ROOT)
        if given.release is not None:
            release(ROOT, given.release)
    except ContractError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"wrote docs/contract/{name}\n" for name in changed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
