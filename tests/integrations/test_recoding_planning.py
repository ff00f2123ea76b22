"""Recoding posted documents by today's mapping: what is sent, what an accountant's own coding keeps, and what cannot be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from invoice_world import (
    INVOICE,
    NORTH,
    OTHER,
    PARTS,
    SALES,
    SOUTH,
    assert_readable,
    body,
    credit,
    guid,
    invoice,
    line,
    linked,
    shown,
    step,
    view,
)
from payment_world import CLEARING, COST, in_ledger, linked_order
from payment_world import ORDER as PO
from payment_world import guid as order_guid
from payment_world import order as purchase_order
from payment_world import view as order_view

from ml_connector.canonical.erased import erased
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import OrderState
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.coding import Coded, Recoding
from ml_connector.integrations.credit_memo_flow import CreditMemos
from ml_connector.integrations.decisions import Decision, Unchanged, Write
from ml_connector.integrations.invoice_flow import Invoices
from ml_connector.integrations.order_flow import PurchaseOrders
from ml_connector.integrations.recoding import Recode
from ml_connector.sync import plan

D = Decimal
TWO = (line("60"), line("40", "2", description="Labor", account=Ref("", "", "4100"), taxable=False))
PAIR = invoice(lines=TWO, tax="4.95", total="104.95")
NEW = {"accounts": {"4000": PARTS, "4100": PARTS}}
TAXED = {"tax": {"Austin": "TAX002", "(exempt)": "NONE"}}
MOVED = {"business_units": {"bu1": SOUTH}}


def recoded(
    posted: Invoice = PAIR, now: Invoice | None = None, table: str = "accounts", keys: frozenset[str] = frozenset(),
    **around: Any,
) -> Decision:  # fmt: skip
    """The decision on a posted invoice that recoding 7 names."""
    around = {"tables": NEW, **around, "link": around.get("link") or linked(posted, now)}
    flow = CreditMemos() if posted.kind == "credit note" else Invoices()
    decision = plan.plan(flow, view(posted, recoding=Recoding(7, table, keys), **around))
    if isinstance(decision, Unchanged) and decision.left is not None:
        assert_readable(decision.left.sentence)
        assert_readable(decision.left.action)
    return decision


def why(decision: Decision) -> str:
    assert isinstance(decision, Unchanged) and decision.left is not None, decision
    return decision.left.code


def told(decision: Decision) -> list[Coded]:
    assert isinstance(decision, Recode), decision
    return list(decision.coded)


def accounts(decision: Decision) -> list[str]:
    return [one["AccountCode"] for one in body(decision)["LineItems"]]


def touched(posted: Invoice = PAIR, n: int = 0, **changes: Any) -> Invoice:
    """What Xero shows after an accountant has changed a line."""
    there = shown(posted)
    lines = [msgspec.structs.replace(one, **changes) if i == n else one for i, one in enumerate(there.lines)]
    return msgspec.structs.replace(there, lines=tuple(lines))


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_without_a_recoding_a_mapping_change_touches_nothing() -> None:
    assert isinstance(plan.plan(Invoices(), view(PAIR, tables=NEW, link=linked(PAIR))), Unchanged)


def test_a_posted_invoice_gets_todays_account_and_nothing_else() -> None:
    decision = recoded()
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.target_id, one.total) == ("invoices", Action.UPDATE, guid(77), D("104.95"))
    assert one.reference == "servicetitan-1-invoices-i1-recoded-7"
    assert sent["Reference"].endswith("[ref servicetitan-1-invoices-i1]"), "the document keeps the reference it has"
    assert accounts(decision) == ["260", "260"]
    was = shown(PAIR)
    assert [one["LineItemID"] for one in sent["LineItems"]] == [line.id for line in was.lines]
    assert [D(one["TaxAmount"]) for one in sent["LineItems"]] == [D("4.95"), D(0)]
    assert told(decision) == [Coded("Compressor", "account", "200 Service revenue", "260 Parts revenue", D(60))]
    assert isinstance(decision, Write)
    assert decision.notes[0] == "recoded by the mapping table accounts (recoding 7)"
    assert "line 'Compressor': account 200 Service revenue -> 260 Parts revenue" in decision.notes


def test_a_plan_is_stored_and_hashed_as_any_other_write() -> None:
    decision = recoded()
    assert isinstance(decision, Recode)
    plain = plan.decode(plan.encode(decision))
    assert type(plain) is Write and plan.digest(plain) == plan.digest(decision)


def test_only_the_rows_that_are_named() -> None:
    tables = {"accounts": {"4000": PARTS, "4100": SALES}}
    both = recoded(tables=tables)
    assert [one.becomes for one in told(both)] == ["260 Parts revenue", "200 Service revenue"]
    one = recoded(tables=tables, keys=frozenset(["4100"]))
    assert accounts(one) == ["200", "200"] and len(told(one)) == 1
    assert recoded(tables=tables, keys=frozenset(["4999"])) == Unchanged()


def test_tracking_and_tax_type() -> None:
    tracking = recoded(table="business_units", tables=MOVED)
    options = [one["Tracking"][0]["TrackingOptionID"] for one in body(tracking)["LineItems"]]
    assert options == [SOUTH, SOUTH] and told(tracking)[0] == Coded("Compressor", "tracking", "North", "South", D(60))
    tax = recoded(table="tax", tables=TAXED)
    assert [one["TaxType"] for one in body(tax)["LineItems"]] == ["TAX002", "NONE"]
    assert [one.was for one in told(tax)] == ["Austin 8.25 (TAX001)"]
    taken_off = recoded(table="business_units", tables={"business_units": {"bu1": "none"}})
    assert [one["Tracking"] for one in body(taken_off)["LineItems"]] == [[], []]


def test_a_credit_note_that_is_open() -> None:
    decision = recoded(credit(adjusts=Ref()))
    assert (step(decision).entity, accounts(decision)) == ("credit_notes", ["260"])
    assert told(decision)[0].amount == D(-100)
    memo = invoice(kind="credit note", adjusts=Ref())
    there = msgspec.structs.replace(shown(INVOICE), kind="credit note", due_date=None)
    tables = {**NEW, "credit_memo_numbers": {}}
    assert accounts(recoded(memo, tables=tables, link=linked(memo, there, there, "credit_notes"))) == ["260"]


def test_the_document_has_the_mapping_of_its_date() -> None:
    class Dated(dict[str, str]):
        def get(self, key: str, on: Any = None) -> Any:
            return PARTS if on is not None and on >= dt.date(2026, 7, 1) else SALES

    around = view(PAIR, link=linked(PAIR), recoding=Recoding(7, "accounts", frozenset(["4000"])))
    around.mappings["accounts"] = Dated()  # type: ignore[index]
    assert plan.plan(Invoices(), around) == Unchanged()


def test_what_the_ledger_shows_already_is_no_change() -> None:
    assert recoded(now=touched(account=Ref("", "", "260"))) == Unchanged()
    assert recoded(tables={}) == Unchanged()


# --- what an accountant has done -------------------------------------------------------------------------------------


def test_what_was_recoded_there_since_is_left_alone() -> None:
    decision = recoded(now=touched(account=Ref("", "", "860")))
    assert why(decision) == "recoded_there"
    assert isinstance(decision, Unchanged) and decision.left is not None
    assert "line 'Compressor' has account 860 Rounding and not 200 Service revenue" in decision.left.sentence


def test_other_lines_of_it_are_recoded_all_the_same() -> None:
    tables = {"accounts": {"4000": PARTS, "4100": SALES}}
    decision = recoded(now=touched(account=Ref("", "", "860")), tables=tables)
    assert accounts(decision) == ["860", "200"] and len(told(decision)) == 1
    assert isinstance(decision, Write) and any("stays as it was recoded there" in note for note in decision.notes)


def test_his_own_tracking_and_words_stay() -> None:
    there = touched(dimensions=(Ref(OTHER, "", guid(500)),), description="Compressor, new")
    sent = body(recoded(now=there))["LineItems"][0]
    assert (sent["Tracking"][0]["TrackingOptionID"], sent["Description"]) == (OTHER, "Compressor, new")
    assert why(recoded(now=there, table="business_units", tables={"business_units": {"bu1": NORTH}})) == "recoded_there"


@pytest.mark.parametrize("change", ["added", "removed", "without a base"])
def test_lines_that_cannot_be_told_apart(change: str) -> None:
    there = shown(PAIR)
    base: Invoice | None = there
    lines = (*there.lines, msgspec.structs.replace(there.lines[0], id=guid(950))) if change == "added" else ()
    now = msgspec.structs.replace(there, lines=lines or there.lines[:1])
    link = linked(PAIR, now, base)
    if change == "without a base":
        link = type(link)(link.target_entity, link.target_id, None, link.source, there)
    assert why(recoded(link=link)) == "recoding_unpaired"


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "paid", [{"balance": D(50)}, {"balance": D(0), "state": InvoiceState.PAID}, {"state": InvoiceState.PAID}]
)
def test_xero_lets_account_and_tracking_of_a_paid_invoice_be_changed_and_no_tax_type(paid: dict[str, Any]) -> None:
    now = shown(PAIR, **paid)
    assert accounts(recoded(now=now)) == ["260", "260"] and body(recoded(now=now))["Status"] == "AUTHORISED"
    assert isinstance(recoded(now=now, table="business_units", tables=MOVED), Recode)
    assert why(recoded(now=now, table="tax", tables=TAXED)) == "recoding_tax_paid"
    assert recoded(now=now, table="tax", tables={}) == Unchanged(), "nothing to do is nothing to tell"


def test_a_credit_note_that_is_applied() -> None:
    posted = credit(adjusts=Ref())
    part = Allocation(guid(5), Ref(guid(77)), D(10))
    assert why(recoded(posted, shown(posted, balance=D("98.25"), allocations=(part,)))) == "recoding_applied"


def test_a_closed_period() -> None:
    settings = {"closed_through": dt.date(2026, 6, 30)}
    decision = recoded(settings=settings)
    assert why(decision) == "recoding_closed"
    assert why(recoded(settings=settings, released=frozenset(["period_closed"]))) == "recoding_closed"
    assert isinstance(recoded(settings={"closed_through": dt.date(2026, 5, 31)}), Recode)


@pytest.mark.parametrize(
    ("now", "code"),
    [({"state": InvoiceState.VOID, "active": False}, "recoding_void"), ({"reference": ""}, "recoding_not_ours")],
)
def test_void_or_not_ours(now: dict[str, Any], code: str) -> None:
    there = shown(PAIR, **now)
    assert why(recoded(link=linked(PAIR, there, there))) == code


def test_gone_there() -> None:
    link = linked(PAIR)
    assert why(recoded(link=type(link)(link.target_entity, link.target_id, link.base, PAIR, None))) == "gone_there"


@pytest.mark.parametrize(
    ("table", "tables", "code"),
    [
        ("accounts", {"accounts": {}}, "account_unmapped"),
        ("accounts", {"accounts": {"4000": guid(299), "4100": PARTS}}, "account_inactive"),
        ("business_units", {"business_units": {}}, "business_unit_unmapped"),
        ("tax", {"tax": {"Austin": "OLD", "(exempt)": "NONE"}}, "tax_type_unusable"),
    ],
)
def test_a_mapping_that_gives_nothing(table: str, tables: dict[str, Any], code: str) -> None:
    assert why(recoded(table=table, tables=tables)) == code


def test_a_row_that_was_not_asked_for_stands_in_no_ones_way() -> None:
    tables: dict[str, Any] = {"accounts": {"4000": PARTS}, "tax": {}, "business_units": {}}
    assert accounts(recoded(tables=tables, keys=frozenset(["4000"]))) == ["260", "260"]


def test_a_change_of_its_source_goes_before() -> None:
    dearer = invoice(lines=(line("120"),), tax="9.90", total="129.90")
    decision = plan.plan(Invoices(), view(dearer, tables=NEW, link=linked(), recoding=Recoding(7, "accounts")))
    assert isinstance(decision, Write) and not isinstance(decision, Recode) and accounts(decision) == ["200"]


# --- orders ----------------------------------------------------------------------------------------------------------


def order_recoded(now: Any = None, posted: Any = PO, table: str = "order_accounts", **around: Any) -> Decision:
    around = {"tables": {"order_accounts": {"(none)": CLEARING}}, "link": linked_order(posted, now), **around}
    return plan.plan(PurchaseOrders(), order_view(posted, recoding=Recoding(7, table), **around))


def test_an_open_order() -> None:
    decision = order_recoded()
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.target_id, one.total) == (
        "purchase_orders",
        Action.UPDATE,
        order_guid(600),
        D(100),
    )
    assert (accounts(decision), sent["Status"]) == (["610"], "AUTHORISED")
    assert [one.what for one in told(decision)] == ["account"]
    draft = in_ledger(PO, state=OrderState.DRAFT)
    assert body(order_recoded(draft))["Status"] == "DRAFT", "how far it has come is nobody's coding"


def test_an_order_that_was_recoded_billed_or_deleted() -> None:
    there = in_ledger(PO)
    other = msgspec.structs.replace(there.lines[0], account=Ref("", "", "299"))
    assert why(order_recoded(msgspec.structs.replace(there, lines=(other,)))) == "recoded_there"
    assert why(order_recoded(in_ledger(PO, state=OrderState.BILLED))) == "recoding_billed"
    assert why(order_recoded(in_ledger(PO, state=OrderState.DELETED, active=False))) == "recoding_void"
    assert why(order_recoded(link=linked_order(PO, None, in_ledger(PO, reference="")))) == "recoding_not_ours"
    assert why(order_recoded(in_ledger(PO, lines=()))) == "recoding_unpaired"
    assert order_recoded(tables={"order_accounts": {"(none)": COST}}) == Unchanged()


def test_an_order_of_one_line_and_its_charges() -> None:
    taxed = purchase_order(tax="8.25", total="108.25")
    base = in_ledger(taxed)
    tax = msgspec.structs.replace(
        base.lines[0], id=order_guid(799), amount=D("8.25"), unit_cost=D("8.25"), quantity=D(1)
    )
    base = msgspec.structs.replace(base, lines=(*base.lines, tax))
    tables = {"order_accounts": {"(none)": COST, "(tax)": CLEARING}}
    decision = order_recoded(link=linked_order(taxed, base, base), posted=taxed, tables=tables)
    assert accounts(decision) == ["500", "610"]


def test_what_is_of_an_erased_party_keeps_its_words_in_the_ledger() -> None:
    decision = recoded(now=erased(shown(PAIR)))  # type: ignore[arg-type]
    assert why(decision) == "recoding_erased"
