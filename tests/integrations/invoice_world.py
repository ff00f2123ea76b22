"""An invoice that goes straight through, and the view it is planned in; tests change one thing at a time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from bill_world import Rows, assert_readable, codes, sentences

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, ListEntry, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.invoice_flow import Invoices
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.views import Ledger, Linked, View

__all__ = ["Rows", "assert_readable", "codes", "sentences"]

D = Decimal
REFERENCE = "servicetitan-1-invoices-i1"


def guid(n: int) -> str:
    """An id as Xero's are."""
    return f"00000000-0000-4000-8000-{n:012d}"


BOOKS = Organisation("org", "Polar Air", "USD", "America/Chicago", edition="US")
SALES, PARTS, ROUND, CLOSED, BANK = (guid(n) for n in (200, 260, 860, 299, 90))
ACCOUNTS = {
    account.id: account
    for account in (
        Account(SALES, "Service revenue", "200"),
        Account(PARTS, "Parts revenue", "260"),
        Account(ROUND, "Rounding", "860"),
        Account(CLOSED, "Old revenue", "299", active=False),
        Account(BANK, "Checking", "090", postable=False),
    )
}
TAXES = {
    code.id: code
    for code in (
        TaxCode("TAX001", "Austin 8.25", D("0.0825")),
        TaxCode("TAX002", "Dallas 8.25", D("0.0825")),
        TaxCode("NONE", "Tax exempt", D(0)),
        TaxCode("OLD", "Old", D("0.05"), active=False),
    )
}
NORTH, SOUTH, GONE, OTHER = (guid(n) for n in (501, 502, 503, 504))
UNITS = Ref(guid(500), "Business unit")
OPTIONS = {
    option.id: option
    for option in (
        Dimension(NORTH, "tracking_option", "North", UNITS),
        Dimension(SOUTH, "tracking_option", "South", UNITS),
        Dimension(OTHER, "tracking_option", "Other", UNITS),
        Dimension(GONE, "tracking_option", "Gone", UNITS, active=False),
    )
}
JANE, ARCHIVED, MAPLE, MERGED, JUNE = (guid(n) for n in (1, 2, 3, 4, 5))
CONTACTS = {
    party.id: party
    for party in (
        Party(JANE, "customer", "Jane Doe", currency="USD"),
        Party(JUNE, "customer", "June Doe", currency="USD"),
        Party(ARCHIVED, "customer", "Gamma", active=False),
        Party(MAPLE, "customer", "Maple", currency="CAD"),
        Party(MERGED, "customer", "Jane D.", active=False, merged_into=JANE),
    )
}
ZONES = {
    zone.id: zone
    for zone in (
        TaxCode("z1", "Austin", D("0.0825")),
        TaxCode("z2", "Parts only", labor_rate=D(0), material_rate=D("0.0825")),
        TaxCode("z3", "Both", labor_rate=D("0.02"), material_rate=D("0.08")),
    )
}
TERMS = {
    term.id: term
    for term in (
        ListEntry("n30", "payment_term", "Net 30", days=30, rule="days"),
        ListEntry("m15", "payment_term", "15th", days=15, rule="this month"),
        ListEntry("f31", "payment_term", "Month end", days=31, rule="next month"),
        ListEntry("odd", "payment_term", "Odd"),
    )
}
UNIT = Ref("bu1", "North")
LINE = InvoiceLine(
    "1", D(100), "Compressor", sku="CMP", quantity=D(4), unit_price=D(25), account=Ref("s4", "Parts", "4000"),
    tax_base="material", taxable=True, business_unit=UNIT,
)  # fmt: skip
INVOICE = Invoice(
    "i1", Ref("c1", "Jane Doe"), D("108.25"), number="5512", date=dt.date(2026, 6, 9), due_date=dt.date(2026, 7, 9),
    lines=(LINE,), tax=D("8.25"), tax_zone=Ref("z1", "Austin"), business_unit=UNIT, location=Ref("l1", "12 Main St"),
    job=Ref("j1", "Install", "J-100"), state=InvoiceState.POSTED, state_words="status Posted",
)  # fmt: skip
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), currency="USD")
TABLES: dict[str, dict[str, str]] = {
    "accounts": {"4000": SALES, "4100": PARTS},
    "tax": {"Austin": "TAX001", "Dallas": "TAX002", "Parts only": "TAX001", "Both": "TAX001", EXEMPT: "NONE"},
    "business_units": {"bu1": NORTH, "bu2": SOUTH, "bu9": "none"},
    "customers": {},
    "locations": {},
    "invoice_numbers": {},
}

_json = msgspec.json.Decoder(float_hook=Decimal)


def compose(books: Organisation) -> Any:
    """Xero's own arithmetic and payload."""

    def composed(action: Action, document: Document, reference: str) -> Composed:
        return CONNECTOR.compose(action, document, books, reference, {})

    return composed


def invoice(**changes: Any) -> Invoice:
    """The good invoice, changed. Amounts may be given as text."""
    amounts = {"total", "tax", "discount"}
    return msgspec.structs.replace(
        INVOICE, **{name: D(value) if name in amounts else value for name, value in changes.items()}
    )


