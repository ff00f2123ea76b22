"""A firm with a ledger in each of Zoho's data centres: one ServiceTitan tenant buys for five of them, three for one each.

Each region has business units of its own; nothing of one may come to another's ledger. Regions of one tenant share its
vendors, so a vendor comes to stand in several ledgers. A bill of head office belongs to no region.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import at_xero, masters
from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.access import SCOPES, Access, open_xero
from ml_connector_sandbox.company.catalogue import ARTICLES, FREIGHT_CODE
from ml_connector_sandbox.company.company import Company, ended
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.seed import ZERO, Seed
from ml_connector_sandbox.company.truth import BillTruth
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import PRODUCTION, BusinessUnit, ServiceTitanBooks, TenantBooks
from ml_connector_sandbox.xero import XeroBooks
from ml_connector_sandbox.zoho_books import ZohoBooksBooks

FIRM = "Lantern Comfort"
BILLS = 6
HEAD_OFFICE = "Head Office"
# Data centres besides its own in which a region's client is registered, each with its own secret.
_ELSEWHERE = {"eu": {"us": "sandbox-lantern-comfort-eu-at-us"}}
_TRADES = ("Service", "Installation")
# What the tax editions of these countries demand on bills and contacts, as settings of the connection.
_EDITIONS = {
    "in": {
        "gst_treatment": "business_gst", "source_of_supply": "TN", "destination_of_supply": "MH", "place_of_contact": "TN",
        "hsn_or_sac": "84159000",
    },
    "sa": {"tax_treatment": "vat_registered", "place_of_supply": "SA"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Region:
    """``tenant``: which of the firm's ServiceTitan tenants buys for it, from 0. Whole: its money has no smaller unit."""

    centre: str
    city: str
    country: str
    currency: str
    zone: str
    tenant: int
    edition: str = "none"
    whole: bool = False


REGIONS = (
    Region("eu", "Dublin", "IE", "EUR", "Europe/Dublin", 0, "vat"),
    Region("us", "Denver", "US", "USD", "America/Denver", 0, "us"),
    Region("in", "Pune", "IN", "INR", "Asia/Kolkata", 0),
    Region("au", "Perth", "AU", "AUD", "Australia/Perth", 0),
    Region("ca", "Calgary", "CA", "CAD", "America/Edmonton", 0),
    Region("jp", "Sapporo", "JP", "JPY", "Asia/Tokyo", 1, whole=True),
    Region("sa", "Riyadh", "SA", "SAR", "Asia/Riyadh", 2),
    Region("cn", "Ningbo", "CN", "CNY", "Asia/Shanghai", 3),
)


@dataclass(slots=True)
class _Tenant:
    """One of the firm's ServiceTitan tenants. ``first``: the seed of its first region, whose lists the others take over."""

    number: str
    books: TenantBooks
    credentials: dict[str, str]
    first: Seed | None = None
    vendors: tuple[str, ...] = ()


