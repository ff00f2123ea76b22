"""Hearing webhooks: what arrives together is verified and written together, and answered only once it is stored.

A delivery comes to hints in the inbox of a connection, and a wake of its lane; of its data nothing is kept.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import psycopg
import structlog

from ml_connector.connectors.base import Connector, Delivery, Hint
from ml_connector.errors import ConnectorError, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.store.database import Session

__all__ = ["Delivery", "Hearing", "UnknownHook"]

PLACES = 2  # companies whose deliveries are written at once, of the pool's eight connections; the API may take four
LONGEST_ID = 200  # characters; no vendor's ids come near it

_TOKEN = re.compile(r"mlh_(\d{1,9})_(\d{1,9})_([\w-]{43})", re.ASCII)
# What a body that is no one's can end in, too deep a nesting among it.
_UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, RecursionError, msgspec.MsgspecError, ConnectorError,
)  # fmt: skip
_settings = msgspec.json.Decoder(dict[str, str])
log = structlog.get_logger()


class UnknownHook(Refused):
    """Nothing is listened for at this address, or not any more."""


class Secret(msgspec.Struct, frozen=True):
    """What is sealed of a hook: the token in its address, and the key that signs; an empty one signs nothing."""

    token: str
    key: str

    def __repr__(self) -> str:
        return "Secret()"


def token_of(tenant_id: int, hook_id: int, secret: str) -> str:
    """The end of a hook's address. ``secret``: 43 random characters, which keep others from finding it."""
    return f"mlh_{tenant_id}_{hook_id}_{secret}"


def is_token(text: str) -> bool:
    """Whether a text has the form of an address's end; whether there is such an address only ``hear`` tells."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> bytes:
    """What a token is known by."""
    return hashlib.sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    hook_id: int
    digest: bytes
    delivery: Delivery
    answer: asyncio.Future[None]


class Hearing:
    """The deliveries of all companies in one process, written company by company as they arrive."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: dict[int, list[_Waiting]] = {}
        self._writing: dict[int, asyncio.Task[None]] = {}
        self._places = asyncio.Semaphore(PLACES)

    async def hear(self, token: str, delivery: Delivery) -> None:
        """Return when a delivery is stored.

        Raises UnknownHook, Refused when its signature is not right, and what the database raises when it was not stored.
        """
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise UnknownHook(_UNKNOWN)
        tenant_id, answer = int(match[1]), asyncio.get_running_loop().create_future()
        one = _Waiting(int(match[2]), digest_of(token), delivery, answer)
        self._waiting.setdefault(tenant_id, []).append(one)
        if tenant_id not in self._writing:
            self._writing[tenant_id] = asyncio.create_task(self._write(tenant_id))
        await answer

    async def _write(self, tenant_id: int) -> None:
        try:
            while tenant_id in self._waiting:
                async with self._places:
                    await self._answer(tenant_id, self._waiting.pop(tenant_id))
        finally:
            del self._writing[tenant_id]

    async def _answer(self, tenant_id: int, batch: list[_Waiting]) -> None:
        [result] = await asyncio.gather(_taken_in(self._runtime, tenant_id, batch), return_exceptions=True)
        if isinstance(result, psycopg.IntegrityError) and len(batch) > 1:  # one of them names what was just removed
            for one in batch:
                await self._answer(tenant_id, [one])
            return
        answers = [result] * len(batch) if isinstance(result, BaseException) else result
        for one, answer in zip(batch, answers, strict=True):
            if one.answer.done():  # whoever waited for it has gone
                continue
            if answer is None:
                one.answer.set_result(None)
            else:
                one.answer.set_exception(answer)


_UNKNOWN = "Nothing listens at this address; 'ml-connector webhooks' shows the addresses there are."

# --- one company's deliveries of a moment ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Hook:
    vendor: str
    digest: bytes
    secret: bytes


@dataclass(frozen=True, slots=True)
class _Connection:
    connection_id: int
    vendor: str
    organisation_id: str
    settings: Mapping[str, str]


@dataclass(slots=True)
class _Counts:
    """What becomes of one hook's deliveries."""

    heard: int = 0
    void: int = 0
    dropped: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Found:
    """What the deliveries come to: by hook its counts, by connection, entity and id how often it was hinted at."""

    counts: dict[int, _Counts] = field(default_factory=lambda: defaultdict(_Counts))
    hints: Counter[tuple[int, str, str]] = field(default_factory=Counter)


async def _taken_in(runtime: Runtime, tenant_id: int, batch: Sequence[_Waiting]) -> list[ConnectorError | None]:
    """Verify and store; for each delivery why it was refused, None for one that is stored."""
    hooks, connections = await _known(runtime, tenant_id, {one.hook_id for one in batch})
    known = {one for one in batch if _fits(hooks.get(one.hook_id), one)}
    keys = {hook_id: await _key(runtime, tenant_id, hook_id, hooks) for hook_id in {one.hook_id for one in known}}
    found, answers = _Found(), list[ConnectorError | None]()
    for one in batch:
        if one not in known:
            answers.append(UnknownHook(_UNKNOWN))
            continue
        vendor = hooks[one.hook_id].vendor
        of_vendor = [connection for connection in connections if connection.vendor == vendor]
        answers.append(_heard(found, runtime.connectors[vendor], keys[one.hook_id], one, of_vendor))
    if found.counts:
        async with runtime.database.tenant(tenant_id) as session:
            await _store(session, runtime, tenant_id, found)
    return answers


