"""What ServiceTitan sells, in Zoho Books: flows and tables, by the rules of every ledger and Zoho's ways."""

from __future__ import annotations

from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.base import Clearing
from ml_connector.integrations.credit_memo_flow import CreditMemos, CreditMemosExported
from ml_connector.integrations.debtors import CUSTOMERS, LOCATIONS
from ml_connector.integrations.deposit_flow import Deposits
from ml_connector.integrations.drafts import NO_ACCOUNT, NO_ZONE
from ml_connector.integrations.invoice_checks import MEMO_NUMBERS
from ml_connector.integrations.invoice_flow import Invoices, InvoicesExported
from ml_connector.integrations.invoice_tax import ZONES
from ml_connector.integrations.line_items import BY_ACCOUNT, NO_ITEM, ROUNDING_ITEM
from ml_connector.integrations.line_items import FLOW as ITEMS
from ml_connector.integrations.line_items import SETTING as INVOICE_LINES
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.payment_flow import Payments, PaymentsExported
from ml_connector.integrations.payment_tables import NO_TYPE, PaymentTypeTable, clearing_account, type_key
from ml_connector.integrations.receivable_tables import EXEMPT, SalesAccountTable
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.zoho_tables import ItemTable, OptionalExemptTable


class ZohoInvoices(Invoices):
    """Invoices, marked as sent without an e-mail when they are authorised; negative ones as credit notes, applied.

    Lines name items, or accounts alone where the connection is set so. Nothing of an invoice is changed or voided while
    something is paid or credited on it.
    """

    title = "Invoices: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_lists = (*Invoices.target_lists, "items")
    tables = ("sales_accounts", "sales_tax", "items", "business_units", CUSTOMERS, LOCATIONS, "invoice_numbers")
    recodes = ()

    def looks_up(self, document: Document, settings: Any) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Invoice)
        items = dict.fromkeys(line.item.id for line in document.lines if line.item.id)
        return (*zone_of(document), *((ITEMS, id_) for id_ in items))


class ZohoPayments(Payments):
    """Each payment as one: on all its invoices, the rest unused until it is applied. Refunds of it, and of credit notes.

    What moves no money is a credit note, applied to its invoice.
    """

    title = "Payments: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    target_lists = ("accounts", "dimensions", "parties", "invoices", "credit_notes", "payments")
    knows = (ZONES,)  # of the invoices whose tax a write-off takes back
    asks_of_posted = True  # what of a payment is ours, and what people have applied there

    def target_entity(self, document: Document) -> str:
        assert isinstance(document, Payment)
        return "payments" if document.amount >= 0 else "refunds"

    def linkable(self, document: Document) -> tuple[str, ...]:
        """What moves no money may be a credit note, whatever its type is called. No list shows refunds by themselves."""
        assert isinstance(document, Payment)
        if document.amount < 0:
            return ()
        return ("payments", "credit_notes") if document.splits else ("payments",)

    def goes_on(self, document: Document, entity: str) -> bool:
        """What others have entered is never changed, so nothing is left to do once it is linked."""
        return False


class ZohoCreditMemos(CreditMemos):
    """Credit memos as credit notes, by account, each part of them applied to the invoice it is on."""

    title = "Credit memos: ServiceTitan to Zoho Books"
    target_vendor = "zoho_books"
    tables = ("sales_accounts", "sales_tax", "business_units", CUSTOMERS, LOCATIONS, MEMO_NUMBERS)
    recodes = ()

    def looks_up(self, document: Document, settings: Any) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Invoice)
        return zone_of(document)


class ZohoDeposits(Deposits):
    """As with any ledger: looked at by themselves, and shown against the accounts that their payments are booked on."""

    target_vendor = "zoho_books"


def zone_of(document: Invoice) -> tuple[tuple[str, str], ...]:
    """The tax zone that a document with tax names, as links are named."""
    return ((ZONES, document.tax_zone.id),) if document.tax and document.tax_zone.id else ()


OFFER = Offer(
    flows=(
        ZohoInvoices(), InvoicesExported(), ZohoPayments(), PaymentsExported(), ZohoCreditMemos(), CreditMemosExported(),
        ZohoDeposits(),
    ),
    tables=(
        SalesAccountTable(
            "sales_accounts", "ServiceTitan GL account of what is sold (number, else name)", "Zoho account id",
            "accounts", "accounts", fixed_keys=(NO_ACCOUNT,),
        ),
        OptionalExemptTable(
            "sales_tax", "ServiceTitan tax zone (name); (exempt) only where what is not taxed names a tax, too",
            "Zoho tax or tax group id", "tax_zones", "tax_codes", fixed_keys=(EXEMPT, NO_ZONE), linked_by=ZONES,
        ),
        ItemTable(
            "items", "ServiceTitan item (its code as invoices show it), or (none) for lines without one", "Zoho item id",
            "", "items", fixed_keys=(NO_ITEM, ROUNDING_ITEM), seldom=True, linked_by=ITEMS,
            not_with_there=((INVOICE_LINES, BY_ACCOUNT),),
        ),
        PaymentTypeTable(
            "payment_types", "ServiceTitan payment type id",
            "account:<id> (clearing or bank) | write-off:<account id> | fee:<account id> | none",
            "payment_types", "accounts", ("none",), (NO_TYPE,),
        ),
        TableType("invoice_numbers", "ServiceTitan invoice id", "the number to use instead", "", ""),
        TableType(MEMO_NUMBERS, "ServiceTitan credit memo id", "the number to use instead", "", ""),
    ),
    fixed_once_posted=("number_prefix", "number_of_adjustments", "contact_per"),
    skipped_by_settings=("before_start", "payment_before_start", "invoice_not_yet", "kept_back", "out_of_scope"),
    skipped_by_tables=(("payment_types", "payment_by_rule"),),
    account_settings=("rounding_account",),
    gates={"invoice_gate": ("posted", "draft when completed", "completed")},
    clearing=Clearing(
        "deposits", "payments", "payment_types", type_key, clearing_account, ("payments", "refunds"),
        "What an account stands at in Zoho Books is not read: compare with the account in its chart of accounts, or give "
        "what it says there (--balance ACCOUNT=AMOUNT).",
    ),
    not_possible=(
        "Ordinary invoices cannot be created in ServiceTitan by its API, only adjustments of those that are there.",
        "Zoho Books takes no account on an invoice line with an item, so an account that an accountant chose there goes when "
        "ServiceTitan changes the invoice: the line is on the item's account again.",
        "Zoho's own write-off of an invoice takes no account, so it is not used: a write-off is a credit note.",
        "What an account stands at is not read: 'ml-connector clearing' asks for it, or is told it.",
    ),
)  # fmt: skip
