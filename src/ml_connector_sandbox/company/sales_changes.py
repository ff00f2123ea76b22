"""What people change once everything was read: a named list of changes on both sides, the same each time.

``PREPARED`` are documents for them, which are sold and posted like any others; ``CHANGES`` are the changes themselves, made
in this order at the clock's present. Nothing is chosen by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.company import sales_catalogue as names
from ml_connector_sandbox.company.sales_payables import key_in
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import Invoice, Payment, PurchaseOrder, batch, post_batch
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.masters import Contact

if TYPE_CHECKING:
    from ml_connector_sandbox.company.company import Company

_HOUR = names.WARES[1]
_FEE = Decimal("0.0695")
_DEPOSIT = Decimal("300.00")
_DEARER = Decimal("20.00")
UNPAID = ("repriced", "voided_later", "written_off_later", "financed_later", "deposit_applied")
PAID = ("changed_when_paid", "reversed_later", "refunded_later")


def prepare(sales: Sales) -> None:
    """An invoice for each change, some of them paid, and a deposit that nobody has applied; none of them posted yet."""
    for place, case in enumerate((*UNPAID, *PAID)):
        on = sales.seed.dates.day(place)
        customer = sales.firms[(1, 2, 4)[place % 3]]
        invoice = sales.invoice(case, on, customer, [sales.item(_HOUR, Decimal(4 + place))])
        if case in PAID:
            sales.settle(case, invoice, sales.later(on, 2))
    owing = _invoice(sales, "deposit_applied")
    sales.pay("deposit_applied", owing.customer_id, sales.seed.dates.day(1), _DEPOSIT, kind=names.ACH)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Who is at work on both sides."""

    sales: Sales
    xero: OrganisationBooks

    @property
    def today(self) -> date:
        return self.sales.seed.dates.last

    def post(self, invoices: Sequence[int] = (), payments: Sequence[int] = ()) -> None:
        """A batch of its own, posted at once."""
        books = self.sales.books
        post_batch(books, batch(books, f"Later {books.next_id()}", invoices, payments))

    def contact(self, name: str) -> Contact:
        [found] = [one for one in self.xero.contacts if one.name == name]
        return found


def change(company: Company) -> None:
    """Make every change of ``CHANGES``. Raises ValueError where the company sells nothing."""
    if company.sales is None:
        raise ValueError("a company that sells nothing has nothing of sales to change")
    desk = _Desk(company.sales, company.xero_organisation)
    for one in CHANGES:
        one(desk)


# --- receivables -------------------------------------------------------------------------------------------------


def new_invoice(desk: _Desk) -> None:
    """Sold and posted meanwhile: it is brought over, and marked as exported."""
    sales = desk.sales
    made = sales.invoice("sold_later", desk.today, sales.firms[1], [sales.item(names.WARES[0])])
    desk.post([made.id])


def repriced(desk: _Desk) -> None:
    """A posted invoice on which nothing is paid gets another price."""
    _dearer(desk, _invoice(desk.sales, "repriced"))


def changed_when_paid(desk: _Desk) -> None:
    """A paid invoice gets another price: in Xero its payment steps aside and goes back."""
    _dearer(desk, _invoice(desk.sales, "changed_when_paid"))


def voided(desk: _Desk) -> None:
    """The vendor's support opens an invoice, and it is voided."""
    invoicing, invoice = desk.sales.books.invoicing, _invoice(desk.sales, "voided_later")
    invoicing.unlock(invoice.id)
    invoicing.deactivate(invoice.id)


def written_off(desk: _Desk) -> None:
    """A quarter of an invoice is given up."""
    sales, invoice = desk.sales, _invoice(desk.sales, "written_off_later")
    kind, amount = sales.types[names.WRITE_OFF].id, cents(invoice.balance / 4)
    made = sales.books.collecting.write_off(invoice.id, kind, amount, paid_on=desk.today)
    desk.post(payments=[made.id])


def financed(desk: _Desk) -> None:
    """A lender pays less its fee, which is a payment that moves no money."""
    sales, invoice = desk.sales, _invoice(desk.sales, "financed_later")
    fee = cents(invoice.balance * _FEE)
    parts = ((names.FINANCED, invoice.balance - fee), (names.FINANCING_FEE, fee))
    made = [
        sales.books.collecting.take(
            invoice.customer_id, sales.types[kind].id, amount, {invoice.id: amount}, paid_on=desk.today
        )
        for kind, amount in parts
    ]
    desk.post(payments=[one.id for one in made])


def deposit_applied(desk: _Desk) -> None:
    """Two thirds of a deposit, which stands in Xero as an overpayment, are for an invoice now."""
    invoice, deposit = _invoice(desk.sales, "deposit_applied"), _payment(desk.sales, "deposit_applied")
    part = min(invoice.balance, _DEPOSIT / 3 * 2)
    desk.sales.books.collecting.apply(deposit.id, {invoice.id: part}, day=desk.today)


