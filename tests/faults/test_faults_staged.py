"""Worlds whose target is ServiceNow: what people change on both sides is found, and no fault stages a row twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from faults.books import Books, difference
from faults.points import Point
from faults.preparing import prepared
from faults.run import disturbed, undisturbed
from faults.world import Ready, Running
from ml_connector_sandbox.company import matrix_xero_changed
from ml_connector_sandbox.company.matrix_xero import VENDORS, XeroCompany, line
from ml_connector_sandbox.company.payables import few_changes
from ml_connector_sandbox.company.payables.few_changes import CASES, NEW_OPTION
from ml_connector_sandbox.servicenow.books.records import Records
from rig.postgres import drop_database

PLAIN, CHANGED, XERO_CHANGED = "zoho_books-servicenow", "zoho_books-servicenow changed", "xero-servicenow changed"
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
        await _read_again(world, books)
    finally:
        drop_database(postgres_url, world.database)


async def _read_again(world: Ready, expected: Books) -> None:
    """A vendor that was found there, and is read once more without a change, is as well linked as before."""
    async with world.running("staged_moved") as running:
        moves = Point(CHANGED, "zoho_books", 2, "page moves", "GET /books/v3/organizations")
        found, struck = await disturbed(running, moves, expected)
    assert struck and not found, found.sentences


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
    payables = running.sandbox.company.payables
    assert payables is not None
    ids = {case: few_changes.bill_of(payables.books, case).document_id for case in CASES}
    _invoices(_records(running), ids, "Denver Audit", "512.50", lines_of_the_edited=2)
    assert len(_records(running).having("cmn_cost_center", name=NEW_OPTION)) == 1


def _invoices(records: Records, ids: dict[str, str], retagged_to: str, total: str, *, lines_of_the_edited: int) -> None:
    """One invoice for each case, as the case left it."""
    rows = {case: records.having("sn_shop_invoice", external_invoice_number=id_) for case, id_ in ids.items()}
    assert all(len(found) == 1 for found in rows.values())
    [edited], [retagged], [paid] = rows["edited_later"], rows["retagged_later"], rows["paid_later"]
    assert records.price(edited["invoice_amount"]) == ("USD", Decimal(total))
    assert len(records.having("sn_shop_invoice_line", invoice=edited["sys_id"])) == lines_of_the_edited
    [line] = records.having("sn_shop_invoice_line", invoice=retagged["sys_id"])
    assert records.named("cmn_cost_center", line["cost_center"])["name"] == retagged_to
    assert paid["state"] == "paid"
    assert len(records.having("sn_shop_invoice_payment_detail", invoice=paid["sys_id"])) == 2


@pytest.mark.slow
@pytest.mark.anyio
async def test_every_change_of_the_firm_with_xero_is_found_in_the_reading_after_it(
    postgres_url: str, tmp_path: Path
) -> None:
    world = await prepared(postgres_url, tmp_path / "changed", XERO_CHANGED)
    try:
        async with world.running("staged_xero_changed") as running:
            before, books = await running.books(), await undisturbed(running)
            company, cases = running.sandbox.company, matrix_xero_changed.CASES
            assert books.unsound == [] and isinstance(company, XeroCompany)
            ids = {case: company.bills[case].document_id for case in (*cases, matrix_xero_changed.NEW_BILL)}
            told = {case: f"{state} {reason}".strip() for case, (state, reason) in cases.items()}
            told[matrix_xero_changed.NEW_BILL] = "posted"
            assert {case: books.ends[f"bills {id_}"] for case, id_ in ids.items()} == told
            moved = sorted(f"{key.split()[0]} {end}" for key, end in books.ends.items() if before.ends.get(key) != end)
            assert [one for one in moved if not one.startswith("bills ")] == [
                "applied_credits skipped credit_listed", "cost_centers posted",
                "vendor_payments held payment_changed_after_staging", "vendor_payments posted", "vendor_payments posted",
                "vendors held supplier_changed", "vendors posted",
            ]  # fmt: skip
            _invoices(_records(running), ids, "Workshop", "554.78", lines_of_the_edited=1)
            assert len(_records(running).having("cmn_cost_center", name=matrix_xero_changed.NEW_OPTION)) == 1
    finally:
        drop_database(postgres_url, world.database)


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_bill_of_a_known_vendor_on_a_new_option_goes_as_soon_as_its_centre_is_made(
    postgres_url: str, tmp_path: Path
) -> None:
    """No new supplier comes with the centre, and the lists that the lane plans from must show it all the same."""
    world = await prepared(postgres_url, tmp_path / "known", "xero-servicenow")
    try:
        async with world.running("staged_new_centre") as running:
            await undisturbed(running)
            company = running.sandbox.company
            assert isinstance(company, XeroCompany)
            books = company.xero_organisation
            [departments] = books.tracking.values()
            books.desk.add_tracking_option(departments, "Lantern Fair")
            made = books.desk.add_bill(
                next(one for one in books.contacts if one.name == VENDORS[0]), company.month.day(20),
                [line("6010", "61.00", "Lantern Fair")], InvoiceNumber="LW-950",
            )  # fmt: skip
            ends = (await undisturbed(running)).ends
            assert ends[f"bills {made.document_id}"] == "posted"
            assert len(_records(running).having("cmn_cost_center", name="Lantern Fair")) == 1
    finally:
        drop_database(postgres_url, world.database)
