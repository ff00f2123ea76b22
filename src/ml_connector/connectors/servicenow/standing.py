"""What lies at the instance of a step: each of its rows in the staging tables, and the record that was made of them.

Staged rows are cleared after seven days, so a record that shows our number counts without them. Then lines are compared one
by one with the record's own, since some of them may be missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from ml_connector.canonical.money import decimal
from ml_connector.connectors.base import Session
from ml_connector.connectors.servicenow import staged, values
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance, groups
from ml_connector.connectors.servicenow.profiles import KEY, Profile, Shown, profile_of
from ml_connector.connectors.servicenow.query import joined, one_of
from ml_connector.connectors.servicenow.references import judged, with_numbers
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
_OF_MONEY = frozenset(["bills", "vendor_payments"])


@dataclass(frozen=True, slots=True)
class Standing:
    """One step as it lies there. ``missing`` rows are to be sent; ``records`` are what was made of its heads."""

    step: Step
    body: Body
    missing: tuple[StagedRow, ...] = ()
    refused: tuple[tuple[StagedRow, Staged], ...] = ()  # newest of their key, and refused: among the missing too
    waiting: tuple[tuple[StagedRow, Staged], ...] = ()
    records: tuple[Fieldwise, ...] = ()
    made: tuple[tuple[StagedRow, Fieldwise], ...] = ()  # rows with the record that was made of each, where it is seen
    foreign: str = ""  # the record found by our number that shows another's reference
    otherwise: str = ""  # a row that was taken in with other values than a create has now, and both values

    @property
    def complete(self) -> bool:
        """Whether all of it was taken in, and its record is there."""
        return not self.missing and not self.waiting and bool(self.records)


@dataclass(frozen=True, slots=True)
class _Lying:
    """Everything the look-up brought."""

    profile: Profile
    source: str  # the setting external_source
    staged: Sequence[Staged]
    records: Sequence[Fieldwise]
    lines: Sequence[Fieldwise] = field(default_factory=tuple)


def shown_of(profile: Profile, entity: str, settings: Mapping[str, str]) -> Shown:
    """The table an entity's records stand in. The supplier's code stands in the column the setting names."""
    kind = RECORDS[entity][0]
    shown = with_numbers(profile, kind, profile.shown[kind])
    if entity != "parties":
        return shown
    return Shown(shown.table, {**shown.columns, "supplier_code": of(settings, "supplier_code_column")})


async def standing(session: Session, steps: Sequence[Step], lines: Collection[str] = ()) -> list[Standing]:
    """Of each step what lies there, in as few calls as the instance allows. ``steps`` are of one entity.

    ``lines`` are ids of invoice lines that are known to be made of them: they are asked for in the same call.

    Raises what ``Instance.every`` raises: then nothing is proved, and nothing must be sent.
    """
    bodies = [decode(step.body) for step in steps]
    profile = profile_of(session.settings)
    instance, entity = Instance(session), steps[0].entity
    wanted: dict[str, set[str]] = {}
    for row in (row for body in bodies for row in body.rows):
        wanted.setdefault(row.kind, set()).add(row.found_by)
    found = await _looked_up(instance, profile, entity, bodies, wanted, lines)
    found = replace(found, lines=[*found.lines, *await _lines(instance, profile, entity, bodies, found, lines)])
    return [_of_step(step, body, found, entity) for step, body in zip(steps, bodies, strict=True)]


async def _looked_up(
    instance: Instance, profile: Profile, entity: str, bodies: Sequence[Body], wanted: Mapping[str, set[str]],
    lines: Collection[str],
) -> _Lying:  # fmt: skip
    """Staged rows and, asked together with them, records by our number; then records that only staged rows name."""
    asked = staged.questions(profile, wanted, sure=True)
    shown = shown_of(profile, entity, instance.session.settings)
    column = shown.columns.get(RECORDS[entity][1], "")
    numbers = sorted({found for body in bodies for found in _found_by(body, entity)} if column else ())
    by_number = [_query(shown, column, group) for group in groups(numbers, 100)]
    of_lines = _line_table(profile)
    more = [_query(of_lines, "sys_id", group) for group in groups(sorted(lines), 100)]
    answers, made_lines = await instance.every_and([*(query for _, query in asked), *by_number], more)
    lying = staged.told(instance, profile, asked, answers[: len(asked)])
    by_id = {values.text(row, "sys_id"): row for rows in answers[len(asked) :] for row in rows}
    made = {one.target for one in lying if one.kind in HEADS and one.taken and one.target} - by_id.keys()
    for rows in await instance.every([_query(shown, "sys_id", group) for group in groups(sorted(made), 100)]):
        by_id |= {values.text(row, "sys_id"): row for row in rows}
    return _Lying(
        profile, of(instance.session.settings, "external_source"), lying, [Fieldwise(shown, row) for row in by_id.values()],
        [Fieldwise(of_lines, row) for row in made_lines],
    )  # fmt: skip


def _line_table(profile: Profile) -> Shown:
    return with_numbers(profile, "line", profile.shown["line"])


def _found_by(body: Body, entity: str) -> list[str]:
    if entity == "vendor_payments":
        return [row.key for row in body.rows]
    return [body.number]


def _query(shown: Shown, column: str, told: Sequence[str]) -> Query:
    terms = joined(one_of(column, told), "ORDERBYsys_created_on", "ORDERBYsys_id")
    return Query(shown.table, terms, shown.asked, column=column, told=frozenset(told), sure=column != "sys_id")


async def _lines(
    instance: Instance, profile: Profile, entity: str, bodies: Sequence[Body], found: _Lying, asked: Collection[str]
) -> list[Fieldwise]:
    """Lines of invoices whose staged rows are cleared, and those that staged rows name; nothing where all were asked for."""
    heads = {one.found_by for one in found.staged if one.kind == "invoice" and one.taken}
    cleared = {body.number for body in bodies} - heads if entity == "bills" else set()
    ids = [record.id for record in found.records if record.text("external_number") in cleared]
    shown = _line_table(profile)
    if not shown.table:
        return []
    by_invoice = shown.columns.get("invoice", "")
    named = {one.target for one in found.staged if one.kind == "line" and one.taken and one.target}.difference(asked)
    queries = [_query(shown, by_invoice, group) for group in groups(ids if by_invoice else (), 100)]
    more = [_query(shown, "sys_id", group) for group in groups(sorted(named), 100)]
    rows, others = await instance.every_and(queries, more) if queries or more else ([], [])
    return [Fieldwise(shown, row) for row in (*(row for one in rows for row in one), *others)]


def _of_step(step: Step, body: Body, lying: _Lying, entity: str) -> Standing:
    used: set[str] = set()
    pairs: list[tuple[StagedRow, Staged | None]] = []
    for row in body.rows:
        found = staged.matching(row, lying.staged, used)
        used |= {found.id} if found is not None else set()
        pairs.append((row, found))
    records = _mine(step, body, pairs, lying, entity)
    unused = [line for line in lying.lines if line.text("invoice") in {one.id for one in records}]
    unmatched = list(unused)
    # As long as its head lies staged, so do its other rows: what does not was never sent, whatever the record shows.
    cleared = not any(found is not None for row, found in pairs if row.kind in HEADS)
    missing: list[StagedRow] = []
    made: list[tuple[StagedRow, Fieldwise]] = []
    by_id = {one.id: one for one in (*lying.records, *lying.lines)}
    for row, found in pairs:
        if found is not None and (found.waits or (found.taken and _as_sent(step, row, found))):
            made += [(row, by_id[found.target])] if found.target in by_id else []
            continue
        if row.kind in HEADS and _made(step, row, records):
            continue
        # An edit is there only where its own row was taken: what the record shows may be from before.
        told = (cleared or row.kind in HEADS) and step.action is not Action.UPDATE
        shown = _shown_there(row, records, unused, body) if found is None and records and told else None
        if shown is None:
            missing.append(row)
        else:
            made.append((row, shown))
    return Standing(
        step,
        body,
        tuple(missing),
        tuple((row, found) for row, found in pairs if found is not None and not (found.taken or found.waits)),
        tuple((row, found) for row, found in pairs if found is not None and found.waits),
        tuple(records),
        tuple(made),
        _foreign(body, records, entity, lying.source),
        _otherwise(step, pairs, lying.profile, unmatched, judged(made)),
    )


def _made(step: Step, row: StagedRow, records: Sequence[Fieldwise]) -> bool:
    """Whether a record under the head's own key stands there: one transform map may make it, and another refuse the row."""
    return step.action is Action.CREATE and any(one.text(KEY) == row.key for one in records)


