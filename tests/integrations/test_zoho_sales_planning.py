"""Invoices into Zoho Books: by item or account, marked as sent with them, left alone once something is paid on them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import msgspec
import pytest
from bill_world import codes, sentences
from zoho_sales_world import (
    CONTACTS,
    INVOICE,
    ITEMS,
    JANE,
    JUNE,
    LABOR,
    NORTH,
    PARTS,
    REFERENCE,
    ROUND,
    TAXES,
    D,
    invoice,
    labor,
    line,
    linked,
    plan,
    sent,
    shown,
    step,
    view,
)  # fmt: skip

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Hold, Skip, Unchanged, Write
from ml_connector.integrations.line_items import codes as by_code
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.views import Twin
from ml_connector.integrations.zoho_bills import OFFER as BILLS
from ml_connector.integrations.zoho_sales import OFFER, ZohoInvoices

BOTH = invoice(lines=(line("100"), labor("50")), total="158.25")
BY_ACCOUNT = {"invoice_lines": "account"}


# --- what is sent ----------------------------------------------------------------------------------------------------


def test_an_invoice_goes_by_item_and_is_marked_as_sent() -> None:
    decision = plan(BOTH)
    one, target = step(decision), sent(decision)
    assert (one.entity, one.action, one.reference) == ("invoices", Action.CREATE, REFERENCE)
    assert (one.number, one.party_id, one.total, one.date) == ("5512", JANE, D("158.25"), INVOICE.date)
    assert target.state is InvoiceState.AUTHORISED  # which Zoho Books calls sent
    assert [(row.item.id, row.account.id, row.tax_code.id) for row in target.lines] == [
        ("it1", PARTS, "tx1"), ("it2", LABOR, ""),
    ]  # fmt: skip
    assert [row.dimensions for row in target.lines] == [(Ref(NORTH.id, "North", "tag1"),)] * 2
    assert (target.memo, target.due_date) == ("Job J-100, 12 Main St", dt.date(2026, 7, 9))


def test_a_completed_invoice_is_a_draft_until_its_batch_is_posted() -> None:
    gate = {"settings": {"invoice_gate": "draft when completed"}}
    completed = invoice(state=InvoiceState.COMPLETED, state_words="status Completed")
    assert isinstance(plan(completed), Skip)
    assert sent(plan(completed, **gate)).state is InvoiceState.DRAFT
    draft = shown(completed_shown := INVOICE, state=InvoiceState.DRAFT)
    posted = plan(completed_shown, link=linked(completed, draft, draft), **gate)
    assert step(posted).action is Action.UPDATE and sent(posted).state is InvoiceState.AUTHORISED
    assert isinstance(plan(completed, link=linked(completed, draft, draft), **gate), Unchanged)


def test_a_row_names_the_item_before_its_code_does() -> None:
    rows = {"items": {"CMP": "it9", "LAB-1": "it3"}}
    other = {**ITEMS, "it9": msgspec.structs.replace(ITEMS["it1"], id="it9", sku="")}
    target = sent(plan(BOTH, tables=rows, ledger={"items": other}))
    assert [row.item.id for row in target.lines] == ["it9", "it3"]


def test_lines_go_by_account_alone_where_the_connection_is_set_so() -> None:
    target = sent(plan(invoice(lines=(line("100", sku="UNKNOWN"),)), set_there=BY_ACCOUNT))
    assert [(row.item, row.account.id) for row in target.lines] == [(Ref(), PARTS)]


ITEM_HOLDS: list[tuple[dict[str, Any], dict[str, str], str, str]] = [
    ({"sku": "NEW"}, {}, "line_item_unmapped", "items:NEW"),
    ({"sku": "cmp"}, {}, "line_item_unmapped", "items:cmp"),  # a code in other letters may be another item
    ({"sku": ""}, {}, "line_item_missing", "items:(none)"),
    ({"sku": "FLT"}, {}, "line_item_unmapped", "items:FLT"),  # the inactive one is none
    ({}, {"CMP": "it404"}, "line_item_unknown", "items:CMP"),
    ({}, {"CMP": "it4"}, "line_item_inactive", "items:it4"),
    ({}, {"CMP": "it2"}, "line_item_account", "items:it2"),
]


@pytest.mark.parametrize(("changes", "rows", "code", "key"), ITEM_HOLDS)
def test_a_line_waits_for_an_item_that_books_where_it_should(
    changes: dict[str, Any], rows: dict[str, str], code: str, key: str
) -> None:
    decision = plan(invoice(lines=(line("100", **changes),)), tables={"items": rows})
    assert isinstance(decision, Hold)
    assert [(one.code, one.key) for one in decision.waits] == [(code, key)]
    assert "Zoho Books" in decision.waits[0].sentence + decision.waits[0].action


def test_what_is_missing_names_the_tables_of_sales() -> None:
    decision = plan(BOTH, tables={"sales_accounts": {}, "sales_tax": {}})
    assert isinstance(decision, Hold)
    assert {one.key for one in decision.waits} == {
        "sales_accounts:4000", "sales_accounts:4100", "sales_tax:Austin", "tax_zones:z1",
    }  # fmt: skip
    assert all("mapping table sales_" in one.action for one in decision.waits if one.kind == "mapping")


def test_what_is_not_taxed_names_a_tax_only_where_a_row_says_so() -> None:
    untaxed = invoice(lines=(labor("50"),), total="50", tax="0")
    assert [row.tax_code.id for row in sent(plan(untaxed)).lines] == [""]
    rows = {"sales_tax": {"Austin": "tx1", EXEMPT: "tx0"}}
    assert [row.tax_code.id for row in sent(plan(untaxed, tables=rows)).lines] == ["tx0"]


def test_the_ledgers_own_arithmetic_is_foreseen() -> None:
    odd = invoice(tax="8.26", total="108.26")  # the zone's rate gives 8.25
    assert codes(plan(odd)) == ["target_total_differs"]
    rounding = {"settings": {"rounding_account": ROUND, "rounding_limit": D("0.02")}}
    assert codes(plan(odd, **rounding)) == ["line_item_unmapped"]
    target = sent(plan(odd, tables={"items": {"(rounding)": "it5"}}, **rounding))
    assert [(row.description, row.amount, row.item.id) for row in target.lines[1:]] == [("Rounding", D("0.01"), "it5")]


REDUCED = invoice(lines=(line("100"), labor("50")), discount="30", tax="8.25", total="128.25")


def test_a_discount_that_is_taken_off_after_tax_stands_in_lines_of_its_own() -> None:
    """Zoho reckons the tax itself: on less, where the lines were to bear the discount."""
    decision = plan(REDUCED)
    rows = [(row.description, row.amount, row.tax_code.id, row.item.id) for row in sent(decision).lines]
    assert rows == [
        ("Compressor, 2 t", D(100), "tx1", "it1"), ("Discount", D(-20), "", "it1"),
        ("Labor", D(50), "", "it2"), ("Discount", D(-10), "", "it2"),
    ]  # fmt: skip
    assert isinstance(decision, Write) and any("lines of its own" in note for note in decision.notes)
    before = invoice(lines=(line("100"), labor("50")), discount="30", tax="6.60", total="126.60")
    assert [row.amount for row in sent(plan(before)).lines] == [D(80), D(40)]


def test_an_invoice_with_its_discount_in_lines_is_changed_whole() -> None:
    link = linked(REDUCED)
    dearer = invoice(lines=(line("120"), labor("50")), discount="30", tax="9.90", total="149.90")
    target = sent(plan(dearer, link=link))
    assert [(row.id, row.description) for row in target.lines if row.id] == [
        ("zl1", "Compressor, 2 t"),
        ("zl3", "Labor"),
    ]
    assert sum(row.amount for row in target.lines) == D(140)
    shown_ = linked(REDUCED).now
    assert isinstance(shown_, Invoice)
    by_hand = msgspec.structs.replace(shown_, lines=shown_.lines[2:])
    assert codes(plan(dearer, link=linked(REDUCED, by_hand))) == ["change_not_sent"]


def test_a_number_that_is_taken_is_held() -> None:
    twin = Twin(
        "Zoho Books", "zi9", "5512", D("9"), "authorised of 2026-06-01, id zi9", False, "invoices", "a void document"
    )
    assert codes(plan(INVOICE, twins=(twin,))) == ["invoice_number_elsewhere"]
    given = plan(INVOICE, tables={"invoice_numbers": {"i1": "5512-B"}})
    assert step(given).number == "5512-B"


def test_an_invoice_waits_behind_the_lock_of_sales() -> None:
    books = Organisation("org", "Polar Air", "USD", locked_through_sales=dt.date(2026, 6, 9))
    assert codes(plan(INVOICE, ledger={"organisation": books})) == ["period_closed"]


def test_an_invoice_asks_for_its_customer() -> None:
    pending = plan(INVOICE, links={}, asked=frozenset([("customers", "c1")]))
    assert isinstance(pending, Hold) and pending.asks_for == (("customers", "c1"),)


# --- credits -----------------------------------------------------------------------------------------------------


def credit(**changes: Any) -> Invoice:
    """An adjustment that takes the good invoice back."""
    whole = {"id": "i2", "number": "5513", "total": "-108.25", "tax": "-8.25", "lines": (line("-100"),)}
    return invoice(**{**whole, "adjusts": Ref("i1", number="5512"), **changes})


def test_a_negative_invoice_is_a_credit_note_applied_to_what_it_corrects() -> None:
    links = {("customers", "c1"): JANE, ("invoices", "i1"): "zi1"}
    decision = plan(credit(), links=links, at_target={("invoices", "zi1"): shown()})
    main, application = step(decision), step(decision, 1)
    assert (main.entity, main.number, main.total) == ("credit_notes", "5513", D("-108.25"))
    assert (application.entity, application.total) == ("allocations", D("108.25"))
    put = sent(decision, 1)
    assert [(part.document.id, part.amount) for part in put.allocations] == [("zi1", D("108.25"))]


# --- what changes afterwards --------------------------------------------------------------------------------------


def test_an_unpaid_invoice_is_changed_whole_and_keeps_its_lines() -> None:
    changed = invoice(lines=(line("120"),), tax="9.90", total="129.90")
    decision = plan(changed, link=linked())
    assert (step(decision).action, step(decision).target_id) == (Action.UPDATE, "zi1")
    target = sent(decision)
    assert [(row.id, row.amount, row.item.id) for row in target.lines] == [("zl1", D(120), "it1")]


def test_what_an_accountant_has_recoded_stays() -> None:
    there = shown()
    own = msgspec.structs.replace(there.lines[0], item=Ref("it3", "Anything"), account=Ref(LABOR, "Labor revenue"))
    now = msgspec.structs.replace(there, lines=(own,))
    decision = plan(invoice(due_date=dt.date(2026, 8, 1)), link=linked(now=now, base=there))
    target = sent(decision)
    assert [(row.item.id, row.account.id) for row in target.lines] == [("it3", LABOR)]
    assert isinstance(decision, Write) and any("keeps what the ledger has: item" in note for note in decision.notes)


def test_an_account_on_a_line_with_an_item_is_told_to_go() -> None:
    there = shown()
    own = msgspec.structs.replace(there.lines[0], account=Ref(LABOR, "Labor revenue"))
    decision = plan(
        invoice(due_date=dt.date(2026, 8, 1)), link=linked(now=msgspec.structs.replace(there, lines=(own,)), base=there)
    )
    assert isinstance(decision, Write)
    assert [note for note in decision.notes if "goes on its item's account again" in note]
    assert not any("keeps what the ledger has" in note for note in decision.notes)


@pytest.mark.parametrize(
    ("entered", "says"),
    [
        (
            {"discount": D(10), "total": D("98.25"), "balance": D("98.25")},
            "A discount of 10.00 USD on the whole document",
        ),
        ({"tax_basis": TaxBasis.INCLUSIVE}, "tax included"),
    ],
)
def test_what_would_move_the_total_of_a_change_holds_it(entered: dict[str, Any], says: str) -> None:
    changed = invoice(lines=(line("120"),), tax="9.90", total="129.90")
    now = msgspec.structs.replace(shown(), **entered)
    for base in (shown(), now):
        decision = plan(changed, link=linked(now=now, base=base))
        assert codes(decision) == ["change_not_sent"]
        assert says in sentences(decision)[0]


def test_a_discount_that_brings_the_ledger_to_the_same_figures_is_left() -> None:
    total, tax = D("97.42"), D("7.42")
    now = msgspec.structs.replace(shown(), discount=D(10), total=total, tax=tax, balance=total)
    decision = plan(invoice(lines=(line("90"),), tax="7.42", total="97.42"), link=linked(now=now, base=shown()))
    assert isinstance(decision, Unchanged)


def test_a_line_that_sells_another_item_now_is_booked_on_that_ones_account() -> None:
    other = invoice(lines=(labor("100", "1", taxable=True),))
    target = sent(plan(other, link=linked()))
    assert [(row.id, row.item.id, row.account.id) for row in target.lines] == [("zl1", "it2", LABOR)]


@pytest.mark.parametrize(
    "changed",
    [{"due_date": dt.date(2026, 8, 1)}, {"lines": (line("120"),), "tax": "9.90", "total": "129.90"}, {"active": False}],
)
def test_nothing_is_changed_or_voided_while_something_is_paid(changed: dict[str, Any]) -> None:
    now = shown(balance=D("58.25"))
    decision = plan(invoice(**changed), link=linked(now=now))
    assert codes(decision) == ["change_when_paid"]
    assert "in Zoho Books" in sentences(decision)[0]


def test_an_unpaid_invoice_that_became_inactive_is_voided() -> None:
    decision = plan(invoice(active=False), link=linked())
    assert (step(decision).entity, step(decision).action, step(decision).target_id) == ("invoices", Action.VOID, "zi1")


def test_what_is_void_there_waits_for_another_number() -> None:
    now = shown(state=InvoiceState.VOID, active=False)
    assert codes(plan(invoice(due_date=dt.date(2026, 8, 1)), link=linked(now=now))) == ["void_there"]


def test_a_contact_that_changed_follows_while_nothing_is_paid() -> None:
    links = {("customers", "c2"): JUNE}
    moved = invoice(customer=Ref("c2", "June Doe"))
    assert sent(plan(moved, links=links, link=linked())).customer.id == JUNE
    assert CONTACTS[JUNE].active


# --- the declaration -------------------------------------------------------------------------------------------------


def test_tables_of_sales_stand_beside_those_of_bills() -> None:
    sales, bills = ({table.name for table in one.tables} for one in (OFFER, BILLS))
    assert not sales & bills
    parties = {"customers", "locations"}  # which the flows of parties bring
    assert {name for flow in OFFER.flows for name in flow.tables} <= sales | bills | parties
    assert {flow.number_table for flow in OFFER.flows} <= {"", *sales}
    assert {flow.target_vendor for flow in OFFER.flows if not flow.follows} == {"zoho_books"}
    assert {flow.follows for flow in OFFER.flows} == {"", "invoices", "payments", "credit_memos"}
    assert all(not flow.recodes for flow in OFFER.flows)


def test_which_keys_an_invoice_shows_and_what_they_may_be() -> None:
    tables = {table.name: table for table in OFFER.tables}
    assert {name: list(table.shown_keys(BOTH)) for name, table in tables.items()} == {
        "sales_accounts": [("4000", "Parts"), ("4100", "Labor")],
        "sales_tax": [("Austin", "Austin")],
        "items": [("CMP", "Compressor, 2 t"), ("LAB-1", "Labor")],
        "payment_types": [],
        "invoice_numbers": [],
        "credit_memo_numbers": [],
    }
    assert tables["items"].unfit("it4", ITEMS["it4"]) == "Old filter is inactive in the ledger"
    assert tables["items"].listed_key(ITEMS["it1"]) == "CMP"
    assert "takes 8.25 %" in tables["sales_tax"].unfit("tx1", TAXES["tx1"], EXEMPT)


def test_an_invoice_is_planned_alike_each_time() -> None:
    seen = view(BOTH)
    assert ZohoInvoices().plan(seen) == ZohoInvoices().plan(dataclasses.replace(seen))


def test_an_invoice_that_only_a_list_has_told_of_is_read_before_it_is_changed() -> None:
    row = shown(lines=(), complete=False)
    assert isinstance(plan(INVOICE, link=linked(now=row, base=shown())), Unchanged)
    decision = plan(invoice(due_date=dt.date(2026, 8, 1)), link=linked(now=row, base=shown()))
    assert isinstance(decision, Hold)
    assert [(one.code, one.key) for one in decision.waits] == [("counterpart_unread", "invoices:zi1")]


def test_a_code_that_two_items_have_names_neither() -> None:
    twice = {**ITEMS, "it8": msgspec.structs.replace(ITEMS["it1"], id="it8")}
    assert codes(plan(INVOICE, ledger={"items": twice})) == ["line_item_unmapped"]
    gathered = {"items": twice, "item_codes": by_code(twice.values())}
    assert codes(plan(INVOICE, ledger=gathered)) == ["line_item_unmapped"]
    assert by_code(ITEMS.values()) == {"CMP": ("it1",), "LAB-1": ("it2",)}
