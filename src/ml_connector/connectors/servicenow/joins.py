"""Why an invoice does not go on: its newest outbound record, its open error task, and its staged rows that were refused.

Each is one question for all invoices of a page, and outbound records and refused rows are asked for in one call. A table
or column that is not there makes no invoice unreadable: what cannot be told is said where it is missed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.servicenow import staged, values
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance, groups
from ml_connector.connectors.servicenow.errors import Refusal
from ml_connector.connectors.servicenow.profiles import Profile, Shown
from ml_connector.connectors.servicenow.query import joined, one_of
from ml_connector.connectors.servicenow.settings import of
from ml_connector.connectors.servicenow.translate import EXCEPTIONS, Fieldwise

_TOGETHER = 100  # ids in one question: more make the address too long
Answers = Sequence[list[dict[str, Any]] | Refusal | FilterIgnored]
_CLOSED = frozenset(["closed", "3", "4", "7", "complete", "cancelled"])


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows by the invoice they belong to, newest first; ``problem`` says why they could not be asked."""

    rows: Mapping[str, Sequence[Fieldwise]] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Troubles:
    """Everything that is known of a page of invoices besides their own rows."""

    outbound: Joined
    tasks: Joined
    refused: Mapping[str, str]  # by external invoice number: why a staged row was not taken

    def of(self, row: Fieldwise, settings: Mapping[str, str]) -> str:
        """One text of what keeps an invoice, empty where nothing does."""
        parts = [_exceptions(row), self._posting(row, settings), self.refused.get(row.text("external_number"), "")]
        return " ".join(part for part in parts if part)

    def _posting(self, row: Fieldwise, settings: Mapping[str, str]) -> str:
        newest = next(iter(self.outbound.rows.get(row.id, ())), None)
        failed = of(settings, "failed_status")
        status = newest.text("status") if newest is not None else ""
        failing = status == failed if newest is not None else row.text("posting").lower() in ("failed", failed)
        if not failing:
            return ""
        said = newest.text("message") if newest is not None else self.outbound.problem
        task = next((one for one in self.tasks.rows.get(row.id, ()) if one.text("state").lower() not in _CLOSED), None)
        number = f" Error task {task.text('number')} is open in ServiceNow." if task is not None else ""
        return f"Posting to the ERP failed: {(said or 'no message is given').rstrip('.')}.{number}"


async def troubles(instance: Instance, profile: Profile, rows: Sequence[Fieldwise]) -> Troubles:
    """What keeps the invoices of a page, in a few questions. Raises what ``Instance.every`` raises but refusals."""
    sent = profile.shown["outbound"]
    about = _questions(sent, [row.id for row in rows])
    failed = staged.questions(profile, dict.fromkeys(_kinds(profile), _numbers(rows)), only="error")
    answers = await instance.tried([*about, *(query for _, query in failed)])
    outbound = _joined(sent, answers[: len(about)])
    failing = [row.id for row in rows if row.text("posting") or outbound.rows.get(row.id)]
    asked = _questions(profile.shown["task"], failing)
    tasks = _joined(profile.shown["task"], await instance.tried(asked) if asked else ())
    return Troubles(outbound, tasks, await _refused(instance, profile, failed, answers[len(about) :]))


def _kinds(profile: Profile) -> list[str]:
    return [kind for kind in ("invoice", "line", "tax") if kind in profile.staging]


def _numbers(rows: Sequence[Fieldwise]) -> list[str]:
    return [number for row in rows if (number := row.text("external_number"))]


def _questions(shown: Shown, ids: Sequence[str]) -> list[Query]:
    """What is asked of a table for these invoices; nothing where no column of it names them."""
    column, told = shown.columns.get("invoice", ""), frozenset(ids)
    return [
        Query(
            shown.table,
            joined(one_of(column, group), "ORDERBYDESCsys_created_on", "ORDERBYDESCsys_id"),
            shown.asked,
            column=column,
            told=told,
        )
        for group in groups(ids if column else (), _TOGETHER)
    ]


def _joined(shown: Shown, answers: Answers) -> Joined:
    by_invoice: dict[str, list[Fieldwise]] = {}
    for answer in answers:
        if isinstance(answer, Refusal | FilterIgnored):
            return Joined(problem=f"its message cannot be read ({answer.sentence})")
        for fields in answer:
            by_invoice.setdefault(values.text(fields, shown.columns["invoice"]), []).append(Fieldwise(shown, fields))
    return Joined(by_invoice)


def _exceptions(row: Fieldwise) -> str:
    state = row.text("state").lower().replace(" ", "_")
    if state == EXCEPTIONS:
        return "ServiceNow found exceptions when it matched the invoice: Accounts Payable resolves them there."
    if state == "suspected_duplicate":
        return "ServiceNow suspects that it is a duplicate: Accounts Payable decides there."
    return ""


async def _refused(
    instance: Instance, profile: Profile, asked: Sequence[tuple[str, Query]], answers: Answers
) -> dict[str, str]:
    """By external number: why a row was not taken in, where nothing newer of the same key was."""
    shown = [one for one in answers if not isinstance(one, Refusal | FilterIgnored)]
    if len(shown) < len(answers):
        return {}  # staged rows are not open to this user, or gone: the invoice itself tells its state
    open_ = sorted({one.found_by for one in staged.told(instance, profile, asked, shown)})
    if not open_:
        return {}
    try:
        all_rows = await staged.rows(instance, profile, dict.fromkeys(_kinds(profile), open_))
    except (Refusal, FilterIgnored):
        return {}  # staged rows are not open to this user, or gone: the invoice itself tells its state
    told: dict[str, str] = {}
    for one in staged.newest(all_rows):
        if one.state == "error":
            told.setdefault(one.found_by, f"A staged {one.title} was refused: {one.comment or 'no reason is given'}.")
    return told
