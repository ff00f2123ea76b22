"""A bill that goes straight through, and the view it is planned in; tests change one thing at a time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.integrations.bill_flow import Bills
from ml_connector.integrations.decisions import Decision, Hold, Skip, Write
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.reasons import REASONS
from ml_connector.integrations.views import Ledger, View
from ml_connector.integrations.ways import ZOHO

BOOKS = Organisation("org", "Polar Air", "USD", "America/Chicago", price_digits=2, rounding="line")
ACCOUNTS = {
    account.id: account
    for account in (
        Account("z5000", "Cost of parts"),
        Account("z6000", "Sales tax paid"),
        Account("z7000", "Freight in"),
        Account("z8000", "Rounding"),
        Account("z9000", "Closed account", active=False),
        Account("z1000", "Bank", postable=False),
    )
}
TAXES = {code.id: code for code in (TaxCode("t8", "MN 8.25", Decimal("0.0825")), TaxCode("t0", "Old", active=False))}
TAGS = {
    option.id: option
    for option in (
        Dimension("north", "reporting_tag", "North", Ref("unit", "Business unit")),
        Dimension("south", "reporting_tag", "South", Ref("unit", "Business unit")),
        Dimension("gone", "reporting_tag", "Gone", Ref("unit", "Business unit"), active=False),
        Dimension("duluth", "location", "Duluth"),
    )
}
VENDORS = {
    "zv1": Party("zv1", "vendor", "Beta Supplies", currency="USD"),
    "zv2": Party("zv2", "vendor", "Gamma", active=False, currency="USD"),
    "zv3": Party("zv3", "vendor", "Maple", currency="CAD"),
    "zv4": Party("zv4", "vendor", "Plain"),
}
UNIT = Ref("bu1", "North")
LINE = BillLine(
    "1", Decimal(100), description="Compressor", quantity=Decimal(4), unit_cost=Decimal(25),
    account=Ref("s5", "Parts", "5000"), business_unit=UNIT,
)  # fmt: skip
BILL = Bill(
    "b1", Ref("v1", "Beta Supplies"), Decimal(100), number="INV-1", own_number="ST-77", date=dt.date(2026, 6, 9),
    due_date=dt.date(2026, 7, 9), post_date=dt.date(2026, 6, 30), lines=(LINE,), business_unit=UNIT,
    job=Ref("j1", number="J-100"), tax_zone=Ref("1", "Duluth"), state=BillState.RECEIVED,
)  # fmt: skip
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), currency="USD")
TABLES: dict[str, dict[str, str]] = {
    "accounts": {"5000": "z5000"},
    "tax": {"Duluth": "cost"},
    "business_units": {"bu1": "north"},
    "jobs": {},
    "vendors": {},
    "bill_numbers": {},
}

_json = msgspec.json.Decoder(float_hook=Decimal)


class Rows(dict[str, str]):
    """A mapping table without dates."""

    def get(self, key: str, on: dt.date | None = None) -> str | None:  # type: ignore[override]
        return super().get(key)


def compose(books: Organisation) -> Any:
    """Zoho's own arithmetic and payload."""

    def composed(action: Action, document: Document, reference: str) -> Composed:
        return CONNECTOR.compose(action, document, books, reference, {})

    return composed


def bill(**changes: Any) -> Bill:
    """The good bill, changed. Amounts may be given as text."""
    amounts = {"total", "tax", "shipping", "other", "discount"}
    return msgspec.structs.replace(
        BILL, **{name: Decimal(value) if name in amounts else value for name, value in changes.items()}
    )


def line(amount: str, **changes: Any) -> BillLine:
    """A line of one piece."""
    return msgspec.structs.replace(
        LINE, amount=Decimal(amount), quantity=Decimal(1), unit_cost=Decimal(amount), **changes
    )


def view(
    document: Bill, *, tables: Mapping[str, Mapping[str, str]] | None = None, books: Organisation = BOOKS,
    settings: Mapping[str, Any] | None = None, ledger: Mapping[str, Any] | None = None, **changes: Any,
) -> View:  # fmt: skip
    """Everything known for the good bill, changed. ``tables`` replaces whole tables."""
    known = Ledger(books, ACCOUNTS, TAXES, TAGS, VENDORS)
    found = View(
        document=document,
        source_id=document.id,
        reference="mlc-1",
        ways=ZOHO,
        first_seen_exported=False,
        released=frozenset(),
        settings=msgspec.structs.replace(SETTINGS, **(settings or {})),
        mappings={name: Rows(rows) for name, rows in {**TABLES, **(tables or {})}.items()},
        links={("vendors", "v1"): "zv1"},
        asked=frozenset(),
        brings=frozenset(["vendors"]),
        link=None,
        source=Organisation("st", "Polar Air"),
        source_lists={"business_units": {}},
        ledger=dataclasses.replace(known, **(ledger or {})),
        twins=(),
        candidates=(),
        compose=compose(books),
    )
    return dataclasses.replace(found, **changes)


def plan(document: Bill, **changes: Any) -> Decision:
    """The decision on a bill."""
    decision = Bills().plan(view(document, **changes))
    for sentence in sentences(decision):
        assert_readable(sentence)
    return decision


def codes(decision: Decision) -> list[str]:
    """Why it waits or is passed over."""
    if isinstance(decision, Hold):
        return [wait.code for wait in decision.waits]
    return [decision.code] if isinstance(decision, Skip) else []


def sentences(decision: Decision) -> list[str]:
    if isinstance(decision, Hold):
        for wait in decision.waits:
            assert wait.code in REASONS
        return [text for wait in decision.waits for text in (wait.sentence, wait.action)]
    return [decision.sentence] if isinstance(decision, Skip) else []


def assert_readable(sentence: str) -> None:
    """A whole sentence with every field filled."""
    assert sentence[0].isupper() or sentence[0] == "'", sentence
    assert sentence.rstrip("'").endswith((".", "!")), sentence
    assert not set("{}") & set(sentence), sentence
    for blemish in ("  ", "''", "None", "()", "..", " .", " ,", "Decimal", "Ref("):
        assert blemish not in sentence, sentence


def body(decision: Decision) -> dict[str, Any]:
    """What would be sent to Zoho."""
    assert isinstance(decision, Write), decision
    return dict(_json.decode(decision.steps[0].body))


def amounts(decision: Decision) -> list[tuple[str, Decimal]]:
    """Account and amount of every line that would be sent."""
    return [
        (one["account_id"], Decimal(str(one["quantity"])) * Decimal(str(one["rate"])))
        for one in body(decision)["line_items"]
    ]
