"""The ``where`` filter: comparisons of the fields a list knows, joined by AND and OR. Anything else is refused."""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from ml_connector_sandbox.xero.errors import bad_query

Getter = Callable[[Any], Any]
Predicate = Callable[[Any], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*")
    |(?P<guid>guid\s*\(\s*"(?P<id>[0-9A-Fa-f-]{36})"\s*\))
    |(?P<day>DateTime\s*\(\s*(?P<y>\d{4})\s*,\s*(?P<m>\d\d?)\s*,\s*(?P<d>\d\d?)\s*\))
    |(?P<number>-?\d+(?:\.\d+)?)
    |(?P<join>&&|\|\||\b(?:AND|OR)\b)
    |(?P<word>[A-Za-z][A-Za-z.]*)
    |(?P<compare>==|!=|<=|>=|=|<|>)
    |(?P<bracket>[()]))""",
    re.VERBOSE | re.IGNORECASE,
)
_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "==": operator.eq, "=": operator.eq, "!=": operator.ne,
        "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
    }
)  # fmt: skip
_DEEPEST = 50  # brackets in brackets; not known, and no client comes near it
_AND, _OR = frozenset({"&&", "and"}), frozenset({"||", "or"})


def folded(text: str) -> str:
    """Without case and accents, as names and e-mail addresses are compared.

    >>> folded("Zoë") == folded("ZOE")
    True
    """
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)).casefold()


def parsed(text: str, fields: Mapping[str, Getter]) -> Predicate:
    """The filter as a test of one record. Raises BadRequest on fields or expressions that are not known."""
    tokens = _tokens(text)
    found = _Parser(tokens, {name.lower(): getter for name, getter in fields.items()}).whole()
    if tokens:
        raise bad_query(f"Unexpected {tokens[0][1]!r} in where")
    return found


def _tokens(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise bad_query(f"where cannot be read from {text[place : place + 20]!r} on")
        found.append(_token(match))
        place = match.end()
    return found


def _token(match: re.Match[str]) -> tuple[str, Any]:
    kind = next(name for name in ("text", "guid", "day", "number", "join", "word", "compare", "bracket") if match[name])
    if kind == "text":
        return "value", re.sub(r"\\(.)", r"\1", match["text"][1:-1])
    if kind == "guid":
        return "value", match["id"].lower()
    if kind == "number":
        return "value", Decimal(match["number"])
    if kind == "day":
        try:
            return "value", date(int(match["y"]), int(match["m"]), int(match["d"]))
        except ValueError as error:
            raise bad_query(f"DateTime in where: {error}") from None
    return kind, match[kind].lower() if kind == "join" else match[kind]


class _Parser:
    """OR of ANDs of comparisons, with brackets."""

    def __init__(self, tokens: list[tuple[str, Any]], fields: Mapping[str, Getter]) -> None:
        self._tokens, self._fields = tokens, fields
        self._depth = 0

    def whole(self) -> Predicate:
        tests = [self._both()]
        while self._joined(_OR):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda one: any(test(one) for test in tests)

    def _both(self) -> Predicate:
        tests = [self._one()]
        while self._joined(_AND):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda one: all(test(one) for test in tests)

    def _one(self) -> Predicate:
        kind, value = self._next("a comparison")
        if (kind, value) == ("bracket", "("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise bad_query(f"where has more than {_DEEPEST} brackets in brackets")
            inside = self.whole()
            self._depth -= 1
            if self._next("a closing bracket") != ("bracket", ")"):
                raise bad_query("A bracket in where is not closed")
            return inside
        getter = self._fields.get(value.lower()) if kind == "word" else None
        if getter is None:
            raise bad_query(f"No property or field {value!r} can be filtered by")
        return self._comparison(getter, str(value))

    def _comparison(self, getter: Getter, name: str) -> Predicate:
        kind, sign = self._next("a comparison sign")
        if kind != "compare":
            raise bad_query(f"Expected a comparison after {name}, not {sign!r}")
        kind, wanted = self._next("a value")
        if kind == "word" and wanted.lower() in ("true", "false"):
            kind, wanted = "value", wanted.lower() == "true"
        if kind != "value":
            raise bad_query(f"{name} cannot be compared with {wanted!r}")
        return _test(getter, _COMPARISONS[sign], wanted, name)

    def _joined(self, words: frozenset[str]) -> bool:
        if self._tokens and self._tokens[0][0] == "join" and self._tokens[0][1] in words:
            self._tokens.pop(0)
            return True
        return False

    def _next(self, what: str) -> tuple[str, Any]:
        if not self._tokens:
            raise bad_query(f"where ends where {what} should be")
        return self._tokens.pop(0)


def _test(getter: Getter, compare: Callable[[Any, Any], bool], wanted: Any, name: str) -> Predicate:
    equal = compare in (operator.eq, operator.ne)

    def test(record: Any) -> bool:
        value = getter(record)
        if value is None:
            return compare is operator.ne
        if type(value) is not type(wanted) or not (equal or isinstance(value, date | Decimal)):
            raise bad_query(f"{name} cannot be compared with {wanted!r}")
        if isinstance(value, str):
            return compare(folded(value), folded(wanted))
        return compare(value, wanted)

    return test
