"""The vendor's own Python SDK drives the emulator over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.xero import XeroBooks, XeroEmulator

pytest.importorskip("xero_python", reason="the vendor's SDK is not installed")
import urllib3
from xero_python import accounting as sdk  # type: ignore[import-untyped]
from xero_python.accounting import AccountingApi  # type: ignore[import-untyped]
from xero_python.api_client import ApiClient  # type: ignore[import-untyped]
from xero_python.api_client.configuration import Configuration  # type: ignore[import-untyped]
from xero_python.api_client.oauth2 import OAuth2Token  # type: ignore[import-untyped]
from xero_python.exceptions import AccountingBadRequestException  # type: ignore[import-untyped]
from xero_python.identity import IdentityApi  # type: ignore[import-untyped]

pytestmark = pytest.mark.anyio
ORGANISATION = "11111111-2222-4333-8444-555555555555"
SCOPES = (
    "offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings.read "
    "accounting.banktransactions"
)
DAY = date(2026, 11, 16)


class Loopback(urllib3.PoolManager):
    """Sends what is meant for the vendor to one port of this machine, with the vendor's name as Host."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def request(self, method: str, url: str, **options: Any) -> Any:  # type: ignore[override]
        host = urlsplit(url).netloc
        options["headers"] = {**(options.get("headers") or {}), "Host": host}
        return super().request(method, url.replace(f"https://{host}", f"http://127.0.0.1:{self._port}"), **options)


@dataclass
class Outside:
    """The SDK's clients, and the emulator they speak to. ``tokens``: what the SDK saved, newest last."""

    company: XeroBooks
    client: ApiClient
    tokens: list[dict[str, Any]] = field(default_factory=list)

    @property
    def api(self) -> AccountingApi:
        return AccountingApi(self.client)

    async def call(self, method: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """The SDK blocks, and the emulator runs in this loop."""
        return await asyncio.to_thread(method, *arguments, **named)


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    company = XeroBooks(SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC)))
    desk = company.organisation(ORGANISATION, country="NZ").desk
    desk.add_account("090", "Bank", "BANK")
    desk.add_account("200", "Sales", "REVENUE")
    desk.add_account("300", "Purchases", "DIRECTCOSTS")
    desk.add_tracking_category("Business unit", ["HVAC", "Plumbing"])
    company.app("web-app", "web-secret", ["https://connector.test/cb"])
    emulator = XeroEmulator(company.clock, company)
    server = SandboxServer([emulator])
    await server.start()
    oauth = OAuth2Token(client_id="web-app", client_secret="web-secret")
    client = ApiClient(Configuration(oauth2_token=oauth), pool_threads=1)
    client.rest_client.pool_manager = Loopback(server.port)
    made = Outside(company, client)
    client.oauth2_token_saver(made.tokens.append)
    client.oauth2_token_getter(lambda: made.tokens[-1])
    refresh = company.refresh_token("web-app", SCOPES)
    access = company.grants.issue_access_token(refresh.app, refresh.user, refresh.scopes, refresh.auth_event_id)
    client.set_oauth2_token(
        {
            "access_token": access.token,
            "refresh_token": refresh.token,
            "expires_in": 1800,
            "token_type": "Bearer",
            "scope": SCOPES.split(),
        }
    )
    yield made
    await server.stop()


def line(unit: float = 10.5, account: str = "200") -> Any:
    return sdk.LineItem(description="Water heater", quantity=2.0, unit_amount=unit, account_code=account)


async def invoiced(outside: Outside, number: str = "ST-1") -> Any:
    contact = sdk.Contact(name="Jane Doe")
    invoice = sdk.Invoice(
        type="ACCREC",
        contact=contact,
        invoice_number=number,
        date=DAY,
        due_date=date(2026, 12, 16),
        status="AUTHORISED",
        line_items=[line()],
    )
    body = sdk.Invoices(invoices=[invoice])
    found = await outside.call(outside.api.create_invoices, ORGANISATION, body, unitdp=4, idempotency_key="k-1")
    return found.invoices[0]


async def test_tokens_and_connections(outside: Outside) -> None:
    before = outside.tokens[-1]["refresh_token"]
    await outside.call(outside.client.refresh_oauth2_token)
    assert outside.tokens[-1]["refresh_token"] != before
    (connection,) = await outside.call(IdentityApi(outside.client).get_connections)
    assert (connection.tenant_id, connection.tenant_type) == (ORGANISATION, "ORGANISATION")
    await outside.call(outside.client.revoke_oauth2_token)
    assert outside.company.grants.refresh_tokens() == []


