"""Linters from the package index, in an environment of their own, made once."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_WANTED = Path(__file__).with_name("tools.txt")
FETCH_S = 600.0
"""A hundred megabytes over a slow line; a minute is usual."""


def tool(name: str) -> Path:
    """Path of a linter; installs all of `tools.txt` where it has changed."""
    digest = hashlib.sha256(_WANTED.read_bytes()).hexdigest()[:12]
    home = ROOT / ".cache" / "deploy-tools" / digest
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        fetched(str(home / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(_WANTED))
        (home / "done").touch()
    return home / "bin" / name


def fetched(*command: str) -> None:
    """Run what loads from a package index: patiently, and once more if the network fails."""
    try:
        run(*command, limit_s=FETCH_S)
    except (AssertionError, subprocess.TimeoutExpired):
        run(*command, limit_s=FETCH_S)


def run(
    *command: str, cwd: Path = ROOT, env: dict[str, str] | None = None, limit_s: float = 300.0
) -> str:
    """Run to the end, show what it said if it fails, and return all it said."""
    done = subprocess.run(  # noqa: S603  # commands of the tests
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=limit_s, check=False
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def needed(name: str, package: str) -> str:
    """Path of a program; where it is missing CI fails, a laptop skips and says how to get it."""
    found = shutil.which(name)
    if found is None:
        how = f"{name} is not on the PATH; Debian: apt-get install {package}"
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(how)
        pytest.skip(how)
    return found


PYTHON = sys.executable
