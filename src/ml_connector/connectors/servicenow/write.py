"""Writing: what lies there is looked at for all steps together, then the missing rows are sent, heads before the rest.

Nothing that was taken in is sent again. Where the transform maps coalesce and a bill is updated, the rows that say something
else than what was taken in last under their keys go once more. What was sent is read back before it counts as done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ml_connector.connectors.base import Session
from ml_connector.connectors.servicenow import documents, refused_rows
from ml_connector.connectors.servicenow.rows import HEADS, StagedRow
from ml_connector.connectors.servicenow.send import PERSON_WAIT, Result, Taken, failure, send, together
from ml_connector.connectors.servicenow.standing import Standing, standing
from ml_connector.connectors.writing import Action, Later, Outcome, Rejected, Step, Uncertain
from ml_connector.errors import BadInput
from ml_connector.transport.errors import ForbiddenAddress, LeaseLost, TransportError

WRITABLE: Mapping[str, frozenset[Action]] = {
    "bills": frozenset([Action.CREATE, Action.UPDATE]),
    "vendor_payments": frozenset([Action.CREATE]),
    "dimensions": frozenset([Action.CREATE]),
    "parties": frozenset([Action.CREATE]),
}
BATCHES: Mapping[tuple[str, Action], int] = MappingProxyType(
    {
        ("bills", Action.CREATE): 25,
        ("vendor_payments", Action.CREATE): 50,
        ("dimensions", Action.CREATE): 50,
        ("parties", Action.CREATE): 25,
    }
)
# An invoice has lines, a supplier contacts; a payment detail is one row of a payment of several bills.
COMPLETES: Mapping[str, bool] = MappingProxyType({"bills": True, "parties": True, "vendor_payments": False})
_READ_WAIT = 60.0  # seconds after a look-up that must come first and failed


async def write(session: Session, step: Step) -> Outcome:
    """Send one step's missing rows. Raises LeaseLost, and BadInput for an action this connector does not offer."""
    return (await write_batch(session, [step]))[0]


async def write_batch(session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
    """Send the missing rows of steps of one entity and action, in as few calls as the instance takes."""
    _offered(session, steps)
    try:
        before = await standing(session, steps)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        return [_not_looked(error)] * len(steps)
    outcomes: dict[int, Outcome] = {}
    to_send: dict[int, tuple[StagedRow, ...]] = {}
    for n, one in enumerate(before):
        settled = _settled(one)
        if settled is not None:
            outcomes[n] = settled
        elif one.missing:
            to_send[n] = one.missing
    sent = await _sent(session, to_send)
    outcomes |= {n: outcome for n, results in sent.items() if (outcome := together(results)) is not None}
    proved = await _proved(session, before, outcomes, sent)
    return [documents.warned(outcome, _warnings(sent.get(n, ()))) for n, outcome in enumerate(proved)]


def _offered(session: Session, steps: Sequence[Step]) -> None:
    """Raises BadInput."""
    for step in steps:
        if step.action not in WRITABLE.get(step.entity, frozenset()):
            raise BadInput(f"ServiceNow offers no {step.action.value} of {step.entity}.")
        if step.action is Action.UPDATE and session.settings.get("coalesces", "no") != "yes":
            raise BadInput(
                "The setting coalesces says no, so an edited bill would become a second invoice: change it there."
            )


def _settled(one: Standing) -> Outcome | None:
    """What the look-up alone decides, so that nothing is sent."""
    if one.waiting:
        return Uncertain(documents.waiting(one))
    if one.foreign:
        return Rejected(
            "duplicate",
            f"ServiceNow has an invoice under the number {one.body.number}, and it is of another record ({one.foreign}).",
            "Compare the two; link them if they are the same, else give this connection an external source of its own.",
            "duplicate_number",
        )
    if one.otherwise:
        return Rejected(
            "taken otherwise",
            f"Before another row was refused, ServiceNow took in {one.otherwise}. Nothing was sent.",
            "Have the document there corrected to what the source says and link the two, or undo the change at the source "
            "and replay the record.",
            "taken_otherwise",
        )
    return None


def _not_looked(error: TransportError) -> Later:
    """Nothing was sent: the look-up that must come first failed."""
    found = failure(error)
    if isinstance(found, Later):
        return found
    wait = PERSON_WAIT if isinstance(found, Rejected) else _READ_WAIT
    return Later(f"What lies at ServiceNow already could not be looked up, so nothing was sent. {error.sentence}", wait)


def _warnings(results: Sequence[Result]) -> str:
    """What transform maps said of rows that they took, such as terms that they did not find."""
    return "; ".join(dict.fromkeys(one.note for one in results if isinstance(one, Taken) and one.note))


async def _sent(session: Session, to_send: Mapping[int, tuple[StagedRow, ...]]) -> dict[int, list[Result]]:
    """Send heads of all steps, then the rest of those whose head was taken; the results of each step's rows."""
    heads = [(n, row) for n, rows in to_send.items() for row in rows if row.kind in HEADS]
    found: dict[int, list[Result]] = {n: [] for n in to_send}
    for (n, _), result in zip(heads, await _send(session, [row for _, row in heads]), strict=True):
        found[n].append(result)
    rest = [
        (n, row) for n, rows in to_send.items() for row in rows
        if row.kind not in HEADS and together(found[n]) is None
    ]  # fmt: skip
    for (n, _), result in zip(rest, await _send(session, [row for _, row in rest]), strict=True):
        found[n].append(result)
    return found


async def _send(session: Session, rows: Sequence[StagedRow]) -> list[Result]:
    return await refused_rows.explained(session, rows, await send(session, rows))


async def _proved(
    session: Session, before: Sequence[Standing], outcomes: Mapping[int, Outcome], sent: Mapping[int, Sequence[Result]]
) -> list[Outcome]:  # fmt: skip
    """What was taken in, read back with what became of its references; what lay there whole needs no second look."""
    unread = [n for n in range(len(before)) if n in sent and n not in outcomes]
    after = dict(enumerate(before))
    if unread:
        try:
            found = await standing(session, [before[n].step for n in unread], _lines(sent, unread))
        except LeaseLost:
            raise
        except TransportError as error:
            lost = Uncertain(f"taken in by ServiceNow's word, not yet seen: {error.sentence}")
            return [
                outcomes.get(n, lost) if n in unread or n in outcomes else _done(one, session)
                for n, one in after.items()
            ]
        after |= dict(zip(unread, found, strict=True))
    return [outcomes[n] if n in outcomes else _done(one, session) for n, one in sorted(after.items())]


def _lines(sent: Mapping[int, Sequence[Result]], unread: Sequence[int]) -> list[str]:
    """Ids of the invoice lines that were made of the rows just sent."""
    results = [one for n in unread for one in sent[n]]
    return [one.target for one in results if isinstance(one, Taken) and one.kind == "line"]


def _done(one: Standing, session: Session) -> Outcome:
    """Done with the record, if all of it can be seen."""
    return documents.done(one, session.settings)
