"""What a company's books keep beside its documents: parties, accounts, taxes, dimensions, short lists, the company itself."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ml_connector.canonical.parts import Address, Canonical, Ref


class Person(msgspec.Struct, frozen=True, omit_defaults=True):
    """Somebody to talk to at a vendor or customer. ``id`` is the vendor's own of this person."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""


class Party(Canonical, frozen=True, tag="party"):
    """A vendor or customer. Bank details are never read, and of a tax id only whether there is one.

    ``erased``: a person's data were erased here; id, states and stamps are left, and nothing is ever written from it.
    ``roles``: what it is where the system keeps one party for both; empty where it is neither yet, or that is not told.
    ``has_tax_id``, ``has_terms`` (payment terms of its own) and ``has_1099`` (it is settled whether payments to it are
    reported on form 1099): None where the system does not tell. ``in_full`` False: a list showed it, which tells less.
    ``persons`` are those besides the one whose name and address of mail stand here. ``account_number`` is the number by which
    documents name it there, as ServiceNow's ERP supplier code. ``terms`` are its payment terms as a source names them.
    ``deleted``: it does not exist any more where it was kept, which is more than being inactive.
    ``credit_limit`` (in the party's currency) and ``tax_exempt``: None where the system does not tell, or sets none.
    """

    id: str
    kind: str  # "vendor" or "customer"
    name: str
    active: bool = True
    company: str = ""
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    account_number: str = ""
    currency: str = ""
    private_person: bool = False
    merged_into: str = ""
    address: Address = Address()
    memo: str = ""
    reference: str = ""  # our external reference, where the vendor stores one
    stamp: str = ""
    roles: str = ""  # "customer", "vendor", or both with a blank between
    has_tax_id: bool | None = None
    has_terms: bool | None = None
    has_1099: bool | None = None
    in_full: bool = True
    erased: bool = False
    persons: tuple[Person, ...] = ()
    terms: str = ""
    credit_limit: Decimal | None = None
    tax_exempt: bool | None = None
    deleted: bool = False


def location_id(customer: str, location: str) -> str:
    """The id of a location as a party: it is one of its customer's, and one more where it becomes another customer's.

    >>> location_id("501", "9001")
    '501-9001'
    """
    return f"{customer}-{location}"


def parts_of_location(id_: str) -> tuple[str, str]:
    """The customer and the location of such an id; the customer is empty where it names a location alone."""
    customer, _, location = id_.rpartition("-")
    return customer, location


class Account(Canonical, frozen=True, tag="account"):
    """A general-ledger account. ``type`` is the vendor's own word; ``postable`` says whether a bill line may use it.

    ``takes_payments``: whether payments may be booked on it, True where the vendor does not say. ``legal_entity`` is the id,
    number or name of the one company of a group that it is for; empty where it is for all, or the vendor does not say.
    """

    id: str
    name: str
    number: str = ""
    type: str = ""
    active: bool = True
    postable: bool = True
    currency: str = ""
    takes_payments: bool = True
    stamp: str = ""
    legal_entity: str = ""


class TaxCode(Canonical, frozen=True, tag="tax_code"):
    """A tax rate or tax zone. ``rate`` is a fraction (0.0825 is 8.25 %), None where the vendor states none.

    A zone that taxes labor and material differently has no one rate: then ``labor_rate`` and ``material_rate`` are what it
    takes of lines of these bases, None where the vendor states none.

    ``parts`` are the rates of a group's taxes, whose sum is ``rate``, where each of several is rounded by itself;
    ``parts_unread`` that these could not be read this time, and there may be some.
    """

    id: str
    name: str
    rate: Decimal | None = None
    active: bool = True
    labor_rate: Decimal | None = None
    material_rate: Decimal | None = None
    stamp: str = ""
    parts: tuple[Decimal, ...] = ()
    parts_unread: bool = False


class Dimension(Canonical, frozen=True, tag="dimension"):
    """One value of an analysis dimension: business unit, reporting-tag option, location, tracking option, cost centre.

    ``set`` is the dimension it belongs to (the tag; empty for business units and locations); ``mandatory`` that the
    set must be filled on a document; ``demanded_of`` says on which alone, ``sales`` or ``purchases``, and is empty for both.
    ``currency`` only where the vendor keeps one (ServiceTitan business units).
    ``number`` is a cost centre's account number. ``valid_from`` and ``valid_through`` are its first and last day of use.
    ``party`` is the customer of a project, who has to be named with it on a line.
    """

    id: str
    kind: str  # "business_unit", "reporting_tag", "location", "project" ...
    name: str
    set: Ref = Ref()
    number: str = ""
    active: bool = True
    mandatory: bool = False
    currency: str = ""
    stamp: str = ""
    code: str = ""
    valid_from: dt.date | None = None
    valid_through: dt.date | None = None
    party: Ref = Ref()
    demanded_of: str = ""


class Item(Canonical, frozen=True, tag="item"):
    """What is sold or bought by name: a material, a piece of equipment, a service, a discount or fee.

    ``price`` is what one of it is sold for and ``cost`` what one is bought for, both without tax and in the currency of the
    books; None where the system states none. ``income_account`` and ``expense_account`` are where its lines are booked,
    an empty Ref where the system keeps none. ``tax_code`` is the tax that it takes by itself.
    """

    id: str
    kind: str  # "material", "equipment", "service", "discount", "fee"; empty where the system keeps no kinds
    name: str
    sku: str = ""
    description: str = ""
    price: Decimal | None = None
    cost: Decimal | None = None
    income_account: Ref = Ref()
    expense_account: Ref = Ref()
    tax_code: Ref = Ref()
    unit: str = ""
    taxable: bool | None = None
    active: bool = True
    reference: str = ""  # our external reference, where the vendor stores one
    stamp: str = ""


class ListEntry(Canonical, frozen=True, tag="list_entry"):
    """An entry of one of a vendor's short lists that a mapping table names: payment type, payment term, legal entity.

    ``number`` is the code by which documents name it, where they do not by its id.

    For a payment term ``days`` and ``rule`` say when a document is due: "days" after its date, or on the day ``days`` of
    "this month" or "next month"; None where the list has nothing of the kind.
    """

    id: str
    kind: str
    name: str
    active: bool = True
    days: int | None = None
    rule: str = ""
    stamp: str = ""
    number: str = ""


class Organisation(Canonical, frozen=True, tag="organisation"):
    """The company's books at a vendor. ``zone`` is an IANA name; ``locked_through`` the last closed date for purchases.

    ``locked_through_sales`` is that for sales; None where the vendor keeps one lock for both, or none for sales.
    ``edition`` is the tax edition (US, UK, EU, GLOBAL ...); ``rounding`` how it rounds tax ("line" or "document").
    ``lock_known`` False: the vendor did not tell the lock this time, and the date known before stands.
    """

    id: str
    name: str
    currency: str = ""
    zone: str = ""
    country: str = ""
    edition: str = ""
    plan: str = ""
    price_digits: int = 2
    rounding: str = ""
    fiscal_year_start_month: int = 1
    locked_through: dt.date | None = None
    sandbox: bool = False
    lock_known: bool = True
    locked_through_sales: dt.date | None = None

    def with_locks_of(self, before: Organisation) -> Organisation:
        """With the locks as they were last told, where the vendor has not told them this time."""
        if self.lock_known:
            return self
        return msgspec.structs.replace(
            self, locked_through=before.locked_through, locked_through_sales=before.locked_through_sales
        )
