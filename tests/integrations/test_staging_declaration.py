"""Two ledgers stage by the same rules: what each integration declares is there, and nothing of it names the other."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from staging_world import ACCOUNTS, BILL, CENTERS, ENTRIES, OPTIONS, PAYMENT, SUPPLIERS, bill, decided, line, view

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.xero import CONNECTOR as XERO_CONNECTOR
from ml_connector.integrations import reasons
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.decisions import Hold, Write
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.xero_servicenow import INTEGRATION as XERO
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION as ZOHO
from ml_connector.lanes.runtime import integrations
from ml_connector.service.mapping.keys import Known

BOTH = pytest.mark.parametrize("kind", [ZOHO, XERO], ids=lambda one: one.kind)
DEPARTMENT = Dimension("d1", "department", "Field")
LISTS: dict[str, dict[str, Document]] = {
    "accounts": dict(ACCOUNTS), "dimensions": {**CENTERS, "d1": DEPARTMENT}, "parties": dict(SUPPLIERS),
    **{name: dict(found) for name, found in ENTRIES.items()},
}  # fmt: skip


@BOTH
def test_what_is_declared_is_there(kind: IntegrationType) -> None:
    names, tables = set(kind.settings.__struct_fields__), {table.name for table in kind.tables}
    assert integrations()[kind.kind] is kind
    for flow in kind.flows:
        assert (flow.source_vendor, flow.target_vendor) == (kind.source_vendor, kind.target_vendor)
        assert kind.source_title in flow.title and kind.target_title in flow.title
        assert {*flow.tables} <= tables and flow.number_table in {"", *tables}
    assert {*kind.account_settings, kind.currency_setting} <= names
    assert {*kind.skipped_by_settings, *kind.held_by_settings} <= set(reasons.REASONS)
    assert all(table in tables and code in reasons.REASONS for table, code in kind.skipped_by_tables)


@BOTH
def test_parties_and_centers_come_before_what_needs_them(kind: IntegrationType) -> None:
    order = [flow.name for flow in sorted(kind.flows, key=lambda flow: flow.priority)]
    assert order[:3] == ["cost_centers", "vendors", "bills"] and order.index("vendor_payments") > 2
    assert [flow.name for flow in kind.flows if flow.as_needed] == ["cost_centers", "vendors"]


def test_only_the_declarations_differ() -> None:
    assert XERO.settings is ZOHO.settings
    for flow in XERO.flows:
        assert type(flow).__bases__[1] is type(ZOHO.flow(flow.name)).__bases__[1]
        assert not {"plan", "needs_links", "number_of"} & vars(type(flow)).keys()


def test_what_xero_is_read_for_is_readable_there() -> None:
    settings = Settings(start_date=dt.date(2026, 1, 1))
    wanted = {entity for flow in XERO.flows for entity in (*flow.source_entities(settings), *flow.source_lists)}
    assert wanted <= set(XERO_CONNECTOR.readable)
    assert XERO.flow("bills").reading_options(settings) == {}
    assert ZOHO.flow("bills").reading_options(settings) == {"details": "yes"}


def test_the_sentences_name_the_pair() -> None:
    for kind, other in ((ZOHO, "Xero"), (XERO, "Zoho")):
        held = decided(kind.flow("bills"), view(bill(total="101"), tables={"accounts": {}, "legal_entities": {}}))
        assert isinstance(held, Hold) and len(held.waits) == 3
        told = " ".join(wait.sentence + wait.action for wait in held.waits)
        assert kind.source_title in told and other not in told and "ServiceTitan" not in told
        assert isinstance(decided(kind.flow("bills"), view(BILL)), Write)


def test_every_setting_says_its_consequence() -> None:
    told = Settings.__doc__ or ""
    assert [name for name in Settings.__struct_fields__ if f"    {name}: " not in told] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"approve_above": ("USD",)},
        {"breaker_floor": 0},
        {"cost_center_from": ("none", "location")},
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"approve_above|breaker_floor|cost_center_from"):
        Settings(start_date=dt.date(2026, 1, 1), **changes)


@pytest.mark.parametrize(
    ("table", "value", "fault"),
    [
        ("accounts", "g6100", ""),
        ("accounts", "g404", "'g404' is no account of the ledger"),
        ("cost_centers", "cc-north", ""),
        ("cost_centers", "none", ""),
        ("cost_centers", "d1", "'d1' is no cost centre"),
        ("vendor_cost_centers", "cc-south", ""),
        ("vendor_cost_centers", "d1", "'d1' is no cost centre"),
        ("vendors", "new", ""),
        ("vendors", "s1", ""),
        ("legal_entities", "le-us", ""),
        ("legal_entities", "none", ""),
        ("terms", "t30", ""),
        ("payment_methods", "cheque", ""),
        ("payment_methods", "barter", "'barter' is none of bank_transfer"),
        ("bill_numbers", "INV-1A", ""),
    ],
)
def test_a_table_says_which_values_can_be_right(table: str, value: str, fault: str) -> None:
    found = Known(ZOHO.table(table), targets=LISTS).fault(value)  # type: ignore[arg-type]
    assert found.startswith(fault) and bool(found) == bool(fault)


def test_a_missing_entry_of_a_short_list_is_told() -> None:
    told = Known(ZOHO.table("legal_entities"), targets=LISTS).fault("le-404")  # type: ignore[arg-type]
    assert told.startswith("'le-404' is no legal entity of the ledger, nor none")
    told = Known(ZOHO.table("cost_centers"), targets=LISTS).fault("cc-404")  # type: ignore[arg-type]
    assert told.startswith("'cc-404' is no cost centre of the ledger, nor one of new, none")


def test_which_keys_documents_show() -> None:
    shown = bill(location=Ref("l-duluth", "Duluth"), job=Ref("p-school", "School"), lines=(BILL.lines[0], line("0")))
    keys = {table.name: [key for key, _ in table.shown_keys(shown)] for table in ZOHO.tables}
    assert keys == {
        "accounts": ["a1"],
        "cost_centers": ["o-north", "o-north", "l-duluth", "p-school"],
        "vendor_cost_centers": ["v1"],
        "vendors": ["v1"],
        "legal_entities": ["l-duluth"],
        "terms": ["Net 30"],
        "payment_methods": [],
        "bill_numbers": [],
    }
    paid = {table.name: [key for key, _ in table.shown_keys(PAYMENT)] for table in ZOHO.tables}
    assert {name: found for name, found in paid.items() if found} == {"vendors": ["v1"], "payment_methods": ["Check"]}
    assert [key for key, _ in ZOHO.table("legal_entities").shown_keys(BILL)] == ["(all)"]


def test_a_row_for_one_location_frees_who_waits_for_all() -> None:
    table = ZOHO.table("legal_entities")
    assert table.shown_by("2.60815E+17") == (
        "2.60815E+17",
    )  # that bills wait for all says nothing for a row of its own
    assert table.freed_by("l-duluth") == ("l-duluth", "(all)") and table.freed_by("(all)") == ("(all)",)
    assert table.listed_key(OPTIONS["l-duluth"]) == "l-duluth" and table.listed_key(OPTIONS["o-north"]) == ""


def test_which_centers_may_be_chosen() -> None:
    table = ZOHO.table("cost_centers")
    assert table.not_chosen(CENTERS["cc-north"]) == "" and table.offered(CENTERS["cc-old"])[1].endswith("2026-05-31")
    assert table.not_chosen(CENTERS["cc-off"]) == "an inactive cost centre"
    assert table.not_chosen(DEPARTMENT) == "no cost centre"
    assert ZOHO.table("payment_methods").decided
