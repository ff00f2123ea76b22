"""What ServiceTitan and Zoho Books have on file before the first order."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.seed import CURRENCY, Seed
from ml_connector_sandbox.company.truth import HELD, LINKED, POSTED, SKIPPED, VendorTruth
from ml_connector_sandbox.servicetitan.books import (
    Address,
    BusinessUnit,
    GlAccount,
    Job,
    TaxRate,
    TaxZone,
    Vendor,
)
from ml_connector_sandbox.zoho_books.books.masters import Contact

JOBS = 90


def file_accounts(seed: Seed) -> None:
    """Both charts of accounts. Codes are equal where there is a counterpart; names need not be."""
    for number, name, kind, _, _ in names.ACCOUNTS:
        source_account(seed, number, name, kind)
    file_ledger_accounts(seed)


def file_ledger_accounts(seed: Seed) -> None:
    """The ledger's chart of accounts, and the answer which of its accounts is which of ServiceTitan's."""
    for number, _, _, ledger_name, ledger_kind in names.ACCOUNTS:
        ledger_account(seed, number, ledger_name, ledger_kind)
        seed.answers.accounts[number] = seed.ledger[number].account_id
    for code, name, kind in names.LEDGER_ONLY:
        ledger_account(seed, code, name, kind)


def file_account_traps(seed: Seed) -> None:
    """An account without a counterpart, which is mapped last; and one whose counterpart is inactive."""
    source_account(seed, *names.UNMAPPED_ACCOUNT)
    seed.answers.later["accounts"] = {names.UNMAPPED_ACCOUNT[0]: seed.ledger["5110"].account_id}
    number, name, kind, ledger_name, ledger_kind = names.INACTIVE_ACCOUNT
    source_account(seed, number, name, kind)
    ledger_account(seed, number, ledger_name, ledger_kind, active=False)
    seed.answers.accounts[number] = seed.ledger[number].account_id


def file_settings(seed: Seed) -> None:
    """Business units with their tag options, tax zones with their rules, and the field for our reference."""
    tag = seed.organisation.add_reporting_tag(names.TAG, names.BUSINESS_UNITS)
    for name, option_id in zip(names.BUSINESS_UNITS, tag.options, strict=True):
        unit = BusinessUnit(name=name, official_name=f"{names.COMPANY} - {name}", currency=CURRENCY)
        seed.units[name] = seed.tenant.add_business_unit(unit, seed.dates.opening)
        seed.answers.business_units[str(seed.units[name].id)] = option_id
    for name, rate in names.TAX_ZONES:
        zone = TaxZone(name=name, rates=(TaxRate(name=name, rate=rate),))
        seed.zones[name] = seed.tenant.add_tax_zone(zone, seed.dates.opening)
    seed.answers.tax[names.COST_ZONE] = "cost"
    seed.answers.tax[names.ACCOUNT_ZONE] = f"account:{seed.ledger[names.TAX_CODE].account_id}"
    for module in ("bill", "vendor_credit", "contact"):
        seed.organisation.add_unique_field(module, names.REFERENCE_LABEL)


def file_jobs(seed: Seed) -> None:
    """Jobs that materials are bought for."""
    units = list(seed.units.values())
    for place in range(JOBS):
        job = Job(job_number=f"J-{52_000 + place}", business_unit_id=units[place % len(units)].id)
        seed.jobs.append(seed.tenant.add_job(job, seed.dates.opening))


def file_suppliers(seed: Seed, count: int) -> None:
    """The first ``count`` ordinary suppliers at ServiceTitan, and those whom both sides know under one name."""
    for name in names.SUPPLIERS[:count]:
        source_vendor(seed, name)
    for name in names.KNOWN[: max(1, count // 4)]:
        source_vendor(seed, name, ends=LINKED, contact=ledger_vendor(seed, name))


def file_vendor_traps(seed: Seed) -> None:
    """Vendors that are nearly another, known by e-mail only, inactive in the ledger, oddly written, or never used."""
    own, theirs, email = names.SAME_EMAIL
    contact = ledger_vendor(seed, theirs, email)
    source_vendor(seed, own, ends=LINKED, contact=contact, email=email)
    first, second = names.NEAR_EQUAL
    source_vendor(seed, first, ends=LINKED, contact=ledger_vendor(seed, first))
    source_vendor(seed, second, ends=HELD, reason="vendor_ambiguous")
    inactive = ledger_vendor(seed, names.INACTIVE_VENDOR)
    inactive.active = False
    source_vendor(seed, names.INACTIVE_VENDOR, ends=HELD, reason="vendor_inactive")
    own, theirs = names.ACCENTED
    source_vendor(seed, own, ends=LINKED, contact=ledger_vendor(seed, theirs))
    source_vendor(seed, names.RIGHT_TO_LEFT)
    for name in names.UNUSED:
        source_vendor(seed, name, ends=SKIPPED, reason="not_needed")
    for name in names.LEDGER_VENDORS:
        ledger_vendor(seed, name)
    for name in names.LEDGER_CUSTOMERS:
        seed.organisation.add_contact(name, "customer", created=seed.dates.opening)


def source_vendor(
    seed: Seed,
    name: str,
    *,
    ends: str = POSTED,
    reason: str = "",
    contact: Contact | None = None,
    email: str = "",
) -> Vendor:
    """A vendor at ServiceTitan with its own telephone and address, and how it must end."""
    place = len(seed.vendors)
    vendor = Vendor(
        name=name,
        phone=f"320-555-{1000 + place}",
        email=email or f"orders{place}@supplier.example",
        address=Address(street=f"{100 + 7 * place} Industrial Avenue", city="Saint Cloud", state="MN", zip="56301"),
        tax_rate=Decimal("0.08525"),
    )
    kept = seed.tenant.add_vendor(vendor, seed.dates.opening)
    seed.vendors[name] = kept
    seed.vendor_truth.append(
        VendorTruth(
            vendor_id=str(kept.id),
            name=name,
            ends=ends,
            reason=reason,
            contact_id=contact.contact_id if contact else "",
            contact_name=contact.contact_name if contact else name,
        )
    )
    return kept


def ledger_vendor(seed: Seed, name: str, email: str = "") -> Contact:
    """A vendor keyed by hand in the ledger."""
    persons = [{"first_name": "Accounts", "last_name": "Office", "email": email}] if email else []
    contact = seed.organisation.add_contact(
        name,
        company_name=name,
        payment_terms=30,
        contact_persons=persons,
        created=seed.dates.opening,
    )
    seed.contacts[name] = contact
    return contact


def source_account(seed: Seed, number: str, name: str, kind: str) -> None:
    """An account at ServiceTitan."""
    account = GlAccount(name=name, number=number, type=kind)
    seed.accounts[number] = seed.tenant.add_gl_account(account, seed.dates.opening).id


def ledger_account(seed: Seed, code: str, name: str, kind: str, active: bool = True) -> None:
    """An account in the ledger."""
    seed.ledger[code] = seed.organisation.add_account(name, kind, code=code, active=active, created=seed.dates.opening)
