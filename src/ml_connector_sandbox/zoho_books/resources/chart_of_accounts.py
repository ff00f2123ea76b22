"""``/chartofaccounts``: inactive accounts are invisible unless ``filter_by=AccountType.All``."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, page_of
from ml_connector_sandbox.zoho_books.books.body import required, text
from ml_connector_sandbox.zoho_books.books.masters import ACCOUNT_TYPES, Account
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import number, stamp
from ml_connector_sandbox.zoho_books.errors import Refused, invalid, missing
from ml_connector_sandbox.zoho_books.resources._common import blank

LIST: ListRules[Account] = ListRules(
    report_name="List Chart Of Accounts",
    default_column="account_type",
    default_filter="AccountType.Active",
    columns={
        "account_type": lambda one: list(ACCOUNT_TYPES).index(one.account_type),
        "account_name": lambda one: one.account_name.casefold(),
        "account_code": lambda one: one.account_code,
    },
    exact={"account_id": lambda one: one.account_id},
    texts={"account_name": lambda one: one.account_name, "account_code": lambda one: one.account_code},
    search=lambda one: f"{one.account_name} {one.account_code}",
    modified=lambda one: one.modified,
)
# Families the filter may name beside All, Active and Inactive.
FAMILIES = {
    "AccountType.Asset": {"other_asset", "other_current_asset", "cash", "bank", "fixed_asset", "stock",
                          "accounts_receivable", "payment_clearing"},
    "AccountType.Liability": {"other_current_liability", "credit_card", "long_term_liability",
                              "other_liability", "accounts_payable"},
    "AccountType.Equity": {"equity"},
    "AccountType.Income": {"income", "other_income"},
    "AccountType.Expense": {"expense", "cost_of_goods_sold", "other_expense"},
}  # fmt: skip


def list_accounts(call: ApiCall) -> Reply:
    """A page of accounts; five thousand of them when no size is asked."""
    size = call.switches.default_per_page_accounts
    rows, context = page_of(call, LIST, _filtered(call), default=size, largest=size)
    return Reply(payload={"chartofaccounts": [_row(call, one) for one in rows], "page_context": context})


def get_account(call: ApiCall) -> Reply:
    """One account with its balance."""
    return Reply(payload={"chart_of_account": _detail(call.books, _account(call)) | _balance(call)})


def create_account(call: ApiCall) -> Reply:
    """A new account; name and type are required in practice."""
    kind = required(call.body, "account_type")
    if kind not in ACCOUNT_TYPES:
        raise invalid("account_type")
    account = call.books.add_account(
        _free_name(call, ""),
        kind,
        code=text(call.body, "account_code", 50),
        description=text(call.body, "description", 500),
        parent_account_id=_parent(call),
    )
    return Reply(
        payload={"chart_of_account": _detail(call.books, account)},
        message="The account has been created.",
        status=201,
        # Not the collection's own path: the header must not be followed blindly.
        location=f"/api/v3/chartofaccountdetails/{account.account_id}",
    )


def update_account(call: ApiCall) -> Reply:
    """Change the named fields."""
    account = _account(call)
    name = _free_name(call, account.account_id) if "account_name" in call.body else account.account_name
    code = text(call.body, "account_code", 50, account.account_code)
    account.description = text(call.body, "description", 500, account.description)
    account.account_name, account.account_code, account.modified = name, code, call.books.now()
    message = "The details of the account have been updated."
    return Reply(payload={"chart_of_account": _detail(call.books, account)}, message=message)


def delete_account(call: ApiCall) -> Reply:
    """Remove an account that is neither the system's nor used."""
    account = _account(call)
    if account.is_system or call.books.ledger.uses(account.account_id):
        message = "The account is in use and cannot be deleted."
        raise Refused(400, call.switches.has_transactions_code, message)
    del call.books.accounts[account.account_id]
    return Reply(message="The account has been deleted.")


def mark_active(call: ApiCall) -> Reply:
    """Make usable again."""
    _set_active(call, active=True)
    return Reply(message="The account has been marked as active.", status=201)


def mark_inactive(call: ApiCall) -> Reply:
    """Close for new documents."""
    _set_active(call, active=False)
    return Reply(message="The account has been marked as inactive.", status=201)


