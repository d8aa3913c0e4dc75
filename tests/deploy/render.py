"""Renders the chart with sets of values, in the environment of `tools.txt`; started as a script.

Reads JSON from standard input, `{"chart": PATH, "values": [..]}`, and prints a JSON list: for each
set its manifests as text, `{"manifests": {name: text}}`, or why it was refused, `{"error": ..}`.
"""

import json
import sys


def main() -> None:
    """Once."""
    # Only there: whoever collects tests imports this module too.
    from helm_python import Chart  # type: ignore[import-not-found]
    from helm_python.errors import HelmError  # type: ignore[import-not-found]

    asked = json.load(sys.stdin)
    told = []
    with Chart.load(asked["chart"]) as chart:
        for values in asked["values"]:
            try:
                told.append({"manifests": chart.render(values, name="health", namespace="cs")})
            except HelmError as error:
                told.append({"error": str(error)})
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
