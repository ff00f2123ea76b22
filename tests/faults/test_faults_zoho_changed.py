"""The company of ServiceTitan and Zoho Books that goes on: each change is on both sides, and what is there twice is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faults.books import Books, Difference, difference
from faults.points import Point
from faults.preparing import prepared
from faults.run import disturbed, undisturbed
from faults.world import Running, worlds
from ml_connector_sandbox.company import Company, zoho_changes
from ml_connector_sandbox.company.zoho_changes import (
    CHANGES,
    EMAIL,
    NEW_WARE,
    PAID,
    PHONE,
    SECOND_EMAIL,
    SPENT,
    TYPED,
    UNPAID,
    VENDOR_PHONE,
)
from ml_connector_sandbox.compare_sales_zoho import compare_sales_zoho
from ml_connector_sandbox.servicetitan.books.changing import changed
from rig.postgres import drop_database

KIND = "servicetitan-zoho_books"
WORLD = f"{KIND} changed"
# What may be there twice, and whose it is.
CLASSES = (
    ("zoho_books", "bills"), ("zoho_books", "vendor_credits"), ("zoho_books", "invoices"), ("zoho_books", "credit_notes"),
    ("zoho_books", "customer_payments"), ("servicetitan", "payments"), ("servicetitan", "journal_entries"),
)  # fmt: skip


def test_there_is_such_a_world() -> None:
    assert WORLD in worlds() and len(CHANGES) == 19


@pytest.mark.slow
@pytest.mark.anyio
async def test_every_change_is_on_both_sides_and_what_is_doubled_is_found(postgres_url: str, tmp_path: Path) -> None:
    world = await prepared(postgres_url, tmp_path / "changed", WORLD)
    try:
        async with world.running("matrix_zoho_changed") as running:
            before, expected = await running.books(), await undisturbed(running)
            company = running.sandbox.company
            assert expected.unsound == []
            _bought(company)
            _sold(company)
            _parties_and_back(company)
            _status_and_second_email(company)
            _ends(before, expected)
            _compared(running)
            entering = _call(running, "servicetitan", "/journal-entries")
            assert not difference(await running.books(), expected)
            _double(company)
            _each_is_told(difference(await running.books(), expected))
            _spoil_contacts(company)
            _spoiled_contacts_are_told(difference(await running.books(), expected))
        async with world.running("matrix_zoho_lost") as running:
            point = Point(WORLD, "servicetitan", entering, "timeout after")
            found, struck = await disturbed(running, point, expected)
            assert struck and not found, found
    finally:
        drop_database(postgres_url, world.database)


def _call(running: Running, vendor: str, path: str) -> int:
    """The number of the call that makes something there."""
    return next(
        one.number
        for one in running.emulator(vendor).log.calls
        if one.method == "POST" and one.path.endswith(path) and one.status < 400
    )


def _bought(company: Company) -> None:
    there, [credit] = company.seed.organisation, company.seed.organisation.vendor_credits
    bills = {row.case: next(one for one in there.bills if one.number == row.number) for row in company.truth}
    here = {row.case: company.seed.tenant.bills[int(row.bill_id)] for row in company.truth}
    assert bills["bill_repriced"].total == here["bill_repriced"].amount(True)
    assert bills["bill_cancelled"].state == "void"
    assert bills["goods_returned"].credited == credit.total > 0 and credit.balance == 0


def _sold(company: Company) -> None:
    assert company.sales is not None
    here, there = company.seed.tenant, company.seed.organisation
    number = {case: _number(company, case) for case in (*UNPAID, *PAID, "sold_later")}
    found = {one.number: one for one in there.invoices}
    ours = {one.reference_number: one for one in here.invoices}
    assert found[number["voided_later"]].state == "void" and found[number["sold_later"]].state == "sent"
    for case in ("repriced", "moved_from", "moved_to", "reversed_later", "credited_later", "paid_there"):
        assert found[number[case]].total == ours[number[case]].total, case
        assert found[number[case]].balance == ours[number[case]].balance, case
    assert found[number["changed_when_paid"]].total == ours[number["changed_when_paid"]].total - 180
    assert [one.paid for one in map(found.__getitem__, (number["moved_to"], number["reversed_later"]))] == [TYPED, 0]
    [refund] = [one for one in there.credit_notes if one.number == f"{number['refunded_later']}-1"]
    assert (refund.balance, refund.refunded) == (0, refund.total)
    assert found[number["credited_later"]].credited == 40
    assert [one.sku for one in there.items].count(NEW_WARE.code) == 1


def _parties_and_back(company: Company) -> None:
    assert company.sales is not None
    here, there = company.seed.tenant, company.seed.organisation
    persons = [person for one in there.contacts for person in one.persons]
    assert {PHONE, VENDOR_PHONE} <= {one["phone"] for one in persons}
    assert [one.value for one in here.crm.contacts_of(company.sales.firms[0])] == [EMAIL]
    assert not any(one.billing_address.get("address") == zoho_changes.STREET for one in there.contacts)
    [payment] = [one for one in here.payments if one.export_id]
    assert payment.total == TYPED == sum(one.amount for one in payment.splits)
    [entry] = here.journal_entries
    assert sorted(one.debit - one.credit for one in entry.lines) == [-SPENT, SPENT]


def _status_and_second_email(company: Company) -> None:
    """Nobody else is inactive there; the second address is there once, as one person of one contact."""
    assert company.sales is not None
    contacts = company.seed.organisation.contacts
    served, left = (company.seed.tenant.customers[id_] for id_ in company.sales.homes)
    assert [one.contact_name for one in contacts if not one.active] == [left.name]
    [second] = [one for one in company.seed.tenant.crm.contacts_of(served.id) if one.value == SECOND_EMAIL]
    persons = [(one.contact_name, person) for one in contacts for person in one.persons]
    found = [(name, person["department"]) for name, person in persons if person.get("email") == SECOND_EMAIL]
    assert found == [(served.name, f"ServiceTitan contact {second.id}")]


def _ends(before: Books, books: Books) -> None:
    moved = [end for key, end in sorted(books.ends.items()) if before.ends.get(key) != end]
    assert [one for one in moved if one != "posted"] == ["held change_when_paid", "held vendor_remittance_changed"]


def _compared(running: Running) -> None:
    """What waits for a person is all that the two sides' books do not agree on."""
    told = running.sandbox.handover["company"]
    found = compare_sales_zoho(told, running.sandbox.servicetitan.books(), running.sandbox.zoho_books.books())
    assert [one.kind for one in found.findings] == ["totals_differ", "owed_differs"], found.findings


