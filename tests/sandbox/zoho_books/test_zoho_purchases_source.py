"""What a reader of purchases meets: credits on both sides, approval, tags, projects, plans, webhooks, the desk."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import pytest
from zoho_world import ORG, Sandbox

from ml_connector_sandbox.kernel.webhook_rules import Change, Numbers, Subscription
from ml_connector_sandbox.zoho_books.books.documents import Bill, VendorCredit
from ml_connector_sandbox.zoho_books.webhooks import ZohoBooksWebhooks

pytestmark = pytest.mark.anyio
DAY = date(2026, 6, 9)


def vendor(sandbox: Sandbox) -> Any:
    return sandbox.books.contacts.having("name", "beta supplies ltd")[0]


def bill(sandbox: Sandbox, number: str = "B-1", rate: Any = 100, **more: Any) -> Bill:
    return sandbox.books.add_bill(vendor(sandbox), number, DAY, [sandbox.line(rate)], **more)


def credit(sandbox: Sandbox, rate: Any = 30) -> VendorCredit:
    return sandbox.books.add_vendor_credit(vendor(sandbox), DAY, [sandbox.line(rate)])


async def detail(sandbox: Sandbox, one: Bill) -> dict[str, Any]:
    found: dict[str, Any] = (await sandbox.get(f"/bills/{one.document_id}")).body["bill"]
    return found


def wish(sandbox: Sandbox, act: str, **more: Any) -> dict[str, Any]:
    return sandbox.emulator.desk({"act": act, "organisation": ORG, **more})


async def test_a_credit_shows_on_both_sides(sandbox: Sandbox) -> None:
    one, given = bill(sandbox), credit(sandbox)
    sandbox.clock.move(60)
    path = f"/vendorcredits/{given.document_id}"
    applied = await sandbox.api(
        "POST", f"{path}/bills", {"bills": [{"bill_id": one.document_id, "amount_applied": 20}]}
    )
    assert applied.status == 201
    shown = await detail(sandbox, one)
    assert [(each["vendor_credit_number"], each["amount"]) for each in shown["vendor_credits"]] == [("VC-00001", 20)]
    assert (shown["balance"], shown["status"]) == (80, "partially_paid")
    assert shown["last_modified_time"] == "2026-06-09T13:01:00-0400"
    listed = (await sandbox.get(f"{path}/bills")).body["bills_credited"]
    assert [(each["bill_number"], each["amount"]) for each in listed] == [("B-1", 20)]
    full = (await sandbox.get(path)).body["vendor_credit"]
    assert (full["balance"], full["bills_credited"]) == (10, listed)
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    assert (await sandbox.api("POST", f"/bills/{one.document_id}/status/void")).body["code"] == 1004
    assert (await sandbox.api("DELETE", f"{path}/bills/{listed[0]['vendor_credit_bill_id']}")).status == 200
    assert (await detail(sandbox, one))["vendor_credits"] == []
    assert (await sandbox.api("DELETE", path)).status == 200


@pytest.mark.parametrize("amount", [0, 31, -1])
async def test_a_credit_gives_no_more_than_it_has(sandbox: Sandbox, amount: int) -> None:
    one, given = bill(sandbox), credit(sandbox)
    sent = {"bills": [{"bill_id": one.document_id, "amount_applied": amount}]}
    answer = await sandbox.api("POST", f"/vendorcredits/{given.document_id}/bills", sent)
    assert (answer.status, answer.body["code"]) == (400, 2)
    assert one.balance == 100


async def test_drafts_wait_for_approval_and_are_not_in_the_ledger(sandbox: Sandbox) -> None:
    draft = bill(sandbox, state="draft")
    payable = sandbox.books.accounts_payable.account_id
    assert (await detail(sandbox, draft))["status"] == "draft"
    with pytest.raises(ValueError, match="draft"):
        wish(sandbox, "pay", bills=["B-1"])
    path = f"/bills/{draft.document_id}"
    assert (await sandbox.api("POST", f"{path}/approve")).body["code"] == 1050
    assert (await sandbox.api("POST", f"{path}/submit")).status == 200
    assert (await sandbox.api("POST", f"{path}/status/open")).body["code"] == 1050
    assert (await sandbox.get("/bills", filter_by="Status.Pending")).body["bills"][0]["status"] == "pending_approval"
    assert sandbox.books.ledger.balance(payable) == 0
    assert (await sandbox.api("POST", f"{path}/approve")).status == 200
    assert (await detail(sandbox, draft))["status"] == "open"
    assert sandbox.books.ledger.balance(payable) == -100


async def test_overdue_comes_with_the_day(sandbox: Sandbox) -> None:
    one = bill(sandbox, due_date="2026-06-10")
    sandbox.clock.move(2 * 86_400)
    sandbox.grant()
    assert (await detail(sandbox, one))["status"] == "overdue"
    assert (await sandbox.get("/bills", status="overdue")).body["bills"][0]["bill_id"] == one.document_id


async def test_tags_of_head_and_lines_locations_and_projects(sandbox: Sandbox) -> None:
    books = sandbox.books
    books.profile.locations_enabled = True
    place = books.add_location("Denver")
    customer = books.contacts.having("name", "acme corp")[0]
    project = books.add_project("Audit", customer)
    tag = books.add_reporting_tag("Cost centre", ["Legal", "Travel"])
    legal, travel = ({"tag_id": tag.tag_id, "tag_option_id": one} for one in tag.options)
    of_project = {"project_id": project.project_id, "customer_id": customer.contact_id}
    line = sandbox.line(10, tags=[travel], location_id=place.location_id, **of_project)
    one = books.add_bill(vendor(sandbox), "B-1", DAY, [line], tags=[legal], location_id=place.location_id)
    shown = await detail(sandbox, one)
    item = shown["line_items"][0]
    assert (shown["tags"][0]["tag_option_name"], item["tags"][0]["tag_option_name"]) == ("Legal", "Travel")
    assert (shown["location_name"], item["location_name"], item["project_name"]) == ("Denver", "Denver", "Audit")
    listed = (await sandbox.get("/projects", filter_by="Status.Active")).body["projects"]
    assert [(each["project_name"], each["customer_name"]) for each in listed] == [("Audit", "Acme Corp")]
    found = (await sandbox.get(f"/projects/{project.project_id}")).body["project"]
    assert (found["status"], found["currency_code"]) == ("active", "USD")
    assert (await sandbox.get("/projects/9")).body["code"] == 1002
    line["project_id"] = "9"
    answer = await sandbox.api("POST", "/bills", sandbox.bill("B-2", line_items=[line]))
    assert answer.body["message"] == "Invalid value passed for project_id"
    with pytest.raises(ValueError, match="is a vendor"):
        books.add_project("None", vendor(sandbox))


@pytest.mark.parametrize(("preference", "on"), [("line_item", "head"), ("transaction", "lines")])
async def test_a_tag_out_of_its_place_is_a_switch(sandbox: Sandbox, preference: str, on: str) -> None:
    tag = sandbox.books.add_reporting_tag("Cost centre", ["Legal"], preference=preference)
    chosen = [{"tag_id": tag.tag_id, "tag_option_id": next(iter(tag.options))}]
    head = {"tags": chosen} if on == "head" else {"line_items": [sandbox.line(tags=chosen)]}
    assert (await sandbox.api("POST", "/bills", sandbox.bill("B-1", **head))).status == 201
    sandbox.switches.tags_by_preference = True
    answer = await sandbox.api("POST", "/bills", sandbox.bill("B-2", **head))
    assert (answer.status, answer.body["message"]) == (400, "Invalid value passed for tags")


async def test_persons_and_addresses_of_a_contact(sandbox: Sandbox) -> None:
    made = sandbox.books.add_contact(
        "Delta",
        contact_persons=[{"first_name": "Ada", "email": "ada@delta.example"}],
        billing_address={"city": "Boston"},
    )
    path = f"/contacts/{made.contact_id}"
    assert (await sandbox.get(f"{path}/contactpersons")).body["contact_persons"][0]["email"] == "ada@delta.example"
    assert [one["city"] for one in (await sandbox.get(f"{path}/address")).body["addresses"]] == ["Boston"]


async def test_plans_that_lack_something(sandbox: Sandbox) -> None:
    sandbox.books.add_reporting_tag("Cost centre", ["Legal"])
    assert (await sandbox.get("/settings/webhooks")).status == 200
    sandbox.switches.reporting_tags_in_plan = sandbox.switches.webhooks_in_plan = False
    for path in ("/reportingtags", "/settings/webhooks"):
        answer = await sandbox.get(path)
        assert (answer.status, answer.body["code"]) == (400, 110817)
    change = Change("bill.created", ORG, "1", None)
    assert "plan" in ZohoBooksWebhooks(sandbox.company).admit(change)


async def test_a_payment_is_announced_and_signed(sandbox: Sandbox) -> None:
    heard: list[tuple[str, str]] = []
    sandbox.company.listener = lambda organisation, event, key, document: heard.append((event, key))
    made = sandbox.books.record_payment(bill(sandbox), 40, DAY).made
    assert ("vendorpayment.created", made.payment_id) in heard
    rules = ZohoBooksWebhooks(sandbox.company)
    secret = "plainlyfake12"
    subscription = Subscription(1, "http://127.0.0.1:1/h?b=2", ("vendorpayment.created",), secret=secret)
    parcel = rules.compose(subscription, Change("vendorpayment.created", ORG, made.payment_id, None), Numbers(1, 1))
    told = json.loads(parcel.body)["vendorpayment"]
    assert (told["payment_id"], told["amount"], told["bills"][0]["bill_number"]) == (made.payment_id, 40, "B-1")
    signed = hmac.new(secret.encode(), b"b2" + parcel.body, hashlib.sha256).hexdigest()
    assert parcel.headers["X-Zoho-Webhook-Signature"] == signed
    gone = rules.compose(subscription, Change("vendorpayment.deleted", ORG, "5", None), Numbers(2, 2))
    assert json.loads(gone.body)["vendorpayment"] == {"payment_id": "5"}
    sandbox.switches.webhook_body = "form"
    form = rules.compose(subscription, Change("vendorpayment.deleted", ORG, "5", None), Numbers(3, 3))
    assert parse_qs(form.body.decode())["payment_id"] == ["5"]


async def test_the_desk_edits_pays_applies_and_takes_back(sandbox: Sandbox) -> None:
    books = sandbox.books
    one, other, given = bill(sandbox), bill(sandbox, "B-2", 50), credit(sandbox)
    assert wish(sandbox, "edit bill", bill="B-1", changes={"adjustment": 5})["after"] == 105
    advance = wish(sandbox, "pay", vendor="Beta Supplies Ltd", amount="60")
    assert wish(sandbox, "apply advance", payment=advance["payment"], bill="B-2")["left"] == 10
    assert wish(sandbox, "apply credit", credit=given.number, bill="B-1")["left"] == 0
    paid = wish(sandbox, "pay", bills=["B-1"], amount="25", mode="Check", reference="4711")
    edited = books.bills.get(one.document_id)
    assert edited is not None
    assert (edited.balance, edited.credited, edited.paid) == (50, 30, 25)
    assert wish(sandbox, "delete payment", payment="4711")["payment"] == paid["payment"], "by its reference"
    with pytest.raises(ValueError, match="payments or credits applied"):
        wish(sandbox, "move bill", bill="B-2", to="void")
    assert other.balance == 0
    with pytest.raises(ValueError, match="applied"):
        wish(sandbox, "delete credit", credit=given.number)
    spare = credit(sandbox, 12)
    assert wish(sandbox, "delete credit", credit=spare.number) == {"credit": spare.number, "total": spare.total}
    assert books.vendor_credits.get(spare.document_id) is None
    both = [bill(sandbox, "B-3"), bill(sandbox, "B-4", 7)]
    assert wish(sandbox, "pay", bills=["B-3", "B-4"])["amount"] == 107
    assert [each.balance for each in both] == [0, 0]
    bill(sandbox, "B-5")
    assert wish(sandbox, "move bill", bill="B-5", to="void")["after"] == "void"
    assert wish(sandbox, "move bill", bill="B-5", to="delete")["after"] == "deleted"


async def test_the_desk_retags_and_changes_masters(sandbox: Sandbox) -> None:
    books, one = sandbox.books, bill(sandbox)
    tag = books.add_reporting_tag("Cost centre", ["Legal", "Travel"])
    wish(sandbox, "retag", bill="B-1", tag="Cost centre", option="Legal")
    assert [each.tag_option_id for each in one.lines[0].tags] == [next(iter(tag.options))]
    wish(sandbox, "retag", bill="B-1", tag="Cost centre")
    assert one.lines[0].tags == []
    wish(sandbox, "retag", bill="B-1", tag="Cost centre", option="Travel", on="head")
    assert len(one.tags) == 1
    assert wish(sandbox, "change option", tag="Cost centre", option="Travel", name="Trips")["after"] == "Trips"
    assert wish(sandbox, "change option", tag="Cost centre", option="Trips", active=False)["active"] is False
    with pytest.raises(ValueError, match="inactive"):
        wish(sandbox, "retag", bill="B-1", tag="Cost centre", option="Trips")
    changed = wish(sandbox, "change address", vendor="Beta Supplies Ltd", address={"city": "Reno"})
    assert (changed["after"]["city"], vendor(sandbox).billing_address["city"]) == ("Reno", "Reno")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"act": "dance", "organisation": ORG}, "edit bill"),
        ({"act": "move bill", "organisation": "1", "bill": "B-1", "to": "void"}, "no organisation"),
        ({"act": "move bill", "organisation": ORG, "bill": "B-9", "to": "void"}, "0 bills"),
        ({"act": "move bill", "organisation": ORG, "bill": "B-1", "to": "moon"}, "not to 'moon'"),
        ({"act": "pay", "organisation": ORG}, "name the bills"),
        ({"act": "pay", "organisation": ORG, "bills": ["B-1"], "amount": "101"}, "refuses"),
        ({"act": "delete payment", "organisation": ORG, "payment": "77"}, "there are 0 vendor payments '77'"),
    ],
)
async def test_the_desk_says_what_it_cannot_do(sandbox: Sandbox, asked: dict[str, Any], said: str) -> None:
    bill(sandbox)
    with pytest.raises(ValueError, match=said):
        sandbox.emulator.desk(asked)


async def test_essence_shows_payments_without_ids(sandbox: Sandbox) -> None:
    sandbox.books.record_payment(bill(sandbox), 40, DAY, reference_number="R-1")
    rows = list(sandbox.emulator.essence()["vendor_payments"].values())
    assert len(rows) == 1
    assert Decimal(str(sandbox.emulator.books()["organisations"][ORG]["vendor_payments"][0]["balance"])) == 0
    before = rows[0]
    sandbox.clock.move(50)
    sandbox.emulator.stir()
    assert list(sandbox.emulator.essence()["vendor_payments"].values()) == [before]
