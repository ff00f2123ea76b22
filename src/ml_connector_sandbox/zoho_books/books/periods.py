"""Closed periods."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.errors import Refused

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def require_open(books: Records, module: str, on: date) -> None:
    """Refuse a document dated in a closed period of ``module``. The lock date itself depends on a switch."""
    lock = books.locks.get(module)
    if lock is None:
        return
    closed = on <= lock.lock_date if books.switches.lock_date_itself_locked else on < lock.lock_date
    if closed:
        message = f"Transactions up to {lock.lock_date.isoformat()} are locked. Reason: {lock.reason or 'none given'}"
        raise Refused(400, books.switches.locked_period_code, message)
