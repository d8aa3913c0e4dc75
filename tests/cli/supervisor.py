"""A `nabz up` of small scripts: `python -m tests.cli.supervisor <children as JSON>`."""

from __future__ import annotations

import json
import os
import sys

from streams.cli.children import Child, Children, Patience


def main() -> int:
    """Run children given as name and script until a signal."""
    told = json.loads(sys.argv[1])
    children = [
        Child(name, [sys.executable, "-u", "-c", script], dict(os.environ))
        for name, script in told["children"]
    ]
    return Children(children, patience=Patience(**told["patience"])).run()


if __name__ == "__main__":
    sys.exit(main())
