"""The first open day as people see it: in the preview, past an approval, and on what was held before."""

from __future__ import annotations

import datetime as dt

import pytest
from service_ledger import Company, bill, make_company

from ml_connector.errors import BadInput
from ml_connector.service.approving import approvable, approve_listed
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.plans import Planned
from ml_connector.service.previewing import stored_plans
from ml_connector.service.releasing import release
from ml_connector.service.replaying import replay

pytestmark = pytest.mark.anyio
BILLS = Filter(flow="bills")
HELD = {"closed_through": "2026-08-31"}
MOVED = {**HELD, "closed_period": "first open day"}


@pytest.fixture
async def company(desk: Desk) -> Company:
    made = await make_company(desk)
    await set_value(made.desk, made.integration, "accounts", "5100", "a1")
    return made


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def begun(company: Company, mode: str, settings: dict[str, str], *numbers: str) -> None:
    """Bills of 2026-08-05, read and planned; their vendor is linked."""
    await set_flow_mode(company.desk, company.integration, "vendors", "live")
    await company.read()
    await settled(company)
    await change_settings(company.desk, company.integration, settings)
    await set_flow_mode(company.desk, company.integration, "bills", mode)
    await company.read(*(bill(one) for one in numbers))
    await settled(company)


async def plans(company: Company) -> tuple[Planned, ...]:
    return (await stored_plans(company.desk, BILLS)).plans


def dates(company: Company) -> list[dt.date | None]:
    return [step.date for step in company.books.written if step.entity == "bills"]


async def state(company: Company, number: str) -> tuple[str, list[str]]:
    newest = (await explain(company.desk, number)).versions[-1]
    return newest.state, [one.code for one in newest.waits]


async def test_a_preview_shows_the_day_and_what_was_shown_is_posted(company: Company) -> None:
    await begun(company, "preview", MOVED, "1")
    [shown] = await plans(company)
    assert (shown.date, shown.booked_on, shown.what) == (
        dt.date(2026, 8, 5), dt.date(2026, 9, 1), "post on 2026-09-01",
    )  # fmt: skip
    assert "booked on 2026-09-01, the first open day, and not on 2026-08-05" in shown.notes[0]
    assert shown.decision["steps"][0]["body"]["date"] == "2026-09-01"
    await approve_listed(company.desk, await approvable(company.desk, BILLS))
    await settled(company)
    assert dates(company) == [dt.date(2026, 9, 1)] and await state(company, "INV-1") == ("posted", [])


async def test_one_of_an_open_day_shows_no_other(company: Company) -> None:
    await begun(company, "preview", {**MOVED, "closed_through": "2026-07-31"}, "1")
    [shown] = await plans(company)
    assert (shown.booked_on, shown.what, shown.notes) == (None, "post", ())


async def test_a_closing_after_the_approval_is_asked_about_again(company: Company) -> None:
    await begun(company, "preview", MOVED, "1")
    await approve_listed(company.desk, await approvable(company.desk, BILLS))
    await change_settings(company.desk, company.integration, {"closed_through": "2026-09-30"})
    await settled(company)
    assert await state(company, "INV-1") == ("held", ["preview_changed"]) and dates(company) == []
    assert "2026-10-01" in (await explain(company.desk, "INV-1")).versions[-1].waits[0].sentence
    await approve_listed(company.desk, await approvable(company.desk, Filter(flow="bills", reason="preview_changed")))
    await settled(company)
    assert dates(company) == [dt.date(2026, 10, 1)]


async def test_what_was_held_before_goes_as_a_person_says(company: Company) -> None:
    """The setting alone frees nothing; a replay has it moved, a release goes with its own date."""
    await begun(company, "live", HELD, "1", "2", "3")
    await change_settings(company.desk, company.integration, MOVED)
    await settled(company)
    for number in ("INV-1", "INV-2", "INV-3"):
        assert await state(company, number) == ("held", ["period_closed"])
    await replay(company.desk, Filter(number="INV-1"))
    await release(company.desk, "INV-2")
    await settled(company)
    assert dates(company) == [dt.date(2026, 9, 1), dt.date(2026, 8, 5)]
    await replay(company.desk, Filter(flow="bills", state="posted"))
    await company.read(bill("1", memo="x"), bill("2", memo="x"), bill("3"))
    await settled(company)
    assert len(dates(company)) == 2 and await state(company, "INV-1") == ("unchanged", [])
    assert await state(company, "INV-3") == ("held", ["period_closed"])


async def test_a_day_that_has_not_come_is_no_first_open_day(company: Company) -> None:
    today = company.desk.clock.now().date()
    for closed in (today, dt.date(2099, 12, 31)):
        with pytest.raises(BadInput, match=f"closed_through cannot be {closed}"):
            await change_settings(company.desk, company.integration, {**MOVED, "closed_through": str(closed)})
    await change_settings(company.desk, company.integration, {"closed_through": "2099-12-31"})
