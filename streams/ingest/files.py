"""Files as sources: which file is which partition, and their lines from a number on.

The files of a source are its partitions, numbered in the order of their names, and a line number is
an offset. So files must not be renamed, cut or added in between while they are being read; append
new ones with later names, or name a new source.

Next step: `streams.ingest.loop` reads them beside the topics.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from streams.ingest.objects import MAX_BYTES
from streams.ingest.sources import SourceSettings

_CHUNK: Final = MAX_BYTES + 1


class InputError(ValueError):
    """The input does not fit the configuration; the message says what was looked for, and where."""


def find(sources: Mapping[str, SourceSettings], given: Path | None) -> dict[str, list[Path]]:
    """The files of each file source, in order of name.

    Args:
        sources: All sources, by name; those that are topics are left out.
        given: Directory the patterns are relative to; or a file, which then is the one file source.

    Raises:
        InputError: No input where one is needed, no file under a pattern, or a file for several
            sources.
    """
    patterns = {name: one.files for name, one in sources.items() if one.files is not None}
    if not patterns:
        if given is not None:
            raise InputError(
                f"input {given}: no source is configured with files:, so nobody reads it"
            )
        return {}
    if given is None:
        raise InputError(
            f"sources {', '.join(patterns)} read files: say where they are with --input"
        )
    if given.is_file():
        if len(patterns) > 1:
            raise InputError(
                f"input {given} is one file, but {', '.join(patterns)} read files:"
                " give the directory"
            )
        return {name: [given] for name in patterns}
    if not given.is_dir():
        raise InputError(f"input {given}: no such file or directory")
    return {name: _matching(name, pattern, given) for name, pattern in patterns.items()}


def _matching(name: str, pattern: str, directory: Path) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        raise InputError(f"sources.{name}.files: {pattern!r} must stay inside the input directory")
    found = sorted(path for path in directory.glob(pattern) if path.is_file())
    if not found:
        raise InputError(f"sources.{name}.files: no file matches {pattern!r} in {directory}")
    return found


def lines(path: Path, start: int = 0) -> Iterator[tuple[int, bytes]]:
    """Lines of a file without their ends, numbered from 0, from a number on.

    Of a line longer than a record may be, only enough is given to see that it is: a file
    without line ends does not fill the memory.
    """
    with path.open("rb") as file:
        number = 0
        while piece := file.readline(_CHUNK):
            rest = piece
            while not rest.endswith(b"\n") and len(rest) == _CHUNK:
                rest = file.readline(_CHUNK)
            if number >= start:
                yield number, piece.rstrip(b"\r\n")
            number += 1