async def test_the_organisation_and_its_lists(outside: Outside) -> None:
    api = outside.api
    organisation = (await outside.call(api.get_organisations, ORGANISATION)).organisations[0]
    assert (organisation.base_currency.value, organisation.country_code.value) == ("NZD", "NZ")
    accounts = (await outside.call(api.get_accounts, ORGANISATION, where='Type=="BANK"')).accounts
    assert [one.code for one in accounts] == ["090"]
    rates = (await outside.call(api.get_tax_rates, ORGANISATION)).tax_rates
    assert {one.tax_type for one in rates} >= {"OUTPUT2", "INPUT2", "NONE"}


async def test_contacts(outside: Outside) -> None:
    api = outside.api
    body = sdk.Contacts(contacts=[sdk.Contact(name="Acme", contact_number="ST-C-1", email_address="a@example.test")])
    made = (await outside.call(api.create_contacts, ORGANISATION, body)).contacts[0]
    with pytest.raises(AccountingBadRequestException) as caught:
        await outside.call(api.create_contacts, ORGANISATION, body)
    assert "already assigned to another contact" in caught.value.reason
    change = sdk.Contacts(contacts=[sdk.Contact(contact_id=made.contact_id, contact_status="ARCHIVED")])
    archived = (await outside.call(api.update_contact, ORGANISATION, made.contact_id, change)).contacts[0]
    assert archived.contact_status == "ARCHIVED"


async def test_invoices_payments_and_reading_since(outside: Outside) -> None:
    api = outside.api
    invoice = await invoiced(outside)
    assert (float(invoice.total), invoice.status, invoice.due_date) == (24.15, "AUTHORISED", date(2026, 12, 16))
    payment = sdk.Payment(
        invoice=sdk.Invoice(invoice_id=invoice.invoice_id),
        account=sdk.Account(code="090"),
        date=DAY,
        amount=24.15,
        reference="ST payment 1",
    )
    body = sdk.Payments(payments=[payment])
    paid = (await outside.call(api.create_payments, ORGANISATION, body, summarize_errors=False)).payments[0]
    assert (paid.status_attribute_string, paid.invoice.status) == ("OK", "PAID")
    since = datetime(2026, 11, 16, 13, tzinfo=UTC)
    found = await outside.call(api.get_invoices, ORGANISATION, if_modified_since=since, page=1, page_size=10)
    assert (found.pagination.item_count, found.invoices[0].payments[0].payment_id) == (1, paid.payment_id)
    gone = await outside.call(api.delete_payment, ORGANISATION, paid.payment_id, sdk.PaymentDelete(status="DELETED"))
    assert gone.payments[0].status == "DELETED"
    void = sdk.Invoices(invoices=[sdk.Invoice(status="VOIDED")])
    voided = await outside.call(api.update_invoice, ORGANISATION, invoice.invoice_id, void)
    assert voided.invoices[0].status == "VOIDED"


async def test_credits_and_orders(outside: Outside) -> None:
    api = outside.api
    invoice = await invoiced(outside)
    contact = sdk.Contact(contact_id=invoice.contact.contact_id)
    note = sdk.CreditNote(type="ACCRECCREDIT", contact=contact, date=DAY, status="AUTHORISED", line_items=[line(1.0)])
    notes = sdk.CreditNotes(credit_notes=[note])
    made = (await outside.call(api.create_credit_notes, ORGANISATION, notes)).credit_notes[0]
    allocation = sdk.Allocation(invoice=sdk.Invoice(invoice_id=invoice.invoice_id), amount=2.3, date=DAY)
    body = sdk.Allocations(allocations=[allocation])
    done = await outside.call(api.create_credit_note_allocation, ORGANISATION, made.credit_note_id, body)
    assert float(done.allocations[0].amount) == 2.3
    order = sdk.PurchaseOrder(contact=contact, date=DAY, line_items=[line(3.0, "300")], purchase_order_number="PO-9")
    orders = sdk.PurchaseOrders(purchase_orders=[order])
    await outside.call(api.create_purchase_orders, ORGANISATION, orders)
    listed = (await outside.call(api.get_purchase_orders, ORGANISATION)).purchase_orders
    assert [(one.purchase_order_number, one.status) for one in listed] == [("PO-9", "DRAFT")]
    read = (await outside.call(api.get_invoice, ORGANISATION, invoice.invoice_id)).invoices[0]
    assert (float(read.amount_due), float(read.amount_credited)) == (21.85, 2.3)


