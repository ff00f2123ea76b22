"""Every rule of staged bills: what passes, what waits and why, what is passed over, and that all of it ties to the cent."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from bill_world import codes
from staging_world import (
    ACCOUNTS,
    BILL,
    CENTERS,
    DAY,
    HOME,
    LINE,
    NORTH,
    OPTIONS,
    SOUTH,
    SUPPLIERS,
    VENDOR,
    bill,
    line,
    plan,
    staged,
    view,
)

from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Address, Ref, TaxBasis
from ml_connector.canonical.purchases import BillState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Adopt, Hold, Write
from ml_connector.integrations.views import Twin
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION

D = Decimal
BILLS, CREDITS = INTEGRATION.flow("bills"), INTEGRATION.flow("vendor_credits")
LOCATED = {"location": Ref("l-duluth", "Duluth")}


def test_a_good_bill_is_staged_as_it_is() -> None:
    decision = plan(BILL)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference, step.party_id) == ("bills", Action.CREATE, "mlc-7", "s1")
    assert (step.number, step.date, step.total, step.currency) == ("INV-1", DAY, D(100), "USD")
    sent = staged(decision)
    assert (sent.id, sent.own_number, sent.number, sent.reference) == ("", "zb1", "INV-1", "mlc-7")
    assert sent.vendor == Ref("s1", "Beta Supplies", "v1")
    assert sent.legal_entity == Ref("le-us", "Polar Air Inc", "1000")
    assert sent.remit_to == HOME and sent.due_date == dt.date(2026, 7, 9)
    assert (sent.purchase_order, sent.terms, sent.tax) == (Ref(), "", D(0))
    [one] = sent.lines
    assert (one.id, one.amount, one.quantity, one.unit_cost) == ("1", D(100), D(4), D(25))
    assert one.account == Ref("g6100", "Parts", "6100")
    assert one.dimensions == (Ref("cc-north", "North office", "4100"),)


@pytest.mark.parametrize("state", [BillState.OPEN, BillState.PARTLY_PAID, BillState.PAID, BillState.POSTED])
def test_what_is_in_the_books_goes(state: BillState) -> None:
    assert isinstance(plan(bill(state=state)), Write)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": BillState.DRAFT, "status": "pending_approval"}, "not_in_books_yet"),
        ({"state": BillState.SUBMITTED, "status": "submitted"}, "not_in_books_yet"),
        ({"state": BillState.CANCELED, "status": "void"}, "void_in_ledger"),
        ({"active": False}, "void_in_ledger"),
        ({"date": dt.date(2025, 12, 31)}, "staged_before_start"),
        ({"total": "0", "lines": ()}, "zero"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], code: str) -> None:
    assert codes(plan(bill(**changes))) == [code]


def test_the_first_day_goes() -> None:
    assert isinstance(plan(bill(date=dt.date(2026, 1, 1))), Write)


def test_before_the_start_a_bill_is_only_linked() -> None:
    old = bill(date=dt.date(2025, 12, 31))
    equal = Twin("ServiceNow", "inv-9", "INV-1", D(100), "draft", ours=False, entity="bills")
    decision = plan(old, twins=(equal,))
    assert isinstance(decision, Adopt) and (decision.target_entity, decision.target_id) == ("bills", "inv-9")
    assert codes(plan(old, twins=(equal, equal))) == ["staged_before_start"]
    assert codes(plan(old, twins=(msgspec.structs.replace(equal, total=D(99)),))) == ["staged_before_start"]
    assert BILLS.only_linked(old, view(old).settings) and not BILLS.only_linked(BILL, view(BILL).settings)


# --- accounts, entity, terms, order ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tables", "code", "key"),
    [
        ({"accounts": {}}, "gl_account_unmapped", "accounts:a1"),
        ({"accounts": {"a1": "g404"}}, "gl_account_unknown", "accounts:g404"),
        ({"accounts": {"a1": "g-off"}}, "gl_account_unusable", "accounts:g-off"),
        ({"accounts": {"a1": "g-bare"}}, "gl_account_unusable", "accounts:g-bare"),
        ({"legal_entities": {}}, "legal_entity_unmapped", "legal_entities:(all)"),
        ({"legal_entities": {"(all)": "le-404"}}, "legal_entity_unknown", "legal_entities:le-404"),
        ({"legal_entities": {"(all)": "le-off"}}, "legal_entity_unknown", "legal_entities:le-off"),
        ({"terms": {"Net 30": "t404"}}, "terms_unknown", "payment_terms:t404"),
    ],
)
def test_what_a_mapping_lacks_is_told(tables: dict[str, dict[str, str]], code: str, key: str) -> None:
    decision = plan(BILL, tables=tables)
    assert isinstance(decision, Hold)
    assert [(one.code, one.key) for one in decision.waits] == [(code, key)]


def test_a_location_has_a_legal_entity_of_its_own() -> None:
    rows = {"(all)": "le-us", "l-duluth": "le-ca"}
    assert staged(plan(bill(**LOCATED), tables={"legal_entities": rows})).legal_entity.number == "2000"
    assert staged(plan(BILL, tables={"legal_entities": rows})).legal_entity.number == "1000"
    assert staged(plan(BILL, tables={"legal_entities": {"(all)": "none"}})).legal_entity == Ref()
    held = plan(bill(**LOCATED), tables={"legal_entities": {}})
    assert isinstance(held, Hold) and "'l-duluth'" in held.waits[0].action and "'(all)'" in held.waits[0].action
    held = plan(BILL, tables={"legal_entities": {}})
    assert isinstance(held, Hold) and held.waits[0].action.count("'(all)'") == 1


def test_terms_go_by_their_code_there() -> None:
    assert staged(plan(BILL, tables={"terms": {"Net 30": "t30"}})).terms == "N30"
    assert staged(plan(BILL, tables={"terms": {"Net 30": "none"}})).terms == ""


def test_a_purchase_order_is_named_only_where_orders_are_known_there() -> None:
    ordered = bill(purchase_order=Ref(number="PO-5"))
    plain, known = staged(plan(ordered)), staged(plan(ordered, settings={"orders_known": "yes"}))
    assert (plain.purchase_order, plain.memo) == (Ref(), "Purchase order PO-5")
    assert (known.purchase_order.number, known.memo) == ("PO-5", "")


def test_a_person_may_give_another_number() -> None:
    decision = plan(BILL, tables={"bill_numbers": {"zb1": "INV-1A"}})
    assert staged(decision).number == "INV-1A" and isinstance(decision, Write) and "INV-1A" in decision.notes[0]
    unnumbered = plan(bill(number=""))
    assert staged(unnumbered).number == "zb1" and isinstance(unnumbered, Write) and "zb1" in unnumbered.notes[0]


@pytest.mark.parametrize(("amount", "code"), [("100", "same_number_same_total"), ("99", "same_number_other_total")])
def test_a_number_that_is_taken_holds(amount: str, code: str) -> None:
    twin = Twin("ServiceNow", "inv-9", "inv 1", D(amount), "approved", ours=False, entity="bills")
    assert codes(plan(BILL, twins=(twin,))) == [code]


# --- suppliers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("around", "code", "asks"),
    [
        ({"links": {("vendors", "v1"): None}, "asked": frozenset([("vendors", "v1")])}, "supplier_pending", 1),
        ({"links": {("vendors", "v1"): None}}, "supplier_unread", 0),
        ({"links": {("vendors", "v1"): None}, "brings": frozenset()}, "supplier_flow_off", 0),
        ({"links": {("vendors", "v1"): "s2"}}, "supplier_inactive", 0),
        ({"links": {("vendors", "v1"): "s3"}}, "supplier_without_code", 0),
        ({"links": {("vendors", "v1"): "s404"}}, "supplier_gone", 0),
    ],
)
def test_whose_it_is_must_be_known(around: dict[str, Any], code: str, asks: int) -> None:
    decision = plan(BILL, **around)
    assert isinstance(decision, Hold)
    assert codes(decision) == [code] and len(decision.asks_for) == asks


def test_others_are_asked_only_where_nothing_else_is_missing() -> None:
    around: dict[str, Any] = {"links": {("vendors", "v1"): None}, "asked": frozenset([("vendors", "v1")])}
    decision = plan(BILL, tables={"accounts": {}}, **around)
    assert isinstance(decision, Hold) and decision.asks_for == ()


def test_a_supplier_to_come_is_named_by_the_code_it_will_have() -> None:
    decision = plan(BILL, links={("vendors", "v1"): "new: vendors v1"})
    assert staged(decision).vendor == Ref("new: vendors v1", "Beta Supplies", "v1")
    assert isinstance(decision, Write) and decision.placeholders == ("new: vendors v1",)


def test_a_row_names_a_supplier_where_no_record_can_be_brought() -> None:
    around: dict[str, Any] = {"links": {("vendors", "v1"): None}, "tables": {"vendors": {"v1": "s1"}}}
    assert codes(plan(BILL, **around)) == ["supplier_unread"]  # the vendors are still being read
    assert staged(plan(BILL, read_through=frozenset(["vendors"]), **around)).vendor.id == "s1"
    assert staged(plan(BILL, brings=frozenset(), **around)).vendor.id == "s1"


def test_another_remit_to_there_waits_for_a_person() -> None:
    elsewhere = msgspec.structs.replace(SUPPLIERS["s1"], address=Address("9 Elm Road", zip="10001", city="New York"))
    around: dict[str, Any] = {"ledger": {"parties": {**SUPPLIERS, "s1": elsewhere}}}
    assert codes(plan(BILL, **around)) == ["remit_to_differs"]
    assert isinstance(plan(BILL, released=frozenset(["remit_to_differs"]), **around), Write)


@pytest.mark.parametrize(
    "address",
    [Address(), Address("1 SHIP STREET", zip="55802"), Address("1 Ship Street, Duluth"), Address(city="New York")],
)
def test_one_address_spelled_otherwise_holds_nothing(address: Address) -> None:
    known = msgspec.structs.replace(SUPPLIERS["s1"], address=address)
    assert isinstance(plan(BILL, ledger={"parties": {**SUPPLIERS, "s1": known}}), Write)


def test_a_bill_needs_no_address() -> None:
    assert staged(plan(BILL, sources={})).remit_to == Address()
    bare = msgspec.structs.replace(VENDOR, erased=True)
    assert staged(plan(BILL, sources={("vendors", "v1"): bare})).remit_to == Address()


# --- cost centres ------------------------------------------------------------------------------------------------


def center_of(decision: Any) -> str:
    return str(staged(decision).lines[0].dimensions[0].number)


def test_a_lines_tag_goes_before_its_location_and_its_vendor() -> None:
    by_both: dict[str, Any] = {
        "settings": {"cost_center_from": ("tag1", "location")},
        "tables": {"cost_centers": {"l-duluth": "cc-south"}, "vendor_cost_centers": {"v1": "cc-north"}},
    }
    assert center_of(plan(bill(**LOCATED), **by_both)) == "4100"
    untagged = bill(lines=(line("100", dimensions=()),), **LOCATED)
    assert center_of(plan(untagged, **by_both)) == "4200"
    assert center_of(plan(bill(lines=(line("100", dimensions=()),)), **by_both)) == "4100"


def test_a_lines_own_location_goes_before_the_bills() -> None:
    own = bill(lines=(line("100", dimensions=(), location=Ref("l-2", "Fargo")),), **LOCATED)
    rows = {"cost_centers": {"l-duluth": "cc-south", "l-2": "cc-north"}}
    assert center_of(plan(own, settings={"cost_center_from": ("location",)}, tables=rows)) == "4100"


def test_a_project_may_be_the_cost_center() -> None:
    built = bill(lines=(line("100", dimensions=()),), job=Ref("p-school", "School"))
    rows = {"cost_centers": {"p-school": "cc-south"}}
    assert center_of(plan(built, settings={"cost_center_from": ("project",)}, tables=rows)) == "4200"


def test_a_project_that_is_not_read_says_how_projects_are_read() -> None:
    built = bill(lines=(line("100", dimensions=()),), job=Ref("p-school", "School"))
    wanted = {"cost_center_from": ("project",)}
    assert codes(plan(built, settings=wanted)) == ["cost_center_unread"]  # others are read: this one was deleted
    tags = {"dimensions": {key: one for key, one in OPTIONS.items() if one.kind != "project"}}
    told = plan(built, settings=wanted, source_lists=tags)
    assert codes(told) == ["cost_center_projects_unread"]
    assert isinstance(told, Hold) and "projects=yes" in told.waits[0].action


def test_another_tag_is_no_cost_center() -> None:
    crew = bill(lines=(line("100", dimensions=(Ref("o-crew", "Crew 5", "tag2"),)),))
    assert codes(plan(crew)) == ["cost_center_missing"]


def test_a_tag_that_is_set_by_its_id_is_told_by_its_name() -> None:
    plain = bill(lines=(line("100", dimensions=()),))
    tag = next(one.set for one in view(plain).source_lists["dimensions"].values() if one.set.name == "Office")
    (wait,) = plan(plain, settings={"cost_center_from": (tag.id,)}).waits
    assert wait.code == "cost_center_missing" and wait.sentence.startswith(
        "In Zoho Books no Office is chosen on line 1 (Compressor)"
    )


def test_a_setting_that_names_no_dimension_is_told_and_no_default_goes_in_its_place() -> None:
    plain = bill(lines=(line("100", dimensions=()),))
    around: dict[str, Any] = {"vendor_cost_centers": {"v1": "cc-south"}}
    (wait,) = plan(plain, settings={"cost_center_from": ("Departement",)}, tables=around).waits
    assert (wait.code, wait.kind, wait.key) == ("cost_center_from_unknown", "setting", "setting:cost_center_from")
    assert "'Departement'" in wait.sentence and "Office" in wait.sentence


def test_books_without_tags_say_that_the_setting_names_none_of_theirs() -> None:
    plain = bill(lines=(line("100", dimensions=()),))
    places = {"dimensions": {key: one for key, one in OPTIONS.items() if one.kind == "location"}}
    (wait,) = plan(plain, source_lists=places).waits
    assert wait.code == "cost_center_from_unknown" and "it has: none" in wait.sentence
    (wait,) = plan(plain, source_lists={"dimensions": {}}).waits
    assert wait.code == "cost_center_missing"  # nothing was listed: nobody knows


def test_a_row_goes_before_the_link_and_none_passes_on() -> None:
    assert center_of(plan(BILL, tables={"cost_centers": {"o-north": "cc-south"}})) == "4200"
    around: dict[str, Any] = {"cost_centers": {"o-north": "none"}, "vendor_cost_centers": {"v1": "cc-south"}}
    assert center_of(plan(BILL, tables=around)) == "4200"


def test_none_sends_no_cost_center() -> None:
    assert staged(plan(BILL, settings={"cost_center_from": ("none",)})).lines[0].dimensions == ()


@pytest.mark.parametrize(
    ("around", "code", "kind", "key"),
    [
        ({"asked": frozenset([("cost_centers", "o-north")])}, "cost_center_pending", "link", "cost_centers:o-north"),
        ({}, "cost_center_unread", "link", "cost_centers:o-north"),
        ({"brings": frozenset()}, "cost_center_flow_off", "link", "cost_centers:o-north"),
    ],
)
def test_a_bill_waits_for_the_link_of_its_option(around: dict[str, Any], code: str, kind: str, key: str) -> None:
    decision = plan(BILL, links={("cost_centers", "o-north"): None}, **around)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [(code, kind, key)]
    assert decision.asks_for == ((("cost_centers", "o-north"),) if code == "cost_center_pending" else ())


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [
        ("cc-old", "cost_center_expired", "valid through 2026-05-31"),
        ("cc-next", "cost_center_expired", "valid from 2026-07-01"),
        ("cc-off", "cost_center_expired", "inactive"),
        ("cc-bare", "cost_center_without_number", "no account number"),
        ("cc-404", "cost_center_unknown", "cc-404"),
    ],
)
def test_a_cost_center_must_be_valid_on_the_day(target: str, code: str, says: str) -> None:
    for around in ({"links": {("cost_centers", "o-north"): target}}, {"tables": {"cost_centers": {"o-north": target}}}):
        decision = plan(BILL, **around)  # type: ignore[arg-type]
        assert isinstance(decision, Hold) and codes(decision) == [code]
        assert says in decision.waits[0].sentence
        assert (decision.waits[0].kind, decision.waits[0].key) == ("fact", f"dimensions:{target}")


def test_the_last_day_of_a_cost_center_counts() -> None:
    old: dict[str, Any] = {"links": {("cost_centers", "o-north"): "cc-old"}}
    assert isinstance(plan(bill(date=dt.date(2026, 5, 31)), **old), Write)
    assert codes(plan(bill(date=dt.date(2026, 6, 1)), **old)) == ["cost_center_expired"]


def test_a_cost_center_to_come_is_named_by_the_number_it_will_have() -> None:
    decision = plan(BILL, links={("cost_centers", "o-north"): "new: cost_centers o-north"})
    assert center_of(decision) == "o-north"
    assert isinstance(decision, Write) and decision.placeholders == ("new: cost_centers o-north",)


def test_nothing_goes_live_before_the_cost_centers_are_chosen() -> None:
    settings = view(BILL).settings
    assert BILLS.not_live(settings, ()) == ""
    assert "cost_center_from" in BILLS.not_live(msgspec.structs.replace(settings, cost_center_from=()), ())


def test_what_a_bill_needs() -> None:
    shown = bill(lines=(LINE, line("1", dimensions=(SOUTH,))), **LOCATED)
    settings = msgspec.structs.replace(view(BILL).settings, cost_center_from=("Office", "location"))
    vendor = ("vendors", "v1")
    options = [("cost_centers", one) for one in ("o-north", "l-duluth", "o-south")]
    assert BILLS.needs_links(shown, settings) == (vendor, *options, vendor)
    assert BILLS.needs_links(BILL, msgspec.structs.replace(settings, cost_center_from=("none",))) == (vendor, vendor)
    assert NORTH.id == "o-north" and set(CENTERS) >= {"cc-north"}


# --- arithmetic --------------------------------------------------------------------------------------------------


def amounts(decision: Any) -> list[Decimal]:
    sent = staged(decision)
    assert total(one.amount for one in sent.lines) + sent.tax == sent.total == sent.total
    return [one.amount for one in sent.lines]


def test_tax_stands_apart_from_net_lines() -> None:
    taxed = bill(total="108.25", tax="8.25", lines=(line("60", tax=D("4.95")), line("40", tax=D("3.30"))))
    assert amounts(plan(taxed)) == [D(60), D(40)]
    assert staged(plan(taxed)).tax == D("8.25")
    assert [one.tax for one in staged(plan(taxed)).lines] == [D("4.95"), D("3.30")]


def test_amounts_that_contain_tax_go_net() -> None:
    lines = (line("64.95", tax=D("4.95"), tax_code=Ref("t")), line("43.30", tax=D("3.30"), tax_code=Ref("t")))
    decision = plan(bill(total="108.25", tax_basis=TaxBasis.INCLUSIVE, lines=lines))
    assert amounts(decision) == [D(60), D(40)] and staged(decision).tax == D("8.25")
    assert staged(decision).tax_basis is TaxBasis.EXCLUSIVE
    assert isinstance(decision, Write) and "contain tax of 8.25 USD" in decision.notes[0]


def test_tax_that_nobody_tells_of_holds() -> None:
    lines = (line("108.25", tax_code=Ref("t")),)
    assert codes(plan(bill(total="108.25", tax_basis=TaxBasis.INCLUSIVE, lines=lines))) == ["line_tax_unknown"]
    untaxed = (line("108.25"),)
    assert amounts(plan(bill(total="108.25", tax_basis=TaxBasis.INCLUSIVE, lines=untaxed))) == [D("108.25")]


def test_taxes_of_lines_give_the_bills() -> None:
    lines = (line("50", tax=D("4.13")), line("50", tax=D("4.13")))
    decision = plan(bill(total="108.25", tax="8.25", lines=lines))
    assert total(one.tax for one in staged(decision).lines) == D("8.25")
    assert isinstance(decision, Write) and "adjusted" in decision.notes[0]


@pytest.mark.parametrize(
    ("changes", "settings", "expected"),
    [
        ({"total": "110", "shipping": "10"}, {"freight_account": "lines"}, [D(110)]),
        ({"total": "110", "shipping": "10"}, {"freight_account": "g6900"}, [D(100), D(10)]),
        ({"total": "99.97", "other": "-0.03"}, {"other_account": "g6990"}, [D(100), D("-0.03")]),
        ({"total": "90", "discount": "10"}, {"discount_account": "lines"}, [D(90)]),
        ({"total": "90", "discount": "10"}, {"discount_account": "g6900"}, [D(100), D(-10)]),
    ],
)
def test_charges_are_lines(changes: dict[str, Any], settings: dict[str, Any], expected: list[Decimal]) -> None:
    decision = plan(bill(**changes), settings=settings)
    assert amounts(decision) == expected
    sent = staged(decision)
    assert (sent.shipping, sent.other, sent.discount) == (0, 0, 0)
    assert [one.id for one in sent.lines] == [str(n + 1) for n in range(len(expected))]
    assert all(one.dimensions[0].number == "4100" and one.account.number for one in sent.lines)


@pytest.mark.parametrize(
    ("changes", "settings", "code"),
    [
        ({"total": "110", "shipping": "10"}, {}, "freight_unmapped"),
        ({"total": "110", "shipping": "10"}, {"freight_account": "g404"}, "gl_account_unknown"),
        ({"total": "10", "shipping": "10", "lines": ()}, {"freight_account": "lines"}, "charge_unspread"),
        ({"total": "101"}, {}, "bill_does_not_tie"),
        ({"complete": False, "lines": ()}, {}, "bill_incomplete"),
        ({"currency": "??"}, {}, "staged_currency_unknown"),
        ({"date": None}, {}, "bill_without_date"),
    ],
)
def test_what_does_not_tie_waits(changes: dict[str, Any], settings: dict[str, Any], code: str) -> None:
    assert code in codes(plan(bill(**changes), settings=settings))


def test_a_charge_of_several_centers_goes_to_the_largest_line() -> None:
    lines = (line("30"), line("70", dimensions=(SOUTH,)))
    rows = {"cost_centers": {"o-south": "cc-south"}}
    decision = plan(bill(total="110", shipping="10", lines=lines), settings={"freight_account": "g6900"}, tables=rows)
    assert [one.dimensions[0].number for one in staged(decision).lines] == ["4100", "4200", "4200"]


def test_a_price_that_does_not_give_the_amount_is_told_in_words() -> None:
    odd = bill(lines=(line("100", quantity=D(3), unit_cost=D("33.3333")),))
    [one] = staged(plan(odd)).lines
    assert (one.quantity, one.unit_cost, one.description) == (D(1), D(100), "Compressor (3 x 33.3333)")


def test_lines_of_nothing_are_left_out_visibly() -> None:
    decision = plan(bill(lines=(LINE, line("0"))))
    assert amounts(decision) == [D(100)]
    assert isinstance(decision, Write) and "of 0.00 is left out" in decision.notes[0]


def test_an_account_of_another_legal_entity_holds_before_anything_is_sent() -> None:
    def on(entity: str) -> Any:
        account = msgspec.structs.replace(ACCOUNTS["g6100"], legal_entity=entity)
        return plan(BILL, ledger={"accounts": {**ACCOUNTS, "g6100": account}})

    held = on("le-ca")
    assert codes(held) == ["gl_account_of_other_entity"]
    told = "GL account 6100 Parts is of legal entity 2000 in ServiceNow, and the bill goes to legal entity 1000."
    assert held.waits[0].sentence == told
    assert codes(on("le-gone")) == ["gl_account_of_other_entity"]
    for same in ("", "le-us", "1000", "Polar Air Inc"):
        assert isinstance(on(same), Write)


def test_rows_that_come_to_another_total_are_never_sent() -> None:
    def off(action: Action, document: Any, reference: str) -> Any:
        found = view(BILL).compose(action, document, reference)
        return msgspec.structs.replace(found, total=found.total + D("0.01"))

    assert codes(plan(BILL, compose=off)) == ["staged_total_differs"]


def test_a_vendor_credit_is_a_credit_memo() -> None:
    credit = bill(total="-40", lines=(line("-40"),), balance="-40", state=BillState.OPEN)
    decision = plan(credit, "vendor_credits")
    assert amounts(decision) == [D(-40)]
    assert isinstance(decision, Write) and decision.steps[0].total == D(-40) and decision.target_entity == "bills"
    assert CREDITS.target_entity(credit) == "bills"
    assert CREDITS.source_entities(view(credit).settings) == ("vendor_credits",)