def _as_sent(step: Step, row: StagedRow, found: Staged) -> bool:
    """Whether the staged row is the step's own: of an edit the same key was there before, with other values."""
    return step.action is not Action.UPDATE or staged.says_the_same(row, found)


def _otherwise(
    step: Step, pairs: Sequence[tuple[StagedRow, Staged | None]], profile: Profile, lines: Sequence[Fieldwise],
    seen: Mapping[str, Collection[str]],
) -> str:  # fmt: skip
    """Of a create: a row of a bill or payment that is there already and says something else than it would say now.

    So it is where a part was taken in, the rest was refused, and the document was changed before it was sent again. ``seen``:
    by key of a row the references that its record shows; they count as they stand there, which people may have mended.
    """
    if step.action is not Action.CREATE or step.entity not in _OF_MONEY:
        return ""
    taken = [
        (row, staged.otherwise(profile, row, found, seen.get(row.key, ())))
        for row, found in pairs if found is not None and found.taken
    ]  # fmt: skip
    cleared = [(row, _amount_otherwise(row, lines)) for row, found in pairs if found is None and row.kind == "line"]
    return next((f"{row.name} as {told}" for row, told in (*taken, *cleared) if told), "")


def _amount_otherwise(row: StagedRow, lines: Sequence[Fieldwise]) -> str:
    """The amount of the record's line under the row's key, where it is none of the row's."""
    line = next((one for one in lines if one.text(KEY) == row.key), None)
    amount = line.money("amount")[0] if line is not None else Decimal(0)
    if not amount or any(_is_amount(value, amount) for value in row.columns.values()):
        return ""
    return f"a line over {amount}"


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


