"""A small firm with its books in Xero, whose bills are approved and paid in ServiceNow, as a company of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.at_servicenow import by_id
from ml_connector_sandbox.company.company import Company
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
from ml_connector_sandbox.xero.books.documents import Document, Payment
from ml_connector_sandbox.xero.books.masters import Contact

COMPANY, ZONE = "Harbor Kiln Studio LLC", "America/New_York"
TAG, OPTIONS = "Department", ("Kilns", "Showroom", "Old Workshop", "Online Shop")
CLAY, RENT, CHECKING = "5010", "6010", "1000"
SALES_TAX = Decimal("8.25")  # per cent
STARTED = 40  # days back: from there on documents are staged
ENDED = 20  # days back: until then the centre of the old workshop is valid


ACCESS = XeroAccess(
    xero_organisation_id="3b6e1d94-52c7-4f08-8a1e-90d7c4b25f6a",
    xero_client_id="SANDBOXHARBORKILNWEB000000000001",
    xero_client_secret="sandbox-harbor-kiln-xero-web",  # noqa: S106
)


@dataclass(slots=True)
class Papers:
    """What people keyed in at Xero, by the name of the case. ``suppliers``: contacts that ServiceNow knows."""

    books: OrganisationBooks
    today: date
    contacts: dict[str, Contact] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)

    def ago(self, days: int) -> date:
        """So many days before the sandbox's first one."""
        return self.today - timedelta(days=days)

    def contact(self, name: str, *, street: str = "4 Quay Road", customer: bool = False) -> Contact:
        """A vendor with an address to be paid at, who may be a customer, too."""
        address = {
            "AddressType": "POBOX", "AddressLine1": street, "City": "Portland", "Region": "ME", "PostalCode": "04101",
            "Country": "US",
        }  # fmt: skip
        mail = f"accounts@{name.split(maxsplit=1)[0].lower()}.example"
        made = self.books.desk.add_contact(name, EmailAddress=mail, Addresses=[address])
        made.is_customer = customer
        self.contacts[name] = made
        return made

    def bill(self, case: str, vendor: str, days: int, *lines: dict[str, Any], **body: Any) -> Document:
        """A bill dated so many days ago, approved unless ``Status`` says otherwise; its number is the case's name."""
        with self.books.at(self._at(days)):
            whole = {"InvoiceNumber": case, "DueDate": (self.ago(days) + timedelta(days=30)).isoformat(), **body}
            made = self.books.desk.add_bill(self.contacts[vendor], self.ago(days), lines, **whole)
        self.documents[case] = made
        return made

    def credit(self, case: str, vendor: str, days: int, *lines: dict[str, Any], **body: Any) -> Document:
        """A credit note from a vendor, likewise."""
        with self.books.at(self._at(days)):
            whole = {"CreditNoteNumber": case, **body}
            made = self.books.desk.add_credit_note(self.contacts[vendor], self.ago(days), lines, sale=False, **whole)
        self.documents[case] = made
        return made

    def pay(self, case: str, bill: str, days: int, amount: str) -> Payment:
        """So much paid on a bill out of the checking account."""
        account = self.books.account_by_code(CHECKING)
        assert account is not None
        with self.books.at(self._at(days)):
            made = self.books.desk.pay(self.documents[bill], self.ago(days), amount, account, Reference=case)
        self.payments[case] = made
        return made

    def _at(self, days: int) -> datetime:
        """In the morning of that day; 0 days back is now."""
        now = self.books.company.clock.now()
        return datetime.combine(self.ago(days), time(9), self.books.zone) if days else now


def line(
    amount: str, option: str = "", account: str = CLAY, *, quantity: str = "1", tax: str = "NONE"
) -> dict[str, Any]:
    """A line of a bill: a price, and how many."""
    tracking = {"Tracking": [{"Name": TAG, "Option": option}]} if option else {}
    told = "Stoneware clay" if account == CLAY else "Rent"
    return {
        "Description": told, "Quantity": quantity, "UnitAmount": amount, "AccountCode": account, "TaxType": tax, **tracking,
    }  # fmt: skip


@dataclass(slots=True, kw_only=True)
class XeroPayables(Company):
    """The firm in both systems' books."""

    papers: Papers
    instance: Instance

    def settings(self) -> dict[str, Any]:
        """The integration's settings."""
        return {
            "start_date": self.papers.ago(STARTED).isoformat(),
            "currency": "USD",
            "cost_center_from": TAG,
            "create_cost_centers": "yes",
        }

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return {
            "kind": self.kind,
            "name": COMPANY,
            "time_zone": ZONE,
            "currency": "USD",
            "start_date": self.settings()["start_date"],
            "xero_organisation_id": self.access.xero_organisation_id,
            "connection_settings": self.connection_settings,
            "integrations": {KIND: {"settings": self.settings(), "mapping": self._mapping()}},
        }

    def _mapping(self) -> dict[str, dict[str, str]]:
        assert self.servicenow is not None
        books, landlord = self.papers.books, self.papers.contacts["Pier Nine Property"]
        account = {code: books.account_by_code(code) for code in (CLAY, RENT)}
        tables = {
            "accounts": {one.account_id: code for code, one in account.items() if one is not None},
            "legal_entities": {"(all)": "1000"},
            "payment_methods": {"(none)": "bank_transfer"},
            "vendor_cost_centers": {landlord.contact_id: "200"},
        }
        return {name: by_id(self.servicenow, name, rows) for name, rows in tables.items()}


