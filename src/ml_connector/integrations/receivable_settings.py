"""The settings of an integration that keeps ServiceTitan's receivables and orders in a ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.integrations.approvals import limits_of
from ml_connector.integrations.party_merge import FIELDS, owners_of


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The integration's settings, each with its consequence.

    start_date: documents dated before it are never posted (mandatory); a payment on an older invoice waits until that
        invoice is linked.
    currency: the company's, where the business unit states none.
    invoice_gate: how far an invoice must have come. ``posted`` waits for its batch; ``draft when completed`` makes a draft
        once the job is completed and authorises it when the batch is posted; ``completed`` authorises it at once. A credit
        note is never made as a draft. An invoice is marked as exported once its batch is posted, however early it went.
    business_units: only documents of these business unit ids, all if empty.
    business_unit_as: whether a line's business unit becomes a tracking option, or nothing.
    number_prefix: put before every invoice and order number, where two sources share one ledger.
    number_of_adjustments: what an adjustment that makes a credit note is called: its own number, or that of the invoice it
        corrects with ``-CR`` behind it; its own where that one is not in the ledger.
    contact_per: whose contact an invoice, adjustment or credit memo is: its bill-to ``customer``'s, or that of the
        customer's ``location``, which is called after both; where it has no location, the customer's all the same. Money on
        no invoice is the customer's either way, so that Xero does not let it be applied to invoices of a location. It
        stands once documents are posted.
    unapplied_as: whether money of a customer that is on no invoice yet becomes an overpayment or a prepayment.
    write_off_tax: whether a write-off takes the invoice's tax back in its share, or none of it.
    order_lines: whether orders go with their lines, or one line of the order's total (where items are not to be shown).
    rounding_account: the ledger account for what an invoice differs by when the ledger rounds otherwise; without one, such
        invoices are held.
    rounding_limit: how much of one document may go to rounding_account, at most 0.05; at 0 nothing does.
    owners: whose value stands where both sides have changed a customer or vendor, as ``customers.phone=ledger``; source is
        ServiceTitan, ledger is Xero, hold asks a person. ServiceTitan owns name, e-mail, phone and address of customers, and
        phone and contact person of vendors; Xero owns name, e-mail and address of vendors.
    parties_baseline: yes links customers and vendors that are there on both sides, and makes and changes nothing; documents
        of those that are not wait.
    new_from_ledger: whether a customer or vendor of Xero that ServiceTitan does not have is made there, once it has an
        invoice or a bill; skip leaves it to Xero alone.
    closed_through: our own closed date; the later of it and the ledger's lock holds.
    approve_above: documents over more than this amount, and later changes of them, wait for an approver although their flow
        is live, by currency as ``USD=10000``; a currency that is not named has no limit.
    four_eyes: yes lets nobody approve a plan that rests on a row of a mapping table they have written, or on a record they
        have released, replayed or linked; on a live flow what reads a row waits until a second person has approved it once.
    closed_period: what becomes of a new payment that is dated in a closed period. ``hold`` keeps it until an approver
        releases it, with its own date; ``first open day`` books it on the day after the closed ones by itself, its own date
        in the reference, so that it counts in a later month than in ServiceTitan. Invoices, adjustments and write-offs with
        tax are held either way, and what is held for that alone already stays so until it is replayed.
    hold_incomplete_vendors: yes has new purchase orders wait while their vendor, where it was made from here, lacks a tax
        id or other things in Xero, which they name; they go by themselves once it is entered. A vendor that was there
        before holds nothing.
    breaker_percent: when one reading brings more new documents than this share of those known before, or a list no
        longer shows more than it of what it had, nothing is done until a person has looked; at 0 nothing is asked.
    breaker_floor: fewer documents than this are never asked about, whatever their share.
    """

    start_date: dt.date
    currency: str = ""
    invoice_gate: Literal["posted", "draft when completed", "completed"] = "posted"
    business_units: tuple[str, ...] = ()
    business_unit_as: Literal["option", "none"] = "option"
    number_prefix: str = ""
    number_of_adjustments: Literal["own", "invoice"] = "own"
    contact_per: Literal["customer", "location"] = "customer"
    unapplied_as: Literal["overpayment", "prepayment"] = "overpayment"
    write_off_tax: Literal["share", "none"] = "share"
    order_lines: Literal["lines", "total"] = "lines"
    rounding_account: str = ""
    rounding_limit: Decimal = ZERO
    owners: tuple[str, ...] = ()
    parties_baseline: Literal["no", "yes"] = "no"
    new_from_ledger: Literal["skip", "create"] = "skip"
    closed_through: dt.date | None = None
    approve_above: tuple[str, ...] = ()
    four_eyes: Literal["no", "yes"] = "no"
    closed_period: Literal["hold", "first open day"] = "hold"
    hold_incomplete_vendors: Literal["no", "yes"] = "no"
    breaker_percent: int = 30
    breaker_floor: int = 50

    def __post_init__(self) -> None:
        if not ZERO <= self.rounding_limit <= Decimal("0.05"):
            raise ValueError("rounding_limit must be between 0 and 0.05")
        for parties in FIELDS:
            owners_of(parties, self.owners)
        limits_of(self.approve_above)
        if self.breaker_percent < 0 or self.breaker_floor < 1:
            raise ValueError("breaker_percent must be 0 or more, and breaker_floor 1 or more")
