"""Documents without their party's data: what goes, what stays, and words in whatever writing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest

from ml_connector.canonical import documents
from ml_connector.canonical.erased import Words, erased, words_of
from ml_connector.canonical.master_data import Account, Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine, Expense
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment

PARTY = Party(
    "7", "customer", "Jane Dough", first_name="Jane", last_name="Dough", email="jane@dough.example",
    phone="(512) 555-0199", address=Address("77 Elm Street", city="Austin"), memo="afraid of dogs", stamp="s1",
    private_person=True, currency="USD",
)  # fmt: skip
INVOICE = Invoice(
    "1", Ref("7", "Jane Dough"), Decimal("108.25"), number="INV-1", date=dt.date(2026, 8, 5), tax=Decimal("8.25"),
    lines=(InvoiceLine("1", Decimal(100), "Filter for JANE  DOUGH, call +512.555.0199"),), memo="gate code 4711",
    location=Ref("9", "Dough cabin"), job=Ref("3", "Repair", "J-3"),
)  # fmt: skip


def test_a_party_keeps_its_id_and_what_is_no_personal_data() -> None:
    assert erased(PARTY) == Party(
        "7", "customer", "erased", currency="USD", private_person=True, stamp="s1", erased=True
    )


def test_a_document_keeps_numbers_dates_and_amounts() -> None:
    shown = erased(INVOICE, words_of(PARTY))
    assert isinstance(shown, Invoice)
    text = documents.encode(shown).decode()
    assert not any(word in text.casefold() for word in ("jane", "dough", "0199", "gate", "cabin"))
    assert shown.lines[0].description == "Filter for erased, call erased"
    kept = ("id", "total", "tax", "number", "date")
    assert [getattr(shown, one) for one in kept] == [getattr(INVOICE, one) for one in kept]
    assert (shown.customer.id, shown.location, shown.job) == ("7", Ref("9"), Ref("3", "", "J-3"))
    assert shown.lines[0].amount == Decimal(100)


@pytest.mark.parametrize(
    "document",
    [
        PARTY, INVOICE,
        Payment("1", Ref("7", "Jane Dough"), Decimal(5), number="cheque of Jane Dough", memo="late"),
        Bill("1", Ref("7", "Jane Dough"), Decimal(5), lines=(BillLine("1", Decimal(5), description="by Jane Dough"),)),
        Expense("1", Decimal(5), customer=Ref("7", "Jane Dough"), memo="for Jane Dough"),
    ],
)  # fmt: skip
def test_erasing_twice_is_erasing_once(document: documents.Document) -> None:
    once = erased(document)
    assert once != document and erased(once) == once and "Dough" not in documents.encode(once).decode()


def test_what_has_no_party_stays() -> None:
    assert erased(Account("1", "Jane Dough's drawings")) == Account("1", "Jane Dough's drawings")


@pytest.mark.parametrize("text", ["Doughnut", "Janet", "5125550199123", "Al", "erased"])
def test_only_whole_words_are_meant(text: str) -> None:
    words = Words(["Dough", "Jane", "(512) 555-0199", "Al", "erased"])
    assert not words.stand_in(text) and words.out_of(text) == text


def test_no_words_change_nothing() -> None:
    assert Words().out_of("Jane") == "Jane" and not Words().stand_in("Jane") and not len(Words(["", "  "]))


def test_what_is_stored_already_reads_as_before() -> None:
    assert b"erased" not in documents.encode(PARTY)
    assert documents.decode(documents.encode(erased(PARTY))) == erased(PARTY)
    assert msgspec.structs.replace(PARTY, erased=False) == PARTY
