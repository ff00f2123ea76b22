"""A change of a party waits for the ledger's contact, whose own page fails: it says so, and who can mend that."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sync_world import World

from ml_connector.service.explaining import explain
from ml_connector_sandbox.zoho_books.books import contacts

pytestmark = pytest.mark.anyio
ZOHO_ERROR = "500"


async def test_a_change_tells_what_the_contacts_page_answered_and_goes_on_once_it_is_read(company: World) -> None:
    await company.live()
    await company.settle()
    await company.mode("vendors", "live")
    await company.settle()
    source, id_ = await company.one(
        "select source_id, target_id from link where entity = 'vendors' and origin = 'created' order by 1 limit 1"
    )
    books = company.sandbox.company.seed.organisation
    contact = books.contacts.get(id_)
    assert contact is not None
    contacts.update(books, contact, {"payment_terms": 30})
    company.faults.on("500 before", lambda request, url: f"/contacts/{id_}" in url, times=1000)
    await company.run("update feed set moved_at = moved_at - interval '1 day' where name = 'directory parties'")
    vendor = company.tenant.vendors[int(source)]
    moved = replace(vendor.address, street="99 New Road")
    company.tenant.vendors.modify(int(source), address=moved)
    await company.sync()
    state = (await company.ends("vendors"))[source]
    assert state == ("held", "contact_unread")
    record = await company.one(
        "select record_id from record r join flow f using (tenant_id, flow_id) where f.name = 'vendors' and r.source_id = %s",
        source,
    )
    [wait] = (await explain(company.desk, f"#{record[0]}")).versions[-1].waits
    assert vendor.name in wait.sentence and id_ in wait.sentence and ZOHO_ERROR in wait.sentence
    assert "support" in wait.action
    company.faults.waiting.clear()
    await company.run("update directory set asked_at = asked_at - interval '1 hour' where object_id = %s", id_)
    await company.slice(company.target)
    assert (await company.ends("vendors"))[source] == ("held", "vendor_remittance_changed"), "it has gone on"
