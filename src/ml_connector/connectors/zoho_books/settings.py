"""The connection's named settings: uncertain facts of Zoho Books, and choices it leaves open, each with its consequence."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.connectors.base import SettingField

REFERENCE_FIELD = "cf_ml_connector_ref"
ITEM, ACCOUNT = "item", "account"
DUPLICATE_NAMES = "duplicate_names"
UPSERT = "upsert"
_TREATMENTS = "Empty: none is sent. The words are Zoho's own."

_READING: tuple[SettingField, ...] = (
    SettingField(
        "reference_field",
        REFERENCE_FIELD,
        "API name of the custom field that holds our reference on bills and contacts, and on invoices, credit notes, "
        "customer payments and items where flows write them. It must reject duplicates: then nothing can be posted twice. "
        "Empty: the reference is the last line of the notes or the description, which customers see on an invoice, and "
        "documents are found by party and number, which is weaker.",
        rereads=True,
        may_be_empty=True,
    ),
    SettingField(
        "trial",
        "no",
        "A trial of a paid plan has 1,000 calls a day, which the plan's name does not tell.",
        ("no", "yes"),
    ),
    SettingField(
        "lock_date_is_locked",
        "yes",
        "Zoho's pages disagree whether a document may be dated on the lock date itself. Yes holds it.",
        ("yes", "no"),
    ),
    SettingField(
        "tax_rounding",
        "document",
        "How the organisation rounds tax: once per tax over the document, or on every line. Wrong, and totals of "
        "taxed documents may not tie by a cent and are held.",
        ("document", "line"),
    ),
    SettingField(
        "projects",
        "no",
        "Whether projects are read with reporting tags and locations, for flows from Zoho Books that code by them and for "
        "jobs as projects. Yes takes the scope ZohoBooks.projects.READ; where the plan or the consent has none, none are "
        "read.",
        ("no", "yes"),
    ),
    SettingField(
        "purchase_tags",
        "",
        "Mandatory reporting tags, by name or id, with commas between, that Zoho demands of purchases alone. No list of "
        "Zoho's tells of which documents a tag is demanded, so one that is named neither here nor in sales_tags counts for "
        "bills and invoices alike, and what lacks it waits.",
    ),
    SettingField("sales_tags", "", "The same of those that Zoho demands of sales alone."),
    SettingField(
        "contact_types",
        "vendor",
        "Which contacts are read where a flow does not choose: vendors, customers, or both. Flows of customers and invoices "
        "take both.",
        ("vendor", "customer", "both"),
        rereads=True,
    ),
    SettingField(
        DUPLICATE_NAMES,
        "yes",
        "Whether the organisation allows duplicates of the display names of customers and vendors (Zoho Books, Settings, "
        "Preferences, Customers and Vendors), which no list tells. no: a new or renamed customer or vendor whose name any "
        "other contact has, inactive ones and those of the other kind too, gets its ServiceTitan number behind it, as 'John "
        "Smith (ST 1234)', there alone; contacts of both kinds are read for it. Say yes where the organisation does not, and "
        "Zoho refuses the second one.",
        ("yes", "no"),
        rereads=True,
    ),
)
_WRITING: tuple[SettingField, ...] = (
    SettingField(
        "invoice_lines",
        ITEM,
        "What a line of an invoice names. item: an item, whose sales account Zoho books the line on; it is what Zoho's pages "
        "demand. account: the income account itself, without an item, which they do not list and which many organisations "
        "take. Lines of credit notes name the item where the line has one, else the account.",
        (ITEM, ACCOUNT),
    ),
    SettingField(
        "invoices_created_by",
        UPSERT,
        "How an invoice is made. upsert: under our reference, so that a second one cannot be made; Zoho's pages do not say "
        "that such a call keeps the invoice's own number, and where it does not, the invoice is held with both numbers. "
        "number: by the ordinary call, which keeps it; a second one is refused because its number is taken.",
        (UPSERT, "number"),
    ),
    SettingField(
        "currency_sent",
        "foreign",
        "Which documents name their currency. foreign: those in another currency than the organisation's; the others follow "
        "their contact's, which is checked before. always: all of them, a call more for each.",
        ("foreign", "always"),
    ),
    SettingField(
        "payment_mode",
        "Others",
        "The payment mode of customer payments and refunds whose own is not known; Zoho demands one, and takes any word.",
    ),
)
_EDITIONS: tuple[SettingField, ...] = (
    SettingField(
        "edition_fields",
        "required",
        "Whether the tax fields of the organisation's edition must be set here before documents are written. Which of them "
        "Zoho demands is published nowhere; what is set goes with each new document and contact, and a change of a document "
        "leaves it as it is. contact: documents name no treatment, which Zoho then takes from their contact, as it takes "
        "whatever else is not set here; a treatment that is set goes to new contacts alone.",
        ("required", "contact"),
    ),
    SettingField(
        "vat_treatment", "", f"UK: the VAT treatment of documents and new contacts, such as uk. {_TREATMENTS}"
    ),
    SettingField(
        "gst_treatment",
        "",
        f"India: the GST treatment of documents and new contacts, such as business_gst. {_TREATMENTS}",
    ),
    SettingField(
        "source_of_supply", "", "India: the state, two letters, from which bills and vendor credits are supplied."
    ),
    SettingField(
        "destination_of_supply", "", "India: the state, two letters, to which bills and vendor credits are supplied."
    ),
    SettingField(
        "place_of_supply",
        "",
        "India: the state to which invoices and credit notes are supplied. Gulf countries: the emirate or country of "
        "supply of all documents. Zoho's own codes, such as TN or DU.",
    ),
    SettingField(
        "place_of_contact",
        "",
        "India: the state, two letters, of new contacts, by which Zoho knows the place of supply.",
    ),
    SettingField(
        "tax_treatment",
        "",
        "Gulf countries, Mexico, Kenya, South Africa: the tax treatment of documents and new contacts, such as "
        f"vat_registered. {_TREATMENTS}",
    ),
    SettingField(
        "hsn_or_sac", "", "India, Kenya, South Africa: the HSN or SAC code of every line of documents, and of items."
    ),
    SettingField(
        "cfdi_usage",
        "",
        "Mexico: what invoices and credit notes are used for, in Zoho's words, such as general_expense.",
    ),
    SettingField(
        "payment_form",
        "",
        "Mexico: the form of payment of customer payments and credit notes, in Zoho's words, such as cash.",
    ),
    SettingField(
        "sat_item_key_code",
        "",
        "Mexico: the SAT key of goods and services on lines of invoices and credit notes, and items.",
    ),
    SettingField("unitkey_code", "", "Mexico: the SAT key of the unit on the same lines and items, such as E48."),
    SettingField(
        "reverse_charge",
        "no",
        "South Africa: whether the domestic reverse charge applies to invoices and credit notes, which name it either way.",
        ("no", "yes"),
    ),
    SettingField(
        "tax_exemption",
        "",
        "USA, Canada, Australia, India: the id of the tax exemption that lines without a tax get. Zoho Books, Settings, "
        "Taxes, Tax Exemptions; the id ends the address of its page.",
    ),
    SettingField(
        "exempt_contact",
        "",
        "The same for customers who are exempt: the id of an exemption of type customer.",
    ),
    SettingField(
        "exemption_demanded",
        "no",
        "Whether Zoho refuses lines without a tax that name no exemption, as some organisations in the USA, Canada, "
        "Australia and India do. yes: nothing is written until tax_exemption is set.",
        ("no", "yes"),
    ),
)
FIELDS = (*_READING, *_WRITING, *_EDITIONS)


def reference_field_of(settings: Mapping[str, str]) -> str:
    """The custom field our reference stands in; empty when it stands in the notes."""
    return settings.get("reference_field", REFERENCE_FIELD).strip()


def contact_types_of(settings: Mapping[str, str]) -> str:
    """Which contacts are read where a flow does not choose; all, where a name of one kind is taken for the other."""
    return "both" if settings.get(DUPLICATE_NAMES) == "no" else settings.get("contact_types", "vendor")
