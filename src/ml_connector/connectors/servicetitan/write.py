"""Writing to ServiceTitan: bills are marked as exported. Vendors would have their place beside this, in the same way.

A step's body is what is sent, byte for byte; its one key says which of the vendor's two calls takes it. Marking is
idempotent in meaning (a bill marked twice is marked), and every id gets an answer of its own inside a 200.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.documents import Bill, Document, LineKind, Ref
from ml_connector.canonical.money import ZERO, total
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


@dataclass(frozen=True, slots=True)
class Mark:
    """One of the two calls that mark bills: its path, the key of its ids, the key of an id in its answer, its right."""

    path: str
    ids: str
    id: str
    scope: str


INVENTORY = Mark("inventory-bills/markasexported", "inventoryBillIds", "inventoryBillId", "tn.acc.inventorybills:w")
AP = Mark("ap-bills/markasexported", "billIds", "billId", "tn.acc.apbills:w")


def compose(action: Action, documents: Sequence[Document]) -> Composed:
    """The body that marks bills of one kind (see ``mark_of``) as exported; its total is theirs. Raises Refused."""
    bills = [one for one in documents if isinstance(one, Bill)]
    if action is not Action.MARK_EXPORTED or len(bills) != len(documents) or not bills:
        raise Refused("ServiceTitan's API takes no bills from outside: it can only mark its own as exported.")
    marks = {mark_of(one) for one in bills}
    if len(marks) > 1:
        raise Refused("Bills with and without a purchase order are marked as exported by two separate calls.")
    ids = sorted(int(one.id) for one in bills)
    return Composed(msgspec.json.encode({marks.pop().ids: ids}), total(one.total for one in bills))


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


def target(step: Step) -> tuple[Mark, tuple[str, ...]]:
    """The call and the ids of a step's body. Raises Refused when the body is none of ours."""
    body = msgspec.json.decode(step.body, type=dict[str, list[int]])
    for mark in (INVENTORY, AP):
        if body.keys() == {mark.ids} and body[mark.ids]:
            return mark, tuple(map(str, body[mark.ids]))
    raise Refused("The step names no bills to mark as exported.")


async def write(session: Session, step: Step) -> Outcome:
    """Mark the step's bills. Done names those that succeeded in ``target_id``, comma-separated, also if not all did;

    ``raw`` has the answer for each (see ``marked``). Raises LeaseLost, and Refused for a step that is none of ours.
    """
    if step.action not in WRITABLE.get(step.entity, ()):
        raise Refused(f"ServiceTitan takes no {step.action} of {step.entity}.")
    mark, ids = target(step)
    client = Client(session)
    request = Request("POST", client.path("accounting", mark.path), body=step.body)
    try:
        answer = await session.send(request)
    except (LeaseLost, ForbiddenAddress):
        raise
    except (Throttled, BudgetEmpty) as error:
        return Later(error.sentence, error.retry_after)
    except (NotSent, Reconnect) as error:
        return Later(error.sentence)
    except AnswerLost as error:
        return Uncertain(error.sentence)
    if answer.status != 200:
        return write_outcome(answer, what=mark.path, tenant=client.tenant, scope=mark.scope)
    return _read_answer(answer, mark, ids)


def _read_answer(answer: Answer, mark: Mark, ids: tuple[str, ...]) -> Outcome:
    try:
        said = marked(answer.body, mark)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Uncertain(f"ServiceTitan answered {mark.path} with 200 and not as documented: {error}.")
    done = [one for one in ids if said.get(one) == ""]
    failed = [f"{one}: {said[one]}" for one in ids if said.get(one)]
    if done:
        return Done(",".join(done), _shown(done), answer.body)
    if failed:
        sentence = f"ServiceTitan did not mark as exported {'; '.join(failed)}."
        return Rejected("200", sentence, "Look at the bill in ServiceTitan and replay.", raw=answer.body)
    return Uncertain(f"ServiceTitan's answer to {mark.path} names none of the bills.")


def _shown(done: Sequence[str]) -> Bill:
    """What the answer proves of the bills: exported, nothing else."""
    return Bill(id=",".join(done), vendor=Ref(), total=ZERO, exported=True, complete=False)


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Those of the step's bills that ServiceTitan now shows as exported. Raises transport.errors."""
    _, ids = target(step)
    reading = Reading("bills", ids=ids)
    documents = [row.document async for page in read.read(session, reading) for row in page.rows]
    return [found for found in documents if isinstance(found, Bill) and found.exported]
