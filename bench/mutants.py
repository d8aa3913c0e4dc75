"""Does a test notice when the code is wrong? Change it a little, run the tests, list what survives.

    python -m bench.mutants [panes health ...] [--minutes 60]

About windows, state and health, the part whose every number somebody acts upon. mutmut makes the
mutants and picks the tests that reach them; it works in a copy under `.cache/mutants`, one process
at the lowest priority. A run that was cut short by its time goes on where it stopped, unless
`--fresh` or a changed file starts it over. What survives is printed as a difference, and known if
docs/mutants.md says why it is no fault of the tests; anything else makes the exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
HOME: Final = ROOT / ".cache" / "mutants"
PAGE: Final = ROOT / "docs" / "mutants.md"
_WANTED: Final = Path(__file__).with_suffix(".txt")

MODULES: Final = (
    "panes", "customer", "health", "conversation", "quiet", "promise", "baseline", "calendar",
    "dialogue",
)  # fmt: skip
_TESTS: Final = (
    "panes", "customer", "health", "effort", "quiet", "promise", "baseline", "calendar", "dialogue",
)  # fmt: skip
"""Tests of `tests/scoring`; `effort` is what conversations cost a customer."""
_COPIED: Final = ("scoring", "alerts", "streams", "tests", "docs", "conftest.py", "pyproject.toml")


class Survivor(NamedTuple):
    """A mutant no test noticed.

    Attributes:
        function: `panes.pack`.
        before: The line as it is.
        after: As the mutant has it.
    """

    function: str
    before: str
    after: str


def survivor(name: str, shown: str) -> Survivor:
    r"""Read what mutmut shows of a mutant; of several changed lines, the first.

    >>> survivor("scoring.panes.x_pack__mutmut_2", "--- a\n+++ b\n-    b = 1\n+    b = 2\n")
    Survivor(function='panes.pack', before='b = 1', after='b = 2')
    >>> survivor("scoring.health.xǁBooksǁadd__mutmut_1", "-    b = 1\n+    b = 2\n").function
    'health.Books.add'
    """
    module, _, rest = name.removeprefix("scoring.").partition(".")
    function = rest.rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ")
    lines = [line for line in shown.splitlines() if not line.startswith(("---", "+++"))]
    before = next((line[1:].strip() for line in lines if line.startswith("-")), "")
    after = next((line[1:].strip() for line in lines if line.startswith("+")), "")
    return Survivor(f"{module}.{function.replace('ǁ', '.')}", before, after)


def known(page: str) -> frozenset[tuple[str, str]]:
    r"""Function and changed line of all that the page explains.

    >>> known("### `panes.pack`\n\n- `b = 2`: because\n")
    frozenset({('panes.pack', 'b = 2')})
    """
    found, function = set(), ""
    for line in page.splitlines():
        if heading := re.match(r"### `([\w.]+)`", line):
            function = heading[1]
        elif row := re.match(r"- `(.+?)`(?::|,|$)", line):
            found.add((function, row[1]))
    return frozenset(found)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _python() -> Path:
    """An interpreter with mutmut, made once for each pin of it."""
    digest = hashlib.sha256(_WANTED.read_bytes()).hexdigest()[:12]
    home = HOME / f"env-{digest}"
    if not (home / "done").exists():
        _say("mutants: fetching mutmut into .cache/mutants")
        shutil.rmtree(home, ignore_errors=True)
        venv.create(home, with_pip=True)
        install = (str(home / "bin" / "python"), "-m", "pip", "install", "-q", "-r", str(_WANTED))
        subprocess.run(install, check=True)  # noqa: S603  # the pin beside this file
        (home / "done").touch()
    return home / "bin" / "python"


def _settings(modules: list[str]) -> str:
    selection = [f"tests/scoring/test_{name}.py" for name in _TESTS]
    selection += [f"scoring/{name}.py" for name in MODULES]  # their doctests
    return f"""
