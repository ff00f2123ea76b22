"""Staging tables of Accounts Payable Operations. ``?`` marks a column of which only the label was printed.

Lengths that nobody printed are the platform's default, 40.
"""

from __future__ import annotations

from ml_connector_sandbox.servicenow.books.dictionary import TableDefinition, table

ROW = "sys_import_set_row"
HEADER = """
u_erp_source=ERP source!?
u_external_invoice_source=External invoice source!?
u_external_invoice_number=External invoice number!
u_supplier_invoice_number=Supplier invoice number:100
u_supplier=Supplier:100!
u_invoice_type=Invoice type:100!
u_invoice_date=Invoice date!
u_date_format=Date format
u_currency=Currency
u_subtotal=Subtotal!
u_other_charges=Other charges:100!
u_shipping_amount=Shipping amount
u_discounts=Discounts:100
u_amount_invoiced=Amount invoiced
u_purchase_order=Purchase order
u_payment_terms=Payment terms:100
u_legal_entity=Legal entity:100
u_business_owner=Business owner
u_erp_number=ERP number
u_invoice_line_count=Invoice line count
u_original_invoice=Original invoice:100
u_supplier_tax_id=Supplier tax ID:100
u_inbound_source=Inbound source
u_status=Status?
u_final_tax=Final tax?
u_tax_amount=Tax amount?
u_supplier_tax_rate=Supplier tax rate?
u_target_erp=Target ERP?
u_third_party_import_id=Third party import ID?
u_remit_address=Remit to street:100
u_remit_to_city=Remit to city:100
u_remit_to_state_or_province=Remit to state or province:100
u_remit_to_zip_or_postal_code=Remit to zip or postal code:100
u_remit_to_country=Remit to country:100
"""
_SHIPPING = "\n".join(
    f"u_{place}_{part}={place.replace('_', ' ').capitalize()} {part.replace('_', ' ')}:100"
    for place in ("bill_to", "ship_to", "ship_from")
    for part in ("street", "city", "state_or_province", "zip_or_postal_code", "country")
)
LINE = """
u_erp_source=ERP source!?
u_external_invoice_source=External invoice source!?
u_external_invoice_number=External invoice number
u_line_description=Line description!
u_line_quantity=Line quantity!
u_line_unit_price=Line unit price!
u_line_amount_invoiced=Line amount invoiced
u_subtotal=Subtotal:100!
u_currency=Currency
u_cost_center=Cost center
u_gl_account=GL account
u_purchase_order_line=Purchase order line
u_po_line_description=PO line description:100
u_supplier_part_number=Supplier part number:100
u_tax_code=Tax code:100
u_tax_amount=Tax amount
u_uom=Unit:100
u_erp_line_number=ERP line number?
u_final_tax=Final tax?
u_status=Status?
u_target_erp=Target ERP?
u_supplier_tax_rate=Supplier tax rate?
u_third_party_import_id=Third party import ID?
u_inbound_source=Inbound source?
"""
TAX = """
u_erp_source=ERP source?
u_external_invoice_source=External invoice source?
u_external_invoice_number=External invoice number?
u_tax_type=Tax type:100
u_supplier_tax_rate=Supplier tax rate:100
u_tax_amount=Tax amount
u_currency=Currency?
u_third_party_import_id=Third party import ID?
"""
PAYMENT = """
u_erp_source=ERP source!?
u_erp_invoice_number=ERP invoice number!?
u_erp_supplier_code=ERP supplier code!?
u_payment_amount=Payment amount!?
u_currency=Currency!?
u_payment_date=Payment date!?
u_scheduled_payment_date=Scheduled payment date!?
u_payment_method=Payment method!?
u_payment_reference_id=Payment reference ID!?
u_remit_to_street=Remit to street!?
u_remit_to_city=Remit to city!?
u_remit_to_state_or_province=Remit to state or province!?
u_remit_to_zip_or_postal_code=Remit to zip or postal code!?
u_remit_to_country=Remit to country!?
u_third_party_import_id=Third party import ID?
"""
COST_CENTER = """
u_erp_source=ERP source?
u_account_number=Account number?
u_code=Code?
u_name=Name?
u_available_for_user=Available for user?
u_cost_center_type=Cost center type?
u_controlling_area=Controlling area?
u_legal_entity=Legal entity?
u_manager=Manager?
u_profit_center=Profit center?
u_valid_from=Valid from?
u_valid_to=Valid to?
"""
SUPPLIER = """
u_erp_source=ERP source?
u_erp_supplier_code=ERP supplier code?
u_erp_company_code=ERP company code?
u_legal_name=Legal name?
u_tax_id=Tax id?
u_country=Country?
u_street_address=Street address?
u_city=City?
u_state_province=State province?
u_zip_postal_code=Zip postal code?
u_primary_phone_number=Primary phone number?
u_url=URL?
u_payment_term=Payment term?
u_onboarded=Onboarded?
u_status=Status?
"""
CONTACT = """
u_erp_source=ERP source?
u_erp_supplier_code=ERP supplier code?
u_first_name=First name?
u_last_name=Last name?
u_email=Email?
"""
LOCATION = """
u_erp_source=ERP source?
u_erp_supplier_code=ERP supplier code?
u_street_address=Street address?
u_city=City?
u_state_province=State province?
u_zip_postal_code=Zip postal code?
u_country=Country?
"""
_GL_ACCOUNT = """
u_erp_source=ERP source?
u_number=Number?
u_display_name=Display name?
u_type=Type?
u_category=Category?
u_legal_entity=Legal entity?
u_inactive=Inactive?
"""
_LEGAL_ENTITY = "u_erp_source=ERP source?\nu_company_code=Company code?\nu_name=Name?\nu_currency=Currency?\n"
_PAYMENT_TERM = "u_erp_source=ERP source?\nu_name=Name?\nu_number_of_days=Number of days?\n"


def staging_tables() -> list[TableDefinition]:
    """All inbound staging tables that the emulator transforms."""
    made = {
        "sn_spend_intg_imp_invoice": ("Invoice import", HEADER + _SHIPPING),
        "sn_spend_intg_imp_invoice_line": ("Invoice line import", LINE),
        "sn_spend_intg_imp_invoice_tax_line": ("Invoice tax line import", TAX),
        "sn_spend_intg_imp_invoice_payment_detail": ("Invoice payment detail import", PAYMENT),
        "sn_fcms_intg_imp_cost_center": ("Cost center import", COST_CENTER),
        "sn_fcms_intg_imp_supplier": ("Supplier import", SUPPLIER),
        "sn_fcms_intg_supplier_contact_inbound": ("Supplier contact inbound", CONTACT),
        "sn_fcms_intg_supplier_location_inbound": ("Supplier location inbound", LOCATION),
        "sn_fcms_intg_gl_account_stage": ("GL account stage", _GL_ACCOUNT),
        "sn_fcms_intg_legal_entity_stage": ("Legal entity stage", _LEGAL_ENTITY),
        "sn_fcms_intg_payment_term_stage": ("Payment term stage", _PAYMENT_TERM),
    }
    return [table(name, label, text, extends=ROW, plugin=True) for name, (label, text) in made.items()]
