"""Customers are read together with their contacts, and again when one of those changes."""

from __future__ import annotations

import json

import msgspec
import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.master_data import Party, Person
from ml_connector.canonical.parts import Address
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR
from tests.connectors.servicetitan.servicetitan_script import Script, asked, contact, customer, pages, resumed, stamp

pytestmark = pytest.mark.anyio
GUID = "01234567-89ab-cdef-0123-456789abcdef"
ADD = {"further_contacts": "add"}
LIST, BULK, FEED = "customers", "customers/contacts", "export/customers/contacts"


def script(*customers: dict[str, object], contacts: tuple[dict[str, object], ...] = (), **settings: str) -> Script:
    found = Script(settings=settings)
    found.lists[LIST], found.lists[BULK] = list(customers), list(contacts)
    return found


async def read(of: Script, *ids: str) -> dict[str, Party]:
    rows = [row for page in await pages(of, Reading("customers", ids=ids)) for row in page.rows]
    return {row.id: row.document for row in rows if isinstance(row.document, Party)}


async def test_a_customer_with_his_contacts() -> None:
    of = script(
        customer(1, stamp(1), externalData=[{"key": "ml_connector", "value": "ours-1"}]),
        customer(2, stamp(2), type="Commercial", active=False, mergedToId=1),
        contacts=(
            contact(10, 1, "Email", "gone@example.com", stamp(2), active=False),
            contact(12, 1, "Email", "second@example.com", stamp(8)),
            contact(11, 1, "Email", " first@example.com ", stamp(9, "0000001")),
            contact(13, 1, "Fax", "5125550102", stamp(3)),
            contact(15, 1, "Phone", "5125550101", stamp(3)),
            contact(14, 1, "MobilePhone", "5125550100", stamp(3)),
        ),
        application_guid=GUID,
    )
    found = await read(of)
    one, two = found["1"], found["2"]
    assert (one.kind, one.name, one.private_person, one.reference) == ("customer", "Customer 1", True, "ours-1")
    assert (one.email, one.phone) == ("first@example.com", "5125550100")
    assert one.address == Address("12 Main St", "", "Austin", "TX", "78701", "USA")
    assert one.stamp == stamp(9, "0000001")
    assert (two.active, two.merged_into, two.private_person, two.email) == (False, "1", False, "")
    assert decode(encode(one)) == one
    assert asked(of, LIST)[0]["externalDataApplicationGuid"] == GUID
    assert asked(of, LIST)[0]["active"] == "Any"


async def test_further_addresses_are_told_where_they_are_asked_for() -> None:
    of = script(
        customer(1, stamp(1)),
        contacts=(
            contact(14, 1, "Email", "gone@example.com", stamp(2), active=False),
            contact(13, 1, "Email", " wife@example.com ", stamp(3), memo="  Wife \n Jane"),
            contact(12, 1, "Email", "office@example.com", stamp(4), memo=None),
            contact(11, 1, "Email", "first@example.com", stamp(4), memo="Home"),
            contact(10, 1, "Phone", "5125550100", stamp(3), memo="Cell"),
        ),
    )
    assert (await read(of))["1"].persons == ()
    [plain] = (await pages(of, Reading("customers", ids=("1",))))[0].rows
    [row] = (await pages(of, Reading("customers", ids=("1",), options=ADD)))[0].rows
    assert b"Wife" in row.raw and b"Home" not in row.raw and b"Cell" not in row.raw
    assert plain.raw != row.raw and b"Wife" not in plain.raw and json.loads(row.raw)["further"] is True
    one = row.document
    assert isinstance(one, Party) and (one.email, one.first_name) == ("first@example.com", "")
    assert one.persons == (
        Person("12", email="office@example.com"), Person("13", first_name="Wife Jane", email="wife@example.com")
    )  # fmt: skip
    assert decode(encode(one)) == one


