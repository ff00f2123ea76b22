"""Encoded queries: ``^`` and, ``^OR`` or with the term before, ``^NQ`` between whole groups, ``^ORDERBY``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType

from ml_connector_sandbox.servicenow.books import values
from ml_connector_sandbox.servicenow.books.dictionary import Column
from ml_connector_sandbox.servicenow.books.indexes import UPDATED, Ids, Index
from ml_connector_sandbox.servicenow.books.records import Records, Row

_CARET = "\x00"
_OPERATORS = (
    "GT_OR_EQUALS_FIELD", "LT_OR_EQUALS_FIELD", "DOES NOT CONTAIN", "GT_FIELD", "LT_FIELD", "ISNOTEMPTY", "EMPTYSTRING",
    "STARTSWITH", "INSTANCEOF", "NOT LIKE", "ENDSWITH", "CONTAINS", "ANYTHING", "BETWEEN", "ISEMPTY", "NSAMEAS",
    "NOT IN", "SAMEAS", "LIKE", "IN", "!=", ">=", "<=", "=", ">", "<",
)  # fmt: skip
_TERM = re.compile(rf"(?P<field>[a-z0-9_.]+)(?P<operator>{'|'.join(_OPERATORS)})(?P<value>.*)", re.DOTALL)
_SCRIPT = re.compile(r"javascript:\s*gs\.(?P<name>\w+)\((?P<argument>-?\d*)\);?")
_ORDER = Mapping[str, Callable[[object, object], bool]]
_COMPARE: _ORDER = MappingProxyType({"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge})  # type: ignore[dict-item]
_EMPTINESS: Mapping[str, Callable[[str], bool]] = MappingProxyType(
    {
        "ISEMPTY": lambda value: not value,
        "EMPTYSTRING": lambda value: not value,
        "ISNOTEMPTY": bool,
        "ANYTHING": lambda _: True,
    }
)
_SINCE = frozenset({"=", ">", ">="})
_FIELDS: Mapping[str, str] = MappingProxyType(
    {"GT_FIELD": ">", "LT_FIELD": "<", "GT_OR_EQUALS_FIELD": ">=", "LT_OR_EQUALS_FIELD": "<=", "SAMEAS": "="}
)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison of a field, which may be dot-walked, with a value."""

    field: str
    operator: str
    value: str


@dataclass(slots=True)
class Query:
    """Groups of which one must hold; in a group every clause; in a clause one term. ``dropped``: terms that nobody
    understands, which restrict nothing."""

    groups: list[list[list[Term]]] = field(default_factory=lambda: [[]])
    order: list[tuple[str, bool]] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)


