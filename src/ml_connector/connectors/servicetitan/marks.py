"""Marking bills, AP credits, invoices, credit memos and payments as exported.

A step names one document; its body is the call for that one alone, and steps share a call. Marking is idempotent in
meaning (a document marked twice is marked). All but payments get an answer of their own for every id inside a 200;
payments get an empty 200, so they are read again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, LineKind
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import payloads_sales, read, resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.sending import read_after, sent
from ml_connector.connectors.servicetitan.translate import understood
from ml_connector.connectors.servicetitan.translate_credits import KIND
from ml_connector.connectors.servicetitan.translate_payments import payment
from ml_connector.connectors.writing import Action, Composed, Done, Outcome, Rejected, Step, Uncertain
from ml_connector.errors import Refused
from ml_connector.transport.messages import Answer, Request

# The API names no maximum; this keeps one call well inside the vendor's 100 seconds.
A_CALL = 50
_EXPORTED = "Exported"


@dataclass(frozen=True, slots=True)
class Mark:
    """One of the calls that mark documents: its path, the right it needs, and what it marks.

    ``ids``: the key of the ids in its body, empty where the body is an array of ``{id: ...}``. ``id``: the key of an id
    in its answer, empty where the answer is.
    """

    entity: str
    noun: str
    path: str
    scope: str
    ids: str = ""
    id: str = ""


INVENTORY = Mark(
    "bills", "bill", "inventory-bills/markasexported", "tn.acc.inventorybills:w", "inventoryBillIds", "inventoryBillId"
)
AP = Mark("bills", "bill", "ap-bills/markasexported", "tn.acc.apbills:w", "billIds", "billId")
INVOICES = Mark("invoices", "invoice", "invoices/markasexported", "tn.acc.invoices:w", id="invoiceId")
MEMOS = Mark("credit_memos", "credit memo", "credit-memos/markasexported", "tn.acc.creditmemos:w", id="creditMemoId")
CREDITS = Mark("ap_credits", "AP credit", "ap-credits/markasexported", "tn.acc.apcredits:w", id="apCreditId")
PAYMENTS = Mark("payments", "payment", "payments/status", "tn.acc.payments:w", "paymentIds")
MARKS = (INVENTORY, AP, INVOICES, MEMOS, CREDITS, PAYMENTS)


def compose(document: Document, reference: str) -> Composed:
    """The body that marks one document as exported; its total is the document's. Raises Refused for anything else.

    An invoice or credit memo takes our reference along; where ServiceTitan shows it again is not published.
    """
    match document:
        case Bill() if document.source_kind == KIND:
            return Composed(msgspec.json.encode([{CREDITS.id: int(document.id)}]), document.total)
        case Bill():
            return Composed(msgspec.json.encode({mark_of(document).ids: [int(document.id)]}), document.total)
        case Invoice():
            known = {"externalId": reference} if reference else {}
            mark = MEMOS if document.kind == "credit note" else INVOICES
            return Composed(msgspec.json.encode([{mark.id: int(document.id), **known}]), document.total)
        case Payment():
            return Composed(msgspec.json.encode(_payments([int(document.id)])), document.amount)
    raise Refused(
        "ServiceTitan marks bills, AP credits, invoices, credit memos and payments as exported, and nothing else."
    )


def mark_of(bill: Bill) -> Mark:
    """Which call marks this bill: a bill with expense lines or without a purchase order is an AP bill only."""
    expenses = any(line.kind is LineKind.EXPENSE for line in bill.lines)
    return AP if expenses or not bill.purchase_order.id else INVENTORY


def _payments(ids: Sequence[int]) -> dict[str, Any]:
    return {PAYMENTS.ids: list(ids), "status": _EXPORTED}


@dataclass(frozen=True, slots=True)
class Target:
    """What a step marks: the call, the document, and what its body says of the document."""

    mark: Mark
    id: str
    item: Any


def target(step: Step) -> Target:
    """The call and the document of a step. Raises Refused when the step is none of ours."""
    body = msgspec.json.decode(step.body)
    for mark in MARKS:
        items = _items(mark, body) if mark.entity == step.entity else []
        if len(items) == 1:
            return Target(mark, str(items[0][mark.id] if isinstance(items[0], dict) else items[0]), items[0])
    raise Refused("The step does not name one document to mark as exported.")


def _items(mark: Mark, body: Any) -> list[Any]:
    """What a body of this call names; nothing for the body of another call."""
    if not mark.ids:
        return [one for one in body if isinstance(one, dict) and mark.id in one] if isinstance(body, list) else []
    keys = {mark.ids, "status"} if mark is PAYMENTS else {mark.ids}
    return list(body[mark.ids]) if isinstance(body, dict) and body.keys() == keys else []


def _body(mark: Mark, targets: Sequence[Target]) -> bytes:
    ordered = sorted({one.id: one for one in targets}.values(), key=lambda one: int(one.id))
    items = [one.item for one in ordered]
    if not mark.ids:
        return msgspec.json.encode(items)
    return msgspec.json.encode(_payments(items) if mark is PAYMENTS else {mark.ids: items})


async def write_batch(session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
    """Mark the steps' documents, one call for each kind; every document gets the answer that names it.

    Raises LeaseLost, and Refused for a step that is none of ours.
    """
    targets = [target(step) for step in steps]
    outcomes: dict[tuple[str, str], Outcome] = {}
    for mark in MARKS:
        alike = [one for one in targets if one.mark is mark]
        if alike:
            found = await _mark(session, mark, alike)
            outcomes |= {(mark.path, id): outcome for id, outcome in found.items()}
    return [outcomes[one.mark.path, one.id] for one in targets]


async def _mark(session: Session, mark: Mark, targets: Sequence[Target]) -> dict[str, Outcome]:
    ids = [one.id for one in targets]
    request = Request("POST", Client(session).path("accounting", mark.path), body=_body(mark, targets))
    answer = await sent(session, request, what=mark.path, scope=mark.scope)
    if isinstance(answer, Rejected) and mark is PAYMENTS and len({*ids}) > 1:
        return await _one_by_one(session, mark, targets)
    if not isinstance(answer, Answer):
        return dict.fromkeys(ids, answer)
    return await _seen(session, ids, answer.body) if mark is PAYMENTS else _read_answer(answer, mark, ids)


async def _one_by_one(session: Session, mark: Mark, targets: Sequence[Target]) -> dict[str, Outcome]:
    """The whole call was refused, perhaps for one payment alone."""
    outcomes: dict[str, Outcome] = {}
    for one in targets:
        outcomes |= await _mark(session, mark, [one])
    return outcomes


async def _seen(session: Session, ids: Sequence[str], raw: bytes) -> dict[str, Outcome]:
    """What the payments show after an answer that says nothing."""
    raws = await read_after(Client(session).by_ids(resources.PAYMENTS, ids))
    if isinstance(raws, Uncertain):
        return dict.fromkeys(ids, raws)
    outcomes: dict[str, Outcome] = {}
    for text in raws:
        try:
            shown = payment(understood(text, payloads_sales.Payment))
        except (ValueError, ArithmeticError):
            continue
        if shown.exported:
            outcomes[shown.id] = Done(shown.id, shown, text)
    waiting = {one: Uncertain(f"ServiceTitan took the mark of payment {one} and does not show it yet.") for one in ids}
    return {**waiting, **outcomes}


class _Marked(msgspec.Struct, rename="camel"):
    success: bool
    inventory_bill_id: int | None = None
    bill_id: int | None = None
    invoice_id: int | None = None
    credit_memo_id: int | None = None
    ap_credit_id: int | None = None
    error_message: str | None = None


def marked(raw: bytes, mark: Mark) -> Mapping[str, str]:
    """A call's answer by id: empty for success, else the vendor's words. Raises msgspec.DecodeError."""
    said: dict[str, str] = {}
    for one in msgspec.json.decode(raw, type=list[_Marked]):
        ids = {
            INVENTORY.id: one.inventory_bill_id, AP.id: one.bill_id, INVOICES.id: one.invoice_id,
            MEMOS.id: one.credit_memo_id, CREDITS.id: one.ap_credit_id,
        }  # fmt: skip
        said[str(ids[mark.id])] = "" if one.success else (one.error_message or "no reason given")
    return said


def _read_answer(answer: Answer, mark: Mark, ids: Sequence[str]) -> dict[str, Outcome]:
    try:
        said = marked(answer.body, mark)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"ServiceTitan answered {mark.path} with 200 and not as documented: {error}."
        return dict.fromkeys(ids, Uncertain(why))
    return {one: _said(one, said.get(one), mark, answer.body) for one in ids}


def _said(id: str, words: str | None, mark: Mark, raw: bytes) -> Outcome:
    if words is None:
        return Uncertain(f"ServiceTitan's answer to {mark.path} does not name {mark.noun} {id}.")
    if words:
        sentence = f"ServiceTitan did not mark {mark.noun} {id} as exported: {words}."
        return Rejected("200", sentence, f"Look at the {mark.noun} in ServiceTitan and replay.", raw=raw)
    return Done(id, _shown(id, mark), raw)


def _shown(id: str, mark: Mark) -> Document:
    """What the answer proves of the document: exported, nothing else."""
    if mark in (INVOICES, MEMOS):
        kind = "credit note" if mark is MEMOS else "invoice"
        return Invoice(id=id, customer=Ref(), total=ZERO, kind=kind, exported=True, complete=False)
    kind = KIND if mark is CREDITS else "bill"
    return Bill(id=id, vendor=Ref(), total=ZERO, exported=True, complete=False, source_kind=kind)


async def find(session: Session, step: Step) -> Sequence[Document]:
    """The step's document, if ServiceTitan shows it as exported now. Raises transport.errors."""
    wanted = target(step)
    reading = Reading(step.entity, ids=(wanted.id,))
    rows = [row async for page in read.read(session, reading) for row in page.rows]
    return [
        row.document for row in rows
        if row.document is not None and row.id == wanted.id and getattr(row.document, "exported", False)
    ]  # fmt: skip


ENTITIES = {mark.entity: frozenset([Action.MARK_EXPORTED]) for mark in MARKS}
