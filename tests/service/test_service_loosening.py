"""What lets more through than before is an approver's, as going live is; what lets less through is a bookkeeper's, too."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pytest
from service_ledger import Company, bill

from ml_connector.integrations.loosening import loosened
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.servicetitan_xero import INTEGRATION as XERO
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.replaying import replay
from ml_connector.service.roles import Actor, NotAllowed, Role

pytestmark = pytest.mark.anyio
STRICT = {"closed_through": "2026-08-31", "start_date": "2026-08-01", "gate": "posted", "breaker_percent": "30",
          "breaker_floor": "50", "business_units": "bu1", "hold_incomplete_vendors": "yes"}  # fmt: skip


def as_(company: Company, role: Role) -> Desk:
    return Desk(company.desk.runtime, company.desk.tenant_id, Actor(f"user/{role.value}", role))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"closed_through": ""}, "open a closed period (closed_through 2026-08-31 -> none)"),
        ({"closed_through": "2026-08-30"}, "open a closed period (closed_through 2026-08-31 -> 2026-08-30)"),
        (
            {"closed_period": "first open day"},
            "let documents of a closed period go by themselves (closed_period hold -> first open day)",
        ),
        ({"start_date": "2026-07-31"}, "take up documents from earlier on (start_date 2026-08-01 -> 2026-07-31)"),
        ({"gate": "received"}, "let documents go earlier or unseen (gate posted -> received)"),
        ({"unseen_status": "post"}, "let documents go earlier or unseen (unseen_status hold -> post)"),
        ({"breaker_percent": "0"}, "weaken the mass-change breaker (breaker_percent 30 -> 0)"),
        ({"breaker_percent": "31"}, "weaken the mass-change breaker (breaker_percent 30 -> 31)"),
        ({"breaker_floor": "51"}, "weaken the mass-change breaker (breaker_floor 50 -> 51)"),
        (
            {"hold_incomplete_vendors": "no"},
            "let documents of vendors go that are not complete (hold_incomplete_vendors yes -> no)",
        ),
        ({"business_units": ""}, "widen the business units (business_units bu1 -> all)"),
        ({"business_units": "bu1, bu2"}, "widen the business units (business_units bu1 -> bu1, bu2)"),
    ],
)
async def test_only_an_approver_loosens_a_setting(company: Company, change: Mapping[str, str], told: str) -> None:
    strict = await change_settings(company.desk, company.integration, STRICT)
    with pytest.raises(NotAllowed) as refused:
        await change_settings(as_(company, Role.BOOKKEEPER), strict, {"currency": "USD", **change})
    assert told in str(refused.value)
    assert "user/bookkeeper is bookkeeper here, and only an approver or owner may" in str(refused.value)
    assert (await company.now()).settings == strict.settings
    [name] = change
    changed = await change_settings(as_(company, Role.APPROVER), strict, change)
    assert changed.settings[name] != strict.settings[name]


async def test_a_bookkeeper_tightens_settings_and_changes_all_others(company: Company) -> None:
    strict = await change_settings(company.desk, company.integration, STRICT)
    tighter = {"closed_through": "2026-09-30", "start_date": "2026-08-02", "breaker_percent": "29", "breaker_floor": "49",
               "freight_account": "lines"}  # fmt: skip
    made = await change_settings(as_(company, Role.BOOKKEEPER), strict, tighter)
    assert (made.settings["closed_through"], made.settings["breaker_percent"]) == ("2026-09-30", 29)
    opened = await change_settings(company.desk, made, {"business_units": "", "breaker_percent": "0"})
    narrowed = await change_settings(
        as_(company, Role.BOOKKEEPER), opened, {"business_units": "bu2", "breaker_percent": "5"}
    )
    assert narrowed.settings["business_units"] == ["bu2"]


async def test_a_replay_of_a_closed_period_posts_nothing_before_an_approver_has_opened_it(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    closed = await change_settings(company.desk, company.integration, {"closed_through": "2026-08-31"})
    await company.read(bill("1"))
    await company.plan()
    bookkeeper = as_(company, Role.BOOKKEEPER)
    for change in ({"closed_through": ""}, {"closed_through": "", "breaker_percent": "0"}):
        with pytest.raises(NotAllowed, match="open a closed period"):
            await change_settings(bookkeeper, closed, change)
        await replay(bookkeeper, Filter(reason="period_closed"))
        await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].state == "held" and company.books.written == []


def test_the_gate_of_invoices_is_looser_the_earlier_they_go() -> None:
    posted, drafts, completed = (
        Settings(start_date=dt.date(2026, 1, 1), invoice_gate=gate)
        for gate in ("posted", "draft when completed", "completed")
    )
    assert loosened(XERO, posted, completed) and loosened(XERO, posted, drafts) and loosened(XERO, drafts, completed)
    assert loosened(XERO, completed, drafts) == loosened(XERO, drafts, posted) == loosened(XERO, posted, posted) == []
