"""Whose a staged document is there, and where its vendor is paid."""

from __future__ import annotations

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import COMING, followed
from ml_connector.integrations.staging import Staged
from ml_connector.integrations.views import View, settled_key

FLOW = "vendors"
PENDING = frozenset(["supplier_pending", "cost_center_pending", "staged_bill_pending"])


def supplier(vendor: Ref, view: View, draft: Staged) -> Ref:
    """The vendor's supplier there, its ERP supplier code as the number; what is missing is added to the draft."""
    wanted, name = (FLOW, vendor.id), vendor.name or vendor.id
    target = followed(_target(vendor, view), view.ledger.parties)
    if target.startswith(COMING):
        return Ref(draft.names(target), name, vendor.id)  # as it is to be made: its code is the ledger's id
    if target:
        return _known(target, vendor, view, draft)
    key = f"{FLOW}:{vendor.id}"
    if wanted in view.asked:
        draft.asks.append(wanted)
        draft.wait(waiting("supplier_pending", "link", key, name=name, **draft.words))
        return Ref()
    code = "supplier_unread" if FLOW in view.brings else "supplier_flow_off"
    draft.wait(waiting(code, "link", key, name=name, **draft.words))
    return Ref()


def _target(vendor: Ref, view: View) -> str:
    """Linked, else chosen by a person where no record of it can be brought: before the vendors are read, it still may be."""
    wanted = (FLOW, vendor.id)
    chosen = view.mappings[FLOW].get(vendor.id) or ""
    never_comes = FLOW not in view.brings or FLOW in view.read_through
    usable = wanted not in view.asked and never_comes and chosen in view.ledger.parties
    return view.links.get(wanted) or (chosen if usable else "")


def _known(target: str, vendor: Ref, view: View, draft: Staged) -> Ref:
    party, key = view.ledger.parties.get(target), f"parties:{target}"
    if party is None:
        draft.wait(waiting("supplier_gone", "fact", key, name=vendor.name or vendor.id, id=target, **draft.words))
        return Ref(target)
    told = {"name": party.name, "number": vendor.id}
    if not party.active:
        draft.wait(waiting("supplier_inactive", "fact", key, **told, **draft.words))
    elif not party.account_number:
        draft.wait(waiting("supplier_without_code", "fact", key, **told, **draft.words))
    return Ref(target, party.name, party.account_number)


def vendor_of(vendor: Ref, view: View) -> Party | None:
    """The vendor in full as the ledger showed it last, as it was linked while a change of it is held; None if not read."""
    shown = view.sources.get((FLOW, vendor.id))
    return shown if isinstance(shown, Party) else None


def remit_to(vendor: Ref, supplier_id: str, view: View, draft: Staged) -> Address:
    """The vendor's own address in the ledger, which owns it; held where the supplier there is paid somewhere else.

    No mapping table names addresses: a row would send money where neither system says that the vendor is.
    """
    shown, there = vendor_of(vendor, view), view.ledger.parties.get(supplier_id)
    mine = shown.address if shown is not None and not shown.erased else Address()
    theirs = there.address if there is not None else Address()
    if _differ(mine, theirs) and "remit_to_differs" not in view.released:
        told = {"name": vendor.name or vendor.id, "mine": words(mine), "theirs": words(theirs)}
        draft.wait(waiting("remit_to_differs", "fact", f"parties:{supplier_id}", **told, **draft.words))
    return mine


def check_remit_to(vendor: Ref, address: Address, view: View, draft: Staged) -> None:
    """A payment shows the whole address that its vendor was paid at. It goes on once the vendor is read, or has changed."""
    missing, shown = missing_of(address), vendor_of(vendor, view)
    if not missing:
        return
    told = {"name": vendor.name or vendor.id, "missing": missing, **draft.words}
    if shown is None:
        draft.wait(waiting("remit_to_unread", "link", f"{FLOW}:{vendor.id}", **told))
    elif shown.erased:
        draft.wait(waiting("remit_to_erased", "source", f"{FLOW}:{vendor.id}", **told))
    else:
        draft.wait(waiting("remit_to_missing", "link", settled_key(FLOW, vendor.id), **told))


def _differ(mine: Address, theirs: Address) -> bool:
    """Whether both tell a street, and none contains the other, or they tell two postal codes."""
    ours, others = _bare(mine.street + mine.street2), _bare(theirs.street + theirs.street2)
    if not ours or not others:
        return False
    zips = {_bare(one.zip) for one in (mine, theirs) if one.zip.strip()}
    return len(zips) > 1 or not (ours in others or others in ours)


def same_place(mine: Address, theirs: Address) -> bool:
    """Whether both tell the same street and postal code, however they are spelled."""
    pairs = ((mine.street + mine.street2, theirs.street + theirs.street2), (mine.zip, theirs.zip))
    return all(_bare(one) and _bare(one) == _bare(other) for one, other in pairs)


def _bare(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())


def words(address: Address) -> str:
    """An address for a sentence."""
    parts = (address.street, address.street2, address.zip, address.city, address.state, address.country)
    return ", ".join(part.strip() for part in parts if part.strip()) or "nothing"


def missing_of(address: Address) -> str:
    """What an address lacks of what a staged payment must show, in words."""
    parts = {"street": address.street, "city": address.city, "state": address.state, "postal code": address.zip,
             "country": address.country}  # fmt: skip
    return ", ".join(name for name, value in parts.items() if not value.strip())
