"""For any bill that ties, the ledger's bill ties too, to the cent, or the bill is held."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import BILL, LINE, amounts, body, codes, plan
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.canonical.money import rounded, total
from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.canonical.tie_out import computed_total
from ml_connector.integrations.bill_rules import tax_rule
from ml_connector.integrations.decisions import Hold, Skip, Write

CENTS = st.integers(-(10**6), 10**6).map(lambda cents: Decimal(cents) / 100)
RULES = st.sampled_from(["cost", "account:z6000", "tax:t8", "40% cost, 60% account:z6000", "33.3% cost, 66.7% cost"])
CHARGED = st.sampled_from(["", "lines", "z7000"])


@st.composite
def lines(draw: st.DrawFn) -> BillLine:
    quantity = draw(st.integers(1, 9).map(Decimal) | st.decimals(0, 20, places=4).filter(bool))
    cost = draw(st.decimals(-200, 2000, places=draw(st.sampled_from([2, 2, 5, 10]))))
    return msgspec.structs.replace(
        LINE, id=str(draw(st.integers(1, 99))), amount=rounded(quantity * cost, "USD"), quantity=quantity,
        unit_cost=cost, kind=draw(st.sampled_from([LineKind.ITEM, LineKind.ITEM, LineKind.EXPENSE])),
        tax=draw(st.none() | st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)),
        freight=draw(st.none() | st.integers(0, 5000).map(lambda cents: Decimal(cents) / 100)),
    )  # fmt: skip


@st.composite
def tying_bills(draw: st.DrawFn) -> Bill:
    found = tuple(draw(st.lists(lines(), max_size=6)))
    allocated = draw(st.booleans())
    stated = total(line.tax for line in found if line.tax is not None)
    charge = st.just(Decimal(0)) | st.integers(0, 10**5).map(lambda cents: Decimal(cents) / 100)
    untotalled = msgspec.structs.replace(
        BILL, lines=found, tax=stated if allocated else draw(charge), shipping=draw(charge), other=draw(charge),
        discount=draw(charge),
    )  # fmt: skip
    return msgspec.structs.replace(untotalled, total=computed_total(untotalled))


def given_settings(draw: Any) -> dict[str, Any]:
    return {name: draw(CHARGED) for name in ("freight_account", "other_account", "discount_account")}


@settings(max_examples=150, deadline=None)
@given(tying_bills(), RULES, st.data())
def test_the_ledgers_bill_ties_or_the_bill_is_held(bill: Bill, rule: str, data: st.DataObject) -> None:
    chosen = given_settings(data.draw)
    chosen |= {"rounding_account": "z8000", "rounding_limit": Decimal("0.05")} if data.draw(st.booleans()) else {}
    decision = plan(bill, tables={"tax": {"Duluth": rule}}, settings=chosen)
    if not isinstance(decision, Write):
        assert isinstance(decision, Hold | Skip)
        assert codes(decision) != ["unsuitable"] or not any(line.amount for line in bill.lines)
        return
    sent = body(decision)
    sign = -1 if bill.total < 0 else 1
    net = sign * total(amount for _, amount in amounts(decision))
    taxed = [amount for (_, amount), one in zip(amounts(decision), sent["line_items"], strict=True) if "tax_id" in one]
    tax = sign * total(rounded(amount * Decimal("0.0825"), "USD") for amount in taxed)
    assert net + tax == bill.total
    assert all(amount == rounded(amount, "USD") for _, amount in amounts(decision))
    if rule != "tax:t8":
        assert tax == 0


@settings(max_examples=60, deadline=None)
@given(tying_bills(), CENTS.filter(bool))
def test_a_bill_that_does_not_tie_is_never_written(bill: Bill, apart: Decimal) -> None:
    assert not isinstance(plan(msgspec.structs.replace(bill, total=bill.total + apart)), Write)


@pytest.mark.parametrize(
    ("rule", "parts"),
    [
        ("cost", [("cost", "", 100)]),
        (" cost ", [("cost", "", 100)]),
        ("account:z1", [("account", "z1", 100)]),
        ("tax:t1", [("tax", "t1", 100)]),
        ("40% cost, 60 % account:z1", [("cost", "", 40), ("account", "z1", 60)]),
        ("12.5% account:a,87.5% account:b", [("account", "a", "12.5"), ("account", "b", "87.5")]),
    ],
)
def test_the_parts_of_a_tax_rule(rule: str, parts: list[tuple[str, str, Any]]) -> None:
    assert [(one.kind, one.target, one.percent) for one in tax_rule(rule)] == [
        (kind, target, Decimal(percent)) for kind, target, percent in parts
    ]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "is none of"),
        ("costs", "is none of"),
        ("account:", "is none of"),
        ("account", "is none of"),
        ("-5% cost, 105% cost", "is none of"),
        ("NaN% cost", "is none of"),
        ("40% cost", "do not add up"),
        ("cost, cost", "do not add up"),
        ("50% cost, 50% tax:t1", "takes the whole tax"),
        ("cost,", "is none of"),
    ],
)
def test_a_tax_rule_that_makes_no_sense_is_refused(rule: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tax_rule(rule)
