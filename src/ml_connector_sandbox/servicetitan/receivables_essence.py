"""What a tenant's customers, invoices and payments say, whichever ids and stamps a run gave them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from ml_connector_sandbox.servicetitan.books import (
    BankDeposit,
    Contact,
    CreditMemo,
    CreditMemoItem,
    Customer,
    Invoice,
    InvoiceItem,
    Location,
    Payment,
    Record,
    Split,
    TenantBooks,
)

Said = dict[str, Any]

# Ids, stamps, and what stands under another name.
_RUN = frozenset({"id", "created_on", "modified_on", "customer_id", "location_id", "business_unit_id", "batch"})
_OF_A_CUSTOMER = _RUN | {"accounted_on", "last_edit", "merged_to_id", "payment_term_id", "tag_type_ids", "address"}
_OF_AN_INVOICE = _RUN | {
    "items", "tax_zone_id", "payment_term_id", "job_id", "project_id", "type_id", "adjustment_to_id", "deposited_on",
    "assigned_to_id", "royalty_sent_on", "applied",
}  # fmt: skip
_OF_AN_ITEM = _RUN | {"invoice_id", "sku_id", "accounts", "technician_id"}
_OF_A_PAYMENT = _RUN | {
    "type_id", "splits", "general_ledger_account_id", "deposit_id", "refunded_payment_id", "settled_on",
}  # fmt: skip
_OF_A_MEMO = _RUN | {"splits", "tax_zone_id"}
_OF_A_MEMO_ITEM = _RUN | {"memo_id", "sku_id", "accounts"}


def receivables(books: TenantBooks) -> dict[str, dict[int, Said]]:
    """Entity -> id -> what the record says: customers with contacts, locations, invoices, payments, credit memos,
    deposits."""
    builders: tuple[tuple[Any, Callable[[TenantBooks, Any], Said]], ...] = (
        (books.customers, _customer),
        (books.locations, _location),
        (books.invoices, _invoice),
        (books.payments, _payment),
        (books.credit_memos, _memo),
        (books.bank_deposits, _deposit),
    )
    return {f"{table.what.replace(' ', '_')}s": {one.id: say(books, one) for one in table} for table, say in builders}


def _customer(books: TenantBooks, one: Customer) -> Said:
    merged = books.customers.get(one.merged_to_id)
    term = books.payment_terms.get(one.payment_term_id)
    own = [said for said in books.contacts.in_group(one.id) if said.active]
    return {
        **_plain(one, _OF_A_CUSTOMER),
        "address": asdict(one.address),
        "merged_to": merged.name if merged else None,
        "payment_term": term.name if term else None,
        "contacts": sorted((_contact(books, said) for said in own), key=str),
    }


def _contact(books: TenantBooks, one: Contact) -> Said:
    location = books.locations.get(one.location_id)
    return {
        "type": one.type,
        "value": one.value,
        "memo": one.memo,
        "do_not_text": one.do_not_text,
        "location": location.name if location else None,
    }


def _location(books: TenantBooks, one: Location) -> Said:
    zone = books.tax_zones.get(one.tax_zone_id)
    return {
        "name": one.name,
        "customer": books.customers[one.customer_id].name,
        "active": one.active,
        "address": asdict(one.address),
        "tax_zone": zone.name if zone else None,
        "tax_exempt": one.tax_exempt,
        "external_data": one.external_data,
    }


def _invoice(books: TenantBooks, one: Invoice) -> Said:
    adjusted = books.invoices.get(one.adjustment_to_id)
    zone, term = books.tax_zones.get(one.tax_zone_id), books.payment_terms.get(one.payment_term_id)
    job = books.jobs.get(one.job_id)
    return {
        **_plain(one, _OF_AN_INVOICE),
        **_parties(books, one.customer_id, one.business_unit_id),
        "total": one.total,
        "balance": one.balance,
        "batch": one.batch.name if one.batch else None,
        "adjustment_to": adjusted.reference_number if adjusted else None,
        "tax_zone": zone.name if zone else None,
        "payment_term": term.name if term else None,
        "job": job.job_number if job else None,
        "lines": [_item(books, item) for item in one.items],
    }


def _item(books: TenantBooks, item: InvoiceItem) -> Said:
    account = books.gl_accounts.get(item.accounts.general_ledger)
    return {**_plain(item, _OF_AN_ITEM), "account": account.number if account else None}


def _payment(books: TenantBooks, one: Payment) -> Said:
    refunded, deposit = books.payments.get(one.refunded_payment_id), books.bank_deposits.get(one.deposit_id)
    return {
        **_plain(one, _OF_A_PAYMENT),
        **_parties(books, one.customer_id, one.business_unit_id),
        "type": books.payment_types[one.type_id].name,
        "unapplied": one.unapplied,
        "applied": _splits(books, one.splits),
        "batch": one.batch.name if one.batch else None,
        "deposit": deposit.name if deposit else None,
        "refunds": _number(refunded.paid_on, refunded.total) if refunded else None,
    }


def _memo(books: TenantBooks, one: CreditMemo) -> Said:
    return {
        **_plain(one, _OF_A_MEMO),
        **_parties(books, one.customer_id, one.business_unit_id),
        "applied": _splits(books, one.splits),
        "batch": one.batch.name if one.batch else None,
        "lines": [_memo_item(books, item) for item in books.credit_memo_items.in_group(one.id)],
    }


def _memo_item(books: TenantBooks, item: CreditMemoItem) -> Said:
    account = books.gl_accounts.get(item.accounts.general_ledger)
    return {**_plain(item, _OF_A_MEMO_ITEM), "account": account.number if account else None}


def _deposit(books: TenantBooks, one: BankDeposit) -> Said:
    return {
        "name": one.name,
        "date": one.deposit_date.isoformat(),
        "status": one.status,
        "sync_status": one.sync_status,
        "gross": one.gross,
        "fees": one.fees,
        "active": one.active,
    }


def _parties(books: TenantBooks, customer_id: int, unit_id: int | None) -> Said:
    unit = books.business_units.get(unit_id)
    return {"customer": books.customers[customer_id].name, "business_unit": unit.name if unit else None}


def _splits(books: TenantBooks, splits: Sequence[Split]) -> list[Said]:
    said = ({"invoice": books.invoices[one.invoice_id].reference_number, "amount": one.amount} for one in splits)
    return sorted(said, key=str)


def _number(day: date, total: Any) -> str:
    return f"{day.isoformat()} {total}"


def _plain(record: Record, without: frozenset[str]) -> Said:
    found = {name: value for name, value in vars(record).items() if name not in without}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in found.items()}
