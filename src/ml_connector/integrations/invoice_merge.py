"""The lines of a changed invoice laid against those of the ledger: what an accountant has recoded there stays.

Three versions meet: what the ledger showed when both last agreed, what it shows now, and what the source wants now. Which
line of the ledger stands for which of the source is known from the order in which they were posted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine
from ml_connector.integrations.drafts import DISCOUNT, ROUNDING, Draft, money
from ml_connector.integrations.invoice_rules import target_lines, unit_of
from ml_connector.integrations.line_items import by_item
from ml_connector.integrations.tags_of_lines import of_others, of_tags, own_tags
from ml_connector.integrations.taxes_there import as_listed
from ml_connector.integrations.views import View


class Unpaired(Exception):
    """Lines that cannot be laid against each other; the text says why, as a sentence without its full stop."""


@dataclass(frozen=True, slots=True)
class _Pair:
    """One line in all versions: as we would send today what was posted, as the ledger showed it then, and as it does now."""

    posted: InvoiceLine
    base: InvoiceLine
    now: InvoiceLine


@dataclass(frozen=True, slots=True)
class _Versions:
    """The invoice as it was posted and as it is now."""

    posted: Invoice
    wanted: Invoice

    def unit_kept(self, line_id: str) -> bool:
        """Whether a line's business unit is what it was."""
        units = [
            next((unit_of(line, one).id for line in one.lines if line.id == line_id), "")
            for one in (self.posted, self.wanted)
        ]
        return units[0] == units[1]

    @property
    def zone_kept(self) -> bool:
        """Whether the tax zone is what it was."""
        return self.posted.tax_zone.id == self.wanted.tax_zone.id


def merged(
    posted: Invoice, wanted: Invoice, lines: Sequence[InvoiceLine], view: View, draft: Draft
) -> tuple[InvoiceLine, ...]:
    """The wanted lines with the ledger's ids and what was recoded there. Raises Unpaired."""
    pairs = _pairs(posted, view)
    versions = _Versions(posted, wanted)
    return tuple(
        _merged(line, pairs[line.id], versions, view, draft)
        if line.id in pairs
        else msgspec.structs.replace(line, id="")
        for line in lines
    )


# --- which line is which -----------------------------------------------------------------------------------------


def _pairs(posted: Invoice, view: View) -> dict[str, _Pair]:
    """By the source's id of a line. Raises Unpaired."""
    assert view.link is not None
    base, now = view.link.base, view.link.now
    if not isinstance(base, Invoice) or not isinstance(now, Invoice):
        raise Unpaired("What the ledger showed when it was posted is not known")
    if now.discount:  # ours are lines; one of the whole document stays when these change, and would come off them
        raise Unpaired(
            f"A discount of {money(now.discount, now.currency)} on the whole document was entered in the ledger"
        )
    if now.tax_basis is TaxBasis.INCLUSIVE:
        raise Unpaired("It is kept with tax included in the ledger")
    was = Draft(posted.currency)
    target_lines(posted, view, was)  # as posted: the mappings of today do not matter for what is which
    before, after = without_rounding(base.lines), without_rounding(now.lines)
    sign = -1 if posted.total < 0 else 1
    if any(was.discounts) and len(before) > len(was.lines):
        before, after = _without_discounts(before, was), _without_discounts(after, was)
    if [sign * line.amount for line in was.lines] != [line.amount for line in before]:
        raise Unpaired("The lines that the ledger showed when it was posted are not those that were sent")
    if len({line.id for line in was.lines}) != len(was.lines):
        raise Unpaired("ServiceTitan shows several lines under one id")
    there = lines_of_today(before, after)
    return {
        line.id: _Pair(line, old, new) for line, old, new in zip(was.lines, before, there, strict=True)
    }  # fmt: skip


