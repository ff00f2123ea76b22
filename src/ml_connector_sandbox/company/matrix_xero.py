"""A few bills of a firm that keeps its books in Xero and has them approved in ServiceNow: for the fault matrix."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.at_servicenow import by_id
from ml_connector_sandbox.company.company import Company
from ml_connector_sandbox.company.payables.books import Month
from ml_connector_sandbox.company.payables.instance import (
    CostCenter,
    ErpSource,
    GlAccount,
    Instance,
    LegalEntity,
    PaymentTerm,
    Supplier,
)
from ml_connector_sandbox.company.xero_firm import KIND, XeroAccess, opened
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import Document

NAME, ZONE = "Linden Wharf Design", "America/New_York"
TAG = "Department"
# Options, and the numbers of the cost centres of the same names; the last has none there.
DEPARTMENTS = {"Studio": "1100", "Workshop": "1200", "Front Office": "1300"}
UNKNOWN = "Summer Fair"
ACCOUNTS = (("6010", "Rent"), ("6020", "Materials"), ("6110", "Travel"))
BANK = "1010"
VENDORS = ("Alder Timber", "Bracken Freight Lines", "Clover Print House")
ENDS = {
    "paid": "staged", "part": "staged", "inclusive": "staged", "several": "staged", "no_department": "held",
    "draft": "skipped", "voided": "skipped",
}  # fmt: skip
"""How the bill of each case ends."""


ACCESS = XeroAccess(
    xero_organisation_id="7c9d4b1e-2a60-4f83-b5c1-9e0d7a6f3b24",
    xero_client_id="SANDBOXLINDENWHARFWEB00000000001",
    xero_client_secret="sandbox-linden-wharf-xero-web",  # noqa: S106
)


@dataclass(slots=True, kw_only=True)
class XeroCompany(Company):
    """The firm in both systems' books. ``bills``: by case, as they stand now. ``edits``: the setting."""

    month: Month
    mapping: dict[str, dict[str, str]] = field(default_factory=dict)
    bills: dict[str, Document] = field(default_factory=dict)
    edits: str = "hold"

    def settings(self) -> dict[str, Any]:
        """The integration's settings; a department without a cost centre gets one."""
        return {
            "start_date": self.month.first.isoformat(), "currency": "USD", "cost_center_from": TAG,
            "create_cost_centers": "yes", "edits": self.edits,
        }  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        told = {"kind": self.kind, "name": NAME, "time_zone": ZONE, "currency": "USD"}
        answers = {"settings": self.settings(), "mapping": self.mapping}
        return told | {"connection_settings": self.connection_settings, "integrations": {KIND: answers}}


def matrix_xero(clock: SandboxClock, seed: int = 1) -> Company:
    """Seven bills, a vendor credit and three payments of three vendors; two of the vendors are not there yet."""
    firm = opened(clock, seed, ACCESS, NAME, ZONE)
    company = XeroCompany(kind="matrix", month=Month.before(clock.start), **firm.parts(_instance()))
    _file(company, firm.organisation)
    _trade(company, firm.organisation)
    return company


def _file(company: XeroCompany, books: OrganisationBooks) -> None:
    """Accounts, departments, vendors, and how a person fills the mapping."""
    with books.at(company.month.opening):
        for code, name in ACCOUNTS:
            books.desk.add_account(code, name, "EXPENSE", tax_type="INPUT")
        books.desk.add_account(BANK, "Operating account", "BANK")
        books.desk.add_tracking_category(TAG, [*DEPARTMENTS, UNKNOWN])
        for place, name in enumerate(VENDORS):
            books.desk.add_contact(name, **contact(place))
    found = {code: books.account_by_code(code) for code, _ in ACCOUNTS}
    rows = {
        "accounts": {one.account_id: code for code, one in found.items() if one is not None},
        "legal_entities": {"(all)": "1000"},
        "payment_methods": {"(none)": "bank_transfer"},
    }
    assert company.servicenow is not None
    company.mapping = {table: by_id(company.servicenow, table, given) for table, given in rows.items()}


