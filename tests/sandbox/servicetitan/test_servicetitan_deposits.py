"""Bank deposits: what their lists take, what a mark does, and that one is always what its payments add up to."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import SCOPES, Client, World

from ml_connector_sandbox.servicetitan import stamps
from ml_connector_sandbox.servicetitan.books import BankDeposit, batch, move_payment, post_batch, unpost_batch

pytestmark = pytest.mark.anyio

LIST, MARK = "accounting/bank-deposits", "accounting/bank-deposits/markasexported"
DAY = date(2026, 5, 9)


@pytest.fixture
def ledger(world: World) -> Receivables:
    return receivables(world.books, world.account.id)


def deposited(ledger: Receivables, *totals: str, day: date = DAY, **fields: Any) -> BankDeposit:
    """So many payments, taken to the bank together."""
    ids = [ledger.paid(total).id for total in totals]
    return ledger.books.collecting.deposit(ids, f"Slip {len(ledger.books.bank_deposits)}", day, **fields)


def kept(ledger: Receivables, deposit: BankDeposit) -> BankDeposit:
    return ledger.books.bank_deposits[deposit.id]


def inside(ledger: Receivables, deposit: BankDeposit) -> list[int]:
    return [one.id for one in ledger.books.payments if one.deposit_id == deposit.id]


async def test_each_documented_filter_selects(api: Client, ledger: Receivables, world: World) -> None:
    old = deposited(ledger, "10.00", status="Open")
    world.clock.advance(60)
    at = (world.clock.now()).isoformat().replace("+00:00", "Z")
    new = deposited(ledger, "90.00", day=date(2026, 5, 10), review_status="Reviewed", reviewed_on="2026-05-10T12:00:00Z",
                    sync_status="Posted")  # fmt: skip
    just_new: tuple[dict[str, Any], ...] = (
        {"ids": str(new.id)}, {"modifiedOnOrAfter": at}, {"createdOnOrAfter": at}, {"reviewStatus": "Reviewed"},
        {"modifiedOnOrAfter": new.modified_on}, {"depositDateOnOrAfter": "2026-05-10T00:00:00Z"},
        {"reviewedOnOrAfter": "2026-05-10T12:00:00Z"}, {"reviewedBefore": "2026-05-11"}, {"depositStatus": "Deposited"},
        {"syncStatus": "Posted"}, {"grossAmountGreater": "10.01"},
    )  # fmt: skip
    just_old: tuple[dict[str, Any], ...] = (
        {"modifiedBefore": new.modified_on}, {"createdBefore": at}, {"depositDateBefore": "2026-05-10T00:00:00Z"},
        {"reviewStatus": "NeedsReview"}, {"depositStatus": "Open"}, {"syncStatus": "Pending"},
        {"grossAmountLess": "89.99"},
    )  # fmt: skip
    for wanted, queries in ((new, just_new), (old, just_old)):
        for query in queries:
            assert await api.ids(LIST, **query) == [wanted.id], query
    assert await api.ids(LIST, depositStatus="Undefined", sort="-CreatedOn") == [new.id, old.id]
    assert await api.ids(LIST, reviewedBefore="2026-05-10T12:00:00Z") == []
    for wrong in ({"depositStatus": "open"}, {"syncStatus": "PostedAndExported"}, {"reviewStatus": "OnHold"},
                  {"sort": "+Name"}, {"ids": ",".join(map(str, range(1, 52)))}, {"depositDateBefore": "soon"}):  # fmt: skip
        assert (await api.get(LIST, **wrong)).status == 400, wrong


async def test_headers_are_numbers_and_transactions_texts(api: Client, ledger: Receivables, world: World) -> None:
    made = deposited(ledger, "30.00", "70.10", fees=Decimal("2.90"), bank_account_id=world.account.id)
    head = (await api.get(LIST)).text
    assert b'"grossAmount":100.10' in head and b'"netAmount":97.20' in head and b'"fees":2.90' in head
    page = await api.get(f"{LIST}/{made.id}/transactions")
    assert b'"total":"70.10"' in page.text and b'"unappliedAmount":"30.00"' in page.text
    assert {row["deposit"]["name"] for row in page.body["data"]} == {made.name}
    assert all(row["typeId"] == str(ledger.check.id) and "refundedPaymentId" not in row for row in page.body["data"])


async def test_transactions_come_page_by_page_and_take_nothing_else(api: Client, ledger: Receivables) -> None:
    made = deposited(ledger, "1.00", "2.00", "3.00")
    deposited(ledger, "4.00")
    path, found = f"{LIST}/{made.id}/transactions", list[int]()
    for number in (1, 2):
        page = (await api.get(path, page=number, pageSize=2, includeTotal="true")).body
        assert (page["totalCount"], page["hasMore"]) == (3, number == 1)
        found += [row["id"] for row in page["data"]]
    assert sorted(found) == sorted(inside(ledger, made))
    for ignored in ({"ids": "5"}, {"modifiedOnOrAfter": "2030-01-01"}, {"createdBefore": "2020-01-01"}, {"sort": "x"}):
        assert len(await api.ids(path, **ignored)) == 3, ignored
    assert (await api.get(f"{LIST}/5/transactions")).status == 400
    assert (await api.get(path, pageSize=0)).status == 400


async def test_a_mark_goes_for_all_or_none_and_answers_nothing(api: Client, ledger: Receivables, world: World) -> None:
    one, other = deposited(ledger, "1.00", sync_status="Posted"), deposited(ledger, "2.00")
    wrongs: list[Any] = [
        {"ids": [one.id, 5]}, {"ids": [str(one.id)]}, {"ids": None}, {}, {"ids": one.id}, [one.id],
    ]  # fmt: skip
    for wrong in wrongs:
        assert (await api.call("POST", MARK, json=wrong)).status == 400, wrong
    world.switches.mark_exported_demands_posted = True
    assert (await api.call("POST", MARK, json={"ids": [one.id, other.id]})).status == 400
    assert kept(ledger, one).sync_status == "Posted"
    world.clock.advance(60)
    answer = await api.call("POST", MARK, json={"ids": [one.id]})
    assert (answer.status, answer.text) == (200, b"") and kept(ledger, one).sync_status == "Exported"
    assert kept(ledger, one).modified_on > one.modified_on
    world.switches.mark_exported_twice_fails = True
    assert (await api.call("POST", MARK, json={"ids": [one.id]})).status == 400


async def test_the_switches_of_marks_hold_for_deposits(api: Client, ledger: Receivables, world: World) -> None:
    made = deposited(ledger, "1.00")
    world.clock.advance(60)
    world.switches.refuse_unknown_properties, world.switches.mark_exported_moves_modified_on = True, False
    assert (await api.call("POST", MARK, json={"ids": [made.id], "externalId": "7"})).status == 400
    assert (await api.call("POST", MARK, json={"ids": [made.id]})).status == 200
    assert kept(ledger, made).sync_status == "Exported" and kept(ledger, made).modified_on == made.modified_on


async def test_reading_and_marking_need_their_own_right(api: Client, ledger: Receivables, world: World) -> None:
    made = deposited(ledger, "1.00")
    lacking = {"r": (("GET", LIST), ("GET", f"{LIST}/{made.id}/transactions")), "w": (("POST", MARK),)}
    for right, calls in lacking.items():
        scopes = tuple(one for one in SCOPES if one != f"tn.acc.bankdeposits:{right}")
        world.company.change_scopes("cid.a", scopes)
        api.token = (await api.ask_token()).body["access_token"]
        for method, path in calls:
            assert (await api.call(method, path, json={"ids": [made.id]})).status == 403, path
    assert (await api.get(LIST)).status == 200
    assert kept(ledger, made).sync_status == "Pending"


async def test_a_payment_that_is_moved_changes_both_deposits(api: Client, ledger: Receivables, world: World) -> None:
    one, other = deposited(ledger, "30.00", "70.00", fees=Decimal("2.90")), deposited(ledger, "5.00")
    moved, stays = inside(ledger, one)
    world.clock.advance(60)
    at = world.clock.now().isoformat().replace("+00:00", "Z")
    move_payment(ledger.books, moved, other.id)
    rows = {row["id"]: row for row in (await api.get(LIST, modifiedOnOrAfter=at)).body["data"]}
    assert (rows[one.id]["grossAmount"], rows[one.id]["netAmount"]) == (70, Decimal("67.10"))
    assert (rows[other.id]["grossAmount"], rows[one.id]["createdOn"] < at) == (35, True)
    assert await api.ids(f"{LIST}/{one.id}/transactions") == [stays]
    [row] = (await api.get("accounting/payments", modifiedOnOrAfter=at)).body["data"]
    assert (row["id"], row["deposit"]) == (moved, {"id": other.id, "name": other.name})
    move_payment(ledger.books, moved, None)
    assert kept(ledger, other).gross == 5 and ledger.books.payments[moved].deposit_id is None


async def test_a_payment_is_moved_only_to_where_it_can_be(ledger: Receivables) -> None:
    one, loose = deposited(ledger, "30.00"), ledger.paid("7.00")
    [number] = inside(ledger, one)
    for payment, to, why in ((number, one.id, "already"), (loose.id, one.id, "no deposit"), (number, 5, "no bank dep")):
        with pytest.raises(ValueError, match=why):
            move_payment(ledger.books, payment, to)
    assert kept(ledger, one) == one


async def test_a_deposit_follows_what_becomes_of_its_payments(ledger: Receivables) -> None:
    made = deposited(ledger, "30.00", "70.00")
    first, second = inside(ledger, made)
    ledger.books.collecting.change(first, total=Decimal("31.00"))
    assert kept(ledger, made).gross == Decimal("101.00")
    ledger.books.collecting.change(second, memo="thanks")
    before = kept(ledger, made)
    ledger.books.collecting.delete(second)
    assert before.gross == 101 and kept(ledger, made).gross == 31
    with pytest.raises(ValueError, match="deleted"):
        move_payment(ledger.books, second, None)


async def test_a_deposit_is_posted_with_its_batch_and_opened_with_it(ledger: Receivables) -> None:
    made = deposited(ledger, "30.00")
    week = batch(ledger.books, "Bank, May", deposit_ids=[made.id])
    post_batch(ledger.books, week)
    assert (kept(ledger, made).sync_status, kept(ledger, made).batch) == ("Posted", week)
    with pytest.raises(ValueError, match="cannot be batched"):
        batch(ledger.books, "Again", deposit_ids=[made.id])
    unpost_batch(ledger.books, week)
    assert kept(ledger, made).sync_status == "Pending"


async def test_an_invoice_says_when_it_was_posted_or_when_its_money_came_to_the_bank(
    api: Client, ledger: Receivables, world: World
) -> None:
    """A captured invoice over nothing has a depositedOn of the moment its batch was posted, hence the default."""
    nil, invoice = ledger.invoice("0.00", posted=True), ledger.invoice("100.00", posted=True)
    first, rest = (ledger.paid(part, {invoice.id: part}) for part in ("100.00", "8.25"))
    ledger.books.collecting.deposit([first.id], "Slip", DAY)

    async def shown() -> list[str | None]:
        rows = {row["id"]: row["depositedOn"] for row in (await api.get("accounting/invoices")).body["data"]}
        return [rows[nil.id], rows[invoice.id]]

    posted = ledger.books.invoices[nil.id].modified_on
    assert (await shown())[0] == stamps.shown(posted) and (await shown())[1] is not None
    world.switches.deposited_on_is_the_bank_deposit = True
    assert await shown() == [None, "2026-05-09T00:00:00Z"]
    later = ledger.books.collecting.deposit([rest.id], "Next", date(2026, 5, 12))
    assert await shown() == [None, "2026-05-12T00:00:00Z"]
    move_payment(ledger.books, rest.id, None)
    assert await shown() == [None, "2026-05-09T00:00:00Z"] and kept(ledger, later).gross == 0
