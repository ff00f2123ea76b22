"""Options that flows ask a list of the target with: everything is read with them once, and nothing shown by them is lost."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from sync_world import World

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.integrations.bill_flow import Bills
from ml_connector.integrations.party_names import NamesTaken
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.zoho_parties import ZohoCustomers
from ml_connector.sync.directory import refresh
from ml_connector.sync.list_options import options_of
from ml_connector.sync.lists import _Kind, _kinds, _Parties
from ml_connector.sync.matching import PartyIndex

BOTH = {"contact_type": "both"}
LONG = 36_000.0
VENDOR = Party("1", "vendor", "Both Ltd", email="desk@both.example", roles="vendor")
CUSTOMER = Party("2", "customer", "Both Ltd", email="desk@both.example", roles="customer")


class Contacts:
    """Vendors, and customers too where they are asked for."""

    vendor, timeout, list_lag = "zoho_books", 1.0, 60.0

    def __init__(self) -> None:
        self.asked: list[tuple[bytes | None, str]] = []

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        word = reading.options.get("contact_type", "")
        self.asked.append((reading.cursor, word))
        shown = [VENDOR, *([CUSTOMER] if word == "both" else [])]
        yield Page(tuple(Row(one.id, one.id.encode(), one) for one in shown), b"rest", last=True, complete=True)


async def forget(company: World) -> None:
    """Nothing of the list was ever read."""
    await company.run("delete from directory where entity = 'parties'")
    await company.run("delete from feed where name like '%%parties'")


async def read(company: World, source: Contacts, options: Mapping[str, str]) -> set[str]:
    async with company.held(company.target) as lane:
        lane.connector = source  # type: ignore[assignment]
        assert await refresh(lane, "parties", LONG, options)
    rows = await company.all("select object_id from directory where entity = 'parties' and state <> 'gone'")
    return {row[0] for row in rows}


@pytest.mark.anyio
async def test_new_options_are_read_with_at_once_and_stay(company: World) -> None:
    source = Contacts()
    await forget(company)
    assert await read(company, source, {}) == {"1"}
    assert await read(company, source, BOTH) == {"1", "2"}
    assert await read(company, source, BOTH) == {"1", "2"}
    assert source.asked == [(None, ""), (None, "both")], "fresh as it was, the list is read whole with them, once"
    await company.run("update directory set walk = walk - 720000000000 where entity = 'parties'")
    await company.run(
        """update feed set moved_at = moved_at - interval '2 days', complete_at = complete_at - interval '2 days'
        where name like '%%parties'"""
    )
    assert await read(company, source, {}) == {"1", "2"}, "the flow that asked for them is off: nothing is gone"
    assert source.asked[2:] == [(None, "both")]


@pytest.mark.anyio
async def test_a_firm_of_two_contacts_is_no_double_by_its_name(company: World) -> None:
    await forget(company)
    await read(company, Contacts(), BOTH)
    ((count,),) = await company.all("select count(distinct name_digest) from directory where entity = 'parties'")
    assert count == 2


@pytest.mark.parametrize(
    ("modes", "asked"),
    [
        ({"customers": "as needed", "vendors": "live", "bills": "live"}, {}),
        ({"customers": "as needed", "invoices": "preview"}, BOTH),
        ({"customers": "as needed", "customers_back": "live"}, BOTH),
        ({"customers": "live"}, BOTH),
        ({"customers": "off", "invoices": "live"}, {}),
    ],
)
def test_customers_are_asked_for_where_something_is_done_with_them(
    modes: dict[str, str], asked: dict[str, str]
) -> None:
    lane: Any = SimpleNamespace(connection_id=2)
    flows: Any = [
        SimpleNamespace(
            type=INTEGRATION.flow(name), mode=mode, on=mode != "off", integration_id=1,
            target_id=1 if name.endswith("_back") else 2,
        )
        for name, mode in modes.items()
    ]  # fmt: skip
    assert options_of(lane, flows, "parties") == asked
    assert options_of(lane, flows, "accounts") == {}


def test_each_kind_is_found_among_its_own_and_follows_a_change() -> None:
    assert _kinds([ZohoCustomers(), Vendors(), Bills()]) == {"customer", "vendor"}
    kept = _Parties({"customer": _Kind(), "vendor": _Kind()}, NamesTaken(inactive=True))
    kept.put(VENDOR, b"1")
    kept.put(CUSTOMER, b"2")
    assert found(kept.kinds["vendor"].index, VENDOR) == ["1"]
    assert found(kept.kinds["customer"].index, VENDOR) == ["2"]
    kept.drop(["2"])
    assert found(kept.kinds["customer"].index, VENDOR) == [] and list(kept.found) == ["1"]
    kept.put(Party("1", "vendor", "Other", roles="vendor"), b"3")
    assert found(kept.kinds["vendor"].index, VENDOR) == []
    assert kept.names.holders == {"other": frozenset(["1"])}
    kept.put(Party("3", "customer", "OTHER", active=False, roles="customer"), b"4")
    assert kept.names.holders == {"other": frozenset(["1", "3"])}, "names know no kinds"


def found(index: PartyIndex, party: Party) -> list[str]:
    here = Party("c1", "", party.name, email=party.email)
    return [one.party.id for one in index.candidates(here, "r", "flow")]
