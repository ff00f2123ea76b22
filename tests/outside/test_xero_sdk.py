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
SCOPES = "offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings.read"
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
