"""Documents as the planner gives them, and their payloads and steps."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

from msgspec.structs import replace
from xero_script import guid

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address, Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.connectors.xero import CONNECTOR

ORG = Organisation("o", "Co", "NZD")
DAY = dt.date(2026, 9, 14)
CENT = Decimal("0.01")
LINE = InvoiceLine(
    "1", Decimal("21.00"), "Water heater install", quantity=Decimal(2), unit_price=Decimal("10.5"),
    account=Ref(guid(200, 3), "Sales", "200"), tax_code=Ref("OUTPUT2"), tax=Decimal("3.15"),
)  # fmt: skip
INVOICE = Invoice(
    "", Ref(guid(1, 2)), Decimal("24.15"), number="ST-1", date=DAY, due_date=dt.date(2026, 10, 14), currency="NZD",
    lines=(LINE,), tax=Decimal("3.15"), memo="job 5512", state=InvoiceState.AUTHORISED,
)  # fmt: skip
PAYMENT = Payment(
    "", Ref(guid(1, 2)), Decimal("10.00"), date=DAY, number="4711", bank_account=Ref(guid(90, 3)),
    splits=(Allocation("", Ref(guid(1)), Decimal("10.00")),),
)  # fmt: skip
ORDER = PurchaseOrder(
    "", "PO-7", Ref(guid(2, 2)), Decimal("12.3456"), date=DAY, state=OrderState.SENT, delivery="1 Main St\nTown",
    required_on=dt.date(2026, 9, 20), tax_basis=TaxBasis.NONE,
    lines=(BillLine("1", Decimal("12.35"), quantity=Decimal(1), unit_cost=Decimal("12.35"), account=Ref("", "", "300")),),
)  # fmt: skip


PARTY = Party(
    "", "customer", "Jane Doe", first_name="Jane", email="jane@example.test", phone="555-0100", account_number="77",
    has_tax_id=True, address=Address("1 Main St", "", "Town", "NY", "10101", "US"),
)  # fmt: skip
PART = Allocation("", Ref(guid(1)), Decimal("5.50"), DAY)
OVER = Payment(guid(9), Ref(guid(1, 2)), Decimal(20), PaymentKind.OVERPAYMENT, splits=(PART,))
NOTE = Invoice(guid(8), Ref(guid(1, 2)), Decimal(20), "credit note", allocations=(PART,))


def composed(
    document: Document, action: Action = Action.CREATE, reference: str = "servicetitan-1-invoices-1", **settings: str
) -> Composed:
    return CONNECTOR.compose(action, document, ORG, reference, settings)


def body(document: Document, action: Action = Action.CREATE, **settings: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(composed(document, action, **settings).body)
    return found


def step(n: int = 1, action: Action = Action.CREATE, **change: Any) -> Step:
    """A step for the invoice of ``invoice_row(n)``."""
    reference, target = f"servicetitan-1-invoices-{n}", "" if action is Action.CREATE else guid(n)
    document = replace(INVOICE, id=target, number=f"ST-{n}", **change)
    made = CONNECTOR.compose(action, document, ORG, reference, {})
    return Step(
        "invoices", action, reference, made.body, target, guid(1, 2), f"ST-{n}", DAY, made.total, "NZD"
    )  # fmt: skip


def of(entity: str, document: Document, action: Action = Action.CREATE, reference: str = "r-1", **more: Any) -> Step:
    made = CONNECTOR.compose(action, document, ORG, reference, {})
    target = more.pop("target_id", "" if action is Action.CREATE else document.id)
    return Step(entity, action, reference, made.body, target, total=made.total, **more)
