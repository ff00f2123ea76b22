"""About how many calls a number of steps takes."""

from __future__ import annotations

import pytest

from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.writing import Action


@pytest.mark.parametrize(
    ("entity", "steps", "settings", "calls"),
    [
        ("bills", 25, {}, 1 + 1 + 2 + 1 + 2),  # look-up, headers, lines and taxes, read-back; one page of the list
        ("bills", 1, {}, 1 + 1 + 1 + 1 + 2),
        ("bills", 200, {}, 8 * 5 + 2 * 2),
        ("vendor_payments", 50, {}, 1 + 1 + 1 + 1),
        ("vendor_payments", 400, {}, 8 * 3 + 2),
        ("parties", 25, {}, 1 + 1 + 1 + 1 + 1),
        ("dimensions", 50, {}, 1 + 1 + 1 + 1),
        ("bills", 25, {"rows_per_batch": "10"}, 1 + 3 + 7 + 1 + 2),
        ("bills", 2, {"batch": "no"}, 4 + 2 + 5 + 4 + 5),
        ("vendor_payments", 100, {"page_rows": "50"}, 2 * 3 + 2),
        ("bills", 0, {}, 0),
    ],
)
def test_calls_of_steps(entity: str, steps: int, settings: dict[str, str], calls: int) -> None:
    assert CONNECTOR.calls_for(entity, Action.CREATE, steps, settings) == calls
