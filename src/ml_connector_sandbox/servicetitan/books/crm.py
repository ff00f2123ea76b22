"""What people do with customers: create, edit, add and remove contacts, merge."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.customers import CONTACT_TYPES, Contact, Customer, Location
from ml_connector_sandbox.servicetitan.books.table import Record, Table
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks


class Crm:
    """The customer side of one tenant's books. ``at`` stamps a change; None is now."""

    def __init__(self, books: TenantBooks) -> None:
        self._books = books

    def add_customer(
        self,
        customer: Customer,
        at: Moment | None = None,
        *,
        locations: Sequence[tuple[Location, Sequence[Contact]]] = (),
        contacts: Sequence[Contact] = (),
    ) -> Customer:
        """Keep a customer with its locations and their contacts (one of its own name and address unless told).

        The ``customer_id`` of locations and contacts is filled in. Raises ValueError on an unknown payment term.
        """
        self._books.require(self._books.payment_terms, customer.payment_term_id)
        kept = self._books.customers.add(customer, at)
        for contact in contacts:
            self.add_contact(changed(contact, customer_id=kept.id), at)
        alone = Location(name=kept.name, customer_id=kept.id, address=kept.address)
        for location, own in locations or ((alone, ()),):
            self.add_location(changed(location, customer_id=kept.id), at, own)
        return kept

    def add_location(self, location: Location, at: Moment | None = None, contacts: Sequence[Contact] = ()) -> Location:
        """Keep a location; each of its contacts is copied to the customer as a second record.

        Raises ValueError when the customer or the tax zone does not exist.
        """
        self._books.require(self._books.customers, location.customer_id)
        self._books.require(self._books.tax_zones, location.tax_zone_id)
        kept = self._books.locations.add(location, at)
        for contact in contacts:
            own = changed(contact, customer_id=kept.customer_id)
            self.add_contact(changed(own, location_id=kept.id), at)
            self.add_contact(own, at)
        return kept

    def add_contact(self, contact: Contact, at: Moment | None = None) -> Contact:
        """Keep a contact; the customer's modifiedOn stays. Raises ValueError on an unknown customer or type."""
        self._books.require(self._books.customers, contact.customer_id)
        if contact.type not in CONTACT_TYPES:
            raise ValueError(f"a contact's type is one of {', '.join(CONTACT_TYPES)}, not {contact.type!r}")
        return self._books.contacts.add(contact, at)

    def change_contact(self, contact_id: int, at: Moment | None = None, **changes: Any) -> Contact:
        """Change a contact; the customer's modifiedOn stays."""
        return self._books.contacts.modify(contact_id, self._stamp(self._books.contacts, contact_id, at), **changes)

    def remove_contact(self, contact_id: int, at: Moment | None = None) -> Contact:
        """The contact leaves the lists; the export feed shows it with ``active`` false."""
        return self.change_contact(contact_id, at, active=False)

    def change_customer(self, customer_id: int, at: Moment | None = None, **changes: Any) -> Customer:
        """Edit a customer. Raises ValueError on an unknown payment term."""
        self._books.require(self._books.payment_terms, changes.get("payment_term_id"))
        stamp = self._stamp(self._books.customers, customer_id, at)
        return self._books.customers.modify(customer_id, stamp, **changes)

    def change_location(self, location_id: int, at: Moment | None = None, **changes: Any) -> Location:
        """Edit a location. Raises ValueError on an unknown customer or tax zone."""
        self._books.require(self._books.customers, changes.get("customer_id"))
        self._books.require(self._books.tax_zones, changes.get("tax_zone_id"))
        stamp = self._stamp(self._books.locations, location_id, at)
        return self._books.locations.modify(location_id, stamp, **changes)

    def contacts_of(self, customer_id: int) -> list[Contact]:
        """The customer's own active contacts, without those of its locations."""
        found = self._books.contacts.in_group(customer_id)
        return [one for one in found if one.active and one.location_id is None]

    def standing(self, customer_id: int) -> Customer:
        """The customer that stands after every merge."""
        customer = self._books.customers[customer_id]
        while customer.merged_to_id is not None:
            customer = self._books.customers[customer.merged_to_id]
        return customer

    def merge(self, loser_id: int, winner_id: int, at: Moment | None = None, documents_follow: bool = True) -> Customer:
        """Merge two customers, as only people can: the loser becomes inactive and names the winner.

        ``documents_follow``: locations, contacts, jobs, invoices and payments go over to the winner (and are
        modified by it), and the balance with them; how much of it the vendor moves is not published.
        Raises ValueError when both are one or either is merged already.
        """
        loser, winner = self._books.customers[loser_id], self._books.customers[winner_id]
        if loser_id == winner_id or loser.merged_to_id is not None or winner.merged_to_id is not None:
            raise ValueError(f"customer {loser_id} cannot be merged into {winner_id}: both must stand by themselves")
        if documents_follow:
            self._move(loser_id, winner_id, at)
            self.move_balance(winner_id, loser.balance, at)
            self.move_balance(loser_id, -loser.balance, at)
        return self.change_customer(loser_id, at, active=False, merged_to_id=winner_id)

    def _move(self, loser_id: int, winner_id: int, at: Moment | None) -> None:
        books = self._books
        grouped: tuple[Table[Any], ...] = (books.locations, books.contacts)
        others: tuple[Table[Any], ...] = (books.jobs, books.invoices, books.payments, books.credit_memos)
        found = [(table, sorted(table.in_group(loser_id), key=attrgetter("id"))) for table in grouped]
        found += [(table, [one for one in table if one.customer_id == loser_id]) for table in others]
        for table, records in found:
            for one in records:
                table.modify(one.id, self._stamp(table, one.id, at), customer_id=winner_id)

    def move_balance(self, customer_id: int, amount: Decimal, at: Moment | None = None) -> None:
        """Add ``amount`` to what the customer owes: an accounting change, which moves modifiedOn like any other."""
        if not amount:
            return
        old = self._books.customers[customer_id]
        stamp = self._stamp(self._books.customers, customer_id, at)
        self._books.customers.modify(
            customer_id, stamp, balance=old.balance + amount, accounted_on=stamp, last_edit=old.edited_on
        )

    def _stamp(self, table: Table[Any], number: int, at: Moment | None) -> str:
        record: Record = table[number]
        return max(self._books.when(at), record.modified_on)
