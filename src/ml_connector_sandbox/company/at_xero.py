"""The company's organisation at Xero: its chart of accounts, sales tax, business units, and whom it deals with."""

from __future__ import annotations

from decimal import Decimal
from types import MappingProxyType

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company import sales_catalogue as sold
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.xero import OrganisationBooks

# The ledger's account types in Xero's words. Stock is a plain asset there: its inventory accounts take no lines.
_TYPES = MappingProxyType(
    {
        "bank": "BANK",
        "stock": "CURRENT",
        "income": "REVENUE",
        "cost_of_goods_sold": "DIRECTCOSTS",
        "expense": "EXPENSE",
        "other_expense": "OVERHEADS",
    }
)
CHECKING, UNDEPOSITED = "1000", "1010"
# What selling needs besides: code, name, type, whether payments may be booked on it. Money that is on no invoice yet goes
# to accounts of type BANK alone, so clearing accounts are of that type.
_SELLING = (
    ("1200", "Undeposited Money", "BANK", False),
    ("1210", "Card Clearing", "BANK", False),
    ("4900", "Discounts Given", "REVENUE", False),
    ("6800", "Bad Debt", "EXPENSE", False),
    ("6810", "Financing and Card Fees", "EXPENSE", False),
)
_PER_CENT = Decimal(100)


def file_masters(books: OrganisationBooks, dates: Dates) -> None:
    """Everything on file before the first document. Contacts are those that the other ledger knows, too."""
    with books.at(dates.opening):
        _file_accounts(books)
        for name, rate in names.TAX_ZONES:
            books.desk.add_tax_rate(name, rate * _PER_CENT, report="OUTPUT")
        books.desk.add_tracking_category(names.TAG, names.BUSINESS_UNITS)
        for name in (*names.KNOWN, *names.LEDGER_VENDORS, *names.LEDGER_CUSTOMERS):
            books.desk.add_contact(name)
        books.desk.archive_contact(books.desk.add_contact(names.INACTIVE_VENDOR))


def _file_accounts(books: OrganisationBooks) -> None:
    """Codes are those of the other ledger, and ServiceTitan's numbers; bank accounts may be paid into, one other, too."""
    chart = [(code, name, kind) for code, _, _, name, kind in names.ACCOUNTS]
    for code, name, kind in (*chart, *names.LEDGER_ONLY):
        books.desk.add_account(code, name, _TYPES[kind])
    books.desk.add_account(UNDEPOSITED, "Undeposited Funds", "CURRENT", payments_enabled=True)


def file_sales(books: OrganisationBooks, dates: Dates) -> None:
    """What selling needs: where money is booked, what is given away, and the tax of parts."""
    with books.at(dates.opening):
        for code, name, kind, payments in _SELLING:
            books.desk.add_account(code, name, kind, payments_enabled=payments)
        books.desk.add_tax_rate(sold.PARTS_ZONE, sold.PARTS_RATE * _PER_CENT, report="OUTPUT")
