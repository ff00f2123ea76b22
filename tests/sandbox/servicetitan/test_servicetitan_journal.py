"""Journal entries: external ones come in without an answer, and only the list and their details tell what they are."""

from __future__ import annotations

import uuid
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import receivables
from servicetitan_world import SCOPES, Client, World

from ml_connector_sandbox.servicetitan.books import GlAccount, JournalEntry, JournalLine

pytestmark = pytest.mark.anyio

LIST = "accounting/journal-entries"
GATEWAY_404 = "Unable to match incoming request to an operation."


@pytest.fixture
def bank(world: World) -> GlAccount:
    return world.books.add_gl_account(GlAccount(name="Checking", number="1010", type="Bank"))


def expense(world: World, bank: GlAccount, name: str = "zoho-1", **more: Any) -> dict[str, Any]:
    """41.50 of materials paid from the bank on 7 May."""
    lines = [
        {"accountId": world.account.id, "debit": 41.5, "credit": 0, "memo": "Gloves", "vendorId": world.vendor.id},
        {"accountId": bank.id, "debit": 0, "credit": 41.5},
    ]
    return {"name": name, "status": "Open", "versionId": 1, "postDate": "2026-05-07", "lines": lines, **more}


async def make(api: Client, body: dict[str, Any]) -> dict[str, Any]:
    answer = await api.call("POST", LIST, json=body)
    assert (answer.status, answer.text) == (200, b""), answer.text
    [row] = (await api.get(LIST, name=body["name"], sort="-Number", pageSize=1)).body["data"]
    found: dict[str, Any] = row
    return found


def withhold(world: World, scope: str) -> None:
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != scope))


async def test_an_entry_is_made_without_an_answer_and_found_by_its_name(
    api: Client, world: World, bank: GlAccount
) -> None:
    row = await make(api, expense(world, bank, message="From the ledger", customFields={"ref": "9", "none": None}))
    assert str(uuid.UUID(row["id"])) == row["id"] and (row["number"], row["source"]) == (1, "External")
    assert (row["name"], row["status"], row["syncStatus"], row["versionId"], row["postDate"]) == (
        "zoho-1", "Open", "NotSynced", 1, "2026-05-07",
    )  # fmt: skip
    assert row["customFields"] == [{"name": "ref", "value": "9"}, {"name": "none", "value": None}]
    assert not row["isEmpty"] and "lines" not in row
    assert (await api.get(f"{LIST}/{row['id']}")).body == row
    details = (await api.get(f"{LIST}/{row['id']}/details", includeTotal="true")).body
    assert [(one["account"]["id"], one["debit"], one["credit"], one["memo"]) for one in details["data"]] == [
        (world.account.id, Decimal("41.5"), 0, "Gloves"), (bank.id, 0, Decimal("41.5"), None),
    ]  # fmt: skip
    assert details["data"][0]["vendor"]["name"] == world.vendor.name and details["totalCount"] == 2


async def test_an_answer_with_the_id_where_the_switch_says_so(api: Client, world: World, bank: GlAccount) -> None:
    world.switches.journal_entry_creation_answers_id, api.check_published = True, False
    made = (await api.call("POST", LIST, json=expense(world, bank))).body
    assert (await api.get(f"{LIST}/{made['id']}")).body["name"] == "zoho-1"


async def test_what_is_no_entry_is_refused_and_not_kept(api: Client, world: World, bank: GlAccount) -> None:
    body = expense(world, bank)
    debit, credit = body["lines"]
    wrong: tuple[Any, ...] = (
        {}, [], {**body, "status": "open"}, {**body, "status": "Posted"}, {**body, "versionId": None},
        {key: value for key, value in body.items() if key != "versionId"}, {**body, "postDate": "2026-05-07T00:00:00Z"},
        {**body, "lines": [debit]}, {**body, "lines": [{**debit, "debit": "41.5"}, credit]},
        {**body, "lines": [{**debit, "debit": 41.49}, credit]}, {**body, "lines": [{**debit, "accountId": 5}, credit]},
        {**body, "lines": [{**debit, "accountId": None}, credit]}, {**body, "lines": [{"debit": 1}, credit]},
        {**body, "lines": [{**debit, "debit": 83, "credit": 41.5}, credit]}, {**body, "lines": ["x"]},
        {**body, "lines": [{**debit, "debit": 0, "credit": -41.5}, credit]}, {**body, "lines": {}},
        {**body, "lines": [{**debit, "vendorId": 5}, credit]}, {**body, "customFields": {"a": 1}},
        {**body, "customFields": {str(place): "x" for place in range(6)}},
    )  # fmt: skip
    for one in wrong:
        answer = await api.call("POST", LIST, json=one)
        assert (answer.status, bool(answer.body["errors"])) == (400, True), one
    assert len(world.books.journal_entries) == 0
    await make(api, {**body, "customFields": {str(place): "x" for place in range(5)}})


