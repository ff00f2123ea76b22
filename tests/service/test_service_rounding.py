"""Rounding lines that were posted, by month, account and currency."""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal

import msgspec
import pytest
from recoding_world import Recoding, make_recoding
from selling_by_hand import BEND, invoice

from ml_connector.errors import BadInput, NotFound
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.rounding import RoundingLine, RoundingReport, rounding

pytestmark = pytest.mark.anyio
D = Decimal
ON = dt.date(2026, 8, 5)


@pytest.fixture
async def company(desk: Desk) -> Recoding:
    return await make_recoding(desk)


async def told(company: Recoding, **days: dt.date) -> RoundingReport:
    return await rounding(company.desk, **days)


async def test_by_month_account_and_currency(company: Recoding) -> None:
    assert (await told(company)).lines == (), "a line called otherwise is none"
    company.xero.rounding = D("0.02")
    later = msgspec.structs.replace(invoice("5", BEND, "40.00"), date=dt.date(2026, 9, 2))
    await company.selling.read(invoices=(invoice("4", BEND, "50.00"), later, invoice("6", BEND, "7.00")))
    await company.settled()
    found = await told(company)
    assert found.lines == (
        RoundingLine("2026-08", "6800 Bad Debt", "USD", 2, D("0.04")),
        RoundingLine("2026-09", "6800 Bad Debt", "USD", 1, D("0.02")),
    )
    assert (found.total.count, found.total.sums) == (3, {"USD": D("0.06")})
    assert [one.month for one in (await told(company, since=dt.date(2026, 9, 1))).lines] == ["2026-09"]
    assert [one.count for one in (await told(company, until=ON)).lines] == [2]


async def test_what_is_void_there_counts_no_more(company: Recoding) -> None:
    company.xero.rounding = D("-0.01")
    await company.selling.read(invoices=(invoice("4", BEND, "50.00"),))
    await company.settled()
    assert [one.amount for one in (await told(company)).lines] == [D("-0.01")]
    company.xero.void("N-4")
    await company.settled()
    assert (await told(company)).lines == ()


async def test_what_is_no_input_and_who_may(company: Recoding) -> None:
    with pytest.raises(BadInput, match="turn them round"):
        await told(company, since=ON, until=ON - dt.timedelta(days=1))
    with pytest.raises(NotFound):
        await rounding(company.desk, "lost")
    with pytest.raises(NotAllowed):
        await rounding(dataclasses.replace(company.desk, actor=Actor("o", Role.OPERATOR)))
