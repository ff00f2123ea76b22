"""Connecting a vendor's organisation: from credentials to a sealed grant, a connection and its lane."""

from __future__ import annotations

import datetime as dt
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

import msgspec
import psycopg

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Organisation
from ml_connector.connectors.base import VERIFIER, Connector, Consent, Credentials, Tokens
from ml_connector.errors import BadInput, Refused
from ml_connector.lanes.budget import count_first_calls
from ml_connector.lanes.connecting import reachable_organisations, read_organisation, tokens_for, tokens_from_redirect
from ml_connector.lanes.rights import go_on, take_lanes_away
from ml_connector.lanes.runtime import Runtime
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import (
    DEFAULT_ZONE,
    Tenant,
    change_tenant,
    checked_zone,
    create_tenant,
    selected_tenant,
    tenants,
)
from ml_connector.transport.errors import Reconnect


@dataclass(frozen=True, slots=True)
class Granted:
    """A vendor's tokens just won, and the organisations they reach. Held in memory only until it is stored."""

    connector: Connector
    credentials: Credentials
    tokens: Tokens
    settings: Mapping[str, str]
    organisations: Sequence[Organisation]

    def choose(self, wanted: str = "") -> Organisation:
        """The organisation of that id or name; without one, the only one. Raises BadInput listing them."""
        found = [one for one in self.organisations if wanted in ("", one.id, one.name)]
        if len(found) == 1:
            return found[0]
        shown = ", ".join(f"{one.id} ({one.name})" for one in self.organisations) or "none at all"
        if wanted:
            raise BadInput(
                f"{self.connector.title} shows no organisation {wanted!r} to these credentials, but {shown}."
            )
        raise BadInput(
            f"These credentials reach several organisations of {self.connector.title}: choose one of {shown}."
        )


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection that was made, or renewed."""

    connection_id: int
    name: str
    vendor: str
    organisation_id: str
    organisation: str
    renewed: bool
    scopes: tuple[str, ...] = field(default=())


# --- the first contact -------------------------------------------------------------------------------------------


def needs_consent(connector: Connector, credentials: Credentials) -> bool:
    """Whether a person must consent in a browser: not where a long-lived token was given."""
    return connector.auth.needs_consent(credentials)


def consent(connector: Connector, credentials: Credentials, redirect: str) -> Consent:
    """The address to open, with a fresh state that must come back."""
    return connector.auth.consent(credentials, redirect, secrets.token_urlsafe(24))


def checked_return(expected: Consent, returned: Mapping[str, str]) -> Mapping[str, str]:
    """The redirect's query, with the consent's verifier, if it answers this very consent. Raises BadInput."""
    if not hmac.compare_digest(returned.get("state", "").encode(), expected.state.encode()):
        raise BadInput(
            "The address that came back belongs to another attempt (its state is not ours): nothing was exchanged; "
            "open the consent address again and use the answer to that one."
        )
    return {**returned, VERIFIER: expected.verifier}


async def granted(
    runtime: Runtime, connector: Connector, credentials: Credentials, settings: Mapping[str, str]
) -> Granted:
    """Tokens without consent, and what they reach. Raises BadInput naming the field, Reconnect, transport.errors."""
    return await _reached(runtime, connector, credentials, settings, await tokens_for(runtime, connector, credentials))


async def granted_by_consent(
    runtime: Runtime,
    connector: Connector,
    credentials: Credentials,
    settings: Mapping[str, str],
    redirect: str,
    returned: Mapping[str, str],
) -> Granted:
    """Tokens for a consent's answer, its state already checked. Raises BadInput, Reconnect, transport.errors."""
    tokens = await tokens_from_redirect(runtime, connector, credentials, redirect, returned)
    return await _reached(runtime, connector, credentials, settings, tokens)


async def _reached(
    runtime: Runtime, connector: Connector, credentials: Credentials, settings: Mapping[str, str], tokens: Tokens
) -> Granted:
    try:
        found = await reachable_organisations(runtime, connector, credentials, tokens, settings)
    except Reconnect as error:  # there is nothing to reconnect yet: what was given is wrong
        raise BadInput(error.sentence) from error
    return Granted(connector, credentials, tokens, settings, found)


async def tenant_to_connect(
    runtime: Runtime, actor: Actor, wanted: str, organisation: Organisation, zone: str = ""
) -> Tenant:
    """The tenant a connection belongs to; made with the organisation's name and zone when there is none yet."""
    known = await tenants(runtime)
    if known and (not wanted or any(wanted in (one.name, str(one.tenant_id)) for one in known)):
        return await selected_tenant(runtime, wanted)
    chosen = zone or (organisation.zone if organisation.zone in available_timezones() else DEFAULT_ZONE)
    return await create_tenant(runtime, actor, wanted or organisation.name or organisation.id, chosen)


