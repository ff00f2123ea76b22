"""Vendors that we made are known in full: what their own page shows outlives a list, and is read once for each change."""

from __future__ import annotations

import pytest
from sync_world import ZOHO_API, World

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.sync.directory import entry_name, file_documents
from ml_connector.sync.in_full import read_in_full
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.zoho_books.books import contacts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def made(company: World) -> str:
    """The id of a vendor that we made, once everything is posted."""
    await company.live()
    await company.settle()
    rows = await company.all("select target_id from link where entity = 'vendors' and origin = 'created' order by 1")
    return str(rows[0][0])


async def known(company: World, id_: str) -> Party:
    sealer = await company.desk.sealer()
    row = await company.one("select body from directory where entity = 'parties' and object_id = %s", id_)
    found = documents.decode(sealer.open(entry_name("parties", id_), row[0]))
    assert isinstance(found, Party)
    return found


async def read_lists(company: World) -> list[str]:
    """Read the target's lists again; the contacts that were asked for one by one."""
    asked: list[str] = []
    send = company.runtime.wire.send

    async def sent(request: Request, url: str, *given: object, **options: object) -> Answer:
        if ZOHO_API in url and "/contacts/" in url and request.method == "GET":
            asked.append(url.rpartition("/")[2].partition("?")[0])
        return await send(request, url, *given, **options)  # type: ignore[arg-type]

    company.runtime.wire.send = sent  # type: ignore[method-assign]
    await company.run("update feed set moved_at = moved_at - interval '1 day' where name = 'directory parties'")
    await company.slice(company.target)
    company.runtime.wire.send = send  # type: ignore[method-assign]
    return asked


def entered(company: World, id_: str, **body: object) -> None:
    books = company.sandbox.company.seed.organisation
    contact = books.contacts.get(id_)
    assert contact is not None
    contacts.update(books, contact, body)


async def test_what_its_own_page_showed_outlives_the_list_and_is_read_again_when_it_changes(
    company: World, made: str
) -> None:
    assert (await known(company, made)).in_full  # as the answer to its making showed it
    assert await read_lists(company) == []
    assert (await known(company, made)).has_tax_id is False
    entered(company, made, tax_id_value="98-7654321", tax_id_type="EIN", payment_terms=30)
    assert await read_lists(company) == [made]
    now = await known(company, made)
    assert (now.has_tax_id, now.has_terms, now.has_1099, now.in_full) == (True, True, True, True)
    assert await read_lists(company) == []


async def test_of_vendors_that_others_made_only_the_list_is_read(company: World, made: str) -> None:
    rows = await company.all("select object_id from directory where entity = 'parties' and not in_full")
    linked = await company.all("select target_id from link where entity = 'vendors' and origin <> 'created'")
    assert {one for (one,) in linked} & {one for (one,) in rows}
    assert await read_lists(company) == []


async def test_one_that_cannot_be_read_is_not_asked_for_again_at_once(company: World, made: str) -> None:
    entered(company, made, payment_terms=30)
    company.faults.on("truncated", lambda request, url: f"/contacts/{made}" in url)
    assert await read_lists(company) == [made]
    assert not (await known(company, made)).in_full
    await company.run("update directory set asked_at = asked_at + interval '1 day' where object_id = %s", made)
    assert await read_lists(company) == []
    await company.run("update directory set asked_at = asked_at - interval '2 days' where object_id = %s", made)
    assert await read_lists(company) == [made]
    assert (await known(company, made)).in_full


async def test_what_becomes_inactive_is_seen_whatever_its_stamp(company: World, made: str) -> None:
    shown = await known(company, made)
    flow = await company.flow("vendors")
    async with company.held(company.target) as lane:
        async with lane.transaction() as transaction:
            listed = Party(made, "vendor", shown.name, active=False, stamp=shown.stamp, in_full=False)
            assert await file_documents(transaction, "parties", [listed]) == [made]
        await read_in_full(lane, [flow])
    assert (await known(company, made)).in_full
