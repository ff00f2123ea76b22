"""A ledger in each of Zoho's eight data centres, in one run of one process: each document goes to its own address alone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from regions_world import KIND, Firm, Ledger, firm

from ml_connector.connectors.zoho_books.regions import by_code
from ml_connector.errors import BadInput, Refused
from ml_connector.service import integrating
from ml_connector.service.status import FlowStatus, status
from ml_connector.service.tallies import title_of
from ml_connector.store.database import Database
from ml_connector_sandbox.company.regions import BILLS
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.zoho_books.data_centres import DATA_CENTRES, data_centre
from rig.company import connected

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

OUTSIDE = title_of("out_of_scope")
CENTRES = {one.name for one in DATA_CENTRES}


def references(world: Firm, centre: str) -> Counter[str]:
    """What a ledger's bills stand for, by our reference."""
    return Counter(str(value) for bill in world.books(centre).bills for value in bill.custom.values())


def expected(world: Firm, centre: str) -> Counter[str]:
    told = world.ledgers[centre].told
    return Counter(f"servicetitan-{told['tenant_id']}-bills-{row['bill_id']}" for row in told["truth"])


def complete(world: Firm, *centres: str) -> bool:
    """Whether these ledgers have all of their bills, once and right."""
    found = [world.compared(one) for one in centres]
    return all(one.agrees and one.documents == BILLS for one in found)


def organisations(call: Call) -> list[str]:
    return parse_qs(call.query).get("organization_id", [])


async def bills(ledger: Ledger) -> FlowStatus:
    """How the bills of one ledger's integration stand."""
    found = (await status(ledger.desk)).integrations
    [own] = [one for one in found if one.integration_id == ledger.integration_id]
    return next(one for one in own.flows if one.flow == "bills")


@pytest.mark.parametrize("one_company", [True, False])
async def test_each_document_goes_to_its_own_address_and_nowhere_else(
    database: Database, tmp_path: Path, one_company: bool
) -> None:
    async with firm(database, tmp_path, one_company=one_company) as world:
        assert world.ledgers.keys() == CENTRES
        assert len({one.desk.tenant_id for one in world.ledgers.values()}) == (1 if one_company else 4)
        await world.sync()
        for centre in CENTRES:
            assert world.compared(centre).findings == []
            assert references(world, centre) == expected(world, centre), centre

        # Every call at the host of its organisation's own data centre, under a grant that is nobody else's.
        homes = {(data_centre(centre).api_host, one.organisation) for centre, one in world.ledgers.items()}
        assert {(call.host, of) for call in world.calls() for of in organisations(call)} == homes
        asked = Counter(call.host for call in world.calls() if call.path == "/oauth/v2/token")
        assert asked == dict.fromkeys((data_centre(centre).accounts_host for centre in CENTRES), 1)
        grants = {(one.desk.tenant_id, (await one.connection()).grant_id) for one in world.ledgers.values()}
        assert len(grants) == len(CENTRES)

        # What belongs to another region of the same ServiceTitan, or to none, is told in each and stands in none of them.
        for ledger in world.ledgers.values():
            of_one = sum(other.told["tenant"] == ledger.told["tenant"] for other in world.ledgers.values())
            read = BILLS * of_one + len(ledger.told["of_no_region"])
            stands = await bills(ledger)
            passed = {title: tally.count for title, tally in stands.skipped.items()}
            assert (stands.read, passed) == (read, {OUTSIDE: read - BILLS} if read > BILLS else {})
            assert stands.states["posted"].sums.keys() == {ledger.told["currency"]}

        before = world.sandbox.zoho_books.essence()
        await world.sync()
        assert world.sandbox.zoho_books.essence() == before


