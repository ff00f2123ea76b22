"""What Accounts Payable Operations and Finance Common keep: suppliers, accounts, invoices, outbound records."""

from __future__ import annotations

from ml_connector_sandbox.servicenow.books.dictionary import TableDefinition, table, with_choices

STATES = (
    ("draft", "Draft"), ("received", "Received"), ("suspected_duplicate", "Suspected duplicate"),
    ("exceptions_found", "Exceptions found"), ("no_exceptions_found", "No exceptions found"),
    ("pending_approval", "Pending approval"), ("approved", "Approved"), ("pending_payment", "Pending payment"),
    ("paid", "Paid"), ("rejected", "Rejected"), ("canceled", "Canceled"), ("approval_recalled", "Approval recalled"),
)  # fmt: skip
TYPES = (
    ("po_invoice", "PO invoice"), ("non_po_invoice", "Non-PO invoice"), ("credit_memo", "Credit memo"),
    ("debit_memo", "Debit memo"),
)  # fmt: skip
METHODS = tuple(
    (one, one.replace("_", " ").capitalize())
    for one in ("bank_transfer", "cash_payment", "cheque", "credit_card", "debit_card", "wire_transfer")
)
OUTBOUND_STATES = (("5", "Draft"), ("10", "New"), ("20", "In process"), ("30", "Processed"), ("40", "Failed"))


def payables_tables() -> list[TableDefinition]:
    """The targets, the outbound tables and the error tasks."""
    made = [*_finance(), *_invoices(), *_outbound()]
    for one in made:
        one.plugin = True
    return made


def _finance() -> list[TableDefinition]:
    return [
        table("sn_fin_erp_source", "ERP Source", "name=Name:40\ncode=Code:40\nactive=Active#boolean\n"),
        table(
            "sn_fin_erp_source_mapping", "ERP Source Mapping",
            "erp_source=ERP Source>sn_fin_erp_source\nrecord_table=Record table:80\nrecord=Record#document_id\n",
            display="record_table",
        ),
        table(
            "sn_fin_legal_entity", "Legal Entity",
            """
            name=Name:100
            company_code=Company code:40
            currency=Currency:3
            erp_source=ERP source>sn_fin_erp_source@erp_source
            """,
        ),
        table(
            "sn_fin_gl_account", "GL Account",
            """
            number=Number:40
            display_name=Display name:100
            gl_account=GL account:40
            type=Type:40
            category=Category:40
            legal_entity=Legal entity>sn_fin_legal_entity@legal_entity
            erp_source=ERP source>sn_fin_erp_source@erp_source
            account_currency=Account currency:3
            inactive=Inactive#boolean
            """,
        ),
        table(
            "sn_shop_payment_term", "Payment Term",
            "name=Name:100\nnumber_of_days=Number of days#integer\nerp_source=ERP source>sn_fin_erp_source@erp_source",
        ),
        table(
            "sn_fin_supplier", "Supplier",
            """
            number=Number:40
            erp_supplier_code=ERP supplier code:100
            legal_name=Legal name:100
            related_company=Related company>core_company
            registration_country=Registration country:40
            tax_id=Tax ID:40
            duns=DUNS:40
            gl_account=GL account>sn_fin_gl_account
            payment_term=Payment term>sn_shop_payment_term@payment_terms
            street_address=Street address:255
            city=City:50
            state_province=State province:40
            zip_postal_code=Zip postal code:40
            primary_phone_number=Primary phone number:40
            url=URL:255
            status=Status:40
            """,
            display="legal_name", number="SUP",
        ),
        table(
            "sn_slm_m2m_location", "Supplier Location",
            """
            supplier=Supplier>sn_fin_supplier@supplier
            street_address=Street address:255
            city=City:50
            state_province=State province:40
            zip_postal_code=Zip postal code:40
            country=Country:40
            """,
            display="street_address",
        ),
        table(
            "vm_vdr_contact", "Vendor Contact",
            "first_name=First name:50\nlast_name=Last name:50\nemail=Email:100\nvendor=Vendor>sn_fin_supplier@supplier",
            display="email",
        ),
    ]  # fmt: skip


