"""Recoding by the service: who may, what is shown, approved by its digest, refused, given up; and what is no input."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from recoding_world import INVOICES, Recoding, make_recoding
from selling_by_hand import BEND, invoice
from service_ledger import Company, make_company

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.approving import Shown, approvable, approve_shown
from ml_connector.service.balance import runs_in
from ml_connector.service.desk import Desk
from ml_connector.service.dismissing import dismiss
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.previewing import shown_preview
from ml_connector.service.recoded import RecodingReport, recoding, recodings
from ml_connector.service.recoding import approve_recoding, begin_recoding, stop_recoding
from ml_connector.service.records import records
from ml_connector.service.replaying import replay
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status
from ml_connector.service.syncing import Progress, Quiet

pytestmark = pytest.mark.anyio
ON = dt.date(2026, 8, 5)


@pytest.fixture
async def company(desk: Desk) -> Recoding:
    return await make_recoding(desk)


async def begun(company: Recoding, *keys: str, desk: Desk | None = None, **days: dt.date) -> RecodingReport:
    number = await begin_recoding(desk or company.desk, await company.integration(), "accounts", keys=keys, **days)
    await company.settled()
    return await recoding(company.desk, number)


def as_(company: Recoding, name: str, role: Role) -> Desk:
    return dataclasses.replace(company.desk, actor=Actor(name, role))


async def states(company: Recoding) -> dict[str, str]:
    return {one.number: one.state for one in (await records(company.desk, Filter(flow="invoices"))).records}


POSTED = {"N-1": "posted", "N-2": "posted", "N-3": "posted"}


async def test_it_is_shown_approved_and_sent_once(company: Recoding) -> None:
    company.xero.recode("N-3", "4100")
    written = company.sent()
    found = await begun(company)
    assert company.sent() == written, "nothing is sent before it is approved"
    assert (found.counts, found.keys, found.table) == ({"left": 1, "planned": 2}, (), "accounts")
    [pair] = found.pairs
    assert (pair.what, pair.was, pair.becomes) == ("account", "4200 Sales", "4300 Sales")
    assert (pair.lines, pair.amount, pair.currency) == (2, Decimal("180.00"), "USD")
    first = found.documents[0]
    assert (first.number, first.party, first.date, first.flow) == ("N-1", "Bend Bakery", ON, "invoices")
    assert (first.amount, [one.line for one in first.lines]) == (Decimal("100.00"), ["Compressor"])
    assert "4100" in next(one.sentence for one in found.documents if one.number == "N-3")
    assert await states(company) == {**POSTED, "N-1": "planned", "N-2": "planned"}
    attention = (await status(company.desk)).attention
    assert "invoices: recodings to be approved (2)" in attention
    assert not any("earlier start date" in one for one in attention)
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    flows = (await shown_preview(company.desk, await company.integration(), quiet)).flows
    assert next(one.post.count for one in flows if one.flow == "invoices") == 0, "it posts nothing new"

    assert (await approve_recoding(company.desk, found)).total.count == 2
    await company.settled()
    assert company.sent()[len(written) :] == [f"servicetitan-1001-invoices-{n}-recoded-1" for n in "12"]
    assert [company.xero.codes(f"N-{n}") for n in "123"] == [["4300"], ["4300"], ["4100"]]
    done = await recoding(company.desk)
    assert (done.counts, await states(company)) == ({"left": 1, "recoded": 2}, POSTED)
    assert done.pairs == found.pairs, "what was shown is what was done"
    await company.settled()
    assert len(company.sent()) == len(written) + 2
    assert (await begun(company)).counts == {"left": 1, "same": 2}
    assert [one.recoding_id for one in (await recodings(company.desk)).recodings] == [2, 1]


async def test_the_history_of_each_tells_it(company: Recoding) -> None:
    found = await begun(company)
    await approve_recoding(company.desk, found)
    await company.settled()
    life = await explain(company.desk, "N-1")
    kinds = [one.kind for one in life.timeline]
    assert kinds[-5:] == ["recoding asked", "planned", "approved", "sending", "posted"], kinds
    async with company.desk.looking() as reading:
        flows = await reading.all("select flow_id from flow where tenant_id = %s", company.desk.tenant_id)
        assert all(run.balanced for run in await runs_in(reading, [row[0] for row in flows]))


async def test_rows_and_days(company: Recoding) -> None:
    with pytest.raises(NotFound, match="Nothing was posted in these days that goes by the mapping table accounts"):
        await begun(company, since=ON + dt.timedelta(days=1))
    with pytest.raises(BadInput, match="has no row '4999'; its rows are 4200"):
        await begun(company, "4999")
    await company.selling.map(accounts={"(none)": "a7"})
    with pytest.raises(NotFound, match=r"accounts and row \(none\)"):
        await begun(company, "(none)")
    assert (await recodings(company.desk)).recodings == (), "what finds nothing leaves nothing"
    assert (await begun(company, "4200", since=ON, until=ON)).counts == {"planned": 3}


@pytest.mark.parametrize(
    ("table", "wrong", "says"),
    [
        ("lost", NotFound, "has no mapping table 'lost'"),
        ("customers", BadInput, "what can be recoded by: accounts, tax, business_units, order_accounts"),
    ],
)
async def test_tables_that_code_nothing(company: Recoding, table: str, wrong: Any, says: str) -> None:
    with pytest.raises(wrong, match=says):
        await begin_recoding(company.desk, await company.integration(), table)


async def test_what_is_no_input(company: Recoding) -> None:
    integration = await company.integration()
    with pytest.raises(BadInput, match="turn them round"):
        await begin_recoding(company.desk, integration, "accounts", since=ON, until=ON - dt.timedelta(days=1))
    with pytest.raises(NotFound, match="no recoding 7"):
        await recoding(company.desk, 7)
    with pytest.raises(NotFound, match="no recoding yet"):
        await recoding(company.desk)
    await set_flow_mode(company.desk, integration, "invoices", "off")
    await set_flow_mode(company.desk, integration, "payments", "off")
    with pytest.raises(Refused, match="invoices, credit_memos while they are off"):
        await begin_recoding(company.desk, await company.integration(), "accounts")


async def test_who_may(company: Recoding) -> None:
    viewer, bookkeeper = as_(company, "v", Role.VIEWER), as_(company, "b", Role.BOOKKEEPER)
    integration = await company.integration()
    with pytest.raises(NotAllowed):
        await begin_recoding(viewer, integration, "accounts")
    found = await begun(company, desk=bookkeeper)
    assert (await recoding(viewer)).to_approve and found.begun_by == "b"
    for wrong in (approve_recoding(bookkeeper, found), stop_recoding(viewer, 1)):
        with pytest.raises(NotAllowed):
            await wrong
    operator = as_(company, "o", Role.OPERATOR)
    with pytest.raises(NotAllowed):
        await recodings(operator)


async def test_four_eyes(company: Recoding) -> None:
    await change_settings(company.desk, await company.integration(), {"four_eyes": "yes"})
    found = await begun(company, desk=as_(company, "ann", Role.APPROVER))
    mine = await approve_recoding(as_(company, "ann", Role.APPROVER), found)
    assert not mine.record_ids and "you have asked for its recoding" in mine.refused[0].sentence
    assert (await approve_recoding(as_(company, "bob", Role.APPROVER), found)).total.count == 3
    await company.settled()
    assert company.xero.codes("N-1") == ["4300"]


async def test_only_what_was_shown_is_sent(company: Recoding) -> None:
    found = await begun(company)
    await approve_shown(company.desk, [Shown(found.documents[0].record_id, "0" * 64)])
    await approve_recoding(company.desk, found)
    await company.selling.map(accounts={"4200": "a4"})
    written = company.sent()
    await company.settled()
    assert company.sent() == written and set((await states(company)).values()) == {"held"}
    now = await recoding(company.desk)
    assert now.counts == {"planned": 3} and now.documents[0].digest != found.documents[0].digest
    listed = await approvable(company.desk, Filter(reason="preview_changed"))
    assert listed.total.count == 3
    await approve_recoding(company.desk, now)
    await company.settled()
    assert company.xero.codes("N-1") == ["6800"] and await states(company) == POSTED


async def test_what_the_ledger_refuses_is_told_and_a_replay_takes_it_back(company: Recoding) -> None:
    company.xero.refused = "2-recoded"
    await approve_recoding(company.desk, await begun(company))
    await company.settled()
    done = await recoding(company.desk)
    assert done.counts == {"recoded": 2, "refused": 1}
    assert next(one.sentence for one in done.documents if one.number == "N-2") == "Xero says no."
    assert (await states(company))["N-2"] == "rejected" and company.xero.codes("N-2") == ["4200"]
    await replay(company.desk, Filter(number="N-2"))
    await company.settled()
    assert await states(company) == POSTED
    company.xero.refused = ""
    again = await begun(company)
    assert again.counts == {"planned": 1, "same": 2}


async def test_what_waits_for_something_else_is_told(company: Recoding) -> None:
    first = await begun(company)
    second = await begun(company)
    assert (first.counts, second.counts) == ({"planned": 3}, {"overtaken": 3})
    assert second.documents[0].sentence == "Its newest version is planned, which goes first."
    assert await stop_recoding(company.desk, first.recoding_id) == 3
    await company.settled()
    assert await states(company) == POSTED and (await recoding(company.desk, 1)).counts == {"withdrawn": 3}
    with pytest.raises(NotFound, match="Nothing of recoding 1 waits"):
        await approve_recoding(company.desk, await recoding(company.desk, 1))


async def test_a_newer_version_takes_the_recoding_with_it_or_goes_before(company: Recoding) -> None:
    await begun(company)
    noise = msgspec.structs.replace(INVOICES[0], stamp="2026-08-06T00:00:00Z")
    dearer = invoice("2", BEND, "90.00")
    await company.selling.read(invoices=(noise, dearer, INVOICES[2]))
    await company.settled()
    now = await recoding(company.desk)
    assert {one.number: one.outcome for one in now.documents} == {
        "N-1": "planned", "N-2": "overtaken", "N-3": "planned",
    }  # fmt: skip
    assert company.xero.codes("N-2") == ["4200"], "the change itself keeps the coding that is posted"
    await approve_recoding(company.desk, now)
    await company.settled()
    assert [company.xero.codes(f"N-{n}") for n in "123"] == [["4300"], ["4200"], ["4300"]]


async def test_zoho_books_says_that_it_is_not_recoded(company_of_bills: Company) -> None:
    with pytest.raises(Refused, match="no mapping table recodes a bill that is posted"):
        await begin_recoding(company_of_bills.desk, company_of_bills.integration, "accounts")


@pytest.fixture
async def company_of_bills(desk: Desk) -> Company:
    return await make_company(desk)


async def test_what_was_dismissed_meanwhile_is_given_up_with_the_rest(company: Recoding) -> None:
    found = await begun(company, "4200")
    assert (await approve_recoding(company.desk, found)).total.count == 3
    await company.selling.map(accounts={"4200": "a4"})
    await company.settled()
    held = next(one for one in found.documents if one.number == "N-1")
    assert (await states(company))["N-1"] == "held"
    await dismiss(company.desk, f"#{held.record_id}", "nobody wants it")
    await stop_recoding(company.desk, found.recoding_id)
    counts = (await recoding(company.desk, found.recoding_id)).counts
    assert counts == {"withdrawn": 3}
