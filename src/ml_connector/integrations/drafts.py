"""What every document under construction shares: what is missing, what is worth telling, and what a person has named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import digits
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.views import View

# Codes of waits for what another flow is asked to bring: whom a document is of, and entries of lists that its lines name.
PARTIES_PENDING = frozenset(["customer_pending", "adjusted_pending"])
ENTRIES_PENDING = frozenset(["line_item_pending", "sales_tax_pending"])
NO_ACCOUNT = "(none)"
NO_ZONE = "(no zone)"
DISCOUNT = "Discount"  # what a line says that stands for a part of the document's discount
COMING = "new: "  # begins the id of what the target has still to make
ROUNDING = "Rounding"  # what the line says that a document differs by where the ledger rounds otherwise


@dataclass(slots=True)
class Draft:
    """Target lines under construction, with what is missing and what is worth telling.

    ``asks`` are (flow, source id) whose flow has to bring them first.
    """

    currency: str = ""  # the document's
    lines: list[Any] = field(default_factory=list)
    waits: list[Waiting] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    discounts: tuple[Decimal, ...] = ()  # what each of the lines bears of the document's discount
    asks: list[tuple[str, str]] = field(default_factory=list)

    def wait(self, one: Waiting) -> None:
        """Add what is missing, once."""
        if one not in self.waits:
            self.waits.append(one)

    def asking(self, asks: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """What other flows are asked for, with its party's ``asks``: nothing as long as it waits for anything else."""
        pending = all(wait.code in PARTIES_PENDING | ENTRIES_PENDING for wait in self.waits)
        return (*asks, *self.asks) if pending else ()


def account_key(account: Ref) -> str:
    """The key of a source account in the mapping table: its number, else its name; receipts show no account ids."""
    return account.number or account.name or NO_ACCOUNT


def zone_key(zone: Ref) -> str:
    """The key of a tax zone in the mapping table: its name, else its id."""
    return zone.name or zone.id or NO_ZONE


def money(amount: Decimal, currency: str = "") -> str:
    """An amount for a sentence."""
    return f"{amount:,.2f} {currency}".strip()


def is_code(currency: str) -> bool:
    """Whether it is a currency's code, and not empty or made up."""
    try:
        return bool(digits(currency) >= 0)
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Named:
    """Where a person has named a ledger account: row ``key`` of a mapping table, or the setting ``key`` (no table)."""

    table: str
    key: str

    @property
    def what(self) -> str:
        """In words, for a sentence."""
        return f"row '{self.key}' of the mapping table {self.table}" if self.table else f"setting {self.key}"


def checked_account(target: str, named: Named, view: View, draft: Draft) -> Ref:
    """The ledger account, if lines may use it; else what is wrong with it is added to the draft."""
    account = view.ledger.accounts.get(target)
    if account is None:
        kind, key = ("mapping", f"{named.table}:{named.key}") if named.table else ("setting", f"setting:{named.key}")
        draft.wait(waiting("account_unknown", kind, key, what=named.what, target=target))
        return Ref(target)
    told = {"name": " ".join(part for part in (account.number, account.name) if part), "what": named.what}
    if not account.active:
        draft.wait(waiting("account_inactive", "fact", f"accounts:{target}", **told))
    elif not account.postable:
        draft.wait(waiting("account_not_postable", "fact", f"accounts:{target}", **told))
    return Ref(target, account.name, account.number)


def line_account(
    account: Ref, where: str, on: dt.date | None, view: View, draft: Draft, table: str = "accounts"
) -> Ref:
    """The ledger account that a line's own is mapped to on that day, checked. ``where``: which line it is, in words."""
    key = account_key(account)
    target = view.mappings[table].get(key, on)
    if target is None:
        code = "account_missing" if key == NO_ACCOUNT else "account_unmapped"
        draft.wait(waiting(code, "mapping", f"{table}:{key}", lines=where))
        return Ref()
    return checked_account(target, Named(table, key), view, draft)


def unit_name(unit: Ref, view: View) -> str:
    """What people call a business unit; receipts show its id only."""
    listed = view.source_lists.get("business_units", {}).get(unit.id)
    return unit.name or str(getattr(listed, "name", "")) or unit.id


def followed(party: str, parties: Mapping[str, Party]) -> str:
    """The party of the ledger into which that one was merged there, over as many steps as it took; else itself."""
    seen: set[str] = set()
    while party not in seen and (known := parties.get(party)) is not None and known.merged_into:
        seen.add(party)
        party = known.merged_into
    return party


def closed_period(date: dt.date, closed: dt.date, view: View, draft: Draft, changes: str, way: str = "") -> None:
    """Something is dated in a closed period. What is new there goes when an approver has released it; ``changes``, in words,

    of what stands there never go: they would alter what was reported. ``way``: one more way out, in words.
    """
    told = {"date": str(date), "closed": str(closed)}
    if changes:
        draft.wait(waiting("change_in_closed_period", "person", "change_in_closed_period", what=changes, **told))
    elif "period_closed" not in view.released:
        draft.wait(waiting("period_closed", "person", "period_closed", way=way, **told))
