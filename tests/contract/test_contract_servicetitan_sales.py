"""ServiceTitan's customers, invoices and payments: what its connector makes of what its emulator shows of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from contract_line import Line
from contract_servicetitan_desk import HOME, LONG_AGO, Desk
from contract_set import Set, Sets, line_to, staged
from contract_stage import CONNECTORS, Stage

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.canonical.tie_out import invoiced_total
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Uncertain
from ml_connector.transport.errors import NotPermitted
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.servicetitan.books import Contact, Customer, Job, TenantBooks
from ml_connector_sandbox.servicetitan.books.payments import JOURNAL_ENTRY

pytestmark = pytest.mark.anyio
ST = "servicetitan"
ZERO = Decimal(0)
HOUR = 3600


def test_the_seeded_company_grants_what_the_connector_asks_for() -> None:
    assert sorted(SCOPES) == sorted(one.name for one in CONNECTORS[ST].scopes)


# --- a whole company ---------------------------------------------------------------------------------------------


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with staged(ST, kind="contractor") as found:
        yield found


@pytest.fixture
async def contractor(stage: Stage) -> AsyncIterator[tuple[TenantBooks, Line]]:
    async with line_to(stage, {"page_size": "200"}) as line:
        yield stage.company.seed.tenant, line


async def test_every_credit_memo_of_a_company_is_understood_and_ties(contractor: tuple[TenantBooks, Line]) -> None:
    books, line = contractor
    walked = await line.walk("credit_memos")
    assert walked.problems == [] and {*walked.ids} == {str(one.id) for one in books.credit_memos}
    for found in walked.documents.values():
        kept = books.credit_memos[int(found.id)]
        assert isinstance(found, Invoice) and found.kind == "credit note" and found.complete
        assert invoiced_total(found) == found.total == kept.total and found.balance == kept.balance
        assert [(one.document.id, one.amount) for one in found.allocations] == [
            (str(one.invoice_id), one.amount) for one in kept.splits
        ]


async def test_every_invoice_of_a_company_is_understood_and_ties(contractor: tuple[TenantBooks, Line]) -> None:
    books, line = contractor
    walked = await line.walk("invoices")
    assert walked.problems == [] and {*walked.ids} == {str(one.id) for one in books.invoices}
    for found in walked.documents.values():
        kept = books.invoices[int(found.id)]
        assert isinstance(found, Invoice) and (found.active, found.balance) == (kept.active, kept.balance)
        lines = sum((one.amount for one in found.lines if one.chargeable), ZERO)
        assert lines - found.discount + found.tax == found.total == kept.total
        assert found.complete and found.date == kept.invoice_date
        assert found.exported == (kept.sync_status == "Exported")
        assert found.state is _state(kept.sync_status, kept.review_status), found.state_words
        assert found.adjusts.id == str(kept.adjustment_to_id or "")
        assert [one.account.id for one in found.lines] == [str(one.accounts.general_ledger) for one in kept.items]


def _state(sync: str, review: str) -> InvoiceState:
    if review != "Reviewed":
        return InvoiceState.KEPT_BACK
    return InvoiceState.PENDING if sync == "Pending" else InvoiceState.POSTED


@pytest.mark.parametrize("positive", [False, True], ids=["refunds negative", "refunds positive"])
async def test_every_payment_of_a_company_is_understood_and_conserved(
    contractor: tuple[TenantBooks, Line], stage: Stage, positive: bool
) -> None:
    books, line = contractor
    stage.emulator.set_switches({"refund_splits_are_positive": positive})
    walked = await line.walk("payments")
    assert walked.problems == [] and {*walked.ids} == {str(one.id) for one in books.payments}
    for found in walked.documents.values():
        kept = books.payments[int(found.id)]
        assert isinstance(found, Payment) and found.amount == kept.total and found.unapplied == kept.unapplied
        assert sum((one.amount for one in found.splits), ZERO) + found.unapplied == found.amount
        assert [one.document.id for one in found.splits] == [str(one.invoice_id) for one in kept.splits]
        assert found.journal == (books.payment_types[kept.type_id].transaction == JOURNAL_ENTRY)
        assert (found.kind is PaymentKind.REFUND) == (kept.total < 0)
        assert found.refunds.id == str(kept.refunded_payment_id or "")
        assert found.deposit.id == str(kept.deposit_id or "") and found.active == kept.active
        assert found.posted == (kept.sync_status != "Pending") and found.date == kept.paid_on
        assert found.method.id == str(kept.type_id) and found.number == (kept.check_number or kept.auth_code or "")


async def test_every_customer_of_a_company_has_his_contacts(contractor: tuple[TenantBooks, Line]) -> None:
    books, line = contractor
    walked = await line.walk("customers")
    assert walked.problems == [] and {*walked.ids} == {str(one.id) for one in books.customers}
    for found in walked.documents.values():
        kept = books.customers[int(found.id)]
        own = {one.type: one.value for one in books.crm.contacts_of(kept.id)}
        assert isinstance(found, Party) and (found.name, found.active) == (kept.name, kept.active)
        assert found.email == own.get("Email", "")
        assert found.phone == (own.get("Phone") or own.get("MobilePhone") or "")
        assert found.private_person == (kept.type == "Residential")
        assert found.merged_into == str(kept.merged_to_id or "")
        assert found.address.street == kept.address.street and found.address.zip == kept.address.zip


async def test_short_lists_and_orders_of_a_company_are_understood(contractor: tuple[TenantBooks, Line]) -> None:
    books, line = contractor
    tables: dict[str, Any] = {
        "payment_types": books.payment_types, "payment_terms": books.payment_terms,
        "purchase_orders": books.purchase_orders, "tax_zones": books.tax_zones, "accounts": books.gl_accounts,
    }  # fmt: skip
    for entity, table in tables.items():
        walked = await line.walk(entity)
        assert walked.problems == [] and {*walked.ids} == {str(one.id) for one in table}, entity


# --- what changes in two places ----------------------------------------------------------------------------------


async def test_a_completed_job_lets_its_invoice_come_again(playing: Sets) -> None:
    """ServiceTitan's jobs are asked for by modification and by ids; whether a job moves its invoice is not known."""
    asked: list[Request] = []
    async with playing(ST) as set:
        desk, books = Desk(set.stage.company.seed.tenant), set.stage.company.seed.tenant
        jobs = [_booked(desk) for _ in range(60)]
        first = await set.line.walk("invoices", gate="completed")
        assert {one.state for one in first.documents.values() if isinstance(one, Invoice)} == {InvoiceState.KEPT_BACK}
        set.stage.clock.skip(HOUR)
        for job in jobs[:55]:
            books.invoicing.review(books.jobs[job.id].invoice_id, at=LONG_AGO)
        for job in jobs[:53]:
            books.jobs.modify(job.id, job_status="Completed")
        set.stage.clock.skip(60)
        set.line.wire.before = asked.append
        second = await set.line.walk("invoices", first.cursor, gate="completed")
        found = [one for one in second.documents.values() if isinstance(one, Invoice)]
        done = {str(books.jobs[job.id].invoice_id) for job in jobs[:53]}
        assert {one.id for one in found if one.state is InvoiceState.COMPLETED} == done
        assert all(one.job.number for one in found)
        paths = {one.path.rpartition("/v2/tenant/")[2].partition("/")[2] for one in asked if "/tenant/" in one.path}
        assert paths == {"export/invoices", "invoices", "jobs"}
        set.stage.clock.skip(HOUR)
        third = await set.line.walk("invoices", second.cursor, gate="completed")
        assert {row.raw for row in third.rows} <= {row.raw for row in second.rows}
        fourth = await set.line.walk("invoices", third.cursor, gate="completed")
        assert fourth.ids == []