@dataclass(slots=True)
class _Firm:
    """The firm in the making. ``made``: each region with its seed and the credentials of its ledger.

    ``elsewhere``: by data centre, the secrets that its client has in others.
    """

    clock: SandboxClock
    number: int
    servicetitan: ServiceTitanBooks
    zoho_books: ZohoBooksBooks
    access: Access = field(default_factory=Access)
    tenants: list[_Tenant] = field(default_factory=list)
    made: list[tuple[Region, Seed, dict[str, str]]] = field(default_factory=list)
    elsewhere: dict[str, dict[str, str]] = field(default_factory=dict)

    def open_tenant(self) -> None:
        """A tenant with a grant of its own, under the one application."""
        place = len(self.tenants)
        number, client = f"1310{place:02d}4402", f"cid.lantern-comfort-{place + 1}-sandbox"
        secret = f"cs1.sandbox-lantern-comfort-{place + 1}"
        books = self.servicetitan.add_tenant(number, f"{FIRM} {place + 1}", PRODUCTION)
        self.servicetitan.add_grant(self.access.app_key, number, client, secret, SCOPES)
        told = self.access.as_dict()["servicetitan"]
        credentials = {**told, "tenant": number, "client_id": client, "client_secret": secret}
        vendors = names.SUPPLIERS[4 * place : 4 * place + 4]
        self.tenants.append(_Tenant(number, books, credentials, vendors=vendors))

    def open_region(self, region: Region, place: int) -> None:
        """Its organisation in its data centre, with a client registered there alone, and its business units and bills."""
        tenant = self.tenants[region.tenant]
        organisation = self.zoho_books.organisation(
            f"2009{place + 1}770{place + 1}2", name=f"{FIRM} {region.city}", data_centre=region.centre,
            time_zone=region.zone, currency=region.currency, country_code=region.country, tax_edition=region.edition,
            price_precision=0 if region.whole else 2,
        )  # fmt: skip
        seed = Seed(
            dates=Dates.reckoned(self.clock.start), chance=random.Random(f"regions {self.number} {region.centre}"),
            tenant=tenant.books, organisation=organisation, currency=region.currency,
        )  # fmt: skip
        self._file(tenant, seed, region)
        self.made.append((region, seed, self._client(region, organisation.profile.organization_id)))
        _buy(seed, region, tenant.vendors)

    def _client(self, region: Region, organization_id: str) -> dict[str, str]:
        client = f"1000.SANDBOXLANTERN{region.centre.upper()}"
        secret = f"sandbox-lantern-comfort-{region.centre}"
        self.zoho_books.client(
            client, secret, (self.access.redirect,), region.centre, name="ML Connector",
            other_data_centres=self.elsewhere.get(region.centre),
        )  # fmt: skip
        return {
            "data_centre": region.centre, "client_id": client, "client_secret": secret, "redirect": self.access.redirect,
            "organization_id": organization_id,
        }  # fmt: skip

    def _file(self, tenant: _Tenant, seed: Seed, region: Region) -> None:
        """ServiceTitan's lists once for each tenant; the ledger's, business units and the reference for each region."""
        if tenant.first is None:
            tenant.first = seed
            for number, name, kind, _, _ in names.ACCOUNTS:
                masters.source_account(seed, number, name, kind)
            for name in tenant.vendors:
                masters.source_vendor(seed, name)
        else:
            seed.accounts, seed.vendors = tenant.first.accounts, tenant.first.vendors
            seed.vendor_truth, seed.counter = list(tenant.first.vendor_truth), tenant.first.counter
        masters.file_ledger_accounts(seed)
        units = [f"{region.city} - {trade}" for trade in _TRADES]
        tag = seed.organisation.add_reporting_tag(names.TAG, units)
        for name, option_id in zip(units, tag.options, strict=True):
            seed.units[name] = _unit(seed, name, region.currency)
            seed.answers.business_units[str(seed.units[name].id)] = option_id
        for module in ("bill", "vendor_credit", "contact"):
            seed.organisation.add_unique_field(module, names.REFERENCE_LABEL)


def _unit(seed: Seed, name: str, currency: str) -> BusinessUnit:
    unit = BusinessUnit(name=name, official_name=f"{FIRM} - {name}", currency=currency)
    return seed.tenant.add_business_unit(unit, seed.dates.opening)


def _buy(seed: Seed, region: Region, vendors: tuple[str, ...]) -> None:
    """Six bills without tax, every third with freight; amounts in the region's own money."""
    priced = [one for one in ARTICLES if one.cost == one.cost.quantize(Decimal("0.01")) and not one.expense]
    factor = Decimal(100) if region.whole else Decimal(1)
    for place in range(BILLS):
        items = []
        for article in seed.chance.sample(priced, 2):
            cost = (article.cost * factor).quantize(Decimal(1) if region.whole else Decimal("0.01"))
            items.append(seed.line(article.code, seed.chance.randrange(1, 6), cost))
        freight = factor * 24 if place % 3 == 1 else ZERO
        unit = f"{region.city} - {_TRADES[place % len(_TRADES)]}"
        on = seed.dates.day(10 + 3 * place)
        seed.purchase("region", vendors[place % len(vendors)], items, on, unit=unit, shipping=freight)


