"""The wheel as built: it holds what it should, and works where nothing else of the tree is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.deploy.tools import PYTHON, ROOT, run

PACKAGES = ("scoring", "alerts", "streams")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as the image builds it: from the files that are copied there, without the index."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path_factory.mktemp("dist")
    run(PYTHON, "-m", "pip", "wheel", "-q", "--no-deps", "--no-index", "--no-build-isolation",
        "--wheel-dir", str(target), ".", cwd=source)  # fmt: skip
    (found,) = target.glob("nabz-*.whl")
    return found


def test_the_wheel_holds_the_packages_and_their_data_and_nothing_else(wheel: Path) -> None:
    """Every module and data file of the three packages; no test, no benchmark."""
    names = zipfile.ZipFile(wheel).namelist()
    held = {name for name in names if ".dist-info/" not in name}
    wanted = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert held == wanted
    assert {"alerts/rules.yaml", "streams/simulate/en.yaml", "streams/cli/starter.yaml"} <= held
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_the_wheel_works_in_an_environment_of_its_own(wheel: Path, tmp_path: Path) -> None:
    """`nabz` is there and reads a text; dependencies are lent, nabz itself is not."""
    home = tmp_path / "venv"
    venv.create(home)
    python = str(home / "bin" / "python")
    # The pip of this environment, as making one of its own takes longer than all the rest.
    lent_pip = (PYTHON, "-m", "pip", "--python", python)
    run(*lent_pip, "install", "-q", "--no-index", "--no-deps", str(wheel))
    # A folder named in a .pth file is searched, but its own .pth files are not read: ours would
    # lead back to this tree.
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (site / "lent.pth").write_text(f"{sysconfig.get_path('purelib')}\n", encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    where = run(python, "-c", "import scoring; print(scoring.__file__)", cwd=tmp_path, env=env)
    assert Path(where.strip()).is_relative_to(home)
    nabz = str(home / "bin" / "nabz")
    assert "Watch every customer" in run(nabz, "--help", cwd=tmp_path, env=env)
    assert "anger" in run(nabz, "score", "I am really angry now!", "--json", cwd=tmp_path, env=env)
    run(nabz, "init", cwd=tmp_path, env=env)
    assert "customer-distress" in run(nabz, "config", "check", cwd=tmp_path, env=env)
    out = tmp_path / "events.jsonl"
    run(nabz, "simulate", "--duration", "60s", "--out", str(out), cwd=tmp_path, env=env)
    assert out.stat().st_size > 0
    told = subprocess.run(  # noqa: S603  # ours
        [nabz, "worker", "--broker", "127.0.0.1:1"], cwd=tmp_path, env=env,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert told.returncode == 70
    assert "defect" not in told.stderr
