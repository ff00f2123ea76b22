"""Lists: filters, order, pages and the page context."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from ml_connector_sandbox.zoho_books.api.call import ApiCall
from ml_connector_sandbox.zoho_books.books.body import parse_day
from ml_connector_sandbox.zoho_books.books.register import Dated, Register
from ml_connector_sandbox.zoho_books.errors import invalid

STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4}")
LAST = datetime.max.replace(tzinfo=UTC)

T = TypeVar("T")
D = TypeVar("D", bound=Dated)
Predicate = Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules(Generic[T]):
    """What one list offers. ``texts``: exact filters with the variants _startswith and _contains; ``dates``:
    exact filters with _start, _end, _before, _after; ``exact``: filters by id or word; ``columns``: sort keys."""

    report_name: str
    columns: dict[str, Callable[[T], Any]]
    default_column: str
    default_order: str = "A"
    default_filter: str = "Status.All"
    texts: dict[str, Callable[[T], str]] = field(default_factory=dict)
    dates: dict[str, Callable[[T], Any]] = field(default_factory=dict)
    exact: dict[str, Callable[[T], str]] = field(default_factory=dict)
    search: Callable[[T], str] | None = None
    modified: Callable[[T], datetime] | None = None
    order_honoured: bool = True


def page_size(call: ApiCall, default: int = 0, largest: int = 0) -> tuple[int, int]:
    """Page number and rows per page as asked, cut to the largest page."""
    page = _count(call, "page", 1)
    rows = _count(call, "per_page", default or call.switches.default_per_page)
    return page, min(rows, max(largest, call.switches.max_per_page))


def order(call: ApiCall, rules: ListRules[Any]) -> tuple[str, bool]:
    """Sort column and whether it runs downwards; an unknown column is ignored like any unknown parameter."""
    wanted = call.query.get("sort_column", "")
    known = wanted in rules.columns
    direction = call.query.get("sort_order", "") if rules.order_honoured else ""
    column = wanted if known else rules.default_column
    # Without sort_order a list keeps its own direction, whatever the column.
    return column, (direction or rules.default_order).upper().startswith("D")


def predicates(call: ApiCall, rules: ListRules[Any]) -> list[Predicate]:
    """One test per filter in the query. Parameters that the list does not know are ignored."""
    found: list[Predicate] = []
    for name, key in rules.exact.items():
        if call.query.get(name):
            found.append(_equal(key, call.query[name]))
    for name, key in rules.texts.items():
        found += _text_tests(call, name, key)
    for name, key in rules.dates.items():
        found += _date_tests(call, name, key)
    if rules.search is not None and call.query.get("search_text"):
        found.append(_contains(rules.search, call.query["search_text"]))
    since = modified_since(call) if rules.modified else None
    if since is not None and rules.modified:
        found.append(_since(rules.modified, since))
    return found


def modified_since(call: ApiCall) -> datetime | None:
    """The earliest change that ``last_modified_time`` lets through. An unescaped ``+`` arrives as a blank: refused."""
    value = call.query.get("last_modified_time", "")
    if not value:
        return None
    if not STAMP.fullmatch(value):
        raise invalid("last_modified_time")
    try:
        moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z").astimezone(UTC)
    except ValueError as error:
        raise invalid("last_modified_time") from error
    return moment if call.switches.modified_since_inclusive else moment + timedelta(seconds=1)


def page_of(
    call: ApiCall, rules: ListRules[T], rows: Sequence[T], default: int = 0, largest: int = 0
) -> tuple[list[T], dict[str, Any]]:
    """Filter, sort and cut a small list."""
    tests = predicates(call, rules)
    column, down = order(call, rules)
    found = [one for one in rows if all(test(one) for test in tests)]
    found.sort(key=rules.columns[column], reverse=down)
    page, size = page_size(call, default, largest)
    start = (page - 1) * size
    return found[start : start + size], context(call, rules, page, size, len(found) > start + size)


def page_of_register(
    call: ApiCall, rules: ListRules[D], register: Register[D], extra: Sequence[Predicate] = ()
) -> tuple[list[D], dict[str, Any]]:
    """A page of a register; without filters, in order of creation or change, only the page itself is read."""
    column, down = order(call, rules)
    page, size = page_size(call)
    start = (page - 1) * size
    lag = call.switches.list_lag_seconds
    visible = call.books.now() - timedelta(seconds=lag) if lag else LAST
    tests = [*predicates(call, rules), *extra]
    if not tests and column == "created_time":
        rows = register.slice_created(visible, start, start + size + 1, down)
    elif not tests and column == "last_modified_time" and not lag:
        rows = register.slice_modified(start, start + size + 1, down)
    else:
        found = [one for one in _candidates(call, rules, register) if one.created <= visible]
        found = [one for one in found if all(test(one) for test in tests)]
        found.sort(key=lambda one: (rules.columns[column](one), one.sequence), reverse=down)
        rows = found[start : start + size + 1]
    return rows[:size], context(call, rules, page, size, len(rows) > size)


def context(call: ApiCall, rules: ListRules[Any], page: int, size: int, more: bool) -> dict[str, Any]:
    """The page context of a list. There is no total count."""
    column, down = order(call, rules)
    return {
        "page": page,
        "per_page": size,
        "has_more_page": more,
        "report_name": rules.report_name,
        "applied_filter": call.query.get("filter_by") or rules.default_filter,
        "custom_fields": [],
        "sort_column": column,
        "sort_order": "D" if down else "A",
    }


def _candidates(call: ApiCall, rules: ListRules[D], register: Register[D]) -> list[D]:
    sets = [
        register.having(name, call.query[name])
        for name in (*rules.exact, *rules.texts)
        if call.query.get(name) and register.indexed(name)
    ]
    since = modified_since(call) if rules.modified else None
    if since is not None:
        sets.append(register.modified_since(since))
    return min(sets, key=len) if sets else list(register)


def _count(call: ApiCall, name: str, default: int) -> int:
    value = call.query.get(name, "")
    if not value:
        return default
    if not value.isdecimal() or int(value) < 1:
        raise invalid(name)
    return int(value)


def _equal(key: Callable[[Any], str], wanted: str) -> Predicate:
    return lambda one: key(one) == wanted


def _contains(key: Callable[[Any], str], wanted: str) -> Predicate:
    lowered = wanted.casefold()
    return lambda one: lowered in key(one).casefold()


def _starts(key: Callable[[Any], str], wanted: str) -> Predicate:
    lowered = wanted.casefold()
    return lambda one: key(one).casefold().startswith(lowered)


def _since(key: Callable[[Any], datetime], since: datetime) -> Predicate:
    return lambda one: key(one) >= since


def _text_tests(call: ApiCall, name: str, key: Callable[[Any], str]) -> list[Predicate]:
    kinds = {"": _equal, "_startswith": _starts, "_contains": _contains}
    query = call.query
    return [make(key, query[name + kind]) for kind, make in kinds.items() if query.get(name + kind)]


def _date_tests(call: ApiCall, name: str, key: Callable[[Any], Any]) -> list[Predicate]:
    found: list[Predicate] = []
    for kind in ("", "_start", "_end", "_before", "_after"):
        value = call.query.get(name + kind)
        if value:
            found.append(_date_test(kind, key, parse_day(value, name + kind)))
    return found


def _date_test(kind: str, key: Callable[[Any], Any], day: Any) -> Predicate:
    return {
        "": lambda one: key(one) == day,
        "_start": lambda one: key(one) >= day,
        "_end": lambda one: key(one) <= day,
        "_before": lambda one: key(one) < day,
        "_after": lambda one: key(one) > day,
    }[kind]
