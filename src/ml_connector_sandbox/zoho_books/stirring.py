"""Touching old documents while a list is being paged, without changing what they say."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.books.company import ZohoBooksBooks
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id, touch


def stir(company: ZohoBooksBooks) -> None:
    """Save what was last changed longest ago of each kind, as it is: a vendor, and one of each kind of document."""
    for books in company.organisations.values():
        vendors = books.contacts.slice_modified(0, len(books.contacts), descending=False)
        vendor = next((one for one in vendors if one.contact_type == "vendor" and one.active), None)
        if vendor is not None:
            vendor.modified = books.now()
            books.contacts.put(vendor)
        for bill in books.bills.slice_modified(0, 1, descending=False):
            books.touch(bill)
        for credit in books.vendor_credits.slice_modified(0, 1, descending=False):
            credit.modified = books.now()
            books.vendor_credits.put(credit)
        for payment in books.vendor_payments.slice_modified(0, 1, descending=False):
            payment.modified = books.now()
            books.vendor_payments.put(payment)
        _stir_sales(books)


def _stir_sales(books: OrganisationBooks) -> None:
    """One invoice with its customer, credit note, customer payment, item and expense; applied parts stay as they are."""
    for invoice in books.invoices.slice_modified(0, 1, descending=False):
        touch(books, invoice)
        customer_by_id(books, invoice.customer_id).modified = books.now()
        books.contacts.put(customer_by_id(books, invoice.customer_id))
    for note in books.credit_notes.slice_modified(0, 1, descending=False):
        touch(books, note)
    for payment in books.customer_payments.slice_modified(0, 1, descending=False):
        payment.modified = books.now()
        books.customer_payments.put(payment)
    for item in books.items.slice_modified(0, 1, descending=False):
        item.modified = books.now()
        books.items.put(item)
    for expense in books.expenses.slice_modified(0, 1, descending=False):
        expense.modified = books.now()
        books.expenses.put(expense)
