"""Contacts as the API shows them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.contacts import has_transactions
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import ZERO, long_date, number, rounded, stamp
from ml_connector_sandbox.zoho_books.resources._common import (
    APPROVAL,
    blank,
    created_by_id,
    currency_fields,
    custom,
    formatted_currency,
    primary_person,
    tags,
    user_name,
)

ADDRESS_PARTS = (
    "attention", "address", "street2", "city", "state_code", "state", "zip", "country", "county",
    "latitude", "longitude", "country_code", "phone", "fax",
)  # fmt: skip
TEMPLATES = (
    "statement_template", "invoice_template", "bill_template", "estimate_template", "creditnote_template",
    "paymentthankyou_template", "invoice_email_template", "estimate_email_template", "creditnote_email_template",
    "paymentthankyou_email_template", "payment_remittance_email_template",
)  # fmt: skip


def row(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    """A contact in a list."""
    return {
        "contact_id": contact.contact_id,
        "contact_name": contact.contact_name,
        "customer_name": contact.contact_name,
        "vendor_name": contact.contact_name,
        **_identity(contact),
        **blank("language_code_formatted"),
        "contact_type_formatted": "Vendors" if contact.contact_type == "vendor" else "Customer",
        **_terms(books, contact),
        "currency_id": books.currencies[contact.currency_code].currency_id,
        "currency_code": contact.currency_code,
        **_amounts(books, contact),
        **_person_fields(contact),
        "portal_status": "disabled",
        "portal_status_formatted": "Disabled",
        "track_1099": contact.track_1099,
        "created_time": stamp(contact.created, books.zone),
        "created_time_formatted": long_date(contact.created, books.zone),
        "last_modified_time": stamp(contact.modified, books.zone),
        "last_modified_time_formatted": long_date(contact.modified, books.zone),
        **custom(books, "contact", contact.custom),
        "contactperson_custom_fields": [],
        "tags": tags(books, contact.tags),
        "ach_supported": False,
        "has_attachment": False,
    }


def detail(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    """A contact in full."""
    currency = books.currencies[contact.currency_code]
    return {
        "contact_id": contact.contact_id,
        "contact_name": contact.contact_name,
        **_identity(contact),
        **_detail_blanks(),
        **_person_fields(contact),
        "contact_salutation": primary_person(contact).get("salutation", ""),
        "designation": primary_person(contact).get("designation", ""),
        "department": primary_person(contact).get("department", ""),
        "is_bcy_only_contact": currency.is_base,
        "has_transaction": has_transactions(books, contact),
        "portal_status": "disabled",
        "primary_contact_id": primary_person(contact).get("contact_person_id", ""),
        **_terms(books, contact),
        **currency_fields(currency),
        "price_precision": currency.price_precision,
        "exchange_rate": "" if currency.is_base else number(currency.automatic_rate),
        **_amounts(books, contact),
        **_opening(),
        **_tax(contact),
        **custom(books, "contact", contact.custom),
        "entity_address_id": contact.ids["entity"],
        "billing_address": address(contact.billing_address, contact.ids["billing"]),
        "shipping_address": address(contact.shipping_address, contact.ids["shipping"]),
        "contact_persons": [person(one) for one in contact.persons],
        "notes": contact.texts.get("notes", ""),
        **_stamps(books, contact),
        "tags": tags(books, contact.tags),
        "customer_currency_summaries": [_summary(books, contact)],
        **APPROVAL,
    }


def _identity(contact: Contact) -> dict[str, Any]:
    return {
        "company_name": contact.texts.get("company_name", ""),
        "website": contact.texts.get("website", ""),
        "language_code": contact.texts.get("language_code", ""),
        "contact_type": contact.contact_type,
        "status": "active" if contact.active else "inactive",
        "customer_sub_type": contact.texts.get("customer_sub_type") or "business",
        "source": contact.source,
        "is_linked_with_zohocrm": False,
        "twitter": contact.texts.get("twitter", ""),
        "facebook": contact.texts.get("facebook", ""),
        **({"contact_number": contact.texts["contact_number"]} if contact.texts.get("contact_number") else {}),
    }


def _terms(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    return {
        "payment_terms": contact.payment_terms,
        "payment_terms_id": f"{books.profile.id_prefix}000000093{81 + contact.payment_terms:03d}",
        "payment_terms_label": contact.payment_terms_label,
    }


def _amounts(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    """Open bills, and unused credits with advances, which the vendor shows apart."""
    key = contact.contact_id
    credits = books.vendor_credits.having("vendor_id", key)
    unused = sum((one.balance for one in credits), ZERO)
    unused_base = sum((one.balance * one.exchange_rate for one in credits), ZERO)
    advances = books.vendor_payments.having("vendor_id", key)
    advances_base = sum((one.balance * one.exchange_rate for one in advances), ZERO)
    owed_base = books.payable_to(key) + unused_base
    bills = () if contact.currency_code == books.profile.currency_code else books.bills.having("vendor_id", key)
    owed = sum((one.balance for one in bills), ZERO) if bills else owed_base
    return {
        **_receivable(books, contact),
        "outstanding_payable_amount": number(owed),
        "outstanding_payable_amount_bcy": number(owed_base),
        "unused_credits_payable_amount": number(unused + books.advances_to(key)),
        "unused_credits_payable_amount_bcy": number(unused_base + advances_base),
    }


def _receivable(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    """What sent invoices leave open, and unused credits and money, which the customer shows apart."""
    key, places = contact.contact_id, books.price_precision
    invoices = [one for one in books.invoices.having("customer_id", key) if one.state == "sent"]
    notes = [one for one in books.credit_notes.having("customer_id", key) if one.state == "open"]
    made = books.customer_payments.having("customer_id", key)
    owed = [(one.balance, one.exchange_rate) for one in invoices]
    unused = [(one.balance, one.exchange_rate) for one in notes] + [(one.unused, one.exchange_rate) for one in made]
    return {
        f"{name}{kind}": number(sum((rounded(amount * (rate if kind else 1), places) for amount, rate in sums), ZERO))
        for name, sums in (("outstanding_receivable_amount", owed), ("unused_credits_receivable_amount", unused))
        for kind in ("", "_bcy")
    }


def _person_fields(contact: Contact) -> dict[str, str]:
    first = primary_person(contact)
    return {name: first.get(name, "") for name in ("first_name", "last_name", "email", "phone", "mobile")}


def person(kept: dict[str, Any]) -> dict[str, Any]:
    """A contact person."""
    portal = {"is_added_in_portal": False, "can_invite": False}
    preference = {"communication_preference": {"is_sms_enabled": False, "is_whatsapp_enabled": False}}
    return {**kept, **portal, **preference}


def address(kept: dict[str, str], address_id: str) -> dict[str, str]:
    """An address with all its parts."""
    return {"address_id": address_id, **{name: kept.get(name, "") for name in ADDRESS_PARTS}}


def _opening() -> dict[str, Any]:
    return {
        "can_show_customer_ob": True,
        "can_show_vendor_ob": True,
        "opening_balance_amount": 0,
        "opening_balance_amount_bcy": "",
        "outstanding_ob_receivable_amount": 0,
        "outstanding_ob_payable_amount": 0,
        "unused_retainer_payments": 0,
        "credit_limit_exceeded_amount": 0,
        "opening_balances": [],
    }


def _tax(contact: Contact) -> dict[str, Any]:
    set_only = (
        "tax_id",
        "tax_exemption_id",
        "tax_exemption_code",
        "tax_authority_id",
        "vat_reg_no",
        "vat_treatment",
        "tax_reg_no",
        "tax_treatment",
        "gst_no",
        "gst_treatment",
        "place_of_contact",
    )
    return {
        "track_1099": contact.track_1099,
        "tax_id_type": contact.texts.get("tax_id_type", ""),
        "tax_id_value": contact.texts.get("tax_id_value", ""),
        "tax_reg_label": "",
        "contact_tax_information": "",
        **({} if contact.is_taxable else {"is_taxable": False}),
        **({} if contact.credit_limit is None else {"credit_limit": number(contact.credit_limit)}),
        **{name: contact.texts[name] for name in set_only if contact.texts.get(name)},
    }


def _stamps(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    return {
        "created_time": stamp(contact.created, books.zone),
        "created_date": long_date(contact.created, books.zone),
        "created_by_name": user_name(books, ""),
        "created_by_id": created_by_id(books),
        "last_modified_by_id": created_by_id(books),
        "last_modified_time": stamp(contact.modified, books.zone),
    }


def _summary(books: OrganisationBooks, contact: Contact) -> dict[str, Any]:
    currency = books.currencies[contact.currency_code]
    return {
        **currency_fields(currency),
        "price_precision": currency.price_precision,
        "is_base_currency": currency.is_base,
        "currency_name_formatted": formatted_currency(currency),
        **{name: value for name, value in _receivable(books, contact).items() if not name.endswith("_bcy")},
    }


def _detail_blanks() -> dict[str, Any]:
    return {
        **blank(
            "language_code_formatted", "photo_url", "invited_by", "contact_relation_type", "owner_id", "owner_name",
            "zcrm_account_id", "zcrm_contact_id", "crm_owner_id", "consent_date", "account_id", "account_name",
            "contact_category", "pricebook_id", "pricebook_name", "zohopeople_client_id",
        ),
        "is_credit_limit_migration_completed": True,
        "is_client_review_asked": False,
        "documents": [],
        "is_crm_customer": False,
        "lock_details": {"can_lock": False},
        "locked_actions": [],
        "lock_detail": {"can_lock": True, "custom_locks": [], "system_locks": []},
        "payment_reminder_enabled": True,
        "is_sms_enabled": True,
        "is_consent_agreed": False,
        "is_client_review_settings_enabled": False,
        "sales_channel": "direct_sales",
        "ach_supported": False,
        "portal_receipt_count": 0,
        "addresses": [],
        "default_templates": {f"{one}_{part}": "" for one in TEMPLATES for part in ("id", "name")},
        "associated_with_square": False,
        **{name: [] for name in ("cards", "checks", "upi_mandates", "bank_accounts", "vpa_list")},
        "integration_references": [],
    }  # fmt: skip
