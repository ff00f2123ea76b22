"""Every uncertain fact about Zoho Books as one documented switch; the defaults are the likeliest behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Settings of the emulator that may change while it runs. Codes marked *invented* stand for unknown real ones."""

    # ---- consent and tokens
    auto_consent: bool = False
    """The consent page answers at once with the redirect, as if the person had accepted."""
    consent_user: str = ""
    """E-mail of the person who is signed in at the consent page; empty: the first user the client can reach."""
    live_access_tokens: int = 10
    """Live access tokens per refresh token; the oldest dies when one more is issued. Sources say 10, 15 and 30."""
    bearer_accepted: bool = True
    """``Authorization: Bearer`` is accepted beside ``Zoho-oauthtoken``."""

    # ---- limits and time
    limits: bool = True
    """Rate limits, token throttles and concurrency are enforced."""
    fixed_minute: bool = False
    """The 100 calls count per clock minute instead of any 60 seconds."""
    retry_after_header: bool = False
    """A 429 carries a numeric ``Retry-After``."""
    latency_seconds: float = 0.0
    """Sandbox seconds an API call stays under way before it is handled; makes the concurrency limit reachable."""
    list_lag_seconds: float = 0.0
    """A new document appears in lists only after this sandbox time; its detail is there at once."""

    # ---- answers
    extra_fields: bool = False
    """Adds an undocumented field to every object of every successful answer: the API grows by addition."""

    features_off: str = ""
    """Resources whose feature the organisation does not have (any more), by the first part of their path
    (``expenses,items``): each call is refused with ``feature_off_code``."""
    urls_gone: str = ""
    """Resources that the API does not know any more, named alike: each call is refused with 404 and code 5."""

    # ---- lists
    default_per_page: int = 200
    """Rows of a page when ``per_page`` is not sent: 200 was seen live, the 2026 specification says 10."""
    default_per_page_accounts: int = 5000
    """The same for the chart of accounts, where 5000 was seen live."""
    max_per_page: int = 200
    """The largest page; a larger ``per_page`` is cut to it (behaviour above 200 is not documented)."""
    modified_since_inclusive: bool = False
    """``last_modified_time`` finds rows modified at that very second too, not only later ones."""
    contacts_sort_descending: bool = True
    """``sort_order=D`` is honoured by the contact list; only ``A`` was ever seen live. Off: the order stays ``A``."""

    vendor_credits_list_key: str = "vendor_credits"
    """Key of the rows in the vendor credit list; the specification's schema says ``vendorcredits``."""

    # ---- sales
    invoice_lines: str = "item"
    """``item``: every invoice line names an item, as the published request demands, and an account on it is ignored.
    ``account``: a line may name an account, or nothing and be counted to Sales, as many clients do it."""
    numbers_generated: bool = True
    """Invoices and credit notes are numbered by the books. Off: a body without a number is refused."""
    number_without_flag: str = "ignored"
    """A number in the body without ``ignore_auto_number_generation``: ``ignored``, ``refused`` or ``taken``."""
    upsert_keeps_number: bool = True
    """An upsert of invoices takes ``ignore_auto_number_generation``, which is published for the other calls only. Off: it is
    ignored there."""
    void_frees_sales_number: bool = False
    """A void invoice or credit note no longer blocks its number."""
    draft_invoice_payable: bool = False
    """A payment or credit may be put on a draft invoice, which is sent then (unverified). Off: refused."""
    payment_refund_as_list: bool = True
    """One refund of a customer payment is answered as a list of one, as the specification says; none was recorded."""
    same_status_refused: bool = True
    """Marking an invoice or credit note with the state it has is refused. Off: harmless."""

    # ---- tax editions: fields that a document is refused without, named with commas; the contact's own value is enough
    demanded_us: str = ""
    """``tax_exemption``: an untaxed line of an invoice or credit note needs an exemption."""
    demanded_uk: str = ""
    """``vat_treatment``."""
    demanded_in: str = ""
    """``gst_treatment``, ``gst_no``, ``place_of_supply`` (sales), ``source_of_supply``, ``destination_of_supply``
    (purchases), ``hsn_or_sac`` (lines)."""
    demanded_gcc: str = ""
    """``tax_treatment``, ``place_of_supply``."""

    # ---- items
    duplicate_item_names: bool = True
    """Two items may have one name. Off: refused with ``already_exists_code``; the SKU is used once in any case."""
    already_exists_code: int = 1001
    """A SKU, an item name or the number of an invoice or credit note is taken (one source for the meaning of 1001)."""

    # ---- organisation and set-up
    duplicate_contact_names: bool = True
    """Preference of newer organisations: a display name may be used twice. Off: refused with 3062."""
    fields_endpoint: bool = True
    """``GET /settings/fields?entity=`` exists; it is documented on the web only."""
    custom_fields_replace: bool = True
    """A ``custom_fields`` array in a PUT replaces all values, as nested arrays do. Off: values not named stay."""
    rate_rounded: bool = False
    """A line's rate is rounded to the organisation's price precision before it is multiplied."""
    bank_accounts_on_lines: bool = False
    """Bank, cash and card accounts may stand on bill lines."""
    zero_total_status: str = "paid"
    """Status of a bill whose total is zero: ``paid`` or ``open``."""
    void_frees_number: bool = False
    """A void bill no longer blocks its bill number."""
    other_currency_refused: bool = True
    """A ``currency_id`` other than the contact's is refused. Off: it is ignored and the contact's is used."""
    merge_parameter: str = "merge_contact_id"
    """Query name of the surviving contact in ``POST /contacts/{id}/merge``; the published call names none."""
    person_needs_contact_id: bool = True
    """``PUT /contacts/contactpersons/{id}`` is refused without ``contact_id``, as the specification demands it."""
    person_written_as_list: bool = True
    """A contact person that was written is answered as a list of one, as the specification says; none was recorded."""

    # ---- payments, approval, plan
    applying_bumps_source: bool = True
    """Applying an advance or a vendor credit to a bill, or taking it off, moves the ``last_modified_time`` of the payment or
    credit too; that the bill's moves was seen live."""
    approval_first_state: str = "pending_approval"
    """State of a new bill where purchases are approved: ``pending_approval`` or ``draft``."""
    payment_detail_as_list: bool = False
    """``PUT /vendorpayments/{id}`` answers a list of one, as the specification says; an object was seen live."""
    tags_by_preference: bool = False
    """A tag chosen on the head of a document though its preference is the line, or the other way round, is refused. Off:
    both are taken, as an organisation has it whose tag was changed from one to the other."""
    reporting_tags_in_plan: bool = True
    """The plan has reporting tags. Off: every tag call and every tag in a body is refused, for all organisations."""
    webhooks_in_plan: bool = True
    """The plan has workflow rules. Off: ``/settings/webhooks`` is refused and nothing is announced."""

    # ---- upsert by unique custom field
    upsert_created_status: int = 200
    """HTTP status when ``X-Upsert: true`` creates; the specification declares 200 only, other creates answer 201."""
    upsert_body_repeat: str = "not_needed"
    """Must the body repeat the custom field: ``not_needed``; ``refused`` without it; ``lost`` (created without it)."""

    # ---- webhooks of workflow rules
    webhook_body: str = "default"
    """What the rule's webhook sends: the ``default`` payload (JSON), or ``form`` parameters (the ids)."""
    webhook_organization_id: bool = True
    """The default payload names the organisation beside the object (one source)."""
    webhook_ids_as_numbers: bool = False
    """Ids in the payload are numbers instead of texts."""
    webhook_amounts_as_texts: bool = False
    """Amounts in the payload are texts instead of numbers."""
    webhook_signature_encoding: str = "hex"
    """``hex`` (lower case, one source) or ``base64``."""
    webhook_retry_seconds: str = ""
    """Sandbox seconds between attempts, such as 60,300; empty: none, as nothing automatic is documented."""
    webhook_time_out_seconds: float = 5.0
    """Machine seconds an answer may take (unpublished)."""
    webhooks_per_day: int = 1000
    """Webhooks of an organisation a day, kept while ``limits`` are; may depend on the plan."""

    # ---- periods
    lock_date_itself_locked: bool = True
    """A document dated on the lock date is refused; another page of the vendor says it is allowed."""

    # ---- error codes that are not known for certain
    duplicate_bill_code: int = 13011
    """Same bill number for one vendor in one fiscal year; found in two hand-written fakes only."""
    locked_period_code: int = 1048
    """Date in a locked period (invented)."""
    missing_lines_code: int = 4016
    """No line items (one source)."""
    mandatory_tag_code: int = 11042
    """A mandatory reporting tag is missing (invented)."""
    has_transactions_code: int = 36
    """Deleting what has dependants; 36 and 1004 are named."""
    refuse_inactive_with_open: bool = False
    """A contact with a bill or invoice that is not settled, a draft too, cannot be marked inactive: refused with
    ``has_transactions_code``. Nothing is published of it."""
    payments_applied_code: int = 1004
    """Deleting or voiding a bill with payments or credits applied, or deleting a payment with refunds (uncertain)."""
    over_payment_code: int = 1055
    """More is applied than the payment holds or the bill still owes (invented)."""
    inactive_code: int = 1049
    """An inactive contact, account or tag option is used (invented)."""
    unknown_reference_code: int = 2
    """A body names an id that the organisation does not have."""
    wrong_status_code: int = 1050
    """The document's status does not allow the action (invented)."""
    duplicate_field_code: int = 1051
    """A custom field that rejects duplicates holds this value already (invented)."""
    not_unique_field_code: int = 1052
    """``X-Unique-Identifier-Key`` names no field that rejects duplicates (invented)."""
    exemption_code: int = 1053
    """US: a line has neither tax nor exemption where the organisation demands one (invented)."""
    negative_total_code: int = 1054
    """A bill or vendor credit whose total would be below zero (invented)."""
    feature_off_code: int = 110817
    """The feature (locations, reporting tags) is not enabled for the organisation (one source)."""
