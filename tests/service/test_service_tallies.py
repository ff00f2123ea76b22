"""Counts in words that agree with them."""

from __future__ import annotations

import pytest

from ml_connector.service.tallies import counted


@pytest.mark.parametrize(
    ("count", "told"), [(0, "0 records"), (1, "1 record"), (2, "2 records"), (12_345, "12,345 records")]
)
def test_a_count_agrees_with_its_noun(count: int, told: str) -> None:
    assert counted(count, "record") == told


def test_where_more_than_the_noun_changes_both_are_given() -> None:
    assert [counted(n, "record goes on", "records go on") for n in (1, 2)] == ["1 record goes on", "2 records go on"]
