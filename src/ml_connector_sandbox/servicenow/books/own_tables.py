"""A company's own tables on an instance without Accounts Payable: staging, targets and the maps between them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ml_connector_sandbox.servicenow.books import staging_tables as staged
from ml_connector_sandbox.servicenow.books.dictionary import Column, TableDefinition, columns, table, with_choices
from ml_connector_sandbox.servicenow.books.maps import MapDefinition

STATES = (
    ("received", "Received"), ("in_review", "In review"), ("pending_approval", "Pending approval"),
    ("exceptions_found", "Exceptions found"), ("approved", "Approved"), ("paid", "Paid"), ("rejected", "Rejected"),
    ("canceled", "Canceled"),
)  # fmt: skip
_TEXTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "u_ml_bill": ("ML Bill", staged.HEADER),
        "u_ml_bill_line": ("ML Bill Line", staged.LINE.replace("Line description!", "Line description:255!")),
        "u_ml_bill_tax": ("ML Bill Tax", staged.TAX),
        "u_ml_payment": ("ML Payment", staged.PAYMENT),
        "u_ml_supplier": ("ML Supplier", staged.SUPPLIER),
        "u_ml_supplier_contact": ("ML Supplier Contact", staged.CONTACT),
        "u_ml_cost_center": ("ML Cost Center", staged.COST_CENTER),
    }
)
_COALESCE: Mapping[str, str] = MappingProxyType(
    {
        "u_ml_bill": "u_external_invoice_number,u_external_invoice_source",
        "u_ml_bill_line": "u_external_invoice_number,u_erp_line_number",
        "u_ml_bill_tax": "u_external_invoice_number,u_tax_type",
        "u_ml_payment": "u_erp_invoice_number,u_payment_reference_id",
        "u_ml_supplier": "u_erp_supplier_code",
        "u_ml_supplier_contact": "u_email",
    }
)
_REFERENCES: Mapping[str, tuple[tuple[str, str, str, str], ...]] = MappingProxyType(
    {
        "u_ml_bill": (("u_supplier", "u_supplier", "u_ml_supplier_record", "own_supplier"),),
        "u_ml_bill_line": (
            ("u_external_invoice_number", "u_bill", "u_ml_bill_record", "own_invoice"),
            ("u_cost_center", "u_cost_center", "cmn_cost_center", "own_cost_center"),
        ),
        "u_ml_bill_tax": (("u_external_invoice_number", "u_bill", "u_ml_bill_record", "own_invoice"),),
        "u_ml_payment": (("u_erp_invoice_number", "u_bill", "u_ml_bill_record", "own_erp_invoice"),),
        "u_ml_supplier_contact": (("u_erp_supplier_code", "u_supplier", "u_ml_supplier_record", "own_supplier"),),
    }
)
"""Staging table -> staging column, the target's column, the table it refers to, the look-up."""
_AMOUNTS = frozenset(
    {
        "u_subtotal", "u_other_charges", "u_shipping_amount", "u_discounts", "u_amount_invoiced", "u_tax_amount",
        "u_line_unit_price", "u_line_amount_invoiced", "u_payment_amount",
    }
)  # fmt: skip
_CENTRES = "u_account_number account_number\nu_code code\nu_name name\nu_valid_from valid_from\nu_valid_to valid_to"


def own_tables() -> list[TableDefinition]:
    """Staging tables and their targets; the names of their columns are the company's own and certain."""
    made = []
    for name, (label, text) in _TEXTS.items():
        made.append(table(name, label, text.replace("?\n", "\n"), extends=staged.ROW))
        if name in _COALESCE:
            made.append(_target(name, label, text))
    return made


def own_maps() -> list[MapDefinition]:
    """One map for each staging table."""
    made = []
    for name, coalesce in _COALESCE.items():
        references = _REFERENCES.get(name, ())
        pairs = [f"{one.name} {one.name}" for one in columns(_TEXTS[name][1]) if not _is_reference(references, one)]
        pairs += [f"{source} {target}" for source, target, _, _ in references]
        choices = tuple((source, "reject") for source, _, _, _ in references)
        made.append(
            MapDefinition(f"{_TEXTS[name][0]} map", name, f"{name}_record", "\n".join(pairs), coalesce, choices)
        )
    centre = MapDefinition("ML Cost Center map", "u_ml_cost_center", "cmn_cost_center", _CENTRES, "u_account_number")
    return [*made, centre]


def _is_reference(references: tuple[tuple[str, str, str, str], ...], column: Column) -> bool:
    return any(target == column.name for _, target, _, _ in references)


def _target(name: str, label: str, text: str) -> TableDefinition:
    display = {"u_ml_supplier": "u_legal_name", "u_ml_supplier_contact": "u_email"}.get(name, "number")
    number = {"u_ml_bill": "BILL", "u_ml_payment": "BPAY"}.get(name, "")
    made = table(f"{name}_record", f"{label} Record", "number=Number:40", display=display, number=number)
    for one in columns(text):
        one.mandatory, one.canonical = False, ""
        one.type = "decimal" if one.name in _AMOUNTS else one.type
        made.columns[one.name] = one
    for _, target, to, lookup in _REFERENCES.get(name, ()):
        made.columns[target] = Column(
            name=target, label=target[2:].title(), type="reference", reference=to, lookup=lookup
        )
    if name == "u_ml_bill":
        made.columns["u_state"] = Column(name="u_state", label="State", type="choice", default="received")
        with_choices(made, "u_state", *STATES)
    return made
