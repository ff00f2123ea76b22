"""An invoice that goes straight through into Zoho Books, and the view it is planned in; tests change one thing at a time.

What is composed here is the canonical document itself, with the total that Zoho's arithmetic gives it.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from bill_world import Rows, assert_readable, codes, sentences

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document, amount_of
from ml_connector.canonical.master_data import Account, Dimension, Item, ListEntry, Organisation, Party, TaxCode
from ml_connector.canonical.money import ZERO, rounded
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.views import Ledger, Linked, View
from ml_connector.integrations.ways import ZOHO
from ml_connector.integrations.zoho_sales import ZohoInvoices

D = Decimal
DAY = dt.date(2026, 6, 9)
BOOKS = Organisation("org", "Polar Air", "USD", "America/Chicago", edition="US", rounding="line")
SALES, PARTS, LABOR, ROUND, CASH = "z200", "z260", "z270", "z860", "z610"
ACCOUNTS = {
    account.id: account
    for account in (
        Account(SALES, "Service revenue", "200", "income"),
        Account(PARTS, "Parts revenue", "260", "income"),
        Account(LABOR, "Labor revenue", "", "income"),
        Account(ROUND, "Rounding", "", "other_expense"),
        Account(CASH, "Undeposited Funds", "", "cash"),
        Account("z611", "Card clearing", "", "payment_clearing"),
    )
}
TAXES = {"tx1": TaxCode("tx1", "Austin", D("0.0825")), "tx0": TaxCode("tx0", "No tax", D(0))}
ITEMS = {
    item.id: item
    for item in (
        Item("it1", "material", "Compressor", "CMP", income_account=Ref(PARTS, "Parts revenue", "260")),
        Item("it2", "service", "Labor, hourly", "LAB-1", income_account=Ref(LABOR, "Labor revenue")),
        Item("it3", "service", "Anything", "", income_account=Ref(LABOR, "Labor revenue")),
        Item("it4", "material", "Old filter", "FLT", income_account=Ref(PARTS), active=False),
        Item("it5", "service", "Rounding", "", income_account=Ref(ROUND, "Rounding")),
    )
}
NORTH = Dimension("opt1", "reporting_tag", "North", Ref("tag1", "Area"))
JANE, JUNE = "zc1", "zc2"
CONTACTS = {
    JANE: Party(JANE, "customer", "Jane Doe", currency="USD"),
    JUNE: Party(JUNE, "customer", "June Doe", currency="USD"),
}
UNIT = Ref("bu1", "North")
LINE = InvoiceLine(
    "1", D(100), "Compressor, 2 t", sku="CMP", quantity=D(4), unit_price=D(25), account=Ref("s4", "Parts", "4000"),
    tax_base="material", taxable=True, business_unit=UNIT,
)  # fmt: skip
INVOICE = Invoice(
    "i1", Ref("c1", "Jane Doe"), D("108.25"), number="5512", date=DAY, due_date=dt.date(2026, 7, 9), lines=(LINE,),
    tax=D("8.25"), tax_zone=Ref("z1", "Austin"), business_unit=UNIT, location=Ref("l1", "12 Main St"),
    job=Ref("j1", "Install", "J-100"), state=InvoiceState.POSTED, state_words="status Posted",
)  # fmt: skip
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), currency="USD")
TABLES: dict[str, dict[str, str]] = {
    "sales_accounts": {"4000": PARTS, "4100": LABOR},
    "sales_tax": {"Austin": "tx1"},
    "items": {},
    "business_units": {"bu1": NORTH.id, "bu2": "none"},
    "customers": {},
    "locations": {},
    "invoice_numbers": {},
    "credit_memo_numbers": {},
}
REFERENCE = "servicetitan-1-invoices-i1"


def zoho_total(document: Document) -> Decimal:
    """What Zoho makes of it: lines, and tax by the rate of each line's tax, rounded per line; of a credit what it applies."""
    if isinstance(document, Invoice) and document.allocations:
        return document.allocations[0].amount
    if not isinstance(document, Invoice) or not document.lines:
        return amount_of(document) or ZERO
    rates = {line.id: TAXES[line.tax_code.id].rate if line.tax_code.id else ZERO for line in document.lines}
    taxes = [rounded(line.amount * (rates[line.id] or ZERO), "USD") for line in document.lines]
    return sum((line.amount for line in document.lines), sum(taxes, ZERO))


