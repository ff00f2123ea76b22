"""The seeded heating-and-cooling company, and how every one of its bills must end; and a firm that only buys (``office``).

Owns: the company's people, articles, orders and traps in its systems' books, and the truth table. Must not know:
how anything is synchronised; reasons are named by their codes alone. Invariant: the same seed and start give the same
books to the last digit, whatever the machine's clock says.
"""

from ml_connector_sandbox.company.company import (
    CASES,
    Company,
    bulk,
    bulk_sales,
    contractor,
    demo,
    matrix,
    matrix_sales,
    matrix_sales_changed,
    receipts_only,
    small,
)
from ml_connector_sandbox.company.truth import BillTruth, VendorTruth

__all__ = [
    "CASES",
    "BillTruth",
    "Company",
    "VendorTruth",
    "bulk",
    "bulk_sales",
    "contractor",
    "demo",
    "matrix",
    "matrix_sales",
    "matrix_sales_changed",
    "receipts_only",
    "small",
]
