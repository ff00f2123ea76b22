"""How many versions a push claims: what the calls that are free may take, in full batches where one call takes many."""

from __future__ import annotations

from types import MappingProxyType, SimpleNamespace
from typing import Any, cast

import pytest

from ml_connector.connectors.writing import Action
from ml_connector.sync.lane import Lane, Slice
from ml_connector.sync.push import BATCH, versions_to_claim

FIFTY = MappingProxyType({("invoices", Action.CREATE): 50})


def lane(free: int, wait: float, batches: Any) -> Lane:
    capacity = SimpleNamespace(free=lambda: free, wait=lambda _: wait)
    return cast(
        "Lane",
        SimpleNamespace(
            slice=Slice(45.0), not_before=None, capacity=capacity, connector=SimpleNamespace(batches=batches)
        ),
    )


@pytest.mark.parametrize(
    ("free", "wait", "batches", "room"),
    [
        (60, 0.0, {}, BATCH),
        (7, 0.0, {}, 7),
        (2, 1.5, {}, 0),  # a moment is waited for a handful
        (2, 30.0, {}, 2),
        (60, 0.0, FIFTY, BATCH),
        (1, 0.0, FIFTY, BATCH),  # one call takes fifty
        (1, 1.5, FIFTY, BATCH),
        (0, 30.0, FIFTY, 0),
        (0, 1.5, FIFTY, 0),
    ],
)
def test_what_is_claimed(free: int, wait: float, batches: Any, room: int) -> None:
    assert versions_to_claim(lane(free, wait, batches)) == room


def test_nothing_is_claimed_by_a_slice_that_is_over() -> None:
    ending = lane(60, 0.0, FIFTY)
    ending.slice.seconds = 0.0
    assert versions_to_claim(ending) == 0
