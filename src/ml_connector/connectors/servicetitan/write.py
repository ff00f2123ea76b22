"""Writing to ServiceTitan: what it has is marked as exported, customers and vendors are kept, and payments and journal

entries made from the ledger's, where the account's API offers it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Expense
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicetitan import (
    compose_money,
    compose_parties,
    marks,
    write_customers,
    write_journal,
    write_payments,
    write_vendors,
)
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.writing import STATUS_REFUSED, Action, Composed, Outcome, Rejected, Step
from ml_connector.errors import Acts, Refused

_KEPT = frozenset([Action.CREATE, Action.UPDATE, Action.SET_STATUS])
_MADE = frozenset([Action.CREATE])
WRITABLE: Mapping[str, frozenset[Action]] = {
    **marks.ENTITIES,
    "customers": _KEPT,
    "vendors": _KEPT,
    "payments": marks.ENTITIES["payments"] | _MADE,
    "journal_entries": _MADE,
}
BATCHES = {(entity, Action.MARK_EXPORTED): marks.A_CALL for entity in marks.ENTITIES}
RIGHTS = frozenset(
    [
        *(mark.scope for mark in marks.MARKS), write_customers.RIGHT, write_vendors.RIGHT, write_payments.RIGHT,
        write_journal.RIGHT,
    ]
)  # fmt: skip
_WRITING = {
    "customers": write_customers.write, "vendors": write_vendors.write, "payments": write_payments.write,
    "journal_entries": write_journal.write,
}  # fmt: skip
_FINDING = {
    "customers": write_customers.find, "vendors": write_vendors.find, "payments": write_payments.find,
    "journal_entries": write_journal.find,
}  # fmt: skip


def compose(action: Action, document: Document, reference: str, settings: Mapping[str, str]) -> Composed:
    """The body of a step. Raises Refused for what the API does not take, BadInput for what it cannot take as it is."""
    if action is Action.MARK_EXPORTED:
        return marks.compose(document, reference)
    if isinstance(document, Party):
        return compose_parties.compose(action, document, reference, Settings.of(settings))
    if action is Action.CREATE and isinstance(document, Payment):
        return compose_money.payment(document, reference, Settings.of(settings))
    if action is Action.CREATE and isinstance(document, Expense):
        return compose_money.journal_entry(document, reference, Settings.of(settings))
    raise Refused("ServiceTitan's API takes no bills or invoices from outside: it can only mark its own as exported.")


async def write(session: Session, step: Step) -> Outcome:
    """Send one step. Raises LeaseLost, and Refused for a step that is none of ours."""
    return (await write_batch(session, [step]))[0]


async def write_batch(session: Session, steps: Sequence[Step]) -> Sequence[Outcome]:
    """Send steps of one entity and action: marks together, all else one after the other."""
    for step in steps:
        _offered(step)
    if all(step.action is Action.MARK_EXPORTED for step in steps):
        return await marks.write_batch(session, steps)
    return [await _keep(session, step) for step in steps]


async def _keep(session: Session, step: Step) -> Outcome:
    outcome = await _WRITING[step.entity](session, step)
    if step.action is Action.SET_STATUS and isinstance(outcome, Rejected) and outcome.acts is Acts.BOOKKEEPER:
        return replace(outcome, reason=STATUS_REFUSED)
    return outcome


async def find(session: Session, step: Step) -> Sequence[Document]:
    """Documents that may be the step's result. Raises transport.errors, and Refused for a step that is none of ours."""
    _offered(step)
    if step.action is Action.MARK_EXPORTED:
        return await marks.find(session, step)
    return await _FINDING[step.entity](session, step)


def is_ours(document: Document) -> bool:
    """Whether ServiceTitan may show our doing in the document.

    A mark bears no name: whoever set it, a document shown as exported is what the step wanted. A customer or vendor
    bears our reference; where no application GUID is set there is none, and one with the name and the address of what
    was to be created (``find`` shows no other) is taken for it rather than made a second time. A payment has it in its
    memo, a journal entry as its name.
    """
    known = getattr(document, "reference", "") or getattr(document, "exported", False)
    return isinstance(document, Party) or bool(known)


def _offered(step: Step) -> None:
    if step.action not in WRITABLE.get(step.entity, ()):
        raise Refused(f"ServiceTitan takes no {step.action} of {step.entity}.")
