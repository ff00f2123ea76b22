"""Customers, locations and contacts as the CRM module shows them."""

from __future__ import annotations

from ml_connector_sandbox.servicetitan import external_data
from ml_connector_sandbox.servicetitan.books import Contact, Customer, CustomerAddress, Location, TenantBooks
from ml_connector_sandbox.servicetitan.shapes import Row, stamps

_CREATOR = 21


def place(where: CustomerAddress) -> Row:
    """An address with coordinates: only unit and coordinates can be null."""
    return {
        "street": where.street or "",
        "unit": where.unit,
        "city": where.city or "",
        "state": where.state or "",
        "zip": where.zip or "",
        "country": where.country or "",
        "latitude": where.latitude,
        "longitude": where.longitude,
    }


def customer_row(customer: Customer, guid: str | None) -> Row:
    """Money as numbers; neither e-mail nor telephone. ``guid``: whose external data."""
    return {
        "id": customer.id,
        "active": customer.active,
        "name": customer.name,
        "type": customer.type,
        "address": place(customer.address),
        "customFields": [],
        "balance": customer.balance,
        "taxExempt": customer.tax_exempt,
        "tagTypeIds": list(customer.tag_type_ids),
        "doNotMail": customer.do_not_mail,
        "doNotService": customer.do_not_service,
        "nationalAccount": customer.national_account,
        **stamps(customer),
        "createdById": _CREATOR,
        "mergedToId": customer.merged_to_id,
        "paymentTermId": customer.payment_term_id,
        "creditLimit": customer.credit_limit,
        "creditLimitBalance": customer.credit_limit_balance,
        "externalData": external_data.shown(customer.external_data, guid),
    }


def location_row(location: Location, guid: str | None) -> Row:
    """``guid``: whose external data."""
    return {
        "id": location.id,
        "customerId": location.customer_id,
        "active": location.active,
        "name": location.name,
        "address": place(location.address),
        "customFields": [],
        **stamps(location),
        "createdById": _CREATOR,
        "mergedToId": location.merged_to_id,
        "zoneId": None,
        "taxExempt": location.tax_exempt,
        "tagTypeIds": list(location.tag_type_ids),
        "externalData": external_data.shown(location.external_data, guid),
        "taxZoneId": location.tax_zone_id,
    }


def contact_row(contact: Contact) -> Row:
    """With stamps and settings; an e-mail address has phone settings too, with an empty number."""
    phone = contact.value if contact.type != "Email" else ""
    return {
        **short_contact(contact),
        **stamps(contact),
        "phoneSettings": {"phoneNumber": phone, "doNotText": contact.do_not_text},
        "preferences": {
            "jobRemindersEnabled": contact.job_reminders,
            "marketingUpdatesEnabled": contact.marketing_updates,
            "invoiceStatementNotification": contact.invoice_statements,
        },
    }


def short_contact(contact: Contact) -> Row:
    """As it stands in the answer to a creation."""
    return {"id": contact.id, "type": contact.type, "value": contact.value, "memo": contact.memo}


def created_location(books: TenantBooks, location: Location, guid: str | None) -> Row:
    """A location with its own contacts."""
    found = books.contacts.in_group(location.customer_id)
    own = [short_contact(one) for one in found if one.location_id == location.id and one.active]
    return {**location_row(location, guid), "contacts": own}