def line(amount: str, id: str = "1", **changes: Any) -> InvoiceLine:
    """A line of one piece."""
    return msgspec.structs.replace(LINE, id=id, amount=D(amount), quantity=D(1), unit_price=D(amount), **changes)


def credit(**changes: Any) -> Invoice:
    """An adjustment that takes the good invoice back."""
    whole = {"id": "i2", "number": "5513", "total": "-108.25", "tax": "-8.25", "lines": (line("-100"),)}
    return invoice(**{**whole, "adjusts": Ref("i1"), **changes})


def view(
    document: Document, *, tables: Mapping[str, Mapping[str, str]] | None = None, books: Organisation = BOOKS,
    settings: Mapping[str, Any] | None = None, ledger: Mapping[str, Any] | None = None,
    counterparts: Mapping[tuple[str, str], Document] | None = None, **changes: Any,
) -> View:  # fmt: skip
    """Everything known for the good invoice, changed. ``tables`` replaces whole tables.

    ``counterparts``: what the target shows, by what they are linked to; ``links`` name them then.
    """
    known = Ledger(books, ACCOUNTS, TAXES, OPTIONS, CONTACTS)
    found = View(
        document=document,
        source_id=document.id,
        reference=f"servicetitan-1-invoices-{document.id}",
        first_seen_exported=False,
        released=frozenset(),
        settings=msgspec.structs.replace(SETTINGS, **(settings or {})),
        mappings={name: Rows(rows) for name, rows in {**TABLES, **(tables or {})}.items()},
        links={("customers", "c1"): JANE},
        asked=frozenset(),
        brings=frozenset(["customers"]),
        link=None,
        source=Organisation("1", "Polar Air"),
        source_lists={"business_units": {}, "tax_zones": ZONES, "payment_terms": TERMS},
        ledger=dataclasses.replace(known, **(ledger or {})),
        twins=(),
        candidates=(),
        compose=compose(books),
    )
    links: Mapping[tuple[str, str], str] = changes.get("links", {})
    at_target = {("invoices", links[pair]): one for pair, one in (counterparts or {}).items()}
    return dataclasses.replace(found, **({"at_target": at_target} | changes))


def plan(document: Invoice, **changes: Any) -> Decision:
    """The decision on an invoice."""
    decision = Invoices().plan(view(document, **changes))
    for sentence in sentences(decision):
        assert_readable(sentence)
    return decision


# --- what was posted -------------------------------------------------------------------------------------------------


def shown(document: Invoice = INVOICE, *, id: str = guid(77), **changes: Any) -> Invoice:
    """What Xero shows of an invoice that was posted: its answer to what is sent."""
    decision = plan(document, settings={"invoice_gate": "completed"})
    assert isinstance(decision, Write), decision
    sent = body(decision)
    lines = tuple(
        InvoiceLine(
            guid(900 + n), D(one["LineAmount"]), one["Description"], quantity=D(one["Quantity"]),
            unit_price=D(one["UnitAmount"]), account=Ref("", "", one.get("AccountCode", "")),
            tax_code=Ref(one["TaxType"]), tax=D(one["TaxAmount"]),
            taxable=bool(one["TaxAmount"]),
            dimensions=tuple(Ref(t["TrackingOptionID"], "", t["TrackingCategoryID"]) for t in one.get("Tracking", ())),
        )
        for n, one in enumerate(sent["LineItems"])
    )  # fmt: skip
    kind = "credit note" if document.total < 0 else "invoice"
    found = Invoice(
        id, Ref(JANE, "Jane Doe"), abs(document.total), kind, decision.steps[0].number, document.date, document.due_date,
        "USD", TaxBasis.EXCLUSIVE, lines, abs(document.tax), memo="Job J-100, 12 Main St",
        state=InvoiceState(sent["Status"].lower()), balance=abs(document.total),
        reference=f"servicetitan-1-invoices-{document.id}",
    )  # fmt: skip
    return msgspec.structs.replace(found, **changes)


def linked(
    posted: Invoice = INVOICE, now: Invoice | None = None, base: Invoice | None = None, entity: str = ""
) -> Linked:
    """The link of an invoice that was posted; ``now`` and ``base`` as Xero showed it unless they are given."""
    there = base or shown(posted)
    return Linked(entity or ("credit_notes" if posted.total < 0 else "invoices"), there.id, there, posted, now or there)


# --- what is sent ----------------------------------------------------------------------------------------------------


def body(decision: Decision, n: int = 0) -> dict[str, Any]:
    """What would be sent to Xero in one of the steps."""
    assert isinstance(decision, Write), (decision, codes(decision))
    return dict(_json.decode(decision.steps[n].body))


def step(decision: Decision, n: int = 0) -> Step:
    """One of the steps."""
    assert isinstance(decision, Write), (decision, codes(decision))
    return decision.steps[n]


def amounts(decision: Decision) -> list[tuple[str, Decimal, str, Decimal]]:
    """Account, amount, tax type and tax of every line that would be sent."""
    return [
        (one["AccountCode"], D(one["LineAmount"]), one["TaxType"], D(one["TaxAmount"]))
        for one in body(decision)["LineItems"]
    ]