def compose(action: Action, document: Document, reference: str) -> Composed:
    """The document as it is to be."""
    return Composed(documents.encode(document), zoho_total(document))


def line(amount: str, id: str = "1", **changes: Any) -> InvoiceLine:
    """A line of one piece."""
    return msgspec.structs.replace(LINE, id=id, amount=D(amount), quantity=D(1), unit_price=D(amount), **changes)


def labor(amount: str, id: str = "2", **changes: Any) -> InvoiceLine:
    """A line of untaxed work."""
    work = {"sku": "LAB-1", "description": "Labor", "account": Ref("s5", "Labor", "4100"), "taxable": False}
    return line(amount, id, **{**work, **changes})


def invoice(**changes: Any) -> Invoice:
    """The good invoice, changed. Amounts may be given as text."""
    amounts = {"total", "tax", "discount"}
    return msgspec.structs.replace(INVOICE, **{name: D(v) if name in amounts else v for name, v in changes.items()})


def view(
    document: Document, *, tables: Mapping[str, Mapping[str, str]] | None = None,
    settings: Mapping[str, Any] | None = None, ledger: Mapping[str, Any] | None = None, flow: str = "invoices",
    **changes: Any,
) -> View:  # fmt: skip
    """Everything known for the good invoice, changed. ``tables`` replaces whole tables."""
    known = Ledger(BOOKS, ACCOUNTS, TAXES, {NORTH.id: NORTH}, CONTACTS, items=ITEMS)
    id_ = str(getattr(document, "id", ""))
    found = View(
        document=document,
        source_id=id_,
        reference=f"servicetitan-1-{flow}-{id_}",
        first_seen_exported=False,
        released=frozenset(),
        settings=msgspec.structs.replace(SETTINGS, **(settings or {})),
        mappings={name: Rows(rows) for name, rows in {**TABLES, **(tables or {})}.items()},
        links={("customers", "c1"): JANE},
        asked=frozenset(),
        brings=frozenset(["customers", "invoices"]),
        link=None,
        source=Organisation("1", "Polar Air"),
        source_lists={
            "tax_zones": {"z1": TaxCode("z1", "Austin", D("0.0825"))},
            "payment_terms": {"n30": ListEntry("n30", "payment_term", "Net 30", days=30, rule="days")},
        },
        ledger=dataclasses.replace(known, **(ledger or {})),
        twins=(),
        candidates=(),
        compose=compose,
        ways=ZOHO,
    )
    return dataclasses.replace(found, **changes)


def told(decision: Decision) -> Decision:
    """The decision, whose sentences all read well and name Zoho where they name a ledger."""
    for sentence in sentences(decision):
        assert_readable(sentence)
        assert "Xero" not in sentence
    return decision


def plan(document: Invoice, **changes: Any) -> Decision:
    """The decision on an invoice."""
    return told(ZohoInvoices().plan(view(document, **changes)))


def step(decision: Decision, n: int = 0) -> Step:
    """One of the steps."""
    assert isinstance(decision, Write), (decision, codes(decision))
    return decision.steps[n]


def sent(decision: Decision, n: int = 0) -> Any:
    """The document that a step sends."""
    return documents.decode(step(decision, n).body)


def shown(document: Invoice = INVOICE, **changes: Any) -> Invoice:
    """What Zoho shows of an invoice that was posted: an unpaid one, its lines with ids of their own."""
    there = sent(plan(document))
    assert isinstance(there, Invoice)
    sign = -1 if there.total < 0 else 1
    lines = tuple(
        msgspec.structs.replace(one, id=f"zl{n}", amount=sign * one.amount, tax=None)
        for n, one in enumerate(there.lines, 1)
    )
    whole = {
        "id": "zi1", "total": abs(there.total), "tax": abs(there.tax), "lines": lines, "balance": abs(there.total),
        "state": InvoiceState.AUTHORISED,
    }  # fmt: skip
    return msgspec.structs.replace(there, **{**whole, **changes})


def linked(posted: Invoice = INVOICE, now: Invoice | None = None, base: Invoice | None = None) -> Linked:
    """The link of an invoice that was posted; ``now`` and ``base`` as Zoho showed it unless they are given."""
    there = base or shown(posted)
    return Linked("credit_notes" if posted.total < 0 else "invoices", there.id, there, posted, now or there)
