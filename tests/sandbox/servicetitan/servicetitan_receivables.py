"""Customers, invoices and payments of the small company, as people enter them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Contact,
    Customer,
    CustomerAddress,
    Invoice,
    InvoiceItem,
    Job,
    Location,
    Payment,
    PaymentTerm,
    PaymentType,
    TenantBooks,
    batch,
    post_batch,
)

HOME = CustomerAddress(street="3 Elm St", city="Austin", state="TX", zip="78702", country="USA")


@dataclass
class Receivables:
    """One customer with a job; a check and a bad-debt type; net 30."""

    books: TenantBooks
    customer: Customer
    location: Location
    check: PaymentType
    bad_debt: PaymentType
    refund: PaymentType
    term: PaymentTerm
    account_id: int
    jobs: int = 0

    def item(self, price: str = "100.00", **more: Any) -> InvoiceItem:
        values: dict[str, Any] = {"sku_name": "LABOR", "price": Decimal(price), "accounts": Accounts(
            general_ledger=self.account_id)}  # fmt: skip
        return InvoiceItem(**{**values, **more})

    def job(self) -> Job:
        self.jobs += 1
        unit = next(iter(self.books.business_units))
        made = Job(job_number=f"R-{self.jobs}", business_unit_id=unit.id, customer_id=self.customer.id,
                   location_id=self.location.id)  # fmt: skip
        return self.books.add_job(made)

    def invoice(self, *prices: str, posted: bool = False, **more: Any) -> Invoice:
        """Of a job, dated 4 May 2026 and due 30 days later; 8.25 % tax on every line."""
        job = self.job()
        made = self.books.invoicing.book(job.id, **more)
        if prices:
            self.books.invoicing.add_items(made.id, [self.item(price) for price in prices])
        self.books.invoicing.complete(job.id, date(2026, 5, 4))
        if posted:
            post_batch(self.books, batch(self.books, "May", [made.id]))
        return self.books.invoices[made.id]

    def paid(self, total: str, parts: dict[int, str] | None = None, **more: Any) -> Payment:
        exact = {number: Decimal(amount) for number, amount in (parts or {}).items()}
        return self.books.collecting.take(
            self.customer.id, self.check.id, Decimal(total), exact, **{"paid_on": date(2026, 5, 6), **more}
        )


def receivables(books: TenantBooks, account_id: int) -> Receivables:
    """For books that have a tax zone and a business unit."""
    term = books.payment_terms.add(PaymentTerm(name="Net 30", due_day=30, is_customer_default=True))
    zone = next(iter(books.tax_zones))
    customer = Customer(name="Acme Offices", type="Commercial", address=HOME, payment_term_id=term.id)
    email = Contact(customer_id=0, type="Email", value="ap@acme.example")
    place = Location(name="Acme HQ", customer_id=0, address=HOME, tax_zone_id=zone.id)
    kept = books.crm.add_customer(customer, locations=[(place, ())], contacts=[email])
    check = books.payment_types.add(PaymentType(name="Check", general_ledger_account_id=account_id))
    bad_debt = books.payment_types.add(PaymentType(name="Bad Debt", transaction="JournalEntry"))
    refund = books.payment_types.add(PaymentType(name="Refund"))
    [location] = books.locations.in_group(kept.id)
    return Receivables(books, kept, location, check, bad_debt, refund, term, account_id)
