"""What people call the entries of a list, and which entry is meant by what they write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from ml_connector.canonical.documents import Document


def label(document: Document | None) -> str:
    """What a person calls an entry of a list."""
    if document is None:
        return ""
    number, name = getattr(document, "number", ""), getattr(document, "name", "")
    return " ".join(part for part in (number, name) if part)


def called(entry: Document) -> tuple[str, ...]:
    """All that a person may call an entry of a list: its number, its name, both, and the name behind that of its set."""
    number, name = getattr(entry, "number", ""), getattr(entry, "name", "")
    belongs = getattr(getattr(entry, "set", None), "name", "")
    whole = f"{belongs}: {name}" if belongs else ""
    return tuple(one for one in dict.fromkeys((number, name, label(entry), whole)) if one)


def _any(_: Document) -> bool:
    return True


def id_of(entries: Mapping[str, Document], named: str, fit: Callable[[Document], bool] = _any) -> str:
    """The id of the one entry of that id, number or name; empty when there is none. Capitals and blanks do not matter.

    Of several that are called so, the one that is ``fit``. Raises ValueError naming the candidates when that is not one.
    """
    if named in entries:
        return named
    exact = [one for one, entry in entries.items() if named in called(entry)]
    found = exact or [one for one, entry in entries.items() if folded(named) in map(folded, called(entry))]
    if len(found) > 1:
        found = [one for one in found if fit(entries[one])] or found
    if len(found) > 1:
        shown = ", ".join(f"{one} ({label(entries[one])})" for one in sorted(found))
        raise ValueError(f"{named!r} is the number or name of several: give the id of one of {shown}")
    return found[0] if found else ""


def folded(text: str) -> str:
    return " ".join(text.casefold().split())


_NEAREST = 3


def nearest(entries: Mapping[str, Document], named: str) -> str:
    """What may have been meant by a name that nothing has, in words; empty where nothing is like it."""
    names = {folded(one): entry for entry in entries.values() for one in called(entry)}
    close = get_close_matches(folded(named), names, _NEAREST)
    found = list(dict.fromkeys(label(names[one]) for one in close))
    return f" (did you mean {' or '.join(map(repr, found))}?)" if found else ""