async def test_each_ledger_has_its_own_day_of_calls_and_its_own_midnight(database: Database, tmp_path: Path) -> None:
    async with firm(database, tmp_path, one_company=True) as world:
        world.use_up_the_day("jp", "us")
        await world.sync("jp", "us")
        assert complete(world, *CENTRES - {"jp", "us"})
        assert references(world, "jp") == references(world, "us") == Counter()
        # Midnight in Tokyo and in Denver, and in no zone of ours.
        assert await waits_for(world, "jp", datetime(2026, 11, 16, 15, 0, tzinfo=UTC))
        assert await waits_for(world, "us", datetime(2026, 11, 17, 7, 0, tzinfo=UTC))

        world.jump(hours=2)
        await world.sync("us")
        assert complete(world, *CENTRES - {"us"}) and references(world, "us") == Counter()
        world.jump(hours=16)
        await world.sync()
        assert complete(world, *CENTRES)


async def waits_for(world: Firm, centre: str, midnight: datetime) -> bool:
    """Whether a ledger's calls go on then; Zoho tells whole seconds."""
    found = (await world.ledgers[centre].connection()).waits_until
    return found is not None and abs(found - midnight) < timedelta(minutes=1)


@pytest.mark.parametrize("one_company", [True, False])
async def test_the_outage_of_one_data_centre_stops_no_other(
    database: Database, tmp_path: Path, one_company: bool
) -> None:
    async with firm(database, tmp_path, one_company=one_company) as world:
        world.cut_off("in")
        await world.sync("in")
        assert complete(world, *CENTRES - {"in"}) and references(world, "in") == Counter()
        connection = await world.ledgers["in"].connection()
        assert data_centre("in").api_host in connection.problem and connection.good

        world.cut_off()
        world.jump(hours=1)
        await world.sync()
        assert complete(world, *CENTRES)


@pytest.mark.parametrize("chosen", ["us", "jp"])
async def test_a_grant_of_another_region_is_explained_with_the_right_one(
    database: Database, tmp_path: Path, chosen: str
) -> None:
    async with firm(database, tmp_path, one_company=True) as world:
        ledger = world.ledgers["eu"]
        own = ledger.told["credentials"]["zoho_books"]
        # Zoho's console gives a client of several data centres a secret in each; a person gave the wrong one.
        world.sandbox.company.zoho_books.client(
            own["client_id"], own["client_secret"], (own["redirect"],), "eu",
            other_data_centres={chosen: "sandbox-of-another-centre"},
        )  # fmt: skip
        wrong = {**own, "data_centre": chosen, "client_secret": "sandbox-of-another-centre"}
        handover = {"company": ledger.told, "credentials": {"zoho_books": wrong}}
        calls = len(world.calls())
        with pytest.raises(BadInput) as refused:
            await connected(world.runtime, handover, "zoho_books", ledger.desk)
        region = by_code("eu")
        assert region is not None
        assert refused.value.sentence == (
            f"This Zoho account lives in the data centre eu ({region.title}), but {chosen} was chosen: choose eu, with the "
            "client secret of that data centre."
        )
        # The code went to the accounts server of the account, and nothing to the API.
        hosts = {call.host for call in world.calls()[calls:] if call.method == "POST"}
        assert hosts == {data_centre("eu").accounts_host}
        assert (await ledger.connection()).good


async def test_integrations_of_one_servicetitan_share_no_business_unit(database: Database, tmp_path: Path) -> None:
    async with firm(database, tmp_path, one_company=True, mode="preview") as world:
        eu, us, sa = (world.ledgers[one] for one in ("eu", "us", "sa"))
        both = ",".join([*eu.told["business_units"], us.told["business_units"][0]])
        with pytest.raises(Refused, match=r"would be posted twice\. Give each of the two business units of its own"):
            await integrating.change_settings(eu.desk, await eu.integration(), {"business_units": both})
        with pytest.raises(Refused, match=f"Integration {us.integration_id} .* with all business units here"):
            await integrating.change_settings(eu.desk, await eu.integration(), {"business_units": ""})
        settings = {name: str(value) for name, value in us.told["settings"].items() if name != "currency"}
        ends = {"source": us.told["tenant_id"], "target": sa.organisation}
        with pytest.raises(Refused, match="Nothing was changed"):
            await integrating.integrate(us.desk, KIND, settings, **ends)
        assert len(await integrating.integrations(us.desk)) == len(CENTRES)
