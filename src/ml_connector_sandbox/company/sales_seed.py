"""The sales side under construction: jobs with their invoices, money with what it is for, and which case each is."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.sales_catalogue import CHECK, DISCOUNT, SUMMARIES, WARES, WIRE, Ware
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Invoice,
    InvoiceItem,
    Job,
    Payment,
    PaymentTerm,
    PaymentType,
    TenantBooks,
)

_FIRST_JOB = 70_000
_LATEST = 2  # days that money may come in after the last ordinary day


@dataclass(slots=True, kw_only=True)
class Sales:
    """A company's customers, invoices and payments in the making, on top of what stands in its books already.

    ``cases``: the name of a case -> ids of its documents, invoices and payments alike. ``homes`` and ``firms``: ids of
    customers of ordinary business. ``chance`` is the only source of randomness.
    """

    seed: Seed
    chance: random.Random
    types: dict[str, PaymentType] = field(default_factory=dict)
    terms: dict[str, PaymentTerm] = field(default_factory=dict)
    homes: list[int] = field(default_factory=list)
    firms: list[int] = field(default_factory=list)
    cases: dict[str, list[int]] = field(default_factory=dict)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def books(self) -> TenantBooks:
        """The tenant's books."""
        return self.seed.tenant

    def day(self, before_last: int = 0) -> date:
        """An ordinary day, at least ``before_last`` days before the last one."""
        return self.seed.dates.day(self.chance.randrange(self.seed.dates.days - before_last))

    def later(self, on: date, days: int) -> date:
        """So many days after ``on``, and not after what the company has seen of its present."""
        return min(on + timedelta(days=days), self.seed.dates.last + timedelta(days=_LATEST))

    def anyone(self) -> int:
        """A customer: two in three are private persons."""
        return self.chance.choice(self.homes if self.chance.random() < 0.66 else self.firms)

    def stamp(self, on: date, hour: int = 1) -> str:
        """An instant on a day, so many hours after the office opens; no two are alike."""
        place = next(self.counter)
        return self.seed.dates.stamp(on, hour * 3600 + place % 3000, place)

    def note(self, case: str, *ids: int) -> None:
        """Write down which case documents are."""
        self.cases.setdefault(case, []).extend(ids)

    # -- what is sold

    def book(self, case: str, customer_id: int, on: date, **fields: Any) -> Invoice:
        """A job called in three days before ``on``, and its empty invoice."""
        books, called = self.books, self.stamp(on - timedelta(days=3))
        units = [one for one in self.seed.units.values() if one.name != "Warehouse"]
        [location, *_] = books.locations.in_group(customer_id)
        job = Job(
            job_number=str(_FIRST_JOB + len(books.jobs)), business_unit_id=self.chance.choice(units).id,
            customer_id=customer_id, location_id=location.id,
        )  # fmt: skip
        fields.setdefault("summary", self.chance.choice(SUMMARIES) or None)
        kept = books.invoicing.book(books.add_job(job, called).id, called, **fields)
        self.note(case, kept.id)
        return kept

    def fill(self, invoice: Invoice, items: Sequence[InvoiceItem], on: date) -> Invoice:
        """The work is done: the invoice gets its lines and dates, and is reviewed."""
        books, at = self.books, self.stamp(on, 3)
        books.invoicing.add_items(invoice.id, items, at)
        if invoice.job_id is not None:
            books.invoicing.complete(invoice.job_id, on, at)
        return books.invoicing.review(invoice.id, "Reviewed", self.stamp(on, 4))

    def adjust(self, case: str, invoice: Invoice, item: InvoiceItem, on: date) -> Invoice:
        """An adjustment of an invoice by one line, reviewed like any other."""
        made = self.books.invoicing.adjust(invoice.id, [item], self.stamp(on, 3))
        self.note(case, made.id)
        return self.books.invoicing.review(made.id, "Reviewed", self.stamp(on, 4))

    def invoice(
        self, case: str, on: date, customer_id: int | None = None, items: Sequence[InvoiceItem] = (), **fields: Any
    ) -> Invoice:
        """A job done on ``on``, for anybody and of any wares unless told."""
        booked = self.book(case, customer_id or self.anyone(), on, **fields)
        return self.fill(booked, items or self.items(), on)

    def items(self) -> list[InvoiceItem]:
        """One to four wares, now and then with a discount or with what the flat rate includes."""
        chosen = self.chance.sample(WARES, self.chance.choices((1, 2, 3, 4), (30, 35, 25, 10))[0])
        lines = [self.item(ware, Decimal(self.chance.choice(("1", "1", "2", "1.5")))) for ware in chosen]
        if self.chance.random() < 0.15:
            lines.append(self.item(WIRE))
        if self.chance.random() < 0.15:
            lines.append(self.item(DISCOUNT))
        return lines

    def item(self, ware: Ware, quantity: Decimal = Decimal(1), price: Decimal | None = None) -> InvoiceItem:
        """A line of a ware at its catalogue price unless told."""
        return InvoiceItem(
            sku_name=ware.code,
            display_name=ware.name,
            description=ware.name,
            price=ware.price if price is None else price,
            quantity=quantity,
            cost=Decimal(0) if ware.price < 0 else ware.price * Decimal("0.4"),
            type=ware.kind,
            chargeable=not ware.included,
            accounts=Accounts(general_ledger=self.seed.accounts[ware.account]),
        )

    # -- what is paid

    def pay(
        self, case: str, customer_id: int, on: date, total: Decimal, parts: Mapping[int, Decimal] | None = None,
        kind: str = CHECK, **fields: Any,
    ) -> Payment:  # fmt: skip
        """Money taken on ``on``; a check has its number, a card its authorisation."""
        name = "check_number" if kind == CHECK else "auth_code"
        fields = {name: str(4_000 + len(self.books.payments)), "paid_on": on, **fields}
        type_id, at = self.types[kind].id, self.stamp(on, 6)
        kept = self.books.collecting.take(customer_id, type_id, total, parts, at, **fields)
        self.note(case, kept.id)
        return kept

    def settle(self, case: str, invoice: Invoice, on: date, kind: str = CHECK) -> Payment:
        """What is still owed on an invoice, paid in full."""
        owed = self.books.invoices[invoice.id].balance
        return self.pay(case, invoice.customer_id, on, owed, {invoice.id: owed}, kind)
