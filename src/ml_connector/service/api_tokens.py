"""Tokens of the REST API: made by an owner, shown once, kept as a digest, and revocable at once."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import psycopg

from ml_connector.errors import Acts, BadInput, NotFound, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.roles import READERS, Actor, NotAllowed, Role

_SECRET_BYTES = 32
_TOKEN = re.compile(r"mlc_(\d{1,9})_(\d{1,9})_([\w-]{43})", re.ASCII)
_NUMBER = re.compile(r"#?[0-9]+")
_NAME_LENGTH = 100
_USED_EVERY = timedelta(minutes=5)  # how exactly the last use is kept


class Scope(StrEnum):
    """What a token may be used for, whatever its role."""

    READ = "read"
    REPLAY = "replay"
    APPROVE = "approve"


#: In which roles a scope can be used at all; an owner may do everything, and an operator reads the status alone.
_ROLES = {Scope.READ: (*READERS, Role.OPERATOR), Scope.REPLAY: (Role.BOOKKEEPER,), Scope.APPROVE: (Role.APPROVER,)}


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it is listed; the token itself is never shown again. ``used_at`` is exact to some minutes."""

    token_id: int
    name: str
    scopes: tuple[str, ...]
    role: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made. ``token`` is shown this once."""

    listed: ApiToken
    token: str

    def __repr__(self) -> str:
        return f"NewToken({self.listed.name!r})"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever calls the API: a desk at the token's tenant, in the token's role, and what the token may be used for."""

    desk: Desk
    token_id: int
    scopes: frozenset[str]

    def require(self, scope: Scope) -> None:
        """Raise NotAllowed unless the token has the scope."""
        if scope not in self.scopes:
            raise NotAllowed(f"This token has no scope {scope}; make one that has, with 'ml-connector token create'.")


class NotKnown(Refused):
    """No token, or one that is not valid; which of these is never told."""

    acts = Acts.TENANT_ADMIN


async def create_token(desk: Desk, name: str, scopes: Iterable[str], role: str, days: int = 0) -> NewToken:
    """Make a token, valid for ``days`` (0: until it is revoked). Raises BadInput, NotAllowed.

    A scope that the role could never use is refused.
    """
    desk.require()
    name, wanted, role_ = _name(name), _scopes(scopes), _role(role)
    for scope in wanted:
        if role_ is not Role.OWNER and role_ not in _ROLES[scope]:
            able = ", ".join([*_ROLES[scope], Role.OWNER])
            raise BadInput(f"The scope {scope} is of no use to a token in the role {role_}; it needs one of {able}.")
    if not 0 <= days <= 3650:
        raise BadInput(f"A token is valid for 1 to 3650 days, or 0 for until it is revoked; not {days}.")
    now, secret = desk.clock.now(), secrets.token_urlsafe(_SECRET_BYTES)
    try:
        async with desk.changing() as change:
            row = await change.one(
                """insert into api_token (tenant_id, name, digest, scopes, role, created_at, created_by, expires_at)
                values (%s, %s, %s, %s, %s, %s, %s, %s) returning token_id""",
                desk.tenant_id, name, _digest(secret), list(wanted), role_.value, now, desk.actor.name,
                now + timedelta(days=days) if days else None,
            )  # fmt: skip
            assert row is not None
            change.event("token created", token_id=row[0], name=name, scopes=list(wanted), role=role_.value, days=days)
    except psycopg.errors.UniqueViolation as error:
        raise BadInput(f"There is a token {name!r} already: revoke it first, or choose another name.") from error
    listed = next(one for one in await list_tokens(desk) if one.token_id == row[0])
    return NewToken(listed, f"mlc_{desk.tenant_id}_{row[0]}_{secret}")


async def list_tokens(desk: Desk) -> list[ApiToken]:
    """All tokens of the tenant, the revoked ones too, in the order they were made."""
    desk.require()
    async with desk.looking() as reading:
        rows = await reading.all(
            """select token_id, name, scopes, role, created_at, created_by, expires_at, revoked_at, used_at
            from api_token where tenant_id = %s order by token_id""",
            desk.tenant_id,
        )  # fmt: skip
    return [made(ApiToken, *row[:2], tuple(row[2]), *row[3:]) for row in rows]


