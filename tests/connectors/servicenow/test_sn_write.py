"""What lies there is looked at first, what an answer to each row proves, and how a step is found again."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from servicenow_script import ScriptedSession, Tables, answer, company, failure, sys_id

from ml_connector.canonical.master_data import Dimension, Organisation, Party, Person
from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.errors import FilterIgnored, NotTakenIn
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.writing import Action, Done, Later, Partly, Rejected, Step, Uncertain
from ml_connector.errors import Acts, BadInput
from ml_connector.transport.errors import AnswerLost, BudgetEmpty, LeaseLost, NotSent, Throttled
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

ORG = Organisation("example.service-now.com", "example", "USD")
DAY = dt.date(2026, 2, 1)
HEAD, LINE, TAX = (f"sn_spend_intg_imp_invoice{end}" for end in ("", "_line", "_tax_line"))
PAYMENTS = "sn_spend_intg_imp_invoice_payment_detail"
REMIT = Address("1 Main St", "", "Austin", "TX", "78701", "US")


def bill(number: str = "4600", **more: Any) -> Bill:
    center = (Ref(sys_id(3), "Engineering", "4100"),)
    lines = tuple(
        BillLine(
            str(n),
            Decimal(50),
            description=f"Hosting {n}",
            unit_cost=Decimal(50),
            account=Ref(number="6400"),
            dimensions=center,
        )
        for n in (1, 2)
    )
    given: dict[str, Any] = {
        "number": "INV-7781", "own_number": number, "date": DAY, "currency": "USD", "lines": lines, "tax": Decimal("8.25"),
        "legal_entity": Ref(number="1000"), **more,
    }  # fmt: skip
    return Bill("", Ref(sys_id(7), "Acme", "V-1"), given.pop("total", Decimal("108.25")), **given)


def step(
    number: str = "4600", action: Action = Action.CREATE, settings: dict[str, str] | None = None, **more: Any
) -> Step:
    reference = f"ref-{number}"
    body = CONNECTOR.compose(action, bill(number, **more), ORG, reference, settings or {}).body
    return Step("bills", action, reference, body, "", sys_id(7), "INV-7781", DAY, Decimal("108.25"), "USD")


def posted(tables: Tables, table: str) -> list[dict[str, str]]:
    return [row for name, row in tables.posted if name == table]


async def test_header_lines_and_tax_go_once_and_are_read_back() -> None:
    tables = company()
    session = ScriptedSession(tables)
    outcome = await CONNECTOR.write(session, step())
    assert isinstance(outcome, Done) and isinstance(outcome.document, Bill)
    assert [name for name, _ in tables.posted] == [HEAD, LINE, LINE, TAX]
    assert [row["u_third_party_import_id"] for _, row in tables.posted] == [
        "ref-4600",
        "ref-4600/1",
        "ref-4600/2",
        "ref-4600/t1",
    ]
    document = outcome.document
    assert (document.id, document.reference, document.state) == (outcome.target_id, "ref-4600", BillState.DRAFT)
    assert (document.total, document.currency, document.own_number) == (Decimal("108.25"), "USD", "4600")
    assert [(one.method, one.path) for one in session.requests if not one.safe] == [("POST", "/api/now/v1/batch")] * 2


async def test_what_lies_there_is_not_sent_again() -> None:
    tables = company()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    before = len(tables.posted)
    session = ScriptedSession(tables)
    assert isinstance(await CONNECTOR.write(session, step()), Done)
    assert len(tables.posted) == before
    assert all(one.safe for one in session.requests)


async def test_only_the_missing_line_is_sent() -> None:
    tables = company()
    await CONNECTOR.write(ScriptedSession(tables), step())
    gone = next(row for row in tables.rows[LINE] if row["u_erp_line_number"] == "2")
    tables.rows[LINE].remove(gone)
    tables.posted.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    assert [row["u_erp_line_number"] for row in posted(tables, LINE)] == ["2"] and len(tables.posted) == 1


async def test_several_steps_share_their_calls() -> None:
    tables = company()
    session = ScriptedSession(tables)
    outcomes = await CONNECTOR.write_batch(session, [step("1"), step("2"), step("3")])
    assert all(isinstance(one, Done) for one in outcomes)
    assert [
        one.document.own_number for one in outcomes if isinstance(one, Done) and isinstance(one.document, Bill)
    ] == ["1", "2", "3"]
    assert len([one for one in session.requests if not one.safe]) == 2  # heads, then the rest
    assert len(session.requests) == 4  # looked up in one call, and seen in one


async def test_without_batch_each_row_is_a_call() -> None:
    tables = company()
    session = ScriptedSession(tables, {"batch": "no"})
    assert isinstance(await CONNECTOR.write(session, step()), Done)
    sent = [one.path for one in session.requests if one.method == "POST"]
    assert sent == [f"/api/now/import/{name}" for name in (HEAD, LINE, LINE, TAX)]


async def test_a_refused_line_names_row_message_and_value() -> None:
    tables = company()
    tables.results[LINE] = [
        {
            "status": "error",
            "error_message": "Cost center 4100 not found for ERP source ZOHO",
            "status_message": "Row transform ignored",
        }
    ]
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Rejected) and outcome.reason == "cost_center_refused"
    assert "line 1 of bill INV-7781" in outcome.sentence
    assert "Cost center 4100 not found" in outcome.sentence and "u_cost_center = 4100" in outcome.sentence
    found = await CONNECTOR.find(ScriptedSession(tables), step())
    assert isinstance(found, Rejected) and "Cost center 4100" in found.sentence
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)  # corrected there, replayed
    assert len(posted(tables, HEAD)) == 1 and len(posted(tables, LINE)) == 3
    assert not isinstance(await CONNECTOR.find(ScriptedSession(tables), step()), Rejected)  # the newest of a key counts


async def test_a_warning_on_a_row_that_was_taken_is_shown() -> None:
    tables = company()
    tables.results[HEAD] = [
        {"status": "inserted", "status_message": "Unable to find payment terms with ID provided Net 33"}
    ]
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Done) and isinstance(outcome.document, Bill)
    assert (
        outcome.document.trouble
        == "ServiceNow took it in and says: Unable to find payment terms with ID provided Net 33."
    )


async def test_a_refused_header_keeps_its_lines_back() -> None:
    tables = company()
    tables.results[HEAD] = [{"status": "error", "error_message": "Supplier V-1 not found"}]
    outcomes = await CONNECTOR.write_batch(ScriptedSession(tables), [step("1"), step("2")])
    assert (
        isinstance(outcomes[0], Rejected) and outcomes[0].reason == "supplier_refused" and isinstance(outcomes[1], Done)
    )
    assert {row["u_external_invoice_number"] for row in posted(tables, LINE)} == {"2"}


async def test_an_untransformed_row_is_uncertain_and_waits() -> None:
    tables = company()
    tables.states[LINE] = "pending"
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Uncertain) and "Transform synchronously" in outcome.why
    with pytest.raises(NotTakenIn, match="Transform synchronously"):
        await CONNECTOR.find(ScriptedSession(tables), step())
    tables.posted.clear()
    again = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(again, Uncertain) and not tables.posted


async def test_the_inactive_rule_is_told_by_its_message() -> None:
    tables = company()
    tables.results[HEAD] = [{"status": "error", "error_message": "Invalid table "}]
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Uncertain) and "business rule" in outcome.why


async def test_unserviced_rows_go_later_and_a_part_is_uncertain() -> None:
    tables = company()
    script = ScriptedSession(tables)

    def cut(which: str) -> Callable[[Request], Answer]:
        def played(request: Request) -> Answer:
            if not request.safe:
                tables.unserviced = {which}
            return tables(request)

        return played

    script.script = cut("0")
    outcome = await CONNECTOR.write(script, step())
    assert isinstance(outcome, Later) and not tables.posted
    script.script = cut("1")
    outcome = await CONNECTOR.write(script, step())
    assert isinstance(outcome, Uncertain) and len(tables.posted) == 3
    assert await CONNECTOR.find(ScriptedSession(tables), step()) == Partly(3)


def _served(status: int, body: object, message: str = "") -> Callable[[Request], Answer]:
    tables = company()

    def played(request: Request) -> Answer:
        if request.safe:
            return tables(request)
        one = answer(body, status)
        items = json.loads(request.body or b"")["rest_requests"]
        served = [
            {
                "id": item["id"],
                "status_code": status,
                "body": base64.b64encode(one.body).decode(),
                "error_message": message,
            }
            for item in items
        ]
        return answer({"batch_request_id": "1", "serviced_requests": served, "unserviced_requests": []})

    return played


def _error(message: str, detail: str = "") -> dict[str, Any]:
    return {"error": {"message": message, "detail": detail}, "status": "failure"}


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (202, b"", Later, "202"),
        (401, _error("User Not Authenticated"), Later, "locked out"),
        (429, _error("Rate limit exceeded"), Later, "no more calls"),
        (400, _error("Invalid table sn_x"), Later, "activates the plugin"),
        (404, _error("Requested URI does not represent any resource"), Later, "activates the plugin"),
        (403, _error("Operation Failed", "ACL Exception Insert Failed due to security constraints"), Later, "role"),
        (403, _error("User Not Authorized", "Access to unscoped api is not allowed"), Later, "auth scope"),
        (403, _error("Operation Failed", "aborted by Business Rule 'Protect^" + sys_id(1) + "'"), Rejected, "Protect"),
        (403, _error("Operation Failed", "Data Policy Exception: mandatory: Supplier"), Rejected, "Supplier"),
        (403, _error("Operation Failed", "Error during insert of cmn_cost_center (Engineering)"), Rejected, "Engineering"),
        (413, _error("Exception while reading request", "Rejected large REST payload"), Rejected, "large"),
        (500, _error("boom"), Uncertain, "500"),
        (200, b'{"result":[{"sys_id":"{"error":{"message":"maximum execution time exceeded"', Uncertain, "midst"),
        (201, b"<html>sleeping</html>", Uncertain, "web page"),
        (201, {"result": []}, Uncertain, "does not say"),
        (201, {"result": [{"status": "skipped"}]}, Rejected, "skipped"),
    ],
)  # fmt: skip
async def test_what_an_answer_inside_a_batch_proves(status: int, body: object, kind: type, said: str) -> None:
    outcome = await CONNECTOR.write(ScriptedSession(_served(status, body)), step())
    assert type(outcome) is kind
    assert said in (outcome.sentence + outcome.action if isinstance(outcome, Rejected) else outcome.why)  # type: ignore[union-attr]


def _taking(tables: Tables, most: int, refusal: Answer) -> Callable[[Request], Answer]:
    """Of Batch calls only those of so many requests are taken; of the others nothing is read."""

    def played(request: Request) -> Answer:
        many = len(json.loads(request.body)["rest_requests"]) if request.path.endswith("/batch") and request.body else 0
        return refusal if many > most else tables(request)

    return played


@pytest.mark.parametrize(
    "refusal",
    [
        failure(413, "Exception while reading request", "The payload of 12582912 bytes exceeds 10485760"),
        failure(400, "Exception while reading request", "Rejected large REST payload"),
        answer(b"<html>413 Request Entity Too Large</html>", 413),
        answer(b"", 413),
    ],
)
@pytest.mark.parametrize("most", [1, 2, 3])
async def test_a_batch_that_is_too_large_goes_in_halves(most: int, refusal: Answer) -> None:
    tables = company()
    outcome = await CONNECTOR.write(ScriptedSession(_taking(tables, most, refusal)), step())
    assert isinstance(outcome, Done), outcome
    assert [name for name, _ in tables.posted] == [HEAD, LINE, LINE, TAX]


async def test_a_row_that_is_too_large_alone_is_refused_by_name_and_says_who_does_what() -> None:
    outcome = await CONNECTOR.write(ScriptedSession(_served(413, b"")), step())
    assert isinstance(outcome, Rejected) and outcome.acts is Acts.TENANT_ADMIN
    assert "INV-7781" in outcome.sentence and "glide.rest.max_content_length" in outcome.action


async def test_who_acts_is_told() -> None:
    acl = _error("Operation Failed", "ACL Exception Insert Failed due to security constraints")
    outcome = await CONNECTOR.write(ScriptedSession(_served(403, acl)), step())
    assert isinstance(outcome, Later) and outcome.forbidden and outcome.seconds >= 600
    rule = _error("Operation Failed", "aborted by Business Rule 'Protect'")
    refused = await CONNECTOR.write(ScriptedSession(_served(403, rule)), step())
    assert isinstance(refused, Rejected) and refused.acts is Acts.TENANT_ADMIN


@pytest.mark.parametrize(
    ("error", "kind", "seconds"),
    [
        (NotSent("no"), Later, 0.0),
        (Throttled("slow", 30.0), Later, 30.0),
        (BudgetEmpty("calls an hour", 40.0), Later, 40.0),
        (AnswerLost("gone"), Uncertain, 0.0),
    ],
)
async def test_a_lost_call(error: Exception, kind: type, seconds: float) -> None:
    tables = company()

    def played(request: Request) -> Answer:
        if not request.safe:
            raise error
        return tables(request)

    outcome = await CONNECTOR.write(ScriptedSession(played), step())
    assert type(outcome) is kind
    assert not isinstance(outcome, Later) or outcome.seconds == seconds


async def test_a_lost_lease_is_raised() -> None:
    def played(_: Request) -> Answer:
        raise LeaseLost("gone")

    with pytest.raises(LeaseLost):
        await CONNECTOR.write(ScriptedSession(played), step())


async def test_nothing_is_sent_where_the_look_up_fails() -> None:
    def refusing(request: Request) -> Answer:
        assert request.safe
        return failure(403, "Operation Failed", "ACL Exception Read Failed due to security constraints")

    outcome = await CONNECTOR.write(ScriptedSession(refusing, {"batch": "no"}), step())
    assert isinstance(outcome, Later) and outcome.forbidden


async def test_a_dropped_filter_proves_nothing() -> None:
    tables = company()
    tables.add(HEAD, sys_import_state="inserted", u_external_invoice_number="9999")
    whole = tables._matching
    tables._matching = lambda table, query: whole(table, "")  # type: ignore[method-assign]
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Later) and not tables.posted and "not asked for" in outcome.why
    with pytest.raises(FilterIgnored):
        await CONNECTOR.find(ScriptedSession(tables), step())


async def test_two_lines_alike_are_two_rows_even_without_a_key_column() -> None:
    tables = company()
    await CONNECTOR.write(ScriptedSession(tables), step())
    for row in tables.rows[LINE]:
        for name in ("u_third_party_import_id", "u_erp_line_number"):
            row.pop(name)
        row["u_line_description"] = "Hosting 1"
    (one, two) = tables.rows[LINE]
    settings = {"line_columns": f"line={LINE}."}
    alike = bill().lines[0]
    lines = (alike, replace(alike, id="2"))
    body = CONNECTOR.compose(Action.CREATE, bill(lines=lines), ORG, "ref-4600", settings).body
    twins = Step("bills", Action.CREATE, "ref-4600", body)
    tables.posted.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables, settings), twins), Done) and not tables.posted
    tables.rows[LINE].remove(two)
    assert await CONNECTOR.find(ScriptedSession(tables, settings), twins) == Partly(3)
    assert one in tables.rows[LINE]


async def test_an_invoice_counts_after_its_staged_rows_are_cleared() -> None:
    tables = company()
    await CONNECTOR.write(ScriptedSession(tables), step())
    invoice = tables.rows["sn_shop_invoice"][0]["sys_id"]
    for name in (HEAD, LINE, TAX):
        tables.rows[name].clear()
    tables.rows["sn_shop_invoice"][0]["tax_amount"] = "USD;8.25"
    tables.add("sn_shop_invoice_line", invoice=invoice, line_description="Hosting 1", sub_total="USD;50.00")
    tables.posted.clear()
    assert await CONNECTOR.find(ScriptedSession(tables), step()) == Partly(3)
    tables.add("sn_shop_invoice_line", invoice=invoice, line_description="Hosting 2", sub_total="USD;50.00")
    (found,) = await CONNECTOR.find(ScriptedSession(tables), step())
    assert isinstance(found, Bill) and found.id == invoice
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done) and not tables.posted


async def test_what_was_taken_in_otherwise_is_told_and_nothing_is_sent() -> None:
    tables = company()
    tables.results[LINE] = [{"status": "inserted"}, {"status": "error", "error_message": "Cost center 4100 not found"}]
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)
    tables.posted.clear()
    first, second = bill().lines
    moved = (
        replace(first, amount=Decimal(60), unit_cost=Decimal(60)),
        replace(second, amount=Decimal(40), unit_cost=Decimal(40)),
    )
    outcome = await CONNECTOR.write(ScriptedSession(tables), step(lines=moved))
    assert isinstance(outcome, Rejected) and outcome.reason == "taken_otherwise" and not tables.posted
    assert "line 1 of bill INV-7781" in outcome.sentence and "50.00" in outcome.sentence and "60.00" in outcome.sentence
    described = (replace(first, description="Other words"), second)
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step(lines=described)), Done)
    assert [row["u_third_party_import_id"] for _, row in tables.posted] == ["ref-4600/2"]


async def test_a_line_of_another_amount_under_our_key_is_told_once_staged_rows_are_cleared() -> None:
    tables = company()
    await CONNECTOR.write(ScriptedSession(tables), step())
    invoice = tables.rows["sn_shop_invoice"][0]["sys_id"]
    for name in (HEAD, LINE, TAX):
        tables.rows[name].clear()
    line = tables.add(
        "sn_shop_invoice_line", invoice=invoice, line_description="Hosting 1", sub_total="USD;50.01",
        third_party_import_id="ref-4600/1",
    )  # fmt: skip
    tables.posted.clear()
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Rejected) and "line 1 of bill INV-7781 as a line over 50.01" in outcome.sentence
    assert not tables.posted
    line["sub_total"] = "USD;50.00"
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    assert [row["u_third_party_import_id"] for _, row in tables.posted] == ["ref-4600/2"]


async def test_what_stands_there_under_our_key_is_not_made_again_although_its_row_was_refused() -> None:
    """One of several transform maps made the record, and another one refused the row."""
    tables = company()
    tables.results[HEAD] = [{"status": "error", "error_message": "An add-on's map failed"}]
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)
    target, made = tables.targets[HEAD](posted(tables, HEAD)[0])
    tables.add(target, **made)
    tables.posted.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)
    assert [name for name, _ in tables.posted] == [LINE, LINE, TAX]


async def test_an_invoice_of_somebody_else_is_not_taken_for_ours() -> None:
    tables = company()
    tables.add("sn_shop_invoice", external_invoice_number="4600", third_party_import_id="other-1", state="draft")
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Rejected) and outcome.reason == "duplicate_number" and not tables.posted


async def test_an_invoice_of_another_source_without_a_key_is_not_taken_for_ours() -> None:
    tables = company()
    there = tables.add(
        "sn_shop_invoice", external_invoice_number="4600", external_invoice_source="OTHER", state="draft"
    )
    outcome = await CONNECTOR.write(ScriptedSession(tables), step())
    assert isinstance(outcome, Rejected) and "of the source OTHER" in outcome.sentence and not tables.posted
    there["external_invoice_source"] = sys_id(5)  # a reference tells nothing
    assert not isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Rejected)


async def test_rows_of_another_ledger_are_left_out() -> None:
    tables = company()
    tables.add(
        HEAD,
        sys_import_state="error",
        u_external_invoice_number="4600",
        u_external_invoice_source="OTHER",
        u_third_party_import_id="x",
    )
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), step()), Done)


async def test_an_update_only_where_rows_coalesce() -> None:
    tables = company()
    with pytest.raises(BadInput, match="second invoice"):
        step(action=Action.UPDATE)
    settings = {"coalesces": "yes"}
    await CONNECTOR.write(ScriptedSession(tables, settings), step(settings=settings))
    again = step(action=Action.UPDATE, settings=settings)
    with pytest.raises(BadInput, match="coalesces"):
        await CONNECTOR.write(ScriptedSession(tables), again)
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables, settings), again), Done)
    assert len(posted(tables, HEAD)) == 1 and len(posted(tables, LINE)) == 2, "it says what was taken in already"
    edited = step(action=Action.UPDATE, settings=settings, date=DAY + dt.timedelta(days=1))
    await CONNECTOR.write(ScriptedSession(tables, settings), edited)
    assert len(posted(tables, HEAD)) == 2 and len(posted(tables, LINE)) == 2, "only what says something else goes again"
    first, second = bill().lines
    recoded = (replace(first, account=Ref(number="64001")), second)
    await CONNECTOR.write(
        ScriptedSession(tables, settings), step(action=Action.UPDATE, settings=settings, lines=recoded)
    )
    assert [row["u_gl_account"] for row in posted(tables, LINE)] == ["6400", "6400", "64001"], (
        "a longer number is another"
    )


async def test_a_long_reference_keeps_its_own_name_when_found() -> None:
    tables = company()
    long = "zoho_books-927270289-bills-460000000098765"
    body = CONNECTOR.compose(Action.CREATE, bill(), ORG, long, {}).body
    given = Step("bills", Action.CREATE, long, body)
    outcome = await CONNECTOR.write(ScriptedSession(tables), given)
    assert isinstance(outcome, Done) and isinstance(outcome.document, Bill) and outcome.document.reference == long
    assert all(len(row["u_third_party_import_id"]) <= 40 for _, row in tables.posted)
    (found,) = await CONNECTOR.find(ScriptedSession(tables), given)
    assert isinstance(found, Bill) and found.reference == long


def payment_step(*bills: str) -> Step:
    splits = tuple(Allocation(f"s{one}", Ref("", "", one), Decimal(10)) for one in bills)
    document = Payment(
        "", Ref(sys_id(7), "Acme", "V-1"), Decimal(10) * len(bills), date=DAY, currency="USD",
        method=Ref(name="bank_transfer"),
        number="CHQ-1", splits=splits, remit_to=REMIT,
    )  # fmt: skip
    body = CONNECTOR.compose(Action.CREATE, document, ORG, "pay-1", {}).body
    return Step("vendor_payments", Action.CREATE, "pay-1", body, total=Decimal(10) * len(bills))


async def test_a_payment_of_two_bills_is_two_rows_and_one_document() -> None:
    tables = company()
    outcome = await CONNECTOR.write(ScriptedSession(tables), payment_step("4600", "4601"))
    assert isinstance(outcome, Done) and isinstance(outcome.document, Payment)
    assert (outcome.document.amount, len(outcome.document.splits), outcome.document.reference) == (
        Decimal(20),
        2,
        "pay-1",
    )
    assert [row["u_erp_invoice_number"] for row in posted(tables, PAYMENTS)] == ["4600", "4601"]
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), payment_step("4600", "4601")), Done)
    assert len(tables.posted) == 2
    tables.rows[PAYMENTS].clear()  # after seven days
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables), payment_step("4600", "4601")), Done)
    assert len(tables.posted) == 2


async def test_a_cost_centre_and_a_supplier_are_made() -> None:
    tables = company()
    body = CONNECTOR.compose(
        Action.CREATE, Dimension("", "cost_center", "Engineering", number="4100", code="ENG"), ORG, "c-1", {}
    ).body
    outcome = await CONNECTOR.write(ScriptedSession(tables), Step("dimensions", Action.CREATE, "c-1", body))
    assert isinstance(outcome, Done) and isinstance(outcome.document, Dimension) and outcome.document.number == "4100"
    party = Party("", "vendor", "Acme", account_number="V-1", email="ann@acme.example", last_name="Lee", address=REMIT,
                  persons=(Person("2", "Bo", "Ray", "bo@acme.example"), Person("3", "No", "Mail")))  # fmt: skip
    composed = CONNECTOR.compose(Action.CREATE, party, ORG, "p-1", {})
    assert composed.notes == ("No Mail has no e-mail and is not sent as a contact",)
    done = await CONNECTOR.write(ScriptedSession(tables), Step("parties", Action.CREATE, "p-1", composed.body))
    assert isinstance(done, Done) and isinstance(done.document, Party)
    assert (done.document.account_number, done.document.reference) == ("V-1", "p-1")
    made = [name.rsplit("_", 2)[-2:] for name, _ in tables.posted]
    assert len(made) == 5 and tables.posted[1][0] == "sn_fcms_intg_imp_supplier"


async def test_a_cost_centre_that_is_there_is_not_made_again() -> None:
    tables = company()
    there = tables.add("cmn_cost_center", name="Engineering", account_number="4100", code="ENG")
    body = CONNECTOR.compose(
        Action.CREATE, Dimension("", "cost_center", "Engineering", number="4100"), ORG, "c-1", {}
    ).body
    outcome = await CONNECTOR.write(ScriptedSession(tables), Step("dimensions", Action.CREATE, "c-1", body))
    assert isinstance(outcome, Done) and outcome.target_id == there["sys_id"] and not tables.posted


async def test_a_message_that_speaks_of_time_is_no_cut_answer() -> None:
    """Of several rows of one Batch call one was stopped: the others' answers stand."""
    tables = company()

    def played(request: Request) -> Answer:
        given = tables(request)
        if request.safe or not tables.rows[LINE]:
            return given
        body = json.loads(given.body)
        stopped = next(one for one in body["serviced_requests"] if one["id"] == "1")
        stopped["error_message"] = "Transaction cancelled: maximum execution time exceeded"
        return answer(body)

    outcome = await CONNECTOR.write(ScriptedSession(played), step())
    assert isinstance(outcome, Uncertain) and "line 2 of bill" in outcome.why
    (found,) = await CONNECTOR.find(ScriptedSession(tables), step())
    assert isinstance(found, Bill)


