"""Setting vendor credits off against bills, with the checks the API makes. Nothing is posted: both stand in payables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.documents import Bill, Credit, VendorCredit
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def check_credit(books: Records, credit: VendorCredit | None, bill: Bill, amount: Decimal) -> VendorCredit:
    """The credit, if the bill may take ``amount`` (bill currency) of it. Raises Refused."""
    if credit is None or credit.vendor_id != bill.vendor_id:
        raise invalid("vendor_credit_id")
    if credit.state != "open" or bill.state != "open":
        message = "Credits can be applied to open bills only, and open credits only."
        raise Refused(400, books.switches.wrong_status_code, message)
    if amount <= 0 or amount > credit.balance or amount > bill.balance:
        raise invalid("amount_applied")
    return credit


def apply_credit(
    books: Records, credit: VendorCredit, bill: Bill, amount: Decimal, moment: datetime | None = None
) -> Credit:
    """Set a vendor credit off against a bill; call ``check_credit`` first."""
    at = moment or books.now()
    applied = Credit(
        vendor_credit_bill_id=books.new_id(),
        vendor_credit_id=credit.document_id,
        bill_id=bill.document_id,
        amount=amount,
        date=at.astimezone(books.zone).date(),
    )
    credit.credits.append(applied)
    bill.credits.append(applied)
    _moved(books, credit, bill, moment)
    return applied


def unapply_credit(books: Records, credit: VendorCredit, applied: Credit) -> None:
    """Take a credit off its bill again."""
    credit.credits.remove(applied)
    bill = books.bills.get(applied.bill_id)
    if bill is None:
        raise LookupError(f"bill {applied.bill_id} with a credit applied is not on record; a defect of the emulator")
    bill.credits.remove(applied)
    _moved(books, credit, bill, None)


def _moved(books: Records, credit: VendorCredit, bill: Bill, moment: datetime | None) -> None:
    books.touch(bill, moment=moment)
    if books.switches.applying_bumps_source:
        credit.modified = max(moment or books.now(), credit.modified)
    books.vendor_credits.put(credit)
