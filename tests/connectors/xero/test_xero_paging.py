"""Walks: nothing is lost while the list changes, whatever Xero's bound means, and completeness is proven or not claimed."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xero_script import NOW, Rows, ScriptedSession, answer, at, contact_row, guid, invoice_row, moment, payment_row

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.errors import Refusal
from ml_connector.connectors.xero.resources import RESOURCES, row_of
from ml_connector.errors import BadInput
from ml_connector.transport import redact
from ml_connector.transport.errors import NotPermitted, Reconnect

pytestmark = pytest.mark.anyio


async def walked(rows: Rows, entity: str = "invoices", cursor: bytes | None = None, **more: Any) -> list[Page]:
    session = ScriptedSession(rows)
    return [page async for page in CONNECTOR.read(session, Reading(entity, cursor, **more))]


def ids(pages: list[Page]) -> list[str]:
    return [row.id for page in pages for row in page.rows]


@pytest.mark.parametrize("strict", [False, True])
async def test_a_whole_walk_hands_on_every_row_once_and_is_complete(strict: bool) -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 11)])
    rows.strict = strict
    pages = await walked(rows)
    assert ids(pages) == [guid(n) for n in range(1, 11)]
    assert pages[-1].last and pages[-1].complete
    assert not any(page.last for page in pages[:-1])


async def test_the_list_is_asked_for_the_organisation_as_page_one_with_four_digits() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 6)])
    session = ScriptedSession(rows)
    [page async for page in CONNECTOR.read(session, Reading("invoices"))]
    assert {dict(one.query)["page"] for one in session.requests} == {"1"}
    assert {dict(one.query)["unitdp"] for one in session.requests} == {"4"}
    assert {dict(one.query)["where"] for one in session.requests} == {'Type=="ACCREC"'}
    assert all(one.headers["Xero-tenant-id"] == session.organisation and one.safe for one in session.requests)
    first, second = session.requests[:2]
    assert "If-Modified-Since" not in first.headers
    assert second.headers["If-Modified-Since"] == "2026-09-14T16:00:14"  # the third row's second, less one


async def test_the_next_walk_looks_back_to_the_start_of_this_one_less_the_lag() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(1, 0)])
    pages = await walked(rows)
    rows.rows.append(invoice_row(2, 7190))
    session = ScriptedSession(rows)
    later = [page async for page in CONNECTOR.read(session, Reading("invoices", pages[-1].cursor))]
    expected = NOW - dt.timedelta(seconds=CONNECTOR.list_lag)
    assert session.requests[0].headers["If-Modified-Since"] == expected.strftime("%Y-%m-%dT%H:%M:%S")
    assert ids(later) == [guid(2)]
    assert later[-1].last and not later[-1].complete


async def test_what_changes_during_the_walk_is_met_behind() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 9)])

    def change(calls: int) -> None:
        if calls == 2:
            rows.rows[0] = invoice_row(1, 500, Status="VOIDED")
            rows.rows.append(invoice_row(9, 501))

    rows.before = change
    pages = await walked(rows)
    assert set(ids(pages)) == {guid(n) for n in range(1, 10)}
    newest = [row for page in pages for row in page.rows if row.id == guid(1)][-1]
    assert newest.document is not None and newest.document.active is False  # type: ignore[union-attr]
    assert pages[-1].complete


async def test_a_page_full_of_one_second_is_counted_to_the_end() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, 5) for n in range(1, 12)] + [invoice_row(20, 60)])
    pages = await walked(rows)
    assert set(ids(pages)) == {guid(n) for n in (*range(1, 12), 20)}
    assert pages[-1].last and pages[-1].complete


async def test_ties_in_the_middle_lose_nothing_and_claim_nothing() -> None:
    given = [invoice_row(1, 0), *[invoice_row(n, 50) for n in range(2, 12)], invoice_row(20, 90)]
    pages = await walked(Rows("Invoices", "InvoiceID", given))
    assert set(ids(pages)) == {row["InvoiceID"] for row in given}
    assert pages[-1].last


async def page_by_page(rows: Rows) -> list[Page]:
    pages: list[Page] = []
    cursor: bytes | None = None
    while not pages or not pages[-1].last:
        assert len(pages) < 100
        pages.append((await walked(rows, cursor=cursor))[0])
        cursor = pages[-1].cursor
    return pages


async def test_a_walk_that_is_broken_off_after_every_page_ends_too() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, 5) for n in range(1, 12)] + [invoice_row(20, 60)])
    pages = await page_by_page(rows)
    assert set(ids(pages)) == {guid(n) for n in (*range(1, 12), 20)}
    assert pages[-1].complete and len(ids(pages)) == 3 + 12  # a page before the pages are counted, then each once


@pytest.mark.parametrize("bad", ["a text", None, {}])
async def test_rows_that_are_no_documents_are_one_problem_each_and_the_rest_go_on(bad: Any) -> None:
    listed = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 8)])

    def script(request: Any) -> Any:
        given = listed(request)
        body = given.json()
        body["Invoices"] = [bad if row["InvoiceID"] == guid(4) else row for row in body["Invoices"]]
        return answer(body)

    for _ in range(2):
        pages = await walked(script)  # type: ignore[arg-type]
        problems = {row.id: row for page in pages for row in page.rows if row.document is None}
        assert len(problems) == 1 and all("of Xero" in row.problem for row in problems.values())
        assert {guid(n) for n in (1, 2, 3, 5, 6, 7)} <= set(ids(pages))
        assert pages[-1].last and pages[-1].complete


async def test_a_counted_pass_over_a_moving_list_is_repeated() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, 5) for n in range(1, 9)])

    def change(calls: int) -> None:
        if calls == 4:  # the second counted page: the first row moves behind what was read
            rows.rows[0] = invoice_row(1, 300)

    rows.before = change
    pages = await walked(rows)
    assert set(ids(pages)) == {guid(n) for n in range(1, 9)}
    assert pages[-1].complete
    assert rows.calls == 2 + 3 + 3


async def test_a_list_that_never_holds_still_is_not_complete_and_is_walked_again() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, 5) for n in range(1, 9)])

    def change(calls: int) -> None:
        rows.rows.append(invoice_row(100 + calls, 5))

    rows.before = change
    pages = await walked(rows)
    assert pages[-1].last and not pages[-1].complete
    rows.before = lambda calls: None
    again = await walked(rows, cursor=pages[-1].cursor)
    assert set(ids(again)) >= {row["InvoiceID"] for row in rows.rows}


@pytest.mark.parametrize("fault", ["order", "since"])
async def test_a_list_that_is_not_as_asked_is_counted_instead(fault: str) -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 9)])
    rows.in_order = fault != "order"
    rows.honours_since = fault != "since"
    pages = await walked(rows)
    assert set(ids(pages)) == {guid(n) for n in range(1, 9)}
    assert pages[-1].last and pages[-1].complete


async def test_a_walk_under_way_goes_on_where_it_was() -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, n * 5) for n in range(1, 9)])
    first = (await walked(rows))[0]
    rest = await walked(rows, cursor=first.cursor)
    assert ids([first, *rest]) == [guid(n) for n in range(1, 9)]
    assert rest[-1].complete


async def test_nothing_new_may_be_said_by_304() -> None:
    rows = Rows("Invoices", "InvoiceID", [])
    rows.not_modified = True
    (page,) = await walked(rows)
    assert (page.rows, page.last) == ((), True)


async def test_after_a_304_the_next_walk_looks_back_by_the_vendors_clock() -> None:
    rows = Rows("Invoices", "InvoiceID", [])
    rows.not_modified = True
    session = ScriptedSession(rows)
    ahead = NOW + dt.timedelta(minutes=2)
    session.clock = type(session.clock)(ahead, session.clock.anchor, 1e-9)
    (page,) = [page async for page in CONNECTOR.read(session, Reading("invoices"))]
    rows.rows.append(invoice_row(2, 7200))  # just when nothing was new
    assert ids(await walked(rows, cursor=page.cursor)) == [guid(2)]


async def test_the_first_walk_can_begin_at_a_document_date() -> None:
    for entity, key, id_key, name, wanted in (
        ("invoices", "Invoices", "InvoiceID", "where", 'Type=="ACCREC"&&Date>=DateTime(2026,09,01)'),
        ("payments", "Payments", "PaymentID", "where", "Date>=DateTime(2026,09,01)"),
        ("purchase_orders", "PurchaseOrders", "PurchaseOrderID", "DateFrom", "2026-09-01"),
    ):
        session = ScriptedSession(Rows(key, id_key, []))
        pages = [page async for page in CONNECTOR.read(session, Reading(entity, since=dt.date(2026, 9, 1)))]
        assert dict(session.requests[0].query)[name] == wanted
        assert not pages[-1].complete
        following = [page async for page in CONNECTOR.read(session, Reading(entity, pages[-1].cursor))]
        assert wanted not in dict(session.requests[1].query).values() and following[-1].last


async def test_contacts_come_with_the_archived_ones_and_without_bank_details() -> None:
    rows = Rows("Contacts", "ContactID", [contact_row(1, 0, ContactStatus="ARCHIVED")])
    session = ScriptedSession(rows)
    (page,) = [page async for page in CONNECTOR.read(session, Reading("parties"))]
    assert dict(session.requests[0].query)["includeArchived"] == "true"
    assert b"12-3456" not in page.rows[0].raw
    invoice = (await walked(Rows("Invoices", "InvoiceID", [invoice_row(1)])))[0].rows[0]
    assert b"12-3456" not in invoice.raw and b"Jane Doe" in invoice.raw


async def test_of_a_tax_id_only_its_being_there_is_kept_in_documents_and_in_exchanges() -> None:
    given = [contact_row(1, 0, TaxNumber="98-7654321", TaxNumberType="EIN"), contact_row(2, 5, TaxNumber="")]
    with_id, without = (await walked(Rows("Contacts", "ContactID", given), "parties"))[0].rows
    assert isinstance(with_id.document, Party) and isinstance(without.document, Party)
    assert b"98-7654321" not in with_id.raw + documents.encode(with_id.document)
    assert (with_id.document.has_tax_id, without.document.has_tax_id) == (True, False)
    broken = row_of(RESOURCES["parties"], b'{"Name": "A", "TaxNumber": "98-7654321", "Phones": [', {})
    assert broken is not None and b"98-7654321" not in broken.raw
    contact = {"ContactID": guid(1, 2), "Name": "Jane Doe", "TaxNumber": "98-7654321"}
    sold = (await walked(Rows("Invoices", "InvoiceID", [invoice_row(1, Contact=contact)])))[0].rows[0]
    assert b"98-7654321" not in sold.raw and b"Jane Doe" in sold.raw
    assert b"98-7654321" not in redact.body(json.dumps({"Contacts": given}).encode(), CONNECTOR.unkept)


async def test_rows_of_the_other_side_are_left_out() -> None:
    given = [
        payment_row(1, 0),
        payment_row(2, 5, PaymentType="ACCPAYPAYMENT"),
        payment_row(3, 9, PaymentType="ARCREDITPAYMENT"),
    ]
    pages = await walked(Rows("Payments", "PaymentID", given), "payments")
    assert ids(pages) == [guid(1, 7), guid(3, 7)]
    assert pages[-1].complete
    assert ids(await walked(Rows("Payments", "PaymentID", given), "vendor_payments")) == [guid(2, 7)]


async def test_one_row_that_cannot_be_read_is_a_row_with_a_problem() -> None:
    given = [invoice_row(1, 0, Total="much"), invoice_row(2, 5), invoice_row(3, 9, Status="BRANDNEW")]
    first, second, third = (await walked(Rows("Invoices", "InvoiceID", given)))[0].rows
    assert first.document is None and "Total is not an amount" in first.problem and first.id == guid(1)
    assert second.document is not None and second.stamp == "2026-09-14T16:00:05.000Z"
    assert third.document is None and "BRANDNEW" in third.problem


async def test_documents_are_read_by_their_ids_in_few_calls() -> None:
    known = {guid(n): invoice_row(n) for n in range(1, 46)}

    def script(request: Any) -> Any:
        asked = dict(request.query)["IDs"].split(",")
        assert len(asked) <= 40
        shown = [known[one] for one in asked if one in known]
        return answer({"Invoices": shown, "pagination": {"page": 1, "pageSize": 100, "pageCount": 1, "itemCount": 1}})

    session = ScriptedSession(script)
    asked = (*known, guid(999), "100000999999999999")
    pages = [page async for page in CONNECTOR.read(session, Reading("invoices", ids=asked))]
    assert len(session.requests) == 2 and set(ids(pages)) == set(known)
    assert [page.last for page in pages] == [False, True]


async def test_a_document_that_is_gone_is_not_among_the_rows_and_one_that_fails_has_a_problem() -> None:
    gone = answer(b"The resource you're looking for cannot be found", 404, content_type="text/html")
    broken = answer({"Message": "A validation exception occurred"}, 400)
    by_id = {guid(1, 7): answer({"Payments": [payment_row(1)]}), guid(2, 7): gone, guid(3, 7): broken}
    session = ScriptedSession(lambda request: by_id[request.path.rpartition("/")[2]])
    pages = [page async for page in CONNECTOR.read(session, Reading("payments", ids=tuple(by_id)))]
    rows = [row for page in pages for row in page.rows]
    assert [row.id for row in rows] == [guid(1, 7), guid(3, 7)]
    assert rows[0].document is not None and "validation exception" in rows[1].problem


async def test_short_lists_are_always_whole() -> None:
    accounts = [
        {"AccountID": guid(1, 3), "Code": "200", "Name": "Sales", "Type": "REVENUE", "UpdatedDateUTC": moment(0)}
    ]
    (page,) = await walked(lambda _: answer({"Accounts": accounts}), "accounts")  # type: ignore[arg-type]
    assert (page.complete, page.last, [row.id for row in page.rows]) == (True, True, [guid(1, 3)])
    category = {
        "TrackingCategoryID": guid(1, 5), "Name": "Region", "Status": "ACTIVE",
        "Options": [
            {"TrackingOptionID": guid(1, 6), "Name": "North", "Status": "ACTIVE"},
            {"TrackingOptionID": guid(2, 6), "Name": "South", "Status": "ARCHIVED"},
        ],
    }  # fmt: skip
    (page,) = await walked(lambda _: answer({"TrackingCategories": [category]}), "dimensions")  # type: ignore[arg-type]
    assert [(row.id, row.document.active) for row in page.rows] == [(guid(1, 6), True), (guid(2, 6), False)]  # type: ignore[union-attr]


@pytest.mark.parametrize("bad", ["x", None, {"TrackingCategoryID": guid(1, 5), "Options": "none"}])
async def test_a_tracking_category_that_cannot_be_read_is_not_gone(bad: Any) -> None:
    category = {"TrackingCategoryID": guid(2, 5), "Name": "Region", "Options": ["y", {"TrackingOptionID": guid(1, 6)}]}
    (page,) = await walked(lambda _: answer({"TrackingCategories": [bad, category]}), "dimensions")  # type: ignore[arg-type]
    assert [row.document for row in page.rows] == [None, None, None]
    assert len({row.id for row in page.rows}) == 3 and all(row.problem.endswith(".") for row in page.rows)


async def test_refusals_of_reads_say_who_has_to_act() -> None:
    disconnected = answer({"Title": "Forbidden", "Status": 403, "Detail": "AuthenticationUnsuccessful"}, 403)
    unscoped = answer({"Title": "Unauthorized"}, 401, www_authenticate='Bearer error="insufficient_scope"')
    misspelt = answer({"title": "Forbidden"}, 403, www_authenticate="insufficent_scope")
    for refusal, error, words in (
        (disconnected, Reconnect, "disconnected"),
        (unscoped, NotPermitted, "does not cover Invoices"),
        (misspelt, NotPermitted, "does not cover Invoices"),
        (answer({"Type": "QueryParseException", "Message": "No property"}, 400), Refusal, "No property"),
    ):
        with pytest.raises(error, match=words):
            await walked(lambda _, refusal=refusal: refusal)  # type: ignore[arg-type]


async def test_a_cursor_of_another_vendor_and_an_unknown_entity_are_refused() -> None:
    with pytest.raises(BadInput, match="not one of Xero"):
        await walked(Rows("Invoices", "InvoiceID", []), cursor=b"[1]")
    with pytest.raises(BadInput, match="no jobs to read"):
        await walked(Rows("Invoices", "InvoiceID", []), "jobs")


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seconds=st.lists(st.floats(0, 8), min_size=1, max_size=25),
    changes=st.dictionaries(st.integers(1, 8), st.integers(0, 24), max_size=5),
    strict=st.booleans(),
)
async def test_whatever_moves_meanwhile_every_document_is_seen_in_its_newest_state(
    seconds: list[float], changes: dict[int, int], strict: bool
) -> None:
    rows = Rows("Invoices", "InvoiceID", [invoice_row(n, second) for n, second in enumerate(seconds)])
    rows.strict = strict

    def change(calls: int) -> None:
        if calls in changes and changes[calls] < len(rows.rows):
            n = changes[calls]
            rows.rows[n] = invoice_row(n, 7200 + calls)

    rows.before = change
    pages = await walked(rows)
    seen: dict[str, str] = {}
    for page in pages:
        seen |= {row.id: max(row.stamp, seen.get(row.id, "")) for row in page.rows}
    assert pages[-1].last
    if pages[-1].complete:
        assert seen.keys() == {row["InvoiceID"] for row in rows.rows}
    rows.before = lambda calls: None
    later = await walked(rows, cursor=pages[-1].cursor)
    for page in later:
        seen |= {row.id: max(row.stamp, seen.get(row.id, "")) for row in page.rows}
    newest = {row["InvoiceID"]: dt.datetime.fromtimestamp(at(row) / 1000, dt.UTC) for row in rows.rows}
    if pages[-1].complete:
        assert {id_: dt.datetime.fromisoformat(stamp) for id_, stamp in seen.items()} == newest
