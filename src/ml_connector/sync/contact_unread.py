"""CONTACT UNREAD: contacts whose own page fails or is not understood, while what needs it waits for it (``contact_unread``).

Each is asked for by its id every hour, alone, so that one that fails puts off no other. Whatever waits goes on once it is
read; a page that says twice that the contact does not exist says where it is: gone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta

import msgspec
import structlog

from ml_connector.connectors.writing import PartyUnread
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.sync.directory import file_documents
from ml_connector.sync.flows import facts_changed, lock_integrations
from ml_connector.sync.gone import file_gone
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.lists import filed
from ml_connector.sync.standing import Seen, read_there
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

PARTIES, BEFORE_A_CHANGE = "parties", "party_unread_there"
CONTACT_UNREAD = "contact_unread"
EVERY = timedelta(hours=1)
AT_ONCE = 20  # in one slice, a call each; those asked for longest ago come first
NOT_TOLD = "the answer does not say which contact it shows"

_DUE = """
    with awaited as (
        select distinct substr(w.key, strpos(w.key, ':') + 1) as id
        from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
        where w.tenant_id = %b and w.kind = 'fact' and w.code = %b and starts_with(w.key, %b) and f.target_id = %b
          and f.mode <> 'off')
    select d.object_id from awaited a
    cross join lateral (select object_id, state, asked_at from directory where tenant_id = %b and connection_id = %b
                        and entity = %b and object_id = a.id offset 0) d
    where d.state <> 'gone' and d.asked_at <= %b
    order by d.asked_at, d.object_id limit %b"""
_ASKED = """
    update directory set asked_at = %b
    where tenant_id = %b and connection_id = %b and entity = %b and object_id = any(%b::text[])"""


_TOLD = """
    with told as (
        update wait w set code = %b, detail = %b from flow f
        where w.tenant_id = %b and w.kind = 'fact' and w.key = %b and w.code = %b
          and f.tenant_id = w.tenant_id and f.flow_id = w.flow_id and f.target_id = %b
        returning w.version_id)
    update version_state s set reason = %b from told
    where s.tenant_id = %b and s.version_id = told.version_id and s.reason = %b"""


async def ask_unread(lane: Lane) -> None:
    """Ask for the contacts whose pages this lane's work waits for, those that were asked for an hour ago and more.

    Raises transport.errors.
    """
    for id_ in await _due(lane):
        if lane.slice.over() or lane.capacity.surplus() == 0:
            return
        await asked_now(lane, [id_])
        try:
            seen = await read_there(lane, PARTIES, [id_], [])
            if seen.absent([id_]):
                seen = await read_there(lane, PARTIES, [id_], [])
        except NotPermitted as error:  # whose list it is stands still by itself
            log.warning("not asked for", lane=lane.connection_id, entity=PARTIES, why=error.sentence)
            return
        await file_gone(lane, PARTIES, seen.absent([id_]))
        await _file(lane, seen)


async def _due(lane: Lane) -> list[str]:
    here = (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            _DUE, lane.tenant_id, CONTACT_UNREAD, f"{PARTIES}:", lane.connection_id, *here, PARTIES,
            lane.clock.now() - EVERY, AT_ONCE,
        )  # fmt: skip
    return [row[0] for row in rows]


async def asked_now(lane: Lane, ids: Collection[str]) -> None:
    """These contacts were asked for now; they are asked for again in an hour."""
    async with lane.transaction() as transaction:
        await transaction.run(
            _ASKED, lane.clock.now(), lane.tenant_id, lane.connection_id, PARTIES, sorted(ids)
        )  # fmt: skip


async def _file(lane: Lane, seen: Seen) -> None:
    """What is shown is filed, and what waits for it goes on, also where it shows what was known."""
    if not seen.shown:
        return
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
        await file_documents(transaction, PARTIES, seen.shown.values())
        keys = [f"{PARTIES}:{id_}" for id_ in seen.shown]
        await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)


def what_is_wrong(id_: str, *seen: Seen) -> str:
    """What was wrong with the answers about a contact, by the last of them that says it."""
    return next((why for one in reversed(seen) if (why := one.problems.get(id_))), NOT_TOLD)


async def contacts_named(transaction: LaneTransaction, ids: Collection[str]) -> dict[str, str]:
    """Contacts of the lane's target as a bookkeeper knows them, by id: name and id."""
    shown = filed(transaction, transaction.lane.connection_id, PARTIES, sorted(ids))
    names = {id_: str(getattr(one, "name", "")) async for id_, one in shown}
    return {id_: f"'{name}' ({id_})" if (name := names.get(id_)) else id_ for id_ in ids}


def wait_for_page(vendor: str, contact: str, id_: str, why: str, refused: str = "") -> Waiting:
    """The wait for a contact's own page; ``refused`` is the target's sentence where it refused the document."""
    told = {
        "contact": contact,
        "vendor": vendor,
        "why": why.rstrip("."),
        "refused": refused and f" {refused.rstrip('.')}.",
    }
    return waiting("contact_unread", "fact", f"{PARTIES}:{id_}", **told)


async def wait_of_refused(transaction: LaneTransaction, refusal: PartyUnread) -> Waiting:
    """What a document waits for that was refused for a contact that cannot be read."""
    contact = (await contacts_named(transaction, [refusal.party_id]))[refusal.party_id]
    title = transaction.lane.connector.title
    return wait_for_page(title, contact, refusal.party_id, refusal.said, refusal.sentence)


async def tell_unread(lane: Lane, unread: Mapping[str, str]) -> None:
    """Changes that wait for these contacts, by id with what the answer was, tell that from now on, and who mends it."""
    if not unread:
        return
    title, here = lane.connector.title, (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        named = await contacts_named(transaction, unread)
        for id_, why in sorted(unread.items()):
            wait = wait_for_page(title, named[id_], id_, why)
            detail = lane.sealer.seal(b"wait", msgspec.json.encode(wait))
            await transaction.run(
                _TOLD, CONTACT_UNREAD, detail, lane.tenant_id, wait.key, BEFORE_A_CHANGE, here[1], CONTACT_UNREAD,
                lane.tenant_id, BEFORE_A_CHANGE,
            )  # fmt: skip
