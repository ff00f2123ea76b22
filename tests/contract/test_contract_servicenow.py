"""What only ServiceNow asks of its connector, met on its emulator: batches, staged rows, edits, profiles, rights."""

from __future__ import annotations

import pytest
from contract_servicenow import StageOfServiceNow
from contract_set import Set, Sets
from msgspec.structs import replace

from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.errors import NotTakenIn
from ml_connector.connectors.writing import Action, Done, Later, Partly, Rejected, Step, Uncertain
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, NotPermitted
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.kernel.faults import Fault

pytestmark = pytest.mark.anyio
HEADER, LINE = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
RULE = {"act": "set", "table": "sys_script", "where": {"name": "Transform synchronously"}}


async def _step(set: Set, entity: str = "bills", action: Action = Action.CREATE, reference: str = "MLC-own-1") -> Step:
    organisation = await set.line.connector.organisation(set.line.session)
    return set.stage.step(entity, action, reference, organisation)


def _stage(set: Set) -> StageOfServiceNow:
    assert isinstance(set.stage, StageOfServiceNow)
    return set.stage


def _amounts(set: Set, invoice: str) -> list[str]:
    """What the lines of an invoice show."""
    records = _stage(set).instance.records
    rows = records.having("sn_shop_invoice_line", invoice=invoice)
    return [f"{records.price(one['sub_total'])[1]}" for one in rows]


# --- edits ---------------------------------------------------------------------------------------------------------


async def test_an_edit_whose_first_answer_was_lost_is_not_there_until_its_lines_are(playing: Sets) -> None:
    async with playing("servicenow") as set:
        step = await _step(set, action=Action.UPDATE)

        def lose(request: Request, answer: Answer) -> Answer:
            if not request.safe:
                raise AnswerLost("the answer was lost")
            return answer

        set.line.wire.after = lose
        assert isinstance(await set.line.connector.write(set.line.session, step), Uncertain)
        set.line.wire.after = lambda request, answer: answer
        assert _amounts(set, step.target_id) == ["20.55", "3.00"]
        assert isinstance(await set.line.connector.find(set.line.session, step), Partly)
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)
        assert _amounts(set, step.target_id) == ["41.10", "3.00"]
        (found,) = await set.line.connector.find(set.line.session, step)
        assert isinstance(found, Bill) and found.total == step.total


async def test_an_edit_after_what_was_staged_before_goes_whole(playing: Sets) -> None:
    async with playing("servicenow") as set:
        connector, session = set.line.connector, set.line.session
        made = await connector.write(session, await _step(set))
        assert isinstance(made, Done)
        set.stage.clock.skip(60)
        edited = await _step(set, action=Action.UPDATE, reference="MLC-other")
        body = edited.body.replace(b"MLC-other", b"MLC-own-1")
        step = replace(edited, reference="MLC-own-1", body=body, target_id=made.target_id)
        assert isinstance(await connector.find(session, step), Partly)
        outcome = await connector.write(session, step)
        assert isinstance(outcome, Done) and outcome.target_id == made.target_id
        assert _amounts(set, made.target_id) == ["41.10", "3.00"]


# --- batches -------------------------------------------------------------------------------------------------------


def _strike(set: Set, kind: str) -> None:
    set.stage.emulator.faults.add(Fault(kind=kind))


def _writes_only(set: Set, kind: str) -> None:
    """The fault strikes the first call that writes, not the look-up before it, which may be a batch, too."""
    struck = False

    def before(request: Request) -> None:
        nonlocal struck
        if not request.safe and not struck:
            struck = True
            _strike(set, kind)

    set.line.wire.before = before


