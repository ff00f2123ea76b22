"""What the instances have on record, for tests and for people who look at the admin address."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicenow.api.gate import Gate
from ml_connector_sandbox.servicenow.books.dictionary import Column
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.books.values import number
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.instance import Instance

TARGETS = (
    "cmn_cost_center", "sn_fin_supplier", "sn_slm_m2m_location", "vm_vdr_contact", "sn_shop_invoice",
    "sn_shop_invoice_line", "sn_shop_invoice_tax_line", "sn_shop_invoice_payment_detail", "u_ml_bill_record",
    "u_ml_bill_line_record", "u_ml_bill_tax_record", "u_ml_payment_record", "u_ml_supplier_record",
    "u_ml_supplier_contact_record",
)  # fmt: skip
"""Tables that transforms write into and that a company's papers and parties end in."""


def company_books(company: ServiceNowBooks) -> dict[str, Any]:
    """Per instance: count and sums of each table that has rows, and the rows of the targets as people see them."""
    return {host: _instance(one) for host, one in company.instances.items()}


def company_statistics(company: ServiceNowBooks, gate: Gate) -> dict[str, Any]:
    """Per instance: tokens issued, calls refused by limits, the most calls at once, staged rows by state."""
    return {"instances": {host: _statistics(one, gate) for host, one in company.instances.items()}}


def targets(instance: Instance) -> list[str]:
    """The targets that this instance has."""
    return [one for one in TARGETS if instance.records.available(one)]


def said(instance: Instance, column: Column, row: Row) -> Any:
    """A value without the instance's own ids: an amount as a Decimal, a reference as what it is displayed as."""
    value = row.get(column.name, "")
    if column.type == "currency2":
        price = instance.records.price(value)
        return {"currency": price[0], "amount": price[1]} if price else None
    if column.refers:
        target = instance.records.target(column, row)
        return _key(instance, *target) if target else value and "?"
    return (number(value) if value else None) if column.type == "decimal" else value


def _key(instance: Instance, table: str, row: Row) -> str:
    """What tells a record from others, whichever ids a run gave: its key from outside, else its display value."""
    names = ("external_invoice_number", "u_external_invoice_number", "erp_supplier_code", "u_erp_supplier_code")
    known = next((row[one] for one in (*names, "account_number") if row.get(one)), "")
    return known or instance.records.display(table, row)


def _instance(instance: Instance) -> dict[str, Any]:
    instance.catch_up()
    filled = sorted(
        name for name, one in instance.records.tables.items() if one.rows and instance.records.available(name)
    )
    return {
        "profile": instance.profile,
        "balances": {name: _balance(instance, name) for name in filled},
        **{name: [_row(instance, name, row) for row in instance.records.rows(name)] for name in targets(instance)},
    }


def _balance(instance: Instance, name: str) -> dict[str, Any]:
    rows = list(instance.records.tables[name].rows.values())
    sums = {}
    for column in instance.records.columns(name).values():
        if column.type in ("currency2", "decimal"):
            sums[column.name] = sum((_amount(instance, column, row) for row in rows), Decimal(0))
    return {"count": len(rows), "sums": sums}


def _amount(instance: Instance, column: Column, row: Row) -> Decimal:
    value = said(instance, column, row)
    return (value["amount"] if isinstance(value, dict) else value) or Decimal(0)


def _row(instance: Instance, name: str, row: Row) -> dict[str, Any]:
    return {key: said(instance, column, row) for key, column in instance.records.columns(name).items()}


def _statistics(instance: Instance, gate: Gate) -> dict[str, Any]:
    limits = gate.limits(instance)
    states: dict[str, int] = {}
    for row in instance.records.rows("sys_import_set_row"):
        states[row["sys_import_state"]] = states.get(row["sys_import_state"], 0) + 1
    return {
        "tokens": instance.grants.issued,
        "refused_by_limits": limits.refused,
        "most_at_once": limits.most_at_once,
        "staged": states,
    }
