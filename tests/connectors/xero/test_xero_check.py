"""Organisations, lock dates, limits and the connection's check."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from xero_script import NOW, ORG, ScriptedSession, answer, envelope, guid

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.scopes import SCOPES
from ml_connector.connectors.xero.zones import zone
from ml_connector.errors import BadInput
from ml_connector.transport.errors import Reconnect
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

OTHER = guid(7, 7)
ROW = {
    "OrganisationID": guid(1, 9),
    "Name": "Demo Plumbing",
    "Version": "NZONRAMP",
    "BaseCurrency": "NZD",
    "CountryCode": "NZ",
    "IsDemoCompany": True,
    "OrganisationStatus": "ACTIVE",
    "FinancialYearEndDay": 31,
    "FinancialYearEndMonth": 3,
    "PeriodLockDate": "/Date(1788134400000+0000)/",
    "EndOfYearLockDate": "/Date(1774915200000+0000)/",
    "Timezone": "NEWZEALANDSTANDARDTIME",
    "Class": "PREMIUM",
}
CONNECTIONS = [
    {"id": "c1", "tenantId": ORG, "tenantType": "ORGANISATION", "tenantName": "Demo Plumbing"},
    {"id": "c2", "tenantId": OTHER, "tenantType": "ORGANISATION", "tenantName": "Second"},
    {"id": "c3", "tenantId": "p", "tenantType": "PRACTICEMANAGER", "tenantName": "Practice"},
]
LEFT = {"x_daylimit_remaining": "4000", "x_minlimit_remaining": "55", "x_appminlimit_remaining": "9990"}


class Company:
    """Answers what the check asks; ``refuse`` gives another answer to paths that begin so."""

    def __init__(self) -> None:
        self.row: dict[str, Any] = dict(ROW)
        self.connections = list(CONNECTIONS)
        self.actions = ["CreateApprovedInvoice", "CreateDraftInvoice", "CreateInvoicePayment"]
        self.left: dict[str, str] = LEFT
        self.refuse: dict[str, Answer] = {}
        self.categories = [{"TrackingCategoryID": guid(1, 5), "Name": "Region", "Status": "ACTIVE", "Options": []}]

    def __call__(self, request: Request) -> Answer:
        for start, given in self.refuse.items():
            if request.path.startswith(start):
                return given
        if request.path.endswith("/connections"):
            assert "Xero-tenant-id" not in request.headers
            return answer(self.connections)
        if request.path == "/Organisation/Actions":
            return answer(envelope("Actions", [{"Name": one, "Status": "ALLOWED"} for one in self.actions]))
        if request.path == "/Organisation":
            return answer(envelope("Organisations", [self.row]), 200, **self.left)
        if request.path == "/TrackingCategories":
            return answer(envelope("TrackingCategories", self.categories))
        return answer(envelope(request.path.strip("/"), []))


def connected(company: Company, **settings: str) -> ScriptedSession:
    session = ScriptedSession(company, settings)
    session.scopes = frozenset(one.name for one in SCOPES)
    return session


async def checked(company: Company, *entities: str, **settings: str) -> dict[str, Finding]:
    found = await CONNECTOR.check(connected(company, **settings), entities)
    assert len({one.subject for one in found}) == len(found)
    assert all(one.action for one in found if one.verdict is Verdict.MISSING)
    return {one.subject: one for one in found}


async def test_the_organisation_as_the_planner_needs_it() -> None:
    found = await CONNECTOR.organisation(connected(Company()))
    assert found == Organisation(
        ORG, "Demo Plumbing", "NZD", "Pacific/Auckland", "NZ", "NZ", "PREMIUM", price_digits=4, rounding="line",
        fiscal_year_start_month=4, locked_through=dt.date(2026, 8, 31), sandbox=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("period", "year", "wanted"),
    [
        (None, None, None),
        ("/Date(1774915200000+0000)/", "/Date(1788134400000+0000)/", dt.date(2026, 8, 31)),
        ("2026-03-31", None, dt.date(2026, 3, 31)),
    ],
)
async def test_the_later_of_both_lock_dates_counts(period: Any, year: Any, wanted: dt.date | None) -> None:
    company = Company()
    company.row |= {"PeriodLockDate": period, "EndOfYearLockDate": year}
    found = await CONNECTOR.organisation(connected(company))
    assert (found.locked_through, found.lock_known) == (wanted, True)


async def test_a_lock_date_that_cannot_be_read_is_not_no_lock() -> None:
    company = Company()
    company.row["PeriodLockDate"] = "sometime"
    assert (await CONNECTOR.organisation(connected(company))).lock_known is False


async def test_every_organisation_of_the_grant_is_listed_by_its_tenant_id() -> None:
    company = Company()
    session = connected(company)
    session.organisation = ""
    found = await CONNECTOR.organisations(session)
    assert [(one.id, one.currency) for one in found] == [(ORG, "NZD"), (OTHER, "NZD")]
    assert [one.headers.get("Xero-tenant-id") for one in session.requests] == [None, ORG, OTHER]
    company.connections = []
    with pytest.raises(BadInput, match="covers no Xero organisation"):
        await CONNECTOR.organisations(session)


async def test_one_organisation_that_refuses_does_not_hide_the_others() -> None:
    company = Company()

    def script(request: Request) -> Answer:
        if request.headers.get("Xero-tenant-id") == OTHER:
            return answer({"Title": "Forbidden"}, 403)
        return company(request)

    session = ScriptedSession(script)
    session.organisation = ""
    found = await CONNECTOR.organisations(session)
    assert [(one.name, one.lock_known) for one in found] == [("Demo Plumbing", True), ("Second", False)]


async def test_a_custom_connection_has_one_organisation_and_names_none() -> None:
    session = connected(Company(), app="custom")
    session.organisation = ""
    (found,) = await CONNECTOR.organisations(session)
    assert found.id == guid(1, 9) and "Xero-tenant-id" not in session.requests[0].headers
    session.organisation = guid(1, 9)
    assert (await CONNECTOR.organisation(session)).id == guid(1, 9)
    session.organisation = ORG
    with pytest.raises(BadInput, match="as a new connection"):
        await CONNECTOR.organisation(session)


async def test_a_disconnected_organisation_has_to_be_connected_again() -> None:
    company = Company()
    company.refuse["/Organisation"] = answer({"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, 403)
    with pytest.raises(Reconnect, match="disconnected the app"):
        await CONNECTOR.organisation(connected(company))
    (only,) = (await checked(company, "invoices")).values()
    assert (only.subject, only.verdict) == ("consent", Verdict.MISSING) and "disconnected" in only.sentence


async def test_a_good_connection_has_nothing_missing() -> None:
    found = await checked(Company(), "invoices", "payments", "parties")
    assert not [one for one in found.values() if one.verdict is not Verdict.GOOD]
    assert "2026-08-31" in found["organisation"].sentence
    assert found["calls today"].sentence.startswith("4000 of 5000")
    assert "55 of 60" in found["calls a minute"].sentence and "9990" in found["calls a minute"].sentence
    assert found["tracking"].sentence == "Active tracking categories: Region."


async def test_what_is_missing_is_named_with_what_to_do() -> None:
    company = Company()
    company.row["OrganisationStatus"] = "TRIALEXPIRED"
    company.actions = ["CreateDraftInvoice"]
    company.left = {"x_daylimit_remaining": "20", "x_minlimit_remaining": "1"}
    company.categories = []
    unscoped = answer({"Title": "Unauthorized"}, 401, www_authenticate="insufficient_scope")
    company.refuse = {"/Payments": unscoped, "/TaxRates": unscoped}
    found = await checked(company, "invoices", "payments", tier="starter")
    assert {subject for subject, one in found.items() if one.verdict is Verdict.MISSING} == {
        "organisation", "permission CreateApprovedInvoice", "permission CreateInvoicePayment", "payments", "tax_codes",
    }  # fmt: skip
    assert "its trial, demo or subscription has ended" in found["organisation"].sentence
    assert found["calls today"].verdict is Verdict.WARNING and "20 of 1000" in found["calls today"].sentence
    assert "accounting.payments" in found["payments"].action
    assert found["tracking"].verdict is Verdict.WARNING


async def test_an_organisation_the_consent_no_longer_reaches_is_told_with_those_it_does() -> None:
    company = Company()
    company.connections = CONNECTIONS[1:]
    found = await checked(company)
    assert found["organisation"].verdict is Verdict.MISSING and f"Second ({OTHER})" in found["organisation"].sentence


async def test_rights_that_were_not_granted_are_missing_where_a_flow_needs_them() -> None:
    session = connected(Company())
    session.scopes = frozenset(["accounting.contacts", "accounting.settings", "accounting.invoices"])
    found = {one.subject: one for one in await CONNECTOR.check(session, ["overpayments"])}
    assert found["right accounting.banktransactions"].verdict is Verdict.MISSING
    assert found["right accounting.payments"].verdict is Verdict.MISSING
    assert found["right accounting.invoices"].verdict is Verdict.GOOD
    session.scopes = frozenset()
    assert "rights" in {one.subject for one in await CONNECTOR.check(session, [])}


async def test_a_wrong_clock_is_told() -> None:
    session = connected(Company())
    session.clock = type(session.clock)(NOW + dt.timedelta(minutes=5), session.clock.anchor, 1e-9)
    found = {one.subject: one for one in await CONNECTOR.check(session, [])}
    assert found["clock"].verdict is Verdict.WARNING and "300 s" in found["clock"].sentence


# --- limits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tier", "day"), [("", 5000), ("starter", 1000), ("core", 5000), ("enterprise", 5000)])
def test_limits_follow_the_apps_tier(tier: str, day: int) -> None:
    found = CONNECTOR.limits(Organisation(ORG, "x"), {"client_id": "C"}, {"tier": tier} if tier else {})
    assert found.concurrency == 5
    assert [(one.calls, one.scope) for one in found.limits] == [(60, ORG), (10_000, "app C"), (day, ORG)]


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (answer(b"", 429, retry_after="26", x_rate_limit_problem="minute"), 26),
        (answer(b"", 429, retry_after="41234", x_rate_limit_problem="day"), 41234),
        (answer(b"", 429, x_rate_limit_problem="concurrent"), 2),
        (answer(b"", 429, x_rate_limit_problem="appminute"), 15),
        (answer(b"", 429), 15),
        (answer(b"", 429, x_rate_limit_problem="day"), 3600),
        (answer(b"", 503, retry_after="5"), None),
        (answer({}), None),
    ],
)
def test_what_says_too_many_calls(given: Answer, seconds: float | None) -> None:
    assert CONNECTOR.throttle(given) == seconds


def test_headers_and_refusals() -> None:
    assert CONNECTOR.day_left({"x-daylimit-remaining": "344"}) == 344
    assert CONNECTOR.day_left({}) is None
    assert CONNECTOR.unauthorised(answer({"Detail": "TokenExpired"}, 401))
    assert not CONNECTOR.unauthorised(answer({}, 401, www_authenticate='error="insufficient_scope"'))
    assert not CONNECTOR.unauthorised(answer({}, 403))


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("EASTERNSTANDARDTIME", "America/New_York"),
        ("USMOUNTAINSTANDARDTIME", "America/Phoenix"),
        ("GMTSTANDARDTIME", "Europe/London"),
        ("AUSEASTERNSTANDARDTIME", "Australia/Sydney"),
        ("UTC", "UTC"),
        ("NEVERSTANDARDTIME", ""),
    ],
)
def test_zones(word: str, wanted: str) -> None:
    assert zone(word) == wanted
