"""Zoho's documents as a source hands them on."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from zoho_script import ScriptedSession, answer

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Hint
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.zoho_books import CONNECTOR, translate, translate_source, webhooks
from ml_connector.transport.messages import Answer, Request

EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "zoho_books" / "examples"


def tag(option: str, of: str) -> dict[str, str]:
    return {"tag_id": of, "tag_option_id": option, "tag_option_name": f"Option {option}"}


def line(n: int, net: str, **more: Any) -> dict[str, Any]:
    return {"line_item_id": str(n), "item_total": Decimal(net), "rate": Decimal(net), "quantity": 1, **more}


def bill(*lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    sum_ = total(one["item_total"] for one in lines)
    return {
        "bill_id": "1", "vendor_id": "98001", "vendor_name": "Beta", "status": "partially_paid", "bill_number": "B-1",
        "date": "2026-06-09", "currency_code": "USD", "total": sum_, "balance": sum_, "line_items": list(lines), **more,
    }  # fmt: skip


def test_a_tag_of_the_bill_stands_on_every_line_without_one_of_that_tag() -> None:
    row = bill(
        line(1, "10"),
        line(2, "20", tags=[tag("o2", "unit")], location_id="l2", location_name="North"),
        tags=[tag("o1", "unit"), tag("o9", "fund")], location_id="l1", location_name="Head office",
    )  # fmt: skip
    first, second = translate_source.bill(row, "").lines
    assert [(one.id, one.number) for one in first.dimensions] == [("o1", "unit"), ("o9", "fund")]
    assert [(one.id, one.number) for one in second.dimensions] == [("o2", "unit"), ("o9", "fund")]
    assert (first.location.id, second.location) == ("l1", Ref("l2", "North"))


def test_project_terms_status_and_order_are_told() -> None:
    row = bill(
        line(1, "10", project_id="p1", project_name="Harbour"), line(2, "5"), payment_terms_label="Net 30",
        purchaseorders=[{"purchaseorder_id": "po1", "purchaseorder_number": "PO-7"}], reference_number="typed",
    )  # fmt: skip
    document = translate_source.bill(row, "")
    assert [one.job for one in document.lines] == [Ref("p1", "Harbour"), Ref()]
    assert (document.terms, document.status) == ("Net 30", "partially_paid")
    assert document.purchase_order == Ref("po1", number="PO-7")
    assert translate_source.bill({**row, "purchaseorders": []}, "").purchase_order == Ref(number="typed")
    assert decode(encode(document)) == document


def test_credits_applied_to_a_bill_and_the_bills_of_a_credit() -> None:
    applied = {"vendor_credit_bill_id": "a1", "vendor_credit_id": "c1", "vendor_credit_number": "DN-1", "amount": 4}
    found = translate_source.bill(bill(line(1, "10"), vendor_credits=[{**applied, "date": "27 Dec 2016"}]), "")
    assert found.credits == (Allocation("a1", Ref("c1", number="DN-1"), Decimal(4)),)
    partly = bill(line(1, "10"), total="10", balance="5", vendor_credits=[applied])
    assert translate_source.bill(partly, "").paid == Decimal(1)
    row = bill(line(1, "10"), vendor_credit_id="c1", vendor_credit_number="DN-1", status="closed",
               bills_credited=[{"vendor_credit_bill_id": "a1", "bill_id": "1", "bill_number": "B-1",
                                "date": "2026-06-10", "amount": 4}])  # fmt: skip
    credit = translate_source.vendor_credit(row, "")
    assert credit.credits == (Allocation("a1", Ref("1", number="B-1"), Decimal(4), dt.date(2026, 6, 10)),)
    assert (credit.total, difference(credit)) == (Decimal(-10), 0)


def inclusive(*lines: dict[str, Any], gross: str, tax: str, **more: Any) -> Any:
    row = bill(*lines, is_inclusive_tax=True, tax_total=Decimal(tax), **more)
    document = translate_source.bill({**row, "total": Decimal(gross)}, "")
    assert (document.tax_basis, document.tax, difference(document)) == (TaxBasis.INCLUSIVE, 0, 0)
    assert total(one.tax or 0 for one in document.lines) == Decimal(tax)
    return [(one.amount - (one.tax or 0), one.tax) for one in document.lines]


def test_a_tax_inclusive_bill_shows_the_tax_in_each_line() -> None:
    both = inclusive(
        line(1, "100", item_total_inclusive_of_tax=Decimal("120")), line(2, "50", item_total_inclusive_of_tax=Decimal("50")),
        gross="170", tax="20",
    )  # fmt: skip
    assert both == [(Decimal(100), Decimal(20)), (Decimal(50), Decimal(0))]


def test_lines_that_are_gross_alone_are_reckoned_by_their_rate() -> None:
    alone = inclusive(line(1, "120", tax_percentage=20), line(2, "50"), gross="170", tax="20")
    assert alone == [(Decimal(100), Decimal(20)), (Decimal(50), Decimal(0))]


def test_tax_that_is_rounded_once_is_spread_to_the_cent() -> None:
    found = inclusive(*(line(n, "10.03", tax_percentage=7) for n in range(3)), gross="30.09", tax="1.97")
    assert sorted(tax for _, tax in found) == [Decimal("0.65"), Decimal("0.66"), Decimal("0.66")]


def test_a_discount_on_the_whole_bill_lowers_the_tax_of_its_lines() -> None:
    found = inclusive(
        line(1, "60", tax_percentage=20), line(2, "60", tax_percentage=20), gross="108", tax="18",
        discount_total=12, discount_type="entity_level",
    )  # fmt: skip
    assert [tax for _, tax in found] == [Decimal(9), Decimal(9)]


def test_of_a_tax_inclusive_credit_every_tax_is_negative() -> None:
    row = bill(line(1, "120", tax_percentage=20), vendor_credit_id="c1", vendor_credit_number="DN-1",
               is_inclusive_tax=True, tax_total=20)  # fmt: skip
    (only,) = translate_source.vendor_credit(row, "").lines
    assert (only.amount, only.tax) == (Decimal(-120), Decimal(-20))


def test_adjustment_and_discount_on_the_bill_tie() -> None:
    row = bill(line(1, "100"), adjustment=Decimal("0.5"), discount_total=10, discount_type="entity_level", tax_total=9)
    document = translate_source.bill({**row, "total": Decimal("99.5")}, "")
    assert (document.discount, document.other, document.tax, difference(document)) == (10, Decimal("0.5"), 9, 0)


def test_what_the_ledger_reads_as_a_target_tells_nothing_more() -> None:
    document = translate.bill(bill(line(1, "10"), tags=[tag("o1", "unit")], payment_terms_label="Net 30"), "")
    assert (document.status, document.terms, document.lines[0].dimensions, document.credits) == ("", "", (), ())


# --- payments --------------------------------------------------------------------------------------------------------


def payment(**more: Any) -> dict[str, Any]:
    return {
        "payment_id": 120019, "vendor_id": "98001", "vendor_name": "Beta", "status": "paid", "payment_mode": "Check",
        "payment_number": 8, "reference_number": "VP-5", "date": "2026-06-09", "amount": 500, "balance": 350,
        "currency_code": "USD", "paid_through_account_id": "358", "paid_through_account_name": "Bank",
        "bills": [{"bill_payment_id": "53221", "bill_id": 53199, "bill_number": "B-1", "amount_applied": 150}], **more,
    }  # fmt: skip


def test_a_payment_with_what_each_bill_got_of_it() -> None:
    found = translate_source.vendor_payment(payment(), "")
    assert (found.id, found.party.id, found.amount, found.unapplied) == ("120019", "98001", Decimal(500), Decimal(350))
    assert found.splits == (Allocation("53221", Ref("53199", number="B-1"), Decimal(150), dt.date(2026, 6, 9)),)
    assert (found.method.name, found.number, found.bank_account) == ("Check", "VP-5", Ref("358", "Bank"))
    assert (found.state, found.posted, found.active) == ("paid", True, True)
    assert translate_source.vendor_payment(payment(reference_number=""), "").number == "8"


@pytest.mark.parametrize(("word", "posted", "active"), [("draft", False, True), ("pending_approval", False, True),
                                                        ("void", False, False), ("", True, True)])  # fmt: skip
def test_states_of_a_payment(word: str, posted: bool, active: bool) -> None:
    found = translate_source.vendor_payment(payment(status=word), "")
    assert (found.posted, found.active) == (posted, active)


@pytest.mark.parametrize("lost", ["payment_id", "vendor_id", "amount"])
def test_a_payment_without_what_it_needs_is_a_problem(lost: str) -> None:
    with pytest.raises(json_fields.Unreadable, match=lost):
        translate_source.vendor_payment({**payment(), lost: ""}, "")


@pytest.mark.shared
@pytest.mark.skipif(not EXAMPLES.exists(), reason="the published examples are not beside the checkout")
@pytest.mark.parametrize("file", ["list-vendor-payments", "create-vendor-payment"])
def test_recorded_payments_are_understood(file: str) -> None:
    answered = json.loads((EXAMPLES / "live" / f"{file}.json").read_text(), parse_float=Decimal)["response"]
    for row in answered.get("vendorpayments") or [answered["vendorpayment"]]:
        found = translate_source.vendor_payment(row, "")
        assert found.stamp and found.currency == "USD" and found.posted


# --- contacts, dimensions, webhooks ----------------------------------------------------------------------------------


def test_a_contact_with_its_other_persons_and_no_bank_details() -> None:
    persons = [
        {"contact_person_id": 1, "first_name": "Ada", "email": "ada@vendor.example", "is_primary_contact": True},
        {
            "contact_person_id": 2,
            "first_name": "Bo",
            "last_name": "Ek",
            "email": "bo@vendor.example",
            "mobile": "555 01",
        },
    ]
    row = {"contact_id": "7", "contact_name": "Beta", "contact_type": "vendor", "payment_terms_label": "Net 30",
           "billing_address": {"address": "1 Main St", "city": "Austin"}, "contact_persons": persons}  # fmt: skip
    found = translate_source.party(row, "")
    assert [(one.id, one.first_name, one.last_name, one.phone) for one in found.persons] == [
        ("2", "Bo", "Ek", "555 01")
    ]
    assert (found.terms, found.address.city) == ("Net 30", "Austin")
    kept = translate_source.as_kept({**row, "bank_accounts": [{"iban": "X9"}], "comments": [], "due_in_days": 3})
    assert kept == row


class Company:
    """Answers for the dimensions of an organisation; without what is left out."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Answer:
        name = request.path.strip("/")
        self.asked.append(name)
        return self.answers.get(name, answer({"code": 5, "message": "Invalid URL Passed"}, 404))


