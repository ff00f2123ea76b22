"""Lists: windows, look-ups by id, active, sort, pages; and the two shapes a page is answered in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeVar

from aiohttp import web

from ml_connector_sandbox.kernel.emulator import UNDOCUMENTED
from ml_connector_sandbox.servicetitan.answers import not_found
from ml_connector_sandbox.servicetitan.books import Record, Table
from ml_connector_sandbox.servicetitan.books.table import unordered
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.rows import rendered
from ml_connector_sandbox.servicetitan.shapes import Row

R = TypeVar("R", bound=Record)
Test = Callable[[Any], bool]

ACTIVE = ("True", "Any", "False")
ACTIVE_STATES = ("ActiveOnly", "InactiveOnly", "All")
_SORTS = {
    "Id": "id",
    "ModifiedOn": "modified_on",
    "CreatedOn": "created_on",
    "Name": "name",
    "Priority": "priority",
    "Code": "code",
    "DisplayName": "display_name",
    "Price": "price",
    "Cost": "cost",
    "Number": "number",
    "Status": "status",
    "ExportedOn": "exported_on",
    "ExportedBy": "exported_by",
    "PostDate": "post_date",
}
_DEFAULT_PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class ListRules:
    """What a list takes. ``sorts`` empty: it has no sort parameter, and ignores one as any unknown name.

    ``ids_maximum`` None: not documented, the switch decides. ``modified``: the field the modified window reads.
    ``order_by``: takes orderBy and orderByDirection besides ``sort``. ``filtered`` False: it takes the page alone, neither
    ids nor any window. ``own_ids``: its ids are no numbers and a test reads them. ``page_size_maximum`` None: that of all.
    """

    sorts: tuple[str, ...] = ("Id", "ModifiedOn", "CreatedOn")
    active: bool = True
    repeated_ids: bool = False
    ids_maximum: int | None = 50
    not_emulated: tuple[str, ...] = ()
    modified: str = "modified_on"
    order_by: bool = False
    filtered: bool = True
    own_ids: bool = False
    page_size_maximum: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """``selected`` is every row of the query, in its order."""

    number: int
    size: int
    selected: Sequence[Any]
    total_wanted: bool

    @property
    def start(self) -> int:
        return (self.number - 1) * self.size

    def records(self) -> Sequence[Any]:
        return self.selected[self.start : self.start + self.size]


def read_page(
    call: ApiCall, table: Table[R], rules: ListRules, tests: Sequence[Test] = (), others: Sequence[Table[Any]] = ()
) -> Page:
    """The page of ``table`` a query asks for, restricted by ``tests``. Raises Refusal (400, 501).

    ``others``: the tables the tests look into besides.
    """
    asked = call.parameters
    asked.emulate_not(rules.not_emulated)
    number, size = asked.count("page", 1), page_size(call, rules.page_size_maximum)
    total_wanted = asked.boolean("includeTotal") or False
    selected = _selected(call, table, rules, tests, tuple(one.changes for one in others))
    asked.check()
    return Page(number, size, selected, total_wanted)


def page_size(call: ApiCall, own_maximum: int | None = None) -> int:
    """``pageSize``, of which a list may have a maximum of its own. Notes one that is too large."""
    size, most = call.parameters.count("pageSize", _DEFAULT_PAGE_SIZE), call.switches.page_size_maximum
    most = most if own_maximum is None else min(most, own_maximum)
    if size > most and not call.switches.clamp_page_size:
        call.parameters.refuse("pageSize", f"The value '{size}' must not be greater than {most}.")
    return min(size, most)


def _selected(
    call: ApiCall, table: Table[R], rules: ListRules, tests: Sequence[Test], seen: tuple[int, ...]
) -> Sequence[R]:
    """``seen``: how often the other tables the tests look into were changed."""
    asked = call.parameters
    ids = _ids(call, rules)
    active = (asked.enum("active", ACTIVE) or "True") if rules.active else "Any"
    lower, upper = _bounds(call, rules, "modified")
    created = window(*_bounds(call, rules, "created"), attrgetter("created_on"))
    sort = _sort(call, rules) or _order_by(call, rules)
    asked.check()
    key = (call.request.path, asked.key(), call.switched, seen)
    if call.horizon is None and key in table.selections:
        return table.selections[key]
    wanted = [*created, *tests]
    if ids is None and rules.modified == "modified_on":
        found = table.modified_between(lower, upper, call.horizon)
    else:
        found = table.versions_of(table.numbers() if ids is None else ids, call.horizon)
        wanted += window(lower, upper, attrgetter(rules.modified))
    if active != "Any":
        wanted.append(lambda record: record.active is (active == "True"))
    rows = _ordered([record for record in found if all(test(record) for test in wanted)], sort)
    if call.horizon is None:
        table.keep_selection(key, rows)
    return rows


def window(lower: str | None, upper: str | None, read: Callable[[Any], str | None]) -> list[Test]:
    """Tests for an instant from ``lower`` (inclusive) to ``upper`` (exclusive)."""
    tests: list[Test] = []
    if lower is not None:
        tests.append(lambda record: (read(record) or "") >= lower)
    if upper is not None:
        tests.append(lambda record: (read(record) or upper) < upper)
    return tests


def equal(name: str, value: Any) -> list[Test]:
    """A test that a field is ``value``; none when it was not asked."""
    return [] if value is None else [lambda record: getattr(record, name) == value]


def between(name: str, least: Any, most: Any) -> list[Test]:
    """Tests that a field is from ``least`` to ``most``, both inclusive; none where none was asked."""
    tests: list[Test] = [] if least is None else [lambda record: getattr(record, name) >= least]
    return tests if most is None else [*tests, lambda record: getattr(record, name) <= most]


def active_state(call: ApiCall, default: str) -> list[Test]:
    """The test of ``activeState``, the other spelling of ``active``."""
    state = call.parameters.enum("activeState", ACTIVE_STATES) or default
    return [] if state == "All" else equal("active", state == "ActiveOnly")


def in_batch(call: ApiCall) -> list[Test]:
    """The tests of ``batchId`` and ``batchNumber``."""
    number, text = call.parameters.integer("batchId"), call.parameters.integer("batchNumber")
    tests: list[Test] = []
    if number is not None:
        tests.append(lambda record: record.batch is not None and record.batch.id == number)
    if text is not None:
        tests.append(lambda record: record.batch is not None and record.batch.number == str(text))
    return tests


def on_day(name: str) -> Callable[[Any], str | None]:
    """Reads a document date as the midnight it is compared by."""

    def read(record: Any) -> str | None:
        day = getattr(record, name)
        return None if day is None else f"{day.isoformat()}T00:00:00.0000000Z"

    return read


def among(name: str, values: Sequence[Any] | frozenset[Any]) -> list[Test]:
    """A test that a field is one of ``values``; none when none were asked."""
    return [lambda record: getattr(record, name) in values] if values else []


def _bounds(call: ApiCall, rules: ListRules, name: str) -> tuple[str | None, str | None]:
    """From when (inclusive) to when (exclusive) something is asked to have been created or modified."""
    asked = call.parameters
    return (asked.stamp(f"{name}OnOrAfter"), asked.stamp(f"{name}Before")) if rules.filtered else (None, None)


def _ids(call: ApiCall, rules: ListRules) -> frozenset[int] | None:
    if not rules.filtered or rules.own_ids:
        return None
    most = rules.ids_maximum or call.switches.undocumented_ids_maximum
    read = call.parameters.repeated_ids if rules.repeated_ids else call.parameters.comma_ids
    return frozenset(read("ids", most)) or None


def _sort(call: ApiCall, rules: ListRules) -> tuple[str, bool] | None:
    text = call.parameters.text("sort") if rules.sorts else None
    if text is None:
        return None
    sign, name = text[0], text[1:]
    if sign not in "+-" or name not in rules.sorts:
        call.parameters.refuse("sort", f"The value '{text}' is not valid; use + or - and one of {rules.sorts}.")
        return None
    return _SORTS[name], sign == "-"


def _order_by(call: ApiCall, rules: ListRules) -> tuple[str, bool] | None:
    """Ascending unless the direction says desc or descending, whatever else it says."""
    name = call.parameters.text("orderBy") if rules.order_by else None
    if name is None:
        return None
    if name not in rules.sorts:
        call.parameters.refuse("orderBy", f"The value '{name}' is not valid.")
        return None
    return _SORTS[name], call.parameters.text("orderByDirection") in ("desc", "descending")


def _ordered(found: list[R], sort: tuple[str, bool] | None) -> list[R]:
    rows = sorted(found, key=unordered)
    if sort is None:
        return rows
    read = attrgetter(sort[0])

    def place(record: R) -> tuple[bool, Any]:
        """What a record does not have stands after all that others have."""
        value = read(record)
        return (value is None, "" if value is None else value)

    rows.sort(key=place, reverse=sort[1])
    return rows


def envelope(call: ApiCall, page: Page, table: Table[R], view: str, build: Callable[[R], Row]) -> web.Response:
    """The page with its numbers; ``totalCount`` is there as null unless asked for."""
    head: Row = {
        "page": page.number,
        "pageSize": page.size,
        "hasMore": page.start + page.size < len(page.selected),
        "totalCount": len(page.selected) if page.total_wanted else None,
        "data": _rows(call, page, table, view, build),
    }
    if call.switches.extra_fields:
        head[UNDOCUMENTED] = None
    return call.answer(head)


def bare_array(call: ApiCall, page: Page, table: Table[R], view: str, build: Callable[[R], Row]) -> web.Response:
    """The rows of the page and nothing else: no way to see whether there are more."""
    return call.answer(_rows(call, page, table, view, build))


def _rows(call: ApiCall, page: Page, table: Table[R], view: str, build: Callable[[R], Row]) -> list[Any]:
    return [row_of(call, table, view, record, build) for record in page.records()]


def row_of(call: ApiCall, table: Table[R], view: str, record: R, build: Callable[[R], Row]) -> Any:
    """One record as JSON text, from the cache when it still holds."""
    return call.rows.row(call, table, view, record, lambda: build(record))


def single(call: ApiCall, table: Table[R], name: str, build: Callable[[R], Row]) -> web.Response:
    """GET by id. Raises Refusal: 400 when the id is no number, 404 when there is no such record."""
    number = call.path_id(name)
    record = table.get(number)
    if record is None:
        raise not_found(table.what.capitalize(), number)
    call.parameters.check()
    return call.answer(rendered(build(record), call.switches.extra_fields))
