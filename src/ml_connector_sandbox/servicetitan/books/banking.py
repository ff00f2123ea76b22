"""What a bank deposit comes to: always what the payments in it add up to, whatever becomes of them later."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.servicetitan.books.payments import Payment
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks


def move_payment(books: TenantBooks, payment_id: int, deposit_id: int | None, at: Moment | None = None) -> Payment:
    """Take a payment off its deposit and, unless None, onto another one; the fees of both stay.

    Goes in whatever state payment and deposits are. Raises ValueError when the payment is deleted or in no deposit, or
    when the other deposit does not exist or has it already.
    """
    old = books.payments[payment_id]
    if not old.active:
        raise ValueError(f"payment {payment_id} is deleted")
    if old.deposit_id is None:
        raise ValueError(f"payment {payment_id} is in no deposit")
    if old.deposit_id == deposit_id:
        raise ValueError(f"payment {payment_id} is in deposit {deposit_id} already")
    books.require(books.bank_deposits, deposit_id)
    kept = books.payments.modify(payment_id, max(books.when(at), old.modified_on), deposit_id=deposit_id)
    follow(books, old, kept, at)
    return kept


def follow(books: TenantBooks, old: Payment | None, new: Payment, at: Moment | None) -> None:
    """Bring the deposits that a payment was or is in to what their active payments add up to."""
    for number in {new.deposit_id, old.deposit_id if old is not None else None} - {None}:
        deposit = books.bank_deposits.get(number)
        gross = sum((one.total for one in books.payments if one.active and one.deposit_id == number), Decimal("0.00"))
        if deposit is not None and gross != deposit.gross:
            books.bank_deposits.modify(deposit.id, max(books.when(at), deposit.modified_on), gross=gross)


def banked_on(books: TenantBooks, invoice_id: int) -> date | None:
    """The day of the latest deposit with money for an invoice; None while none of it is in any."""
    held = (
        books.bank_deposits.get(one.deposit_id)
        for one in books.payments
        if one.active and one.deposit_id is not None and any(part.invoice_id == invoice_id for part in one.splits)
    )
    return max((deposit.deposit_date for deposit in held if deposit is not None), default=None)
