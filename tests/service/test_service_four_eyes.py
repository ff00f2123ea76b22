"""What an approver has to see first: documents above an amount, and what rests on one person's own decision."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from service_ledger import Company, bill

from ml_connector.errors import BadInput, Refused
from ml_connector.service.approving import Approved, approvable, approvable_record, approve_listed
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import stored_plans
from ml_connector.service.records import records
from ml_connector.service.releasing import release
from ml_connector.service.replaying import replay
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status

pytestmark = pytest.mark.anyio


def as_(company: Company, name: str, role: Role = Role.APPROVER) -> Company:
    return replace(company, desk=replace(company.desk, actor=Actor(f"cli/{name}", role)))


async def live(company: Company, **settings: str) -> None:
    """Bills are posted, as these settings let them."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await change_settings(company.desk, company.integration, settings)
    await set_flow_mode(company.desk, company.integration, "bills", "live")


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def ends(company: Company) -> dict[str, str]:
    found = await records(company.desk, Filter(flow="bills"))
    return {one.source_id: one.state for one in found.records}


def written(company: Company) -> list[str]:
    return [step.number for step in company.books.written if step.entity == "bills"]


async def approved(company: Company, number: str) -> Approved:
    return await approve_listed(company.desk, await approvable_record(company.desk, number))


async def test_what_is_above_the_amount_waits_for_an_approver_and_the_rest_goes(company: Company) -> None:
    await live(company, approve_above="USD=100.00")
    await company.read(bill("1"), bill("2", total="100.01"))
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "held"}
    (wait,) = (await explain(company.desk, "INV-2")).versions[-1].waits
    assert (wait.code, "100.01 USD" in wait.sentence, "100.00 USD" in wait.sentence) == ("above_limit", True, True)
    assert (await status(company.desk)).attention
    with pytest.raises(NotAllowed):
        await approvable_record(as_(company, "bert", Role.BOOKKEEPER).desk, "INV-2")
    with pytest.raises(Refused, match="not released by hand"):
        await release(company.desk, "INV-2", "above_limit")
    listed = await approvable(company.desk, Filter(reason="above_limit"))
    assert listed.total.sums == {"USD": Decimal("100.01")}
    assert (await approve_listed(company.desk, listed)).refused == ()
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "posted"}
    assert written(company) == ["INV-1", "INV-2"]


async def test_a_raised_amount_lets_it_go_and_a_currency_without_one_has_no_limit(company: Company) -> None:
    await live(company, approve_above="USD=10, CAD=5")
    await company.read(bill("1"), bill("2", total="200.00"))
    await settled(company)
    assert await ends(company) == {"1": "held", "2": "held"}
    await change_settings(company.desk, company.integration, {"approve_above": "USD=150, CAD=5"})
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "held"}
    await change_settings(company.desk, company.integration, {"approve_above": "CAD=5"})
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "posted"}


async def test_what_was_posted_and_is_planned_again_unchanged_does_not_wait(company: Company) -> None:
    await live(company)
    await company.read(bill("1"))
    await settled(company)
    await change_settings(company.desk, company.integration, {"approve_above": "USD=10"})
    await replay(company.desk, Filter(number="INV-1"))
    await settled(company)
    assert (await ends(company))["1"] in ("posted", "unchanged")


@pytest.mark.parametrize("text", ["10000", "USD=-1", "usd=5", "USD=1,USD=2", "USD=x"])
async def test_an_amount_that_is_none_is_refused(company: Company, text: str) -> None:
    with pytest.raises(BadInput, match="approve_above"):
        await change_settings(company.desk, company.integration, {"approve_above": text})


async def test_only_an_approver_weakens_what_an_approver_has_to_see(company: Company) -> None:
    await change_settings(company.desk, company.integration, {"approve_above": "USD=10", "four_eyes": "yes"})
    bert = as_(company, "bert", Role.BOOKKEEPER).desk
    for weaker in ({"approve_above": "USD=11"}, {"approve_above": ""}, {"four_eyes": "no"}):
        with pytest.raises(
            NotAllowed, match=r"bookkeeper here, and only an approver or owner may .* Nothing was changed"
        ):
            await change_settings(bert, company.integration, weaker)
    stricter = await change_settings(bert, company.integration, {"approve_above": "USD=9"})
    assert (stricter.settings["approve_above"], stricter.settings["four_eyes"]) == (["USD=9"], "yes")


async def test_nobody_approves_a_plan_by_a_row_of_their_own(company: Company) -> None:
    """Anna, an owner even, has mapped the account; Carl approves what goes by it."""
    await change_settings(company.desk, company.integration, {"four_eyes": "yes"})
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1"))
    await settled(company)
    found = await approved(company, "INV-1")
    assert found.record_ids == ()
    assert "you have written the row '5100' of the mapping table accounts" in found.refused[0].sentence
    assert written(company) == []
    assert (await approved(as_(company, "carl"), "INV-1")).refused == ()
    await settled(company)
    assert written(company) == ["INV-1"]


async def test_nobody_approves_what_they_have_replayed(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await change_settings(company.desk, company.integration, {"four_eyes": "yes"})
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1"), bill("2"))
    await settled(company)
    carl = as_(company, "carl", Role.OWNER)
    await replay(carl.desk, Filter(number="INV-1"))
    await settled(company)
    assert "you have replayed the record" in (await approved(carl, "INV-1")).refused[0].sentence
    assert (await approved(carl, "INV-2")).refused == ()


async def test_going_live_leaves_what_is_ones_own_to_somebody_else(company: Company) -> None:
    await change_settings(company.desk, company.integration, {"four_eyes": "yes"})
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(as_(company, "carl", Role.OWNER).desk, company.integration, "accounts", "6100", "a2", anyway=True)
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1"), bill("2", account="6100"))
    await settled(company)
    made = await set_flow_mode(company.desk, company.integration, "bills", "live")
    assert (made.approved, made.own) == (1, 1)
    await settled(company)
    assert written(company) == ["INV-2"]
    found = await status(company.desk)
    assert "bills: planned, and waiting to be approved here (1)" in found.attention
    assert [one.left for one in found.integrations[0].forecasts if "bills" in one.left] == [], "nothing goes by itself"
    assert [one.number for one in (await stored_plans(company.desk, Filter(flow="bills"))).plans] == ["INV-1"]
    await approved(as_(company, "carl"), "INV-1")
    await settled(company)
    assert sorted(written(company)) == ["INV-1", "INV-2"]


async def test_what_goes_by_a_new_row_of_a_live_flow_waits_until_a_second_person_has_approved_it_once(
    company: Company,
) -> None:
    await live(company, four_eyes="yes")
    await company.read(bill("1"), bill("2", account="6100"), bill("3", account="6100"))
    await settled(company)
    bert, carl = as_(company, "bert", Role.BOOKKEEPER), as_(company, "carl")
    await set_value(bert.desk, company.integration, "accounts", "6100", "a2")
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "held", "3": "held"}
    (wait,) = (await explain(company.desk, "INV-2")).versions[-1].waits
    assert (wait.code, "written by cli/bert" in wait.sentence) == ("row_unconfirmed", True)
    bert_approves = as_(company, "bert")
    assert (await approved(bert_approves, "INV-2")).record_ids == ()
    await approved(carl, "INV-2")
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "posted", "3": "posted"}
    await set_value(bert.desk, company.integration, "accounts", "6100", "a1")
    await company.read(bill("1"), bill("2", account="6100"), bill("3", account="6100"), bill("4", account="6100"))
    await settled(company)
    assert (await ends(company))["4"] == "held"
