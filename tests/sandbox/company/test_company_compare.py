"""The comparison finds a planted duplicate, a missing bill, a differing total, and passes a perfect ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from company_posting import enter, enter_all

from ml_connector_sandbox import company
from ml_connector_sandbox.company import BillTruth, Company
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.zoho_books.books.contacts import set_active
from ml_connector_sandbox.zoho_books.inspection import company_books

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)


@pytest.fixture
def small() -> Company:
    return company.small(SandboxClock.starting(START))


@pytest.fixture
def look(small: Company) -> Callable[..., Comparison]:
    before = small.as_dict()
    return lambda **expected: seen(small, before, **expected)


def seen(made: Company, before: dict[str, Any], **expected: Any) -> Comparison:
    return compare(before, made.servicetitan.as_dict(), company_books(made.zoho_books), **expected)


def counts(found: Comparison) -> dict[str, Any]:
    return {kind: number for kind, number in found.as_dict().items() if isinstance(number, int) and number}


def test_a_perfect_ledger_of_the_whole_company_agrees() -> None:
    made = company.demo(SandboxClock.starting(START))
    before = made.as_dict()
    posted = [row for row in made.truth if row.ends == "posted"]
    enter_all(made, posted)
    found = seen(made, before)
    assert found.findings == []
    assert found.documents == len(posted)
    assert found.sums == {"USD": sum(row.total for row in posted)}
    assert found.by_target["vendor_credits"]["USD"] < 0


def test_an_empty_ledger_misses_every_bill(look: Callable[..., Comparison]) -> None:
    assert counts(look()) == {"missing": 10}


def test_a_missing_bill_is_found(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth[1:])
    found = look()
    assert counts(found) == {"missing": 1, "documents": 9}
    assert found.findings[0].bill_id == small.truth[0].bill_id


def test_a_bill_keyed_again_by_hand_is_a_duplicate(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    row = small.truth[3]
    again = enter(small, row, contact_in_ledger(small, row), f" {row.number.lower()}-", custom_fields=[])
    found = look()
    assert counts(found) == {"duplicates": 1, "documents": 11}
    assert found.findings[0].document_id == again.document_id


def test_one_reference_on_two_documents_is_a_duplicate(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    field = next(one for one in small.seed.organisation.fields_of("bill"))
    field.unique = False
    enter(small, small.truth[0], contact_in_ledger(small, small.truth[0]), "QUITE-ANOTHER")
    assert counts(look()) == {"duplicates": 1, "documents": 11}


def test_a_void_document_is_no_duplicate(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    row = small.truth[3]
    again = enter(small, row, contact_in_ledger(small, row), f"{row.number}-", custom_fields=[])
    again.state = "void"
    assert counts(look()) == {"documents": 10}


def test_a_differing_total_is_found(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth[1:])
    row = small.truth[0]
    account = small.seed.ledger["5110"].account_id
    line = {"account_id": account, "rate": row.total + Decimal("0.01"), "quantity": 1}
    enter(small, row, contact_in_ledger(small, row), lines=[line])
    found = look()
    assert counts(found) == {"totals_differ": 1, "documents": 10}
    assert str(row.total) in found.findings[0].sentence


def test_a_bill_changed_in_servicetitan_afterwards_differs(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    small.seed.tenant.modify_bill(int(small.truth[0].bill_id), shipping=Decimal("12.34"))
    assert counts(look()) == {"totals_differ": 1, "documents": 10}


def test_another_vendor_is_found(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth[1:])
    row = small.truth[0]
    other = next(one for one in small.truth if one.vendor_id != row.vendor_id)
    enter(small, row, contact_in_ledger(small, other))
    assert counts(look()) == {"wrong_vendor": 1, "documents": 10}


def test_a_vendor_made_twice_is_found(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    name = next(one.name for one in small.vendors if not one.contact_id and one.ends == "posted")
    small.seed.organisation.add_contact(name)
    assert counts(look()) == {"duplicate_vendors": 1, "documents": 10}


def test_a_document_that_must_not_be_there_is_found(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    first = small.truth[0].bill_id
    found = look(endings={first: "held"})
    assert counts(found) == {"unexpected": 1, "documents": 10}
    assert found.findings[0].bill_id == first


def test_a_document_without_any_bill_is_unexpected(small: Company, look: Callable[..., Comparison]) -> None:
    enter_all(small, small.truth)
    contact = contact_in_ledger(small, small.truth[0])
    line = {"account_id": small.seed.ledger["7100"].account_id, "rate": 5, "quantity": 1}
    small.seed.organisation.add_bill(contact, "STRAY", small.truth[0].date, [line])
    assert counts(look()) == {"unexpected": 1, "documents": 11}


def test_filling_a_mapping_makes_what_waited_for_it_expected() -> None:
    made = company.demo(SandboxClock.starting(START))
    before = made.as_dict()
    enter_all(made, [row for row in made.truth if row.ends == "posted"])
    assert counts(seen(made, before, filled=["accounts:5190"]))["missing"] == 5
    made.answers.accounts |= made.answers.later["accounts"]
    waited = [row for row in made.truth if row.waits == ("accounts:5190",)]
    for row in waited:
        enter(made, replace(row, ends="posted"), contact_in_ledger(made, row))
    assert seen(made, before, filled=["accounts:5190"]).agrees
    assert seen(made, before).unexpected == 5


def test_a_bill_keyed_by_hand_before_and_posted_again_is_a_duplicate() -> None:
    made = company.demo(SandboxClock.starting(START))
    before = made.as_dict()
    enter_all(made, [row for row in made.truth if row.ends == "posted"])
    row = next(one for one in made.truth if one.case == "keyed_by_hand")
    enter(made, row, contact_in_ledger(made, row), f"{row.number}.")
    assert counts(seen(made, before)).keys() == {"duplicates", "documents"}


def contact_in_ledger(made: Company, row: BillTruth) -> Any:
    """The contact that is there already."""
    vendor = next(one for one in made.vendors if one.vendor_id == row.vendor_id)
    contact = next(one for one in made.seed.organisation.contacts if one.contact_name == vendor.contact_name)
    set_active(made.seed.organisation, contact, active=True)
    return contact
