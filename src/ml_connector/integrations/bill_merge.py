"""The lines of a changed bill laid against those of the ledger: how an accountant has coded them there stays.

Three versions meet: what the ledger showed when both last agreed, what it shows now, and what the source wants now. Which
line of the ledger stands for which of the source is known from the order in which they were sent.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.integrations.bill_composing import all_lines
from ml_connector.integrations.drafts import ROUNDING, Draft, money, zone_key
from ml_connector.integrations.jobs_of_lines import PROJECT, TAG, is_project, job_of
from ml_connector.integrations.tags_of_lines import of_others, of_tags, own_tags
from ml_connector.integrations.taxes_there import as_listed
from ml_connector.integrations.views import View


class Unpaired(Exception):
    """Lines that cannot be laid against each other; the text says why, as a sentence without capital and full stop."""


class ChangedThere(Exception):
    """The ledger has changed what the source changed, otherwise; the text says what, likewise."""


@dataclass(frozen=True, slots=True)
class Versions:
    """The bill as it is wanted and as it was posted, and the ledger's as it was when both agreed and as it is now."""

    wanted: Bill
    posted: Bill
    base: Bill
    now: Bill

    def kept(self, line_id: str) -> tuple[bool, bool]:
        """Whether a line's business unit, and whether its job, is what it was; a charge has the bill's."""
        before, after = (_whose(one, line_id) for one in (self.posted, self.wanted))
        return before[0] == after[0], before[1] == after[1]

    @property
    def zone_kept(self) -> bool:
        """Whether the tax zone is what it was."""
        return zone_key(self.wanted.tax_zone) == zone_key(self.posted.tax_zone)


@dataclass(frozen=True, slots=True)
class _Pair:
    """One line of the ledger: as we would send today what was posted, as both last agreed on it, and as it is now."""

    sent: BillLine
    base: BillLine
    now: BillLine


@dataclass(frozen=True, slots=True)
class _Paired:
    """The ledger's lines by the source's ids, and as it is now the one that makes up for its rounding."""

    lines: dict[str, _Pair] = field(default_factory=dict)
    rounding: BillLine | None = None


@dataclass(frozen=True, slots=True)
class Merged:
    """The lines to be sent, and the ledger's line of rounding, which a new one takes the place of."""

    lines: tuple[BillLine, ...]
    rounding: BillLine | None = None

    def as_rounding(self, line: BillLine) -> BillLine:
        """A line of rounding as it is sent: under the ledger's id, coded as it is there."""
        there = self.rounding
        return msgspec.structs.replace(line, id="") if there is None else _coded(line, there)


def merged(versions: Versions, view: View, draft: Draft) -> Merged:
    """The draft's lines with the ledger's ids and what was recoded there. Raises Unpaired, ChangedThere.

    Where nobody has touched them there, lines that cannot be paired are written anew: nothing would be lost.
    """
    _check_sums(versions)
    try:
        found = _paired(versions, view, draft)
    except Unpaired:
        if _coding(versions.base) != _coding(versions.now):
            raise
        draft.notes.append("its lines are written anew, coded as the mapping tables say today")
        found = _Paired()
    lines = tuple(
        _merged(line, found.lines[line.id], versions, view, draft)
        if line.id in found.lines
        else msgspec.structs.replace(line, id="")
        for line in draft.lines
    )
    return Merged(lines, found.rounding)


def _check_sums(versions: Versions) -> None:
    """The ledger's total is the one that was agreed, or already the one that is wanted: a change of ours that arrived."""
    now, base, wanted = versions.now, versions.base, versions.wanted
    if now.total not in (base.total, wanted.total):
        raise ChangedThere(f"its total was {money(base.total, now.currency)} when it was posted")
    if (now.other, now.discount) != (base.other, base.discount):
        raise ChangedThere("an adjustment or a discount was entered there")
    if now.tax_basis is TaxBasis.INCLUSIVE:
        raise Unpaired("it is kept with tax included there")


