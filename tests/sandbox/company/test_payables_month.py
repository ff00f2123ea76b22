"""The firm's month: the same each time, as many of everything as promised, and a truth that its own books bear out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.payables import Payables, PayableTruth
from ml_connector_sandbox.company.payables.truth import HELD, SKIPPED, STAGED, STANDS, payment_sums, sums
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, seeded
from ml_connector_sandbox.zoho_books.books.documents import Bill, PurchaseDocument
from ml_connector_sandbox.zoho_books.inspection import company_books

pytestmark = pytest.mark.anyio
AWKWARD = {
    ("draft", SKIPPED, "not_yet"): 6,
    ("pending_approval", SKIPPED, "not_yet"): 5,
    ("voided", SKIPPED, "voided"): 7,
    ("before_start", SKIPPED, "before_start"): 6,
    ("edited", STAGED, ""): 10,
    ("long_text", STAGED, ""): 8,
    ("like_named", STAGED, ""): 2,
    ("like_named", HELD, "vendor_pending"): 3,
    ("nearly_known", HELD, "vendor_pending"): 4,
    ("without_center", HELD, "cost_center_missing"): 4,
    ("no_choice", HELD, "cost_center_unchosen"): 5,
    ("vendor_default", STAGED, ""): 4,
    ("expired_center", HELD, "cost_center_expired"): 3,
    ("missing_account", HELD, "account_unmapped"): 4,
    ("foreign", STAGED, ""): 1,
    ("same_number", STAGED, ""): 2,
    ("keyed_there", HELD, "suspected_duplicate"): 2,
}


def firm(kind: str = "payables", start: datetime = START) -> Company:
    return seeded(kind, SandboxClock.starting(start))


def payables(company: Company) -> Payables:
    assert company.payables is not None
    return company.payables


@pytest.fixture(scope="module")
def made() -> Company:
    return firm()


def documents(of: Payables) -> Iterator[tuple[PurchaseDocument, PayableTruth]]:
    known = {one.document_id: one for one in of.truth}
    for one in (*of.books.organisation.bills, *of.books.organisation.vendor_credits):
        yield one, known.pop(one.document_id)
    assert not known


def test_the_same_each_time(made: Company) -> None:
    again = firm()
    assert company_books(made.zoho_books) == company_books(again.zoho_books)
    assert payables(made).as_dict() == payables(again).as_dict()
    assert payables(made).instance == payables(again).instance


def test_as_many_as_promised(made: Company) -> None:
    of = payables(made)
    kinds = Counter(one.kind for one in of.truth)
    assert (kinds["bill"], kinds["vendor_credit"], len(of.payments), len(of.books.vendors)) == (500, 25, 350, 120)
    assert (len(of.books.tag.options), len(of.books.offices), len(of.instance.suppliers)) == (25, 3, 30)
    found = Counter((one.case, one.ends, one.reason) for one in of.truth)
    assert {key: found[key] for key in AWKWARD} == AWKWARD
    assert sum(1 for one in of.truth if one.kind == "vendor_credit" and one.reason == "voided") == 3
    assert {one.currency for one in of.truth} == {"USD", "CAD", "EUR"}
    assert Counter(one.case for one in of.payments) == {
        "full": 232, "part": 50, "several": 40, "advance_applied": 10, "advance": 7, "bill_held": 6, "refunded": 3,
        "other_method": 2,
    }  # fmt: skip


def test_sums_are_of_the_books(made: Company) -> None:
    of = payables(made)
    by_hand: Counter[tuple[str, str]] = Counter()
    for one, truth in documents(of):
        total = one.total if isinstance(one, Bill) else -one.total
        assert (truth.total, truth.number, truth.currency) == (total, one.number, one.currency_code)
        by_hand[truth.ends, one.currency_code] += total  # type: ignore[assignment]
    told: Counter[tuple[str, str]] = Counter()
    for (ends, _, currency), (_, total) in sums(of.truth).items():
        told[ends, currency] += total  # type: ignore[assignment]
    assert told == by_hand
    assert sum(count for count, _ in sums(of.truth).values()) == 525
    assert sum(count for count, _ in payment_sums(of.payments).values()) == 350


def cause(of: Payables, one: PurchaseDocument) -> str:
    """Why a document is not staged, found in the books and in the instance's plain data alone; in order of telling."""
    books, instance = of.books, of.instance
    if one.state in ("draft", "pending_approval"):
        return "not_yet"
    if one.state == "void":
        return "voided"
    if one.date < books.month.first:
        return "before_start"
    codes = {each.supplier: each.number for each in instance.invoices}
    contact = books.organisation.contacts.get(one.vendor_id)
    assert contact is not None
    supplier = next((each for each in instance.suppliers if each.name == contact.contact_name), None)
    if supplier is not None and codes.get(supplier.code) == one.number:
        return "suspected_duplicate"
    numbers = {each.number for each in instance.gl_accounts}
    if any(books.organisation.accounts[line.account_id].account_code not in numbers for line in one.lines):
        return "account_unmapped"
    for line in one.lines:
        found = center_cause(of, one, [each.tag_option_id for each in (*line.tags, *one.tags)])
        if found:
            return found
    return ""


