"""Whatever happens to a payment: the ledger shows all of it and no more, or the payment is held and nothing was lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from payment_world import DAY, INVOICES, ON, Run, body, codes, credit_note, invoice, payment, plan, run

from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment
from ml_connector.integrations.decisions import Hold, Skip, Unchanged, Write

D = Decimal
CENTS = st.integers(1, 20_000).map(lambda cents: D(cents) / 100)
NAMES = ("A", "B", "C")


@st.composite
def payments(draw: st.DrawFn, types: str = "1135") -> Payment:
    """Money or a fee on some of three invoices, with a rest on none; sometimes reversed, sometimes of another day."""
    on = draw(st.dictionaries(st.sampled_from(NAMES), CENTS, max_size=3))
    type_ = draw(st.sampled_from(types))
    rest = draw(st.just(D(0)) | CENTS) if type_ != "3" else D(0)
    amount = total(on.values()) + rest
    shown = payment(str(amount), {name: str(part) for name, part in on.items()}, type_)
    return msgspec.structs.replace(
        shown, active=draw(st.integers(0, 9)) > 0, date=ON + draw(st.sampled_from([0, 0, 0, 1])) * DAY
    )


def agrees(books: Run, document: Payment) -> None:
    """The ledger shows every split, and the rest as money on no invoice."""
    wanted = {split.document.id: split.amount for split in document.splits} if document.active else {}
    assert {name: books.paid(name) for name in NAMES if books.paid(name)} == wanted
    advances = [*books.live("overpayments"), *books.live("prepayments")]
    rest = document.unapplied if document.active else D(0)
    assert total(one.unapplied for one in advances) == rest
    moved = total(one.amount for one in [*books.live("payments"), *advances])
    noted = total(one.total for one in books.live("credit_notes"))
    assert moved + noted == (document.amount if document.active else 0)
    references = [one.reference for kind in KINDS for one in books.live(kind)]
    assert len(references) == len(set(references))


KINDS = ("payments", "overpayments", "prepayments", "credit_notes")


@settings(max_examples=60, deadline=None)
@given(st.lists(payments(), min_size=1, max_size=5), st.sampled_from(["overpayment", "prepayment"]), st.data())
def test_the_books_agree_with_each_version_or_it_is_held(
    versions: list[Payment], as_: str, data: st.DataObject
) -> None:
    books, stands = run(settings={"unapplied_as": as_}), None
    for document in versions:
        before, sent = dict(books.shown), len(books.sent)
        decision = books.version(document)
        if isinstance(decision, Hold):
            assert books.shown == before and len(books.sent) == sent, "what is held does nothing"
            assert set(codes(decision)) == {"advance_stands"}  # one for each advance
            continue
        if isinstance(decision, Skip):
            assert stands is None
            continue
        if stands is not None or isinstance(decision, Write):
            agrees(books, document)
            stands = document
        assert isinstance(books.version(document), Unchanged | Skip | Hold), "a second look changes nothing"


@settings(max_examples=50, deadline=None)
@given(st.lists(payments("113"), min_size=2, max_size=4), st.data())
def test_a_version_that_broke_off_is_put_right_by_the_next(versions: list[Payment], data: st.DataObject) -> None:
    books = run()
    *broken, final = versions
    for document in broken:
        books.version(document, at_most=data.draw(st.integers(0, 4)))
    decision = books.version(final)
    if isinstance(decision, Hold):
        assert set(codes(decision)) <= {"advance_stands"}
    elif not isinstance(decision, Skip):
        agrees(books, final)


@settings(max_examples=30, deadline=None)
@given(payments("15"), CENTS)
def test_a_payment_that_does_not_tie_is_never_written(document: Payment, apart: Decimal) -> None:
    wrong = msgspec.structs.replace(document, unapplied=document.unapplied + apart, active=True)
    assert "payment_does_not_tie" in codes(plan(wrong, shown=tuple(map(invoice, NAMES))))


@st.composite
def taxed_invoices(draw: st.DrawFn) -> Invoice:
    rates = {"OUTPUT": D("0.0825"), "REDUCED": D("0.05"), "NONE": D(0)}
    lines = tuple(
        InvoiceLine(str(n), amount, tax_code=Ref(code), tax=round(amount * rates[code], 2))
        for n, (code, amount) in enumerate(
            draw(st.lists(st.tuples(st.sampled_from(sorted(rates)), CENTS), min_size=1, max_size=5))
        )
    )
    tax = total(line.tax or D(0) for line in lines)
    return invoice("A", str(total(line.amount for line in lines) + tax), tax=tax, lines=lines)


@settings(max_examples=60, deadline=None)
@given(taxed_invoices(), st.data())
def test_a_write_off_is_its_amount_to_the_cent_with_the_tax_in_its_share(shown: Invoice, data: st.DataObject) -> None:
    amount = D(data.draw(st.integers(1, int(shown.total * 100)))) / 100
    decision = plan(payment(str(amount), None, "2"), shown=(shown,))
    assert isinstance(decision, Write)
    lines = body(decision.steps[0])["LineItems"]
    tax = total(D(one.get("TaxAmount", 0)) for one in lines)
    assert total(D(one["LineAmount"]) for one in lines) + tax == amount
    share = shown.tax * amount / shown.total
    assert abs(tax - share) <= D("0.01") * len(lines) + D("0.01")
    if amount == shown.total and shown.tax:
        assert tax == shown.tax, "a whole write-off takes the whole tax back"


@pytest.mark.parametrize("amount", ["224.75", "100.00", "33.33", "0.01"])
def test_a_discount_without_tax_moves_none_in_a_write_off(amount: str) -> None:
    lines = (
        InvoiceLine("1", D(300), tax_code=Ref("OUTPUT"), tax=D("24.75")),
        InvoiceLine("2", D(-100), tax_code=Ref("NONE"), tax=D(0)),
    )
    shown = invoice("A", "224.75", tax=D("24.75"), lines=lines)
    assert codes(plan(payment(amount, None, "2"), shown=(shown,))) == ["write_off_tax_unclear"], "a rate nobody knows"
    known = {"tax_codes": {"NONE": TaxCode("NONE", "Tax Exempt", D(0))}}
    decision = plan(payment(amount, None, "2"), shown=(shown,), ledger=known)
    assert isinstance(decision, Write)
    written = body(decision.steps[0])["LineItems"]
    tax = total(D(one.get("TaxAmount", 0)) for one in written)
    assert total(D(one["LineAmount"]) for one in written) + tax == D(amount)
    assert abs(tax - D("24.75") * D(amount) / D("224.75")) <= D("0.01")


@pytest.mark.parametrize("left", ["80", "100"])
def test_a_refund_takes_no_more_than_the_credit_holds(left: str) -> None:
    books = run(credit_note(left))
    decision = books.version(payment("-90", {"adj": "-90"}))
    if left == "80":
        assert codes(decision) == ["credit_used_up"] and books.sent == []
    else:
        credit: Any = books.shown["credit_notes", INVOICES_CREDIT]
        assert isinstance(decision, Write) and credit.balance == 10


INVOICES_CREDIT = credit_note().id


def test_splits_and_rest_sum_to_the_bank_line() -> None:
    books = run()
    books.version(payment("333.33", {"A": "111.11", "B": "111.11", "C": "11.10"}))
    moved = [*books.live("payments"), *books.live("overpayments")]
    assert total(one.amount for one in moved) == D("333.33")
    assert {books.paid(name) for name in INVOICES} == {D("111.11"), D("11.10")}
