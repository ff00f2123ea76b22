"""What is applied to an invoice: payments and credit notes, seen and changed from the invoice's side."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import crediting, receiving
from ml_connector_sandbox.zoho_books.books.body import decimal, objects, text
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources._invoice_answer import credit, payment
from ml_connector_sandbox.zoho_books.resources.invoices import invoice_of


def list_payments(call: ApiCall) -> Reply:
    """The payments applied to an invoice."""
    return Reply(payload={"payments": [payment(call.books, one) for one in invoice_of(call).payments]})


def list_credits(call: ApiCall) -> Reply:
    """The credit notes applied to an invoice."""
    return Reply(payload={"credits": [credit(call.books, one) for one in invoice_of(call).credits]})


def apply_credits(call: ApiCall) -> Reply:
    """Apply unused money and credit notes of the same customer; all of them or none."""
    invoice, books = invoice_of(call), call.books
    made = [_unused(call, one) for one in objects(call.body, "invoice_payments")]
    notes = [_note(call, one) for one in objects(call.body, "apply_creditnotes")]
    for one, amount in made:
        receiving.check_unused(books, one, invoice, amount)
    for note, amount in notes:
        crediting.check(books, note, invoice, amount)
    named = [*(one.payment_id for one, _ in made), *(note.document_id for note, _ in notes)]
    amounts = [*(amount for _, amount in made), *(amount for _, amount in notes)]
    if not amounts or len(set(named)) < len(named) or sum(amounts) > invoice.balance:
        raise invalid("amount_applied")
    for one, amount in made:
        receiving.apply_unused(books, one, invoice, amount)
    for note, amount in notes:
        crediting.apply(books, note, invoice, amount)
    return Reply(message="Credits have been applied to the invoice(s).")


def unapply_payment(call: ApiCall) -> Reply:
    """Take a payment off the invoice; the payment itself survives and is unused."""
    invoice = invoice_of(call)
    for one in invoice.payments:
        if one.invoice_payment_id == call.path["invoice_payment_id"]:
            receiving.unapply(call.books, invoice, one)
            return Reply(message="The payment has been deleted.")
    raise missing("Payment")


def unapply_credit(call: ApiCall) -> Reply:
    """Take a credit note off the invoice."""
    for one in invoice_of(call).credits:
        if one.creditnote_invoice_id == call.path["creditnotes_invoice_id"]:
            crediting.take_off(call.books, one)
            return Reply(message="Credits applied to an invoice have been deleted.")
    raise missing("Credit note")


def _unused(call: ApiCall, one: dict[str, object]) -> tuple[CustomerPayment, Decimal]:
    found = call.books.customer_payments.get(text(one, "payment_id"))
    if found is None:
        raise invalid("payment_id")
    return found, decimal(one, "amount_applied")


def _note(call: ApiCall, one: dict[str, object]) -> tuple[CreditNote, Decimal]:
    found = call.books.credit_notes.get(text(one, "creditnote_id"))
    if found is None:
        raise invalid("creditnote_id")
    return found, decimal(one, "amount_applied")


ONE = "/invoices/{invoice_id}"
ROUTES = [
    Route(method="GET", path=f"{ONE}/payments", scope="invoices.READ", handler=list_payments),
    Route(
        method="DELETE",
        path=f"{ONE}/payments/{{invoice_payment_id}}",
        scope="invoices.DELETE",
        handler=unapply_payment,
    ),
    Route(method="GET", path=f"{ONE}/creditsapplied", scope="invoices.READ", handler=list_credits),
    Route(
        method="DELETE",
        path=f"{ONE}/creditsapplied/{{creditnotes_invoice_id}}",
        scope="invoices.DELETE",
        handler=unapply_credit,
    ),
    Route(method="POST", path=f"{ONE}/credits", scope="invoices.CREATE", handler=apply_credits, takes_body=True),
]
