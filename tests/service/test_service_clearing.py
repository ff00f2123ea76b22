"""Bank deposits against their clearing accounts: what is booked, deposited, waiting and missing, to the cent."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from clearing_world import CARD, Clearing, booked, deposit, make_clearing, paid
from service_ledger import make_company
from tracking_world import ON

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposited
from ml_connector.errors import BadInput, NotFound
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.clearing.report import clearing
from ml_connector.service.clearing.shapes import ClearingReport
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.status import status
from ml_connector.service.tracking import tracking

pytestmark = pytest.mark.anyio
D = Decimal


def usd(amount: str) -> dict[str, Decimal]:
    return {"USD": D(amount)}


@pytest.fixture
async def company(desk: Desk) -> Clearing:
    return await make_clearing(desk)


def told(report: ClearingReport) -> str:
    return " ".join(text for one in report.accounts for text in one.sentences)


async def test_what_is_booked_deposited_and_still_there(company: Clearing) -> None:
    one, two, three = paid("1"), paid("2", "50.00"), paid("3", "25.00", date=ON + dt.timedelta(days=3))
    await company.read("payments", one, two, three)
    await company.book(booked(one), booked(two), booked(three))
    await company.read("deposits", deposit("7", one, two, fees="2.90"))
    account = await company.account()
    assert (account.booked.count, account.booked.sums) == (3, usd("175.00"))
    assert (account.gross.count, account.gross.sums, account.fees, account.net) == (
        1, usd("150.00"), usd("2.90"), usd("147.10"),
    )  # fmt: skip
    assert (account.waiting.count, account.waiting.sums, account.oldest) == (1, usd("25.00"), three.date)
    assert account.missing.count == 0 and account.expected == usd("25.00") and account.types == ("Check",)
    report = await company.report()
    assert account.age == (report.on - three.date).days  # type: ignore[operator]
    assert "1 payment (25.00 USD) is booked and not deposited yet, the oldest of 2026-08-08" in told(report)
    assert "is booked out of it: 1 deposit of 150.00 USD, fees of 2.90 USD among it." in told(report)
    assert report.deposits == () and not report.open and report.read.sums == usd("150.00")
    assert "accounting.reports.read) is not asked for" in report.balances
    [shown] = (await company.report(everything=True)).deposits
    assert shown.good and [part.booked for part in shown.payments] == [True, True]


async def test_a_payment_that_is_not_in_the_ledger_says_why(company: Clearing) -> None:
    one, two = paid("1"), paid("2", "50.00", deposit=Ref("7"))
    await company.read("payments", one, two)
    await company.book(booked(one))
    await company.read("deposits", deposit("7", one, two, paid("9", "5.00")))
    report = await company.report()
    assert report.open
    [shown] = report.deposits
    assert (shown.missing.count, shown.missing.sums, shown.ties) == (2, usd("55.00"), True)
    assert shown.differences == ()
    held, strange = shown.payments[1:]
    assert not held.booked and held.record_id and held.why and held.action and held.account == "acc1"
    assert "payment 9 is not known here" in strange.why and strange.record_id == 0 and strange.account == "acc1"
    account = await company.account()
    assert account.expected == usd("-55.00") and account.missing.sums == usd("55.00")
    assert "2 payments (55.00 USD) were deposited and not booked" in told(report)
    assert "Everything that is booked on it was deposited." in told(report)
    attention = (await status(company.desk)).attention
    assert [line for line in attention if line.startswith("deposits:")] == [
        "deposits: 1 payment is in a bank deposit and not in the ledger (50.00 USD), see 'ml-connector clearing'"
    ]
    await company.book(booked(two))
    assert [part.booked for part in (await company.report()).deposits[0].payments] == [True, True, False]
    assert not [line for line in (await status(company.desk)).attention if line.startswith("deposits:")]


async def test_one_that_does_not_tie_is_told_everywhere(company: Clearing) -> None:
    one = paid("1")
    await company.read("payments", one)
    await company.book(booked(one))
    await company.read("deposits", deposit("7", one, gross=D("110.00")))
    [shown] = (await company.report()).deposits
    assert not shown.ties and "10.00 USD less than its gross amount of 110.00 USD" in shown.sentence
    assert "deposits: 1 does not tie out, see 'ml-connector clearing'" in (await status(company.desk)).attention
    life = await explain(company.desk, "D-7")
    assert life.deposit is not None and not life.deposit.ties and life.tracking is None
    assert life.versions[-1].state == "tracked" and life.intents == ()
    assert (await tracking(company.desk)).flows == ()  # deposits are no inventory bills
    await company.read("deposits", deposit("7", one, stamp="2"))
    assert (await company.report()).deposits == ()
    assert await company.company.balanced()


async def test_where_deposit_and_payment_disagree(company: Clearing) -> None:
    moved, changed, gone = paid("1", deposit=Ref("8", "D-8")), paid("2", "60.00"), paid("3", active=False)
    left = paid("4", "1.00", deposit=Ref("7"), number="")
    await company.read("payments", moved, changed, gone, left)
    parts = tuple(Deposited(id, D("100.00"), ON, method=Ref("3")) for id in ("1", "2", "3"))
    await company.read("deposits", deposit("7", payments=parts, gross=D(300), net=D(300)))
    [shown] = (await company.report()).deposits
    assert shown.differences == (
        "Payment 1 (number CH-1) names deposit D-8, and this one lists it.",
        "Payment 2 (number CH-2) is over 60.00, and the deposit lists it with 100.00.",
        "Payment 3 (number CH-3) was taken back in ServiceTitan, and the deposit lists it.",
        "Payment 4 names this deposit, and the deposit does not list it.",
    )


async def test_a_payment_that_left_its_deposit_says_so(company: Clearing) -> None:
    first, later = "2026-08-08T00:00:00.0000001Z", "2026-08-08T00:00:00.0000002Z"
    inside = paid("1", deposit=Ref("7"), stamp=first)
    await company.read("payments", inside)
    await company.read("deposits", deposit("7", inside, stamp=first))
    assert (await company.report(everything=True)).deposits[0].differences == ()
    await company.read("payments", msgspec.structs.replace(inside, deposit=Ref(), stamp=later))
    [shown] = (await company.report()).deposits
    assert shown.differences == (
        "Payment 1 (number CH-1) changed after the deposit and names none any more, and this one lists it.",
    )
    await company.read("deposits", deposit("7", stamp=later))
    assert (await company.report()).deposits == ()


async def test_open_deposits_and_unread_ones_leave_the_money_where_it_is(company: Clearing) -> None:
    one, two, three = paid("1"), paid("2", "50.00", deposit=Ref("99")), paid("3", "7.00")
    await company.read("payments", one, two, three)
    await company.book(booked(one), booked(two), booked(three, active=False))
    await company.read("deposits", deposit("7", one, deposited=False))
    account = await company.account()
    assert (account.waiting.sums, account.gross.count, account.expected) == (usd("150.00"), 0, usd("150.00"))
    assert (account.unread.count, account.unread.sums) == (1, usd("50.00"))
    assert "Of these, 1 (50.00 USD) names a bank deposit that has not been read" in told(await company.report())
    assert "nothing of it was deposited yet" in told(await company.report())
    await company.read("deposits", deposit("7", one, stamp="2", active=False))  # taken back
    assert (await company.account()).waiting.sums == usd("150.00")


async def test_a_deposit_over_two_accounts(company: Clearing) -> None:
    cheque, card, refund = paid("1"), paid("2", "300.00", method=CARD), paid("3", "-20.00", method=CARD)
    await company.read("payments", cheque, card, refund)
    await company.book(booked(cheque), booked(card, "acc2"), booked(refund, "acc2"))
    await company.read("deposits", deposit("7", cheque, card, refund, fees="8.00"))
    cheques, cards = await company.account(), await company.account("1095")
    assert (cheques.gross.sums, cheques.fees, cheques.net) == (usd("100.00"), usd("0.00"), usd("100.00"))
    assert (cards.gross.sums, cards.fees, cards.net) == (usd("280.00"), usd("8.00"), usd("272.00"))
    assert cheques.expected == usd("0.00") == cards.expected
    await company.read(
        "payments", financed := paid("9", "70.00", method=Ref("6", "Financing")), card_2 := paid("10", method=CARD)
    )
    await company.book(booked(financed, "acc2"), booked(card_2, "acc2"))
    assert "USD) are booked and not deposited yet, the oldest of 2026-08-05" in told(await company.report())
    assert ": Card 1 (100.00 USD), Financing 1 (70.00 USD)." in told(await company.report())


async def test_what_goes_to_no_account_is_not_lost(company: Clearing) -> None:
    cash = paid("1", method=Ref("5", "Cash"))
    await company.read("payments", cash)
    await company.read("deposits", deposit("7", cash))
    *_, nowhere = (await company.report()).accounts
    assert (nowhere.id, nowhere.label, nowhere.gross.sums) == ("", "No account", usd("100.00"))
    assert "1 deposit (100.00 USD) with payments that go to no account yet" in nowhere.sentences[0]


async def test_the_ledgers_balance_is_explained(company: Clearing) -> None:
    one, two, three, four = paid("1"), paid("2", "50.00"), paid("3", "25.00"), paid("4", "10.00")
    await company.read("payments", one, two, three, four)
    await company.book(*(booked(each) for each in (one, two, three, four)))
    late = ON + dt.timedelta(days=9)
    await company.read(
        "deposits",
        deposit("7", one, fees="1.50"),
        deposit("8", two, fees="2.00", date=late),
        deposit("9", three, date=late),
    )

    async def said(balance: str) -> str:
        return (await company.account(balances={"1090": D(balance)})).sentences[-1]

    assert await said("10.00") == "Xero shows 10.00 USD, as expected."
    assert not (await company.report(balances={"1090": D(10)})).open
    assert (await said("35")).startswith("Xero shows 35.00 USD, 25.00 USD more than expected: as if deposit D-9 of")
    assert "as if deposits D-8 of 2026-08-14, D-9 of 2026-08-14 had not been booked out of it yet" in await said("85")
    assert "as if deposit D-8 of 2026-08-14 had not been booked out of it" in await said("60")
    assert "as if deposit D-7 of 2026-08-07 had been booked out of it twice" in await said("-90")
    assert "as much as all fees" in await said("13.50")
    assert "as much as the fees of deposit D-8" in await said("12.00")
    assert "no deposit explains it" in await said("11.11")
    report = await company.report(balances={"Undeposited Funds": D("11.11")})
    assert report.open and report.balances == ""
    with pytest.raises(NotFound, match="No clearing account is called '4711'; there are: 1090 Undeposited Funds"):
        await company.report(balances={"4711": D(1)})


async def test_which_integration(company: Clearing) -> None:
    assert (await company.report(wanted="servicetitan-xero")).integration == "ServiceTitan with Xero"
    with pytest.raises(NotFound, match="There is no integration 'lost'"):
        await company.report(wanted="lost")


async def test_an_integration_that_reads_no_deposits_says_so(desk: Desk) -> None:
    await make_company(desk)
    without = {INTEGRATION.kind: replace(INTEGRATION, clearing=None)}
    with pytest.raises(BadInput, match="reads no bank deposits"):
        await clearing(replace(desk, runtime=replace(desk.runtime, integrations=without)))


async def test_a_payments_own_version_counts(company: Clearing) -> None:
    one = paid("1")
    await company.read("payments", one)
    await company.book(booked(one))
    await company.read("deposits", deposit("7", one))
    await company.read("payments", msgspec.structs.replace(one, deposit=Ref("7"), stamp="2"))
    account = await company.account()
    assert account.expected == usd("0.00") and account.unread.count == 0
