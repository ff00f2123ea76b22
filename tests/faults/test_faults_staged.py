"""Worlds whose target is ServiceNow: what people change on both sides is found, and no fault stages a row twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from faults.books import difference
from faults.points import Point
from faults.preparing import prepared
from faults.run import disturbed, undisturbed
from faults.world import Ready, Running
from ml_connector_sandbox.company.payables import few_changes
from ml_connector_sandbox.company.payables.few_changes import CASES, NEW_OPTION
from ml_connector_sandbox.servicenow.books.records import Records
from rig.postgres import drop_database

PLAIN, CHANGED = "zoho_books-servicenow", "zoho_books-servicenow changed"
BATCH = "/api/now/v1/batch"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def plain(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ready]:
    world = await prepared(postgres_url, tmp_path_factory.mktemp("staged") / "plain", PLAIN)
    yield world
    drop_database(postgres_url, world.database)


def _records(running: Running) -> Records:
    assert running.sandbox.company.servicenow is not None
    return running.sandbox.company.servicenow.named("").records


def _batch_that_made(running: Running, table: str) -> int:
    """The number of the call that made the first new record of a table."""
    made = min(_records(running).tables[table].born.values())
    calls = running.emulator("servicenow").log.calls
    return max(call.number for call in calls if call.path == BATCH and call.at <= made)


@pytest.mark.slow
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "table"),
    [
        ("truncated", "sn_shop_invoice"),  # headers stand there, and nobody was told: lines alone are missing
        ("cancelled inside after", "sn_shop_invoice_line"),
        ("business rule", "sn_shop_invoice_line"),  # refused for good: somebody asks again
    ],
)
async def test_a_batch_that_went_wrong_ends_as_one_that_did_not(plain: Ready, kind: str, table: str) -> None:
    async with plain.running("staged_plain") as running:
        expected = await undisturbed(running)
        call = _batch_that_made(running, table)
    async with plain.running("staged_fault") as running:
        found, struck = await disturbed(running, Point(PLAIN, "servicenow", call, kind, f"POST {BATCH}"), expected)
    assert struck and not found, found.sentences


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_bill_that_is_staged_behind_the_products_back_is_found(plain: Ready) -> None:
    """Where the instance's maps coalesce, only the staged row is there twice."""
    async with plain.running("staged_twice") as running:
        expected = await undisturbed(running)
        assert running.sandbox.company.servicenow is not None
        instance = running.sandbox.company.servicenow.named("")
        table = "sn_spend_intg_imp_invoice"
        row = instance.imports.put(table, instance.records.rows(table)[0], "somebody")
        instance.imports.transformed(row, "somebody")
        found = difference(await running.books(), expected)
        assert [one.split(":")[0] for one in found.duplicates] == ["servicenow staged "]


@pytest.mark.slow
@pytest.mark.anyio
async def test_every_change_is_found_in_the_reading_after_it(postgres_url: str, tmp_path: Path) -> None:
    world = await prepared(postgres_url, tmp_path / "changed", CHANGED)
    try:
        async with world.running("staged_changed") as running:
            before, books = await running.books(), await undisturbed(running)
            assert books.unsound == []
            _bills(running, before.ends, books.ends)
            _there(running)
    finally:
        drop_database(postgres_url, world.database)


def _bills(running: Running, before: dict[str, str], ends: dict[str, str]) -> None:
    """Every bill of a case ends as its case says, the new bill is staged, and the one with an address of its own waits."""
    payables = running.sandbox.company.payables
    assert payables is not None
    ids = {case: few_changes.bill_of(payables.books, case).document_id for case in CASES}
    assert {case: ends[f"bills {id_}"] for case, id_ in ids.items()} == {
        case: f"{state} {reason}".strip() for case, (state, reason) in CASES.items()
    }
    moved = {key: end for key, end in ends.items() if before.get(key) != end}
    assert [end for key, end in moved.items() if key.startswith("bills ") and key not in before] == ["posted"]
    assert [end for key, end in moved.items() if end == "held supplier_changed"] == ["held supplier_changed"]
    assert sorted(end for key, end in moved.items() if key.startswith("vendor_payments ")) == ["posted"] * 3


def _there(running: Running) -> None:
    """Of the edited bill one invoice, with the line that it gained; the paid one is paid; a centre for the new option."""
    payables, records = running.sandbox.company.payables, _records(running)
    assert payables is not None
    rows = {
        case: records.having(
            "sn_shop_invoice", external_invoice_number=few_changes.bill_of(payables.books, case).document_id
        )
        for case in CASES
    }
    assert all(len(found) == 1 for found in rows.values())
    [edited], [retagged], [paid] = rows["edited_later"], rows["retagged_later"], rows["paid_later"]
    assert records.price(edited["invoice_amount"]) == ("USD", Decimal("512.50"))
    assert len(records.having("sn_shop_invoice_line", invoice=edited["sys_id"])) == 2
    [line] = records.having("sn_shop_invoice_line", invoice=retagged["sys_id"])
    assert records.named("cmn_cost_center", line["cost_center"])["name"] == "Denver Audit"
    assert paid["state"] == "paid"
    assert len(records.having("sn_shop_invoice_payment_detail", invoice=paid["sys_id"])) == 2
    assert len(records.having("cmn_cost_center", name=NEW_OPTION)) == 1
