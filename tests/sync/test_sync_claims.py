"""Records of the source that point to one party of the target: none is linked by itself, and each names the others."""

from __future__ import annotations

from typing import Any

import pytest
from sync_world import World

from ml_connector.service.explaining import explain
from ml_connector.sync import claim, claims, push

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]
TWIN = "Twin Supply"


class Twins:
    """Two vendors that bills need, called and reached as one vendor of the ledger is."""

    def __init__(self, company: World) -> None:
        self.company = company
        self.ids = list(dict.fromkeys(row.vendor_id for row in company.sandbox.company.truth))[:2]

    def rename(self, number: int, name: str = TWIN, **changes: Any) -> None:
        self.company.tenant.vendors.modify(int(self.ids[number]), name=name, **changes)

    def at_target(self) -> str:
        contact = self.company.sandbox.company.seed.organisation.add_contact(TWIN, contact_type="vendor")
        return str(contact.contact_id)

    async def ends(self) -> list[tuple[str, str]]:
        ends = await self.company.ends("vendors")
        return [ends[one] for one in self.ids]

    async def told(self, number: int) -> list[str]:
        row = await self.company.one(
            """select r.record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = 'vendors' and r.source_id = %s""",
            self.company.desk.tenant_id, self.ids[number],
        )  # fmt: skip
        life = await explain(self.company.desk, f"#{row[0]}")
        return [one.sentence for one in life.versions[-1].waits]

    async def links(self) -> dict[str, str]:
        rows = await self.company.all(
            "select source_id, target_id from link where tenant_id = %s and entity = 'vendors'",
            self.company.desk.tenant_id,
        )
        return {source: target for source, target in rows if source in self.ids}


@pytest.fixture
async def twins(company: World) -> Twins:
    """Both of one name, and one of that name at the target; bills live."""
    found = Twins(company)
    found.rename(0)
    found.rename(1)
    return found


BOTH_HELD = [("held", "party_claimed")] * 2


@pytest.mark.parametrize(
    ("order", "at_once"), [("w.version_id limit", 50), ("w.version_id desc limit", 1)], ids=["whole", "last first"]
)
async def test_both_are_held_and_name_each_other_in_whatever_order_they_are_planned(
    twins: Twins, monkeypatch: pytest.MonkeyPatch, order: str, at_once: int
) -> None:
    monkeypatch.setattr(push, "BATCH", at_once)
    monkeypatch.setattr(claim, "_CLAIM", claim._CLAIM.replace("w.version_id limit", order))
    there = twins.at_target()
    await twins.company.sync()
    await twins.company.live()
    await twins.company.settle()
    assert await twins.ends() == BOTH_HELD
    assert await twins.links() == {}
    for number in (0, 1):
        first, other = await twins.told(number)
        assert f"'{TWIN}' ({twins.ids[1 - number]})" in first and there in first and "same name" in first
        assert other == f"'{TWIN}' ({twins.ids[1 - number]}) points to it, too."


async def test_who_is_chosen_is_linked_and_the_other_is_told_whose_it_is(twins: Twins) -> None:
    there = twins.at_target()
    await twins.company.live()
    await twins.company.sync()
    assert await twins.company.fill("vendors", twins.ids[1], there) >= 2
    await twins.company.settle()
    assert await twins.ends() == [("held", "vendor_taken"), ("linked", "")]
    assert (await twins.told(0))[0].endswith(f"to another ServiceTitan vendor: '{TWIN}' ({twins.ids[1]}).")


async def test_where_one_is_said_to_be_new_the_other_is_linked(twins: Twins) -> None:
    there = twins.at_target()
    await twins.company.live()
    await twins.company.sync()
    assert await twins.company.fill("vendors", twins.ids[0], "new") >= 2
    await twins.company.settle()
    assert await twins.ends() == [("posted", ""), ("linked", "")]
    assert (await twins.links())[twins.ids[1]] == there


