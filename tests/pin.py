"""Write the golden files of records, customers and rows anew: `.venv/bin/python -m tests.pin`.

For a field that was added at the end with a default, and for nothing else: bytes that are at rest
somewhere must decode for ever, so any other change of them needs a new encoding version.
"""

from __future__ import annotations

import json
from pathlib import Path

from alerts.row import encode_partition_row, encode_row
from scoring.records import encode_record
from tests.alerts import test_row
from tests.scoring import test_customer, test_records


def write(golden: Path, pins: object) -> None:
    """One file."""
    golden.write_text(json.dumps(pins, indent=2) + "\n")


if __name__ == "__main__":
    records = {name: encode_record(one).hex() for name, one in test_records.RECORDS.items()}
    write(test_records.GOLDEN, {"v1": records})
    write(test_customer.GOLDEN, {"v1": test_customer.encode(test_customer.FULL).hex()})
    row = encode_row(test_row.ROW, log_epoch=1, offset=9).hex()
    partition = encode_partition_row(test_row.PARTITION, log_epoch=1, offset=9).hex()
    write(test_row.GOLDEN, {"row": row, "partition": partition})
