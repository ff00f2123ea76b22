"""The seeded companies: the demo, a tiny one, a large ordinary one, and one that keeps no bills."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ml_connector_sandbox.company import (
    at_xero,
    at_zoho,
    cases_amounts,
    cases_identity,
    cases_rules,
    cases_texts,
    masters,
    ordinary,
    receipt_cases,
    returned,
    sales,
    sales_changes,
    sales_payables,
    xero_answers,
    zoho_answers,
)
from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.access import Access, open_books, open_xero
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.party_truth import Parties
from ml_connector_sandbox.company.payables import Payables
from ml_connector_sandbox.company.sales_payables import TrackedTruth
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.company.truth import SKIPPED, Answers, BillTruth, VendorTruth
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow import ServiceNowBooks
from ml_connector_sandbox.servicetitan.books import ServiceTitanBooks
from ml_connector_sandbox.servicetitan.switches import Switches as ServiceTitanSwitches
from ml_connector_sandbox.xero import OrganisationBooks as XeroOrganisationBooks
from ml_connector_sandbox.xero import Switches as XeroSwitches
from ml_connector_sandbox.xero import XeroBooks
from ml_connector_sandbox.zoho_books import Switches as ZohoBooksSwitches
from ml_connector_sandbox.zoho_books import ZohoBooksBooks

CASES = (*cases_amounts.CASES, *cases_identity.CASES, *cases_rules.CASES, *cases_texts.CASES)
# Posted as a bill, as a vendor credit, linked, skipped and held; a vendor that is there, one by e-mail, one that is not.
MATRIX_CASES = (
    cases_amounts.net_negative,
    cases_identity.keyed_by_hand,
    cases_identity.vendor_on_both_sides,
    cases_rules.cancelled,
)
SAME_SECOND = 300
# How many orders come in so many shipments; 0: sent and still open.
DEMO_SHIPMENTS = ((1, 215), (2, 85), (3, 12), (0, 18))


@dataclass(slots=True, kw_only=True)
class Company:
    """A seeded company in its systems' books, with how everything in it must end.

    ``payables``: the books of a firm that has bills approved elsewhere; the rest of the company is empty then.
    ``parties``: who is whom, of a firm that has many on both sides. ``sales``: what was sold, None where the company
    only buys. ``tracked``: how inventory bills must be found in Xero. ``bill_source``: ``bills`` or ``receipts``.
    ``regions``: of a firm with a ledger in each, what the hand-over file tells of them.
    ``change``: makes the changes of a company that goes on after it was read; None where there are none.
    ``same_second``: the second that many bills share as their modification; empty for none. ``seeded``: ids of documents
    keyed by hand in the ledger. ``limits``: kept by the emulators. ``servicenow``: its instances, None
    where it has none. ``neighbour``: another company with books at the same vendors, which knows nothing of this one.
    ``more_settings``, ``more_mapping``: of ServiceTitan with Zoho Books, besides what the demo's integration has.
    """

    kind: str
    servicetitan: ServiceTitanBooks
    zoho_books: ZohoBooksBooks
    xero: XeroBooks
    access: Access
    seed: Seed
    sales: Sales | None = None
    tracked: list[TrackedTruth] = field(default_factory=list)
    payables: Payables | None = None
    parties: Parties | None = None
    regions: list[dict[str, Any]] = field(default_factory=list)
    bill_source: str = "bills"
    change: Callable[[Company], None] | None = None
    limits: bool = True
    same_second: str = ""
    servicenow: ServiceNowBooks | None = None
    neighbour: Company | None = None
    connection_settings: dict[str, dict[str, str]] = field(default_factory=dict)  # by vendor, where not the default
    servicetitan_switches: ServiceTitanSwitches = field(default_factory=ServiceTitanSwitches)
    more_settings: dict[str, str] = field(default_factory=dict)
    more_mapping: dict[str, dict[str, str]] = field(default_factory=dict)
    zoho_books_switches: ZohoBooksSwitches = field(default_factory=ZohoBooksSwitches)
    xero_switches: XeroSwitches = field(default_factory=XeroSwitches)

    @property
    def xero_organisation(self) -> XeroOrganisationBooks:
        """The company's organisation at Xero."""
        return self.xero.organisations[self.access.xero_organisation_id]

    @property
    def start_date(self) -> date:
        """From here on documents are posted."""
        return self.seed.dates.start_date

    @property
    def truth(self) -> list[BillTruth]:
        """Every bill (or receipt) and its ending."""
        return self.seed.truth

    @property
    def credits(self) -> list[BillTruth]:
        """Every AP credit and its ending, for who posts them; empty where no goods went back."""
        return self.seed.credits

    @property
    def vendors(self) -> list[VendorTruth]:
        """Every ServiceTitan vendor and its ending."""
        return self.seed.vendor_truth

    @property
    def answers(self) -> Answers:
        """The mapping tables as a person would fill them."""
        return self.seed.answers

    @property
    def seeded(self) -> list[str]:
        """Ids of bills and vendor credits that stood in the ledger before."""
        books = self.seed.organisation
        return [one.document_id for one in (*books.bills, *books.vendor_credits)]

    def settings(self) -> dict[str, Any]:
        """The integration's settings in the demo."""
        if self.payables is not None:
            return self.payables.settings()
        if self.regions:
            return dict(self.regions[0]["settings"])
        return {
            "start_date": self.start_date.isoformat(),
            "currency": self.seed.currency,
            "bill_source": self.bill_source,
            "gate": "received",
            "line_account": "cost",
            "business_unit_as": "tag",
            "freight_account": self.seed.ledger[names.FREIGHT_CODE].account_id,
            **self.more_settings,
        }

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file. Call it before anything is posted: what stands in the ledger then is ``seeded``."""
        if self.payables is not None:
            return {"kind": self.kind, "connection_settings": self.connection_settings, **self.payables.as_dict()}
        settings = self.settings()
        return {
            "kind": self.kind,
            "name": self.seed.organisation.profile.name,
            "time_zone": self.seed.organisation.profile.time_zone,
            "currency": self.seed.currency,
            "start_date": self.start_date.isoformat(),
            "tenant_id": self.access.tenant_id,
            "organization_id": self.access.organization_id,
            "xero_organisation_id": self.access.xero_organisation_id,
            "settings": settings,
            "connection_settings": self.connection_settings,
            "mapping": self.answers.as_dict(),
            "fill_later": self.answers.later,
            "same_second": self.same_second,
            "seeded_documents": self.seeded,
            "vendors": [one.as_dict() for one in self.vendors],
            "truth": [one.as_dict() for one in self.truth],
            "credits": [one.as_dict() for one in self.credits],
            "parties": self.parties.as_dict() if self.parties else {},
            "regions": self.regions,
            "ledger": self._ledger(),
            "integrations": self._more_integrations(settings),
            "sales": {case: list(map(str, ids)) for case, ids in self.sales.cases.items()} if self.sales else {},
            "tracked": [one.as_dict() for one in self.tracked],
        }

    def _ledger(self) -> dict[str, dict[str, str]]:
        """What Zoho Books has on file that a mapping table may name: accounts by code, taxes by name."""
        books = self.seed.organisation
        return {
            "accounts": {code: one.account_id for code, one in self.seed.ledger.items()},
            "taxes": {one.tax_name: one.tax_id for one in books.taxes.values()},
        }

    def _more_integrations(self, settings: dict[str, Any]) -> dict[str, Any]:
        """By kind, settings and mapping tables of what is integrated besides the bills of ServiceTitan with Zoho Books.

        Its sales there have the ``settings`` of the bills: the same object, so that who changes one has changed both.
        """
        if self.sales is None:
            return {}
        mapping = xero_answers.mapping(self.sales, self.xero_organisation)
        told = {"servicetitan-xero": {"settings": xero_answers.settings(self.sales), "mapping": mapping}}
        if at_zoho.takes_sales(self.seed):
            both = {**self.answers.as_dict(), **zoho_answers.mapping(self.sales), **self.more_mapping}
            told["servicetitan-zoho_books"] = {"settings": settings, "mapping": both}
        return told


def demo(clock: SandboxClock, seed: int = 1) -> Company:
    """The whole company: more than 45 vendors, 320 orders, 420 bills, every awkward case, and goods that went back."""
    company = founded(clock, seed, "demo", suppliers=len(names.SUPPLIERS))
    masters.file_account_traps(company.seed)
    masters.file_vendor_traps(company.seed)
    shipments = [count for count, orders in DEMO_SHIPMENTS for _ in range(orders)]
    company.seed.chance.shuffle(shipments)
    ordinary.trade(company.seed, _buyable(company.seed), shipments)
    ordinary.settle(company.seed)
    for case in CASES:
        case(company.seed)
    company.same_second = ordinary.share_one_second(company.seed, SAME_SECOND)
    returned.send_back(company.seed, seed)
    company.servicetitan_switches.newer_bill_fields = True
    company.servicetitan_switches.extra_fields = company.zoho_books_switches.extra_fields = True
    company.xero_switches.extra_fields = True
    return ended(company)


def contractor(clock: SandboxClock, seed: int = 1) -> Company:
    """The demo's company to the last digit, which also sells: 300 customers, 600 invoices, 500 payments of every kind."""
    company = demo(clock, seed)
    company.kind = "contractor"
    company.sales = sales.trade(company.seed, seed)
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    at_zoho.file_sales(company.seed)
    company.tracked = sales_payables.bill_goods(company.seed, company.xero_organisation)
    return company