def on_account(desk: _Desk) -> None:
    """Money that is for nothing yet."""
    sales = desk.sales
    kind, customer = sales.types[names.CARD].id, sales.firms[2]
    made = sales.books.collecting.take(customer, kind, Decimal("75.00"), {}, paid_on=desk.today)
    desk.post(payments=[made.id])


def taken_back(desk: _Desk) -> None:
    """A check came back after it was posted: the vendor's support opens the payment, and it is deleted."""
    collecting, paid = desk.sales.books.collecting, _payment(desk.sales, "reversed_later")
    collecting.set_status(paid.id, "Pending")
    collecting.delete(paid.id)


def refunded(desk: _Desk) -> None:
    """An hour is given back: an adjustment, and a negative payment on it."""
    sales = desk.sales
    paid, invoice = _payment(sales, "refunded_later"), _invoice(sales, "refunded_later")
    item, kind = sales.item(_HOUR, price=-_HOUR.price), sales.types[names.REFUND].id
    adjustment, back = sales.books.collecting.refund(paid.id, invoice.id, kind, item, paid_on=desk.today)
    sales.books.invoicing.review(adjustment.id, "Reviewed")
    desk.post([adjustment.id], [back.id])


def credit_raised(desk: _Desk) -> None:
    """An adjustment gives back more than it did: its credit note in Xero is taken off, changed and applied again."""
    [credit] = [one for one in desk.sales.books.invoices if one.id in desk.sales.cases["adjusted"] and one.total < 0]
    [item] = credit.items
    desk.sales.books.invoicing.change_item(credit.id, item.id, warned=True, price=item.price - _DEARER)


def credit_taken_back(desk: _Desk) -> None:
    """A credit memo is taken off its invoice and kept for a later one."""
    [memo] = [one for one in desk.sales.books.credit_memos if one.id in desk.sales.cases["credited"]]
    [split] = memo.splits
    desk.sales.books.collecting.take_credit_back(memo.id, split.invoice_id)


# --- orders, vendors' bills and parties --------------------------------------------------------------------------


def order_edited(desk: _Desk) -> None:
    """A piece more of the first line of an order that was sent."""
    books, order = desk.sales.books, _sent(desk.sales)[0]
    first, *others = order.items
    more = changed(first, quantity=first.quantity + 1)
    books.change_purchase_order(order.id, items=(more, *others))


def order_cancelled(desk: _Desk) -> None:
    """Another one is not wanted any more."""
    desk.sales.books.cancel_purchase_order(_sent(desk.sales)[-1].id)


def goods_billed(desk: _Desk) -> None:
    """The vendors' papers for what was received are keyed in at Xero, one as agreed and one dearer."""
    agreed, dearer = sorted(desk.sales.books.bills, key=lambda one: one.id)
    key_in(desk.sales.seed, desk.xero, agreed)
    key_in(desk.sales.seed, desk.xero, dearer, _DEARER)


def customer_called(desk: _Desk) -> None:
    """A customer has another telephone, and says so to the office."""
    crm = desk.sales.books.crm
    [phone] = [one for one in crm.contacts_of(desk.sales.firms[3]) if one.type == "Phone"]
    crm.change_contact(phone.id, value="(320) 555-7001")


def customer_written(desk: _Desk) -> None:
    """Another one has written to the bookkeeper, who changes the e-mail in Xero."""
    contact = desk.contact(desk.sales.books.customers[desk.sales.firms[0]].name)
    desk.xero.desk.change_contact(contact, EmailAddress="office@moved.example")


def vendor_called(desk: _Desk) -> None:
    """A vendor's telephone is changed in Xero."""
    contact = desk.contact(next(iter(desk.sales.seed.vendors)))
    desk.xero.desk.change_contact(contact, Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": "320 555 7010"}])


CHANGES = (
    new_invoice, repriced, changed_when_paid, voided, written_off, financed, deposit_applied, on_account, taken_back,
    refunded, credit_raised, credit_taken_back, order_edited, order_cancelled, goods_billed, customer_called,
    customer_written, vendor_called,
)  # fmt: skip


def _dearer(desk: _Desk, invoice: Invoice) -> None:
    [item] = invoice.items
    desk.sales.books.invoicing.change_item(invoice.id, item.id, warned=True, price=item.price + _DEARER)


def _invoice(sales: Sales, case: str) -> Invoice:
    """The first invoice of a case."""
    return next(one for one in sales.books.invoices if one.id in sales.cases[case])


def _payment(sales: Sales, case: str) -> Payment:
    """The first payment of a case."""
    return next(one for one in sales.books.payments if one.id in sales.cases[case])


def _sent(sales: Sales) -> list[PurchaseOrder]:
    """Orders that were sent and of which nothing has come."""
    return [one for one in sales.books.purchase_orders if one.id in sales.cases["orders"] and one.status == "Sent"]
