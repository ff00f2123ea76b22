"""Bank deposits come with their payments, exact to the cent, and one that cannot be read stops nobody."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposit, Deposited
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import payloads_sales, translate_deposits
from ml_connector.connectors.servicetitan.errors import FeatureOff
from ml_connector.connectors.servicetitan.translate import Unreadable, understood
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, Script, answer, asked, pages, payment, stamp

pytestmark = pytest.mark.anyio
LIST = "bank-deposits"
SCOPE = "tn.acc.bankdeposits:r"


def shown(id: int, modified: str | None, **more: Any) -> dict[str, Any]:
    """A deposit as the list shows it: amounts are numbers, and the card company kept 2.90."""
    made = {
        "id": id, "name": f"D-{id}", "depositStatus": "Deposited", "syncStatus": "Posted", "batch": None,
        "createdOn": stamp(1), "createdBy": "anna", "modifiedOn": modified, "active": True, "importId": None,
        "depositDate": "2026-05-08T00:00:00Z", "reviewStatus": "Reviewed", "reviewedOn": None, "grossAmount": 275.10,
        "netAmount": 272.20, "fees": 2.90, "bankAccount": {"id": 10, "name": "Checking", "number": "1010"},
        "feeAccount": {"id": 11, "name": "Card fees", "number": "6100"},
    }  # fmt: skip
    return {**made, **more}


def listed(id: int, total: str, **more: Any) -> dict[str, Any]:
    """A payment as a deposit's own list shows it: amounts are text, and no refund names what it gives back."""
    row = {name: value for name, value in payment(id, stamp(id)).items() if name != "refundedPaymentId"}
    return {**row, "total": total, "createdOn": stamp(id), **more}


def understood_as(row: dict[str, Any], *transactions: dict[str, Any]) -> Deposit:
    payload = understood(json.dumps(row).encode(), payloads_sales.Deposit)
    parts = [understood(json.dumps(one).encode(), payloads_sales.Transaction) for one in transactions]
    return translate_deposits.deposit(payload, parts)


async def read(script: Script, reading: Reading) -> list[Deposit]:
    rows = [row for page in await pages(script, reading) for row in page.rows]
    return [row.document for row in rows if isinstance(row.document, Deposit)]


def test_a_deposit_and_its_payments() -> None:
    found = understood_as(shown(77, stamp(4)), listed(9, "175.00"), listed(8, "100.10", typeId="0", checkNumber=None))
    assert (found.id, found.number, found.date, found.stamp) == ("77", "D-77", dt.date(2026, 5, 8), stamp(4))
    assert (found.gross, found.fees, found.net) == (Decimal("275.1"), Decimal("2.9"), Decimal("272.2"))
    assert (found.bank_account, found.fee_account) == (Ref("10", "Checking", "1010"), Ref("11", "Card fees", "6100"))
    assert (found.deposited, found.active, found.exported, found.state) == (True, True, False, "Deposited")
    assert found.payments == (
        Deposited("8", Decimal("100.1"), dt.date(2026, 5, 6), "", Ref("", "Check"), Ref("1026", "HVAC Service")),
        Deposited("9", Decimal(175), dt.date(2026, 5, 6), "1043", Ref("3", "Check"), Ref("1026", "HVAC Service")),
    )
    assert decode(encode(found)) == found
    assert "Acme" not in encode(found).decode()  # who paid stands with the payment alone


def test_what_may_be_null_and_what_is_open() -> None:
    bare = understood_as(shown(1, None, fees=None, name=None, depositStatus="Open", bankAccount=None, feeAccount=None))
    assert (bare.fees, bare.number, bare.deposited, bare.payments) == (Decimal(0), "", False, ())
    assert bare.stamp == stamp(1)  # never changed since it was made
    taken_back = understood_as(shown(1, stamp()), listed(1, "5.00", active=False), listed(2, "-7.00"))
    assert [(one.id, one.amount) for one in taken_back.payments] == [("2", Decimal(-7))]
    assert understood_as(shown(1, stamp(), depositStatus=None)).deposited
    for name in ("grossAmount", "netAmount"):
        with pytest.raises(Unreadable, match=name):
            understood_as(shown(1, stamp(), **{name: None}))
    with pytest.raises(Unreadable, match="total of transaction 3"):
        understood_as(shown(1, stamp()), {**listed(3, "1.00"), "total": None})


async def test_deposits_are_read_with_all_pages_of_their_payments() -> None:
    script = Script(largest=2)
    script.lists[LIST] = [shown(1, stamp(1)), shown(2, stamp(2), active=False)]
    script.lists[f"{LIST}/1/transactions"] = [listed(n, "10.00") for n in range(1, 6)]
    found = {one.id: one for one in await read(script, Reading("deposits"))}
    assert [one.id for one in found["1"].payments] == ["1", "2", "3", "4", "5"]
    assert found["2"].payments == () and not found["2"].active


async def test_a_quiet_walk_costs_one_call_and_a_change_is_met() -> None:
    script = Script()
    script.lists[LIST] = [shown(1, stamp(1))]
    script.lists[f"{LIST}/1/transactions"] = [listed(1, "275.10")]
    first = await pages(script, Reading("deposits"))
    assert script.paths() == [LIST, f"{LIST}/1/transactions"]
    script.sent.clear()
    script.lists[LIST].append(shown(2, "2026-06-01T12:00:05Z"))
    later = await pages(script, Reading("deposits", first[-1].cursor))
    assert [row.id for page in later for row in page.rows] == ["2"]
    script.sent.clear()
    script.lists[LIST].clear()
    assert not [row for page in await pages(script, Reading("deposits", later[-1].cursor)) for row in page.rows]
    assert script.paths() == [LIST]


async def test_named_deposits_are_asked_for_by_id() -> None:
    script = Script()
    script.lists[LIST] = [shown(1, stamp(1)), shown(2, stamp(2))]
    assert [one.id for one in await read(script, Reading("deposits", ids=("2", "9")))] == ["2"]
    assert asked(script, LIST)[0]["ids"] == "2,9"


@pytest.mark.parametrize("status", [400, 404])
async def test_one_whose_payments_cannot_be_read_stops_nobody(status: int) -> None:
    script = Script()
    script.lists[LIST] = [shown(1, stamp(1)), shown(2, stamp(2))]
    script.instead[f"{LIST}/1/transactions"] = answer(status, {"title": "Not this one."})
    (page,) = await pages(script, Reading("deposits"))
    spoiled, good = sorted(page.rows, key=lambda row: row.id)
    assert spoiled.document is None and spoiled.problem.startswith("ServiceTitan bank deposit 1: its transactions")
    assert isinstance(good.document, Deposit)


async def test_where_payments_of_deposits_are_not_listed_any_more_none_is_read() -> None:
    script = Script()
    script.lists[LIST] = [shown(1, stamp(1))]
    gone = answer(404, {"title": "Unable to match incoming request to an operation."})
    script.instead[f"{LIST}/1/transactions"] = gone
    with pytest.raises(NotPermitted, match="transactions"):
        await pages(script, Reading("deposits"))


async def test_without_the_right_it_is_said_which_one_is_missing() -> None:
    script = Script(scopes=ALL_SCOPES - {SCOPE})
    script.instead[LIST] = answer(403, b"")
    with pytest.raises(NotPermitted, match=SCOPE):
        await pages(script, Reading("deposits"))
    script.scopes = ALL_SCOPES
    with pytest.raises(FeatureOff):
        await pages(script, Reading("deposits"))
