"""Two rows of one payment are no doubles, and those that are name the record that they are of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from payables_world import PAYMENT_DETAILS, Firm, payables

from ml_connector.service.doubles import doubles
from ml_connector.store.database import Database
from ml_connector_sandbox.zoho_books.books.documents import Bill

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

MAPS, MAPPED = "sys_transform_map", "sys_transform_entry"


def keeps_no_key(firm: Firm) -> None:
    """The transform map of payments fills our key into no column."""
    [of_payments] = firm.rows(MAPS, source_table="sn_spend_intg_imp_invoice_payment_detail")
    firm.there("delete", table=MAPPED, where={"map": of_payments["sys_id"], "target_field": "third_party_import_id"})


async def paid_together(firm: Firm) -> tuple[list[Bill], dict[str, Any]]:
    """Two equal bills, paid by one payment whose rows are there; and that payment."""
    bills = [firm.bill(), firm.bill()]
    await firm.sync()
    made = firm.at_zoho("pay", bills=[one.number for one in bills], mode="Check", reference="CHK-7")
    await firm.sync()
    assert await firm.end("vendor_payments", made["payment_id"]) == ("posted", "")
    assert [len(firm.payments(one)) for one in bills] == [1, 1]
    return bills, made


def copied(firm: Firm, bill: Bill) -> None:
    """The row of a bill's payment stands there once more."""
    [row] = firm.payments(bill)
    kept = {name: value for name, value in row.items() if not name.startswith("sys_") and name != "number"}
    firm.there(
        "insert", table=PAYMENT_DETAILS, values={**kept, "payment_amount": f"USD;{firm.amount(row, 'payment_amount')}"}
    )


async def a_day_later(firm: Firm) -> None:
    firm.jump(days=1, minutes=5)
    await firm.sync()


async def test_rows_on_two_equal_bills_are_no_doubles_where_the_table_keeps_no_key(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        keeps_no_key(firm)
        bills, made = await paid_together(firm)
        assert {row["third_party_import_id"] for one in bills for row in firm.payments(one)} == {""}
        await a_day_later(firm)
        assert (await doubles(firm.desk)).found == ()
        link = (await firm.life("vendor_payments", made["payment_id"])).link
        assert link is not None
        [linked] = [one for one in bills if firm.payments(one)[0]["sys_id"] == link.target_id]
        copied(firm, linked)
        await a_day_later(firm)
        (found,) = (await doubles(firm.desk)).found
        assert found.kind == "facts" and len(found.documents) == 2


async def test_a_row_that_stands_twice_under_our_key_names_its_record(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bills, made = await paid_together(firm)
        life = await firm.life("vendor_payments", made["payment_id"])
        assert life.link is not None
        [other] = [one for one in bills if firm.payments(one)[0]["sys_id"] != life.link.target_id]
        copied(firm, other)
        await a_day_later(firm)
        (found,) = (await doubles(firm.desk)).found
        assert (found.kind, found.record_id) == ("reference", life.record_id)
