"""Rows that are there and hidden: what is not shown is never taken for not there, and never made a second time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servicenow_script import ScriptedSession, Tables, company, sys_id
from test_sn_paging import all_of, centers, ids
from test_sn_write import HEAD, LINE, step

from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance
from ml_connector.connectors.writing import Done, Later
from ml_connector.transport.errors import NotPermitted
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

TWO_WAYS = pytest.mark.parametrize("batch", ["yes", "no"])


async def taken_in() -> Tables:
    """An instance with one bill that was sent before."""
    tables = company()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    tables.posted.clear()
    return tables


def hide(tables: Tables, *names: str) -> None:
    tables.hidden |= {row["sys_id"] for name in names for row in tables.rows[name]}


@TWO_WAYS
async def test_hidden_staged_rows_send_nothing_and_say_who_gives_the_right(batch: str) -> None:
    tables = await taken_in()
    hide(tables, HEAD, LINE)
    outcome = await CONNECTOR.write(ScriptedSession(tables, {"batch": batch}), step())
    assert isinstance(outcome, Later) and outcome.forbidden and tables.posted == []
    assert HEAD in outcome.why and "1 rows" in outcome.why and "import_admin" in outcome.why
    tables.hidden.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables, {"batch": batch}), step()), Done)
    assert tables.posted == []


@TWO_WAYS
async def test_a_hidden_record_whose_staged_rows_are_cleared_is_not_made_again(batch: str) -> None:
    tables = await taken_in()
    for name in tables.rows:
        if name.startswith("sn_spend_intg_imp"):
            tables.rows[name] = []
    hide(tables, "sn_shop_invoice")
    outcome = await CONNECTOR.write(ScriptedSession(tables, {"batch": batch}), step())
    assert isinstance(outcome, Later) and outcome.forbidden and tables.posted == []
    assert "sn_shop_invoice" in outcome.why and "second time" in outcome.why


@TWO_WAYS
async def test_rows_hidden_within_a_full_first_page_do_not_end_a_look_up(batch: str) -> None:
    """Together with others, too: the count stands in the headers of each answer within the Batch call."""
    tables = centers(list(range(12)))
    tables.hidden = {sys_id(n) for n in range(1, 5)}
    asked = [Query("cmn_cost_center", query, ("sys_id",), limit=5) for query in ("ORDERBYsys_id", "ORDERBYDESCsys_id")]
    first, second = await Instance(ScriptedSession(tables, {"batch": batch})).every(asked)
    shown = [sys_id(n) for n in range(5, 13)]
    assert [row["sys_id"] for row in first] == shown
    assert [row["sys_id"] for row in second] == shown[::-1]


async def test_a_look_up_of_the_uncertain_that_may_be_hidden_proves_no_absence() -> None:
    tables = await taken_in()
    hide(tables, HEAD)
    with pytest.raises(NotPermitted, match="shows the integration user 0"):
        await CONNECTOR.find(ScriptedSession(tables), step())


def uncounted(tables: Tables, *, singly: bool) -> Callable[[Request], Answer]:
    """No count in Batch calls, and with ``singly`` none outside them either."""

    def played(request: Request) -> Answer:
        tables.counted = not singly and not request.path.endswith("/batch")
        return tables(request)

    return played


async def test_where_a_batch_tells_no_count_look_ups_go_singly() -> None:
    tables = await taken_in()
    hide(tables, HEAD)
    session = ScriptedSession(uncounted(tables, singly=False))
    outcome = await CONNECTOR.write(session, step())
    assert isinstance(outcome, Later) and outcome.forbidden and tables.posted == []
    assert {request.path.rpartition("/")[2] for request in session.requests} >= {"batch", HEAD}


async def test_where_no_count_is_told_nothing_is_sent_unless_the_setting_takes_the_risk() -> None:
    tables = company()
    refused = await CONNECTOR.write(ScriptedSession(uncounted(tables, singly=True)), step())
    assert isinstance(refused, Later) and refused.forbidden and tables.posted == []
    assert "X-Total-Count" in refused.why and "unseen_rows=accept" in refused.why
    session = ScriptedSession(uncounted(tables, singly=True), {"unseen_rows": "accept"})
    assert isinstance(await CONNECTOR.write(session, step()), Done)
    assert {request.path for request in session.requests} == {"/api/now/v1/batch"}


async def test_what_is_counted_as_hidden_is_refused_whatever_the_setting_says() -> None:
    tables = await taken_in()
    hide(tables, HEAD)
    outcome = await CONNECTOR.write(ScriptedSession(tables, {"unseen_rows": "accept"}), step())
    assert isinstance(outcome, Later) and outcome.forbidden and tables.posted == []


# --- lists of what is made from here ---------------------------------------------------------------------------------


async def walked(tables: Tables, cursor: bytes | None = None) -> list[Page]:
    return await all_of(CONNECTOR.read(ScriptedSession(tables, {"page_rows": "3"}), Reading("dimensions", cursor)))


async def test_one_hidden_cost_centre_stops_the_list_and_the_next_reading_begins_there() -> None:
    tables = centers(list(range(8)))
    tables.hidden = {tables.rows["cmn_cost_center"][4]["sys_id"]}
    walk = CONNECTOR.read(ScriptedSession(tables, {"page_rows": "3"}), Reading("dimensions"))
    first = await anext(walk)
    with pytest.raises(NotPermitted, match=r"hides rows of cmn_cost_center.*integration_user.*unseen_rows=accept"):
        await anext(walk)
    tables.hidden.clear()
    rest = await walked(tables, first.cursor)
    assert len(first.rows) == 3
    assert sorted({*ids([first]), *ids(rest)}) == sorted(row["sys_id"] for row in tables.rows["cmn_cost_center"])
    assert rest[-1].complete


async def test_a_page_that_was_counted_before_a_row_was_deleted_is_asked_again() -> None:
    tables = centers(list(range(3)))
    gone = tables.rows["cmn_cost_center"][1]
    tables.hidden = {gone["sys_id"]}
    session = ScriptedSession(tables, {"page_rows": "5"})
    answer = tables.__call__

    def delete_after(request: Request) -> Answer:
        shown = answer(request)
        tables.rows["cmn_cost_center"] = [row for row in tables.rows["cmn_cost_center"] if row is not gone]
        return shown

    session.script = delete_after
    found = await all_of(CONNECTOR.read(session, Reading("dimensions")))
    assert len(ids(found)) == 2 and found[-1].complete and len(session.requests) == 2


async def test_hidden_documents_stop_no_list_since_somebody_may_be_shown_their_own_alone() -> None:
    tables = await taken_in()
    tables.add("sn_shop_invoice", state="draft")
    hide(tables, "sn_shop_invoice")
    tables.hidden.pop()
    found = await all_of(CONNECTOR.read(ScriptedSession(tables), Reading("bills")))
    assert len(ids(found)) == 1 and not found[-1].complete
