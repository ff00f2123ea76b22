"""What a document that goes by the rules of bills is at its source: a bill or receipt, or a vendor's credit. Pure."""

from __future__ import annotations

from ml_connector.canonical.purchases import Bill, BillLine, LineKind
from ml_connector.connectors.servicetitan.translate_credits import KIND

CREDIT_NUMBERS = "vendor_credit_numbers"


def is_credit(bill: Bill) -> bool:
    """Whether the source keeps it as a vendor's credit; a bill that comes to less than nothing is none."""
    return bill.source_kind == KIND


def is_plain(line: BillLine, bill: Bill) -> bool:
    """Whether it is the one line of a credit that nothing was sent back for, which the source books on no account."""
    return is_credit(bill) and line.kind is LineKind.EXPENSE and not line.account.id and not line.account.number


def word(bill: Bill) -> str:
    """What people call it in the ledger."""
    return "vendor credit" if is_credit(bill) else "bill"


def number_table(bill: Bill) -> str:
    """The mapping table in which a person gives it another number."""
    return CREDIT_NUMBERS if is_credit(bill) else "bill_numbers"


def own_key(bill: Bill) -> str:
    """What names it where it waits for its own source."""
    return f"{'vendor_credits' if is_credit(bill) else 'bills'}:{bill.id}"