async def test_a_cost_centre_is_ours_without_a_reference() -> None:
    assert CONNECTOR.is_ours(Dimension("c", "cost_center", "Engineering", number="4100"))
    assert not CONNECTOR.is_ours(Party("p", "vendor", "Acme"))


async def test_what_is_not_offered() -> None:
    with pytest.raises(BadInput, match="offers no void of bills"):
        await CONNECTOR.write(ScriptedSession(company()), Step("bills", Action.VOID, "r", b""))


async def test_settings_that_name_no_table_any_more() -> None:
    with pytest.raises(BadInput, match="name no table for invoice, line, tax any more"):
        await CONNECTOR.write(ScriptedSession(company(), {"profile": "custom"}), step())


async def test_absent_is_empty() -> None:
    assert await CONNECTOR.find(ScriptedSession(company()), step()) == ()


@pytest.mark.parametrize("key_length", ["0", "40", "46", "60"])
async def test_keys_of_any_length_find_their_rows_and_a_header_that_stands_alone(key_length: str) -> None:
    reference, settings = f"zoho_books-{'9' * 20}-bills-4600", {"key_length": key_length}
    assert len(reference) > 40
    body = CONNECTOR.compose(Action.CREATE, bill(), ORG, reference, settings).body
    long = replace(step(), reference=reference, body=body)
    tables = company()
    made = await CONNECTOR.write(ScriptedSession(tables, settings), long)
    assert isinstance(made, Done) and made.document.reference == reference  # type: ignore[union-attr]
    head, *parts = [row["u_third_party_import_id"] for _, row in tables.posted]
    whole = reference if key_length in ("0", "60") else None
    assert whole is None or head == whole
    assert len({head, *parts}) == 4 and all(
        not int(key_length) or len(one) <= int(key_length) for one in (head, *parts)
    )
    for name in (HEAD, LINE, TAX):
        tables.rows[name] = []
    tables.posted.clear()
    # The header alone is no bill: it is known as ours, and only its lines go.
    assert await CONNECTOR.find(ScriptedSession(tables, settings), long) == Partly(2)
    tables.rows["sn_shop_invoice_line"] = []
    again = await CONNECTOR.write(ScriptedSession(tables, settings), long)
    assert isinstance(again, Done) and again.target_id == made.target_id
    assert {name for name, _ in tables.posted} == {LINE}


async def test_amounts_of_fx_columns_go_with_their_currency_and_are_known_again() -> None:
    columns = [f"{HEAD}.{one}" for one in ("u_subtotal", "u_amount_invoiced", "u_tax_amount")]
    settings = {"fx_columns": " ".join([*columns, f"{LINE}.u_subtotal", f"{LINE}.u_line_amount_invoiced"])}
    tables, canadian = company(), replace(step(currency="CAD", settings=settings), currency="CAD")
    made = await CONNECTOR.write(ScriptedSession(tables, settings), canadian)
    assert isinstance(made, Done) and isinstance(made.document, Bill)
    assert (made.document.currency, made.document.total) == ("CAD", Decimal("108.25"))
    assert [row["u_subtotal"] for row in posted(tables, LINE)] == ["CAD;50.00"] * 2
    for row in tables.rows["sn_shop_invoice_line"]:
        row["invoice"] = made.target_id
        row["third_party_import_id"] = ""  # known by description and amount then
    for name in (HEAD, LINE, TAX):
        tables.rows[name] = []
    tables.posted.clear()
    assert isinstance(await CONNECTOR.write(ScriptedSession(tables, settings), canadian), Done) and tables.posted == []
