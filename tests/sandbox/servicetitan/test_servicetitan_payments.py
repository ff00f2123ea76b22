"""Payments: splits, credit, refunds, write-offs, deposits, and the books that stay straight through all of it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import SCOPES, Client, World

from ml_connector_sandbox.servicetitan.books import CreditMemo, batch, post_batch, unpost_batch

pytestmark = pytest.mark.anyio

LIST, STATUS = "accounting/payments", "accounting/payments/status"


@pytest.fixture
def ledger(world: World) -> Receivables:
    return receivables(world.books, world.account.id)


async def row_of(api: Client, number: int, path: str = LIST) -> dict[str, Any]:
    more = {} if path.endswith(("memos", "deposits")) else {"activeState": "All"}
    [row] = (await api.get(path, ids=str(number), **more)).body["data"]
    found: dict[str, Any] = row
    return found


def balances(ledger: Receivables, *ids: int) -> list[str]:
    return [str(ledger.books.invoices[one].balance) for one in ids]


def owed(ledger: Receivables) -> str:
    return str(ledger.books.customers[ledger.customer.id].balance)


def recounted(ledger: Receivables) -> str:
    """What the customer owes, counted from the documents."""
    books = ledger.books
    invoices = sum((one.balance for one in books.invoices if one.active), Decimal("0.00"))
    credit = sum((one.unapplied for one in books.payments if one.active), Decimal("0.00"))
    return str(invoices - credit - sum((one.balance for one in books.credit_memos), Decimal("0.00")))


async def test_one_payment_settles_many_invoices_and_the_rest_is_credit(
    api: Client, ledger: Receivables, world: World
) -> None:
    first, second = ledger.invoice("100.00"), ledger.invoice("50.00")
    world.clock.advance(60)
    made = ledger.paid("175.00", {first.id: "108.25", second.id: "50.00"}, check_number="1043", memo="thanks")
    row = await row_of(api, made.id)
    assert (row["total"], row["unappliedAmount"], row["date"]) == ("175.00", "16.75", "2026-05-06T00:00:00Z")
    assert (row["type"], row["typeId"]) == ("Check", str(ledger.check.id))
    assert [(one["appliedTo"], one["appliedAmount"], one["appliedToReferenceNumber"]) for one in row["appliedTo"]] == [
        (first.id, "108.25", "R-1"), (second.id, "50.00", "R-2"),
    ]  # fmt: skip
    assert "exportId" not in row
    assert balances(ledger, first.id, second.id) == ["0.00", "4.13"]
    assert ledger.books.invoices[first.id].modified_on > first.modified_on
    paid = (await api.get("accounting/invoices", sort="+Id")).body["data"]
    assert [one["paidOn"] for one in paid] == ["2026-05-06T00:00:00Z", None]
    assert owed(ledger) == recounted(ledger) == "-12.62"


async def test_a_deposit_is_applied_later_even_once_it_is_posted(api: Client, ledger: Receivables) -> None:
    made = ledger.paid("80.00")
    assert (await row_of(api, made.id))["appliedTo"] == []
    post_batch(ledger.books, batch(ledger.books, "May", [], [made.id]))
    invoice = ledger.invoice("100.00", posted=True)
    ledger.books.collecting.apply(made.id, {invoice.id: Decimal("80.00")}, day=date(2026, 5, 9))
    row = await row_of(api, made.id)
    assert (row["syncStatus"], row["unappliedAmount"]) == ("Posted", "0.00")
    assert row["appliedTo"][0]["appliedOn"] == "2026-05-09T00:00:00Z"
    assert (balances(ledger, invoice.id), owed(ledger)) == (["28.25"], "28.25")
    with pytest.raises(ValueError, match="cannot be applied"):
        ledger.books.collecting.apply(made.id, {invoice.id: Decimal("0.01")})


async def test_what_does_not_fit_is_refused_and_changes_nothing(ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    before = ledger.books.as_dict()
    for total, parts in (("50", {invoice.id: "60"}), ("200", {invoice.id: "108.26"}), ("50", {invoice.id: "-1"}),
                         ("-10", {invoice.id: "-10"}), ("-10", None)):  # fmt: skip
        with pytest.raises(ValueError):
            ledger.paid(total, parts)
    assert ledger.books.as_dict() == before


async def test_only_pending_payments_are_edited_or_deleted(api: Client, ledger: Receivables) -> None:
    first, second = ledger.invoice("100.00"), ledger.invoice("50.00")
    made = ledger.paid("60.00", {first.id: "60.00"})
    kept = ledger.books.collecting.change(
        made.id, parts={first.id: Decimal("20.00"), second.id: Decimal("40.00")}, memo="moved"
    )
    assert balances(ledger, first.id, second.id) == ["88.25", "14.13"]
    assert kept.splits[0].id != made.splits[0].id
    ledger.books.collecting.delete(made.id)
    assert balances(ledger, first.id, second.id) == ["108.25", "54.13"]
    assert owed(ledger) == recounted(ledger) == "162.38"
    assert await api.ids(LIST) == []
    assert await api.ids(LIST, activeState="InactiveOnly") == [made.id]
    [fed] = (await api.get("accounting/export/payments")).body["data"]
    assert fed["active"] is False
    other = ledger.paid("60.00", {first.id: "60.00"})
    post_batch(ledger.books, batch(ledger.books, "May", [], [other.id]))
    for change in (ledger.books.collecting.delete, ledger.books.collecting.change):
        with pytest.raises(ValueError, match="locked"):
            change(other.id)


async def test_a_refund_is_an_adjustment_and_a_negative_payment(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00", posted=True)
    made = ledger.paid("108.25", {invoice.id: "108.25"})
    adjustment, back = ledger.books.collecting.refund(made.id, invoice.id, ledger.refund.id, ledger.item("-40.00"))
    row = await row_of(api, back.id)
    assert (row["total"], row["refundedPaymentId"], row["unappliedAmount"]) == ("-43.30", made.id, "0.00")
    assert row["appliedTo"][0]["appliedTo"] == adjustment.id
    assert (balances(ledger, invoice.id, adjustment.id), owed(ledger)) == (["0.00", "0.00"], "0.00")


async def test_a_write_off_needs_a_type_of_journal_entries(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    with pytest.raises(ValueError, match="for money"):
        ledger.books.collecting.write_off(invoice.id, ledger.check.id)
    made = ledger.books.collecting.write_off(invoice.id, ledger.bad_debt.id)
    assert (made.total, balances(ledger, invoice.id)) == (Decimal("108.25"), ["0.00"])
    ledger.paid("1.00")
    assert await api.ids(LIST, transactionType="JournalEntry") == [made.id]
    assert len(await api.ids(LIST, transactionType="Undefined")) == 2
    with pytest.raises(ValueError, match="applied to it"):
        ledger.books.invoicing.deactivate(invoice.id)


async def test_every_filter_tells_two_payments_apart(api: Client, ledger: Receivables, world: World) -> None:
    invoice = ledger.invoice("100.00")
    one = ledger.paid("30.00", {invoice.id: "30.00"}, paid_on=date(2026, 5, 6))
    other = ledger.paid("70.00", paid_on=date(2026, 5, 8))
    kept = batch(ledger.books, "May", [], [one.id])
    post_batch(ledger.books, kept)
    deposit = ledger.books.collecting.deposit([other.id], "Bank", date(2026, 5, 9))
    hits: list[tuple[dict[str, Any], int]] = [
        ({"appliedToInvoiceIds": invoice.id}, one.id), ({"appliedToReferenceNumber": "R-1"}, one.id),
        ({"batchId": kept.id}, one.id), ({"batchNumber": kept.number}, one.id),
        ({"businessUnitIds": world.unit.id}, one.id), ({"depositIds": deposit.id}, other.id),
        ({"statuses": "Posted"}, one.id), ({"statuses": "Pending"}, other.id),
        ({"paidOnAfter": "2026-05-06"}, other.id), ({"paidOnBefore": "2026-05-08"}, one.id),
        ({"totalGreater": "70"}, other.id), ({"totalLess": "30"}, one.id),
    ]  # fmt: skip
    for query, wanted in hits:
        assert await api.ids(LIST, **query) == [wanted], query
    world.switches.paid_on_after_is_inclusive = True
    assert set(await api.ids(LIST, paidOnAfter="2026-05-06")) == {one.id, other.id}
    assert set(await api.ids(LIST, statuses="Pending,Posted", customerId=ledger.customer.id)) == {one.id, other.id}
    for wrong in ({"statuses": "pending"}, {"transactionType": "Cash"}, {"activeState": "True"}):
        assert (await api.get(LIST, **wrong)).status == 400, wrong


async def test_status_is_set_for_all_or_for_none(api: Client, ledger: Receivables, world: World) -> None:
    one, other = ledger.paid("30.00"), ledger.paid("70.00")
    answer = await api.call("POST", STATUS, json={"paymentIds": [one.id, other.id], "status": "Exported"})
    assert (answer.status, answer.text) == (200, b"")
    assert (await row_of(api, one.id))["syncStatus"] == "Exported"
    assert (await api.call("POST", STATUS, json={"paymentIds": [other.id, 5], "status": "Pending"})).status == 400
    assert (await row_of(api, other.id))["syncStatus"] == "Exported"
    world.switches.payment_status_moves_back = False
    assert (await api.call("POST", STATUS, json={"paymentIds": [one.id], "status": "Posted"})).status == 400
    for wrong in ({"paymentIds": [one.id], "status": "exported"}, {"paymentIds": one.id, "status": "Posted"}, {}):
        assert (await api.call("POST", STATUS, json=wrong)).status == 400, wrong


async def test_a_payment_is_created_where_the_version_has_it(api: Client, ledger: Receivables, world: World) -> None:
    invoice = ledger.invoice("100.00")
    body = {"typeId": ledger.check.id, "amount": 50, "exportId": "x", "paidOn": "2026-05-07T00:00:00Z",
            "splits": [{"invoiceNumber": "R-1", "amount": 40.5}]}  # fmt: skip
    made = (await api.call("POST", LIST, json=body)).body
    assert (made["exportId"], made["customerId"], made["status"]) == ("x", ledger.customer.id, "Pending")
    assert made["splits"] == [{"invoiceId": invoice.id, "amount": Decimal("40.5")}]
    assert balances(ledger, invoice.id) == ["67.75"]
    for wrong in ({"amount": 5}, {**body, "typeId": 5}, {**body, "amount": 1}, {**body, "splits": [{"amount": 1}]}, {
        **body, "amount": "50"}, {"typeId": ledger.check.id, "amount": 5}):  # fmt: skip
        assert (await api.call("POST", LIST, json=wrong)).status == 400, wrong
    world.switches.payments_can_be_created = False
    answer = await api.call("POST", LIST, json=body)
    assert (answer.status, list(answer.body)) == (404, ["type", "status", "title", "traceId"])


async def test_the_probe_of_a_creation_tells_the_three_states_apart(
    api: Client, ledger: Receivables, world: World
) -> None:
    """There: 400, and nothing is made. Not granted: 403. Withdrawn: 404 of the gateway, granted or not."""
    bodies: tuple[dict[str, Any], ...] = ({"json": {}}, {"data": b""}, {"json": []})
    for body in bodies:
        answer = await api.call("POST", LIST, **body)
        assert (answer.status, answer.body["title"]) == (400, "One or more validation errors occurred."), body
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != "tn.acc.payments:w"))
    api.token = (await api.ask_token()).body["access_token"]
    answer = await api.call("POST", LIST, json={})
    assert (answer.status, list(answer.body)) == (403, ["type", "status", "title", "traceId"])
    world.switches.payments_can_be_created = False
    answer = await api.call("POST", LIST, json={})
    assert (answer.status, answer.body["title"]) == (404, "Unable to match incoming request to an operation.")
    assert len(ledger.books.payments) == 0


async def test_a_created_payment_shows_everywhere_but_for_its_export_id(
    api: Client, ledger: Receivables, world: World
) -> None:
    invoice = ledger.invoice("100.00")
    feeds = ("accounting/export/payments", "accounting/export/invoices")
    ends = {path: (await api.get(path)).body["continueFrom"] for path in feeds}
    world.clock.advance(60)
    body = {"typeId": ledger.check.id, "amount": 120, "exportId": "ledger:9", "status": "Posted", "checkNumber": "7",
            "paidOn": "2026-05-07T00:00:00Z", "splits": [{"invoiceId": invoice.id, "amount": 108.25}],
            "customerId": ledger.customer.id}  # fmt: skip
    made = (await api.call("POST", LIST, json=body)).body
    row = await row_of(api, made["id"])
    assert (row["total"], row["unappliedAmount"], row["syncStatus"], row["checkNumber"]) == (
        "120.00", "11.75", "Posted", "7",
    )  # fmt: skip
    assert not row.keys() & {"exportId", "export_id"}
    assert (await row_of(api, invoice.id, "accounting/invoices"))["balance"] == "0.00"
    found = {path: (await api.get(path, **{"from": ends[path]})).body["data"] for path in feeds}
    assert [[one["id"] for one in rows] for rows in found.values()] == [[made["id"]], [invoice.id]]
    assert not any("exportId" in one for one in found[feeds[0]])
    assert owed(ledger) == recounted(ledger) == "-11.75"


async def test_a_change_over_the_api_demands_splits_and_type(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    made = ledger.paid("30.00", {invoice.id: "30.00"})
    path, split = f"{LIST}/{made.id}", {"invoiceId": invoice.id, "amount": 30}
    assert (await api.call("PATCH", path, json={"memo": "x"})).status == 400
    same = {"typeId": ledger.check.id, "splits": [split]}
    answer = await api.call("PATCH", path, json={**same, "status": "Exported", "exportId": "xero:9"})
    assert (answer.body["status"], answer.body["exportId"]) == ("Exported", "xero:9")
    assert [one.id for one in ledger.books.payments[made.id].splits] == [one.id for one in made.splits]
    assert (await api.call("PATCH", path, json={**same, "memo": "late"})).status == 400
    assert (await api.call("PATCH", path, json={**same, "splits": []})).status == 400
    assert balances(ledger, invoice.id) == ["78.25"]
    assert (await api.call("PATCH", f"{LIST}/5", json=same)).status == 400


async def test_a_deposit_holds_its_payments_less_the_fees(api: Client, ledger: Receivables, world: World) -> None:
    one, other = ledger.paid("30.00"), ledger.paid("70.00")
    made = ledger.books.collecting.deposit(
        [one.id, other.id], "Card 5/9", date(2026, 5, 9), fees=Decimal("2.90"), bank_account_id=world.account.id
    )
    row = await row_of(api, made.id, "accounting/bank-deposits")
    assert (row["grossAmount"], row["netAmount"], row["fees"]) == (100, Decimal("97.1"), Decimal("2.9"))
    assert row["depositDate"] == "2026-05-09T00:00:00Z"
    inside = (await api.get(f"accounting/bank-deposits/{made.id}/transactions")).body["data"]
    assert sorted(line["total"] for line in inside) == ["30.00", "70.00"]
    assert (await row_of(api, one.id))["deposit"] == {"id": made.id, "name": "Card 5/9"}
    assert await api.ids("accounting/bank-deposits", grossAmountGreater="100.01") == []
    assert await api.ids("accounting/bank-deposits", depositStatus="Deposited") == [made.id]
    with pytest.raises(ValueError, match="deposited already"):
        ledger.books.collecting.deposit([one.id], "Again", date(2026, 5, 9))
    answer = await api.call("POST", "accounting/bank-deposits/markasexported", json={"ids": [made.id]})
    assert (answer.status, answer.text) == (200, b"")
    assert await api.ids("accounting/bank-deposits", syncStatus="Exported") == [made.id]


async def test_a_credit_memo_settles_invoices_in_numbers(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    memo = CreditMemo(
        reference_number="CM-1", customer_id=ledger.customer.id, memo_date=date(2026, 5, 8), sub_total=Decimal("50.00")
    )
    kept = ledger.books.collecting.give_credit(memo, {invoice.id: Decimal("30.00")})
    row = await row_of(api, kept.id, "accounting/credit-memos")
    assert (row["date"], row["total"], row["balance"]) == ("2026-05-08", 50, 20)
    assert (row["appliedTo"][0]["appliedAmount"], row["appliedTo"][0]["appliedOn"]) == (30, "2026-05-10")
    assert (balances(ledger, invoice.id), owed(ledger)) == (["78.25"], recounted(ledger))
    path = "accounting/credit-memos"
    more = {"totalFilter.Amount": 49, "totalFilter.Comparer": "GreaterThan"}
    for query in ({"appliedToInvoiceIds": invoice.id}, {"dateOnOrAfter": "2026-05-08"}, {"balanceFilter.Amount": 20},
                  more, {"appliedBefore": "2026-05-11"}):  # fmt: skip
        assert await api.ids(path, **query) == [kept.id], query
    for query in ({"appliedToInvoiceIds": 5}, {"dateBefore": "2026-05-08"}, {"balanceFilter.Amount": 21},
                  {"appliedToReferenceNumber": "none"}, {"appliedOnOrAfter": "2026-05-11"}):  # fmt: skip
        assert await api.ids(path, **query) == [], query


async def test_types_and_terms_are_read_only_and_say_little(api: Client, ledger: Receivables) -> None:
    rows = (await api.get("accounting/payment-types")).body["data"]
    assert {row["name"] for row in rows} == {"Check", "Bad Debt", "Refund"}
    assert list(rows[0]) == ["id", "name", "createdOn", "modifiedOn"]
    ledger.books.payment_types.modify(ledger.refund.id, active=False)
    assert len(await api.ids("accounting/payment-types")) == 2
    assert (await api.get(f"accounting/payment-types/{ledger.check.id}")).body["name"] == "Check"
    term = (await api.get(f"accounting/payment-terms/{ledger.term.id}")).body
    assert (term["dueDayType"], term["dueDay"], term["isCustomerDefault"]) == ("NumberOfDays", 30, True)
    ledger.books.payment_terms.modify(ledger.term.id, active=False)
    assert await api.ids("accounting/payment-terms") == [ledger.term.id]
    assert (await api.call("POST", "accounting/payment-terms", json={})).status == 404


async def test_an_invoice_that_owes_again_is_not_paid_any_more(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    ledger.paid("108.25", {invoice.id: "108.25"})
    assert ledger.books.invoices[invoice.id].paid_on == date(2026, 5, 6)
    ledger.books.invoicing.add_items(invoice.id, [ledger.item("10.00")])
    assert ledger.books.invoices[invoice.id].paid_on is None


async def test_a_renumbered_invoice_shows_on_its_payments_at_once(api: Client, ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    made = ledger.paid("10.00", {invoice.id: "10.00"})
    assert (await row_of(api, made.id))["appliedTo"][0]["appliedToReferenceNumber"] == "R-1"
    assert await api.ids(LIST, appliedToReferenceNumber="R-1b") == []
    ledger.books.invoicing.change(invoice.id, reference_number="R-1b")
    assert await api.ids(LIST, appliedToReferenceNumber="R-1b") == [made.id]
    assert (await row_of(api, made.id))["appliedTo"][0]["appliedToReferenceNumber"] == "R-1b"


async def test_a_split_keeps_its_id_while_others_change(ledger: Receivables) -> None:
    first, second = ledger.invoice("100.00"), ledger.invoice("50.00")
    made = ledger.paid("60.00", {first.id: "20.00"})
    parts = {first.id: Decimal("20.00"), second.id: Decimal("40.00")}
    kept = ledger.books.collecting.change(made.id, parts=parts)
    assert kept.splits[0] == made.splits[0]
    assert ledger.books.collecting.change(made.id, parts={}).unapplied == Decimal("60.00")
    assert balances(ledger, first.id, second.id) == ["108.25", "54.13"]


async def test_a_refund_or_credit_that_cannot_be_leaves_nothing_behind(ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    made = ledger.paid("10.00", {invoice.id: "10.00"})
    memo = CreditMemo(
        reference_number="CM-1", customer_id=ledger.customer.id, memo_date=date(2026, 5, 8), sub_total=Decimal("50.00")
    )
    before, collecting = ledger.books.as_dict(), ledger.books.collecting
    for payment_id, price in ((5, "-1.00"), (made.id, "1.00")):
        with pytest.raises(ValueError):
            collecting.refund(payment_id, invoice.id, ledger.refund.id, ledger.item(price))
    with pytest.raises(ValueError):
        collecting.give_credit(memo, {invoice.id: Decimal("50.01")})
    assert ledger.books.as_dict() == before


async def test_a_posted_payment_is_reversed_after_its_batch_is_opened(ledger: Receivables) -> None:
    invoice = ledger.invoice("100.00")
    made = ledger.paid("10.00", {invoice.id: "10.00"})
    kept = batch(ledger.books, "May", [], [made.id])
    post_batch(ledger.books, kept)
    unpost_batch(ledger.books, kept)
    ledger.books.collecting.delete(made.id)
    assert balances(ledger, invoice.id) == ["108.25"]
