"""A company whose bank deposits are read, in a real ledger: the engine works, and the vendors' wires are played."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from service_ledger import TITAN
from tracking_world import DAY, ON, XERO, Tracking, make_tracking

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, ListEntry
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Deposit, Deposited, Payment
from ml_connector.service.clearing.report import clearing
from ml_connector.service.clearing.shapes import ClearingAccount, ClearingReport
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import flows_of
from ml_connector.sync.pull import pull

CHECK, CARD = Ref("3", "Check"), Ref("4", "Card")
CLEARING = Account("acc1", "Undeposited Funds", "1090", type="BANK", takes_payments=True)
CARDS = Account("acc2", "Card Clearing", "1095", type="BANK", takes_payments=True)
D = Decimal


def paid(id: str, amount: str = "100.00", **changes: Any) -> Payment:
    """A cheque at ServiceTitan, on an invoice that nobody has brought to Xero."""
    made = Payment(
        id, Ref("c1", "Acme Offices"), D(amount), date=ON, method=CHECK, number=f"CH-{id}",
        splits=(Allocation(f"s{id}", Ref(f"i{id}", number=f"I-{id}"), D(amount)),),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def booked(payment: Payment, account: str = "acc1", **changes: Any) -> Payment:
    """The same in Xero, under the id x<id>."""
    made = Payment(
        f"x{payment.id}", Ref("p1", "Acme Offices"), payment.amount, date=payment.date, currency="USD",
        bank_account=Ref(account),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def deposit(id: str, *payments: Payment, fees: str = "0.00", **changes: Any) -> Deposit:
    """A bank deposit of these payments two days after them, which adds up."""
    parts = tuple(Deposited(one.id, one.amount, one.date, one.number, one.method) for one in payments)
    gross = sum((one.amount for one in payments), D(0))
    made = Deposit(id, gross, gross - D(fees), D(fees), f"D-{id}", ON + 2 * DAY, payments=parts)
    return msgspec.structs.replace(made, **changes)


class Clearing:
    """The company, its flows deposits and payments on."""

    def __init__(self, tracking: Tracking) -> None:
        self.company, self.desk = tracking, tracking.desk

    async def read(self, flow: str, *shown: Document) -> None:
        """Have ServiceTitan read, and everything due planned."""
        company = self.company
        company.titan.lists = {**company.titan.lists, flow: shown}
        lane = await company._lane(company.source, company.titan, TITAN)
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            flows = await flows_of(connection, self.desk.tenant_id, lane.connection_id, lane.integrations)
        [wanted] = [one for one in flows if one.name == flow]
        for entity in ("business_units", "payment_types"):
            await refresh(lane, entity, 0)
        await pull(lane, wanted, "person", "cli/test")
        await company.plan()

    async def book(self, *payments: Payment) -> None:
        """Have Xero show these, each as the counterpart of the payment of its id."""
        shown = self.company.xero.lists.get("payments", ())
        self.company.xero.lists = {**self.company.xero.lists, "payments": (*shown, *payments)}
        await self.company.plan()
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, r.record_id from record r join flow f using (tenant_id, flow_id)
                where tenant_id = %s and f.name = 'payments'""",
                self.desk.tenant_id,
            )
        records = dict(rows)
        for one in payments:
            await link(self.desk, f"#{records[one.id.removeprefix('x')]}", one.id)

    async def report(self, **asked: Any) -> ClearingReport:
        return await clearing(self.desk, **asked)

    async def account(self, number: str = "1090", **asked: Any) -> ClearingAccount:
        return next(one for one in (await self.report(**asked)).accounts if one.number == number)


async def make_clearing(desk: Desk) -> Clearing:
    """Cheques go to 1090, cards to 1095."""
    tracking = await make_tracking(desk, "off")
    assert XERO.currency == "USD"
    types = (ListEntry("3", "payment_type", "Check"), ListEntry("4", "payment_type", "Card"))
    tracking.titan.lists = {**tracking.titan.lists, "payment_types": types, "payments": (), "deposits": ()}
    tracking.xero.lists = {**tracking.xero.lists, "accounts": (CLEARING, CARDS), "payments": ()}
    await tracking.plan()
    for key, value in (("3", "account:acc1"), ("4", "account:acc2")):
        await set_value(desk, tracking.integration, "payment_types", key, value)
    await set_flow_mode(desk, tracking.integration, "payments", "preview")
    await set_flow_mode(desk, tracking.integration, "deposits", "live")
    return Clearing(tracking)
