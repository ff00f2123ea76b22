"""What lies at the instance of a step, as outcomes and documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import total
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.connectors import json_fields
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.servicenow import translate, values
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.servicenow.references import awaiting, refused
from ml_connector.connectors.servicenow.send import named, rejected
from ml_connector.connectors.servicenow.standing import Standing
from ml_connector.connectors.writing import Done, Later, Outcome, Rejected, Uncertain


def done(one: Standing, settings: Mapping[str, str]) -> Outcome:
    """Done with the record as it is there; Rejected where a reference was left blank, Uncertain where it is not seen."""
    if one.waiting:
        return Uncertain(waiting(one))
    if one.missing or not one.records:
        what = one.missing[0].name if one.missing else "the record"
        return Uncertain(f"ServiceNow took the rows, and {what} cannot be seen there yet")
    try:
        wrong = refused(profile_of(settings), one.step.entity, one.made)
        document = document_of(one, settings)
    except Unreadable as error:
        return Uncertain(f"ServiceNow shows a record that cannot be understood: {error}")
    if wrong is not None:
        return wrong
    return Done(one.records[0].id, document, json_fields.encode(one.records[0].fields))


def warned(outcome: Outcome, said: str) -> Outcome:
    """The outcome, its document with what was said of rows that were taken: some field of theirs may have stayed empty."""
    if not said or not isinstance(outcome, Done) or not isinstance(outcome.document, Bill | Payment):
        return outcome
    trouble = f"ServiceNow took it in and says: {said.rstrip('.')}."
    return replace(outcome, document=replace(outcome.document, trouble=trouble))


def document_of(one: Standing, settings: Mapping[str, str]) -> Document:
    """The record of a step. Under our reference, whatever form of it the column keeps. Raises Unreadable."""
    first, reference = one.records[0], one.step.reference
    match one.step.entity:
        case "bills":
            return replace(translate.bill(first, settings), reference=reference)
        case "vendor_payments":
            return _payment(one, settings)
        case "dimensions":
            return translate.dimension(first, settings)
        case _:
            return replace(translate.party(first, settings), reference=reference)


def _payment(one: Standing, settings: Mapping[str, str]) -> Payment:
    """All rows of a payment as one. Raises Unreadable."""
    parts = [translate.payment(record, settings) for record in one.records]
    amount = total(part.amount for part in parts)
    splits = tuple(split for part in parts for split in part.splits)
    # Its rows were found by our keys: the number there may be cut for the mark that tells them apart.
    number = one.step.number if _is_cut(parts[0].number, one.step.number) else parts[0].number
    return replace(parts[0], amount=amount, splits=splits, reference=one.step.reference, number=number)


def _is_cut(shown: str, number: str) -> bool:
    return shown.endswith(values.CUT) and number.startswith(shown.removesuffix(values.CUT))


def waiting(one: Standing) -> str:
    """Where rows lie that nothing was made of yet, since when, and who brings them forward."""
    row, found = one.waiting[0]
    return (
        f"{row.name} lies in ServiceNow's staging table {found.table} since {found.created} UTC and was not worked on: the "
        "ServiceNow administrator looks at its import set, and at the business rule 'Transform synchronously' on "
        "sys_import_set_row."
    )


def refusal(one: Standing, settings: Mapping[str, str]) -> Rejected | Later:
    """The newest refusal of a row of the step, as ``send.rejected``, with what it waits for."""
    row, found = one.refused[0]
    said = found.comment or f"state {found.state}"
    told = rejected(row.name, said, named(row, said))
    return awaiting(profile_of(settings), row, told) if isinstance(told, Rejected) else told