def _booked(desk: Desk) -> Job:
    unit = next(iter(desk.books.business_units))
    made = Job(job_number=f"C-{len(desk.books.jobs)}", business_unit_id=unit.id, customer_id=desk.debtor())
    job = desk.books.add_job(made, LONG_AGO)
    desk.books.invoicing.book(job.id, LONG_AGO)
    return job


async def test_a_changed_or_removed_contact_brings_its_customer(playing: Sets) -> None:
    async with playing(ST) as set:
        crm = set.stage.company.seed.tenant.crm
        ada, bea = (_with_email(set, name) for name in ("Ada", "Bea"))
        first = await set.line.walk("customers")
        set.stage.clock.skip(HOUR)
        crm.change_contact(crm.contacts_of(ada.id)[0].id, value="new@contract.example")
        crm.remove_contact(crm.contacts_of(bea.id)[0].id)
        second = await set.line.walk("customers", first.cursor)
        emails = {one.name: one.email for one in second.documents.values() if isinstance(one, Party)}
        assert emails == {"Ada": "new@contract.example", "Bea": ""}
        stamps = {row.id: row.stamp for row in first.rows}
        assert all(row.stamp > stamps[row.id] for row in second.rows)


async def test_money_does_not_bring_a_customer(playing: Sets) -> None:
    async with playing(ST) as set:
        desk = Desk(set.stage.company.seed.tenant)
        ada = _with_email(set, "Ada")
        first = await set.line.walk("customers")
        set.stage.clock.skip(HOUR)
        before = desk.books.customers[ada.id]
        kind = desk.books.payment_types[desk.add("payment_types", 0, LONG_AGO).id]
        desk.books.collecting.take(ada.id, kind.id, Decimal("9.00"))
        assert desk.books.customers[ada.id].modified_on > before.modified_on
        assert (await set.line.walk("customers", first.cursor)).ids == []