async def _settled(set: Set, steps: list[Step]) -> list[str]:
    """Steps sent again until each is done, as the engine would after a look-up; the ids of what they became."""
    connector, session = set.line.connector, set.line.session
    ids = []
    for step in steps:
        if not await connector.find(session, step):
            assert isinstance(await connector.write(session, step), Done)
        found = await connector.find(session, step)
        assert not isinstance(found, Rejected)
        ids += [one.id for one in found]
    return ids


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("unserviced", Later), ("cancelled inside before", Uncertain), ("cancelled inside after", Uncertain)],
)
@pytest.mark.parametrize("status", [500, 200])
async def test_what_a_batch_left_undone_is_told_apart_and_nothing_goes_twice(
    playing: Sets, kind: str, expected: type, status: int
) -> None:
    async with playing("servicenow") as set:
        set.stage.emulator.set_switches({"cancelled_item_status": status})
        steps = [await _step(set, "vendor_payments", reference=f"MLC-b-{n}") for n in range(4)]
        before = set.stage.counted("vendor_payments")
        _writes_only(set, kind)
        outcomes = await set.line.connector.write_batch(set.line.session, steps)
        assert any(isinstance(one, expected) for one in outcomes) and any(isinstance(one, Done) for one in outcomes)
        assert len({*await _settled(set, steps)}) == 4
        assert set.stage.counted("vendor_payments") == before + 4


async def test_without_batches_each_row_is_a_call(playing: Sets) -> None:
    async with playing("servicenow", settings={"batch": "no"}) as set:
        sent: list[str] = []
        set.line.wire.before = lambda request: None if request.safe else sent.append(request.path)
        assert isinstance(await set.line.connector.write(set.line.session, await _step(set)), Done)
        tables = [path.rpartition("/")[2] for path in sent]
        assert tables == [HEADER, LINE, LINE, "sn_spend_intg_imp_invoice_tax_line"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("202", Later), ("asleep", Uncertain), ("quota", Uncertain), ("acl", Later), ("business rule", Rejected),
        ("data policy", Rejected), ("row error", Rejected),
    ],
)  # fmt: skip
@pytest.mark.parametrize("batch", ["yes", "no"])
async def test_what_an_answer_proves_and_nothing_goes_twice(
    playing: Sets, kind: str, expected: type, batch: str
) -> None:
    async with playing("servicenow", settings={"batch": batch}) as set:
        step = await _step(set, "dimensions", reference="MLC-1")
        before = set.stage.counted("dimensions")
        _writes_only(set, kind)
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, expected), outcome
        told = outcome.why if isinstance(outcome, Later | Uncertain) else outcome.sentence  # type: ignore[union-attr]
        assert "Traceback" not in told and told
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)
        assert set.stage.counted("dimensions") == before + 1


# --- staged rows ---------------------------------------------------------------------------------------------------


async def test_a_row_that_waits_is_uncertain_and_never_sent_again(playing: Sets) -> None:
    async with playing("servicenow") as set:
        connector, session, emulator = set.line.connector, set.line.session, set.stage.emulator
        step = await _step(set)
        emulator.desk({**RULE, "values": {"active": "false"}})
        outcome = await connector.write(session, step)
        assert isinstance(outcome, Uncertain) and "Transform synchronously" in outcome.why
        with pytest.raises(NotTakenIn, match="sys_import_set_row"):
            await connector.find(session, step)
        rows = len(_stage(set).instance.records.rows(HEADER))
        assert isinstance(await connector.write(session, step), Uncertain)
        assert len(_stage(set).instance.records.rows(HEADER)) == rows
        emulator.desk({**RULE, "values": {"active": "true"}})
        for row in _stage(set).instance.records.having(HEADER, sys_import_state="pending"):
            _stage(set).instance.imports.transformed(row, "admin")
        assert await connector.find(session, step) == Partly(1)  # the head is taken, the lines were never sent
        assert isinstance(await connector.write(session, step), Done)
        assert len(_stage(set).instance.records.rows(HEADER)) == rows


async def test_a_row_that_nobody_worked_on_in_seven_days_is_gone_and_goes_again(playing: Sets) -> None:
    async with playing("servicenow") as set:
        connector, session, emulator = set.line.connector, set.line.session, set.stage.emulator
        step = await _step(set)
        emulator.desk({**RULE, "values": {"active": "false"}})
        assert isinstance(await connector.write(session, step), Uncertain)
        set.stage.clock.skip(9 * 86_400)
        emulator.desk({**RULE, "values": {"active": "true"}})
        assert await connector.find(session, step) == ()
        assert isinstance(await connector.write(session, step), Done)


