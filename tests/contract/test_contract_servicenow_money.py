"""Whose money it is and where it is booked, met on ServiceNow's emulator: references, currencies, credits, texts and keys."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from contract_servicenow import StageOfServiceNow
from contract_set import Set, Sets
from msgspec.structs import replace

from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Action, Composed, Done, Partly, Rejected, Step
from ml_connector.sync.content import differences

pytestmark = pytest.mark.anyio
HEADER, LINE = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
MADE, PAID = "sn_shop_invoice_line", "sn_shop_invoice_payment_detail"
ACCEPTED = {"unknown_references": "accept"}


async def _step(set: Set, entity: str = "bills", action: Action = Action.CREATE, reference: str = "MLC-own-1") -> Step:
    organisation = await set.line.connector.organisation(set.line.session)
    return set.stage.step(entity, action, reference, organisation)


def _stage(set: Set) -> StageOfServiceNow:
    assert isinstance(set.stage, StageOfServiceNow)
    return set.stage


def _of(step: Step, known: str, other: str) -> Step:
    """The same step with another number in place of one that ServiceNow knows."""
    assert known.encode() in step.body
    return replace(step, body=step.body.replace(f'"{known}"'.encode(), f'"{other}"'.encode()))


def _known(set: Set) -> dict[str, str]:
    books = _stage(set).books
    return {
        "choice_gl_account": books.first("sn_fin_gl_account")["number"],
        "choice_cost_center": books.mapped("cmn_cost_center")["account_number"],
        "choice_legal_entity": books.first("sn_fin_legal_entity")["company_code"],
    }


# --- references ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["ignore", "create"])
@pytest.mark.parametrize(
    ("switch", "words", "what"),
    [
        ("choice_gl_account", "GL account", "GL account of an invoice line"),
        ("choice_cost_center", "cost centre", "cost center of an invoice line"),
        ("choice_legal_entity", "legal entity", "legal entity of an invoice"),
    ],
)
async def test_a_map_that_takes_what_it_does_not_know_stops_the_flow_or_is_told_of_each_document(
    playing: Sets, switch: str, words: str, what: str, action: str
) -> None:
    async with playing("servicenow", settings=ACCEPTED) as set:
        known = _known(set)[switch]
        set.stage.emulator.set_switches({switch: action})
        found = await set.line.connector.preflight(set.line.session, ["bills"])
        assert any(what in one.sentence and one.verdict is Verdict.WARNING for one in found.findings)
        step = _of(await _step(set), known, "9999-none")
        outcome = await set.line.connector.write(set.line.session, step)
        if action == "ignore":
            assert isinstance(outcome, Rejected) and outcome.reason == "reference_blank", outcome
            assert f"left its {words} blank (sent: 9999-none)" in outcome.sentence
        invoices = len(_stage(set).instance.records.rows("sn_shop_invoice"))
        await set.line.connector.write(set.line.session, step)
        assert len(_stage(set).instance.records.rows("sn_shop_invoice")) == invoices
    async with playing("servicenow") as set:
        set.stage.emulator.set_switches({switch: action})
        found = await set.line.connector.preflight(set.line.session, ["bills"])
        (missing,) = [one for one in found.findings if one.verdict is Verdict.MISSING]
        assert what in missing.sentence and "unknown_references=accept" in missing.action


async def test_a_blank_account_that_is_entered_there_lets_a_replay_pass(playing: Sets) -> None:
    async with playing("servicenow", settings=ACCEPTED) as set:
        account = _stage(set).books.first("sn_fin_gl_account")
        set.stage.emulator.set_switches({"choice_gl_account": "ignore"})
        step = _of(await _step(set), account["number"], "9999-none")
        assert isinstance(await set.line.connector.write(set.line.session, step), Rejected)
        staged = len(_stage(set).instance.records.rows(f"{HEADER}_line"))
        act = {"act": "set", "table": MADE, "where": {"third_party_import_id": f"{step.reference}/1"}}
        set.stage.emulator.desk({**act, "values": {"ledger_account": account["sys_id"]}})
        (wrong, blank) = ("gave it the GL account", "left its GL account blank")
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Rejected) and wrong in outcome.sentence and blank in outcome.sentence
        right = _of(step, "9999-none", account["number"])  # as a replay makes it once the mapping is right, too
        outcome = await set.line.connector.write(set.line.session, right)
        assert isinstance(outcome, Rejected) and wrong not in outcome.sentence and blank in outcome.sentence
        act["where"] = {"third_party_import_id": f"{step.reference}/2"}
        set.stage.emulator.desk({**act, "values": {"ledger_account": account["sys_id"]}})
        assert isinstance(await set.line.connector.write(set.line.session, right), Done)
        assert len(_stage(set).instance.records.rows(f"{HEADER}_line")) == staged


# --- bills of every kind -------------------------------------------------------------------------------------------


async def _composed(set: Set, reference: str, **more: Any) -> tuple[Step, Composed]:
    """A bill of the stage with other contents."""
    organisation = await set.line.connector.organisation(set.line.session)
    bill = replace(_stage(set)._bill(reference, Decimal("20.55")), **more)
    told = set.line.connector.compose(Action.CREATE, bill, organisation, reference, set.line.session.settings)
    step = Step(
        "bills", Action.CREATE, reference, told.body, party_id=bill.vendor.id, number=bill.number, date=bill.date,
        total=told.total, currency=bill.currency,
    )  # fmt: skip
    return step, told


async def _sent(set: Set, reference: str, **more: Any) -> tuple[Step, Bill, Composed]:
    """The bill sent, and read back as it stands there."""
    step, told = await _composed(set, reference, **more)
    outcome = await set.line.connector.write(set.line.session, step)
    assert isinstance(outcome, Done) and isinstance(outcome.document, Bill), outcome
    assert differences(step, outcome.document) == []
    return step, outcome.document, told


async def _once(set: Set, step: Step) -> None:
    """What stands there is found, and sending it again sends nothing."""
    counts = [len(_stage(set).instance.records.rows(name)) for name in (HEADER, LINE, "sn_shop_invoice", MADE)]
    assert isinstance(await set.line.connector.write(set.line.session, step), Done)
    found = await set.line.connector.find(set.line.session, step)
    assert not isinstance(found, Rejected) and len(found) == 1
    after = [len(_stage(set).instance.records.rows(name)) for name in (HEADER, LINE, "sn_shop_invoice", MADE)]
    assert after == counts


def _amounts(set: Set, invoice: str) -> list[tuple[str, str]]:
    """Currency and amount of each line there."""
    records = _stage(set).instance.records
    shown = [records.price(one["sub_total"]) for one in records.having(MADE, invoice=invoice)]
    return [(currency, f"{amount}") for currency, amount in shown]


async def test_a_bill_in_a_foreign_currency_stands_there_in_it(playing: Sets) -> None:
    async with playing("servicenow") as set:
        step, document, _ = await _sent(set, "MLC-fx", currency="CAD")
        assert (document.currency, document.total) == ("CAD", Decimal("25.19"))
        assert _amounts(set, document.id) == [("CAD", "20.55"), ("CAD", "3.00")]
        (staged,) = _stage(set).instance.records.having(HEADER, u_external_invoice_number="X-MLC-fx")
        assert (staged["u_subtotal"], staged["u_currency"]) == ("23.55", "CAD")
        await _once(set, step)


async def test_amounts_in_a_format_that_the_columns_do_not_take_are_told_by_the_total(playing: Sets) -> None:
    columns = f"{HEADER}.u_subtotal {HEADER}.u_amount_invoiced {LINE}.u_subtotal"
    async with playing("servicenow", settings={"fx_columns": columns}) as set:
        step, _ = await _composed(set, "MLC-fx", currency="CAD")
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Done)
        (told,) = differences(step, outcome.document)
        assert told.startswith("total ") and told.endswith("instead of 25.19")


@pytest.mark.parametrize("spelled", ["minus", "parentheses"])
async def test_a_credit_memo_stands_there_below_zero(playing: Sets, spelled: str) -> None:
    async with playing("servicenow", settings={"credit_amounts": spelled}) as set:
        bill = _stage(set)._bill("MLC-c", Decimal("20.55"))
        lines = tuple(
            replace(one, amount=-one.amount, unit_cost=-one.unit_cost, tax=-one.tax if one.tax else None)
            for one in bill.lines
        )
        step, document, _ = await _sent(set, "MLC-c", lines=lines, tax=-bill.tax, total=-bill.total)
        assert document.total == Decimal("-25.19") and document.tax == Decimal("-1.64")
        (staged,) = _stage(set).instance.records.having(HEADER, u_external_invoice_number="X-MLC-c")
        assert (staged["u_invoice_type"], staged["u_amount_invoiced"]) == (
            "credit_memo", "-25.19" if spelled == "minus" else "(25.19)",
        )  # fmt: skip
        assert _amounts(set, document.id) == [("USD", "-20.55"), ("USD", "-3.00")]
        await _once(set, step)


_KEYLESS = {
    "invoice_columns": f"key={HEADER}.",
    "line_columns": f"key={LINE}.",
    "tax_columns": f"key={HEADER}_tax_line.",
}


@pytest.mark.parametrize("settings", [{}, _KEYLESS], ids=["by our keys", "by their contents"])
async def test_an_over_long_text_is_cut_visibly_and_found_by_what_is_left(
    playing: Sets, settings: dict[str, str]
) -> None:
    async with playing("servicenow", settings=settings) as set:
        long = "Copper pipe of three quarters of an inch, insulated, first floor"
        bill = _stage(set)._bill("MLC-t", Decimal("20.55"))
        lines = tuple(replace(one, description=f"{long}, room {one.id}") for one in bill.lines)
        step, document, told = await _sent(set, "MLC-t", lines=lines)
        cut = f"{long[:37]}..."
        assert [row["line_description"] for row in _stage(set).instance.records.having(MADE, invoice=document.id)] == [
            cut, cut,
        ]  # fmt: skip
        assert told.notes == tuple(f"description of line {n} of bill N-MLC-t was cut at 40 characters" for n in (1, 2))
        await _once(set, step)


# --- payments ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["CHQ-1", "5" * 31, "Rent of the yard and of the hall behind it, fourth quarter"])
async def test_two_payments_of_a_bill_under_one_number_stay_two(playing: Sets, number: str) -> None:
    async with playing("servicenow") as set:
        organisation = await set.line.connector.organisation(set.line.session)
        usual = _stage(set)._payment("MLC-p")
        steps = []
        for n in (1, 2):
            paid = replace(usual, number=number)
            told = set.line.connector.compose(
                Action.CREATE, paid, organisation, f"MLC-p-{n}", set.line.session.settings
            )
            steps.append(
                Step(
                    "vendor_payments", Action.CREATE, f"MLC-p-{n}", told.body, number=number, date=paid.date,
                    total=told.total, currency="USD",
                )
            )  # fmt: skip
        before = set.stage.counted("vendor_payments")
        outcomes = await set.line.connector.write_batch(set.line.session, steps)
        for step, outcome in zip(steps, outcomes, strict=True):
            assert isinstance(outcome, Done) and differences(step, outcome.document) == []
        assert set.stage.counted("vendor_payments") == before + 2
        shown = [row["payment_reference_id"] for row in _stage(set).instance.records.rows(f"{PAID}")][-2:]
        assert len({*shown}) == 2 and all(len(one) <= 40 for one in shown)


# --- what was taken in half -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 9], ids=["its rows lie staged", "its rows are cleared"])
async def test_a_bill_of_which_only_the_header_was_taken_gets_its_lines_and_no_second_header(
    playing: Sets, days: int
) -> None:
    async with playing("servicenow", settings={"coalesces": "no"}) as set:
        set.stage.emulator.set_switches({"header_coalesce": "", "line_coalesce": "", "tax_coalesce": ""})
        known = _known(set)["choice_gl_account"]
        step = await _step(set, reference="MLC-h")
        refused = await set.line.connector.write(set.line.session, _of(step, known, "9999-none"))
        assert isinstance(refused, Rejected)
        invoices = set.stage.counted("bills")
        set.stage.clock.skip(days * 86_400)
        found = await set.line.connector.find(set.line.session, step)
        assert isinstance(found, Rejected) if not days else isinstance(found, Partly)
        outcome = await set.line.connector.write(set.line.session, step)
        assert isinstance(outcome, Done) and set.stage.counted("bills") == invoices
        assert _amounts(set, outcome.target_id) == [("USD", "20.55"), ("USD", "3.00")]
        assert set.line.connector.completes["bills"], "so that the engine sends the step again in place of adopting it"


@pytest.mark.parametrize("no_rows", ["true", "false"])
async def test_a_column_of_a_look_up_that_is_not_there_stops_the_flow_however_its_query_is_answered(
    playing: Sets, no_rows: str
) -> None:
    """With the property set nothing is found by it and a payment whose staged rows are cleared would be staged again."""
    async with playing("servicenow", settings={"read_payment_columns": f"key={PAID}.u_import_key"}) as set:
        _stage(set).instance.set_property("glide.invalid_query.returns_no_rows", no_rows)
        set.stage.fill("vendor_payments", 1, set.line.clock.now())
        told = await set.line.connector.preflight(set.line.session, ("vendor_payments",))
        (missing,) = [one for one in told.findings if "looked up" in one.sentence]
        assert missing.verdict is Verdict.MISSING and "u_import_key" in missing.sentence
        assert f"read_payment_columns=key={PAID}.NAME" in missing.action
