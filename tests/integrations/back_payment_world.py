"""A payment of Zoho Books that goes straight back into ServiceTitan, and the view it is planned in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from bill_world import Rows
from zoho_sales_world import BOOKS, told

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import ListEntry, Organisation
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision
from ml_connector.integrations.pair_settings import Settings
from ml_connector.integrations.payments_back import PaymentsBack
from ml_connector.integrations.views import Behind, Ledger, View
from ml_connector.integrations.ways import ZOHO

D = Decimal
ON = dt.date(2026, 6, 9)
TITAN = Organisation("1204", "Polar Air", "USD")
SETTINGS = Settings(start_date=dt.date(2026, 1, 1), currency="USD")
TYPES = {
    "3": ListEntry("3", "payment_type", "Check"),
    "4": ListEntry("4", "payment_type", "Old cheque", active=False),
}
MODES = {"check": "3", "old": "4", "gone": "99", "card": "none"}
REFERENCE = "zoho_books-org-payments_back-zp1"


def sold(id: str, whole: str = "1000", **changes: Any) -> Invoice:
    """An invoice of ServiceTitan's."""
    made = Invoice(id, Ref("c1", "Jane Doe"), D(whole), number=f"n{id}", balance=D(whole))
    return msgspec.structs.replace(made, **changes)


def behind(**invoices: Invoice | None) -> dict[tuple[str, str], Behind]:
    """By Zoho's id ServiceTitan's invoice; its own id is the same without the z."""
    return {("invoices", name): Behind(name.removeprefix("z"), one) for name, one in invoices.items()}


def paid(amount: str = "100", on: Mapping[str, str] | None = None, **changes: Any) -> Payment:
    """A cheque that somebody has entered in Zoho Books, on invoice z1 unless other invoices are given."""
    shares = {"z1": amount} if on is None else on
    splits = tuple(Allocation(f"s{name}", Ref(name, number=f"N{name}"), D(part), ON) for name, part in shares.items())
    rest = D(amount) - sum((one.amount for one in splits), D(0))
    made = Payment(
        "zp1", Ref("zc1", "Jane Doe"), D(amount), date=ON, currency="USD", method=Ref(name="Check"), number="CHK 77",
        splits=splits, unapplied=rest, state="paid",
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def compose(action: Action, document: Document, reference: str) -> Composed:
    """The document as it is to be."""
    assert isinstance(document, Payment)
    return Composed(documents.encode(document), document.amount)


def view(document: Document, **changes: Any) -> View:
    """Everything known for it: one invoice that is ServiceTitan's, and one that is too."""
    known: dict[str, Any] = {
        "document": document, "source_id": document.id, "reference": REFERENCE, "first_seen_exported": False,
        "released": frozenset(), "settings": SETTINGS, "mappings": {"payment_modes": Rows(MODES)}, "links": {},
        "asked": frozenset(), "brings": frozenset(), "link": None, "source": BOOKS, "source_lists": {},
        "ledger": Ledger(TITAN, {}, {}, {}, {}, entries={"payment_types": TYPES}), "twins": (), "candidates": (),
        "compose": compose, "behind": behind(z1=sold("1"), z2=sold("2")), "ways": ZOHO,
    }  # fmt: skip
    return View(**{**known, **changes})


def plan(document: Document, flow: FlowType | None = None, **changes: Any) -> Decision:
    """The decision; what it says reads well."""
    return told((flow or PaymentsBack()).plan(view(document, **changes)))
