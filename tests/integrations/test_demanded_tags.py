"""Reporting tags that the ledger demands: what would go without one waits, and says which row or setting gives it."""

from __future__ import annotations

import dataclasses
from typing import Any

import bill_world
import msgspec
import pytest
import zoho_memo_world
import zoho_payment_world
import zoho_sales_world as sales
from bill_world import assert_readable, codes, sentences
from zoho_sales_world import NORTH, D

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.views import ANY
from ml_connector.integrations.zoho_sales import ZohoCreditMemos

AREA = msgspec.structs.replace(NORTH, mandatory=True)
CLASS = Dimension("c1", "reporting_tag", "Retail", Ref("tag2", "Class"), mandatory=True)
OPTIONAL = msgspec.structs.replace(CLASS, mandatory=False)
NONE = {"business_units": {"bu1": "none"}}
FREED = ("fact", f"dimensions:{ANY}")


def demanding(*tags: Dimension, **around: Any) -> dict[str, Any]:
    """The ledger with these options."""
    return {"ledger": {"dimensions": {one.id: one for one in tags}}, **around}


def keys(decision: Decision) -> list[tuple[str, str]]:
    assert isinstance(decision, Hold), decision
    assert set(codes(decision)) == {"tag_mandatory"}
    for sentence in sentences(decision):
        assert_readable(sentence)
    return [(one.kind, one.key) for one in decision.waits]


def test_an_invoice_whose_units_row_gives_the_demanded_tag_goes() -> None:
    assert isinstance(sales.plan(sales.INVOICE, **demanding(AREA)), Write)
    assert isinstance(sales.plan(sales.INVOICE, **demanding(NORTH, OPTIONAL)), Write)


def test_an_invoice_without_the_demanded_tag_waits_for_the_row_of_its_business_unit() -> None:
    held = sales.plan(sales.INVOICE, tables=NONE, **demanding(AREA))
    assert keys(held) == [("mapping", "business_units:bu1"), FREED]
    assert isinstance(held, Hold)
    told = held.waits[0]
    assert "Area" in told.sentence and "'bu1'" in told.action and "business_units" in told.action


def test_a_row_of_a_tag_that_nobody_demands_is_the_one_to_change() -> None:
    rows = {"business_units": {"bu1": OPTIONAL.id}}
    assert keys(sales.plan(sales.INVOICE, tables=rows, **demanding(AREA, OPTIONAL))) == [
        ("mapping", "business_units:bu1"), FREED,
    ]  # fmt: skip


def test_the_setting_is_named_where_business_units_become_no_tags() -> None:
    for other in ("none", "location"):
        place = {"business_units": {"bu1": "loc"}}
        around = demanding(AREA, Dimension("loc", "location", "Austin"), settings={"business_unit_as": other})
        held = sales.plan(sales.INVOICE, tables=place, **around)
        assert keys(held) == [("setting", "setting:business_unit_as"), FREED]


def test_of_two_demanded_tags_a_line_gets_one_by_its_business_unit() -> None:
    held = sales.plan(sales.INVOICE, **demanding(AREA, CLASS))
    assert keys(held) == [FREED]
    assert isinstance(held, Hold)
    assert "Class" in held.waits[0].sentence and "Area" in held.waits[0].sentence


def test_a_row_of_an_option_that_is_not_active_is_told_once() -> None:
    """The row is the one thing to change: no second reason names other tags, of which there are none."""
    spent = msgspec.structs.replace(AREA, active=False)
    held = sales.plan(sales.INVOICE, **demanding(spent, msgspec.structs.replace(AREA, id="opt2", name="East")))
    assert isinstance(held, Hold)
    assert keys_of(held) == [("mapping", "business_units:bu1"), FREED]
    assert "dimension_inactive" in codes(held)
    assert not any("beside" in sentence for sentence in sentences(held)), sentences(held)


def test_a_line_without_a_business_unit_waits_for_one() -> None:
    bare = sales.invoice(business_unit=Ref(), lines=(sales.line("100", business_unit=Ref()),))
    assert keys(sales.plan(bare, **demanding(AREA))) == [("source", "invoices:i1"), FREED]


def test_the_lines_of_each_unit_name_their_own_row() -> None:
    two = sales.invoice(
        lines=(sales.line("60"), sales.line("40", "2", business_unit=Ref("bu2", "South"))),
    )
    assert keys(sales.plan(two, **demanding(AREA))) == [("mapping", "business_units:bu2"), FREED]


