"""About when a backlog is over: the arithmetic, and what ``status`` makes of it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from selling_by_hand import BEND, FLOWS, Selling, fill, invoice, make_selling, order, payment

from ml_connector.cli.flows import show_status
from ml_connector.connectors.servicenow import CONNECTOR as SERVICENOW
from ml_connector.connectors.xero import CONNECTOR as XERO
from ml_connector.integrations.servicetitan_xero import INTEGRATION
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION as STAGING
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.forecasting import Forecast, Rate, calls_for, told
from ml_connector.service.status import status

HOUR, DAY = 3_600.0, 86_400.0
MINUTELY = Rate(60.0, 5_000, 5_000, 8 * HOUR)


@pytest.mark.parametrize(
    ("calls", "rate", "seconds", "words"),
    [
        (1, MINUTELY, 1.0, "a minute or so, at 60 calls a minute"),
        (690, MINUTELY, 690.0, "at least 12 minutes, at 60 calls a minute"),
        (61, MINUTELY, 61.0, "at least 2 minutes, at 60 calls a minute"),
        (5_000, Rate(30.0, 5_000, 5_000, 8 * HOUR), 10_000.0, "at least 3 hours, at 30 calls a minute"),
        (100, Rate(60.0, 5_000, 40, 8 * HOUR), 8 * HOUR + 60, "at least 9 hours, at 60 calls a minute"),
        (5_040, Rate(60.0, 5_000, 40, 8 * HOUR), 8 * HOUR + 5_000, "at least 10 hours, at 60 calls a minute"),
        (5_041, Rate(60.0, 5_000, 40, 8 * HOUR), 8 * HOUR + DAY + 1, "at least 33 hours, at 5,000 calls a day"),
        (25_000, Rate(60.0, 5_000, 0, 8 * HOUR), 8 * HOUR + 4 * DAY + 5_000, "at least 5 days, at 5,000 calls a day"),
        (600, Rate(60.0, reads=10), 720.0, "at least 12 minutes, at 60 calls a minute"),
        (100, Rate(0.0), None, ""),
        (100, Rate(60.0, 0, 0, HOUR), None, ""),
    ],
)
def test_the_time_that_calls_take(calls: int, rate: Rate, seconds: float | None, words: str) -> None:
    assert rate.seconds(calls) == seconds
    assert told(rate, seconds, paused=False, reading=False) == words
    assert told(rate, seconds, paused=True, reading=True) == "paused"


def test_what_is_read_so_far_is_said_to_be_so() -> None:
    assert told(MINUTELY, 600.0, paused=False, reading=True).endswith(
        "60 calls a minute, for what has been read so far"
    )


def test_batches_count_by_flow() -> None:
    for name in FLOWS:
        assert [calls_for(XERO, INTEGRATION, {name: count}, {}) for count in (1, 50, 51)] == [1, 1, 2]
    assert calls_for(XERO, INTEGRATION, {"invoices": 10_000, "payments": 10_001}, {}) == 200 + 201


def test_what_is_staged_counts_as_what_it_is_there_with_its_look_ups() -> None:
    def calls(**left: int) -> int:
        return calls_for(SERVICENOW, STAGING, left, {})

    assert calls(vendor_credits=200) == calls(bills=200) > 4 * 8, "a credit is a bill there, and 25 go together"
    assert calls(cost_centers=50) == calls(vendor_payments=50) > 3
    assert calls(bills=25, vendor_payments=50) == calls(bills=25) + calls(vendor_payments=50)


@pytest.fixture
async def selling(desk: Desk) -> Selling:
    made = await make_selling(desk)
    await fill(made)
    janes, theirs = invoice("1"), invoice("2", BEND)
    await made.read(
        invoices=(janes, theirs), payments=(payment("11", janes), payment("12", theirs)), purchase_orders=(order("3"),)
    )
    return made


async def forecast(desk: Desk) -> Forecast | None:
    [integration] = (await status(desk)).integrations
    return integration.forecasts[0] if integration.forecasts else None


async def live(selling: Selling, *flows: str) -> None:
    for flow in flows:
        await set_flow_mode(selling.desk, selling.world.integration, flow, "live")


@pytest.mark.anyio
async def test_a_preview_has_no_end_to_forecast(selling: Selling) -> None:
    assert await forecast(selling.desk) is None


@pytest.mark.anyio
async def test_a_backlog_is_forecast_and_told(selling: Selling) -> None:
    await live(selling, "invoices", "payments")
    found = await forecast(selling.desk)
    assert found is not None and found.left == {"invoices": 2, "payments": 2} and found.calls == 2
    assert (found.per_minute, found.per_day) == (60.0, 5_000)
    assert found.seconds == pytest.approx(2 * 60 / 54), "six lists of contacts and open documents are read every minute"
    out = io.StringIO()
    show_status(Console(file=out, width=200), await status(selling.desk))
    assert "4 to go to Xero (invoices 2, payments 2): a minute or so, at 60 calls a minute." in out.getvalue(), (
        out.getvalue()
    )


@pytest.mark.anyio
async def test_what_waits_for_a_person_is_in_no_forecast_and_what_follows_is(selling: Selling) -> None:
    await selling.plan()  # in preview: Jane waits for a person, and her invoice and payment for her
    await live(selling, "invoices", "payments")
    found = await forecast(selling.desk)
    assert found is not None and found.left == {"invoices": 1, "payments": 1}


@pytest.mark.anyio
async def test_a_connection_that_needs_a_person_is_paused(selling: Selling) -> None:
    await live(selling, "invoices")
    async with selling.desk.changing() as change:
        await change.run("update connection set state = 'needs reconnect' where vendor = 'xero'")
    found = await forecast(selling.desk)
    assert found is not None and (found.sentence, found.seconds, found.paused) == ("paused", None, True)
