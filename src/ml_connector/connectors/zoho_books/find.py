"""Finding what may have been written, in full detail and verified against what was asked for.

An update or void is looked up by id. A create is found by party and number, a contact or item by its name, a payment among
those of its customer and day over its amount: no list documents a filter by custom field that its rows would prove, so the
reference is read in each detail instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored, Unsettled
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.zoho_books import credits
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.connectors.zoho_books.errors import Incomplete, Refusal
from ml_connector.connectors.zoho_books.outcomes import understood
from ml_connector.connectors.zoho_books.read import detail
from ml_connector.connectors.zoho_books.requests import body_of, marking
from ml_connector.connectors.zoho_books.resources import RESOURCES, Resource, reference_field, row_of
from ml_connector.connectors.zoho_books.write import as_marked, deleted
from ml_connector.errors import BadInput

# The filters by party, where the list has one, and by number.
_NUMBERS = {
    "bills": ("vendor_id", "bill_number"),
    "vendor_credits": ("", "vendor_credit_number"),
    "invoices": ("customer_id", "invoice_number"),
    "credit_notes": ("customer_id", "creditnote_number"),
}
_PASSES = 3  # over what a look-up finds on several pages


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Documents that may be the step's result, in full detail.

    A create's own invoice that is still the draft it was made as is marked now. Raises FilterIgnored when a row does not
    match, and what ``Books.get`` raises.
    """
    books = Books(session)
    if step.entity == "allocations":
        return await credits.find_applied(books, step)
    if step.entity == "refunds":
        return await credits.find_refunds(books, step)
    resource = RESOURCES[step.entity]
    if step.entity == "tax_codes":
        return await _taxes(books, resource, step)
    if step.target_id:
        return await _details(books, resource, [step.target_id], step) or _gone(step)
    found = await _details(books, resource, await _candidates(books, resource, step), step)
    return [await _finished(books, step, one) for one in found]


def _gone(step: Step) -> list[Document]:
    """A payment that was to be deleted and is not there."""
    return [deleted(step)] if (step.entity, step.action) == ("payments", Action.VOID) else []


async def _finished(books: Books, step: Step, document: Document) -> Document:
    """Our own draft marked as it is to be; as it is where Zoho refuses that. Raises what sending raises.

    So it is where Zoho makes another total of it than was foreseen, for a person to look at: each tax of a group is rounded
    by itself, and the list of taxes shows their sum alone.
    """
    if not isinstance(document, Invoice) or document.state is not InvoiceState.DRAFT:
        return document
    ours = document.reference == step.reference and abs(document.total) == abs(step.total)
    request = marking(step, document.id, books) if ours else None
    if request is None:
        return document
    answer = await books.session.send(request)
    return as_marked(document, request.path) if isinstance(understood(answer, request.path), Reply) else document


async def _taxes(books: Books, resource: Resource, step: Step) -> list[Document]:
    """By name and rate, on the list of all of them; a tax has no place for our reference."""
    name = json_fields.text(body_of(step), "tax_name")
    rate = json_fields.amount(body_of(step), "tax_percentage") / 100
    found: list[Document] = []
    number, more = 1, True
    while more:
        reply = await books.page(resource.path, number)
        rows = [row_of(resource, raw, "") for raw in reply.rows(*resource.keys)]
        taxes = [row.document for row in rows if isinstance(row.document, TaxCode)]
        found += [one for one in taxes if (one.name, one.rate) == (name, rate)]
        more, number = reply.more(), number + 1
    return found


async def _candidates(books: Books, resource: Resource, step: Step) -> list[str]:
    """Ids of what the filters find. Raises Unsettled when more than a page of them never holds still.

    A removal between two pages shifts the rest, and a document on neither would look absent: so what takes several pages
    is asked until two passes show the same.
    """
    filters = _filters(step)
    if not all(value for _, value in filters):
        raise BadInput(f"The step has no {' or '.join(name for name, _ in filters)} to be found by.")
    before: list[str] | None = None
    for _ in range(_PASSES):
        ids, pages = await _pass(books, resource, filters, _amount(step))
        if pages == 1 or ids == before:
            return ids
        before = ids
    raise Unsettled(
        f"Zoho Books' list {resource.path} changed each of {_PASSES} times it was looked through; it is looked up again."
    )


async def _pass(
    books: Books, resource: Resource, filters: Sequence[tuple[str, str]], amount: Decimal | None
) -> tuple[list[str], int]:
    """All ids that the filters find, once over, and on how many pages; with an ``amount`` those over that alone."""
    ids: list[str] = []
    number, more = 1, True
    while more:
        reply = await books.page(resource.path, number, *filters)
        for raw in reply.rows(*resource.keys):
            fields = json_fields.decode(raw)
            _verify(resource, fields, filters)
            if amount is None or json_fields.amount(fields, "amount") == amount:
                ids.append(_id(reply, fields, resource))
        more, number = reply.more(), number + 1
    return ids, number - 1


def _id(reply: Reply, fields: json_fields.Fields, resource: Resource) -> str:
    """Raises Incomplete: a row without its id cannot be looked at, so the answer proves nothing."""
    id_ = json_fields.text(fields, resource.id_key)
    if not id_:
        raise Incomplete(reply.answer.status, f"the {resource.id_key} of a row")
    return id_


def _filters(step: Step) -> tuple[tuple[str, str], ...]:
    """Documented filters only."""
    body = body_of(step)
    number = _NUMBERS.get(step.entity)
    if step.entity == "payments":
        return ("customer_id", _customer(step)), ("date", str(step.date or json_fields.text(body, "date")))
    if number is None:
        name = "name" if step.entity == "items" else "contact_name"
        return ((name, json_fields.text(body, name)),)
    party, name = number
    return (*(((party, step.party_id),) if party else ()), (name, step.number))


def _customer(step: Step) -> str:
    return step.party_id or json_fields.text(body_of(step), "customer_id")


def _amount(step: Step) -> Decimal | None:
    return json_fields.amount(body_of(step), "amount") if step.entity == "payments" else None


def _verify(resource: Resource, fields: json_fields.Fields, filters: Sequence[tuple[str, str]]) -> None:
    """Raises FilterIgnored. Numbers and names are compared as a search may: without case and separators."""
    for name, wanted in filters:
        shown = json_fields.text(fields, name)
        if shown != wanted and number_key(shown) != number_key(wanted):
            raise FilterIgnored(
                f"Zoho Books ignored the filter {name} on {resource.path}: asked {wanted!r}, got {shown!r}; "
                "the answer is not used."
            )


async def _details(books: Books, resource: Resource, ids: Sequence[str], step: Step) -> list[Document]:
    found: list[Document] = []
    for id_ in ids:
        row = await detail(books, resource, id_, reference_field(books.session))
        if row is not None and row.document is None:
            raise Refusal(f"{resource.path}/{id_}", 200, None, row.problem)
        if row is not None and row.document is not None and _of_party(row.document, step):
            found.append(row.document)
    return found


def _of_party(document: Document, step: Step) -> bool:
    """Vendor credits cannot be filtered by vendor, so those of other vendors are left out here."""
    party = party_of(document)
    return party is None or bool(step.target_id) or not step.party_id or party.id == step.party_id
