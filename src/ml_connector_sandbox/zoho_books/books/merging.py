"""Moving what names one contact to another, as a merge does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.expenses import post as post_expense
from ml_connector_sandbox.zoho_books.books.posting import post_payment
from ml_connector_sandbox.zoho_books.books.sales import touch
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, CustomerPayment
from ml_connector_sandbox.zoho_books.books.sales_posting import post_customer_payment, post_sales_refund

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def move_documents(books: Records, old: str, new: str) -> None:
    """Every document and project of the contact ``old`` names the contact ``new``."""
    _move_purchases(books, old, new)
    _move_sales(books, old, new)
    for name in ("vendor_id", "customer_id"):
        for expense in books.expenses.having(name, old):
            setattr(expense, name, new)
            books.expenses.put(expense)
            post_expense(books, expense)
    for project in books.projects.values():
        if project.customer_id == old:
            project.customer_id = new


def _move_purchases(books: Records, old: str, new: str) -> None:
    for bill in books.bills.having("vendor_id", old):
        bill.vendor_id = new
        books.touch(bill)
    for credit in books.vendor_credits.having("vendor_id", old):
        credit.vendor_id = new
        books.vendor_credits.put(credit)
    for payment in books.vendor_payments.having("vendor_id", old):
        payment.vendor_id = new
        books.vendor_payments.put(payment)
        post_payment(books, payment)


def _move_sales(books: Records, old: str, new: str) -> None:
    for document in (*books.invoices.having("customer_id", old), *books.credit_notes.having("customer_id", old)):
        document.customer_id = new
        touch(books, document)
    for payment in books.customer_payments.having("customer_id", old):
        payment.customer_id = new
        books.customer_payments.put(payment)
        post_customer_payment(books, payment)
    sources: list[CustomerPayment | CreditNote] = [*books.customer_payments.having("customer_id", new)]
    for source in [*sources, *books.credit_notes.having("customer_id", new)]:
        for refund in source.refunds:
            post_sales_refund(books, source, refund)
