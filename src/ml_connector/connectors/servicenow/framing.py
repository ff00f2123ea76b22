"""What all rows of one document share, and how a value is put into a column. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.parts import Address
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.profiles import Profile, Staging
from ml_connector.connectors.servicenow.rows import StagedRow, key_of, staged_row
from ml_connector.connectors.servicenow.settings import of
from ml_connector.errors import BadInput

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")  # Unicode's category Cc
# What names something: cut, it names another thing or nothing.
_NAMING = frozenset(
    ["external_number", "erp_number", "number", "supplier", "invoice", "account", "cost_center", "legal_entity", "order",
     "currency", "email", "method", "type", "code"]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """One document on its way. ``notes`` are the visible changes."""

    profile: Profile
    settings: Mapping[str, str]
    reference: str
    currency: str
    notes: list[str] = field(default_factory=list)

    def of(self, name: str) -> str:
        """A setting of the connection."""
        return of(self.settings, name)

    def staging(self, kind: str) -> Staging:
        """A staging table. Raises BadInput where the custom profile names none."""
        found = self.profile.staging.get(kind)
        if found is None:
            raise BadInput(f"The connection's settings name no table for this: set {kind}_columns, or profile=apo.")
        return found

    def row(self, kind: str, name: str, part: str, fields: Mapping[str, str]) -> StagedRow:
        """A row of ``fields``, each as long as its column takes. Raises BadInput for a number that is too long."""
        staging = self.staging(kind)
        fitting = {one: self._fitting(staging, one, value, name) for one, value in fields.items()}
        key = key_of(self.reference, part, self.settings)
        return staged_row(staging, kind, name, key, fitting)

    def money(self, kind: str, column: str, value: Decimal, what: str) -> str:
        """An amount as its column takes it: with its currency where the column is of the FX kind. Raises BadInput."""
        try:
            shown = values.written(value, self.currency, self.of("amount_places"), self.of("credit_amounts"))
        except ValueError as error:
            raise BadInput(f"{what}: {error}: correct it at the source.") from error
        staging = self.staging(kind)
        place = staging.columns.get(column)
        fx = place is not None and f"{staging.table}.{place.name}" in self.of("fx_columns").replace(",", " ").split()
        return f"{self.currency};{shown}" if fx else shown

    def remit(self, address: Address) -> dict[str, str]:
        """Where a vendor is paid."""
        street = ", ".join(part for part in (address.street, address.street2) if part)
        return {
            "remit_street": street,
            "remit_city": address.city,
            "remit_state": address.state,
            "remit_zip": address.zip,
            "remit_country": address.country,
        }

    def _fitting(self, staging: Staging, name: str, value: str, what: str) -> str:
        column = staging.columns.get(name)
        limit = column.length if column else 0
        # No line breaks and no control characters, which queries and 40-character columns cannot show.
        value = " ".join(value.translate(_CONTROLS).split())
        if not limit or len(value) <= limit:
            return value
        if name in _NAMING:
            raise BadInput(
                f"{what}: {name.replace('_', ' ')} {value[:60]!r} is longer than the {limit} characters that ServiceNow "
                "takes: shorten it at the source or in the mapping."
            )
        self.notes.append(f"{name.replace('_', ' ')} of {what} was cut at {limit} characters")
        return value[: limit - len(values.CUT)].rstrip() + values.CUT


def day(value: dt.date | None) -> str:
    """A date as staging columns take it; empty without one."""
    return value.isoformat() if value else ""


def label(number: str, own: str, reference: str) -> str:
    """What a person calls the document."""
    return number or own or reference