@pytest.mark.parametrize("change", [{"name": "Quite Another Firm"}, {"active": False}], ids=["renamed", "inactive"])
async def test_one_that_is_changed_or_goes_away_frees_the_other(twins: Twins, change: dict[str, Any]) -> None:
    there = twins.at_target()
    await twins.company.live()
    await twins.company.sync()
    assert await twins.ends() == BOTH_HELD
    twins.rename(0, **{"name": TWIN, **change})
    await twins.company.sync()
    assert (await twins.ends())[1] == ("linked", "")
    assert (await twins.links())[twins.ids[1]] == there


async def test_one_that_comes_later_is_held_with_the_first_ones_name(company: World) -> None:
    twins = Twins(company)
    twins.rename(0)
    twins.rename(1, "")  # which waits for a name
    there = twins.at_target()
    await company.live()
    await company.sync()
    assert await twins.links() == {twins.ids[0]: there}
    twins.rename(1)
    await company.sync()
    assert (await twins.ends())[1] == ("held", "vendor_taken")
    assert f"'{TWIN}' ({twins.ids[0]})" in (await twins.told(1))[0]


@pytest.mark.parametrize("reading", ["update reading set open = true", "delete from reading"])
async def test_nobody_is_linked_by_itself_before_its_source_is_read_to_the_end(company: World, reading: str) -> None:
    twins = Twins(company)
    twins.rename(0)
    there = twins.at_target()
    await company.live()
    await company.ask()
    await company.slice(company.source)
    flow = await company.flow("vendors")
    await company.run(f"{reading} where tenant_id = %s and flow_id = %s", company.desk.tenant_id, flow.flow_id)
    for _ in range(3):
        await company.slice(company.target)
    assert (await twins.ends())[0] == ("held", "party_still_read")
    assert twins.ids[0] not in await twins.links()
    await company.sync()
    assert (await twins.links())[twins.ids[0]] == there


async def test_records_that_were_read_before_claims_were_kept_are_found(twins: Twins) -> None:
    company = twins.company
    await company.mode("bills", "off")
    await company.ask()
    await company.slice(company.source)
    await company.run("delete from party_claim where tenant_id = %s", company.desk.tenant_id)
    await company.run("delete from feed where tenant_id = %s and starts_with(name, 'claims ')", company.desk.tenant_id)
    twins.at_target()
    await company.live()
    await company.sync()
    assert await twins.ends() == BOTH_HELD
    [[noted]] = await company.all("select count(distinct record_id) from party_claim where tenant_id = %s",
                                  company.desk.tenant_id)  # fmt: skip
    [[known]] = await company.all(
        "select count(*) from record r join flow f using (tenant_id, flow_id) where tenant_id = %s and f.name = 'vendors'",
        company.desk.tenant_id,
    )
    assert noted == known


async def test_the_table_has_keyed_digests_alone_and_none_of_what_was_before(twins: Twins) -> None:
    company = twins.company
    await company.sync()
    rows = await company.all(
        """select c.digest from party_claim c join record r using (tenant_id, record_id)
        where tenant_id = %s and r.source_id = any(%s::text[])""",
        company.desk.tenant_id, twins.ids,
    )  # fmt: skip
    async with company.held(company.target) as lane:
        name = lane.index.digest("party name twin supply")
    assert [bytes(one) for (one,) in rows].count(name) == 2
    columns = await company.all(
        "select column_name, data_type from information_schema.columns where table_name = 'party_claim' order by 1"
    )
    assert dict(columns) == {
        "digest": "bytea",
        "flow_id": "integer",
        "record_id": "bigint",
        "tenant_id": "integer",
    }
    twins.rename(0, name="Another Firm")
    await company.sync()
    [[left]] = await company.all(
        "select count(*) from party_claim where tenant_id = %s and digest = %s", company.desk.tenant_id, name
    )
    assert left == 1


async def test_only_a_handful_of_queries_ask_who_else_claims(twins: Twins, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    plain = claims._claimants

    async def counted(transaction: Any, flow: Any, items: Any, found: Any) -> Any:
        asked.append(len(items))
        return await plain(transaction, flow, items, found)

    monkeypatch.setattr(claims, "_claimants", counted)
    twins.at_target()
    await twins.company.live()
    await twins.company.sync()
    assert await twins.ends() == BOTH_HELD
    assert max(asked) >= 2  # both of one batch in one query
