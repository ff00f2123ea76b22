"""What flows that belong together bring to the integration that lists them: themselves, their tables, what goes with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ml_connector.integrations.base import Clearing, FlowType
from ml_connector.integrations.tables import TableType

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Offer:
    """A share of an integration, by the names that ``IntegrationType`` has for it; a setting may stand in several shares."""

    flows: tuple[FlowType, ...] = ()
    tables: tuple[TableType, ...] = ()
    fixed_once_posted: tuple[str, ...] = ()
    skipped_by_settings: tuple[str, ...] = ()
    held_by_settings: tuple[str, ...] = ()
    account_settings: tuple[str, ...] = ()
    skipped_by_tables: tuple[tuple[str, str], ...] = ()
    gates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    not_possible: tuple[str, ...] = ()
    clearing: Clearing | None = None


def together(offers: Sequence[Offer]) -> Offer:
    """All of them as one, what several name once; flows and tables in the order of the offers."""
    return Offer(
        flows=_once(one.flows for one in offers),
        tables=_once(one.tables for one in offers),
        fixed_once_posted=_once(one.fixed_once_posted for one in offers),
        skipped_by_settings=_once(one.skipped_by_settings for one in offers),
        held_by_settings=_once(one.held_by_settings for one in offers),
        account_settings=_once(one.account_settings for one in offers),
        skipped_by_tables=_once(one.skipped_by_tables for one in offers),
        gates={setting: values for one in offers for setting, values in one.gates.items()},
        not_possible=_once(one.not_possible for one in offers),
        clearing=next((one.clearing for one in offers if one.clearing is not None), None),
    )


def _once(parts: Iterable[tuple[_One, ...]]) -> tuple[_One, ...]:
    return tuple(dict.fromkeys(one for part in parts for one in part))
