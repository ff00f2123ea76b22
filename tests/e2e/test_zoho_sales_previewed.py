"""The preview of sales into Zoho Books is what live then does; and what Zoho announces is looked at without a schedule."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from test_preview_is_live import done, ends, shown
from zoho_selling_world import selling

from ml_connector.service.flows import set_flow_mode
from ml_connector.service.scheduling import schedule
from ml_connector.service.webhooks import add_webhook, webhooks
from ml_connector.service.working import working
from ml_connector.store.database import Database
from ml_connector.web.server import listening, serving

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

DOCUMENTS = ("invoices", "credit_memos", "payments")
LOOKS = 150


async def test_what_was_previewed_is_what_is_done(database: Database, tmp_path: Path) -> None:
    modes = dict.fromkeys(("customers", *DOCUMENTS), "preview")
    async with selling(database, tmp_path, **modes) as company:
        invoice = company.bill("100.00")
        company.take("150.00", (invoice, "60.00"))
        company.write_off(invoice, "20.00")
        await company.sync(2)
        before, previewed = await ends(company.desk), await shown(company.desk)
        assert not (await done(company.desk)).of and not list(company.target.invoices)
        for flow in modes:
            await set_flow_mode(company.desk, company.integration, flow, "live")
        await company.sync(2)
        carried = await done(company.desk)
        assert company.compared() == []
    going = {record for record, (state, _) in before.items() if state == "planned"}
    assert {flow for flow, _ in going} == {*modes}
    assert going == previewed.keys() == carried.of.keys()
    otherwise = {one: (carried.filled(previewed[one]), carried.of[one]) for one in going}
    assert {one: two for one, two in otherwise.items() if two[0] != two[1]} == {}


async def test_what_zoho_announces_frees_what_waits_for_it(database: Database, tmp_path: Path) -> None:
    """Money that was entered by hand leaves no room for ours, until a bookkeeper takes it out again."""
    async with selling(database, tmp_path) as company:
        invoice = company.bill("100.00")
        await company.sync(2)
        customer = company.target.contacts.get(company.there(invoice).customer_id)
        assert customer is not None
        number = invoice.reference_number
        by_hand = company.at_zoho("receive", customer=customer.contact_name, invoices=[number], amount="30.00")
        payment = company.take(str(invoice.total), (invoice, str(invoice.total)))
        await company.sync(2)
        assert await company.end("payments", payment.id) == ("held", "invoice_owes_less")
        for one in company.integration.flows:
            if one.mode != "off":
                await schedule(company.desk, company.integration, one.name, "0 0 1 1 *")
        with listening("127.0.0.1:0") as door:
            base = f"http://127.0.0.1:{door.getsockname()[1]}"
            async with serving(company.runtime, door, asyncio.Event()), working(company.runtime) as work:
                hook = await add_webhook(company.desk, "zoho-books", base, "k" * 40)
                company.sandbox.zoho_books.webhooks.subscribe(hook.address, secret="k" * 40)
                company.at_zoho("delete customer payment", payment=by_hand["payment"])
                for _ in range(LOOKS):
                    if company.all_paid(payment):
                        break
                    await work.pause()
                [heard] = await webhooks(company.desk)
                assert (heard.refused, heard.heard > 0) == (0, True)
                assert company.paid(payment).unused == 0 and company.there(invoice).balance == 0
