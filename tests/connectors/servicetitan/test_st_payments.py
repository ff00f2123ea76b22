"""Payments conserve their amount, and those that move no money are told where the vendor tells it."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import payloads_sales, translate_payments
from ml_connector.connectors.servicetitan.translate import Unreadable, understood
from tests.connectors.servicetitan.servicetitan_script import Script, answer, asked, pages, payment, stamp

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "servicetitan" / "examples" / "synthetic"
FEED = "export/payments"


def read(shown: dict[str, Any]) -> Payment:
    return translate_payments.payment(understood(json.dumps(shown).encode(), payloads_sales.Payment))


def conserved(found: Payment) -> bool:
    return total(one.amount for one in found.splits) + found.unapplied == found.amount


async def journals(script: Script, *ids: str) -> dict[str, bool]:
    found = [row.document for page in await pages(script, Reading("payments", ids=ids)) for row in page.rows]
    return {one.id: one.journal for one in found if isinstance(one, Payment)}


def test_a_payment_with_splits() -> None:
    found = read(payment(600001, stamp(4), deposit={"id": 77, "name": "D-77"}))
    assert (found.id, found.party, found.amount) == ("600001", Ref("500001", "Acme Offices"), Decimal(175))
    assert (found.date, found.method, found.number) == (dt.date(2026, 5, 6), Ref("3", "Check"), "1043")
    first, second = found.splits
    assert (first.id, first.document, first.amount) == ("81", Ref("900001", number="900001"), Decimal(100))
    assert (second.amount, second.date) == (Decimal(50), dt.date(2026, 5, 6))
    assert (found.unapplied, found.deposit, found.business_unit) == (
        Decimal(25),
        Ref("77", "D-77"),
        Ref("1026", "HVAC Service"),
    )
    assert found.bank_account == Ref("1499", "Undeposited Funds", "1499")
    assert (found.kind, found.state, found.posted, found.exported) == (PaymentKind.PAYMENT, "Posted", True, False)
    assert conserved(found) and decode(encode(found)) == found


@pytest.mark.parametrize("shown", ["-50.00", "50.00"])
def test_a_refund_is_negative_and_names_what_it_gives_back(shown: str) -> None:
    split = {"appliedId": 83, "appliedTo": 900002, "appliedAmount": shown}
    found = read(
        payment(2, stamp(), total="-50.00", unappliedAmount="0.00", appliedTo=[split], refundedPaymentId=600001)
    )
    assert (found.kind, found.refunds, found.amount, found.splits[0].amount) == (
        PaymentKind.REFUND,
        Ref("600001"),
        Decimal(-50),
        Decimal(-50),
    )
    assert conserved(found)


def test_unapplied_money_and_what_may_be_null() -> None:
    whole = read(
        payment(3, stamp(), appliedTo=None, unappliedAmount=None, checkNumber=None, authCode="A-9", typeId="0")
    )
    assert (whole.unapplied, whole.splits, whole.number, whole.method) == (Decimal(175), (), "A-9", Ref("", "Check"))
    pending = read(payment(3, stamp(), syncStatus="Pending", active=False))
    assert (pending.posted, pending.active) == (False, False)
    assert read(payment(3, stamp(), syncStatus="Exported")).exported
    untold = {"appliedId": 1, "appliedTo": 2, "appliedAmount": None}
    for broken, words in ((payment(3, stamp(), total=None), "total"), (payment(3, stamp(), customer=None), "customer")):
        with pytest.raises(Unreadable, match=words):
            read(broken)
    with pytest.raises(Unreadable, match="appliedAmount of split 1"):
        read(payment(3, stamp(), appliedTo=[untold]))


async def test_journal_entries_are_told_by_the_filter_fifty_a_call() -> None:
    script = Script()
    script.feeds[FEED] = [payment(id, stamp(id)) for id in range(1, 71)]
    script.feeds[FEED][4] = payment(5, stamp(5), type="Write-off")
    script.lists["payments"] = list(script.feeds[FEED])
    rows = [row for page in await pages(script, Reading("payments")) for row in page.rows]
    assert [row.id for row in rows if isinstance(row.document, Payment) and row.document.journal] == ["5"]
    assert script.paths() == [FEED, "payments", "payments", "payments"]
    assert [one["transactionType"] for one in asked(script, "payments")] == ["JournalEntry"] * 2 + ["ReceivePayment"]
    assert {one["activeState"] for one in asked(script, "payments")} == {"All"}


async def test_a_filter_that_is_not_obeyed_tells_nothing() -> None:
    script = Script()
    script.lists["payments"] = [payment(1, stamp()), payment(2, stamp())]
    everything = answer(200, {"data": script.lists["payments"], "hasMore": False})
    script.instead["payments"] = everything
    assert await journals(script, "1", "2") == {"1": False, "2": False}


async def test_a_filter_that_is_refused_keeps_no_payment_back() -> None:
    script = Script()
    script.feeds[FEED] = [payment(1, stamp())]
    script.instead["payments"] = answer(400, {"title": "transactionType is invalid."})
    (page,) = await pages(script, Reading("payments"))
    assert page.rows[0].document is not None


async def test_the_setting_leaves_it_to_the_mapping() -> None:
    script = Script(settings={"payment_transaction_types": "no"})
    script.lists["payments"] = [payment(1, stamp(), type="Write-off")]
    assert await journals(script, "1") == {"1": False}
    assert len(script.sent) == 1
    script.settings = {}
    assert await journals(script, "1") == {"1": True}


async def test_a_quiet_walk_costs_one_call() -> None:
    script = Script()
    script.feeds[FEED] = [payment(1, stamp())]
    first = await pages(script, Reading("payments"))
    script.sent.clear()
    assert sum(len(page.rows) for page in await pages(script, Reading("payments", first[-1].cursor))) == 0
    assert script.paths() == [FEED]


@pytest.mark.shared
def test_the_published_examples() -> None:
    if not EXAMPLES.exists():
        pytest.skip("the vendor's examples are not here")
    for shown in json.loads((EXAMPLES / "payments-page.json").read_text())["body"]["data"]:
        assert conserved(read(shown))
    first = read(json.loads((EXAMPLES / "payments-page.json").read_text())["body"]["data"][0])
    assert first.amount == Decimal(175)
