"""A bookkeeper who never errs: enters into the ledger exactly what the truth table says."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import BillTruth, Company
from ml_connector_sandbox.company.catalogue import FREIGHT_CODE
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.zoho_books.books.masters import Contact

LINE_LIMIT = 1_999


def reference(company: Company, bill_id: str) -> str:
    return f"servicetitan-{company.access.tenant_id}-bills-{bill_id}"


def enter(company: Company, row: BillTruth, contact: Contact, number: str = "", **changes: Any) -> Any:
    """Enter one bill or vendor credit under our reference."""
    lines = changes.pop("lines", None) or ledger_lines(company, company.seed.tenant.bills[int(row.bill_id)])
    body = {"custom_fields": [{"api_name": "cf_ml_connector_ref", "value": reference(company, row.bill_id)}], **changes}
    books = company.seed.organisation
    if row.total > 0:
        return books.add_bill(contact, number or row.number, row.date, lines, **body)
    lines = [{**line, "rate": -line["rate"]} for line in lines]
    return books.add_vendor_credit(contact, row.date, lines, vendor_credit_number=number or row.number, **body)


def enter_all(company: Company, rows: Iterable[BillTruth]) -> None:
    contacts: dict[str, Contact] = {}
    for row in rows:
        if row.vendor_id not in contacts:
            contacts[row.vendor_id] = contact_of(company, row.vendor_id)
        enter(company, row, contacts[row.vendor_id])


def contact_of(company: Company, vendor_id: str) -> Contact:
    truth = next(one for one in company.vendors if one.vendor_id == vendor_id)
    known = company.seed.organisation.contacts.get(truth.contact_id)
    return known or company.seed.organisation.add_contact(truth.name)


def ledger_lines(company: Company, bill: Bill) -> list[dict[str, Any]]:
    """One piece a line, the odd cents and tax that is cost on the dearest line."""
    numbers: dict[int | None, str | None] = {one.id: one.number for one in company.seed.tenant.gl_accounts}
    pieces: list[list[Any]] = [
        [numbers[item.accounts.cost_of_sale or item.accounts.general_ledger], cents(item.value), item.description]
        for item in bill.items
        if item.value
    ]
    pieces += [[numbers[one.general_ledger_account_id], one.amount, one.description] for one in bill.expense_items]
    lines = [_line(company.answers.accounts[number], amount, text) for number, amount, text in pieces]
    if bill.shipping:
        lines.append(_line(company.seed.ledger[FREIGHT_CODE].account_id, bill.shipping, "Freight"))
    odd = bill.amount(True) - sum(line["rate"] for line in lines)
    zone = company.seed.tenant.tax_zones.get(bill.tax_zone_id)
    rule = company.answers.tax[zone.name] if zone and bill.tax else "cost"
    if rule.startswith("account:"):
        lines.append(_line(rule.removeprefix("account:"), bill.tax, "Tax"))
        odd -= bill.tax
    max(lines, key=lambda line: line["rate"])["rate"] += odd
    return lines


def _line(account_id: str, amount: Decimal, text: str | None) -> dict[str, Any]:
    return {"account_id": account_id, "rate": amount, "quantity": 1, "description": (text or "")[:LINE_LIMIT]}