def xero_payables(clock: SandboxClock, seed: int = 1) -> XeroPayables:
    """Bills that are approved, drafts, paid and void, with and without tax, in two currencies; credits, payments."""
    firm = opened(clock, seed, ACCESS, COMPANY, ZONE)
    papers = Papers(firm.organisation, clock.start.date())
    with papers.books.at(clock.start - timedelta(days=400)):
        taxed = _file_masters(papers)
    _trade(papers, taxed)
    _settle(papers)
    instance = _instance(papers)
    return XeroPayables(kind="xero-payables", papers=papers, instance=instance, **firm.parts(instance))


def _file_masters(papers: Papers) -> str:
    """Accounts, tax, departments and contacts; the tax type of what is taxed."""
    desk = papers.books.desk
    desk.add_account(CHECKING, "Checking", "BANK")
    desk.add_account(CLAY, "Clay and glazes", "DIRECTCOSTS")
    desk.add_account(RENT, "Rent", "EXPENSE")
    desk.add_currency("EUR", "0.90")
    desk.add_tracking_category(TAG, OPTIONS)
    papers.contact("Dune Clay Supply", street="77 Sandpit Lane")
    papers.contact("Glaze and Fire Co", customer=True)
    papers.contact("Keramik Nord GmbH")
    papers.contact("Pier Nine Property")
    papers.contact("Walk-in Hardware")
    papers.contact("Gallery Visitor")  # no bill of theirs ever comes
    return desk.add_tax_rate("Maine sales tax", SALES_TAX, report="INPUT").tax_type


def _trade(papers: Papers, taxed: str) -> None:
    """Bills and credits; what becomes of each stands in the tests."""
    dune, glaze, nord, pier, hardware = list(papers.contacts)[:5]
    papers.bill("DC-100", dune, 30, line("12.35", "Kilns", quantity="10"), line("99.99", "Showroom", RENT))
    papers.bill(
        "DC-101", dune, 25, line("100.00", "Kilns", quantity="3", tax=taxed), line("49.95", "Showroom", tax=taxed),
        LineAmountTypes="Exclusive",
    )  # fmt: skip
    papers.bill(
        "GF-7", glaze, 24, line("108.25", "Kilns", tax=taxed), line("19.99", "Showroom", tax=taxed),
        LineAmountTypes="Inclusive",
    )  # fmt: skip
    papers.bill("KN-2026-1", nord, 22, line("1250.00", "Online Shop"), CurrencyCode="EUR", CurrencyRate="0.91")
    papers.bill("PN-11", pier, 21, line("2400.00", account=RENT))
    papers.bill("", glaze, 15, line("64.00", "Showroom"))
    papers.bill("DC-DRAFT", dune, 14, line("75.00", "Kilns"), Status="DRAFT")
    papers.bill("DC-SUBMITTED", dune, 14, line("76.00", "Kilns"), Status="SUBMITTED")
    papers.books.desk.remove(papers.bill("DC-VOID", dune, 13, line("77.00", "Kilns")))
    papers.bill("DC-OLD", dune, STARTED + 5, line("500.00", "Kilns"))
    papers.bill("WH-1", hardware, 12, line("31.00"))
    papers.bill("GF-8", glaze, ENDED - 10, line("88.00", "Old Workshop"))
    papers.bill("GF-6", glaze, ENDED + 10, line("66.00", "Old Workshop"))
    papers.credit("DC-CR1", dune, 11, line("40.00", "Kilns", tax=taxed), LineAmountTypes="Exclusive")
    papers.credit("DC-CRDRAFT", dune, 11, line("41.00", "Kilns"), Status="DRAFT")
    papers.books.desk.allocate(papers.documents["DC-CR1"], papers.documents["DC-101"], "20.00")


def _settle(papers: Papers) -> None:
    """One bill paid whole, one in part, one in two parts; one payment deleted, one of a bill from before the start."""
    papers.pay("whole", "GF-7", 10, "128.24")
    papers.pay("part", "KN-2026-1", 9, "250.00")
    papers.pay("first half", "DC-100", 8, "100.00")
    papers.pay("second half", "DC-100", 7, "123.49")
    papers.pay("older", "DC-OLD", 6, "500.00")
    papers.pay("waits", "WH-1", 5, "31.00")
    papers.books.desk.remove_payment(papers.pay("deleted", "PN-11", 5, "2400.00"))


def _instance(papers: Papers) -> Instance:
    """The landlord and the clay dealer are there, the dealer by its code; the shop's centre is not."""
    dune, pier = papers.contacts["Dune Clay Supply"], papers.contacts["Pier Nine Property"]
    centers = (("100", OPTIONS[0], None), ("200", OPTIONS[1], None), ("300", OPTIONS[2], papers.ago(ENDED)))
    return Instance(
        host="harborkiln.service-now.com",
        client_id="9f8e7d6c5b4a39281706f5e4d3c2b1a0",
        client_secret="sandbox-harbor-kiln-servicenow",  # noqa: S106
        password="sandbox-harbor-kiln-password",  # noqa: S106
        external_source="Xero",
        erp_source=ErpSource(name="Xero", code="XERO"),
        legal_entities=(LegalEntity(code="1000", name=COMPANY, currency="USD", country="US"),),
        cost_centers=tuple(
            CostCenter(account_number=number, code=number, name=name, legal_entity="1000", valid_to=end)
            for number, name, end in centers
        ),
        gl_accounts=(GlAccount(number=CLAY, name="Clay"), GlAccount(number=RENT, name="Rent")),
        suppliers=(_supplier(dune.contact_id, dune, "77 Sandpit Lane"), _supplier("V-9", pier, "4 Quay Road")),
        payment_terms=(PaymentTerm(code="Net 30", name="Net 30", days=30),),
    )


def _supplier(code: str, contact: Contact, street: str) -> Supplier:
    return Supplier(
        code=code, name=contact.name, email="", street=street, city="Portland", state="ME", zip="04101", country="US",
        currency="USD", payment_term="Net 30",
    )  # fmt: skip
