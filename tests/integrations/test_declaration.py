"""What is peculiar to an integration stands in its own declaration, so that a new one is a file and no edit elsewhere."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest
from bill_world import ACCOUNTS, BILL, TAXES, VENDORS, bill, line

from ml_connector.canonical.master_data import Account, TaxCode
from ml_connector.canonical.purchases import Bill
from ml_connector.integrations.bill_flow import Bills
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.zoho_bills import OFFER as BILLS
from ml_connector.service.mapping.keys import Known

SERVICE = Path(__file__).parents[2] / "src" / "ml_connector" / "service"


def test_services_name_no_setting_skip_or_table_of_an_integration() -> None:
    entities = {entity for table in INTEGRATION.tables for entity in (table.source_entity, table.target_entity)}
    own = {*INTEGRATION.fixed_once_posted, *INTEGRATION.skipped_by_settings}
    own |= {table.name for table in INTEGRATION.tables} - entities - {"tax"}  # also what people call a tax code
    own |= {name for name in INTEGRATION.settings.__struct_fields__ if name != "start_date"}
    named = {
        (path.name, node.value)
        for path in SERVICE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in own
    }
    assert named == set()


def test_what_is_declared_is_there() -> None:
    assert set(INTEGRATION.fixed_once_posted) <= set(INTEGRATION.settings.__struct_fields__)
    assert {name for flow in INTEGRATION.flows for name in flow.tables} <= {table.name for table in INTEGRATION.tables}


@pytest.mark.parametrize(
    ("table", "value", "fault"),
    [
        ("accounts", "z5000", ""),
        ("accounts", "z1", "'z1' is no account of the ledger"),
        ("tax", "cost", ""),
        ("tax", "40% cost, 60% account:z6000", ""),
        ("tax", "40% cost, 60% account:z1", "'z1' is no account of the ledger, nor cost"),
        ("tax", "tax:t1", "'t1' is no tax of the ledger, nor cost"),
        ("tax", "half", "'half' is none of cost, account:<id>, tax:<id>"),
        ("business_units", "none", ""),
        ("vendors", "new", ""),
        ("vendors", "zv9", "'zv9' is no vendor of the ledger, nor new"),
        ("bill_numbers", "INV-1A", ""),
    ],
)
def test_a_table_says_which_values_can_be_right(table: str, value: str, fault: str) -> None:
    lists = {"accounts": dict(ACCOUNTS), "tax_codes": dict(TAXES), "dimensions": {}, "parties": dict(VENDORS)}
    assert Known(INTEGRATION.table(table), targets=lists).fault(value) == fault  # type: ignore[arg-type]


def test_a_list_that_was_never_read_faults_nothing() -> None:
    assert Known(INTEGRATION.table("accounts"), targets={"accounts": None}).fault("z1") == ""


def test_a_new_integration_brings_its_own_checks() -> None:
    @dataclass(frozen=True, slots=True)
    class Colours(TableType):
        def names(self, value: str) -> tuple[tuple[str, str], ...]:
            if value not in ("red", "blue"):
                raise ValueError(f"{value!r} is neither red nor blue")
            return ()

    found = Known(Colours("colours", "a van", "red or blue", "", ""))
    assert found.fault("red") == "" and found.fault("green") == "'green' is neither red nor blue"


def test_which_keys_a_bill_shows() -> None:
    shown = bill(lines=(line("60"), line("40"), line("0")), total="108.25", tax="8.25")
    keys = {table.name: list(table.shown_keys(shown)) for table in BILLS.tables}
    assert keys == {
        "accounts": [("5000", "Parts")] * 2,
        "tax": [("Duluth", "Duluth")],
        "business_units": [("bu1", "North")],
        "jobs": [("j1", "J-100")],
        "vendors": [("v1", "Beta Supplies")],
        "bill_numbers": [],
    }
    assert list(INTEGRATION.table("tax").shown_keys(BILL)) == []  # no tax, no zone to be mapped


def test_which_keys_a_list_shows() -> None:
    assert INTEGRATION.table("accounts").listed_key(Account("7", "Parts", "5000")) == "5000"
    assert INTEGRATION.table("tax").listed_key(TaxCode("3", "Duluth")) == "Duluth"


def test_what_a_value_named_is_what_waits_are_freed_by() -> None:
    tax = INTEGRATION.table("tax")
    assert tax.names("40% cost, 60% account:z6000") == (("accounts", "z6000"),)
    assert tax.names("tax:t8") == (("tax_codes", "t8"),)


def test_what_a_document_is_called_at_the_target() -> None:
    negative: Bill = bill(total="-5")
    assert [Bills().target_entity(one) for one in (BILL, negative)] == ["bills", "vendor_credits"]
    assert Vendors().target_entity(VENDORS["zv1"]) == "parties"