def _with_email(set: Set, name: str) -> Customer:
    books, at = set.stage.company.seed.tenant, set.line.clock.now() - timedelta(hours=5)
    email = Contact(customer_id=0, type="Email", value=f"{name.lower()}@contract.example")
    return books.crm.add_customer(Customer(name=name, address=HOME), at, contacts=[email])


# --- parties -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", [True, False])
async def test_a_customer_that_cannot_be_switched_off_is_told_as_refused(playing: Sets, taken: bool) -> None:
    """Two of ServiceTitan's documents contradict each other on it."""
    async with playing(ST) as set:
        set.stage.emulator.set_switches({"customer_active_can_be_changed": taken})
        ada = _with_email(set, "Ada")
        party = Party(str(ada.id), "customer", "Ada", active=False)
        step = await _party(set, Action.SET_STATUS, party, "MLC-off")
        outcome = await set.line.connector.write(set.line.session, step)
        if taken:
            assert isinstance(outcome, Done) and isinstance(outcome.document, Party)
            assert (outcome.document.name, outcome.document.active) == ("Ada", False)
        else:
            assert isinstance(outcome, Rejected) and outcome.reason == "status_refused"
            assert "as active all the same" in outcome.sentence
        assert set.stage.company.seed.tenant.customers[ada.id].active is not taken


@pytest.mark.parametrize("entity", ["customers", "vendors"])
async def test_without_an_application_guid_name_and_address_find_what_was_created(playing: Sets, entity: str) -> None:
    async with playing(ST, settings={"application_guid": ""}) as set:
        home = Address("12 Main St", "", "Saint Cloud", "MN", "56301", "USA")
        others = [("Ada Ott", Address("1 Elsewhere Rd", "", "Sartell", "MN", "56377", "USA")), ("Bea Ott", home)]
        for place, (name, address) in enumerate(others):
            other = Party("", entity[:-1], name, address=address)
            step = await _party(set, Action.CREATE, other, f"MLC-other-{place}")
            assert isinstance(await set.line.connector.write(set.line.session, step), Done)
        step = await _party(set, Action.CREATE, Party("", entity[:-1], "Ada Ott", address=home), "MLC-one")
        assert await set.line.connector.find(set.line.session, step) == []
        made = await set.line.connector.write(set.line.session, step)
        found = await set.line.connector.find(set.line.session, step)
        assert isinstance(made, Done) and [one.id for one in found if isinstance(one, Party)] == [made.target_id]


async def test_a_merged_customer_is_not_changed(playing: Sets) -> None:
    async with playing(ST) as set:
        ada, bea = (_with_email(set, name) for name in ("Ada", "Bea"))
        set.stage.company.seed.tenant.crm.merge(bea.id, ada.id)
        step = await _party(set, Action.UPDATE, Party(str(bea.id), "customer", "Bea Ott"), "MLC-merged")
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Rejected) and str(ada.id) in outcome.sentence
        assert set.stage.company.seed.tenant.customers[bea.id].name == "Bea"


@pytest.mark.parametrize("lag", [0, 60])
async def test_changes_soon_after_each_other_add_no_contact_twice(playing: Sets, lag: int) -> None:
    """Contacts are seen in lists alone, whatever these lag behind."""
    async with playing(ST) as set:
        set.stage.emulator.set_switches({"read_after_write_lag_seconds": lag})
        ada, books = _with_email(set, "Ada"), set.stage.company.seed.tenant
        for place in range(3):
            party = Party(str(ada.id), "customer", f"Ada {place}", email="ada@contract.example", phone="3205550199")
            step = await _party(set, Action.UPDATE, party, f"MLC-{place}")
            outcome = await set.line.connector.write(set.line.session, step)
            if isinstance(outcome, Uncertain):
                set.stage.clock.skip(set.line.connector.timeout + set.line.connector.list_lag)
                outcome = await set.line.connector.write(set.line.session, step)
            assert isinstance(outcome, Done)
            assert len(books.crm.contacts_of(ada.id)) == 2
        assert books.customers[ada.id].name == "Ada 2"


