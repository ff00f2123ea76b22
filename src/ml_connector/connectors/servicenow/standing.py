"""What lies at the instance of a step: each of its rows in the staging tables, and the record that was made of them.

Staged rows are cleared after seven days, so a record that shows our number counts without them. Then lines are compared one
by one with the record's own, since some of them may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.money import decimal
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicenow import staged, values
from ml_connector.connectors.servicenow.client import Instance, Query, groups
from ml_connector.connectors.servicenow.profiles import KEY, Profile, Shown, profile_of
from ml_connector.connectors.servicenow.query import joined, one_of
from ml_connector.connectors.servicenow.rows import HEADS, Body, StagedRow, decode
from ml_connector.connectors.servicenow.settings import of
from ml_connector.connectors.servicenow.staged import Staged
from ml_connector.connectors.servicenow.translate import Fieldwise
from ml_connector.connectors.writing import Action, Step

# The table a step's record stands in, and the field that it is found by.
RECORDS: Mapping[str, tuple[str, str]] = {
    "bills": ("invoice", "external_number"),
    "vendor_payments": ("payment", KEY),
    "dimensions": ("cost_center", "number"),
    "parties": ("supplier", "supplier_code"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One step as it lies there. ``missing`` rows are to be sent; ``records`` are what was made of its heads."""

    step: Step
    body: Body
    missing: tuple[StagedRow, ...] = ()
    refused: tuple[tuple[StagedRow, Staged], ...] = ()  # newest of their key, and refused: among the missing too
    waiting: tuple[tuple[StagedRow, Staged], ...] = ()
    records: tuple[Fieldwise, ...] = ()
    foreign: str = ""  # the record found by our number that shows another's reference

    @property
    def complete(self) -> bool:
        """Whether all of it was taken in, and its record is there."""
        return not self.missing and not self.waiting and bool(self.records)


@dataclass(frozen=True, slots=True)
class _Lying:
    """Everything the look-up brought."""

    staged: Sequence[Staged]
    records: Sequence[Fieldwise]
    lines: Sequence[Fieldwise] = field(default_factory=tuple)


def shown_of(profile: Profile, entity: str, settings: Mapping[str, str]) -> Shown:
    """The table an entity's records stand in. The supplier's code stands in the column the setting names."""
    shown = profile.shown[RECORDS[entity][0]]
    if entity != "parties":
        return shown
    return Shown(shown.table, {**shown.columns, "supplier_code": of(settings, "supplier_code_column")})


async def standing(session: Session, steps: Sequence[Step]) -> list[Standing]:
    """Of each step what lies there, in as few calls as the instance allows. ``steps`` are of one entity.

    Raises what ``Instance.every`` raises: then nothing is proved, and nothing must be sent.
    """
    bodies = [decode(step.body) for step in steps]
    profile = profile_of(session.settings)
    instance, entity = Instance(session), steps[0].entity
    wanted: dict[str, set[str]] = {}
    for row in (row for body in bodies for row in body.rows):
        wanted.setdefault(row.kind, set()).add(row.found_by)
    lying, records = await _looked_up(instance, profile, entity, bodies, wanted)
    found = _Lying(lying, records, await _lines(instance, profile, entity, bodies, lying, records))
    return [_of_step(step, body, found, entity) for step, body in zip(steps, bodies, strict=True)]


async def _looked_up(
    instance: Instance, profile: Profile, entity: str, bodies: Sequence[Body], wanted: Mapping[str, set[str]]
) -> tuple[list[Staged], list[Fieldwise]]:
    """Staged rows and, asked together with them, records by our number; then records that only staged rows name."""
    shown = shown_of(profile, entity, instance.session.settings)
    column = shown.columns.get(RECORDS[entity][1], "")
    numbers = sorted({found for body in bodies for found in _found_by(body, entity)} if column else ())
    asked = staged.questions(profile, wanted)
    by_number = [_query(shown, column, group) for group in groups(numbers, 100)]
    answers = await instance.every([*(query for _, query in asked), *by_number])
    lying = staged.told(instance, profile, asked, answers[: len(asked)])
    by_id = {values.text(row, "sys_id"): row for rows in answers[len(asked) :] for row in rows}
    made = {one.target for one in lying if one.kind in HEADS and one.taken and one.target} - by_id.keys()
    for rows in await instance.every([_query(shown, "sys_id", group) for group in groups(sorted(made), 100)]):
        by_id |= {values.text(row, "sys_id"): row for row in rows}
    return lying, [Fieldwise(shown, row) for row in by_id.values()]


def _found_by(body: Body, entity: str) -> list[str]:
    if entity == "vendor_payments":
        return [row.key for row in body.rows]
    return [body.number]


def _query(shown: Shown, column: str, told: Sequence[str]) -> Query:
    terms = joined(one_of(column, told), "ORDERBYsys_created_on", "ORDERBYsys_id")
    return Query(shown.table, terms, shown.asked, column=column, told=frozenset(told))


