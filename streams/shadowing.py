"""Are `scoring`, `alerts` and `streams` ours, or somebody else's packages of those names?

The folders are the import packages (`docs/adr/0002-folders-are-import-packages.md`), and such short
names may collide: Python then takes whichever comes first on its path. Half of one program and half
of another would score customers, so start-up refuses instead and names the file.

Next step: `streams.cli.main` asks before anything else is imported.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

PACKAGES: Final = ("scoring", "alerts", "streams")
OURS: Final = Path(__file__).resolve().parent.parent
"""The folder that holds this installation's three packages."""


class ShadowedError(Exception):
    """Another package stands where one of ours should; start-up stops.

    Operator action: give nabz an environment of its own, or rename or move the other package.
    """


def _places(spec: ModuleSpec | None) -> list[Path]:
    """Folders a package would be imported from; several where it is a namespace."""
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [Path(one).resolve() for one in spec.submodule_search_locations]
    return [] if spec.origin is None else [Path(spec.origin).resolve()]


def check(
    find: Callable[[str], ModuleSpec | None] = importlib.util.find_spec, *, ours: Path = OURS
) -> None:
    """Return if all three packages are ours.

    Args:
        find: Tells where a package would be imported from; tells also of those imported already.
        ours: The folder that holds our packages.

    Raises:
        ShadowedError: Names the package, what was found and what to do.

    >>> check()
    """
    for package in PACKAGES:
        places = _places(find(package))
        if places == [ours / package]:
            continue
        found = " and ".join(str(one) for one in places) if places else "nothing"
        raise ShadowedError(
            f"package {package}: found {found}, ours is {ours / package};"
            " install nabz into an environment of its own (make setup), or start it elsewhere"
        )
