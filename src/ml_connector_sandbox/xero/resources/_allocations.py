"""Allocations below credit notes, overpayments and prepayments."""

from __future__ import annotations

from functools import partial
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.writing import Outcome, batch
from ml_connector_sandbox.xero.books import credits
from ml_connector_sandbox.xero.books.body import child, decimal, text
from ml_connector_sandbox.xero.books.documents import Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.values import ZERO, day_stamp, milliseconds, money
from ml_connector_sandbox.xero.errors import ZERO_ID, NotFound
from ml_connector_sandbox.xero.resources import _document_answer as answer

PLURAL = "Allocations"


def allocation_routes(resource: str, kind: str) -> list[Route]:
    """The two operations of a kind of credit."""
    below = f"/{resource}/{{id}}/Allocations"
    return [
        Route(method="PUT", path=below, handler=partial(_allocate, kind)),
        Route(method="DELETE", path=f"{below}/{{allocation_id}}", handler=partial(_withdraw, kind)),
    ]


def _allocate(kind: str, call: ApiCall) -> Reply:
    credit = _credit(call, kind)
    return batch(call, PLURAL, lambda body: _one(call, credit, body))


def _one(call: ApiCall, credit: Document, body: dict[str, Any]) -> Outcome:
    issues = Issues()
    made = credits.allocate(call.books, credit, body, issues)
    if made is None:
        invoice = {"InvoiceID": text(child(body, "Invoice"), "InvoiceID", ZERO_ID), "LineItems": []}
        amount = money(decimal(body, "Amount") or ZERO)
        shown = {"AllocationID": ZERO_ID, "Amount": amount, "Date": day_stamp(call.books.today()), "Invoice": invoice}
        return Outcome(shown, issues, "")
    owner = {f"{credit.kind}ID": credit.document_id, "ID": credit.document_id, "LineItems": []}
    return Outcome({**answer.allocation(made), credit.kind: owner, "ValidationErrors": []}, issues, "")


def _withdraw(kind: str, call: ApiCall) -> Reply:
    credit = _credit(call, kind)
    wanted = call.path["allocation_id"].lower()
    made = next((one for one in credit.allocations if one.allocation_id == wanted), None)
    if made is None:
        raise NotFound
    credits.withdraw(call.books, made)
    shown = {
        "AllocationID": made.allocation_id,
        "Amount": money(made.amount),
        "Date": f"/Date({milliseconds(call.books.now())})/",
        "Invoice": {"InvoiceID": made.invoice.document_id},
        "IsDeleted": True,
    }
    return Reply(payload=shown, bare=True)


def _credit(call: ApiCall, kind: str) -> Document:
    found = call.books.register(kind).get(call.path["id"])
    if found is None:
        raise NotFound
    return found
