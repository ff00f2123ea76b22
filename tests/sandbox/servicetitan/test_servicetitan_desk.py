"""What the office does while the sandbox runs: a price of a posted invoice is changed, over the admin address."""

from __future__ import annotations

import aiohttp
import pytest

from ml_connector_sandbox import company as companies
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox
from ml_connector_sandbox.servicetitan.desk import carried_out

pytestmark = pytest.mark.anyio


async def test_a_price_goes_up_and_the_total_with_it() -> None:
    made = companies.matrix_sales(SandboxClock.starting(START))
    tenant = made.seed.tenant
    wish = {"act": "reprice", "tenant": made.access.tenant_id, "by": 10}
    async with Sandbox.running(made) as sandbox, aiohttp.ClientSession() as session:
        address = f"{sandbox.handover['admin']}/servicetitan/desk"
        async with session.post(address, json=wish) as answer:
            done = await answer.json()
        changed = next(one for one in tenant.invoices if one.reference_number == done["invoice"])
        assert (changed.sync_status, changed.applied, float(changed.total)) == ("Posted", 0, done["after"])
        assert done["after"] > done["before"]
        for wrong in (
            {"act": "fire"},
            {**wish, "tenant": "1"},
            {**wish, "by": "a lot"},
            {**wish, "invoice": "no such"},
        ):
            async with session.post(address, json=wrong) as answer:
                assert answer.status == 400 and len((await answer.text()).splitlines()) == 1
        async with session.post(f"{sandbox.handover['admin']}/xero/desk", json=wish) as answer:
            assert answer.status == 400


async def test_an_invoice_is_posted_and_a_contact_gets_another_telephone() -> None:
    made = companies.contractor(SandboxClock.starting(START))
    tenant, there = made.seed.tenant, made.xero_organisation
    contact = next(iter(there.contacts))
    async with Sandbox.running(made) as sandbox, aiohttp.ClientSession() as session:
        admin = sandbox.handover["admin"]
        async with session.post(f"{admin}/servicetitan/desk", json={"act": "post", "tenant": "1204586702"}) as answer:
            done = await answer.json()
        posted = next(one for one in tenant.invoices if one.reference_number == done["invoice"])
        assert (posted.sync_status, float(posted.total)) == ("Posted", done["total"])
        wish = {
            "act": "telephone",
            "organisation": there.profile.organisation_id,
            "contact": contact.name,
            "number": "1",
        }
        async with session.post(f"{admin}/xero/desk", json=wish) as answer:
            assert (await answer.json())["after"] == contact.phones["DEFAULT"]["PhoneNumber"] == "1"
        for wrong in ({**wish, "contact": "Nobody"}, {**wish, "organisation": "none"}, {"act": "post"}):
            async with session.post(f"{admin}/xero/desk", json=wrong) as answer:
                assert answer.status == 400 and len((await answer.text()).splitlines()) == 1


async def test_bills_are_edited_and_cancelled_and_a_credit_comes_in() -> None:
    made = companies.demo(SandboxClock.starting(START))
    tenant, number = made.seed.tenant, {"tenant": made.access.tenant_id}
    async with Sandbox.running(made) as sandbox, aiohttp.ClientSession() as session:

        async def act(**wish: object) -> tuple[int, dict[str, object]]:
            address = f"{sandbox.handover['admin']}/servicetitan/desk"
            async with session.post(address, json={**number, **wish}) as answer:
                refused = {"sentence": await answer.text()}
                return answer.status, await answer.json() if answer.status == 200 else refused

        status, done = await act(act="edit bill", by=2)
        bill = next(one for one in tenant.bills if one.vendor_number == done["bill"])
        assert (status, float(bill.amount(True))) == (200, done["after"]) and done["after"] != done["before"]
        status, done = await act(act="cancel bill", bill=done["bill"])
        assert status == 200 and tenant.bills[bill.id].status == "Canceled"
        assert (await act(act="edit bill", by=2, bill=done["bill"]))[0] == 400
        known = {one.id for one in tenant.ap_credits}
        for _ in range(2):
            status, done = await act(act="credit")
            [credit] = [one for one in tenant.ap_credits if one.id not in known]
            assert (status, credit.reference_number, float(credit.amount)) == (200, done["credit"], done["amount"])
            known.add(credit.id)
        status, done = await act(act="credit")
        assert status == 400 and "no return whose credit" in str(done)


async def test_a_customer_gets_another_telephone() -> None:
    made = companies.matrix_sales(SandboxClock.starting(START))
    tenant = made.seed.tenant
    known = next(one for one in tenant.contacts if one.type == "Phone" and one.location_id is None)
    wish = {
        "act": "telephone", "tenant": made.access.tenant_id, "number": "(320) 555-7001",
        "customer": tenant.customers[known.customer_id].name,
    }  # fmt: skip
    done = carried_out(made.servicetitan, wish)
    assert done["before"] == known.value and tenant.contacts[known.id].value == "(320) 555-7001"
    with pytest.raises(ValueError, match="there are 0 customers 'Nobody'"):
        carried_out(made.servicetitan, {**wish, "customer": "Nobody"})
