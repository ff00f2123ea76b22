"""What the receivables say without ids and stamps, and what people's doings announce."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_clock import HandClock
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import World, furnish

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.webhook_rules import Change, Numbers, Subscription
from ml_connector_sandbox.servicetitan import ServiceTitanBooks, ServiceTitanEmulator
from ml_connector_sandbox.servicetitan.books import Contact, Customer, batch, post_batch
from ml_connector_sandbox.servicetitan.webhooks import ServiceTitanWebhooks, announcer

pytestmark = pytest.mark.anyio


@dataclass
class Trade:
    """Books of their own, seen by an emulator."""

    emulator: ServiceTitanEmulator
    clock: HandClock
    ledger: Receivables

    def said(self) -> dict[str, Counter[bytes]]:
        return {entity: Counter(map(exact.dumps, rows.values())) for entity, rows in self.emulator.essence().items()}


def trade(*numbers: int) -> Trade:
    """An invoice per job of these numbers, each paid in part."""
    clock = HandClock()
    company = ServiceTitanBooks(clock)
    books = company.add_tenant("1001", "Polar Air")
    ledger = receivables(books, furnish(books)["account"].id)
    for number in numbers:
        clock.advance(61)
        ledger.jobs = number - 1
        made = ledger.invoice(f"{number}0.00")
        ledger.paid("5.00", {made.id: "4.00"}, memo=str(number))
    return Trade(ServiceTitanEmulator(clock, company), clock, ledger)


def test_neither_ids_nor_the_order_of_writing_show() -> None:
    one, other = trade(1, 2, 3), trade(2, 3, 1)
    assert one.said() == other.said()
    assert one.emulator.essence() != other.emulator.essence()
    assert sum(one.said()["invoices"].values()) == 3


def _one_cent(ledger: Receivables) -> None:
    invoice = next(iter(ledger.books.invoices))
    ledger.books.invoicing.change(invoice.id, tax=invoice.tax + Decimal("0.01"), tax_is_stated=True)


def _contact(ledger: Receivables) -> None:
    ledger.books.crm.add_contact(Contact(customer_id=ledger.customer.id, type="Phone", value="1"))


def _mark(ledger: Receivables) -> None:
    ledger.books.invoicing.mark_exported(next(iter(ledger.books.invoices)).id, export_id="x")


def _status(ledger: Receivables) -> None:
    ledger.books.collecting.set_status(next(iter(ledger.books.payments)).id, "Exported")


def _deposit(ledger: Receivables) -> None:
    ledger.books.collecting.deposit([next(iter(ledger.books.payments)).id], "Card", date(2026, 5, 9))


@pytest.mark.parametrize(
    ("change", "shows"),
    [
        (_one_cent, {"invoices", "customers"}),
        (_contact, {"customers"}),
        (_mark, {"invoices"}),
        (_status, {"payments"}),
        (_deposit, {"payments", "bank_deposits"}),
    ],
)
def test_each_change_shows_where_it_is(change: Callable[[Receivables], None], shows: set[str]) -> None:
    made = trade(1, 2)
    before = made.said()
    change(made.ledger)
    after = made.said()
    assert {entity for entity in after if after[entity] != before[entity]} == shows


def test_stirring_moves_the_oldest_of_each_and_says_nothing_new() -> None:
    made = trade(1, 2)
    invoices = made.ledger.books.invoices
    oldest = min((one.modified_on, one.id) for one in invoices)[1]
    before, stamp = made.said(), invoices[oldest].modified_on
    made.clock.advance(100)
    made.emulator.stir()
    assert made.said() == before
    assert invoices[oldest].modified_on > stamp


def heard(world: World) -> list[Change]:
    changes: list[Change] = []
    world.company.listen(announcer(changes.append))
    return changes


def shown(world: World, change: Change) -> Any:
    rules = ServiceTitanWebhooks(world.company, world.switches)
    parcel = rules.compose(Subscription(1, "", rules.events), change, Numbers(1, 1))
    return exact.loads(parcel.body)


async def test_an_invoice_is_announced_as_what_it_became(world: World) -> None:
    ledger = receivables(world.books, world.account.id)
    changes = heard(world)
    made = ledger.invoice("10.00")
    kept = batch(ledger.books, "May", [made.id])
    post_batch(ledger.books, kept)
    ledger.books.invoicing.mark_exported(made.id)
    found = [one.event for one in changes if one.entity == "invoice"]
    assert found == ["invoice.created", "invoice.updated", "invoice.updated", "invoice.batched", "invoice.posted",
                     "invoice.exported"]  # fmt: skip
    posted = next(one for one in changes if one.event == "invoice.posted")
    body = shown(world, posted)
    assert (body["type"], body["data"]["tenantId"]) == ("tn.acc.invoice-posted", 1001)
    assert (body["data"]["invoice"]["id"], body["data"]["invoice"]["syncStatus"]) == (made.id, "Posted")


async def test_booking_and_voiding_go_by_the_published_events_unless_told(world: World) -> None:
    ledger = receivables(world.books, world.account.id)
    changes = heard(world)
    ledger.books.invoicing.deactivate(ledger.invoice().id)
    created, deleted = changes[0], changes[-1]
    assert (created.event, deleted.event) == ("invoice.created", "invoice.deleted")
    rules = ServiceTitanWebhooks(world.company, world.switches)
    assert "webhook_invoice_created" in rules.admit(created)
    assert (rules.admit(deleted), shown(world, deleted)["type"]) == ("", "tn.acc.invoice-updated")
    world.switches.webhook_invoice_created = True
    assert (rules.admit(created), shown(world, deleted)["type"]) == ("", "tn.acc.invoice-deleted")


async def test_payments_customers_and_contacts_are_announced_too(world: World) -> None:
    ledger = receivables(world.books, world.account.id)
    changes = heard(world)
    payment = ledger.paid("10.00")
    ledger.books.collecting.delete(payment.id)
    other = ledger.books.crm.add_customer(
        Customer(name="Zeta"), contacts=[Contact(customer_id=0, type="Fax", value="1")]
    )
    ledger.books.crm.change_customer(other.id, active=False)
    assert [one.event for one in changes] == [
        "payment.created", "customer.updated", "payment.deleted", "customer.updated", "customer.created",
        "contact.created", "location.created", "customer.updated",
    ]  # fmt: skip
    types = [shown(world, one)["type"] for one in changes]
    assert types[0] == "tn.acc.payment-created" and types[5] == "tn.crm.contact-created"
    assert shown(world, changes[5])["data"]["contact"]["customerId"] == other.id
    world.switches.webhook_records = "invoice"
    rules = ServiceTitanWebhooks(world.company, world.switches)
    assert "webhook_records" in rules.admit(changes[0])
