"""Finding what may have been written, in full detail and verified against what was asked for.

An update or removal is looked up by id. A create is found by its number or our reference: a contact by its
``ContactNumber``, else its name; a payment on the invoice it pays; a refund on the credit it gives back; an over- or
prepayment, which no published filter finds surely, among those changed since its step was made, where that is known, else
in a whole walk of the list of them.
"""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored, Unsettled
from ml_connector.connectors.reading import Row
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.xero import allocations, values
from ml_connector.connectors.xero.client import Books, parse
from ml_connector.connectors.xero.errors import Incomplete, Refusal, told
from ml_connector.connectors.xero.read import detail
from ml_connector.connectors.xero.requests import body_of
from ml_connector.connectors.xero.resources import RESOURCES, Query, Resource, fields_of, row_of
from ml_connector.connectors.xero.walk import PAGE, Cursor, walk
from ml_connector.errors import BadInput

# What a step made may show a stamp so much earlier than the step, should our clock be ahead of Xero's.
NOT_OLDER = dt.timedelta(days=1)
_NOT_MODIFIED = 304
_REFUNDED = {
    "CreditNote": ("credit_notes", "CreditNoteID"),
    "Overpayment": ("overpayments", "OverpaymentID"),
    "Prepayment": ("prepayments", "PrepaymentID"),
}


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Documents that may be the step's result. Raises FilterIgnored, Unsettled, Refusal, and what the session raises."""
    books = Books(session)
    if step.entity == "allocations":
        return await allocations.find(books, step)
    resource = RESOURCES[step.entity]
    if step.action is not Action.CREATE or step.target_id:
        return await _detailed(books, resource, step.target_id)
    return await _BY_ENTITY.get(step.entity, _numbered)(books, resource, step)


async def _numbered(books: Books, resource: Resource, step: Step) -> list[Document]:
    """A detail is found by number too."""
    number = json_fields.text(body_of(step), resource.number_key)
    return [one for one in await _detailed(books, resource, number) if _alike(_number(one), number)]


async def _detailed(books: Books, resource: Resource, key: str) -> list[Document]:
    """The document of an id or number; none when it does not exist. Raises Refusal when it is not understood."""
    if not key:
        raise BadInput(f"The step of {resource.entity} has nothing to be found by.")
    row = await detail(books, resource, key)
    if row is None:
        return []
    if row.document is None:
        raise Refusal(f"{resource.path}/{key}", 200, row.problem)
    return [row.document]


async def _invoices(books: Books, resource: Resource, step: Step) -> list[Document]:
    """By number. Where one shows no reference, Xero is asked which of them our own application made."""
    number = json_fields.text(body_of(step), resource.number_key)
    condition = f"{resource.where}&&InvoiceNumber=={values.quoted(number)}"
    found = await _listed(books, resource, (("where", condition),), resource.number_key, number)
    if all(getattr(one, "reference", "") for one in found):
        return found
    mine = await _listed(
        books, resource, (("where", condition), ("createdByMyApp", "true")), resource.number_key, number
    )
    ids = {one.id for one in mine}
    return [replace(one, ours=True) if isinstance(one, Invoice) and one.id in ids else one for one in found]


async def _credit_notes(books: Books, resource: Resource, step: Step) -> list[Document]:
    """By number and type: a supplier's credit note of the same number would be shown in place of ours."""
    number = json_fields.text(body_of(step), resource.number_key)
    condition = f'Type=="ACCRECCREDIT"&&{resource.number_key}=={values.quoted(number)}'
    return await _listed(books, resource, (("where", condition),), resource.number_key, number)


async def _parties(books: Books, resource: Resource, step: Step) -> list[Document]:
    body = body_of(step)
    if number := json_fields.text(body, resource.number_key):
        found = await _detailed(books, resource, number)
        if found:
            return found
    name = json_fields.text(body, "Name")
    query = (*resource.listed, ("where", f"Name=={values.quoted(name)}"))
    return await _listed(books, resource, query, "Name", name)


async def _payments(books: Books, resource: Resource, step: Step) -> list[Document]:
    """Payments on the invoice the step pays, else those that the credit it gives back shows."""
    body = body_of(step)
    if invoice := values.id_of(json_fields.child(body, "Invoice"), "InvoiceID"):
        query = (("where", f'Invoice.InvoiceId==guid("{invoice}")'),)
        paid = await _listed(books, resource, query, "Invoice", invoice)
        return _ours_first(paid, step)
    for key, (entity, id_name) in _REFUNDED.items():
        if credit := values.id_of(json_fields.child(body, key), id_name):
            return _ours_first(await _refunds(books, RESOURCES[entity], credit), step)
    raise BadInput("The step of payments names neither an invoice nor a credit to be found by.")


