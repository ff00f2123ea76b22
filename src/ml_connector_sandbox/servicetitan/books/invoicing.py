"""What people do with invoices: book, fill, review, batch, post, adjust, void. Totals and balances follow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.servicetitan.books.bills import Batch
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.due_dates import due_date
from ml_connector_sandbox.servicetitan.books.invoices import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.parties import TaxRate
from ml_connector_sandbox.servicetitan.books.purchasing import cents
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

_TAXED_BY = {
    "Subtotal": frozenset({"Service", "Material", "Equipment", "PriceModifier", "Unspecified"}),
    "Labor": frozenset({"Service"}),
    "Material": frozenset({"Material", "Equipment"}),
}
_TAXED_ANEW = frozenset({"items", "tax_zone_id", "tax_is_stated"})


class Invoicing:
    """The invoices of one tenant's books. ``at`` stamps a change, None is now; days are document dates."""

    def __init__(self, books: TenantBooks) -> None:
        self._books = books

    # -- making

    def book(self, job_id: int, at: Moment | None = None, **fields: Any) -> Invoice:
        """The empty, Pending invoice that exists as soon as a job is booked; its number is the job's.

        Raises ValueError when the job has an invoice or its customer does not exist.
        """
        job = self._books.jobs[job_id]
        if job.invoice_id:
            raise ValueError(f"job {job_id} has invoice {job.invoice_id} already")
        location = self._books.locations.get(job.location_id)
        customer = self._books.customers.get(job.customer_id)
        values: dict[str, Any] = {
            "reference_number": job.job_number,
            "customer_id": job.customer_id,
            "location_id": job.location_id or None,
            "business_unit_id": job.business_unit_id,
            "project_id": job.project_id,
            "tax_zone_id": location.tax_zone_id if location else None,
            "payment_term_id": customer.payment_term_id if customer else None,
            "job_id": job_id,
        }
        kept = self.add(Invoice(**{**values, **fields}), at=at)
        self._books.jobs.modify(job_id, max(self._books.when(at), job.modified_on), invoice_id=kept.id)
        return kept

    def add(self, invoice: Invoice, items: Sequence[InvoiceItem] = (), at: Moment | None = None) -> Invoice:
        """Any other invoice: of a project, a membership, the counter, or brought in from elsewhere.

        Numbers the items; a tax given is the tax. Raises ValueError when a record it points at does not exist.
        """
        self._check(invoice)
        stated = invoice.tax_is_stated or bool(invoice.tax)
        kept = self._books.invoices.add(changed(invoice, items=(), tax_is_stated=stated), at)
        lines = self._lines(kept, items, at)
        return self._keep(kept, at, items=lines, first=True) if lines or kept.total else kept

    def adjust(
        self,
        invoice_id: int,
        items: Sequence[InvoiceItem] = (),
        at: Moment | None = None,
        **fields: Any,
    ) -> Invoice:
        """An adjustment invoice, positive or negative: the only correction of an invoice that is posted.

        It has the party, unit and zone of the original; its number is the original's with a counter.
        Raises ValueError when the original is voided.
        """
        old = self._books.invoices[invoice_id]
        if not old.active:
            raise ValueError(f"invoice {invoice_id} is inactive and cannot be adjusted")
        place = 1 + len(self._books.invoices.in_group(invoice_id))
        day = date.fromisoformat(self._books.when(at)[:10])
        values: dict[str, Any] = {
            "reference_number": f"{old.reference_number}-{place}",
            "customer_id": old.customer_id,
            "location_id": old.location_id,
            "business_unit_id": old.business_unit_id,
            "tax_zone_id": old.tax_zone_id,
            "payment_term_id": old.payment_term_id,
            "job_id": old.job_id,
            "project_id": old.project_id,
            "configuration": old.configuration,
            "invoice_date": day,
            "due_date": day,
            "adjustment_to_id": invoice_id,
        }
        return self.add(Invoice(**{**values, **fields}), items, at)

    # -- changing

    def change(self, invoice_id: int, at: Moment | None = None, warned: bool = False, **changes: Any) -> Invoice:
        """Edit an invoice. ``warned``: the person went on past the warning that it is posted or exported.

        Raises ValueError when it is locked, or a record it then points at does not exist.
        """
        old = self._open(invoice_id, warned)
        self._check(changed(old, **changes))
        return self._keep(old, at, **changes)

    def add_items(
        self, invoice_id: int, items: Sequence[InvoiceItem], at: Moment | None = None, warned: bool = False
    ) -> Invoice:
        """Add lines. Raises ValueError when the invoice is locked."""
        old = self._open(invoice_id, warned)
        return self._keep(old, at, items=(*old.items, *self._lines(old, items, at)))

    def change_item(
        self, invoice_id: int, item_id: int, at: Moment | None = None, warned: bool = False, **changes: Any
    ) -> Invoice:
        """Change a line; ``active=False`` removes it. Raises ValueError when locked or the line is not its own."""
        old = self._open(invoice_id, warned)
        if item_id not in {one.id for one in old.items}:
            raise ValueError(f"item {item_id} is not on invoice {invoice_id}")
        table = self._books.invoice_items
        line = table.modify(item_id, max(self._books.when(at), table[item_id].modified_on), **changes)
        items = (line if one.id == item_id else one for one in old.items)
        return self._keep(old, at, items=tuple(one for one in items if one.active))

    def remove_item(self, invoice_id: int, item_id: int, at: Moment | None = None, warned: bool = False) -> Invoice:
        """Take a line off; the feed of items shows it with ``active`` false."""
        return self.change_item(invoice_id, item_id, at, warned, active=False)

    def complete(self, job_id: int, day: date | None = None, at: Moment | None = None) -> Invoice:
        """Complete a job: its invoice gets ``day`` (of ``at`` unless told) and the due date of its payment term.

        Raises ValueError when the invoice is locked.
        """
        job, when = self._books.jobs[job_id], self._books.when(at)
        invoice = self._books.invoices[job.invoice_id]
        dated = day or invoice.invoice_date or date.fromisoformat(when[:10])
        due = due_date(self._books.payment_terms.get(invoice.payment_term_id), dated)
        kept = self.change(invoice.id, at, invoice_date=dated, due_date=due)
        stamp = max(when, job.modified_on)
        self._books.jobs.modify(job_id, stamp, job_status="Completed", completed_on=when)
        return kept

    def review(self, invoice_id: int, status: str = "Reviewed", at: Moment | None = None) -> Invoice:
        """Set the review status; posting does not lock it."""
        return self._keep(self._books.invoices[invoice_id], at, review_status=status)

    def send(self, invoice_id: int, at: Moment | None = None) -> Invoice:
        """E-mail it to the customer."""
        return self._keep(self._books.invoices[invoice_id], at, sent_status="Sent")

    def deactivate(self, invoice_id: int, at: Moment | None = None) -> Invoice:
        """Void an invoice: inactive, and nothing is owed on it any more.

        Raises ValueError when it is locked or something is applied to it.
        """
        old = self._open(invoice_id, warned=False)
        if old.applied:
            raise ValueError(f"invoice {invoice_id} has {old.applied} applied to it; take that off first")
        return self._keep(old, at, active=False)

    # -- moving on

    def set_batch(self, invoice_id: int, at: Moment | None, batch: Batch | None, status: str) -> Invoice:
        """Put it into a batch, post it with one, or take it out. ``depositedOn`` is set when it is posted."""
        posted = self._books.when(at) if status == "Posted" else None
        old = self._books.invoices[invoice_id]
        return self._keep(old, at, batch=batch, sync_status=status, deposited_on=posted)

    def mark_exported(
        self, invoice_id: int, move_modified_on: bool = True, export_id: str | None = None, message: str | None = None
    ) -> Invoice:
        """syncStatus Exported; an id or message that is not given leaves the one before."""
        old = self._books.invoices[invoice_id]
        at = None if move_modified_on else old.modified_on
        kept, told = export_id or old.export_id, message or old.export_message
        return self._keep(old, at, sync_status="Exported", export_id=kept, export_message=told)

    def unlock(self, invoice_id: int, at: Moment | None = None) -> Invoice:
        """The vendor's support takes an exported or posted invoice back to Pending."""
        return self._keep(self._books.invoices[invoice_id], at, sync_status="Pending")

    def settle(self, invoice_id: int, amount: Decimal, day: date, at: Moment | None = None) -> Invoice:
        """``amount`` more is applied to it (less, if negative); ``paidOn`` is the day its balance came to nothing."""
        old = self._books.invoices[invoice_id]
        paid = old.balance == amount
        return self._keep(old, at, applied=old.applied + amount, paid_on=day if paid else None)

    # -- keeping it straight

    def _open(self, invoice_id: int, warned: bool) -> Invoice:
        invoice = self._books.invoices[invoice_id]
        if invoice.sync_status != "Pending" and not warned:
            raise ValueError(f"invoice {invoice_id} is {invoice.sync_status} and locked; adjust it")
        return invoice

    def _keep(self, old: Invoice, at: Moment | None, first: bool = False, **changes: Any) -> Invoice:
        """The new version, its tax, and the customer's balance. ``first``: nothing was owed on it before.

        What owes again is not paid any more.
        """
        draft = changed(old, **changes)
        if not draft.tax_is_stated and _TAXED_ANEW & changes.keys():
            changes["tax"] = self._tax(draft)
        if draft.paid_on is not None and changed(draft, **changes).balance:
            changes["paid_on"] = None
        stamp = max(self._books.when(at), old.modified_on)
        kept = self._books.invoices.modify(old.id, stamp, **changes)
        before = Decimal(0) if first else _owed(old)
        self._books.crm.move_balance(kept.customer_id, _owed(kept) - before, stamp)
        return kept

    def _lines(self, invoice: Invoice, items: Sequence[InvoiceItem], at: Moment | None) -> tuple[InvoiceItem, ...]:
        """The new lines as kept, behind those there are; a removed line's place stays empty."""
        for item in items:
            self._books.check_accounts(item.accounts)
        first = 1 + max((one.order for one in invoice.items), default=0)
        return tuple(
            self._books.invoice_items.add(
                changed(item, invoice_id=invoice.id, order=place, sku_id=item.sku_id or self._books.next_id()), at
            )
            for place, item in enumerate(items, first)
        )

    def _tax(self, invoice: Invoice) -> Decimal:
        zone = self._books.tax_zones.get(invoice.tax_zone_id)
        customer = self._books.customers[invoice.customer_id]
        location = self._books.locations.get(invoice.location_id)
        if zone is None or customer.tax_exempt or (location is not None and location.tax_exempt):
            return Decimal("0.00")
        return cents(sum((_taxed(rate, invoice.items) for rate in zone.rates), Decimal(0)))

    def _check(self, invoice: Invoice) -> None:
        books = self._books
        for table, number in (
            (books.customers, invoice.customer_id),
            (books.locations, invoice.location_id),
            (books.business_units, invoice.business_unit_id),
            (books.tax_zones, invoice.tax_zone_id),
            (books.payment_terms, invoice.payment_term_id),
            (books.jobs, invoice.job_id),
            (books.invoices, invoice.adjustment_to_id),
        ):
            books.require(table, number)


def _owed(invoice: Invoice) -> Decimal:
    return invoice.balance if invoice.active else Decimal(0)


def _taxed(rate: TaxRate, items: Sequence[InvoiceItem]) -> Decimal:
    kinds = frozenset[str]().union(*(_TAXED_BY[base] for base in rate.bases))
    base = sum((one.total for one in items if one.taxable and one.chargeable and one.type in kinds), Decimal(0))
    return rate.rate * base