async def _lines(
    instance: Instance, profile: Profile, entity: str, bodies: Sequence[Body], lying: Sequence[Staged],
    records: Sequence[Fieldwise],
) -> list[Fieldwise]:  # fmt: skip
    """Lines of invoices whose staged rows are cleared; nothing is asked where all are still there."""
    heads = {one.found_by for one in lying if one.kind == "invoice" and one.taken}
    cleared = {body.number for body in bodies} - heads if entity == "bills" else set()
    ids = [record.id for record in records if record.text("external_number") in cleared]
    shown = profile.shown["line"]
    if not ids or not shown.columns.get("invoice"):
        return []
    queries = [_query(shown, shown.columns["invoice"], group) for group in groups(ids, 100)]
    return [Fieldwise(shown, row) for rows in await instance.every(queries) for row in rows]


def _of_step(step: Step, body: Body, lying: _Lying, entity: str) -> Standing:
    used: set[str] = set()
    pairs: list[tuple[StagedRow, Staged | None]] = []
    for row in body.rows:
        found = staged.matching(row, lying.staged, used)
        used |= {found.id} if found is not None else set()
        pairs.append((row, found))
    records = _mine(step, body, pairs, lying, entity)
    unused = [line for line in lying.lines if line.text("invoice") in {one.id for one in records}]
    # As long as its head lies staged, so do its other rows: what does not was never sent, whatever the record shows.
    cleared = not any(found is not None and found.taken for row, found in pairs if row.kind in HEADS)
    missing: list[StagedRow] = []
    for row, found in pairs:
        if found is not None and (found.waits or (found.taken and _as_sent(step, row, found))):
            continue
        # An edit is there only where its own row was taken: what the record shows may be from before.
        told = (cleared or row.kind in HEADS) and step.action is not Action.UPDATE
        if found is None and records and told and _shown_there(row, records, unused, body, entity):
            continue
        missing.append(row)
    return Standing(
        step,
        body,
        tuple(missing),
        tuple((row, found) for row, found in pairs if found is not None and not (found.taken or found.waits)),
        tuple((row, found) for row, found in pairs if found is not None and found.waits),
        tuple(records),
        _foreign(body, records, entity),
    )


def _as_sent(step: Step, row: StagedRow, found: Staged) -> bool:
    """Whether the staged row is the step's own: of an edit the same key was there before, with other values."""
    return step.action is not Action.UPDATE or staged.says_the_same(row, found)


def _mine(
    step: Step, body: Body, pairs: Sequence[tuple[StagedRow, Staged | None]], lying: _Lying, entity: str
) -> list[Fieldwise]:
    """Records of this step: by id where a staged row names it, else by our number."""
    field_ = RECORDS[entity][1]
    made = {
        found.target for row, found in pairs if found is not None and row.kind in HEADS and found.taken and found.target
    }
    if made:
        return [one for one in lying.records if one.id in made]
    if step.target_id:
        return [one for one in lying.records if one.id == step.target_id]
    numbers = {number.casefold() for number in _found_by(body, entity)}
    return [one for one in lying.records if one.text(field_).casefold() in numbers]


def _foreign(body: Body, records: Sequence[Fieldwise], entity: str) -> str:
    """The reference of an invoice that stands under our number and is somebody else's; empty where it is ours."""
    if entity != "bills":
        return ""
    ours = {body.reference, *(row.key for row in body.rows if row.kind in HEADS)}
    return next((one.text(KEY) for one in records if one.text(KEY) and one.text(KEY) not in ours), "")


def _shown_there(row: StagedRow, records: Sequence[Fieldwise], lines: list[Fieldwise], body: Body, entity: str) -> bool:
    """Whether a row whose staged row is gone stands at the record. ``lines`` lose the one that it is."""
    if row.kind == "line":
        found = next((one for one in lines if _same_line(row, one)), None)
        if found is not None:
            lines.remove(found)
        return found is not None
    if row.kind == "tax":
        return bool(body.tax) and decimal(body.tax) == _signed_as(records[0], body.tax)
    if row.kind == "payment":
        return any(one.text(KEY) == row.key for one in records)
    return True


def _signed_as(record: Fieldwise, tax: str) -> Decimal:
    """The record's tax with the sign that ours has: credit memos may be kept without one."""
    shown, _ = record.money("tax")
    return -abs(shown) if decimal(tax) < 0 else shown


def _same_line(row: StagedRow, line: Fieldwise) -> bool:
    """By our key where the record keeps it, else by description and amount."""
    key = line.text(KEY)
    if key:
        return key == row.key
    amount, _ = line.money("amount")
    sent = [value for value in row.columns.values() if value == line.text("description")]
    return bool(sent) and any(_is_amount(value, amount) for value in row.columns.values())


def _is_amount(value: str, amount: Decimal) -> bool:
    try:
        return abs(values.amount(value.rpartition(";")[2], "amount")) == abs(amount)
    except ValueError:
        return False
