"""``/Accounts``: the whole chart in one answer, never in pages."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, chosen, modified_since
from ml_connector_sandbox.xero.books.masters import Account
from ml_connector_sandbox.xero.books.values import stamp
from ml_connector_sandbox.xero.errors import NotFound
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "Accounts"
RULES = Rules(
    fields={
        "Code": lambda one: one.code,
        "Name": lambda one: one.name,
        "Type": lambda one: one.type,
        "Class": lambda one: one.account_class,
        "Status": lambda one: one.status,
        "TaxType": lambda one: one.tax_type,
        "SystemAccount": lambda one: one.system_account or None,
        "EnablePaymentsToAccount": lambda one: one.payments_enabled,
    },
    paged=False,
)


def list_accounts(call: ApiCall) -> Reply:
    """Archived ones are there."""
    since = modified_since(call)
    rows = [one for one in call.books.accounts.values() if since is None or one.updated >= since]
    found = chosen(call, RULES, rows, conditional=since is not None)
    return listed(None, PLURAL, [shown(one) for one in found.rows], found.unchanged)


def get_account(call: ApiCall) -> Reply:
    """By id."""
    found = call.books.accounts.get(call.path["id"].lower())
    if found is None:
        raise NotFound
    return Reply(payload={PLURAL: [shown(found)]})


def shown(one: Account) -> dict[str, Any]:
    """One account."""
    found: dict[str, Any] = {
        "AccountID": one.account_id,
        "Code": one.code or None,
        "Name": one.name,
        "Status": one.status,
        "Type": one.type,
        "TaxType": one.tax_type,
        "Description": one.description or None,
        "Class": one.account_class,
        "SystemAccount": one.system_account or None,
        "EnablePaymentsToAccount": one.payments_enabled,
        "ShowInExpenseClaims": False,
        "BankAccountNumber": one.bank_account_number or None,
        "BankAccountType": "BANK" if one.type == "BANK" else "",
        "CurrencyCode": one.currency_code or None,
        "ReportingCode": one.account_class[:3],
        "HasAttachments": False,
        "UpdatedDateUTC": stamp(one.updated),
        "AddToWatchlist": False,
    }
    return {name: value for name, value in found.items() if value is not None}


ROUTES = [
    Route(method="GET", path="/Accounts", handler=list_accounts),
    Route(method="GET", path="/Accounts/{id}", handler=get_account),
]
