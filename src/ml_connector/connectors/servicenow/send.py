"""Rows sent through the Import Set API, and what the answer to each proves.

The answer is 201 whether a row was taken or refused; its ``result`` says which, once for each transform map. Inside a Batch
call a request that was not serviced was never carried out; one that the instance stopped in its midst may have been.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import Meaning
from ml_connector.connectors.servicenow import answers, values
from ml_connector.connectors.servicenow.answers import lacking
from ml_connector.connectors.servicenow.client import IMPORT, Instance, Item, Served, batched, groups, per_batch
from ml_connector.connectors.servicenow.errors import SET_UP, Cut, Refusal, meaning_of, words
from ml_connector.connectors.servicenow.limits import throttle
from ml_connector.connectors.servicenow.profiles import profile_of
from ml_connector.connectors.servicenow.references import awaiting
from ml_connector.connectors.servicenow.rows import StagedRow, body_of
from ml_connector.connectors.writing import Later, Outcome, Rejected, Uncertain
from ml_connector.transport.errors import (
    BudgetEmpty,
    ForbiddenAddress,
    LeaseLost,
    NotJson,
    NotPermitted,
    NotSent,
    Reconnect,
    Throttled,
    TransportError,
)
from ml_connector.transport.messages import Request

PERSON_WAIT = 3_600.0  # seconds: somebody has to act; nothing is gained by asking sooner
_UNSERVICED = Later("ServiceNow's time for a Batch call was over before it came to this row; it is sent again", 5.0)
_ASLEEP = (
    "the row lies in the staging table and was not worked on, since the business rule 'Transform synchronously' is inactive: "
    "the ServiceNow administrator activates it on sys_import_set_row"
)


@dataclass(frozen=True, slots=True)
class Taken:
    """The row of ``kind`` was made into a record. ``note`` is what the transform map says besides."""

    target: str
    note: str = ""
    kind: str = ""


Result = Taken | Rejected | Later | Uncertain


async def send(session: Session, rows: Sequence[StagedRow]) -> list[Result]:
    """Send rows in order, each once; a result for each. Raises LeaseLost, ForbiddenAddress."""
    size, profile = per_batch(session) if batched(session) else 1, profile_of(session.settings)
    found: list[Result] = []
    stopped: Later | None = None
    for group in groups(rows, size):
        if stopped is not None:
            found += [stopped] * len(group)
            continue
        results = await (_batch(session, group) if batched(session) else _single(session, group[0]))
        found += [
            awaiting(profile, row, one) if isinstance(one, Rejected) else one
            for row, one in zip(group, results, strict=True)
        ]
        stopped = next((one for one in results if isinstance(one, Later) and one is not _UNSERVICED), None)
    return found


async def _batch(session: Session, rows: Sequence[StagedRow]) -> list[Result]:
    """Rows in one call, in halves where it is too large: such a call was refused unread."""
    items = [Item(str(n), "POST", f"{IMPORT}/{row.table}", body_of(row)) for n, row in enumerate(rows)]
    try:
        served = await Instance(session).batch(items, safe=False)
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        if len(rows) > 1 and isinstance(error, Refusal) and error.too_large:
            middle = len(rows) // 2
            return [*await _batch(session, rows[:middle]), *await _batch(session, rows[middle:])]
        return [failure(error, rows[0].name if len(rows) == 1 else "")] * len(rows)
    return [_of_item(row, served, str(n)) for n, row in enumerate(rows)]


def _of_item(row: StagedRow, served: Mapping[str, Served | None], id_: str) -> Result:
    if id_ not in served:
        return Uncertain(f"ServiceNow's answer does not say what became of {row.name}")
    one = served[id_]
    return _UNSERVICED if one is None else result(row, one.status, one.body, None)


async def _single(session: Session, row: StagedRow) -> list[Result]:
    try:
        answer = await session.send(Request("POST", f"{IMPORT}/{row.table}", body=body_of(row)))
    except (LeaseLost, ForbiddenAddress):
        raise
    except TransportError as error:
        return [failure(error, row.name)]
    return [result(row, answer.status, answer.body, throttle(answer))]


def failure(error: TransportError, name: str = "") -> Later | Uncertain | Rejected:
    """What a failed call to write proves of its rows; ``name`` as of ``refused_call``."""
    match error:
        case Throttled() | BudgetEmpty():
            return Later(error.sentence, error.retry_after)
        case Reconnect() | NotPermitted():
            return Later(error.sentence, PERSON_WAIT, forbidden=isinstance(error, NotPermitted))
        case NotSent():
            return Later(error.sentence)
        case Refusal():
            return refused_call(error.status, error.message, error.detail, name, b"")
        case _:
            return Uncertain(error.sentence)


def result(row: StagedRow, status: int, body: bytes, wait: float | None) -> Result:
    """What one answer of the Import Set API proves."""
    told = _by_status(row, status, wait)
    if told is not None:
        return told
    try:
        elements = _elements(answers.parsed(f"{IMPORT}/{row.table}", status, body))
    except Refusal as error:
        return refused_call(error.status, error.message, error.detail, row.name, body)
    except Cut:
        return Uncertain(
            f"ServiceNow stopped in the midst of {row.name}, since its time was over; it may have been done"
        )
    except (NotJson, msgspec.DecodeError) as error:
        return Uncertain(f"what became of {row.name} is not known: {error}")
    return _of_elements(row, elements, body)


def _by_status(row: StagedRow, status: int, wait: float | None) -> Later | Uncertain | None:
    """What the status alone says, None where the body must tell."""
    if status >= 500:
        return Uncertain(f"ServiceNow failed with {status} at {row.name}; it may have been done")
    match status:
        case 202:
            return Later("ServiceNow answered 202, which says that it did not work on the row", 10.0)
        case 429:
            return Later("ServiceNow takes no more calls for now: its limit is used up", 60.0 if wait is None else wait)
        case 401:
            return Later(lacking(f"{IMPORT}/{row.table}"), PERSON_WAIT, forbidden=True)
        case _:
            return None


def _elements(parts: Mapping[str, msgspec.Raw]) -> list[dict[str, Any]]:
    found = json_fields.decode(parts["result"]) if "result" in parts else []
    found = found if isinstance(found, list) else [found]
    return [one for one in found if isinstance(one, dict)]


def _of_elements(row: StagedRow, elements: Sequence[dict[str, Any]], body: bytes) -> Result:
    """One element for each transform map: refused if any refused, else taken by the first that made a record."""
    if not elements:
        return Uncertain(f"ServiceNow's answer does not say what became of {row.name}")
    wrong = next((one for one in elements if _status(one) == "error"), None)
    if wrong is not None:
        return _refused(row, wrong, body)
    made = next(
        (one for one in elements if values.text(one, "sys_id") and _status(one) in ("inserted", "updated", "ignored")),
        None,
    )
    if made is not None:
        return Taken(values.text(made, "sys_id"), _warning(made), row.kind)
    if any(_status(one) == "pending" for one in elements):
        return Uncertain(f"{row.name}: {_ASLEEP}")
    return _refused(row, elements[0], body)


def _warning(made: Mapping[str, Any]) -> str:
    """What is said of a row that was taken; that nothing changed is no warning."""
    said = values.text(made, "status_message").strip()
    return "" if _status(made) == "ignored" or said.lower().startswith("no field values changed") else said


def _status(element: Mapping[str, Any]) -> str:
    return values.text(element, "status").lower()


def _refused(row: StagedRow, element: Mapping[str, Any], body: bytes) -> Result:
    said = values.text(element, "error_message")
    if said.strip().lower() == "invalid table":
        return Uncertain(f"{row.name}: {_ASLEEP}")
    more = [values.text(element, name) for name in ("validation_message", "status_message")]
    message = "; ".join(dict.fromkeys(part.strip() for part in (said, *more) if part.strip()))
    return rejected(row.name, message or f"status {_status(element) or 'none'}", named(row, message), body)


def rejected(name: str, message: str, fields: str, raw: bytes = b"") -> Rejected | Later:
    """The outcome of a row that a transform map refused; where the instance is not set up for any such row it waits."""
    meaning = meaning_of(201, message)
    sentence = f"ServiceNow refused {name}: {words(message).rstrip('.')}.{fields}"
    if meaning.reason == SET_UP:
        return Later(f"{sentence} {meaning.action}", PERSON_WAIT, forbidden=True, about=name)
    return Rejected("row error", sentence, meaning.action, meaning.reason, meaning.acts, raw)


def named(row: StagedRow, message: str) -> str:
    """Which of the sent values the message names."""
    folded = message.casefold()
    sent = [
        f"{column} = {value}" for column, value in row.columns.items()
        if len(value) > 2 and value.casefold() in folded
    ]  # fmt: skip
    return f" It was sent as {', '.join(sent[:3])}." if sent else ""


def refused_call(status: int, message: str, detail: str, name: str, raw: bytes) -> Later | Rejected:
    """A call that was refused as a whole, so nothing was staged: by rights or set-up it waits for a person.

    ``name`` is the row's; empty of a call for rows of many documents.
    """
    meaning: Meaning = meaning_of(status, message, detail)
    sentence = f"ServiceNow refused {name or 'the rows'}: {words(message, detail).rstrip('.')} (HTTP {status})."
    if meaning.reason in ("not_permitted", SET_UP):
        return Later(f"{sentence} {meaning.action}", PERSON_WAIT, forbidden=True, about=name)
    return Rejected(str(status), sentence, meaning.action, meaning.reason, meaning.acts, raw)


def together(found: Sequence[Result]) -> Outcome | None:
    """The outcome of a step by its rows'; None when all were taken.

    What is unknown comes first, since only a look-up tells; then what was refused, and what the instance takes from nobody
    as it is set up: that stops the flow, and what is missing is sent once it is mended. Any other waiting may only be said
    where nothing of the step was sent: else the look-up tells what is missing.
    """
    for kind in (Uncertain, Rejected):
        wrong = next((one for one in found if isinstance(one, kind)), None)
        if wrong is not None:
            return wrong
    later = [one for one in found if isinstance(one, Later)]
    waits = next((one for one in later if one.forbidden), later[0] if later else None)
    if waits is None:
        return None
    if not waits.forbidden and any(isinstance(one, Taken) for one in found):
        return Uncertain(f"only a part of its rows was sent: {waits.why}")
    return waits
