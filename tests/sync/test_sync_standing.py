"""What an answer says of the documents that steps would change: shown, gone, or not to be read at the moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice
from ml_connector.connectors.reading import UNIDENTIFIED, Page, Reading, Row
from ml_connector.connectors.writing import AFTER_UNREAD, Action, Later, Unread
from ml_connector.connectors.xero.connector import Xero
from ml_connector.sync import standing as module
from ml_connector.sync.directory import content_hash
from ml_connector.sync.intents import IntendedStep
from ml_connector.sync.lane import Slice
from ml_connector.sync.refused import put_off
from ml_connector.sync.standing import LOST_AT_MOST, standing
from ml_connector.transport.errors import AnswerLost
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 7, 1, 15, 0, tzinfo=UTC)


def guid(n: int) -> str:
    return f"{n:08x}-0000-4000-8000-000000000000"


def shown(n: int) -> Row:
    return Row(guid(n), b"{}", Invoice(guid(n), Ref("c"), ZERO))


def steps(entity: str, action: Action, count: int = 3) -> list[Any]:
    """Steps on documents 1, 2, ... as they were planned from what ``shown`` shows."""
    base = content_hash(Invoice(guid(1), Ref("c"), ZERO))
    bases = [content_hash(Invoice(guid(n), Ref("c"), ZERO)) for n in range(1, count + 1)]
    assert base == bases[0]
    return [
        SimpleNamespace(intent_id=n, step=IntendedStep(entity, action, f"r{n}", b"{}", target_id=guid(n), base=bases[n - 1]))
        for n in range(1, count + 1)
    ]  # fmt: skip


class Answering:
    """A connector that gives these rows, one list for each reading; the last again and again."""

    def __init__(self, *answers: list[Row]) -> None:
        self.answers, self.asked = list(answers), 0

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        rows = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        yield Page(tuple(row for row in rows if row.id in reading.ids or not row.identified), b"", last=True)


class Spoiling(Answering):
    """A connector that gives no answer to a reading of these documents, and shows all others."""

    def __init__(self, *spoilt: int) -> None:
        super().__init__([shown(n) for n in range(1, 51)])
        self.spoilt = {guid(n) for n in spoilt}

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        if self.spoilt.intersection(reading.ids):
            self.asked += 1
            raise AnswerLost("the connection broke")
        async for page in super().read(session, reading):
            yield page


class Maintenance:
    """A session whose every answer is a page for people."""

    organisation = "o"

    def __init__(self) -> None:
        self.settings: dict[str, str] = {}

    async def send(self, request: Request) -> Answer:
        return Answer(200, {"content-type": "text/html"}, b"<html>maintenance</html>", NOW)


async def of(
    connector: Any, group: list[Any], session: object = None, seconds: float = 60.0
) -> tuple[list[int], dict[int, Any]]:
    lane: Any = SimpleNamespace(connector=connector, session=session, slice=Slice(seconds))
    found = await standing(lane, group)
    return [one.intent_id for one in found.go], found.others


@pytest.fixture(autouse=True)
def filed(monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """What was filed as gone, call by call; nothing of it is kept."""
    found: list[set[str]] = []

    async def file_gone(lane: object, entity: str, ids: set[str]) -> None:
        if ids:
            found.append(ids)

    monkeypatch.setattr(module, "file_gone", file_gone)
    return found


@pytest.mark.parametrize(("entity", "action"), [("invoices", Action.UPDATE), ("payments", Action.VOID)])
async def test_an_odd_answer_refuses_nothing(entity: str, action: Action) -> None:
    go, others = await of(Xero(), steps(entity, action), Maintenance())
    assert not go and all(isinstance(one, Later) and one.seconds == AFTER_UNREAD for one in others.values())


async def test_only_what_two_clear_answers_do_not_show_is_gone(filed: list[set[str]]) -> None:
    go, others = await of(Answering([shown(1)]), steps("invoices", Action.UPDATE))
    assert go == [1] and [type(one) for one in others.values()] == [Later, Later]
    assert filed == [{guid(2), guid(3)}]
    go, others = await of(Answering([], [shown(1), shown(2)]), steps("invoices", Action.UPDATE))
    assert go == [1, 2] and type(others[3]) is Later and filed[1:] == [{guid(3)}]


@pytest.mark.parametrize("id_", [guid(2), f"{UNIDENTIFIED}x"])
async def test_what_cannot_be_read_is_not_gone(id_: str) -> None:
    unread = Row(id_, b"?", None, problem="It shows no total.")
    go, others = await of(Answering([shown(1), unread]), steps("invoices", Action.UPDATE, 2))
    assert go == [1] and isinstance(others[2], Later)


async def test_one_document_that_spoils_every_reading_holds_up_itself_alone() -> None:
    connector = Spoiling(17)
    go, others = await of(connector, steps("invoices", Action.UPDATE, 50))
    assert len(go) == 49 and list(others) == [17] and isinstance(others[17], Unread)
    assert others[17].said == "the connection broke" and connector.asked < 15


async def test_a_vendor_in_trouble_is_not_asked_for_ever() -> None:
    connector = Spoiling(*range(1, 51))
    go, others = await of(connector, steps("invoices", Action.UPDATE, 50))
    assert not go and all(isinstance(one, Unread) for one in others.values())
    assert connector.asked <= 2 * LOST_AT_MOST
    connector = Spoiling(17)  # and an answer that was waited for until the slice was over, only once
    assert not (await of(connector, steps("invoices", Action.UPDATE, 50), seconds=-1.0))[0] and connector.asked == 1


async def test_a_change_whose_document_could_not_be_read_stops_nothing_else() -> None:
    unread, later = Unread("it could not be read", AFTER_UNREAD, said="It shows no name."), Later("too many calls", 7.0)
    lane = cast(Any, SimpleNamespace())  # nothing of it is touched where no right is missing
    assert await put_off(lane, cast(Any, [None, None]), [unread, later]) == [later]
    assert await put_off(lane, cast(Any, [None]), [unread]) == []