@pytest.mark.parametrize(
    ("memo", "name"),
    [
        ("Jane", "Jane"), ("Jane O'Neill-Smith", "Jane O'Neill-Smith"), ("Jürgen Weiß, Büro", "Jürgen Weiß, Büro"),
        ("Never pays!", ""), ("call before 9", ""), ("key is with the neighbour", ""), ("see jane@x.example", ""),
        ("J" * 41, ""), ("- -", ""), ("", ""), (None, ""),
    ],
)  # fmt: skip
async def test_of_a_memo_what_may_be_a_name_alone_is_kept(memo: str | None, name: str) -> None:
    emails = [contact(id, 1, "Email", f"c{id}@x.example", stamp(id), memo=memo) for id in (1, 2)]
    of = script(customer(1, stamp(1)), contacts=tuple(emails))
    [row] = (await pages(of, Reading("customers", ids=("1",), options=ADD)))[0].rows
    assert isinstance(row.document, Party) and [one.first_name for one in row.document.persons] == [name]
    assert row.raw.count(b'"memo"') == (1 if name else 0)


async def test_who_has_one_address_alone_is_the_same_with_the_option() -> None:
    of = script(customer(1, stamp(1)), contacts=(contact(1, 1, "Email", "c1@x.example", stamp(1), memo="Jane"),))
    rows = [(await pages(of, Reading("customers", ids=("1",), options=one)))[0].rows[0] for one in ({}, ADD)]
    assert rows[0].raw == rows[1].raw


async def test_money_is_no_change_of_a_customer() -> None:
    of = script(customer(1, stamp(1)))
    first = await pages(of, Reading("customers"))
    (before,) = [row.raw for page in first for row in page.rows]
    await pages(of, Reading("customers", first[-1].cursor))
    assert asked(of, LIST)[1]["excludeAccountingChangesFromModifiedDateRange"] == "true"
    of.lists[LIST][0] = customer(1, stamp(1), balance=900.25, creditLimitBalance=3)
    (after,) = [row.raw for page in await pages(of, Reading("customers", ids=("1",))) for row in page.rows]
    assert before == after
    assert "balance" not in json.loads(before)["customer"]


async def test_the_first_walk_costs_a_call_a_page_whenever_the_customers_changed() -> None:
    many = [customer(id, stamp(id if id % 2 else id * 86_400)) for id in range(1, 60)]
    of = script(*many, page_size="11", application_guid=GUID)
    assert len(await read(of)) == 59
    assert len(asked(of, LIST)) == 6  # each page begins with the last one's last second
    assert {one["externalDataApplicationGuid"] for one in asked(of, LIST)} == {GUID}


async def test_a_payment_during_the_first_walk_hides_no_customer() -> None:
    of = script(*(customer(id, stamp(id)) for id in range(1, 25)), page_size="8")

    def paid(number: int) -> None:
        of.lists[LIST][20] = customer(21, stamp(5000 + number), balance=number)

    of.before = paid
    assert "21" in await read(of)
    assert not any("excludeAccountingChangesFromModifiedDateRange" in one for one in asked(of, LIST))


async def test_contacts_come_in_bulk() -> None:
    many = [customer(id, stamp(id)) for id in range(1, 121)]
    of = script(
        *many, contacts=tuple(contact(1000 + id, id, "Email", f"c{id}@x.example", stamp(id)) for id in range(1, 121))
    )
    found = await read(of)
    assert {one.email for one in found.values()} == {f"c{id}@x.example" for id in range(1, 121)}
    assert of.paths() == [LIST, BULK, BULK, BULK, FEED]


async def test_contacts_of_one_customer_may_fill_pages() -> None:
    contacts = tuple(contact(id, 1, "Fax", str(id), stamp(id)) for id in range(1, 30))
    of = script(
        customer(1, stamp()), contacts=(*contacts, contact(99, 1, "Email", "late@x.example", stamp())), page_size="7"
    )
    assert (await read(of, "1"))["1"].email == "late@x.example"


async def test_a_changed_contact_brings_its_customer_again() -> None:
    of = script(
        customer(1, stamp(1)), customer(2, stamp(2)), contacts=(contact(11, 1, "Email", "old@x.example", stamp(1)),)
    )
    first = await pages(of, Reading("customers"))
    new = contact(11, 1, "Email", "new@x.example", "2026-06-01T13:00:00.1234567Z")
    of.lists[BULK], of.feeds[FEED] = [new], [{**new, "active": True}]
    second = [row for page in await pages(of, Reading("customers", first[-1].cursor)) for row in page.rows]
    assert [(row.id, row.stamp) for row in second] == [("1", "2026-06-01T13:00:00.1234567Z")]
    assert isinstance(second[0].document, Party) and second[0].document.email == "new@x.example"


