"""Who may ask: tokens, scopes, roles, and two companies that never see each other."""

from __future__ import annotations

import logging

import psycopg
import pytest
from service_ledger import Company
from web_client import Api, previewed, settled, token

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.api_tokens import create_token, list_tokens, revoke_token
from ml_connector.web.api import access

pytestmark = pytest.mark.anyio
EVERYTHING = [
    ("GET", "/records"), ("GET", "/records/1"), ("GET", "/plans"), ("GET", "/receivables"), ("GET", "/status"),
    ("POST", "/replays"), ("POST", "/replays/preview"), ("POST", "/approvals"), ("GET", "/nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), EVERYTHING)
async def test_nothing_is_answered_without_a_token(api: Api, company: Company, method: str, path: str) -> None:
    for found in (
        await api.call(method, path, data=b"{no json"),
        await api.as_("mlc_1_1_" + "x" * 43).call(method, path),
        await api.as_("whatever").call(method, path),
    ):
        assert found.status == 401 and found.headers["www-authenticate"] == "Bearer"
        assert found.headers["content-type"] == "application/problem+json"
        assert found.detail.startswith("The token is not valid: unknown, expired or revoked.")


async def test_the_description_is_open_and_names_everything(api: Api) -> None:
    found = await api.get("/openapi.json")
    assert found.status == 200
    for method, path in EVERYTHING[:-1]:
        shown = path.replace("/1", "/{record_id}")
        assert method.lower() in found.body["paths"][f"/api/v1{shown}"]
    schemas = found.body["components"]["schemas"]
    assert schemas["Record"]["properties"]["amount"] == {"type": "string", "format": "decimal"}
    text = str(found.body)
    for used in {part.split("'")[0] for part in text.split("#/components/schemas/")[1:]}:
        assert used in schemas


async def test_a_token_that_is_revoked_or_has_expired_is_worth_nothing(api: Api, company: Company) -> None:
    mine = api.as_(await token(company, "read", name="report"))
    assert (await mine.get("/status")).status == 200
    (listed,) = await list_tokens(company.desk)
    assert listed.used_at is not None and listed.revoked_at is None
    await revoke_token(company.desk, "report")
    assert (await mine.get("/status")).status == 401
    with pytest.raises(Refused, match="was revoked already, by cli/anna on"):
        await revoke_token(company.desk, "report")
    short = api.as_((await create_token(company.desk, "report", ["read"], "viewer", days=1)).token)
    assert (await short.get("/status")).status == 200
    async with company.desk.changing() as change:
        await change.run("update api_token set expires_at = now() - interval '1 second'")
    assert (await short.get("/status")).status == 401


async def test_a_scope_that_is_missing_is_told(api: Api, company: Company) -> None:
    await previewed(company, "1")
    reader = api.as_(await token(company, "read"))
    for path, body in (("/replays", {"flow": "bills"}), ("/replays/preview", {"flow": "bills"})):
        found = await reader.post(path, body, "k1")
        assert (found.status, found.detail) == (
            403, "This token has no scope replay; make one that has, with 'ml-connector token create'."
        )  # fmt: skip
    plans = (await reader.get("/plans")).body["plans"]
    shown = [{"record_id": one["record_id"], "digest": one["digest"]} for one in plans]
    found = await reader.post("/approvals", {"plans": shown}, "k1")
    assert found.status == 403 and "no scope approve" in found.detail
    assert (await api.as_(await token(company, "replay")).get("/records")).status == 403


async def test_a_role_holds_whatever_the_scopes(api: Api, company: Company) -> None:
    for scope, role in (("approve", "bookkeeper"), ("replay", "viewer"), ("replay", "operator")):
        with pytest.raises(BadInput, match=f"The scope {scope} is of no use to a token in the role {role}"):
            await create_token(company.desk, "x", [scope], role)
    for wrong, told in (
        (("x", ["write"], "viewer"), "There is no scope 'write'; there are read, replay, approve"),
        (("x", [], "viewer"), "at least one scope"), (("x", ["read"], "king"), "There is no role 'king'"),
        ((" ", ["read"], "viewer"), "needs a name"), (("3", ["read"], "viewer"), "cannot be named '3'"),
        (("#3", ["read"], "viewer"), "cannot be named '#3', which may be another's number"),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=told):
            await create_token(company.desk, *wrong)
    with pytest.raises(NotFound, match="There is no token 'gone'"):
        await revoke_token(company.desk, "gone")
    await previewed(company, "1")
    mine = await token(company, "replay", role="bookkeeper")
    async with company.desk.changing() as change:  # somebody takes the role away
        await change.run("update api_token set role = 'viewer'")
    found = await api.as_(mine).post("/replays", {"flow": "bills"}, "k1")
    assert found.status == 403 and "is viewer here, and this needs bookkeeper or owner" in found.detail


async def test_an_operator_reads_the_status_and_no_document(api: Api, company: Company) -> None:
    await previewed(company, "1")
    mine = api.as_(await token(company, "read", role="operator"))
    assert (await mine.get("/status")).body["integrations"][0]["flows"]
    for path in ("/records", "/records/1", "/plans"):
        found = await mine.get(path)
        assert found.status == 403 and "is operator here, and this needs" in found.detail


async def test_a_busy_database_is_no_defect_where_the_token_is_looked_up(
    api: Api, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = api.as_(await token(company, "read"))

    async def busy(*_: object) -> None:
        raise psycopg.OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(access, "caller", busy)
    found = await mine.get("/status")
    assert (found.status, found.detail) == (503, "The database is busy: nothing was saved; try it again.")


async def test_two_companies_never_see_each_other(api: Api, company: Company, other: Company) -> None:
    await previewed(company, "1", "2")
    await previewed(other, "3")
    scopes = ("read", "replay", "approve")
    mine, theirs = api.as_(await token(company, *scopes)), api.as_(await token(other, *scopes))
    plans = (await theirs.get("/plans", flow="bills")).body["plans"]
    (record,) = (one["record_id"] for one in plans)
    assert {one["number"] for one in (await mine.get("/records", flow="bills")).body["records"]} == {"INV-1", "INV-2"}
    assert (await mine.get(f"/records/{record}")).status == 404
    assert (await theirs.get(f"/records/{record}")).status == 200
    assert (await mine.post("/replays", {"record": f"#{record}"}, "k1")).status == 404
    shown = {"plans": [{"record_id": record, "digest": plans[0]["digest"]}]}
    found = await mine.post("/approvals", shown, "k2")
    assert found.body["record_ids"] == [] and found.body["refused"][0]["sentence"] == f"There is no record #{record}."
    await settled(other)
    assert other.books.written == []
    # A token that names the other company proves nothing there.
    forged = mine.token.replace(f"mlc_{company.desk.tenant_id}_", f"mlc_{other.desk.tenant_id}_")
    assert forged != mine.token and (await api.as_(forged).get("/status")).status == 401
    # The same key of another token is another request.
    assert (await theirs.post("/replays", {"record": f"#{record}"}, "k1")).status == 200


async def test_no_secret_is_kept_logged_or_told(
    api: Api, company: Company, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    made = await token(company, "read", name="report")
    secret = made.rpartition("_")[2] if made.count("_") == 3 else made.split("_", 3)[3]
    mine = api.as_(made)
    answers = [
        await mine.get("/status"), await mine.get("/records", nothing=secret), await mine.get("/records/0"),
        await mine.call("GET", f"/{secret}"), await api.call("GET", f"/records?token={secret}"),
        await mine.post("/replays/preview", {"flow": secret}),
    ]  # fmt: skip
    assert [one.status for one in answers] == [200, 400, 400, 404, 401, 403]
    assert all(secret.encode() not in one.raw for one in answers)
    printed = "".join(capfd.readouterr())
    assert secret not in printed and secret not in caplog.text
    async with company.desk.looking() as reading:
        kept = await reading.all("select token_id, name, digest::text from api_token")
        trail = await reading.all("select body, actor, kind from audit_event where kind like 'token%%'")
    assert secret not in str(kept) and [row[1:] for row in trail] == [("cli/anna", "token created")]
    assert secret not in repr(await create_token(company.desk, "other", ["read"], "viewer"))
