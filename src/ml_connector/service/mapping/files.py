"""A mapping table as a CSV file. A file with one fault changes nothing, and all its faults are told at once."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ml_connector.errors import BadInput
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import Known, Strangers, known, strangers
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Row, apply, rows_in
from ml_connector.service.roles import READERS, Role

COLUMNS = ("source_key", "source_name", "target_key", "target_name", "valid_from", "valid_until", "note")
_NEEDED = ("source_key", "target_key")


class FileRefused(BadInput):
    """A file was refused; nothing was changed. ``problems`` are all its faults, each with its line."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        many = "1 fault" if len(problems) == 1 else f"{len(problems)} faults"
        super().__init__(f"The file has {many}, and nothing was changed: {problems[0]}")


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    row: Row


# --- out ---------------------------------------------------------------------------------------------------------


async def export_mapping(desk: Desk, integration: Integration, table: str) -> str:
    """The table as CSV: its rows, then every key that has none, with an empty target, to be filled in."""
    desk.require(*READERS)
    found = await known(desk, integration, table)
    async with desk.looking() as reading:
        rows = await rows_in(reading, integration, table)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        name = found.seen[row.key].name if row.key in found.seen else ""
        writer.writerow([row.key, name, row.value, found.target_name(row.value), *_dates(row), row.note])
    filled = {row.key for row in rows}
    for key in sorted(set(found.seen) - filled):
        writer.writerow([key, found.seen[key].name, "", "", "", "", ""])
    return out.getvalue()


def _dates(row: Row) -> tuple[str, str]:
    first = "" if row.valid_from == EVER else str(row.valid_from)
    return first, "" if row.valid_until == FOR_EVER else str(row.valid_until)


# --- in ----------------------------------------------------------------------------------------------------------


async def import_mapping(
    desk: Desk, integration: Integration, table: str, text: str, *, anyway: bool = False
) -> Applied:
    """Check the whole file, then apply it. A row with an empty target, and rows not in the file, stay as they are.

    Raises FileRefused with every fault: missing or unknown columns, malformed rows, unknown target ids, rows that
    repeat or contradict each other, dates that are none, and (unless ``anyway``) keys that nothing shows.
    """
    desk.require(Role.BOOKKEEPER)
    read = await checked(desk, integration, table, text, anyway=anyway)
    return await apply(desk, integration, table, read.rows, left_empty=read.left_empty, warnings=read.warnings)


@dataclass(frozen=True, slots=True)
class Checked:
    """The rows of a file without a fault, how many were left empty, and what is to be known of them."""

    rows: tuple[Row, ...]
    left_empty: int
    warnings: tuple[str, ...]


async def checked(desk: Desk, integration: Integration, table: str, text: str, *, anyway: bool = False) -> Checked:
    """Check a whole file and change nothing. Raises FileRefused with every fault, NotFound for an unknown table."""
    found = await known(desk, integration, table, scan=False)
    lines, empty, problems = _parsed(text)
    async with desk.looking() as reading:
        held = await rows_in(reading, integration, table)
    lines = _with_ids(found, lines, problems)
    problems += _unknown_targets(found, lines)
    problems += _clashes(lines, held)
    keys = [line.row.key for line in lines]
    strange = Strangers({}) if anyway else await strangers(desk, integration, table, keys)
    problems += _strange_keys(strange, lines)
    if problems:
        raise FileRefused([problem for _, problem in sorted(problems)])
    rows = tuple(line.row for line in lines)
    return Checked(rows, empty, (*unchecked(found, strange), *doubts(found, rows)))


def unchecked(found: Known, strange: Strangers) -> tuple[str, ...]:
    """What could not be checked, because documents or the ledger's list have not been read yet."""
    lists = tuple(
        f"The ledger's {entity.replace('_', ' ')} have not been read yet, so their ids were not checked: sync first."
        for entity, listed in found.targets.items()
        if listed is None
    )
    unread = ("No documents have been read yet, so it was not checked whether any uses the key.",)
    return lists + (unread if strange.unread else ())


def doubts(found: Known, rows: Sequence[Row]) -> tuple[str, ...]:
    """Rows that are taken, and whose documents will wait all the same."""
    told = ((row.key, found.doubt(row.value, row.valid_until)) for row in rows)
    return tuple(f"{found.table.name}, row {key!r}: {doubt}." for key, doubt in told if doubt)


_Problems = list[tuple[int, str]]


def _parsed(text: str) -> tuple[list[_Line], int, _Problems]:
    """The file's rows, how many were left empty, and what is wrong with its columns and rows."""
    text = text.removeprefix("\ufeff")
    if fault := _no_text(text):
        return [], 0, [fault]
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[_Line] = []
    problems: _Problems = []
    empty = 0
    try:
        header = [name.strip().lower() for name in next(reader, [])]
        problems += [(1, f"line 1: {fault}") for fault in _header_faults(header)]
        if not all(header.count(name) == 1 for name in _NEEDED):
            return [], 0, problems
        if not text.partition("\n")[2].strip():
            problems.append((2, "line 2: no row stands below the columns"))
        for number, cells in _numbered(reader):
            line = _line(number, header, cells, problems)
            lines += [line] if line else []
            empty += _left_empty(header, cells)
    except csv.Error as error:
        problems.append((reader.line_num, f"line {reader.line_num}: this is no CSV row ({error})"))
    return lines, empty, problems