def _set_active(call: ApiCall, active: bool) -> None:
    account = _account(call)
    account.active, account.modified = active, call.books.now()


def _filtered(call: ApiCall) -> list[Account]:
    wanted = call.query.get("filter_by", "") or "AccountType.Active"
    accounts = list(call.books.accounts.values())
    if wanted == "AccountType.All":
        return accounts
    if wanted == "AccountType.Inactive":
        return [one for one in accounts if not one.active]
    family = FAMILIES.get(wanted)
    return [one for one in accounts if one.active and (family is None or one.account_type in family)]


def _account(call: ApiCall) -> Account:
    account = call.books.accounts.get(call.path["account_id"])
    if account is None:
        raise missing("Account")
    return account


def _free_name(call: ApiCall, own_id: str) -> str:
    name = required(call.body, "account_name", 100)
    for one in call.books.accounts.values():
        if one.account_id != own_id and one.account_name.casefold() == name.casefold():
            raise Refused(400, 1001, f"An account with the name {name} already exists.")
    return name


def _parent(call: ApiCall) -> str:
    parent = text(call.body, "parent_account_id")
    if parent and parent not in call.books.accounts:
        raise invalid("parent_account_id")
    return parent


def _common(books: OrganisationBooks, account: Account) -> dict[str, Any]:
    parent = books.accounts.get(account.parent_account_id)
    return {
        "account_id": account.account_id,
        "account_name": account.account_name,
        "account_code": account.account_code,
        "account_type": account.account_type,
        "description": account.description,
        "is_active": account.active,
        "can_show_in_ze": account.account_type in FAMILIES["AccountType.Expense"],
        "parent_account_id": account.parent_account_id,
        "parent_account_name": parent.account_name if parent else "",
        "documents": [],
        "created_time": stamp(account.created, books.zone),
        "is_standalone_account": False,
        "last_modified_time": stamp(account.modified, books.zone),
    }


def _row(call: ApiCall, account: Account) -> dict[str, Any]:
    books = call.books
    shown = {"current_balance": number(books.ledger.balance(account.account_id))}
    return {
        **_common(books, account),
        "placeholder": "",
        "is_register_supported_account": False,
        "is_user_created": not account.is_system,
        "is_system_account": account.is_system,
        "depth": 1 if account.parent_account_id else 0,
        "has_attachment": False,
        "is_child_present": any(one.parent_account_id == account.account_id for one in books.accounts.values()),
        "child_count": "",
        **(shown if call.query.get("showbalance") == "true" else {}),
    }


def _detail(books: OrganisationBooks, account: Account) -> dict[str, Any]:
    currency = books.base_currency
    return {
        **_common(books, account),
        **blank("account_code_prefix", "generation_number"),
        "status": "active" if account.active else "inactive",
        "account_type_formatted": ACCOUNT_TYPES[account.account_type],
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "custom_fields": [],
        "custom_field_hash": {},
        "opening_balances": [],
    }


def _balance(call: ApiCall) -> dict[str, Any]:
    account = _account(call)
    balance = call.books.ledger.balance(account.account_id)
    return {
        "is_system_account": account.is_system,
        "is_involved_in_transaction": call.books.ledger.uses(account.account_id),
        "closing_balance": number(abs(balance)),
        "isdebit": balance > 0,
        "transactions": [],
    }


ONE = "/chartofaccounts/{account_id}"
ROUTES = [
    Route(method="GET", path="/chartofaccounts", scope="accountants.READ", handler=list_accounts),
    Route(
        method="POST",
        path="/chartofaccounts",
        scope="accountants.CREATE",
        handler=create_account,
        takes_body=True,
    ),
    Route(method="GET", path=ONE, scope="accountants.READ", handler=get_account),
    Route(method="PUT", path=ONE, scope="accountants.UPDATE", handler=update_account, takes_body=True),
    Route(method="DELETE", path=ONE, scope="accountants.DELETE", handler=delete_account),
    Route(method="POST", path=f"{ONE}/active", scope="accountants.CREATE", handler=mark_active),
    Route(method="POST", path=f"{ONE}/inactive", scope="accountants.CREATE", handler=mark_inactive),
]
