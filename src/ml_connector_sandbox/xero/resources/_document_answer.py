"""How invoices, bills, credit notes, overpayments and prepayments are shown."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.xero.books.bank import WIRE_TYPES
from ml_connector_sandbox.xero.books.documents import AUTHORISED, CREDIT_NOTE, INVOICE, Allocation, Document, Payment
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.books.values import day_stamp, day_string, money, plain, stamp, stamp_string
from ml_connector_sandbox.xero.errors import ZERO_ID
from ml_connector_sandbox.xero.resources import _contact_answer as contacts
from ml_connector_sandbox.xero.resources._line_answer import lines


def written(books: OrganisationBooks, one: Document, places: int, due: Decimal | None = None) -> dict[str, Any]:
    """What a write answers. ``due``: of a document just voided, the amount that was due before."""
    found = _head(books, one, due) | {"Contact": _contact(books, one)} | _dates(one) | _texts(one)
    return found | {"LineItems": lines(books, one, places)} | _totals(books, one)


def single(books: OrganisationBooks, one: Document, places: int) -> dict[str, Any]:
    """One document asked for by its id or number."""
    return written(books, one, places) | _applied(one)


def row(books: OrganisationBooks, one: Document, places: int, *, with_lines: bool, summary: bool) -> dict[str, Any]:
    """A row of a list: lines stand in pages only."""
    found = single(books, one, places) | {"Contact": contacts.reduced(contact_of(books, one))}
    if not with_lines:
        found["LineItems"] = []
    dropped = ("Payments", "HasAttachments", "LineItems") if summary else ()
    return {name: value for name, value in found.items() if name not in dropped}


def echo(books: OrganisationBooks, one: Document, issues: Issues, places: int, *, new: bool) -> dict[str, Any]:
    """What was asked for and refused; a new document has the zero id."""
    contact = {"ContactID": one.contact_id} if one.contact_id else {}
    name = f"{one.kind}ID"
    head = {key: value for key, value in _head(books, one, None).items() if key not in ("AmountDue", "AmountPaid")}
    shown = {
        **head,
        name: ZERO_ID if new else one.document_id,
        **({"Payments": [], "CreditNotes": []} if one.kind == INVOICE else {}),
        "Contact": {**contact, "HasValidationErrors": False, "ValidationErrors": []},
        **_dates(one),
        **_texts(one),
        "LineItems": lines(books, one, places, issues),
        **_totals(books, one),
    }
    return {key: value for key, value in shown.items() if not key.startswith("UpdatedDate")}


def stub(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    """As rows of the payment list show the document that was paid."""
    contact = contacts.reduced(contact_of(books, one))
    if one.kind != INVOICE:
        numbers = {"CreditNoteNumber": one.number} if one.kind == CREDIT_NOTE else {}
        return {f"{one.kind}ID": one.document_id, "ID": one.document_id, **numbers, "Contact": contact, "LineItems": []}
    return {
        "Type": one.type,
        "InvoiceID": one.document_id,
        "InvoiceNumber": one.number,
        "Payments": [],
        "CreditNotes": [],
        "Prepayments": [],
        "Overpayments": [],
        "HasErrors": False,
        "IsDiscounted": False,
        "Contact": contact,
        "LineItems": [],
        "CurrencyCode": one.currency_code,
    }


def allocation(one: Allocation) -> dict[str, Any]:
    """An allocation as its credit and the answer to its making show it."""
    invoice: dict[str, Any] = {"InvoiceID": one.invoice.document_id, "InvoiceNumber": one.invoice.number}
    invoice |= {"Payments": [], "CreditNotes": [], "Prepayments": [], "Overpayments": []}
    invoice |= {"HasErrors": False, "IsDiscounted": False, "LineItems": [], "ValidationErrors": []}
    return {
        "AllocationID": one.allocation_id,
        "Amount": money(one.amount),
        "Date": day_stamp(one.date),
        "Invoice": invoice,
        "IsDeleted": False,
    }


def contact_of(books: OrganisationBooks, one: Document) -> Any:
    """The contact, which every saved document has."""
    found = books.contacts.get(one.contact_id)
    assert found is not None, f"document {one.document_id} has no contact"
    return found


def stamps(books: OrganisationBooks, moment: Any) -> dict[str, str]:
    """Both spellings of the last change."""
    found = {"UpdatedDateUTC": stamp(moment)}
    return found | ({"UpdatedDateUTCString": stamp_string(moment)} if books.switches.updated_string else {})


def _contact(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    return contacts.embedded(contact_of(books, one))


def _head(books: OrganisationBooks, one: Document, due: Decimal | None) -> dict[str, Any]:
    left = one.due if due is None else due
    if one.kind == INVOICE:
        return {
            "Type": one.type,
            "InvoiceID": one.document_id,
            "InvoiceNumber": one.number,
            **({"Reference": one.reference} if one.type == "ACCREC" else {}),
            "Prepayments": [],
            "Overpayments": [],
            "AmountDue": money(left),
            "AmountPaid": money(one.paid),
            "SentToContact": one.sent_to_contact,
            "CurrencyRate": plain(one.rate),
            "IsDiscounted": bool(one.total_discount),
            **({"TotalDiscount": money(one.total_discount)} if one.total_discount else {}),
            "HasErrors": False,
            "InvoicePaymentServices": [],
        }
    numbers = {"CreditNoteNumber": one.number} if one.kind == CREDIT_NOTE else {}
    return {
        f"{one.kind}ID": one.document_id,
        "ID": one.document_id,
        **numbers,
        "Type": WIRE_TYPES.get(one.type, one.type),
        "Reference": one.reference,
        "RemainingCredit": money(left),
        "CurrencyRate": plain(one.rate),
        **({"SentToContact": one.sent_to_contact} if one.kind == CREDIT_NOTE else {}),
        "Allocations": [allocation(made) for made in one.allocations],
        "Payments": _payments(one),
        "HasErrors": False,
    }


def _dates(one: Document) -> dict[str, Any]:
    found: dict[str, Any] = {"DateString": day_string(one.date), "Date": day_stamp(one.date)}
    if one.due_date is not None:
        found |= {"DueDateString": day_string(one.due_date), "DueDate": day_stamp(one.due_date)}
    for name, day in one.dates.items():
        found |= {f"{name}String": day_string(day), name: day_stamp(day)}
    if one.fully_paid_on is not None:
        found["FullyPaidOnDate"] = day_stamp(one.fully_paid_on)
    return found


def _texts(one: Document) -> dict[str, Any]:
    kept = {name: value for name, value in one.texts.items() if value}
    return {**kept, "Status": one.status, "LineAmountTypes": one.amounts}


def _totals(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    return {
        "SubTotal": money(one.sub_total),
        "TotalTax": money(one.total_tax),
        "Total": money(one.total),
        **stamps(books, one.updated),
        "CurrencyCode": one.currency_code,
        **({"SalesTaxCalculationTypeCode": "AUTO"} if one.automatic_tax else {}),
    }


def _applied(one: Document) -> dict[str, Any]:
    """What is on the document: payments, and credits by kind."""
    if one.kind != INVOICE:
        return {"AppliedAmount": money(one.allocated), "HasAttachments": False}
    found: dict[str, Any] = {"Payments": _payments(one), "CreditNotes": [], "Prepayments": [], "Overpayments": []}
    for made in one.allocations:
        found[f"{made.credit.kind}s"].append(_credit(made))
    return found | {"AmountCredited": money(one.allocated), "HasAttachments": False, "InvoiceAddresses": []}


def _credit(made: Allocation) -> dict[str, Any]:
    credit = made.credit
    return {
        f"{credit.kind}ID": credit.document_id,
        **({"CreditNoteNumber": credit.number} if credit.kind == CREDIT_NOTE else {}),
        "ID": credit.document_id,
        "AppliedAmount": money(made.amount),
        "DateString": day_string(credit.date),
        "Date": day_stamp(credit.date),
        "LineItems": [],
        "Total": money(credit.total),
    }


def _payments(one: Document) -> list[dict[str, Any]]:
    return [_payment(made) for made in one.payments if made.status == AUTHORISED]


def _payment(made: Payment) -> dict[str, Any]:
    return {
        "PaymentID": made.payment_id,
        "Date": day_stamp(made.date),
        "Amount": money(made.amount),
        "Reference": made.reference,
        "CurrencyRate": plain(made.rate),
        "HasAccount": False,
        "HasValidationErrors": False,
    }