def center_cause(of: Payables, one: PurchaseDocument, options: list[str]) -> str:
    if not options:
        known = one.texts.get("location_id") or one.vendor_id in of.books.mapping["vendor_cost_centers"]
        return "" if known else "cost_center_unchosen"
    name = of.books.tag.options[options[0]].option_name
    matching = [each for each in of.instance.cost_centers if name in (each.name, each.code, each.account_number)]
    if not matching:
        return "cost_center_missing"
    assert len(matching) == 1
    ended = matching[0].valid_to
    return "cost_center_expired" if ended is not None and ended < one.date else ""


def test_the_truth_is_borne_out(made: Company) -> None:
    of = payables(made)
    for one, truth in documents(of):
        if truth.reason == "vendor_pending":
            assert truth.because == "vendor_ambiguous"
            continue
        found = cause(of, one)
        assert truth.reason == found, truth
        assert (truth.ends == STAGED) is (found == "")


def test_what_is_staged_names_centers_accounts_and_entity(made: Company) -> None:
    of = payables(made)
    centers = {each.account_number for each in of.instance.cost_centers}
    numbers = {each.number for each in of.instance.gl_accounts}
    entities = {each.code for each in of.instance.legal_entities}
    for one, truth in documents(of):
        if truth.ends == STAGED:
            assert len(truth.centers) == len(truth.accounts) == len(one.lines)
            assert set(truth.centers) <= centers
            assert set(truth.accounts) <= numbers
            assert truth.legal_entity in entities
        else:
            assert not truth.centers
    assert {one.legal_entity for one in of.truth if one.ends == STAGED} == entities


def test_what_names_no_centre_is_its_office_s(made: Company) -> None:
    of = payables(made)
    offices = {office.location_id: name for name, office in of.books.offices.items()}
    numbers = {each.name: each.account_number for each in of.instance.cost_centers}
    found = Counter[tuple[str, str]]()
    for one, truth in documents(of):
        if truth.case == "office":
            name = offices[one.texts["location_id"]]
            assert not one.tags and not any(line.tags for line in one.lines)
            assert set(truth.centers) == {numbers[f"{name} Office"]}
            found[name, one.currency_code] += 1
    assert set(found) == {("Boston", "USD"), ("Denver", "USD"), ("Toronto", "CAD")} and found.total() >= 20


def test_payments_and_their_reasons(made: Company) -> None:
    of = payables(made)
    ends = {one.document_id: one.ends for one in of.truth}
    for truth in of.payments:
        one = of.books.organisation.vendor_payments.get(truth.payment_id)
        assert one is not None
        assert one.balance >= 0
        assert truth.staged == (one.used if truth.ends == STAGED else 0)
        assert (truth.ends == SKIPPED) is (not one.applied)
        if truth.reason == "bill_waits":
            assert any(ends[part.bill_id] != STAGED for part in one.applied)
        if truth.ends == STAGED:
            assert all(ends[part.bill_id] == STAGED for part in one.applied)
            assert one.payment_mode in of.books.mapping["payment_methods"]
    assert sum(1 for one in of.payments if len(one.rows) > 1) >= 30
    assert {one.reason for one in of.payments} == {
        "", "bill_waits", "method_unmapped", "remit_to_missing", "not_applied", "refunded",
    }  # fmt: skip


def test_the_ledger_balances(made: Company) -> None:
    books = payables(made).books.organisation
    assert sum(books.ledger.balances().values()) == 0
    owed = sum((one.balance * one.exchange_rate for one in books.bills if one.state == "open"), Decimal(0))
    credits = sum((one.balance * one.exchange_rate for one in books.vendor_credits), Decimal(0))
    payable = -books.ledger.balance(books.accounts_payable.account_id)
    assert abs(payable - (owed - credits)) < Decimal(
        "5"
    )  # every document is rounded to cents of its own in base currency
    assert all(one.balance >= 0 for one in books.bills)


def test_nothing_lies_after_the_first_instant(made: Company) -> None:
    books = payables(made).books.organisation
    moments = [one.modified for one in (*books.bills, *books.vendor_credits, *books.vendor_payments, *books.contacts)]
    assert max(moments) <= START
    assert all(one.created <= one.modified for one in (*books.bills, *books.vendor_payments))


def test_vendors_and_their_endings(made: Company) -> None:
    of = payables(made)
    ends = Counter(one.ends for one in of.suppliers)
    assert sum(ends.values()) == 120
    assert (ends["linked"], ends["held"]) == (27, 3)
    there = {one.code for one in of.instance.suppliers}
    assert all(
        (one.code in there) is (one.ends == "linked") for one in of.suppliers if one.ends in ("linked", "created")
    )
    names = [one.name.casefold() for one in of.suppliers]
    assert len(set(names)) == 120


