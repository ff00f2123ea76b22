"""What the purchasing office does at ServiceTitan's screens while the sandbox runs: bills and the credits for returns."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicetitan.books import Bill, TenantBooks
from ml_connector_sandbox.servicetitan.books.changing import changed


def edit_bill(books: TenantBooks, by: Decimal, number: str = "") -> dict[str, Any]:
    """Change the unit cost of a bill's first line by ``by``, in the company's currency, whatever the bill's status.

    Of the bill with this number of the vendor's, else of the newest one. Tells the number, and the total before and
    after. Raises ValueError, with a sentence, when there is none.
    """
    old = _bill(books, number)
    first, *others = old.items
    kept = books.modify_bill(old.id, items=(changed(first, cost=first.cost + by), *others))
    return {"bill": _named(kept), "before": old.amount(True), "after": kept.amount(True)}


def cancel_bill(books: TenantBooks, number: str = "") -> dict[str, Any]:
    """Cancel a bill, chosen as ``edit_bill`` does. Tells its number and total."""
    kept = books.cancel_bill(_bill(books, number).id)
    return {"bill": _named(kept), "total": kept.amount(True)}


def receive_credit(books: TenantBooks) -> dict[str, Any]:
    """Receive the vendor's credit for the newest return under way. Tells the return's number, the credit's and its amount.

    It is not applied to a bill. Raises ValueError, with a sentence, when no goods are on their way.
    """
    waiting = [one for one in books.returns if one.active and one.status in ("Pending", "Returned")]
    if not waiting:
        raise ValueError("there is no return whose credit is still to come")
    goods = max(waiting, key=lambda one: (one.return_date, one.id))
    kept = books.returning.receive_credit(goods.id, reference_number=f"CM {goods.number}")
    return {"return": goods.number, "credit": kept.reference_number, "amount": kept.amount}


def _bill(books: TenantBooks, number: str) -> Bill:
    live = [one for one in books.bills if one.active and one.status != "Canceled" and one.items]
    found = [one for one in live if not number or one.vendor_number == number]
    if not found:
        raise ValueError(
            f"there is no bill {number!r} with lines that is not cancelled" if number else "there is no bill"
        )
    return max(found, key=lambda one: (one.bill_date, one.id))


def _named(bill: Bill) -> str:
    return bill.vendor_number or bill.reference_number
