"""Who buys, how they pay, and when it is due: what is on file before the first sale."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.company import sales_catalogue as names
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import (
    Contact,
    Customer,
    CustomerAddress,
    GlAccount,
    Location,
    PaymentTerm,
    PaymentType,
    TaxRate,
    TaxZone,
)


def file_lists(sales: Sales) -> None:
    """Accounts, payment types, payment terms, and a zone that taxes parts alone."""
    books, opening = sales.books, sales.seed.dates.opening
    for number, name, kind in names.ACCOUNTS:
        account = GlAccount(name=name, number=number, type=kind)
        sales.seed.accounts[number] = books.add_gl_account(account, opening).id
    for name, transaction, number in names.PAYMENT_TYPES:
        way = PaymentType(name=name, transaction=transaction, general_ledger_account_id=sales.seed.accounts[number])
        sales.types[name] = books.payment_types.add(way, opening)
    for name, kind, day in names.TERMS:
        term = PaymentTerm(name=name, due_day_type=kind, due_day=day, is_customer_default=name == names.ON_RECEIPT)
        sales.terms[name] = books.payment_terms.add(term, opening)
    parts = TaxRate(name=names.PARTS_ZONE, rate=names.PARTS_RATE, bases=("Material",))
    sales.seed.zones[names.PARTS_ZONE] = books.add_tax_zone(TaxZone(name=names.PARTS_ZONE, rates=(parts,)), opening)


def file_customers(sales: Sales, count: int) -> None:
    """``count`` customers, two in three private persons, the namesakes among them; two were merged into another.

    Raises ValueError where the names do not suffice.
    """
    firms = [f"{place} {firm}" for firm in names.FIRMS for place in names.PLACES][: count // 3]
    people = [f"{first} {last}" for last in names.LAST_NAMES for first in names.FIRST_NAMES]
    namesakes = [name for name, times in names.NAMESAKES for _ in range(times)]
    private = [*namesakes, *people][: count - len(firms)]
    if len(private) + len(firms) < count:
        raise ValueError(f"there are names for {len(private) + len(firms)} customers, not for {count}")
    for name in private:
        sales.homes.append(_customer(sales, name, "Residential").id)
    for name in firms:
        sales.firms.append(_customer(sales, name, "Commercial").id)
    _merge(sales)
    sales.note("namesakes", *sales.homes[: len(namesakes)])


def _customer(sales: Sales, name: str, kind: str) -> Customer:
    books, place = sales.books, len(sales.books.customers)
    town, code = names.TOWNS[place % len(names.TOWNS)]
    home = CustomerAddress(
        street=f"{100 + 3 * place} {names.STREETS[place % len(names.STREETS)]}", unit=None, city=town, state="MN",
        zip=code, country="USA", latitude=Decimal("45.5") + Decimal(place) / 10_000, longitude=Decimal("-94.16"),
    )  # fmt: skip
    firm = kind == "Commercial"
    term = sales.terms[(names.NET_30, names.NEXT_MONTH)[place % 2] if firm else names.ON_RECEIPT]
    exempt = firm and ("School" in name or "Church" in name)
    customer = Customer(name=name, type=kind, address=home, payment_term_id=term.id, tax_exempt=exempt)
    return books.crm.add_customer(
        customer,
        sales.seed.dates.opening,
        locations=[(_location(sales, name, home, place), ())],
        contacts=_contacts(place, firm),
    )


def _location(sales: Sales, name: str, home: CustomerAddress, place: int) -> Location:
    """Most are taxed on parts, some on everything, some not at all."""
    zones = [names.PARTS_ZONE, names.PARTS_ZONE, *(one for one in sales.seed.zones if one != names.PARTS_ZONE), ""]
    chosen = zones[place % len(zones)]
    return Location(name=name, customer_id=0, address=home, tax_zone_id=sales.seed.zones[chosen].id if chosen else None)


def _contacts(place: int, firm: bool) -> list[Contact]:
    """An e-mail and a telephone, one of them, or none."""
    email = f"{'office' if firm else 'home'}{place}@customer.example"
    own = [
        Contact(customer_id=0, type="Email", value=email),
        Contact(customer_id=0, type="Phone" if firm else "MobilePhone", value=f"(320) 555-{2000 + place}"),
    ]
    return [own, own[:1], own[1:], own, []][place % 5]


def _merge(sales: Sales) -> None:
    """Entered twice, and merged: the one into the other, and that into a third."""
    third, second, first = sales.homes[-1], sales.homes.pop(-2), sales.homes.pop(-2)
    opening = sales.seed.dates.opening
    sales.books.crm.merge(first, second, opening)
    sales.books.crm.merge(second, third, opening)
    sales.note("merged_customers", first, second)
