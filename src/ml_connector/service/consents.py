"""Which grant a consent's tokens belong to: organisations of one consent share a grant, its refresh token and its fate.

Two grants with the tokens of one consent would spend each other's refresh token. Tokens replace those of a grant only if
they reach all its connections; a connection whose grant they do not fit as a whole leaves it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Credentials, Tokens
from ml_connector.lanes.rights import go_on, take_lanes_away
from ml_connector.service.desk import Change, Desk

_credentials = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Consented:
    """A grant that is to hold a consent's tokens, made or renewed by them; ``former`` are those that connections leave."""

    grant_id: int
    new: bool
    former: tuple[int, ...] = ()


async def grant_for(
    desk: Desk, connector: Connector, credentials: Credentials, reached: Collection[str], chosen: Collection[str]
) -> Consented:
    """The grant for tokens that reach these organisations, of which some are chosen to be connected."""
    async with desk.looking() as reading:
        rows = await reading.all(
            """select g.grant_id, g.credentials, array_agg(c.organisation_id) from vendor_grant g
            join connection c using (tenant_id, grant_id)
            where tenant_id = %s and g.vendor = %s group by g.tenant_id, g.grant_id, g.credentials order by g.grant_id""",
            desk.tenant_id, connector.vendor,
        )  # fmt: skip
    own = [id_ for id_, _, places in rows if {*places} & {*chosen}]
    whole = [(id_, sealed) for id_, sealed, places in rows if {*places} <= {*reached}]
    fits = [id_ for id_, _ in whole if id_ in own]
    fits += [id_ for id_, sealed in whole if await _is_of(desk, id_, sealed, connector, credentials)]
    grant_id = fits[0] if fits else await _new_id(desk)
    return Consented(grant_id, not fits, tuple(one for one in own if one != grant_id))


async def _is_of(desk: Desk, grant_id: int, sealed: bytes, connector: Connector, given: Credentials) -> bool:
    """Whether a grant was given to the same application: by what is no secret of its credentials."""
    sealer = await desk.runtime.keyring.credential_sealer(desk.tenant_id, grant_id)
    known = _credentials.decode(sealer.open(b"credentials", sealed))
    return _open(connector, known) == _open(connector, given)


def _open(connector: Connector, credentials: Credentials) -> Mapping[str, str]:
    names = [one.name for one in connector.credentials if not one.secret and one.name != "redirect"]
    return {name: credentials[name] for name in names if credentials.get(name)}


async def _new_id(desk: Desk) -> int:
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        row = await (await connection.execute(b"select nextval('vendor_grant_grant_id_seq')")).fetchone()
    assert row is not None
    return int(row[0])


async def sealed_grant(desk: Desk, grant_id: int, credentials: Credentials, tokens: Tokens) -> tuple[bytes, bytes]:
    """Credentials and tokens as the vault keeps them."""
    sealer = await desk.runtime.keyring.credential_sealer(desk.tenant_id, grant_id)
    given = msgspec.json.encode(dict(credentials))
    return sealer.seal(b"credentials", given), sealer.seal(b"tokens", msgspec.json.encode(tokens))


async def keep_grant(
    desk: Desk, change: Change, vendor: str, grant: Consented, sealed: tuple[bytes, bytes], tokens: Tokens
) -> None:
    """Store a grant, or renew it. The first statements of their transaction: lanes lock themselves before anything else.

    A slice that runs with a former grant loses its lane, so that it does not call the new one dead.
    """
    for grant_id in sorted((grant.grant_id, *grant.former)):
        await take_lanes_away(change.connection, desk.tenant_id, grant_id)
    if grant.new:
        await change.run(
            """insert into vendor_grant (tenant_id, grant_id, vendor, credentials, tokens, serial, expires_at, created_at)
            values (%s, %s, %s, %s, %s, 1, %s, %s)""",
            desk.tenant_id, grant.grant_id, vendor, *sealed, tokens.expires_at, desk.clock.now(),
        )  # fmt: skip
        return
    await change.run(
        """update vendor_grant set credentials = %s, tokens = %s, expires_at = %s, serial = serial + 1, state = 'good',
               problem = '', refreshing_since = null, holder = null, held_until = null
        where tenant_id = %s and grant_id = %s""",
        *sealed, tokens.expires_at, desk.tenant_id, grant.grant_id,
    )  # fmt: skip


async def mend(desk: Desk, change: Change, grant: Consented, scopes: Collection[str]) -> None:
    """All connections of a renewed grant are good again and have its rights; what waited for these goes on.

    A grant that its last connection has left is forgotten.
    """
    await change.run(
        """update connection set scopes = %s, problem = '', state = 'good'
        where tenant_id = %s and grant_id = %s""",
        sorted(scopes), desk.tenant_id, grant.grant_id,
    )  # fmt: skip
    await go_on(change.connection, desk.tenant_id, grant.grant_id, frozenset(scopes), "reconnected")
    await change.run(
        """delete from vendor_grant g where tenant_id = %s and grant_id = any(%s::integer[])
          and not exists (select 1 from connection c where c.tenant_id = g.tenant_id and c.grant_id = g.grant_id)""",
        desk.tenant_id, list(grant.former),
    )  # fmt: skip
