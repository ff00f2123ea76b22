"""Applications of credits, and refunds: what their answers prove, and how they are found again.

An application has no number and no place for a reference. The same credit on the same document with the same amount *is* the
same application, so it is taken as ours when it is found, unless the step knows it as another, earlier one. What is shown of
it is the credit with that one part, under the application's own id. The credit is read each time, and told too.
A refund carries our reference as its reference number, which the list of its credit's or payment's refunds shows.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from ml_connector.canonical.documents import Document, party_of
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.writing import Action, Done, Outcome, Step, Uncertain
from ml_connector.connectors.zoho_books import translate_sales
from ml_connector.connectors.zoho_books.client import Books, Reply
from ml_connector.connectors.zoho_books.errors import Incomplete, Refusal
from ml_connector.connectors.zoho_books.read import detail
from ml_connector.connectors.zoho_books.requests import body_of
from ml_connector.connectors.zoho_books.resources import IN_FULL, RESOURCES, reference_field
from ml_connector.transport.errors import LeaseLost, TransportError

_REFUNDS = {
    "payments": ("payment_refunds", "payment_refund", "payment_refund_id", translate_sales.PAYMENT),
    "credit_notes": ("creditnote_refunds", "creditnote_refund", "creditnote_refund_id", translate_sales.CREDIT_NOTE),
}


# --- applications ------------------------------------------------------------------------------------------------


async def applied(books: Books, step: Step, raw: bytes) -> Outcome:
    """What a good answer proves: Zoho's do not show the application, so its credit is read."""
    try:
        credit = await _credit(books, step)
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"{step.action.value} of an application by Zoho's word, not yet seen: {error.sentence}")
    if credit is None:
        return Uncertain("the credit cannot be read any more")
    also = ((_entity(step), credit),)
    if step.action is Action.VOID:
        part = _part(step)
        if any(one.id == part.id for one in _parts(credit)):
            return Uncertain("Zoho still shows the application after its removal")
        return Done(part.id, _document(step, part, active=False), raw, also)
    found = [one for one in _parts(credit) if _same(step, one) and one.id]
    if len(found) != 1:
        return Uncertain(f"Zoho shows {len(found)} such applications on the credit")
    return Done(found[0].id, _document(step, found[0], active=True), raw, also)


async def find_applied(books: Books, step: Step) -> Sequence[Document]:
    """The application on its credit: live if it is there; for a removal, shown as gone if it is not."""
    credit = await _credit(books, step)
    if credit is None:
        return []
    if step.action is Action.VOID:
        part = _part(step)
        there = next((one for one in _parts(credit) if one.id == part.id), None)
        return [_document(step, there or part, active=there is not None)]
    return [_document(step, one, active=True) for one in _parts(credit) if _same(step, one)]


def touched(step: Step) -> tuple[tuple[str, str], ...]:
    """(entity, id) of the credit that a step applies or takes off, or gives back; and of the document it is taken off."""
    frame = body_of(step)
    entity, id_ = _entity(step), json_fields.text(frame, "id")
    on = json_fields.text(frame, "document")
    applied_to = (("bills" if entity == "vendor_credits" else "invoices", on),) if on else ()
    return ((entity, id_), *applied_to)


def _entity(step: Step) -> str:
    return json_fields.text(body_of(step), "credit")


async def _credit(books: Books, step: Step) -> Invoice | Bill | None:
    """The step's credit with what it is applied to; None when it does not exist. Raises Refusal when not understood."""
    document = await _whole(books, step)
    assert document is None or isinstance(document, Invoice | Bill), "payments are applied by themselves"
    return document


async def _whole(books: Books, step: Step) -> Document | None:
    """The credit or payment that the step is of; None when it does not exist. Raises Refusal when not understood."""
    resource, id_ = IN_FULL[_entity(step)], json_fields.text(body_of(step), "id")
    row = await detail(books, resource, id_, reference_field(books.session))
    if row is not None and row.document is None:
        raise Refusal(f"{resource.path}/{id_}", 200, None, row.problem)
    return row.document if row is not None else None


def _parts(credit: Invoice | Bill) -> Sequence[Allocation]:
    return credit.credits if isinstance(credit, Bill) else credit.allocations


def _same(step: Step, part: Allocation) -> bool:
    """Whether a part is the application that the step means, and none of those it knows as earlier ones."""
    wanted, known = _part(step), body_of(step).get("known", ())
    return (part.document.id, part.amount) == (wanted.document.id, wanted.amount) and part.id not in known


