"""An instance that loses a table, a column, a map, its ERP source or a choice after it was found good.

Nothing is rejected, nothing is there in part for good: the flow stands still and says who changes what, and once that is
done everything goes on by itself, each row once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from payables_world import INVOICE_LINES, Firm, payables

from ml_connector.connectors.checking import Verdict
from ml_connector.service.checking import check
from ml_connector.service.connections import connections
from ml_connector.service.fields import fields
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from told import one_sentence

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HEADERS, LINES = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
ADMIN = "ServiceNow administrator"


def loses_table(firm: Firm) -> Callable[[], object]:
    tables = firm.instance.records.tables
    lost = tables.pop(LINES)
    return lambda: tables.update({LINES: lost})


def loses_column(table: str, name: str) -> Callable[[Firm], Callable[[], object]]:
    def lose(firm: Firm) -> Callable[[], object]:
        switches = firm.sandbox.servicenow
        assert switches is not None
        switches.set_switches({"column_names": f"{table}.{name}=u_ledger"})
        return lambda: switches.set_switches({"column_names": ""})

    return lose


def loses_map(table: str) -> Callable[[Firm], Callable[[], object]]:
    def lose(firm: Firm) -> Callable[[], object]:
        def active(value: str) -> None:
            firm.there("set", table="sys_transform_map", where={"source_table": table}, values={"active": value})

        active("false")
        return lambda: active("true")

    return lose


def loses_erp_source(firm: Firm) -> Callable[[], object]:
    name = firm.sandbox.handover["company"]["connection_settings"]["servicenow"]["erp_source"]
    [kept] = [dict(one) for one in firm.rows("sn_fin_erp_source", name=name)]

    def called(name: str, code: str) -> None:
        values = {"name": name, "code": code}
        firm.there("set", table="sn_fin_erp_source", where={"sys_id": kept["sys_id"]}, values=values)

    called("Old ledger", "OLD")
    return lambda: called(kept["name"], kept["code"])


@dataclass(frozen=True, slots=True)
class Lost:
    """What the instance loses, and what has to be told of it."""

    lose: Callable[[Firm], Callable[[], object]]
    words: tuple[str, ...]


CASES = {
    "table": Lost(loses_table, (f"no table {LINES}", "activates Source-to-Pay Integrations")),
    "column of lines": Lost(
        loses_column(LINES, "u_external_invoice_source"),
        (f"{LINES} has no column u_external_invoice_source", "line_columns=external_source=", "1 more", "fields"),
    ),
    "column of headers": Lost(
        loses_column(HEADERS, "u_external_invoice_source"),
        (f"{HEADERS} has no column u_external_invoice_source", "invoice_columns=external_source="),
    ),
    "map of headers": Lost(loses_map(HEADERS), (f"No active transform map takes rows of {HEADERS}", "activates the map")),
    "map of lines": Lost(loses_map(LINES), (f"No active transform map takes rows of {LINES}", "activates the map")),
    "ERP source": Lost(loses_erp_source, ("no ERP source Zoho Books", "it has: OLD, Old ledger", "sn_fin_erp_source")),
}  # fmt: skip


async def problem(firm: Firm) -> str:
    """What the connection tells."""
    return next(one.problem for one in await connections(firm.desk) if one.vendor == "servicenow")


async def rejected(firm: Firm) -> int:
    async with firm.desk.looking() as reading:
        row = await reading.one("select count(*) from version_state where state = %s", State.REJECTED)
    return int(row[0]) if row else 0


async def missing(firm: Firm) -> list[str]:
    """What ``check`` and ``fields`` tell to be missing; the same."""
    connection = next(one for one in await connections(firm.desk) if one.vendor == "servicenow")
    shown = (await fields(firm.desk, connection)).findings
    told = [f"{one.sentence} {one.action}" for one in shown if one.verdict is Verdict.MISSING]
    checked = (await check(firm.desk, connection)).findings
    assert told and set(told) <= {f"{one.sentence} {one.action}" for one in checked if one.verdict is Verdict.MISSING}
    return told


@pytest.mark.parametrize("case", CASES)
async def test_what_is_lost_while_it_runs_is_told_and_all_goes_on_by_itself(
    database: Database, tmp_path: Path, case: str
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        lost = CASES[case]
        mend = lost.lose(firm)
        bill = firm.bill(firm.line("10.00"), firm.line("20.00", "Boston Tax"))
        await firm.sync(quiet=False, rounds=4)
        said = await problem(firm)
        one_sentence(said, "Nothing is written", ADMIN, *lost.words)
        for one in await missing(firm):
            one_sentence(one)
        assert said.removeprefix("Nothing is written").rstrip(".") in await firm.why("bills", bill.document_id)
        assert (await firm.end("bills", bill.document_id))[0] == "staged" and await rejected(firm) == 0
        tried = len(firm.rows(HEADERS))
        await firm.sync(quiet=False, rounds=4)
        assert len(firm.rows(HEADERS)) == tried  # nothing more is tried as long as it is so

        mend()
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "") and await problem(firm) == ""
        assert [firm.amount(one, "sub_total") for one in firm.lines(bill)] == [10, 20]
        [keys] = [
            [one["third_party_import_id"] for one in firm.rows(INVOICE_LINES, invoice=firm.invoice(bill)["sys_id"])]
        ]
        assert len(keys) == len(set(keys)) == 2


async def test_a_choice_that_is_lost_is_told_by_the_next_daily_look(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()

        def inactive(value: str) -> None:
            firm.there("set", table="sys_choice", where={"value": "non_po_invoice"}, values={"inactive": value})

        inactive("true")
        firm.jump(days=1, hours=1)
        bill = firm.bill()
        await firm.sync(quiet=False, rounds=4)
        said = await problem(firm)
        one_sentence(said, "sn_shop_invoice.type has no choice 'non_po_invoice'", "it has:", "Set type_non_po", ADMIN)
        assert firm.invoices(bill) == [] and await rejected(firm) == 0
        inactive("false")
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "") and await problem(firm) == ""


async def test_a_batch_that_is_too_large_for_the_instance_goes_in_parts(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        assert firm.sandbox.servicenow is not None
        await firm.sync()
        firm.sandbox.servicenow.set_switches({"largest_body": 9_000})
        bill = firm.bill(*(firm.line(f"{n}.00") for n in range(1, 41)))
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "") and await problem(firm) == ""
        assert len(firm.lines(bill)) == 40
