"""Connecting a vendor's organisation: from credentials to a sealed grant, a connection and its lane."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import available_timezones

import msgspec
import psycopg

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import VERIFIER, Consent, Credentials, Tokens
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.checks import locked_as
from ml_connector.lanes.budget import count_first_calls
from ml_connector.lanes.connecting import reachable_organisations, read_organisation, tokens_for, tokens_from_redirect
from ml_connector.lanes.runtime import Runtime
from ml_connector.sealing import Sealer
from ml_connector.service.connections import connections
from ml_connector.service.consents import grant_for, keep_grant, mend, sealed_grant
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
class Read:
    """An organisation as it tells of itself, and the rights that the tokens have there."""

    organisation: Organisation
    scopes: frozenset[str]


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
    """Tokens without consent, and what they reach. Raises BadInput naming the field, Reconnect, transport.errors.

    Tokens that ended before they were used, since the machine stood still, are won once more: nothing given was wrong.
    """
    tokens = await tokens_for(runtime, connector, credentials)
    try:
        return await _reached(runtime, connector, credentials, settings, tokens)
    except BadInput:
        if runtime.clock.now() < tokens.expires_at:
            raise
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
    organisations: Sequence[Organisation],
    *,
    tenant: str = "",
    zone: str = "",
    name: str = "",
    test_books: bool = False,
    again: str = "",
) -> list[Connected]:
    """Connect organisations for the tenant meant, which is made when it is new, and only once the vendor has told all.

    Raises NotFound when ``again`` is to renew a tenant's connection and there is none, and what ``connect`` raises.
    """
    if name and len(organisations) > 1:
        raise BadInput(f"The name {name!r} is for one connection: connect the organisations without it, or one by one.")
    found = [await _read(runtime, grant, one.id) for one in organisations]
    first = organisations[0]
    if not first.zone:  # a list of organisations may tell less than each by itself
        first = msgspec.structs.replace(first, zone=found[0].organisation.zone)
    if zone:
        checked_zone(zone)
    if again:
        chosen = await selected_tenant(runtime, tenant)
    else:
        chosen = await tenant_to_connect(runtime, actor, tenant, first, zone)
    desk = Desk(runtime, chosen.tenant_id, actor)
    made = await store_connections(desk, grant, found, name=name, test_books=test_books, again=again)
    await take_zone(runtime, actor, chosen, first, zone)
    return made


async def chosen_of(
    runtime: Runtime, actor: Actor, grant: Granted, wanted: Sequence[str], *, tenant: str = "", again: str = ""
) -> list[Organisation]:
    """The organisations meant; where none is named and several are reached, that of the connection to be renewed.

    Raises BadInput listing those that are reached, NotFound.
    """
    if again and not wanted and len(grant.organisations) > 1:
        desk = Desk(runtime, (await selected_tenant(runtime, tenant)).tenant_id, actor)
        known = [one for one in await connections(desk) if one.vendor == grant.connector.vendor]
        wanted = [one.organisation_id for one in known if again in (one.name, str(one.connection_id))]
    return list({one.id: one for one in map(grant.choose, wanted or ("",))}.values())


async def _read(runtime: Runtime, grant: Granted, organisation_id: str) -> Read:
    given = (runtime, grant.connector, grant.credentials, grant.tokens, grant.settings)
    return Read(*await read_organisation(*given, organisation_id))


async def connect(
    desk: Desk, grant: Granted, organisation_id: str, *, name: str = "", test_books: bool = False, again: str = ""
) -> Connected:
    """Read everything of the chosen organisation and store grant, connection and lane in one transaction.

    ``again`` names the connection to renew. Raises Refused for another organisation, BadInput, transport.errors.
    """
    desk.require()
    found = await _read(desk.runtime, grant, organisation_id)
    [made] = await store_connections(desk, grant, [found], name=name, test_books=test_books, again=again)
    return made


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
    """Store a connection, or renew the one of this organisation. As ``store_connections``."""
    found = [Read(organisation, scopes)]
    [made] = await store_connections(desk, grant, found, name=name, test_books=test_books, again=again)
    return made


async def store_connections(
    desk: Desk, grant: Granted, found: Sequence[Read], *, name: str = "", test_books: bool = False, again: str = ""
) -> list[Connected]:
    """Store connections of one consent under one grant, or renew those that there are, and all that share the grant.

    Raises Refused, BadInput; then nothing is stored.
    """
    desk.require()
    places = [await _place(desk, grant, one, test_books, again) for one in found]
    chosen = {one.organisation.id for one in places}
    reached = {one.id for one in grant.organisations} | chosen
    kept = await grant_for(desk, grant.connector, grant.credentials, reached, chosen)
    sealed = await sealed_grant(desk, kept.grant_id, grant.credentials, grant.tokens)
    sealer = await desk.sealer()
    try:
        async with desk.changing(sealer) as change:
            await keep_grant(desk, change, grant.connector.vendor, kept, sealed, grant.tokens)
            made = [await _stored(desk, change, sealer, grant, one, kept.grant_id, name) for one in places]
            if not kept.new or kept.former:
                await mend(desk, change, kept, places[0].scopes)
            return made
    except psycopg.errors.UniqueViolation as error:
        called = name or places[0].organisation.name
        raise BadInput(f"There is a connection {called!r} already: give another name.") from error


@dataclass(frozen=True, slots=True)
class _Place:
    """An organisation to be connected; ``connection_id`` and ``name`` of its connection, 0 and empty for a new one."""

    organisation: Organisation
    scopes: frozenset[str]
    sandbox: bool
    connection_id: int
    name: str


async def _place(desk: Desk, grant: Granted, found: Read, test_books: bool, again: str) -> _Place:
    organisation = found.organisation
    sandbox = organisation.sandbox or test_books or desk.runtime.sandbox is not None
    known = await _known(desk, grant.connector.vendor, organisation.id)
    _refuse_other(again, known, organisation, grant.connector)
    if known is None:
        return _Place(organisation, found.scopes, sandbox, 0, "")
    connection_id, name, was_sandbox = known
    if was_sandbox != sandbox:
        was, now = ("test", "real") if was_sandbox else ("real", "test")
        raise Refused(
            f"{name} was connected as {was} books and would now be {now} ones: the two are never mixed; "
            "connect it for another tenant."
        )
    if not organisation.lock_known:
        organisation = locked_as(organisation, await _organisation_before(desk, connection_id))
    return _Place(organisation, found.scopes, sandbox, connection_id, name)


async def _stored(
    desk: Desk, change: Change, sealer: Sealer, grant: Granted, place: _Place, grant_id: int, name: str
) -> Connected:
    if place.connection_id:
        connection_id, name = place.connection_id, place.name
        await _renew(desk, change, sealer, grant, place, grant_id)
    else:
        name = name or await _free_name(change, grant.connector.title, place.organisation)
        connection_id = await _create(desk, change, sealer, grant, place, grant_id, name)
    organisation, scopes = place.organisation, tuple(sorted(place.scopes))
    what = "reconnected" if place.connection_id else "connected"
    change.event(
        what,
        connection=name,
        vendor=grant.connector.vendor,
        organisation=organisation.id,
        grant=grant_id,
        scopes=scopes,
    )
    renewed = bool(place.connection_id)
    return Connected(connection_id, name, grant.connector.vendor, organisation.id, organisation.name, renewed, scopes)


async def _known(desk: Desk, vendor: str, organisation_id: str) -> tuple[Any, ...] | None:
    async with desk.looking() as reading:
        return await reading.one(
            """select connection_id, name, sandbox from connection
            where tenant_id = %s and vendor = %s and organisation_id = %s""",
            desk.tenant_id, vendor, organisation_id,
        )  # fmt: skip


async def _organisation_before(desk: Desk, connection_id: int) -> Organisation:
    """The books as they were last told."""
    async with desk.looking() as reading:
        row = await reading.one(
            "select organisation from connection where tenant_id = %s and connection_id = %s",
            desk.tenant_id, connection_id,
        )  # fmt: skip
    assert row is not None
    before = documents.decode((await desk.sealer()).open(b"organisation", row[0]))
    assert isinstance(before, Organisation)
    return before


def _refuse_other(again: str, known: tuple[Any, ...] | None, organisation: Organisation, connector: Connector) -> None:
    if again and (known is None or again not in (known[1], str(known[0]))):
        raise Refused(
            f"These credentials reach {connector.title} organisation {organisation.id} ({organisation.name}), which is "
            f"not the one of connection {again!r}: give that one's credentials, or connect this one as a new connection, "
            "without --again. Nothing was changed."
        )


async def _create(
    desk: Desk, change: Change, sealer: Sealer, grant: Granted, place: _Place, grant_id: int, name: str
) -> int:
    now, organisation = desk.clock.now(), place.organisation
    row = await change.one(
        """insert into connection (tenant_id, grant_id, vendor, organisation_id, name, sandbox, organisation,
                                   organisation_read_at, settings, scopes, created_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) returning connection_id""",
        desk.tenant_id, grant_id, grant.connector.vendor, organisation.id, name, place.sandbox,
        _seal(sealer, organisation), now, msgspec.json.encode(dict(grant.settings)).decode(), sorted(place.scopes), now,
    )  # fmt: skip
    assert row is not None
    limits = grant.connector.limits(organisation, grant.credentials, grant.settings)
    await count_first_calls(change.connection, desk.tenant_id, limits, desk.clock.seconds())
    await change.run(
        "insert into lane (tenant_id, connection_id, due_at) values (%s, %s, %s)", desk.tenant_id, row[0], now
    )
    return int(row[0])


async def _renew(desk: Desk, change: Change, sealer: Sealer, grant: Granted, place: _Place, grant_id: int) -> None:
    """The same organisation again."""
    await change.run(
        """update connection set grant_id = %s, state = 'good', problem = '', organisation = %s,
               organisation_read_at = %s, settings = settings || %s::jsonb, scopes = %s
        where tenant_id = %s and connection_id = %s""",
        grant_id, _seal(sealer, place.organisation), desk.clock.now(),
        msgspec.json.encode(dict(grant.settings)).decode(), sorted(place.scopes), desk.tenant_id, place.connection_id,
    )  # fmt: skip


async def _free_name(change: Change, title: str, organisation: Organisation) -> str:
    """The vendor's title; with the organisation's name behind it when that is taken."""
    taken = {row[0] for row in await change.all("select name from connection where tenant_id = %s", change.tenant_id)}
    return title if title not in taken else f"{title} {organisation.name or organisation.id}"


def _seal(sealer: Sealer, organisation: Organisation) -> bytes:
    return sealer.seal(b"organisation", documents.encode(organisation))
