"""Vendors become suppliers: matched by proof, created with their persons and address, or left to a person to decide."""

from __future__ import annotations

from pathlib import Path

import pytest
from payables_world import payables

from ml_connector.service.dismissing import dismiss
from ml_connector.service.mapping.suggesting import suggest
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SUPPLIERS = "sn_fin_supplier"


async def test_suppliers_are_matched_created_or_asked_for(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        by_code, by_name, *_, new = list(firm.books.vendors)
        like = firm.books.organisation.add_contact(
            f"{by_name}s", company_name=f"{by_name}s", contact_type="vendor", created=firm.books.month.opening
        )
        ids = {name: firm.books.vendors[name].contact_id for name in (by_code, by_name, new)}
        for place in (0, 1, len(firm.books.vendors) - 1):
            firm.bill(firm.line("10.00"), vendor=place)
        firm.books.vendors[like.contact_name] = like
        firm.books.vendor_truth[like.contact_name] = firm.books.vendor_truth[by_name]
        unsure = firm.bill(firm.line("15.00"), vendor=len(firm.books.vendors) - 1)
        before = len(firm.rows(SUPPLIERS))
        await firm.sync()
        assert (await firm.end("vendors", ids[by_code]))[0] == (await firm.end("vendors", ids[by_name]))[0] == "linked"
        assert (await firm.end("vendors", ids[new]))[0] == "posted"
        [made] = firm.rows(SUPPLIERS, erp_supplier_code=ids[new])
        assert firm.instance.records.display(SUPPLIERS, made) == new
        persons = {one["email"] for one in firm.books.vendors[new].persons}
        emails = {one["email"] for one in firm.rows("vm_vdr_contact")} if persons else set()
        assert persons <= emails
        state, reason = await firm.end("vendors", like.contact_id)
        assert (state, reason) == ("held", "supplier_ambiguous")
        assert by_name in await firm.why("vendors", like.contact_id)
        assert [one.key for one in await suggest(firm.desk, firm.integration, "vendors")] == [like.contact_id]
        assert await suggest(firm.desk, firm.integration, "cost_centers") == [], "all are matched: no row is asked for"
        assert await firm.end("bills", unsure.document_id) == ("held", "supplier_pending")
        await firm.fill("vendors", like.contact_id, "new")
        await firm.sync()
        assert (await firm.end("bills", unsure.document_id))[0] == "posted"
        assert len(firm.rows(SUPPLIERS, erp_supplier_code=like.contact_id)) == 1
        assert len(firm.rows(SUPPLIERS)) >= before + 2


async def test_a_changed_address_waits_for_a_person_and_changes_nothing_there(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        name = next(iter(firm.books.vendors))
        first = firm.bill()
        await firm.sync()
        [supplier] = firm.rows(SUPPLIERS, erp_supplier_code=firm.books.vendors[name].contact_id)
        kept = dict(supplier)
        firm.at_zoho("change address", vendor=name, address={"address": "1 New Quay"})
        later = firm.bill(firm.line("12.00"))
        await firm.sync()
        assert await firm.end("vendors", firm.books.vendors[name].contact_id) == ("held", "supplier_changed")
        assert "1 New Quay" in await firm.why("vendors", firm.books.vendors[name].contact_id)
        assert (await firm.end("bills", later.document_id))[0] == "posted"
        assert firm.invoice(later)["remit_to_street"] == firm.invoice(first)["remit_to_street"] != "1 New Quay"
        [now] = firm.rows(SUPPLIERS, erp_supplier_code=firm.books.vendors[name].contact_id)
        assert dict(now) == kept
        life = await firm.life("vendors", firm.books.vendors[name].contact_id)
        await dismiss(firm.desk, f"#{life.record_id}", "the vendor says so")  # a person has asked
        last = firm.bill(firm.line("13.00"))
        await firm.sync()
        assert await firm.end("bills", last.document_id) == ("held", "remit_to_differs")
        assert "1 New Quay" in await firm.why("bills", last.document_id)