# --- which line is which -----------------------------------------------------------------------------------------


def _paired(versions: Versions, view: View, draft: Draft) -> _Paired:
    """Raises Unpaired, ChangedThere."""
    wanted = _unique(draft.lines)
    base, now = versions.base.lines, versions.now.lines
    if {line.id for line in base} == {line.id for line in now} or _alike(base, now):
        return _by_base(versions, view, wanted)
    lines, rounding = _without_rounding(now, len(wanted))
    if [line.amount for line in lines] != [line.amount for line in wanted.values()]:
        raise Unpaired("lines were added or removed there")
    # a change of ours that arrived
    pairs = {key: _Pair(wanted[key], line, line) for key, line in zip(wanted, lines, strict=True)}
    return _Paired(pairs, rounding)


def _by_base(versions: Versions, view: View, wanted: dict[str, BillLine]) -> _Paired:
    """Paired by the order in which the lines were posted."""
    was = Draft(versions.posted.currency)
    all_lines(versions.posted, dataclasses.replace(view, document=versions.posted), view.settings, was)
    sent = _unique(was.lines)
    before, rounding = _without_rounding(versions.base.lines, len(sent))
    if [line.amount for line in sent.values()] != [line.amount for line in before]:
        raise Unpaired("the lines that the ledger showed when it was posted are not those that were sent")
    today = _today(versions.base.lines, versions.now.lines)
    pairs = {key: _Pair(sent[key], line, today[line.id]) for key, line in zip(sent, before, strict=True)}
    for key, pair in pairs.items():
        _check_amount(pair, wanted.get(key))
    return _Paired(pairs, today[rounding.id] if rounding is not None else None)


def _unique(lines: Sequence[BillLine]) -> dict[str, BillLine]:
    found = {line.id: line for line in lines}
    if len(found) != len(lines):
        raise Unpaired("ServiceTitan shows several lines under one id")
    return found


def _without_rounding(lines: Sequence[BillLine], many: int) -> tuple[Sequence[BillLine], BillLine | None]:
    """The lines that stand for the source's, of which there are so ``many``, and the one of rounding behind them."""
    if len(lines) == many + 1 and lines[-1].description.endswith(ROUNDING):
        return lines[:-1], lines[-1]
    if len(lines) != many:
        raise Unpaired("the ledger has more or fewer lines than were sent")
    return lines, None


def _alike(before: Sequence[BillLine], after: Sequence[BillLine]) -> bool:
    """Whether they were saved anew by hand, under other ids and with the same content."""
    return [(one.amount, one.description) for one in before] == [(one.amount, one.description) for one in after]


def _today(before: Sequence[BillLine], after: Sequence[BillLine]) -> dict[str, BillLine]:
    """By the id of then the line of today."""
    by_id = {line.id: line for line in after}
    if {line.id for line in before} == by_id.keys():
        return by_id
    return {old.id: new for old, new in zip(before, after, strict=True)}


def _check_amount(pair: _Pair, wanted: BillLine | None) -> None:
    agreed: tuple[Decimal, ...] = (pair.base.amount,) if wanted is None else (pair.base.amount, wanted.amount)
    if pair.now.amount not in agreed:
        raise ChangedThere(f"its line '{pair.now.description[:40]}' was {money(pair.base.amount)} when it was posted")


# --- what stays --------------------------------------------------------------------------------------------------


def _merged(wanted: BillLine, pair: _Pair, versions: Versions, view: View, draft: Draft) -> BillLine:
    own: dict[str, Any] = {"tax_code": _tax_code(wanted, pair, versions, view)}
    unit, job = versions.kept(wanted.id)
    tagged = unit and (job or view.settings.job_as != TAG)
    costed = job or view.settings.job_as != PROJECT
    own["dimensions"] = (*_tags(wanted, pair, same=tagged), *_stays("project", wanted, pair, same=costed))
    own["location"] = _location(wanted, pair, same=tagged)
    _tell(pair, draft)
    return msgspec.structs.replace(_coded(wanted, pair.now), **own)


