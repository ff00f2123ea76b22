"""What overpayments and prepayments have in common."""

from __future__ import annotations

from functools import partial

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.books.bank import WIRE_TYPES
from ml_connector_sandbox.xero.resources import _document_answer as answer
from ml_connector_sandbox.xero.resources._allocations import allocation_routes
from ml_connector_sandbox.xero.resources._trading import contact_fields, document_of
from ml_connector_sandbox.xero.resources.contacts import listed


def credit_routes(plural: str, kind: str, references: str) -> list[Route]:
    """Reading and allocating; ``references``: the parameter that filters by reference."""
    return [
        Route(method="GET", path=f"/{plural}", handler=partial(_list, plural, kind, references)),
        Route(method="GET", path=f"/{plural}/{{id}}", handler=partial(_get, plural, kind)),
        *allocation_routes(plural, kind),
    ]


def _list(plural: str, kind: str, references: str, call: ApiCall) -> Reply:
    rules = Rules(
        fields={
            "Status": lambda one: one.status,
            "Type": lambda one: WIRE_TYPES[one.type],
            f"{kind}ID": lambda one: one.document_id,
            "Reference": lambda one: one.reference,
            "Date": lambda one: one.date,
            "RemainingCredit": lambda one: one.due,
            **contact_fields(call),
        },
        sets={references: lambda one: one.reference},
    )
    found = select(call, rules, call.books.register(kind))
    rows = [answer.row(call.books, one, call.unit_places, with_lines=found.paged, summary=False) for one in found.rows]
    return listed(found.pagination, plural, rows, found.unchanged)


def _get(plural: str, kind: str, call: ApiCall) -> Reply:
    found = document_of(call, kind)
    return Reply(payload={plural: [answer.single(call.books, found, call.unit_places)]})