def _foreign(body: Body, records: Sequence[Fieldwise], entity: str, source: str) -> str:
    """Whose an invoice is that stands under our number and is somebody else's; empty where it is ours.

    By its key; without one by its external source, where that is shown as a text.
    """
    if entity != "bills":
        return ""
    ours = {body.reference, *(row.key for row in body.rows if row.kind in HEADS)}
    keys = next((one.text(KEY) for one in records if one.text(KEY) and one.text(KEY) not in ours), "")
    sources = {one.text("external_source") for one in records if not one.text(KEY)}
    others = sorted(one for one in sources if one and not values.is_sys_id(one) and one.casefold() != source.casefold())
    return keys or (f"of the source {others[0]}" if others else "")


def _shown_there(row: StagedRow, records: Sequence[Fieldwise], lines: list[Fieldwise], body: Body) -> Fieldwise | None:
    """The record that a row whose staged row is gone stands at. ``lines`` lose the one that it is."""
    if row.kind == "line":
        found = next((one for one in lines if _same_line(row, one)), None)
        if found is not None:
            lines.remove(found)
        return found
    if row.kind == "tax":
        return records[0] if body.tax and decimal(body.tax) == _signed_as(records[0], body.tax) else None
    if row.kind == "payment":
        return next((one for one in records if one.text(KEY) == row.key), None)
    return records[0]


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
