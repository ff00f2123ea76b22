"""Filters of lists by the bounds of an amount."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall
from ml_connector_sandbox.zoho_books.api.paging import Predicate
from ml_connector_sandbox.zoho_books.errors import invalid

_TESTS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "_less_than": lambda value, bound: value < bound,
    "_less_equals": lambda value, bound: value <= bound,
    "_greater_than": lambda value, bound: value > bound,
    "_greater_equals": lambda value, bound: value >= bound,
}


def bounds(call: ApiCall, name: str, key: Callable[[Any], Decimal]) -> list[Predicate]:
    """One test for each of ``<name>_less_than``, ``_less_equals``, ``_greater_than`` and ``_greater_equals`` that is sent."""
    given = {kind: call.query[name + kind] for kind in _TESTS if call.query.get(name + kind)}
    return [_test(_TESTS[kind], key, _bound(name + kind, value)) for kind, value in given.items()]


def _test(test: Callable[[Decimal, Decimal], bool], key: Callable[[Any], Decimal], bound: Decimal) -> Predicate:
    return lambda one: test(key(one), bound)


def _bound(name: str, value: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation as error:
        raise invalid(name) from error
