"""Lists: filters, ``If-Modified-Since``, order and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall
from ml_connector_sandbox.xero.api.where import Getter, Predicate, folded, parsed
from ml_connector_sandbox.xero.books.register import Register
from ml_connector_sandbox.xero.errors import bad_query

DEFAULT_PAGE = 100
MOST_UNPAGED = 100_000
_SINCE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one list offers. ``fields``: what ``where`` and ``order`` know. ``sets``: parameter with commas -> key.

    ``search``: texts that ``searchTerm`` looks through. ``filters``: ``where`` is offered at all;
    ``paged``: pages are.
    """

    fields: Mapping[str, Getter]
    sets: Mapping[str, Getter] = field(default_factory=dict)
    search: Callable[[Any], Iterable[str]] | None = None
    filters: bool = True
    paged: bool = True
    always_paged: bool = False
    forced_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """The rows to show; ``pagination`` None: the whole set was asked for."""

    rows: list[Any]
    pagination: dict[str, int] | None
    unchanged: bool = False

    @property
    def paged(self) -> bool:
        """Was a page asked for, or forced."""
        return self.pagination is not None


def select(call: ApiCall, rules: Rules, register: Register[Any], tests: Sequence[Predicate] = ()) -> Found:
    """What a list answers."""
    since = modified_since(call)
    rows = list(register) if since is None else register.since(since)
    return chosen(call, rules, rows, tests, since is not None)


def chosen(
    call: ApiCall, rules: Rules, rows: Iterable[Any], tests: Sequence[Predicate] = (), conditional: bool = False
) -> Found:
    """The same for rows that stand in default order already."""
    every = [*tests, *_tests(call, rules)]
    found = _ordered(call, rules, [one for one in rows if all(test(one) for test in every)])
    nothing = conditional and not found and call.switches.modified_since_304
    if not _paged(call, rules):
        if len(found) > MOST_UNPAGED:
            raise bad_query(f"More than {MOST_UNPAGED} records would be returned; ask for pages")
        return Found(found, None, nothing)
    page, size = _page(call)
    count = -(-len(found) // size)
    shown = {"page": page, "pageSize": size, "pageCount": count, "itemCount": len(found)}
    return Found(found[(page - 1) * size : page * size], shown, nothing)


def modified_since(call: ApiCall) -> datetime | None:
    """The earliest change that the header lets through. Raises BadRequest on a spelling no client is known to send."""
    text = call.headers.get("If-Modified-Since", "").strip()
    if not text:
        return None
    if not _SINCE.fullmatch(text):
        raise bad_query(f"If-Modified-Since cannot be read: {text!r}")
    try:
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError as error:
        raise bad_query(f"If-Modified-Since: {error}") from None
    last = moment.replace(microsecond=999_999)  # stamps have milliseconds
    return moment if call.switches.modified_since_inclusive else last


def _tests(call: ApiCall, rules: Rules) -> list[Predicate]:
    tests: list[Predicate] = []
    if rules.filters and call.asked("where"):
        tests.append(parsed(call.asked("where"), rules.fields))
    for name, getter in rules.sets.items():
        if call.asked(name):
            tests.append(_among(getter, {one.strip().casefold() for one in call.asked(name).split(",")}))
    if rules.search is not None and call.asked("searchTerm"):
        tests.append(_contains(rules.search, folded(call.asked("searchTerm"))))
    return tests


def _among(getter: Getter, wanted: set[str]) -> Predicate:
    return lambda one: getter(one).casefold() in wanted


def _contains(texts: Callable[[Any], Iterable[str]], wanted: str) -> Predicate:
    return lambda one: any(wanted in folded(text) for text in texts(one))


def _ordered(call: ApiCall, rules: Rules, rows: list[Any]) -> list[Any]:
    """By the field asked for; equal rows stay in default order."""
    asked = call.asked("order")
    if not asked:
        return rows
    name, _, direction = asked.partition(" ")
    known = {one.lower(): getter for one, getter in rules.fields.items()} | {"updateddateutc": lambda one: one.updated}
    getter, word = known.get(name.lower()), direction.strip().upper()
    if getter is None or word not in ("", "ASC", "DESC"):
        raise bad_query(f"order cannot be read: {asked!r}")
    return sorted(rows, key=lambda one: _sortable(getter(one)), reverse=word == "DESC")


def _sortable(value: Any) -> tuple[bool, Any]:
    """Absent values come first."""
    if value is None:
        return False, ""
    return True, value.casefold() if isinstance(value, str) else value


def _paged(call: ApiCall, rules: Rules) -> bool:
    if not rules.paged:
        return False
    forced = any(call.asked(name) and call.asked(name).lower() != "false" for name in rules.forced_by)
    return rules.always_paged or forced or bool(call.asked("page"))


def _page(call: ApiCall) -> tuple[int, int]:
    """Out of range is clamped in silence."""
    page, size = _whole(call.asked("page"), 1), _whole(call.asked("pageSize"), DEFAULT_PAGE)
    return max(1, page), min(max(1, size), call.switches.largest_page)


def _whole(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"-?\d{1,9}", text) else default
