"""Lines of sales by the flows of items and tax zones: a row counts before a link, a link before a code; gaps are told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bill_world import codes
from zoho_sales_world import (
    INVOICE,
    ITEMS,
    JANE,
    LABOR,
    PARTS,
    SETTINGS,
    TAXES,
    D,
    invoice,
    labor,
    line,
    linked,
    plan,
    sent,
)

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Item, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Composed
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.zoho_sales import ZohoCreditMemos, ZohoInvoices, ZohoPayments

SOLD = invoice(lines=(line("100", item=Ref("1001")),))
LINKED = {("customers", "c1"): JANE, ("items", "1001"): "it9"}
OTHER = {**ITEMS, "it9": msgspec.structs.replace(ITEMS["it1"], id="it9", sku="CMP-OLD", name="Compressor, linked")}
ON = frozenset(["customers", "items", "tax_zones"])
BOOK = Item("1001", "material", "Compressor", "CMP")


def sells(**changes: Any) -> str:
    return str(sent(plan(SOLD, **{"ledger": {"items": OTHER}, "links": LINKED, **changes})).lines[0].item.id)


def waits(decision: Decision) -> list[tuple[str, str, str]]:
    assert isinstance(decision, Hold)
    return [(one.code, one.kind, one.key) for one in decision.waits]


def lists(book: Item = BOOK) -> dict[str, Any]:
    return {"tax_zones": {"z1": TaxCode("z1", "Austin", D("0.0825"))}, "items": {book.id: book}}


# --- items -----------------------------------------------------------------------------------------------------------


def test_a_row_counts_before_the_link_and_the_link_before_the_code() -> None:
    assert sells() == "it9"
    assert sells(tables={"items": {"CMP": "it1"}}) == "it1"
    assert sells(links={("customers", "c1"): JANE}) == "it1"


def test_an_item_to_come_is_named_by_its_placeholder() -> None:
    coming = {**LINKED, ("items", "1001"): "new: items 1001"}
    decision = plan(SOLD, links=coming)
    assert sent(decision).lines[0].item.id == "new: items 1001"
    assert isinstance(decision, Write) and decision.placeholders == ("new: items 1001",)


def test_a_line_waits_for_the_flow_that_knows_its_item_or_for_a_row() -> None:
    known = {"links": {("customers", "c1"): JANE}, "brings": ON, "asked": frozenset([("items", "1001")])}
    decision = plan(SOLD, source_lists=lists(), **known)
    assert waits(decision) == [
        ("line_item_pending", "link", "items:1001"), ("line_item_pending", "mapping", "items:CMP"),
    ]  # fmt: skip
    assert isinstance(decision, Hold) and decision.asks_for == (("items", "1001"),)
    assert len({one.sentence for one in decision.waits}) == 1
    also = plan(SOLD, source_lists=lists(), **{**known, "tables": {"sales_accounts": {}}})
    assert isinstance(also, Hold) and also.asks_for == ()  # nothing is made for one that cannot go anyhow


def test_a_changed_invoice_asks_for_the_item_of_its_new_line() -> None:
    more = invoice(lines=(line("100"), labor("50", item=Ref("1002"))), total="158.25")  # the first was posted before
    known = {"brings": ON, "asked": frozenset([("items", "1002")]), "source_lists": lists()}
    decision = plan(more, link=linked(), **known)
    assert isinstance(decision, Hold) and decision.asks_for == (("items", "1002"),)


def test_before_the_price_book_was_read_through_nothing_is_taken_for_granted() -> None:
    begun = {"links": {("customers", "c1"): JANE}, "brings": ON, "source_lists": lists()}
    decision = plan(SOLD, **begun)
    assert {one[0] for one in waits(decision)} == {"line_item_pending"}
    assert isinstance(decision, Hold) and decision.asks_for == ()
    through = plan(SOLD, read_through=frozenset(["items"]), **begun)
    assert sent(through).lines[0].item.id == "it1"


def test_an_item_that_ended_in_the_price_book_goes_by_its_code_or_names_its_row() -> None:
    known = {
        "links": {("customers", "c1"): JANE}, "brings": ON, "asked": frozenset([("items", "1001")]),
        "source_lists": lists(msgspec.structs.replace(BOOK, active=False)),
    }  # fmt: skip
    assert sent(plan(SOLD, **known)).lines[0].item.id == "it1"
    bare = plan(SOLD, ledger={"items": {}}, **known)
    assert waits(bare) == [("line_item_ended", "mapping", "items:CMP"), ("line_item_ended", "link", "items:1001")]
    assert isinstance(bare, Hold) and "'CMP'" in bare.waits[0].action


def test_a_counterpart_that_is_gone_names_the_row_to_fill() -> None:
    decision = plan(SOLD, links=LINKED)
    assert waits(decision) == [("line_item_gone", "mapping", "items:CMP")]
    assert isinstance(decision, Hold)
    assert "'CMP'" in decision.waits[0].action and "it9" in decision.waits[0].sentence
    assert sells(tables={"items": {"CMP": "it1"}}) == "it1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"active": False}, "line_item_inactive"), ({"income_account": Ref(LABOR)}, "line_item_account")],
)
def test_a_counterpart_that_cannot_be_used_frees_itself_or_is_freed_by_a_row(
    changes: dict[str, Any], code: str
) -> None:
    known = {**OTHER, "it9": msgspec.structs.replace(OTHER["it9"], **changes)}
    decision = plan(SOLD, links=LINKED, ledger={"items": known})
    assert waits(decision) == [(code, "fact", "items:it9"), (code, "mapping", "items:CMP")]
    assert isinstance(decision, Hold) and all("'CMP'" in one.action for one in decision.waits)


def test_lines_by_account_ask_for_no_item() -> None:
    known = {"brings": ON, "asked": frozenset([("items", "1001")]), "set_there": {"invoice_lines": "account"}}
    assert sent(plan(SOLD, **known)).lines[0].account.id == PARTS


# --- tax zones -------------------------------------------------------------------------------------------------------

NO_ROW: dict[str, Any] = {"tables": {"sales_tax": {}}}
ZONE = {("customers", "c1"): JANE, ("tax_zones", "z1"): "tx1"}


def test_the_link_of_a_zone_stands_for_its_row_and_survives_a_new_name() -> None:
    renamed = invoice(tax_zone=Ref("z1", "Austin downtown"))
    listed = {"tax_zones": {"z1": TaxCode("z1", "Austin downtown", D("0.0825"))}}
    decision = plan(renamed, links=ZONE, source_lists=listed, **NO_ROW)
    assert sent(decision).lines[0].tax_code.id == "tx1"
    taxes = {**TAXES, "tx9": TaxCode("tx9", "Other", D("0.0825"))}
    rows = {"sales_tax": {"Austin": "tx9"}}
    by_row = plan(INVOICE, links=ZONE, tables=rows, ledger={"tax_codes": taxes}, compose=_as_stated)
    assert sent(by_row).lines[0].tax_code.id == "tx9"


def test_a_sale_waits_for_the_flow_that_knows_its_zone_or_for_a_row() -> None:
    decision = plan(INVOICE, asked=frozenset([("tax_zones", "z1")]), brings=ON, **NO_ROW)
    assert waits(decision) == [
        ("sales_tax_pending", "link", "tax_zones:z1"), ("sales_tax_pending", "mapping", "sales_tax:Austin"),
    ]  # fmt: skip
    assert isinstance(decision, Hold) and decision.asks_for == (("tax_zones", "z1"),)
    unknown = plan(INVOICE, **NO_ROW)  # while the flow is off, or has not read the zone yet
    assert waits(unknown) == [
        ("sales_tax_unmapped", "mapping", "sales_tax:Austin"), ("sales_tax_unmapped", "link", "tax_zones:z1"),
    ]  # fmt: skip
    assert [(one.kind, one.key) for one in _unmapped_item().waits] == [("mapping", "items:CMP"), ("link", "items:1001")]


def _unmapped_item() -> Hold:
    held = plan(SOLD, ledger={"items": {}}, links={("customers", "c1"): JANE})
    assert isinstance(held, Hold) and set(codes(held)) == {"line_item_unmapped"}
    return held


@pytest.mark.parametrize("tax", [None, TaxCode("tx1", "Austin", D("0.0825"), active=False)])
def test_a_tax_that_is_gone_or_inactive_names_the_row_to_fill(tax: TaxCode | None) -> None:
    known = {"tax_codes": {"tx1": tax} if tax else {}}
    decision = plan(INVOICE, links=ZONE, ledger=known, **NO_ROW)
    assert waits(decision) == [
        ("tax_link_unusable", "mapping", "sales_tax:Austin"), ("tax_link_unusable", "fact", "tax_codes:tx1"),
    ]  # fmt: skip
    assert isinstance(decision, Hold) and "'Austin'" in decision.waits[0].action
    other = {"tax_codes": {**known["tax_codes"], "tx2": TaxCode("tx2", "Austin", D("0.0825"))}}
    freed = plan(INVOICE, links=ZONE, ledger=other, tables={"sales_tax": {"Austin": "tx2"}}, compose=_as_stated)
    assert sent(freed).lines[0].tax_code.id == "tx2"


def _as_stated(*given: Any) -> Any:
    return Composed(documents.encode(given[1]), given[1].total)


def test_a_tax_to_come_has_the_rate_of_its_zone() -> None:
    coming = {("customers", "c1"): JANE, ("tax_zones", "z1"): "new: tax_zones z1"}
    decision = plan(INVOICE, links=coming, compose=_as_stated, **NO_ROW)
    assert sent(decision).lines[0].tax_code == Ref("new: tax_zones z1", "Austin", "8.2500")
    assert isinstance(decision, Write) and decision.placeholders == ("new: tax_zones z1",)


# --- what is looked up -----------------------------------------------------------------------------------------------


def test_links_are_looked_up_and_nothing_stands_on_them() -> None:
    sale = invoice(lines=(line("60", item=Ref("1001")), line("40", "2", item=Ref("1001")), line("8", "3")))
    settings = SETTINGS
    assert ZohoInvoices().looks_up(sale, settings) == (("tax_zones", "z1"), ("items", "1001"))
    assert ZohoInvoices().needs_links(sale, settings) == (("customers", "c1"),)
    assert ZohoCreditMemos().looks_up(sale, settings) == (("tax_zones", "z1"),)
    assert ZohoInvoices().looks_up(invoice(tax="0"), settings) == ()
    assert ZohoPayments.knows == ("tax_zones",)
