"""What a bookkeeper is told of invoices, payments and orders between ServiceTitan and Xero: whose, and why they wait."""

from __future__ import annotations

import pytest
from selling_by_hand import BEND, Selling, fill, invoice, make_selling, order, payment

from ml_connector.integrations.decisions import Waiting
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import integrations_in
from ml_connector.service.previewing import FlowPreview, Preview, shown_preview, stored_plans
from ml_connector.service.records import records
from ml_connector.service.status import status
from ml_connector.service.syncing import Progress, Quiet

pytestmark = pytest.mark.anyio


@pytest.fixture
async def selling(desk: Desk) -> Selling:
    """Jane's and the bakery's invoices and payments, and an order; Jane looks like two contacts of Xero."""
    made = await make_selling(desk)
    await fill(made)
    janes, theirs = invoice("1"), invoice("2", BEND)
    await made.read(
        invoices=(janes, theirs), payments=(payment("11", janes), payment("12", theirs)), purchase_orders=(order("3"),)
    )
    await made.plan()
    return made


async def shown(desk: Desk) -> dict[str, FlowPreview]:
    async with desk.looking() as reading:
        [integration] = await integrations_in(desk, reading)
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    found: Preview = await shown_preview(desk, integration, quiet)
    return {flow.flow: flow for flow in found.flows}


async def wait_of(desk: Desk, record: str) -> Waiting:
    return (await explain(desk, record)).versions[-1].waits[0]


async def test_a_preview_names_the_party_of_every_document(selling: Selling) -> None:
    flows = await shown(selling.desk)
    assert [one.party for one in flows["invoices"].planned] == ["Bend Bakery"]
    assert [one.party for one in flows["payments"].planned] == ["Bend Bakery"]
    assert [one.party for one in flows["purchase_orders"].planned] == ["Johnstone Supply"]
    page = await stored_plans(selling.desk, Filter(flow="payments"))
    assert [one.party for one in page.plans] == ["Bend Bakery"]
    listed = await records(selling.desk, Filter(flow="invoices"))
    assert sorted(one.party for one in listed.records) == ["Bend Bakery", "Jane Doe"]
    assert (await explain(selling.desk, "N-1")).party == "Jane Doe"


async def test_an_invoice_says_that_its_customer_waits_itself_and_for_what(selling: Selling) -> None:
    wait = await wait_of(selling.desk, "N-1")
    assert wait.code == "customer_pending" and wait.sentence == "Customer Jane Doe is not in the ledger yet."
    assert wait.action.startswith("The customer waits itself: Customer 'Jane Doe' looks like")
    assert "by itself" not in wait.action
    assert "Fill the row 'c1' of the mapping table customers" in wait.action
    number = wait.action.rpartition("#")[2].rstrip(".")
    assert (await explain(selling.desk, f"#{number}")).flow == "customers"


async def test_a_payment_follows_the_invoice_to_the_customer_that_waits(selling: Selling) -> None:
    wait = next(one for one in (await explain(selling.desk, "11")).versions[-1].waits if one.code == "invoice_pending")
    assert wait.action.startswith("The invoice waits itself: Customer Jane Doe is not in the ledger yet.")
    assert "Customer 'Jane Doe' looks like" in wait.action and "the mapping table customers" in wait.action


async def test_preview_and_status_say_alike_what_the_party_waits_for(selling: Selling) -> None:
    [integration] = (await status(selling.desk)).integrations
    told = {flow.flow: flow.waiting for flow in integration.flows}["invoices"]
    for causes in (told, (await shown(selling.desk))["invoices"].held):
        [cause] = [one for one in causes if one.code == "customer_pending"]
        assert cause.action.startswith("1 of them waits for a customer that waits itself, such as Jane Doe: Customer")
        assert "Fill the row 'c1' of the mapping table customers" in cause.action