async def revoke_token(desk: Desk, wanted: str) -> ApiToken:
    """Make a token, by name or number, worthless from now on. Raises NotFound, and Refused when it is already."""
    desk.require()
    async with desk.changing() as change:
        token_id, name = await _wanted(change, wanted)
        await change.run(
            """update api_token set revoked_at = %s, revoked_by = %s
            where tenant_id = %s and token_id = %s and revoked_at is null""",
            desk.clock.now(), desk.actor.name, desk.tenant_id, token_id,
        )  # fmt: skip
        change.event("token revoked", token_id=token_id, name=name)
    return next(one for one in await list_tokens(desk) if one.token_id == token_id)


async def caller(runtime: Runtime, token: str) -> Caller:
    """Whose token it is. Raises NotKnown for one that is unknown, expired or revoked, without saying which."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise NotKnown(_UNKNOWN)
    tenant_id, token_id, secret = int(match[1]), int(match[2]), match[3]
    now = runtime.clock.now()
    async with runtime.database.tenant(tenant_id) as connection:
        row = await (
            await connection.execute(
                """select digest, name, scopes, role, used_at from api_token
                where tenant_id = %s and token_id = %s and revoked_at is null and coalesce(expires_at > %s, true)""",
                [tenant_id, token_id, now],
            )
        ).fetchone()
        # Compared in any case: how long an answer takes tells nothing of what is wrong.
        if not hmac.compare_digest(row[0] if row else bytes(32), _digest(secret)) or row is None:
            raise NotKnown(_UNKNOWN)
        if row[4] is None or now - row[4] > _USED_EVERY:
            await connection.execute(
                "update api_token set used_at = %s where tenant_id = %s and token_id = %s", [now, tenant_id, token_id]
            )
    return Caller(Desk(runtime, tenant_id, Actor(f"token/{row[1]}", Role(row[3]))), token_id, frozenset(row[2]))


_UNKNOWN = (
    "The token is not valid: unknown, expired or revoked. Send a valid one as 'Authorization: Bearer ...'; "
    "'ml-connector token create' makes one."
)


def _digest(secret: str) -> bytes:
    """The secret has 256 bits of its own, so nothing slower is needed to keep it from being guessed."""
    return hashlib.sha256(secret.encode()).digest()


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LENGTH or not name.isprintable():
        raise BadInput(f"A token needs a name of 1 to {_NAME_LENGTH} printable characters, such as 'nightly report'.")
    if _NUMBER.fullmatch(name):
        raise BadInput(f"A token cannot be named {name!r}, which may be another's number: add a word to it.")
    return name


def _scopes(scopes: Iterable[str]) -> tuple[Scope, ...]:
    known = ", ".join(Scope)
    wanted = tuple(dict.fromkeys(scopes))
    if not wanted:
        raise BadInput(f"A token needs at least one scope of {known}.")
    for one in wanted:
        if one not in list(Scope):
            raise BadInput(f"There is no scope {one!r}; there are {known}.")
    return tuple(Scope(one) for one in wanted)


def _role(role: str) -> Role:
    if role not in list(Role):
        raise BadInput(f"There is no role {role!r}; there are {', '.join(Role)}.")
    return Role(role)


async def _wanted(change: Change, wanted: str) -> tuple[int, str]:
    """The number and name of the token that is meant, a valid one before one that was revoked. Raises NotFound, Refused."""
    rows = await change.all(
        """select token_id, name, revoked_at, revoked_by from api_token
        where tenant_id = %s and (name = %s or token_id::text = %s)
        order by revoked_at is not null, token_id desc for update""",
        change.tenant_id, wanted, wanted.removeprefix("#"),
    )  # fmt: skip
    if not rows:
        raise NotFound(f"There is no token {wanted!r}; 'ml-connector token list' shows them.")
    token_id, name, revoked_at, revoked_by = rows[0]
    if revoked_at is not None:
        raise Refused(f"The token {name!r} was revoked already, by {revoked_by} on {revoked_at:%Y-%m-%d %H:%M:%S} UTC.")
    return int(token_id), str(name)
