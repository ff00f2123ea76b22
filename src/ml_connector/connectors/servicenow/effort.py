"""About how many calls steps take: what lies there is looked up, heads go, the other rows go, and all of it is read back.

How many lines a document has is known only when it is planned, so it is taken for an ordinary one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

from ml_connector.connectors.servicenow.settings import of
from ml_connector.connectors.servicenow.write import BATCHES
from ml_connector.connectors.writing import Action

# Rows of an ordinary document beside its head: lines and taxes of a bill, address and contact of a supplier.
_BESIDE: Mapping[str, float] = MappingProxyType({"bills": 2.5, "parties": 2.0})
# Tables that one look-up asks: staging tables of all kinds of rows, and the table of what was made of them.
_ASKED: Mapping[str, int] = MappingProxyType({"bills": 4, "parties": 4, "vendor_payments": 2, "dimensions": 2})
# Tables that a page of a list asks besides: outbound records and three kinds of refused rows.
_JOINED: Mapping[str, int] = MappingProxyType({"bills": 4})
_BILLS_A_PAGE = 100


def calls_for(entity: str, action: Action, steps: int, settings: Mapping[str, str]) -> int:
    """Calls that so many steps take in full batches, those included that show them once more in their list."""
    size = BATCHES.get((entity, action), 1)
    whole, rest = divmod(steps, size)
    sent = whole * _group(entity, size, settings) + (_group(entity, rest, settings) if rest else 0)
    return sent + _listed(entity, steps, settings)


def _group(entity: str, steps: int, settings: Mapping[str, str]) -> int:
    """Calls of steps that are sent together."""
    looked = _together(_ASKED.get(entity, 1), settings)
    rows = _together(steps, settings) + _together(math.ceil(steps * _BESIDE.get(entity, 0.0)), settings)
    return looked + rows + looked


def _listed(entity: str, steps: int, settings: Mapping[str, str]) -> int:
    """Calls of the pages that show what was made."""
    rows = int(of(settings, "page_rows"))
    pages = math.ceil(steps / (min(rows, _BILLS_A_PAGE) if entity == "bills" else rows))
    return pages * (1 + _together(_JOINED.get(entity, 0), settings))


def _together(requests: int, settings: Mapping[str, str]) -> int:
    """Calls that carry so many requests."""
    return math.ceil(requests / (int(of(settings, "rows_per_batch")) if of(settings, "batch") == "yes" else 1))