async def test_what_was_taken_in_is_found_when_its_staged_rows_are_cleared(playing: Sets) -> None:
    async with playing("servicenow") as set:
        connector, session = set.line.connector, set.line.session
        steps = [await _step(set, entity) for entity in ("bills", "vendor_payments", "parties")]
        for step in steps:
            assert isinstance(await connector.write(session, step), Done)
        counts = [set.stage.counted(step.entity) for step in steps]
        set.stage.clock.skip(9 * 86_400)
        for step in steps:
            assert len(await connector.find(session, step)) == 1
            assert isinstance(await connector.write(session, step), Done)
        assert [set.stage.counted(step.entity) for step in steps] == counts
        assert _stage(set).instance.records.rows(HEADER) == []


async def test_two_bills_that_share_an_import_set_are_each_their_own(playing: Sets) -> None:
    async with playing("servicenow") as set:
        steps = [await _step(set, reference=f"MLC-s-{n}") for n in range(2)]
        await set.line.connector.write_batch(set.line.session, steps)
        sets = {row["sys_import_set"] for row in _stage(set).instance.records.rows(HEADER)}
        assert len(sets) == 1 and len({*await _settled(set, steps)}) == 2


async def test_a_refused_row_names_the_row_the_field_and_the_value(playing: Sets) -> None:
    async with playing("servicenow") as set:
        connector, session = set.line.connector, set.line.session
        step = await _step(set)
        centre = _stage(set).books.mapped("cmn_cost_center")["account_number"]
        wrong = replace(step, body=step.body.replace(f'"{centre}"'.encode(), b'"9999-none"'))
        refused = await connector.write(session, wrong)
        assert isinstance(refused, Rejected)
        assert "line 1" in refused.sentence and "u_cost_center = 9999-none" in refused.sentence
        again = await connector.find(session, wrong)
        assert isinstance(again, Rejected) and "9999-none" in again.sentence
        assert isinstance(await connector.write(session, step), Done)  # corrected: only what is missing goes


# --- what columns take ---------------------------------------------------------------------------------------------


async def test_long_references_go_in_a_short_form_and_are_found(playing: Sets) -> None:
    async with playing("servicenow") as set:
        reference = f"MLC-{'long-' * 12}1"
        for entity in ("bills", "vendor_payments"):
            step = await _step(set, entity, reference=reference[:30] if entity == "bills" else reference[:25])
            far = replace(step, reference=reference, body=step.body)
            assert isinstance(await set.line.connector.write(set.line.session, far), Done)
        keys = [row["third_party_import_id"] for row in _stage(set).instance.records.rows("sn_shop_invoice_line")]
        assert all(len(key) <= 40 for key in keys) and len({*keys}) == len(keys)


async def test_an_edit_is_refused_where_nothing_coalesces(playing: Sets) -> None:
    async with playing("servicenow", settings={"coalesces": "no"}) as set:
        step = await _step(set, action=Action.UPDATE)
        with pytest.raises(BadInput, match="second invoice"):
            await set.line.connector.write(set.line.session, step)
        assert _stage(set).instance.records.rows(HEADER) == []


async def test_without_coalescing_a_bill_is_not_there_twice(playing: Sets) -> None:
    async with playing("servicenow", settings={"coalesces": "no"}) as set:
        set.stage.emulator.set_switches({"header_coalesce": "", "line_coalesce": "", "tax_coalesce": ""})
        step = await _step(set)
        before = set.stage.counted("bills")

        def lose(request: Request, answer: Answer) -> Answer:
            if not request.safe:
                raise AnswerLost("the answer was lost")
            return answer

        for _ in range(3):  # the head's answer is lost, then the lines', and then nothing is left to send
            set.line.wire.after = lose
            await set.line.connector.write(set.line.session, step)
        set.line.wire.after = lambda request, answer: answer
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)
        assert set.stage.counted("bills") == before + 1
        (found,) = await set.line.connector.find(set.line.session, step)
        assert _amounts(set, found.id) == ["20.55", "3.00"]


