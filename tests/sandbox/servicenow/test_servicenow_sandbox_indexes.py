"""Whatever is written, renamed or taken away, an index gives what going through all rows gives."""

from __future__ import annotations

import random

import pytest
from servicenow_world import MovableClock

from ml_connector_sandbox.servicenow import ServiceNowBooks
from ml_connector_sandbox.servicenow.books.dictionary import Column, table
from ml_connector_sandbox.servicenow.books.records import InsertFailed
from ml_connector_sandbox.servicenow.instance import Instance
from ml_connector_sandbox.servicenow.seeding import small

TABLE = "cmn_cost_center"
QUERIES = (
    "account_number=N1",
    "account_number=n1^code=c2",
    "account_numberINN0,n3, N4",
    "account_number=N1^ORaccount_number=N2^codeISNOTEMPTY",
    "account_number=N1^NQcode=C0",
    "account_number=N1^NQcodeLIKE1",
    "account_number=^code=C1",
    "sys_updated_on>=2026-11-16 14:30:00",
    "sys_updated_on=2026-11-16 14:30:00",
    "sys_updated_on>2026-11-16 14:20:00^code=C1^ORDERBYDESCsys_updated_on^ORDERBYsys_id",
)


def written(seed: int) -> Instance:
    """Sixty rounds of making, changing and deleting centres, with questions between them."""
    chance = random.Random(seed)
    clock = MovableClock()
    instance, _ = small(ServiceNowBooks(clock))
    records = instance.records
    for _ in range(60):
        clock.move(60)
        given = {"account_number": f"N{chance.randrange(5)}", "code": f"C{chance.randrange(3)}", "name": "x"}
        rows = records.rows(TABLE)
        match chance.randrange(5):
            case 0 if len(rows) > 4:
                records.delete(chance.choice(rows))
            case 1 | 2 if rows:
                records.update(chance.choice(rows), given)
            case _:
                records.insert(TABLE, given)
        instance.queries.found(TABLE, instance.queries.parsed(TABLE, chance.choice(QUERIES)))
    return instance


@pytest.mark.parametrize("seed", range(4))
def test_indexed_questions_find_what_scans_find(seed: int) -> None:
    instance = written(seed)
    found = 0
    for text in QUERIES:
        query = instance.queries.parsed(TABLE, text)
        scanned = [row for row in instance.records.rows(TABLE) if instance.queries.fits(TABLE, query, row)]
        answered = instance.queries.found(TABLE, query)
        found += len(answered)
        if query.order:
            assert {row["sys_id"] for row in answered} == {row["sys_id"] for row in scanned}
        else:
            assert answered == scanned
    assert found > 20


def test_having_compares_every_column() -> None:
    records = written(9).records
    for number in ("N1", "n2"):
        wanted = {"account_number": number, "code": "C1"}
        scanned = [
            row for row in records.rows(TABLE)
            if row["account_number"].casefold() == number.casefold() and row["code"] == "C1"
        ]  # fmt: skip
        assert records.having(TABLE, **wanted) == scanned
    assert records.having(TABLE, code="", name="x") == []


def test_a_renamed_column_is_found_under_its_new_name() -> None:
    instance = written(1)
    records = instance.records
    before = records.having(TABLE, account_number="N1")
    records.rename(TABLE, "account_number", "u_number")
    assert before and records.having(TABLE, u_number="N1") == before
    assert records.having(TABLE, account_number="N1") == []


def test_the_columns_of_a_table_follow_what_is_done_to_it_and_to_its_parent() -> None:
    records = written(3).records
    parent, child = "sys_import_set_row", "sn_spend_intg_imp_invoice"
    known = set(records.columns(child))
    records.column_added(parent, Column(name="u_later", label="Later"))
    assert set(records.columns(child)) == known | {"u_later"} and "u_later" in records.insert(child, {})
    records.rename(parent, "u_later", "u_last")
    assert set(records.columns(child)) == known | {"u_last"}
    records.column_removed(parent, "u_last")
    assert set(records.columns(child)) == known
    records.define([table(child, "Anew", "u_only=Only", extends=parent)])
    assert "u_only" in records.columns(child) and set(records.columns(child)) != known


def test_a_unique_index_refuses_a_second_row_whatever_its_case() -> None:
    instance = written(2)
    definition = instance.records.tables[TABLE].definition
    definition.unique = (("account_number", "code"),)
    instance.records.insert(TABLE, {"account_number": "Only", "code": "One"})
    with pytest.raises(InsertFailed):
        instance.records.insert(TABLE, {"account_number": "ONLY", "code": "one"})
    instance.records.insert(TABLE, {"account_number": "ONLY", "code": "two"})
