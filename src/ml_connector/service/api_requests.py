"""Requests that carry a key of their own: the same key brings the same answer, and does nothing a second time."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from ml_connector.errors import BadInput, Refused
from ml_connector.service.api_tokens import Caller

_KEPT_DAYS = 7
# A request that has not ended by then never will: its process died. What the API does can be done again without harm.
_AT_MOST_SECONDS = 300
_KEY_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and whether it is that of an earlier request with the same key."""

    body: bytes
    repeated: bool


async def answered_once(
    caller: Caller, key: str, what: str, body: bytes, answer: Callable[[], Awaitable[bytes]]
) -> Answered:
    """The answer to a request, given once per key; ``what`` and ``body`` say what was asked for.

    Raises BadInput for a key that is none, Refused when it was used for another request or that is still under way.
    What fails is not kept: the key may be sent again.
    """
    if not key or len(key) > _KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise BadInput(
            f"The header Idempotency-Key must be 1 to {_KEY_LENGTH} printable ASCII characters that name this one request."
        )
    digest = hashlib.sha256(what.encode() + b"\0" + body).digest()
    begun = await _begun(caller, key, digest)
    if isinstance(begun, bytes):
        return Answered(begun, repeated=True)
    try:
        made = await answer()
    except BaseException:
        await _forget(caller, key, begun)
        raise
    await _keep(caller, key, begun, made)
    return Answered(made, repeated=False)


async def _begun(caller: Caller, key: str, digest: bytes) -> bytes | datetime:
    """Begin a request: when it began, or the answer when it was given before. Raises Refused.

    A request that was given up may still end; by its beginning it is known from the one that took its place.
    """
    desk, mine = caller.desk, (caller.desk.tenant_id, caller.token_id, key)
    sealer = await desk.sealer()
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        await connection.execute(
            "delete from api_request where tenant_id = %s and begun_at < now() - make_interval(days => %s)",
            [desk.tenant_id, _KEPT_DAYS],
        )
        done = await connection.execute(
            """insert into api_request as held (tenant_id, token_id, key, digest) values (%s, %s, %s, %s)
            on conflict (tenant_id, token_id, key) do update set begun_at = now()
            where held.answer is null and held.digest = excluded.digest
              and held.begun_at < now() - make_interval(secs => %s)
            returning begun_at""",
            [*mine, digest, _AT_MOST_SECONDS],
        )
        if (begun := await done.fetchone()) is not None:
            begun_at: datetime = begun[0]
            return begun_at
        row = await (
            await connection.execute(
                "select digest, answer from api_request where tenant_id = %s and token_id = %s and key = %s", [*mine]
            )
        ).fetchone()
    if row is None:
        raise Refused("The first request with this Idempotency-Key has just ended: send it again.")
    if row[0] != digest:
        raise Refused("This Idempotency-Key was used for another request already: send a new key with a new request.")
    if row[1] is None:
        raise Refused("The first request with this Idempotency-Key is still under way: send it again in a moment.")
    return sealer.open(b"api answer", row[1])


async def _keep(caller: Caller, key: str, begun: datetime, answer: bytes) -> None:
    desk = caller.desk
    sealed = (await desk.sealer()).seal(b"api answer", answer)
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        await connection.execute(
            """update api_request set answer = %s
            where tenant_id = %s and token_id = %s and key = %s and begun_at = %s""",
            [sealed, desk.tenant_id, caller.token_id, key, begun],
        )


async def _forget(caller: Caller, key: str, begun: datetime) -> None:
    desk = caller.desk
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        await connection.execute(
            """delete from api_request
            where tenant_id = %s and token_id = %s and key = %s and begun_at = %s and answer is null""",
            [desk.tenant_id, caller.token_id, key, begun],
        )
