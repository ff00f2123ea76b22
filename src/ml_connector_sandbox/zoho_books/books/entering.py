"""Entering documents as keyed by hand: bills, vendor credits, payments, and what is applied to what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books import applying, payments, purchases
from ml_connector_sandbox.zoho_books.books.documents import Bill, BillPayment, Credit, VendorCredit, VendorPayment
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.records import Records


class Entering(Records):
    """What a bookkeeper keys, with the checks of the API and without its limits."""

    def add_bill(
        self,
        vendor: Contact,
        bill_number: str,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        created: datetime | None = None,
        created_by: str = "",
        state: str = "",
        **body: Any,
    ) -> Bill:
        """Enter a bill as keyed by hand: validated, computed and posted like the API's, without its limits.

        ``state``: ``draft`` or ``pending_approval``; empty: as the organisation takes new bills. ``lines`` and ``body``
        carry the API's names (``account_id``, ``rate``, ``quantity``, ``tax_id`` ...).
        Raises Refused.
        """
        whole: dict[str, Any] = {
            "vendor_id": vendor.contact_id,
            "bill_number": bill_number,
            "date": day.isoformat(),
        }
        whole |= {"line_items": [dict(line) for line in lines], **body}
        bill = purchases.create_bill(self, whole, created, created_by, state)
        bill.source = "User"
        return bill

    def add_vendor_credit(
        self,
        vendor: Contact,
        day: date,
        lines: Sequence[dict[str, Any]],
        *,
        created: datetime | None = None,
        **body: Any,
    ) -> VendorCredit:
        """Enter a vendor credit as keyed by hand. Raises Refused."""
        whole = {"vendor_id": vendor.contact_id, "date": day.isoformat(), "line_items": list(lines), **body}
        return purchases.create_vendor_credit(self, whole, created)

    def record_payment(
        self,
        bill: Bill,
        amount: Decimal | str | int,
        day: date,
        *,
        paid_through_account_id: str = "",
        created: datetime | None = None,
        **body: Any,
    ) -> BillPayment:
        """Pay ``amount`` (bill currency) on one bill. The bill's last change moves to now. Raises ValueError if over."""
        value = Decimal(amount)
        if value <= 0 or value > bill.balance:
            raise ValueError(f"a payment of {value} does not fit the balance {bill.balance} of bill {bill.number}")
        vendor = purchases.vendor_by_id(self, bill.vendor_id)
        account = paid_through_account_id or self.undeposited_funds.account_id
        return self.add_payment(vendor, value, day, [(bill, value)], account, created=created, **body).applied[0]

    def add_payment(
        self,
        vendor: Contact,
        amount: Decimal,
        day: date,
        bills: Sequence[tuple[Bill, Decimal]],
        paid_through_account_id: str,
        *,
        created: datetime | None = None,
        created_by: str = "",
        **body: Any,
    ) -> VendorPayment:
        """Pay a vendor; ``bills``: what each takes, none for an advance. Raises Refused."""
        whole: dict[str, Any] = {
            "vendor_id": vendor.contact_id,
            "amount": amount,
            "date": day.isoformat(),
            "paid_through_account_id": paid_through_account_id,
            "bills": [{"bill_id": bill.document_id, "amount_applied": part} for bill, part in bills],
        }
        return payments.create_payment(self, whole | body, created, created_by)

    def unapply_payment(self, bill: Bill, part: BillPayment) -> None:
        """Take a payment off its bill; the money stays with the vendor as an advance. Raises Refused."""
        payments.unapply(self, bill, part)

    def apply_credit(self, credit: VendorCredit, bill: Bill, amount: Decimal, moment: datetime | None = None) -> Credit:
        """Set a vendor credit off against a bill of the same vendor. Raises Refused."""
        return applying.apply_credit(self, applying.check_credit(self, credit, bill, amount), bill, amount, moment)
