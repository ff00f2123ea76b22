"""Which tables and columns a connection writes and reads: data, not code.

``APO``: Accounts Payable Operations with the Source-to-Pay staging tables; names, lengths and what must be filled are the
vendor's documentation of them, names marked inferred there may differ on an instance and are set by the connection's
settings. Columns that only carry our key are optional: without them rows are known by their contents.

The custom profile has what the settings name and nothing else: tables without a name are neither written nor read. Cost
centres alone are read from the platform's own table, which every instance has.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ml_connector.errors import BadInput

_MONEY = ("total", "subtotal", "tax", "amount")
KEY = "key"  # the column that carries our key
_EVERYWHERE = "cost_center"  # the one kind whose table belongs to the platform
# Kinds of the custom profile that are read back, each with what it is found by, and what asks for it.
_READ_BACK = (
    ("invoice", "external_number", "invoice"),
    ("line", "invoice", "line"),
    ("payment", KEY, "payment"),
    ("supplier", "name", "invoice"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a staging table. ``length`` in characters, 0 where it is not documented."""

    name: str
    length: int = 0
    mandatory: bool = False
    optional: bool = False  # nothing is lost where the instance has no such column


@dataclass(frozen=True, slots=True)
class Staging:
    """A staging table: fields of ours to columns. ``found_by`` is the field that rows of one document share."""

    title: str
    table: str
    target: str
    found_by: str
    columns: Mapping[str, Column] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shown:
    """A table that is read: fields of ours to columns, dots follow references. Without columns there is none."""

    table: str
    columns: Mapping[str, str]

    @property
    def asked(self) -> tuple[str, ...]:
        """All columns, and for amounts the parts of an FX value, which the instance leaves out where there are none."""
        money = [self.columns[name] for name in _MONEY if name in self.columns]
        return (*self.columns.values(), *(f"{column}.{part}" for column in money for part in ("amount", "currency")))


@dataclass(frozen=True, slots=True)
class Profile:
    """All tables of a connection."""

    staging: Mapping[str, Staging]
    shown: Mapping[str, Shown]


def _must(name: str, length: int = 0) -> Column:
    return Column(name, length, mandatory=True)


