"""The named settings of a ServiceNow connection: what differs between instances or is not documented, with the outcome."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.currencies import CURRENCIES
from ml_connector.connectors.base import SettingField
from ml_connector.connectors.servicenow import own_lists, profiles
from ml_connector.errors import BadInput

_YES_NO = ("yes", "no")
_NO_YES = ("no", "yes")
_METHODS = "bank_transfer, cash_payment, cheque, credit_card, debit_card, wire_transfer"

_FIELDS = (
    SettingField(
        "profile", "apo",
        "apo: the staging tables of Accounts Payable Operations. custom: tables of your own, and only those columns that the "
        "column settings name; cost centres are read from cmn_cost_center, which every instance has.", ("apo", "custom"),
    ),
    SettingField(
        "erp_source", "ZOHO",
        "Name of the ERP source in ServiceNow (table sn_fin_erp_source) that stands for this ledger; it goes into every row. "
        "Wrong, and GL accounts, cost centres and suppliers are not found there.",
    ),
    SettingField(
        "external_source", "ZOHO-BOOKS",
        "External invoice source, one per organisation of the ledger; with the bill's id it is what an invoice is known by. "
        "Changed, and bills already there are not recognised.",
    ),
    SettingField("batch", "yes", "Several requests in one Batch call. no: each row is a call of its own.", _YES_NO),
    SettingField(
        "rows_per_batch", "50",
        "Most requests in one Batch call. The instance stops a Batch call after 30 seconds; what it did not begin is sent "
        "again, so too many rows cost time.",
    ),
    SettingField(
        "batch_counts", "one",
        "How the instance's rate rules count a Batch call: as one, or every request in it (rows), which divides the number "
        "of calls an hour.", ("one", "rows"),
    ),
    SettingField(
        "coalesces", "no",
        "yes: the transform maps of invoice header, lines and tax lines coalesce on our keys, so an edited bill may be sent "
        "again. Said yes where they do not, an edit makes a second invoice, or its tax is there twice.", _NO_YES,
    ),
    SettingField("rate_per_hour", "5000", "Calls this connection may make in an hour, by the instance's rate limit rules."),
    SettingField("at_once", "2", "Calls under way at once. The instance has four places for all integrations on a node."),
    SettingField("page_rows", "200", "Rows of one page when lists are read. More, and the address may become too long."),
    SettingField(
        "key_length", "40",
        "Characters that the column Third party import ID holds, 32 at least, 0 for any number. Our key is sent in a short "
        "form where it is longer. Set larger than the column is, and keys are cut and rows are sent twice.",
    ),
    SettingField(
        "unseen_rows", "refuse",
        "refuse: suppliers and cost centres are read only while none is hidden from the integration user, and a look-up "
        "before a write counts only where the instance tells how many rows match. accept: it may be otherwise; what is "
        "hidden may then be made a second time.", ("refuse", "accept"),
    ),
    SettingField(
        "unknown_references", "refuse",
        "refuse: nothing is written while a transform map would leave the supplier, legal entity, GL account, cost centre or "
        "invoice of a row blank, or make a new one, where it does not know the number. accept: rows are written; what came "
        "out blank is told only afterwards, and has to be corrected in ServiceNow by hand.", ("refuse", "accept"),
    ),
    SettingField(
        "credit_amounts", "minus",
        "How amounts of a credit memo are spelled: -100.00 or (100.00).", ("minus", "parentheses"), rereads=True,
    ),
    SettingField(
        "amount_places", "two",
        "Decimal places of amounts: always two, or as the currency has them (none for JPY, three for KWD).",
        ("two", "currency"),
    ),
    SettingField(
        "fx_columns", "",
        "Columns of the FX currency kind, as table.column with blanks between: their amounts go as USD;100.00. Left out, "
        "such a column silently stores 0.00.", may_be_empty=True,
    ),
    SettingField(
        "tax_goes", "rows",
        "rows: tax goes in tax lines of its own. lines: as Tax amount of each invoice line.", ("rows", "lines"),
    ),
    SettingField("type_non_po", "non_po_invoice", "The instance's value of Invoice type for an invoice without an order."),
    SettingField("type_po", "invoice", "The instance's value of Invoice type for an invoice of a purchase order."),
    SettingField("type_credit", "credit_memo", "The instance's value of Invoice type for a vendor credit.", rereads=True),
    SettingField(
        "legal_entity_needed", "yes", "yes: a bill without a legal entity is not sent. no: the instance finds one itself.",
        _YES_NO,
    ),
    SettingField(
        "cost_center_needed", "yes", "yes: a bill with a line without a cost centre is not sent.", _YES_NO,
    ),
    SettingField("account_needed", "yes", "yes: a bill with a line without a GL account is not sent.", _YES_NO),
    SettingField(
        "remit_to_needed", "yes", "yes: a payment without street, city, state, ZIP code and country is not sent.", _YES_NO,
    ),
    SettingField(
        "payment_reference", "unique",
        "unique: the payment reference ID ends with a mark of its own, since two payments of one bill under the same "
        "reference become one record where the transform map coalesces on it; number: the payment's number alone.",
        ("unique", "number"),
    ),
    SettingField(
        "payment_methods", "bank_transfer cash_payment cheque credit_card debit_card wire_transfer",
        f"The instance's values of Payment method, with blanks between; {_METHODS} as delivered.",
    ),
    SettingField(
        "supplier_code_column", "erp_supplier_code",
        "Column of the supplier table that holds the ERP supplier code. Wrong, and suppliers come without a code and bills "
        "are held.", rereads=True,
    ),
    SettingField(
        "failed_status", "40", "The value of Integration status that means that the posting failed; 40 as delivered.",
        rereads=True,
    ),
    SettingField(
        "test_instance", "no",
        "yes: this is no production instance, so its documents are marked as tests.", _NO_YES,
    ),
    *own_lists.FIELDS,
    SettingField("currency", "", "The company's currency, where the instance does not tell it.", may_be_empty=True),
)  # fmt: skip


def _columns(name: str, what: str, shown: str, *, rereads: bool = False) -> SettingField:
    return SettingField(
        name, "",
        f"Columns {what} that differ from those as delivered, as field=table.column with blanks between; fields: {shown}. "
        "A wrong name is dropped by the instance without a word; the preflight finds it.",
        rereads=rereads, may_be_empty=True,
    )  # fmt: skip


FIELDS: tuple[SettingField, ...] = (
    *_FIELDS,
    *(
        _columns(f"{kind}_columns", f"of staged rows ({one.title})", ", ".join(one.columns))
        for kind, one in profiles.APO.staging.items()
    ),
    *(
        _columns(f"read_{kind}_columns", f"of the table {one.table}", ", ".join(one.columns), rereads=True)
        for kind, one in profiles.APO.shown.items()
    ),
)
DEFAULTS: Mapping[str, str] = {field.name: field.default for field in FIELDS}
#: Characters of the shortest column in which a reference of ours stands whole.
KEY_LENGTH = 32
_NUMBERS = {"rows_per_batch": 1, "rate_per_hour": 1, "at_once": 1, "page_rows": 1, "key_length": 0}


def of(settings: Mapping[str, str], name: str) -> str:
    """A setting, its default where it is not given."""
    return settings.get(name, DEFAULTS[name]).strip()


def check(settings: Mapping[str, str]) -> None:
    """Raise BadInput for settings that cannot be."""
    for name, least in _NUMBERS.items():
        value = of(settings, name)
        if not value.isdigit() or int(value) < least:
            raise BadInput(f"Setting {name}: {value[:40]!r} is not a whole number of {least} or more.")
    if 0 < int(of(settings, "key_length")) < KEY_LENGTH:
        raise BadInput(
            f"Setting key_length: {of(settings, 'key_length')} characters hold no key of ours. Have the ServiceNow "
            f"administrator lengthen the columns Third party import ID to {KEY_LENGTH} or more, and set as many."
        )
    for name in ("erp_source", "external_source"):
        if not of(settings, name):
            raise BadInput(f"Setting {name} is empty: rows without it are refused by ServiceNow or found by nobody.")
    currency = of(settings, "currency")
    if currency and currency.upper() not in CURRENCIES:
        raise BadInput(f"Setting currency: {currency[:40]!r} is no ISO 4217 code such as USD.")
    for word in of(settings, "fx_columns").replace(",", " ").split():
        if not all(word.partition(".")):
            raise BadInput(
                f"Setting fx_columns: {word[:60]!r} is not of the form table.column, such as "
                "sn_spend_intg_imp_invoice.u_subtotal."
            )
    _require_tables(settings)
    profiles.require_read_back(settings)
    own_lists.check(settings)


def _require_tables(settings: Mapping[str, str]) -> None:
    """Raise BadInput where the custom profile names nothing that could be written."""
    if not profiles.profile_of(settings).staging:
        raise BadInput(
            "Setting profile: custom has no tables but those that the settings name, and none is named. Set invoice_columns "
            "and line_columns, and what else is to be staged, as field=table.column with blanks between; or profile=apo."
        )
