"""What a bookkeeper does by hand with sales; what the books, their essence and webhooks say of it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from zoho_desk_sales import credit_note, customer_id, receive, sent, shown
from zoho_world import ORG, MovableClock, Sandbox, make_company

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.zoho_books import OrganisationBooks, ZohoBooksEmulator

pytestmark = pytest.mark.anyio
DAY = date(2026, 6, 9)


def act(sandbox: Sandbox, act: str, **wish: Any) -> dict[str, Any]:
    return sandbox.emulator.desk({"act": act, "organisation": ORG, **wish})


async def test_contacts_are_merged_and_changed(sandbox: Sandbox) -> None:
    sandbox.books.add_contact("Acme Corporation", "customer")
    owed, gone = await sent(sandbox), customer_id(sandbox)
    done = act(sandbox, "merge contacts", contact="Acme Corp", into="Acme Corporation")
    assert done["gone"] == gone
    assert (await sandbox.get(f"/contacts/{gone}")).body["code"] == 1002
    assert (await shown(sandbox, owed))["customer_id"] == done["survivor"]
    act(sandbox, "edit contact", contact="Acme Corporation", changes={"contact_name": "Acme"})
    act(sandbox, "move contact", contact="Acme", to="inactive")
    assert (await sandbox.get(f"/contacts/{done['survivor']}")).body["contact"]["status"] == "inactive"
    with pytest.raises(ValueError, match="has transactions"):
        act(sandbox, "move contact", contact="Acme", to="delete")
    with pytest.raises(ValueError, match="0 contacts 'Beta Supplies Ltd' of type customer"):
        act(sandbox, "edit contact", contact="Beta Supplies Ltd", changes={})


async def test_invoices_and_money_by_hand(sandbox: Sandbox) -> None:
    owed = await sent(sandbox, "ST-1")
    assert act(sandbox, "edit invoice", invoice="ST-1", changes={"reference_number": "r"})["after"] == 100
    paid = act(sandbox, "receive", customer="Acme Corp", invoices=["ST-1"], amount="60", reference="C-1")
    assert paid["unused"] == 0
    assert (await shown(sandbox, owed))["balance"] == 40
    note = await credit_note(sandbox)
    left = act(sandbox, "apply credit note", credit_note=note["creditnote_number"], invoice="ST-1")
    assert (left["amount"], left["left"]) == (40, 0)
    assert act(sandbox, "delete customer payment", payment="C-1")["invoices"] == ["ST-1"]
    assert act(sandbox, "receive", customer="Acme Corp", amount=5)["unused"] == 5
    assert act(sandbox, "move invoice", invoice="ST-1", to="void")["before"] == "sent"
    assert act(sandbox, "move credit note", credit_note=note["creditnote_number"], to="void")["before"] == "open"
    assert act(sandbox, "move invoice", invoice="ST-1", to="delete")["after"] == "delete"
    for wish, words in (
        ({"act": "move invoice", "invoice": "ST-2", "to": "void"}, "no invoice 'ST-2'"),
        ({"act": "receive", "customer": "Acme Corp"}, "name the invoices"),
        ({"act": "delete customer payment", "payment": "9"}, "0 customer payments '9'"),
        ({"act": "move credit note", "credit_note": "CN-9", "to": "void"}, "no credit note 'CN-9'"),
        ({"act": "move credit note", "credit_note": note["creditnote_number"], "to": "sent"}, "'sent' is none of open"),
    ):
        with pytest.raises(ValueError, match=words):
            sandbox.emulator.desk({"organisation": ORG, **wish})


async def test_expenses_items_taxes_and_locks_by_hand(sandbox: Sandbox) -> None:
    spent = act(
        sandbox, "spend", account="Office Supplies", through="Checking", amount="12.50", vendor="Gamma Partners"
    )
    assert (await sandbox.get(f"/expenses/{spent['expense_id']}")).body["expense"]["vendor_name"] == "Gamma Partners"
    item = sandbox.books.add_item("Filter", account_id="", rate=3)
    assert act(sandbox, "change item", item="Filter", changes={"rate": 4}, to="inactive")["active"] is False
    assert (await sandbox.get(f"/items/{item.item_id}")).body["item"]["rate"] == 4
    act(sandbox, "change item", item="Filter", to="delete")
    tax = sandbox.books.add_tax("County", 7)
    act(sandbox, "delete tax", tax="County")
    assert (await sandbox.get(f"/settings/taxes/{tax.tax_id}")).status == 404
    act(sandbox, "lock", until="2026-06-30")
    assert (await receive(sandbox, 5)).body["code"] == 1048
    act(sandbox, "lock")
    assert (await receive(sandbox, 5)).status == 201
    for wish, words in (
        ({"act": "delete tax", "tax": "County"}, "no tax 'County'"),
        ({"act": "change item", "item": "Filter"}, "no item 'Filter'"),
        ({"act": "spend", "account": "X", "through": "Checking", "amount": 1}, "no account 'X'"),
        ({"act": "lock", "module": "all"}, "'all' is none of sales"),
    ):
        with pytest.raises(ValueError, match=words):
            sandbox.emulator.desk({"organisation": ORG, **wish})


def company() -> tuple[ZohoBooksEmulator, OrganisationBooks]:
    made = make_company(MovableClock())
    return ZohoBooksEmulator(made.clock, made), made.organisations[ORG]


def keyed(books: OrganisationBooks, numbers: list[str]) -> None:
    acme = books.contacts.having("name", "acme corp")[0]
    item = books.add_item("Service call", can_be_purchased=False, rate=95, account_id=books.sales_account.account_id)
    for number in numbers:
        books.company.clock.move(60)  # type: ignore[attr-defined]
        invoice = books.add_invoice(acme, DAY, [{"item_id": item.item_id, "rate": len(number) * 10}], number=number)
        books.add_customer_payment(acme, Decimal(20), DAY, [(invoice, Decimal(len(number)))], reference_number=number)
        line = {"account_id": books.sales_account.account_id, "rate": 5}
        note = books.add_credit_note(acme, DAY, [line], number=f"C{number}")
        books.apply_credit_note(note, invoice, Decimal(1))
        through = books.undeposited_funds.account_id
        books.add_expense(DAY, books.other_expenses.account_id, through, Decimal(3), reference_number=number)


def multisets(emulator: ZohoBooksEmulator) -> dict[str, Counter[bytes]]:
    return {entity: Counter(map(exact.dumps, rows.values())) for entity, rows in emulator.essence().items()}


def test_the_essence_of_sales_has_no_order_no_id_and_no_stamp() -> None:
    (one, first), (other, second) = company(), company()
    keyed(first, ["A-1", "A-22"])
    keyed(second, ["A-22", "A-1"])
    assert multisets(one) == multisets(other)
    said = exact.dumps([list(rows.values()) for rows in one.essence().values()]).decode()
    assert first.profile.id_prefix not in said
    assert "T17:" not in said
    counts = {entity: len(rows) for entity, rows in one.essence().items()}
    assert [counts[name] for name in ("invoices", "credit_notes", "customer_payments", "expenses", "items")] == [
        2,
        2,
        2,
        2,
        1,
    ]


@pytest.mark.parametrize(
    ("entity", "change"),
    [
        ("invoices", lambda books: next(iter(books.invoices)).texts.update(notes="x")),
        ("invoices", lambda books: books.void_invoice(next(iter(books.invoices)))),
        ("credit_notes", lambda books: setattr(next(iter(books.credit_notes)), "reference_number", "x")),
        ("customer_payments", lambda books: setattr(next(iter(books.customer_payments)), "payment_mode", "Card")),
        ("items", lambda books: setattr(next(iter(books.items)), "active", False)),
        ("expenses", lambda books: setattr(next(iter(books.expenses)), "amount", Decimal(4))),
    ],
)
def test_each_fact_shows(entity: str, change: Any) -> None:
    emulator, books = company()
    keyed(books, ["A-1"])
    before = multisets(emulator)[entity]
    change(books)
    assert multisets(emulator)[entity] != before


def test_stirring_moves_sales_and_says_nothing_new() -> None:
    emulator, books = company()
    keyed(books, ["A-1", "A-22"])
    before = emulator.essence()
    books.company.clock.move(100)  # type: ignore[attr-defined]
    emulator.stir()
    assert emulator.essence() == before
    newest = books.invoices.slice_modified(0, 1, descending=True)[0]
    assert (newest.number, newest.modified) == ("A-1", books.now())


def test_the_books_tie_the_sales_together() -> None:
    emulator, books = company()
    keyed(books, ["A-1"])
    said = emulator.books()["organisations"][ORG]
    [invoice], [payment], [note] = said["invoices"], said["customer_payments"], said["credit_notes"]
    assert invoice["payments"] == {payment["payment_id"]: Decimal(3)}
    assert payment["invoices"] == {invoice["document_id"]: Decimal(3)}
    assert note["invoices"] == [{"invoice_id": invoice["document_id"], "amount": Decimal(1)}]
    assert (invoice["balance"], payment["unused"], note["balance"]) == (26, 17, 4)
    acme = next(one for one in said["contacts"] if one["contact_name"] == "Acme Corp")
    assert acme["receivable"] == 26 - 17 - 4 == said["balances"]["Accounts Receivable"]
    assert sum(said["balances"].values()) == 0
    assert (len(said["items"]), len(said["expenses"])) == (1, 1)


def test_webhooks_announce_the_new_modules() -> None:
    emulator, books = company()
    heard: list[tuple[str, Any]] = []
    listener = books.company.listener
    assert listener is not None
    books.company.listener = lambda _, event, key, document: heard.append((event, document))
    keyed(books, ["A-1"])
    events = {event for event, _ in heard}
    assert events >= {"invoice.created", "invoice.updated", "creditnote.created", "customerpayment.created"}
    assert events >= {"item.created", "expense.created"}
    assert events - {"contact.updated"} <= set(emulator.webhooks.rules.events)
