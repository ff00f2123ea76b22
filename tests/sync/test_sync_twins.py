"""Another document with the vendor's number: found on both sides, as bill or as credit, under the number that counts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sync_world import Fault, World, is_write

from ml_connector.service.releasing import release
from ml_connector_sandbox.servicetitan.books import Bill

pytestmark = pytest.mark.anyio

HELD_AS_EQUAL = ("held", "same_number_same_total")


def another(company: World, number: str, **changes: Any) -> Bill:
    """One more bill like the first, under another number of the vendor."""
    first = company.tenant.bills[company.bills[0]]
    items = tuple(replace(item, id=0, receipt_item_id=None) for item in first.items)
    fresh = {"id": 0, "created_on": "", "modified_on": "", "items": items, "purchase_order_id": None}
    kept = company.tenant.add_bill(replace(first, vendor_number=number, **{**fresh, **changes}))
    assert isinstance(kept, Bill)
    return kept


def contact(company: World) -> Any:
    """The ledger's contact of the first bill's vendor, once it is linked."""
    seed = company.sandbox.company.seed
    vendor = company.tenant.bills[company.bills[0]].vendor_id
    name = next(one.name for one in seed.vendors.values() if one.id == vendor)
    return next(one for one in seed.organisation.contacts if one.contact_name == name)


def keyed(company: World, amount: Decimal) -> list[dict[str, Any]]:
    account = company.sandbox.company.seed.ledger["5100"].account_id
    return [{"account_id": account, "rate": amount, "quantity": 1}]


async def posted_all(company: World) -> None:
    await company.live()
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}


def returned(company: World) -> dict[str, Any]:
    """The lines and total of a return."""
    first = company.tenant.bills[company.bills[0]]
    items = tuple(replace(item, id=0, receipt_item_id=None, cost=-item.cost) for item in first.items)
    return {"items": items, "tax": Decimal(0), "shipping": Decimal(0), "other": Decimal(0)}


async def test_a_credit_keyed_by_hand_is_found_and_not_posted_again(company: World) -> None:
    await posted_all(company)
    credit = another(company, "CR-77", **returned(company))
    assert credit.amount(True) < 0
    organisation = company.sandbox.company.seed.organisation
    organisation.add_vendor_credit(
        contact(company), credit.bill_date, keyed(company, -credit.amount(True)), vendor_credit_number="cr 0077"
    )
    await company.sync()
    assert (await company.ends())[str(credit.id)] == HELD_AS_EQUAL
    assert len(list(organisation.vendor_credits)) == 1


async def test_a_bill_under_a_credits_number_is_no_twin_of_it(company: World) -> None:
    await posted_all(company)
    bill = another(company, "CR-77")
    company.sandbox.company.seed.organisation.add_vendor_credit(
        contact(company), bill.bill_date, keyed(company, bill.amount(True)), vendor_credit_number="CR-77"
    )
    await company.sync()
    assert (await company.ends())[str(bill.id)] == ("posted", "")


async def test_the_number_a_person_gives_is_looked_for_too(company: World) -> None:
    await posted_all(company)
    first = company.tenant.bills[company.bills[0]]
    again = another(company, first.vendor_number)
    third = another(company, first.vendor_number)
    organisation = company.sandbox.company.seed.organisation
    organisation.add_bill(contact(company), "HAND-1", again.bill_date, keyed(company, again.amount(True)))
    await company.sync()
    assert (await company.ends())[str(again.id)] == HELD_AS_EQUAL

    await company.fill("bill_numbers", str(again.id), "hand 01")  # the ledger has that one as well
    await company.settle()
    assert (await company.ends())[str(again.id)] == HELD_AS_EQUAL
    await company.fill("bill_numbers", str(again.id), "SECOND-1")
    await company.settle()
    assert (await company.ends())[str(again.id)] == ("posted", "")
    await company.fill("bill_numbers", str(third.id), "second 1")  # given to another bill already
    await company.settle()
    assert (await company.ends())[str(third.id)] == HELD_AS_EQUAL
    await company.fill("bill_numbers", str(third.id), "THIRD-1")
    await company.settle()
    assert (await company.ends())[str(third.id)] == ("posted", "")


async def test_a_bill_from_before_the_start_is_linked_with_its_one_equal_and_nothing_is_written(
    company: World,
) -> None:
    start = date.fromisoformat(company.sandbox.handover["company"]["start_date"])
    early = {"bill_date": start - timedelta(days=3)}
    await posted_all(company)
    equal, other_total, twice, nowhere = (another(company, number, **early) for number in ("E-1", "E-2", "E-3", "E-4"))
    amount = equal.amount(True)
    organisation = company.sandbox.company.seed.organisation
    for number, total in (("E-1", amount), ("E-2", amount + 1), ("E-3", amount), ("e-03", amount)):
        organisation.add_bill(contact(company), number, equal.bill_date, keyed(company, total))
    company.faults.waiting.append(Fault("defect", is_write))  # any write at all would fail the test
    await company.sync()
    ends = await company.ends()
    assert ends[str(equal.id)] == ("linked", "")
    assert {ends[str(one.id)] for one in (other_total, twice, nowhere)} == {("skipped", "before_start")}
    company.tenant.modify_bill(equal.id, due_date=start + timedelta(days=90))
    await company.sync()
    assert (await company.ends())[str(equal.id)] == ("held", "changed_after_posting")
    assert company.faults.waiting[-1].times == 1


async def test_a_number_that_the_vendor_uses_again_in_another_fiscal_year_is_posted_once_a_person_says_so(
    company: World,
) -> None:
    await posted_all(company)
    seed = company.sandbox.company.seed
    lately = company.tenant.bills[company.bills[0]].bill_date
    last_year = lately - timedelta(days=365)
    new = another(company, "YEAR-1", bill_date=lately)
    seed.organisation.add_bill(contact(company), "YEAR-1", last_year, keyed(company, new.amount(True) + 1))
    await company.sync()
    assert (await company.ends())[str(new.id)] == ("held", "same_number_other_year")
    row = await company.one(
        "select record_id from record where reference like %s and source_id = %s", "%-bills-%", str(new.id)
    )
    await release(company.desk, f"#{row[0]}")
    await company.settle()
    assert (await company.ends())[str(new.id)] == ("posted", "")
    assert [one.date for one in company.zoho_bills() if one.number == "YEAR-1"] == [last_year, lately]


async def test_before_the_start_a_vendor_that_is_not_linked_yet_is_known_by_its_very_name(company: World) -> None:
    start = date.fromisoformat(company.sandbox.handover["company"]["start_date"])
    bill = company.tenant.bills[company.bills[0]]
    seed = company.sandbox.company.seed
    name = next(one.name for one in seed.vendors.values() if one.id == bill.vendor_id)
    if name not in {one.contact_name for one in seed.organisation.contacts}:
        seed.organisation.add_contact(name)
    early = another(company, "E-9", bill_date=start - timedelta(days=3))
    seed.organisation.add_bill(contact(company), "E-9", early.bill_date, keyed(company, early.amount(True)))
    await company.run("update feed set moved_at = moved_at - interval '1 day' where name like 'directory %%'")
    await company.sync()  # the bills are in preview, and no vendor is linked
    assert (await company.one("select count(*) from link"))[0] == 0
    assert (await company.ends())[str(early.id)] == ("planned", "")
    await company.live()
    await company.settle()
    assert (await company.ends())[str(early.id)] == ("linked", "")