async def test_a_removed_contact_counts_as_newer_than_what_had_it() -> None:
    gone = contact(11, 1, "Email", "old@x.example", "2026-06-01T13:00:00Z")
    of = script(customer(1, stamp(1)), contacts=({**gone, "modifiedOn": stamp(50)},))
    first = await pages(of, Reading("customers"))
    of.lists[BULK], of.feeds[FEED] = [], [{**gone, "active": False}]
    (row,) = [row for page in await pages(of, Reading("customers", first[-1].cursor)) for row in page.rows]
    assert isinstance(row.document, Party)
    assert (row.document.email, row.stamp) == ("", "2026-06-01T13:00:00Z")
    assert row.stamp > first[0].rows[0].stamp


async def test_the_first_walk_reads_nobody_twice() -> None:
    old = contact(11, 1, "Email", "a@x.example", stamp(1))
    of = script(customer(1, stamp(1)), contacts=(old,))
    of.feeds[FEED] = [{**old, "active": True}]
    assert [row.id for page in await pages(of, Reading("customers")) for row in page.rows] == ["1"]
    assert asked(of, FEED) == [{"from": "2026-06-01", "includeRecentChanges": "true"}]


async def test_a_quiet_walk_costs_two_calls() -> None:
    of = script(customer(1, stamp(1)))
    first = await pages(of, Reading("customers"))
    of.sent.clear()
    second = await pages(of, Reading("customers", first[-1].cursor))
    assert (sum(len(page.rows) for page in second), of.paths()) == (0, [LIST, FEED])
    assert second[-1].last and not second[-1].complete


async def test_resumed_after_every_page() -> None:
    many = [customer(id, stamp(id // 3)) for id in range(1, 60)]
    of = script(*many, page_size="8")
    found = await resumed(of, Reading("customers"))
    assert {row.id for page in found for row in page.rows} == {str(id) for id in range(1, 60)}
    assert msgspec.json.decode(found[-1].cursor)["leg"] == ""


async def test_what_cannot_be_read_is_a_row_with_a_sentence() -> None:
    of = script(customer(1, stamp(1), name=None), customer(2, stamp(2)))
    of.feeds[FEED] = [{"id": 2, "customerId": 2, "type": "Email", "value": None, "modifiedOn": "2026-06-01T13:00:00Z"}]
    rows = [row for page in await pages(of, Reading("customers")) for row in page.rows]
    assert [(row.id, row.document is None) for row in rows] == [
        ("1", True),
        ("2", False),
        ("unreadable-contact-2", True),
    ]
    assert rows[0].problem == "ServiceTitan customer 1: expected `str`, got `null`, in field name."
    assert not rows[2].identified


async def test_short_lists() -> None:
    of = Script()
    of.lists["payment-types"] = [{"id": 3, "name": "Check", "modifiedOn": None, "createdOn": stamp()}]
    of.lists["payment-terms"] = [
        {"id": 5, "name": "Net 30", "dueDayType": "NumberOfDays", "dueDay": 30, "active": True, "modifiedOn": stamp()},
        {"id": 6, "name": "10th", "dueDayType": "CertainDayOfFollowingMonth", "dueDay": 10, "active": False},
        {"id": 7, "name": "New", "dueDayType": "EndOfQuarter", "dueDay": 1, "active": True, "modifiedOn": stamp()},
    ]
    (types,) = await pages(of, Reading("payment_types"))
    (terms,) = await pages(of, Reading("payment_terms"))
    assert types.complete and types.rows[0].document is not None and types.rows[0].document.name == "Check"  # type: ignore[union-attr]
    assert asked(of, "payment-types")[0]["active"] == "Any"
    told = [(one.document.rule, one.document.days, one.document.active) for one in terms.rows[:2]]  # type: ignore[union-attr]
    assert told == [("days", 30, True), ("next month", 10, False)]
    assert "EndOfQuarter" in terms.rows[2].problem
    assert not CONNECTOR.readable["payment_types"].stamped