async def _known(runtime: Runtime, tenant_id: int, hook_ids: set[int]) -> tuple[dict[int, _Hook], list[_Connection]]:
    async with runtime.database.tenant(tenant_id) as session:
        rows = await session.execute(
            b"select hook_id, vendor, digest, secret from hook where tenant_id = %s and hook_id = any(%s::int[])",
            [tenant_id, sorted(hook_ids)],
        )
        hooks = {row[0]: _Hook(*row[1:]) for row in await rows.fetchall()}
        rows = await session.execute(
            b"select connection_id, vendor, organisation_id, settings from connection where tenant_id = %s",
            [tenant_id],
        )
        return hooks, [_Connection(row[0], row[1], row[2], _settings.decode(row[3])) for row in await rows.fetchall()]


def _fits(hook: _Hook | None, one: _Waiting) -> bool:
    # Compared in any case: how long an answer takes does not tell which hooks there are.
    return hmac.compare_digest(hook.digest if hook else bytes(32), one.digest) and hook is not None


async def _key(runtime: Runtime, tenant_id: int, hook_id: int, hooks: Mapping[int, _Hook]) -> str:
    sealer = await runtime.keyring.hook_sealer(tenant_id, hook_id)
    return msgspec.json.decode(sealer.open(b"hook", hooks[hook_id].secret), type=Secret).key


def _heard(
    found: _Found, connector: Connector, key: str, one: _Waiting, connections: Sequence[_Connection]
) -> ConnectorError | None:
    """Add a delivery's hints; why it was refused, None when it was not. One that cannot be read hints at nothing."""
    counts = found.counts[one.hook_id]
    try:
        hints = _verified(connector, key, one.delivery, [connection.settings for connection in connections])
    except Refused as error:
        counts.refused += 1
        return error
    except _UNREADABLE as error:  # its words may hold what was sent
        log.warning("a webhook could not be read", vendor=connector.vendor, why=type(error).__name__)
        hints = ()
    usable = [hint for hint in hints if 0 < len(hint.id) <= LONGEST_ID and hint.id.isprintable()]
    counts.heard += 1
    counts.void += not usable
    for hint in usable:
        places = [connection.connection_id for connection in connections if _is_about(hint, connection)]
        counts.dropped += not places
        found.hints.update((connection_id, hint.entity, hint.id) for connection_id in places)
    return None


def _verified(
    connector: Connector, key: str, delivery: Delivery, settings: Sequence[Mapping[str, str]]
) -> tuple[Hint, ...]:
    """The hints, by the settings of whichever connection they are signed for. Raises Refused."""
    if not key:
        raise Refused("This webhook has no key yet: give it with 'ml-connector webhook key'.")
    for one in settings[:-1]:
        try:
            return connector.heard(key, delivery, one)
        except Refused:  # another connection may say otherwise; the last one decides
            continue
    return connector.heard(key, delivery, settings[-1] if settings else {})


def _is_about(hint: Hint, connection: _Connection) -> bool:
    """A vendor sends for all organisations of an app to one address; one that names none means every one."""
    return not hint.organisation or hint.organisation.casefold() == connection.organisation_id.casefold()


# --- storing it --------------------------------------------------------------------------------------------------

# In the order of their keys, here and wherever a lane takes them: two writers never wait for each other.
_INBOX = b"""
    insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at, times)
    select %b, c, e, o, %b, n from unnest(%b::integer[], %b::text[], %b::text[], %b::integer[]) as page (c, e, o, n)
    order by c, e, o
    on conflict (tenant_id, connection_id, entity, object_id) do update
    set hinted_at = greatest(inbox.hinted_at, excluded.hinted_at), times = inbox.times + excluded.times, tries = 0,
        taken_at = null"""
_HINTED = b"""
    insert into announcement (tenant_id, connection_id, entity, day, hinted)
    select %b, c, e, %b, n from unnest(%b::integer[], %b::text[], %b::integer[]) as page (c, e, n) order by c, e
    on conflict (tenant_id, connection_id, entity, day) do update
    set hinted = announcement.hinted + excluded.hinted"""
_COUNT = b"""
    update hook set heard = heard + %s, void = void + %s, dropped = dropped + %s, refused = refused + %s,
        last_heard_at = case when %s > 0 then %s else last_heard_at end,
        last_refused_at = case when %s > 0 then %s else last_refused_at end
    where tenant_id = %s and hook_id = %s"""


async def _store(session: Session, runtime: Runtime, tenant_id: int, found: _Found) -> None:
    now, keys = runtime.clock.now(), sorted(found.hints)
    if keys:
        columns = [[key[n] for key in keys] for n in range(3)]
        await session.execute(_INBOX, [tenant_id, now, *columns, [found.hints[key] for key in keys]])
        by_entity = Counter[tuple[int, str]]()
        for key in keys:
            by_entity[key[:2]] += found.hints[key]
        named = sorted(by_entity)
        counted = [[key[0] for key in named], [key[1] for key in named], [by_entity[key] for key in named]]
        await session.execute(_HINTED, [tenant_id, now.date(), *counted])
    for hook_id, one in sorted(found.counts.items()):
        told = [one.heard, one.void, one.dropped, one.refused, one.heard, now, one.refused, now]
        await session.execute(_COUNT, [*told, tenant_id, hook_id])
    for connection_id in sorted({key[0] for key in keys}):
        await session.execute(
            b"insert into wake (tenant_id, connection_id, reason) values (%s, %s, 'webhook')",
            [tenant_id, connection_id],
        )