class Queries:
    """Reads and answers encoded queries over the rows of one instance."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def parsed(self, table: str, text: str) -> Query:
        """The query a text writes, for this table. Raises UnknownTable."""
        self._records.table(table)
        query = Query()
        if self._records.switches.doubled_caret:
            text = text.replace("^^", _CARET)
        for part in text.split("^"):
            self._take(query, table, part)
        return query

    def found(self, table: str, query: Query, *, none_if_dropped: bool = False) -> list[Row]:
        """The rows that fit, in the query's order. ``none_if_dropped``: no row when a term was dropped."""
        if query.dropped and none_if_dropped:
            return []
        rows = [row for row in self._near(table, query) if self.fits(table, query, row)]
        for name, descending in reversed(query.order):
            rows.sort(key=lambda row: self._key(table, row, name), reverse=descending)
        return rows

    def _near(self, table: str, query: Query) -> list[Row]:
        """Rows among which those that fit are: all, where a group has no clause that an index can answer."""
        chosen = [self._choice(table, group) for group in query.groups]
        if not all(chosen):
            return self._records.rows(table)
        terms = [term for clause in chosen if clause for term in clause]
        return self._records.chosen(table, lambda index: _indexed(index, terms))

    def _choice(self, table: str, group: list[list[Term]]) -> list[Term] | None:
        """The clause of a group that chooses its rows: one that names values, else one that names the oldest stamp."""
        known = self._records.columns(table)
        named = (one for one in group if all(_names_values(known, term) for term in one))
        stamped = (one for one in group if all(term.field == UPDATED and term.operator in _SINCE for term in one))
        return next(named, None) or next(stamped, None)

    def fits(self, table: str, query: Query, row: Row) -> bool:
        """Whether one row fits."""
        return any(
            all(any(self._holds(table, row, term) for term in clause) for clause in group) for group in query.groups
        )

    def walked(self, table: str, row: Mapping[str, str], path: str) -> tuple[Column, Mapping[str, str]] | None:
        """The column at the end of a dotted path and the row it stands in; None when the path leads nowhere.

        An empty reference on the way gives an empty row.
        """
        known = self._records.columns(table)
        name, dot, rest = path.partition(".")
        if name == "sys_class_name":
            return Column(name=name, label="Class", type="sys_class_name", max_length=80), row
        column = known.get(name)
        if column is None or not dot:
            return None if column is None else (column, row)
        if not column.refers:
            return None
        target = self._records.target(column, row)
        if target is not None:
            return self.walked(target[0], target[1], rest)
        return self.walked(column.reference, {}, rest) if column.reference in self._records.tables else None

    def _take(self, query: Query, table: str, part: str) -> None:
        if not part or part == "EQ":
            return
        if part.startswith("ORDERBY"):
            self._take_order(query, table, part)
            return
        if part.startswith("NQ"):
            query.groups.append([])
            part = part[2:]
        join = part.startswith("OR")
        term = self._term(table, part[2:] if join else part)
        if term is None:
            query.dropped.append(part)
        elif join and query.groups[-1]:
            query.groups[-1][-1].append(term)
        else:
            query.groups[-1].append([term])

    def _take_order(self, query: Query, table: str, part: str) -> None:
        descending = part.startswith("ORDERBYDESC")
        name = part[11:] if descending else part[7:]
        if self.walked(table, {}, name) is None:
            query.dropped.append(part)
        else:
            query.order.append((name, descending))

    def _term(self, table: str, text: str) -> Term | None:
        found = _TERM.fullmatch(text.replace(_CARET, "^"))
        if found is None or self.walked(table, {}, found["field"]) is None:
            return None
        value = self._evaluated(found["value"])
        return None if value is None else Term(found["field"], found["operator"], value)

    def _evaluated(self, value: str) -> str | None:
        if not value.startswith("javascript:"):
            return value
        found = _SCRIPT.fullmatch(value)
        made = _scripted(found["name"], int(found["argument"] or 0), self._records.clock.now()) if found else None
        return None if made is None else values.stamp(made)

    def _holds(self, table: str, row: Row, term: Term) -> bool:
        at = self.walked(table, row, term.field)
        if at is None:
            return False
        column, holder = at
        value = self._value(column, holder)
        if term.operator in _FIELDS or term.operator == "NSAMEAS":
            other = self.walked(table, row, term.value)
            shown = self._value(*other) if other else ""
            return self._compared(column, value, _FIELDS.get(term.operator, "!="), shown)
        if term.operator == "INSTANCEOF":
            return self._records.is_a(row["sys_class_name"], term.value)
        return self._compared(column, value, term.operator, term.value)

    def _value(self, column: Column, row: Mapping[str, str]) -> str:
        if column.type == "currency2":
            price = self._records.price(row.get(column.name, ""))
            return format(price[1], "f") if price else ""
        return row.get(column.name, "")

    def _compared(self, column: Column, value: str, how: str, wanted: str) -> bool:
        if how in _EMPTINESS:
            return _EMPTINESS[how](value)
        value, wanted = self._folded(value), self._folded(wanted)
        if how in _COMPARE:
            return bool(value) and _ordered(column, value, how, wanted)
        if how == "BETWEEN":
            low, _, high = wanted.partition("@")
            return bool(value) and _ordered(column, value, ">=", low) and _ordered(column, value, "<=", high)
        if how in ("IN", "NOT IN"):
            return (value in [one.strip() for one in wanted.split(",")]) == (how == "IN")
        return _text(column, value, how, wanted)

    def _folded(self, text: str) -> str:
        return text.casefold() if self._records.switches.case_insensitive else text

    def _key(self, table: str, row: Row, path: str) -> tuple[Decimal, str]:
        at = self.walked(table, row, path)
        if at is None:
            return Decimal(0), ""
        value = self._value(*at)
        numeric = values.number(value) if at[0].numeric or at[0].type == "currency2" else None
        return (numeric or Decimal(0)), self._folded(value)


def _names_values(known: Mapping[str, Column], term: Term) -> bool:
    """Whether the rows of a term are those with one of the texts that it names, none of them empty."""
    column = known.get(term.field)
    if column is None or column.numeric or column.type == "currency2" or term.field == UPDATED:
        return False
    return term.operator in ("=", "IN") and all(_texts(term))


def _texts(term: Term) -> list[str]:
    return [one.strip() for one in term.value.split(",")] if term.operator == "IN" else [term.value]


def _indexed(index: Index, terms: list[Term]) -> Ids:
    """The rows that any of these terms chooses."""
    found: Ids = {}
    for term in terms:
        if term.operator in _SINCE and term.field == UPDATED:
            found |= index.since(term.value)
        else:
            for text in _texts(term):
                found |= index.having(term.field, text)
    return found


def _ordered(column: Column, value: str, how: str, wanted: str) -> bool:
    if column.numeric or column.type == "currency2":
        left, right = values.number(value), values.number(wanted)
        return left is not None and right is not None and _COMPARE[how](left, right)
    return _COMPARE[how](value, wanted)


def _text(column: Column, value: str, how: str, wanted: str) -> bool:
    match how:
        case "=" | "!=":
            left, right = (values.number(value), values.number(wanted)) if column.numeric else (None, None)
            equal = value == wanted if left is None or right is None else left == right
            return equal == (how == "=")
        case "LIKE" | "CONTAINS":
            return wanted in value
        case "NOT LIKE" | "DOES NOT CONTAIN":
            return wanted not in value
        case "STARTSWITH":
            return value.startswith(wanted)
        case _:
            return value.endswith(wanted)


def _scripted(name: str, argument: int, now: datetime) -> datetime | None:
    """What a few of the documented ``gs`` functions give; None for any other."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    evening = midnight + timedelta(days=1, seconds=-1)
    made = {
        "now": now,
        "nowDateTime": now,
        "beginningOfToday": midnight,
        "endOfToday": evening,
        "daysAgo": now - timedelta(days=argument),
        "daysAgoStart": midnight - timedelta(days=argument),
        "daysAgoEnd": evening - timedelta(days=argument),
        "hoursAgo": now - timedelta(hours=argument),
        "hoursAgoStart": now - timedelta(hours=argument),
        "minutesAgo": now - timedelta(minutes=argument),
        "minutesAgoStart": now - timedelta(minutes=argument),
    }
    return made.get(name)