_KEY = Column("u_third_party_import_id", optional=True)
_ERP, _SOURCE = Column("u_erp_source", optional=True), Column("u_external_invoice_source", optional=True)
_REMIT = {
    "remit_city": Column("u_remit_to_city", 100),
    "remit_state": Column("u_remit_to_state_or_province", 100),
    "remit_zip": Column("u_remit_to_zip_or_postal_code", 100),
    "remit_country": Column("u_remit_to_country", 100),
}
_INVOICE = Staging(
    "invoice", "sn_spend_intg_imp_invoice", "sn_shop_invoice", "external_number",
    {
        "erp_source": _must("u_erp_source"), "external_source": _must("u_external_invoice_source"),
        "external_number": _must("u_external_invoice_number", 40), "number": Column("u_supplier_invoice_number", 100),
        "supplier": _must("u_supplier", 100), "type": _must("u_invoice_type", 100), "date": _must("u_invoice_date", 40),
        "currency": _must("u_currency", 40), "subtotal": _must("u_subtotal", 40), "other": _must("u_other_charges", 100),
        "shipping": Column("u_shipping_amount", 40), "discount": Column("u_discounts", 100),
        "total": _must("u_amount_invoiced", 40), "tax": Column("u_tax_amount", optional=True),
        "terms": Column("u_payment_terms", 100), "legal_entity": Column("u_legal_entity", 100),
        "owner": Column("u_business_owner", 40), "order": Column("u_purchase_order", 40),
        "erp_number": Column("u_erp_number", 40), "lines": Column("u_invoice_line_count", 40),
        "inbound_source": Column("u_inbound_source"), KEY: _KEY, "remit_street": Column("u_remit_address", 100), **_REMIT,
    },
)  # fmt: skip
_LINE = Staging(
    "invoice line", "sn_spend_intg_imp_invoice_line", "sn_shop_invoice_line", "external_number",
    {
        "erp_source": _must("u_erp_source"), "external_source": _must("u_external_invoice_source"),
        "external_number": _must("u_external_invoice_number", 40), "description": _must("u_line_description", 40),
        "quantity": _must("u_line_quantity", 40), "price": _must("u_line_unit_price", 40),
        "subtotal": _must("u_subtotal", 100), "amount": Column("u_line_amount_invoiced", 40),
        "currency": Column("u_currency", 40), "cost_center": Column("u_cost_center", 40),
        "account": Column("u_gl_account", 40), "tax_code": Column("u_tax_code", 100),
        "tax": Column("u_tax_amount", 40), "part": Column("u_supplier_part_number", 100),
        "line": Column("u_erp_line_number", optional=True), KEY: _KEY,
    },
)  # fmt: skip
_TAX = Staging(
    "tax line", "sn_spend_intg_imp_invoice_tax_line", "sn_shop_invoice_tax_line", "external_number",
    {
        "erp_source": _ERP, "external_source": _SOURCE, "external_number": _must("u_external_invoice_number", 40),
        "type": Column("u_tax_type", 100), "rate": Column("u_supplier_tax_rate", 100), "tax": _must("u_tax_amount", 40),
        "currency": Column("u_currency", optional=True), KEY: _KEY,
    },
)  # fmt: skip
_PAYMENT = Staging(
    "payment", "sn_spend_intg_imp_invoice_payment_detail", "sn_shop_invoice_payment_detail", "invoice",
    {
        "erp_source": _must("u_erp_source"), "invoice": _must("u_erp_invoice_number", 40),
        "supplier": _must("u_erp_supplier_code", 100), "amount": _must("u_payment_amount", 40),
        "currency": _must("u_currency", 40), "date": _must("u_payment_date", 40),
        "scheduled": _must("u_scheduled_payment_date", 40), "method": _must("u_payment_method", 40),
        "number": _must("u_payment_reference_id", 40), "remit_street": _must("u_remit_to_street", 100),
        **{name: replace(column, mandatory=True) for name, column in _REMIT.items()}, KEY: _KEY,
    },
)  # fmt: skip
_COST_CENTER = Staging(
    "cost centre", "sn_fcms_intg_imp_cost_center", "cmn_cost_center", "number",
    {
        "erp_source": Column("u_erp_source"), "number": _must("u_account_number", 40), "code": Column("u_code", 40),
        "name": _must("u_name", 100), "valid_from": Column("u_valid_from", 40), "valid_to": Column("u_valid_to", 40),
        "legal_entity": Column("u_legal_entity", 40), KEY: _KEY,
    },
)  # fmt: skip
_SUPPLIER = Staging(
    "supplier", "sn_fcms_intg_imp_supplier", "sn_fin_supplier", "supplier",
    {
        "erp_source": Column("u_erp_source"), "supplier": _must("u_erp_supplier_code", 40),
        "name": _must("u_legal_name", 80), "street": Column("u_street_address", 255), "city": Column("u_city", 50),
        "state": Column("u_state_province", 40), "zip": Column("u_zip_postal_code", 40),
        "country": Column("u_country", 40), "phone": Column("u_primary_phone_number", 40),
        "currency": Column("u_currency", optional=True), KEY: _KEY,
    },
)  # fmt: skip
_LOCATION = Staging(
    "supplier location", "sn_fcms_intg_supplier_location_inbound", "sn_slm_m2m_location", "supplier",
    {
        "erp_source": _ERP, "supplier": _must("u_erp_supplier_code", 40), "name": Column("u_name", 100, optional=True),
        "street": Column("u_street_address", 255), "city": Column("u_city", 50), "state": Column("u_state_province", 40),
        "zip": Column("u_zip_postal_code", 40), "country": Column("u_country", 40), KEY: _KEY,
    },
)  # fmt: skip
_CONTACT = Staging(
    "supplier contact", "sn_fcms_intg_supplier_contact_inbound", "vm_vdr_contact", "email",
    {
        "erp_source": _ERP, "supplier": Column("u_erp_supplier_code", 40, optional=True),
        "first_name": Column("u_first_name", 40), "last_name": Column("u_last_name", 40), "email": _must("u_email", 100),
        KEY: _KEY,
    },
)  # fmt: skip
APO = Profile(
    {
        "invoice": _INVOICE, "line": _LINE, "tax": _TAX, "payment": _PAYMENT, "cost_center": _COST_CENTER,
        "supplier": _SUPPLIER, "location": _LOCATION, "contact": _CONTACT,
    },
    {
        "invoice": Shown("sn_shop_invoice", {
            "our_number": "number", "external_number": "external_invoice_number", "number": "supplier_invoice_number",
            "external_source": "external_invoice_source", "erp_number": "erp_number", "state": "state", "type": "type",
            "supplier": "supplier", "supplier_name": "supplier.related_company.name", "date": "invoice_date",
            "due_date": "due_date", "currency": "currency", "subtotal": "subtotal", "tax": "tax_amount",
            "total": "invoice_amount", "legal_entity": "legal_entity", "terms": "payment_terms",
            "order": "purchase_order", "posting": "erp_integration_status", KEY: "third_party_import_id",
        }),
        "line": Shown("sn_shop_invoice_line", {
            "invoice": "invoice", "description": "line_description", "amount": "sub_total",
            "account": "ledger_account", "cost_center": "cost_center", KEY: "third_party_import_id",
        }),
        "payment": Shown("sn_shop_invoice_payment_detail", {
            "invoice": "invoice", "invoice_number": "invoice.erp_number", "supplier": "invoice.supplier",
            "amount": "payment_amount", "currency": "currency", "date": "payment_date", "method": "payment_method",
            "number": "payment_reference_id", "state": "state", KEY: "third_party_import_id",
        }),
        "supplier": Shown("sn_fin_supplier", {
            "name": "related_company.name", "other_name": "name", "street": "related_company.street",
            "city": "related_company.city", "state": "related_company.state", "zip": "related_company.zip",
            "country": "related_company.country", "supplier_code": "erp_supplier_code", "active": "active",
        }),
        "account": Shown("sn_fin_gl_account", {
            "number": "gl_account", "name": "display_name", "type": "type", "inactive": "inactive",
            "currency": "account_currency", "legal_entity": "legal_entity",
        }),
        "cost_center": Shown("cmn_cost_center", {
            "name": "name", "code": "code", "number": "account_number", "valid_from": "valid_from",
            "valid_to": "valid_to",
        }),
        "legal_entity": Shown("sn_fin_legal_entity", {"name": "name", "number": "company_code", "active": "active"}),
        "payment_term": Shown("sn_shop_payment_term", {"name": "name", "number": "code", "active": "active"}),
        "outbound": Shown("sn_spend_intg_outbound_invoice", {
            "invoice": "invoice", "status": "integration_status", "message": "processing_message",
        }),
        "task": Shown("sn_shop_erp_error_task", {
            "invoice": "invoice", "number": "number", "state": "state", "description": "description",
        }),
    },
)  # fmt: skip
_EMPTY = re.compile(r"[\s;,]+")
_ENTRY = re.compile(r"(?P<field>[a-z_]+)=(?P<table>[a-z0-9_]+)\.(?P<column>[a-z0-9_.]*)", re.IGNORECASE)


