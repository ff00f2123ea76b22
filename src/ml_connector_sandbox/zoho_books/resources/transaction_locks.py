"""Transaction locks: which modules are closed up to which date."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import page_size
from ml_connector_sandbox.zoho_books.books.masters import TransactionLock
from ml_connector_sandbox.zoho_books.books.values import iso

# What the numbers 1-5 stand for is not published; their order follows the module list.
SCOPES = {"all": 0, "sales": 1, "purchase": 2, "banking": 3, "accountant": 4, "inventory_adjustments": 5}


def get_lock(call: ApiCall) -> Reply:
    """One lock by ``transaction_lock_id`` or ``accounting_period_id``; else the first; disabled when none."""
    found = next((one for one in call.books.locks.values() if _named(call, one)), None)
    return Reply(payload={"transaction_lock": _row(found) if found else _unlocked()})


def list_locks(call: ApiCall) -> Reply:
    """A page of locks; ``lock_scope`` filters."""
    wanted = call.query.get("lock_scope", "")
    kept = [
        one
        for one in call.books.locks.values()
        if _named(call, one) and wanted in ("", "0", str(SCOPES.get(one.module, 0)))
    ]
    page, size = page_size(call)
    start = (page - 1) * size
    context = {
        "page": page,
        "per_page": size,
        "has_more_page": len(kept) > start + size,
        "applied_filter": "Status.All",
        "sort_column": "start_date",
        "sort_order": "D",
    }
    rows = [_row(one) for one in kept[start : start + size]]
    return Reply(payload={"transaction_locks": rows, "page_context": context})


def _named(call: ApiCall, lock: TransactionLock) -> bool:
    wanted_lock, wanted_period = (call.query.get(name, "") for name in ("transaction_lock_id", "accounting_period_id"))
    return wanted_lock in ("", lock.transaction_lock_id) and wanted_period in ("", lock.accounting_period_id)


def _row(lock: TransactionLock) -> dict[str, Any]:
    return {
        "transaction_lock_id": lock.transaction_lock_id,
        "accounting_period_id": lock.accounting_period_id,
        "transaction_lock_status": lock.status,
        "transaction_lock_module": lock.module,
        "transaction_lock_date": iso(lock.lock_date),
        "lock_status": "locked",
        "lock_scope": SCOPES.get(lock.module, 0),
        "lock_scope_formatted": lock.module.replace("_", " ").title(),
        "lock_status_formatted": "Locked",
        "partial_lock_number": 0,
        "accounting_period_name": f"Up to {iso(lock.lock_date)}",
        "fiscal_year_name": f"FY {lock.lock_date.year}",
        "start_date": f"{lock.lock_date.year}-01-01",
        "end_date": iso(lock.lock_date),
        "status": "active",
        "is_adjustment_period": False,
        "locked_by": "",
        "user_exceptions": [],
        "user_exceptions_count": 0,
        "account_exceptions": [],
        "account_exceptions_count": 0,
        "reason": lock.reason,
        "active_lock_summary": {},
    }


def _unlocked() -> dict[str, Any]:
    return {
        "transaction_lock_id": "",
        "transaction_lock_status": "disabled",
        "transaction_lock_date": "",
        "lock_status": "unlocked",
        "lock_scope": 0,
    }


ROUTES = [
    Route(method="GET", path="/transactionlock", scope="accountants.READ", handler=get_lock),
    Route(method="GET", path="/accountingperiods/transactionlock", scope="accountants.READ", handler=get_lock),
    Route(method="GET", path="/transactionlocks", scope="accountants.READ", handler=list_locks),
]