def without_rounding(lines: Sequence[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """The lines that stand for ServiceTitan's."""
    return tuple(line for line in lines if line.description != ROUNDING)


def _without_discounts(lines: Sequence[InvoiceLine], was: Draft) -> tuple[InvoiceLine, ...]:
    """The lines less the discount that the ledger has in lines of its own behind them. Raises Unpaired."""
    found: list[InvoiceLine] = []
    for line in lines:
        if line.description == DISCOUNT and found:
            found[-1] = msgspec.structs.replace(found[-1], amount=found[-1].amount + line.amount)
        else:
            found.append(line)
    if len(found) != len(was.lines):
        raise Unpaired(
            "Lines of the discount were added or removed in the ledger, and cannot be told from ServiceTitan's"
        )
    return tuple(found)


def lines_of_today(before: Sequence[InvoiceLine], after: Sequence[InvoiceLine]) -> tuple[InvoiceLine, ...]:
    """The ledger's lines of today in the order of those of then. Raises Unpaired."""
    by_id = {line.id: line for line in after}
    if {line.id for line in before} == set(by_id) and len(by_id) == len(after):
        return tuple(by_id[line.id] for line in before)
    alike = [(line.amount, line.description) for line in before] == [(line.amount, line.description) for line in after]
    if not alike:
        raise Unpaired("Lines were added or removed in the ledger, and cannot be told from ServiceTitan's")
    return tuple(after)  # saved anew by hand, with other ids and the same content


# --- what stays --------------------------------------------------------------------------------------------------


def _merged(wanted: InvoiceLine, pair: _Pair, versions: _Versions, view: View, draft: Draft) -> InvoiceLine:
    shown = pair.now.account.id or pair.now.account.number
    account = pair.now.account if shown and not _sells_other(wanted, pair) else wanted.account
    item = wanted.item if _sells_other(wanted, pair) or not pair.now.item.id else pair.now.item
    follows = _follows_unit(wanted, pair, versions)
    others = of_others(pair.now.dimensions, own_tags(pair.posted, wanted))
    code = _tax_code(wanted, pair, versions, view)
    known = view.ledger.tax_codes.get(code.id)
    if wanted.tax and known is not None and known.rate == 0:
        raise Unpaired(f"The line '{wanted.description[:40]}' has tax now, and the ledger has it as {known.name}")
    moves = follows and _is_placed(wanted, pair) and (wanted.location.id or pair.base.location.id)
    location = wanted.location if moves else pair.now.location
    _tell(pair, view, draft)
    return msgspec.structs.replace(
        wanted,
        id=pair.now.id,
        account=account,
        dimensions=(*wanted.dimensions, *others) if follows else pair.now.dimensions,
        location=location,
        tax_code=code,
        item=item,
    )


def _sells_other(wanted: InvoiceLine, pair: _Pair) -> bool:
    """Whether the line sells another item now, and nobody has put one of their own in the former one's place."""
    return wanted.item.id != pair.posted.item.id and pair.now.item.id == pair.base.item.id


def _follows_unit(wanted: InvoiceLine, pair: _Pair, versions: _Versions) -> bool:
    """Whether the line takes tracking and location of its business unit: it has changed, and nobody touched them there."""
    own = own_tags(pair.posted, wanted)
    was, is_ = ({option.id for option in of_tags(line.dimensions, own)} for line in (pair.base, pair.now))
    touched = was != is_ or (_is_placed(wanted, pair) and _relocated(pair))
    return not versions.unit_kept(wanted.id) and not touched


def _is_placed(wanted: InvoiceLine, pair: _Pair) -> bool:
    """Whether the line's location comes of its business unit; else it is people's, and stays."""
    return bool(pair.posted.location.id or wanted.location.id)


def _relocated(pair: _Pair) -> bool:
    """Whether somebody has put the line at another location. A base of before locations were read shows none."""
    return bool(pair.base.location.id) and pair.now.location.id != pair.base.location.id


def _tax_code(wanted: InvoiceLine, pair: _Pair, versions: _Versions, view: View) -> Ref:
    """The ledger's tax type, unless the zone or whether it is taxed has changed and nobody has touched it there."""
    same = versions.zone_kept and bool(wanted.tax) == bool(pair.posted.tax)
    moved = not same and pair.now.tax_code.id == pair.base.tax_code.id
    return wanted.tax_code if moved or not pair.now.tax_code.id else as_listed(pair.now.tax_code, view)


def _ids(line: InvoiceLine) -> set[str]:
    return {option.id for option in line.dimensions}


def _tell(pair: _Pair, view: View, draft: Draft) -> None:
    pairs = (
        ("account", pair.base.account.number or pair.base.account.id, pair.now.account.number or pair.now.account.id),
        ("tax", pair.base.tax_code.id, pair.now.tax_code.id),
        ("item", pair.base.item.id, pair.now.item.id),
        ("tracking", _ids(pair.base), _ids(pair.now)),
    )
    kept = [what for what, was, is_ in pairs if was != is_] + ["location"] * _relocated(pair)
    if "account" in kept and pair.now.item.id and by_item(view):
        kept.remove("account")
        if "item" not in kept:
            draft.notes.append(
                f"line '{pair.now.description[:40]}' goes on its item's account again, the one set there goes"
            )
    if kept:
        draft.notes.append(f"line '{pair.now.description[:40]}' keeps what the ledger has: {', '.join(kept)}")
