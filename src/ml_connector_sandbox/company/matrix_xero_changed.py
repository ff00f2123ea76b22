"""The small firm with Xero goes on: a few more bills, and what its people then do with them in both systems."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from ml_connector_sandbox.company.company import Company
from ml_connector_sandbox.company.matrix_xero import BANK, VENDORS, XeroCompany, bill, contact, line, matrix_xero, pay
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow.desk import carried_out

# What becomes of each in the reading after the changes, where edits are sent again: state and reason.
CASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "edited_later": ("posted", ""),
        "retagged_later": ("posted", ""),
        "edited_when_approved": ("held", "changed_after_decision"),
        "voided_later": ("held", "void_after_staging"),
        "approved_later": ("posted", ""),
        "paid_later": ("posted", ""),
        "unpaid_later": ("posted", ""),
        "failed_later": ("posted", ""),
    }
)
NEW_OPTION, NEW_VENDOR, NEW_BILL = "Harbour Works", "Quayside Harbour Works", "new_later"
_LATER = 25  # place in the month of what is keyed after the first reading


def matrix_xero_changed(clock: SandboxClock, seed: int = 1) -> Company:
    """The same firm with a bill for each case, which its people change after the first reading; edits are sent again."""
    company = matrix_xero(clock, seed)
    assert isinstance(company, XeroCompany)
    company.connection_settings["servicenow"]["coalesces"], company.edits = "yes", "send"
    for place, case in enumerate(CASES):
        given = {"Status": "DRAFT"} if case == "approved_later" else {}
        entry = line("6010", f"{500 + place}.00", "Studio", description=case)
        bill(company, case, VENDORS[place % len(VENDORS)], entry, **given)
    pay(company, "unpaid_later", "80.00", 20)
    company.change = _change
    return company


def _change(company: Company) -> None:
    """Approve there, then edit, void, approve and pay in the ledger, and key a bill of nobody who was seen before."""
    assert isinstance(company, XeroCompany)
    for case in ("edited_when_approved", "paid_later", "failed_later"):
        _there(company, case, "approve")
    _there(company, "paid_later", "post")
    _there(company, "failed_later", "fail_posting")
    desk, bills = company.xero_organisation.desk, company.bills
    for case in ("edited_later", "edited_when_approved"):
        _edit(company, case, "512.50", "Studio")
    _edit(company, "retagged_later", "501.00", "Workshop")
    desk.remove(bills["voided_later"])
    desk.change(bills["approved_later"], Status="AUTHORISED")
    _money(company)
    _new_business(company)


def _there(company: XeroCompany, case: str, act: str) -> None:
    assert company.servicenow is not None
    carried_out(company.servicenow, {"act": act, "invoice": company.bills[case].document_id})


def _edit(company: XeroCompany, case: str, amount: str, option: str) -> None:
    before = company.bills[case]
    [old] = before.lines
    entry = {"LineItemID": old.line_id, **line("6010", amount, option, description=case)}
    company.xero_organisation.desk.change(before, LineItems=[entry])


def _money(company: XeroCompany) -> None:
    """A bill is paid in two parts, a payment is removed, and a credit is applied."""
    books, paid = company.xero_organisation, company.bills["paid_later"]
    account = books.account_by_code(BANK)
    assert account is not None
    half = paid.total / 2
    for place, amount in enumerate((half, paid.total - half)):
        books.desk.pay(paid, company.month.last, amount, account, Reference=f"LATER-{place}")
    [payment] = [one for one in books.payments if one.document is company.bills["unpaid_later"]]
    books.desk.remove_payment(payment)
    [credit] = [one for one in books.credit_notes if one.number == "CN-5"]
    books.desk.allocate(credit, company.bills["part"], Decimal("20.00"))


def _new_business(company: XeroCompany) -> None:
    """A vendor, an option and a bill that nobody has seen before; another vendor moves."""
    books = company.xero_organisation
    [departments] = books.tracking.values()
    books.desk.add_tracking_option(departments, NEW_OPTION)
    vendor = books.desk.add_contact(NEW_VENDOR, **contact(7))
    entry = line("6110", "940.00", NEW_OPTION, description="Survey of the quay")
    day = company.month.day(_LATER)
    company.bills[NEW_BILL] = books.desk.add_bill(vendor, day, [entry], InvoiceNumber="LW-900")
    [moved] = [one for one in books.contacts if one.name == VENDORS[1]]
    books.desk.change_contact(moved, **contact(9))
