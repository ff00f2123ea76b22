"""A look-up over several pages: a removal between two of them hides nothing, and a list that never rests proves nothing."""

from __future__ import annotations

from decimal import Decimal

import pytest
from zoho_script import Rows, ScriptedSession, bill_row

from ml_connector.connectors.errors import Unsettled
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.find import _candidates
from ml_connector.connectors.zoho_books.resources import RESOURCES

pytestmark = pytest.mark.anyio

STEP = Step("bills", Action.CREATE, "T-42", b"{}", party_id="98001", number="B-1", total=Decimal(1))


def many(count: int) -> Rows:
    return Rows(
        "bills", "bill_id", [bill_row(1, n, bill_id=str(n), vendor_id="98001") for n in range(1000, 1000 + count)]
    )


async def found(rows: Rows) -> set[str]:
    return set(await _candidates(Books(ScriptedSession(rows)), RESOURCES["bills"], STEP))


async def test_one_that_slips_to_the_page_before_is_found() -> None:
    rows = many(250)
    rows.default_sort = ("bill_id", "A")

    def removed(calls: int) -> None:
        if calls == 2:
            del rows.rows[0]

    rows.before = removed
    assert await found(rows) == {str(n) for n in range(1001, 1250)}


async def test_one_page_is_asked_once() -> None:
    rows = many(200)
    assert len(await found(rows)) == 200 and rows.calls == 1


async def test_what_never_rests_proves_nothing() -> None:
    rows = many(250)
    rows.before = lambda calls: rows.rows.__delitem__(0)
    with pytest.raises(Unsettled, match="looked up again"):
        await found(rows)
