"""A company that sells, in a real ledger with Xero: the engine works, and the vendors' wires are played. Nobody writes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from tracking_world import Tracking, make_tracking

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Party, TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value

D = Decimal
ON = dt.date(2026, 8, 5)
JANE, BEND = Ref("c1", "Jane Doe"), Ref("c2", "Bend Bakery")
FLOWS = ("customers", "vendors", "invoices", "payments", "purchase_orders")
#: Xero's accounts: a bank account, one that payments are enabled for, two for lines, one of Xero's own, one archived.
ACCOUNTS = (
    Account("a1", "Checking", "1010", "BANK", postable=False),
    Account("a2", "Undeposited Money", "1200", "CURRENT"),
    Account("a3", "Sales", "4200", "REVENUE", takes_payments=False),
    Account("a4", "Bad Debt", "6800", "EXPENSE", takes_payments=False),
    Account("a5", "Accounts Receivable", "610", "CURRENT", postable=False, takes_payments=False),
    Account("a6", "Old Checking", "1020", "BANK", active=False, postable=False),
    Account("a7", "Sales", "4300", "REVENUE", takes_payments=False),
)
#: Jane is a private person who shares no fact with Xero's namesake but the phone of another: a person decides.
CUSTOMERS = (
    Party("c1", "customer", "Jane Doe", phone="5075550142"),
    Party("c2", "customer", "Bend Bakery"),
)
CONTACTS = (
    Party("p1", "vendor", "Johnstone Supply"),
    Party("p2", "customer", "Jane Dow", phone="5075550142"),
    Party("p3", "customer", "Jane Doe"),
)
LISTS: dict[str, tuple[Document, ...]] = {
    "accounts": ACCOUNTS, "tax_codes": (TaxCode("NONE", "Tax exempt", D(0)),),
    "dimensions": (Dimension("d1", "tracking_option", "Install", Ref("g1", "Unit")),), "parties": CONTACTS,
    **dict.fromkeys(
        ("invoices", "credit_notes", "payments", "overpayments", "prepayments", "purchase_orders", "bills"), ()
    ),
}  # fmt: skip
UNIT = Ref("bu1", "Install")


def invoice(id: str, customer: Ref = JANE, total: str = "100.00") -> Invoice:
    """A posted invoice of one line that is not taxed."""
    line = InvoiceLine(
        "1", D(total), "Compressor", quantity=D(1), unit_price=D(total), account=Ref("s1", "Service", "4200"),
        business_unit=UNIT,
    )  # fmt: skip
    return Invoice(
        id, customer, D(total), number=f"N-{id}", date=ON, due_date=ON + dt.timedelta(days=30), currency="USD",
        lines=(line,), business_unit=UNIT, state=InvoiceState.POSTED,
    )  # fmt: skip


def payment(id: str, of: Invoice) -> Payment:
    """All of an invoice, paid by cheque."""
    splits = (Allocation("1", Ref(of.id, number=of.number), of.total),)
    return Payment(
        id, of.customer, of.total, date=ON, currency="USD", method=Ref("t1", "Check"), splits=splits, business_unit=UNIT
    )  # fmt: skip


def order(id: str) -> PurchaseOrder:
    """An order that was sent to Johnstone Supply."""
    return PurchaseOrder(
        id, f"PO-{id}", Ref("v1", "Johnstone Supply"), D(100), "Sent", ON, state=OrderState.SENT, business_unit=UNIT,
        currency="USD", lines=(BillLine("1", D(100), description="Pipe", unit_cost=D(100)),),
    )  # fmt: skip


@dataclass
class Selling:
    """The company, its documents at ServiceTitan, and the engine to be run by hand."""

    world: Tracking

    @property
    def desk(self) -> Desk:
        return self.world.desk

    async def read(self, **documents: tuple[Document, ...]) -> None:
        """Have ServiceTitan read: customers, vendors and these."""
        self.world.titan.lists.update({"customers": CUSTOMERS, "tax_zones": (), "payment_types": (), **documents})
        await self.world.pull(FLOWS)

    async def plan(self, times: int = 4) -> None:
        """Have everything planned, what was released by it too."""
        for _ in range(times):
            await self.world.plan()

    async def map(self, **rows: dict[str, str]) -> None:
        """Fill mapping tables."""
        for table, values in rows.items():
            for key, value in values.items():
                await set_value(self.desk, self.world.integration, table, key, value, anyway=True)


async def make_selling(desk: Desk) -> Selling:
    """Invoices, payments and orders in preview; Xero's lists known."""
    made = Selling(await make_tracking(desk, "off"))
    made.world.xero.lists = dict(LISTS)
    for flow in ("invoices", "payments", "purchase_orders"):
        await set_flow_mode(desk, made.world.integration, flow, "preview")
    await made.world.plan()
    return made


async def fill(selling: Selling) -> None:
    """Every table that its documents need."""
    await selling.map(
        accounts={"4200": "a3"}, tax={"(exempt)": "NONE"}, business_units={"bu1": "d1"},
        payment_types={"t1": "account:a1"}, order_accounts={"(none)": "a3"},
    )  # fmt: skip
