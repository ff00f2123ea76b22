"""Payments and journal entries made from the ledger's: exact, found again by our reference, and what is not offered."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import BillLine, Expense
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Uncertain
from ml_connector.errors import BadInput, Refused
from ml_connector.transport.errors import Reconnect, TransportError
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, Row, Script, answer, payment, stamp

pytestmark = pytest.mark.anyio
OURS = "MLC-7"
DAY = dt.date(2026, 5, 6)
GONE = answer(404, {"type": "", "title": "Unable to match incoming request to an operation.", "status": 404})
REFUSED = answer(400, {"title": "One or more validation errors occurred.", "errors": {"typeId": ["is required"]}})
MONEY = Payment(
    "", Ref("12", "Acme"), Decimal("175.50"), date=DAY, method=Ref("3", "Check"), number="1043", memo="INV-1 by card",
    splits=(Allocation("", Ref("501"), Decimal("100.50")),), unapplied=Decimal(75),
)  # fmt: skip
SPENT = Expense(
    "", Decimal("30.25"), date=DAY, paid_through=Ref("71", "Petty cash"), memo="Fuel",
    lines=(
        BillLine("1", Decimal("25.00"), account=Ref("70"), business_unit=Ref("3"), description="Diesel"),
        BillLine("2", Decimal("5.25"), account=Ref("72"), description="Tax"),
    ),
)  # fmt: skip


def body(document: Any, **settings: str) -> dict[str, Any]:
    composed = CONNECTOR.compose(Action.CREATE, document, None, OURS, settings)  # type: ignore[arg-type]
    return json.loads(composed.body, parse_float=Decimal)  # type: ignore[no-any-return]


def step(document: Any, entity: str) -> Step:
    composed = CONNECTOR.compose(Action.CREATE, document, None, OURS, {})  # type: ignore[arg-type]
    party = document.party.id if entity == "payments" else ""
    return Step(entity, Action.CREATE, OURS, composed.body, party_id=party, date=DAY, total=composed.total)


def test_a_payment_as_it_is_sent() -> None:
    assert body(MONEY) == {
        "typeId": 3, "amount": Decimal("175.50"), "paidOn": "2026-05-06T00:00:00Z", "customerId": 12,
        "memo": "INV-1 by card [MLC-7]", "exportId": OURS, "status": "Exported", "checkNumber": "1043",
        "splits": [{"invoiceId": 501, "amount": Decimal("100.50")}],
    }  # fmt: skip
    assert body(MONEY, payment_status_when_made="Posted")["status"] == "Posted"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"amount": Decimal(-5)}, "money received only"),
        ({"kind": PaymentKind.REFUND}, "by hand"),
        ({"date": None}, "no date"),
        ({"method": Ref("", "Card")}, "payment type has no id in ServiceTitan"),
        ({"party": Ref("new: customers 12")}, "customer has no id"),
        ({"splits": (Allocation("", Ref("501"), Decimal(200)),)}, "more than its amount"),
    ],
)
def test_a_payment_that_cannot_be_taken(changes: dict[str, Any], told: str) -> None:
    with pytest.raises((BadInput, Refused), match=told):
        body(msgspec.structs.replace(MONEY, **changes))


def test_a_journal_entry_balances() -> None:
    sent = body(SPENT, journal_entry_status="Closed", journal_entry_version="1")
    assert (sent["name"], sent["postDate"], sent["status"], sent["versionId"]) == (OURS, "2026-05-06", "Closed", 1)
    assert [(one["accountId"], one["debit"], one["credit"]) for one in sent["lines"]] == [
        (70, Decimal("25.00"), 0), (72, Decimal("5.25"), 0), (71, 0, Decimal("30.25")),
    ]  # fmt: skip
    assert sent["lines"][0]["businessUnitId"] == 3 and "businessUnitId" not in sent["lines"][1]
    back = msgspec.structs.replace(SPENT, total=Decimal(-10), lines=(BillLine("1", Decimal(-10), account=Ref("70")),))
    assert [(one["debit"], one["credit"]) for one in body(back)["lines"]] == [(0, 10), (10, 0)], "money given back"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"date": None}, "no date"),
        ({"paid_through": Ref()}, "account that paid has no id"),
        ({"lines": ()}, "do not come to its total"),
        ({"total": Decimal(31)}, "do not come to its total"),
        ({"tax": Decimal(1)}, "no line of its own"),
        ({"lines": (BillLine("1", Decimal("30.25")),)}, "account of a line has no id"),
    ],
)
def test_an_expense_that_cannot_be_taken(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        body(msgspec.structs.replace(SPENT, **changes))


def shown(id: int, memo: str, **more: Any) -> Row:
    """A payment as the list shows it: no exportId, and its memo."""
    return {**payment(id, stamp(id)), "customer": {"id": 12, "name": "Acme"}, "total": "175.50", "memo": memo, **more}


async def test_a_payment_is_made_and_read_back() -> None:
    script = Script(lists={"payments": [shown(9, "INV-1 by card [MLC-7]")]})
    script.instead["POST payments"] = answer(200, {"id": 9, "splits": [], "typeId": 3})
    done = await CONNECTOR.write(script, step(MONEY, "payments"))
    assert isinstance(done, Done) and isinstance(done.document, Payment)
    assert (done.target_id, done.document.amount, done.document.reference) == ("9", Decimal("175.5"), OURS)
    assert b"by card" not in done.raw, "what people note is not kept"
    script.lists["payments"][0]["total"] = "17.55"
    other = await CONNECTOR.write(script, step(MONEY, "payments"))
    assert isinstance(other, Uncertain) and "17.55" in other.why
    script.lists["payments"].clear()
    assert isinstance(await CONNECTOR.write(script, step(MONEY, "payments")), Uncertain)
    script.instead["POST payments"] = answer(500, b"")
    assert isinstance(await CONNECTOR.write(script, step(MONEY, "payments")), Uncertain)


async def test_a_lost_payment_is_found_by_our_reference_alone() -> None:
    rows = [shown(8, "by card"), shown(9, "x [MLC-7]"), shown(10, "[MLC-77]"), shown(11, "[MLC-7] again")]
    script = Script(lists={"payments": rows}, largest=2)
    found = await CONNECTOR.find(script, step(MONEY, "payments"))
    assert [one.id for one in found] == ["9"], "an equal payment that somebody else has entered is not ours"
    assert all(CONNECTOR.is_ours(one) for one in found)
    asked = dict(script.sent[0].query)
    assert (asked["customerId"], asked["paidOnAfter"], asked["paidOnBefore"]) == ("12", "2026-05-05", "2026-05-08")


async def test_a_call_that_was_withdrawn_holds_its_flow_and_does_nothing() -> None:
    script = Script(instead={"POST payments": GONE, "POST journal-entries": GONE})
    for document, entity in ((MONEY, "payments"), (SPENT, "journal_entries")):
        gone = await CONNECTOR.write(script, step(document, entity))
        assert isinstance(gone, Later) and gone.forbidden and "nothing was done" in gone.why
    script.instead["journal-entries"] = GONE
    gone = await CONNECTOR.write(script, step(SPENT, "journal_entries"))
    assert isinstance(gone, Later) and gone.forbidden and "support" in gone.why, "nor is what cannot be looked for sent"
    script.instead["POST payments"] = answer(404, {"title": "Customer not found.", "status": 404})
    assert isinstance(await CONNECTOR.write(script, step(MONEY, "payments")), Rejected)


GUID = "5f0c7a1e-0000-4000-8000-000000000001"


Sums = list[tuple[int, float, float]]
MOVED: Sums = [(70, 30.25, 0), (71, 0, 30.25)]


def entered(place: int, name: str) -> Row:
    return {"id": f"{GUID}{place}", "name": name, "postDate": "2026-05-06", "status": "Open", "modifiedOn": stamp()}


def journal(*names: str, sums: Sums = MOVED, made: str = "") -> Script:
    """Entries of these names; ``made``: one more appears with the POST."""
    entries = [entered(place, name) for place, name in enumerate(names)]
    lists: dict[str, list[Row]] = {"journal-entries": entries}
    rows = [{"account": {"id": account}, "debit": debit, "credit": credit} for account, debit, credit in sums]
    lists |= {f"journal-entries/{GUID}{place}/summary": rows for place in range(len(names) + 1)}
    script = Script(lists=lists, instead={"POST journal-entries": answer(200, b"")})

    def appears(number: int) -> None:
        if made and script.sent[-1].method == "POST":
            entries.append(entered(len(entries), made))

    script.before = appears
    return script


def posts(script: Script) -> int:
    return sum(one.method == "POST" for one in script.sent)


async def test_a_journal_entry_is_made_and_found_by_its_name() -> None:
    script = journal("MLC-77", made=OURS)
    done = await CONNECTOR.write(script, step(SPENT, "journal_entries"))
    assert isinstance(done, Done) and isinstance(done.document, Expense), done
    assert (done.target_id, done.document.total, done.document.date) == (f"{GUID}1", Decimal("30.25"), DAY)
    found = await CONNECTOR.find(script, step(SPENT, "journal_entries"))
    assert [one.id for one in found] == [f"{GUID}1"] and CONNECTOR.is_ours(found[0])
    assert dict(script.sent[0].query)["name"] == OURS and posts(script) == 1
    assert isinstance(await CONNECTOR.write(journal(), step(SPENT, "journal_entries")), Uncertain)


async def test_a_journal_entry_is_never_posted_where_one_of_its_name_is_there() -> None:
    for script, told in (
        (journal(OURS), ""),
        (journal(OURS, OURS), "shows 2 journal entries"),
        (journal(OURS, sums=[(70, 20, 0), (71, 0, 20)]), "over 20"),
    ):
        outcome = await CONNECTOR.write(script, step(SPENT, "journal_entries"))
        assert posts(script) == 0
        assert isinstance(outcome, Uncertain) and told in outcome.why if told else isinstance(outcome, Done)


MIXED = msgspec.structs.replace(
    SPENT, total=Decimal(80),
    lines=(BillLine("1", Decimal(100), account=Ref("70")), BillLine("2", Decimal(-20), account=Ref("72"))),
)  # fmt: skip
SAME = msgspec.structs.replace(
    MIXED, lines=tuple(msgspec.structs.replace(one, account=Ref("70")) for one in MIXED.lines)
)
BACK = msgspec.structs.replace(SPENT, total=Decimal(-10), lines=(BillLine("1", Decimal(-10), account=Ref("70")),))


@pytest.mark.parametrize(
    ("expense", "moved", "sums"),
    [
        (MIXED, 100, [(70, 100, 0), (72, 0, 20), (71, 0, 80)]),
        (SAME, 80, [(70, 100, 20), (71, 0, 80)]),
        (SAME, 80, [(70, 80, 0), (71, 0, 80)]),
        (BACK, 10, [(71, 10, 0), (70, 0, 10)]),
    ],
    ids=["a line taken off", "one account", "one account set off", "given back"],
)
async def test_an_entry_is_proved_by_what_it_moves(expense: Expense, moved: int, sums: Sums) -> None:
    asked = step(expense, "journal_entries")
    assert asked.total == moved
    assert isinstance(await CONNECTOR.write(journal(sums=sums, made=OURS), asked), Done)


async def test_an_entry_of_another_name_proves_that_the_filter_was_not_obeyed() -> None:
    script = journal(OURS)
    others = {"page": 1, "pageSize": 500, "hasMore": False, "data": [entered(1, "March")]}
    script.instead["GET journal-entries"] = answer(200, others)
    with pytest.raises(UnexpectedShape, match="name asked for"):
        await CONNECTOR.find(script, step(SPENT, "journal_entries"))
    later = await CONNECTOR.write(script, step(SPENT, "journal_entries"))
    assert isinstance(later, Later) and posts(script) == 0
    script.instead["GET journal-entries"] = answer(200, {**others, "data": []})
    assert not await CONNECTOR.find(script, step(SPENT, "journal_entries"))


async def test_every_page_of_a_name_is_looked_through() -> None:
    script = journal("MLC-70", "MLC-71", OURS)
    script.largest = 2
    found = await CONNECTOR.find(script, step(SPENT, "journal_entries"))
    assert [one.reference for one in found] == [OURS]


async def test_a_filter_that_is_not_obeyed_is_told_beforehand() -> None:
    script = Script(instead={"POST journal-entries": REFUSED})
    script.instead["GET journal-entries"] = answer(200, {"hasMore": True, "data": [entered(1, "March")]})
    [missing] = [one for one in (await looked(script, "journal_entries")).values() if one.verdict is Verdict.MISSING]
    assert "the filter 'name'" in missing.sentence and "by hand" in missing.action


async def looked(script: Script, *entities: str) -> dict[str, Finding]:
    found = await CONNECTOR.preflight(script, entities)
    return {one.subject: one for one in found.findings}


async def test_what_the_account_offers_is_probed_and_told() -> None:
    script = Script(instead={"POST payments": REFUSED, "POST journal-entries": REFUSED})
    found = await looked(script, "payments", "journal_entries")
    assert [one.verdict for one in found.values()] == [Verdict.GOOD] * 4
    assert [(one.method, one.body) for one in script.sent if one.method == "POST"] == [("POST", b"{}")] * 2
    assert await looked(script, "customers", "bills") == {}, "what every account takes is not asked for"


@pytest.mark.parametrize(
    ("instead", "scopes", "told"),
    [
        ({"POST payments": GONE}, ALL_SCOPES, ("offers this account no call", "support", "by hand")),
        ({"POST payments": answer(403, b"")}, ALL_SCOPES, ("tn.acc.payments:w", "administrator accepts")),
        ({"POST payments": answer(200, {"id": 1})}, ALL_SCOPES, ("with 200", "probe_by_empty_body to no")),
        ({}, ALL_SCOPES - {"tn.acc.payments:w"}, ("token lacks tn.acc.payments:w", "administrator accepts")),
        (
            {"POST payments": REFUSED, "payments": answer(403, b"")},
            ALL_SCOPES,
            ("could be made twice", "tn.acc.payments:r"),
        ),
        ({"POST payments": REFUSED, "payments": GONE}, ALL_SCOPES, ("answered the list", "support")),
    ],
    ids=["withdrawn", "right", "took it", "token", "unseen", "no list"],
)
async def test_what_is_not_offered_says_who_changes_what(
    instead: dict[str, Any], scopes: frozenset[str], told: tuple[str, ...]
) -> None:
    found = await looked(Script(instead=instead, scopes=scopes), "payments")
    [missing] = [one for one in found.values() if one.verdict is Verdict.MISSING]
    assert all(words in f"{missing.sentence} {missing.action}" for words in told), missing


async def test_a_probe_can_be_left_out_and_an_outage_is_no_answer() -> None:
    script = Script(settings={"probe_by_empty_body": "no"})
    found = await looked(script, "payments")
    assert found["payments of customers"].verdict is Verdict.WARNING
    assert [one.method for one in script.sent] == ["GET"]
    for status, error in ((500, TransportError), (401, Reconnect)):
        with pytest.raises(error):
            await looked(Script(instead={"POST payments": answer(status, b"")}), "payments")