async def _party(set: Set, action: Action, party: Party, reference: str) -> Step:
    organisation = await set.line.connector.organisation(set.line.session)
    composed = set.line.connector.compose(action, party, organisation, reference, set.line.session.settings)
    return Step(f"{party.kind}s", action, reference, composed.body, target_id=party.id)


# --- rights ------------------------------------------------------------------------------------------------------

_WRITES = (
    ("tn.acc.invoices:w", "invoices", Action.MARK_EXPORTED),
    ("tn.acc.creditmemos:w", "credit_memos", Action.MARK_EXPORTED),
    ("tn.acc.payments:w", "payments", Action.MARK_EXPORTED),
    ("tn.acc.payments:w", "payments", Action.CREATE),
    ("tn.acc.journalentries:w", "journal_entries", Action.CREATE),
    ("tn.acc.apcredits:w", "ap_credits", Action.MARK_EXPORTED),
    ("tn.acc.inventorybills:w", "bills", Action.MARK_EXPORTED),
    ("tn.crm.customers:w", "customers", Action.CREATE),
    ("tn.crm.customers:w", "customers", Action.UPDATE),
    ("tn.inv.vendors:w", "vendors", Action.CREATE),
    ("tn.inv.vendors:w", "vendors", Action.UPDATE),
)


def _withhold(stage: Stage, scope: str) -> None:
    kept = tuple(one for one in SCOPES if one != scope)
    stage.company.servicetitan.change_scopes(stage.company.access.client_id, kept)
    stage.forget_tokens()


@pytest.mark.parametrize(("scope", "entity", "action"), _WRITES)
async def test_a_missing_right_to_write_is_one_sentence_and_writes_nothing(
    scope: str, entity: str, action: Action
) -> None:
    async with staged(ST) as stage:
        _withhold(stage, scope)
        async with line_to(stage) as line:
            step = stage.step(entity, action, "MLC-right", await line.connector.organisation(line.session))
            before = stage.emulator.books()
            outcome = await line.connector.write(line.session, step)
            assert isinstance(outcome, Later) and outcome.forbidden
            assert scope in outcome.why and outcome.why.endswith(".")
            assert stage.emulator.books() == before


async def test_a_gate_that_needs_jobs_names_the_right_to_them() -> None:
    async with staged(ST) as stage:
        _booked(Desk(stage.company.seed.tenant))
        _withhold(stage, "tn.jpm.jobs:r")
        async with line_to(stage) as line:
            assert len((await line.walk("invoices")).ids) == 1
            with pytest.raises(NotPermitted, match=r"tn\.jpm\.jobs:r.*developer portal"):
                await line.walk("invoices", gate="completed")


# --- marks -------------------------------------------------------------------------------------------------------


async def test_one_payment_that_is_gone_refuses_no_other_mark(playing: Sets) -> None:
    """Payments are marked all or none, without a word on which one was wrong."""
    async with playing(ST) as set:
        books, steps = set.stage.company.seed.tenant, await _steps(set, "payments", 3)
        books.collecting.delete(int(steps[1].target_id), LONG_AGO)
        outcomes = await set.line.connector.write_batch(set.line.session, steps)
        assert [type(one) for one in outcomes] == [Done, Rejected, Done]
        assert [books.payments[int(one.target_id)].sync_status for one in steps] == ["Exported", "Pending", "Exported"]


async def test_invoices_share_a_call_and_each_has_its_own_answer(playing: Sets) -> None:
    calls: list[Answer] = []
    async with playing(ST) as set:
        books, steps = set.stage.company.seed.tenant, await _steps(set, "invoices", 3)
        books.invoicing.deactivate(int(steps[2].target_id), LONG_AGO)
        set.line.wire.after = lambda request, answer: calls.append(answer) or answer  # type: ignore[func-returns-value]
        outcomes = await set.line.connector.write_batch(set.line.session, steps)
        assert [type(one) for one in outcomes] == [Done, Done, Rejected] and len(calls) == 1
        assert [books.invoices[int(one.target_id)].export_id for one in steps] == ["MLC-0", "MLC-1", None]


async def _steps(set: Set, entity: str, count: int) -> list[Step]:
    organisation = await set.line.connector.organisation(set.line.session)
    return [set.stage.step(entity, Action.MARK_EXPORTED, f"MLC-{place}", organisation) for place in range(count)]
