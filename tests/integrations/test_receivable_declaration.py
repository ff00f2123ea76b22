"""The declaration of ServiceTitan with Xero: its flows, its tables and what they take, its settings."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from invoice_world import ACCOUNTS, BANK, CONTACTS, INVOICE, JANE, NORTH, OPTIONS, SALES, TAXES, credit, invoice, line

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, ListEntry, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine, PurchaseOrder
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.servicetitan.connector import ServiceTitan
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.integrations.payment_tables import PaymentRule, payment_rule
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.servicetitan_xero import INTEGRATION
from ml_connector.service.mapping.keys import Known

LISTS: dict[str, Any] = {
    "accounts": ACCOUNTS, "tax_codes": TAXES, "dimensions": OPTIONS, "parties": CONTACTS,
}  # fmt: skip


def test_what_is_declared_is_there() -> None:
    tables = {table.name for table in INTEGRATION.tables}
    names = INTEGRATION.settings.__struct_fields__
    for flow in INTEGRATION.flows:
        assert set(flow.tables) <= tables
        assert flow.number_table in {"", *tables}
        assert not flow.follows or INTEGRATION.flow(flow.follows)
        there = CONNECTOR if flow.target_vendor == "xero" else ServiceTitan()
        assert set(flow.target_lists) <= set(there.readable)
        assert set(flow.source_lists) <= set(ServiceTitan().readable)
    assert {table for table, _ in INTEGRATION.skipped_by_tables} <= tables
    assert {*INTEGRATION.fixed_once_posted, *INTEGRATION.account_settings, INTEGRATION.currency_setting} <= {*names}
    assert len(INTEGRATION.not_possible) == 4 and "jobs" in INTEGRATION.not_possible[0].casefold()


def test_every_setting_says_its_consequence() -> None:
    told = Settings.__doc__ or ""
    assert [name for name in Settings.__struct_fields__ if f"    {name}: " not in told] == []


@pytest.mark.parametrize(
    ("table", "value", "fault"),
    [
        ("accounts", SALES, ""),
        ("accounts", "z1", "'z1' is no account of the ledger"),
        ("tax", "TAX001", ""),
        ("tax", "TAX404", "'TAX404' is no tax of the ledger"),
        ("business_units", NORTH, ""),
        ("business_units", "none", ""),
        ("customers", "new", ""),
        ("customers", JANE, ""),
        ("payment_types", f"account:{BANK}", ""),
        ("payment_types", f"write-off:{SALES}", ""),
        ("payment_types", f"fee:{SALES}", ""),
        ("payment_types", "none", ""),
        ("payment_types", "account:404", "'404' is no account of the ledger, nor none"),
        ("payment_types", BANK, f"'{BANK}' is none of account:<id>, write-off:<id>, fee:<id>, none"),
        ("payment_types", "fee:", "'fee:' is none of account:<id>, write-off:<id>, fee:<id>, none"),
        ("payment_types", "none:1", "'none:1' is none of account:<id>, write-off:<id>, fee:<id>, none"),
        ("invoice_numbers", "5512-B", ""),
    ],
)
def test_a_table_says_which_values_can_be_right(table: str, value: str, fault: str) -> None:
    assert Known(INTEGRATION.table(table), targets=LISTS).fault(value) == fault


def test_what_is_not_taxed_has_a_tax_type_of_no_rate() -> None:
    known = Known(INTEGRATION.table("tax"), targets=LISTS)
    assert (
        known.fault("TAX001", "(exempt)") == "Austin 8.25 takes 8.25 %, and the row (exempt) is for what is not taxed"
    )
    assert known.fault("NONE", "(exempt)") == "" and known.fault("TAX001", "Austin") == ""


def test_a_payment_type_goes_only_where_payments_may() -> None:
    table = INTEGRATION.table("payment_types")
    closed = msgspec.structs.replace(ACCOUNTS[SALES], takes_payments=False)
    bank = msgspec.structs.replace(ACCOUNTS[BANK], type="BANK")
    known = Known(table, targets={"accounts": {**ACCOUNTS, SALES: closed, BANK: bank}})
    assert known.fault(f"account:{SALES}").endswith(
        "takes no payments in the ledger; name a bank account, enable payments to that one there, or say write-off:200 "
        "or fee:200 where no money moves"
    )
    assert known.fault(f"fee:{SALES}") == "" and known.fault(f"account:{BANK}") == ""
    assert known.fault(f"write-off:{BANK}").endswith("is a bank account, and a write-off moves no money")


def test_accounts_may_be_named_by_their_number() -> None:
    known = Known(INTEGRATION.table("payment_types"), targets=LISTS)
    assert known.with_ids("account:090") == f"account:{BANK}"
    assert known.with_ids("write-off:200") == f"write-off:{SALES}"
    assert payment_rule(INTEGRATION.table("payment_types").value_for(BANK)) == PaymentRule("account", BANK)


def test_which_keys_documents_show() -> None:
    lines = (
        line("60"), line("40", "2", account=Ref("", "Labor"), taxable=False, business_unit=Ref("bu2", "South")),
        line("5", "3", chargeable=False, account=Ref("", "Free")),
    )  # fmt: skip
    keys = {table.name: list(table.shown_keys(invoice(lines=lines))) for table in INTEGRATION.tables}
    units = keys.pop("business_units")
    assert sorted(units) == [("bu1", "North"), ("bu2", "South")]
    assert keys == {
        "accounts": [("4000", "Parts"), ("Labor", "Labor")],
        "tax": [("Austin", "Austin"), (EXEMPT, "what is not taxed")],
        "customers": [("c1", "Jane Doe")],
        "locations": [("c1-l1", "Jane Doe, 12 Main St")],
        "vendors": [],
        "payment_types": [],
        "order_accounts": [],
        "invoice_numbers": [],
        "credit_memo_numbers": [],
        "order_numbers": [],
    }
    tax = INTEGRATION.table("tax")
    assert list(tax.shown_keys(INVOICE)) == [("Austin", "Austin")]
    assert list(tax.shown_keys(invoice(tax="0"))) == [(EXEMPT, "what is not taxed")]


def test_which_keys_payments_and_orders_show() -> None:
    payment = Payment("p1", Ref("c1", "Jane"), INVOICE.total, method=Ref("7", "Check"))
    order = PurchaseOrder(
        "o1", "PO-1", Ref("v1", "Beta"), INVOICE.total, business_unit=Ref("bu1", "North"),
        lines=(BillLine("1", INVOICE.total, account=Ref("", "Stock", "1400")), BillLine("2", INVOICE.tax * 0)),
    )  # fmt: skip
    shown = {
        (table.name, key)
        for table in INTEGRATION.tables
        for one in (payment, order)
        for key, _ in table.shown_keys(one)
    }
    assert shown == {
        ("payment_types", "7"), ("customers", "c1"), ("vendors", "v1"), ("order_accounts", "1400"),
        ("business_units", "bu1"),
    }  # fmt: skip


def test_which_keys_a_list_shows() -> None:
    listed: dict[str, Document] = {
        "accounts": Account("7", "Parts", "4000"), "tax": TaxCode("3", "Austin"),
        "payment_types": ListEntry("9", "payment_type", "Check"), "customers": Party("c1", "customer", "Jane"),
    }  # fmt: skip
    assert {name: INTEGRATION.table(name).listed_key(entry) for name, entry in listed.items()} == {
        "accounts": "4000", "tax": "Austin", "payment_types": "9", "customers": "c1",
    }  # fmt: skip
    assert INTEGRATION.table("tax").decided and INTEGRATION.table("payment_types").decided


def test_settings_are_bounded() -> None:
    day = INVOICE.date
    assert day is not None
    for wrong in ({"rounding_limit": msgspec.convert("0.06", type=type(INVOICE.total), strict=False)},
                  {"breaker_percent": -1}, {"breaker_floor": 0}):  # fmt: skip
        with pytest.raises(ValueError, match="must be"):
            Settings(start_date=day, **wrong)


def test_documents_are_found_by_scan() -> None:
    from ml_connector.lanes.runtime import integrations

    assert integrations()["servicetitan-xero"] is INTEGRATION
    assert credit().total < 0
