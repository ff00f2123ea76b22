"""Goods the company sends back to its vendors, and their credits, on top of a company that buys.

Nothing of what stands in the books before is touched, so ids, numbers and amounts of it stay what they were; what must
become of a credit stands in a truth table of its own, since only who posts AP credits meets them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.ordinary import CASE as ORDINARY_CASE
from ml_connector_sandbox.company.seed import CURRENCY, ZERO, Seed
from ml_connector_sandbox.company.truth import HELD, POSTED, SKIPPED, VENDOR_CREDITS, BillTruth
from ml_connector_sandbox.servicetitan.books import ApCredit, Bill, Return, ReturnItem
from ml_connector_sandbox.servicetitan.books.purchasing import cents

Parts = dict[int, Decimal]
_DEAR = 10  # more than any fee for restocking it


class Returns:
    """Returns in the making. ``chance`` chooses which bills goods of go back; each bill is chosen once."""

    def __init__(self, seed: Seed, number: int) -> None:
        self.seed, self.returning = seed, seed.tenant.returning
        self._bills = [seed.tenant.bills[int(one.bill_id)] for one in seed.truth if _is_plain(one)]
        random.Random(f"returns {number}").shuffle(self._bills)
        self._count = 0

    def bill(self) -> Bill:
        """An ordinary bill in an open period that is posted, with goods on it that can go back."""
        while True:
            bill = self._bills.pop()
            if bill.items[0].quantity >= 1 and bill.items[0].cost > _DEAR and bill.job_id is None:
                return bill

    def send_back(self, bill: Bill, **more: Any) -> Return:
        """One piece of the bill's first line, six days after the bill."""
        self._count += 1
        line, on = bill.items[0], self._later(bill.bill_date, 6)
        item = ReturnItem(
            code=line.sku_code, name=line.name, quantity=Decimal(1), cost=line.cost, sku_id=line.sku_id,
            description=line.description, receipt_item_id=line.receipt_item_id, accounts=line.accounts,
        )  # fmt: skip
        assert bill.business_unit_id is not None
        values: dict[str, Any] = {
            "number": f"RT-{7_000 + self._count}", "vendor_id": bill.vendor_id, "return_date": on, "items": (item,),
            "business_unit_id": bill.business_unit_id, "purchase_order_id": bill.purchase_order_id,
            "reference_number": f"RMA {88_000 + self._count}", "inventory_location_id": 1,
        }  # fmt: skip
        return self.returning.send_back(Return(**{**values, **more}), self._stamp(on))

    def credited(self, case: str, goods: Return, parts: Parts | None = None, ends: str = POSTED) -> ApCredit:
        """The vendor's credit for it, four days later, and how it must end."""
        on = self._later(goods.return_date, 4)
        number = f"CM-{41_000 + self._count}"
        credit = self.returning.receive_credit(
            goods.id, parts, self._stamp(on), reference_number=number, credit_date=on
        )
        return self.expect(case, credit, ends)

    def expect(self, case: str, credit: ApCredit, ends: str) -> ApCredit:
        """Write down how a credit must end."""
        self.seed.credits.append(
            BillTruth(
                bill_id=str(credit.id), case=case, ends=ends, total=-credit.amount, currency=CURRENCY,
                target=VENDOR_CREDITS if ends == POSTED else None, vendor_id=str(credit.vendor_id),
                number=credit.reference_number or credit.number or "", date=credit.credit_date,
            )
        )  # fmt: skip
        return credit

    def plain_credit(self, bill: Bill, amount: Decimal, **more: Any) -> ApCredit:
        """A credit without a return: an allowance on the bill's price."""
        self._count += 1
        on = self._later(bill.bill_date, 9)
        values: dict[str, Any] = {
            "vendor_id": bill.vendor_id, "credit_date": on, "amount": amount, "business_unit_id": bill.business_unit_id,
            "number": f"VC-{7_000 + self._count}", "reference_number": f"AL-{41_000 + self._count}",
        }  # fmt: skip
        return self.returning.credit(ApCredit(**{**values, **more}), at=self._stamp(on))

    def _later(self, on: date, days: int) -> date:
        return min(on + timedelta(days=days), self.seed.dates.last)

    def _stamp(self, on: date) -> str:
        return self.seed.dates.stamp(on, 15_000 + self._count * 61, self._count)


def _is_plain(one: BillTruth) -> bool:
    return one.case == ORDINARY_CASE and one.ends == POSTED and one.total > 500


def _applied_whole(made: Returns) -> None:
    """One piece goes back, and its credit stands wholly on the bill it came with."""
    for _ in range(4):
        bill = made.bill()
        goods = made.send_back(bill)
        made.credited("applied_whole", goods, {bill.id: goods.amount(less_the_fee=True)})


def _taxed(made: Returns) -> None:
    """Tax comes back, too, and freight is credited; half of it is applied, the rest is open."""
    for _ in range(2):
        bill = made.bill()
        goods = made.send_back(bill, tax=cents(bill.items[0].cost / 20), shipping=Decimal("12.50"))
        made.credited("taxed", goods, {bill.id: cents(goods.amount(less_the_fee=True) / 2)})


def _not_applied(made: Returns) -> None:
    """A credit that nobody has put on a bill yet."""
    made.credited("not_applied", made.send_back(made.bill()))


def _restocked(made: Returns) -> None:
    """The vendor keeps a fee that no answer shows, so the lines come to more than the credit: a person has to look."""
    goods = made.send_back(made.bill(), restocking_fee=Decimal("4.00"))
    made.credited("restocked", goods, ends=HELD)


def _without_return(made: Returns) -> None:
    """An allowance: no return, so there is no line and no account to post it to."""
    made.expect("without_return", made.plain_credit(made.bill(), Decimal("35.00")), HELD)


def _cancelled(made: Returns) -> None:
    """A credit that was cancelled again; and a return that was."""
    credit = made.credited("cancelled", made.send_back(made.bill()), ends=SKIPPED)
    made.returning.cancel_credit(credit.id, credit.modified_on)
    goods = made.send_back(made.bill())
    made.returning.cancel(goods.id, "Duplicate", goods.modified_on)


def _under_way(made: Returns) -> None:
    """Goods on their way, and goods nobody has sent yet: no credit until it is received."""
    goods = made.send_back(made.bill())
    made.returning.ship(goods.id, goods.modified_on)
    made.send_back(made.bill())


CASES: tuple[Callable[[Returns], None], ...] = (
    _applied_whole, _taxed, _not_applied, _restocked, _without_return, _cancelled, _under_way,
)  # fmt: skip
# What becomes a vendor credit on its bill, and goods on their way.
ORDINARY: tuple[Callable[[Returns], None], ...] = (_applied_whole, _under_way)


def send_back(seed: Seed, number: int, cases: Sequence[Callable[[Returns], None]] = CASES) -> None:
    """Seed returns and credits. ``number`` seeds the chance; the same number on the same books gives the same."""
    made = Returns(seed, number)
    for case in cases:
        case(made)
    posted = [int(one.bill_id) for one in seed.credits if one.case == "applied_whole"]
    at = seed.dates.stamp(seed.dates.last + timedelta(days=1), 60)
    made.returning.post(posted[:2], "Returns", at)
    assert all(one.total < ZERO for one in seed.credits)
