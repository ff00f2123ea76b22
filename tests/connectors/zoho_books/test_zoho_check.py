"""The organisation, its lock date, the dimensions, and what the check tells a person to do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest
from zoho_script import ScriptedSession, answer, bill_row

from ml_connector.canonical.master_data import Dimension
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.organisation import edition, month
from ml_connector.connectors.zoho_books.scopes import SCOPES, granted
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted, Reconnect
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

ORG = {
    "organization_id": "927270289",
    "name": "Nango Dev",
    "currency_code": "USD",
    "time_zone": "America/New_York",
    "country_code": "US",
    "price_precision": 2,
    "plan_name": "Professional",
    "fiscal_year_start_month": "april",
}
FIELD = {"api_name": "cf_ml_connector_ref", "label": "ML reference"}
DENIED = answer({"code": 57, "message": "You are not authorized to perform this operation"}, 401)


def listed(key: str, *rows: Any, fields: tuple[Any, ...] = (), more: bool = False) -> Answer:
    context = {"page": 1, "per_page": 200, "has_more_page": more, "custom_fields": list(fields)}
    return answer({"code": 0, "message": "success", key: list(rows), "page_context": context})


def lock(**more: Any) -> dict[str, Any]:
    return {"transaction_lock_status": "enabled", "transaction_lock_date": "2026-03-31", **more}


GOOD: Mapping[str, Answer] = {
    "/organizations": answer(
        {"code": 0, "organizations": [ORG]}, x_rate_limit_remaining="670", x_rate_limit_limit="1000"
    ),
    "/transactionlocks": listed("transaction_locks", lock(lock_scope_formatted="All")),
    "/reportingtags": answer({"reporting_tags": [{"tag_id": "t", "tag_name": "BU", "is_mandatory": True}]}),
    "/reportingtags/options": answer({"code": 0, "options": [{"option_id": "o", "option_name": "HVAC"}]}),
    "/locations": answer({"code": 0, "locations": [{"location_id": "l", "location_name": "Head Office"}]}),
    "/bills": listed("bills", bill_row(1, 0, bill_id="1"), fields=(FIELD,)),
    "/bills/1": answer({"code": 0, "bill": {**bill_row(1, 0, bill_id="1"), "tax_rounding": "entity_level"}}),
    "/contacts": listed("contacts", fields=(FIELD,)),
}
UNKNOWN = answer({"code": 5, "message": "Invalid URL Passed"}, 404)


def vendor(settings: Mapping[str, str] | None = None, /, **changed: Answer) -> ScriptedSession:
    answers = {**GOOD, **{"/" + name: given for name, given in changed.items()}}

    def script(request: Request) -> Answer:
        return answers.get(request.path, UNKNOWN)

    return ScriptedSession(script, settings)


async def finding(session: ScriptedSession, subject: str) -> Finding:
    found = await CONNECTOR.check(session, ["bills", "parties"])
    return next(one for one in found if one.subject == subject)


async def test_the_organisation_with_its_lock_date() -> None:
    found = await CONNECTOR.organisation(vendor())
    assert (found.currency, found.zone, found.edition, found.plan) == ("USD", "America/New_York", "US", "Professional")
    assert (found.price_digits, found.fiscal_year_start_month) == (2, 4)
    assert found.locked_through == dt.date(2026, 3, 31)


async def test_a_list_that_is_not_offered_any_more_is_missing_and_no_matter_of_consent() -> None:
    off = answer({"code": 110817, "message": "Bills are not enabled."}, 400)
    found = await finding(vendor(None, bills=off), "bills")
    assert found.verdict is Verdict.MISSING and "turn the flow off" in found.sentence and "onsent" not in found.action


async def test_the_lock_date_itself_may_be_set_open() -> None:
    found = await CONNECTOR.organisation(vendor({"lock_date_is_locked": "no"}))
    assert found.locked_through == dt.date(2026, 3, 30)


@pytest.mark.parametrize(
    ("row", "locked"),
    [
        (lock(transaction_lock_module="purchase"), True),
        (lock(), True),
        (lock(transaction_lock_module="sales"), False),
        (lock(transaction_lock_status="disabled"), False),
        (lock(transaction_lock_status="enabled_with_logging"), True),
    ],
)
async def test_only_locks_that_close_purchases_count(row: dict[str, Any], locked: bool) -> None:
    session = vendor(transactionlocks=listed("transaction_locks", row))
    assert bool((await CONNECTOR.organisation(session)).locked_through) is locked


async def test_an_organisation_without_the_lock_endpoint_or_right_is_still_known() -> None:
    for given in (UNKNOWN, DENIED):
        assert (await CONNECTOR.organisation(vendor(transactionlocks=given))).locked_through is None
    session = vendor()
    session.scopes = frozenset(["ZohoBooks.settings.READ"])
    await CONNECTOR.organisation(session)
    assert all(request.path != "/transactionlocks" for request in session.requests)


async def test_what_a_fresh_token_is_refused_concerns_that_alone_unless_it_is_everything() -> None:
    with pytest.raises(NotPermitted, match="does not cover bills, or the role"):
        await anext(aiter(CONNECTOR.read(vendor(bills=DENIED), Reading("bills"))))
    with pytest.raises(Reconnect, match="organizations"):
        await CONNECTOR.organisation(vendor(organizations=DENIED))


async def test_another_organisation_is_refused() -> None:
    session = vendor()
    session.organisation = "1"
    with pytest.raises(BadInput, match="does not reach organisation 1"):
        await CONNECTOR.organisation(session)


def test_months_and_editions() -> None:
    assert [month(word) for word in ("1", "april", "December", "", "13")] == [1, 4, 12, 1, 1]
    assert [edition(code) for code in ("US", "GB", "DE", "IN", "BR")] == ["US", "UK", "EU", "IN", "GLOBAL"]


async def test_everything_good() -> None:
    session = vendor()
    session.scopes = frozenset(scope.name for scope in SCOPES)
    found = await CONNECTOR.check(session, ["bills", "parties"])
    assert [one.subject for one in found if one.verdict is not Verdict.GOOD] == []
    assert {f"right {scope.name}" for scope in SCOPES} <= {one.subject for one in found}
    assert {"consent", "organisation", "clock", "calls today", "reference field of bills", "tax rounding",
            "reporting tags", "transaction lock"} <= {one.subject for one in found}  # fmt: skip


async def test_a_dead_grant_is_the_only_finding() -> None:
    (only,) = await CONNECTOR.check(vendor(organizations=DENIED), ["bills"])
    assert only.verdict is Verdict.MISSING
    assert only.action.startswith("Connect again") and "ZohoBooks.settings.READ" in only.action


async def test_a_missing_scope_is_named() -> None:
    found = await finding(vendor(bills=DENIED), "bills")
    assert found.verdict is Verdict.MISSING and "ZohoBooks.bills.READ" in found.action


async def test_every_right_that_was_not_granted_is_named_with_its_flows_and_the_remedy() -> None:
    session = vendor()
    session.scopes = frozenset(["ZohoBooks.settings.READ", "zohobooks.contacts.all", "ZohoBooks.bills.READ"])
    found = {one.subject: one for one in await CONNECTOR.check(session, ["bills", "parties"])}
    for name in ("ZohoBooks.bills.CREATE", "ZohoBooks.bills.UPDATE"):
        lacking = found[f"right {name}"]
        assert lacking.verdict is Verdict.MISSING
        assert "received orders and inventory bills to bills" in lacking.sentence and "Connect again" in lacking.action
    assert found["right ZohoBooks.invoices.CREATE"].verdict is Verdict.WARNING  # no flow that is on needs it
    assert found["right ZohoBooks.contacts.UPDATE"].verdict is Verdict.GOOD


async def test_rights_that_zoho_did_not_tell_are_not_called_granted() -> None:
    found = await finding(vendor(), "rights")
    assert found.verdict is Verdict.WARNING and "ZohoBooks.bills.CREATE" in found.action


def test_all_of_everything_is_a_right_to_each() -> None:
    assert all(granted(scope.name, ["ZohoBooks.fullaccess.all"]) for scope in SCOPES)
    assert not granted("ZohoBooks.bills.CREATE", ["ZohoBooks.bills.READ", "ZohoBooks.billing.ALL"])


async def test_a_lock_that_cannot_be_read_is_not_called_open() -> None:
    for given in (UNKNOWN, DENIED, answer({"code": 1000, "message": "internal"}, 500), answer(b"<html>", 200)):
        session = vendor(transactionlocks=given)
        known = await CONNECTOR.organisation(session)
        assert (known.locked_through, known.lock_known) == (None, False)
        found = await finding(session, "transaction lock")
        assert found.verdict is Verdict.WARNING
        assert "known before stands" in found.sentence and "settings --set closed_through=" in found.action
    assert (await CONNECTOR.organisation(vendor())).lock_known
    open_ones = vendor(transactionlocks=listed("transaction_locks"))
    assert (await CONNECTOR.organisation(open_ones)).lock_known
    assert (await finding(open_ones, "transaction lock")).verdict is Verdict.GOOD


async def test_a_missing_reference_field_says_how_to_make_it() -> None:
    none = {"settings/fields": answer({"code": 0, "fields": []})}
    found = await finding(vendor(None, contacts=listed("contacts"), **none), "reference field of parties")
    assert found.verdict is Verdict.MISSING and "cf_ml_connector_ref" in found.action


async def test_a_reference_field_that_cannot_be_seen_is_not_called_missing() -> None:
    found = await finding(vendor(contacts=listed("contacts")), "reference field of parties")
    assert found.verdict is Verdict.WARNING and "cf_ml_connector_ref" in found.sentence


async def test_the_field_administration_is_asked_where_it_exists() -> None:
    there = {"settings/fields": answer({"code": 0, "fields": [{**FIELD, "is_unique": False}]})}
    found = await finding(vendor(None, contacts=listed("contacts"), **there), "reference field of parties")
    assert found.verdict is Verdict.MISSING and "duplicates" in found.sentence


async def test_few_calls_left_and_another_rounding_are_warned_of() -> None:
    low = answer({"code": 0, "organizations": [ORG]}, x_rate_limit_remaining="9", x_rate_limit_limit="1000")
    assert (await finding(vendor(organizations=low), "calls today")).verdict is Verdict.WARNING
    assert (await finding(vendor({"tax_rounding": "line"}), "tax rounding")).verdict is Verdict.WARNING


async def test_dimensions_are_tags_and_locations_on_one_page() -> None:
    (page,) = [page async for page in CONNECTOR.read(vendor(), Reading("dimensions"))]
    documents = [row.document for row in page.rows]
    assert page.last and page.complete
    assert [(one.kind, one.name, one.mandatory) for one in documents if isinstance(one, Dimension)] == [
        ("reporting_tag", "HVAC", True),
        ("location", "Head Office", False),
    ]


@pytest.mark.parametrize(
    ("settings", "of", "told"),
    [
        ({}, "", "every line of bills and invoices"),
        ({"purchase_tags": "Other, bu"}, "purchases", "every line of bills and vendor credits: BU"),
        ({"sales_tags": "t"}, "sales", "every line of invoices and credit notes: BU"),
    ],
)
async def test_a_mandatory_tag_is_demanded_of_what_the_settings_say(
    settings: dict[str, str], of: str, told: str
) -> None:
    (page,) = [page async for page in CONNECTOR.read(vendor(settings), Reading("dimensions"))]
    options = [row.document for row in page.rows if isinstance(row.document, Dimension)]
    assert [one.demanded_of for one in options if one.mandatory] == [of]
    found = await finding(vendor(settings), "reporting tags")
    assert told in found.sentence and "business_unit_as=tag" in found.action


async def test_of_two_mandatory_tags_it_is_said_that_a_line_gets_one() -> None:
    both = [{"tag_id": name, "tag_name": name, "is_mandatory": True} for name in ("BU", "Market")]
    found = await finding(vendor(reportingtags=answer({"reporting_tags": both})), "reporting tags")
    assert "BU, Market" in found.sentence and "A line gets one tag" in found.action


async def test_a_plan_without_tags_and_locations_has_no_dimensions() -> None:
    refused = answer({"code": 110817, "message": "not enabled"}, 400)
    (page,) = [
        page async for page in CONNECTOR.read(vendor(reportingtags=refused, locations=refused), Reading("dimensions"))
    ]
    assert page.rows == () and page.complete


@pytest.mark.parametrize("refused", [DENIED, answer({"code": 110817, "message": "not enabled"}, 400)])
async def test_a_plan_without_projects_is_told_where_they_are_wanted(refused: Answer) -> None:
    session = vendor(projects=refused)
    session.settings = {**session.settings, "projects": "yes"}
    found = await finding(session, "projects")
    assert found.verdict is Verdict.WARNING and "neither the plan nor the consent has them" in found.sentence
    assert "ZohoBooks.projects.READ" in found.action and "projects=no" in found.action


async def test_documents_by_id_come_in_detail_and_missing_ones_not_at_all() -> None:
    session = vendor(None, **{"bills/2": answer({"code": 1002, "message": "Bill does not exist."}, 404)})
    read = [page async for page in CONNECTOR.read(session, Reading("bills", b"c", ids=("1", "2")))]
    assert [row.id for page in read for row in page.rows] == ["1"]
    assert [page.last for page in read] == [False, True] and read[-1].cursor == b"c"


async def test_an_unknown_entity_is_refused() -> None:
    with pytest.raises(BadInput, match="no quotes"):
        CONNECTOR.read(vendor(), Reading("quotes"))


async def test_an_organisation_that_is_only_read_needs_nothing_for_writing() -> None:
    session = vendor(contacts=listed("contacts"), vendorpayments=listed("vendorpayments"))
    readable = ("settings", "accountants", "contacts", "bills", "vendorpayments")
    session.scopes = frozenset(f"ZohoBooks.{one}.READ" for one in readable)
    entities = ["bills", "parties", "vendor_payments"]
    found = await CONNECTOR.check_source(session, entities)
    assert [one.subject for one in found if one.verdict is Verdict.MISSING] == []
    assert not [one.subject for one in found if one.subject.startswith(("reference field", "tax rounding"))]
    written = await CONNECTOR.check(session, entities)
    assert "right ZohoBooks.bills.CREATE" in [one.subject for one in written if one.verdict is Verdict.MISSING]


async def test_a_right_to_read_that_is_lacking_is_missing_at_a_source_too() -> None:
    session = vendor(vendorpayments=DENIED)
    session.scopes = frozenset(["ZohoBooks.bills.READ", "ZohoBooks.settings.READ"])
    found = {one.subject: one for one in await CONNECTOR.check_source(session, ["vendor_payments"])}
    assert found["right ZohoBooks.vendorpayments.READ"].verdict is Verdict.MISSING
    assert found["vendor_payments"].verdict is Verdict.MISSING
    assert "ZohoBooks.vendorpayments.READ" in found["vendor_payments"].sentence


@pytest.mark.parametrize(
    ("entity", "path", "key", "verdict", "words"),
    [
        ("credit_notes", "creditnotes", "creditnotes", Verdict.MISSING, "Credit notes have no custom field"),
        ("payments", "customerpayments", "customerpayments", Verdict.MISSING, "Customer payments have no custom field"),
        ("items", "items", "items", Verdict.WARNING, "Items have no custom field"),
    ],
)
async def test_the_field_for_our_reference_is_looked_for_where_sales_want_it(
    entity: str, path: str, key: str, verdict: Verdict, words: str
) -> None:
    """Items are made only where a flow is told to: without the field they are read as well."""
    session = vendor(**{path: listed(key), "settings/fields": answer({"code": 0, "fields": []})})
    found = {one.subject: one for one in await CONNECTOR.check(session, [entity])}[f"reference field of {entity}"]
    assert found.verdict is verdict and found.sentence.startswith(words)
    assert f"add a custom text field to {words.partition(' have')[0].lower()}" in found.action
    there = vendor(**{path: listed(key, fields=(FIELD,))})
    found = {one.subject: one for one in await CONNECTOR.check(there, [entity])}[f"reference field of {entity}"]
    assert found.verdict is Verdict.GOOD
