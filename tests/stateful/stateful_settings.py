"""How many examples property tests run: few and always the same, or as many new ones as ML_CONNECTOR_EXAMPLES says."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("ML_CONNECTOR_EXAMPLES", "0"))
_ALWAYS = settings(
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
_FEW = settings(_ALWAYS, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])


def examples(few: int) -> settings:
    """The settings of a property test that usually runs ``few`` examples."""
    return settings(_ALWAYS, max_examples=EXAMPLES) if EXAMPLES else settings(_FEW, max_examples=few)
