"""The invoice's way from draft to paid, what people do at the desk, books and essence."""

from __future__ import annotations

from decimal import Decimal

import pytest
from servicenow_world import HEADER, HOST, LINE, OWN, PAYMENT, TABLE, Sandbox

pytestmark = pytest.mark.anyio
INVOICES = "sn_spend_intg_imp_invoice"
HALF_HOUR = 1800


async def state(sandbox: Sandbox, number: str = "B-1") -> str:
    query = f"external_invoice_number={number}"
    found = await sandbox.ask("GET", f"{TABLE}/sn_shop_invoice", sysparm_query=query, sysparm_fields="state")
    return str(found.result[0]["state"])


def desk(sandbox: Sandbox, act: str, **more: str) -> dict[str, object]:
    return sandbox.emulator.desk({"act": act, "instance": sandbox.host} | more)


async def test_the_job_of_every_half_hour_brings_an_invoice_to_approval(sandbox: Sandbox) -> None:
    await sandbox.bill()
    seen = [await state(sandbox)]
    for _ in range(4):
        sandbox.clock.move(HALF_HOUR)
        seen.append(await state(sandbox))
    assert seen == ["draft", "received", "no_exceptions_found", "pending_approval", "pending_approval"]


async def test_several_half_hours_at_once_are_several_steps(sandbox: Sandbox) -> None:
    await sandbox.bill()
    sandbox.clock.move(4 * HALF_HOUR)
    assert await state(sandbox) == "pending_approval"


@pytest.mark.parametrize("wrong", ["amount", "supplier", "cost center", "no lines"])
async def test_what_does_not_match_is_an_exception(sandbox: Sandbox, wrong: str) -> None:
    if wrong == "no lines":
        await sandbox.stage(INVOICES, HEADER)
    else:
        await sandbox.bill(u_amount_invoiced="108.26" if wrong == "amount" else "108.25")
    if wrong == "supplier":
        desk(sandbox, "inactivate_supplier", code="SUP-1")
    if wrong == "cost center":
        desk(sandbox, "expire_cost_center", number="4100")
    sandbox.clock.move(3 * HALF_HOUR)
    assert await state(sandbox) == "exceptions_found"


async def test_the_same_supplier_number_again_is_suspected(sandbox: Sandbox) -> None:
    await sandbox.bill()
    await sandbox.bill("B-2", u_supplier_invoice_number="S-B-1")
    sandbox.clock.move(HALF_HOUR)
    assert await state(sandbox, "B-2") == "suspected_duplicate"


async def test_approved_posted_and_paid(sandbox: Sandbox) -> None:
    await sandbox.bill()
    desk(sandbox, "approve", invoice="B-1")
    outbound = (await sandbox.ask("GET", f"{TABLE}/sn_spend_intg_outbound_invoice")).result[0]
    assert (await state(sandbox), outbound["integration_status"]) == ("approved", "10")
    posted = {"integration_status": "30", "erp_number": "ERP-9", "erp_posting_date": "2026-11-16"}
    path = f"{TABLE}/sn_spend_intg_outbound_invoice/{outbound['sys_id']}"
    assert (await sandbox.ask("PATCH", path, posted)).status == 200
    assert await state(sandbox) == "pending_payment"
    half = PAYMENT | {"u_erp_invoice_number": "ERP-9", "u_payment_amount": "100.00"}
    await sandbox.stage(f"{INVOICES}_payment_detail", half)
    assert await state(sandbox) == "pending_payment"
    rest = half | {"u_payment_amount": "8.25", "u_payment_reference_id": "P-2"}
    await sandbox.stage(f"{INVOICES}_payment_detail", rest)
    assert await state(sandbox) == "paid"


async def test_a_posting_that_fails_opens_a_task_and_another_record_closes_it(sandbox: Sandbox) -> None:
    await sandbox.bill()
    with pytest.raises(ValueError, match="was not sent to the ERP; approve it first"):
        desk(sandbox, "fail_posting", invoice="B-1")
    desk(sandbox, "approve", invoice="B-1")
    desk(sandbox, "fail_posting", invoice="B-1", message="GL account 6400 is closed")
    task = sandbox.rows("sn_shop_erp_error_task")[0]
    assert (task["state"], task["description"]) == ("Open", "GL account 6400 is closed")
    assert sandbox.rows("sn_shop_invoice")[0]["erp_integration_status"] == "Failed"
    desk(sandbox, "send", invoice="B-1")
    desk(sandbox, "post", invoice="B-1")
    assert [row["integration_status"] for row in sandbox.rows("sn_spend_intg_outbound_invoice")] == ["40", "30"]
    assert (sandbox.rows("sn_shop_erp_error_task")[0]["state"], await state(sandbox)) == ("Closed", "pending_payment")


