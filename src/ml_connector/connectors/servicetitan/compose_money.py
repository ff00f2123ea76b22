"""What money of a ledger becomes in ServiceTitan: a customer's payment, and an expense as an external journal entry. Pure.

A payment's ``exportId`` is never shown again by a list, so our reference stands at the end of its memo, too. A journal entry
bears it as its name, by which the list can be asked. Ids are ServiceTitan's own: whoever plans has mapped them.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine, Expense
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.writing import Composed
from ml_connector.errors import BadInput, Refused

_encoder = msgspec.json.Encoder(decimal_format="number")  # money is a number in everything that is written


def payment(document: Payment, reference: str, settings: Settings) -> Composed:
    """Money received, with the invoices it is on. Raises Refused for money given back, BadInput for what is missing."""
    if document.kind is not PaymentKind.PAYMENT or document.amount <= ZERO:
        raise Refused("ServiceTitan's API takes money received only: enter money given back in ServiceTitan by hand.")
    if document.date is None:
        raise BadInput("The payment has no date.")
    if total(one.amount for one in document.splits) > document.amount:
        raise BadInput("The payment is on invoices with more than its amount.")
    body: dict[str, Any] = {
        "typeId": _id(document.method, "payment type"),
        "amount": document.amount,
        "paidOn": f"{document.date.isoformat()}T00:00:00Z",
        "customerId": _id(document.party, "customer"),
        "memo": f"{document.memo} {_mark(reference)}".strip(),
        "exportId": reference,
        "status": settings.payment_status,
        "splits": [{"invoiceId": _id(one.document, "invoice"), "amount": one.amount} for one in document.splits],
    }
    if document.number:
        body["checkNumber"] = document.number
    return Composed(_encoder.encode(body), document.amount)


def _mark(reference: str) -> str:
    return f"[{reference}]"


def bears(memo: str | None, reference: str) -> bool:
    """Whether a memo ends with our reference, so that no reference is taken for a longer one."""
    return bool(reference) and (memo or "").rstrip().endswith(_mark(reference))


def journal_entry(document: Expense, reference: str, settings: Settings) -> Composed:
    """Each line's account is debited and the one that paid credited; of a refund the other way round. Its total is what it

    moves. Raises BadInput for what ServiceTitan would refuse: no date, a line without an account, tax without a line.
    """
    if document.date is None:
        raise BadInput("The expense has no date.")
    if document.tax:
        raise BadInput("The tax of the expense has no line of its own, so nothing says which account it is charged to.")
    if total(line.amount for line in document.lines) != document.total or not document.lines:
        raise BadInput("The lines of the expense do not come to its total.")
    paid = {**_sides(-document.total), "accountId": _id(document.paid_through, "account that paid")}
    body = {
        "name": reference,
        "status": settings.journal_status,
        "versionId": settings.journal_version,
        "message": document.memo,
        "postDate": document.date.isoformat(),
        "lines": [*(_line(line) for line in document.lines), paid],
    }
    sides = [(line.account.id, line.amount) for line in document.lines]
    return Composed(_encoder.encode(body), moved([*sides, (document.paid_through.id, -document.total)]))


def moved(balances: Iterable[tuple[str, Decimal]]) -> Decimal:
    """What an entry moves: its accounts' balances, debits positive, summed where they are positive.

    ServiceTitan's summary shows an entry by account and business unit, and does not tell whether debits and credits of one
    account are set off against each other: this is the same either way.
    """
    found: dict[str, Decimal] = {}
    for account, amount in balances:
        found[account] = found.get(account, ZERO) + amount
    return total(amount for amount in found.values() if amount > ZERO)


def _line(line: BillLine) -> dict[str, Any]:
    made = {**_sides(line.amount), "accountId": _id(line.account, "account of a line"), "memo": line.description}
    if line.business_unit.id:
        made["businessUnitId"] = _id(line.business_unit, "business unit")
    if line.job.id:
        made["jobId"] = _id(line.job, "job")
    return made


def _sides(amount: Decimal) -> dict[str, Decimal]:
    return {"debit": max(amount, ZERO), "credit": max(-amount, ZERO)}


def _id(ref: Ref, what: str) -> int:
    if not (ref.id.isascii() and ref.id.isdigit()):
        raise BadInput(f"The {what} has no id in ServiceTitan ({ref.id or 'none'!r}): map it.")
    return int(ref.id)
