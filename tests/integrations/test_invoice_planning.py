"""Every rule of the invoices flow for what is new: what passes, what waits and why, what is passed over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
import pytest
from invoice_world import (
    ARCHIVED,
    BANK,
    BOOKS,
    CLOSED,
    GONE,
    INVOICE,
    JANE,
    LINE,
    MAPLE,
    MERGED,
    NORTH,
    SETTINGS,
    SOUTH,
    D,
    amounts,
    body,
    codes,
    compose,
    credit,
    guid,
    invoice,
    line,
    plan,
    shown,
    step,
    view,
)

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import InvoiceState
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.decisions import Adopt, Hold, Skip, Write
from ml_connector.integrations.invoice_flow import Invoices, InvoicesExported
from ml_connector.integrations.receivable_tables import EXEMPT
from ml_connector.integrations.views import Made, Twin
from ml_connector.sync import plan as plans

PENDING, COMPLETED, POSTED, KEPT = (
    InvoiceState.PENDING, InvoiceState.COMPLETED, InvoiceState.POSTED, InvoiceState.KEPT_BACK,
)  # fmt: skip
DRAFTS = {"invoice_gate": "draft when completed"}


def test_a_good_invoice_goes_as_it_is() -> None:
    decision = plan(INVOICE)
    one = step(decision)
    assert (one.entity, one.action, one.reference) == ("invoices", Action.CREATE, "servicetitan-1-invoices-i1")
    assert (one.party_id, one.number, one.total, one.currency) == (JANE, "5512", D("108.25"), "USD")
    sent = body(decision)
    assert sent["Type"] == "ACCREC" and sent["Status"] == "AUTHORISED" and sent["LineAmountTypes"] == "Exclusive"
    assert (sent["InvoiceNumber"], sent["Date"], sent["DueDate"]) == ("5512", "2026-06-09", "2026-07-09")
    assert sent["Contact"] == {"ContactID": JANE} and sent["CurrencyCode"] == "USD"
    assert sent["Reference"] == "Job J-100, 12 Main St [ref servicetitan-1-invoices-i1]"
    [only] = sent["LineItems"]
    assert (only["Quantity"], only["UnitAmount"], only["LineAmount"]) == (4, 25, 100)
    assert (only["AccountCode"], only["TaxType"], only["TaxAmount"]) == ("200", "TAX001", D("8.25"))
    assert [one["TrackingOptionID"] for one in only["Tracking"]] == [NORTH]


# --- passed over ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "settings", "code"),
    [
        ({"active": False}, {}, "invoice_inactive"),
        ({"date": dt.date(2025, 12, 31)}, {}, "before_start"),
        ({"state": PENDING}, {}, "invoice_not_yet"),
        ({"state": COMPLETED}, {}, "invoice_not_yet"),
        ({"state": PENDING}, {"invoice_gate": "completed"}, "invoice_not_yet"),
        ({"state": PENDING}, DRAFTS, "invoice_not_yet"),
        ({"state": KEPT, "state_words": "status Pending, review NeedsReview"}, {}, "kept_back"),
        ({"state": KEPT, "state_words": "status Pending, review OnHold"}, {"invoice_gate": "completed"}, "kept_back"),
        ({"total": "0", "tax": "0", "lines": ()}, {}, "empty"),
        ({"total": "0", "tax": "0", "lines": (line("50", chargeable=False),)}, {}, "empty"),
        ({"total": "0", "tax": "0", "lines": (line("50"), line("-50", "2"))}, {}, "zero"),
        ({"total": "0", "tax": "0", "discount": "100"}, {}, "zero"),
        ({}, {"business_units": ("bu2",)}, "out_of_scope"),
        ({"business_unit": Ref()}, {"business_units": ("bu2",)}, "out_of_scope"),
        ({"active": False, "date": dt.date(2025, 1, 1)}, {}, "invoice_inactive"),
    ],
)
def test_what_is_passed_over(changes: dict[str, Any], settings: dict[str, Any], code: str) -> None:
    decision = plan(invoice(**changes), settings=settings)
    assert isinstance(decision, Skip) and codes(decision) == [code]


@pytest.mark.parametrize(
    ("changes", "settings", "status"),
    [
        ({"date": dt.date(2026, 1, 1)}, {}, "AUTHORISED"),
        ({"state": COMPLETED}, {"invoice_gate": "completed"}, "AUTHORISED"),
        ({"state": POSTED}, {"invoice_gate": "completed"}, "AUTHORISED"),
        ({"state": COMPLETED}, DRAFTS, "DRAFT"),
        ({"state": POSTED}, DRAFTS, "AUTHORISED"),
        ({}, {"business_units": ("bu1",)}, "AUTHORISED"),
    ],
)
def test_what_passes_the_gates(changes: dict[str, Any], settings: dict[str, Any], status: str) -> None:
    assert body(plan(invoice(**changes), settings=settings))["Status"] == status


def test_which_invoices_are_read_tells_the_gate() -> None:
    settings = view(INVOICE).settings
    assert Invoices().reading_options(settings) == {"gate": "posted"}
    for gate in ("completed", "draft when completed"):
        options = Invoices().reading_options(msgspec.structs.replace(settings, invoice_gate=gate))
        assert options == {"gate": "completed"}


def test_a_credit_is_not_made_as_a_draft() -> None:
    assert codes(plan(credit(state=COMPLETED), settings=DRAFTS)) == ["invoice_not_yet"]
    assert codes(plan(credit(state=COMPLETED), settings={"invoice_gate": "completed"})) == []


# --- waits, one by one ---------------------------------------------------------------------------------------------

LOCKED = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 9))
CANADIAN = msgspec.structs.replace(BOOKS, currency="CAD")
DOLLARS = Dimension("bu1", "business_unit", "North", currency="USD")
TWIN = Twin("Xero", guid(8), "5512", D("108.25"), "authorised of 2026-06-09", False, "invoices")
PLAIN = line("100", taxable=False)


HOLDS: list[tuple[dict[str, Any], dict[str, Any], str, str, str]] = [
    ({"lines": (line("100", account=Ref(number="4999")),)}, {}, "account_unmapped", "mapping", "accounts:4999"),
    ({"lines": (line("100", account=Ref()),)}, {}, "account_missing", "mapping", "accounts:(none)"),
    ({}, {"tables": {"accounts": {"4000": CLOSED}}}, "account_inactive", "fact", f"accounts:{CLOSED}"),
    ({}, {"tables": {"accounts": {"4000": BANK}}}, "account_not_postable", "fact", f"accounts:{BANK}"),
    ({}, {"tables": {"accounts": {"4000": "404"}}}, "account_unknown", "mapping", "accounts:4000"),
    ({}, {"tables": {"business_units": {}}}, "business_unit_unmapped", "mapping", "business_units:bu1"),
    ({}, {"tables": {"business_units": {"bu1": GONE}}}, "dimension_inactive", "mapping", "business_units:bu1"),
    ({}, {"tables": {"tax": {EXEMPT: "NONE"}}}, "sales_tax_unmapped", "mapping", "tax:Austin"),
    ({"tax_zone": Ref()}, {}, "sales_tax_without_zone", "mapping", "tax:(no zone)"),
    ({}, {"tables": {"tax": {"Austin": "OLD"}}}, "tax_type_unusable", "mapping", "tax:Austin"),
    ({}, {"tables": {"tax": {"Austin": "GST9"}}}, "tax_type_unusable", "mapping", "tax:Austin"),
    ({}, {"tables": {"tax": {"Austin": "NONE"}}}, "tax_type_unusable", "mapping", "tax:Austin"),
    ({"tax": "0", "total": "100"}, {"tables": {"tax": {}}}, "exempt_unmapped", "mapping", f"tax:{EXEMPT}"),
    ({"tax": "0", "total": "100"}, {"tables": {"tax": {EXEMPT: "TAX001"}}}, "tax_type_unusable", "mapping",
     f"tax:{EXEMPT}"),
    ({"lines": (PLAIN,)}, {}, "tax_without_line", "source", "invoices:i1"),
    ({"tax_zone": Ref("z2", "Parts only"), "lines": (line("100", tax_base="labor"),)}, {}, "tax_without_line",
     "source", "invoices:i1"),
    ({"total": "108.26"}, {}, "does_not_tie", "source", "invoices:i1"),
    ({"complete": False, "lines": ()}, {}, "lines_missing", "source", "invoices:i1"),
    ({"date": None}, {}, "no_date", "source", "invoices:i1"),
    ({"due_date": None}, {}, "no_due_date", "source", "invoices:i1"),
    ({"due_date": None, "terms": "Odd"}, {}, "no_due_date", "source", "invoices:i1"),
    ({"due_date": None, "terms": "Never heard of"}, {}, "no_due_date", "source", "invoices:i1"),
    ({"state": KEPT, "state_words": "status Posted, review Rejected"}, {}, "kept_back_posted", "source", "invoices:i1"),
    ({"state": KEPT, "exported": True, "state_words": "status Exported, review OnHold"}, {}, "kept_back_posted",
     "source", "invoices:i1"),
    ({}, {"first_seen_exported": True}, "already_exported", "person", "already_exported"),
    ({}, {"settings": {"closed_through": dt.date(2026, 6, 9)}}, "period_closed", "person", "period_closed"),
    ({}, {"books": LOCKED}, "period_closed", "person", "period_closed"),
    ({}, {"settings": {"currency": ""}}, "currency_unknown", "setting", "setting:currency"),
    ({}, {"books": CANADIAN, "links": {("customers", "c1"): guid(9)}}, "currency_differs", "fact", "organisation"),
    ({}, {"links": {("customers", "c1"): MAPLE}}, "currency_differs", "fact", f"parties:{MAPLE}"),
    ({}, {"links": {("customers", "c1"): ARCHIVED}}, "customer_inactive", "fact", f"parties:{ARCHIVED}"),
    ({}, {"links": {}, "asked": frozenset([("customers", "c1")])}, "customer_pending", "link", "customers:c1"),
    ({}, {"links": {}}, "customer_unknown", "link", "customers:c1"),
    ({}, {"links": {}, "brings": frozenset()}, "customer_flow_off", "link", "customers:c1"),
    ({}, {"twins": (TWIN,)}, "invoice_twice", "mapping", "invoice_numbers:i1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, taken="a document of Bob"),)}, "invoice_number_elsewhere", "mapping",
     "invoice_numbers:i1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=D(7), taken="a void document"),)}, "invoice_number_elsewhere",
     "mapping", "invoice_numbers:i1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=D(7)),)}, "invoice_number_taken", "mapping",
     "invoice_numbers:i1"),
    ({}, {"twins": (msgspec.structs.replace(TWIN, total=None),)}, "invoice_number_taken", "mapping",
     "invoice_numbers:i1"),
    ({"number": "Ä-1"}, {}, "unsuitable", "source", "invoices:i1"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "around", "code", "kind", "key"), HOLDS)
def test_what_waits(changes: dict[str, Any], around: dict[str, Any], code: str, kind: str, key: str) -> None:
    decision = plan(invoice(**changes), **around)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [(code, kind, key)]


def test_everything_that_is_missing_is_told_at_once() -> None:
    decision = plan(
        invoice(lines=(line("60", account=Ref(number="4999")), line("40", "2", taxable=False)), due_date=None),
        tables={"tax": {}, "business_units": {}}, links={}, books=LOCKED,
    )  # fmt: skip
    assert set(codes(decision)) == {
        "period_closed", "account_unmapped", "business_unit_unmapped", "sales_tax_unmapped", "exempt_unmapped",
        "customer_unknown", "no_due_date",
    }  # fmt: skip


def test_a_customer_is_asked_for_only_when_nothing_else_is_missing() -> None:
    asked = {"links": {}, "asked": frozenset([("customers", "c1")])}
    decision = plan(INVOICE, **asked)
    assert isinstance(decision, Hold) and decision.asks_for == (("customers", "c1"),)
    decision = plan(INVOICE, **asked, tables={"accounts": {}})
    assert isinstance(decision, Hold) and decision.asks_for == ()


@pytest.mark.parametrize("code", ["already_exported", "period_closed"])
def test_what_a_person_releases_goes(code: str) -> None:
    around: dict[str, Any] = {"first_seen_exported": code == "already_exported"}
    if code == "period_closed":
        around["books"] = LOCKED
    assert codes(plan(INVOICE, **around)) == [code]
    assert isinstance(plan(INVOICE, **around, released=frozenset([code])), Write)


def test_the_day_after_the_lock_is_open() -> None:
    open_ = msgspec.structs.replace(BOOKS, locked_through=dt.date(2026, 6, 8))
    assert isinstance(plan(INVOICE, books=open_, settings={"closed_through": dt.date(2026, 6, 1)}), Write)


def test_the_business_units_currency_goes_before_the_companys() -> None:
    lists = {"business_units": {"bu1": DOLLARS}, "tax_zones": {}, "payment_terms": {}}
    assert body(plan(INVOICE, source_lists=lists, settings={"currency": "CAD"}))["CurrencyCode"] == "USD"
    assert codes(plan(INVOICE, settings={"currency": "CAD"})) == ["currency_differs"]


# --- the customer --------------------------------------------------------------------------------------------------


def test_a_contact_that_was_merged_in_xero_is_followed() -> None:
    assert step(plan(INVOICE, links={("customers", "c1"): MERGED})).party_id == JANE


def test_a_merged_customers_invoice_goes_to_the_contact_a_person_named() -> None:
    asked = frozenset([("customers", "c1")])
    assert step(plan(INVOICE, links={}, asked=asked, tables={"customers": {"c1": JANE}})).party_id == JANE
    assert codes(plan(INVOICE, links={}, asked=asked, tables={"customers": {"c1": "404"}})) == ["customer_pending"]


def test_the_party_and_what_is_corrected_are_needed() -> None:
    assert Invoices().needs_links(INVOICE, SETTINGS) == (("customers", "c1"),)
    assert Invoices().needs_links(credit(), SETTINGS) == (("customers", "c1"), ("invoices", "i1"))
    assert Invoices().party_of(INVOICE) == "c1" and Invoices().party_name(INVOICE) == "Jane Doe"


# --- the number ----------------------------------------------------------------------------------------------------


def test_the_number_is_the_same_behind_its_prefix() -> None:
    assert step(plan(INVOICE, settings={"number_prefix": "N-"})).number == "N-5512"
    assert step(plan(INVOICE, tables={"invoice_numbers": {"i1": "5512-B"}})).number == "5512-B"
    assert step(plan(invoice(number=""))).number == "i1"
    prefixed = msgspec.structs.replace(SETTINGS, number_prefix="N-")
    assert (
        Invoices().number_of(INVOICE, None, prefixed) == "N-5512"
        and Invoices().number_of(INVOICE, "7", prefixed) == "7"
    )


def test_a_twin_of_the_source_is_told_as_one() -> None:
    other = Twin("ServiceTitan", "i9", "5512", D("108.25"), "invoice i9, posted", True)
    decision = plan(INVOICE, twins=(other,))
    assert isinstance(decision, Hold) and "make one of the two inactive" in decision.waits[0].action
    decision = plan(INVOICE, twins=(TWIN,))
    assert isinstance(decision, Hold) and f"link this record with {guid(8)}" in decision.waits[0].action


def test_what_an_adjustment_is_called() -> None:
    wanted = {"number_of_adjustments": "invoice"}
    known = {("invoices", "i1"): shown()}
    links = {("customers", "c1"): JANE, ("invoices", "i1"): guid(77)}
    assert step(plan(credit(), links=links, counterparts=known, settings=wanted)).number == "5512-CR"
    assert step(plan(credit(), links=links, counterparts=known)).number == "5513"
    unknown = plan(credit(), links=links, settings=wanted)
    assert step(unknown).number == "5513"
    assert isinstance(unknown, Write) and any("goes under its own" in note for note in unknown.notes)


# --- before the start ----------------------------------------------------------------------------------------------

EARLY = dt.date(2025, 12, 31)


@pytest.mark.parametrize(
    ("twins", "linked"),
    [
        ((TWIN,), True),
        ((TWIN, msgspec.structs.replace(TWIN, id="x2", total=D(7))), True),
        ((TWIN, msgspec.structs.replace(TWIN, id="x2")), False),
        ((msgspec.structs.replace(TWIN, total=D(7)),), False),
        ((msgspec.structs.replace(TWIN, entity=""),), False),
        ((msgspec.structs.replace(TWIN, taken="a document of Bob"),), False),
        ((), False),
    ],
)
def test_before_the_start_only_an_equal_document_is_linked(twins: tuple[Twin, ...], linked: bool) -> None:
    decision = plan(invoice(date=EARLY, state=PENDING), twins=twins)
    if not linked:
        assert codes(decision) == ["before_start"]
        return
    assert isinstance(decision, Adopt) and (decision.target_id, decision.origin) == (guid(8), "matched")


def test_an_old_credit_is_linked_by_its_size() -> None:
    twin = msgspec.structs.replace(TWIN, entity="credit_notes", number="5513")
    assert isinstance(plan(credit(date=EARLY), twins=(twin,)), Adopt)
    assert Invoices().only_linked(credit(date=EARLY), view(INVOICE).settings)
    assert not Invoices().only_linked(INVOICE, view(INVOICE).settings)


# --- lines, discount, tax ------------------------------------------------------------------------------------------


def test_what_is_not_charged_is_left_out_visibly() -> None:
    free = line("40", "2", description="Filter, under warranty", chargeable=False)
    nothing = line("0", "3", description="Visit")
    decision = plan(invoice(lines=(LINE, free, nothing)))
    assert [amount for _, amount, _, _ in amounts(decision)] == [100]
    assert isinstance(decision, Write)
    assert any("line 2 'Filter, under warranty' that is not charged" in note for note in decision.notes)
    assert any("line 3 'Visit' of 0.00" in note for note in decision.notes)


def test_the_rest_of_a_taxed_invoice_is_exempt() -> None:
    lines = (line("100"), line("50", "2", taxable=False, account=Ref("", "Labor", "4100")))
    assert amounts(plan(invoice(lines=lines, total="158.25"))) == [
        ("200", D(100), "TAX001", D("8.25")), ("260", D(50), "NONE", D(0)),
    ]  # fmt: skip


def test_tax_is_spread_by_amount() -> None:
    lines = (line("33.33"), line("33.33", "2"), line("33.34", "3"))
    found = amounts(plan(invoice(lines=lines)))
    assert [tax for *_, tax in found] == [D("2.75")] * 3
    odd = amounts(plan(invoice(lines=lines, tax="8.24", total="108.24")))
    assert sorted(tax for *_, tax in odd) == [D("2.74"), D("2.75"), D("2.75")]


def test_a_zone_that_taxes_parts_alone_leaves_labor_exempt() -> None:
    lines = (line("100"), line("300", "2", tax_base="labor"))
    found = amounts(plan(invoice(lines=lines, tax_zone=Ref("z2", "Parts only"), total="408.25")))
    assert [(code, tax) for _, _, code, tax in found] == [("TAX001", D("8.25")), ("NONE", D(0))]


def test_a_zone_with_two_rates_weighs_by_them() -> None:
    lines = (line("100"), line("100", "2", tax_base="labor"))
    found = amounts(plan(invoice(lines=lines, tax_zone=Ref("z3", "Both"), tax="10", total="210")))
    assert [tax for *_, tax in found] == [D(8), D(2)]


def test_a_zone_that_is_named_by_its_list_alone_finds_its_row() -> None:
    assert [code for _, _, code, _ in amounts(plan(invoice(tax_zone=Ref("z1"))))] == ["TAX001"]


def test_a_tax_that_the_mapped_type_would_not_give_is_told() -> None:
    decision = plan(invoice(tax="6", total="106"))
    assert isinstance(decision, Write)
    assert any("would make the tax 8.25 USD; ServiceTitan's 6.00 USD goes" in note for note in decision.notes)
    assert not [note for note in getattr(plan(INVOICE), "notes", ()) if "would make" in note]


def test_a_documents_discount_comes_off_its_lines() -> None:
    lines = (line("60"), line("40", "2", taxable=False, account=Ref("", "", "4100")))
    found = amounts(plan(invoice(lines=lines, discount="10", tax="4.46", total="94.46")))
    assert found == [("200", D(54), "TAX001", D("4.46")), ("260", D(36), "NONE", D(0))]
    nothing = invoice(lines=(line("60"), line("-60", "2")), discount="10", tax="0", total="-10")
    assert codes(plan(nothing)) == ["discount_unspread"]


@pytest.mark.parametrize(
    ("settings", "tables", "tracked"),
    [
        ({}, {}, [NORTH, SOUTH]),
        ({"business_unit_as": "none"}, {}, []),
        ({}, {"business_units": {"bu1": "none", "bu2": SOUTH}}, [SOUTH]),
    ],
)
def test_a_lines_business_unit_is_its_tracking(
    settings: dict[str, Any], tables: dict[str, Any], tracked: list[str]
) -> None:
    lines = (line("60", business_unit=Ref()), line("40", "2", business_unit=Ref("bu2", "South")))
    sent = body(plan(invoice(lines=lines), settings=settings, tables=tables))["LineItems"]
    assert [one["TrackingOptionID"] for row in sent for one in row.get("Tracking", ())] == tracked


# --- due date ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "terms", "due"),
    [
        ("2026-06-09", "Net 30", "2026-07-09"),
        ("2026-06-09", " net 30 ", "2026-07-09"),
        ("2026-06-09", "15th", "2026-06-15"),
        ("2026-06-20", "15th", "2026-06-20"),
        ("2026-06-09", "Month end", "2026-07-31"),
        ("2026-01-31", "Month end", "2026-02-28"),
        ("2026-12-31", "Month end", "2027-01-31"),
    ],
)
def test_due_by_the_terms(date: str, terms: str, due: str) -> None:
    one = invoice(date=dt.date.fromisoformat(date), due_date=None, terms=terms)
    assert body(plan(one))["DueDate"] == due


# --- rounding ------------------------------------------------------------------------------------------------------


def off_by(cents: str) -> Any:
    """A ledger whose arithmetic differs while there is no rounding line."""
    there = compose(BOOKS)

    def composed(action: Action, document: Any, reference: str) -> Composed:
        found: Composed = there(action, document, reference)
        rounded = any(one.description == "Rounding" for one in getattr(document, "lines", ()))
        extra = found.total + D(cents) if not rounded else document.total
        return msgspec.structs.replace(found, total=extra)

    return composed


def test_a_rounding_line_goes_only_as_far_as_the_setting() -> None:
    allowed = {"rounding_account": guid(860), "rounding_limit": D("0.05")}
    assert codes(plan(INVOICE, compose=off_by("0.02"))) == ["target_total_differs"]
    assert codes(plan(INVOICE, compose=off_by("0.06"), settings=allowed)) == ["target_total_differs"]
    decision = plan(INVOICE, compose=off_by("0.02"), settings=allowed)
    assert amounts(decision)[-1] == ("860", D("-0.02"), "NONE", D(0))
    assert isinstance(decision, Write) and any("rounding of -0.02 USD to 860 Rounding" in one for one in decision.notes)


# --- credits -------------------------------------------------------------------------------------------------------

LINKS = {("customers", "c1"): JANE, ("invoices", "i1"): guid(77)}


def applied(**changes: Any) -> Any:
    return plan(credit(), links=LINKS, counterparts={("invoices", "i1"): shown(**changes)})


def test_a_negative_invoice_becomes_a_credit_note_that_is_applied() -> None:
    decision = applied()
    first, second = step(decision), step(decision, 1)
    assert (first.entity, first.total, first.number) == ("credit_notes", D("-108.25"), "5513")
    sent = body(decision)
    assert sent["Type"] == "ACCRECCREDIT" and sent["CreditNoteNumber"] == "5513"
    assert amounts(decision) == [("200", D(100), "TAX001", D("8.25"))]
    assert (second.entity, second.action, second.total) == ("allocations", Action.CREATE, D("108.25"))
    assert second.reference == f"{first.reference}-i1"
    frame = body(decision, 1)
    assert frame["id"] == f"new: {first.reference}" and frame["allocation"]["Invoice"] == {"InvoiceID": guid(77)}
    assert isinstance(decision, Write) and decision.main == 0 and decision.target_entity == "credit_notes"


def test_once_the_credit_is_made_its_application_names_it() -> None:
    reference = "servicetitan-1-invoices-i2"
    decision = plan(credit(), links=LINKS, proven={reference: guid(88)}, counterparts={("invoices", "i1"): shown()})
    assert body(decision, 1)["id"] == guid(88)
    decision = plan(credit(), links=LINKS, made={reference: Made("credit_notes", guid(88))})
    assert body(decision, 1)["id"] == guid(88)


def test_an_approved_credit_is_the_one_that_is_carried_out() -> None:
    around = view(credit(), links=LINKS, counterparts={("invoices", "i1"): shown()})
    first = Invoices().plan(around)
    assert isinstance(first, Write)
    assert plans.as_previewed(Invoices(), around, first.placeholders) == first


@pytest.mark.parametrize(
    ("there", "amount"),
    [
        ({}, "108.25"),
        ({"balance": D("60.00")}, "60"),
        ({"balance": None}, "108.25"),
        ({"balance": D(0), "state": InvoiceState.PAID}, None),
        ({"state": InvoiceState.DRAFT}, None),
        ({"state": InvoiceState.VOID, "active": False}, None),
        ({"kind": "credit note"}, None),
        ({"customer": Ref(MAPLE)}, None),
    ],
)
def test_a_credit_is_applied_up_to_what_the_original_owes(there: dict[str, Any], amount: str | None) -> None:
    decision = applied(**there)
    assert isinstance(decision, Write) and len(decision.steps) == (1 if amount is None else 2)
    if amount is None:
        assert any(note.startswith("the credit stays open: ") for note in decision.notes)
    else:
        assert body(decision, 1)["allocation"]["Amount"] == D(amount)


def test_a_credit_waits_for_an_original_that_may_still_come() -> None:
    links, asked = {("customers", "c1"): JANE}, frozenset([("invoices", "i1")])
    decision = plan(credit(), links=links, asked=asked)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [("adjusted_pending", "link", "invoices:i1")]
    released = plan(credit(), links=links, asked=asked, released=frozenset(["adjusted_pending"]))
    unknown = plan(credit(), links=links)
    for one in (released, unknown):
        assert isinstance(one, Write) and len(one.steps) == 1
        assert "the credit stays open: the invoice it corrects is not in the ledger" in one.notes


def test_a_positive_adjustment_is_an_invoice() -> None:
    decision = plan(invoice(id="i2", adjusts=Ref("i1")), asked=frozenset([("invoices", "i1")]))
    assert [one.entity for one in getattr(decision, "steps", ())] == ["invoices"]


def test_ids_that_are_still_to_come_stand_in_previews() -> None:
    links = {("customers", "c1"): "new: customers c1", ("invoices", "i1"): "new: invoices i1"}
    decision = plan(credit(), links=links)
    assert isinstance(decision, Write) and decision.placeholders == ("new: customers c1", "new: invoices i1")
    assert body(decision, 1)["allocation"]["Invoice"] == {"InvoiceID": "new: invoices i1"}


def test_what_it_is_called_there() -> None:
    assert [Invoices().target_entity(one) for one in (INVOICE, credit())] == ["invoices", "credit_notes"]


# --- marking -------------------------------------------------------------------------------------------------------


def mark(document: Any, **changes: Any) -> Any:
    sent = Composed(b"[]", D(0))
    return InvoicesExported().plan(view(document, compose=lambda *_: sent, **changes))


def test_posted_invoices_are_marked_as_exported() -> None:
    one = step(mark(INVOICE))
    assert (one.entity, one.action, one.target_id) == ("invoices", Action.MARK_EXPORTED, "i1")
    assert type(mark(invoice(exported=True))).__name__ == "Unchanged"
    assert codes(mark(invoice(state=COMPLETED))) == ["not_batched"]
    assert InvoicesExported.follows == "invoices"
