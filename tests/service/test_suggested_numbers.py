"""What a key without a row is suggested: the target's entry of the same number, also where the key is an id."""

from __future__ import annotations

import pytest

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.integrations.tables import TableType
from ml_connector.service.mapping.keys import Known
from ml_connector.service.mapping.suggesting import _entries

TABLE = TableType("accounts", "account id", "GL account id", "accounts", "accounts")
THERE: dict[str, Document] = {
    one.id: one for one in (Account("g1", "Rent and utilities", "6010"), Account("g2", "Clay", "5010"))
}


def known(key: str, name: str, number: str = "") -> Known:
    """A table with one key; the list of the source shows it where it has a number."""
    found = Known(TABLE, targets={"accounts": THERE})
    found.note(key, name, document=Account(key, name, number) if number else None)
    return found


@pytest.mark.parametrize(
    ("key", "name", "number", "value", "proof"),
    [
        ("6010", "Rent & utilities", "", "g1", True),
        ("a-1", "Rent & utilities", "6010", "g1", True),
        ("a-2", "Clay and glazes", "5010", "g2", False),
        ("a-3", "Clay and glazes", "", "", False),
    ],
)
def test_an_equal_number_is_found_by_key_and_by_list(key: str, name: str, number: str, value: str, proof: bool) -> None:
    table = known(key, name, number)
    found = _entries(table)(table.seen[key])
    assert [(one.value, one.proof) for one in found[:1]] == ([(value, proof)] if value else [])
    assert all(one.evidence.startswith("same number") for one in found[:1])
