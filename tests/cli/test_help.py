"""Every command explains itself, fails in one line, and is written down."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import click
import pytest

from streams.cli.main import main
from tests.cli.conftest import Nabz

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "cli.md"


def every_command(
    command: click.Command = main, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands below one, groups included, with the words that lead there."""
    yield path, command
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from every_command(below, (*path, name))


COMMANDS = dict(every_command())
NAMES = [" ".join(("nabz", *path)) for path in COMMANDS]
LEAVES = {
    path: one
    for path, one in COMMANDS.items()
    if not isinstance(one, click.Group) or one.invoke_without_command
}


@pytest.mark.parametrize(("path", "command"), COMMANDS.items(), ids=NAMES)
def test_help_says_what_it_does_and_shows_how(
    path: tuple[str, ...], command: click.Command, nabz: Nabz
) -> None:
    """A sentence, every option with its meaning, and something to copy."""
    found = nabz(*path, "--help")
    assert found.exit_code == 0
    assert command.help
    assert "Examples:\n" in found.stdout
    assert f"\n    {' '.join(('nabz', *path))}" in found.stdout
    for item in command.params:
        if isinstance(item, click.Option):
            assert item.help, f"{item.name} is not explained"
    assert max(map(len, found.stdout.splitlines())) <= 100


def examples() -> list[tuple[str, ...]]:
    """What the help texts tell their readers to type, each once."""
    lines = [
        line.strip()
        for command in COMMANDS.values()
        for line in (command.epilog or "").splitlines()[2:]
    ]
    typed = (tuple(re.split(r" {2,}| [|<]", line)[0].split()) for line in lines)
    return list(dict.fromkeys(typed))


@pytest.mark.parametrize("words", examples(), ids=" ".join)
def test_the_examples_name_commands_and_options_there_are(words: tuple[str, ...]) -> None:
    """An example that does not work is worse than none."""
    assert words[0] == "nabz"
    command: click.Command = main
    for before, word in pairwise(words):
        if word == "--":
            break
        if word.startswith("-") and word != "-":
            known = {name for item in command.params for name in item.opts}
            assert word in known
        elif isinstance(command, click.Group) and not before.startswith("--"):
            command = command.commands[word]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["wyh", "c-1"], "No such command 'wyh'"),
        (["why"], "Missing argument 'CUSTOMER'"),
        (["why", "c-1", "--alrt", "x"], "No such option"),
        (["why", "c-1", "--config", "missing.yaml"], "'missing.yaml' does not exist"),
        (["why", "c-1", "--at", "noon"], "--at: found 'noon'"),
        (["worker", "--roles", "ingest,cook"], "--roles: found cook"),
        (["worker", "--roles", ""], "--roles: found nothing"),
        (["dlq", "list", "--reason", "bored"], "'bored' is not one of"),
        (["score", "x", "--role", "boss"], "'boss' is not one of"),
    ],
)
def test_a_mistake_is_one_line_and_code_2(words: list[str], said: str, nabz: Nabz) -> None:
    """What was found, and where to look; no page of usage, no traceback."""
    found = nabz(*words)
    assert found.exit_code == 2
    assert found.stdout == ""
    assert found.stderr.startswith("nabz: ")
    assert said in found.stderr
    assert found.stderr.count("\n") == 1


def test_help_comes_at_once() -> None:
    """Nothing heavy is imported for it: no Kafka, no Faust, no pydantic, no rich."""
    code = (
        "import sys; from streams.cli.main import main;"
        " main.main(['--help'], standalone_mode=False);"
        " heavy = {'aiohttp', 'aiokafka', 'faust', 'kafka', 'pydantic', 'rich', 'structlog'};"
        " print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run(  # noqa: S603  # ours
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.splitlines()[-1] == "heavy: []"


def test_a_crash_is_one_line_without_debug_and_a_traceback_with_it(tmp_path: Path) -> None:
    """Whoever runs it sees one line; whoever mends it sees where."""
    code = (
        "import click; from streams.cli.main import main\n"
        "@main.command()\n"
        "def crash() -> None:\n"
        "    raise RuntimeError('what a customer wrote')\n"
        "import sys; main(sys.argv[1:])\n"
    )
    script = tmp_path / "crash.py"
    script.write_text(code, encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  # ours
            [sys.executable, str(script), *words], capture_output=True, text=True, check=False
        )

    plain = run("crash")
    assert plain.returncode == 70
    assert plain.stderr.startswith("nabz: crashed with RuntimeError at crash.py:4")
    assert "customer wrote" not in plain.stderr
    debug = run("--debug", "crash")
    assert "Traceback" in debug.stderr
    assert "customer wrote" in debug.stderr


def test_every_command_and_option_is_written_down() -> None:
    """`docs/cli.md` has a part for each command, and each option in it."""
    parts = re.split(r"^### `nabz ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    pages = {part.partition("`")[0]: part for part in parts}
    assert sorted(pages) == sorted(" ".join(path) for path in LEAVES)
    shared = {"--config", "--broker", "--json", "--help"}
    for path, command in LEAVES.items():
        named = set(re.findall(r"`(--[a-z-]+)", pages[" ".join(path)]))
        options = {name for item in command.params for name in item.opts if name[:2] == "--"}
        assert options - shared <= named, f"not written down: {path}"
        assert named <= options | shared, f"written down, but not there: {path}"
