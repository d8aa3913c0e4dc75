"""What does a text cost that is ten times longer?

Texts of both languages are read at growing lengths, up to the most that is read at all. Reading
should cost in proportion; a pattern that looks back over and over shows here as a factor far above
the one of the length. Processor time counts, of the quickest of a few rounds: a shared machine only
ever adds.

    python -m bench.read_length [--rounds 5]

Printed for each kind of text: characters, milliseconds, and the factor to the line above.
"""

from __future__ import annotations

import argparse
import time
from typing import Final

from scoring.reading import read

_LENGTHS: Final = (200, 2_000, 20_000)
_KINDS: Final = {
    "english complaint": "I have been waiting for two weeks now, nobody answers, this is awful. ",
    "persian complaint": "سه هفته است منتظرم و هیچ‌کس جواب نمی‌دهد، واقعا افتضاح است. ",
    "no spaces": "waiting",
    "one letter": "ا",
    "marks": "?!،.",
    "quotes": '«نه» "no" ',
    "numbers": "09121234567 4111-1111 ",
    "markup": "<p>no</p> ",
    "lines": "> cited\nnot now\n",
}


def cost_ms(text: str, rounds: int) -> float:
    """Milliseconds to read a text, the quickest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        read(text, "customer")
        best = min(best, time.process_time() - began)
    return 1_000 * best


def table(rounds: int) -> list[str]:
    """Measure all kinds at all lengths, and say what the worst factor is."""
    read("warm up", "customer")
    lines = [f"{'text':20}{'characters':>12}{'ms':>10}{'factor':>9}"]
    worst = 0.0
    for kind, unit in _KINDS.items():
        before = 0.0
        for length in _LENGTHS:
            spent = cost_ms((unit * (length // len(unit) + 1))[:length], rounds)
            factor = spent / before if before else 0.0
            worst = max(worst, factor)
            shown = f"{factor:9.1f}" if before else ""
            lines.append(f"{kind:20}{length:12,}{spent:10.2f}{shown}")
            before = spent
    return [*lines, f"ten times longer costs at most {worst:.1f} times more; limit 12 or so"]


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=5, help="of each text; the quickest counts")
    print(*table(options.parse_args().rounds), sep="\n")  # noqa: T201  # a program's answer


if __name__ == "__main__":
    main()
