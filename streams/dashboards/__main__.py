"""Write the dashboards anew: python -m streams.dashboards, or make dashboards.

Next step: Grafana reads the files by `deploy/grafana/provisioning`; `tests/deploy` holds them to
the code, to Grafana's own types and to a Prometheus.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from streams.dashboards.alarm_quality import ALARM_QUALITY
from streams.dashboards.delivery import DELIVERY
from streams.dashboards.fleet import FLEET
from streams.dashboards.pipeline import PIPELINE

BOARDS: Final = (FLEET, PIPELINE, DELIVERY, ALARM_QUALITY)
FOLDER: Final = Path(__file__).resolve().parents[2] / "deploy" / "grafana" / "dashboards"


def main() -> None:
    """Write what differs, and name it."""
    for board in BOARDS:
        path, text = FOLDER / f"{board.name}.json", board.text()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
