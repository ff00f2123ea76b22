"""Moving what names one contact to another, as a merge does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.posting import post_payment

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def move_documents(books: Records, old: str, new: str) -> None:
    """Every document and project of the contact ``old`` names the contact ``new``."""
    _move_purchases(books, old, new)
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
