"""Marking invoices and payments as exported: answers of their own for invoices, a look for payments."""

from __future__ import annotations

import json

import msgspec
import pytest

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Uncertain
from ml_connector.errors import Refused
from ml_connector.transport.errors import AnswerLost, LeaseLost, Throttled
from ml_connector.transport.messages import Answer, Request
from tests.connectors.servicetitan.servicetitan_script import Script, answer, asked, invoice, payment, stamp

pytestmark = pytest.mark.anyio
HOME = Organisation("1234567", "Acme")
INVOICES, PAYMENTS = "invoices/markasexported", "payments/status"
MARK = Action.MARK_EXPORTED


def invoice_step(id: int) -> Step:
    composed = CONNECTOR.compose(MARK, Invoice(str(id), Ref("1"), ZERO), HOME, f"ours-{id}", {})
    return Step("invoices", MARK, f"ours-{id}", composed.body, target_id=str(id))


def payment_step(id: int) -> Step:
    composed = CONNECTOR.compose(MARK, Payment(str(id), Ref("1"), ZERO), HOME, f"ours-{id}", {})
    return Step("payments", MARK, f"ours-{id}", composed.body, target_id=str(id))


def said(*results: tuple[int, str]) -> Answer:
    return answer(200, [{"invoiceId": id, "success": not why, "errorMessage": why or None} for id, why in results])


def test_bodies() -> None:
    assert json.loads(invoice_step(7).body) == [{"invoiceId": 7, "externalId": "ours-7"}]
    assert json.loads(payment_step(7).body) == {"paymentIds": [7], "status": "Exported"}
    assert json.loads(CONNECTOR.compose(MARK, Invoice("7", Ref("1"), ZERO), HOME, "", {}).body) == [{"invoiceId": 7}]
    assert CONNECTOR.batches["invoices", MARK] == CONNECTOR.batches["payments", MARK] == 50
    with pytest.raises(Refused, match="only mark its own"):
        CONNECTOR.compose(Action.CREATE, Invoice("7", Ref("1"), ZERO), HOME, "r", {})
    with pytest.raises(Refused, match="money received only"):
        CONNECTOR.compose(Action.CREATE, Payment("7", Ref("1"), ZERO), HOME, "r", {})


async def test_invoices_share_a_call_and_each_has_its_own_outcome() -> None:
    script = Script(instead={INVOICES: said((2, "The invoice is not posted."), (1, ""))})
    good, bad, silent = await CONNECTOR.write_batch(script, [invoice_step(1), invoice_step(2), invoice_step(3)])
    assert [json.loads(one.body or b"") for one in script.sent] == [
        [{"invoiceId": id, "externalId": f"ours-{id}"} for id in (1, 2, 3)]
    ]
    assert not script.sent[0].safe
    assert isinstance(good, Done) and good.target_id == "1" and getattr(good.document, "exported", False)
    assert isinstance(bad, Rejected) and "invoice 2 as exported: The invoice is not posted" in bad.sentence
    assert isinstance(silent, Uncertain) and "does not name invoice 3" in silent.why


async def test_payments_are_seen_before_they_count() -> None:
    script = Script(instead={PAYMENTS: answer(200, b"")})
    script.lists["payments"] = [payment(1, stamp(), syncStatus="Exported"), payment(2, stamp())]
    good, unseen, gone = await CONNECTOR.write_batch(script, [payment_step(1), payment_step(2), payment_step(3)])
    assert json.loads(script.sent[0].body or b"") == {"paymentIds": [1, 2, 3], "status": "Exported"}
    assert len(script.sent) == 2
    assert isinstance(good, Done) and isinstance(good.document, Payment) and good.document.exported
    assert isinstance(unseen, Uncertain) and "does not show it yet" in unseen.why
    assert isinstance(gone, Uncertain)


async def test_payments_refused_together_are_sent_alone() -> None:
    script = Script()
    script.lists["payments"] = [payment(1, stamp(), syncStatus="Exported")]
    good = script._answer

    def refusing(request: Request) -> Answer:
        if request.path.endswith(PAYMENTS):
            body = json.loads(request.body or b"")
            bad = 2 in body["paymentIds"]
            return answer(400, {"title": "Payment 2 is not posted."}) if bad else answer(200, b"")
        return good(request)

    script._answer = refusing  # type: ignore[method-assign]
    one, two = await CONNECTOR.write_batch(script, [payment_step(1), payment_step(2)])
    assert isinstance(one, Done)
    assert isinstance(two, Rejected) and "Payment 2 is not posted" in two.sentence
    assert [path for path in script.paths() if path == PAYMENTS] == [PAYMENTS] * 3


async def test_a_look_that_fails_proves_nothing() -> None:
    script = Script(instead={PAYMENTS: answer(200, b""), "payments": answer(503, b"")})
    found = await CONNECTOR.write(script, payment_step(1))
    assert isinstance(found, Uncertain) and "has not been seen yet" in found.why


@pytest.mark.parametrize("step", [invoice_step(1), payment_step(1)])
async def test_rights_and_a_broken_wire(step: Step) -> None:
    path, right = {"invoices": (INVOICES, "tn.acc.invoices:w"), "payments": (PAYMENTS, "tn.acc.payments:w")}[
        step.entity
    ]
    forbidden = await CONNECTOR.write(Script(instead={path: answer(403, b"")}), step)
    assert isinstance(forbidden, Later) and forbidden.forbidden and right in forbidden.why
    for error, kind in ((AnswerLost("cut"), Uncertain), (Throttled("busy", 3.0), Later)):

        def fail(number: int, error: Exception = error) -> None:
            raise error

        assert type(await CONNECTOR.write(Script(before=fail), step)) is kind
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(Script(before=_lost), step)


def _lost(number: int) -> None:
    raise LeaseLost("taken over")


@pytest.mark.parametrize(
    ("entity", "body"),
    [
        ("invoices", b'{"inventoryBillIds":[1]}'),
        ("invoices", b"[]"),
        ("invoices", b'[{"invoiceId":1},{"invoiceId":2}]'),
        ("payments", b'[{"invoiceId":1}]'),
        ("payments", b'{"paymentIds":[1]}'),
        ("bills", b'[{"invoiceId":1}]'),
    ],
)
async def test_a_step_that_is_none_of_ours_is_refused(entity: str, body: bytes) -> None:
    script = Script()
    with pytest.raises(Refused):
        await CONNECTOR.write(script, Step(entity, MARK, "r", body))
    assert script.sent == []


async def test_find_shows_what_is_exported_now() -> None:
    script = Script()
    script.lists["invoices"] = [invoice(1, stamp(), syncStatus="Exported"), invoice(2, stamp())]
    script.lists["payments"] = [payment(1, stamp()), payment(2, stamp(), syncStatus="Exported")]
    assert [one.id for one in await CONNECTOR.find(script, invoice_step(1))] == ["1"]
    assert await CONNECTOR.find(script, invoice_step(2)) == []
    assert await CONNECTOR.find(script, payment_step(1)) == []
    (found,) = await CONNECTOR.find(script, payment_step(2))
    assert CONNECTOR.is_ours(found)
    assert asked(script, "invoices")[0]["ids"] == "1"
    assert msgspec.json.decode(payment_step(2).body)["paymentIds"] == [2]
