"""Every operation served, held against the vendor's published document."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import servicetitan_published as published
from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
from servicetitan_receivables import receivables
from servicetitan_world import GUID, Client, World

from ml_connector_sandbox.kernel.webhook_rules import Change, Numbers, Subscription
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    ApCredit,
    Contact,
    CreditMemo,
    CreditMemoItem,
    ExpenseItem,
    JournalEntry,
    JournalLine,
    PriceModifier,
    Return,
    ReturnItem,
    Sku,
)
from ml_connector_sandbox.servicetitan.calls import Operation
from ml_connector_sandbox.servicetitan.resources import operations
from ml_connector_sandbox.servicetitan.webhooks import ServiceTitanWebhooks, announcer

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(not published.DOCUMENT.exists(), reason=published.SKIP_REASON),
]


def fill(world: World) -> dict[str, Any]:
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
    fill_returns(world, bill.id)
    world.books.post_bills([bill.id], "May", date(2026, 5, 9))
    world.books.cancel_bill(bill.id)
    ids: dict[str, Any] = {
        "billId": bill.id, "accountId": world.account.id, "inventory/vendors": world.vendor.id,
        "inventory/purchase-orders": world.order.id, "settings/business-units": world.unit.id,
        "jpm/jobs": world.job.id,
    }  # fmt: skip
    ids["accounting/journal-entries"] = fill_journal(world)
    return ids | fill_pricebook(world) | fill_receivables(world)


def fill_returns(world: World, bill_id: int) -> None:
    """A credited return of one line with everything on it, and a credit with nothing."""
    books, vendor_id = world.books, world.vendor.id
    item = ReturnItem(
        code="CAP", name="Capacitor", quantity=Decimal(2), cost=Decimal(20), serial_numbers=((0, "S-1"),),
        accounts=Accounts(general_ledger=world.account.id),
    )  # fmt: skip
    goods = Return(
        number="RT-1", vendor_id=vendor_id, business_unit_id=world.unit.id, return_date=date(2026, 5, 8), items=(item,),
        tax=Decimal("3.30"), shipping=Decimal(5), purchase_order_id=world.order.id, job_id=world.job.id,
    )  # fmt: skip
    kept = books.returning.receive_credit(books.returning.send_back(goods).id, {bill_id: Decimal(10)})
    books.returning.credit(ApCredit(vendor_id=vendor_id, credit_date=date(2026, 5, 8), amount=Decimal(1)))
    books.returning.post([kept.id], "May")
    books.returning.cancel(books.returning.send_back(goods).id, "VendorIssue")


def fill_journal(world: World) -> str:
    """An entry with everything on it and one of ServiceTitan's own with nothing; returns the first one's GUID."""
    account, day = world.account.id, date(2026, 5, 8)
    lines = (
        JournalLine(
            debit=Decimal("1.50"), account_id=account, memo="m", vendor_id=world.vendor.id, job_id=world.job.id
        ),
        JournalLine(credit=Decimal("1.50"), business_unit_id=world.unit.id, post_date=day),
    )
    made = world.books.journals.enter(
        JournalEntry(number=1, name="E", post_date=day, lines=lines, custom_fields=(("k", "v"),), exported_by="ann",
                     exported_on="2026-05-09T00:00:00.0000000Z")
    )  # fmt: skip
    world.books.journals.enter(JournalEntry(number=2, source="ServiceTitan", sync_status="Synced"))
    return made.guid


def fill_pricebook(world: World) -> dict[str, int]:
    """Of each kind one with everything on it, and one with a code alone."""
    books, account = world.books, world.account.id
    accounts = Accounts(general_ledger=account, cost_of_sale=account, asset=account)
    ids = {}
    for name, table in (("materials", books.materials), ("equipment", books.equipment), ("services", books.services)):
        whole = Sku(
            code=f"{name}-1", display_name="Whole", description="<p>x</p>", price=Decimal("1.5"), accounts=accounts,
            cost=Decimal("0.3333333"), primary_vendor_id=world.vendor.id, vendor_part="V-1", unit_of_measure="ft",
            business_unit_id=world.unit.id, external_data={GUID: {"k": "v"}},
        )  # fmt: skip
        ids[f"pricebook/{name}"] = table.add(whole).id
        table.add(Sku(code=f"{name}-2"))
    made = books.price_modifiers.add(PriceModifier(code="OFF", amount=Decimal(25), account_id=account))
    books.price_modifiers.add(PriceModifier(code="FEE", type="Fee", amount_type="Percentage", amount=Decimal("2.5")))
    return ids | {"pricebook/discounts-and-fees": made.id}


def fill_receivables(world: World) -> dict[str, int]:
    """An invoice of two lines with everything on it, another with nothing, and what was paid, kept and given."""
    ledger = receivables(world.books, world.account.id)
    books, customer, location = ledger.books, ledger.customer, ledger.location
    own = Contact(customer_id=customer.id, location_id=location.id, type="MobilePhone", value="555-0100")
    books.crm.add_contact(own)
    invoice = ledger.invoice("100.00", "5.00", summary="<p>Coil</p>", type_id=3, assigned_to_id=7)
    ledger.invoice()
    payment = ledger.paid("60.00", {invoice.id: "50.00"}, memo="thanks", auth_code="A1")
    ledger.paid("9.00")
    deposit = books.collecting.deposit([payment.id], "Card", date(2026, 5, 9), bank_account_id=world.account.id)
    memo = CreditMemo(
        reference_number="CM", customer_id=customer.id, memo_date=date(2026, 5, 8), sub_total=Decimal(5),
        location_id=location.id, tax_zone_id=location.tax_zone_id,
    )  # fmt: skip
    lines = (
        CreditMemoItem(
            sku_name="GW", price=Decimal(4), business_unit_id=world.unit.id, description="Goodwill",
            accounts=Accounts(general_ledger=world.account.id, cost_of_sale=world.account.id),
        ),
        CreditMemoItem(sku_name="", price=Decimal(1)),
    )  # fmt: skip
    given = books.collecting.give_credit(memo, {invoice.id: Decimal(2)}, items=lines)
    [contact] = books.crm.contacts_of(customer.id)
    return {
        "crm/customers": customer.id, "contactId": contact.id, "crm/locations": location.id,
        "accounting/invoices": invoice.id, "invoiceId": invoice.id, "itemId": invoice.items[0].id,
        "accounting/payments": payment.id, "accounting/payment-types": ledger.check.id,
        "paymentTermId": ledger.term.id, "accounting/bank-deposits": deposit.id,
        "accounting/credit-memos": given.id,
    }  # fmt: skip


def path_of(operation: Operation, ids: dict[str, Any]) -> str:
    """A parameter by its own name, ``id`` by what stands before it."""
    parts = [operation.module]
    for part in operation.path.split("/"):
        name = part.strip("{}")
        parts.append(str(ids.get(name) or ids["/".join(parts)]) if part.startswith("{") else part)
    return "/".join(parts)


WHERE = dict.fromkeys(("street", "unit", "city", "state", "zip", "country"), "x")
EXTERNAL = {"applicationGuid": GUID, "externalData": [{"key": "k", "value": "v"}]}
LOCATION = {"name": "New", "address": WHERE, "contacts": [{"type": "Phone", "value": "1"}]}


def body_of(operation: Operation, ids: dict[str, Any]) -> Any:
    """The body of each write, by method and path; vendors take the general one."""
    split = {"invoiceId": ids["invoiceId"], "amount": 1}
    payment = {"typeId": ids["accounting/payment-types"], "splits": [split]}
    both = {"inventoryBillIds": [ids["billId"], 1], "billIds": [ids["billId"], 1]}
    bodies: dict[str, Any] = {
        "POST inventory-bills/markasexported": both, "POST ap-bills/markasexported": both,
        "POST invoices/markasexported": [{"invoiceId": ids["invoiceId"]}, {"invoiceId": 1}],
        "POST bank-deposits/markasexported": {"ids": [ids["accounting/bank-deposits"]]},
        "POST journal-entries": {"status": "Open", "versionId": 1},
        "POST ap-credits/markasexported": [{"apCreditId": 1}],
        "POST credit-memos/markasexported": [{"creditMemoId": ids["accounting/credit-memos"]}],
        "PATCH credit-memos/{id}": {"summary": "x"}, "POST credit-memos/{id}/splits": {"splits": [split]},
        "POST invoices": {"adjustmentToId": ids["invoiceId"]},
        "PATCH invoices/{id}": {"summary": "x"},
        "PATCH invoices/{invoiceId}/items": {"description": "x", "quantity": 1, "id": ids["itemId"]},
        "POST payments": payment, "PATCH payments/{id}": payment,
        "POST payments/status": {"paymentIds": [ids["accounting/payments"]], "status": "Pending"},
        "POST customers": {"name": "New", "address": WHERE, "locations": [LOCATION], "externalData": EXTERNAL},
        "PATCH customers/{id}": {"name": "New", "externalData": EXTERNAL},
        "POST locations": {**LOCATION, "customerId": ids["crm/customers"]}, "PATCH locations/{id}": {"name": "New"},
        "POST customers/{id}/contacts": {"type": "Phone", "value": "1"},
        "PATCH customers/{id}/contacts/{contactId}": {"value": "a@b.example"},
    }  # fmt: skip
    vendor = {
        "name": "New", "active": True, "isTruckReplenishment": False, "taxRate": 0, "address": WHERE,
        "restrictedMobileCreation": False, "externalData": EXTERNAL,
    }  # fmt: skip
    return bodies.get(f"{operation.method} {operation.path}", vendor)


async def test_every_operation_answers_as_published(api: Client, world: World) -> None:
    world.switches.limits, world.switches.api_edits_posted_invoices = False, True
    ids = fill(world)
    rest = [one for one in operations() if one.method != "DELETE"]
    for operation in rest + [one for one in operations() if one.method == "DELETE"]:
        path = path_of(operation, ids)
        params = {"externalDataApplicationGuid": GUID} if path in READ_WITH_DATA else {}
        params |= {"customerIds": str(ids["crm/customers"])} if path == "crm/customers/contacts" else {}
        more: dict[str, Any] = {"params": params}
        if operation.method not in ("GET", "DELETE"):
            more = {"json": body_of(operation, ids)}
        answer = await api.call(operation.method, path, **more)  # the client checks every 200
        assert answer.status == 200, (operation, answer.text)
        if operation.method == "GET":
            rows = answer.body if isinstance(answer.body, list) else answer.body.get("data", [answer.body])
            assert rows, operation


READ_WITH_DATA = ("inventory/vendors", "crm/customers", "crm/locations")


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


async def test_an_announced_invoice_is_as_published(world: World) -> None:
    """The merged document has no webhooks; the module's own has them for invoices."""
    module = json.loads((published.DOCUMENT.parent / "accounting-v2.json").read_text())
    ledger = receivables(world.books, world.account.id)
    changes: list[Change] = []
    world.company.listen(announcer(changes.append))
    made = ledger.invoice("10.00", posted=True)
    ledger.books.invoicing.mark_exported(made.id)
    rules = ServiceTitanWebhooks(world.company, world.switches)
    for event in ("batched", "posted", "exported", "updated"):
        change = next(one for one in changes if one.event == f"invoice.{event}")
        parcel = rules.compose(Subscription(1, "", rules.events), change, Numbers(1, 1))
        model = f"CloudEvent_Of_Accounting.V2.Webhook.Invoice{event.capitalize()}EventPayload"
        schema = published.nullable({**module["components"]["schemas"][model], "components": module["components"]})
        Draft202012Validator(schema).validate(json.loads(parcel.body))
        assert f"tn.acc.invoice-{event}" in schema["properties"]["type"]["description"]
        assert json.loads(parcel.body)["type"] == f"tn.acc.invoice-{event}"