def projects(first: int, last: int, more: bool) -> Answer:
    rows = [{"project_id": n, "project_name": f"P{n}", "status": "active"} for n in range(first, last)]
    return answer({"code": 0, "projects": rows, "page_context": {"has_more_page": more}})


YES = {"projects": "yes"}


async def dimensions(script: Any, settings: Any, scopes: frozenset[str] = frozenset()) -> list[Any]:
    session = ScriptedSession(script, settings)
    session.scopes = scopes
    pages = [page async for page in CONNECTOR.read(session, Reading("dimensions"))]
    assert pages[-1].complete
    return [row.document for page in pages for row in page.rows]


@pytest.mark.anyio
async def test_projects_are_dimensions_where_they_are_wanted_and_can_be_had() -> None:
    (found,) = await dimensions(Company(projects=projects(1, 2, False)), YES)
    assert found == Dimension("1", "project", "P1")
    company = Company(projects=projects(1, 2, False))
    assert await dimensions(company, {}) == [] and "projects" not in company.asked
    assert (
        await dimensions(company, YES, frozenset(["ZohoBooks.settings.READ"])) == [] and "projects" not in company.asked
    )
    assert await dimensions(Company(), YES) == []
    denied = answer({"code": 57, "message": "You are not authorized"}, 401)
    assert await dimensions(Company(projects=denied), YES) == []


