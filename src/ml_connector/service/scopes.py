"""Two integrations of one source must not have the same documents: each would post them, and cash would stand twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ml_connector.errors import Refused
from ml_connector.integrations.scopes import BACK, documents_of, overlap, parties_back, units_of, writes_back
from ml_connector.service.desk import Desk

if TYPE_CHECKING:
    from ml_connector.service.integrating import Integration


def refuse_overlap(
    desk: Desk, flows: Iterable[str], source_id: int, settings: Any, others: Iterable[Integration]
) -> None:
    """Raise Refused, naming the other one, where flows with these settings have documents that another's flows have.

    ``others``: the integrations there are, without the one that is made or changed. Their flows count that are on.
    """
    units, wanted = units_of(settings), frozenset(flows)
    for other in others:
        on = {flow.name for flow in other.flows if flow.mode != "off"}
        shared = wanted & on & documents_of(desk.runtime.integrations[other.kind])
        theirs = units_of(other.settings)
        if other.source_id != source_id or not shared or not overlap(units, theirs):
            continue
        names = ", ".join(sorted(shared)).replace("_", " ")
        raise Refused(
            f"Integration {other.integration_id} ({other.title}, {other.source} to {other.target}) has {_shown(theirs)} of "
            f"{other.source} already, and with {_shown(units)} here {names} would be posted twice. Give each of the two "
            "business units of its own (setting business_units), the other one first, or turn those flows off there. "
            "Nothing was changed."
        )


def sends_back(desk: Desk, integration: Integration) -> bool:
    """Whether the ledger of an integration changes customers and vendors of its source, as it is now."""
    live = [flow.name for flow in integration.flows if flow.mode == "live"]
    return writes_back(desk.runtime.integrations[integration.kind], integration.settings, live)


def refuse_two_ledgers_back(desk: Desk, source_id: int, others: Iterable[Integration]) -> None:
    """Raise Refused, naming the other one, where two ledgers would change the same customers and vendors of one source.

    ``others``: the integrations there are, without the one whose ledger is to do so.
    """
    for other in others:
        if other.source_id == source_id and sends_back(desk, other):
            raise Refused(
                f"Integration {other.integration_id} ({other.title}, {other.source} to {other.target}) writes customers and "
                f"vendors back to {other.source} already, and two ledgers may disagree about one of them. "
                f"{_ended(desk, other)} there first. Nothing was changed."
            )


def _ended(desk: Desk, other: Integration) -> str:
    kind = desk.runtime.integrations[other.kind]
    if BACK in kind.settings.__struct_fields__:
        return f"Set {BACK}=no"
    names = parties_back(kind)
    live = (flow.name for flow in other.flows if flow.mode == "live" and flow.name in names)
    return f"Turn off {' and '.join(live)}"


def _shown(units: frozenset[str]) -> str:
    return f"business units {', '.join(sorted(units))}" if units else "all business units"
