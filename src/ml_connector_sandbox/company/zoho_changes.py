"""What people of a firm with Zoho Books change once everything was read, on both sides, the same each time.

``prepare`` buys and sells what is needed for that, which is posted like any other; ``CHANGES`` are the changes themselves,
made in this order at the clock's present. Nothing is chosen by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.company import sales_catalogue as names
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.company.returned import Returns
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.servicetitan import purchasing_desk
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Bill,
    Contact,
    CreditMemo,
    CreditMemoItem,
    Invoice,
    Payment,
    Sku,
    TenantBooks,
    batch,
    post_batch,
)
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books import desk as zoho_desk

if TYPE_CHECKING:
    from ml_connector_sandbox.company.company import Company

BOUGHT = ("bill_repriced", "bill_cancelled", "goods_returned")
UNPAID = ("repriced", "voided_later", "credited_later", "paid_there", "moved_to")
PAID = ("changed_when_paid", "moved_from", "reversed_later", "refunded_later")
RETURNED = "RT-7001"  # what the one return is called
NEW_WARE = names.Ware("MT-UVLAMP", "UV lamp, 36 W", Decimal("212.00"), "Material")
PHONE, STREET, EMAIL, VENDOR_PHONE = "(320) 555-7001", "17 Moved Avenue", "office@moved.example", "320 555 7010"
SECOND_EMAIL = "studio@customer.example"
TYPED, SPENT = Decimal("150.00"), Decimal("41.50")
_HOUR = names.WARES[1]
_DEARER, _GOODWILL = Decimal("20.00"), Decimal("40.00")


def prepare_bills(seed: Seed) -> None:
    """A bill for each change of one, of a supplier each; of the last one goods are on their way back."""
    for place, case in enumerate(BOUGHT):
        lines = (seed.line("DSC-60A", 3 + place), seed.line("CAP-45-5", 2))
        bill = seed.purchase(case, SUPPLIERS[place], lines, seed.dates.day(20 + place))
    assert isinstance(bill, Bill)
    returns = Returns(seed, 1)
    goods = returns.send_back(bill)
    returns.returning.ship(goods.id, goods.modified_on)


def prepare_sales(sales: Sales) -> None:
    """An invoice for each change of one, some of them paid."""
    for place, case in enumerate((*UNPAID, *PAID)):
        on = sales.seed.dates.day(20 + place)
        customer = sales.firms[0] if case.startswith("moved") else sales.firms[place % 2]
        invoice = sales.invoice(case, on, customer, [sales.item(_HOUR, Decimal(4 + place))])
        if case in PAID:
            sales.settle(case, invoice, sales.later(on, 2))


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who is at work on both sides."""

    company: Company
    sales: Sales

    @property
    def titan(self) -> TenantBooks:
        return self.sales.books

    @property
    def today(self) -> date:
        return self.sales.seed.dates.last

    def at_zoho(self, act: str, **wish: Any) -> None:
        organisation = self.company.seed.organisation.organization_id
        zoho_desk.carried_out(self.company.zoho_books, {"act": act, "organisation": organisation, **wish})

    def post(self, invoices: Sequence[int] = (), payments: Sequence[int] = (), memos: Sequence[int] = ()) -> None:
        """A batch of its own, posted at once."""
        made = batch(self.titan, f"Later {self.titan.next_id()}", invoices, payments, memo_ids=memos)
        post_batch(self.titan, made)

    def invoice(self, case: str) -> Invoice:
        """The first invoice of a case."""
        return next(one for one in self.titan.invoices if one.id in self.sales.cases[case])

    def payment(self, case: str) -> Payment:
        """The first payment of a case."""
        return next(one for one in self.titan.payments if one.id in self.sales.cases[case])

    def bill(self, case: str) -> Bill:
        """The bill of a case."""
        [row] = [one for one in self.company.truth if one.case == case]
        return self.titan.bills[int(row.bill_id)]


def change(company: Company) -> None:
    """Make every change of ``CHANGES``. Raises ValueError where the company sells nothing."""
    if company.sales is None:
        raise ValueError("a company that sells nothing has nothing of sales to change")
    desk = _Desk(company, company.sales)
    for one in CHANGES:
        one(desk)


# --- payables ----------------------------------------------------------------------------------------------------


def bill_repriced(desk: _Desk) -> None:
    """A posted bill of which nothing is paid costs more."""
    purchasing_desk.edit_bill(desk.titan, _DEARER, desk.bill("bill_repriced").vendor_number or "")


def bill_cancelled(desk: _Desk) -> None:
    """What was received is not owed after all."""
    desk.titan.cancel_bill(desk.bill("bill_cancelled").id)


def goods_credited(desk: _Desk) -> None:
    """The vendor's credit for what went back comes, and stands wholly on the bill."""
    [goods] = [one for one in desk.titan.returns if one.number == RETURNED]
    parts = {desk.bill("goods_returned").id: goods.amount(less_the_fee=True)}
    desk.titan.returning.receive_credit(goods.id, parts, reference_number="CM-7001", credit_date=desk.today)


# --- receivables -------------------------------------------------------------------------------------------------


def new_ware(desk: _Desk) -> None:
    """A ware that is new in the pricebook is sold, and its invoice posted."""
    account = Accounts(general_ledger=desk.sales.seed.accounts[NEW_WARE.account])
    ware = Sku(code=NEW_WARE.code, display_name=NEW_WARE.name, price=NEW_WARE.price, accounts=account)
    kept = desk.titan.materials.add(ware)
    item = changed(desk.sales.item(NEW_WARE), sku_id=kept.id)
    made = desk.sales.invoice("sold_later", desk.today, desk.sales.firms[1], [item])
    desk.post([made.id])


