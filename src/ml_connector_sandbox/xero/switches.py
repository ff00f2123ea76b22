"""Every uncertain fact about Xero as one documented switch; the defaults are the likeliest behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Settings of the emulator that may change while it runs. A switch of words lists them in its sentence."""

    # ---- consent and tokens
    auto_consent: bool = False
    """The consent page answers at once with the redirect, as if the person had accepted."""
    consent_user: str = ""
    """E-mail of the person who is signed in at the consent page; empty: the first user on record."""
    consent_organisations: str = ""
    """Organisation ids, with commas, that the person ticks; empty: all of that person's."""
    grace_refresh: str = "further"
    """A rotated refresh token tried again in its 30 minutes: ``further`` gives one more pair beside the first,
    ``replaces`` kills the first new one, ``repeats`` answers the first new one again."""
    custom_connection_tenant_header: bool = True
    """A custom connection may send ``Xero-tenant-id``. Off: only an absent or empty one is accepted."""
    error_keys_lower_case: bool = False
    """401 and 403 bodies have ``title``, ``status``, ``detail`` instead of capitals; both were recorded."""
    missing_scope_status: int = 401
    """401 or 403 when the token lacks the resource's scope."""
    missing_scope_word: str = "insufficient_scope"
    """The word in ``WWW-Authenticate``; ``insufficent_scope``, misspelt, was seen, too."""
    expired_organisation: str = "forbidden"
    """What an organisation whose trial, demo or subscription has ended answers: ``forbidden`` as one that is not
    connected, ``offline`` with 503, ``shown`` lets it be read with a status of its own and refuses every write. That
    its status is ACTIVE only while the API reaches it is published, and no more."""

    # ---- limits and time
    limits: bool = True
    """Rate limits and concurrency are enforced."""
    minute_rolls: bool = False
    """The 60 calls count in any 60 seconds. Off: in fixed minutes that begin at a second of the tenant's own."""
    day_rolls: bool = False
    """The day's calls count in any 24 hours. Off: in fixed days that begin at a time of the tenant's own."""
    day_begins: int | None = None
    """The second of the day, UTC, at which the fixed days begin; None: a time of the tenant's own."""
    app_minute_limit: int = 10_000
    """Calls of one app in a minute over all tenants; the vendor's is 10,000, and a test may lower it."""
    app_minute_word: str = "appminute"
    """``X-Rate-Limit-Problem`` when the app's minute is full."""
    rapid_sync: bool = False
    """Apps of the Plus tier and above have no minute and day limit for a connection's first 30 minutes."""
    largest_request: int = 3_670_016
    """Bytes of a request: 3.5 MB on one page of the vendor, 10 MB on another."""
    latency_seconds: float = 0.0
    """Sandbox seconds an API call stays under way before it is handled; makes the concurrency limit reachable."""

    # ---- answers
    extra_fields: bool = False
    """Adds an undocumented field to every object of every successful answer: the API grows by addition."""
    updated_string: bool = True
    """``UpdatedDateUTCString`` is sent, as recorded since July 2026. Off: as before."""

    # ---- idempotency
    idempotency_seconds: float = 360
    """How long an answer is kept under its key. 0: a call that comes again is carried out again."""
    idempotency_waits: bool = True
    """A second call under way with the same key waits for the first one's answer. Off: it is refused with 400."""
    idempotency_validation_shape: bool = True
    """A refused key is answered like a failed validation. Off: like a 401, with title and detail."""

    # ---- reading
    largest_page: int = 1000
    """Rows of a page at most; more that are asked for are clamped in silence, as the vendor does at 1,000."""
    modified_since_inclusive: bool = True
    """``If-Modified-Since`` finds rows changed in that very second. Off: only later seconds."""
    modified_since_304: bool = False
    """An empty answer to ``If-Modified-Since`` is 304 without a body instead of 200 with an empty array."""
    deleted_orders_listed: bool = False
    """Deleted purchase orders stand in lists; none was ever seen there."""
    order_contact_stamp_ahead: bool = False
    """``Contact.UpdatedDateUTC`` inside purchase orders is the organisation's local time called UTC (one recording)."""
    payment_list_rate_zero: bool = False
    """Rows of the payment list show ``CurrencyRate`` 0."""

    # ---- writing
    payments_atomic: bool = False
    """One failing payment of a batch leaves all of them unmade, with zero ids (a report of 2018)."""
    answers_reversed: bool = False
    """Elements of a batch come back in another order than sent; the order is not guaranteed."""
    half_cent: str = "up"
    """Half a cent of tax or of a line goes ``up`` (away from zero) or to the ``even`` cent."""
    void_frees_number: bool = False
    """The number of a voided or deleted invoice can be used again."""
    contact_match: str = "number,name"
    """How ``POST /Contacts`` finds the contact it updates after the id: ``number,name`` or ``name,number``."""
    persons_dropped: bool = True
    """Contact persons that an update does not send again are dropped. Off: they stay unless the array is sent."""
    zero_total_paid: bool = True
    """An approved document of 0.00 is PAID at once. Off: it stays AUTHORISED."""
    negative_total_refused: bool = True
    """A document whose total is below zero is refused."""
    lock_binds_drafts: bool = True
    """Lock dates refuse drafts, too. Off: only what is posted."""
    lock_date_text: str = "%d %B %Y"
    """How a lock date is written in the refusal, and what stands behind it; the vendor's format is not known."""
    bank_credit_reference: bool = True
    """Over- and prepayments keep their Reference, by which their list filters. Off: it is dropped, as the published
    document says of bank transactions of these types."""
    order_steps_back: bool = False
    """A purchase order may go back from AUTHORISED to DRAFT or SUBMITTED and from BILLED to any of them."""
    applied_credit_fixed: bool = True
    """A credit note of which something is applied or given back takes no change at all. Off: what an invoice that is
    paid in part takes; never another contact while it is applied."""
    deleted_payment_reopens: bool = True
    """A paid document is AUTHORISED again when a payment of it is deleted. Off: it stays PAID."""
    deleted_payment_moves: bool = True
    """Deleting a payment moves the payment's own ``UpdatedDateUTC``."""

    # ---- webhooks
    payment_fires_invoice: bool = True
    """A payment announces INVOICE UPDATE, as its invoice changes."""
    webhook_intent: bool = True
    """A new subscription is tried first with signed and wrongly signed empty deliveries. Off: it counts at once."""
    webhook_sequence_gaps: bool = False
    """Sequence numbers skip between deliveries."""
    webhook_retry_seconds: str = "0" + ",900" * 96
    """Sandbox seconds between attempts: at once, then every 15 minutes for 24 hours."""
    webhook_time_out_seconds: float = 5.0
    """Machine seconds an answer may take."""
