"""The settings of an integration that makes bills of what ServiceTitan received."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.integrations.approvals import limits_of


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The integration's settings, each with its consequence.

    start_date: documents dated before it are never posted (mandatory).
    currency: the company's, where the business unit states none.
    bill_source: ``bills`` = inventory and AP bills; ``receipts`` = received purchase orders, where there are no bills.
    gate: how far a bill must have come: received, reconciled (needs AP bills) or posted.
    unseen_status: what happens at the gate received to bills whose status ServiceTitan does not show, because AP bills
        are not kept or the scope tn.acc.apbills:r is missing. ``hold`` keeps them; ``post`` posts them, and then bills
        that are cancelled, in discrepancy or marked 'do not pay' look like any other and are posted too.
    bill_date: which of ServiceTitan's dates the ledger gets.
    line_account: ``cost`` books to the expense or cost-of-sale account; ``asset`` to the inventory account, and then
        consumption is not posted by us.
    business_unit_as: whether a line's business unit becomes a reporting tag, a location, or nothing.
    job_as: whether the job that a line was bought for becomes an option of a reporting tag or a project, by the mapping table
        jobs, or stays in the line's description alone. A project needs ``projects=yes`` on the ledger's connection.
    unmapped_job: what becomes of a line whose job has no row in jobs: it goes without (``none``) or its bill is held.
    business_units: only documents of these business unit ids, all if empty.
    freight_account: the ledger account that freight is booked to, or ``lines`` to spread it over the lines. The freight
        of a bill with landed cost by value goes into its lines in any case, as ServiceTitan allocated it.
    other_account: the ledger account that a bill's other charges are booked to, or ``lines`` to spread them over the
        lines.
    discount_account: the ledger account that a bill's discount is booked to, or ``lines`` to take it off the lines.
    rounding_account: the ledger account for what a bill differs by when the ledger rounds otherwise; without one, such
        bills are held.
    rounding_limit: how much of one bill may go to rounding_account, at most 0.05; at 0 nothing does.
    closed_through: our own closed date; the later of it and the ledger's lock holds.
    approve_above: documents over more than this amount, and later changes of them, wait for an approver although their flow
        is live, by currency as ``USD=10000``; a currency that is not named has no limit.
    four_eyes: yes lets nobody approve a plan that rests on a row of a mapping table they have written, or on a record they
        have released, replayed or linked; on a live flow what reads a row waits until a second person has approved it once.
    closed_period: what becomes of a new bill that is dated in a closed period. ``hold`` keeps it until an approver releases
        it, with its own date; ``first open day`` books it on the day after the closed ones by itself, its own date in the
        notes and its due date unmoved, so that it counts in a later month than in ServiceTitan. What is held for that alone
        already stays so until it is replayed.
    hold_incomplete_vendors: yes has new bills wait while their vendor, where it was made from here, lacks a tax id or
        other things in Zoho Books, which they name; they go by themselves once it is entered. A vendor that was there
        before holds nothing.
    new_vendor_currency: what becomes of new vendors whose bills are in another currency than the ledger's. ``hold``: these
        bills wait; ``document``: the vendor's contact is made in the currency of what waits for it, which it keeps for good.
    breaker_percent: when one reading brings more new documents than this share of those known before, or a list no
        longer shows more than it of what it had, nothing is done until a person has looked; at 0 nothing is asked.
    breaker_floor: fewer documents than this are never asked about, whatever their share.
    """

    start_date: dt.date
    currency: str = ""
    bill_source: Literal["bills", "receipts"] = "bills"
    gate: Literal["received", "reconciled", "posted"] = "received"
    unseen_status: Literal["hold", "post"] = "hold"
    bill_date: Literal["bill date", "post date"] = "bill date"
    line_account: Literal["cost", "asset"] = "cost"
    business_unit_as: Literal["tag", "location", "none"] = "tag"
    job_as: Literal["none", "tag", "project"] = "none"
    unmapped_job: Literal["none", "hold"] = "none"
    business_units: tuple[str, ...] = ()
    freight_account: str = ""
    other_account: str = ""
    discount_account: str = ""
    rounding_account: str = ""
    rounding_limit: Decimal = ZERO
    closed_through: dt.date | None = None
    approve_above: tuple[str, ...] = ()
    four_eyes: Literal["no", "yes"] = "no"
    closed_period: Literal["hold", "first open day"] = "hold"
    hold_incomplete_vendors: Literal["no", "yes"] = "no"
    new_vendor_currency: Literal["hold", "document"] = "hold"
    breaker_percent: int = 30
    breaker_floor: int = 50

    def __post_init__(self) -> None:
        if not ZERO <= self.rounding_limit <= Decimal("0.05"):
            raise ValueError("rounding_limit must be between 0 and 0.05")
        limits_of(self.approve_above)
        if self.breaker_percent < 0 or self.breaker_floor < 1:
            raise ValueError("breaker_percent must be 0 or more, and breaker_floor 1 or more")
        if self.bill_source == "receipts" and self.gate == "reconciled":
            raise ValueError("receipts are never reconciled in ServiceTitan; gate must be received or posted with them")
