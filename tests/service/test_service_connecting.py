from __future__ import annotations

import datetime as dt
from dataclasses import replace

import msgspec
import pytest
from service_ledger import BOOKS, CREDENTIALS, KIND, TITAN, Company, granted

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.grants import Consent, Tokens
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import connecting
from ml_connector.service.auditing import export_audit
from ml_connector.service.connecting import (
    Read,
    checked_return,
    store_connection,
    store_connections,
    take_zone,
    tenant_to_connect,
)
from ml_connector.service.connections import connections
from ml_connector.service.credentials import checked_credentials, checked_settings
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import integrate
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.tenants import change_tenant, create_tenant, selected_tenant, tenants
from ml_connector.transport.errors import Reconnect

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_secret": ""}, "Client Secret of ServiceTitan is missing. Where it is found: "),
        ({"client_secret": "cs1.x "}, "Client Secret of ServiceTitan contains a blank"),
        ({"environment": "prod"}, "'prod'; it can be production, integration"),
        ({"client_ids": "x"}, "no credential 'client_ids' (did you mean client_id?)"),
    ],
)
async def test_wrong_credentials_are_named(runtime: Runtime, changes: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        checked_credentials(runtime.connectors["servicetitan"], {**CREDENTIALS["servicetitan"], **changes})
    assert told in str(refused.value)
    assert "cs1.x" not in str(refused.value)


async def test_connection_settings_are_checked(runtime: Runtime) -> None:
    connector = runtime.connectors["zoho_books"]
    assert checked_settings(connector, {"trial": "yes"}) == {"trial": "yes"}
    with pytest.raises(BadInput, match="it can be no, yes"):
        checked_settings(connector, {"trial": "maybe"})
    with pytest.raises(BadInput, match="did you mean trial"):
        checked_settings(connector, {"trail": "yes"})


@pytest.mark.parametrize(("over", "wins"), [(True, 2), (False, 1)])
async def test_tokens_that_ended_before_they_were_used_are_won_once_more(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, over: bool, wins: int
) -> None:
    """A machine that stood still; a refusal of tokens that live says that what was given is wrong."""
    now, won = runtime.clock.now(), list[Tokens]()

    async def winning(*_: object) -> Tokens:
        life = dt.timedelta(minutes=-1 if over and not won else 15)
        won.append(Tokens(str(len(won)), now + life, "https://api.example"))
        return won[-1]

    async def reaching(_: object, __: object, ___: object, tokens: Tokens, ____: object) -> tuple[Organisation, ...]:
        if tokens.access_token == "0":
            raise Reconnect("The token is refused.")
        return (TITAN,)

    monkeypatch.setattr(connecting, "tokens_for", winning)
    monkeypatch.setattr(connecting, "reachable_organisations", reaching)
    connector = runtime.connectors["servicetitan"]
    if over:
        found = await connecting.granted(runtime, connector, CREDENTIALS["servicetitan"], {})
        assert (found.tokens, found.organisations) == (won[1], (TITAN,))
    else:
        with pytest.raises(BadInput, match="is refused"):
            await connecting.granted(runtime, connector, CREDENTIALS["servicetitan"], {})
    assert len(won) == wins


async def test_secrets_lie_sealed_and_open_again(company: Company) -> None:
    desk = company.desk
    async with desk.looking() as reading:
        rows = await reading.all("select grant_id, credentials, tokens from vendor_grant where vendor = 'servicetitan'")
    grant_id, credentials, tokens = rows[0]
    assert b"cs1.x" not in credentials and b"access" not in tokens
    sealer = await desk.runtime.keyring.credential_sealer(desk.tenant_id, grant_id)
    assert msgspec.json.decode(sealer.open(b"credentials", credentials)) == CREDENTIALS["servicetitan"]
    assert msgspec.json.decode(sealer.open(b"tokens", tokens), type=Tokens).refresh_token == "refresh"


async def test_the_same_organisation_again_renews_its_grant(company: Company) -> None:
    desk = company.desk
    async with desk.changing() as change:
        await change.run("update vendor_grant set state = 'needs reconnect', problem = 'revoked'")
        await change.run("update connection set state = 'needs reconnect', problem = 'revoked'")
    grant = granted(desk.runtime.connectors["zoho_books"], BOOKS)
    again = await store_connection(desk, grant, BOOKS, frozenset(), again="Zoho Books")
    assert again.renewed and again.connection_id == company.target.connection_id
    found = {one.vendor: one for one in await connections(desk)}
    assert (found["zoho_books"].state, found["zoho_books"].grant_state, found["zoho_books"].problem) == (
        "good",
        "good",
        "",
    )
    assert found["servicetitan"].state == "needs reconnect"
    async with desk.looking() as reading:
        assert await reading.one("select serial from vendor_grant where vendor = 'zoho_books'") == (2,)


async def test_another_organisation_is_a_new_connection(company: Company) -> None:
    desk = company.desk
    other = msgspec.structs.replace(BOOKS, id="999", name="Other Books")
    grant = granted(desk.runtime.connectors["zoho_books"], other)
    with pytest.raises(Refused, match="connect this one as a new connection"):
        await store_connection(desk, grant, other, frozenset(), again="Zoho Books")
    made = await store_connection(desk, grant, other, frozenset())
    assert not made.renewed and made.name == "Zoho Books Other Books"
    with pytest.raises(BadInput, match="Several connections fit"):
        await integrate(desk, KIND, {"start_date": "2026-07-01"})


async def test_test_books_never_meet_real_ones(desk: Desk) -> None:
    connectors = desk.runtime.connectors
    await store_connection(desk, granted(connectors["servicetitan"], TITAN), TITAN, frozenset(), test_books=True)
    await store_connection(desk, granted(connectors["zoho_books"], BOOKS), BOOKS, frozenset())
    with pytest.raises(Refused, match="test data never goes to real books"):
        await integrate(desk, KIND, {"start_date": "2026-07-01"})
    with pytest.raises(Refused, match="the two are never mixed"):
        await store_connection(desk, granted(connectors["zoho_books"], BOOKS), BOOKS, frozenset(), test_books=True)


async def test_the_answer_to_another_consent_is_refused() -> None:
    asked = Consent("https://vendor.example", "expected")
    assert checked_return(asked, {"state": "expected", "code": "1"})["code"] == "1"
    with pytest.raises(BadInput, match="belongs to another attempt"):
        checked_return(asked, {"state": "other", "code": "1"})


async def test_organisations_are_chosen_by_name(runtime: Runtime) -> None:
    other = msgspec.structs.replace(BOOKS, id="999", name="Other")
    grant = granted(runtime.connectors["zoho_books"], BOOKS, other)
    assert grant.choose("Other") == other
    with pytest.raises(BadInput, match=r"choose one of 20069000001 \(Polar Air Books\), 999 \(Other\)"):
        grant.choose()
    with pytest.raises(BadInput, match="no organisation 'Third'"):
        grant.choose("Third")


async def test_the_first_connection_makes_the_tenant(runtime: Runtime) -> None:
    actor = Actor("cli/anna")
    with pytest.raises(NotFound, match="connect a system first"):
        await selected_tenant(runtime)
    made = await tenant_to_connect(runtime, actor, "", TITAN)
    assert (made.name, made.zone) == ("Polar Air", "America/Chicago")
    assert (await selected_tenant(runtime)).tenant_id == made.tenant_id
    await create_tenant(runtime, actor, "Desert Heating", "America/Phoenix")
    with pytest.raises(BadInput, match="say which with --company"):
        await selected_tenant(runtime)
    with pytest.raises(BadInput, match="is not a time zone"):
        await create_tenant(runtime, actor, "Third", "Mars/Base")
    with pytest.raises(BadInput, match="already"):
        await create_tenant(runtime, actor, "Polar Air", "UTC")


async def test_roles_are_asked_for(company: Company) -> None:
    viewer = Desk(company.desk.runtime, company.desk.tenant_id, Actor("cli/bob", Role.VIEWER))
    with pytest.raises(NotAllowed, match="cli/bob is viewer here, and this needs owner"):
        await integrate(viewer, KIND, {})
    assert len(await connections(viewer)) == 2


async def test_a_company_has_the_zone_its_organisation_tells(runtime: Runtime) -> None:
    actor = Actor("cli/anna")
    silent = Organisation("1", "Polar Air")
    first = await tenant_to_connect(runtime, actor, "", silent)
    assert first.zone == "UTC"
    told = msgspec.structs.replace(silent, zone="America/Denver")
    first = await take_zone(runtime, actor, first, told)
    assert first.zone == "America/Denver"
    other = msgspec.structs.replace(silent, zone="America/Chicago")
    assert (await take_zone(runtime, actor, first, other)).zone == "America/Denver"
    with pytest.raises(BadInput, match="'Mars/Foo' is not a time zone"):
        await change_tenant(runtime, actor, first, zone="Mars/Foo")
    await create_tenant(runtime, actor, "Other", "UTC")
    with pytest.raises(BadInput, match="a company 'Other' already"):
        await change_tenant(runtime, actor, first, name="Other")
    await change_tenant(runtime, actor, first, name="Polar", zone="America/New_York")
    assert [(one.name, one.zone) for one in await tenants(runtime)] == [("Polar", "America/New_York"), ("Other", "UTC")]
    trail = b"".join([line async for line in export_audit(Desk(runtime, first.tenant_id, actor))]).decode()
    assert "tenant changed" in trail


OTHER = msgspec.structs.replace(BOOKS, id="999", name="Other Books")


async def grants(desk: Desk) -> dict[str, int]:
    """By organisation its connection's grant; and that no grant is left without a connection."""
    async with desk.looking() as reading:
        [(unused,)] = await reading.all(
            "select count(*) from vendor_grant g where not exists (select 1 from connection c where c.grant_id = g.grant_id)"
        )
    assert unused == 0
    return {one.organisation_id: one.grant_id for one in await connections(desk)}


async def test_organisations_of_one_consent_share_its_grant(company: Company) -> None:
    """One consent has one refresh token: kept twice, each would spend the other one's."""
    desk = company.desk
    zoho = desk.runtime.connectors["zoho_books"]
    before = await grants(desk)
    made = await store_connection(desk, granted(zoho, BOOKS, OTHER), OTHER, frozenset(["b"]))
    assert not made.renewed and made.name == "Zoho Books Other Books"
    assert await grants(desk) == {**before, OTHER.id: before[BOOKS.id]}
    async with desk.looking() as reading:
        assert await reading.one("select serial from vendor_grant where vendor = 'zoho_books'") == (2,)


async def test_several_organisations_are_connected_by_one_consent_at_once(desk: Desk) -> None:
    zoho = desk.runtime.connectors["zoho_books"]
    found = [Read(BOOKS, frozenset()), Read(OTHER, frozenset())]
    made = await store_connections(desk, granted(zoho, BOOKS, OTHER), found)
    assert [one.name for one in made] == ["Zoho Books", "Zoho Books Other Books"]
    assert len({*(await grants(desk)).values()}) == 1
    async with desk.looking() as reading:
        assert await reading.one("select serial from vendor_grant") == (1,)


async def test_renewing_one_mends_all_that_share_its_consent(company: Company) -> None:
    desk = company.desk
    zoho = desk.runtime.connectors["zoho_books"]
    await store_connection(desk, granted(zoho, BOOKS, OTHER), OTHER, frozenset())
    async with desk.changing() as change:
        await change.run("update vendor_grant set state = 'needs reconnect', problem = 'revoked'")
        await change.run("update connection set state = 'needs reconnect', problem = 'revoked'")
    both = granted(zoho, BOOKS, OTHER)
    await store_connection(desk, both, BOOKS, frozenset(["a"]), again="Zoho Books")
    found = {one.organisation_id: one for one in await connections(desk)}
    assert {(one.state, one.grant_state, one.problem) for one in found.values() if one.vendor == "zoho_books"} == {
        ("good", "good", "")
    }
    assert found[OTHER.id].scopes == 1 and found[TITAN.id].state == "needs reconnect"


async def test_a_consent_that_does_not_reach_all_of_a_grant_leaves_it_to_the_others(company: Company) -> None:
    desk = company.desk
    zoho = desk.runtime.connectors["zoho_books"]
    await store_connection(desk, granted(zoho, BOOKS, OTHER), OTHER, frozenset())
    shared = (await grants(desk))[OTHER.id]
    await store_connection(desk, granted(zoho, BOOKS), BOOKS, frozenset(), again="Zoho Books")
    now = await grants(desk)
    assert now[OTHER.id] == shared != now[BOOKS.id]
    await store_connection(desk, granted(zoho, BOOKS, OTHER), OTHER, frozenset())
    assert await grants(desk) == now, "each has a consent that reaches it: nothing moves"
    await store_connections(desk, granted(zoho, BOOKS, OTHER), [Read(BOOKS, frozenset()), Read(OTHER, frozenset())])
    again = await grants(desk)
    assert again[OTHER.id] == again[BOOKS.id]


async def test_the_consent_of_another_application_is_a_grant_of_its_own(company: Company) -> None:
    desk = company.desk
    grant = granted(desk.runtime.connectors["zoho_books"], BOOKS, OTHER)
    other = replace(grant, credentials={**grant.credentials, "client_id": "1000.ANOTHER"})
    before = await grants(desk)
    await store_connection(desk, other, OTHER, frozenset())
    assert (await grants(desk))[BOOKS.id] == before[BOOKS.id] != (await grants(desk))[OTHER.id]
