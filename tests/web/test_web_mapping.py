"""``/mapping``, ``/coverage``, ``/differences``: tables in and out, one row, suggestions, surveys, what a file would do."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from service_ledger import TITAN, Company, bill
from web_client import Api, token

from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.lanes import questions
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.connections import Connection
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping import surveying
from ml_connector.service.mapping.surveying import _begin
from ml_connector.service.working import Work

pytestmark = pytest.mark.anyio
HEADER = "source_key,target_key,valid_from,valid_until\n"


@pytest.fixture
async def mine(api: Api, company: Company) -> Api:
    """A company with two bills that wait for the rows of their accounts, and a token that may map."""
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1"), bill("2", account="6100"))
    for _ in range(2):
        await company.plan()
    return api.as_(await token(company, "read", "replay"))


async def test_tables_rows_and_files(mine: Api) -> None:
    listed = (await mine.get("/mapping")).body["tables"]
    named = [one["table"] for one in listed]
    assert named == [table.name for table in INTEGRATION.tables]
    text = (await mine.get("/mapping/accounts/csv")).body["csv"]
    assert text.splitlines()[1] == "5100,Materials,,,,,"
    done = await mine.post("/mapping/accounts/csv", {"csv": f"{HEADER}5100,a1,,\n6100,6100,2026-01-01,\n"}, "k1")
    assert (done.status, done.body["added"], done.body["released"]) == (200, 2, 2), done.body
    again = await mine.post("/mapping/accounts/csv", {"csv": f"{HEADER}5100,a1,,\n6100,6100,2026-01-01,\n"}, "k1")
    assert again.body == done.body and again.headers["idempotency-replayed"] == "true"
    rows = (await mine.get("/mapping/accounts")).body["rows"]
    assert [(one["key"], one["value"], one["name"], one["valid_from"]) for one in rows] == [
        ("5100", "a1", "5100 Job Materials", None), ("6100", "a2", "6100 Small Tools", "2026-01-01"),
    ]  # fmt: skip


async def test_a_file_is_refused_with_all_its_faults(mine: Api) -> None:
    for path, key in (("/mapping/accounts/csv", "k2"), ("/mapping/accounts/simulations", "")):
        wrong = await mine.post(path, {"csv": f"{HEADER}5100,zzz,,\n6100,a2,nonsense,\n9999,a1,,\n"}, key)
        assert wrong.status == 400 and "3 faults, and nothing was changed" in wrong.detail, wrong.body
        assert [one["where"] for one in wrong.body["errors"]] == ["line 2", "line 3", "line 4"]
    assert (await mine.get("/mapping/accounts")).body["rows"] == []


async def test_one_row_for_some_days_and_its_history(mine: Api) -> None:
    await mine.post("/mapping/accounts/rows", {"key": "5100", "value": "a1", "note": "as agreed"}, "k3")
    set_ = await mine.post("/mapping/accounts/rows", {"key": "5100", "value": "a2", "valid_from": "2026-10-01"}, "k4")
    assert set_.body["row"]["span"] == "from 2026-10-01 on" and set_.body["row"]["was"] == "a1"
    found = (await mine.get("/mapping/accounts/history", key="5100")).body["changes"]
    assert [(one["was"], one["value"], one["note"]) for one in found][-1] == ("", "a1", "as agreed")
    gone = await mine.post("/mapping/accounts/rows", {"key": "5100"}, "k5")
    assert gone.body["removed"] == 2
    assert (await mine.post("/mapping/accounts/rows", {"key": "5100"}, "k6")).status == 404
    assert (await mine.post("/mapping/accounts/rows", {"key": "5100", "value": "zzz"}, "k7")).status == 400


async def test_suggestions_coverage_and_what_a_file_would_do(mine: Api, company: Company) -> None:
    found = (await mine.get("/mapping/accounts/suggestions")).body["open"]
    assert [(one["key"], one["candidates"][0]["value"]) for one in found] == [("5100", "a1"), ("6100", "a2")]
    assert (await mine.get("/coverage")).status == 404
    await _begin(company.desk, company.integration)
    covered = await mine.get("/coverage")
    assert (covered.body["documents"], covered.body["percent"]) == (0, "100") and covered.body["left"] > 0
    seen = (await mine.post("/mapping/accounts/simulations", {"csv": f"{HEADER}5100,a1,,\n"})).body
    assert seen["rows"][0]["key"] == "5100" and seen["goes_on"]["count"] + seen["rows"][0]["waits"] == 1
    assert seen["waits"] == {"vendor_pending": 1}, seen
    assert (await mine.get("/mapping/accounts")).body["rows"] == []


async def test_a_survey_is_read_part_by_part_and_counted(
    api: Api, mine: Api, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lane is played: it reads what the source has, once it is asked."""
    questions_: list[str] = []

    async def asked(desk: Desk, connection: Connection, what: str, work: Work, seconds: float) -> bytes:
        questions_.append(connection.vendor)
        return msgspec.json.encode(
            await questions._answer(await company.lane(company.source, company.titan, TITAN), what)
        )

    @asynccontextmanager
    async def working(_: Runtime) -> AsyncIterator[Work]:
        yield Work(None)

    monkeypatch.setattr(surveying, "asked", asked)
    monkeypatch.setattr(surveying, "working", working)
    day = company.desk.clock.now().date() - dt.timedelta(days=5)
    company.titan.lists["bills"] = (bill("1", date=day), bill("2", date=day, account="6100"))
    done = await mine.post("/coverage/surveys", {}, "s1")
    assert (done.status, done.body["left"], done.body["documents"], done.body["spared"]) == (200, 0, 2, False), (
        done.body
    )
    assert (await mine.post("/coverage/surveys", {}, "s1")).body == done.body and questions_ == ["servicetitan"]
    assert (await mine.get("/coverage")).body["documents"] == 2
    assert (await mine.post("/coverage/surveys", {})).status == 400, "no key"
    company.titan.lists["bills"] = (bill("1", date=day),)
    told: list[surveying.SurveyState] = []
    again = await surveying.survey(company.desk, company.integration, told.append)
    assert told == [again] and again.documents == 1, "what was read to its end is read anew"
    reader = api.as_(await token(company, "read", name="looks"))
    assert (await reader.post("/coverage/surveys", {}, "s2")).status == 403