def _double(company: Company) -> None:
    """One more of each class is keyed in behind the product's back."""
    here, there = company.seed.tenant, company.seed.organisation
    for entity in ("bills", "vendor_credits", "invoices", "credit_notes"):
        documents: Any = getattr(there, entity)
        documents.put(replace(next(iter(documents)), document_id=f"9000 {entity}", sequence=9000))
    money = next(iter(there.customer_payments))
    there.customer_payments.put(replace(money, payment_id="9000 payment", sequence=9000))
    here.payments.add(changed(next(one for one in here.payments if one.export_id), id=0))
    here.journals.enter(changed(next(iter(here.journal_entries)), id=0))


def _each_is_told(found: Difference) -> None:
    told: Mapping[tuple[str, str], list[str]] = {
        (vendor, entity): [one for one in found.duplicates if one.startswith(f"{vendor} {entity} ")]
        for vendor, entity in CLASSES
    }
    assert {side: len(sentences) for side, sentences in told.items()} == dict.fromkeys(CLASSES, 1)


def _spoil_contacts(company: Company) -> None:
    """A status is lost, and a person doubled, behind the product's back."""
    contacts = company.seed.organisation.contacts
    [left] = [one for one in contacts if not one.active]
    contacts.put(replace(left, active=True))
    [mailed] = [one for one in contacts if SECOND_EMAIL in {person.get("email") for person in one.persons}]
    [person] = [one for one in mailed.persons if one.get("email") == SECOND_EMAIL]
    contacts.put(replace(mailed, persons=[*mailed.persons, {**person, "contact_person_id": "9000"}]))


def _spoiled_contacts_are_told(found: Difference) -> None:
    told = [one for one in found.amounts if one.startswith("zoho_books contacts ")]
    assert len(told) == 2
    assert sum(one.count(SECOND_EMAIL) == 3 for one in told) == 1, "twice instead of once"


def _number(company: Company, case: str) -> str:
    assert company.sales is not None
    return next(one.reference_number for one in company.seed.tenant.invoices if one.id in company.sales.cases[case])
