"""Mapping tables between ServiceTitan and Xero as implementers fill them: what may be chosen, by name, what it frees."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from selling_by_hand import ACCOUNTS, Selling, invoice, make_selling, order, payment

from ml_connector.errors import BadInput
from ml_connector.service.desk import Desk
from ml_connector.service.mapping.files import FileRefused, import_mapping
from ml_connector.service.mapping.rows import Applied
from ml_connector.service.mapping.suggesting import suggest
from ml_connector.service.mapping.targets import Target, targets
from ml_connector.service.mapping.values import remove_value, set_value

pytestmark = pytest.mark.anyio


@pytest.fixture
async def selling(desk: Desk) -> Selling:
    """Two invoices, their payments and an order, all held for want of rows."""
    made = await make_selling(desk)
    one, other = invoice("1"), invoice("2")
    await made.read(
        invoices=(one, other), payments=(payment("11", one), payment("12", other)), purchase_orders=(order("3"),)
    )
    await made.plan()
    return made


async def given(selling: Selling, table: str, key: str, value: str) -> Applied:
    return await set_value(selling.desk, selling.world.integration, table, key, value, anyway=True)


async def waiting(selling: Selling, table: str) -> dict[str, int]:
    return {one.key: one.waiting for one in await suggest(selling.desk, selling.world.integration, table)}


async def listed(selling: Selling, table: str) -> dict[str, Target]:
    found = await targets(selling.desk, selling.world.integration, table)
    return {one.target_id: one for one in found if one.target_id}


async def test_targets_tell_what_may_not_be_chosen_and_why(selling: Selling) -> None:
    found = await listed(selling, "payment_types")
    assert found["a1"].value == "account:a1" and not found["a1"].refused
    assert found["a2"].value == "account:a2" and not found["a2"].refused
    assert (found["a4"].value, found["a4"].note) == ("write-off:a4", "or fee:6800; takes no payments")
    assert found["a5"].refused == "takes neither payments nor document lines"
    assert found["a6"].refused == "archived or inactive in the ledger"
    assert list(found)[-2:] == ["a6", "a5"], "what may not be chosen comes last"
    lines = await listed(selling, "accounts")
    assert lines["a1"].refused == "takes no document lines" and not lines["a4"].refused


@pytest.mark.parametrize("account", ACCOUNTS, ids=lambda one: one.id)
async def test_every_target_that_is_offered_is_taken(selling: Selling, account: object) -> None:
    for table in ("payment_types", "accounts"):
        one = (await listed(selling, table))[account.id]  # type: ignore[attr-defined]
        if not one.refused:
            assert (await given(selling, table, "k", one.value)).added == 1


@pytest.mark.parametrize(
    ("table", "written", "stored"),
    [
        ("payment_types", "1010", "account:a1"),
        ("payment_types", "Undeposited Money", "account:a2"),
        ("payment_types", "account: undeposited money", "account:a2"),
        ("payment_types", "1010 Checking", "account:a1"),
        ("payment_types", "write-off:Bad Debt", "write-off:a4"),
        ("payment_types", "fee:6800", "fee:a4"),
        ("accounts", "bad debt", "a4"),
        ("accounts", "4300 Sales", "a7"),
        ("business_units", "Unit: Install", "d1"),
        ("tax", "Tax exempt", "NONE"),
        ("customers", "Jane Dow", "p2"),
    ],
)
async def test_a_target_is_known_by_its_number_or_name(selling: Selling, table: str, written: str, stored: str) -> None:
    done = await given(selling, table, "k", written)
    assert done.row is not None and done.row.value == stored


@pytest.mark.parametrize(
    ("table", "written", "told"),
    [
        ("accounts", "Sales", r"'Sales' is the number or name of several: give the id of one of a3 \(4200 Sales\), a7"),
        ("payment_types", "account:Sales", "number or name of several: give the id of one of a3"),
        ("accounts", "Bad Dept", r"'Bad Dept' is no account of the ledger \(did you mean '6800 Bad Debt'\?\)"),
        ("payment_types", "Cheking", r"is none of account:<id>.*\(did you mean '1010 Checking'"),
        ("payment_types", "Bad Debt", "6800 Bad Debt takes no payments in the ledger.*write-off:6800 or fee:6800"),
    ],
)
async def test_what_is_not_one_target_is_told_with_the_candidates(
    selling: Selling, table: str, written: str, told: str
) -> None:
    with pytest.raises(BadInput, match=told):
        await given(selling, table, "k", written)


async def test_what_was_there_before_is_told(selling: Selling) -> None:
    first = await given(selling, "accounts", "4200", "6800")
    assert first.row is not None and (first.row.was, first.row.name) == ("", "6800 Bad Debt")
    then = await given(selling, "accounts", "4200", "a3")
    assert then.row is not None and (then.row.was, then.row.was_name) == ("a4", "6800 Bad Debt")
    gone = await remove_value(selling.desk, selling.world.integration, "accounts", "4200")
    assert gone.row is not None and (gone.row.was, gone.row.value) == ("a3", "")


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("accounts", "4200", "a3"), ("business_units", "bu1", "d1"), ("tax", "(exempt)", "NONE"),
        ("payment_types", "t1", "account:a1"), ("order_accounts", "(none)", "a4"), ("vendors", "v1", "p1"),
    ],
)  # fmt: skip
async def test_as_many_are_freed_as_were_said_to_wait(selling: Selling, table: str, key: str, value: str) -> None:
    said = (await waiting(selling, table))[key]
    assert said > 0
    assert (await given(selling, table, key, value)).released == said


async def test_what_another_row_let_go_on_still_waits_for_this_one(selling: Selling) -> None:
    assert (await waiting(selling, "tax"))["(exempt)"] == 2
    assert (await given(selling, "accounts", "4200", "a3")).released == 2
    assert (await waiting(selling, "tax"))["(exempt)"] == 2, "nothing was planned meanwhile"
    done = await given(selling, "tax", "(exempt)", "NONE")
    assert (done.released, done.under_way) == (0, 2)


async def test_nothing_waits_for_a_row_that_another_stands_in_for(selling: Selling) -> None:
    taxed = msgspec.structs.replace(order("4"), total=Decimal(107), tax=Decimal(7))
    await selling.read(purchase_orders=(order("3"), taxed))
    await selling.plan()
    assert (await waiting(selling, "order_accounts"))["(tax)"] == 2, "its row frees what waits for (none), too"
    await given(selling, "order_accounts", "(none)", "a4")
    assert (await waiting(selling, "order_accounts"))["(tax)"] == 0
    await selling.plan()
    assert (await waiting(selling, "order_accounts"))["(tax)"] == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: the file is empty"),
        ("\n \n", "line 1: the file is empty"),
        ("source_key,target_key\n", "line 2: no row stands below the columns"),
        ("GIF89a\x01\x00", "line 1, column 7: this is no text"),
        ("source_key,target_key\n4200,a3\n\x00,a3\n", "line 3, column 1: this is no text"),
        ("name,phone\nJane,1\n", "line 1: the column source_key is missing"),
    ],
)
async def test_a_file_that_is_no_table_changes_nothing(selling: Selling, text: str, told: str) -> None:
    with pytest.raises(FileRefused) as refused:
        await import_mapping(selling.desk, selling.world.integration, "accounts", text)
    assert any(told in one for one in refused.value.problems), refused.value.problems
    async with selling.desk.looking() as reading:
        assert await reading.one("select count(*) from mapping") == (0,)
