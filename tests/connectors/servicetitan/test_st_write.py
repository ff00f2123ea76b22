"""Marking bills as exported: one call, an outcome for each bill."""

from __future__ import annotations

import msgspec
import pytest

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Rejected, Step, Uncertain
from ml_connector.errors import Refused
from ml_connector.transport.errors import AnswerLost, BudgetEmpty, LeaseLost, NotSent, Reconnect
from ml_connector.transport.messages import Answer, Request
from tests.connectors.servicetitan.servicetitan_script import Script, answer, bill, stamp

pytestmark = pytest.mark.anyio
PATH = "inventory-bills/markasexported"
HOME = Organisation("1234567", "Acme")


def procured(id: str) -> Bill:
    return Bill(id, Ref("41"), ZERO, purchase_order=Ref("7"))


def step(body: bytes = b'{"inventoryBillIds":[1]}') -> Step:
    return Step("bills", Action.MARK_EXPORTED, "ours-1", body)


TWO = (step(), step(b'{"inventoryBillIds":[2]}'))


def said(*results: tuple[int, str]) -> Answer:
    return answer(
        200, [{"inventoryBillId": id, "success": not why, "errorMessage": why or None} for id, why in results]
    )


async def outcome(reply: Answer) -> Outcome:
    return await CONNECTOR.write(Script(instead={PATH: reply}), step())


def test_body_says_which_call() -> None:
    composed = CONNECTOR.compose(Action.MARK_EXPORTED, procured("450001"), HOME, "ours-1", {})
    assert composed.body == b'{"inventoryBillIds":[450001]}'
    expense = BillLine("1", ZERO, kind=LineKind.EXPENSE)
    with_expense = msgspec.structs.replace(procured("3"), lines=(expense,))
    assert CONNECTOR.compose(Action.MARK_EXPORTED, with_expense, HOME, "", {}).body == b'{"billIds":[3]}'
    standalone = Bill("4", Ref("41"), ZERO)
    assert CONNECTOR.compose(Action.MARK_EXPORTED, standalone, HOME, "", {}).body == b'{"billIds":[4]}'
    for action, document in ((Action.CREATE, procured("1")), (Action.MARK_EXPORTED, Party("1", "vendor", "x"))):
        with pytest.raises(Refused):
            CONNECTOR.compose(action, document, HOME, "", {})


async def test_one_marked() -> None:
    script = Script(instead={PATH: said((1, ""))})
    found = await CONNECTOR.write(script, step())
    assert isinstance(found, Done)
    assert found.target_id == "1"
    assert script.sent == [Request("POST", f"/accounting/v2/tenant/1234567/{PATH}", body=step().body)]
    assert not script.sent[0].safe


async def test_several_share_a_call_and_each_has_its_own_outcome() -> None:
    script = Script(instead={PATH: said((2, "Bill is not posted"), (1, ""))})
    good, bad = await CONNECTOR.write_batch(script, TWO)
    assert len(script.sent) == 1
    assert script.sent[0].body == b'{"inventoryBillIds":[1,2]}'
    assert isinstance(good, Done)
    assert good.target_id == "1"
    assert isinstance(bad, Rejected)
    assert "bill 2 as exported: Bill is not posted" in bad.sentence


async def test_bills_of_both_kinds_take_two_calls() -> None:
    ap = answer(200, [{"billId": 3, "success": True, "errorMessage": None}])
    script = Script(instead={PATH: said((1, "")), "ap-bills/markasexported": ap})
    outcomes = await CONNECTOR.write_batch(script, (step(b'{"billIds":[3]}'), step()))
    assert [one.target_id for one in outcomes if isinstance(one, Done)] == ["3", "1"]
    assert len(script.sent) == 2


@pytest.mark.parametrize("reply", [said((9, "")), answer(200, b"<html>"), answer(200, {"ok": True}), answer(502, b"")])
async def test_what_proves_nothing_is_uncertain(reply: Answer) -> None:
    assert isinstance(await outcome(reply), Uncertain)


async def test_missing_right() -> None:
    found = await outcome(answer(403, b""))
    assert isinstance(found, Later) and found.forbidden
    assert "tn.acc.inventorybills:w" in found.why


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AnswerLost("cut"), Uncertain),
        (NotSent("refused"), Later),
        (Reconnect("dead"), Later),
        (BudgetEmpty("calls", 4.0), Later),
    ],
)
async def test_broken_wire(error: Exception, kind: type) -> None:
    def fail(number: int) -> None:
        raise error

    found = await CONNECTOR.write(Script(before=fail), step())
    assert type(found) is kind
    if isinstance(error, BudgetEmpty):
        assert isinstance(found, Later)
        assert found.seconds == 4.0


async def test_a_lost_lease_is_raised() -> None:
    def fail(number: int) -> None:
        raise LeaseLost("taken over")

    with pytest.raises(LeaseLost):
        await CONNECTOR.write(Script(before=fail), step())


@pytest.mark.parametrize("body", [b"{}", b'{"inventoryBillIds":[]}', b'{"inventoryBillIds":[1,2]}', b'{"ids":[1]}'])
async def test_a_step_that_is_none_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(Refused):
        await CONNECTOR.write(Script(), step(body))


async def test_other_writes_are_refused() -> None:
    with pytest.raises(Refused):
        await CONNECTOR.write(Script(), Step("vendors", Action.VOID, "r", b"{}"))
    with pytest.raises(Refused):
        await CONNECTOR.find(Script(), Step("invoices", Action.CREATE, "r", b"{}"))


async def test_find_shows_what_is_exported_now() -> None:
    script = Script()
    script.lists["inventory-bills/paginated"] = [bill(1, stamp(), syncStatus="Exported"), bill(2, stamp())]
    assert [found.id for found in await CONNECTOR.find(script, step()) if isinstance(found, Bill)] == ["1"]
    assert await CONNECTOR.find(script, TWO[1]) == []