async def test_an_approved_invoice_is_left_alone_by_the_map(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER)
    desk(sandbox, "reject", invoice="B-1")
    element = await sandbox.stage(INVOICES, HEADER | {"u_subtotal": "1.00"})
    assert (element["status"], element["status_message"]) == ("ignored", "Row transform ignored by onBefore script")
    sandbox.switches.locked_when_approved = False
    assert (await sandbox.stage(INVOICES, HEADER | {"u_subtotal": "1.00"}))["status"] == "updated"


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"act": "dance"}, "the desk knows no act 'dance'; it knows: add_cost_center"),
        ({"act": "approve", "invoice": "B-9"}, "example.service-now.com has no invoice 'B-9'"),
        (
            {"act": "approve", "instance": "x"},
            "there is no instance 'x'; there are: example.service-now.com, exampletwo",
        ),
        ({"act": "delete", "table": "nothing", "where": {"a": "b"}}, "has no table 'nothing'"),
        ({"act": "add_gl_account", "erp_source": "SAP"}, "has no ERP source 'SAP'"),
        ({"act": "approve", "whom": "x"}, "the desk cannot read this wish"),
    ],
)
async def test_the_desk_says_what_is_wrong(sandbox: Sandbox, wish: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sandbox.emulator.desk({"instance": HOST} | wish)


async def test_an_account_made_at_the_desk_shows_its_number_in_both_columns(sandbox: Sandbox) -> None:
    sandbox.emulator.desk({"act": "add_gl_account", "instance": HOST, "number": "6890", "name": "Guests"})
    [made] = sandbox.instance.records.having("sn_fin_gl_account", number="6890")
    assert (made["gl_account"], made["display_name"]) == ("6890", "Guests")


async def test_books_count_and_sum_each_table(sandbox: Sandbox) -> None:
    await sandbox.bill()
    books = sandbox.emulator.books()[HOST]
    assert books["balances"]["sn_shop_invoice_line"]["count"] == 1
    assert books["balances"]["sn_shop_invoice"]["sums"]["invoice_amount"] == Decimal("108.25")
    assert books["sn_shop_invoice"][0]["supplier"] == "SUP-1"
    assert sandbox.emulator.statistics()["instances"][HOST]["staged"] == {"inserted": 3}
    assert sandbox.emulator.books()[OWN]["profile"] == "custom"


def _values(sandbox: Sandbox, entity: str) -> list[dict[str, object]]:
    return list(sandbox.emulator.essence()[entity].values())


async def test_the_essence_is_blind_to_time_and_sees_duplicates(sandbox: Sandbox) -> None:
    await sandbox.bill()
    before = _values(sandbox, "sn_shop_invoice")
    sandbox.clock.move(4 * HALF_HOUR)
    assert await state(sandbox) == "pending_approval"
    sandbox.emulator.stir()
    assert _values(sandbox, "sn_shop_invoice") == before
    sandbox.emulator.set_switches({"line_coalesce": ""})
    await sandbox.stage(f"{INVOICES}_line", LINE)
    first, second = _values(sandbox, "sn_shop_invoice_line")
    assert first == second
    desk(sandbox, "cancel", invoice="B-1")
    assert _values(sandbox, "sn_shop_invoice") != before


async def test_the_essence_shows_a_row_that_was_staged_twice_and_none_that_was_refused(sandbox: Sandbox) -> None:
    """Where the maps coalesce, the second row changes nothing that people see."""
    await sandbox.bill()
    lines, staged = _values(sandbox, "sn_shop_invoice_line"), _values(sandbox, "staged")
    await sandbox.stage(f"{INVOICES}_line", LINE)
    assert _values(sandbox, "sn_shop_invoice_line") == lines
    assert len(_values(sandbox, "staged")) == len(staged) + 1
    await sandbox.stage(f"{INVOICES}_line", LINE | {"u_gl_account": "no such account"})
    assert len(_values(sandbox, "staged")) == len(staged) + 1