def profile_of(settings: Mapping[str, str]) -> Profile:
    """The tables of a connection: APO's with what the settings put in place, or the custom profile. Raises BadInput."""
    custom = is_custom(settings)
    staging = {
        kind: _staging(kind, one, entries(settings, f"{kind}_columns"), alone=custom)
        for kind, one in APO.staging.items()
    }
    shown = {
        kind: _shown(kind, one, entries(settings, f"read_{kind}_columns"), alone=custom and kind != _EVERYWHERE)
        for kind, one in APO.shown.items()
    }
    if custom:  # what becomes of a row is the company's own affair, as far as it is not read back
        staging = {
            kind: replace(one, target=shown[kind].table if kind in shown else "") for kind, one in staging.items()
        }
    return Profile({kind: one for kind, one in staging.items() if one.columns}, shown)


def is_custom(settings: Mapping[str, str]) -> bool:
    """Whether the instance has tables of its owner's instead of those of Accounts Payable Operations."""
    return settings.get("profile", "apo") == "custom"


def require_read_back(settings: Mapping[str, str]) -> None:
    """Raise BadInput where the custom profile stages what is never read again: then nothing would be known of it."""
    profile = profile_of(settings)
    for kind, found_by, asked_for in _READ_BACK:
        if asked_for not in profile.staging or found_by in profile.shown[kind].columns:
            continue
        title = APO.staging[kind].title
        raise BadInput(
            f"Setting read_{kind}_columns names no column for {found_by}: every {title} is looked up by it before it is "
            f"sent, and read back. Set read_{kind}_columns='{found_by}=TABLE.COLUMN ...' with the table that holds them."
        )