@pytest.mark.anyio
async def test_projects_of_several_pages_are_all_read() -> None:
    def script(request: Request) -> Answer:
        if request.path != "/projects":
            return answer({"code": 5, "message": "Invalid URL Passed"}, 404)
        return projects(1, 201, True) if dict(request.query)["page"] == "1" else projects(201, 205, False)

    assert len(await dimensions(script, YES)) == 204


@pytest.mark.anyio
async def test_the_check_tells_what_the_plan_lacks() -> None:
    organisation = {"organization_id": "927270289", "name": "Small", "currency_code": "USD", "plan_name": "Standard"}
    company = Company(organizations=answer({"code": 0, "organizations": [organisation]}))
    found = {one.subject: one for one in await CONNECTOR.check(ScriptedSession(company, YES), ["dimensions"])}
    for subject, word in (
        ("reporting tags", "no reporting tags"),
        ("projects", "projects.READ"),
        ("webhooks", "schedule"),
    ):
        assert found[subject].verdict is Verdict.WARNING
        assert word in f"{found[subject].sentence} {found[subject].action}"


@pytest.mark.parametrize(
    ("key", "id_", "entity"),
    [("bill", "bill_id", "bills"), ("vendor_credit", "vendor_credit_id", "vendor_credits"),
     ("vendorcredit", "vendor_credit_id", "vendor_credits"), ("vendorpayment", "payment_id", "vendor_payments"),
     ("vendor_payment", "payment_id", "vendor_payments"), ("contact", "contact_id", "parties")],
)  # fmt: skip
def test_webhooks_hint_at_what_a_source_is_read_for(key: str, id_: str, entity: str) -> None:
    body = json.dumps({key: {id_: 260815000000117048}, "organization_id": 927270289}).encode()
    assert webhooks.hints(body) == (Hint(entity, "260815000000117048", "927270289"),)
    assert entity in CONNECTOR.readable
