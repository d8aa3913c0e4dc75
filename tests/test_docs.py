"""The documents name only what is there: commands, options, targets, files, topics, decisions."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest
import yaml

from streams.cli.main import main
from streams.topics import TOPICS

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda page: page.as_posix()
)
NAMES = [page.relative_to(ROOT).as_posix() for page in PAGES]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_OUTPUT = re.compile(r"<!-- demo-output:begin -->.*?<!-- demo-output:end -->", re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def text(page: str) -> str:
    """A page without the output recorded in it."""
    return _OUTPUT.sub("", (ROOT / page).read_text(encoding="utf-8"))


def commands(page: str, program: str) -> list[list[str]]:
    """What a page tells its reader to type to one program, split into words."""
    lines = [
        line
        for kind, body in _FENCE.findall(text(page))
        if kind == "bash"
        for line in body.replace("\\\n", " ").splitlines()
    ]
    lines += _INLINE.findall(_FENCE.sub("", text(page)))
    typed = []
    for line in lines:
        words = line.split("#")[0].strip().removeprefix(".venv/bin/")
        if words.startswith(f"{program} "):
            typed.append(shlex.split(words)[1:])
    return typed


def targets() -> set[str]:
    """The targets that `make help` lists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))


def not_understood(words: list[str]) -> str | None:
    """What of a `nabz` command line is no command or option of ours."""
    command: click.Command = main
    known: set[str] = {"--help"}
    for before, word in pairwise(["nabz", *words]):
        if word.startswith("-"):
            known.update(option for item in command.params for option in item.opts)
            if word.split("=")[0] not in known:
                return word
        elif isinstance(command, click.Group) and not before.startswith("--"):
            found = command.commands.get(word)
            if found is None:
                return word
            command = found
    return None


@pytest.mark.parametrize("page", NAMES)
def test_commands_of_the_documents_exist(page: str) -> None:
    """Whatever `nabz ...` a page tells you to type is a command with these options."""
    unknown = {shlex.join(words): not_understood(words) for words in commands(page, "nabz")}
    assert not {line: word for line, word in unknown.items() if word is not None}


@pytest.mark.parametrize("page", NAMES)
def test_make_targets_of_the_documents_exist(page: str) -> None:
    """Whatever `make ...` a page tells you to type is listed by `make help`."""
    named = {word for words in commands(page, "make") for word in words[:1]}
    assert named <= targets()


@pytest.mark.parametrize("page", NAMES)
def test_links_between_the_documents_lead_somewhere(page: str) -> None:
    """A relative link names a file of the tree."""
    targets_ = [link.split("#")[0] for link in _LINK.findall(text(page)) if "://" not in link]
    missing = [link for link in targets_ if link and not ((ROOT / page).parent / link).exists()]
    assert not missing


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md", "README.md"])
def test_files_named_in_the_documents_exist(page: str) -> None:
    """A path in a page is a path in the tree."""
    paths = [
        word
        for word in _INLINE.findall(_FENCE.sub("", text(page)))
        if re.fullmatch(r"\.?[\w./-]+(/|\.(py|md|toml|lock))", word) and "/" in word
    ]
    made_later = {".cache/kafka"}
    assert not [path for path in paths if path not in made_later and not (ROOT / path).exists()]


def test_the_walk_names_files() -> None:
    """Every step of the newcomer's walk points at code."""
    rows = re.findall(r"^\| (\w+) \| (`.*?) \|", text("ARCHITECTURE.md"), re.MULTILINE)
    steps = [step for step, _ in rows]
    assert steps == ["source", "read", "log", "remember", "health", "alert", "fold", "tell"]


def test_every_decision_is_linked_from_the_index() -> None:
    """A decision nobody finds is none."""
    index = text("docs/README.md")
    decisions = sorted(path.name for path in (ROOT / "docs/adr").glob("*.md"))
    assert decisions
    assert not [name for name in decisions if f"(adr/{name})" not in index]
    numbers = [int(name[:4]) for name in decisions]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_page_of_topics_is_the_table_of_topics() -> None:
    """Name, partitions, how it is kept and who may see it: as `nabz topics apply` makes them."""
    page = re.findall(
        r"^\| `(nabz\.[^`]+)` \| .*? \| (\w+) \| (.*?) \| .*? \| (.*?) \|$",
        text("docs/topics.md"),
        re.MULTILINE,
    )
    day_ms = 86_400_000
    table = []
    for topic in TOPICS:
        days = 0 if topic.retention_ms is None else topic.retention_ms // day_ms
        kept = "compacted" if topic.compacted else f"{days} day{'s' if days != 1 else ''}"
        table.append((topic.name, topic.partitions, kept, topic.public))
    found = [(name, parts, kept, "**anyone**" in readers) for name, parts, kept, readers in page]
    assert found == table


def test_the_readme_is_short_and_its_settings_can_be_read() -> None:
    """One screen more is a screen too many; the YAML in it is YAML."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) < 150
    for kind, body in _FENCE.findall(readme):
        if kind == "yaml":
            assert yaml.safe_load(body)


def test_the_changelog_has_room_for_the_next_entry() -> None:
    """Keep a Changelog: an Unreleased part on top, and only its kinds of changes."""
    headings = re.findall(r"^## \[(.+?)\]", text("CHANGELOG.md"), re.MULTILINE)
    assert headings[0] == "Unreleased"
    kinds = set(re.findall(r"^### (.+)$", text("CHANGELOG.md"), re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_lock_pins_every_package_by_hash_and_names_no_machine() -> None:
    """`make setup` installs the same bytes anywhere, from whatever index that place uses."""
    lock = text("requirements.lock")
    entries = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)[1:]
    assert len(entries) > 50
    assert not [entry[:40] for entry in entries if "==" not in entry or "--hash=" not in entry]
    assert not re.search(r"://|^ *#.*via .*/|--index|--find-links|--trusted", lock, re.MULTILINE)
