"""Whatever people, vendors, the wire and the machine do, in whatever order: the books end as the rules say."""

from __future__ import annotations

import itertools
import sys
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
from expectations import Books, Persons
from hypothesis import settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from invariants import Proof
from stateful_settings import examples
from stateful_world import Databases, Running, Stateful
from sync_world import Killed, is_write, map_company

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.deciding import link
from ml_connector.service.dismissing import dismiss
from ml_connector.service.finding import Filter
from ml_connector.service.mapping.values import remove_value
from ml_connector.service.releasing import release
from ml_connector.service.replaying import replay
from ml_connector_sandbox import company as companies
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.catalogue import ACCOUNT_ZONE, COST_ZONE
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books.books import contacts as contact_rules
from ml_connector_sandbox.zoho_books.books import purchases
from ml_connector_sandbox.zoho_books.errors import Refused as RefusedThere

ARTICLES = ("CAP-45-5", "DCT-RND-8", "TL-GAUGE", "CRANE-HR")
ZONES = ("", COST_ZONE, ACCOUNT_ZONE)
WIRE = ("refused", "500 before", "500 after", "lost", "truncated", "429", "429 bare", "killed before", "killed after")
which = st.integers(0, 11)


def closed_once(clock: SandboxClock) -> Company:
    """Three bills of five vendors, and a ledger whose first month is closed."""
    company = companies.small(clock, bills=3)
    company.seed.organisation.lock_transactions(company.seed.dates.locked_through)
    return company


