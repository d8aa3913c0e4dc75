"""The lines of a customer log in a file: what they are, written in order, read and held together.

JSON lines, gzip where the name ends with `.gz`, read in one pass: a head, the configurations the
log was folded under, where each partition begins, the records (partition after partition, each in
the order of its offsets), and an end that tells how many records there are and the SHA-256 of all
lines before it. Bytes are base64. `docs/cli.md` describes each line. Equal lines, equal files.

A file that was cut, changed or is something else is refused, never read as far as it goes.

Next step: `streams.worker.log_file` writes a log as such lines, and folds it from them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import msgspec

from scoring.decoding import decoded
from streams.topics import LOG
from streams.worker.history import HistoryError

VERSION: Final = 1
"""Of the format; rises when an older nabz would read a file wrongly."""
AGAIN: Final = "export the log again"

_LINE_MAX: Final = 64 << 20  # a record of the log is far smaller: Kafka takes 1 MB by default
_NOT_OURS: Final = "is no customer log: write one with `nabz log export`"


class LogFileError(HistoryError):
    """A file cannot be folded; the message names it, what was found and what to do."""


class _Line(msgspec.Struct, frozen=True, tag_field="line", tag=str.lower, omit_defaults=True):
    """Any line; `line` says which."""


class Head(_Line, frozen=True):
    """The first line; `of` is what is in the file, whatever topic it came from."""

    of: str
    version: int
    log_epoch: int


class Configuration(_Line, frozen=True):
    """A configuration that was once applied, as it stands in the control topic."""

    hash: str
    body: bytes


class Partition(_Line, frozen=True):
    """Where a partition begins.

    Attributes:
        first: Offset of its first record; above 0 retention has cut what was before.
        row: What is known of the configuration in force at `first`, where it was cut.
    """

    partition: int
    first: int
    row: bytes | None = None


class Checkpoint(_Line, frozen=True):
    """A customer's row to begin with, of a partition that was cut; see `checkpoints.Start`."""

    partition: int
    key: bytes
    offset: int
    now_ms: int
    row: bytes


class Record(_Line, frozen=True):
    """A record of the log."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None = None
    value: bytes | None = None


class End(_Line, frozen=True):
    """The last line: how many `record` lines there are, and SHA-256 of all lines before this."""

    records: int
    sha256: str


Line = Head | Configuration | Partition | Checkpoint | Record | End
_encode: Final = msgspec.json.Encoder().encode
_decoder: Final[msgspec.json.Decoder[Line]] = msgspec.json.Decoder(Line)


class Writer:
    """Lines into a file, summed up as they go."""

    def __init__(self, file: IO[bytes]) -> None:
        """Begin with the first line."""
        self._file = file
        self._sum = hashlib.sha256()

    def line(self, line: Line) -> None:
        """Write a line."""
        data = _encode(line) + b"\n"
        self._sum.update(data)
        self._file.write(data)

    def end(self, records: int) -> None:
        """Write the last line, after so many records."""
        self.line(End(records, self._sum.hexdigest()))


@contextmanager
def created(path: Path) -> Iterator[IO[bytes]]:
    """A file only its owner may read: quotes of customers are in it."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # a binary stream, though typeshed calls it no IO


def lines(path: Path) -> Iterator[Line]:
    """The lines of a file between head and end, the head included, held against the end.

    Raises:
        LogFileError: The file was cut, changed, or is something else; perhaps after many lines.
    """
    number = records = 0
    summed = hashlib.sha256()
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            while data := file.readline(_LINE_MAX):
                number += 1
                line = _decoded(path, number, data)
                if isinstance(line, End):
                    if (line.records, line.sha256) != (records, summed.hexdigest()) or file.read(1):
                        raise LogFileError(
                            f"{path}: is not as it was written, by the sum in line {number};"
                            f" {AGAIN}"
                        )
                    return
                summed.update(data)
                records += isinstance(line, Record)
                yield line
    except (OSError, EOFError, zlib.error) as error:
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise LogFileError(
                f"{path}: cannot be read ({type(error).__name__}); check the file and its rights"
            ) from error
        if number == 0 and isinstance(error, gzip.BadGzipFile):
            raise LogFileError(f"{path}: is not gzip, as its name says; {_NOT_OURS}") from error
        raise LogFileError(f"{path}: is cut or broken after line {number}; {AGAIN}") from error
    if number == 0:
        raise LogFileError(f"{path}: is empty and {_NOT_OURS}")
    raise LogFileError(f"{path}: is cut, it ends after line {number} without an end; {AGAIN}")


def _decoded(path: Path, number: int, data: bytes) -> Line:
    """A line; its text is never in an error, customers are quoted in it."""
    try:
        line = decoded(_decoder.decode, data, "line")
    except msgspec.DecodeError as error:
        if number == 1:
            raise LogFileError(f"{path}: {_NOT_OURS}") from error
        if not data.endswith(b"\n"):
            raise LogFileError(f"{path}: is cut within line {number}; {AGAIN}") from error
        raise LogFileError(f"{path}: line {number} is not one of ours; {AGAIN}") from error
    if isinstance(line, Head) != (number == 1):
        raise LogFileError(f"{path}: line {number} is not one of ours; {AGAIN}")
    if isinstance(line, Head) and (line.of, line.version) != (LOG, VERSION):
        raise LogFileError(
            f"{path}: holds {line.of} in version {line.version}, and {LOG} in version {VERSION} is"
            " what this nabz reads; read it with the nabz that wrote it"
        )
    return line
