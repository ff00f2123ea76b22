"""What a ledger allows is asked of its ways, so that one rule serves several ledgers."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
from pathlib import Path

import msgspec
import pytest
from invoice_world import BOOKS, CONTACTS, INVOICE, JANE, SETTINGS, codes, invoice, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.bill_flow import Bills
from ml_connector.integrations.checks import closed_through
from ml_connector.integrations.invoice_flow import Invoices, InvoicesExported
from ml_connector.integrations.party_back import CustomersBack
from ml_connector.integrations.party_names import behind, free_name
from ml_connector.integrations.vendor_flow import UniqueVendors, Vendors
from ml_connector.integrations.ways import LEDGERS, XERO, ZOHO, Ways, spelled

RULES = Path(__file__).parents[2] / "src" / "ml_connector" / "integrations"


def test_no_rule_takes_anything_of_a_ledgers_connector() -> None:
    modules = {
        (path.name, node.module)
        for path in RULES.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module
    }
    assert {one for one in modules if set(LEDGERS) & set(one[1].split(".")[2:])} == set()


@pytest.mark.parametrize(
    ("flow", "ways"),
    [(Invoices(), XERO), (UniqueVendors(), XERO), (CustomersBack(), XERO), (Bills(), ZOHO), (Vendors(), ZOHO)],
)
def test_a_flow_keeps_to_the_ways_of_its_ledger(flow: Invoices, ways: Ways) -> None:
    assert flow.ways is ways and ways in LEDGERS.values()
    assert InvoicesExported().ways is XERO  # of no ledger, and asks for none


def test_a_namesake_keeps_its_name_where_names_may_be_twice() -> None:
    seen = view(INVOICE)
    namesake = Party("c9", "customer", CONTACTS[JANE].name)
    assert free_name(namesake, seen)[0] == "Jane Doe (ST c9)"
    assert free_name(namesake, dataclasses.replace(seen, ways=ZOHO)) == ("Jane Doe", ())


def test_a_number_behind_a_name_fits_the_ledger() -> None:
    long = Party("c9", "customer", "N" * 300)
    for ways in (XERO, ZOHO):
        assert len(behind(long, ways)) == ways.name_limit and behind(long, ways).endswith(" (ST c9)")


def test_names_are_compared_as_the_strictest_ledger_spells_them() -> None:
    assert spelled("  Jane   <Doe> ") == "Jane (Doe)"


def test_a_sentence_names_the_ledger() -> None:
    undated = invoice(due_date=None)
    for ways in (XERO, dataclasses.replace(XERO, title="Other Books")):
        decision = Invoices().plan(view(undated, ways=ways))
        assert codes(decision) == ["no_due_date"]
        assert ways.title in sentences(decision)[0]


def test_what_is_sold_lies_behind_the_lock_of_sales() -> None:
    sold, paid = invoice(), Payment("p1", Ref("c1"), INVOICE.total)
    bought, to_vendor = Bill("b1", Ref("v1"), INVOICE.total), msgspec.structs.replace(paid, to_vendor=True)
    june, may, march = (dt.date(2026, month, 30) for month in (6, 5, 3))
    apart = msgspec.structs.replace(BOOKS, locked_through=may, locked_through_sales=march)
    settings = msgspec.structs.replace(SETTINGS, closed_through=None)
    locks = [closed_through(settings, apart, one) for one in (sold, paid, bought, to_vendor)]
    assert locks == [march, march, may, may]
    together = msgspec.structs.replace(BOOKS, locked_through=may)
    assert {closed_through(settings, together, one) for one in (sold, bought)} == {may}
    ours = msgspec.structs.replace(SETTINGS, closed_through=june)
    assert {closed_through(ours, apart, one) for one in (sold, bought)} == {june}


def test_an_invoice_waits_for_the_lock_of_sales_alone() -> None:
    assert INVOICE.date == dt.date(2026, 6, 9)
    bought = msgspec.structs.replace(
        BOOKS, locked_through=dt.date(2026, 6, 30), locked_through_sales=dt.date(2026, 5, 31)
    )
    assert codes(Invoices().plan(view(INVOICE, ledger={"organisation": bought}))) == []
    sold = msgspec.structs.replace(bought, locked_through_sales=dt.date(2026, 6, 9))
    assert codes(Invoices().plan(view(INVOICE, ledger={"organisation": sold}))) == ["period_closed"]
