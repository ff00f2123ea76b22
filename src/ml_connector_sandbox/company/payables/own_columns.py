"""What the firm's implementer wrote down of its own tables: which field goes to which column, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping


def _in(table: str, told: str) -> str:
    """``field=column`` words as settings spell them: with their table."""
    return " ".join(word.replace("=", f"={table}.") for word in told.split())


COLUMNS: Mapping[str, str] = {
    "profile": "custom",
    "coalesces": "yes",
    "invoice_columns": _in(
        "u_ml_bill",
        "erp_source=u_erp_source external_source=u_external_invoice_source external_number=u_external_invoice_number "
        "number=u_supplier_invoice_number supplier=u_supplier type=u_invoice_type date=u_invoice_date currency=u_currency "
        "subtotal=u_subtotal other=u_other_charges shipping=u_shipping_amount discount=u_discounts total=u_amount_invoiced "
        "tax=u_tax_amount legal_entity=u_legal_entity erp_number=u_erp_number key=u_third_party_import_id",
    ),
    "line_columns": _in(
        "u_ml_bill_line",
        "erp_source=u_erp_source external_source=u_external_invoice_source external_number=u_external_invoice_number "
        "description=u_line_description quantity=u_line_quantity price=u_line_unit_price subtotal=u_subtotal "
        "currency=u_currency cost_center=u_cost_center account=u_gl_account line=u_erp_line_number "
        "key=u_third_party_import_id",
    ),
    "tax_columns": _in(
        "u_ml_bill_tax",
        "external_source=u_external_invoice_source external_number=u_external_invoice_number type=u_tax_type "
        "rate=u_supplier_tax_rate tax=u_tax_amount currency=u_currency key=u_third_party_import_id",
    ),
    "payment_columns": _in(
        "u_ml_payment",
        "erp_source=u_erp_source invoice=u_erp_invoice_number supplier=u_erp_supplier_code amount=u_payment_amount "
        "currency=u_currency date=u_payment_date scheduled=u_scheduled_payment_date method=u_payment_method "
        "number=u_payment_reference_id remit_street=u_remit_to_street remit_city=u_remit_to_city "
        "remit_state=u_remit_to_state_or_province remit_zip=u_remit_to_zip_or_postal_code remit_country=u_remit_to_country "
        "key=u_third_party_import_id",
    ),
    "supplier_columns": _in(
        "u_ml_supplier",
        "supplier=u_erp_supplier_code name=u_legal_name street=u_street_address city=u_city state=u_state_province "
        "zip=u_zip_postal_code country=u_country phone=u_primary_phone_number",
    ),
    "cost_center_columns": _in("u_ml_cost_center", "number=u_account_number code=u_code name=u_name"),
    "read_invoice_columns": _in(
        "u_ml_bill_record",
        "our_number=number external_number=u_external_invoice_number number=u_supplier_invoice_number "
        "external_source=u_external_invoice_source erp_number=u_erp_number state=u_state type=u_invoice_type "
        "supplier=u_supplier supplier_name=u_supplier.u_legal_name date=u_invoice_date currency=u_currency "
        "subtotal=u_subtotal tax=u_tax_amount total=u_amount_invoiced legal_entity=u_legal_entity "
        "key=u_third_party_import_id",
    ),
    "read_line_columns": _in(
        "u_ml_bill_line_record",
        "invoice=u_bill description=u_line_description amount=u_subtotal account=u_gl_account cost_center=u_cost_center "
        "key=u_third_party_import_id",
    ),
    "read_payment_columns": _in(
        "u_ml_payment_record",
        "invoice=u_bill invoice_number=u_bill.u_erp_number supplier=u_bill.u_supplier amount=u_payment_amount "
        "currency=u_currency date=u_payment_date method=u_payment_method number=u_payment_reference_id "
        "key=u_third_party_import_id",
    ),
    "read_supplier_columns": _in(
        "u_ml_supplier_record",
        "name=u_legal_name street=u_street_address city=u_city state=u_state_province zip=u_zip_postal_code "
        "country=u_country",
    ),
    "supplier_code_column": "u_erp_supplier_code",
}