async def take_zone(
    runtime: Runtime, actor: Actor, tenant: Tenant, organisation: Organisation, zone: str = ""
) -> Tenant:
    """The tenant with the zone given, else the organisation's own where nobody has given the tenant one yet."""
    untold = tenant.zone == DEFAULT_ZONE and organisation.zone in available_timezones()
    return await change_tenant(runtime, actor, tenant, zone=zone or (organisation.zone if untold else ""))


# --- storing it --------------------------------------------------------------------------------------------------


async def take_in(
    runtime: Runtime,
    actor: Actor,
    grant: Granted,
    organisation: Organisation,
    *,
    tenant: str = "",
    zone: str = "",
    name: str = "",
    test_books: bool = False,
    again: str = "",
) -> Connected:
    """Connect for the tenant meant, which is made when it is new, and only once the vendor has told everything.

    Raises NotFound when ``again`` is to renew a tenant's connection and there is none, and what ``connect`` raises.
    """
    found, scopes = await read_organisation(
        runtime, grant.connector, grant.credentials, grant.tokens, grant.settings, organisation.id
    )
    if not organisation.zone:  # a list of organisations may tell less than each by itself
        organisation = msgspec.structs.replace(organisation, zone=found.zone)
    if zone:
        checked_zone(zone)
    if again:
        chosen = await selected_tenant(runtime, tenant)
    else:
        chosen = await tenant_to_connect(runtime, actor, tenant, organisation, zone)
    desk = Desk(runtime, chosen.tenant_id, actor)
    made = await store_connection(desk, grant, found, scopes, name=name, test_books=test_books, again=again)
    await take_zone(runtime, actor, chosen, organisation, zone)
    return made


async def connect(
    desk: Desk, grant: Granted, organisation_id: str, *, name: str = "", test_books: bool = False, again: str = ""
) -> Connected:
    """Read everything of the chosen organisation and store grant, connection and lane in one transaction.

    ``again`` names the connection to renew. Raises Refused for another organisation, BadInput, transport.errors.
    """
    desk.require()
    organisation, scopes = await read_organisation(
        desk.runtime, grant.connector, grant.credentials, grant.tokens, grant.settings, organisation_id
    )
    return await store_connection(desk, grant, organisation, scopes, name=name, test_books=test_books, again=again)


async def store_connection(
    desk: Desk,
    grant: Granted,
    organisation: Organisation,
    scopes: frozenset[str],
    *,
    name: str = "",
    test_books: bool = False,
    again: str = "",
) -> Connected:
    """Store a connection, or renew the one of this organisation. Raises Refused, BadInput; then nothing is stored."""
    desk.require()
    sandbox = organisation.sandbox or test_books or desk.runtime.sandbox is not None
    known = await _known(desk, grant.connector.vendor, organisation.id)
    _refuse_other(again, known, organisation, grant.connector)
    if known is not None and known[3] != sandbox:
        was, now = ("test", "real") if known[3] else ("real", "test")
        raise Refused(
            f"{known[1]} was connected as {was} books and would now be {now} ones: the two are never mixed; "
            "connect it for another tenant."
        )
    if known is not None and not organisation.lock_known:
        organisation = msgspec.structs.replace(organisation, locked_through=await _lock_before(desk, known[0]))
    grant_id = known[2] if known else await _new_grant_id(desk)
    sealed = await _sealed(desk, grant_id, grant)
    sealer = await desk.sealer()
    try:
        async with desk.changing(sealer) as change:
            if known is None:
                return await _create(desk, change, sealer, grant, organisation, scopes, sandbox, grant_id, sealed, name)
            return await _renew(desk, change, sealer, grant, organisation, scopes, known[0], known[1], grant_id, sealed)
    except psycopg.errors.UniqueViolation as error:
        raise BadInput(f"There is a connection {name or organisation.name!r} already: give another name.") from error


async def _known(desk: Desk, vendor: str, organisation_id: str) -> tuple[Any, ...] | None:
    async with desk.looking() as reading:
        return await reading.one(
            """select connection_id, name, grant_id, sandbox from connection
            where tenant_id = %s and vendor = %s and organisation_id = %s""",
            desk.tenant_id, vendor, organisation_id,
        )  # fmt: skip


async def _lock_before(desk: Desk, connection_id: int) -> dt.date | None:
    """The lock date as it was last told."""
    async with desk.looking() as reading:
        row = await reading.one(
            "select organisation from connection where tenant_id = %s and connection_id = %s",
            desk.tenant_id, connection_id,
        )  # fmt: skip
    assert row is not None
    before = documents.decode((await desk.sealer()).open(b"organisation", row[0]))
    assert isinstance(before, Organisation)
    return before.locked_through


def _refuse_other(again: str, known: tuple[Any, ...] | None, organisation: Organisation, connector: Connector) -> None:
    if again and (known is None or again not in (known[1], str(known[0]))):
        raise Refused(
            f"These credentials reach {connector.title} organisation {organisation.id} ({organisation.name}), which is "
            f"not the one of connection {again!r}: give that one's credentials, or connect this one as a new connection, "
            "without --again. Nothing was changed."
        )


