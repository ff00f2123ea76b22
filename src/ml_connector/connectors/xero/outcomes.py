"""What an answer to a write proves of each step.

Elements are matched by id or number, never by their place. An element without errors whose id is not zero is done, if it
shows what was to be; one with errors is refused, and nothing of it was kept; everything else is looked up.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import PurchaseOrder
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Fields, Unreadable
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Rejected, Step, Uncertain
from ml_connector.connectors.xero import translate_documents, values
from ml_connector.connectors.xero.client import Reply, lacking, parse
from ml_connector.connectors.xero.errors import messages_of, rejected, told
from ml_connector.connectors.xero.limits import throttle
from ml_connector.connectors.xero.requests import ADVANCES, body_of, plural_of
from ml_connector.connectors.xero.resources import RESOURCES, Settings, fields_of, row_of
from ml_connector.errors import Acts
from ml_connector.transport.errors import NotJson
from ml_connector.transport.messages import Answer

RECONNECT_WAIT = 3600.0  # a person has to act; nothing is gained by asking sooner
_GONE = frozenset(["VOIDED", "DELETED"])
_PAID_FOR = (("Invoice", "InvoiceID"), *((key, id_name) for _, key, id_name in translate_documents.REFUNDS.values()))


def outcomes(steps: Sequence[Step], answer: Answer, path: str, settings: Settings) -> list[Outcome]:
    """An outcome for each step, in order."""
    alike = refused(answer, path)
    if alike is not None:
        return [alike] * len(steps)
    try:
        if 200 <= answer.status < 300:
            rows = [(raw, fields_of(raw)) for raw in parse(answer).rows(plural_of(steps[0]))]
            return [_one(step, _matching(steps, step, rows), settings) for step in steps]
        return _refusals(steps, parse(answer))
    except NotJson as error:
        return [Uncertain(error.sentence)] * len(steps)


def refused(answer: Answer, path: str) -> Outcome | None:
    """What the status alone says, of all steps alike; None where the body must tell."""
    wait = throttle(answer)
    if wait is not None:
        return Later("Xero takes no more calls for now: its limit is used up", wait)
    if answer.status in (401, 403):
        return Later(lacking(path, answer), RECONNECT_WAIT, forbidden=True)
    if answer.status >= 500:
        return Uncertain(f"Xero answered {answer.status}; it may have been done")
    if answer.status == 404:
        said = [told(answer.body) or "the document it changes could not be found"]
        return rejected("404", said, answer.body)
    if answer.status == 413:
        return Rejected(
            "413", "Xero refused it as too large.", "Shorten it at the source.", "too_long", raw=answer.body
        )
    return None


def _refusals(steps: Sequence[Step], reply: Reply) -> list[Outcome]:
    """A refused call. Where Xero shows the refused elements, those it does not show may have been kept."""
    code, raw = _code(reply), reply.answer.body
    shown = [fields_of(one) for one in reply.rows("Elements")] if "Elements" in reply.parts else []
    said = told(raw)
    if "idempotency key" in said.lower():
        return [Uncertain(f"Xero answered: {said}")] * len(steps)
    if shown and len(steps) == 1:
        return [rejected(code, messages_of(shown) or [said], raw)]
    if shown:
        return [_listed(step, [one for one in shown if _is(step, one)], code, raw) for step in steps]
    if messages_of(dict(fields_of(raw))):
        return [rejected(code, messages_of(fields_of(raw)), raw)] * len(steps)
    action = "Report this to support, with what Xero says."
    outcome = Rejected(code, f"Xero refused the call: {said or 'no reason given'}.", action, "defect", Acts.US, raw)
    return [outcome] * len(steps)


def _listed(step: Step, shown: Sequence[Fields], code: str, raw: bytes) -> Outcome:
    if not shown:
        return Uncertain("Xero refused others of the same call and does not say what became of this one")
    return rejected(code, messages_of(list(shown)), raw)


def _code(reply: Reply) -> str:
    return json_fields.text(fields_of(reply.answer.body), "ErrorNumber") or str(reply.answer.status)


_Row = tuple[bytes, dict[str, Any]]


def _matching(steps: Sequence[Step], step: Step, rows: Sequence[_Row]) -> list[_Row]:
    """The elements that speak of a step. Where one was sent and one came back, that is it, whatever it shows."""
    if len(steps) == 1 and len(rows) == 1:
        return list(rows)
    return [row for row in rows if _is(step, row[1])]


def _is(step: Step, shown: Fields) -> bool:
    """Whether an element is a step's, by its id, else by what was sent to tell it by."""
    body, resource = body_of(step), RESOURCES[step.entity]
    if step.action is not Action.CREATE:
        return json_fields.text(shown, resource.id_key) == step.target_id
    if step.entity == "payments":
        return _same_payment(body, shown)
    if step.entity in ADVANCES:
        contacts = [json_fields.text(json_fields.child(one, "Contact"), "ContactID") for one in (body, shown)]
        marks = [translate_documents.advance_reference(one)[1] for one in (body, shown)]
        return contacts[0] == contacts[1] and marks[0] == marks[1]
    if body.get(resource.number_key):
        return _equal(body, shown, resource.number_key)
    return step.entity == "parties" and _equal(body, shown, "Name")


