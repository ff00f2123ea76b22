"""What the two connected books say of themselves and list, and what a setting must not say against them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches

from ml_connector.canonical import documents
from ml_connector.canonical.currencies import CURRENCIES
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Organisation
from ml_connector.errors import BadInput
from ml_connector.integrations.base import IntegrationType
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.sync.directory import entry_name

#: The word by which a charge goes into a bill's lines instead of an account of its own.
IN_LINES = "lines"


async def organisation_of(reading: Reading, sealer: Sealer, connection_id: int) -> Organisation:
    """The organisation of a connection as it was last read."""
    row = await reading.one(
        "select organisation from connection where tenant_id = %s and connection_id = %s",
        reading.tenant_id, connection_id,
    )  # fmt: skip
    assert row is not None
    found = documents.decode(sealer.open(b"organisation", row[0]))
    assert isinstance(found, Organisation)
    return found


async def listed(reading: Reading, sealer: Sealer, connection_id: int, entity: str) -> dict[str, Document] | None:
    """A list of a connection by id; None when it has never been read."""
    rows = await reading.all(
        """select object_id, body from directory
        where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone'""",
        reading.tenant_id, connection_id, entity,
    )  # fmt: skip
    read = await reading.one(
        "select 1 from feed where tenant_id = %s and connection_id = %s and name = %s",
        reading.tenant_id, connection_id, f"directory {entity}",
    )  # fmt: skip
    if not rows and read is None:
        return None
    return {one: documents.decode(sealer.open(entry_name(entity, one), body)) for one, body in rows}


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
    found = exact or [one for one, entry in entries.items() if _folded(named) in map(_folded, called(entry))]
    if len(found) > 1:
        found = [one for one in found if fit(entries[one])] or found
    if len(found) > 1:
        shown = ", ".join(f"{one} ({label(entries[one])})" for one in sorted(found))
        raise ValueError(f"{named!r} is the number or name of several: give the id of one of {shown}")
    return found[0] if found else ""


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


_NEAREST = 3


def nearest(entries: Mapping[str, Document], named: str) -> str:
    """What may have been meant by a name that nothing has, in words; empty where nothing is like it."""
    names = {_folded(one): entry for entry in entries.values() for one in called(entry)}
    close = get_close_matches(_folded(named), names, _NEAREST)
    found = list(dict.fromkeys(label(names[one]) for one in close))
    return f" (did you mean {' or '.join(map(repr, found))}?)" if found else ""


# --- settings against the books ----------------------------------------------------------------------------------


async def checked_settings(
    desk: Desk, kind: IntegrationType, changes: Mapping[str, str], source_id: int, target_id: int
) -> dict[str, str]:
    """The changes with currency and accounts as the books have them. Raises BadInput for what they do not have."""
    given = {name: text.strip() for name, text in changes.items()}
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        if given.get(kind.currency_setting):
            known = [await organisation_of(reading, sealer, one) for one in (source_id, target_id)]
            given[kind.currency_setting] = _currency(kind.currency_setting, given[kind.currency_setting], known)
        accounts = [name for name in kind.account_settings if given.get(name)]
        entries = await listed(reading, sealer, target_id, "accounts") if accounts else None
        words = [name for name in kind.dimension_settings if given.get(name)]
        dimensions = await listed(reading, sealer, source_id, "dimensions") if words else None
    for name in accounts if entries is not None else ():
        given[name] = _account(name, given[name], entries or {})
    for name in words if dimensions else ():
        _require_dimensions(name, given[name], kind.dimension_words, dimensions or {})
    return given


def _currency(name: str, text: str, known: list[Organisation]) -> str:
    code = text.upper()
    if code not in CURRENCIES:
        raise BadInput(f"The setting {name} cannot be {text!r}: it must be an ISO 4217 code such as USD.")
    for what, organisation in zip(("the documents come from", "they are posted to"), known, strict=True):
        if organisation.currency and organisation.currency != code:
            raise BadInput(_differs(name, code, organisation, what))
    return code


def _account(name: str, text: str, entries: Mapping[str, Document]) -> str:
    if text == IN_LINES:
        return text
    try:
        found = id_of(entries, text)
    except ValueError as error:
        raise BadInput(f"The setting {name}: {error}.") from error
    if not found:
        raise BadInput(
            f"The setting {name} cannot be {text!r}: the ledger has no account of that id, number or name; "
            "'ml-connector map targets accounts' shows those it has."
        )
    return found


def _require_dimensions(name: str, text: str, own: tuple[str, ...], entries: Mapping[str, Document]) -> None:
    """Raise BadInput for a word that is no tag or category of the ledger, by its id or name."""
    sets = [one.set for one in entries.values() if isinstance(one, Dimension) and one.set.id]
    known = {_folded(word) for one in sets for word in (one.id, one.name)} | set(own)
    for word in filter(None, map(str.strip, text.split(","))):
        if _folded(word) not in known:
            names = ", ".join(sorted({one.name or one.id for one in sets})) or "none"
            raise BadInput(
                f"The setting {name} cannot be {word!r}: the ledger has no dimension of that id or name; it has: {names}. "
                f"It can be {', '.join(own)}, too."
            )


def _differs(name: str, text: str, organisation: Organisation, what: str) -> str:
    return (
        f"The setting {name} cannot be {text}: {organisation.name} ({organisation.id}), which {what}, keeps its books "
        f"in {organisation.currency}. Nothing is converted; leave the setting empty or give {organisation.currency}. "
        "Documents in another currency get it from their business unit."
    )
