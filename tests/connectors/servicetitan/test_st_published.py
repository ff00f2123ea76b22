"""Every request of this connector, held against the vendor's published documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, Expense
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action, Step
from tests.connectors.servicetitan.servicetitan_script import (
    Script,
    answer,
    bill,
    contact,
    customer,
    invoice,
    location,
    pages,
    payment,
    stamp,
    vendor,
)
from tests.contract import contract_published as published

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(
        not published.SERVICETITAN.exists(),
        reason="the vendor's published documents are not beside the checkout (../shared)",
    ),
]
LATE = "2026-06-01T13:00:00Z"
GUID = "01234567-89ab-cdef-0123-456789abcdef"
KEYED = {"application_guid": GUID}
HOME = Organisation("1234567", "Acme")
PLACE = Address("12 Main St", "Unit 2", "Austin", "TX", "78701", "USA")
CUSTOMER = Party("", "customer", "Acme", email="a@x.example", phone="5125550100", address=PLACE, private_person=True)
VENDOR = Party("", "vendor", "Parts", email="a@x.example", phone="1", first_name="P", last_name="L", address=PLACE)


def full() -> Script:
    """A tenant with something of everything."""
    script = Script(settings=KEYED)
    native = {"street": "1", "city": "A", "state": "TX", "zip": "7", "country": "USA"}
    script.lists |= {
        "customers": [customer(id, stamp(id), address={**native, "latitude": 1.5, "longitude": 2.5}) for id in (1, 2)],
        "locations": [location(5, 1, stamp())],
        "customers/contacts": [contact(11, 1, "Email", "old@x.example", stamp())],
        "invoices": [invoice(1, stamp(1), syncStatus="Exported")],
        "payments": [payment(1, stamp(1), type="Write-off", syncStatus="Exported")],
        "bank-deposits": [{"id": 1, "depositDate": LATE, "grossAmount": 5, "netAmount": 5, "modifiedOn": stamp()}],
        "credit-memos": [{"id": 1, "date": LATE[:10], "total": 5, "customer": {"id": 1}, "modifiedOn": stamp()}],
        "credit-memos/credit-memo-items": [{"id": 1, "creditMemoId": 1, "total": 5, "modifiedOn": stamp()}],
        "bank-deposits/1/transactions": [{"id": 1, "total": "5.00", "modifiedOn": stamp()}],
        "jobs": [{"id": 7001, "jobStatus": "Completed", "jobNumber": "J-1", "invoiceId": 1, "modifiedOn": LATE}],
        "vendors": [vendor(41, stamp())],
        "inventory-bills/paginated": [bill(1, stamp())],
        "purchase-orders": [
            {"id": 7, "number": "7", "vendorId": 41, "jobId": 7001, "total": 0, "status": "Sent", "modifiedOn": stamp()}
        ],
    }
    script.feed = [bill(1, stamp())]
    script.feeds = {
        "export/invoices": [invoice(1, stamp(1), items=None)],
        "export/payments": list(script.lists["payments"]),
        "export/customers/contacts": [{**script.lists["customers/contacts"][0], "modifiedOn": LATE}],
    }
    return script


def differences(script: Script) -> set[str]:
    found: set[str] = set()
    for request in script.sent:
        names = [name for name, _ in request.query]
        found |= published.differences("servicetitan", request.method, request.path, names, request.body or b"", 0, b"")
    return found


@pytest.mark.parametrize("entity", sorted(CONNECTOR.readable))
async def test_what_is_asked_is_published(entity: str) -> None:
    script = full()
    options = {"gate": "completed"} if entity == "invoices" else {}
    first = await pages(script, Reading(entity, options=options))
    await pages(script, Reading(entity, first[-1].cursor, options=options))
    if entity not in ("accounts", "business_units", "tax_zones", "payment_types", "payment_terms"):
        await pages(script, Reading(entity, ids=("1", "2"), options=options))
    await CONNECTOR.check(script, [entity])
    assert len(script.sent) >= 3
    assert differences(script) == set()


DOCUMENTS: dict[str, Document] = {
    "bills": Bill("1", Ref("41"), ZERO, purchase_order=Ref("7")),
    "invoices": Invoice("1", Ref("1"), ZERO),
    "credit_memos": Invoice("1", Ref("1"), ZERO, "credit note"),
    "ap_credits": Bill("1", Ref("41"), ZERO, source_kind="ap_credit"),
    "payments": Payment("1", Ref("1"), ZERO),
    "customers": CUSTOMER,
    "vendors": VENDOR,
}
LINE = BillLine("1", Decimal(5), account=Ref("70"), business_unit=Ref("3"), job=Ref("7001"), description="Fuel")
MADE: dict[str, Document] = {
    "payments": Payment(
        "", Ref("1"), Decimal(5), date=dt.date(2026, 5, 6), method=Ref("3"), number="1043",
        splits=(Allocation("", Ref("1"), Decimal(4)),), unapplied=Decimal(1),
    ),
    "journal_entries": Expense("", Decimal(5), date=dt.date(2026, 5, 6), lines=(LINE,), paid_through=Ref("71")),
}  # fmt: skip


@pytest.mark.parametrize(
    ("entity", "action"),
    [(entity, action) for entity in sorted(CONNECTOR.writable) for action in sorted(CONNECTOR.writable[entity])],
)
@pytest.mark.parametrize("settings", [KEYED, {}], ids=["with our reference", "without"])
async def test_what_is_written_is_published(entity: str, action: Action, settings: dict[str, str]) -> None:
    script = full()
    script.settings = settings
    answers: dict[str, Any] = {
        "POST customers": {**customer(3, stamp(), name="Acme"), "contacts": []},
        "PATCH customers/1": customer(1, stamp(), name="Acme"),
        "PATCH customers/1/contacts/11": contact(11, 1, "Email", "a@x.example", stamp()),
        "POST customers/1/contacts": contact(12, 1, "Phone", "5125550100", stamp()),
        "POST vendors": {"id": 41},
        "PATCH vendors/1": {"id": 41},
        "POST payments": {"id": 1, "splits": [], "typeId": 3},
        "POST journal-entries": {},
    }
    script.instead = {path: answer(200, body) for path, body in answers.items()}
    document = MADE[entity] if action is Action.CREATE and entity in MADE else DOCUMENTS[entity]
    composed = CONNECTOR.compose(action, document, HOME, "ours-1", settings)
    step = Step(entity, action, "ours-1", composed.body, target_id="" if action is Action.CREATE else "1")
    await CONNECTOR.write(script, step)
    assert any(request.method != "GET" for request in script.sent)
    await CONNECTOR.find(script, step)
    assert differences(script) == set()


async def test_what_a_preflight_asks_is_published() -> None:
    script = full()
    await CONNECTOR.preflight(script, ["payments", "journal_entries"])
    assert [request.method for request in script.sent] == ["POST", "GET"] * 2
    assert {one for one in differences(script) if "required" not in one} == set()


def test_the_ring_sees_what_is_not_published() -> None:
    path = "/crm/v2/tenant/1234567/customers"
    found = published.differences("servicetitan", "POST", path, ["colour"], b'{"name": "x", "town": "y"}', 0, b"")
    assert any("query.colour" in one for one in found)
    assert any("request.town" in one for one in found)
