"""A few bills to be changed, and what the firm's people then do with them in both systems: for the fault matrix."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ml_connector_sandbox.company.payables.books import Books, Ending
from ml_connector_sandbox.company.payables.payments import CENT
from ml_connector_sandbox.company.payables.truth import SKIPPED
from ml_connector_sandbox.servicenow import ServiceNowBooks
from ml_connector_sandbox.servicenow.desk import carried_out
from ml_connector_sandbox.zoho_books.books import approval, contacts, payments
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import set_bill_state, update_bill

# What becomes of each in the reading after the changes, where edits are sent again: state and reason.
CASES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "edited_later": ("posted", ""),
        "retagged_later": ("posted", ""),
        "edited_when_approved": ("held", "changed_after_decision"),
        "voided_later": ("held", "void_after_staging"),
        "approved_later": ("posted", ""),
        "paid_later": ("posted", ""),
        "advance_later": ("posted", ""),
        "unpaid_later": ("posted", ""),
        "failed_later": ("posted", ""),
    }
)
NEW_OPTION, OFFICE = "Harbour Works", "Boston"
_LATER = 25  # place in the month of what is keyed after the first reading


def key_in(books: Books) -> None:
    """One bill for each case, an advance and a payment that will be deleted: read and staged before anything changes."""
    first, _, third, fourth, _ = books.vendors
    for place, case in enumerate(CASES):
        state = "pending_approval" if case == "approved_later" else ""
        ending = Ending(ends=SKIPPED, reason="not_yet") if state else Ending()
        vendor = (first, third, fourth)[place % 3]
        line = books.line("6310", Decimal(500 + place), "Boston People", description=case)
        books.bill(case, vendor, books.month.day(place), [line], ending, office=OFFICE, state=state)
    applied, unpaid = bill_of(books, "advance_later"), bill_of(books, "unpaid_later")
    _money(books, applied, Decimal(300))
    _money(books, unpaid, unpaid.total, [(unpaid, unpaid.total)])


def bill_of(books: Books, case: str) -> Bill:
    """The bill of a case as it stands now."""
    return next(one for one in books.organisation.bills if books.truth[one.document_id].case == case)


def change(books: Books, servicenow: ServiceNowBooks) -> None:
    """Approve there, then edit, void, approve and pay in the ledger, and key a bill on an option that is new."""
    for case in ("edited_when_approved", "paid_later", "failed_later"):
        _there(servicenow, books, case, "approve")
    _there(servicenow, books, "paid_later", "post")
    _there(servicenow, books, "failed_later", "fail_posting")
    for case in ("edited_later", "edited_when_approved"):
        update_bill(books.organisation, bill_of(books, case), {"adjustment": Decimal("12.50")})
    _retag(books, bill_of(books, "retagged_later"))
    set_bill_state(books.organisation, bill_of(books, "voided_later"), "void")
    approval.move(books.organisation, bill_of(books, "approved_later"), "approved")
    _pay(books)
    _new_business(books)


def _there(servicenow: ServiceNowBooks, books: Books, case: str, act: str) -> None:
    carried_out(servicenow, {"act": act, "invoice": bill_of(books, case).document_id})


def _retag(books: Books, bill: Bill) -> None:
    lines = [
        {"line_item_id": line.line_item_id, "account_id": line.account_id, "rate": line.rate, "quantity": line.quantity,
         "description": line.texts["description"], "tags": [books.option("Denver Audit")]}
        for line in bill.lines
    ]  # fmt: skip
    update_bill(books.organisation, bill, {"line_items": lines})


def _pay(books: Books) -> None:
    """A bill is paid in two parts, an advance is applied, and a payment is deleted."""
    paid, applied, unpaid = (bill_of(books, case) for case in ("paid_later", "advance_later", "unpaid_later"))
    half = (paid.total / 2).quantize(CENT)
    for amount in (half, paid.total - half):
        _money(books, paid, amount, [(paid, amount)], later=True)
    made = list(books.organisation.vendor_payments)
    advance = next(one for one in made if one.vendor_id == applied.vendor_id and one.balance == Decimal(300))
    payments.apply_advance(books.organisation, advance, applied, Decimal(200))
    deleted = next(one for one in made if any(part.bill_id == unpaid.document_id for part in one.applied))
    payments.delete_payment(books.organisation, deleted)


def _new_business(books: Books) -> None:
    """A vendor, an option and a bill that nobody has seen before; another vendor moves."""
    option = books.organisation.add_tag_option(books.tag, NEW_OPTION)
    vendor = books.organisation.add_contact("Quayside Harbour Works", payment_terms=30, payment_terms_label="Net 30")
    tags = [{"tag_id": books.tag.tag_id, "tag_option_id": option.option_id}]
    line = books.line("6210", "940.00", tags=tags, description="Survey of the quay")
    books.organisation.add_bill(
        vendor, books.next_number(), books.month.day(_LATER), [line], location_id=books.offices[OFFICE].location_id
    )
    *_, moved = books.vendors.values()
    contacts.update(books.organisation, moved, {"billing_address": moved.billing_address | {"address": "1 New Quay"}})


def _money(books: Books, bill: Bill, amount: Decimal, parts: Any = (), later: bool = False) -> None:
    vendor = books.organisation.contacts.get(bill.vendor_id)
    assert vendor is not None
    on = books.month.last if later else bill.date + timedelta(days=2)
    number = f"LATER-{len(books.organisation.vendor_payments) + 1:03d}"
    books.organisation.add_payment(
        vendor, amount, on, parts, books.accounts["1010"].account_id, payment_mode="Bank Transfer",
        reference_number=number, created=None if later else books.moment(on),
    )  # fmt: skip