async def test_the_wire_shows_each_element_of_a_batch(outside: Outside) -> None:
    await invoiced(outside)
    contact = sdk.Contact(name="Jane Doe")
    numbers = ["ST-2", "ST-1", "ST-3"]
    wanted = [
        sdk.Invoice(
            type="ACCREC", contact=contact, invoice_number=one, date=DAY, due_date=DAY, status="AUTHORISED",
            line_items=[line()],
        )
        for one in numbers
    ]  # fmt: skip
    body = sdk.Invoices(invoices=wanted)
    found = await outside.call(
        outside.api.create_invoices, ORGANISATION, body, summarize_errors=False, idempotency_key="k-batch"
    )
    assert [one.status_attribute_string for one in found.invoices] == ["OK", "ERROR", "OK"]
    assert found.invoices[1].has_errors and "must be unique" in found.invoices[1].validation_errors[0].message
    again = await outside.call(
        outside.api.create_invoices, ORGANISATION, body, summarize_errors=False, idempotency_key="k-batch"
    )
    assert [one.invoice_id for one in again.invoices] == [one.invoice_id for one in found.invoices]
    with pytest.raises(AccountingBadRequestException) as caught:
        other = sdk.Invoices(invoices=wanted[:1])
        await outside.call(
            outside.api.create_invoices, ORGANISATION, other, summarize_errors=False, idempotency_key="k-batch"
        )
    assert "different request" in str(caught.value)
    listed = (await outside.call(outside.api.get_invoices, ORGANISATION, invoice_numbers=numbers)).invoices
    assert sorted(one.invoice_number for one in listed) == ["ST-1", "ST-2", "ST-3"]


async def test_contacts_in_a_batch_and_since(outside: Outside) -> None:
    api = outside.api
    body = sdk.Contacts(contacts=[sdk.Contact(name=one, contact_number=f"ST-C-{one}") for one in ("A", "B", "A")])
    made = (await outside.call(api.create_contacts, ORGANISATION, body, summarize_errors=False)).contacts
    assert [one.has_validation_errors for one in made] == [False, False, True]
    change = sdk.Contacts(contacts=[sdk.Contact(contact_id=made[1].contact_id, email_address="b@example.test")])
    (changed,) = (await outside.call(api.update_or_create_contacts, ORGANISATION, change)).contacts
    assert (changed.name, changed.email_address) == ("B", "b@example.test")
    long_ago, ahead = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2030))
    assert len((await outside.call(api.get_contacts, ORGANISATION, if_modified_since=long_ago)).contacts) == 2
    assert (await outside.call(api.get_contacts, ORGANISATION, if_modified_since=ahead)).contacts == []


@pytest.mark.parametrize("kind", ["OVERPAYMENT", "PREPAYMENT"])
async def test_money_beyond_invoices_is_applied_and_taken_back(outside: Outside, kind: str) -> None:
    api = outside.api
    invoice = await invoiced(outside)
    contact = sdk.Contact(contact_id=invoice.contact.contact_id)
    taxed = sdk.LineItem(description="On account", quantity=1.0, unit_amount=50.0, account_code="200", tax_type="NONE")
    plain = sdk.LineItem(description="On account", quantity=1.0, unit_amount=50.0)
    transaction = sdk.BankTransaction(
        type=f"RECEIVE-{kind}", contact=contact, bank_account=sdk.Account(code="090"), date=DAY, reference="ST payment 7",
        line_amount_types=sdk.LineAmountTypes.NOTAX, line_items=[plain if kind == "OVERPAYMENT" else taxed],
    )  # fmt: skip
    body = sdk.BankTransactions(bank_transactions=[transaction])
    made = (
        await outside.call(api.create_bank_transactions, ORGANISATION, body, summarize_errors=False)
    ).bank_transactions
    assert made[0].status_attribute_string == "OK"
    over = kind == "OVERPAYMENT"
    listing = api.get_overpayments if over else api.get_prepayments
    (held,) = getattr(await outside.call(listing, ORGANISATION), "overpayments" if over else "prepayments")
    assert (float(held.total), float(held.remaining_credit), held.status) == (50.0, 50.0, "AUTHORISED")
    id_ = held.overpayment_id if over else held.prepayment_id
    allocate = api.create_overpayment_allocations if over else api.create_prepayment_allocations
    allocation = sdk.Allocation(invoice=sdk.Invoice(invoice_id=invoice.invoice_id), amount=20.0, date=DAY)
    done = await outside.call(allocate, ORGANISATION, id_, sdk.Allocations(allocations=[allocation]))
    assert float(done.allocations[0].amount) == 20.0
    read = (await outside.call(api.get_invoice, ORGANISATION, invoice.invoice_id)).invoices[0]
    assert float(read.amount_due) == 4.15
    withdraw = api.delete_overpayment_allocations if over else api.delete_prepayment_allocations
    await outside.call(withdraw, ORGANISATION, id_, done.allocations[0].allocation_id)
    read = (await outside.call(api.get_invoice, ORGANISATION, invoice.invoice_id)).invoices[0]
    assert float(read.amount_due) == 24.15


