"""What people do with money: take it, apply it, write it off, give it back, bring it to the bank."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.servicetitan.books.banking import follow
from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.invoices import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.payments import (
    JOURNAL_ENTRY,
    BankDeposit,
    CreditMemo,
    CreditMemoItem,
    Payment,
    Split,
)
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

Parts = Mapping[int, Decimal]
"""Invoice id -> amount."""


class Collecting:
    """The payments of one tenant's books. ``at`` stamps a change, None is now; days are document dates."""

    def __init__(self, books: TenantBooks) -> None:
        self._books = books

    def take(
        self, customer_id: int, type_id: int, total: Decimal, parts: Parts | None = None, at: Moment | None = None,
        **fields: Any,
    ) -> Payment:  # fmt: skip
        """Take a payment and apply ``parts`` of it; the rest stays as the customer's credit.

        ``paid_on`` defaults to the day of ``at``. A negative total gives money back: only on adjustment invoices,
        and wholly. Raises ValueError on unknown records, parts of more than the total or than an invoice's balance.
        """
        books = self._books
        books.require(books.customers, customer_id)
        books.require(books.payment_types, type_id)
        books.require(books.payments, fields.get("refunded_payment_id"))
        day = fields.pop("paid_on", None) or date.fromisoformat(books.when(at)[:10])
        first = next(iter(parts or ()), None)
        values: dict[str, Any] = {
            "customer_id": customer_id,
            "type_id": type_id,
            "total": total,
            "paid_on": day,
            "general_ledger_account_id": books.payment_types[type_id].general_ledger_account_id,
            "business_unit_id": None if first is None else books.invoices[first].business_unit_id,
        }
        payment = Payment(**{**values, **fields}, splits=self._splits(parts or {}, day))
        self._check(None, payment)
        kept = books.payments.add(payment, at)
        self._carry(None, kept, at)
        return kept

    def apply(self, payment_id: int, parts: Parts, at: Moment | None = None, day: date | None = None) -> Payment:
        """Apply more of a payment's unapplied rest, in whatever state it is; ``day`` defaults to that of ``at``.

        Raises ValueError when it is deleted, or on more than the rest or than an invoice's balance.
        """
        old = self._books.payments[payment_id]
        if not old.active:
            raise ValueError(f"payment {payment_id} is deleted")
        added = self._splits(parts, day or date.fromisoformat(self._books.when(at)[:10]))
        return self._keep(old, at, splits=(*old.splits, *added))

    def change(
        self, payment_id: int, at: Moment | None = None, *, parts: Parts | None = None, **changes: Any
    ) -> Payment:
        """Edit a payment, which only Pending ones permit; ``parts`` replaces what it is applied to.

        A part of the same amount keeps its id. Raises ValueError as ``take`` does, and when it is not Pending.
        """
        old = self._pending(payment_id)
        self._books.require(self._books.payment_types, changes.get("type_id"))
        if parts is not None:
            day = changes.get("paid_on") or old.paid_on
            same = {(one.invoice_id, one.amount): one for one in old.splits}
            new = self._splits({key: value for key, value in parts.items() if (key, value) not in same}, day)
            changes["splits"] = (*(same[item] for item in parts.items() if item in same), *new)
        return self._keep(old, at, **changes)

    def delete(self, payment_id: int, at: Moment | None = None) -> Payment:
        """Delete a Pending payment: inactive, and what it settled is open again.

        A posted one can be reversed so after its batch is opened. Raises ValueError unless it is Pending.
        """
        return self._keep(self._pending(payment_id), at, active=False)

    def write_off(
        self, invoice_id: int, type_id: int, amount: Decimal | None = None, at: Moment | None = None, **fields: Any
    ) -> Payment:
        """Settle an invoice (its whole balance unless told) without money: bad debt, a financing fee.

        Raises ValueError when the type is one for money.
        """
        if self._books.payment_types[type_id].transaction != JOURNAL_ENTRY:
            raise ValueError(f"payment type {type_id} is for money; a write-off needs one of journal entries")
        invoice = self._books.invoices[invoice_id]
        part = invoice.balance if amount is None else amount
        return self.take(invoice.customer_id, type_id, part, {invoice_id: part}, at, **fields)

    def refund(
        self, payment_id: int, invoice_id: int, type_id: int, item: InvoiceItem, at: Moment | None = None, **fields: Any
    ) -> tuple[Invoice, Payment]:
        """Give money back: an adjustment of the invoice by ``item`` (of a negative price) and a negative payment.

        The payment is the adjustment's whole balance, with its tax, and names the one it refunds.
        Raises ValueError on unknown records, an item that gives nothing back, and an invoice that is voided.
        """
        fields.setdefault("refunded_payment_id", payment_id)
        self._books.require(self._books.payments, fields["refunded_payment_id"])
        self._books.require(self._books.payment_types, type_id)
        if item.total >= 0:
            raise ValueError(f"an item of {item.total} gives nothing back; its price must be negative")
        adjustment = self._books.invoicing.adjust(invoice_id, [item], at)
        back = adjustment.balance
        payment = self.take(adjustment.customer_id, type_id, back, {adjustment.id: back}, at, **fields)
        return adjustment, payment

    def set_batch(self, payment_id: int, at: Moment | None, batch: Batch | None, status: str) -> Payment:
        """Put it into a batch, post it with one, or take it out."""
        return self._keep(self._books.payments[payment_id], at, batch=batch, sync_status=status)

    def set_status(
        self, payment_id: int, status: str, move_modified_on: bool = True, at: Moment | None = None, **changes: Any
    ) -> Payment:
        """Pending, Posted or Exported, whatever it was; ``changes``: export_id."""
        old = self._books.payments[payment_id]
        return self._keep(old, at if move_modified_on else old.modified_on, sync_status=status, **changes)

    def deposit(
        self, payment_ids: Sequence[int], name: str, day: date, at: Moment | None = None, **fields: Any
    ) -> BankDeposit:
        """Take payments to the bank. ``fields``: fees, bank_account_id, fee_account_id, batch ...

        Raises ValueError on a payment that is deleted or deposited already.
        """
        taken = [self._books.payments[number] for number in payment_ids]
        for one in taken:
            if not one.active or one.deposit_id is not None:
                raise ValueError(f"payment {one.id} is {'deposited' if one.active else 'deleted'} already")
        gross = sum((one.total for one in taken), Decimal("0.00"))
        made = BankDeposit(**{"name": name, "deposit_date": day, "gross": gross, "status": "Deposited", **fields})
        kept = self._books.bank_deposits.add(made, at)
        for one in taken:
            self._books.payments.modify(one.id, max(self._books.when(at), one.modified_on), deposit_id=kept.id)
        return kept

    def give_credit(
        self,
        memo: CreditMemo,
        parts: Parts | None = None,
        at: Moment | None = None,
        items: Sequence[CreditMemoItem] = (),
    ) -> CreditMemo:
        """A credit memo of ``items``, with ``parts`` of it applied; the rest is the customer's credit.

        Raises ValueError on an unknown customer, on items that do not add up to its subtotal, or on parts of more than the
        memo or an invoice's balance.
        """
        self._books.require(self._books.customers, memo.customer_id)
        self._check_parts(memo.total, parts or {})
        if items and sum((one.total for one in items), Decimal(0)) != memo.sub_total:
            raise ValueError(f"the items of credit memo {memo.reference_number} do not add up to {memo.sub_total}")
        kept = self._books.credit_memos.add(changed(memo, splits=()), at)
        for one in items:
            self._books.credit_memo_items.add(changed(one, memo_id=kept.id), at)
        self._books.crm.move_balance(memo.customer_id, -kept.total, at)
        return self.apply_credit(kept.id, parts, at) if parts else kept

    def apply_credit(self, memo_id: int, parts: Parts, at: Moment | None = None) -> CreditMemo:
        """Apply more of a credit memo. Raises ValueError as ``give_credit`` does."""
        old, table = self._books.credit_memos[memo_id], self._books.credit_memos
        if not old.active:
            raise ValueError(f"credit memo {memo_id} is inactive")
        splits = self._splits(parts, date.fromisoformat(self._books.when(at)[:10]))
        self._check_parts(old.balance, parts)
        for one in splits:
            self._books.invoicing.settle(one.invoice_id, one.amount, old.memo_date, at)
            self._books.crm.move_balance(old.customer_id, one.amount, at)
        return table.modify(memo_id, max(self._books.when(at), old.modified_on), splits=(*old.splits, *splits))

    def take_credit_back(self, memo_id: int, invoice_id: int, at: Moment | None = None) -> CreditMemo:
        """Take off an invoice what of a credit memo is on it, as people do in the office; the API cannot."""
        old = self._books.credit_memos[memo_id]
        gone = [one for one in old.splits if one.invoice_id == invoice_id]
        for one in gone:
            self._books.invoicing.settle(invoice_id, -one.amount, old.memo_date, at)
            self._books.crm.move_balance(old.customer_id, -one.amount, at)
        left = tuple(one for one in old.splits if one not in gone)
        return self._books.credit_memos.modify(memo_id, max(self._books.when(at), old.modified_on), splits=left)

    def change_credit(self, memo_id: int, at: Moment | None = None, **changes: Any) -> CreditMemo:
        """Edit a credit memo. Raises ValueError when it is switched off (or on) with something applied."""
        old = self._books.credit_memos[memo_id]
        if changes.get("active", old.active) != old.active:
            if old.splits:
                raise ValueError(f"credit memo {memo_id} is applied to invoices")
            self._books.crm.move_balance(old.customer_id, old.total if old.active else -old.total, at)
        return self._books.credit_memos.modify(memo_id, max(self._books.when(at), old.modified_on), **changes)

    # -- keeping it straight

    def _pending(self, payment_id: int) -> Payment:
        payment = self._books.payments[payment_id]
        if payment.sync_status != "Pending" or not payment.active:
            state = payment.sync_status if payment.active else "deleted"
            raise ValueError(f"payment {payment_id} is {state} and locked; only Pending ones can be changed")
        return payment

    def _splits(self, parts: Parts, day: date) -> tuple[Split, ...]:
        return tuple(
            Split(id=self._books.next_id(), invoice_id=number, amount=amount, applied_on=day)
            for number, amount in parts.items()
        )

    def _keep(self, old: Payment, at: Moment | None, **changes: Any) -> Payment:
        draft = changed(old, **changes)
        self._check(old, draft)
        kept = self._books.payments.modify(old.id, max(self._books.when(at), old.modified_on), **changes)
        self._carry(old, kept, at)
        return kept

    def _carry(self, old: Payment | None, new: Payment, at: Moment | None) -> None:
        """What changed goes to the invoices, the customer's credit and the deposit."""
        for number, amount in _difference(old, new).items():
            if amount:
                self._books.invoicing.settle(number, amount, new.paid_on, at)
        self._books.crm.move_balance(new.customer_id, _credit(old) - _credit(new), at)
        follow(self._books, old, new, at)

    def _check(self, old: Payment | None, new: Payment) -> None:
        parts = _difference(old, new)
        grown = {number: amount for number, amount in parts.items() if amount * new.total > 0}
        if new.active:
            self._check_parts(new.unapplied + sum(grown.values(), Decimal(0)), grown)
            wrong = [one.invoice_id for one in new.splits if one.amount * new.total <= 0]
            if wrong or new.unapplied * new.total < 0:
                raise ValueError(f"the parts of a payment of {new.total} do not fit into it")
        if new.total < 0 and new.unapplied:
            raise ValueError(f"{new.unapplied} of a negative payment stand on no adjustment invoice")

    def _check_parts(self, rest: Decimal, parts: Parts) -> None:
        if abs(sum(parts.values(), Decimal(0))) > abs(rest):
            raise ValueError(f"{sum(parts.values())} cannot be applied: {rest} is left")
        for number, amount in parts.items():
            invoice = self._books.invoices[number]
            if not invoice.active or not amount or amount * invoice.balance < amount * amount:
                raise ValueError(f"{amount} cannot be applied to invoice {number}, whose balance is {invoice.balance}")
            if amount < 0 and invoice.adjustment_to_id is None:
                raise ValueError(f"invoice {number} is no adjustment: negative payments go to adjustments only")


def _difference(old: Payment | None, new: Payment) -> dict[int, Decimal]:
    parts: dict[int, Decimal] = {}
    for payment, sign in ((old, -1), (new, 1)):
        for one in payment.splits if payment is not None and payment.active else ():
            parts[one.invoice_id] = parts.get(one.invoice_id, Decimal(0)) + sign * one.amount
    return parts


def _credit(payment: Payment | None) -> Decimal:
    return payment.unapplied if payment is not None and payment.active else Decimal(0)