def _of_nobody(seed: Seed, vendor: str) -> str:
    """A bill of head office, whose business unit is in no region; its id."""
    seed.units[HEAD_OFFICE] = _unit(seed, HEAD_OFFICE, seed.currency)
    seed.purchase("head_office", vendor, (seed.line("CAP-45-5", 4),), seed.dates.day(30), unit=HEAD_OFFICE)
    del seed.units[HEAD_OFFICE]
    row: BillTruth = seed.truth.pop()
    return row.bill_id


def regions_mistaken(clock: SandboxClock, seed: int = 1) -> Company:
    """The same, whose first client is registered in the United States as well: its grant may be sought there by mistake."""
    return regions(clock, seed, _ELSEWHERE)


def regions(clock: SandboxClock, seed: int = 1, elsewhere: dict[str, dict[str, str]] | None = None) -> Company:
    """Eight organisations, one in each data centre. The company's own fields are those of the first region.

    ``elsewhere``: by data centre, secrets that its client has in others; else a client is known in its own alone.
    """
    servicetitan, zoho_books, xero = ServiceTitanBooks(clock), ZohoBooksBooks(clock, seed), XeroBooks(clock, seed)
    firm = _Firm(clock, seed, servicetitan, zoho_books, elsewhere=elsewhere or {})
    servicetitan.add_app(firm.access.app_key, "ML Connector", firm.access.application_guid)
    for _ in range(1 + max(one.tenant for one in REGIONS)):
        firm.open_tenant()
    for place, region in enumerate(REGIONS):
        firm.open_region(region, place)
    nobodys = _of_nobody(firm.made[0][1], firm.tenants[0].vendors[0])
    at_xero.file_masters(open_xero(xero, firm.access), firm.made[0][1].dates)
    _, own, ledger = firm.made[0]
    access = _access(firm, ledger)
    company = Company(
        kind="regions",
        servicetitan=servicetitan,
        zoho_books=zoho_books,
        xero=xero,
        access=access,
        seed=own,
        limits=True,
    )
    company.regions = [_told(firm, *one, nobodys if one[0].tenant == 0 else "") for one in firm.made]
    return ended(company)


def _access(firm: _Firm, ledger: dict[str, str]) -> Access:
    own = firm.tenants[0].credentials
    return Access(
        tenant_id=own["tenant"], client_id=own["client_id"], client_secret=own["client_secret"],
        organization_id=ledger["organization_id"], zoho_client_id=ledger["client_id"],
        zoho_client_secret=ledger["client_secret"],
    )  # fmt: skip


def _told(firm: _Firm, region: Region, seed: Seed, ledger: dict[str, str], nobodys: str) -> dict[str, Any]:
    """What an operator sets up for a region, and how its bills must end: ``compare`` takes it as it takes a company."""
    tenant = firm.tenants[region.tenant]
    units = [str(one.id) for one in seed.units.values()]
    return {
        "data_centre": region.centre,
        "name": f"{FIRM} {region.city}",
        "tenant": region.tenant,
        "tenant_id": tenant.number,
        "organization_id": ledger["organization_id"],
        "currency": region.currency,
        "time_zone": region.zone,
        "credentials": {"servicetitan": tenant.credentials, "zoho_books": ledger},
        "secrets_elsewhere": firm.elsewhere.get(region.centre, {}),
        "connection_settings": {"zoho_books": dict(_EDITIONS.get(region.centre, {}))},
        "business_units": units,
        "settings": {
            "start_date": seed.dates.start_date.isoformat(), "currency": region.currency, "bill_source": "bills",
            "gate": "received", "line_account": "cost", "business_unit_as": "tag", "business_units": ",".join(units),
            "freight_account": seed.ledger[FREIGHT_CODE].account_id,
        },
        "mapping": seed.answers.as_dict(),
        "seeded_documents": [],
        "vendors": [one.as_dict() for one in seed.vendor_truth],
        "truth": [one.as_dict() for one in seed.truth],
        "credits": [],
        "of_no_region": [nobodys] if nobodys else [],
    }  # fmt: skip