def repriced(desk: _Desk) -> None:
    """A posted invoice on which nothing is paid gets another price."""
    _dearer(desk, desk.invoice("repriced"))


def changed_when_paid(desk: _Desk) -> None:
    """A paid one gets another price, which waits for a person."""
    _dearer(desk, desk.invoice("changed_when_paid"))


def voided(desk: _Desk) -> None:
    """The vendor's support opens an invoice, and it is voided."""
    invoice = desk.invoice("voided_later")
    desk.titan.invoicing.unlock(invoice.id)
    desk.titan.invoicing.deactivate(invoice.id)


def credited(desk: _Desk) -> None:
    """Goodwill: a credit memo, on an invoice."""
    invoice = desk.invoice("credited_later")
    memo = CreditMemo(
        reference_number="CM-950", customer_id=invoice.customer_id, memo_date=desk.today, sub_total=_GOODWILL,
        business_unit_id=invoice.business_unit_id, description="Goodwill",
    )  # fmt: skip
    account = Accounts(general_ledger=desk.sales.seed.accounts[names.DISCOUNT.account])
    line = CreditMemoItem(sku_name="GOODWILL", price=_GOODWILL, description="Goodwill", accounts=account)
    kept = desk.titan.collecting.give_credit(memo, {invoice.id: _GOODWILL}, items=[line])
    desk.post(memos=[kept.id])


def moved(desk: _Desk) -> None:
    """A part of a check was for another invoice of the firm."""
    payment, other = desk.payment("moved_from"), desk.invoice("moved_to")
    [split] = payment.splits
    desk.titan.collecting.set_status(payment.id, "Pending")
    parts = {split.invoice_id: split.amount - TYPED, other.id: TYPED}
    desk.titan.collecting.change(payment.id, parts=parts)
    desk.titan.collecting.set_status(payment.id, "Posted")


def taken_back(desk: _Desk) -> None:
    """A check came back after it was posted: the vendor's support opens the payment, and it is deleted."""
    paid = desk.payment("reversed_later")
    desk.titan.collecting.set_status(paid.id, "Pending")
    desk.titan.collecting.delete(paid.id)


def refunded(desk: _Desk) -> None:
    """An hour is given back: an adjustment, and a negative payment on it."""
    paid, invoice = desk.payment("refunded_later"), desk.invoice("refunded_later")
    item, kind = desk.sales.item(_HOUR, price=-_HOUR.price), desk.sales.types[names.REFUND].id
    adjustment, back = desk.titan.collecting.refund(paid.id, invoice.id, kind, item, paid_on=desk.today)
    desk.titan.invoicing.review(adjustment.id, "Reviewed")
    desk.post([adjustment.id], [back.id])


# --- parties -----------------------------------------------------------------------------------------------------


def customer_called(desk: _Desk) -> None:
    """A customer has another telephone, and says so to the office."""
    [phone] = [one for one in desk.titan.crm.contacts_of(desk.sales.firms[1]) if one.type == "Phone"]
    desk.titan.crm.change_contact(phone.id, value=PHONE)


def customer_inactive(desk: _Desk) -> None:
    """A customer of whom nothing is open is not served any more."""
    desk.titan.crm.change_customer(desk.sales.homes[1], active=False)


def customer_mailed(desk: _Desk) -> None:
    """Another one has a second e-mail address."""
    desk.titan.crm.add_contact(Contact(customer_id=desk.sales.homes[0], type="Email", value=SECOND_EMAIL))


def vendor_moved(desk: _Desk) -> None:
    """A vendor has another address, which is keyed in at ServiceTitan: it waits for a person, since money goes there."""
    vendor = desk.company.seed.vendors[SUPPLIERS[0]]
    address = changed(desk.titan.vendors[vendor.id].address, street=STREET)
    desk.titan.vendors.modify(vendor.id, None, address=address)


def vendor_called(desk: _Desk) -> None:
    """Another one has another telephone."""
    vendor = desk.company.seed.vendors[SUPPLIERS[1]]
    desk.titan.vendors.modify(vendor.id, None, phone=VENDOR_PHONE)


def customer_written(desk: _Desk) -> None:
    """Another customer has written to the bookkeeper, who changes the e-mail in Zoho Books."""
    name = desk.titan.customers[desk.sales.firms[0]].name
    desk.at_zoho(
        "edit contact", contact=name, changes={"contact_persons": [{"email": EMAIL, "is_primary_contact": True}]}
    )


# --- what is typed in Zoho Books alone ---------------------------------------------------------------------------


def typed_payment(desk: _Desk) -> None:
    """The bookkeeper takes a check for an invoice."""
    invoice = desk.invoice("paid_there")
    customer = desk.titan.customers[invoice.customer_id].name
    desk.at_zoho(
        "receive", customer=customer, invoices=[invoice.reference_number], amount=str(TYPED), reference="CHK 77"
    )


def typed_expense(desk: _Desk) -> None:
    """The bookkeeper pays for materials from the bank account."""
    ledger = desk.company.seed.ledger
    account, through = ledger["5110"].account_name, ledger["1010"].account_name
    desk.at_zoho("spend", account=account, through=through, amount=str(SPENT), reference="R-1")


CHANGES = (
    bill_repriced, bill_cancelled, goods_credited, new_ware, repriced, changed_when_paid, voided, credited, moved,
    taken_back, refunded, customer_called, customer_inactive, customer_mailed, vendor_moved, vendor_called,
    customer_written, typed_payment, typed_expense,
)  # fmt: skip


def _dearer(desk: _Desk, invoice: Invoice) -> None:
    [item] = invoice.items
    desk.titan.invoicing.change_item(invoice.id, item.id, warned=True, price=item.price + _DEARER)
