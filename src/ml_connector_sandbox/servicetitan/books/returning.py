"""What people do with goods that go back: return them, receive the vendor's credit, apply it, take it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.returns import CANCELLATIONS, ApCredit, CreditSplit, Return, ReturnItem
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

BillParts = Mapping[int, Decimal]
"""Bill id -> amount."""


class Returning:
    """The returns and AP credits of one tenant's books. ``at`` stamps a change, None is now; days are document dates."""

    def __init__(self, books: TenantBooks) -> None:
        self._books = books

    def send_back(self, goods: Return, at: Moment | None = None) -> Return:
        """Keep a return, with its items numbered. Raises ValueError when a record it points at does not exist."""
        books = self._books
        for table, number in (
            (books.vendors, goods.vendor_id), (books.business_units, goods.business_unit_id), (books.jobs, goods.job_id),
            (books.purchase_orders, goods.purchase_order_id),
        ):  # fmt: skip
            books.require(table, number)
        for item in goods.items:
            books.check_accounts(item.accounts)
        numbered = tuple(self._numbered(item) for item in goods.items)
        return books.returns.add(changed(goods, id=goods.id or books.next_stock_id(), items=numbered), at)

    def _numbered(self, item: ReturnItem) -> ReturnItem:
        take = self._books.next_stock_id
        serials = tuple((number or take(), text) for number, text in item.serial_numbers)
        return changed(item, id=item.id or take(), sku_id=item.sku_id or take(), serial_numbers=serials)

    def ship(self, return_id: int, at: Moment | None = None) -> Return:
        """The goods are on their way. Raises ValueError unless it is Pending."""
        return self._move(return_id, ("Pending",), at, status="Returned", returned_on=self._day(at))

    def cancel(self, return_id: int, reason: str = "NotRequired", at: Moment | None = None) -> Return:
        """Raises ValueError on an unknown reason, and when its credit was received or it is cancelled already."""
        if reason not in CANCELLATIONS:
            raise ValueError(f"{reason!r} is no reason to cancel a return; there are: {', '.join(CANCELLATIONS)}")
        when = self._books.when(at)
        return self._move(
            return_id, ("Pending", "Returned"), when, status="Canceled", canceled_on=when, canceled_reason=reason
        )

    def receive_credit(
        self,
        return_id: int,
        parts: BillParts | None = None,
        at: Moment | None = None,
        *,
        less_the_fee: bool = True,
        **fields: Any,
    ) -> ApCredit:
        """The vendor's credit for a return, with ``parts`` of it applied. ``fields``: reference_number, credit_date ...

        Raises ValueError when it was received or cancelled already, and as ``apply`` does.
        """
        old = self._books.returns[return_id]
        if old.status not in ("Pending", "Returned"):
            raise ValueError(f"return {return_id} is {old.status}: no credit can be received")
        values: dict[str, Any] = {
            "vendor_id": old.vendor_id, "credit_date": self._day(at), "amount": old.amount(less_the_fee),
            "return_id": return_id, "job_id": old.job_id, "business_unit_id": old.business_unit_id,
            "number": f"VC-{old.number}", "memo": old.memo or None,
        }  # fmt: skip
        kept = self.credit(ApCredit(**{**values, **fields}), parts, at)
        self._move(
            return_id, ("Pending", "Returned"), at, status="CreditReceived", credit_received_on=kept.credit_date,
            returned_on=old.returned_on or kept.credit_date,
        )  # fmt: skip
        return kept

    def credit(self, credit: ApCredit, parts: BillParts | None = None, at: Moment | None = None) -> ApCredit:
        """A credit, with ``parts`` of it applied. Raises ValueError on unknown records, on nothing, and as ``apply`` does."""
        books = self._books
        if credit.amount <= 0:
            raise ValueError(f"a credit of {credit.amount} credits nothing")
        for table, number in (
            (books.vendors, credit.vendor_id), (books.vendors, credit.remittance_vendor_id), (books.jobs, credit.job_id),
            (books.business_units, credit.business_unit_id), (books.returns, credit.return_id),
        ):  # fmt: skip
            books.require(table, number)
        self._check(credit, parts or {})
        draft = changed(credit, id=credit.id or books.next_stock_id(), splits=self._splits(parts or {}, at))
        return books.ap_credits.add(draft, at)

    def apply(self, credit_id: int, parts: BillParts, at: Moment | None = None) -> ApCredit:
        """Apply more of a credit.

        Raises ValueError when it is cancelled, on more than its rest or than a bill has left, and on another vendor's bill.
        """
        old = self._live(credit_id)
        self._check(old, parts)
        return self._keep(old, at, splits=(*old.splits, *self._splits(parts, at)))

    def take_off(self, credit_id: int, bill_id: int, at: Moment | None = None) -> ApCredit:
        """Take off a bill what of a credit is on it: those splits become inactive."""
        old = self._live(credit_id)
        left = tuple(changed(one, active=one.active and one.bill_id != bill_id) for one in old.splits)
        return self._keep(old, at, splits=left)

    def cancel_credit(self, credit_id: int, at: Moment | None = None) -> ApCredit:
        """Cancel a credit: what of it is on bills is taken off. Raises ValueError when it is cancelled or exported."""
        old, when = self._live(credit_id), self._books.when(at)
        if old.sync_status == "Exported":
            raise ValueError(f"AP credit {credit_id} is exported and cannot be cancelled")
        off = tuple(changed(one, active=False) for one in old.splits)
        return self._keep(old, when, status="Canceled", canceled_on=when, splits=off)

    def post(self, credit_ids: Sequence[int], name: str, at: Moment | None = None) -> Batch:
        """Post credits, and their returns, in one batch. Raises ValueError on one that is not Pending."""
        credits = [self._live(number) for number in credit_ids]
        for one in credits:
            if one.sync_status != "Pending":
                raise ValueError(f"AP credit {one.id} is {one.sync_status}, not Pending")
        number = self._books.next_stock_id()
        made = Batch(id=number, number=str(number % 100_000), name=name)
        for one in credits:
            self._keep(one, at, sync_status="Posted", batch=made)
            goods = self._books.returns.get(one.return_id)
            if goods is not None:
                stamp = max(self._books.when(at), goods.modified_on)
                self._books.returns.modify(goods.id, stamp, sync_status="Posted", batch=made)
        return made

    def mark_exported(self, credit_id: int, move_modified_on: bool = True, return_follows: bool = True) -> ApCredit:
        """syncStatus Exported; with ``return_follows`` that of its return, too."""
        old = self._books.ap_credits[credit_id]
        at = None if move_modified_on else old.modified_on
        kept = self._books.ap_credits.modify(credit_id, at, sync_status="Exported")
        if return_follows and old.return_id is not None:
            self._books.returns.modify(old.return_id, None, sync_status="Exported")
        return kept

    def credited(self, bill_id: int) -> Decimal:
        """What all credits together have on a bill."""
        live = (one for one in self._books.ap_credits if one.status != "Canceled")
        splits = (part for one in live for part in one.splits if part.active and part.bill_id == bill_id)
        return sum((part.amount for part in splits), Decimal("0.00"))

    # -- keeping it straight

    def _day(self, at: Moment | None) -> date:
        return date.fromisoformat(self._books.when(at)[:10])

    def _live(self, credit_id: int) -> ApCredit:
        credit = self._books.ap_credits[credit_id]
        if credit.status == "Canceled":
            raise ValueError(f"AP credit {credit_id} is cancelled")
        return credit

    def _check(self, credit: ApCredit, parts: BillParts) -> None:
        if sum(parts.values(), Decimal(0)) > credit.rest:
            raise ValueError(f"{sum(parts.values())} cannot be applied: {credit.rest} of the credit is left")
        for number, amount in parts.items():
            self._books.require(self._books.bills, number)
            bill = self._books.bills[number]
            left = bill.amount(with_tax_and_shipping=True) - self.credited(number)
            if bill.vendor_id != credit.vendor_id:
                raise ValueError(f"bill {number} is another vendor's")
            if not 0 < amount <= left:
                raise ValueError(f"{amount} cannot be applied to bill {number}, which has {left} left")

    def _splits(self, parts: BillParts, at: Moment | None) -> tuple[CreditSplit, ...]:
        when, take = self._books.when(at), self._books.next_stock_id
        return tuple(
            CreditSplit(id=take(), bill_id=one, amount=amount, created_on=when) for one, amount in parts.items()
        )

    def _move(self, return_id: int, allowed: tuple[str, ...], at: Moment | None, **changes: Any) -> Return:
        old = self._books.returns[return_id]
        if old.status not in allowed:
            raise ValueError(f"return {return_id} is {old.status}, not {' or '.join(allowed)}")
        return self._books.returns.modify(return_id, max(self._books.when(at), old.modified_on), **changes)

    def _keep(self, old: ApCredit, at: Moment | None, **changes: Any) -> ApCredit:
        return self._books.ap_credits.modify(old.id, max(self._books.when(at), old.modified_on), **changes)
