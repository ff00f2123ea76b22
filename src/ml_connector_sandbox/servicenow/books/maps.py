"""The transform maps that come with Accounts Payable Operations, and those of the company's own tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MapDefinition:
    """A map as it is shipped. ``entries``: staging column and target column in each line.

    ``coalesce``: the switch that names its coalescing columns, or those columns themselves. ``choices``: staging column
    -> the switch that names its choice action, or the action itself; ``create`` for the others.
    """

    name: str
    source: str
    target: str
    entries: str
    coalesce: str
    choices: tuple[tuple[str, str], ...] = ()


_REMIT = """
u_remit_to_city remit_to_city
u_remit_to_state_or_province remit_to_state_or_province
u_remit_to_zip_or_postal_code remit_to_zip_or_postal_code
u_remit_to_country remit_to_country
"""
_HEADER = """
u_erp_source erp_source
u_external_invoice_source external_invoice_source
u_external_invoice_number external_invoice_number
u_supplier_invoice_number supplier_invoice_number
u_supplier supplier
u_invoice_type type
u_invoice_date invoice_date
u_subtotal subtotal
u_tax_amount tax_amount
u_other_charges other_charges
u_shipping_amount shipping_amount
u_discounts discounts
u_amount_invoiced invoice_amount
u_purchase_order purchase_order
u_payment_terms payment_terms
u_legal_entity legal_entity
u_business_owner business_owner
u_erp_number erp_number
u_invoice_line_count invoice_line_count
u_original_invoice original_invoice
u_inbound_source channel
u_third_party_import_id third_party_import_id
u_remit_address remit_to_street
"""
_LINE = """
u_external_invoice_number invoice
u_erp_line_number erp_line_number
u_line_description line_description
u_line_quantity invoiced_quantity
u_line_unit_price line_unit_price
u_subtotal sub_total
u_line_amount_invoiced amount_invoiced
u_tax_amount tax_amount
u_tax_code tax_code
u_uom uom
u_purchase_order_line order_line
u_cost_center cost_center
u_gl_account ledger_account
u_third_party_import_id third_party_import_id
"""
_TAX = """
u_external_invoice_number invoice
u_tax_type tax_type
u_supplier_tax_rate tax_rate
u_tax_amount tax_amount
"""
_PAYMENT = """
u_erp_invoice_number invoice
u_erp_supplier_code supplier
u_payment_amount payment_amount
u_payment_date payment_date
u_scheduled_payment_date scheduled_payment_date
u_payment_method payment_method
u_payment_reference_id payment_reference_id
u_remit_to_street remit_to_street
u_third_party_import_id third_party_import_id
"""
_COST_CENTER = """
u_account_number account_number
u_code code
u_name name
u_manager manager
u_valid_from valid_from
u_valid_to valid_to
"""
_SUPPLIER = """
u_erp_supplier_code erp_supplier_code
u_legal_name legal_name
u_tax_id tax_id
u_country registration_country
u_street_address street_address
u_city city
u_state_province state_province
u_zip_postal_code zip_postal_code
u_primary_phone_number primary_phone_number
u_url url
u_payment_term payment_term
u_status status
"""
_LOCATION = """
u_erp_supplier_code supplier
u_street_address street_address
u_city city
u_state_province state_province
u_zip_postal_code zip_postal_code
u_country country
"""
_GL_ACCOUNT = """
u_number number
u_display_name display_name
u_type type
u_category category
u_legal_entity legal_entity
u_erp_source erp_source
u_inactive inactive
"""
_REJECTED = (("u_external_invoice_number", "reject"), ("u_erp_source", "reject"))
PAYABLES = (
    MapDefinition(
        "Invoice import", "sn_spend_intg_imp_invoice", "sn_shop_invoice", _HEADER + _REMIT, "header_coalesce",
        (
            ("u_supplier", "choice_supplier"), ("u_payment_terms", "choice_payment_terms"),
            ("u_legal_entity", "choice_legal_entity"), ("u_business_owner", "choice_business_owner"),
            ("u_erp_source", "reject"), ("u_invoice_type", "reject"),
        ),
    ),
    MapDefinition(
        "Invoice line import", "sn_spend_intg_imp_invoice_line", "sn_shop_invoice_line", _LINE, "line_coalesce",
        (*_REJECTED, ("u_cost_center", "choice_cost_center"), ("u_gl_account", "choice_gl_account")),
    ),
    MapDefinition(
        "Invoice tax line import", "sn_spend_intg_imp_invoice_tax_line", "sn_shop_invoice_tax_line", _TAX,
        "tax_coalesce", _REJECTED,
    ),
    MapDefinition(
        "Invoice payment detail import", "sn_spend_intg_imp_invoice_payment_detail", "sn_shop_invoice_payment_detail",
        _PAYMENT + _REMIT, "payment_coalesce",
        (("u_erp_invoice_number", "reject"), ("u_erp_supplier_code", "reject"), ("u_payment_method", "reject")),
    ),
    MapDefinition(
        "Master data cost center", "sn_fcms_intg_imp_cost_center", "cmn_cost_center", _COST_CENTER,
        "cost_center_coalesce", (("u_manager", "ignore"),),
    ),
    MapDefinition(
        "Master data supplier", "sn_fcms_intg_imp_supplier", "sn_fin_supplier", _SUPPLIER, "supplier_coalesce",
        (("u_payment_term", "choice_payment_terms"),),
    ),
    MapDefinition(
        "Transform supplier contact details", "sn_fcms_intg_supplier_contact_inbound", "vm_vdr_contact",
        "u_first_name first_name\nu_last_name last_name\nu_email email\nu_erp_supplier_code vendor", "contact_coalesce",
        (("u_erp_supplier_code", "ignore"),),
    ),
    MapDefinition(
        "Load supplier address information", "sn_fcms_intg_supplier_location_inbound", "sn_slm_m2m_location", _LOCATION,
        "u_erp_supplier_code,u_street_address", (("u_erp_supplier_code", "reject"),),
    ),
    MapDefinition(
        "GL account load data", "sn_fcms_intg_gl_account_stage", "sn_fin_gl_account", _GL_ACCOUNT,
        "u_number,u_erp_source", (("u_erp_source", "reject"), ("u_legal_entity", "reject")),
    ),
    MapDefinition(
        "Transform legal entities", "sn_fcms_intg_legal_entity_stage", "sn_fin_legal_entity",
        "u_erp_source erp_source\nu_company_code company_code\nu_name name\nu_currency currency", "u_company_code",
        (("u_erp_source", "reject"),),
    ),
    MapDefinition(
        "Load payment terms", "sn_fcms_intg_payment_term_stage", "sn_shop_payment_term",
        "u_erp_source erp_source\nu_name name\nu_number_of_days number_of_days", "u_name", (("u_erp_source", "reject"),),
    ),
)  # fmt: skip