def entries(settings: Mapping[str, str], name: str) -> dict[str, tuple[str, str]]:
    """Field to (table, column) of a setting such as ``number=u_bill.u_number supplier=u_bill.u_vendor``. Raises BadInput."""
    found: dict[str, tuple[str, str]] = {}
    for word in filter(None, _EMPTY.split(settings.get(name, ""))):
        match = _ENTRY.fullmatch(word)
        if match is None:
            raise BadInput(
                f"Setting {name}: {word[:60]!r} is not of the form field=table.column, such as supplier=u_bill.u_code."
            )
        found[match["field"]] = match["table"], match["column"]
    return found


def _staging(kind: str, base: Staging, given: Mapping[str, tuple[str, str]], *, alone: bool) -> Staging:
    """A staging table with columns of the settings; ``alone``: it has no others. A column left empty is not sent."""
    unknown = given.keys() - base.columns.keys()
    if unknown:
        raise BadInput(
            f"Setting {kind}_columns: {', '.join(sorted(unknown))} is no field of an {base.title}; fields are "
            f"{', '.join(base.columns)}."
        )
    columns: dict[str, Column] = {} if alone else dict(base.columns)
    for name, (_, column) in given.items():
        columns[name] = replace(base.columns[name], name=column)
    table = _table(f"{kind}_columns", given)
    kept = {name: column for name, column in columns.items() if column.name}
    if kept and base.found_by not in kept:
        raise BadInput(
            f"Setting {kind}_columns names no column for {base.found_by}: without it nothing is found again."
        )
    return replace(base, table=table or base.table, columns=kept)


def _shown(kind: str, base: Shown, given: Mapping[str, tuple[str, str]], *, alone: bool) -> Shown:
    """A table that is read with columns of the settings; ``alone``: it has no others. A column left empty is not read."""
    unknown = given.keys() - base.columns.keys()
    if unknown:
        raise BadInput(
            f"Setting read_{kind}_columns: {', '.join(sorted(unknown))} is no field that is read there; fields are "
            f"{', '.join(base.columns)}."
        )
    if kind == "supplier" and "supplier_code" in given:
        raise BadInput(
            "Setting read_supplier_columns: the column of the ERP supplier code is named by supplier_code_column alone."
        )
    columns = {} if alone else dict(base.columns)
    columns |= {name: column for name, (_, column) in given.items()}
    kept = {name: one for name, one in columns.items() if one}
    return Shown(_table(f"read_{kind}_columns", given) or (base.table if kept else ""), kept)


def _table(setting: str, given: Mapping[str, tuple[str, str]]) -> str:
    """The one table of a setting's entries; empty where it has none. Raises BadInput."""
    tables = {table for table, _ in given.values()}
    if len(tables) > 1:
        raise BadInput(f"Setting {setting} names several tables: {', '.join(sorted(tables))}; give one.")
    return next(iter(tables), "")
