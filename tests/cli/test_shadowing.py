"""Start-up refuses to run half of us and half of somebody else."""

from __future__ import annotations

import subprocess
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

import pytest

from streams.shadowing import OURS, PACKAGES, ShadowedError, check

ROOT = Path(__file__).resolve().parents[2]


def finder(*folders: Path) -> object:
    """Look for packages in these folders only, the first that has one wins."""

    def find(name: str) -> ModuleSpec | None:
        return PathFinder.find_spec(name, [str(folder) for folder in folders])

    return find


def package(folder: Path, name: str, *, namespace: bool = False) -> Path:
    """Make somebody else's package."""
    place = folder / name
    place.mkdir()
    if not namespace:
        (place / "__init__.py").touch()
    return place


def test_our_own_packages_pass() -> None:
    """A sound installation starts."""
    check()
    assert {(OURS / name / "__init__.py").is_file() for name in PACKAGES} == {True}


@pytest.mark.parametrize("name", PACKAGES)
def test_another_package_is_named_with_its_place_and_the_way_out(name: str, tmp_path: Path) -> None:
    """Whoever reads the error knows which folder to move."""
    other = package(tmp_path, name)
    with pytest.raises(ShadowedError) as caught:
        check(finder(tmp_path, OURS))  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.startswith(f"package {name}: found {other}")
    assert "environment of its own" in message


def test_a_module_of_that_name_is_refused_too(tmp_path: Path) -> None:
    """`alerts.py` in the working folder shadows as well as a package does."""
    (tmp_path / "alerts.py").touch()
    with pytest.raises(ShadowedError, match=r"package alerts: found .*alerts\.py"):
        check(finder(tmp_path, OURS))  # type: ignore[arg-type]


def test_a_folder_without_init_does_not_stand_in_for_ours(tmp_path: Path) -> None:
    """Python gives a folder of that name only where no package is; then it is refused."""
    check(finder(tmp_path, OURS))  # type: ignore[arg-type]
    package(tmp_path, "scoring", namespace=True)
    with pytest.raises(ShadowedError, match="package scoring: found"):
        check(finder(tmp_path))  # type: ignore[arg-type]


def test_nothing_at_all_is_refused(tmp_path: Path) -> None:
    """Half an installation does not start."""
    with pytest.raises(ShadowedError, match="package scoring: found nothing"):
        check(finder(tmp_path))  # type: ignore[arg-type]


def test_the_command_line_refuses_before_it_does_anything(tmp_path: Path) -> None:
    """One line on standard error, exit code 2."""
    package(tmp_path, "alerts")
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import streams.cli.main as cli;"
        f" [sys.modules.pop(name) for name in list(sys.modules) if name.startswith('alerts')];"
        f" sys.path.insert(0, {str(tmp_path)!r}); cli.main(['topics', 'list'])"
    )
    found = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert found.returncode == 2
    assert found.stderr.startswith("nabz: package alerts: found ")
    assert found.stderr.count("\n") == 1
