"""Zoho Books read in full detail, on the sandbox: every row whole, a call each, and none twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract_set import Set, Sets

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill, BillState, Expense
from ml_connector.canonical.sales import Invoice
from ml_connector.canonical.tie_out import difference, invoiced_total
from ml_connector.transport.messages import Request

pytestmark = pytest.mark.anyio
LONG_AGO = timedelta(hours=5)
YES = {"details": "yes"}


def details(set: Set, path: str) -> list[str]:
    """The ids that are asked for alone from now on."""
    asked: list[str] = []

    def before(request: Request) -> None:
        head, _, id_ = request.path.partition(f"{path}/")
        if id_ and not head.strip("/"):
            asked.append(id_)

    set.line.wire.before = before
    return asked


@pytest.mark.parametrize("entity", ["bills", "vendor_credits", "parties", "invoices", "credit_notes"])
@pytest.mark.parametrize("resumed", [False, True], ids=["one go", "page by page"])
async def test_each_document_is_asked_for_once_and_only_changes_again(
    playing: Sets, entity: str, resumed: bool
) -> None:
    async with playing("zoho_books") as set:
        old = set.stage.fill(entity, 45, set.line.clock.now() - LONG_AGO)
        asked = details(set, set.stage.lists(entity))
        first = await set.line.walk(entity, resumed=resumed, **YES)
        assert first.problems == [] and {*old} <= {*first.ids}
        assert len(asked) == len({*asked}) and {*old} <= {*asked}
        for document in first.documents.values():
            assert isinstance(document, Bill | Invoice | Party)
            if isinstance(document, Bill) and document.state is not BillState.DRAFT:
                assert document.complete and document.status and difference(document) == 0
            if isinstance(document, Invoice):
                assert document.complete and invoiced_total(document) == document.total
        asked.clear()
        quiet = await set.line.walk(entity, first.cursor, resumed=resumed, **YES)
        set.stage.clock.skip(3600)
        set.stage.touch(entity, old[2])
        third = await set.line.walk(entity, quiet.cursor, resumed=resumed, **YES)
        assert (quiet.ids, third.ids, asked) == ([], [old[2]], [old[2]])


@pytest.mark.parametrize("entity", ["payments", "items", "expenses"])
async def test_a_list_that_is_read_whole_is_whole_in_detail_each_time(playing: Sets, entity: str) -> None:
    """It proves what is gone, so nothing may be left out of it, though each row costs a call every time."""
    async with playing("zoho_books") as set:
        old = set.stage.fill(entity, 25, set.line.clock.now() - LONG_AGO)
        first = await set.line.walk(entity, **YES)
        again = await set.line.walk(entity, first.cursor, **YES)
        assert {*old} <= {*first.ids} == {*again.ids} and first.complete and again.complete
        for document in first.documents.values():
            assert not isinstance(document, Expense) or (document.complete and document.lines)
