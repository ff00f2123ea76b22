"""Purchase orders as documents: lines, totals, dates, status, and the names of what they name by id."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import OrderState, PurchaseOrder
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import payloads, translate_orders
from ml_connector.connectors.servicetitan.translate import understood
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, Script, pages, stamp, vendor

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "servicetitan" / "examples" / "synthetic"


def order(id: int, **more: Any) -> dict[str, Any]:
    item = {"id": 441, "skuName": "Capacitor", "skuCode": "CAP", "quantity": 20, "cost": 20.0, "total": 400.0}
    shown = {
        "id": id,
        "number": f"PO-{id}",
        "vendorId": 41,
        "jobId": 8,
        "businessUnitId": 1026,
        "status": "PartiallyReceived",
        "vendorDocumentNumber": "INV-88",
        "date": "2026-05-01T00:00:00Z",
        "requiredOn": "2026-05-08T00:00:00Z",
        "sentOn": "2026-05-01T13:00:00Z",
        "receivedOn": None,
        "total": 463.3,
        "tax": 33.3,
        "shipping": 30.0,
        "shipTo": {
            "street": "12 Main St",
            "unit": "B",
            "city": "Austin",
            "state": "TX",
            "zip": "78701",
            "country": "USA",
        },
        "items": [item],
        "modifiedOn": stamp(id),
    }
    return {**shown, **more}


def read(shown: dict[str, Any]) -> PurchaseOrder:
    return translate_orders.purchase_order(understood(json.dumps(shown).encode(), payloads.PurchaseOrder))


def test_an_order_ties_and_keeps_its_dates() -> None:
    found = read(order(1))
    assert total(line.amount for line in found.lines) + found.tax + found.shipping == found.total == Decimal("463.3")
    assert (found.date, found.required_on, found.sent_on, found.received_on) == (
        dt.date(2026, 5, 1),
        dt.date(2026, 5, 8),
        dt.date(2026, 5, 1),
        None,
    )
    assert (found.number, found.vendor_document) == ("PO-1", "INV-88")
    assert found.delivery == "12 Main St\nB\nAustin, TX 78701\nUSA"
    line = found.lines[0]
    assert (line.sku, line.quantity, line.unit_cost) == ("CAP", Decimal(20), Decimal(20))
    assert (line.business_unit, line.job) == (Ref("1026"), Ref("8"))
    assert decode(encode(found)) == found
    bare = read(order(1, tax=None, shipping=None, shipTo=None, jobId=None, total=400))
    assert (bare.tax, bare.delivery, bare.job) == (Decimal(0), "", Ref())


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("Pending", OrderState.PENDING),
        ("Sent", OrderState.SENT),
        ("PartiallyReceived", OrderState.SENT),
        ("Received", OrderState.RECEIVED),
        ("Exported", OrderState.RECEIVED),
        ("Canceled", OrderState.CANCELED),
    ],
)
def test_what_a_status_means(status: str, state: OrderState) -> None:
    found = read(order(1, status=status))
    assert (found.status, found.state, found.exported) == (status, state, status == "Exported")


async def test_names_and_numbers_come_fifty_a_call_where_they_may_be_read() -> None:
    script = Script()
    script.lists["purchase-orders"] = [order(id, vendorId=1000 + id, jobId=2000 + id) for id in range(1, 71)]
    script.lists["purchase-orders"].append(order(99, status="Lost"))
    script.lists["vendors"] = [vendor(1000 + id, stamp()) for id in range(1, 71)]
    script.lists["jobs"] = [{"id": 2000 + id, "jobNumber": f"J-{id}"} for id in range(1, 71)]
    (page,) = await pages(script, Reading("purchase_orders"))
    found = [row.document for row in page.rows if isinstance(row.document, PurchaseOrder)]
    assert {(one.vendor.name, one.job.number) for one in found} == {
        (f"Vendor {1000 + n}", f"J-{n}") for n in range(1, 71)
    }
    assert found[0].lines[0].job.number == "J-1"
    assert "'Lost', which is not known" in page.rows[-1].problem
    assert script.paths() == ["purchase-orders", "vendors", "vendors", "jobs", "jobs"]
    script.scopes = ALL_SCOPES - {"tn.inv.vendors:r", "tn.jpm.jobs:r"}
    (page,) = await pages(script, Reading("purchase_orders"))
    assert isinstance(page.rows[0].document, PurchaseOrder)
    assert (page.rows[0].document.vendor, page.rows[0].document.job) == (Ref("1001"), Ref("2001"))


@pytest.mark.shared
def test_the_published_example() -> None:
    if not EXAMPLES.exists():
        pytest.skip("the vendor's examples are not here")
    for shown in json.loads((EXAMPLES / "purchase-orders-page.json").read_text())["body"]["data"]:
        found = read(shown)
        assert total(line.amount for line in found.lines) + found.tax + found.shipping == found.total
