"""What is wrong with one element of a write, gathered so that one answer says everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

ARCHIVED_CONTACT = (
    "The contact with the specified contact details has been archived. The contact must be un-archived before creating "
    "new invoices or credit notes"
)
ARCHIVED_EDIT = (
    "The specified contact details matched an archived contact. Archived contacts cannot currently be edited via the "
    "API."
)
UNIDENTIFIED_CONTACT = (
    "The Contact must contain at least 1 of the following elements to identify the contact: Name, ContactID, "
    "ContactNumber"
)
NO_CONTACT = "A Contact must be specified for this type of transaction"
WRONG_STATUS = "Invoice not of valid status for modification"
HAS_PAYMENTS = "This document cannot be edited as it has a payment or credit note allocated to it."
NO_DUE_DATE = "The document DueDate field must be specified"
NUMBER_TAKEN = "Invoice # must be unique."
ORDER_NUMBER_TAKEN = "Order number must be unique"
ORDER_STATUS = "PurchaseOrder status change is invalid"
ORDER_DELETED = "Deleted PurchaseOrders cannot be updated"
APPROVALS_USED = "You have reached the limit of invoices you can approve"
UNAUTHORISED_DOCUMENT = "Payments can only be made against Authorised documents"
PAYMENT_EXCEEDS = "Payment amount exceeds the amount outstanding on this document"
PAYMENT_ACCOUNT_TYPE = "Account type is invalid for making a payment to/from"
PAYMENT_ACCOUNT_UNKNOWN = "Account could not be found"
PAYMENT_EARLY = "The payment date is prior to the invoice date."
SENT_UNAPPROVED = "Only AUTHORISED invoices may have SentToContact updated."
BAD_EMAIL = "Email address must be valid."

# The vendor's words for what follows are not known; these stand for them.
INVENTED: Mapping[str, str] = MappingProxyType(
    {
        "no lines": "One or more line items must be specified",
        "no description": "Description must be between 1 and 4000 characters",
        "no account": "Account code must be specified",
        "no amount": "UnitAmount or LineAmount must be specified",
        "type": "The document Type is not valid",
        "unknown tax": "The TaxType code '{}' does not exist or is not active",
        "tracking": "The TrackingCategory or option '{}' does not exist or is not active",
        "too much tracking": "At most 2 tracking categories may be used on a line",
        "discount": "Discounts are not available on this type of document",
        "unknown line": "LineItemID '{}' does not belong to this document",
        "credit number": "Credit Note # must be unique.",
        "negative total": "The document total cannot be negative",
        "url": "The Url must not contain xero",
        "unknown id": "An existing {} with the specified {}ID could not be found",
        "one target": "A payment needs exactly one of Invoice, CreditNote, Prepayment and Overpayment",
        "unknown target": "The {} that the payment names could not be found",
        "amount": "Amount must be greater than zero",
        "reconciled": "This payment has been reconciled and cannot be deleted",
        "in batch": "This payment is part of a batch and cannot be deleted",
        "payment status": "Payment not of valid status for modification",
        "payment update": "Payments cannot be updated, only deleted",
        "allocation status": "Credits can only be allocated from and to Authorised documents",
        "allocation type": "The credit cannot be allocated to this type of document",
        "allocation contact": "The credit can only be allocated to documents of the same contact",
        "allocation too much": "The allocation exceeds the credit remaining",
        "allocation over due": "The allocation exceeds the amount outstanding on this document",
        "bank account": "The BankAccount must be an active account of Type BANK",
        "bank type": "Only over- and prepayments can be written here",
        "credited": "This transaction cannot be deleted as its credit has been allocated or refunded",
        "name": "The Name must not contain < or >, and no space at either end or twice in a row",
        "no name": "The contact Name must be specified",
        "too long": "{} is too long: at most {} characters",
        "persons": "A contact has at most 5 contact persons",
        "terms": "PaymentTerms must name a Day from 0 to 31 and a Type for Bills or Sales",
        "read only": "Invoices with automatic sales tax cannot be edited through the API",
        "ascii": "The document number must consist of printable ASCII characters",
    }
)


@dataclass(slots=True)
class Issues:
    """``messages`` refuse the element; ``warnings`` do not. ``lines``: message by line, in order of the lines."""

    messages: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    lines: dict[int, list[str]] = field(default_factory=dict)

    def add(self, message: str) -> None:
        """Refuse, once per message."""
        if message not in self.messages:
            self.messages.append(message)

    def invented(self, key: str, *values: object) -> None:
        """Refuse in words that are not the vendor's own."""
        self.add(INVENTED[key].format(*values))

    def line_invented(self, number: int, key: str, *values: object) -> None:
        """Refuse because of a line, in words that are not the vendor's own."""
        self.line(number, INVENTED[key].format(*values))

    def line(self, number: int, message: str) -> None:
        """Refuse because of a line, counted from 0; the document carries the message, too."""
        self.lines.setdefault(number, []).append(message)
        self.add(message)

    def warn(self, message: str) -> None:
        """Accept, with a warning."""
        self.warnings.append(message)

    def limit(self, name: str, value: str, longest: int) -> None:
        """Refuse a text over its length."""
        if len(value) > longest:
            self.invented("too long", name, longest)
