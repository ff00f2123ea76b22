"""What a bill names, laid against what came to be: an account that was left blank is no bill that is booked."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest
from servicenow_script import ScriptedSession, Tables, company, failure, sys_id
from test_sn_write import DAY, HEAD, LINE, ORG, PAYMENTS, REMIT, step

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.writing import Action, Awaited, Done, Rejected, Step
from ml_connector.errors import Acts
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

MADE = "sn_shop_invoice_line"


def careless(table: str, **shown: str) -> Tables:
    """An instance whose map of one table makes records that show this in place of what was sent."""
    tables = company()
    make = tables.targets[table]

    def made(sent: dict[str, str]) -> tuple[str, dict[str, str]]:
        target, row = make(sent)
        return target, {**row, **shown}

    tables.targets[table] = made
    return tables


@pytest.mark.parametrize("batch", ["yes", "no"])
@pytest.mark.parametrize(
    ("table", "shown", "told"),
    [
        (LINE, {"ledger_account": "", "ledger_account.gl_account": ""}, "left its GL account blank (sent: 6400)"),
        (LINE, {"ledger_account.gl_account": "6999"}, "gave it the GL account 6999 in place of 6400"),
        (LINE, {"ledger_account.gl_account": ""}, "gave it the GL account without a number in place of 6400"),
        (LINE, {"cost_center": "", "cost_center.account_number": ""}, "left its cost centre blank (sent: 4100)"),
        (HEAD, {"legal_entity": "", "legal_entity.company_code": ""}, "left its legal entity blank (sent: 1000)"),
        (HEAD, {"supplier": ""}, "left its supplier blank (sent: V-1)"),
        (HEAD, {"currency": "", "invoice_amount": "108.25", "subtotal": "100"}, "left its currency blank (sent: USD)"),
    ],
)
async def test_what_was_left_blank_is_no_bill_that_is_booked(
    batch: str, table: str, shown: dict[str, str], told: str
) -> None:
    tables = careless(table, **shown)
    outcome = await CONNECTOR.write(ScriptedSession(tables, {"batch": batch}), step())
    assert isinstance(outcome, Rejected) and outcome.reason == "reference_blank"
    assert told in outcome.sentence and "INV-7781" in outcome.sentence and outcome.acts is Acts.TENANT_ADMIN
    assert "choice action to reject" in outcome.action and "replay" in outcome.action
    if table == LINE:
        assert "line 1 of bill" in outcome.sentence and "line 2 of bill" in outcome.sentence


async def test_once_it_is_entered_there_a_replay_counts_it_and_sends_nothing() -> None:
    tables = careless(LINE, **{"ledger_account": "", "ledger_account.gl_account": ""})
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)
    tables.posted.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)
    assert isinstance(await CONNECTOR.find(ScriptedSession(tables), step()), Rejected)
    for row in tables.rows[MADE]:
        row |= {"ledger_account": sys_id(6), "ledger_account.gl_account": "6400"}
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    found = await CONNECTOR.find(ScriptedSession(tables), step())
    assert not isinstance(found, Rejected) and len(found) == 1 and tables.posted == []


async def test_a_blank_counts_after_the_staged_rows_are_cleared_too() -> None:
    tables = careless(LINE, **{"ledger_account": "", "ledger_account.gl_account": ""})
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)
    (invoice,) = tables.rows["sn_shop_invoice"]
    for row in tables.rows[MADE]:
        row["invoice"] = invoice["sys_id"]
    for name in tables.rows:
        if name.startswith("sn_spend_intg_imp"):
            tables.rows[name] = []
    tables.posted.clear()
    again = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(again, Rejected) and again.reason == "reference_blank" and tables.posted == []


async def test_what_was_not_sent_may_be_blank() -> None:
    settings = {"legal_entity_needed": "no", "account_needed": "no", "cost_center_needed": "no"}
    tables = careless(LINE, **{"cost_center": "", "cost_center.account_number": ""})
    bare = step(settings=settings)
    without = bare.body.replace(b'"u_cost_center":"4100",', b"").replace(b',"u_cost_center":"4100"', b"")
    sent = Step(
        "bills", Action.CREATE, bare.reference, without, "", sys_id(7), "INV-7781", DAY, Decimal("108.25"), "USD"
    )
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables, settings), sent), Done)


def without(*hidden: str) -> Callable[[Tables], Callable[[Request], Answer]]:
    """The instance, which refuses the user these tables."""

    def closed(tables: Tables) -> Callable[[Request], Answer]:
        def script(request: Request) -> Answer:
            if request.path.rpartition("/")[2] in hidden:
                return failure(403, "User Not Authorized", "Failed API level ACL Validation")
            return tables(request)

        return script

    return closed


@pytest.mark.parametrize("batch", ["yes", "no"])
async def test_lines_that_may_not_be_read_keep_no_bill_back(batch: str) -> None:
    tables = careless(LINE, **{"ledger_account": ""})
    if batch == "yes":
        del tables.rows[MADE]
        tables.targets[LINE] = lambda sent: ("elsewhere", {})
        session = ScriptedSession(tables)
    else:
        session = ScriptedSession(without(MADE)(tables), {"batch": "no"})
    assert isinstance(await CONNECTOR.write(session, step()), Done)


async def test_columns_that_are_not_shown_say_nothing() -> None:
    tables = company()
    tables.targets[LINE] = lambda sent: (MADE, {"line_description": sent["u_line_description"]})
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)


@pytest.mark.parametrize(
    ("table", "message", "awaits"),
    [
        (LINE, "Cost center 4100 not found for ERP source ZOHO", (Awaited("dimensions", "4100"),)),
        (LINE, "GL account is not known", (Awaited("accounts", "6400"),)),
        (LINE, "Neither 6400 nor 4100 are known", (Awaited("accounts", "6400"), Awaited("dimensions", "4100"))),
        (HEAD, "Supplier V-1 not found", (Awaited("parties", "V-1"),)),
        (HEAD, "No legal entity with that company code", (Awaited("legal_entities", "1000"),)),
        (LINE, "Something else is wrong", ()),
    ],
)
async def test_a_refusal_waits_for_what_it_names(table: str, message: str, awaits: tuple[Awaited, ...]) -> None:
    tables = company()
    tables.results[table] = [{"status": "error", "error_message": message}]
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Rejected) and outcome.awaits == awaits
    found = await CONNECTOR.find(ScriptedSession(tables), step())
    assert isinstance(found, Rejected) and found.awaits == awaits


async def test_a_blank_waits_for_its_invoice() -> None:
    tables = careless(LINE, **{"ledger_account": ""})
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    (invoice,) = tables.rows["sn_shop_invoice"]
    assert isinstance(outcome, Rejected) and outcome.awaits == (Awaited("bills", id=invoice["sys_id"]),)


async def test_a_payment_of_no_invoice_is_no_payment_that_counts() -> None:
    paid = Payment(
        "", Ref(number="V-1"), Decimal("20.55"), date=DAY, currency="USD", method=Ref(name="cheque"), number="P-1",
        remit_to=REMIT, splits=(Allocation("1", Ref(number="4600"), Decimal("20.55"), DAY),),
    )  # fmt: skip
    body = CONNECTOR.compose(Action.CREATE, paid, ORG, "ref-p", {}).body
    one = Step("vendor_payments", Action.CREATE, "ref-p", body, "", "", "P-1", DAY, Decimal("20.55"), "USD")
    outcome = await CONNECTOR.write(ScriptedSession(careless(PAYMENTS, invoice="")), one)
    assert isinstance(outcome, Rejected) and "left its invoice blank (sent: 4600)" in outcome.sentence