_SHORTENED = re.compile(r"\d[.,]?\d*[eE]\+\d+")  # 4.60001E+17
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffd]")


def _no_text(text: str) -> tuple[int, str] | None:
    """What shows that a file is no text, such as a picture or a workbook, and where."""
    found = _CONTROL.search(text)
    if found is None:
        return None
    line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
    return (
        line,
        f"line {line}, column {column}: this is no text, so it is no CSV file: export the table and fill that in",
    )


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Rows that hold something, with the line each begins on."""
    begins = 2
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = getattr(reader, "line_num", begins) + 1


def _header_faults(header: list[str]) -> list[str]:
    if not any(header):
        return [f"the file is empty; the columns are {', '.join(COLUMNS)}"]
    missing = [name for name in _NEEDED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    double = sorted({name for name in header if header.count(name) > 1})
    known_columns = ", ".join(COLUMNS)
    return [
        *(f"the column {name} is missing; the columns are {known_columns}" for name in missing),
        *(f"the column {name!r} is unknown; the columns are {known_columns}" for name in unknown if name not in double),
        *(f"the column {name!r} stands there twice" for name in double),
    ]


def _left_empty(header: list[str], cells: list[str]) -> bool:
    return len(cells) == len(header) and not cells[header.index("target_key")].strip()


def _line(number: int, header: list[str], cells: list[str], problems: _Problems) -> _Line | None:
    if len(cells) != len(header):
        problems.append((number, f"line {number}: it has {len(cells)} cells, and the header has {len(header)}"))
        return None
    values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
    if fault := _id_fault(values):
        problems.append((number, f"line {number}: {fault}"))
        return None
    if not values["target_key"]:
        return None
    first = _date(number, "valid_from", values.get("valid_from", ""), EVER, problems)
    last = _date(number, "valid_until", values.get("valid_until", ""), FOR_EVER, problems)
    if first is None or last is None:
        return None
    if last < first:
        problems.append((number, f"line {number}: valid_until {last} is before valid_from {first}"))
        return None
    return _Line(number, Row(values["source_key"], first, last, values["target_key"], values.get("note", "")))


def _id_fault(values: Mapping[str, str]) -> str:
    if not values["source_key"]:
        return "source_key is empty"
    for name in _NEEDED:
        if _SHORTENED.fullmatch(values[name]):
            return (
                f"{name} {values[name]!r} is a number that a spreadsheet has shortened, and its last digits are lost: "
                f"export the table again, and open it so that the column {name} is text"
            )
    return ""


def _date(number: int, name: str, text: str, otherwise: dt.date, problems: _Problems) -> dt.date | None:
    if not text:
        return otherwise
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        problems.append((number, f"line {number}: {name} {text!r} is no date such as 2026-01-31"))
        return None


def _with_ids(found: Known, lines: list[_Line], problems: _Problems) -> list[_Line]:
    """The lines with ids where a number or name stands; those that are not unique are told."""
    made = []
    for line in lines:
        try:
            made.append(_Line(line.number, replace(line.row, value=found.with_ids(line.row.value))))
        except ValueError as error:
            problems.append((line.number, f"line {line.number}: {error}"))
    return made


def _strange_keys(strange: Strangers, lines: list[_Line]) -> _Problems:
    return [
        (line.number, f"line {line.number}: {strange.sentence(line.row.key)} (--anyway takes it all the same)")
        for line in lines
        if line.row.key in strange.meant
    ]


def _unknown_targets(found: Known, lines: list[_Line]) -> _Problems:
    return [
        (line.number, f"line {line.number}: {fault}")
        for line in lines
        if (fault := found.fault(line.row.value, line.row.key))
    ]


def _clashes(lines: list[_Line], held: list[Row]) -> _Problems:
    """Rows that would find the same document: within the file, and with rows that stay."""
    problems: _Problems = []
    by_key: dict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        for other in by_key[line.row.key]:
            if line.row.overlaps(other.row):
                same = "repeats" if line.row.value == other.row.value else "contradicts"
                told = f"line {line.number}: it {same} line {other.number} (key {line.row.key!r}, {other.row.span()})"
                problems.append((line.number, told))
        by_key[line.row.key].append(line)
    replaced = {(line.row.key, line.row.valid_from) for line in lines}
    staying = [row for row in held if (row.key, row.valid_from) not in replaced]
    for line in lines:
        for row in staying:
            if line.row.overlaps(row):
                told = f"key {row.key!r} is {row.value!r} {row.span()} already: give that row an end in the same file"
                problems.append((line.number, f"line {line.number}: {told}"))
    return problems
