"""Vendors' currencies: a contact has one; new ones are made in what waits for them, and a row names the other one's."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from typing import Any

import pytest
from bill_world import BOOKS, VENDORS, assert_readable, bill, body, codes, plan, sentences, view

from ml_connector.canonical.master_data import Dimension, Party
from ml_connector.connectors.writing import Done
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.service.mapping.keys import Known
from ml_connector.sync.rates import rate_told

VENDOR = Party("v1", "vendor", "Maple Supply")
CAD = {"source_lists": {"business_units": {"bu1": Dimension("bu1", "business_unit", "North", currency="CAD")}}}
AS_DOCUMENTS = {"new_vendor_currency": "document"}


def made(currencies: tuple[str, ...] = (), rows: dict[str, str] | None = None, **settings: str) -> Decision:
    """The decision on a vendor who is not there, with documents in these currencies waiting."""
    around: Any = view(bill(), links={}, tables={"vendors": rows or {}}, settings=settings, asked_in=currencies)
    decision = Vendors().plan(dataclasses.replace(around, document=VENDOR, source_id="v1"))
    for sentence in sentences(decision):
        assert_readable(sentence)
    return decision


def keys(decision: Decision) -> list[str]:
    """The rows that are asked for."""
    assert isinstance(decision, Hold)
    return [wait.key for wait in decision.waits]


# --- bills ---------------------------------------------------------------------------------------------------------


def test_a_bill_in_its_vendors_currency_goes_and_names_it_and_no_rate() -> None:
    decision = plan(bill(), links={("vendors", "v1"): "zv3"}, **CAD)
    assert isinstance(decision, Write)
    assert body(decision)["currency_code"] == "CAD" and "exchange_rate" not in body(decision)
    assert decision.steps[0].currency == "CAD"


def test_one_in_another_currency_names_the_row_and_goes_to_the_contact_that_it_names() -> None:
    around: dict[str, Any] = {"links": {("vendors", "v1"): "zv1"}, **CAD}
    held = plan(bill(), **around)
    assert codes(held) == ["vendor_other_currency"] and keys(held) == ["vendors:v1 CAD"]
    assert "is kept in USD" in sentences(held)[0] and "the row 'v1 CAD'" in sentences(held)[1]
    decision = plan(bill(), tables={"vendors": {"v1 CAD": "zv3"}}, **around)
    assert body(decision)["vendor_id"] == "zv3"
    other = plan(bill(), links={("vendors", "v1"): "zv1"}, tables={"vendors": {"v1 CAD": "zv3"}})
    assert body(other)["vendor_id"] == "zv1", "the row is for one currency alone"


@pytest.mark.parametrize(("value", "why"), [("zv1", "vendor_other_currency"), ("gone", "vendor_other_currency")])
def test_a_row_that_names_none_in_that_currency_helps_nothing(value: str, why: str) -> None:
    around: dict[str, Any] = {"links": {("vendors", "v1"): "zv1"}, "tables": {"vendors": {"v1 CAD": value}}, **CAD}
    assert codes(plan(bill(), **around)) == [why]


def test_bills_of_a_new_vendor_wait_as_before_unless_the_setting_lets_it_be_made() -> None:
    asked = {"links": {}, "asked": frozenset([("vendors", "v1")]), **CAD}
    assert codes(plan(bill(), **asked)) == ["currency_differs", "vendor_pending"]
    decision = plan(bill(), settings=AS_DOCUMENTS, **asked)
    assert codes(decision) == ["vendor_pending"]
    assert isinstance(decision, Hold) and decision.asks_for == (("vendors", "v1"),)


def test_a_row_of_another_currency_is_refused_where_it_is_filled() -> None:
    known = Known(INTEGRATION.table("vendors"), targets={"parties": dict(VENDORS)})
    assert known.fault("zv3", "v1 CAD") == "" and known.fault("zv1", "v1") == ""
    assert known.fault("zv1", "v1 CAD") == "Beta Supplies is kept in USD in the ledger, and not in CAD"
    assert INTEGRATION.table("vendors").shown_by("v1 CAD") == ("v1 CAD", "v1")


def test_the_row_of_the_currency_is_looked_for_first() -> None:
    table = INTEGRATION.table("vendors")
    assert table.looked_up(bill(currency="CAD")) == {"v1": ("v1 CAD", "v1")}
    assert table.looked_up(bill(currency="")) == {"v1": ("v1",)}, "which currency it is, is not known"


# --- new vendors ---------------------------------------------------------------------------------------------------


def test_a_new_vendor_is_made_in_the_currency_of_what_waits_for_it() -> None:
    decision = made(("CAD",), **AS_DOCUMENTS)
    assert body(decision)["currency_code"] == "CAD"
    assert isinstance(decision, Write)
    assert "made in CAD, the currency of what waits for it" in decision.notes


@pytest.mark.parametrize(
    ("currencies", "settings"), [((), AS_DOCUMENTS), (("USD",), AS_DOCUMENTS), (("CAD",), {}), (("CAD", "USD"), {})]
)
def test_else_the_ledger_chooses_as_before(currencies: tuple[str, ...], settings: dict[str, str]) -> None:
    assert "currency_code" not in body(made(currencies, **settings))


def test_one_that_is_wanted_in_two_waits_for_the_rows_of_the_others() -> None:
    held = made(("CAD", "USD"), **AS_DOCUMENTS)
    assert codes(held) == ["vendor_two_currencies"] and keys(held) == ["vendors:v1 CAD"]
    assert "in CAD and USD" in sentences(held)[0] and BOOKS.currency == "USD"
    assert keys(made(("CAD", "EUR"), **AS_DOCUMENTS)) == ["vendors:v1 EUR"]
    assert keys(made(("CAD", "EUR", "USD"), **AS_DOCUMENTS)) == ["vendors:v1 CAD", "vendors:v1 EUR"]
    filled = made(("CAD", "USD"), {"v1 CAD": "zv3"}, **AS_DOCUMENTS)
    assert "currency_code" not in body(filled)
    assert body(made(("CAD", "EUR"), {"v1 EUR": "zv3"}, **AS_DOCUMENTS))["currency_code"] == "CAD"


# --- the rate that the ledger has chosen ---------------------------------------------------------------------------


def shown(rate: str | None, currency: str) -> Done:
    """What the ledger has answered."""
    return Done("zb1", bill(currency=currency, exchange_rate=None if rate is None else Decimal(rate)), b"")


def test_the_ledgers_rate_is_told_and_none_is_made_up() -> None:
    assert rate_told(shown("0.7350", "CAD"), "USD") == {"rate": "0.735 for CAD, as the ledger has it"}
    for outcome, home in (
        (shown("0", "CAD"), "USD"), (shown(None, "CAD"), "USD"), (shown("1", "USD"), "USD"), (shown("1", "USD"), ""),
    ):  # fmt: skip
        assert rate_told(outcome, home) == {}
