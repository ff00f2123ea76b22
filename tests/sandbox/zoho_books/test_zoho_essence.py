"""What the books say without ids and stamps, and touching an old document while a list is being paged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from zoho_world import ORG, MovableClock, Sandbox, make_company

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, seeded
from ml_connector_sandbox.zoho_books import OrganisationBooks, ZohoBooksEmulator
from ml_connector_sandbox.zoho_books.books.purchases import update_bill

pytestmark = pytest.mark.anyio
DAY = date(2026, 6, 1)


def company() -> tuple[ZohoBooksEmulator, OrganisationBooks]:
    made = make_company(MovableClock())
    books = made.organisations[ORG]
    books.add_unique_field("bill", "Our Ref")
    books.add_unique_field("contact", "Our Ref")
    books.add_reporting_tag("Department", ["HVAC", "Plumbing"])
    return ZohoBooksEmulator(made.clock, made), books


def line(books: OrganisationBooks, rate: str, option: str = "HVAC") -> dict[str, Any]:
    account = next(one for one in books.accounts.values() if one.account_name == "Office Supplies")
    tag = next(iter(books.reporting_tags.values()))
    chosen = next(one for one in tag.options.values() if one.option_name == option)
    tags = [{"tag_id": tag.tag_id, "tag_option_id": chosen.option_id}]
    return {"account_id": account.account_id, "rate": rate, "tags": tags, "description": "Filters"}


def write(books: OrganisationBooks, what: str, rate: str = "12.50") -> None:
    """One of the documents of the test, as an application would write it."""
    clock: Any = books.company.clock
    clock.move(61)
    vendors = {one.contact_name: one for one in books.contacts}
    own = [{"api_name": "cf_our_ref", "value": f"ours-{what}"}]
    if what == "vendor":
        person = {"first_name": "Ann", "email": "ann@delta.test"}
        books.add_contact("Delta Parts", contact_persons=[person], custom_fields=own)
    elif what == "credit":
        books.add_vendor_credit(vendors["Gamma Partners"], DAY, [line(books, rate)])
    else:
        books.add_bill(vendors["Beta Supplies Ltd"], what, DAY, [line(books, rate)], custom_fields=own)


def written(order: Sequence[str], **rates: str) -> dict[str, Counter[bytes]]:
    emulator, books = company()
    for what in order:
        write(books, what, rates.get(what, "12.50"))
    return multisets(emulator)


def multisets(emulator: ZohoBooksEmulator) -> dict[str, Counter[bytes]]:
    return {entity: Counter(map(exact.dumps, rows.values())) for entity, rows in emulator.essence().items()}


def test_the_order_of_writing_does_not_show() -> None:
    one = written(["B1", "vendor", "B2", "credit"])
    other = written(["credit", "B2", "B1", "vendor"])
    assert one == other
    assert sum(one["bills"].values()) == 2


def test_ids_do_differ_where_the_essence_does_not() -> None:
    (one, first), (other, second) = company(), company()
    for books, order in ((first, ("B1", "B2")), (second, ("B2", "B1"))):
        for what in order:
            write(books, what)
    assert one.essence() != other.essence()
    assert multisets(one) == multisets(other)


def test_one_cent_shows_in_the_bill_and_in_the_balance() -> None:
    one, other = written(["B1", "B2"]), written(["B1", "B2"], B2="12.51")
    assert {entity for entity in one if one[entity] != other[entity]} == {"bills", "accounts", "contacts"}


@pytest.mark.parametrize(
    "changes",
    [
        {"reference_number": "PO-2"},
        {"notes": "paid twice"},
        {"due_date": "2026-07-30"},
        {"custom_fields": [{"api_name": "cf_our_ref", "value": "another"}]},
        {"vendor_id": "gamma"},
    ],
)
def test_each_fact_of_a_bill_shows(changes: dict[str, Any]) -> None:
    emulator, books = company()
    write(books, "B1")
    before = multisets(emulator)["bills"]
    if "vendor_id" in changes:
        changes = {"vendor_id": next(one.contact_id for one in books.contacts if one.contact_name == "Gamma Partners")}
    update_bill(books, next(iter(books.bills)), changes)
    assert multisets(emulator)["bills"] != before


def test_no_id_and_no_stamp_is_in_it() -> None:
    emulator, books = company()
    for what in ("vendor", "B1", "credit"):
        write(books, what)
    said = exact.dumps([list(rows.values()) for rows in emulator.essence().values()]).decode()
    assert books.profile.id_prefix not in said
    assert "VC-00001" not in said
    assert "T17:" not in said


def test_stirring_moves_old_documents_and_says_nothing_new() -> None:
    emulator, books = company()
    for what in ("B1", "B2", "credit"):
        write(books, what)
    before = emulator.essence()
    books.company.clock.move(100)  # type: ignore[attr-defined]
    emulator.stir()
    assert emulator.essence() == before
    newest = books.bills.slice_modified(0, 1, descending=True)[0]
    assert (newest.number, newest.modified) == ("B1", books.now())


@pytest.mark.parametrize(("path", "key", "name"), [("/bills", "bills", "bill_number"), ("/contacts", "contacts", "")])
@pytest.mark.parametrize("direction", ["A", "D"])
async def test_pages_by_number_lose_or_repeat_a_row_when_stirred(
    sandbox: Sandbox, path: str, key: str, name: str, direction: str
) -> None:
    for number in range(6):
        sandbox.clock.move(10)
        if name:
            await sandbox.api("POST", "/bills", sandbox.bill(f"B-{number}"))
        else:
            sandbox.books.add_contact(f"Vendor {number}")
    wanted = sorted(one[name or "contact_name"] for one in (await sandbox.get(path)).body[key])
    seen: list[str] = []
    for page in (1, 2, 3, 4, 5):
        got = await sandbox.get(path, page=page, per_page=2, sort_column="last_modified_time", sort_order=direction)
        seen += [one[name or "contact_name"] for one in got.body[key]]
        sandbox.clock.move(10)
        if page == 1:
            sandbox.emulator.stir()
    assert len(set(wanted)) == len(wanted)
    assert sorted(seen) != wanted


@pytest.mark.parametrize("kind", ["demo", "receipts", "payables"])
def test_the_seeded_companies_say_the_same_each_time_and_stirred(kind: str) -> None:
    emulators = []
    for _ in range(2):
        made = seeded(kind, SandboxClock.starting(START))
        emulators.append(ZohoBooksEmulator(made.zoho_books.clock, made.zoho_books))
    one, other = emulators
    assert multisets(one) == multisets(other)
    other.stir()
    assert multisets(one) == multisets(other)
