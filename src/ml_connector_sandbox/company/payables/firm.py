"""The firm whole: its books in Zoho Books, its instance of ServiceNow, the answers of its people, and the truth."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ml_connector_sandbox.company.payables import cases, changes, few_changes, masters, ordinary, payments
from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import Books, Month
from ml_connector_sandbox.company.payables.changes import Changed
from ml_connector_sandbox.company.payables.instance import ErpSource, GlAccount, Instance, LegalEntity, PaymentTerm
from ml_connector_sandbox.company.payables.truth import (
    SKIPPED,
    PayableTruth,
    PaymentTruth,
    SupplierTruth,
    as_rows,
    payment_sums,
    sums,
)
from ml_connector_sandbox.zoho_books import OrganisationBooks

KIND = "zoho_books-servicenow"
BILLS, CREDITS, PAYMENTS = 500, 25, 350


@dataclass(slots=True, kw_only=True)
class Payables:
    """A firm in both systems' books, with how everything must end. ``changed``: the endings after ``go_on``.

    ``choices``: settings of the integration besides those that every firm makes. ``currency``: the firm's own.
    """

    name: str = names.COMPANY
    zone: str = names.ZONE
    currency: str = "USD"
    books: Books
    instance: Instance
    changed: Changed | None = field(default=None)
    choices: dict[str, str] = field(default_factory=dict)
    charges: dict[str, str] = field(
        default_factory=lambda: {
            "other_account": names.ADJUSTMENTS[0],
            "freight_account": names.FREIGHT,
            "discount_account": "lines",
        }
    )

    @property
    def truth(self) -> list[PayableTruth]:
        """Every bill and vendor credit and its ending at the first reading."""
        return list(self.books.truth.values())

    @property
    def payments(self) -> list[PaymentTruth]:
        """Every vendor payment and its ending at the first reading."""
        return self.books.payment_truth

    @property
    def suppliers(self) -> list[SupplierTruth]:
        """Every vendor and its ending; those whom no bill needs are not brought over."""
        used = {one.vendor_id for one in self.truth if one.ends != SKIPPED}
        known = self.books.vendor_truth.values()
        return [one if one.vendor_id in used else _not_needed(one) for one in known]

    def go_on(self) -> Changed:
        """Make the changes that follow the first reading; a second call tells the same and changes nothing."""
        if self.changed is None:
            self.changed = changes.change(self.books)
        return self.changed

    def know(self, ids: Callable[[str, dict[str, str]], dict[str, str]]) -> None:
        """Put the instance's ids in place of the numbers and names by which its entries are called in answers."""
        for rows in (self.books.mapping, self.books.later):
            rows.update({table: ids(table, given) for table, given in rows.items()})
        self.charges = ids("accounts", self.charges)

    def settings(self) -> dict[str, Any]:
        """The integration's settings, in words that the hand-over explains: the tag and the accounts it needs."""
        return {
            "start_date": self.books.month.first.isoformat(),
            "cost_center_from": self.books.tag.tag_id,
            "currency": self.currency,
            **self.charges,
            **self.choices,
        }

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        settings = self.settings()
        return {
            "name": self.name,
            "time_zone": self.zone,
            "currency": self.currency,
            "start_date": settings["start_date"],
            "organization_id": self.books.organisation.organization_id,
            "instance": self.instance.host,
            "legal_entities": self.instance.entity_names,
            "integrations": {KIND: {"settings": settings, "mapping": self.books.mapping}},
            "fill_later": self.books.later,
            "truth": [one.as_dict() for one in self.truth],
            "payments": [one.as_dict() for one in self.payments],
            "suppliers": [one.as_dict() for one in self.suppliers],
            "sums": as_rows(sums(self.truth)),
            "payment_sums": as_rows(payment_sums(self.payments)),
        }


def fill(organisation: OrganisationBooks, month: Month, seed: int) -> Payables:
    """Fill an empty organisation, whose locations are enabled, with the firm's month."""
    books = _founded(organisation, month, seed)
    masters.choose_by_office(books)
    masters.file_vendors(books)
    for case in cases.CASES:
        case(books)
    ordinary.trade(books, _trusted(books), BILLS - len(books.truth))
    ordinary.credit_vendors(books, CREDITS)
    payments.pay(books, PAYMENTS)
    choices = {"cost_center_from": f"{books.tag.tag_id},location"}
    return Payables(books=books, instance=_instance(books), choices=choices)


def fill_little(organisation: OrganisationBooks, month: Month, seed: int) -> Payables:
    """The same with a little of everything: five vendors, seven bills, a credit, three payments."""
    books = _founded(organisation, month, seed)
    masters.file_few_vendors(books)
    cases.a_few(books)
    ordinary.trade(books, _trusted(books), 4)
    ordinary.credit_vendors(books, 1)
    payments.pay_few(books)
    return Payables(books=books, instance=_instance(books))


def fill_ordinarily(organisation: OrganisationBooks, month: Month, seed: int, bills: int) -> Payables:
    """``bills`` ordinary bills of every shape, all of which can be staged, and every other one paid: for measuring."""
    books = _founded(organisation, month, seed)
    masters.file_vendors(books)
    nowhere = set(masters.addressless(books))
    ordinary.trade(books, [one for one in _trusted(books) if one not in nowhere], bills)
    payments.pay_every(books, 2)
    return Payables(books=books, instance=_instance(books))


def fill_little_more(organisation: OrganisationBooks, month: Month, seed: int) -> Payables:
    """The same, and the bills that ``few_changes`` changes later; what has no cost centre there gets one."""
    made = fill_little(organisation, month, seed)
    few_changes.key_in(made.books)
    made.choices = {"create_cost_centers": "yes", "edits": "send"}
    return made


def _founded(organisation: OrganisationBooks, month: Month, seed: int) -> Books:
    books = Books(month=month, chance=random.Random(seed), organisation=organisation)
    for code in ("CAD", "EUR"):
        organisation.add_currency(code, automatic_rate=masters.rate_of(code))
    masters.file_masters(books)
    return books


def _not_needed(one: SupplierTruth) -> SupplierTruth:
    return SupplierTruth(vendor_id=one.vendor_id, name=one.name, ends=SKIPPED, reason="not_needed")


def _trusted(books: Books) -> list[str]:
    """Vendors of ordinary business: nothing about them waits, and their bills name their centres."""
    defaults = books.mapping["vendor_cost_centers"]
    return [
        name for name, one in books.vendors.items()
        if not books.vendor_truth[name].reason and one.contact_id not in defaults and one.currency_code != "EUR"
    ]  # fmt: skip


def _instance(books: Books) -> Instance:
    name, code = names.ERP_SOURCE
    unused = masters.unused_center(books.month)
    return Instance(
        erp_source=ErpSource(name=name, code=code),
        legal_entities=tuple(
            LegalEntity(code=code, name=entity, currency=currency, country=country)
            for _, code, entity, currency, country in names.OFFICES
        ),
        cost_centers=(*books.centers.values(), unused),
        gl_accounts=tuple(GlAccount(number=number, name=one) for number, one in (*names.ACCOUNTS, names.ADJUSTMENTS)),
        suppliers=tuple(books.suppliers),
        payment_terms=tuple(PaymentTerm(code=label, name=label, days=days) for label, days in names.TERMS),
        invoices=tuple(books.invoices),
    )
