"""Filing one party on either side, and writing down how it must be matched."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company import party_names as names
from ml_connector_sandbox.company.party_names import Place
from ml_connector_sandbox.company.party_truth import LINKED, Parties, PartyTruth
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.servicetitan.books import Address, Contact, Customer, CustomerAddress, Vendor
from ml_connector_sandbox.zoho_books.books.masters import Contact as LedgerContact

CUSTOMER, VENDOR = "customer", "vendor"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a side knows of a party; empty where it knows nothing. ``private``: a person, not a firm."""

    name: str
    email: str = ""
    phone: str = ""
    place: Place = field(default_factory=lambda: Place("", "", ""))
    private: bool = False


@dataclass(slots=True)
class Desk:
    """Files parties of one kind until both sides have ``count`` of them."""

    seed: Seed
    truth: Parties
    kind: str
    count: int
    here: int = 0
    there: int = 0
    numbers: Iterator[int] = field(default_factory=itertools.count)
    """Numbers of the facts: no two parties of either kind share one."""
    persons: Iterator[int] = field(default_factory=itertools.count)
    firms: Iterator[int] = field(default_factory=itertools.count)

    def room(self, here: int, there: int) -> bool:
        """Whether both sides have room for so many more."""
        return self.here + here <= self.count and self.there + there <= self.count

    def someone(self, private: bool) -> Facts:
        """A new party with everything known of it. Vendors are firms."""
        number = next(self.numbers)
        if private and self.kind == CUSTOMER:
            name = names.person(next(self.persons))
        else:
            private = False
            name = (names.firm if self.kind == CUSTOMER else names.supplier)(next(self.firms))
        word = "home" if private else "office" if self.kind == CUSTOMER else "orders"
        return Facts(name, f"{word}{number}@party.example", names.phone(number), names.place(number), private)

    def source(self, facts: Facts, **more: Any) -> str:
        """File it at ServiceTitan; its id."""
        self.here += 1
        return str((self._customer if self.kind == CUSTOMER else self._vendor)(facts, **more))

    def _customer(self, facts: Facts, **more: Any) -> int:
        at = facts.place
        home = CustomerAddress(
            street=at.street, unit=None, city=at.city, state="MN", zip=at.zip, country="USA", latitude=Decimal("45.5"),
            longitude=Decimal("-94.16"),
        )  # fmt: skip
        own = [Contact(customer_id=0, type="Email", value=facts.email)] if facts.email else []
        own += [Contact(customer_id=0, type="Phone", value=facts.phone)] if facts.phone else []
        kind = "Residential" if facts.private else "Commercial"
        customer = Customer(name=facts.name, type=kind, address=home, **more)
        return self.seed.tenant.crm.add_customer(customer, self.seed.dates.opening, contacts=own).id

    def _vendor(self, facts: Facts, **more: Any) -> int:
        at = facts.place
        where = Address(street=at.street, city=at.city, state="MN", zip=at.zip)
        vendor = Vendor(name=facts.name, email=facts.email, phone=facts.phone, address=where, **more)
        return self.seed.tenant.add_vendor(vendor, self.seed.dates.opening).id

    def target(self, facts: Facts, active: bool = True) -> str:
        """File it at Zoho Books; its contact id."""
        self.there += 1
        first, _, last = facts.name.partition(" ")
        person = (
            {"first_name": first, "last_name": last} if facts.private else {"first_name": "", "last_name": "Office"}
        )
        known = {"email": facts.email, "phone": facts.phone}
        made: LedgerContact = self.seed.organisation.add_contact(
            facts.name,
            self.kind,
            active=active,
            created=self.seed.dates.opening,
            company_name="" if facts.private else facts.name,
            customer_sub_type="individual" if facts.private else "business",
            billing_address=_billing(facts.place),
            contact_persons=[{**person, **known}] if facts.email or facts.phone else [],
        )
        return made.contact_id

    def expect(
        self, case: str, source_id: str, facts: Facts, ends: str = LINKED, target_id: str = "", **more: Any
    ) -> None:
        """Write down how a source record must be matched. ``more``: candidates, lookalikes."""
        self.truth.sources.append(
            PartyTruth(
                source_id=source_id, kind=self.kind, case=case, name=facts.name, ends=ends, target_id=target_id, **more
            )
        )  # fmt: skip


def _billing(at: Place) -> dict[str, str]:
    if not at.street:
        return {}
    return {"address": at.street, "city": at.city, "state": "MN", "zip": at.zip, "country": "USA"}