async def _refunds(books: Books, credit: Resource, id_: str) -> list[Document]:
    row = await detail(books, credit, id_)
    if row is None:
        return []
    shown = [values.id_of(one, "PaymentID") for one in json_fields.children(fields_of(row.raw), "Payments")]
    return [one for payment in shown if payment for one in await _detailed(books, RESOURCES["payments"], payment)]


async def _advances(books: Books, resource: Resource, step: Step) -> list[Document]:
    """Those of the step's customer that carry its reference. Raises Unsettled when the list never held still."""
    contact = json_fields.text(json_fields.child(body_of(step), "Contact"), "ContactID")
    rows = await _recent(books, resource, step.made_at) if step.made_at else None
    found = await _whole(books, resource) if rows is None else rows
    theirs = {one.id: one for one in found if isinstance(one, Payment) and one.party.id == contact}
    return _ours_first(list(theirs.values()), step)


async def _recent(books: Books, resource: Resource, made_at: dt.datetime) -> list[Document] | None:
    """What was made or changed since a step was made, and a day before; None where that is more than one page."""
    query = (*resource.query, *resource.listed, ("page", "1"), ("pageSize", str(PAGE)))
    answer = await books.answer(resource.path, *query, since=values.since(made_at - NOT_OLDER))
    if answer.status == _NOT_MODIFIED:
        return []
    if answer.status != 200:
        raise Refusal(resource.path, answer.status, told(answer.body))
    reply = parse(answer)
    if reply.page("pageCount") > 1:
        return None
    rows = (row_of(resource, raw, books.session.settings) for raw in reply.rows(resource.plural))
    return [_understood(resource, row) for row in rows if row is not None]


async def _whole(books: Books, resource: Resource) -> list[Document]:
    found: list[Document] = []
    complete = False
    async for page in walk(books, resource, Cursor()):
        complete = page.complete
        found += [_understood(resource, row) for row in page.rows]
    if not complete:
        raise Unsettled(f"Xero's list {resource.path} changed while it was looked through; it is looked up again.")
    return found


def _understood(resource: Resource, row: Row) -> Document:
    if row.document is None:
        raise Refusal(resource.path, 200, row.problem)
    return row.document


def _ours_first(found: Sequence[Document], step: Step) -> list[Document]:
    """Those under our reference; where there are none, those that show no reference of ours at all."""
    mine = [one for one in found if getattr(one, "reference", "") == step.reference]
    return mine or [one for one in found if not getattr(one, "reference", "")]


async def _listed(books: Books, resource: Resource, query: Query, key: str, wanted: str) -> list[Document]:
    """What a filter finds, each row checked against it. Raises FilterIgnored, Incomplete, Refusal."""
    if not wanted:
        raise BadInput(f"The step of {resource.entity} has no {key} to be found by.")
    reply = await books.get(resource.path, *resource.query, *query, ("page", "1"), ("pageSize", str(PAGE)))
    if reply.page("pageCount") > 1:
        raise Incomplete(reply.answer.status, "all that was found on one page")
    found: list[Document] = []
    for raw in reply.rows(resource.plural):
        _verify(resource, fields_of(raw), key, wanted)
        row = row_of(resource, raw, books.session.settings)
        if row is not None:
            found.append(_understood(resource, row))
    return found


def _verify(resource: Resource, fields: dict[str, Any], key: str, wanted: str) -> None:
    nested = json_fields.child(fields, key)
    shown = json_fields.text(nested, "InvoiceID") if nested else json_fields.text(fields, key)
    if not _alike(shown, wanted):
        raise FilterIgnored(
            f"Xero ignored the filter {key} on {resource.path}: asked {wanted!r}, got {shown!r}; the answer is not used."
        )


def _number(document: Document) -> str:
    return str(getattr(document, "number", ""))


def _alike(shown: str, wanted: str) -> bool:
    """As Xero compares: without case and accents."""
    return _folded(shown) == _folded(wanted)


def _folded(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))


_BY_ENTITY: Mapping[str, Callable[[Books, Resource, Step], Awaitable[list[Document]]]] = {
    "invoices": _invoices,
    "credit_notes": _credit_notes,
    "parties": _parties,
    "payments": _payments,
    "overpayments": _advances,
    "prepayments": _advances,
}