def _stays(what: str, wanted: BillLine, pair: _Pair, *, same: bool) -> tuple[Ref, ...]:
    """The ledger's, unless what it stands for at the source has changed and nobody has touched it there."""
    moved = not same and _ids(pair.now, what) == _ids(pair.base, what)
    return _SHOWN[what](wanted if moved else pair.now)


def _tags(wanted: BillLine, pair: _Pair, *, same: bool) -> tuple[Ref, ...]:
    """The same of the tags that we give lines options of; options of others are people's, and stay in any case."""
    own, there = own_tags(pair.sent, wanted), _SHOWN["tag"](pair.now)
    was, is_ = (of_tags(_SHOWN["tag"](line), own) for line in (pair.base, pair.now))
    moved = not same and {one.id for one in was} == {one.id for one in is_}
    return (*_SHOWN["tag"](wanted), *of_others(there, own)) if moved else there


def _location(wanted: BillLine, pair: _Pair, *, same: bool) -> Ref:
    """The same of the place; one that we do not give lines is people's."""
    given = pair.sent.location.id or wanted.location.id
    return _stays("location", wanted, pair, same=same)[0] if given else pair.now.location


def _coded(line: BillLine, there: BillLine) -> BillLine:
    """The line under the ledger's id, with its coding there: a mapping table that has changed recodes nothing by the way."""
    account = there.account if there.account.id else line.account
    return msgspec.structs.replace(
        line, id=there.id, account=account, dimensions=there.dimensions, location=there.location
    )


def _tax_code(wanted: BillLine, pair: _Pair, versions: Versions, view: View) -> Ref:
    """The ledger's tax, unless the zone, or whether the line is taxed, has changed and nobody has touched it there."""
    now, same = pair.now.tax_code, pair.now.tax_code.id == pair.base.tax_code.id
    if same and (not versions.zone_kept or bool(wanted.tax_code.id) != bool(now.id)):
        return wanted.tax_code
    return as_listed(now, view)


def _whose(bill: Bill, line_id: str) -> tuple[str, str]:
    """The business unit and job of a line, by their ids."""
    line = next((one for one in bill.lines if one.id == line_id), None)
    unit = line.business_unit if line is not None and line.business_unit.id else bill.business_unit
    return unit.id, job_of(line, bill).id


_SHOWN: Mapping[str, Callable[[BillLine], tuple[Ref, ...]]] = {
    "tag": lambda line: tuple(one for one in line.dimensions if not is_project(one)),
    "project": lambda line: tuple(one for one in line.dimensions if is_project(one)),
    "location": lambda line: (line.location,),
}


def _ids(line: BillLine, what: str) -> set[str]:
    return {one.id for one in _SHOWN[what](line)}


def _coding(bill: Bill) -> list[tuple[Any, ...]]:
    """What of its lines people may have changed. An item that was put on one shows by its name before the description."""
    return [
        (
            one.id,
            one.amount,
            one.description,
            one.account.id,
            one.tax_code.id,
            one.location.id,
            sorted(own.id for own in one.dimensions),
        )
        for one in bill.lines
    ]


def _tell(pair: _Pair, draft: Draft) -> None:
    pairs: dict[str, tuple[Any, Any]] = {
        "account": (pair.base.account.id, pair.now.account.id),
        "tax": (pair.base.tax_code.id, pair.now.tax_code.id),
        **{what: (_ids(pair.base, what), _ids(pair.now, what)) for what in _SHOWN},
    }
    kept = [what for what, (was, is_) in pairs.items() if was != is_]
    if kept:
        draft.notes.append(f"line '{pair.now.description[:40]}' keeps what the ledger has: {', '.join(kept)}")
