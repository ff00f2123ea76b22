"""``/Payments``: created and deleted, never changed."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.api.writing import Outcome, elements, one_element, summed_up
from ml_connector_sandbox.xero.books import payments
from ml_connector_sandbox.xero.books.body import child, decimal, flag, text
from ml_connector_sandbox.xero.books.documents import DELETED, INVOICE, Payment
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.values import ZERO, day_stamp, money, plain
from ml_connector_sandbox.xero.errors import ZERO_ID, NotFound
from ml_connector_sandbox.xero.resources import _document_answer as documents
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "Payments"
TYPES = MappingProxyType(
    {
        "ACCREC": "ACCRECPAYMENT", "ACCPAY": "ACCPAYPAYMENT",
        "ACCRECCREDIT": "ARCREDITPAYMENT", "ACCPAYCREDIT": "APCREDITPAYMENT",
        "AROVERPAYMENT": "AROVERPAYMENTPAYMENT", "APOVERPAYMENT": "APOVERPAYMENTPAYMENT",
        "ARPREPAYMENT": "ARPREPAYMENTPAYMENT", "APPREPAYMENT": "APPREPAYMENTPAYMENT",
    }
)  # fmt: skip
"""Type of the document -> PaymentType."""
RULES = Rules(
    fields={
        "PaymentType": lambda one: TYPES[one.document.type],
        "Status": lambda one: one.status,
        "Date": lambda one: one.date,
        "Amount": lambda one: one.amount,
        "Reference": lambda one: one.reference,
        "PaymentID": lambda one: one.payment_id,
        "Invoice.InvoiceID": lambda one: one.document.document_id if one.document.kind == INVOICE else None,
    }
)


def list_payments(call: ApiCall) -> Reply:
    """Deleted ones are there."""
    found = select(call, RULES, call.books.payments)
    rows = [shown(call, one) | {one.document.kind: documents.stub(call.books, one.document)} for one in found.rows]
    if call.switches.payment_list_rate_zero:
        rows = [row | {"CurrencyRate": 0} for row in rows]
    return listed(found.pagination, PLURAL, rows, found.unchanged)


def get_payment(call: ApiCall) -> Reply:
    """By id only; the document stands in it whole."""
    found = call.books.payments.get(call.path["id"])
    if found is None:
        raise NotFound
    return Reply(payload={PLURAL: [_whole(call, found)]})


def create_payments(call: ApiCall) -> Reply:
    """PUT takes a batch. Under the switch one that fails leaves all unmade, with zero ids."""
    found = elements(call.body, PLURAL)
    if not call.switches.payments_atomic:
        return summed_up(call, PLURAL, [_one(call, body) for body in found])
    taken: payments.Taken = defaultdict(Decimal)
    proposed = [_proposed(call, body, taken) for body in found]
    if any(issues.messages for _, _, issues in proposed):
        unmade = [Outcome(_echo(body), issues, "HasValidationErrors") for body, _, issues in proposed]
        return summed_up(call, PLURAL, unmade)
    return summed_up(call, PLURAL, [_committed(call, made, issues) for _, made, issues in proposed])


def create_payment(call: ApiCall) -> Reply:
    """POST on the collection takes a single payment and is always summarised."""
    return summed_up(call, PLURAL, [_one(call, one_element(call.body, PLURAL))])


def delete_payment(call: ApiCall) -> Reply:
    """The only change there is: ``Status`` DELETED."""
    found, issues = call.books.payments.get(call.path["id"]), Issues()
    if found is None:
        raise NotFound
    body = one_element(call.body, PLURAL)
    if text(body, "Status") != DELETED:
        issues.invented("payment update")
    else:
        payments.delete(call.books, found, issues)
    return summed_up(call, PLURAL, [Outcome(shown(call, found), issues, "HasValidationErrors")])


def shown(call: ApiCall, one: Payment) -> dict[str, Any]:
    """A payment without its document."""
    account = call.books.accounts[one.account_id]
    return {
        "PaymentID": one.payment_id,
        "Date": day_stamp(one.date),
        "BankAmount": money(one.bank_amount),
        "Amount": money(one.amount),
        "Reference": one.reference,
        "CurrencyRate": plain(one.rate),
        "PaymentType": TYPES[one.document.type],
        "Status": one.status,
        **documents.stamps(call.books, one.updated),
        "HasAccount": True,
        "IsReconciled": one.is_reconciled,
        "Account": {"AccountID": account.account_id, "Code": account.code, "Name": account.name},
        "HasValidationErrors": False,
    }


def _whole(call: ApiCall, one: Payment) -> dict[str, Any]:
    return shown(call, one) | {one.document.kind: documents.written(call.books, one.document, call.unit_places)}


def _proposed(
    call: ApiCall, body: dict[str, Any], taken: payments.Taken
) -> tuple[dict[str, Any], Payment | None, Issues]:
    issues = Issues()
    if text(body, "PaymentID") or text(body, "Status") == DELETED:
        issues.invented("payment update")
    return body, payments.propose(call.books, body, issues, taken, call.app.client_id), issues


def _one(call: ApiCall, body: dict[str, Any]) -> Outcome:
    _, made, issues = _proposed(call, body, defaultdict(Decimal))
    if issues.messages:
        return Outcome(_echo(body), issues, "HasValidationErrors")
    return _committed(call, made, issues)


def _committed(call: ApiCall, made: Payment | None, issues: Issues) -> Outcome:
    assert made is not None, "a payment without issues names a document"
    payments.commit(call.books, made)
    return Outcome(_whole(call, made), issues, "HasValidationErrors")


def _echo(body: dict[str, Any]) -> dict[str, Any]:
    named = {
        name: child(body, name) for name in ("Invoice", "CreditNote", "Prepayment", "Overpayment") if body.get(name)
    }
    return {
        "PaymentID": ZERO_ID,
        "Amount": money(decimal(body, "Amount") or ZERO),
        **({"Reference": text(body, "Reference")} if body.get("Reference") else {}),
        "HasAccount": bool(body.get("Account")),
        "IsReconciled": flag(body, "IsReconciled"),
        "Account": child(body, "Account"),
        **named,
    }


ROUTES = [
    Route(method="GET", path="/Payments", handler=list_payments),
    Route(method="PUT", path="/Payments", handler=create_payments),
    Route(method="POST", path="/Payments", handler=create_payment),
    Route(method="GET", path="/Payments/{id}", handler=get_payment),
    Route(method="POST", path="/Payments/{id}", handler=delete_payment),
]
