"""Which cost centre a line of a bill belongs to: by the ledger's dimensions in their precedence, else by its vendor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import COMING
from ml_connector.integrations.staging import NEW, NONE, Staged
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.views import View

KIND = "cost_center"
FLOW = "cost_centers"
LOCATION, PROJECT = "location", "project"


def is_wanted(option: Dimension, settings: Settings) -> bool:
    """Whether an entry of the ledger's dimensions is one of those that the settings call cost centres."""
    return any(_is_of(option, word) for word in settings.cost_center_from)


def _is_of(option: Dimension, word: str) -> bool:
    if word in (LOCATION, PROJECT):
        return option.kind == word
    return _is_set(option.set, word)


def _is_set(one: Ref, word: str) -> bool:
    return bool(one.id) and (one.id == word or one.name.strip().casefold() == word.strip().casefold())


def made_of(option: Dimension) -> Dimension:
    """The cost centre that an option becomes. Without a number of its own the ledger's id is its account number."""
    number = option.number or option.code or option.id
    return Dimension("", KIND, option.name, number=number, code=option.code, valid_from=option.valid_from)


def needed(bill: Bill, settings: Settings) -> tuple[tuple[str, str], ...]:
    """(flow, source id) of every option that may tell a line's cost centre."""
    words = settings.cost_center_from
    found: dict[str, None] = {}
    for line in bill.lines:
        if any(word not in (LOCATION, PROJECT, NONE) for word in words):
            found |= {one.id: None for one in line.dimensions if one.id}
        if LOCATION in words:
            found |= {one.id: None for one in (line.location, bill.location) if one.id}
        if PROJECT in words:
            found |= {one.id: None for one in (line.job, bill.job) if one.id}
    return tuple((FLOW, id_) for id_ in found)


def line_center(line: BillLine, words: str, bill: Bill, view: View, draft: Staged) -> tuple[Ref, ...]:
    """The line's cost centre; what is missing for one is added to the draft. ``words``: which line it is."""
    if NONE in view.settings.cost_center_from:
        return ()
    for option in options_of(line, bill, view):
        if view.mappings[FLOW].get(option.id, bill.date) != NONE:
            return _of_option(option, bill.date, view, draft, project=option.id in (line.job.id, bill.job.id))
    if unknown := _unknown(view):
        told = {"word": unknown[0], "known": ", ".join(sorted({*_sets(view).values()})) or "none", **draft.words}
        draft.wait(waiting("cost_center_from_unknown", "setting", "setting:cost_center_from", **told))
        return ()
    row = view.mappings["vendor_cost_centers"].get(bill.vendor.id, bill.date)
    if row is not None:
        return _checked(row, f"vendor {bill.vendor.label()}", bill.date, view, draft)
    key = f"vendor_cost_centers:{bill.vendor.id}"
    told = {"lines": words, "vendor": bill.vendor.name or bill.vendor.id, "dimensions": _dimensions(view)}
    draft.wait(waiting("cost_center_missing", "mapping", key, **told, **draft.words))
    return ()


def own_center(bill: Bill, view: View, draft: Staged) -> tuple[Ref, ...]:
    """The centre of a line that we add: the whole bill's, else its vendor's, else that of its largest line."""
    bare = BillLine("", ZERO)
    chosen = view.mappings["vendor_cost_centers"].get(bill.vendor.id, bill.date)
    if options_of(bare, bill, view) or chosen is not None or not draft.lines:
        return line_center(bare, "a line of ours", bill, view, draft)
    largest: BillLine = max(draft.lines, key=lambda one: abs(one.amount))
    return largest.dimensions


def options_of(line: BillLine, bill: Bill, view: View) -> list[Ref]:
    """The line's options that may tell its cost centre, by the precedence of the settings."""
    found = []
    for word in view.settings.cost_center_from:
        if word == LOCATION:
            found.append(line.location if line.location.id else bill.location)
        elif word == PROJECT:
            found.append(line.job if line.job.id else bill.job)
        else:
            found += [one for one in line.dimensions if _is_set(_set_of(one, view), word)]
    return [one for one in found if one.id]


def _set_of(option: Ref, view: View) -> Ref:
    """The tag or category that a line's option belongs to."""
    listed = view.source_lists.get("dimensions", {}).get(option.id)
    return listed.set if isinstance(listed, Dimension) and listed.set.id else Ref(option.number)


def _sets(view: View) -> dict[str, str]:
    """The ledger's tags or categories by their ids, as its list of dimensions shows them; each has an option at least."""
    listed = view.source_lists.get("dimensions", {}).values()
    return {one.set.id: one.set.name or one.set.id for one in listed if isinstance(one, Dimension) and one.set.id}


