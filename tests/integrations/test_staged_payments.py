"""Payments to vendors: a row for every bill, what waits and why, what is passed over, and what is applied later."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import codes
from staging_world import (
    BILL,
    HOME,
    LINKS,
    PAYMENT,
    SUPPLIERS,
    VENDOR,
    bill,
    linked,
    payment,
    plan,
    split,
    staged,
    there,
    view,
)

from ml_connector.canonical.parts import Address, Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.decisions import STAYS, Hold, Skip, Unchanged, Write
from ml_connector.integrations.views import settled_key
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION

D = Decimal
PAID = INTEGRATION.flow("vendor_payments")
ON_BILL = {("bills", "zb1"): "inv-1"}
TWO = payment(amount=D(150), splits=(split("bp1", "zb1", "100"), split("bp2", "zb2", "50")))


def pay(document: Payment = PAYMENT, *, links: dict[tuple[str, str], str | None] | None = None, **changes: Any) -> Any:
    return plan(document, "vendor_payments", links={**ON_BILL, **(links or {})}, **changes)


def test_a_payment_is_staged_beside_its_invoice() -> None:
    decision = pay()
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference) == ("vendor_payments", Action.CREATE, "mlc-7")
    assert (step.party_id, step.number, step.total, step.currency) == ("s1", "CHK-77", D(100), "USD")
    sent = staged(decision)
    assert sent.splits == (Allocation("bp1", Ref("zb1", "INV-1", "zb1"), D(100)),)
    assert (sent.method.name, sent.party.number, sent.remit_to) == ("cheque", "v1", HOME)
    assert (sent.date, sent.reference, sent.unapplied, sent.bank_account) == (dt.date(2026, 6, 20), "mlc-7", 0, Ref())


def test_every_bill_has_a_row() -> None:
    decision = pay(TWO, links={("bills", "zb2"): "inv-2"})
    assert [(one.document.number, one.amount) for one in staged(decision).splits] == [("zb1", D(100)), ("zb2", D(50))]
    assert isinstance(decision, Write) and len(decision.steps) == 1 and decision.steps[0].total == D(150)


def test_a_bill_that_was_linked_goes_by_its_number_there() -> None:
    other = {("bills", "inv-1"): there(own_number="ERP-9")}
    assert staged(pay(at_target=other)).splits[0].document.number == "ERP-9"
    unnumbered = {("bills", "inv-1"): there(own_number="")}
    assert staged(pay(at_target=unnumbered)).splits[0].document.number == "zb1"


KEYED = Payment(
    "pd-9", Ref("s1"), D(100), date=dt.date(2026, 6, 18), currency="USD",
    splits=(Allocation("pd-9", Ref("inv-1", "", "zb1"), D(100)),),
)  # fmt: skip


def keyed(**changes: Any) -> Any:
    return pay(at_target={("vendor_payments", "pd-9"): msgspec.structs.replace(KEYED, **changes)})


def test_a_payment_that_somebody_keyed_there_is_not_staged_again() -> None:
    decision = keyed()
    assert codes(decision) == ["staged_payment_twin"] and "(id pd-9)" in decision.waits[0].sentence
    released = pay(at_target={("vendor_payments", "pd-9"): KEYED}, released=frozenset(["staged_payment_twin"]))
    assert isinstance(released, Write)


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": D("99.99")}, {"date": dt.date(2026, 6, 1)}, {"reference": "mlc-1"}, {"active": False},
        {"splits": (Allocation("pd-9", Ref("inv-2"), D(100)),)},
    ],
)  # fmt: skip
def test_what_is_no_double_of_a_payment(changes: dict[str, Any]) -> None:
    assert isinstance(keyed(**changes), Write)


def test_a_bill_to_come_is_waited_for_in_a_preview_only_by_its_placeholder() -> None:
    decision = pay(links={("bills", "zb1"): "new: bills zb1"})
    assert isinstance(decision, Write) and decision.placeholders == ("new: bills zb1",)
    assert staged(decision).splits[0].document.number == "zb1"


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ({"asked": frozenset([("bills", "zb1")])}, "staged_bill_pending"),
        ({}, "staged_bill_pending"),
        ({"read_through": frozenset(["bills"])}, "staged_bill_unread"),
        ({"brings": frozenset()}, "staged_bill_flow_off"),
    ],
)
def test_a_payment_waits_for_its_bill(around: dict[str, Any], code: str) -> None:
    decision = pay(links={("bills", "zb1"): None}, **around)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [(code, "link", "bills:zb1")]
    assert decision.asks_for == ((("bills", "zb1"),) if code == "staged_bill_unread" else ())


def test_an_unread_bill_is_asked_for_whatever_else_the_payment_waits_for() -> None:
    cash = payment(method=Ref(name="Cash"))
    decision = pay(cash, links={("bills", "zb1"): None}, read_through=frozenset(["bills"]))
    assert isinstance(decision, Hold) and decision.asks_for == (("bills", "zb1"),)
    assert codes(decision) == ["staged_bill_unread", "payment_method_unmapped"]


def test_what_pays_older_bills_alone_needs_no_method_and_no_address() -> None:
    old = {("bills", "zb1"): bill(date=dt.date(2025, 12, 1)), ("vendors", "v1"): VENDOR}
    decision = pay(payment(method=Ref(name="Cash")), links={("bills", "zb1"): None}, sources=old)
    assert isinstance(decision, Skip) and codes(decision) == ["payment_of_older_bills"]
    assert "bill INV-1 of 2025-12-01, older than the start date 2026-01-01" in decision.sentence


def test_what_pays_an_older_bill_is_left_out_visibly() -> None:
    old = {("bills", "zb2"): bill(id="zb2", date=dt.date(2025, 12, 1)), ("vendors", "v1"): VENDOR}
    decision = pay(TWO, sources=old)
    assert isinstance(decision, Write)
    told = "bill INV-1 of 2025-12-01, older than the start date 2026-01-01"
    assert decision.notes[0] == f"50.00 USD of it is on {told}, and left out"
    assert [one.document.number for one in staged(decision).splits] == ["zb1"] and decision.steps[0].total == D(100)
    alone = payment(amount=D(50), splits=TWO.splits[1:])
    assert codes(pay(alone, sources=old)) == ["payment_of_older_bills"]
    assert isinstance(pay(alone, sources=old, links={("bills", "zb2"): "inv-2"}), Write)


def part_there(**changes: Any) -> dict[tuple[str, str], Payment]:
    """A row of the payment that was taken in before another one was refused."""
    part = Payment(
        "pd-1", Ref("s1"), D(100), date=dt.date(2026, 6, 20), currency="USD", number="CHK-77", reference="mlc-7/a"
    )
    return {("vendor_payments", "pd-1"): msgspec.structs.replace(part, **changes)}


@pytest.mark.parametrize("changes", [{"active": False}, {"splits": (), "unapplied": D(150)}])
def test_a_payment_of_which_a_part_stands_there_is_not_passed_over(changes: dict[str, Any]) -> None:
    gone = msgspec.structs.replace(TWO, **changes)
    held = pay(gone, at_target=part_there())
    assert codes(held) == ["payment_left_in_part"] and "100.00 USD" in held.waits[0].sentence
    assert (held.waits[0].kind, held.waits[0].key) == ("fact", "vendor_payments:pd-1")
    for other in ({"active": False}, {"reference": "mlc-71/a"}, {"reference": ""}):
        assert isinstance(pay(gone, at_target=part_there(**other)), Skip)
    assert isinstance(pay(TWO, at_target=part_there(), links={("bills", "zb2"): "inv-2"}), Write)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"active": False}, "void_in_ledger"),
        ({"amount": D(-5), "splits": (), "unapplied": D(-5)}, "vendor_refund"),
        ({"date": dt.date(2025, 12, 31)}, "staged_before_start"),
        ({"splits": (), "unapplied": D(100)}, "not_applied_yet"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], code: str) -> None:
    assert codes(pay(payment(**changes))) == [code]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"unapplied": D(1)}, "vendor_payment_does_not_tie"),
        ({"currency": ""}, "staged_currency_unknown"),
        ({"date": None}, "payment_without_date"),
        ({"method": Ref(name="Barter")}, "payment_method_unmapped"),
        ({"method": Ref()}, "payment_method_unmapped"),
    ],
)
def test_what_must_be_right(changes: dict[str, Any], code: str) -> None:
    assert code in codes(pay(payment(**changes)))


def test_a_mode_that_is_no_method_holds() -> None:
    assert codes(pay(tables={"payment_methods": {"Check": "barter"}})) == ["payment_method_unmapped"]
    assert staged(pay(payment(method=Ref()), tables={"payment_methods": {"(none)": "bank_transfer"}})).method.name == (
        "bank_transfer"
    )


@pytest.mark.parametrize("part", ["street", "city", "state", "zip", "country"])
def test_the_whole_remit_to_is_demanded(part: str) -> None:
    bare = msgspec.structs.replace(VENDOR, address=msgspec.structs.replace(HOME, **{part: " "}))
    decision = pay(sources={("vendors", "v1"): bare})
    assert isinstance(decision, Hold) and codes(decision) == ["remit_to_missing"]
    assert "Beta Supplies" in decision.waits[0].sentence
    assert {"zip": "postal code"}.get(part, part) in decision.waits[0].sentence


def test_a_vendor_who_completes_the_address_frees_the_payment() -> None:
    bare = msgspec.structs.replace(VENDOR, address=Address())
    held = pay(sources={("vendors", "v1"): bare})
    assert isinstance(held, Hold)
    assert [(one.kind, one.key) for one in held.waits] == [("link", settled_key("vendors", "v1"))]


def test_a_vendor_who_was_not_read_is_not_told_to_lack_an_address() -> None:
    """A mapping row may name the supplier of a vendor nobody has read: who is read later has an address then."""
    chosen: dict[str, Any] = {"links": {("vendors", "v1"): None}, "sources": {}, "tables": {"vendors": {"v1": "s1"}}}
    before = pay(brings=frozenset(["vendors", "bills"]), **chosen)
    assert codes(before) == ["supplier_unread"]
    after = pay(brings=frozenset(["vendors", "bills"]), read_through=frozenset(["vendors"]), **chosen)
    assert isinstance(after, Hold) and codes(after) == ["remit_to_unread"]
    assert [(one.kind, one.key) for one in after.waits] == [("link", "vendors:v1")]
    assert "was not read from Zoho Books" in after.waits[0].sentence


def test_a_remit_to_that_was_moved_waits_for_a_person() -> None:
    moved = msgspec.structs.replace(VENDOR, address=Address("9 Elm Road", "", "New York", "NY", "10001", "US"))
    around: dict[str, Any] = {"sources": {("vendors", "v1"): moved}}
    assert codes(pay(**around)) == ["remit_to_differs"]
    assert staged(pay(released=frozenset(["remit_to_differs"]), **around)).remit_to.city == "New York"
    assert SUPPLIERS["s1"].address == HOME


def test_the_vendor_is_asked_for_first() -> None:
    decision = pay(links={("vendors", "v1"): None}, asked=frozenset([("vendors", "v1")]))
    assert isinstance(decision, Hold)
    assert codes(decision) == ["supplier_pending"] and decision.asks_for == (("vendors", "v1"),)


def test_rows_that_come_to_another_sum_are_a_defect() -> None:
    def composed(action: Action, document: Any, reference: str) -> Composed:
        return Composed(b"", D(99))

    assert codes(pay(compose=composed)) == ["payment_total_differs"]


def test_what_a_payment_needs() -> None:
    settings = view(BILL).settings
    vendor = ("vendors", "v1")
    assert PAID.needs_links(TWO, settings) == (vendor, ("bills", "zb1"), ("bills", "zb2"), vendor)
    assert PAID.party_of(PAYMENT) == "v1" and ("vendors", "v1") in LINKS


# --- later versions ----------------------------------------------------------------------------------------------


def later(newer: Payment, before: Payment = PAYMENT, **changes: Any) -> Any:
    return pay(newer, link=linked(before, None, "vendor_payments", "row-1"), **changes)


def test_what_is_no_change() -> None:
    assert isinstance(later(payment(stamp="2026-07-01", memo="sent", state="paid", reconciled=True)), Unchanged)


def test_what_is_applied_later_is_staged_beside() -> None:
    before = payment(amount=D(150), unapplied=D(50))
    decision = later(TWO, before, links={("bills", "zb2"): "inv-2"})
    assert isinstance(decision, Write) and decision.main == STAYS
    [step] = decision.steps
    assert (step.action, step.reference, step.total) == (Action.CREATE, "mlc-7-1", D(50))
    assert [one.document.number for one in staged(decision).splits] == ["zb2"]
    assert codes(later(TWO, before)) == ["staged_bill_pending"]


def test_what_is_applied_later_to_an_older_bill_changes_nothing() -> None:
    old = {("bills", "zb2"): bill(id="zb2", date=dt.date(2025, 12, 1)), ("vendors", "v1"): VENDOR}
    assert isinstance(later(TWO, payment(amount=D(150), unapplied=D(50)), sources=old), Unchanged)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"amount": D(90), "splits": (split("bp1", "zb1", "90"),)}, "amount 100.00 -> 90.00"),
        ({"amount": D(150), "splits": TWO.splits}, "amount 100.00 -> 150.00"),
        ({"date": dt.date(2026, 6, 21)}, "date 2026-06-20 -> 2026-06-21"),
        ({"method": Ref(name="Cash")}, "method Check -> Cash"),
        ({"splits": (), "unapplied": D(100)}, "applied to (INV-1 100.00) -> (0.00)"),
        ({"active": False}, "it was voided"),
        ({"active": False, "state": "deleted"}, "it was deleted"),
    ],
)
def test_every_other_change_is_told_with_both_versions(changes: dict[str, Any], says: str) -> None:
    decision = later(payment(**changes))
    assert isinstance(decision, Hold) and codes(decision) == ["payment_changed_after_staging"]
    assert says in decision.waits[0].sentence


# --- credits applied ---------------------------------------------------------------------------------------------

CREDIT = Bill(
    "zvc1", Ref("v1", "Beta Supplies"), D(-40), number="CR-1", date=dt.date(2026, 6, 12), currency="USD",
    state=BillState.OPEN, credits=(Allocation("ap1", Ref("zb1", "", "INV-1"), D(30), dt.date(2026, 6, 15)),),
)  # fmt: skip
METHOD = {"applied_credits": "bank_transfer"}


def credit(document: Bill = CREDIT, *, links: dict[tuple[str, str], str | None] | None = None, **changes: Any) -> Any:
    return plan(document, "applied_credits", links={**ON_BILL, **(links or {})}, **changes)


def test_applied_credits_are_listed_unless_a_method_is_set() -> None:
    assert codes(credit()) == ["credit_listed"]
    sent = staged(credit(settings=METHOD))
    assert (sent.amount, sent.date, sent.number, sent.method.name) == (
        D(30),
        dt.date(2026, 6, 15),
        "CR-1",
        "bank_transfer",
    )
    assert [(one.document.number, one.amount) for one in sent.splits] == [("zb1", D(30))]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credits": ()}, "not_applied_yet"),
        ({"active": False}, "void_in_ledger"),
        ({"credits": (Allocation("ap1", Ref("zb1"), D(30), dt.date(2025, 12, 1)),)}, "staged_before_start"),
    ],
)
def test_credits_that_are_passed_over(changes: dict[str, Any], code: str) -> None:
    assert codes(credit(msgspec.structs.replace(CREDIT, **changes), settings=METHOD)) == [code]


def test_a_credit_waits_for_its_bill() -> None:
    assert codes(credit(links={("bills", "zb1"): None}, settings=METHOD)) == ["staged_bill_pending"]


def test_a_further_application_is_staged_beside() -> None:
    more = (*CREDIT.credits, Allocation("ap2", Ref("zb2"), D(10), dt.date(2026, 7, 1)))
    newer, link = msgspec.structs.replace(CREDIT, credits=more), linked(CREDIT, None, "vendor_payments", "row-1")
    decision = credit(newer, link=link, settings=METHOD, links={("bills", "zb2"): "inv-2"})
    assert isinstance(decision, Write) and decision.steps[0].reference == "mlc-7-1"
    assert (staged(decision).amount, staged(decision).date) == (D(10), dt.date(2026, 7, 1))
    assert codes(credit(newer, link=link)) == ["credit_listed"]
    assert isinstance(credit(CREDIT, link=link, settings=METHOD), Unchanged)


def test_an_application_that_was_taken_back_is_told() -> None:
    link = linked(CREDIT, None, "vendor_payments", "row-1")
    gone = msgspec.structs.replace(CREDIT, credits=())
    assert codes(credit(gone, link=link, settings=METHOD)) == ["payment_changed_after_staging"]


@pytest.mark.parametrize("state", ["draft", "pending_approval"])
def test_what_is_not_paid_yet_is_no_payment(state: str) -> None:
    """A list row of such a one shows no bills, but one that a webhook names is read in full."""
    decision = pay(payment(posted=False, state=state))
    assert isinstance(decision, Skip) and decision.code == "not_in_books_yet"
    assert isinstance(pay(payment(state="paid")), Write)
