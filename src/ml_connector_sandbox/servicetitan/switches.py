"""Every fact about ServiceTitan that is not certain, as a named switch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Switches:
    """One field per uncertain fact; the default is the reading that seems likeliest, or else the strictest."""

    limits: bool = True
    """False: neither the 60 calls a second nor the token throttle is kept (for benchmarks)."""

    token_requests_per_minute: int = 60
    """Token requests a client id may make in 60 s; 0 = no throttle. The vendor throttles but publishes no number."""

    retry_after_header: bool = True
    """Whether a 429 carries ``Retry-After`` (the gateway product's default; not captured) besides its title."""

    page_size_maximum: int = 5000
    """The largest ``pageSize``."""

    clamp_page_size: bool = False
    """Whether a larger ``pageSize`` is answered with the maximum instead of refused with 400 (unknown)."""

    undocumented_ids_maximum: int = 50
    """Most ids in one look-up on lists whose maximum is not documented: bills, invoices, tax zones, vendors, and the
    customers or locations of contacts."""

    read_after_write_lag_seconds: int = 0
    """Sandbox seconds until a change shows in lists and feeds; until then they show the version before it.
    Reads by id see it at once."""

    export_page_size: int = 1000
    """Rows per page of an export feed (unpublished)."""

    export_lag_seconds: int = 0
    """Sandbox seconds an export feed holds changes back. ``includeRecentChanges=true`` delivers them at once and
    again with each poll until they are that old."""

    extra_fields: bool = False
    """Adds an undocumented field to every object of every successful answer: the API grows by addition."""

    newer_bill_fields: bool = False
    """The fields of the mid-2026 generation on bills: landedCostMethod, otherAmount, dateReconciled, the
    allocations per item and, on AP bills, discounts and charges before and after tax."""

    bill_amount_includes_tax_and_shipping: bool = True
    """Whether billAmount holds tax and shipping. Receipts and orders state it of their totals; bills do not."""

    inventory_bills_of_every_type: bool = False
    """Whether inventory-bills lists (and feeds) every bill type when no ``billType`` is asked. False: Procurement
    only, as ap-bills is documented to do."""

    bill_date_filter_uses_created_on: bool = True
    """Whether ``dateFrom``/``dateTo`` compare createdOn, as the published text says, or the bill date."""

    ap_bills_available: bool = True
    """False: no tenant has the AP module, whatever its books say."""

    ap_module_missing_status: int = 403
    """What ap-bills answers on a tenant without the AP module (unknown)."""

    mark_exported_demands_posted: bool = False
    """Whether marking a bill, AP credit, invoice or credit memo exported fails, per item, while it is Pending; of bank
    deposits the whole call, as it answers nothing per item."""

    mark_exported_twice_fails: bool = False
    """Whether marking an exported bill, AP credit, invoice or credit memo again fails, per item; of bank deposits the
    call."""

    mark_exported_moves_modified_on: bool = True
    """Whether marking a bill, AP credit, invoice, payment or bank deposit exported moves its modifiedOn (and so shows it
    to incremental reads again)."""

    inactive_ap_credits_are_listed: bool = True
    """Whether ap-credits lists inactive ones too: it has no parameter for that, and its rows say ``active``."""

    restocking_fee_lessens_returns: bool = True
    """Whether returnAmount is less the restocking fee, which is written and never shown; items, tax and shipping then
    add up to more. Published is "including tax and shipping"."""

    return_exported_with_credit: bool = True
    """Whether a return becomes Exported with its AP credit (unknown; returns cannot be marked themselves)."""

    external_id_becomes_export_id: bool = True
    """Whether the externalId of a mark shows as the document's exportId afterwards; else it is seen nowhere."""

    discount_total_repeats_items: bool = False
    """Whether discountTotal repeats discounts that stand among the items as PriceModifier with a negative total.
    False: it holds only what is taken off beside the items, so items - discountTotal + salesTax is the total."""

    empty_lists_are_null: bool = False
    """Whether an invoice without items and a payment without splits show null instead of an empty list."""

    invoices_default_active_only: bool = True
    """Whether invoices without ``activeState`` are the active ones, as payments are documented; else all are."""

    deposited_on_is_the_bank_deposit: bool = False
    """Whether depositedOn of an invoice is the day of the latest bank deposit with money for it. False: the instant
    its batch was posted, since a captured invoice over nothing, which nobody can have paid, has one of that day."""

    api_edits_posted_invoices: bool = False
    """Whether an invoice that is Posted or Exported takes changes of its amounts, date and items over the API; they
    are refused with 400 otherwise. Review, assignment, royalty and exportId are always taken."""

    customer_active_can_be_changed: bool = True
    """Whether ``PATCH customers`` takes ``active``, as its present document says; an older text said it cannot be
    changed over the API. False: it is ignored, as unknown properties are."""

    refund_splits_are_positive: bool = False
    """Whether the parts of a negative payment show as positive amounts; else with its own sign. Neither is attested."""

    payments_can_be_created: bool = True
    """Whether ``POST payments`` is there: the newer documents lack it. False: 404 of the gateway, whoever asks."""

    journal_entries_available: bool = True
    """Whether journal-entries are there at all. False: 404 of the gateway, as of what was withdrawn."""

    withdrawn: str = ""
    """Resources that are not there any more, by the first part of their path (``ap-credits,bank-deposits``), with all below
    them and their export feeds: 404 of the gateway, whoever asks."""

    journal_entry_creation_answers_id: bool = False
    """Whether the creation of a journal entry answers ``{"id": ...}``. Published is an answer without a body, so that
    only the list, filtered by name, tells what was made."""

    journal_entry_lines_are_checked: bool = True
    """Whether each line must name an account and be either debit or credit, and the entry balance; else 400. The
    published request says none of it."""

    payment_status_moves_back: bool = True
    """Whether ``POST payments/status`` takes a payment from Exported or Posted back; else it is refused with 400."""

    paid_on_after_is_inclusive: bool = False
    """Whether ``paidOnAfter`` of payments includes the instant itself."""

    purchase_order_exported_with_bills: bool = True
    """Whether a received order becomes Exported, and its receipts too, once all its bills are exported."""

    refuse_duplicate_vendor_names: bool = False
    """Whether a vendor name that is taken is refused with 400 (unknown)."""

    refuse_unknown_properties: bool = False
    """Whether unknown JSON properties in writes are refused with 400; seen elsewhere in the API they are ignored."""

    webhook_records: str = "bill,vendor,purchase_order,receipt,customer,contact,location,invoice,payment"
    """Records that have webhooks at all, with commas; only invoices are known to have any."""

    webhook_invoice_created: bool = False
    """Whether an invoice that is booked is announced as created, and one that is voided as deleted. Published are
    updated, batched, posted and exported only: False announces nothing of the first and the second as updated."""

    webhook_bill_name: str = "inventory-bill"
    """What events call a bill: ``inventory-bill``, ``ap-bill`` or ``bill``."""

    webhook_envelope: str = "cloudevents"
    """``cloudevents`` as published for invoices and jobs; third parties expect ``data`` (event and tenantId beside the
    record), ``flat`` (all in one object) or ``record`` (it alone)."""

    webhook_event_names: str = "published"
    """``published``: tn.inv.purchase-order-updated; ``dotted``: purchaseOrder.updated; ``camel``:
    purchaseOrderUpdated."""

    webhook_event_header: str = ""
    """Header that names the event, such as x-servicetitan-event; empty: none."""

    webhook_signature_header: str = "x-servicetitan-signature"
    """Header of the signature; X-ST-Signature is seen too. The official text names none."""

    webhook_signature_encoding: str = "hex"
    """``hex``, ``base64`` or ``sha256=hex``; HMAC-SHA256 over the raw body."""

    webhook_only_200: bool = True
    """Whether only 200 ends a delivery, as the vendor's questions and answers say; else any 2xx, as its guide says."""

    webhook_retry_seconds: str = "10,30,60,300"
    """Sandbox seconds between attempts; afterwards only a person replays."""

    webhook_time_out_seconds: float = 5.0
    """Machine seconds an answer may take (unpublished)."""