def _part(step: Step) -> Allocation:
    """The application that the step means."""
    frame = body_of(step)
    if step.action is Action.VOID:
        return Allocation(json_fields.text(frame, "allocation_id"), Ref(), abs(step.total))
    sent = json_fields.child(frame, "allocation")
    on = json_fields.text(sent, "invoice_id") or json_fields.text(sent, "bill_id")
    return Allocation("", Ref(on), json_fields.amount(sent, "amount_applied"))


def _document(step: Step, part: Allocation, *, active: bool) -> Document:
    party = Ref(step.party_id)
    if _entity(step) == "vendor_credits":
        return Bill(
            part.id, party, -part.amount, date=part.date, credits=(part,), reference=step.reference, active=active,
            complete=False,
        )  # fmt: skip
    return Invoice(
        part.id, party, part.amount, "credit note", date=part.date, allocations=(part,), reference=step.reference,
        active=active, complete=False,
    )  # fmt: skip


# --- refunds -----------------------------------------------------------------------------------------------------


async def refunded(books: Books, step: Step, reply: Reply | None) -> Outcome:
    """What a good answer proves; the list is asked where it does not show the refund. None: Zoho has no such refund.

    What it is of is read, and told too: less of it is left now, or more.
    """
    try:
        found = [_removed(step)] if step.action is Action.VOID else await _given_back(books, step, reply)
        of = await _whole(books, step) if found else None
    except LeaseLost:
        raise
    except TransportError as error:
        return Uncertain(f"{step.action.value} of a refund by Zoho's word, not yet seen: {error.sentence}")
    if len(found) != 1:
        return Uncertain(f"Zoho shows {len(found)} refunds under our reference")
    one = found[0]
    if abs(one.amount) != abs(step.total):
        return Uncertain("Zoho shows the refund with another amount")
    raw, party = reply.answer.body if reply else b"", party_of(of) if of is not None else None
    also = ((_entity(step), of),) if of is not None else ()
    return Done(one.id, replace(one, party=party or one.party), raw, also)


async def _given_back(books: Books, step: Step, reply: Reply | None) -> list[Payment]:
    """The refunds under the step's reference: as the answer shows them, else as the list does."""
    shown = [one for one in _shown(reply, step) if one.reference == step.reference] if reply else []
    return shown or [one for one in await find_refunds(books, step) if isinstance(one, Payment)]


async def find_refunds(books: Books, step: Step) -> Sequence[Document]:
    """Refunds of the step's credit or payment; for a removal, shown as gone if it is not there. Raises as ``Books.get``."""
    plural = _REFUNDS[_entity(step)][0]
    path = f"{RESOURCES[_entity(step)].path}/{json_fields.text(body_of(step), 'id')}/refunds"
    found: list[Payment] = []
    number, more = 1, True
    while more:
        try:
            reply = await books.page(path, number)
        except Refusal as refusal:
            if not refusal.absent:
                raise
            return [_removed(step)] if step.action is Action.VOID else []
        found += [_refund(json_fields.decode(raw), step, reply) for raw in reply.rows(plural)]
        more, number = reply.more(), number + 1
    if step.action is Action.VOID:
        there = [one for one in found if one.id == step.target_id]
        return there or [_removed(step)]
    return [one for one in found if one.reference == step.reference]


def _shown(reply: Reply, step: Step) -> list[Payment]:
    """The refunds in an answer to one; the published pages show a list where others show an object, under either key."""
    plural, singular, *_ = _REFUNDS[_entity(step)]
    part = reply.raw(singular) or reply.raw(plural)
    shown = json_fields.decode(part) if part else []
    rows = shown if isinstance(shown, list) else [shown]
    return [_refund(fields, step, reply) for fields in rows if isinstance(fields, dict)]


def _refund(fields: Fields, step: Step, reply: Reply) -> Payment:
    key = _REFUNDS[_entity(step)][2]
    try:
        return translate_sales.refund(fields, _given(step), Ref(step.party_id), key)
    except Unreadable as error:
        raise Incomplete(reply.answer.status, f"a refund that can be understood ({error})") from error


def _removed(step: Step) -> Payment:
    return Payment(
        step.target_id, Ref(step.party_id), -abs(step.total), kind=PaymentKind.REFUND, date=step.date,
        refunds=_given(step), reference=step.reference, active=False, state="deleted",
    )  # fmt: skip


def _given(step: Step) -> Ref:
    """What the step's refund gives back."""
    return Ref(json_fields.text(body_of(step), "id"), _REFUNDS[_entity(step)][-1])