async def test_what_a_table_takes_and_in_what_linked_entries_differ(mine: Api) -> None:
    found = (await mine.get("/mapping/accounts/targets")).body["targets"]
    assert [(one["value"], one["number"], bool(one["refused"])) for one in found] == [
        ("a1", "5100", False), ("a2", "6100", False), ("a3", "5900", True),
    ]  # fmt: skip
    assert [one["value"] for one in (await mine.get("/mapping/accounts/targets", text="small")).body["targets"]] == [
        "a2"
    ]
    assert (await mine.get("/mapping/colours/targets")).status == 404
    items = (await mine.get("/differences/items")).body
    assert items == {"flow": "items", "linked": 0, "differing": []}
    assert (await mine.get("/differences/bills")).status == 400
    assert (await mine.get("/differences/colours")).status == 404


async def test_who_may_and_what_is_wrong(api: Api, mine: Api, company: Company) -> None:
    assert (await api.get("/mapping")).status == 401
    reader = api.as_(await token(company, "read", name="looks"))
    assert (await reader.post("/mapping/accounts/rows", {"key": "5100", "value": "a1"}, "k")).status == 403
    assert (await reader.post("/mapping/accounts/simulations", {"csv": f"{HEADER}5100,a1,,\n"})).status == 200
    assert (await mine.get("/mapping/colours")).status == 404
    assert (await mine.post("/mapping/accounts/rows", {"key": "", "value": "a1"}, "k8")).status == 400
    assert (await mine.post("/mapping/accounts/rows", {"key": "5100", "value": "a1"})).status == 400, "no key"
    described = (await mine.get("/openapi.json")).body
    assert {"/api/v1/mapping/{table}/simulations", "/api/v1/coverage"} <= described["paths"].keys()
    assert {"Targets", "Target", "SurveyState", "Differences"} <= described["components"]["schemas"].keys()
    assert {"Simulated", "PlanChange", "Coverage", "OpenKey", "History", "TableRows"} <= described["components"][
        "schemas"
    ].keys()
