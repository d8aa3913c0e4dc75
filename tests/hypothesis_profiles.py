"""How hard Hypothesis looks: `dev` while you type, `ci` for every change, `nightly` for the rest.

`HYPOTHESIS_PROFILE` chooses; without it, `ci` where `CI` is set and `dev` elsewhere. There is no
deadline anywhere: a shared machine that stalls is not a bug of ours.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

_SLOW_IS_FINE = (HealthCheck.too_slow,)

settings.register_profile(
    "dev", deadline=None, max_examples=50, suppress_health_check=_SLOW_IS_FINE
)
# The same examples each time: a red run of a change is about that change.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=200,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=5_000,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
# Thousands of runs that only ask whether anything fails at all: `make mutants`.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=30,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=_SLOW_IS_FINE,
)


def chosen(environment: dict[str, str]) -> str:
    """Name the profile that an environment asks for.

    >>> chosen({}), chosen({"CI": "1"}), chosen({"CI": "1", "HYPOTHESIS_PROFILE": "nightly"})
    ('dev', 'ci', 'nightly')
    """
    in_ci = environment.get("CI", "").lower() in {"1", "true"}
    return environment.get("HYPOTHESIS_PROFILE") or ("ci" if in_ci else "dev")


settings.load_profile(chosen(dict(os.environ)))
