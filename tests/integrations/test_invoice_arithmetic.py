"""For any invoice that ties, Xero's document ties too, to the cent and with its very tax, or the invoice is held."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from invoice_world import INVOICE, LINE, amounts, body, codes, linked, plan, shown

from ml_connector.canonical.money import rounded, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.canonical.tie_out import invoiced_total
from ml_connector.integrations.decisions import Hold, Skip, Unchanged, Write
from ml_connector.integrations.invoice_tax import apportion

CENTS = st.integers(-(10**6), 10**6).map(lambda cents: Decimal(cents) / 100)
ZONES = st.sampled_from([Ref("z1", "Austin"), Ref("z2", "Parts only"), Ref("z3", "Both"), Ref("z8", "Dallas")])
# Held: there is nothing to tax, or to take the discount off. Everything else that ties goes.
NOTHING_TO_BEAR = {"tax_without_line", "discount_unspread"}
NO_LINES = {"unsuitable"}


@st.composite
def lines(draw: st.DrawFn) -> InvoiceLine:
    quantity = draw(st.integers(1, 9).map(Decimal) | st.decimals(0, 20, places=4).filter(bool))
    price = draw(st.decimals(-200, 2000, places=draw(st.sampled_from([2, 2, 5, 10]))))
    return msgspec.structs.replace(
        LINE, id=str(draw(st.integers(1, 10**6))), amount=rounded(quantity * price, "USD"), quantity=quantity,
        unit_price=price, taxable=draw(st.booleans()), chargeable=draw(st.sampled_from([True, True, True, False])),
        tax_base=draw(st.sampled_from(["labor", "material", ""])),
    )  # fmt: skip


@st.composite
def tying_invoices(draw: st.DrawFn) -> Invoice:
    found = tuple(draw(st.lists(lines(), max_size=6, unique_by=lambda line: line.id)))
    amount = st.just(Decimal(0)) | st.integers(-(10**5), 10**5).map(lambda cents: Decimal(cents) / 100)
    untotalled = msgspec.structs.replace(
        INVOICE, lines=found, tax=draw(amount), discount=abs(draw(amount)), tax_zone=draw(ZONES)
    )
    return msgspec.structs.replace(untotalled, total=invoiced_total(untotalled))


def figures(sent: dict[str, Any]) -> tuple[Decimal, Decimal]:
    """Net and tax by Xero's own arithmetic: quantity x price rounded, tax as given, each summed."""
    nets = [
        (Decimal(str(one["Quantity"])) * Decimal(str(one["UnitAmount"]))).quantize(Decimal("0.01"), ROUND_HALF_UP)
        for one in sent["LineItems"]
    ]
    assert nets == [Decimal(str(one["LineAmount"])) for one in sent["LineItems"]]
    return total(nets), total(Decimal(str(one["TaxAmount"])) for one in sent["LineItems"])


@settings(max_examples=200, deadline=None)
@given(tying_invoices())
def test_the_ledgers_document_ties_or_the_invoice_is_held(invoice: Invoice) -> None:
    decision = plan(invoice)
    if not isinstance(decision, Write):
        assert isinstance(decision, Hold | Skip)
        charged = any(line.chargeable and line.amount for line in invoice.lines)
        expected = NOTHING_TO_BEAR if charged else NOTHING_TO_BEAR | NO_LINES
        assert isinstance(decision, Skip) or set(codes(decision)) <= expected
        return
    sign = -1 if invoice.total < 0 else 1
    net, tax = figures(body(decision))
    assert (sign * (net + tax), sign * tax) == (invoice.total, invoice.tax)
    assert all(code != "NONE" or tax_ == 0 for *_, code, tax_ in amounts(decision))
    bearing = [line for line in invoice.lines if line.chargeable and line.amount]
    taxed = [code != "NONE" for *_, code, _ in amounts(decision)]
    assert all(line.taxable for line, is_ in zip(bearing, taxed, strict=True) if is_)


@settings(max_examples=60, deadline=None)
@given(tying_invoices(), CENTS.filter(bool))
def test_an_invoice_that_does_not_tie_is_never_written(invoice: Invoice, apart: Decimal) -> None:
    assert not isinstance(plan(msgspec.structs.replace(invoice, total=invoice.total + apart)), Write)


@settings(max_examples=100, deadline=None)
@given(tying_invoices(), tying_invoices())
def test_a_change_ties_too_or_is_held(posted: Invoice, after: Invoice) -> None:
    if posted.total <= 0 or after.total <= 0 or not isinstance(plan(posted), Write):
        return
    decision = plan(after, link=linked(posted, shown(posted)))
    if isinstance(decision, Write):
        net, tax = figures(body(decision))
        assert (net + tax, tax) == (after.total, after.tax)
    else:
        assert isinstance(decision, Hold | Unchanged)
        assert isinstance(decision, Unchanged) <= (total_of(posted) == total_of(after))


def total_of(invoice: Invoice) -> tuple[Decimal, Decimal]:
    return invoice.total, invoice.tax


@settings(max_examples=200, deadline=None)
@given(CENTS, st.lists(CENTS, max_size=8))
def test_shares_lose_nothing(amount: Decimal, weights: list[Decimal]) -> None:
    if total(weights) == 0:
        with pytest.raises(ValueError, match="nothing that could carry it"):
            apportion(amount, weights, "USD")
        return
    shares = apportion(amount, weights, "USD")
    assert total(shares) == amount
    exact = [amount * weight / total(weights) for weight in weights]
    assert all(abs(share - one) < Decimal("0.0100001") for share, one in zip(shares, exact, strict=True))
    assert all(share == 0 for share, weight in zip(shares, weights, strict=True) if weight == 0)


def test_what_is_finer_than_the_currency_cannot_be_shared() -> None:
    with pytest.raises(ValueError, match="digits below"):
        apportion(Decimal("1.005"), [Decimal(1)], "USD")
    assert apportion(Decimal(10), [Decimal(1), Decimal(1), Decimal(1)], "JPY") == tuple(map(Decimal, (4, 3, 3)))