async def test_unchecked_lines_where_the_switch_says_so(api: Client, world: World, bank: GlAccount) -> None:
    world.switches.journal_entry_lines_are_checked = False
    body = expense(world, bank)
    row = await make(api, {**body, "lines": [{"debit": 5, "credit": 0}]})
    [line] = (await api.get(f"{LIST}/{row['id']}/details")).body["data"]
    assert (line["account"]["name"], line["debit"]) == (None, 5)
    assert (
        await api.call("POST", LIST, json={**body, "lines": [{"accountId": 5, "debit": 1, "credit": 0}]})
    ).status == 400


async def test_unknown_properties_are_refused_where_the_switch_says_so(
    api: Client, world: World, bank: GlAccount
) -> None:
    body = expense(world, bank)
    await make(api, {**body, "number": 5})
    world.switches.refuse_unknown_properties = True
    assert (await api.call("POST", LIST, json={**body, "number": 5})).status == 400
    line = {**body["lines"][0], "amount": 1}
    assert (await api.call("POST", LIST, json={**body, "lines": [line, body["lines"][1]]})).status == 400


async def test_reading_and_writing_have_their_own_scopes(api: Client, world: World, bank: GlAccount) -> None:
    row = await make(api, expense(world, bank))
    withhold(world, "tn.acc.journalentries:w")
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.call("POST", LIST, json=expense(world, bank))).status == 403
    assert (await api.call("DELETE", f"{LIST}/{row['id']}")).status == 403
    withhold(world, "tn.acc.journalentries:r")
    api.token = (await api.ask_token()).body["access_token"]
    for path in (LIST, f"{LIST}/{row['id']}", f"{LIST}/{row['id']}/details"):
        answer = await api.get(path)
        assert answer.status == 403 and "tn.acc.journalentries:r" in answer.body["title"]


async def test_a_withdrawn_resource_is_an_unknown_path_whoever_asks(api: Client, world: World, bank: GlAccount) -> None:
    row = await make(api, expense(world, bank))
    world.switches.journal_entries_available = False
    for method, path in (
        ("GET", LIST),
        ("POST", LIST),
        ("GET", f"{LIST}/{row['id']}"),
        ("DELETE", f"{LIST}/{row['id']}"),
    ):
        answer = await api.call(method, path, **({"json": {}} if method == "POST" else {}))
        assert (answer.status, answer.body["title"]) == (404, GATEWAY_404)
    withhold(world, "tn.acc.journalentries:w")
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.call("POST", LIST, json={})).status == 404


async def test_a_page_holds_500_at_most(api: Client, world: World) -> None:
    for _ in range(501):
        world.books.journals.enter(JournalEntry(number=world.books.journals.next_number(), sync_status="Synced"))
    page = (await api.get(LIST, pageSize=500)).body
    assert (len(page["data"]), page["hasMore"], page["pageSize"]) == (500, True, 500)
    assert len((await api.get(LIST, pageSize=500, page=2)).body["data"]) == 1
    assert (await api.get(LIST, pageSize=501)).status == 400
    world.switches.clamp_page_size = True
    assert (await api.get(LIST, pageSize=5000)).body["pageSize"] == 500


