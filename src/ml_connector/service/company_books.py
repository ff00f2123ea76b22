"""What the two connected books say of themselves and list, and what a setting must not say against them."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical import documents
from ml_connector.canonical.called import folded, id_of
from ml_connector.canonical.currencies import CURRENCIES
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Organisation
from ml_connector.errors import BadInput
from ml_connector.integrations.base import IntegrationType
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.sync.directory import entry_name
from ml_connector.sync.named_accounts import IN_LINES


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
    known = {folded(word) for one in sets for word in (one.id, one.name)} | set(own)
    for word in filter(None, map(str.strip, text.split(","))):
        if folded(word) not in known:
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
