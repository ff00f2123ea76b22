"""Every operation served, held against the vendor's published document."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import servicetitan_published as published
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
from servicetitan_world import GUID, Client, World

from ml_connector_sandbox.servicetitan.books import ExpenseItem
from ml_connector_sandbox.servicetitan.calls import Operation
from ml_connector_sandbox.servicetitan.resources import operations

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(not published.DOCUMENT.exists(), reason=published.SKIP_REASON),
]


def fill(world: World) -> dict[str, int]:
    """Records with every optional part, and others with none; returns ids for the paths."""
    _, bill = world.books.receive(world.order.id, vendor_invoice_number="INV-1")
    world.books.keeps_bills = False
    world.books.receive(world.add_order().id)
    assert bill is not None
    expense = ExpenseItem(
        id=world.books.next_id(), amount=Decimal("5.00"), general_ledger_account_id=world.account.id,
        job_id=world.job.id, business_unit_id=world.unit.id,
    )  # fmt: skip
    world.books.modify_bill(
        bill.id, expense_items=(expense,), due_date=date(2026, 6, 1), vendor_invoice_total=Decimal(9)
    )
    world.books.post_bills([bill.id], "May", date(2026, 5, 9))
    world.books.cancel_bill(bill.id)
    return {
        "billId": bill.id, "accountId": world.account.id, "inventory/vendors": world.vendor.id,
        "inventory/purchase-orders": world.order.id, "settings/business-units": world.unit.id,
        "jpm/jobs": world.job.id,
    }  # fmt: skip


def path_of(operation: Operation, ids: dict[str, int]) -> str:
    head, _, name = f"{operation.module}/{operation.path}".partition("/{")
    return f"{head}/{ids.get(name.rstrip('}'), ids.get(head))}" if name else head


def body_of(operation: Operation, ids: dict[str, int]) -> Any:
    if operation.path.endswith("markasexported"):
        return {"inventoryBillIds": [ids["billId"], 1], "billIds": [ids["billId"], 1]}
    address = dict.fromkeys(("street", "unit", "city", "state", "zip", "country"), "x")
    external = {"applicationGuid": GUID, "externalData": [{"key": "k", "value": "v"}]}
    return {
        "name": "New", "active": True, "isTruckReplenishment": False, "taxRate": 0, "address": address,
        "restrictedMobileCreation": False, "externalData": external,
    }  # fmt: skip


async def test_every_operation_answers_as_published(api: Client, world: World) -> None:
    ids = fill(world)
    for operation in operations():
        path = path_of(operation, ids)
        params = {"externalDataApplicationGuid": GUID} if path.startswith("inventory/vendors") else {}
        more: dict[str, Any] = {"params": params}
        if operation.method != "GET":
            more = {"json": body_of(operation, ids)}
        answer = await api.call(operation.method, path, **more)  # the client checks every 200
        assert answer.status == 200, (operation, answer.text)
        if operation.method == "GET":
            rows = answer.body if isinstance(answer.body, list) else answer.body.get("data", [answer.body])
            assert rows, operation


async def test_every_operation_served_is_published(world: World) -> None:
    for operation in operations():
        template = f"/{operation.module}/v2/tenant/{{tenant}}/{operation.path}"
        assert operation.method.lower() in published.document()["paths"][template]


async def test_the_check_sees_a_wrong_answer(api: Client, world: World) -> None:
    answer = await api.get("inventory/vendors")
    answer.body["data"][0]["defaultTaxRate"] = "0.0825"
    with pytest.raises(ValidationError):
        published.check("GET", "/inventory/v2/tenant/1001/vendors", json.dumps(answer.body).encode())


async def test_refusals_of_the_modules_are_as_published(api: Client) -> None:
    answer = await api.get("inventory/vendors", page="0")
    schema = {**published.document()["components"]["schemas"]["ApiErrorResponse"]}
    Draft202012Validator(schema).validate(json.loads(answer.text))