def _invoices() -> list[TableDefinition]:
    invoice = table(
        "sn_shop_invoice", "Invoice",
        """
        number=Number:40
        state=State#choice
        supplier=Supplier>sn_fin_supplier@supplier
        supplier_invoice_number=Supplier invoice number:100
        external_invoice_number=External invoice number:40
        external_invoice_source=External invoice source:40
        invoice_date=Invoice date#glide_date
        due_date=Due date#glide_date
        payment_date=Payment date#glide_date
        legal_entity=Legal entity>sn_fin_legal_entity@legal_entity
        purchase_order=Purchase order:40
        subtotal=Subtotal#currency2
        tax_amount=Tax amount#currency2
        other_charges=Other charges#currency2
        shipping_amount=Shipping amount#currency2
        discounts=Discounts#currency2
        invoice_amount=Invoice amount#currency2
        erp_number=ERP number:40
        erp_source=ERP source>sn_fin_erp_source@erp_source
        erp_posting_date=ERP posting date#glide_date
        erp_integration_status=ERP integration status:40
        erp_sync_failed=ERP sync failed#boolean
        type=Type#choice
        channel=Channel:40
        payment_terms=Payment terms>sn_shop_payment_term@payment_terms
        business_owner=Business owner>sys_user@user
        invoice_line_count=Invoice line count#integer
        original_invoice=Original invoice:100
        third_party_import_id=Third party import ID:40
        remit_to_street=Remit to street:100
        remit_to_city=Remit to city:100
        remit_to_state_or_province=Remit to state or province:100
        remit_to_zip_or_postal_code=Remit to zip or postal code:100
        remit_to_country=Remit to country:100
        """,
        number="INV",
    )  # fmt: skip
    invoice.columns["state"].default = "draft"
    invoice.columns["erp_sync_failed"].default = "false"
    with_choices(with_choices(invoice, "state", *STATES), "type", *TYPES)
    return [invoice, *_invoice_parts()]


def _invoice_parts() -> list[TableDefinition]:
    payment = table(
        "sn_shop_invoice_payment_detail", "Invoice Payment Detail",
        """
        number=Number:40
        invoice=Invoice>sn_shop_invoice@erp_invoice
        supplier=Supplier>sn_fin_supplier@supplier
        payment_amount=Payment amount#currency2
        payment_date=Payment date#glide_date
        scheduled_payment_date=Scheduled payment date#glide_date
        payment_method=Payment method#choice
        payment_reference_id=Payment reference ID:40
        remit_to_street=Remit to street:100
        remit_to_city=Remit to city:100
        remit_to_state_or_province=Remit to state or province:100
        remit_to_zip_or_postal_code=Remit to zip or postal code:100
        remit_to_country=Remit to country:100
        third_party_import_id=Third party import ID:40
        """,
        number="PAY",
    )  # fmt: skip
    return [
        table(
            "sn_shop_invoice_line", "Invoice Line",
            """
            number=Number:40
            invoice=Invoice>sn_shop_invoice@invoice
            erp_line_number=ERP line number:40
            line_description=Line description:40
            invoiced_quantity=Invoiced quantity:40
            line_unit_price=Line unit price#currency2
            sub_total=Subtotal#currency2
            amount_invoiced=Amount invoiced#currency2
            tax_amount=Tax amount#currency2
            tax_code=Tax code:100
            uom=Unit:100
            order_line=Order line:40
            cost_center=Cost center>cmn_cost_center@cost_center
            ledger_account=GL account>sn_fin_gl_account@gl_account
            third_party_import_id=Third party import ID:40
            state=State:40
            """,
            number="INVL",
        ),
        table(
            "sn_shop_invoice_tax_line", "Invoice Tax Line",
            """
            number=Number:40
            invoice=Invoice>sn_shop_invoice@invoice
            tax_type=Tax type:100
            tax_rate=Tax rate:40
            tax_amount=Tax amount#currency2
            """,
            number="INVT",
        ),
        with_choices(payment, "payment_method", *METHODS),
    ]  # fmt: skip


def _outbound() -> list[TableDefinition]:
    outbound = table(
        "sn_spend_intg_outbound_invoice", "Outbound Invoice",
        """
        number=Number:40
        invoice=Invoice>sn_shop_invoice?
        integration_status=Integration status#choice?
        processing_message=Processing message:1000?
        erp_number=ERP number:40?
        erp_posting_date=ERP posting date#glide_date?
        erp_source=ERP source>sn_fin_erp_source?
        invoice_status=Invoice status:40?
        """,
        number="OINV",
    )  # fmt: skip
    parts = [
        table(
            f"sn_spend_intg_outbound_invoice_{part}", f"Outbound Invoice {part.replace('_', ' ').title()}",
            """
            number=Number:40
            outbound_invoice=Outbound invoice>sn_spend_intg_outbound_invoice?
            source=Source#document_id?
            record_table=Source table:80?
            integration_status=Integration status:40?
            erp_line_number=ERP line number:40?
            """,
            number="OINVP",
        )
        for part in ("line", "tax_line", "cost_allocation")
    ]  # fmt: skip
    task = table(
        "sn_shop_erp_error_task", "ERP Error Task",
        """
        number=Number:40
        state=State:40
        sub_type=Sub type:80
        short_description=Short description:160
        description=Description:4000
        assignment_group=Assignment group:40
        invoice=Invoice>sn_shop_invoice?
        """,
        number="ERPTSK",
    )  # fmt: skip
    error = table(
        "sn_spend_intg_import_error", "Import Error",
        """
        error_message=Error message:1000?
        outbound_status=Outbound status>sn_spend_intg_outbound_invoice?
        supplier_invoice_number=Supplier invoice number:100?
        supplier_invoice_line_number=Supplier invoice line number:40?
        sales_order_number=Sales order number:40?
        sales_order_line_number=Sales order line number:40?
        """,
        display="error_message",
    )  # fmt: skip
    return [with_choices(outbound, "integration_status", *OUTBOUND_STATES), *parts, task, error]
