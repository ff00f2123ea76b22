"""Contacts of Zoho Books: of both types, with persons that a change keeps, and what is fixed once they are made."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from contract_zoho_books import StageOfZohoBooks
from contract_zoho_line import step_for, zoho

from ml_connector.canonical.master_data import Party, Person
from ml_connector.canonical.parts import Address
from ml_connector.connectors.writing import Action, Done, Rejected
from ml_connector_sandbox.zoho_books.books.masters import Contact

pytestmark = pytest.mark.anyio
_U = Action.UPDATE
KINDS = ("vendor", "customer")
PERSONS = [
    {"first_name": "Ada", "last_name": "Ott", "email": "ada@contract.example", "mobile": "320-555-0100",
     "is_primary_contact": True},
    {"first_name": "Bo", "last_name": "Lind", "email": "bo@contract.example", "designation": "Site manager"},
]  # fmt: skip


def contact(stage: StageOfZohoBooks, kind: str, **more: object) -> Contact:
    return stage.books.add_contact("Before", kind, **stage.keyed.marked("parties", "MLC-1"), **more)


@pytest.mark.parametrize("kind", [*KINDS, "both"])
async def test_contacts_are_read_of_the_type_that_is_asked_for(kind: str) -> None:
    async with zoho() as (stage, line):
        added = stage.fill("parties", 6, line.clock.now())
        walked = await line.walk("parties", contact_type=kind)
        found = {id: one for id, one in walked.documents.items() if id in added}
        assert {one.kind for one in found.values() if isinstance(one, Party)} == (
            {*KINDS} if kind == "both" else {kind}
        )
        assert len(found) == (6 if kind == "both" else 3) and walked.problems == []
        assert all(isinstance(one, Party) and one.roles == one.kind for one in found.values())


@pytest.mark.parametrize("kind", KINDS)
async def test_a_firm_that_is_both_is_two_contacts_of_one_name(kind: str) -> None:
    async with zoho() as (stage, line):
        other = KINDS[kind == "vendor"]
        stage.books.add_contact("Acme Supply", other)
        step = await step_for(line, "parties", Party("", kind, "Acme Supply", email="a@contract.example"))
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done) and isinstance(made.document, Party) and made.document.kind == kind
        found = await line.connector.find(line.session, step)
        assert {(one.kind, one.reference) for one in found if isinstance(one, Party)} == {(other, ""), (kind, "MLC-1")}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_that_may_be_used_once_is_told_as_that(kind: str) -> None:
    async with zoho(duplicate_contact_names=False) as (stage, line):
        stage.books.add_contact("Acme Supply", kind)
        outcome = await line.connector.write(
            line.session, await step_for(line, "parties", Party("", kind, "Acme Supply"))
        )
        assert isinstance(outcome, Rejected) and outcome.reason == "duplicate_name"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_change_keeps_the_persons_that_are_there(kind: str) -> None:
    async with zoho() as (stage, line):
        before = contact(stage, kind, contact_persons=PERSONS)
        ids = [one["contact_person_id"] for one in before.persons]
        party = Party(
            before.contact_id, kind, "After", first_name="Ada", last_name="Otto", email="new@contract.example"
        )
        outcome = await line.connector.write(line.session, await step_for(line, "parties", party, action=_U))
        assert isinstance(outcome, Done), outcome
        first, second = stage.books.contacts.get(before.contact_id).persons  # type: ignore[union-attr]
        assert [one["contact_person_id"] for one in (first, second)] == ids
        assert (first["last_name"], first["email"], first["mobile"]) == ("Otto", "new@contract.example", "320-555-0100")
        assert (second["last_name"], second["designation"]) == ("Lind", "Site manager")


async def test_a_contact_without_a_person_gets_one_and_one_without_ours_keeps_all() -> None:
    async with zoho() as (stage, line):
        bare = contact(stage, "customer")
        party = Party(bare.contact_id, "customer", "After", first_name="Ada", phone="320-555-0199")
        assert isinstance(
            await line.connector.write(line.session, await step_for(line, "parties", party, action=_U)), Done
        )
        (made,) = stage.books.contacts.get(bare.contact_id).persons  # type: ignore[union-attr]
        assert (made["first_name"], made["phone"]) == ("Ada", "320-555-0199")
        none = Party(bare.contact_id, "customer", "Once more")
        assert isinstance(
            await line.connector.write(line.session, await step_for(line, "parties", none, action=_U)), Done
        )
        kept = stage.books.contacts.get(bare.contact_id)
        assert kept is not None and kept.contact_name == "Once more" and kept.persons == [made]


async def test_persons_and_the_address_of_a_new_contact_are_shown_again() -> None:
    async with zoho() as (stage, line):
        address = Address("12 Elm St", "Unit 4", "St. Cloud", "MN", "56301", "USA")
        party = Party(
            "", "customer", "Acme Homes", first_name="Ada", last_name="Ott", email="ada@contract.example",
            persons=(Person("", "Bo", "Lind", "bo@contract.example"),), address=address, terms="Net 30",
            credit_limit=Decimal(500),
        )  # fmt: skip
        made = await line.connector.write(line.session, await step_for(line, "parties", party))
        assert isinstance(made, Done)
        (found,) = (await line.by_ids("parties", [made.target_id])).documents.values()
        assert isinstance(found, Party) and found.in_full and found.address == address
        assert (found.first_name, found.email, found.has_terms) == ("Ada", "ada@contract.example", True)
        assert found.credit_limit == 500
        (kept,) = [one for one in stage.books.contacts if one.contact_id == made.target_id]
        assert [one["first_name"] for one in kept.persons] == ["Ada", "Bo"]


async def test_a_currency_that_the_organisation_has_not_is_told_before_anything_is_sent() -> None:
    async with zoho() as (stage, line):
        count = stage.counted("parties")
        known, unknown = [
            await step_for(line, "parties", Party("", "customer", f"Of {code}", currency=code), f"MLC-{code}")
            for code in ("EUR", "NOK")
        ]
        made = await line.connector.write(line.session, known)
        assert isinstance(made, Done) and isinstance(made.document, Party) and made.document.currency == "EUR"
        refused = await line.connector.write(line.session, unknown)
        assert isinstance(refused, Rejected) and refused.reason == "currency_refused" and "NOK" in refused.sentence
        assert stage.counted("parties") == count + 1


@pytest.mark.parametrize("kind", KINDS)
async def test_one_is_set_inactive_and_active_again_and_found_so(kind: str) -> None:
    async with zoho() as (stage, line):
        before = contact(stage, kind)
        stage.clock.skip(60)
        for active in (False, True):
            party = Party(before.contact_id, kind, "Before", active=active)
            step = await step_for(line, "parties", party, action=Action.SET_STATUS)
            done = await line.connector.write(line.session, step)
            assert isinstance(done, Done) and isinstance(done.document, Party), done
            assert (done.document.active, done.document.name) == (active, "Before")
            (found,) = await line.connector.find(line.session, step)
            assert isinstance(found, Party) and found.active is active and found.stamp == done.document.stamp
            walked = await line.walk("parties", contact_type=kind)
            listed = walked.documents[before.contact_id]
            assert isinstance(listed, Party) and (listed.active, listed.stamp) == (active, found.stamp)
        assert stage.books.contacts.get(before.contact_id).modified > before.created  # type: ignore[union-attr]


async def test_one_that_zoho_keeps_active_for_what_is_open_is_refused_by_name() -> None:
    async with zoho(refuse_inactive_with_open=True) as (stage, line):
        vendor = contact(stage, "vendor")
        account = next(one for one in stage.books.accounts.values() if one.account_type == "expense")
        lines = [{"account_id": account.account_id, "rate": "5.00", "quantity": 1}]
        stage.books.add_bill(vendor, "D-1", date(2026, 6, 1), lines, state="draft")
        party = Party(vendor.contact_id, "vendor", "Before", active=False)
        outcome = await line.connector.write(
            line.session, await step_for(line, "parties", party, action=Action.SET_STATUS)
        )
        assert isinstance(outcome, Rejected) and outcome.reason == "status_refused"
        assert stage.books.contacts.get(vendor.contact_id).active  # type: ignore[union-attr]