def small(clock: SandboxClock, seed: int = 1, bills: int = 10) -> Company:
    """``bills`` ordinary bills of five vendors, nothing awkward."""
    company = founded(clock, seed, "small", suppliers=4)
    ordinary.trade(company.seed, _buyable(company.seed), [1] * bills)
    return ended(company)


def matrix(clock: SandboxClock, seed: int = 1) -> Company:
    """A little of everything, on small pages of lists that lag: for trying each fault at each call of a run."""
    company = founded(clock, seed, "matrix", suppliers=8)
    masters.file_vendor_traps(company.seed)
    ordinary.trade(company.seed, names.SUPPLIERS[:3], [1, 2, 1])
    for case in MATRIX_CASES:
        case(company.seed)
    company.sales = sales.least(company.seed, seed)
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    at_zoho.file_sales(company.seed)
    company.limits = False
    company.servicetitan_switches.export_page_size = 4
    company.servicetitan_switches.read_after_write_lag_seconds = 60
    company.zoho_books_switches.max_per_page = 5
    company.zoho_books_switches.list_lag_seconds = 60.0
    company.connection_settings = {"servicetitan": {"page_size": "5"}}
    return ended(company)


def matrix_sales(clock: SandboxClock, seed: int = 1) -> Company:
    """The same for what is sold: a little of everything that ServiceTitan and Xero exchange."""
    company = founded(clock, seed, "matrix", suppliers=3)
    company.sales = sales.a_little(company.seed, seed)
    return _selling_little(company)


