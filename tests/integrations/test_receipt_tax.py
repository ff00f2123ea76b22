"""Tax on receipts: they carry an amount and no zone, so the tax table is asked by business unit, else for all at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import amounts, assert_readable, bill, codes, line, plan

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.servicetitan import payloads
from ml_connector.connectors.servicetitan.translate import understood
from ml_connector.connectors.servicetitan.translate_bills import Around, Choices, receipt
from ml_connector.integrations.decisions import Decision, Hold
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION

SETTINGS = {"bill_source": "receipts", "freight_account": "z7000"}


def received(**changes: Any) -> Bill:
    """A receipt as ServiceTitan shows it: two lines of 60.00 and 40.00, tax of 8.25 and freight of 10.00."""
    shown: dict[str, Any] = {
        "id": 900, "active": True, "number": "R-900", "vendorInvoiceNumber": "INV-900", "purchaseOrderId": 440,
        "vendorId": 1, "businessUnitId": 1, "receiptAmount": 118.25, "taxAmount": 8.25, "shippingAmount": 10.0,
        "receivedOn": "2026-06-09T00:00:00Z", "syncStatus": "Pending", "modifiedOn": "2026-06-09T10:00:00Z",
        "items": [
            {"id": 1, "name": "Coil", "quantity": 2, "cost": 30.0, "costOfSaleAccount": {"id": 5, "number": "5000"}},
            {"id": 2, "name": "Pan", "quantity": 1, "cost": 40.0, "costOfSaleAccount": {"id": 5, "number": "5000"}},
        ],
        **changes,
    }  # fmt: skip
    return receipt(understood(msgspec.json.encode(shown), payloads.Receipt), Around({}, {1: "Beta"}, {}), Choices())


def planned(document: Bill, tax: dict[str, str]) -> Decision:
    """With the vendor linked and the units mapped and listed; a receipt shows their ids only."""
    links = {("vendors", document.vendor.id): "zv1"}
    tables = {"tax": tax, "business_units": {"1": "north", "2": "north"}}
    lists = {"business_units": {"1": Dimension("1", "business_unit", "Duluth service")}}
    return plan(document, links=links, tables=tables, settings=SETTINGS, source_lists=lists)


@pytest.mark.parametrize("rows", [{"(no zone)": "cost"}, {"business unit 1": "cost", "(no zone)": "account:z6000"}])
def test_the_units_rule_goes_before_that_of_all(rows: dict[str, str]) -> None:
    decision = planned(received(), rows)
    assert amounts(decision) == [("z5000", Decimal("64.95")), ("z5000", Decimal("43.30")), ("z7000", Decimal("10.00"))]


def test_another_units_rule_is_not_taken() -> None:
    decision = planned(received(businessUnitId=2), {"business unit 1": "cost", "(no zone)": "account:z6000"})
    assert amounts(decision)[2] == ("z6000", Decimal("8.25"))
    assert sum(amount for _, amount in amounts(decision)) == Decimal("118.25")


def test_tax_without_a_rule_is_held_for_either_row() -> None:
    decision = planned(received(), {"Duluth": "cost"})
    assert isinstance(decision, Hold) and codes(decision) == ["tax_without_zone"]
    (wait,) = decision.waits
    assert (wait.kind, wait.key) == ("mapping", "tax:(no zone)")
    assert "8.25" in wait.sentence and "receipts never have one" in wait.sentence
    assert (
        "the row '(no zone)'" in wait.action
        and "'business unit 1' is for business unit Duluth service alone" in wait.action
    )
    assert_readable(wait.action)
    table = INTEGRATION.table("tax")
    assert all("(no zone)" in table.freed_by(row) for row in ("business unit 1", "(no zone)"))
    assert table.freed_by("Duluth") == ("Duluth",)


def test_the_rows_that_a_receipts_tax_is_looked_for_by_are_told_in_their_order() -> None:
    table = INTEGRATION.table("tax")
    assert table.looked_up(received()) == {"(no zone)": ("business unit 1", "(no zone)")}
    assert table.looked_up(bill(tax="8.25", total="108.25")) == {"Duluth": ("Duluth",)}
    assert table.looked_up(received(taxAmount=0)) == {}


def test_a_receipt_without_tax_needs_no_rule() -> None:
    decision = planned(received(taxAmount=0, receiptAmount=110.0), {})
    assert sum(amount for _, amount in amounts(decision)) == Decimal("110.00")


@pytest.mark.parametrize("total", [110.0, 119.25], ids=["tax not in the total", "a dollar too much"])
def test_a_receipt_whose_tax_does_not_tie_is_held(total: float) -> None:
    assert codes(planned(received(receiptAmount=total), {"(no zone)": "cost"})) == ["does_not_tie"]


def test_a_zone_is_not_passed_by() -> None:
    """A bill that names its zone is booked by that zone's rule, or waits for it."""
    tables = {"tax": {"(no zone)": "cost", "business unit bu1": "cost"}}
    assert codes(plan(bill(tax="8.25", total="108.25"), tables=tables)) == ["tax_unmapped"]
    alone = bill(tax="8.25", total="108.25", tax_zone=Ref(), business_unit=Ref(), lines=(line("100"),))
    assert "is for business unit" not in _action(plan(alone))


def _action(decision: Decision) -> str:
    assert isinstance(decision, Hold)
    return decision.waits[0].action
