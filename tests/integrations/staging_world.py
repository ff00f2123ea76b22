"""A bill and a payment that are staged straight away, and the views they are planned in; tests change one thing at a time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from bill_world import Rows, assert_readable, codes, sentences

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, ListEntry, Organisation, Party
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.views import Ledger, Linked, View
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION

D = Decimal
DAY = dt.date(2026, 6, 9)
HOME = Address("1 Ship Street", "", "Duluth", "MN", "55802", "US")
REFERENCE = "mlc-7"


def center(id_: str, name: str, number: str, **changes: Any) -> Dimension:
    return Dimension(id_, "cost_center", name, number=number, code=number, **changes)


CENTERS = {
    one.id: one
    for one in (
        center("cc-north", "North office", "4100"),
        center("cc-south", "South office", "4200"),
        center("cc-old", "Old office", "4300", valid_through=dt.date(2026, 5, 31)),
        center("cc-next", "Next office", "4400", valid_from=dt.date(2026, 7, 1)),
        center("cc-bare", "Bare office", ""),
        center("cc-off", "Closed office", "4500", active=False),
    )
}
TAG = Ref("tag1", "Office")
NORTH, SOUTH = Ref("o-north", "North", "tag1"), Ref("o-south", "South", "tag1")
OPTIONS = {
    one.id: one
    for one in (
        Dimension("o-north", "reporting_tag", "North", TAG),
        Dimension("o-south", "reporting_tag", "South", TAG),
        Dimension("o-crew", "reporting_tag", "Crew 5", Ref("tag2", "Crew")),
        Dimension("l-duluth", "location", "Duluth"),
        Dimension("p-school", "project", "School"),
    )
}
ACCOUNTS = {
    one.id: one
    for one in (
        Account("g6100", "Parts", "6100"),
        Account("g6900", "Freight", "6900"),
        Account("g6990", "Rounding", "6990"),
        Account("g-off", "Closed", "6999", active=False),
        Account("g-bare", "Bare"),
    )
}
ENTRIES = {
    "legal_entities": {
        "le-us": ListEntry("le-us", "legal_entity", "Polar Air Inc", number="1000"),
        "le-ca": ListEntry("le-ca", "legal_entity", "Polar Air Canada", number="2000"),
        "le-off": ListEntry("le-off", "legal_entity", "Gone", active=False, number="3000"),
    },
    "payment_terms": {"t30": ListEntry("t30", "payment_term", "Net 30 days", number="N30")},
}
SUPPLIERS = {
    one.id: one
    for one in (
        Party("s1", "vendor", "Beta Supplies", account_number="v1", address=HOME),
        Party("s2", "vendor", "Gamma", active=False, account_number="v2"),
        Party("s3", "vendor", "Delta"),
    )
}
VENDOR = Party("v1", "vendor", "Beta Supplies", email="ap@beta.example", address=HOME)
LINE = BillLine(
    "z-line-1", D(100), description="Compressor", quantity=D(4), unit_cost=D(25), account=Ref("a1", "Parts", "5000"),
    dimensions=(NORTH,),
)  # fmt: skip
BILL = Bill(
    "zb1", Ref("v1", "Beta Supplies"), D(100), number="INV-1", date=DAY, due_date=dt.date(2026, 7, 9), currency="USD",
    lines=(LINE,), state=BillState.OPEN, status="open", balance=D(100), terms="Net 30",
)  # fmt: skip
PAYMENT = Payment(
    "zp1", Ref("v1", "Beta Supplies"), D(100), date=dt.date(2026, 6, 20), currency="USD", method=Ref(name="Check"),
    number="CHK-77", splits=(Allocation("bp1", Ref("zb1", "", "INV-1"), D(100)),),
)  # fmt: skip
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), cost_center_from=("Office",))
TABLES: dict[str, dict[str, str]] = {
    "accounts": {"a1": "g6100"},
    "cost_centers": {},
    "vendor_cost_centers": {},
    "vendors": {},
    "legal_entities": {"(all)": "le-us"},
    "terms": {},
    "payment_methods": {"Check": "cheque"},
    "bill_numbers": {},
}
LINKS = {("vendors", "v1"): "s1", ("cost_centers", "o-north"): "cc-north"}


def compose(action: Action, document: Document, reference: str) -> Composed:
    """What a connector does, in the canonical text: the total is by the parts, as the target computes it."""
    if isinstance(document, Bill):
        return Composed(documents.encode(document), total(one.amount for one in document.lines) + document.tax)
    amount = total(one.amount for one in document.splits) if isinstance(document, Payment) else D(0)
    return Composed(documents.encode(document), amount)


def bill(**changes: Any) -> Bill:
    """The good bill, changed. Amounts may be given as text."""
    amounts = {"total", "tax", "shipping", "other", "discount", "balance"}
    return msgspec.structs.replace(
        BILL, **{k: D(v) if k in amounts and v is not None else v for k, v in changes.items()}
    )


def line(amount: str, **changes: Any) -> BillLine:
    """A line of one piece."""
    given = {"quantity": D(1), "unit_cost": D(amount), **changes}
    return msgspec.structs.replace(LINE, amount=D(amount), **given)


def payment(**changes: Any) -> Payment:
    """The good payment, changed."""
    return msgspec.structs.replace(PAYMENT, **changes)


def split(id_: str, bill_id: str, amount: str) -> Allocation:
    return Allocation(id_, Ref(bill_id, "", bill_id.upper()), D(amount))


def view(
    document: Any, *, tables: Mapping[str, Mapping[str, str]] | None = None, settings: Mapping[str, Any] | None = None,
    ledger: Mapping[str, Any] | None = None, links: Mapping[tuple[str, str], str | None] | None = None, **changes: Any,
) -> View:  # fmt: skip
    """Everything known for the good documents, changed. ``tables`` replaces whole tables; ``links`` adds, None takes away."""
    known = Ledger(Organisation("sn", "Instance", "USD"), ACCOUNTS, {}, CENTERS, SUPPLIERS, None, ENTRIES)
    found = View(
        document=document,
        source_id=document.id,
        reference=REFERENCE,
        first_seen_exported=False,
        released=frozenset(),
        settings=msgspec.structs.replace(SETTINGS, **(settings or {})),
        mappings={name: Rows(rows) for name, rows in {**TABLES, **(tables or {})}.items()},
        links={pair: target for pair, target in {**LINKS, **(links or {})}.items() if target is not None},
        asked=frozenset(),
        brings=frozenset(["vendors", "cost_centers", "bills"]),
        link=None,
        source=Organisation("zoho", "Polar Air", "USD"),
        source_lists={"dimensions": dict(OPTIONS)},
        ledger=dataclasses.replace(known, **(ledger or {})),
        twins=(),
        candidates=(),
        compose=compose,
        sources={("vendors", "v1"): VENDOR},
    )
    return dataclasses.replace(found, **changes)


def plan(document: Any, flow: str = "bills", **changes: Any) -> Decision:
    """The decision of a flow on a document."""
    return decided(INTEGRATION.flow(flow), view(document, **changes))


def decided(flow: FlowType, seen: View) -> Decision:
    """The decision; each of its sentences reads well."""
    decision = flow.plan(seen)
    for text in sentences(decision):
        assert_readable(text)
        assert "ServiceTitan" not in text
    return decision


def staged(decision: Decision) -> Any:
    """The document that the only step stages."""
    assert isinstance(decision, Write), (codes(decision), sentences(decision))
    [step] = decision.steps
    return documents.decode(step.body)


def linked(source: Any, now: Any, entity: str = "bills", id_: str = "inv-1") -> Linked:
    """A link to what was staged of ``source``, and shows ``now`` there."""
    return Linked(entity, id_, now, source, now)


def there(state: BillState = BillState.DRAFT, **changes: Any) -> Bill:
    """The bill as the target shows it."""
    shown = Bill("inv-1", Ref("s1"), D(100), number="INV-1", own_number="zb1", state=state, reference=REFERENCE)
    return msgspec.structs.replace(shown, **changes)
