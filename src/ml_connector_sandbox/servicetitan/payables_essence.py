"""What a tenant's returns, AP credits and journal entries say, whichever ids and stamps a run gave them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.servicetitan.books import ApCredit, JournalEntry, Return, TenantBooks

Said = dict[str, Any]


def payables(books: TenantBooks) -> dict[str, dict[int | str, Said]]:
    """Entity -> id -> what the record says: returns, AP credits and journal entries; entities of no records are left out.

    The id of a journal entry is its GUID, as the API calls it.
    """
    found: dict[str, dict[int | str, Said]] = {
        "returns": {one.id: _return(books, one) for one in books.returns},
        "ap_credits": {one.id: _credit(books, one) for one in books.ap_credits},
        "journal_entries": {one.guid: _entry(books, one) for one in books.journal_entries},
    }
    return {entity: rows for entity, rows in found.items() if rows}


def _return(books: TenantBooks, one: Return) -> Said:
    return {
        "number": one.number,
        "vendor": books.vendors[one.vendor_id].name,
        "reference_number": one.reference_number,
        "status": one.status,
        "sync_status": one.sync_status,
        "active": one.active,
        "date": one.return_date.isoformat(),
        "tax": one.tax,
        "shipping": one.shipping,
        "restocking_fee": one.restocking_fee,
        "external_data": one.external_data,
        "lines": [{"code": item.code, "quantity": item.quantity, "cost": item.cost} for item in one.items],
    }


def _credit(books: TenantBooks, one: ApCredit) -> Said:
    goods = books.returns.get(one.return_id)
    return {
        "number": one.number,
        "vendor": books.vendors[one.vendor_id].name,
        "reference_number": one.reference_number,
        "return": goods.number if goods else None,
        "status": one.status,
        "sync_status": one.sync_status,
        "active": one.active,
        "date": one.credit_date.isoformat(),
        "amount": one.amount,
        "splits": [
            {"bill": books.bills[part.bill_id].vendor_number, "amount": part.amount}
            for part in one.splits
            if part.active
        ],
    }


def _entry(books: TenantBooks, one: JournalEntry) -> Said:
    """Without its number, which tells the order of entering only."""
    return {
        "name": one.name,
        "source": one.source,
        "status": one.status,
        "sync_status": one.sync_status,
        "active": one.active,
        "message": one.message,
        "date": None if one.post_date is None else one.post_date.isoformat(),
        "custom_fields": dict(one.custom_fields),
        "lines": [
            {"account": _account(books, line.account_id), "debit": line.debit, "credit": line.credit, "memo": line.memo}
            for line in one.lines
        ],
    }


def _account(books: TenantBooks, number: int | None) -> str | None:
    account = books.gl_accounts.get(number)
    return account.name if account else None