class Engine(RuleBasedStateMachine):
    """One company; every rule is something that somebody does, or that happens to a worker or a call."""

    databases: Databases

    def __init__(self) -> None:
        super().__init__()
        self._running = Running(self.databases, closed_once)
        self.world: Stateful = self._running.world
        self.persons = Persons()
        self.books, self.proof = Books(self.world, self.persons), Proof(self.world, self.persons)
        self.mode = "preview"
        self.marks = "off"
        self._serial = itertools.count(1)
        self.orders: list[int] = []
        self.steps = 0  # since everything was quiet

    def teardown(self) -> None:
        try:
            if sys.exc_info()[0] is None:
                self.somebody_fills_every_row()
                self.bills_go("live")
                self.everything_settles()
        finally:
            self._running.close()

    def run(self, what: Any) -> Any:
        return self._running.run(what)

    # --- picking

    def bill(self, place: int) -> Bill:
        bills = list(self.books.tenant.bills)
        return bills[-1 - place % len(bills)]

    def vendor(self, place: int) -> str:
        names = list(self.world.sandbox.company.seed.vendors)
        return names[place % len(names)]

    def document(self, place: int) -> Any:
        ours = list(self.books.ours().values())
        return ours[-1 - place % len(ours)]

    # --- at ServiceTitan

    @initialize(live=st.booleans())
    def a_company_is_joined(self, live: bool) -> None:
        self.run(map_company(self.world))
        if live:
            self.bills_go("live")

    @rule(
        vendor=which,
        article=which,
        quantity=st.integers(1, 9),
        zone=which,
        closed=st.sampled_from([False] * 7 + [True]),
    )
    def a_bill_arrives(self, vendor: int, article: int, quantity: int, zone: int, closed: bool) -> None:
        self.receive(self.order(vendor, article, quantity, zone), self.number(), closed=closed)

    @rule(other=which, vendor=which, article=which, same=st.booleans())
    def a_bill_arrives_under_the_number_of_another(self, other: int, vendor: int, article: int, same: bool) -> None:
        twin = self.bill(other)
        name = next(name for key, name in self.books.names.items() if key == twin.vendor_id)
        items = twin.items if same else ()
        order = self.order_of(name, items, article) if items else self.order_named(name, article, 3, 0)
        self.receive(order, twin.vendor_number or twin.reference_number)

    @rule(vendor=which, count=st.integers(2, 6))
    def bills_arrive_in_one_second(self, vendor: int, count: int) -> None:
        at = self.world.sandbox.clock.now().replace(microsecond=0)
        for place in range(count):
            order = self.order(vendor, place, place + 1, 0)
            self.receive(order, self.number(), at=at)

    @rule(vendor=which, article=which)
    def something_is_ordered(self, vendor: int, article: int) -> None:
        self.orders.append(self.order(vendor, article, 8, 0))

    @precondition(lambda self: self.orders)
    @rule(part=st.booleans())
    def it_is_received_later(self, part: bool) -> None:
        order = self.orders[-1] if part else self.orders.pop()
        items = self.books.tenant.purchase_orders[order].items
        left = items[0].quantity - items[0].quantity_received
        if left <= 1:
            return
        self.receive(order, self.number(), quantities={items[0].id: Decimal(1)} if part else None)

    @rule(place=which)
    def a_note_is_added(self, place: int) -> None:
        self.books.tenant.modify_bill(self.bill(place).id, summary=f"note {next(self._serial)}")

    @rule(place=which, cents=st.sampled_from([-1, 1, 250]))
    def a_price_is_changed(self, place: int, cents: int) -> None:
        bill = self.bill(place)
        first, *rest = bill.items
        cost = max(first.cost + Decimal(cents) / 100, Decimal("0.01"))
        self.books.tenant.modify_bill(bill.id, items=(changed(first, cost=cost), *rest))

    @rule(place=which, read=st.booleans())
    def a_price_is_changed_and_changed_back(self, place: int, read: bool) -> None:
        bill = self.bill(place)
        first, *rest = bill.items
        self.books.tenant.modify_bill(bill.id, items=(changed(first, cost=first.cost + 1), *rest))
        if read:
            self.lists_are_read()
        self.books.tenant.modify_bill(bill.id, items=bill.items)

    @rule(place=which)
    def a_number_is_corrected(self, place: int) -> None:
        self.books.tenant.modify_bill(self.bill(place).id, vendor_number=self.number())

    @rule(place=which, deleted=st.booleans())
    def a_bill_is_cancelled(self, place: int, deleted: bool) -> None:
        bill = self.bill(place)
        if deleted:
            self.books.tenant.delete_bill(bill.id)
        else:
            self.books.tenant.cancel_bill(bill.id)

    @rule(place=which, field=st.sampled_from(["do_not_pay", "status"]))
    def a_bill_is_stopped_or_freed(self, place: int, field: str) -> None:
        bill = self.bill(place)
        if field == "do_not_pay":
            self.books.tenant.modify_bill(bill.id, do_not_pay=not bill.do_not_pay)
        elif bill.status in ("Unreconciled", "Discrepancy"):
            other = "Discrepancy" if bill.status == "Unreconciled" else "Unreconciled"
            self.books.tenant.modify_bill(bill.id, status=other)

    @rule(place=which)
    def a_vendor_is_renamed(self, place: int) -> None:
        vendor = self.world.sandbox.company.seed.vendors[self.vendor(place)]
        name = f"{self.books.tenant.vendors[vendor.id].name} Holding"
        if self.books.contact_ids(vendor.id):  # one who is not there yet is brought under the new name
            self.books.tenant.vendors.modify(vendor.id, name=name)

    @rule(place=which, active=st.booleans())
    def a_vendor_is_made_inactive(self, place: int, active: bool) -> None:
        vendor = self.world.sandbox.company.seed.vendors[self.vendor(place)]
        self.books.tenant.vendors.modify(vendor.id, active=active)

    # --- at Zoho Books

    @rule(place=which, same=st.booleans())
    def a_bill_is_keyed_by_hand(self, place: int, same: bool) -> None:
        bill = self.bill(place)
        contacts = [self.books.organisation.contacts.get(one) for one in self.books.contact_ids(bill.vendor_id)]
        if not contacts or contacts[0] is None:
            return
        facts = self.books.facts(bill)
        account = self.world.sandbox.company.seed.ledger["5110"].account_id
        line = {"account_id": account, "rate": facts.total if same else facts.total + 1, "quantity": 1}
        with suppress(RefusedThere):
            self.books.organisation.add_bill(contacts[0], facts.number, bill.bill_date, [line])

    @precondition(lambda self: self.books.ours())
    @rule(place=which, how=st.sampled_from(["edit", "delete", "void", "note"]))
    def one_of_ours_is_changed_there(self, place: int, how: str) -> None:
        document = self.document(place)
        books, source_id = self.books.organisation, self.books.source_id(document)
        with suppress(RefusedThere):
            if how == "note":
                purchases.update_bill(books, document, {"notes": f"paid by card {next(self._serial)}"})
            elif how == "edit":
                purchases.update_bill(books, document, {"adjustment": Decimal(next(self._serial)) / 100})
                self.persons.touched.add(document.document_id)
            elif how == "void":
                purchases.set_bill_state(books, document, "void")
                self.persons.deleted.add(source_id)
            else:
                purchases.delete_bill(books, document)
                self.persons.deleted.add(source_id)

    @rule(place=which, active=st.booleans())
    def a_contact_is_made_inactive(self, place: int, active: bool) -> None:
        vendor = self.world.sandbox.company.seed.vendors[self.vendor(place)]
        for contact_id in self.books.contact_ids(vendor.id):
            contact = self.books.organisation.contacts.get(contact_id)
            assert contact is not None
            contact_rules.set_active(self.books.organisation, contact, active)

    @rule(one=which, other=which)
    def two_contacts_are_merged(self, one: int, other: int) -> None:
        first, second = (self.world.sandbox.company.seed.vendors[self.vendor(place)].id for place in (one, other))
        found = [
            self.books.organisation.contacts.get(contact)
            for vendor in (first, second)
            for contact in self.books.contact_ids(vendor)
        ]
        if len(found) == 2 and None not in found and first != second:
            contact_rules.merge(self.books.organisation, found[0], found[1])  # type: ignore[arg-type]
            self.persons.blurred |= {first, second}

    @rule(seconds=st.sampled_from([0.0, 45.0]))
    def lists_lag(self, seconds: float) -> None:
        self.world.sandbox.zoho_books.switches.list_lag_seconds = seconds
        self.world.sandbox.servicetitan.switches.read_after_write_lag_seconds = int(seconds)

    # --- what a bookkeeper does

    @rule(place=st.integers(0, 30))
    def somebody_takes_a_mapping_row_away(self, place: int) -> None:
        table, key, value = self.rows()[place % len(self.rows())]
        if (table, key) not in self.persons.unmapped:
            self.run(remove_value(self.world.desk, self.world.integration, table, key))
            self.persons.unmapped[table, key] = value

    @rule()
    def somebody_fills_every_row(self) -> None:
        for (table, key), value in sorted(self.persons.unmapped.items()):
            self.run(self.world.fill(table, key, value))
        self.persons.unmapped.clear()

    @rule(place=which, other=which)
    def somebody_changes_a_mapping_row(self, place: int, other: int) -> None:
        rows = [row for row in self.rows() if row[0] == "accounts" and row[:2] not in self.persons.unmapped]
        if rows:
            table, key, _ = rows[place % len(rows)]
            self.run(self.world.fill(table, key, rows[other % len(rows)][2]))

    @rule(place=which)
    def somebody_releases(self, place: int) -> None:
        source_id = str(self.bill(place).id)
        with suppress(Refused, NotFound, BadInput):
            self.run(release(self.world.desk, source_id, "period_closed"))
            self.persons.released[source_id].add("period_closed")

    @rule(place=which)
    def somebody_replays(self, place: int) -> None:
        with suppress(NotFound):
            found = self.record(self.bill(place))
            self.run(replay(self.world.desk, Filter(record_ids=(found,))))
            self.persons.dismissed.pop(str(self.bill(place).id), None)

    @rule(place=which)
    def somebody_dismisses(self, place: int) -> None:
        self.lists_are_read()
        bill = self.bill(place)
        with suppress(Refused, NotFound):
            self.run(dismiss(self.world.desk, f"#{self.record(bill)}", "entered by mistake"))
            self.persons.dismissed[str(bill.id)] = bill

    @rule(place=which)
    def somebody_links(self, place: int) -> None:
        """A held bill, with the document somebody keyed under its number."""
        self.lists_are_read()
        bill = self.bill(place)
        source_id, facts = str(bill.id), self.books.facts(bill)
        for document in self.books.documents():
            keyed = not self.books.reference(document) and document.number == facts.number
            if keyed and document.vendor_id in self.books.contact_ids(bill.vendor_id):
                with suppress(Refused, NotFound, BadInput):
                    self.run(link(self.world.desk, f"#{self.record(bill)}", document.document_id))
                    self.persons.linked[source_id] = (document.document_id, facts)

    @rule(mode=st.sampled_from(["live", "live", "preview", "off"]))
    def bills_go(self, mode: str) -> None:
        self.run(self.world.mode("bills", mode))
        self.mode = mode

    @rule(mode=st.sampled_from(["live", "live", "off"]))
    def marks_go(self, mode: str) -> None:
        """Posted bills are marked as exported in ServiceTitan, or not any more."""
        self.run(self.world.mode("bills_exported", mode))
        self.marks = mode

    # --- what happens to calls, workers and the machine

    @rule()
    def lists_are_read(self) -> None:
        if self.mode != "off":
            self.run(self.world.ask())
            self.slice(self.world.source)

    @rule()
    def work_is_pushed(self) -> None:
        self.slice(self.world.target)

    @rule(kind=st.sampled_from(WIRE), skip=st.integers(0, 5), writes=st.booleans())
    def a_call_will_fail(self, kind: str, skip: int, writes: bool) -> None:
        self.world.faults.on(kind, is_write if writes else _any_api, skip=skip)

    @rule(source=st.booleans(), call=st.integers(1, 12), answered=st.booleans(), asked=st.booleans())
    def a_worker_is_cut_off(self, source: bool, call: int, answered: bool, asked: bool) -> None:
        if asked and self.mode != "off":
            self.run(self.world.ask())
        lane = self.world.source if source else self.world.target
        self.run(self.world.cut_off(lane, call, answered=answered))

    @rule(hours=st.sampled_from([1, 24, 24 * 8]))
    def time_passes(self, hours: int) -> None:
        self.world.jump(3600.0 * hours)

    @precondition(lambda self: self.steps > 5)
    @rule()
    def everything_settles(self) -> None:
        """Faults are over; what persons do every day is done; two hours pass, so that old holds are looked at."""
        self.world.faults.waiting.clear()
        self.world.sandbox.zoho_books.switches.list_lag_seconds = 0.0
        self.world.sandbox.servicetitan.switches.read_after_write_lag_seconds = 0
        self.run(self._settled())
        self.steps = 0

    async def _settled(self) -> None:
        for connection_id in (self.world.source, self.world.target):
            await self.world.free(connection_id)
        if self.mode != "off":
            await self.world.ask()
        await self.world.settle()
        self.world.jump(7200.0)
        await self.world.settle()
        await self.world.put_right()
        await self.proof.all(self.mode, self.marks)

    @invariant()
    def nothing_is_there_twice(self) -> None:
        self.run(self.proof.safe())
        self.steps += 1

    # --- tools

    def slice(self, connection_id: int) -> None:
        async def one() -> None:
            with suppress(Killed):
                await self.world.slice(connection_id)
            await self.world.free(connection_id)

        self.run(one())

    def record(self, bill: Bill) -> int:
        async def find() -> int:
            rows = await self.world.all(
                """select record_id from record r join flow f using (tenant_id, flow_id)
                where tenant_id = %s and f.name = 'bills' and r.source_id = %s""",
                self.world.desk.tenant_id, str(bill.id),
            )  # fmt: skip
            if not rows:
                raise NotFound("not read yet")
            return int(rows[0][0])

        return int(self.run(find()))

    def rows(self) -> list[tuple[str, str, str]]:
        tables = self.world.sandbox.handover["company"]["mapping"]
        return [(table, key, value) for table, rows in tables.items() for key, value in rows.items()]

    def number(self) -> str:
        return f"V-{next(self._serial):04d}"

    def order(self, vendor: int, article: int, quantity: int, zone: int) -> int:
        return self.order_named(self.vendor(vendor), article, quantity, zone)

    def order_named(self, vendor: str, article: int, quantity: int, zone: int) -> int:
        seed = self.world.sandbox.company.seed
        line = seed.line(ARTICLES[article % len(ARTICLES)], quantity)
        name = ZONES[zone % len(ZONES)]
        tax = Decimal("3.17") if name else Decimal(0)
        return seed.order(vendor, [line], seed.dates.last, zone=name, tax=tax).id

    def order_of(self, vendor: str, items: Any, article: int) -> int:
        seed = self.world.sandbox.company.seed
        code = items[0].sku_code
        lines = [seed.line(code, one.quantity, one.cost) for one in items[:1]]
        return seed.order(vendor, lines, seed.dates.last).id

    def receive(self, order: int, number: str, *, closed: bool = False, at: Any = None, quantities: Any = None) -> None:
        seed = self.world.sandbox.company.seed
        on = seed.dates.locked_through - timedelta(days=1) if closed else seed.dates.last
        with suppress(ValueError):  # an order that is cancelled or received whole
            self.books.tenant.receive(
                order, quantities, vendor_invoice_number=number, received_on=on, at=at,
                bill={"due_date": on + timedelta(days=30)},
            )  # fmt: skip


def _any_api(request: Any, url: str) -> bool:
    return "/oauth" not in url and "/connect/token" not in url


def test_the_books_end_as_the_rules_say(fresh_database: Databases) -> None:
    machine = type("Engine", (Engine,), {"databases": staticmethod(fresh_database)})
    run_state_machine_as_test(machine, settings=settings(examples(5), stateful_step_count=14))
