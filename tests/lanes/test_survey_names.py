"""What a survey keeps of keys: their names, but of no customer and no vendor."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, PurchaseOrder
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.base import IntegrationType
from ml_connector.lanes.runtime import integrations
from ml_connector.lanes.survey import _keys
from ml_connector.lanes.surveyed_keys import opened, shown

JANE = Ref("p-jane", "Jane Doe")
PLACE = Ref("l-lake", "Lake Cabin")
PIPE = BillLine("1", Decimal(10), description="Pipe", account=Ref("a1", "Materials", "5100"))
BILL = Bill("b1", JANE, Decimal(10), number="INV-1", currency="USD", lines=(PIPE,))
INVOICE = Invoice("i1", JANE, Decimal(10), number="1001", currency="USD", location=PLACE)


def kept(kind: IntegrationType, document: Document) -> dict[str, str]:
    every: Any = SimpleNamespace(integration=kind, type=SimpleNamespace(tables={table.name for table in kind.tables}))
    return _keys(every, document)


@pytest.mark.parametrize("kind", integrations().values(), ids=lambda one: one.kind)
@pytest.mark.parametrize("document", [BILL, INVOICE], ids=["bill", "invoice"])
def test_no_table_keeps_what_people_are_called(kind: IntegrationType, document: Document) -> None:
    names = kept(kind, document)
    assert not [key for key, name in names.items() if "Jane" in name or "Lake" in name]


def test_vendors_of_cost_centres_are_known_by_their_ids_and_accounts_by_their_names() -> None:
    names = kept(integrations()["zoho_books-servicenow"], BILL)
    assert names["vendor_cost_centers:p-jane"] == names["vendors:p-jane"] == ""
    assert "Materials" in names["accounts:a1"]


def test_what_is_kept_tells_which_rows_a_document_may_go_by_and_which_of_them_it_shows() -> None:
    taxed = msgspec.structs.replace(BILL, tax=Decimal(1), business_unit=Ref("7", "North"))
    texts = {opened(text): shown(text) for text in kept(integrations()["servicetitan-zoho_books"], taxed)}
    assert texts["tax", ("(no zone)", "business unit 7")] == "tax:(no zone)"
    assert texts["vendors", ("p-jane",)] == "vendors:p-jane", "not in which currency, which needs no row"
    order = PurchaseOrder("o1", "PO-1", JANE, Decimal(11), currency="USD", tax=Decimal(1), lines=(PIPE,))
    orders = {opened(text) for text in kept(integrations()["servicetitan-xero"], order)}
    assert ("order_accounts", ("(tax)", "(none)")) in orders
