"""The number and the reference of a credit note that takes the place of a removed one, which keeps both in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.payment_parts import Part
from ml_connector.integrations.views import View

MARK = 8  # characters of an id


def mark_of(id_: str) -> str:
    """What tells one id of the ledger's from the others: a GUID's beginning, else the end, since such ids are counted on

    from a beginning that all of an organisation share.
    """
    return id_[:MARK] if "-" in id_ else id_[-MARK:]


def renumbered(part: Part, former: Sequence[Document], view: View) -> Part:
    """No ledger gives a removed credit note's number again: one in its place is told by the former one's id."""
    document = part.document
    if not isinstance(document, Invoice):
        return part
    holders = {one.number: one.id for one in _notes(former, view) if one.kind == document.kind}
    number = _free(document.number, holders)
    return replace(part, document=msgspec.structs.replace(document, number=number))


def references_of(parts: Sequence[Part], alone: bool, former: Sequence[Document], view: View) -> Mapping[str, str]:
    """By the part's key, its reference. Where a payment is one document, that has the record's own; else each its own.

    Where what is void keeps it and no other may have it, a credit note in its place has one that is told by its id.
    """
    found = {part.key: view.reference if alone else f"{view.reference}-{part.key}" for part in parts}
    if not view.ways.keeps_references:
        return found
    removed = {one.id for one in former}
    kept = (one for one in _notes(former, view) if one.reference and (one.id in removed or not one.active))
    holders = {one.reference: one.id for one in kept}
    notes = {part.key for part in parts if isinstance(part.document, Invoice)}
    return {key: _free(one, holders) if key in notes else one for key, one in found.items()}


def took_its_place(reference: str, first: str, view: View) -> bool:
    """Whether it is the reference of what took the place of one that had the ``first`` or one made of that."""
    gone = {mark_of(id_) for _, id_ in view.removed}
    gone |= {mark_of(id_) for (_, id_), one in view.at_target.items() if not getattr(one, "active", True)}
    return reference.startswith(f"{first}-") and reference.removeprefix(f"{first}-") in gone


def _notes(former: Sequence[Document], view: View) -> list[Invoice]:
    """What may hold numbers and references: all but what this very version has made, which is to keep its own."""
    made_now = set(view.proven.values())
    return [one for one in (*view.at_target.values(), *former) if isinstance(one, Invoice) and one.id not in made_now]


def _free(wanted: str, holders: Mapping[str, str]) -> str:
    """What is wanted, or with the mark of its holder; that of the last one, since each of them holds one at most."""
    found = wanted
    for _ in holders:
        found = f"{wanted}-{mark_of(holders[found])}" if found in holders else found
    return found