async def test_lines_carry_tracking_and_orders_change(outside: Outside) -> None:
    api = outside.api
    (category,) = (await outside.call(api.get_tracking_categories, ORGANISATION)).tracking_categories
    assert [one.name for one in category.options] == ["HVAC", "Plumbing"]
    invoice = await invoiced(outside)
    contact = sdk.Contact(contact_id=invoice.contact.contact_id)
    tracked = line(3.0, "300")
    tracked.tracking = [sdk.LineItemTracking(name="Business unit", option="HVAC")]
    order = sdk.PurchaseOrder(
        contact=contact, date=DAY, line_items=[tracked], purchase_order_number="PO-9", status="AUTHORISED",
        delivery_instructions="At the back door",
    )  # fmt: skip
    orders = sdk.PurchaseOrders(purchase_orders=[order])
    (made,) = (
        await outside.call(api.create_purchase_orders, ORGANISATION, orders, summarize_errors=False)
    ).purchase_orders
    shown = made.line_items[0].tracking[0]
    assert (made.status_attribute_string, shown.name, shown.option) == ("OK", "Business unit", "HVAC")
    for status in ("BILLED", "DELETED"):
        change = sdk.PurchaseOrders(purchase_orders=[sdk.PurchaseOrder(status=status)])
        (changed,) = (
            await outside.call(api.update_purchase_order, ORGANISATION, made.purchase_order_id, change)
        ).purchase_orders
        assert changed.status == status


async def test_a_credit_note_is_refunded_and_its_allocation_undone(outside: Outside) -> None:
    api = outside.api
    invoice = await invoiced(outside)
    contact = sdk.Contact(contact_id=invoice.contact.contact_id)
    note = sdk.CreditNote(
        type="ACCRECCREDIT", contact=contact, date=DAY, status="AUTHORISED", line_items=[line(5.0)],
        credit_note_number="ST-CN-1",
    )  # fmt: skip
    notes = sdk.CreditNotes(credit_notes=[note])
    (made,) = (await outside.call(api.create_credit_notes, ORGANISATION, notes, summarize_errors=False)).credit_notes
    allocation = sdk.Allocation(invoice=sdk.Invoice(invoice_id=invoice.invoice_id), amount=2.0, date=DAY)
    body = sdk.Allocations(allocations=[allocation])
    done = await outside.call(api.create_credit_note_allocation, ORGANISATION, made.credit_note_id, body)
    undone = done.allocations[0].allocation_id
    await outside.call(api.delete_credit_note_allocations, ORGANISATION, made.credit_note_id, undone)
    refund = sdk.Payment(
        credit_note=sdk.CreditNote(credit_note_id=made.credit_note_id), account=sdk.Account(code="090"), date=DAY,
        amount=float(made.total), reference="ST refund 1",
    )  # fmt: skip
    (paid,) = (await outside.call(api.create_payments, ORGANISATION, sdk.Payments(payments=[refund]))).payments
    read = (await outside.call(api.get_credit_note, ORGANISATION, made.credit_note_id)).credit_notes[0]
    assert (paid.status, read.status, float(read.remaining_credit)) == ("AUTHORISED", "PAID", 0.0)
