"""What was typed in Zoho Books and went back is compared with ServiceTitan: each fault is found, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ml_connector_sandbox.compare_back import compare_back, is_from_the_ledger

Books = dict[str, Any]
COMPANY = {"organization_id": "7"}
MAPPING = {"payment_modes": {"check": "12", "cash": "none"}, "expense_accounts": {"a1": "1", "a2": "2", "a3": "none"}}
OURS = {"cf_ml_connector_ref": "servicetitan-1-invoices-5"}


def _payment(id_: str, mode: str, invoices: dict[str, str], custom: dict[str, str] | None = None) -> Books:
    return {"payment_id": id_, "mode": mode, "amount": "150.00", "invoices": invoices, "custom": custom or {}}


def _expense(id_: str, account: str) -> Books:
    return {"expense_id": id_, "account_name": account, "paid_through": "Bank", "total": "41.50"}


ACCOUNTS = ("Sales", "Bank", "Parts", "Rent")
THERE: Books = {
    "accounts": [{"account_id": f"a{place}", "account_name": name} for place, name in enumerate(ACCOUNTS)],
    "invoices": [
        {"document_id": "i1", "state": "sent", "custom": OURS}, {"document_id": "i2", "state": "sent", "custom": {}},
    ],
    "customer_payments": [
        _payment("p1", "Check", {"i1": "150.00"}), _payment("p2", "Cash", {"i1": "150.00"}),
        _payment("p3", "Check", {"i2": "150.00"}), _payment("p4", "Check", {"i1": "150.00"}, OURS),
        _payment("p5", "Check", {}),
    ],
    "expenses": [_expense("e1", "Parts"), _expense("e2", "Rent")],
}  # fmt: skip
TITAN: Books = {
    "payments": [
        {"active": True, "export_id": None, "memo": "[zoho_books-7-payments_back-p1]", "total": "150.00"},
        {"active": True, "export_id": None, "memo": "Thank you", "total": "9.00"},
    ],
    "journal_entries": [
        {
            "active": True, "name": "zoho_books-7-expenses_back-e1",
            "lines": [{"debit": "41.50", "credit": "0"}, {"debit": "0", "credit": "41.50"}],
        },
    ],
}  # fmt: skip


def found(change: Callable[[Books, Books], object], mapping: dict[str, dict[str, str]] = MAPPING) -> list[str]:
    tenant, there = copy.deepcopy(TITAN), copy.deepcopy(THERE)
    change(tenant, there)
    return [one.kind for one in compare_back(COMPANY, mapping, tenant, there)]


CHANGES: dict[str, tuple[list[str], Callable[[Books, Books], object]]] = {
    "nothing is wrong": ([], lambda tenant, there: None),
    "a payment is not there": (["missing"], lambda tenant, there: tenant["payments"].pop(0)),
    "a payment was deleted": (["missing"], lambda tenant, there: tenant["payments"][0].update(active=False)),
    "a payment is there twice": (["duplicates"], lambda tenant, there: tenant["payments"].append(tenant["payments"][0])),
    "a payment differs": (["totals_differ"], lambda tenant, there: tenant["payments"][0].update(total="15.00")),
    "a payment is gone there": (["unexpected"], lambda tenant, there: there["customer_payments"].pop(0)),
    "an entry is not there": (["missing"], lambda tenant, there: tenant["journal_entries"].clear()),
    "an entry is there twice": (
        ["duplicates"], lambda tenant, there: tenant["journal_entries"].append(tenant["journal_entries"][0]),
    ),
    "an entry is of two sides": (
        ["totals_differ"], lambda tenant, there: tenant["journal_entries"][0]["lines"][1].update(credit="41.49"),
    ),
    "an entry differs": (["totals_differ"], lambda tenant, there: there["expenses"][0].update(total="41.49")),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_each_fault_is_found(what: str) -> None:
    kinds, change = CHANGES[what]
    assert found(change) == kinds


def test_where_nothing_goes_back_nothing_is_looked_for() -> None:
    assert found(lambda tenant, there: tenant["payments"].pop(0), {}) == []


def test_a_payment_that_was_typed_there_bears_a_mark() -> None:
    assert is_from_the_ledger(None, "Thanks [zoho_books-7-payments_back-p1]")
    assert is_from_the_ledger("zoho_books-7-payments_back-p1", None)
    assert not is_from_the_ledger(None, None) and not is_from_the_ledger("zoho_books", "zoho_books")