def test_a_tag_that_is_demanded_of_purchases_alone_stops_no_sale() -> None:
    bought = msgspec.structs.replace(AREA, demanded_of="purchases")
    assert isinstance(sales.plan(sales.INVOICE, tables=NONE, **demanding(bought)), Write)
    sold = msgspec.structs.replace(AREA, demanded_of="sales")
    assert "tag_mandatory" in codes(sales.plan(sales.INVOICE, tables=NONE, **demanding(sold)))
    bill = bill_world.plan(bill_world.BILL, tables=NONE, ledger={"dimensions": {NORTH.id: sold}})
    assert isinstance(bill, Write)


def test_what_an_accountant_has_chosen_on_a_posted_invoice_is_a_value() -> None:
    around = demanding(AREA, tables=NONE)
    posted = sales.plan(sales.INVOICE, tables=NONE)
    plain = sales.sent(posted)
    there = sales.shown(lines=(msgspec.structs.replace(plain.lines[0], id="zl1", tax=None),))
    tagged = msgspec.structs.replace(
        there,
        lines=tuple(msgspec.structs.replace(one, dimensions=(Ref("opt1", "North", "tag1"),)) for one in there.lines),
    )
    dearer = sales.invoice(total="216.50", tax="16.50", lines=(sales.line("200"),))
    change = sales.plan(dearer, link=sales.linked(now=tagged, base=there), **around)
    assert isinstance(change, Write)
    held = sales.plan(dearer, link=sales.linked(now=there, base=there), **around)
    assert keys(held)[0] == ("mapping", "business_units:bu1")


def test_a_line_whose_tag_was_removed_there_is_told_as_that() -> None:
    there = sales.shown()
    bare = msgspec.structs.replace(
        there, lines=tuple(msgspec.structs.replace(one, dimensions=()) for one in there.lines)
    )
    dearer = sales.invoice(total="216.50", tax="16.50", lines=(sales.line("200"),))
    held = sales.plan(dearer, link=sales.linked(now=bare, base=there), **demanding(AREA))
    assert keys(held) == [("fact", "invoices:zi1"), FREED]


def test_a_line_of_rounding_carries_the_demanded_tag_of_the_first_line() -> None:
    off = sales.invoice(total="108.26", tax="8.26")
    settings = {"rounding_account": sales.ROUND, "rounding_limit": D("0.05")}
    rows = {"items": {"(rounding)": "it5"}}
    sent = sales.sent(sales.plan(off, settings=settings, tables=rows, **demanding(AREA)))
    assert [one.dimensions for one in sent.lines] == [(Ref("opt1", "North", "tag1"),)] * 2


def test_credit_memos_and_write_offs_wait_as_invoices_do() -> None:
    memo = sales.told(
        ZohoCreditMemos().plan(sales.view(zoho_memo_world.memo(), flow="credit_memos", tables=NONE, **demanding(AREA)))
    )
    assert ("mapping", "business_units:bu1") in keys_of(memo)
    gone = zoho_payment_world.payment("100", type_="2")
    rows = {**zoho_payment_world.PAYMENT_TABLES, **NONE}
    open_ = [zoho_payment_world.invoice(name) for name in zoho_payment_world.INVOICES]
    seen = zoho_payment_world.seen(gone, open_, **demanding(AREA))
    seen = dataclasses.replace(seen, mappings={name: bill_world.Rows(one) for name, one in rows.items()})
    assert ("mapping", "business_units:bu1") in keys_of(zoho_payment_world.ZohoPayments().plan(seen))


def keys_of(decision: Decision) -> list[tuple[str, str]]:
    assert isinstance(decision, Hold), decision
    return [(one.kind, one.key) for one in decision.waits if one.code == "tag_mandatory"]


@pytest.mark.parametrize("job_as", ["tag", "none"])
def test_on_a_bill_the_job_gives_the_second_tag(job_as: str) -> None:
    tags = {
        "north": Dimension("north", "reporting_tag", "North", Ref("unit", "Unit"), mandatory=True),
        CLASS.id: CLASS,
    }
    held = bill_world.plan(bill_world.BILL, ledger={"dimensions": tags}, settings={"job_as": job_as})
    found = keys_of(held)
    assert found == ([("mapping", "jobs:j1"), FREED] if job_as == "tag" else [FREED])
    if job_as == "tag":
        rows = {"jobs": {"j1": CLASS.id}}
        assert isinstance(
            bill_world.plan(bill_world.BILL, tables=rows, ledger={"dimensions": tags}, settings={"job_as": "tag"}),
            Write,
        )