async def test_every_filter_tells_two_entries_apart(api: Client, world: World, bank: GlAccount) -> None:
    customer = receivables(world.books, world.account.id).customer
    one = await make(api, expense(world, bank, "zoho-12"))
    world.clock.advance(60)
    lines = (
        JournalLine(debit=Decimal(1), account_id=bank.id, customer_id=customer.id, business_unit_id=world.unit.id),
        JournalLine(credit=Decimal(1), account_id=world.account.id),
    )
    other = world.books.journals.enter(
        JournalEntry(number=2, name="Payroll", source="ServiceTitan", status="Closed", sync_status="Synced", lines=lines,
                     post_date=date(2026, 5, 31), exported_on="2026-06-01T00:00:00.0000000Z")
    )  # fmt: skip
    both = [one["id"], other.guid]
    for params, expected in (
        ({"name": "ZOHO"}, [0]), ({"name": "o"}, [0, 1]), ({"statuses": "Closed"}, [1]), ({"syncStatuses": "NotSynced"}, [0]),
        ({"numberFrom": 2}, [1]), ({"numberTo": 1}, [0]), ({"postedFrom": "2026-05-08"}, [1]),
        ({"postedTo": "2026-05-07T23:00:00Z"}, [0]), ({"exportedFrom": "2026-06-01"}, [1]),
        ({"exportedTo": "2026-05-31"}, []),
        ({"modifiedOnOrAfter": "2026-05-10T12:00:30Z"}, [1]), ({"createdBefore": "2026-05-10T12:00:30Z"}, [0]),
        ({"businessUnitIds": world.unit.id}, [1]), ({"customerName": "acme"}, [1]), ({"vendorName": "PARTS"}, [0]),
        ({"ids": f"{other.guid.upper()},{uuid.UUID(int=5)}"}, [1]),
    ):  # fmt: skip
        rows = (await api.get(LIST, sort="+Number", **params)).body["data"]
        assert [both.index(row["id"]) for row in rows] == expected, params
    assert [row["id"] for row in (await api.get(LIST, sort="-ExportedOn")).body["data"]] == [one["id"], other.guid]
    for wrong in ({"ids": "5"}, {"statuses": "closed"}, {"sort": "+ModifiedOn"}, {"empty": "Yes"}, {
        "ids": ",".join([other.guid] * 51)}):  # fmt: skip
        assert (await api.get(LIST, **wrong)).status == 400, wrong
    for unknown in ("exportedBy", "transactionTypes", "customField.a"):
        assert (await api.get(LIST, **{unknown: "1"})).status == 501


async def test_an_empty_entry_that_was_never_synced_is_left_out_unless_asked(api: Client, world: World) -> None:
    assert (await api.call("POST", LIST, json={"status": "Closed", "versionId": 0, "name": "Empty"})).status == 200
    assert (await api.get(LIST)).body["data"] == (await api.get(LIST, empty="Exclude")).body["data"] == []
    [row] = (await api.get(LIST, empty="Include")).body["data"]
    assert row["isEmpty"] and (await api.get(LIST, ids=row["id"])).body["data"] == [row]


async def test_a_summary_adds_up_by_account_and_business_unit(api: Client, world: World, bank: GlAccount) -> None:
    body = expense(world, bank)
    more = [{**body["lines"][0], "debit": 8.5}, {**body["lines"][0], "debit": 1, "businessUnitId": world.unit.id}]
    row = await make(api, {**body, "lines": [*body["lines"], *more, {**body["lines"][1], "credit": 9.5}]})
    summary = (await api.get(f"{LIST}/{row['id']}/summary", includeTotal="true")).body
    unit = {"id": world.unit.id, "name": world.unit.name}
    assert [(one["account"]["id"], one["debit"], one["credit"], one["businessUnit"]) for one in summary["data"]] == [
        (world.account.id, 50, 0, None), (bank.id, 0, 51, None), (world.account.id, 1, 0, unit),
    ]  # fmt: skip
    assert summary["totalCount"] == 3 and {one["postDate"] for one in summary["data"]} == {"2026-05-07"}
    page = (await api.get(f"{LIST}/{row['id']}/summary", page=2, pageSize=2)).body
    assert len(page["data"]) == 1 and not page["hasMore"]


async def test_only_external_entries_are_deleted(api: Client, world: World, bank: GlAccount) -> None:
    row = await make(api, expense(world, bank))
    own = world.books.journals.enter(JournalEntry(number=2, source="ServiceTitan", sync_status="Synced"))
    answer = await api.call("DELETE", f"{LIST}/{row['id']}")
    assert (answer.status, answer.text) == (200, b"")
    assert (
        (await api.get(f"{LIST}/{row['id']}")).status == (await api.call("DELETE", f"{LIST}/{row['id']}")).status == 404
    )
    assert (await api.call("DELETE", f"{LIST}/{own.guid}")).status == 400
    assert [one["id"] for one in (await api.get(LIST)).body["data"]] == [own.guid]
    assert (await api.get(f"{LIST}/5")).status == 400


async def test_an_entry_shows_in_what_the_books_say(api: Client, world: World, bank: GlAccount) -> None:
    assert "journal_entries" not in world.emulator.essence()
    await make(api, expense(world, bank))
    [said] = world.emulator.essence()["journal_entries"].values()
    assert [(line["account"], line["debit"]) for line in said["lines"]] == [
        ("Materials", Decimal("41.5")),
        ("Checking", 0),
    ]
