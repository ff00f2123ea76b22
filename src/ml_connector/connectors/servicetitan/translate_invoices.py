"""ServiceTitan's invoices as canonical documents. Pure.

An invoice exists from the moment a job is booked, so most pending ones are empty or still change. ``POSTED`` is a posted
batch; ``COMPLETED`` is a completed job, for flows that do not wait for the batch; ``KEPT_BACK`` is a reviewer's word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.lines import cents, line_amounts, product
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, plain_text, ref_id, text
from ml_connector.connectors.servicetitan.walks import newest

COMPLETED = "Completed"
POSTED = frozenset(["Posted", "Exported"])
_KEPT_BACK = frozenset(["OnHold", "NeedsReview", "Rejected", "PendingApproval"])
# What a tax zone's rate counts a line as; price modifiers are neither.
_TAX_BASES: Mapping[str, str] = {"Service": "labor", "Material": "material", "Equipment": "material"}


@dataclass(frozen=True, slots=True)
class InvoiceChoices:
    """What connection and flow decide about invoices.

    ``jobs``: the flow's gate is the completed job, so jobs are known. ``review_binds``: a reviewer's word keeps back an
    invoice even when its batch is posted.
    """

    jobs: bool = False
    review_binds: bool = True


def invoice(payload: payloads.Invoice, job: payloads.Job | None, choices: InvoiceChoices) -> Invoice:
    """An invoice; ``job`` is its job where the gate needs it. Raises Unreadable naming the field.

    Tie-out: chargeable lines less discount, and tax, are the total. One whose ``items`` are null is not complete unless
    nothing is charged.
    """
    if payload.customer is None or not payload.customer.id:
        raise Unreadable("it names no customer")
    total, tax = _total(payload), payload.sales_tax or ZERO
    items = payload.items or []
    discount = _discount(payload, items, total - tax)
    state, words = _state(payload, job, choices)
    return Invoice(
        id=str(payload.id),
        customer=named(payload.customer),
        total=plain(total),
        number=text(payload.reference_number),
        date=date(payload.invoice_date, "invoiceDate"),
        due_date=date(payload.due_date, "dueDate"),
        lines=_lines(payload, items, total - tax + discount),
        tax=plain(tax),
        discount=plain(discount),
        tax_zone=_zone(payload),
        business_unit=named(payload.business_unit),
        location=named(payload.location),
        job=_job(payload.job),
        adjusts=Ref(ref_id(payload.adjustment_to_id)),
        terms=text(payload.term_name),
        state=state,
        state_words=words,
        exported=payload.sync_status == "Exported",
        active=payload.active,
        balance=None if payload.balance is None else plain(payload.balance),
        complete=payload.items is not None or not total,
        stamp=newest(payload.modified_on or payload.created_on or "", (job.modified_on or "") if job else ""),
    )


def _total(payload: payloads.Invoice) -> Decimal:
    """The stated total, else subtotal and tax; an invoice just booked states neither and is zero."""
    if payload.total is not None:
        return payload.total
    return (payload.sub_total or ZERO) + (payload.sales_tax or ZERO)


def _discount(payload: payloads.Invoice, items: Sequence[payloads.InvoiceItem], net: Decimal) -> Decimal:
    """The discount that the lines do not carry themselves.

    Whether discountTotal is already in the lines (as price modifiers) and its sign are not published: it counts only if
    the invoice ties with it and not without. Else it is left out, and a difference stays visible.
    """
    stated = payload.discount_total or ZERO
    if not stated or not items:
        return ZERO
    lines = total(_exact(item) for item in items if item.is_chargeable)
    return next((one for one in (ZERO, stated, -stated) if cents(lines - one) == net), ZERO)


def _exact(item: payloads.InvoiceItem) -> Decimal:
    """A line's amount as stated, else quantity x price. Raises Unreadable when neither tells it."""
    if item.total is not None:
        return item.total
    if item.price is None:
        if item.quantity is None or not item.quantity:
            return ZERO
        raise Unreadable(f"field total of item {item.id} is missing")
    return product(Decimal(1) if item.quantity is None else item.quantity, item.price)


def _lines(
    payload: payloads.Invoice, items: Sequence[payloads.InvoiceItem], charged: Decimal
) -> tuple[InvoiceLine, ...]:
    """Lines to the cent; those charged are brought to ``charged`` wherever only rounding parts them from it."""
    chargeable = [item for item in items if item.is_chargeable]
    amounts = iter(line_amounts([_exact(item) for item in chargeable], charged))
    unit = named(payload.business_unit)
    return tuple(_line(item, next(amounts) if item.is_chargeable else plain(_exact(item)), unit) for item in items)


def _line(item: payloads.InvoiceItem, amount: Decimal, unit: Ref) -> InvoiceLine:
    account = item.general_ledger_account
    return InvoiceLine(
        id=str(item.id),
        amount=plain(amount),
        description=plain_text(item.description) or text(item.display_name) or text(item.sku_name),
        sku=text(item.sku_name),
        quantity=plain(Decimal(1) if item.quantity is None else item.quantity),
        unit_price=plain(ZERO if item.price is None else item.price),
        account=Ref() if account is None else Ref(ref_id(account.id), text(account.name), text(account.number)),
        tax_base=_TAX_BASES.get(item.type, ""),
        taxable=item.taxable,
        chargeable=item.is_chargeable,
        business_unit=named(item.business_unit) if item.business_unit else unit,
        item=Ref(ref_id(item.sku_id)),
    )


def _zone(payload: payloads.Invoice) -> Ref:
    """The tax zone; older answers name the sales tax code alone, whose id they show as the zone's."""
    code = payload.sales_tax_code
    id = payload.tax_zone_id or (code.id if code else None)
    return Ref(ref_id(id), text(code.name) if code else "")


def _job(job: payloads.InvoiceJob | None) -> Ref:
    return Ref() if job is None else Ref(ref_id(job.id), text(job.type), text(job.number))


def _state(payload: payloads.Invoice, job: payloads.Job | None, choices: InvoiceChoices) -> tuple[InvoiceState, str]:
    """How far it has come, and ServiceTitan's own words for it."""
    sync, review = text(payload.sync_status), text(payload.review_status)
    told = [("status", sync), ("review", review), ("job", job.job_status if job else "")]
    if choices.jobs and job is None:
        told[2] = ("job", "not shown" if payload.job else "none")
    words = ", ".join(f"{what} {word}" for what, word in told if word)
    if review in _KEPT_BACK and (choices.review_binds or sync not in POSTED):
        return InvoiceState.KEPT_BACK, words
    if sync in POSTED:
        return InvoiceState.POSTED, words
    done = choices.jobs and job is not None and job.job_status == COMPLETED
    return (InvoiceState.COMPLETED if done else InvoiceState.PENDING), words


class _Fields(msgspec.Struct):
    items: msgspec.Raw | None = None


def lacks_items(raw: bytes) -> bool:
    """Whether an invoice's text shows its items as null or not at all."""
    try:
        found = msgspec.json.decode(raw, type=_Fields).items
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return found is None or bytes(found) == b"null"
