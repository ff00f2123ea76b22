"""Posting batches: invoices, payments, deposits and credit memos that are closed together, and opened again together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.invoices import Invoice
from ml_connector_sandbox.servicetitan.books.payments import BankDeposit, CreditMemo, Payment
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks


def batch(
    books: TenantBooks,
    name: str,
    invoice_ids: Sequence[int] = (),
    payment_ids: Sequence[int] = (),
    at: Moment | None = None,
    deposit_ids: Sequence[int] = (),
    memo_ids: Sequence[int] = (),
) -> Batch:
    """Put Pending invoices, payments, deposits and credit memos into a new batch; they stay Pending, and can still be edited.

    Raises ValueError on one that is not Pending, not active, or in a batch already.
    """
    documents: list[Invoice | Payment | BankDeposit | CreditMemo] = [books.invoices[number] for number in invoice_ids]
    documents += [books.payments[number] for number in payment_ids]
    documents += [books.bank_deposits[number] for number in deposit_ids]
    documents += [books.credit_memos[number] for number in memo_ids]
    for one in documents:
        if not one.active or one.sync_status != "Pending" or one.batch is not None:
            raise ValueError(f"{one.id} cannot be batched: it is {one.sync_status}, or inactive, or in a batch")
    number = books.next_id()
    made = Batch(id=number, number=str(number % 100_000), name=name)
    _set(books, made, at, "Pending", (invoice_ids, payment_ids, deposit_ids, memo_ids))
    return made


def post_batch(books: TenantBooks, made: Batch, at: Moment | None = None) -> None:
    """Post what is in a batch: it is locked from now on. Raises ValueError when nothing Pending is in it."""
    held = _within(books, made, "Pending")
    if not any(held):
        raise ValueError(f"batch {made.number} holds nothing to post")
    _set(books, made, at, "Posted", held)


def unpost_batch(books: TenantBooks, made: Batch, at: Moment | None = None) -> None:
    """Open a posted batch again; what was exported from it meanwhile stays locked."""
    _set(books, made, at, "Pending", _within(books, made, "Posted"))


_Held = tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]]
"""Ids of invoices, payments, deposits and credit memos."""


def _within(books: TenantBooks, made: Batch, status: str) -> _Held:
    invoices = [one.id for one in books.invoices if one.batch == made and one.sync_status == status]
    payments = [one.id for one in books.payments if one.batch == made and one.sync_status == status]
    deposits = [one.id for one in books.bank_deposits if one.batch == made and one.sync_status == status]
    memos = [one.id for one in books.credit_memos if one.batch == made and one.sync_status == status]
    return invoices, payments, deposits, memos


def _set(books: TenantBooks, made: Batch, at: Moment | None, status: str, held: _Held) -> None:
    invoices, payments, deposits, memos = held
    for number in invoices:
        books.invoicing.set_batch(number, at, made, status)
    for number in payments:
        books.collecting.set_batch(number, at, made, status)
    for number in deposits:
        stamp = max(books.when(at), books.bank_deposits[number].modified_on)
        books.bank_deposits.modify(number, stamp, batch=made, sync_status=status)
    for number in memos:
        stamp = max(books.when(at), books.credit_memos[number].modified_on)
        books.credit_memos.modify(number, stamp, batch=made, sync_status=status)
