"""The settings of ServiceTitan with Zoho Books: those of its bills, and beside them those of its sales and its parties."""

from __future__ import annotations

from typing import Literal

from ml_connector.integrations import bill_settings
from ml_connector.integrations.party_merge import FIELDS, owners_of


class Settings(bill_settings.Settings, kw_only=True, forbid_unknown_fields=True):
    """What is added to the settings of bills, each with its consequence; and those of bills that mean more here.

    business_unit_as: whether a line's business unit, of bills, invoices and credit notes, becomes a reporting tag, a
        location, or nothing.
    rounding_account: the ledger account for what a bill or invoice differs by when the ledger rounds otherwise; without
        one, such documents are held.
    rounding_limit: how much of one document may go to rounding_account, at most 0.05; at 0 nothing does.
    closed_period: what becomes of a new bill or payment that is dated in a closed period. ``hold`` keeps it until an
        approver releases it, with its own date; ``first open day`` books it on the day after the closed ones by itself, its
        own date in the notes and its due date unmoved, so that it counts in a later month than in ServiceTitan. Invoices,
        credit notes and write-offs with tax are held either way, and what is held for that alone already stays so until it
        is replayed.
    invoice_gate: how far an invoice must have come. ``posted`` waits for its batch; ``draft when completed`` makes a draft
        once the job is completed and marks it as sent, without an e-mail, when the batch is posted; ``completed`` marks it
        as sent at once. A credit note is never made as a draft. An invoice is marked as exported once its batch is posted,
        however early it went.
    number_prefix: put before every invoice number, where two sources share one ledger.
    number_of_adjustments: what an adjustment that makes a credit note is called: its own number, or that of the invoice it
        corrects with ``-CR`` behind it; its own where that one is not in the ledger.
    contact_per: whose contact an invoice, adjustment or credit memo is: its bill-to ``customer``'s, or that of the
        customer's ``location``, which is called after both; where it has no location, the customer's all the same. It stands
        once documents are posted.
    plain_credit_account: the ledger account that vendors' credits are booked to for which nothing was sent back, as
        ServiceTitan shows no lines for them; without one, such credits are held.
    write_off_tax: whether a write-off takes the invoice's tax back in its share, or none of it.
    owners: whose value stands where both sides have changed a customer or vendor, as ``customers.phone=ledger``; source is
        ServiceTitan, ledger is Zoho Books, hold asks a person. ServiceTitan owns name, e-mail, phone and address of
        customers, and phone and contact person of vendors; Zoho Books owns name, e-mail and address of vendors. The
        status (active or inactive) is held where both sides have changed it.
    parties_baseline: yes links customers and vendors that are there on both sides, and makes and changes nothing; documents
        of those that are not wait.
    parties_back: whether customers and vendors that are changed in Zoho Books change in ServiceTitan too, by the flows
        customers_back and vendors_back. Of several ledgers of one ServiceTitan only one may.
    new_from_ledger: whether a customer or vendor of Zoho Books that ServiceTitan does not have is made there; skip leaves
        it to Zoho Books alone.
    inactive_parties: whether a linked customer or vendor that becomes inactive, or active again, on one side becomes so on
        the other; leave changes nobody and tells who is inactive on one side alone. With follow, one with anything open
        waits, nothing goes to ServiceTitan without parties_back, and what differs when it is turned on is shown as a
        preview and waits for its approval.
    further_contacts: ``add`` makes each e-mail address that a customer of ServiceTitan has besides the first one a further
        contact person in Zoho Books, which follows and goes with it; a memo of a few words, as ``Jane Doe, wife``, is taken
        for the name, and stored here. ``leave`` leaves them to ServiceTitan, and persons that were added stay.
    expense_tax_account: the id of ServiceTitan's GL account that the tax of an expense of Zoho Books is charged to, or
        ``lines`` to add it to the lines, as what cannot be reclaimed is a cost of what was bought.
    payments_back_mixed: what becomes of a payment of Zoho Books that is also on an invoice of Zoho's alone: ``hold`` keeps
        it; ``part`` enters its share on ServiceTitan's invoices there, so that the two amounts differ.
    new_items: yes makes an item of ServiceTitan's price book that Zoho Books has none of the code of, where the flow items
        is on; no leaves that to people.
    new_taxes: yes makes the tax of a tax zone that Zoho Books has none of the name of, where the flow tax_zones is on; no
        leaves that to people.
    """

    invoice_gate: Literal["posted", "draft when completed", "completed"] = "posted"
    number_prefix: str = ""
    number_of_adjustments: Literal["own", "invoice"] = "own"
    contact_per: Literal["customer", "location"] = "customer"
    plain_credit_account: str = ""
    write_off_tax: Literal["share", "none"] = "share"
    owners: tuple[str, ...] = ()
    parties_baseline: Literal["no", "yes"] = "no"
    parties_back: Literal["no", "yes"] = "no"
    new_from_ledger: Literal["skip", "create"] = "skip"
    inactive_parties: Literal["leave", "follow"] = "leave"
    further_contacts: Literal["leave", "add"] = "leave"
    expense_tax_account: str = "lines"
    payments_back_mixed: Literal["hold", "part"] = "hold"
    new_items: Literal["no", "yes"] = "no"
    new_taxes: Literal["no", "yes"] = "no"

    def __post_init__(self) -> None:
        super().__post_init__()
        for parties in FIELDS:
            owners_of(parties, self.owners, status=True)
