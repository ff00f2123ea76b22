"""What a company sells: invoices, credit notes and customers' payments. Signs, currencies and dates: see ``documents``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from enum import StrEnum

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Address, Allocation, Canonical, Ref, TaxBasis


class InvoiceState(StrEnum):
    """How far a sales invoice or credit note has come at the system it was read from.

    A field-service system shows the first four (booked, worked off, batched and posted, or kept back by a reviewer), a
    ledger the others. ``authorised`` stands in the general ledger and is owed.
    """

    PENDING = "pending"
    COMPLETED = "completed"
    POSTED = "posted"
    KEPT_BACK = "kept back"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUTHORISED = "authorised"
    PAID = "paid"
    VOID = "void"
    DELETED = "deleted"


class InvoiceLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of a sales invoice. ``amount`` is the line's share of the total without tax, less its own discount.

    ``quantity`` x ``unit_price`` may have more digits than the currency; ``amount`` is what ties. ``tax`` is the line's
    tax where the vendor states one, None where it does not. ``tax_base`` is what a zone's rate counts the line as
    ("labor", "material", empty). Lines that are not ``chargeable`` are shown and add nothing. ``item`` is what is sold: at
    the source its entry in the price book, for a ledger the item on whose account the line is booked; empty where lines
    name accounts alone.
    """

    id: str
    amount: Decimal
    description: str = ""
    sku: str = ""
    quantity: Decimal = Decimal(1)
    unit_price: Decimal = ZERO
    account: Ref = Ref()
    tax_code: Ref = Ref()
    tax: Decimal | None = None
    tax_base: str = ""
    taxable: bool = False
    chargeable: bool = True
    business_unit: Ref = Ref()
    dimensions: tuple[Ref, ...] = ()  # for a target: id = option, number = its set (category) id
    item: Ref = Ref()
    location: Ref = Ref()  # of a target's line: where the company books it, not where the customer lives
    tax_parts: tuple[Decimal, ...] = ()  # of a target's line: what ``tax`` is made of, where several taxes are on it


class Invoice(Canonical, frozen=True, tag="invoice"):
    """What a customer owes for one job or sale; with a negative total, or of ``kind`` credit note, what is owed to him.

    Tie-out: ``sum(chargeable lines) - discount + tax == total``. A credit note that a ledger shows has a positive total
    and kind "credit note". ``adjusts`` is the invoice that an adjustment corrects. ``allocations`` are the parts of a
    credit note that are applied; ``balance`` is what is still open. ``reference`` is our external reference where a
    target stores it, ``memo`` the text it shows to people. ``complete`` is False for a list row without lines.
    """

    id: str
    customer: Ref
    total: Decimal
    kind: str = "invoice"  # "invoice" or "credit note"
    number: str = ""
    date: dt.date | None = None
    due_date: dt.date | None = None
    currency: str = ""
    tax_basis: TaxBasis = TaxBasis.EXCLUSIVE
    lines: tuple[InvoiceLine, ...] = ()
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    tax_zone: Ref = Ref()
    business_unit: Ref = Ref()
    location: Ref = Ref()
    job: Ref = Ref()
    adjusts: Ref = Ref()
    terms: str = ""
    memo: str = ""
    state: InvoiceState = InvoiceState.PENDING
    state_words: str = ""  # the vendor's own words for it, for a person
    exported: bool = False
    active: bool = True
    balance: Decimal | None = None
    exchange_rate: Decimal | None = None
    allocations: tuple[Allocation, ...] = ()
    reference: str = ""
    original_date: dt.date | None = None  # the source's, where the ledger has it on the first open day instead
    ours: bool = False  # the vendor says that this product's application made it
    complete: bool = True
    stamp: str = ""


class PaymentKind(StrEnum):
    """What a payment is in a ledger: on documents, or money of a customer that is not applied yet."""

    PAYMENT = "payment"
    OVERPAYMENT = "overpayment"
    PREPAYMENT = "prepayment"
    REFUND = "refund"


class Payment(Canonical, frozen=True, tag="payment"):
    """Money received from a customer, or paid to a vendor; with a negative amount, money given back.

    Conservation: ``sum(splits) + unapplied == amount``. ``method`` is the payment type, ``number`` the cheque or
    authorisation number. ``refunds`` is the payment that a refund gives back. ``journal`` marks types that move no money
    (write-off, financing fee). ``complete`` is False for a list row that tells no splits. ``bank_account`` is where a
    ledger booked it. ``remit_to`` is where a vendor was paid, and ``trouble`` why the payment does not go on at the system
    that shows it, in a sentence; empty where it does.
    """

    id: str
    party: Ref
    amount: Decimal
    kind: PaymentKind = PaymentKind.PAYMENT
    date: dt.date | None = None
    currency: str = ""
    method: Ref = Ref()
    number: str = ""
    memo: str = ""
    splits: tuple[Allocation, ...] = ()
    unapplied: Decimal = ZERO
    bank_account: Ref = Ref()
    business_unit: Ref = Ref()
    deposit: Ref = Ref()
    refunds: Ref = Ref()
    journal: bool = False
    state: str = ""  # the vendor's own word
    posted: bool = True  # in the source's books, no longer open to change there
    exported: bool = False
    reconciled: bool = False  # with the bank; never un-applied then
    active: bool = True
    exchange_rate: Decimal | None = None
    reference: str = ""
    original_date: dt.date | None = None  # as an invoice's
    ours: bool = False
    stamp: str = ""
    remit_to: Address = Address()
    trouble: str = ""
    to_vendor: bool = False  # paid to a vendor; a customer's where it is not told
    complete: bool = True


class Deposited(msgspec.Struct, frozen=True, omit_defaults=True):
    """A payment in a bank deposit, by its id at the source; ``amount`` is what it adds, negative for money given back."""

    id: str
    amount: Decimal
    date: dt.date | None = None
    number: str = ""
    method: Ref = Ref()
    business_unit: Ref = Ref()


class Deposit(Canonical, frozen=True, tag="deposit"):
    """Payments that went, or are to go, to the bank together. Read and shown, never posted.

    Tie-out: ``sum(payments) == gross`` and ``gross - fees == net``; ``fees`` is what a card company kept. ``deposited`` is
    False while the deposit is open: nothing of it is at the bank yet. ``number`` is what people call it.
    """

    id: str
    gross: Decimal
    net: Decimal
    fees: Decimal = ZERO
    number: str = ""
    date: dt.date | None = None
    currency: str = ""
    payments: tuple[Deposited, ...] = ()
    deposited: bool = True
    bank_account: Ref = Ref()
    fee_account: Ref = Ref()
    state: str = ""  # the vendor's own word
    exported: bool = False
    active: bool = True
    stamp: str = ""
