"""Imports point one way, and the two lower packages touch nothing of the world."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

_LINT = "import sys; from importlinter.cli import lint_imports_command as run; run(sys.argv[1:])"


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Hold the packages of a folder against the contracts of its project file."""
    return subprocess.run(  # noqa: S603  # a list of ours
        [sys.executable, "-c", _LINT, "--no-cache"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def small_copy(folder: Path, **modules: str) -> Path:
    """Make a tree of empty packages under our contracts, with one module in some of them."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (folder / "pyproject.toml").write_text(contracts, encoding="utf-8")
    for package in ("scoring", "alerts", "streams", "bench"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        (folder / package / "one.py").write_text(modules.get(package, ""), encoding="utf-8")
    return folder


def test_every_contract_is_kept() -> None:
    """Imports go streams -> alerts -> scoring, the lower two pure, and nothing needs the tests."""
    found = lint(ROOT)
    assert found.returncode == 0, found.stdout + found.stderr
    assert "Contracts: 3 kept, 0 broken." in found.stdout


def test_empty_packages_keep_the_contracts(tmp_path: Path) -> None:
    """The copies that the next tests break are whole before."""
    found = lint(small_copy(tmp_path))
    assert found.returncode == 0, found.stdout + found.stderr


def test_a_clock_in_scoring_is_caught(tmp_path: Path) -> None:
    """Reading the time where scores are made breaks a contract."""
    found = lint(small_copy(tmp_path, scoring="import time\n"))
    assert found.returncode == 1
    assert "scoring.one -> time" in found.stdout


def test_an_import_upwards_is_caught(tmp_path: Path) -> None:
    """Alerts must not know of the edges."""
    found = lint(small_copy(tmp_path, alerts="from streams import one\n"))
    assert found.returncode == 1
    assert "alerts.one -> streams.one" in found.stdout
