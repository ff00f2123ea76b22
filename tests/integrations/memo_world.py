"""A credit memo that goes straight through, and books that carry out its steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.integrations.credit_memo_flow import CreditMemos
from ml_connector.integrations.decisions import Decision
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.views import View
from tests.integrations.payment_world import BAD_DEBT, ON, TABLES, UNIT, D, Run, invoice, read, showing
from tests.integrations.payment_world import view as payment_view

CODES = {
    "NONE": TaxCode("NONE", "Tax exempt", D(0)),
    "TAX1": TaxCode("TAX1", "Hennepin", D("0.0825")),
}
MEMO_TABLES: dict[str, dict[str, str]] = {
    **TABLES,
    "accounts": {"4900": BAD_DEBT},
    "tax": {"Hennepin": "TAX1", EXEMPT: "NONE"},
    "credit_memo_numbers": {},
}


def line(amount: str, id_: str = "1", **changes: Any) -> InvoiceLine:
    made = InvoiceLine(
        id_, D(amount), "Goodwill", unit_price=D(amount), account=Ref("s9", "Discounts", "4900"), business_unit=UNIT
    )
    return msgspec.structs.replace(made, **changes)


def memo(amount: str = "40", on: Mapping[str, str] | None = None, **changes: Any) -> Invoice:
    """A memo of one untaxed line, on no invoice unless told; what is not applied is its balance."""
    parts = tuple(
        Allocation(f"s{name}", Ref(name, number=name), D(part), changes.get("date", ON))
        for name, part in (on or {}).items()
    )
    made = Invoice(
        "m1", Ref("c1", "Smith"), D(amount), "credit note", "CM-901", ON, lines=(line(amount),), business_unit=UNIT,
        state=InvoiceState.POSTED, allocations=parts, balance=D(amount) - sum((one.amount for one in parts), D(0)),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def around(**changes: Any) -> dict[str, Any]:
    """What is known around a memo, changed. ``tables`` replaces whole tables."""
    tables = {**MEMO_TABLES, **changes.pop("tables", {})}
    return {"tables": tables, "ledger": {"tax_codes": CODES}, **changes}


def view(document: Document, **changes: Any) -> View:
    return payment_view(document, **around(**changes))


def plan(document: Document, **changes: Any) -> Decision:
    return read(CreditMemos().plan(view(document, **changes)))


def run(*more: Document, **changes: Any) -> Run:
    """Books with three open invoices."""
    shown = showing([invoice("A"), invoice("B"), invoice("C"), *more])
    return Run(shown, around=around(**changes), flow=CreditMemos())