def _unknown(view: View) -> list[str]:
    """Words of the setting that no dimension of the ledger has as its id or name; none as long as nothing was listed."""
    words = [word for word in view.settings.cost_center_from if word not in (LOCATION, PROJECT, NONE)]
    known = [Ref(id_, name) for id_, name in _sets(view).items()]
    listed = bool(view.source_lists.get("dimensions"))  # a plan without tags still has locations
    return [word for word in words if listed and not any(_is_set(one, word) for one in known)]


def _dimensions(view: View) -> str:
    """What people call the dimensions that are the cost centres."""
    names = _sets(view)
    told = [names.get(word, word) for word in view.settings.cost_center_from]
    return " or ".join(told) or "dimension (setting cost_center_from is empty)"


def _of_option(
    option: Ref, day: dt.date | None, view: View, draft: Staged, *, project: bool = False
) -> tuple[Ref, ...]:  # fmt: skip
    named = option.name or option.id
    chosen = view.mappings[FLOW].get(option.id, day)
    if chosen not in (None, NEW):
        return _checked(str(chosen), f"row '{option.id}' of the mapping table {FLOW}", day, view, draft)
    target = view.links.get((FLOW, option.id), "")
    if target.startswith(COMING):
        return _to_come(option, draft.names(target), view)
    if target:
        return _checked(target, f"option {named}", day, view, draft)
    key = f"{FLOW}:{option.id}"
    if (FLOW, option.id) in view.asked:
        draft.asks.append((FLOW, option.id))
        draft.wait(waiting("cost_center_pending", "link", key, name=named, **draft.words))
        return ()
    code = "cost_center_unread" if FLOW in view.brings else "cost_center_flow_off"
    if code == "cost_center_unread" and project and not _projects_read(view):
        code = "cost_center_projects_unread"
    draft.wait(waiting(code, "link", key, name=named, **draft.words))
    return ()


def _projects_read(view: View) -> bool:
    """Whether the ledger's list of dimensions shows any project: connections leave them out unless they are wanted."""
    listed = view.source_lists.get("dimensions", {}).values()
    return any(isinstance(one, Dimension) and one.kind == PROJECT for one in listed)


def _to_come(option: Ref, target: str, view: View) -> tuple[Ref, ...]:
    listed = view.source_lists.get("dimensions", {}).get(option.id)
    known = listed if isinstance(listed, Dimension) else Dimension(option.id, "", option.name)
    made = made_of(known)
    return (Ref(target, made.name, made.number),)


def _checked(target: str, what: str, day: dt.date | None, view: View, draft: Staged) -> tuple[Ref, ...]:
    """The cost centre there, if it may be used on that day; else what is wrong with it is added to the draft."""
    center, key = view.ledger.dimensions.get(target), f"dimensions:{target}"
    if center is None:
        draft.wait(waiting("cost_center_unknown", "fact", key, what=what, id=target, **draft.words))
        return ()
    told = {"name": " ".join(part for part in (center.number, center.name) if part), "what": what}
    if not center.active or not is_valid(center, day):
        draft.wait(waiting("cost_center_expired", "fact", key, why=_why(center, day), **told, **draft.words))
    elif not center.number:
        draft.wait(waiting("cost_center_without_number", "fact", key, **told, **draft.words))
    return (Ref(center.id, center.name, center.number),)


def is_valid(center: Dimension, day: dt.date | None) -> bool:
    """Whether a cost centre may be used on a day."""
    if day is None:
        return True
    begun = center.valid_from is None or center.valid_from <= day
    return begun and (center.valid_through is None or day <= center.valid_through)


def _why(center: Dimension, day: dt.date | None) -> str:
    if not center.active:
        return "it is inactive"
    if center.valid_from is not None and day is not None and day < center.valid_from:
        return f"it is valid from {center.valid_from}, and the bill is dated {day}"
    return f"it was valid through {center.valid_through}, and the bill is dated {day}"


def alike(option: Dimension, centers: Sequence[Dimension]) -> tuple[list[Dimension], str]:
    """The cost centres that an option's equal, and by what: account number, else code, else its name.

    Ledgers keep neither number nor code of an option, so people call it by the centre's account number, code or name. Of
    several the one that has no end yet is meant: centres are closed and opened anew under the same number.
    """
    for what, value in (("account number", option.number), ("code", option.code or option.number)):
        if found := [one for one in centers if _same(value, _shown(one)[what])]:
            return _open_ended(found), what
    called = [(what, one) for one in centers for what, shown in _shown(one).items() if _same(option.name, shown)]
    found = list({one.id: one for _, one in called}.values())
    return _open_ended(found), " and ".join(sorted({what for what, _ in called}))


def _open_ended(found: list[Dimension]) -> list[Dimension]:
    without_end = [one for one in found if one.valid_through is None]
    return without_end if len(without_end) == 1 else found


def _shown(center: Dimension) -> dict[str, str]:
    return {"account number": center.number, "code": center.code, "name": center.name}


def _same(mine: str, theirs: str) -> bool:
    return bool(mine.strip()) and mine.strip().casefold() == theirs.strip().casefold()