@pytest.mark.parametrize("start", [datetime(2027, 3, 1, 4, 30, tzinfo=UTC), datetime(2028, 3, 31, 23, 0, tzinfo=UTC)])
def test_other_starts_move_the_month(start: datetime) -> None:
    of = payables(firm(start=start))
    month = of.books.month
    assert (month.first.day, (month.last + timedelta(days=1)).day, len(of.truth)) == (1, 1, 525)
    assert month.last < month.today
    staged = [one for one in of.truth if one.ends == STAGED]
    assert all(month.first <= one.date <= month.last for one in staged)


def test_what_the_firm_does_next() -> None:
    company = firm("payables changed")
    of = payables(company)
    before = company_books(company.zoho_books)["organisations"][company.access.organization_id]
    assert company.change is not None
    company.change(company)
    changed = of.go_on()
    company.change(company)
    assert of.go_on() is changed
    after = company_books(company.zoho_books)["organisations"][company.access.organization_id]
    moved = {one["document_id"] for one in _different(before["bills"], after["bills"], "document_id")}
    [gone] = {one["document_id"] for one in before["bills"]} - {one["document_id"] for one in after["bills"]}
    freed = {part for each in changed.payments for part in _taken(before, each.payment_id)}
    named = {one.document_id for one in changed.bills}
    assert named == (named & moved) | {gone}
    assert moved <= named | freed | {bill for each in changed.payments for bill, _ in each.rows}
    assert Counter((one.ends, one.reason) for one in changed.bills) == {
        (HELD, "changed_after_staging"): 5, (HELD, "voided_after_staging"): 2, (STAGED, ""): 2,
        (HELD, "deleted_after_staging"): 1,
    }  # fmt: skip
    assert Counter(changed.endings.values()) == {STANDS: 9, STAGED: 3} and changed.endings[gone] == STANDS
    assert Counter((one.ends, one.reason) for one in changed.payments) == {
        (STAGED, ""): 1, (HELD, "deleted_after_staging"): 1,
    }  # fmt: skip


def _different(before: list[dict[str, Any]], after: list[dict[str, Any]], key: str) -> list[dict[str, Any]]:
    known = {one[key]: one for one in before}
    return [one for one in after if known.get(one[key]) != one]


def _taken(before: dict[str, Any], payment_id: str) -> set[str]:
    return {bill for one in before["vendor_payments"] if one["payment_id"] == payment_id for bill in one["bills"]}


async def test_served_with_its_hand_over() -> None:
    async with Sandbox.running("payables", limits=False) as sandbox:
        exact.dumps(sandbox.handover)
        given = sandbox.handover["credentials"]
        assert set(given) == {"zoho_books", "servicenow"}
        rows = {one: await _walked(sandbox, one) for one in ("bills", "vendorcredits", "vendorpayments", "projects")}
        counts = {one: len(found) for one, found in rows.items()}
        assert counts == {"bills": 500, "vendorcredits": 25, "vendorpayments": 350, "projects": 6}
        shown = Counter(one["status"] for one in rows["bills"])
        assert {"draft", "pending_approval", "void", "paid", "overdue", "partially_paid", "open"} >= set(shown)
        assert (shown["draft"], shown["pending_approval"], shown["void"]) == (6, 5, 7)
        assert sandbox.handover["company"]["organization_id"] == given["zoho_books"]["organization_id"]


async def _walked(sandbox: Sandbox, path: str) -> list[dict[str, Any]]:
    access, company = sandbox.company.access, sandbox.company.zoho_books
    token = company.grants.issue_access_token(company.refresh_token(access.zoho_client_id)).token
    headers = {"Host": "www.zohoapis.com", "Authorization": f"Zoho-oauthtoken {token}"}
    found: list[dict[str, Any]] = []
    key = {"vendorcredits": "vendor_credits"}.get(path, path)
    async with aiohttp.ClientSession(headers=headers) as session:
        for page in range(1, 6):
            query = {"organization_id": access.organization_id, "page": str(page), "per_page": "200"}
            async with session.get(f"http://127.0.0.1:{sandbox.server.port}/books/v3/{path}", params=query) as answer:
                body = await answer.json()
            found += body[key]
            if not body["page_context"]["has_more_page"]:
                return found
    raise AssertionError(f"{path} has no end")


def test_a_little_of_everything() -> None:
    company = firm("matrix:zoho_books-servicenow")
    of = payables(company)
    assert (len(of.truth), len(of.payments), len(of.books.vendors)) == (8, 3, 5)
    assert {one.ends for one in of.truth} == {STAGED, HELD, SKIPPED}
    assert {one.ends for one in of.payments} == {STAGED, SKIPPED}
    assert company.limits is False


def test_as_many_ordinary_bills_as_asked_for() -> None:
    company = firm("billed:60")
    many = payables(company)
    assert company.limits is False and company.kind == "billed:60"
    assert Counter(one.ends for one in many.truth) == {STAGED: 60}
    assert Counter((one.ends, one.case) for one in many.payments) == {(STAGED, "full"): 30}
    paid = [bill for one in many.payments for bill, _ in one.rows]
    assert len(set(paid)) == 30
    assert many.as_dict() == payables(firm("billed:60")).as_dict()