# --- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("once", [True, False])
async def test_a_rule_that_is_known_is_kept_however_a_batch_is_counted(playing: Sets, once: bool) -> None:
    known = {"rate_per_hour": "400", "rows_per_batch": "10", "batch_counts": "one" if once else "rows"}
    async with playing("servicenow", settings=known, limits=True, speed=600.0) as set:
        rule = {"name": "All", "request_limit_per_hour": "400", "active": "true"}
        _stage(set).instance.records.insert("sys_rate_limit_rules", rule)
        set.stage.emulator.set_switches({"batch_counts_once": once, "rate_flush_seconds": 30})
        for n in range(8):
            assert isinstance(
                await set.line.connector.write(set.line.session, await _step(set, reference=f"MLC-l-{n}")), Done
            )
        assert set.stage.emulator.log.counted()["http_429"] == 0 and set.line.budget.throttles == []


# --- rights --------------------------------------------------------------------------------------------------------


def _close(set: Set, table: str) -> None:
    set.stage.emulator.desk({"act": "restrict", "table": table, "operation": "read", "roles": ["of_nobody"]})


async def test_staged_rows_that_are_hidden_keep_everything_from_being_written(playing: Sets) -> None:
    async with playing("servicenow") as set:
        assert isinstance(await set.line.connector.write(set.line.session, await _step(set)), Done)
        _close(set, HEADER)
        found = await set.line.connector.preflight(set.line.session, ["bills"])
        (missing,) = [one for one in found.findings if one.verdict is Verdict.MISSING]
        assert missing.subject == f"rights on {HEADER}" and "import_admin" in missing.action


@pytest.mark.parametrize("table", [HEADER, LINE, f"{HEADER}_tax_line", "sn_shop_invoice"])
async def test_a_read_right_that_is_lost_within_the_day_sends_nothing_twice(playing: Sets, table: str) -> None:
    async with playing("servicenow", settings={"coalesces": "no"}) as set:
        set.stage.emulator.set_switches({"header_coalesce": "", "line_coalesce": "", "tax_coalesce": ""})
        connector, session, step = set.line.connector, set.line.session, await _step(set)
        assert isinstance(await connector.write(session, step), Done)
        counts = {name: len(_stage(set).instance.records.rows(name)) for name in (HEADER, LINE, "sn_shop_invoice")}
        _close(set, table)
        outcome = await connector.write(session, step)
        assert isinstance(outcome, Later) and outcome.forbidden and table in outcome.why
        assert {name: len(_stage(set).instance.records.rows(name)) for name in counts} == counts


async def test_look_ups_that_are_sure_cost_no_call_more(playing: Sets) -> None:
    async with playing("servicenow") as set:
        sent: list[str] = []
        step = await _step(set)
        set.line.wire.before = lambda request: sent.append(request.path)
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)
        assert sent == ["/api/now/v1/batch"] * 4  # looked up, the head, the rest, seen


async def test_rows_of_a_list_that_are_hidden_are_told(playing: Sets) -> None:
    async with playing("servicenow") as set:
        _close(set, "sn_fin_supplier")
        found = await set.line.connector.check(set.line.session, ["parties"])
        (told,) = [one for one in found if one.subject == "parties"]
        assert told.verdict is Verdict.WARNING and "hidden from the integration user" in told.sentence
        with pytest.raises(NotPermitted, match="shows the integration user none of them"):
            await set.line.walk("parties")  # who is not seen is not taken for somebody who is not there


async def test_without_the_plug_in_every_table_is_named(playing: Sets) -> None:
    async with playing("servicenow") as set:
        step = await _step(set)
        set.stage.emulator.set_switches({"plugin_inactive": True})
        found = await set.line.connector.preflight(set.line.session, ["bills", "vendor_payments"])
        missing = " ".join(f"{one.sentence} {one.action}" for one in found.findings if one.verdict is Verdict.MISSING)
        assert HEADER in missing and f"{HEADER}_payment_detail" in missing and "Accounts Payable" in missing
        assert isinstance(await set.line.connector.write(set.line.session, step), Later)


@pytest.mark.parametrize("status", [200, 503])
async def test_an_instance_that_sleeps_proves_nothing_and_says_who_wakes_it(playing: Sets, status: int) -> None:
    async with playing("servicenow") as set:
        step = await _step(set)
        set.stage.emulator.set_switches({"hibernating": True, "hibernating_status": status})
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Later)
        set.stage.emulator.set_switches({"hibernating": False})
        assert await set.line.connector.find(set.line.session, step) == ()
        assert isinstance(await set.line.connector.write(set.line.session, step), Done)
