"""Documents in their one canonical text, and tie-out."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.documents import Document, as_deleted, decode, encode
from ml_connector.canonical.master_data import Account, Dimension, Item, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState, Expense, LineKind, PurchaseOrder
from ml_connector.canonical.tie_out import computed_total, difference

AMOUNTS = st.decimals(-(10**6), 10**6, places=2)
REFS = st.builds(Ref, st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))
LINES = st.builds(
    BillLine, st.text(max_size=3), AMOUNTS, st.sampled_from(LineKind), quantity=st.decimals(0, 100, places=10),
    unit_cost=AMOUNTS, account=REFS, job=REFS, dimensions=st.lists(REFS, max_size=2).map(tuple),
    tax=st.none() | AMOUNTS,
)  # fmt: skip
BILLS = st.builds(
    Bill, st.text(max_size=3), REFS, AMOUNTS, date=st.none() | st.dates(), lines=st.lists(LINES, max_size=4).map(tuple),
    tax=AMOUNTS, shipping=AMOUNTS, state=st.sampled_from(BillState), balance=st.none() | AMOUNTS, number=st.text(),
)  # fmt: skip


@given(BILLS)
def test_a_document_comes_back_equal_and_with_the_same_bytes(bill: Bill) -> None:
    text = encode(bill)
    assert decode(text) == bill
    assert encode(decode(text)) == text


def spelled_longer(line: BillLine) -> BillLine:
    again = Ref(*msgspec.structs.astuple(line.job))
    return msgspec.structs.replace(line, amount=line.amount + Decimal("0.0000"), job=again)


@given(BILLS)
def test_equal_documents_have_equal_bytes_however_amounts_are_spelled(bill: Bill) -> None:
    longer = msgspec.structs.replace(
        bill,
        total=bill.total.quantize(Decimal("0.0000000000")),
        tax=bill.tax + Decimal("0.000"),
        job=Ref(),
        lines=tuple(map(spelled_longer, bill.lines)),
    )
    assert longer == bill
    assert encode(longer) == encode(bill)


def test_one_point_one_and_one_point_ten_are_one_text() -> None:
    one, ten = (Bill("1", Ref("v"), Decimal(total), tax=Decimal("0.00")) for total in ("1.1", "1.10"))
    assert encode(one) == encode(ten) == b'{"document":"bill","id":"1","vendor":{"id":"v"},"total":"1.1"}'


@pytest.mark.parametrize(
    "document",
    [
        Party("1", "vendor", "Polar", address=Address(city="Duluth")),
        Account("1", "Parts", "5000", postable=False),
        TaxCode("1", "Duluth", Decimal("0.0825")),
        Dimension("1", "reporting_tag", "North", Ref("9", "Unit"), mandatory=True),
        Organisation("1", "Polar Air", "USD", locked_through=dt.date(2026, 1, 31)),
        PurchaseOrder("1", "PO-1", Ref("v"), Decimal("12.5"), lines=(BillLine("1", Decimal("12.50")),)),
        Item("1", "material", "Filter", "F-20", price=Decimal("19.90"), income_account=Ref("4000")),
        Expense("1", Decimal("27.10"), tax=Decimal("2.10"), lines=(BillLine("1", Decimal(25)),), vendor=Ref("v")),
    ],
)
def test_every_kind_of_document_comes_back(document: Document) -> None:
    assert decode(encode(document)) == document
    assert type(decode(encode(document))) is type(document)


def test_an_amount_that_is_no_number_is_never_encoded() -> None:
    with pytest.raises(ValueError, match="not an amount"):
        encode(Bill("1", Ref("v"), Decimal("NaN")))


def test_a_text_of_another_shape_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"document":"bill","id":1}')
    with pytest.raises(msgspec.ValidationError):
        decode(b'{"document":"invoice"}')


@given(BILLS)
def test_a_bill_ties_when_its_total_is_its_parts(bill: Bill) -> None:
    tying = msgspec.structs.replace(bill, total=computed_total(bill))
    assert difference(tying) == 0
    assert difference(msgspec.structs.replace(tying, total=tying.total + Decimal("0.01"))) == Decimal("0.01")


def test_the_parts_of_a_total() -> None:
    bill = Bill(
        "1", Ref("v"), Decimal("115.50"), lines=(BillLine("1", Decimal(100)),), tax=Decimal("8.25"),
        shipping=Decimal("12.25"), other=Decimal(5), discount=Decimal(10),
    )  # fmt: skip
    assert difference(bill) == 0
    assert Ref("1", "Polar", "V-1").label() == "V-1 Polar"
    assert Ref("1").label() == "1"


@given(BILLS)
def test_a_deleted_document_is_what_it_was_but_for_its_end(bill: Bill) -> None:
    deleted = as_deleted(bill)
    assert isinstance(deleted, Bill) and (deleted.active, deleted.status) == (False, "deleted")
    assert msgspec.structs.replace(deleted, active=bill.active, status=bill.status) == bill


def test_an_expense_and_an_item_end_too() -> None:
    expense, item = as_deleted(Expense("1", Decimal(5))), as_deleted(Item("1", "service", "Visit"))
    assert isinstance(expense, Expense) and (expense.active, expense.status) == (False, "deleted")
    assert isinstance(item, Item) and not item.active


def test_a_list_entry_has_no_end_of_its_own() -> None:
    with pytest.raises(TypeError, match="TaxCode"):
        as_deleted(TaxCode("t1", "VAT", Decimal(20)))


def test_locks_that_are_not_told_stand_as_they_were() -> None:
    before = Organisation("1", "Polar", locked_through=dt.date(2026, 1, 31), locked_through_sales=dt.date(2026, 2, 28))
    silent, open_now = Organisation("1", "Polar Air", lock_known=False), Organisation("1", "Polar Air")
    assert silent.with_locks_of(before) == msgspec.structs.replace(before, name="Polar Air", lock_known=False)
    assert open_now.with_locks_of(before) == open_now
