"""The settings of an integration that stages a ledger's bills and payments where they are approved."""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ml_connector.integrations.approvals import limits_of


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The integration's settings, each with its consequence.

    start_date: documents dated before it are never staged (mandatory); of a payment what is on such a bill is left out.
    currency: the company's, where a document states none.
    cost_center_from: which of the ledger's dimensions are the cost centres, by precedence: a reporting tag or tracking
        category by its id or name, ``location``, ``project``. A line takes the first that it has; without any it takes its
        vendor's (mapping table vendor_cost_centers), and is held where that has none either. ``none`` sends no cost centre
        at all. As long as it is empty no bill can go live.
    create_cost_centers: yes makes an option that no cost centre is like into a new one; with ``no`` its bills wait until
        one is made there or a row of the mapping table cost_centers names one.
    freight_account: the GL account there that a bill's freight is staged on, or ``lines`` to spread it over the lines;
        without either such bills are held.
    other_account: likewise for adjustments and other charges.
    discount_account: likewise for a discount on the whole bill; ``lines`` takes it off the lines.
    orders_known: yes stages a bill that names a purchase order as an invoice of that order, which the target refuses or
        sets aside where it does not know the order; with ``no`` every bill goes without one, its order's number in the memo.
    edits: what becomes of a bill that was changed after it was staged. ``hold`` tells it with both versions; ``send``
        stages it again under the same keys, which is right only where header, lines and tax lines coalesce there, and only
        until it is approved there. What is approved or paid there is never touched, and neither is a bill that has lost a
        line or a tax.
    applied_credits: what becomes of a vendor's credit that is applied to a bill. ``list`` shows it and stages nothing; a
        payment method stages it as a payment of the bill by that method.
    look_for_deleted: how often the lists of a ledger that tells of nothing that was deleted there (Zoho Books) are looked
        through for what they do not show any more, on what the day's calls have to spare; with ``never`` a bill, credit or
        payment that was deleted after it was read stays as it is.
    approve_above: documents over more than this amount, and later changes of them, wait for an approver although their flow
        is live, by currency as ``USD=10000``; a currency that is not named has no limit.
    four_eyes: yes lets nobody approve a plan that rests on a row of a mapping table they have written, or on a record they
        have released, replayed or linked; on a live flow what reads a row waits until a second person has approved it once.
    breaker_percent: when one reading brings more new documents than this share of those known before, or a list no
        longer shows more than it of what it had, nothing is done until a person has looked; at 0 nothing is asked.
    breaker_floor: fewer documents than this are never asked about, whatever their share.
    """

    start_date: dt.date
    currency: str = ""
    cost_center_from: tuple[str, ...] = ()
    create_cost_centers: Literal["no", "yes"] = "no"
    freight_account: str = ""
    other_account: str = ""
    discount_account: str = ""
    orders_known: Literal["no", "yes"] = "no"
    edits: Literal["hold", "send"] = "hold"
    applied_credits: Literal[
        "list", "bank_transfer", "cash_payment", "cheque", "credit_card", "debit_card", "wire_transfer"
    ] = "list"
    look_for_deleted: Literal["daily", "weekly", "never"] = "daily"
    approve_above: tuple[str, ...] = ()
    four_eyes: Literal["no", "yes"] = "no"
    breaker_percent: int = 30
    breaker_floor: int = 50

    def __post_init__(self) -> None:
        limits_of(self.approve_above)
        if self.breaker_percent < 0 or self.breaker_floor < 1:
            raise ValueError("breaker_percent must be 0 or more, and breaker_floor 1 or more")
        if "none" in self.cost_center_from and len(self.cost_center_from) > 1:
            raise ValueError("cost_center_from is either none, or the dimensions that are the cost centres")
