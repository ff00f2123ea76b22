"""The books stay straight whatever is done to them in whatever order, and a contact may change with its document."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from xero_world import NZ, TODAY, MovableClock, Sandbox, make_company

from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.desk import Impossible
from ml_connector_sandbox.xero.books.documents import GONE, Document
from ml_connector_sandbox.xero.books.posting import difference

pytestmark = pytest.mark.anyio


class Clerk:
    """Does one thing after another at the desk; what the books refuse is left."""

    def __init__(self, books: OrganisationBooks, seed: int) -> None:
        self.books, self.desk, self.chance = books, books.desk, random.Random(seed)
        bank = books.account_by_code("090")
        assert bank is not None
        self.bank = bank
        self.refused = 0

    def amount(self) -> Decimal:
        return Decimal(self.chance.randint(1, 20_000)) / 100

    def line(self, account: str) -> dict[str, Any]:
        quantity = Decimal(self.chance.randint(1, 50)) / 10
        return {"Description": "x", "Quantity": quantity, "UnitAmount": self.amount(), "AccountCode": account}

    def one(self, *registers: Any) -> Document:
        rows = [one for register in registers for one in register]
        if not rows:
            raise Impossible("nothing there yet")
        found: Document = self.chance.choice(rows)
        return found

    def contact(self) -> Any:
        return self.chance.choice(list(self.books.contacts))

    def sell(self) -> None:
        word = self.chance.choice(("Exclusive", "Inclusive", "NoTax"))
        lines = [self.line("200") for _ in range(self.chance.randint(1, 4))]
        self.desk.add_invoice(self.contact(), TODAY, lines, LineAmountTypes=word)

    def buy(self) -> None:
        self.desk.add_bill(self.contact(), TODAY, [self.line("300")])

    def credit(self) -> None:
        sale = self.chance.random() < 0.5
        self.desk.add_credit_note(self.contact(), TODAY, [self.line("200" if sale else "300")], sale=sale)

    def deposit(self) -> None:
        word = self.chance.choice(
            ("RECEIVE-OVERPAYMENT", "RECEIVE-PREPAYMENT", "SPEND-OVERPAYMENT", "SPEND-PREPAYMENT")
        )
        account = {"AccountCode": "200" if word.startswith("RECEIVE") else "300"}
        self.desk.add_bank_credit(word, self.contact(), TODAY, self.amount(), self.bank, line=account)

    def pay(self) -> None:
        document = self.one(self.books.invoices, self.books.credit_notes, self.books.overpayments)
        self.desk.pay(document, TODAY, self.chance.choice((document.due, self.amount())), self.bank)

    def unpay(self) -> None:
        rows = list(self.books.payments)
        if rows:
            self.desk.remove_payment(self.chance.choice(rows))

    def allocate(self) -> None:
        credit = self.one(self.books.credit_notes, self.books.overpayments, self.books.prepayments)
        invoices = [one for one in self.books.invoices if one.contact_id == credit.contact_id]
        if invoices:
            invoice = self.chance.choice(invoices)
            self.desk.allocate(credit, invoice, min(credit.due, invoice.due))

    def withdraw(self) -> None:
        made = self.one(self.books.credit_notes, self.books.prepayments).allocations
        if made:
            self.desk.withdraw(made[0])

    def change(self) -> None:
        self.desk.change(self.one(self.books.invoices), LineItems=[self.line("200"), self.line("300")])

    def remove(self) -> None:
        document = self.one(self.books.invoices, self.books.credit_notes)
        if document.status not in GONE:
            self.desk.remove(document)

    def work(self) -> None:
        deeds: tuple[Callable[[], None], ...] = (
            self.sell, self.buy, self.credit, self.deposit, self.pay, self.unpay, self.allocate, self.withdraw,
            self.change, self.remove,
        )  # fmt: skip
        try:
            self.chance.choice(deeds)()
        except Impossible:
            self.refused += 1


@pytest.mark.parametrize("seed", range(6))
def test_the_books_stay_straight(seed: int) -> None:
    books = make_company(MovableClock()).organisations[NZ]
    clerk = Clerk(books, seed)
    for _ in range(300):
        clerk.work()
        assert difference(books) == {"DEBTORS": 0, "CREDITORS": 0}
    assert sum(books.ledger.balances().values()) == 0 and 0 < clerk.refused < 250
    for document in books.open_documents():
        assert 0 <= document.due <= document.total == document.sub_total + document.total_tax
        assert (document.status == "PAID") == (document.due == 0)
        assert document.due == document.total - document.paid - document.allocated


async def test_fields_beside_the_id_change_the_contact(sandbox: Sandbox) -> None:
    named = {"ContactID": sandbox.contact.contact_id, "Name": "Jane Roe", "EmailAddress": "roe@example.test"}
    made = await sandbox.made(Contact=named)
    assert made["Contact"]["Name"] == "Jane Roe"
    sandbox.books.desk.add_contact("Jane Doe")
    taken = sandbox.invoice("B", Contact={"ContactID": made["Contact"]["ContactID"], "Name": "Supplier Ltd"})
    answer = await sandbox.api("PUT", "/Invoices", taken)
    assert answer.status == 400 and "already assigned" in answer.messages[0]
    contact = sandbox.books.contacts.get(made["Contact"]["ContactID"])
    assert contact is not None and contact.name == "Jane Roe"


async def test_a_document_of_an_archived_contact_can_still_be_voided(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    sandbox.books.desk.archive_contact(sandbox.contact)
    body = {"Contact": {"ContactID": made["Contact"]["ContactID"]}, "Reference": "kept"}
    path = f"/Invoices/{made['InvoiceID']}"
    assert (await sandbox.api("POST", path, body)).status == 200
    assert (await sandbox.api("POST", path, {"Status": "VOIDED"})).status == 200


async def test_tax_may_be_sent_per_line(sandbox: Sandbox) -> None:
    made = await sandbox.made(LineItems=[sandbox.line(TaxAmount="3.14"), sandbox.line()])
    assert [str(one["TaxAmount"]) for one in made["LineItems"]] == ["3.14", "3.15"]
    assert str(made["Total"]) == "48.29"


async def test_credit_notes_have_numbers_and_transitions_of_their_own(sandbox: Sandbox) -> None:
    body = {key: value for key, value in sandbox.invoice(Type="ACCRECCREDIT").items() if key != "InvoiceNumber"}
    first = (await sandbox.api("PUT", "/CreditNotes", body | {"CreditNoteNumber": "C"})).body["CreditNotes"][0]
    taken = await sandbox.api("PUT", "/CreditNotes", body | {"CreditNoteNumber": "C"})
    assert (taken.status, taken.messages) == (400, ["Credit Note # must be unique."])
    again = await sandbox.api("POST", "/CreditNotes", body | {"CreditNoteNumber": "C", "Reference": "up"})
    assert again.body["CreditNotes"][0]["CreditNoteID"] == first["CreditNoteID"]
    own = (await sandbox.api("PUT", "/CreditNotes", body)).body["CreditNotes"][0]
    assert own["CreditNoteNumber"] == "CN-0001"
    bill = body | {"Type": "ACCPAYCREDIT", "LineItems": [sandbox.line(AccountCode="300")]}
    assert (await sandbox.api("PUT", "/CreditNotes", bill)).body["CreditNotes"][0]["CreditNoteNumber"] == ""
    gone = await sandbox.api("POST", f"/CreditNotes/{own['CreditNoteID']}", {"Status": "VOIDED"})
    assert gone.body["CreditNotes"][0]["Status"] == "VOIDED"
    discount = body | {"LineItems": [sandbox.line(DiscountRate=5)]}
    assert (await sandbox.api("PUT", "/CreditNotes", discount)).status == 400


async def test_payments_keep_to_open_periods(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    paid = (await sandbox.api("PUT", "/Payments", sandbox.payment(made))).body["Payments"][0]
    sandbox.books.desk.lock(TODAY.replace(day=20))
    for answer in (
        await sandbox.api("PUT", "/Payments", sandbox.payment(made)),
        await sandbox.api("POST", f"/Payments/{paid['PaymentID']}", {"Status": "DELETED"}),
    ):
        assert answer.messages == [
            "The document date cannot be before the period lock date, currently set at 20 September 2026"
        ]
