"""ServiceTitan's receivables and Zoho Books' compared with each other: each document once, sent to nobody, to the cent.

``python -m ml_connector_sandbox.compare_sales_zoho --file HANDOVER.json`` asks a running sandbox, exits 0 only if all agree.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.compare import Finding
from ml_connector_sandbox.compare_back import compare_back, is_from_the_ledger
from ml_connector_sandbox.compare_command import run, running_books
from ml_connector_sandbox.compare_sales import Posted, SalesComparison, Scope, Side, told
from ml_connector_sandbox.ledger_documents import REFERENCE_FIELD
from ml_connector_sandbox.servicetitan.books import PRODUCTION, Payment

KIND = "servicetitan-zoho_books"
TITLE = "Zoho Books"
_ZERO = Decimal(0)


def compare_sales_zoho(
    company: Mapping[str, Any], servicetitan: Mapping[str, Any], zoho_books: Mapping[str, Any]
) -> SalesComparison:
    """As ``compare_sales``, with the organisation at Zoho Books; and each payment, which is one document there.

    So is what people typed there and has to be in ServiceTitan, see ``compare_back``.
    Raises KeyError when tenant, organisation or integration are not in them.
    """
    there = zoho_books["organisations"][company["organization_id"]]
    scope = Scope.of(company, servicetitan, KIND)
    found = scope.compared(_side(there))
    _mailed(there, found)
    _payments(company, scope, there["customer_payments"], found)
    tenant = servicetitan["tenants"][f"{PRODUCTION}/{company['tenant_id']}"]
    found.findings += compare_back(company, company["integrations"][KIND]["mapping"], tenant, there)
    return found


def _side(there: Mapping[str, Any]) -> Side:
    live = {kind: [one for one in there[kind] if one["state"] != "void"] for kind in ("invoices", "credit_notes")}
    documents = [
        Posted(one["number"], credit, one["customer_id"], Decimal(one["total"]) * (-1 if credit else 1))
        for kind, credit in (("invoices", False), ("credit_notes", True))
        for one in live[kind]
    ]
    due: dict[str, Decimal] = defaultdict(Decimal)
    for one in live["invoices"]:
        due[one["customer_id"]] += Decimal(one["balance"])
    for one in live["credit_notes"]:
        due[one["customer_id"]] -= Decimal(one["balance"])
    for one in there["customer_payments"]:
        due[one["customer_id"]] -= Decimal(one["unused"])
    return Side(TITLE, documents, due)


def _mailed(there: Mapping[str, Any], found: SalesComparison) -> None:
    for one in (*there["invoices"], *there["credit_notes"]):
        if one["is_emailed"]:
            _say(found, "unexpected", f"{one['number']} was sent to the customer by e-mail")


# --- payments ----------------------------------------------------------------------------------------------------


def _payments(
    company: Mapping[str, Any], scope: Scope, there: Sequence[Mapping[str, Any]], found: SalesComparison
) -> None:
    """Each payment by the id that its reference names: once, its amount, its day, and nothing of what was deleted.

    One that was entered in the ledger and taken from there bears the ledger's id in ServiceTitan.
    """
    named = re.compile(rf"servicetitan-{re.escape(company['tenant_id'])}-payments-(\d+)")
    entered_there = f"zoho_books-{company['organization_id']}-payments_back-"
    taken = {one.export_id: one.id for one in scope.payments if one.active and one.export_id}
    by_id: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for one in there:
        if ours := named.fullmatch(str(one["custom"].get(REFERENCE_FIELD, ""))):
            by_id[int(ours[1])].append(one)
        elif (entered := taken.get(f"{entered_there}{one['payment_id']}")) is not None:
            by_id[entered].append(one)
    known = {one.id: one for one in scope.payments}
    credits = _credits(company)
    for payment in scope.payments:
        if _due_there(payment, scope) and payment.type_id not in credits:
            found.payments += 1
            _look_at(payment, by_id.get(payment.id, []), found)
    for id_ in by_id:
        if id_ not in known or not known[id_].active:
            _say(found, "unexpected", f"payment {id_} is not in ServiceTitan any more, and must not be in {TITLE}")


def _credits(company: Mapping[str, Any]) -> set[int]:
    """Types of payments that move no money: what is written off, and fees."""
    rows = company["integrations"][KIND]["mapping"]["payment_types"]
    return {int(type_id) for type_id, value in rows.items() if not value.startswith("account:")}


def _due_there(payment: Payment, scope: Scope) -> bool:
    """Money received, posted, on no invoice that stays away itself, and not typed there."""
    inside = {one.id for one in scope.invoices}
    received = payment.active and payment.total > 0 and payment.sync_status != "Pending"
    if is_from_the_ledger(payment.export_id, payment.memo):
        return False
    return received and all(one.invoice_id in inside for one in payment.splits)


def _look_at(payment: Payment, there: Sequence[Mapping[str, Any]], found: SalesComparison) -> None:
    what = f"payment {payment.id} over {payment.total}"
    if not there:
        _say(found, "missing", f"{what} is not in {TITLE}")
        return
    if len(there) > 1:
        _say(found, "duplicates", f"{what} stands in {TITLE} {len(there)} times")
    amount, unused, on = Decimal(there[0]["amount"]), Decimal(there[0]["unused"]), there[0]["date"]
    given_back = sum((Decimal(one["amount"]) for one in there[0]["refunds"]), _ZERO)
    if amount != payment.total:
        _say(found, "totals_differ", f"{what}: {amount} in {TITLE}")
    elif unused + given_back != payment.unapplied:
        _say(found, "totals_differ", f"{what}: {unused} of it is on no invoice in {TITLE}, {payment.unapplied} here")
    if on != payment.paid_on.isoformat():
        _say(found, "totals_differ", f"{what} of {payment.paid_on} is dated {on} in {TITLE}")


def _say(found: SalesComparison, kind: str, sentence: str) -> None:
    found.findings.append(Finding(kind, sentence))


async def compare_sales_zoho_running(handover: Mapping[str, Any]) -> SalesComparison:
    """As ``compare_sales_zoho``, with the books of the sandbox that a hand-over file names. Raises aiohttp.ClientError."""
    return compare_sales_zoho(handover["company"], *await running_books(handover, "servicetitan", "zoho_books"))


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_sales_zoho", __doc__, arguments, compare_sales_zoho_running, told)


if __name__ == "__main__":
    sys.exit(main())
