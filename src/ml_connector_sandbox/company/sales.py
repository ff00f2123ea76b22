"""Selling on top of a company that buys: customers, 600 invoices, 500 payments and 120 open orders of a hundred days.

Nothing of what stands in the books before is touched, so ids, numbers and amounts of it stay what they were.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

from ml_connector_sandbox.company import (
    ordinary,
    sales_catalogue,
    sales_deposits,
    sales_invoices,
    sales_masters,
    sales_payments,
)
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed

CUSTOMERS, INVOICES, PAYMENTS, ORDERS = 300, 600, 500, 120
CASES = (*sales_invoices.CASES, *sales_payments.CASES)
_EXPORTED = 30
# One each of what moves money in a way of its own, for the fault matrix.
_LITTLE = (
    sales_invoices.discounted, sales_invoices.adjusted, sales_payments.in_parts, sales_payments.several_invoices,
    sales_payments.on_account, sales_payments.ahead, sales_payments.too_much, sales_payments.refunded,
    sales_payments.written_off, sales_payments.credited,
)  # fmt: skip

# The least of it: two invoices under one payment, a payment and what is given back of it, a credit.
_LEAST = (sales_payments.several_invoices, sales_payments.refunded, sales_payments.credited)


def trade(seed: Seed, number: int) -> Sales:
    """Sell. ``number`` seeds the chance; the same number on the same books gives the same sales."""
    sales = Sales(seed=seed, chance=random.Random(f"sales {number}"))
    sales_masters.file_lists(sales)
    sales_masters.file_customers(sales, CUSTOMERS)
    for case in CASES:
        case(sales)
    _ordinary(sales)
    order(sales, ORDERS)
    sales_invoices.post_weeks(sales)
    sales_deposits.bring_to_bank(sales, number)
    sales_invoices.export_oldest(sales, _EXPORTED)
    return sales


def a_little(seed: Seed, number: int, more: Sequence[Callable[[Sales], None]] = ()) -> Sales:
    """Sell one of everything to fifteen customers, and what ``more`` sells; ``number`` as in ``trade``."""
    sales = Sales(seed=seed, chance=random.Random(f"sales {number}"))
    sales_masters.file_lists(sales)
    sales_masters.file_customers(sales, 15)
    for case in _LITTLE:
        case(sales, 1)
    order(sales, 4)
    for sell in more:
        sell(sales)
    sales_invoices.post_weeks(sales)
    return sales


def least(seed: Seed, number: int, more: Sequence[Callable[[Sales], None]] = ()) -> Sales:
    """Sell a handful to six customers, and what ``more`` sells; ``number`` as in ``trade``."""
    sales = Sales(seed=seed, chance=random.Random(f"sales {number}"))
    sales_masters.file_lists(sales)
    sales_masters.file_customers(sales, 6)
    for case in _LEAST:
        case(sales, 1)
    for sell in more:
        sell(sales)
    sales_invoices.post_weeks(sales)
    return sales


def ordinarily(seed: Seed, number: int, count: int) -> Sales:
    """Sell ``count`` ordinary invoices to three hundred customers, each paid in full by one payment, all posted."""
    sales = Sales(seed=seed, chance=random.Random(f"sales {number}"))
    sales_masters.file_lists(sales)
    sales_masters.file_customers(sales, CUSTOMERS)
    for _ in range(count):
        invoice = sales.invoice("ordinary", sales.day(before_last=10))
        assert invoice.invoice_date is not None
        sales.settle("ordinary", invoice, sales.later(invoice.invoice_date, 3))
    sales_invoices.post_weeks(sales)
    return sales


def _ordinary(sales: Sales) -> None:
    """Done, billed and, but for the last few, paid in full within some weeks."""
    books = sales.books
    for _ in range(INVOICES - len(books.invoices)):
        sales.invoice("ordinary", sales.day())
    billed = [books.invoices[number] for number in sales.cases["ordinary"]]
    for invoice in billed[: PAYMENTS - len(books.payments)]:
        assert invoice.invoice_date is not None
        kind = sales.chance.choices(sales_catalogue.MONEY, (40, 40, 15, 5))[0]
        sales.settle("ordinary", invoice, sales.later(invoice.invoice_date, sales.chance.randrange(1, 35)), kind)


def order(sales: Sales, count: int) -> None:
    """Orders that nothing was received of: sent, not sent yet, changed after sending, cancelled."""
    seed, books = sales.seed, sales.books
    known = {one.id for one in books.purchase_orders}
    ordinary.trade(seed, list(seed.vendors), [0] * count)
    for place, one in enumerate(one for one in books.purchase_orders if one.id not in known):
        at = sales.stamp(one.order_date, 5)
        if place % 6 == 1:
            books.purchase_orders.modify(one.id, at, status="Pending", sent_on=None)
        elif place % 6 == 3:
            books.change_purchase_order(one.id, at, items=one.items[:1], summary="Rest comes with the next order")
        elif place % 6 == 5:
            books.cancel_purchase_order(one.id, at)
        sales.note("orders", one.id)
