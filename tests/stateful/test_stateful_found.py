"""What the state machine came upon, or might have, as plain stories."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from expectations import Books, Persons
from stateful_world import Databases, Stateful, begun
from sync_world import map_company
from test_stateful_engine import closed_once

from ml_connector.service.dismissing import dismiss
from ml_connector_sandbox.servicetitan.books import Bill

pytestmark = pytest.mark.anyio


@pytest.fixture
async def posted(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stateful]:
    """A company whose three bills are posted."""
    with fresh_database() as url:
        async with begun(url, tmp_path_factory.mktemp("found"), closed_once) as world:
            await map_company(world)
            await world.live()
            await world.sync()
            assert await world.states() == {"posted": 3}
            yield world


async def test_a_vendor_that_is_renamed_holds_none_of_its_posted_bills(posted: Stateful) -> None:
    for bill in posted.tenant.bills:
        vendor = posted.tenant.vendors[bill.vendor_id]
        posted.tenant.vendors.modify(vendor.id, name=f"{vendor.name} Holding")
        posted.tenant.bills.touch(bill.id)
    posted.jump(2 * 86_400.0)
    await posted.sync()
    assert "held" not in await posted.states(), await posted.ends()


async def entered_again(world: Stateful, like: Bill, number: str) -> Bill:
    """The same invoice once more, under another writing of its number."""
    order = like.purchase_order_id
    assert order is not None
    again = replace(
        world.tenant.purchase_orders[order], id=0, number="PO-AGAIN", status="Sent",
        items=tuple(
            replace(item, id=0, quantity_received=item.quantity * 0)
            for item in world.tenant.purchase_orders[order].items
        ),
    )  # fmt: skip
    kept = world.tenant.add_purchase_order(again)
    bill: Bill | None = world.tenant.receive(kept.id, vendor_invoice_number=number, received_on=like.bill_date)[1]
    assert bill is not None
    return bill


@pytest.mark.parametrize("since", ["posted", "noted", "changed", "dismissed", "renumbered"])
async def test_an_invoice_that_came_first_is_not_posted_beside_its_twin(posted: Stateful, since: str) -> None:
    """One is stopped while its twin is posted; whatever becomes of the twin's later versions, it is not posted too."""
    like = next(iter(posted.tenant.bills))
    first = await entered_again(posted, like, "KR 10401")
    posted.tenant.modify_bill(first.id, do_not_pay=True)
    await posted.sync()
    posted.tenant.cancel_bill(first.id)
    await posted.sync()
    second = await entered_again(posted, like, "KR-10401")
    await posted.sync()
    assert (await posted.ends())[str(second.id)][0] == "posted"
    if since == "noted":
        posted.tenant.modify_bill(second.id, summary="paid by cheque")
    elif since == "changed":
        posted.tenant.modify_bill(second.id, due_date=second.bill_date)
    elif since == "renumbered":
        posted.tenant.modify_bill(second.id, vendor_number="KR-20802")
    elif since == "dismissed":
        posted.tenant.modify_bill(second.id, do_not_pay=True)
        await posted.sync()
        record = await posted.one("select record_id from record where source_id = %s", str(second.id))
        await dismiss(posted.desk, f"#{record[0]}", "it is paid all the same")
    await posted.sync()
    posted.tenant.modify_bill(first.id, status="Unreconciled", do_not_pay=False)
    await posted.sync()
    state, reason = (await posted.ends())[str(first.id)]
    free = since == "renumbered"  # the ledger's bill has the other number by then, too
    ends = ("posted", "") if free else ("held", "same_number_same_total")
    assert (state, reason) == ends, len(Books(posted, Persons()).ours())
