"""Throw any Unicode at what reads texts: it never raises, never hangs, and its numbers are finite.

    python -m bench.fuzz [--seconds 60]

With atheris (`pip install atheris`; it is in no lock, as it is built for few platforms) coverage
leads the way; without it Hypothesis draws texts, new ones each time, until the time is up. Either
way a text that breaks a law is printed as Python writes it, and the exit code is 1. Such texts are
made up here, so they may be printed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import math
import sys
import time
from typing import Any, Final

from scoring import evaluation
from scoring.reading import read

MAX_CHARS: Final = 100_000
"""The longest text tried; far above what is read of one."""

SLOWEST_S: Final = 10
"""Processor seconds from which on a text counts as hanging; usual is a hundredth."""

_BATCH: Final = 100


def check(text: str) -> None:
    """Read a text in every role, and hold its numbers against their bounds.

    Raises:
        AssertionError: A number is out of bounds or not finite, or a quote too long.

    >>> check("never mind")
    """
    reading = read(text, "customer")
    value = reading.sentiment_e4
    assert (value is None) == (reading.lang == "unknown"), "sentiment without a language"
    assert value is None or -10_000 <= value <= 10_000, f"sentiment {value}"
    for cue in reading.cues:
        assert 0 <= cue.points <= 10_000, f"{cue.code}: {cue.points} points"
        assert 0 < len(cue.quote) <= 80, f"{cue.code}: a quote of {len(cue.quote)}"
    for role in ("agent", "bot"):
        assert read(text, role).cues == (), f"cues of {role}"
    said = {"role": "customer", "text": text}
    answered = {"role": "agent", "text": text}
    assert math.isfinite(evaluation.dialogue([said, answered, said])), "dialogue not finite"
    assert math.isfinite(evaluation.customer([(0, text), (1, text)])), "customer not finite"


def timed(text: str, slowest_s: float = SLOWEST_S) -> None:
    """Check a text, and that it is done before anybody would call it hanging.

    Raises:
        AssertionError: A law is broken, or it took more than `slowest_s` of processor time.
    """
    began = time.process_time()
    check(text)
    spent = time.process_time() - began
    assert spent < slowest_s, f"{spent:.1f} s for {len(text)} characters"


def by_coverage(seconds: int) -> None:
    """Let atheris look for texts; it ends the process."""
    atheris: Any = importlib.import_module("atheris")
    atheris.instrument_all()

    def one(data: bytes) -> None:
        timed(atheris.FuzzedDataProvider(data).ConsumeUnicode(MAX_CHARS))

    limits = [f"-max_total_time={seconds}", f"-max_len={4 * MAX_CHARS}", f"-timeout={SLOWEST_S}"]
    atheris.Setup([sys.argv[0], *limits], one)
    atheris.Fuzz()


def by_chance(seconds: int) -> int:
    """Let Hypothesis draw texts until the time is up; how many were tried."""
    from hypothesis import HealthCheck, given, settings

    from bench.fuzz_texts import texts

    tried = 0

    @settings(
        max_examples=_BATCH,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(texts(MAX_CHARS))
    def one(text: str) -> None:
        nonlocal tried
        tried += 1
        timed(text)

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        one()
    return tried


def main() -> None:
    """Fuzz for so many seconds."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=60, help="how long to look")
    seconds = options.parse_args().seconds
    if importlib.util.find_spec("atheris") is not None:
        by_coverage(seconds)
    else:
        tried = by_chance(seconds)
        print(f"{tried:,} texts of up to {MAX_CHARS:,} characters, no law broken")  # noqa: T201


if __name__ == "__main__":
    main()
