"""Every uncertain fact about ServiceNow as one documented switch; the defaults are the likeliest behaviour."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Switches:
    """Settings of the emulator that may change while it runs. A switch of words lists them in its sentence."""

    # ---- tokens and sessions
    auto_consent: bool = False
    """The consent page answers at once with the redirect, as if the person had accepted. Off: it shows a page."""
    consent_user: str = ""
    """User name of the person at the consent page; empty: the first user of the instance."""
    remaining_life: bool = True
    """A token asked for again says its remaining seconds. Off: its whole life again."""
    refresh_echoed: bool = True
    """The answer to a refresh carries the refresh token again. Off: it is left out; it is kept either way."""
    assertion_audience: str = "client_id"
    """``client_id`` or ``token_endpoint``: what an assertion must name as its audience; the vendor's pages tell both."""
    json_token_status: int = 401
    """Status of a token request whose body is no form; the vendor says only that it fails."""
    session_cookie: bool = True
    """Answers of the APIs set a session cookie."""
    cookie_202: bool = False
    """A call that sends a session cookie back is answered with 202 and not carried out."""

    # ---- limits and time
    limits: bool = True
    """Rate rules, the semaphore and its queue are enforced."""
    rate_flush_seconds: int = 0
    """Calls count only once they are flushed, so a limit bites late; the vendor flushes every 30 seconds."""
    batch_counts_once: bool = False
    """A batch counts as one call. Off: so does every request inside it against its own rule."""
    semaphore_threads: int = 4
    """Calls carried out at once."""
    semaphore_queue: int = 50
    """Calls that wait for a thread; one more is answered with 429."""
    latency_seconds: float = 0.0
    """Sandbox seconds a call stays under way before it is handled; makes the semaphore reachable."""
    batch_item_seconds: float = 0.0
    """Seconds of work each request of a batch is counted with; after 30 the rest is left unserviced."""
    cancelled_item_status: int = 500
    """``status_code`` of a request inside a batch that was cancelled; only its text is published."""
    quota_rows: int = 0
    """A list of more rows is cut off by the quota: 200, with an error object in the middle of the body. 0: none is."""
    list_lag_seconds: float = 0.0
    """Sandbox seconds until a new row is found by lists; reads by sys_id find it at once."""

    stamp_seconds: int = 1
    """Granularity of ``sys_created_on`` and ``sys_updated_on``; the vendor writes whole seconds."""

    # ---- answers
    hibernating: bool = False
    """The instance sleeps: every path answers a page for persons."""
    hibernating_status: int = 200
    """Status of that page."""
    longest_url: int = 8000
    """Characters of path and query; a longer one is answered with 414 and a page."""
    largest_body: int = 10_485_760
    """Bytes of a body; the vendor's default."""
    oversize_status: int = 413
    """413 or 400 for a larger body; only its text is published."""
    missing_path_status: int = 400
    """400 or 404 for a path that no API answers, those of an inactive plug-in among them; both were reported."""
    extra_fields: bool = False
    """Adds an undocumented field to every record of an answer: the API grows by addition."""
    accept_any: bool = True
    """``*/*`` is taken as an Accept header. Off: it is refused with 406."""
    headers_always_needed: bool = False
    """Every request names its Accept, and a DELETE its Content-Type, as the published text says. Off: a request inside a
    batch may go without Accept and a DELETE without Content-Type, as those of the vendor's own Python client do."""

    # ---- reading
    case_insensitive: bool = True
    """Queries compare texts without regard to case, as instances on MySQL and MariaDB do."""
    doubled_caret: bool = True
    """``^^`` in a query is a caret inside a value. Off: a caret always ends a term."""

    # ---- writing
    over_long: str = "cut"
    """A text longer than its column is ``cut``, or ``refused`` as an insert that failed."""
    unique_status: int = 403
    """Status of a write that breaks a unique index or repeats a sys_id; only its text is published."""
    unknown_reference: str = "stored"
    """A raw sys_id that no record has is ``stored`` or ``discarded``; both were reported."""
    plain_currency: str = "zero"
    """A number without ISO code written into a currency column: ``zero`` stores 0.00, ``discarded`` stores nothing."""
    decimals: int = 2
    """Places to which decimal columns are rounded; -1: none."""

    # ---- import sets
    table_post_transforms: bool = True
    """A row put into a staging table by the Table API is transformed at once. Off: it stays pending."""
    async_seconds: int = 5
    """Sandbox seconds after which the rows of an asynchronous import are transformed."""
    insert_multiple_active: bool = True
    """The plug-in for insertMultiple is active. Off: its path does not exist."""
    insert_multiple_by_name: bool = False
    """insertMultiple takes column names as keys. Off: labels."""
    insert_multiple_synchronous: bool = False
    """insertMultiple transforms before it answers."""
    import_status: int = 201
    """201, as seen, or 200, as one page of the documents says."""
    empty_coalesce: str = "skip"
    """A row whose coalescing columns are all empty: ``skip`` or ``insert``."""
    copy_empty: bool = True
    """An empty text of the staging row clears the column when it updates a record. Off: the column is left alone."""
    retention_days: int = 7
    """Import sets older than this are deleted at midnight UTC."""

    # ---- names that nobody printed; they are settled by ``column_names`` when an instance is made or later
    column_names: str = ""
    """``name=other`` pairs with commas: inferred columns that are called otherwise, as ``u_erp_source=u_source_erp``;
    ``table.name=other`` for one table."""
    stage_prefix: str = "u_"
    """What columns of the finance tables whose names end in ``_stage`` begin with; empty: nothing."""
    line_number_column: bool = True
    """Invoice lines have the column ``u_erp_line_number``. Off: it is dropped like any unknown name."""

    # ---- transform maps of Accounts Payable Operations; the tables are the truth, a change is written into them
    header_coalesce: str = "u_external_invoice_number,u_external_invoice_source"
    """Staging columns by which an invoice is found again, with commas; empty: every row makes an invoice."""
    line_coalesce: str = "u_external_invoice_number,u_erp_line_number"
    """The same for invoice lines. Without a line number among them no two lines can be told apart."""
    tax_coalesce: str = "u_external_invoice_number,u_tax_type"
    """The same for tax lines."""
    payment_coalesce: str = "u_erp_invoice_number,u_payment_reference_id"
    """The same for payments."""
    cost_center_coalesce: str = "u_account_number"
    """The same for cost centres."""
    supplier_coalesce: str = "u_erp_supplier_code"
    """The same for suppliers."""
    contact_coalesce: str = "u_email"
    """The same for supplier contacts."""
    choice_supplier: str = "reject"
    """``create``, ``ignore`` or ``reject``: what an unknown supplier code does."""
    choice_cost_center: str = "reject"
    """What an unknown cost centre on a line does; see ``choice_supplier``."""
    choice_gl_account: str = "reject"
    """What an unknown GL account on a line does."""
    choice_payment_terms: str = "ignore"
    """What unknown payment terms do."""
    choice_legal_entity: str = "reject"
    """What an unknown company code does."""
    choice_business_owner: str = "ignore"
    """What an unknown e-mail address of a business owner does."""
    mandatory_enforced: bool = True
    """A staging row without a value in a mandatory column is an error. Off: it is transformed all the same."""
    mapping_required: bool = True
    """A supplier or cost centre is found only with its row in ``sn_fin_erp_source_mapping`` for the ERP source."""
    erp_number_inbound: bool = True
    """``u_erp_number`` of a staged invoice is kept, so that payments attach at once. Off: it is dropped, and payments
    find the invoice only when the outbound record got its ERP number."""
    locked_when_approved: bool = True
    """The map ignores rows for an invoice that was approved or ended. Off: it changes it."""
    payments_pay: bool = True
    """An invoice pending payment is paid once its payments reach its amount. Off: somebody has to say so."""

    # ---- plug-ins
    plugin_inactive: bool = False
    """Source-to-Pay and Accounts Payable are not active: none of their tables exists."""
