"""Entering sales, money from customers and expenses as keyed by hand, with the checks of the API and without its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books import crediting, expenses, receiving, sales, sales_states
from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.records import Records
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment, Invoice, InvoiceCredit


class Selling(Records):
    """The sales side of a bookkeeper's work."""

    def add_invoice(
        self,
        customer: Contact,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        number: str = "",
        state: str = "sent",
        created: datetime | None = None,
        **body: Any,
    ) -> Invoice:
        """Enter an invoice. ``number``: empty takes the next one; ``state``: sent, draft or void. ``lines`` and ``body``
        carry the API's names. Raises Refused."""
        whole = {"customer_id": customer.contact_id, "date": day.isoformat(), "line_items": list(lines), **body}
        numbered = {"invoice_number": number} if number else {}
        invoice = sales.create_invoice(self, whole | numbered, own_number=bool(number), created=created)
        invoice.source = "User"
        if state != "draft":
            invoice.state = state
            sales.touch(self, invoice, moment=created)
        return invoice

    def add_credit_note(
        self,
        customer: Contact,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        number: str = "",
        created: datetime | None = None,
        **body: Any,
    ) -> CreditNote:
        """Enter a credit note, open unless ``is_draft``. Raises Refused."""
        whole = {"customer_id": customer.contact_id, "date": day.isoformat(), "line_items": list(lines), **body}
        numbered = {"creditnote_number": number} if number else {}
        note = sales.create_credit_note(self, whole | numbered, own_number=bool(number), created=created)
        note.source = "User"
        return note

    def add_customer_payment(
        self,
        customer: Contact,
        amount: Decimal,
        day: date,
        invoices: Sequence[tuple[Invoice, Decimal]] = (),
        *,
        created: datetime | None = None,
        **body: Any,
    ) -> CustomerPayment:
        """Take money from a customer; ``invoices``: what each takes, the rest is unused. Raises Refused."""
        whole: dict[str, Any] = {
            "customer_id": customer.contact_id,
            "payment_mode": "Cash",
            "amount": amount,
            "date": day.isoformat(),
            "invoices": [{"invoice_id": one.document_id, "amount_applied": part} for one, part in invoices],
        }
        payment = receiving.create(self, whole | body, created)
        payment.source = "User"
        return payment

    def apply_credit_note(self, note: CreditNote, invoice: Invoice, amount: Decimal) -> InvoiceCredit:
        """Set a credit note off against an invoice of the same customer. Raises Refused."""
        crediting.check(self, note, invoice, amount)
        return crediting.apply(self, note, invoice, amount)

    def add_expense(
        self, day: date, account_id: str, paid_through_account_id: str, amount: Decimal, **body: Any
    ) -> Expense:
        """Enter an expense. Raises Refused."""
        whole: dict[str, Any] = {
            "date": day.isoformat(),
            "account_id": account_id,
            "paid_through_account_id": paid_through_account_id,
            "amount": amount,
        }
        expense = expenses.create(self, whole | body)
        expense.source = "User"
        return expense

    def void_invoice(self, invoice: Invoice) -> None:
        """Void an invoice; what was applied to it is unused again. Raises Refused."""
        sales_states.set_invoice_state(self, invoice, "void")
