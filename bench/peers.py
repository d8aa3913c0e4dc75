"""An environment of the peers' own, with pinned versions: they are no dependencies of nabz.

It lives in `.cache/peers` and is made once, through pip as the machine has it set up.

Next step: `bench.contest` runs the peers' programs with its Python.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

VERSIONS: Final = {
    "quixstreams": "3.28.1",
    "bytewax": "0.21.1",
    "confluent-kafka": "2.12.2",
    "vaderSentiment": "3.3.2",
    "orjson": "3.13.0",
}
_CACHE: Final = Path(__file__).resolve().parents[1] / ".cache" / "peers"


class PeersUnavailableError(Exception):
    """The peers could not be installed; the message has what pip said."""


def python() -> Path:
    """Python of the peers' environment, made on first use and after a change of `VERSIONS`.

    Raises:
        PeersUnavailableError: pip failed.
    """
    wanted = [f"{name}=={version}" for name, version in VERSIONS.items()]
    done, found = _CACHE / "done", _CACHE / "venv" / "bin" / "python"
    if found.exists() and done.exists() and done.read_text(encoding="utf-8").split() == wanted:
        return found
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(_CACHE / "venv")],
        [str(found), "-m", "pip", "install", "-q", *wanted],
    ):
        run = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)  # noqa: S603  # fixed commands
        if run.returncode != 0:
            raise PeersUnavailableError(f"{' '.join(command[1:4])}: {run.stderr[-2000:]}")
    done.write_text("\n".join(wanted), encoding="utf-8")
    return found
