"""What goes back into ServiceTitan, and whether its API takes it: asked first, told in words, and never taken for granted."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from contract_line import Line
from contract_servicetitan_desk import LONG_AGO, Desk
from contract_set import Sets, line_to, staged
from contract_stage import Stage

from ml_connector.canonical.master_data import Item
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step
from ml_connector_sandbox.company.access import SCOPES
from ml_connector_sandbox.servicetitan.books import Bill as TheirBill
from ml_connector_sandbox.servicetitan.books import BillItem, PriceModifier, Sku, TenantBooks

pytestmark = pytest.mark.anyio
ST = "servicetitan"
BACK = ("payments", "journal_entries")


async def _looked(line: Line) -> dict[str, Finding]:
    return {one.subject: one for one in (await line.connector.preflight(line.session, BACK)).findings}


def _books(stage: Stage) -> TenantBooks:
    found: TenantBooks = stage.company.seed.tenant
    return found


# --- whether it is taken -----------------------------------------------------------------------------------------


async def test_a_probe_finds_both_calls_and_makes_nothing(playing: Sets) -> None:
    async with playing(ST) as set:
        before = set.stage.emulator.books()
        found = await _looked(set.line)
        assert {one.verdict for one in found.values()} == {Verdict.GOOD} and len(found) == 4
        assert set.stage.emulator.books() == before


@pytest.mark.parametrize(
    ("switch", "entity", "words"),
    [("payments_can_be_created", "payments", "payments of customers"),
     ("journal_entries_available", "journal_entries", "journal entries")],
)  # fmt: skip
async def test_a_withdrawn_call_is_found_by_the_probe_and_by_the_first_write(
    playing: Sets, switch: str, entity: str, words: str
) -> None:
    async with playing(ST) as set:
        organisation = await set.line.connector.organisation(set.line.session)
        step = set.stage.step(entity, Action.CREATE, "MLC-withdrawn", organisation)
        set.stage.emulator.set_switches({switch: False})
        before = set.stage.emulator.books()
        found = (await _looked(set.line))[words]
        assert found.verdict is Verdict.MISSING
        assert "offers this account no call" in found.sentence and "support" in found.action
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Later) and outcome.forbidden and "nothing was done" in outcome.why
        assert set.stage.emulator.books() == before
        set.stage.emulator.set_switches({switch: True})
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)


@pytest.mark.parametrize(
    "scope",
    ["tn.acc.payments:w", "tn.acc.payments:r", "tn.acc.journalentries:w", "tn.acc.journalentries:r"],
)
async def test_a_right_that_the_application_lacks_is_named(scope: str) -> None:
    async with staged(ST) as stage:
        kept = tuple(one for one in SCOPES if one != scope)
        stage.company.servicetitan.change_scopes(stage.company.access.client_id, kept)
        stage.forget_tokens()
        async with line_to(stage) as line:
            found = await _looked(line)
        missing = [one for one in found.values() if one.verdict is Verdict.MISSING]
        assert len(missing) == 1 and scope in missing[0].sentence and "administrator" in missing[0].action


async def test_without_a_probe_the_first_write_shows_it(playing: Sets) -> None:
    async with playing(ST, settings={"probe_by_empty_body": "no"}) as set:
        found = await _looked(set.line)
        assert [one.subject for one in found.values() if one.verdict is Verdict.WARNING] == [
            "payments of customers", "journal entries",
        ]  # fmt: skip


# --- what is made ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["Exported", "Posted", "Pending"])
async def test_a_payment_settles_its_invoice_with_the_status_that_was_set(playing: Sets, status: str) -> None:
    async with playing(ST, settings={"payment_status_when_made": status}) as set:
        organisation, books = await set.line.connector.organisation(set.line.session), _books(set.stage)
        step = set.stage.step("payments", Action.CREATE, "MLC-money", organisation)
        composed = set.line.connector.compose(
            Action.CREATE, _money(step, books), organisation, "MLC-money", set.line.session.settings
        )
        step = msgspec.structs.replace(step, body=composed.body)
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Done) and isinstance(outcome.document, Payment)
        kept = books.payments[int(outcome.target_id)]
        assert (kept.sync_status, kept.memo, kept.export_id) == (status, "Late [MLC-money]", "MLC-money")
        assert outcome.document.exported == (status == "Exported") and kept.unapplied == Decimal(20)
        [split] = kept.splits
        assert books.invoices[split.invoice_id].balance == books.invoices[split.invoice_id].total - Decimal(40)


def _money(step: Step, books: TenantBooks) -> Payment:
    body = msgspec.json.decode(step.body)
    [split] = body["splits"]
    return Payment(
        "", Ref(step.party_id), Decimal(60), date=date(2026, 9, 2), method=Ref(str(body["typeId"])), memo="Late",
        splits=(Allocation("", Ref(str(split["invoiceId"])), Decimal(40)),), unapplied=Decimal(20),
    )  # fmt: skip


async def test_a_payment_over_more_than_an_invoice_has_left_is_refused_with_the_vendors_words(playing: Sets) -> None:
    async with playing(ST) as set:
        organisation, books = await set.line.connector.organisation(set.line.session), _books(set.stage)
        step = set.stage.step("payments", Action.CREATE, "MLC-much", organisation)
        body: dict[str, Any] = msgspec.json.decode(step.body)
        owed = books.invoices[body["splits"][0]["invoiceId"]]
        body |= {"amount": 9999, "splits": [{"invoiceId": owed.id, "amount": 9999}]}
        outcome = await set.line.connector.write(
            set.line.session, msgspec.structs.replace(step, body=msgspec.json.encode(body))
        )
        assert isinstance(outcome, Rejected) and books.invoices[owed.id].balance == owed.balance


# --- credits and items -------------------------------------------------------------------------------------------


async def test_a_credit_shows_its_lines_and_what_it_is_applied_to(playing: Sets) -> None:
    async with playing(ST) as set:
        books, desk = _books(set.stage), Desk(_books(set.stage))
        credit = desk.add("ap_credits", 0, LONG_AGO)
        item = BillItem(sku_code="C", name="Coil", quantity=Decimal(4), cost=Decimal("3.10"))
        bill = books.add_bill(
            TheirBill(reference_number="C-1", vendor_id=desk.supplier(), bill_date=date(2026, 9, 1), items=(item,))
        )
        books.returning.apply(credit.id, {bill.id: Decimal("2.50")})
        walked = await set.line.walk("ap_credits")
        found = walked.documents[str(credit.id)]
        assert isinstance(found, Bill) and found.total == Decimal("-6.60") and found.tax == Decimal("-0.40")
        assert [(one.amount, one.quantity, one.sku) for one in found.lines] == [(Decimal("-6.20"), Decimal(-2), "C")]
        assert [(one.document.id, one.amount) for one in found.credits] == [(str(bill.id), Decimal("2.50"))]
        assert found.balance == Decimal("-4.10") and found.complete


async def test_without_the_right_to_returns_a_credit_says_which_right_shows_its_lines() -> None:
    async with staged(ST) as stage:
        credit = Desk(_books(stage)).add("ap_credits", 0, LONG_AGO)
        kept = tuple(one for one in SCOPES if one != "tn.inv.returns:r")
        stage.company.servicetitan.change_scopes(stage.company.access.client_id, kept)
        stage.forget_tokens()
        async with line_to(stage) as line:
            found = (await line.walk("ap_credits")).documents[str(credit.id)]
        assert isinstance(found, Bill) and not found.complete and found.hidden_by == "tn.inv.returns:r"


async def test_items_come_of_all_four_kinds_and_are_found_by_id(playing: Sets) -> None:
    async with playing(ST) as set:
        books = _books(set.stage)
        made = {
            "material": books.materials.add(Sku(code="M-1", price=Decimal("9.90"))),
            "equipment": books.equipment.add(Sku(code="E-1")),
            "service": books.services.add(Sku(code="S-1", active=False)),
            "discount": books.price_modifiers.add(PriceModifier(code="D-1", amount=Decimal(5))),
            "fee": books.price_modifiers.add(PriceModifier(code="F-1", type="Fee", amount=Decimal(7))),
        }
        ids = {str(one.id): kind for kind, one in made.items()}
        for walked in (await set.line.walk("items"), await set.line.by_ids("items", list(ids))):
            found = {one.id: one for one in walked.documents.values() if isinstance(one, Item) and one.id in ids}
            assert {id: one.kind for id, one in found.items()} == ids and walked.problems == []
            prices = {one.kind: one.price for one in found.values()}
            assert (prices["material"], prices["discount"], prices["fee"]) == (Decimal("9.90"), -5, 7)
