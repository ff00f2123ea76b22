"""Rendered rows, kept as JSON text until the record, a name it shows, or a switch changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.emulator import grown
from ml_connector_sandbox.servicetitan.books import Record, Table
from ml_connector_sandbox.servicetitan.shapes import Row

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.calls import ApiCall


class Rows:
    """The cache of rendered rows, by table and view."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, str, int], tuple[Record, tuple[Any, ...], msgspec.Raw]] = {}

    def row(self, call: ApiCall, table: Table[Any], view: str, record: Record, build: Callable[[], Row]) -> msgspec.Raw:
        """The JSON of ``record`` in ``view``, built when it is not kept or no longer true."""
        context = call.row_context
        place = (id(table), view, record.id)
        kept = self._kept.get(place)
        if kept is not None and kept[0] is record and kept[1] == context:
            return kept[2]
        text = rendered(build(), call.switches.extra_fields)
        self._kept[place] = (record, context, text)
        return text


def rendered(value: Any, extra_fields: bool) -> msgspec.Raw:
    """JSON text, with an undocumented field in every object when ``extra_fields``."""
    return msgspec.Raw(exact.dumps(grown(value) if extra_fields else value))
