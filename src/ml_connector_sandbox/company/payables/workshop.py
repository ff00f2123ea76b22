"""A small maker of instruments: a month of forty bills in euros and pounds, for an instance with tables of the firm's own."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.payables.books import CREDIT, ORDINARY, Books, Ending, Month
from ml_connector_sandbox.company.payables.firm import Payables
from ml_connector_sandbox.company.payables.instance import (
    CostCenter,
    ErpSource,
    GlAccount,
    Instance,
    LegalEntity,
    Supplier,
)
from ml_connector_sandbox.company.payables.own_columns import COLUMNS
from ml_connector_sandbox.company.payables.payments import note
from ml_connector_sandbox.company.payables.truth import CREATED, HELD, LINKED, SKIPPED, SupplierTruth
from ml_connector_sandbox.zoho_books import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import set_bill_state

NAME, ZONE, CURRENCY = "Quayside Instruments", "Europe/Dublin", "EUR"
HOST = "quaysideinstruments.service-now.com"
ENTITY = ("QI01", "Quayside Instruments Ltd")
BILLS, PAYMENTS = 40, 25
# Number in the ledger, its name there, and the text that stands for it in ServiceNow.
ACCOUNTS = (
    ("5010", "Castings and steel", "IE-5010"),
    ("5020", "Electronic parts", "IE-5020"),
    ("5030", "Calibration services", "IE-5030"),
    ("6010", "Rent and rates", "IE-6010"),
    ("6040", "Telephone and broadband", "IE-6040"),
    ("6110", "Travel to customers", "IE-6110"),
)
MISSING_ACCOUNT = ("6890", "Trade fair in Hanover", "IE-6110")
CENTERS = (("Machine Shop", "100"), ("Assembly", "200"), ("Test Laboratory", "300"), ("Sales Office", "400"))
WITHOUT_CENTER = "Apprentices"
_VENDORS = (
    "Liffey Foundry", "Harbour Electronics", "Glanmire Calibration", "Corrib Castings", "Slaney Tooling",
    "Burren Couriers", "Moyle Packaging", "Lagan Fasteners", "Boyne Broadband", "Quayside Properties",
    "Tamar Optics", "Severn Metals",
)  # fmt: skip
_IN_POUNDS = 2  # the last of them
_KNOWN = 4  # suppliers already, every other one under a code of its own
_RATE = Decimal("1.1534")  # euros for a pound
_METHODS = {"Bank Transfer": "bank_transfer", "Check": "cheque"}
_LONG = "Annual recertification of coordinate measuring machine no. 3, with uncertainty budget and on-site adjustment"


def fill_workshop(organisation: OrganisationBooks, month: Month, seed: int) -> Payables:
    """Fill an empty organisation in euros: 12 vendors, 40 bills, a credit, 25 payments."""
    books = Books(month=month, chance=random.Random(seed), organisation=organisation)
    organisation.add_currency("GBP", automatic_rate=_RATE)
    _file_masters(books)
    _file_vendors(books)
    _trade(books)
    _awkward(books)
    _credit(books)
    _pay(books)
    return Payables(
        name=NAME, zone=ZONE, currency=CURRENCY, books=books, instance=_instance(books),
        charges={"freight_account": "lines", "other_account": ACCOUNTS[0][2], "discount_account": "lines"},
    )  # fmt: skip


def _file_masters(books: Books) -> None:
    organisation, opening = books.organisation, books.month.opening
    rows = books.mapping["accounts"] = {}
    for number, name, there in (*ACCOUNTS, MISSING_ACCOUNT):
        made = books.accounts[number] = organisation.add_account(name, "expense", code=number, created=opening)
        (rows if number != MISSING_ACCOUNT[0] else books.later.setdefault("accounts", {}))[made.account_id] = there
    books.accounts["1010"] = organisation.add_account("Current account", "bank", code="1010", created=opening)
    books.taxes["IE"] = organisation.add_tax("VAT 23", "23", authority_name="Revenue").tax_id
    books.mapping["legal_entities"] = {"(all)": ENTITY[0]}
    books.mapping["payment_methods"] = dict(_METHODS)
    books.mapping["vendor_cost_centers"] = {}
    for name, number in CENTERS:
        books.centers[name] = CostCenter(
            account_number=number, code=name[:3].upper(), name=name, legal_entity=ENTITY[0], valid_from=opening.date()
        )
    organisation.add_reporting_tag("Department", [*books.centers, WITHOUT_CENTER])


def _file_vendors(books: Books) -> None:
    for place, name in enumerate(_VENDORS):
        pounds = place >= len(_VENDORS) - _IN_POUNDS
        vendor = books.vendors[name] = books.organisation.add_contact(
            name, company_name=name, currency_code="GBP" if pounds else CURRENCY, payment_terms=30,
            contact_persons=[{"first_name": "Aoife", "last_name": "Byrne", "email": f"accounts@v{place}.example"}],
            billing_address=_address(place, pounds), created=books.month.opening,
        )  # fmt: skip
        code = vendor.contact_id if place % 2 else f"V-{100 + place}"
        known = place < _KNOWN
        books.vendor_truth[name] = SupplierTruth(
            vendor_id=vendor.contact_id, name=name, ends=LINKED if known else CREATED,
            code=code if known else vendor.contact_id,
        )  # fmt: skip
        if known:
            books.suppliers.append(_supplier(name, code, vendor.billing_address))


def _address(place: int, pounds: bool) -> dict[str, str]:
    country, code = ("United Kingdom", "GB") if pounds else ("Ireland", "IE")
    return {
        "address": f"{3 + 4 * place} Dock Road", "city": "Bristol" if pounds else "Dublin",
        "zip": "BS1 4QA" if pounds else "D02", "state": "Avon" if pounds else "Leinster", "state_code": "",
        "country": country, "country_code": code,
    }  # fmt: skip


def _supplier(name: str, code: str, address: dict[str, str]) -> Supplier:
    return Supplier(
        code=code, name=name, email="", street=address["address"], city=address["city"], state=address["state"],
        zip=address["zip"], country=address["country_code"], currency=CURRENCY, payment_term="",
    )  # fmt: skip


def _trade(books: Books) -> None:
    """Ordinary bills of every vendor: with tax on top and in the rates, several lines, a discount, long texts, pieces."""
    for place in range(BILLS - 7):
        lines = [_line(books, place + n) for n in range(1 + (place % 4 == 3) + (place % 8 == 7))]
        shape: dict[str, Any] = {"case": "ordinary"}
        if place % 5 in (1, 2):
            shape |= {"case": "inclusive" if place % 5 == 2 else "exclusive", "is_inclusive_tax": place % 5 == 2}
            lines = [line | {"tax_id": books.taxes["IE"]} for line in lines]
        elif place % 10 == 3:
            shape |= {"case": "discount", "discount": 10}
        elif place % 10 == 4:
            lines[0] |= {"description": _LONG}
        elif place % 10 == 5:
            lines[0] |= {"quantity": Decimal("2.5"), "rate": Decimal("41.3333")}
        _bill(books, shape.pop("case"), place, lines, **shape)


def _line(books: Books, place: int) -> dict[str, Any]:
    number, name, _ = ACCOUNTS[place % len(ACCOUNTS)]
    rate = Decimal(books.chance.randrange(2_500, 320_000)) / 100
    return books.line(number, rate, CENTERS[place % len(CENTERS)][0], description=name)


def _bill(
    books: Books, case: str, place: int, lines: Sequence[dict[str, Any]], ending: Ending = ORDINARY, **body: Any
) -> Bill:
    vendor = _VENDORS[place % len(_VENDORS)]
    rate: dict[str, Any] = {"exchange_rate": _RATE} if books.vendors[vendor].currency_code == "GBP" else {}
    return books.bill(case, vendor, books.month.day(place * 5), lines, ending, office="", **rate, **body)


def _awkward(books: Books) -> None:
    """Two on an account without a row, two on an option without a cost centre, two drafts, and one that is void."""
    account = books.accounts[MISSING_ACCOUNT[0]].account_id
    unmapped = Ending(ends=HELD, reason="account_unmapped", waits=(f"accounts:{account}",))
    option = books.option(WITHOUT_CENTER)["tag_option_id"]
    nowhere = Ending(ends=HELD, reason="cost_center_missing", waits=(f"cost_centers:{option}",))
    not_yet = Ending(ends=SKIPPED, reason="not_yet")
    for place in range(2):
        _bill(books, "missing_account", place, [books.line(MISSING_ACCOUNT[0], "745.00", "Sales Office")], unmapped)
        _bill(books, "without_center", place + 2, [books.line("5030", "180.00", WITHOUT_CENTER)], nowhere)
        _bill(books, "draft", place + 4, [books.line("5010", "66.00", "Assembly")], not_yet, state="draft")
    void = _bill(books, "voided", 6, [books.line("5020", "91.50", "Assembly")])
    set_bill_state(books.organisation, void, "void")
    books.note(void, "bill", "voided", Ending(ends=SKIPPED, reason="voided"))


def _credit(books: Books) -> None:
    """Castings that went back; the credit is on no bill yet."""
    vendor, on = books.vendors[_VENDORS[0]], books.month.day(22)
    line = books.line("5010", "214.60", "Machine Shop", description="Returned castings")
    made = books.organisation.add_vendor_credit(vendor, on, [line], created=books.moment(on))
    books.note(made, CREDIT, "credit", ORDINARY)


def _pay(books: Books) -> None:
    """In full, in part, two bills of a vendor at once, a bill that waits, and an advance on nothing."""
    owed = [one for one in books.organisation.bills if books.truth[one.document_id].ends == "staged"]
    twice = [(owed[n], owed[n + len(_VENDORS)]) for n in range(2)]
    single = [one for one in owed if not any(one in pair for pair in twice)]
    for pair in twice:
        _paid(books, "several", [(one, one.balance) for one in pair])
    for bill in single[:3]:
        _paid(books, "part", [(bill, (bill.balance / 2).quantize(Decimal("0.01")))], "Check")
    waits = next(one for one in books.organisation.bills if books.truth[one.document_id].reason == "account_unmapped")
    _paid(books, "bill_held", [(waits, waits.balance)])
    for bill in single[3 : PAYMENTS - 4]:
        _paid(books, "full", [(bill, bill.balance)])
    _paid(books, "advance", [], vendor_id=books.vendors[_VENDORS[1]].contact_id)


def _paid(
    books: Books, case: str, parts: Sequence[tuple[Bill, Decimal]], mode: str = "Bank Transfer", vendor_id: str = ""
) -> None:
    vendor = books.organisation.contacts.get(vendor_id or parts[0][0].vendor_id)
    if vendor is None:
        raise LookupError("a bill that is paid is of a vendor who is not on record")
    last = max((bill.date for bill, _ in parts), default=books.month.day(5))
    on = min(last + timedelta(days=12), books.month.today - timedelta(days=2))
    amount = sum((part for _, part in parts), Decimal(0)) or Decimal(300)
    rate: dict[str, Any] = {"exchange_rate": _RATE} if vendor.currency_code == "GBP" else {}
    number = len(books.organisation.vendor_payments) + 1
    made = books.organisation.add_payment(
        vendor, amount, on, parts, books.accounts["1010"].account_id, created=books.moment(on), payment_mode=mode,
        reference_number=f"QI-{number:04d}", **rate,
    )  # fmt: skip
    note(books, made, case)


def _instance(books: Books) -> Instance:
    accounts = "; ".join(f"{there}={name}" for _, name, there in ACCOUNTS)
    return Instance(
        host=HOST, client_id="9f8e7d6c5b4a39281706f5e4d3c2b1a0", client_secret="sandbox-quayside-servicenow",  # noqa: S106
        user="ml.connector", password="sandbox-quayside-password", time_zone=ZONE, currency=CURRENCY,  # noqa: S106
        external_source="Zoho Books Quayside", type_po="invoice",
        erp_source=ErpSource(name="Zoho Books", code="ZOHO"),
        legal_entities=(LegalEntity(code=ENTITY[0], name=ENTITY[1], currency=CURRENCY, country="IE"),),
        cost_centers=tuple(books.centers.values()),
        gl_accounts=tuple(GlAccount(number=there, name=name) for _, name, there in ACCOUNTS),
        suppliers=tuple(books.suppliers),
        payment_terms=(),
        own_tables=True,
        columns={**COLUMNS, "gl_accounts": accounts, "legal_entities": "=".join(ENTITY)},
    )  # fmt: skip
