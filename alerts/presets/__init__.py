"""Sets of rules to begin with: quiet, normal, sensitive.

`rules: {preset: sensitive}` in nabz.yaml takes one, alone or with rules of your own over it.

Next step: `alerts.rules.rules_from` reads the one that is named.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

import yaml

PRESETS: Final[Mapping[str, Any]] = {
    name: yaml.safe_load(
        resources.files("alerts.presets").joinpath(f"{name}.yaml").read_text("utf-8")
    )
    for name in ("quiet", "normal", "sensitive")
}
"""Each as written, by name."""
