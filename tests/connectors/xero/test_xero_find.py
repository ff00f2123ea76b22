"""How the result of a write is found again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from xero_answers import Routes, credit, found, routed
from xero_documents import (
    INVOICE,
    ORDER,
    PARTY,
    PAYMENT,
    of,
    step,
)
from xero_script import NOW, Rows, ScriptedSession, answer, contact_row, guid, invoice_row, payment_row

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.connectors.xero import CONNECTOR

pytestmark = pytest.mark.anyio


async def test_an_invoice_is_found_by_its_number_and_known_by_our_reference() -> None:
    session = routed({"/Invoices": found("Invoices", invoice_row(1))})
    (document,) = await CONNECTOR.find(session, step())
    assert CONNECTOR.is_ours(document) and len(session.requests) == 1
    assert dict(session.requests[0].query)["where"] == 'Type=="ACCREC"&&InvoiceNumber=="ST-1"'


async def test_one_without_our_reference_is_ours_only_by_xeros_word() -> None:
    bare = invoice_row(1, 0, Reference="typed over")
    for mine, ours in (([bare], True), ([], False)):
        session = ScriptedSession(
            lambda one, mine=mine: found("Invoices", *(mine if dict(one.query).get("createdByMyApp") else [bare]))  # type: ignore[misc]
        )
        (document,) = await CONNECTOR.find(session, step())
        assert isinstance(document, Invoice) and document.reference == "" and CONNECTOR.is_ours(document) is ours


async def test_rows_that_do_not_match_void_the_answer() -> None:
    session = routed({"/Invoices": found("Invoices", invoice_row(2))})
    with pytest.raises(Exception, match="ignored the filter InvoiceNumber"):
        await CONNECTOR.find(session, step())


async def test_nothing_found_is_nothing_and_what_cannot_be_understood_is_no_absence() -> None:
    assert await CONNECTOR.find(routed({"/Invoices": found("Invoices")}), step()) == []
    with pytest.raises(Exception, match="BRANDNEW"):
        await CONNECTOR.find(routed({"/Invoices": found("Invoices", invoice_row(1, 0, Status="BRANDNEW"))}), step())
    assert await CONNECTOR.find(routed({}), step(1, Action.VOID)) == []
    session = routed({f"/Invoices/{guid(1)}": found("Invoices", invoice_row(1, 0, Status="VOIDED"))})
    (document,) = await CONNECTOR.find(session, step(1, Action.VOID))
    assert isinstance(document, Invoice) and not document.active


async def test_a_contact_is_found_by_our_reference_else_by_its_name() -> None:
    made = of("parties", PARTY)
    session = routed({"/Contacts/r-1": found("Contacts", contact_row(1, 0, ContactNumber="r-1"))})
    assert [one.id for one in await CONNECTOR.find(session, made)] == [guid(1, 2)]
    session = routed({"/Contacts": found("Contacts", contact_row(2, 0, Name="JANE DOÉ"))})
    (document,) = await CONNECTOR.find(session, made)
    assert document.id == guid(2, 2) and not CONNECTOR.is_ours(document)
    assert dict(session.requests[1].query)["where"] == 'Name=="Jane Doe"'


async def test_a_payment_is_found_on_the_invoice_it_pays() -> None:
    made = of("payments", PAYMENT, reference="servicetitan-1-payments-2")
    session = routed({"/Payments": found("Payments", payment_row(1), payment_row(2))})
    assert [one.id for one in await CONNECTOR.find(session, made)] == [guid(2, 7)]
    assert dict(session.requests[0].query)["where"] == f'Invoice.InvoiceId==guid("{guid(1)}")'
    other = {**payment_row(1), "Invoice": {"InvoiceID": guid(2)}}
    with pytest.raises(Exception, match="ignored the filter"):
        await CONNECTOR.find(routed({"/Payments": found("Payments", other)}), made)


async def test_a_refund_is_found_on_the_credit_it_gives_back() -> None:
    refund = replace(
        PAYMENT, kind=PaymentKind.REFUND, amount=Decimal(-10), splits=(), refunds=Ref(guid(9), "overpayment")
    )
    made = of("payments", refund, reference="servicetitan-1-payments-3")
    row = payment_row(3, 0, PaymentType="AROVERPAYMENTPAYMENT", Overpayment={"OverpaymentID": guid(9)})
    routes: Routes = {
        f"/Overpayments/{guid(9)}": found("Overpayments", {**credit(), "Payments": [{"PaymentID": guid(3, 7)}]}),
        f"/Payments/{guid(3, 7)}": found("Payments", row),
    }
    (document,) = await CONNECTOR.find(routed(routes), made)
    assert isinstance(document, Payment)
    assert (document.kind, document.refunds) == (PaymentKind.REFUND, Ref(guid(9), "overpayment"))
    assert document.amount == -10


async def test_an_advance_is_found_among_its_customers_own() -> None:
    made = of("overpayments", replace(PAYMENT, kind=PaymentKind.OVERPAYMENT, splits=()))
    rows = [
        {**credit(), "OverpaymentID": guid(n, 8), "Contact": {"ContactID": guid(contact, 2)}, "Reference": text,
         "UpdatedDateUTC": payment_row(1, n)["UpdatedDateUTC"]}
        for n, contact, text in ((1, 1, "[ref r-1]"), (2, 2, "[ref r-1]"), (3, 1, "[ref r-2]"))
    ]  # fmt: skip
    session = routed({"/Overpayments": found("Overpayments", *rows)})
    assert [one.id for one in await CONNECTOR.find(session, made)] == [guid(1, 8)]


def advance_row(n: int, text: str) -> dict[str, Any]:
    stamp = payment_row(1, n)["UpdatedDateUTC"]
    return {**credit(), "OverpaymentID": guid(n, 8), "Contact": {"ContactID": guid(1, 2)}, "Reference": text,
            "UpdatedDateUTC": stamp}  # fmt: skip


async def test_of_an_advance_whose_time_is_known_only_what_changed_since_is_asked_for() -> None:
    made = of("overpayments", replace(PAYMENT, kind=PaymentKind.OVERPAYMENT, splits=()), made_at=NOW)
    session = routed({"/Overpayments": found("Overpayments", advance_row(1, "[ref r-1]"), advance_row(3, "[ref r-2]"))})
    assert [one.id for one in await CONNECTOR.find(session, made)] == [guid(1, 8)]
    (request,) = session.requests
    assert request.headers["If-Modified-Since"] == "2026-09-13T18:00:00"  # a day before: our clock may be wrong
    assert await CONNECTOR.find(routed({"/Overpayments": answer(b"", 304)}), made) == []
    with pytest.raises(Exception, match="503"):
        await CONNECTOR.find(routed({"/Overpayments": answer(b"", 503)}), made)


async def test_where_that_is_more_than_a_page_the_whole_list_is_walked() -> None:
    made = of("overpayments", replace(PAYMENT, kind=PaymentKind.OVERPAYMENT, splits=()), made_at=NOW)
    rows = Rows("Overpayments", "OverpaymentID", [advance_row(n, f"[ref r-{n}]") for n in range(1, 8)])
    session = ScriptedSession(rows)
    rows.honours_since = False
    assert [one.id for one in await CONNECTOR.find(session, made)] == [guid(1, 8)]
    assert "If-Modified-Since" not in session.requests[1].headers


async def test_orders_and_credit_notes_are_found_by_number() -> None:
    order = {"PurchaseOrderID": guid(5), "PurchaseOrderNumber": "PO-7", "Status": "AUTHORISED", "Total": 12.35}
    session = routed({"/PurchaseOrders/PO-7": found("PurchaseOrders", order)})
    assert [one.id for one in await CONNECTOR.find(session, of("purchase_orders", ORDER))] == [guid(5)]
    note = replace(INVOICE, kind="credit note", number="CN-1")
    session = routed({"/CreditNotes": found("CreditNotes")})
    assert await CONNECTOR.find(session, of("credit_notes", note)) == []
    assert dict(session.requests[0].query)["where"] == 'Type=="ACCRECCREDIT"&&CreditNoteNumber=="CN-1"'
