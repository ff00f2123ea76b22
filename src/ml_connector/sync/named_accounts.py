"""Settings that name an account of the target by its number or name, given before its accounts were read.

They get the account's id as soon as the list has been read to its end. What no account is called stays as it was written:
documents that need it are held, and ``status`` and ``check`` tell of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from ml_connector.canonical.called import id_of
from ml_connector.canonical.documents import Document
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.release import release

ACCOUNTS = "accounts"
#: The word by which a charge goes into a bill's lines instead of an account of its own.
IN_LINES = "lines"


async def name_by_id(transaction: LaneTransaction, listed: Callable[[], Awaitable[Mapping[str, Document]]]) -> None:
    """Settle the account settings of all integrations that write to the lane's connection, which have to be locked.

    ``listed`` opens its accounts, by id; it is asked only where a setting names one.
    """
    lane, accounts = transaction.lane, None
    rows = await transaction.all(
        "select integration_id, kind, settings from integration where tenant_id = %s and target_id = %s order by 1",
        lane.tenant_id, lane.connection_id,
    )  # fmt: skip
    for integration_id, kind, stored in rows:
        settings = msgspec.json.decode(stored)
        type_ = lane.integrations.get(kind)
        given = {name: settings.get(name) for name in (type_.account_settings if type_ is not None else ())}
        given = {name: text for name, text in given.items() if text and text != IN_LINES}
        if not given:
            continue
        accounts = await listed() if accounts is None else accounts
        found = {name: _id(accounts, text) for name, text in given.items()}
        changed = {name: [given[name], id_] for name, id_ in found.items() if id_ not in ("", given[name])}
        if changed:
            await _store(transaction, integration_id, settings | {name: new for name, (_, new) in changed.items()})
            transaction.event("settings changed", integration=kind, settings=changed)
            await release(
                transaction.connection, lane.tenant_id, "setting", [f"setting:{name}" for name in sorted(changed)]
            )


def _id(accounts: Mapping[str, Document], text: str) -> str:
    """The account's id; empty where none is called so, or several are: a person says which."""
    try:
        return id_of(accounts, text)
    except ValueError:
        return ""


async def _store(transaction: LaneTransaction, integration_id: int, settings: dict[str, object]) -> None:
    await transaction.run(
        """update integration set settings = %s, generation = generation + 1
        where tenant_id = %s and integration_id = %s""",
        msgspec.json.encode(settings).decode(), transaction.lane.tenant_id, integration_id,
    )  # fmt: skip
