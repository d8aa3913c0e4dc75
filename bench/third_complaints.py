"""Labels for `nabz backtest`: when a customer complained for the third time within a day.

    .venv/bin/python -m bench.third_complaints airline.jsonl > labels.jsonl

A proxy for an escalation, from labelled messages: `{"customer_id", "ts", "label"}` a line, -1 for a
complaint, `ts` in milliseconds. Nothing of what nabz reads goes into it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from alerts.backtest import third_complaints


def main() -> None:
    """Print a line for each customer who did."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("labelled", type=Path)
    complaints: dict[str, list[int]] = defaultdict(list)
    with parser.parse_args().labelled.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row.get("label") == -1 and "ts" in row:
                complaints[row["customer_id"]].append(row["ts"])
    events = third_complaints({customer: sorted(times) for customer, times in complaints.items()})
    for customer, at_ms in sorted(events.items()):
        sys.stdout.write(json.dumps({"customer": customer, "ts": at_ms}) + "\n")


if __name__ == "__main__":
    main()
