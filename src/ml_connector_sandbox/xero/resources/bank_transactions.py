"""``/BankTransactions`` as far as they make over- and prepayments."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, chosen, modified_since
from ml_connector_sandbox.xero.api.writing import Outcome, batch, one_element, summed_up
from ml_connector_sandbox.xero.books import bank
from ml_connector_sandbox.xero.books.body import child, children, decimal, text
from ml_connector_sandbox.xero.books.documents import GONE, Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.values import ZERO, day_stamp, day_string, money, plain, stamp
from ml_connector_sandbox.xero.errors import ZERO_ID, NotFound
from ml_connector_sandbox.xero.resources import _contact_answer as contacts
from ml_connector_sandbox.xero.resources._document_answer import contact_of
from ml_connector_sandbox.xero.resources._line_answer import lines
from ml_connector_sandbox.xero.resources._trading import contact_fields
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "BankTransactions"


def list_transactions(call: ApiCall) -> Reply:
    """Those that made over- and prepayments."""
    rules = Rules(
        fields={
            "Status": _status,
            "Type": lambda one: bank.WIRE_TYPES[one.type],
            "Reference": lambda one: one.reference,
            "Date": lambda one: one.date,
            **contact_fields(call),
        }
    )
    since = modified_since(call)
    rows = [*call.books.overpayments, *call.books.prepayments]
    rows = sorted((one for one in rows if since is None or one.updated >= since), key=lambda one: one.updated)
    found = chosen(call, rules, rows, conditional=since is not None)
    return listed(found.pagination, PLURAL, [_row(call, one, found.paged) for one in found.rows], found.unchanged)


def get_transaction(call: ApiCall) -> Reply:
    """By id."""
    return Reply(payload={PLURAL: [_shown(call, _of(call))]})


def write_transactions(call: ApiCall) -> Reply:
    """Both PUT and POST create; a POST with an id deletes or is refused."""
    return batch(call, PLURAL, lambda body: _written(call, body))


def update_transaction(call: ApiCall) -> Reply:
    """Nothing but deleting can be done to an over- or prepayment here."""
    one_element(call.body, PLURAL)
    return summed_up(call, PLURAL, [_changed(call, one_element(call.body, PLURAL), _of(call))])


def _written(call: ApiCall, body: dict[str, Any]) -> Outcome:
    if text(body, "BankTransactionID") and not call.may_create_only:
        found = _found(call, text(body, "BankTransactionID"))
        if found is not None:
            return _changed(call, body, found)
    issues = Issues()
    if text(body, "BankTransactionID"):
        issues.invented("unknown id", "BankTransaction", "BankTransaction")
    made = bank.create(call.books, body, issues, call.unit_places, call.app.client_id)
    if made is None or issues.messages:
        return Outcome(_echo(body), issues, "HasErrors")
    return Outcome(_shown(call, made), issues, "HasErrors")


def _changed(call: ApiCall, body: dict[str, Any], found: Document) -> Outcome:
    issues = Issues()
    if text(body, "Status") == "DELETED":
        bank.delete(call.books, found, issues)
    else:
        issues.invented("bank type")
    return Outcome(_shown(call, found), issues, "HasErrors")


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    amounts = [decimal(one, "LineAmount") or decimal(one, "UnitAmount") or ZERO for one in children(body, "LineItems")]
    return {
        "BankTransactionID": ZERO_ID,
        "Type": text(body, "Type"),
        "Reference": text(body, "Reference"),
        "Contact": child(body, "Contact"),
        "BankAccount": child(body, "BankAccount"),
        "Total": money(sum(amounts, ZERO)),
        "LineItems": [],
    }


def _row(call: ApiCall, one: Document, with_lines: bool) -> dict[str, Any]:
    found = _shown(call, one) | {"Contact": contacts.reduced(contact_of(call.books, one))}
    return found if with_lines else found | {"LineItems": []}


def _shown(call: ApiCall, one: Document) -> dict[str, Any]:
    books = call.books
    account = books.accounts[one.bank_account_id]
    return {
        "BankTransactionID": one.bank_transaction_id,
        "BankAccount": {"AccountID": account.account_id, "Code": account.code, "Name": account.name},
        "Type": bank.WIRE_TYPES[one.type],
        "Reference": one.reference,
        "IsReconciled": False,
        f"{one.kind}ID": one.document_id,
        "HasAttachments": False,
        "CurrencyRate": plain(one.rate),
        "Contact": contacts.embedded(contact_of(books, one)),
        "DateString": day_string(one.date),
        "Date": day_stamp(one.date),
        "Status": _status(one),
        "LineAmountTypes": one.amounts,
        "LineItems": lines(books, one, call.unit_places),
        "SubTotal": money(one.sub_total),
        "TotalTax": money(one.total_tax),
        "Total": money(one.total),
        "UpdatedDateUTC": stamp(one.updated),
        "CurrencyCode": one.currency_code,
    }


def _status(one: Document) -> str:
    """The transaction itself is authorised whatever becomes of its credit."""
    return "DELETED" if one.status in GONE else "AUTHORISED"


def _found(call: ApiCall, wanted: str) -> Document | None:
    held = (
        *call.books.overpayments.having("bank", wanted.lower()),
        *call.books.prepayments.having("bank", wanted.lower()),
    )
    return next(iter(held), None)


def _of(call: ApiCall) -> Document:
    found = _found(call, call.path["id"])
    if found is None:
        raise NotFound
    return found


ROUTES = [
    Route(method="GET", path="/BankTransactions", handler=list_transactions),
    Route(method="PUT", path="/BankTransactions", handler=write_transactions),
    Route(method="POST", path="/BankTransactions", handler=write_transactions),
    Route(method="GET", path="/BankTransactions/{id}", handler=get_transaction),
    Route(method="POST", path="/BankTransactions/{id}", handler=update_transaction),
]