def _same_payment(body: Fields, shown: Fields) -> bool:
    """Payments have no number: what they pay, the amount and the reference tell them."""
    paid = [
        next((id_ for key, name in _PAID_FOR if (id_ := values.id_of(json_fields.child(one, key), name))), "")
        for one in (body, shown)
    ]
    try:
        amounts = [json_fields.amount(one, "Amount") for one in (body, shown)]
    except Unreadable:
        return False
    return paid[0] == paid[1] and amounts[0] == amounts[1] and _equal(body, shown, "Reference")


def _equal(body: Fields, shown: Fields, name: str) -> bool:
    return json_fields.text(body, name) == json_fields.text(shown, name)


def _one(step: Step, found: Sequence[_Row], settings: Settings) -> Outcome:
    if len(found) != 1:
        how = "does not name" if not found else "names more than once"
        return Uncertain(f"Xero's answer {how} {step.number or step.target_id or step.reference}")
    raw, shown = found[0]
    failed = failure(shown, raw)
    return failed if failed is not None else _proven(step, raw, shown, settings)


def failure(shown: Fields, raw: bytes) -> Outcome | None:
    """What an element says against itself; None for one without errors."""
    status = json_fields.text(shown, "StatusAttributeString").upper()
    said = messages_of(shown)
    if status == "ERROR" or (not status and (said or _flagged(shown))):
        return rejected(status or "ERROR", said, raw)
    if said:  # "OK" and errors in one element: seen in published samples only
        return Uncertain(f"Xero's answer contradicts itself: {status} and {'; '.join(said)}")
    return None


def _flagged(shown: Fields) -> bool:
    return shown.get("HasErrors") is True or shown.get("HasValidationErrors") is True


def _proven(step: Step, raw: bytes, shown: Fields, settings: Settings) -> Outcome:
    resource = RESOURCES[step.entity]
    if not values.id_of(shown, resource.id_key):
        return Uncertain(f"Xero shows no id for {step.number or step.reference}")
    if step.action is Action.VOID and json_fields.text(shown, "Status") not in _GONE:
        return Uncertain(
            f"Xero shows {step.target_id} as {json_fields.text(shown, 'Status') or 'nothing'} after its removal"
        )
    kept = json_fields.encode(values.as_kept(shown))
    if step.entity in ADVANCES:
        try:
            document: Document = translate_documents.bank_transaction(shown, _kind(step))
        except Unreadable as error:
            return Uncertain(f"Xero's answer cannot be understood: {error}")
    else:
        row = row_of(resource, raw, settings)
        if row is None or row.document is None:
            return Uncertain(row.problem if row else f"Xero shows something else than {step.entity}")
        document = row.document
    if difference := differs(step, document):
        return Uncertain(f"Xero shows {document.id} with {difference}")
    return Done(document.id, document, kept)


def _kind(step: Step) -> PaymentKind:
    return PaymentKind.OVERPAYMENT if step.entity == "overpayments" else PaymentKind.PREPAYMENT


def differs(step: Step, document: Document) -> str:
    """What the target shows otherwise than the step; empty when it shows the same, or was to be removed."""
    pairs = [("id", document.id, step.target_id)]
    if step.action is not Action.VOID:
        pairs += _pairs(step, document)
    shown = getattr(document, "reference", "")
    if shown and step.action is Action.CREATE:
        pairs.append(("reference", shown, step.reference))
    return next(
        (f"{what} {shown!r} in place of {wanted!r}" for what, shown, wanted in pairs if wanted and shown != wanted), ""
    )


def _pairs(step: Step, document: Document) -> list[tuple[str, str, str]]:
    match document:
        case Party():
            archived = "no" if json_fields.text(body_of(step), "ContactStatus") == "ARCHIVED" else ""
            active = "yes" if document.active else "no"
            return [("name", document.name, json_fields.text(body_of(step), "Name")), ("active", active, archived)]
        case Payment():
            party = document.party.id or step.party_id  # lists show a payment's invoice as a stub
            return [
                ("party", party, step.party_id),
                ("amount", _money(document.amount), _money(step.total)),
                ("date", str(document.date or ""), str(step.date or "")),
            ]
        case Invoice() | PurchaseOrder():
            contact = document.customer if isinstance(document, Invoice) else document.vendor
            return [
                ("party", contact.id, step.party_id),
                ("number", document.number, step.number),
                ("date", str(document.date or ""), str(step.date or "")),
                ("total", _money(document.total), _money(step.total)),
                ("currency", document.currency, step.currency),
            ]
        case _:
            return [("kind", type(document).__name__, "a document")]


def _money(amount: Any) -> str:
    """An amount's size in one spelling; a step that names none wants none."""
    return format(abs(amount).normalize(), "f") if amount else ""