[tool.mutmut]
source_paths = ["scoring"]
only_mutate = {[f"scoring/{name}.py" for name in modules]}
also_copy = ["alerts", "streams", "docs", "conftest.py"]
pytest_add_cli_args_test_selection = {selection}
pytest_add_cli_args = ["-p", "no:cacheprovider"]
process_isolation = "forkserver"
timeout_constant = 10.0
timeout_multiplier = 10.0
use_git_change_detection = false
track_dependencies = false
"""


def _copy(modules: list[str], *, fresh: bool) -> Path:
    """The tree to work in; an earlier one is kept while all it was copied from is the same."""
    digest = hashlib.sha256(_settings(modules).encode())
    files = [ROOT / name for name in ("conftest.py", "pyproject.toml")]
    files += sorted(path for name in _COPIED[:4] for path in (ROOT / name).rglob("*.py"))
    for path in files:
        digest.update(path.read_bytes())
    tree, mark = HOME / "tree", HOME / "tree" / ".copied"
    if not fresh and mark.exists() and mark.read_text() == digest.hexdigest():
        return tree
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in _COPIED:
        source = ROOT / name
        if source.is_dir():
            ignore = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, tree / name, ignore=ignore)
        else:
            shutil.copy2(source, tree / name)
    with (tree / "pyproject.toml").open("a") as settings:
        settings.write(_settings(modules))
    mark.write_text(digest.hexdigest())
    return tree


class _Mutmut:
    """mutmut in the copy: our packages beside it, nothing of the tree itself on the path."""

    def __init__(self, python: Path, tree: Path) -> None:
        self._command = (str(python), "-m", "mutmut")
        self._tree = tree
        self._environment = os.environ | {
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HYPOTHESIS_PROFILE": "mutants",
        }

    def run(self, minutes: float) -> bool:
        """Try mutants until all are tried or the time is up; False if some are left."""
        command = ("nice", "-n", "19", *self._command, "run", "--max-children", "1")
        process = subprocess.Popen(  # noqa: S603  # our own command
            command, cwd=self._tree, env=self._environment, start_new_session=True
        )
        try:
            code = process.wait(minutes * 60)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, 15)
            process.wait()
            return False
        if code:
            raise SystemExit(f"mutants: mutmut failed with {code}; see above")
        return True

    def _said(self, *words: str) -> str:
        done = subprocess.run(  # noqa: S603  # as above
            (*self._command, *words), cwd=self._tree, env=self._environment,
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return done.stdout

    def verdicts(self) -> dict[str, str]:
        """What became of each mutant, by name."""
        rows = (
            line.strip().rpartition(": ")
            for line in self._said("results", "--all", "true").splitlines()
        )
        return {name: verdict for name, _, verdict in rows if "__mutmut_" in name}

    def survivors(self) -> Iterator[Survivor]:
        """Mutants that no test noticed, or that none reaches."""
        for name, verdict in self.verdicts().items():
            if verdict in {"survived", "no tests"}:
                yield survivor(name, self._said("show", name))


def main() -> int:
    """Run, and say what survived."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "modules", nargs="*", choices=[*MODULES, []], help="of scoring; all of them"
    )
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so long")
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run found")
    args = parser.parse_args()
    modules = list(args.modules) if args.modules else list(MODULES)
    mutmut = _Mutmut(_python(), _copy(modules, fresh=args.fresh))
    whole = mutmut.run(args.minutes)
    counts = Counter(mutmut.verdicts().values())
    explained = known(PAGE.read_text(encoding="utf-8"))
    fresh = 0
    _say("")
    for one in sorted(mutmut.survivors()):
        is_known = (one.function, one.after) in explained
        fresh += not is_known
        _say(f"{'known' if is_known else 'NEW'}  {one.function}\n  - {one.before}\n  + {one.after}")
    _say("mutants: " + ", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
    if not whole:
        _say(f"mutants: {args.minutes:g} minutes were too few for all; the same again goes on")
    if fresh:
        _say(f"mutants: {fresh} survived that docs/mutants.md does not explain")
    return 1 if fresh else 0


if __name__ == "__main__":
    sys.exit(main())
