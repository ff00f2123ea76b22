"""``/mapping`` and ``/coverage``: tables in and out, one row, suggestions, history and what a file would do."""

from __future__ import annotations

import pytest
from service_ledger import Company, bill
from web_client import Api, token

from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.surveying import _begin

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
    assert set_.body["row"]["span"] == "from 2026-10-01 for ever" and set_.body["row"]["was"] == "a1"
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
    assert {"Simulated", "PlanChange", "Coverage", "OpenKey", "History", "TableRows"} <= described["components"][
        "schemas"
    ].keys()
