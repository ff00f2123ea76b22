"""What became of posted documents at the target: stages, what does not go on, and a target that is not set up."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest
from recoding_world import Recoding, make_recoding

from ml_connector.canonical.documents import settled_as
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.sales import InvoiceState
from ml_connector.connectors.checking import Finding, Preflight, Verdict
from ml_connector.errors import NotFound
from ml_connector.integrations.invoice_flow import Invoices
from ml_connector.sealing import Sealer
from ml_connector.service import desk as desk_module
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import integration_named
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.standing import _KIND, _NOT_APPROVED, finding, standing, stuck_by_flow
from ml_connector.sync import preflight
from ml_connector.sync.flows import flows_of
from ml_connector.sync.refused import refused_flows, told, try_again

pytestmark = pytest.mark.anyio
D = Decimal
LACKING = Finding(
    "table", Verdict.MISSING, "The table u_bill has no column u_total.", "Ask the administrator to add it."
)


@pytest.fixture
async def company(desk: Desk) -> Recoding:
    return await make_recoding(desk)


async def test_stages_with_count_and_sum_and_what_is_void_there(company: Recoding) -> None:
    found = await standing(company.desk)
    assert [(one.flow, one.state, one.count, one.sums) for one in found.stages] == [
        ("invoices", InvoiceState.AUTHORISED.value, 3, {"USD": D("240.00")})
    ]
    assert found.stuck == ()
    company.xero.void("N-2")
    await company.settled()
    found = await standing(company.desk, "servicetitan-xero")
    assert {(one.state, one.count) for one in found.stages} == {("authorised", 2), ("void", 1)}
    assert [(one.number, one.finding, one.amount) for one in found.stuck] == [("N-2", "canceled", D("80.00"))]


async def test_what_does_not_go_on_is_all_there_and_in_order_however_few_rows_are_looked_at_together(
    company: Recoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("N-3", "N-1", "N-2"):
        company.xero.void(number)
    await company.settled()
    at_once = (await standing(company.desk)).stuck
    monkeypatch.setattr(desk_module, "_AT_A_TIME", 1)
    assert (await standing(company.desk)).stuck == at_once
    assert sorted(one.number for one in at_once) == ["N-1", "N-2", "N-3"]
    assert list(at_once) == sorted(at_once, key=lambda one: (one.posted_at, one.record_id))


async def test_who_may_look_and_what_is_no_integration(company: Recoding) -> None:
    with pytest.raises(NotFound):
        await standing(company.desk, "9")
    nobody = Desk(company.desk.runtime, company.desk.tenant_id, Actor("op", Role.OPERATOR))
    with pytest.raises(NotAllowed):
        await standing(nobody)


OPEN = Bill("b1", Ref("v1"), D("10.00"), state=BillState.OPEN)
PAID = msgspec.structs.replace(OPEN, state=BillState.PAID)
PARTLY = msgspec.structs.replace(OPEN, state=BillState.PARTLY_PAID, paid=D("4.00"))


@pytest.mark.parametrize(
    ("here", "there", "state", "kind"),
    [
        (OPEN, {}, BillState.SUBMITTED, ""),
        (OPEN, {}, BillState.APPROVED, ""),
        (OPEN, {"trouble": "Exceptions were found."}, BillState.SUBMITTED, "trouble"),
        (OPEN, {}, BillState.REJECTED, "rejected"),
        (OPEN, {}, BillState.CANCELED, "canceled"),
        (msgspec.structs.replace(OPEN, active=False), {}, BillState.CANCELED, ""),
        (PAID, {}, BillState.SUBMITTED, "paid here"),
        (PAID, {}, BillState.DRAFT, "paid here"),
        (PAID, {}, BillState.APPROVED, ""),
        (PAID, {"trouble": "No GL account."}, BillState.APPROVED, "trouble"),
        (PARTLY, {}, BillState.SUBMITTED, "partly paid here"),
        (msgspec.structs.replace(PARTLY, state=BillState.OPEN), {}, BillState.SUBMITTED, "partly paid here"),  # overdue
        (PARTLY, {}, BillState.APPROVED, ""),
        (msgspec.structs.replace(PARTLY, paid=D(0)), {}, BillState.SUBMITTED, ""),  # a credit was applied
        (msgspec.structs.replace(PARTLY, paid=None), {}, BillState.SUBMITTED, ""),
    ],
)
def test_what_a_person_has_to_look_at(here: Bill, there: dict[str, Any], state: BillState, kind: str) -> None:
    shown = Bill("i1", Ref("s1"), D("10.00"), state=state, active=state is not BillState.CANCELED, **there)
    assert finding(here, shown, state.value, "Books", "Desk")[0] == kind


def test_what_is_gone_there_counts_only_while_it_stands_here() -> None:
    kind, why, action = finding(OPEN, OPEN, "gone", "Books", "Desk")
    assert (kind, why) == ("gone", "is not in Desk any more") and action.startswith("See in Desk who removed it")
    assert finding(msgspec.structs.replace(OPEN, active=False), OPEN, "gone", "Books", "Desk") == ("", "", "")


async def test_the_columns_tell_what_the_documents_tell(company: Recoding) -> None:
    """Every state there, with and without trouble, active or not, of a bill that is open, paid, partly paid or void here."""
    heres = [
        OPEN,
        PAID,
        PARTLY,
        msgspec.structs.replace(PAID, total=D("-10.00")),
        msgspec.structs.replace(OPEN, active=False),
    ]
    async with company.desk.looking() as reading:
        for here, state, active, trouble in product(heres, [*BillState, "gone"], [True, False], ["", "No account."]):
            there = Bill("i1", Ref("s1"), D("10.00"), state=BillState(state) if state != "gone" else BillState.OPEN,
                         active=active, trouble=trouble)  # fmt: skip
            row = await reading.one(
                f"select {_KIND} from (values (%s, %s, %s)) e (state, active, troubled), (values (%s)) d (settled)",
                list(_NOT_APPROVED), str(state), active, bool(trouble), settled_as(here),
            )  # fmt: skip
            assert row == (finding(here, there, str(state), "Books", "Desk")[0],), (here, state, active, trouble)


async def test_how_many_do_not_go_on_is_counted_without_opening_any_document(
    company: Recoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    company.xero.void("N-2")
    await company.settled()
    sealer, integration = await company.desk.sealer(), await integration_named(company.desk)
    opened, unseal = list[bytes](), Sealer.open

    def counting(self: Sealer, name: bytes, sealed: bytes) -> bytes:
        opened.append(name)
        return unseal(self, name, sealed)

    monkeypatch.setattr(Sealer, "open", counting)
    async with company.desk.looking() as reading:
        assert await stuck_by_flow(reading, sealer, integration) == {"invoices": 1}
        assert opened == []
    async with company.desk.changing() as change:  # as what was stored before there were such columns
        await change.run("update directory set troubled = null where state <> ''")
        await change.run("update document set settled = null")
    async with company.desk.looking() as reading:
        assert await stuck_by_flow(reading, sealer, integration) == {"invoices": 1}
        assert sum(name.startswith(b"directory ") for name in opened) == 3
    assert [one.number for one in (await standing(company.desk)).stuck] == ["N-2"]


class _Shaped:
    """Answers of preflights, and how often one was asked for."""

    def __init__(self, *missing: Finding) -> None:
        self.missing, self.asked = missing, list[tuple[str, ...]]()

    async def preflight(self, session: Any, entities: tuple[str, ...]) -> Preflight:
        self.asked.append(entities)
        return Preflight(self.missing)


async def test_nothing_is_written_until_the_target_is_set_up(
    company: Recoding, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Invoices, "writes", ("invoices",))
    world, shaped = company.selling.world, _Shaped(LACKING)
    monkeypatch.setattr(company.xero, "preflight", shaped.preflight, raising=False)
    lane = await world.lane()
    async with lane.database.tenant(lane.tenant_id) as connection:
        flows = await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
    await preflight.look(lane, flows)
    (refusal,) = (await refused_flows(lane)).values()
    assert (
        "no column u_total. Ask the administrator" in refusal.why.sentence
        and "Nothing is written" in refusal.why.sentence
    )
    await preflight.look(lane, flows)
    assert shaped.asked == [("invoices",)], "one that is refused is not asked for at every turn"
    shaped.missing = ()
    async with company.desk.changing() as change:
        await try_again(change.connection, company.desk.tenant_id, [refusal.flow_id])
    await preflight.look(lane, flows)
    await preflight.look(lane, flows)
    assert len(shaped.asked) == 2 and not await refused_flows(lane), "good for a day"
    async with company.desk.changing() as change:
        await preflight.look_anew(change.connection, company.desk.tenant_id, lane.connection_id)
    await preflight.look(lane, flows)
    assert len(shaped.asked) == 3


def test_what_several_flows_lack_is_one_sentence_and_what_both_lack_counts_once() -> None:
    other = Finding("column", Verdict.MISSING, "The table u_bill has no column u_day.")
    third = Finding("column", Verdict.MISSING, "The table u_paid has no column u_day.")
    (said,) = told([preflight.why([LACKING, other]), preflight.why([LACKING]), preflight.why([third, other])])
    assert said == (
        "Nothing is written, since the target is not set up for it. The table u_bill has no column u_total. Ask the "
        "administrator to add it. And 2 more: 'ml-connector fields' shows all."
    )
    assert told([preflight.why([LACKING])])[0].endswith("Ask the administrator to add it.")
