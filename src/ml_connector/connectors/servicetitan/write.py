"""Writing to ServiceTitan: bills are marked as exported. Vendors would have their place beside this, in the same way.

A step names one bill; its body's one key says which of the vendor's two calls takes it. Steps share a call. Marking is
idempotent in meaning (a bill marked twice is marked), and every id gets an answer of its own inside a 200.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.documents import Bill, Document, LineKind, Ref
from ml_connector.canonical.money import ZERO
from ml_connector.connectors.base import (
    Action,
    Composed,
    Done,
    Later,
    Outcome,
    Reading,
    Rejected,
    Session,
    Step,
    Uncertain,
)
from ml_connector.connectors.servicetitan import read
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.errors import write_outcome
from ml_connector.errors import Refused
from ml_connector.transport.errors import (
    AnswerLost,
    BudgetEmpty,
    ForbiddenAddress,
    LeaseLost,
    NotSent,
    Reconnect,
    Throttled,
)
from ml_connector.transport.messages import Answer, Request

WRITABLE: Mapping[str, frozenset[Action]] = {"bills": frozenset([Action.MARK_EXPORTED])}
# The API names no maximum; this keeps one call well inside the vendor's 100 seconds.
BATCHES = {("bills", Action.MARK_EXPORTED): 50}


@dataclass(frozen=True, slots=True)
class Mark:
    """One of the two calls that mark bills: its path, the key of its ids, the key of an id in its answer, its right."""

    path: str
    ids: str
    id: str
    scope: str


INVENTORY = Mark("inventory-bills/markasexported", "inventoryBillIds", "inventoryBillId", "tn.acc.inventorybills:w")
AP = Mark("ap-bills/markasexported", "billIds", "billId", "tn.acc.apbills:w")


def compose(action: Action, document: Document) -> Composed:
    """The body that marks one bill as exported; its total is the bill's. Raises Refused for anything else."""
    if action is not Action.MARK_EXPORTED or not isinstance(document, Bill):
        raise Refused("ServiceTitan's API takes no bills from outside: it can only mark its own as exported.")
    return Composed(msgspec.json.encode({mark_of(document).ids: [int(document.id)]}), document.total)


def mark_of(bill: Bill) -> Mark:
    """Which call marks this bill: a bill with expense lines or without a purchase order is an AP bill only."""
    expenses = any(line.kind is LineKind.EXPENSE for line in bill.lines)
    return AP if expenses or not bill.purchase_order.id else INVENTORY


def marked(raw: bytes, mark: Mark) -> Mapping[str, str]:
    """A call's answer by bill id: empty for success, else the vendor's words. Raises msgspec.DecodeError."""
    answers = msgspec.json.decode(raw, type=list[_Marked])
    said: dict[str, str] = {}
    for one in answers:
        id = one.inventory_bill_id if mark is INVENTORY else one.bill_id
        said[str(id)] = "" if one.success else (one.error_message or "no reason given")
    return said


class _Marked(msgspec.Struct, rename="camel"):
    success: bool
    inventory_bill_id: int | None = None
    bill_id: int | None = None
    error_message: str | None = None


def target(step: Step) -> tuple[Mark, str]:
    """The call and the bill of a step. Raises Refused when the step is none of ours."""
    if step.action not in WRITABLE.get(step.entity, ()):
        raise Refused(f"ServiceTitan takes no {step.action} of {step.entity}.")
    body = msgspec.json.decode(step.body, type=dict[str, list[int]])
    for mark in (INVENTORY, AP):
        if body.keys() == {mark.ids} and len(body[mark.ids]) == 1:
            return mark, str(body[mark.ids][0])
    raise Refused("The step does not name one bill to mark as exported.")


async def write(session: Session, step: Step) -> Outcome:
    """Mark the step's bill. Raises LeaseLost, and Refused for a step that is none of ours."""
    return (await write_batch(session, [step]))[0]


async def write_batch(session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
    """Mark the steps' bills, one call for each of the two kinds; every bill gets the answer that names it."""
    targets = [target(step) for step in steps]
    outcomes: dict[str, Outcome] = {}
    for mark in (INVENTORY, AP):
        ids = [one for of, one in targets if of is mark]
        if ids:
            outcomes |= await _mark(session, mark, ids)
    return [outcomes[one] for _, one in targets]


async def _mark(session: Session, mark: Mark, ids: Sequence[str]) -> dict[str, Outcome]:
    client = Client(session)
    body = msgspec.json.encode({mark.ids: sorted(map(int, ids))})
    outcome: Outcome
    try:
        answer = await session.send(Request("POST", client.path("accounting", mark.path), body=body))
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty) as error:
        outcome = Later(error.sentence, error.retry_after)
    except (NotSent, Reconnect) as error:
        outcome = Later(error.sentence)
    except AnswerLost as error:
        outcome = Uncertain(error.sentence)
    else:
        if answer.status == 200:
            return _read_answer(answer, mark, ids)
        outcome = write_outcome(answer, what=mark.path, tenant=client.tenant, scope=mark.scope)
    return dict.fromkeys(ids, outcome)


def _read_answer(answer: Answer, mark: Mark, ids: Sequence[str]) -> dict[str, Outcome]:
    try:
        said = marked(answer.body, mark)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        why = f"ServiceTitan answered {mark.path} with 200 and not as documented: {error}."
        return dict.fromkeys(ids, Uncertain(why))
    return {one: _said(one, said.get(one), mark, answer.body) for one in ids}


def _said(bill_id: str, words: str | None, mark: Mark, raw: bytes) -> Outcome:
    if words is None:
        return Uncertain(f"ServiceTitan's answer to {mark.path} does not name bill {bill_id}.")
    if words:
        sentence = f"ServiceTitan did not mark bill {bill_id} as exported: {words}."
        return Rejected("200", sentence, "Look at the bill in ServiceTitan and replay.", raw=raw)
    return Done(bill_id, _shown(bill_id), raw)


def _shown(bill_id: str) -> Bill:
    """What the answer proves of the bill: exported, nothing else."""
    return Bill(id=bill_id, vendor=Ref(), total=ZERO, exported=True, complete=False)


async def find(session: Session, step: Step) -> Sequence[Document]:
    """The step's bill, if ServiceTitan shows it as exported now. Raises transport.errors."""
    _, bill_id = target(step)
    reading = Reading("bills", ids=(bill_id,))
    documents = [row.document async for page in read.read(session, reading) for row in page.rows]
    return [found for found in documents if isinstance(found, Bill) and found.exported and found.id == bill_id]
