"""What ServiceTitan's events are called, and which document each one has read again.

The published form of a name is ``tn.<module>.<object>-<action>``, for invoices and jobs only; of other names nothing is
published. So the names are a setting: ``object=entity`` by the object of that form, or by an event's whole name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.errors import BadInput

# A contact is a record of its own which does not move its customer; a completed job may let its invoice go.
DEFAULT = (
    "ap-bill=bills, bill=bills, contact=customers:customerId, customer=customers, inventory-bill=bills, "
    "invoice=invoices, job=invoices:invoiceId, payment=payments, purchase-order=purchase_orders, receipt=receipts, "
    "vendor=vendors"
)
ENTITIES = (
    "bills", "credit_memos", "customers", "deposits", "invoices", "payments", "purchase_orders", "receipts", "vendors",
)  # fmt: skip
_ENTRY = re.compile(r"([\w.-]{1,100}\*?)=(\w+)(?::(\w{1,50}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Meaning:
    """The entity of ours that an event hints at, and the field of the event's object with its id."""

    entity: str
    field: str = "id"


@dataclass(frozen=True, slots=True)
class Events:
    """The meanings by name in lower case; a name that ends in * is the beginning of one."""

    meanings: Mapping[str, Meaning]

    @classmethod
    def of(cls, text: str) -> Events:
        """From ``name=entity`` or ``name=entity:field``, with commas. Raises BadInput naming the part that is wrong."""
        parts = [part.strip() for part in text.split(",")]
        return cls(dict(_meaning(part) for part in parts if part))

    def meaning(self, name: str) -> Meaning | None:
        """What an event hints at: by its whole name, by the object in it, then by the longest beginning."""
        whole = name.lower()
        found = self.meanings.get(whole) or self.meanings.get(subject(whole))
        if found is not None:
            return found
        begun = [one for one in self.meanings if one.endswith("*") and whole.startswith(one[:-1])]
        return self.meanings[max(begun, key=len)] if begun else None


def subject(name: str) -> str:
    """``purchase-order`` of ``tn.inv.purchase-order-updated``; empty for a name of another form."""
    return name.rsplit(".", 1)[-1].rpartition("-")[0]


def _meaning(part: str) -> tuple[str, Meaning]:
    match = _ENTRY.fullmatch(part)
    if match is None:
        raise BadInput(
            f"The setting webhook_events has {part[:100]!r}: each event is name=entity, or name=entity:field where another "
            "field of it than id says which, and a comma parts two of them."
        )
    name, entity, field = match.groups()
    if entity not in ENTITIES:
        raise BadInput(f"The setting webhook_events reads {entity!r} for {name}: it takes {', '.join(ENTITIES)}.")
    return name.lower(), Meaning(entity, field or "id")