def contact(place: int) -> dict[str, Any]:
    """Where a vendor is, and who answers there."""
    address = {
        "AddressType": "POBOX", "AddressLine1": f"{20 + place} Wharf Street", "City": "Boston", "Region": "MA",
        "PostalCode": "02110", "Country": "US",
    }  # fmt: skip
    person = {"FirstName": "Ida", "LastName": "Moss", "EmailAddress": f"ida{place}@vendor.example"}
    return {"EmailAddress": f"bills{place}@vendor.example", "Addresses": [address], "ContactPersons": [person]}


def _trade(company: XeroCompany, books: OrganisationBooks) -> None:
    first, second, third = VENDORS
    bill(company, "paid", first, line("6010", "1200.00", "Studio"), LineAmountTypes="NoTax")
    bill(company, "part", second, line("6020", "310.40", "Workshop"), line("6110", "19.99", "Studio"))
    bill(company, "inclusive", third, line("6020", "108.25", UNKNOWN), LineAmountTypes="Inclusive")
    bill(company, "several", first, *(line("6110", f"{30 + place}.07", "Front Office") for place in range(3)))
    bill(company, "no_department", second, line("6010", "75.00"))
    bill(company, "draft", third, line("6010", "80.00", "Studio"), Status="DRAFT")
    voided = bill(company, "voided", first, line("6010", "90.00", "Studio"))
    with books.at(_at(company, 6)):
        books.desk.remove(voided)
        [of] = [one for one in books.contacts if one.name == second]
        day = company.month.day(6)
        books.desk.add_credit_note(of, day, [line("6020", "42.50", "Workshop")], sale=False, CreditNoteNumber="CN-5")
    for place, (case, amount) in enumerate({"paid": "1200.00", "part": "100.00", "several": "50.00"}.items()):
        pay(company, case, amount, 12 + place)


def line(account: str, amount: str, option: str = "", description: str = "") -> dict[str, Any]:
    """A line on an account, of a department."""
    tracking = {"Tracking": [{"Name": TAG, "Option": option}]} if option else {}
    told = description or f"For {account}"
    return {"Description": told, "Quantity": 1, "UnitAmount": amount, "AccountCode": account, **tracking}


def bill(company: XeroCompany, case: str, vendor: str, *lines: dict[str, Any], **body: Any) -> Document:
    """A bill of a case, approved unless ``Status`` says otherwise; each a day after the one before."""
    books, place = company.xero_organisation, len(company.bills)
    [of] = [one for one in books.contacts if one.name == vendor]
    with books.at(_at(company, place)):
        given = {"InvoiceNumber": f"LW-{place + 1:03d}", **body}
        company.bills[case] = books.desk.add_bill(of, company.month.day(place), lines, **given)
    return company.bills[case]


def pay(company: XeroCompany, case: str, amount: str, place: int) -> None:
    """So much paid on the bill of a case, at a place of the month."""
    books = company.xero_organisation
    account = books.account_by_code(BANK)
    assert account is not None
    with books.at(_at(company, place)):
        books.desk.pay(
            company.bills[case], company.month.day(place), Decimal(amount), account, Reference=f"PAID-{place}"
        )


def _at(company: XeroCompany, place: int) -> datetime:
    return datetime.combine(company.month.day(place), time(20), UTC)


def _instance() -> Instance:
    opened = date(2020, 1, 1)
    known = Supplier(
        code="SUP-500", name=VENDORS[0], email="bills0@vendor.example", street="20 Wharf Street", city="Boston", state="MA",
        zip="02110", country="US", currency="USD", payment_term="Net 30",
    )  # fmt: skip
    return Instance(
        host="lindenwharf.service-now.com",
        client_id="1b2c3d4e5f60718293a4b5c6d7e8f9a0",
        client_secret="sandbox-linden-wharf-servicenow",  # noqa: S106
        password="sandbox-linden-wharf-password",  # noqa: S106
        external_source="Xero",
        erp_source=ErpSource(name="Xero Linden Wharf", code="XERO-LW"),
        legal_entities=(LegalEntity(code="1000", name=NAME, currency="USD", country="US"),),
        cost_centers=tuple(
            CostCenter(account_number=number, code=f"D{number}", name=name, legal_entity="1000", valid_from=opened)
            for name, number in DEPARTMENTS.items()
        ),
        gl_accounts=tuple(GlAccount(number=code, name=name) for code, name in ACCOUNTS),
        suppliers=(known,),
        payment_terms=(PaymentTerm(code="Net 30", name="Net 30", days=30),),
    )
