"""What the books say without ids and stamps, faults in the vendor's words, and the desk where people key things in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_world import NZ, SCOPES, TODAY, MovableClock, Sandbox, make_company

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.faults import Fault
from ml_connector_sandbox.xero import XeroBooks, XeroEmulator
from ml_connector_sandbox.xero.books.desk import Impossible
from ml_connector_sandbox.xero.inspection import organisation_books

pytestmark = pytest.mark.anyio


def write(books: Any, what: str) -> None:
    """One document as an application would write it, a minute after the last."""
    books.company.clock.move(61)
    desk, jane = books.desk, books.contacts.having("name", "jane doe")[0]
    line = {"Description": "Filters", "Quantity": 1, "UnitAmount": "12.50", "AccountCode": "200"}
    if what == "contact":
        desk.add_contact("Delta", ContactNumber="ST-C-9", Phones=[{"PhoneNumber": "1"}])
    elif what == "order":
        order = {**line, "AccountCode": "300"}
        desk.add_purchase_order(jane, TODAY, [order], PurchaseOrderNumber="PO-X")
    elif what == "paid":
        made = desk.add_invoice(jane, TODAY, [line], InvoiceNumber="PAID")
        desk.pay(made, TODAY, "5", books.account_by_code("090"))
    else:
        desk.add_invoice(jane, TODAY, [line], InvoiceNumber=what)


def written(order: Sequence[str]) -> dict[str, Counter[bytes]]:
    company = make_company(MovableClock())
    emulator: Any = XeroEmulator(company.clock, company)
    for what in order:
        write(company.organisations[NZ], what)
    essence = emulator.essence()
    return {entity: Counter(exact.dumps(one) for one in rows.values()) for entity, rows in essence.items()}


def test_the_order_of_writing_leaves_no_trace_and_a_difference_does() -> None:
    one = written(["contact", "A", "order", "paid"])
    assert one == written(["paid", "order", "A", "contact"])
    for fewer in (
        ["A", "order", "paid"],
        ["contact", "order", "paid"],
        ["contact", "A", "paid"],
        ["contact", "A", "order"],
    ):
        assert one != written(fewer)


async def test_stirring_moves_an_old_document_and_changes_nothing(sandbox: Sandbox) -> None:
    for number in ("A", "B"):
        await sandbox.made(number)
        sandbox.clock.move(1)
    before = sandbox.emulator.essence()
    sandbox.emulator.stir()
    rows = (await sandbox.get("/Invoices")).body["Invoices"]
    assert [one["InvoiceNumber"] for one in rows] == ["B", "A"]
    assert sandbox.emulator.essence() == before


async def test_faults_speak_the_vendors_words(sandbox: Sandbox) -> None:
    faults = sandbox.emulator.faults
    for kind, status, problem in (
        ("429", 429, "concurrent"),
        ("429 retry-after", 429, "minute"),
        ("500 before", 500, None),
    ):
        faults.add(Fault(kind=kind))
        answer = await sandbox.get("/Invoices")
        assert (answer.status, answer.headers.get("x-rate-limit-problem")) == (status, problem)
        assert ("retry-after" in answer.headers) == (kind == "429 retry-after")
    faults.add(Fault(kind="token expired"))
    assert (await sandbox.get("/Invoices")).body["Detail"].startswith("TokenExpired")
    with pytest.raises(ValueError, match="knows no"):
        faults.add(Fault(kind="token throttled"))


async def test_a_write_carried_out_and_answered_with_an_error_is_repeated_by_its_key(sandbox: Sandbox) -> None:
    sandbox.extra["Idempotency-Key"] = "k"
    sandbox.emulator.faults.add(Fault(kind="500 after"))
    body = sandbox.invoice(InvoiceNumber=None)
    assert (await sandbox.api("PUT", "/Invoices", body)).status == 500
    again = await sandbox.api("PUT", "/Invoices", body)
    assert (again.status, len(sandbox.books.invoices)) == (200, 1)


async def test_the_day_and_its_end(sandbox: Sandbox) -> None:
    faults = sandbox.emulator.faults
    faults.add(Fault(kind="day limit"))
    answer = await sandbox.get("/Invoices")
    assert (answer.status, answer.headers["x-rate-limit-problem"]) == (429, "day")
    wait = int(answer.headers["retry-after"])
    assert answer.headers["x-daylimit-remaining"] == "0" and 0 < wait <= 86401 and len(faults.pending) == 1
    sandbox.clock.move(wait)
    sandbox.grant()
    assert (await sandbox.get("/Invoices")).status == 200 and faults.pending == []


async def test_a_revocation_lasts_until_a_new_consent(sandbox: Sandbox) -> None:
    faults = sandbox.emulator.faults
    faults.add(Fault(kind="revoked"))
    assert (await sandbox.get("/Invoices")).status == 401 and len(faults.pending) == 1
    custom = {"grant_type": "client_credentials", "client_id": "custom-app", "client_secret": "custom-secret"}
    assert (await sandbox.token_call(**custom)).status == 400
    faults.clear()
    assert (await sandbox.token_call(**custom)).status == 200
    assert (await sandbox.get("/Invoices")).status == 401
    sandbox.grant(SCOPES)
    assert (await sandbox.get("/Invoices")).status == 200


def test_the_desk_refuses_what_the_books_refuse() -> None:
    books = make_company(MovableClock()).organisations[NZ]
    desk, jane = books.desk, books.contacts.having("name", "jane doe")[0]
    line = {"Description": "x", "Quantity": 1, "UnitAmount": 10, "AccountCode": "200"}
    with pytest.raises(Impossible, match="not a valid code"):
        desk.add_invoice(jane, TODAY, [{**line, "AccountCode": "nope"}])
    made = desk.add_invoice(jane, TODAY, [line])
    bank = books.account_by_code("090")
    assert bank is not None
    with pytest.raises(Impossible, match="exceeds the amount outstanding"):
        desk.pay(made, TODAY, 100, bank)
    with pytest.raises(Impossible, match="at most 2"):
        for name in "abc":
            desk.add_tracking_category(name, ["x"])
    desk.archive_contact(jane)
    desk.restore_contact(jane)
    assert jane.status == "ACTIVE"


def test_organisations_keyed_in_by_hand_with_a_real_clock() -> None:
    """Amounts of every kind of document in three currencies come out straight."""
    company = XeroBooks(SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC)))
    for number, country in enumerate(("NZ", "AU", "GB", "US", "FR")):
        books = company.organisation(f"{number:08d}-0000-4000-8000-000000000000", country=country)
        desk = books.desk
        bank = desk.add_account("090", "Bank", "BANK")
        desk.add_account("200", "Sales", "REVENUE")
        desk.add_account("300", "Purchases", "DIRECTCOSTS")
        who = desk.add_contact("Somebody")
        sale = {"Description": "x", "Quantity": 3, "UnitAmount": "33.33", "AccountCode": "200"}
        with books.at(datetime(2026, 1, 5, tzinfo=UTC)):
            first = desk.add_invoice(who, TODAY, [sale], LineAmountTypes="Inclusive")
        bill = desk.add_bill(who, TODAY, [{**sale, "AccountCode": "300"}])
        note = desk.add_credit_note(who, TODAY, [{**sale, "Quantity": 1}])
        made = desk.allocate(note, first, 10)
        desk.pay(bill, TODAY, bill.total, bank)
        desk.withdraw(made)
        payment = desk.pay(first, TODAY, "1.11", bank)
        desk.remove_payment(payment)
        desk.remove(first)
        shown = organisation_books(books)
        assert shown["out_of_balance"] == {"DEBTORS": Decimal(0), "CREDITORS": Decimal(0)}
        assert (bill.status, first.status, sum(shown["balances"].values())) == ("PAID", "VOIDED", 0)


def test_statistics_and_books_are_plain() -> None:
    company = make_company(MovableClock())
    emulator: Any = XeroEmulator(company.clock, company)
    write(company.organisations[NZ], "paid")
    assert exact.loads(exact.dumps(emulator.books()))["organisations"][NZ]["payments"][0]["status"] == "AUTHORISED"
    assert emulator.statistics()["documents"][NZ] == 1
