"""The ordinary business: orders received in one, two or three shipments, each with its bill, all of which tie."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from ml_connector_sandbox.company.catalogue import ACCOUNT_ZONE, ARTICLES, COST_ZONE, TAX_ZONES
from ml_connector_sandbox.company.seed import ZERO, Seed
from ml_connector_sandbox.servicetitan.books import PurchaseOrder, PurchaseOrderItem
from ml_connector_sandbox.servicetitan.books.purchasing import cents

CASE = "ordinary"
_RATES = dict(TAX_ZONES)
_PATTERNS = ("INV-{:05d}", "{:d}", "SO{:d}-1", "26/{:d}", "A {:d}")


def trade(seed: Seed, vendors: Sequence[str], shipments: Sequence[int]) -> None:
    """One order for each entry of ``shipments``, received in so many shipments; 0 is sent and still open."""
    for place, count in enumerate(shipments):
        on = seed.dates.day(seed.chance.randrange(seed.dates.days))
        order = _order(seed, vendors[place % len(vendors)], on, parts=count)
        _receive(seed, order, on, count, place)


def _order(seed: Seed, vendor: str, received: date, parts: int) -> PurchaseOrder:
    chance = seed.chance
    items = [_item(seed) for _ in range(chance.choices((1, 2, 3, 4, 6), (30, 30, 20, 15, 5))[0])]
    if parts > 1:
        items.append(seed.line("CAP-45-5", 12))  # something that can come in twelve pieces
    value = cents(sum((item.quantity * item.cost for item in items), ZERO))
    job = chance.choice(seed.jobs) if chance.random() < 0.65 else None
    zone = chance.choices(("", COST_ZONE, ACCOUNT_ZONE), (60, 25, 15))[0]
    return seed.order(
        vendor,
        items,
        received - timedelta(days=chance.randrange(1, 12)),
        unit=chance.choice(list(seed.units)),
        zone=zone,
        tax=cents(value * _RATES[zone]) if zone else ZERO,
        shipping=cents(Decimal(chance.randrange(900, 24_000)) / 100) if chance.random() < 0.25 else ZERO,
        job_id=job.id if job else None,
    )


def _item(seed: Seed) -> PurchaseOrderItem:
    article = seed.chance.choice(ARTICLES)
    by_length = "per foot" in article.name or "per pound" in article.name
    quantity = Decimal(seed.chance.randrange(20, 400)) / 4 if by_length else Decimal(seed.chance.randrange(1, 9))
    return seed.line(article.code, quantity)


def _receive(seed: Seed, order: PurchaseOrder, first: date, count: int, place: int) -> None:
    """All but the last shipment bring a few of the last line; the last brings the rest."""
    for shipment in range(count):
        last = shipment == count - 1
        quantities = None if last else [*(0 for _ in order.items[1:]), 3]
        on = min(first + timedelta(days=5 * shipment), seed.dates.last)
        landed = {"landed_cost_method": "ByValue"} if place % 10 == 3 else {}
        number = seed.next_number(_PATTERNS[place % len(_PATTERNS)])
        seed.receive(CASE, order, on, number=number, quantities=quantities, bill=landed)


def settle(seed: Seed) -> None:
    """Half a year's habits: some bills are reconciled with the vendor's paper before anything is connected."""
    for row in [one for one in seed.truth if one.case == CASE][::4]:
        bill = seed.tenant.bills[int(row.bill_id)]
        seed.tenant.reconcile_bill(bill.id, bill.modified_on, reconciled_on=bill.bill_date)


def share_one_second(seed: Seed, count: int) -> str:
    """A month-end batch: ``count`` bills modified in one second, a hundred of them at one instant, half posted.

    Returns that second.
    """
    chosen = [int(one.bill_id) for one in seed.truth if one.case == CASE][:count]
    night = seed.dates.last + timedelta(days=1)
    instant = f"{night.isoformat()}T06:00:07.1234567Z"
    posted = chosen[: count // 2]
    seed.tenant.post_bills(posted, "Month end", seed.dates.last, instant)
    for place, number in enumerate(chosen[len(posted) :]):
        fraction = 1_234_567 if place < 20 else place * 131
        seed.tenant.bills.touch(number, f"{night.isoformat()}T06:00:07.{fraction:07d}Z")
    return instant[:19] + "Z"
