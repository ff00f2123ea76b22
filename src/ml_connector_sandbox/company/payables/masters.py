"""What both systems have on file before the first bill: offices, cost centres, accounts, vendors and suppliers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import Books, Month
from ml_connector_sandbox.company.payables.instance import CostCenter, Supplier
from ml_connector_sandbox.company.payables.truth import CREATED, HELD, LINKED, SupplierTruth
from ml_connector_sandbox.zoho_books.books.masters import Contact

VENDORS = 120
AMBIGUOUS = "vendor_ambiguous"
_CITIES = {
    "US": (
        ("Boston", "MA", "02110"),
        ("Denver", "CO", "80202"),
        ("Providence", "RI", "02903"),
        ("Boulder", "CO", "80301"),
    ),
    "CA": (("Toronto", "ON", "M5H 2N2"), ("Ottawa", "ON", "K1P 5M7"), ("Hamilton", "ON", "L8P 4W7")),
}
_COUNTRIES = {"US": "United States", "CA": "Canada"}


def file_masters(books: Books) -> None:
    """Accounts with their mapping, offices, cost centres, taxes, clients and projects."""
    organisation, opening = books.organisation, books.month.opening
    books.mapping["accounts"] = {}
    for number, name in (*names.ACCOUNTS, names.ADJUSTMENTS, names.MISSING_ACCOUNT):
        books.accounts[number] = organisation.add_account(name, "expense", code=number, created=opening)
        if number != names.MISSING_ACCOUNT[0]:
            books.mapping["accounts"][books.accounts[number].account_id] = number
    books.later["accounts"] = {books.accounts[names.MISSING_ACCOUNT[0]].account_id: "6120"}
    for name, number in names.BANKS:
        books.accounts[number] = organisation.add_account(name, "bank", code=number, created=opening)
    books.accounts["2010"] = organisation.add_account(names.CARD, "credit_card", code="2010", created=opening)
    books.mapping["legal_entities"] = {"(all)": names.OFFICES[0][1]}
    for office, code, *_ in names.OFFICES:
        books.offices[office] = organisation.add_location(office)
        books.mapping["legal_entities"][books.offices[office].location_id] = code
    _file_taxes(books)
    clients = [organisation.add_contact(one, "customer", created=opening) for one in names.CLIENTS]
    for place, name in enumerate(names.PROJECTS):
        books.projects.append(organisation.add_project(name, clients[place % len(clients)], created=opening))
    _file_centers(books)
    books.mapping["payment_methods"] = dict(names.METHODS)
    books.mapping["terms"] = {label: label for label, _ in names.TERMS}


def _file_taxes(books: Books) -> None:
    add = books.organisation.add_tax
    books.taxes["US"] = add("MA Sales Tax", "6.25", authority_name="Massachusetts").tax_id
    books.taxes["CA"] = add("HST Ontario", "13", recoverable=True, authority_name="Canada Revenue Agency").tax_id


def _file_centers(books: Books) -> None:
    """A practice of an office is an option and a centre of one name; two are called by code and number; one has ended."""
    opened, ended = books.month.opening.date(), books.month.first - timedelta(days=1)
    for place, (office, entity, *_) in enumerate(names.OFFICES):
        for number, (practice, code) in enumerate(names.PRACTICES):
            name = f"{office} {practice}"
            _center(books, name, name, f"{place + 4}{number + 1:02d}00", f"{office[:3].upper()}-{code}", entity)
    for option, (name, code, account) in zip((names.BY_CODE, names.BY_NUMBER), names.GROUP, strict=True):
        _center(books, option, name, account, code, "1000")
    rooms = dict(zip(names.ROOMS, ("2000", "1000"), strict=True))
    options = [*books.centers, names.EXPIRED[0], *names.WITHOUT_CENTER, *rooms]
    for number, (name, entity) in enumerate(rooms.items()):
        _center(books, name, name, f"8{number + 1:02d}00", f"ROOM-{number + 1}", entity)
    books.centers[names.EXPIRED[0]] = CostCenter(
        account_number="90100", code=names.EXPIRED[1], name=names.EXPIRED[0], legal_entity="2000",
        valid_from=opened, valid_to=ended,
    )  # fmt: skip
    books.organisation.add_reporting_tag(names.TAG, options)


def _center(books: Books, option: str, name: str, number: str, code: str, entity: str) -> None:
    opened = books.month.opening.date()
    books.centers[option] = CostCenter(
        account_number=number, code=code, name=name, legal_entity=entity, valid_from=opened
    )


def choose_by_office(books: Books) -> None:
    """What names no option of the tag is charged to its office, whatever the vendor: a row for each of the three."""
    books.mapping["cost_centers"] = {
        location.location_id: books.centers[f"{office} Office"].account_number
        for office, location in books.offices.items()
    }


def file_vendors(books: Books, count: int = VENDORS) -> None:
    """``count`` vendors in all: the ordinary ones, two of nearly one name, one paid in euros; then the suppliers."""
    ordinary = names.vendor_names(count - 3)
    for place, name in enumerate(ordinary):
        country = "CA" if place % 9 in (4, 8) else "US"
        _vendor(books, name, place, country, "CAD" if country == "CA" else "USD")
    for place, name in enumerate(names.LIKE_NAMED):
        _vendor(books, name, count + place, "US", "USD")
    _vendor(books, names.EURO_VENDOR, count + 5, "US", "EUR")
    books.mapping["vendor_cost_centers"] = {
        books.vendors[one].contact_id: books.centers["Boston Office"].account_number for one in ordinary[10:12]
    }
    _file_suppliers(books, ordinary)


def file_few_vendors(books: Books) -> None:
    """Five vendors: one known to ServiceNow by code, one by name, one in Canadian dollars, two that are not there."""
    for place, name in enumerate(names.vendor_names(5)):
        _vendor(books, name, place, "CA" if place == 4 else "US", "CAD" if place == 4 else "USD")
    first, second, third, *_ = books.vendors
    books.mapping["vendor_cost_centers"] = {
        books.vendors[third].contact_id: books.centers["Boston Office"].account_number
    }
    _supplier(books, first, first, books.vendors[first].contact_id)
    _supplier(books, second, second, "SUP-21000")


def addressless(books: Books) -> list[str]:
    """Vendors whose remit-to address nobody has keyed."""
    return [name for name, one in books.vendors.items() if not any(one.billing_address.values())]


def _vendor(books: Books, name: str, place: int, country: str, currency: str) -> None:
    label, days = names.TERMS[place % len(names.TERMS)]
    stem = "".join(name.split()[:1]).casefold() + str(place)
    persons = [
        {"first_name": ("Ada", "Ben", "Cora", "Dan")[(place + n) % 4], "last_name": ("Reyes", "Olsen", "Tran")[place % 3],
         "email": f"{mailbox}@{stem}.example", "phone": f"555-0{100 + place}"}
        for n, mailbox in enumerate(("billing", "accounts")[: 1 + place % 2])
    ]  # fmt: skip
    contact = books.organisation.add_contact(
        name,
        company_name=name,
        currency_code=currency,
        payment_terms=days,
        payment_terms_label=label,
        contact_persons=persons,
        billing_address={} if place in (20, 21) else _address(place, country),
        created=books.month.opening,
    )
    books.vendors[name] = contact
    books.vendor_truth[name] = SupplierTruth(
        vendor_id=contact.contact_id, name=name, ends=CREATED, code=contact.contact_id
    )


def _address(place: int, country: str) -> dict[str, Any]:
    city, state, code = _CITIES[country][place % len(_CITIES[country])]
    street = f"{100 + 13 * place} Commerce Street"
    return {
        "attention": "Accounts Receivable", "address": street, "city": city, "state_code": state, "state": state,
        "zip": code, "country": _COUNTRIES[country], "country_code": country,
    }  # fmt: skip


def _file_suppliers(books: Books, ordinary: Sequence[str]) -> None:
    """Thirty that are there already: known by code, by name, by what people say, or nearly."""
    for name in ordinary[30:42]:  # the code is the ledger's own id
        _supplier(books, name, name, books.vendors[name].contact_id)
    for place, name in enumerate((*ordinary[42:52], names.LIKE_NAMED[0])):  # the same name under a code of their own
        _supplier(books, name, name, f"SUP-{21_000 + place}")
    books.mapping["vendors"] = {}
    for place, name in enumerate(ordinary[52:57]):  # another name at one address: people know that it is one firm
        _supplier(books, name, f"{name.split()[0]} {name.split()[1]} Company", f"SUP-{22_000 + place}")
        books.mapping["vendors"][books.vendors[name].contact_id] = f"SUP-{22_000 + place}"
    for place, name in enumerate(ordinary[57:59]):  # nearly the same name and no second fact: a person decides
        _supplier(books, name, name.replace(" ", "s ", 1), f"SUP-{23_000 + place}", held=True)
    second = names.LIKE_NAMED[1]
    books.vendor_truth[second] = SupplierTruth(
        vendor_id=books.vendors[second].contact_id, name=second, ends=HELD, reason=AMBIGUOUS
    )


def _supplier(books: Books, vendor: str, name: str, code: str, held: bool = False) -> None:
    contact = books.vendors[vendor]
    books.suppliers.append(_as_supplier(contact, name, code, second_fact=not held))
    ends = {"ends": HELD, "reason": AMBIGUOUS} if held else {"ends": LINKED, "code": code}
    books.vendor_truth[vendor] = SupplierTruth(vendor_id=contact.contact_id, name=vendor, **ends)


def _as_supplier(contact: Contact, name: str, code: str, second_fact: bool) -> Supplier:
    address = contact.billing_address
    return Supplier(
        code=code,
        name=name,
        email=contact.persons[0]["email"] if second_fact else "",
        street=address["address"] if second_fact else "",
        city=address["city"],
        state=address["state"],
        zip=address["zip"] if second_fact else "",
        country=address["country_code"],
        currency=contact.currency_code,
        payment_term=contact.payment_terms_label,
    )


def rate_of(currency: str) -> Decimal:
    """US dollars per unit, as the ledger's automatic rates say."""
    return {"USD": Decimal(1), "CAD": Decimal("0.7312"), "EUR": Decimal("1.0845")}[currency]


def unused_center(month: Month) -> CostCenter:
    """A cost centre that the ledger does not use, valid from the month after the bills'."""
    name, code = names.UNUSED_CENTER
    return CostCenter(
        account_number="90200", code=code, name=name, legal_entity="3000", valid_from=month.last + timedelta(days=1)
    )