async def _new_grant_id(desk: Desk) -> int:
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        row = await (await connection.execute(b"select nextval('vendor_grant_grant_id_seq')")).fetchone()
    assert row is not None
    return int(row[0])


async def _sealed(desk: Desk, grant_id: int, grant: Granted) -> tuple[bytes, bytes]:
    sealer = await desk.runtime.keyring.credential_sealer(desk.tenant_id, grant_id)
    credentials = msgspec.json.encode(dict(grant.credentials))
    return sealer.seal(b"credentials", credentials), sealer.seal(b"tokens", msgspec.json.encode(grant.tokens))


async def _create(
    desk: Desk, change: Change, sealer: Sealer, grant: Granted, organisation: Organisation, scopes: frozenset[str],
    sandbox: bool, grant_id: int, sealed: tuple[bytes, bytes], name: str,
) -> Connected:  # fmt: skip
    now, vendor = desk.clock.now(), grant.connector.vendor
    await change.run(
        """insert into vendor_grant (tenant_id, grant_id, vendor, credentials, tokens, serial, expires_at, created_at)
        values (%s, %s, %s, %s, %s, 1, %s, %s)""",
        desk.tenant_id, grant_id, vendor, *sealed, grant.tokens.expires_at, now,
    )  # fmt: skip
    name = name or await _free_name(change, grant.connector.title, organisation)
    row = await change.one(
        """insert into connection (tenant_id, grant_id, vendor, organisation_id, name, sandbox, organisation,
                                   organisation_read_at, settings, scopes, created_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning connection_id""",
        desk.tenant_id, grant_id, vendor, organisation.id, name, sandbox, _seal(sealer, organisation), now,
        msgspec.json.encode(dict(grant.settings)).decode(), sorted(scopes), now,
    )  # fmt: skip
    assert row is not None
    limits = grant.connector.limits(organisation, grant.credentials, grant.settings)
    await count_first_calls(change.connection, desk.tenant_id, limits, desk.clock.seconds())
    await change.run(
        "insert into lane (tenant_id, connection_id, due_at) values (%s, %s, %s)", desk.tenant_id, row[0], now
    )
    change.event("connected", connection=name, vendor=vendor, organisation=organisation.id, scopes=sorted(scopes))
    return Connected(row[0], name, vendor, organisation.id, organisation.name, False, tuple(sorted(scopes)))


async def _renew(
    desk: Desk, change: Change, sealer: Sealer, grant: Granted, organisation: Organisation, scopes: frozenset[str],
    connection_id: int, name: str, grant_id: int, sealed: tuple[bytes, bytes],
) -> Connected:  # fmt: skip
    """The same organisation again: its grant is renewed, and what waited for a right that is now there goes on.

    The lanes come first: their own transactions lock them before anything else. A slice that runs with the former grant
    loses its lane, so that it does not call the new one dead.
    """
    await take_lanes_away(change.connection, desk.tenant_id, grant_id)
    await change.run(
        """update vendor_grant set credentials = %s, tokens = %s, expires_at = %s, serial = serial + 1, state = 'good',
               problem = '', refreshing_since = null, holder = null, held_until = null
        where tenant_id = %s and grant_id = %s""",
        *sealed, grant.tokens.expires_at, desk.tenant_id, grant_id,
    )  # fmt: skip
    await change.run(
        """update connection set state = 'good', problem = '', organisation = %s, organisation_read_at = %s,
               settings = settings || %s::jsonb, scopes = %s
        where tenant_id = %s and connection_id = %s""",
        _seal(sealer, organisation), desk.clock.now(), msgspec.json.encode(dict(grant.settings)).decode(),
        sorted(scopes), desk.tenant_id, connection_id,
    )  # fmt: skip
    await change.run(
        "update connection set state = 'good', problem = '' where tenant_id = %s and grant_id = %s and state <> 'paused'",
        desk.tenant_id, grant_id,
    )  # fmt: skip
    await go_on(change.connection, desk.tenant_id, grant_id, scopes, "reconnected")
    change.event("reconnected", connection=name, organisation=organisation.id, scopes=sorted(scopes))
    return Connected(
        connection_id, name, grant.connector.vendor, organisation.id, organisation.name, True, tuple(sorted(scopes))
    )


async def _free_name(change: Change, title: str, organisation: Organisation) -> str:
    """The vendor's title; with the organisation's name behind it when that is taken."""
    taken = {row[0] for row in await change.all("select name from connection where tenant_id = %s", change.tenant_id)}
    return title if title not in taken else f"{title} {organisation.name or organisation.id}"


def _seal(sealer: Sealer, organisation: Organisation) -> bytes:
    return sealer.seal(b"organisation", documents.encode(organisation))