def matrix_sales_changed(clock: SandboxClock, seed: int = 1) -> Company:
    """The same with goods received, whose people go on: ``change`` is for the time after the first reading."""
    company = founded(clock, seed, "matrix", suppliers=3)
    ordinary.trade(company.seed, names.SUPPLIERS[:2], [1, 1])
    company.sales = sales.a_little(company.seed, seed, [sales_changes.prepare])
    company.change = sales_changes.change
    return _selling_little(company)


def _selling_little(company: Company) -> Company:
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    company.limits = False
    company.servicetitan_switches.export_page_size = 8
    company.servicetitan_switches.read_after_write_lag_seconds = 60
    company.xero_switches.day_begins = 6 * 3600  # as the runs begin before midnight in the company's zone
    company.connection_settings = {"servicetitan": {"page_size": "8"}}
    return ended(company)


def bulk(clock: SandboxClock, bills: int, seed: int = 1) -> Company:
    """``bills`` ordinary bills of forty vendors with the vendors' limits off, for measuring."""
    company = founded(clock, seed, f"bulk:{bills}", suppliers=len(names.SUPPLIERS))
    ordinary.trade(company.seed, _buyable(company.seed), [1] * bills)
    company.limits = False
    return ended(company)


def bulk_sales(clock: SandboxClock, invoices: int, seed: int = 1) -> Company:
    """``invoices`` ordinary invoices and as many payments of 300 customers with the vendors' limits off, for measuring."""
    company = founded(clock, seed, f"sold:{invoices}", suppliers=4)
    company.sales = sales.ordinarily(company.seed, seed, invoices)
    at_xero.file_sales(company.xero_organisation, company.seed.dates)
    company.limits = False
    return ended(company)


def receipts_only(clock: SandboxClock, seed: int = 1) -> Company:
    """A tenant that keeps no bills: some eighty orders, whose receipts are the source."""
    company = founded(clock, seed, "receipts", suppliers=8, keeps_bills=False)
    company.bill_source = "receipts"
    masters.file_account_traps(company.seed)
    ordinary.trade(company.seed, _buyable(company.seed), [1, 1, 2, 1, 3, 1, 2, 0] * 10)
    for case in receipt_cases.CASES:
        case(company.seed)
    company.answers.tax = {receipt_cases.NO_ZONE: "cost"}
    return ended(company)


def founded(clock: SandboxClock, seed: int, kind: str, *, suppliers: int, keeps_bills: bool = True) -> Company:
    """A company with its accounts, business units, jobs and so many suppliers, before its first order."""
    servicetitan, zoho_books, xero = ServiceTitanBooks(clock), ZohoBooksBooks(clock, seed), XeroBooks(clock, seed)
    access, tenant, organisation = open_books(servicetitan, zoho_books, keeps_bills)
    chance = random.Random(seed)
    begun = Seed(dates=Dates.reckoned(clock.start), chance=chance, tenant=tenant, organisation=organisation)
    masters.file_accounts(begun)
    masters.file_settings(begun)
    masters.file_jobs(begun)
    if suppliers:
        masters.file_suppliers(begun, suppliers)
    at_xero.file_masters(open_xero(xero, access), begun.dates)
    return Company(kind=kind, servicetitan=servicetitan, zoho_books=zoho_books, xero=xero, access=access, seed=begun)


def _buyable(seed: Seed) -> Sequence[str]:
    """Vendors of ordinary business: those without any trap."""
    ordinary_names = {*names.SUPPLIERS, *names.KNOWN}
    return [name for name in seed.vendors if name in ordinary_names]


def ended(company: Company) -> Company:
    """Vendors that no bill needs are never brought over."""
    used = {one.vendor_id for one in company.truth}
    for place, one in enumerate(company.vendors):
        if one.vendor_id not in used:
            company.vendors[place] = VendorTruth(
                vendor_id=one.vendor_id, name=one.name, ends=SKIPPED, reason="not_needed",
                contact_id=one.contact_id, contact_name=one.contact_name,
            )  # fmt: skip
    return company
