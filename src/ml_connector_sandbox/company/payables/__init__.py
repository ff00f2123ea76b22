"""A professional-services firm that keeps its books in Zoho Books and has its bills approved and paid in ServiceNow.

Owns: the firm's vendors, a month of its purchases in Zoho Books, what its ServiceNow instance has on file, and the truth
table. Must not know: how anything is synchronised; reasons are named by their codes alone. Invariant: the same seed and
start give the same books to the last digit, whatever the machine's clock says.
"""

from ml_connector_sandbox.company.payables.firm import Payables, fill, fill_little, fill_little_more, fill_ordinarily
from ml_connector_sandbox.company.payables.instance import Instance
from ml_connector_sandbox.company.payables.truth import PayableTruth, PaymentTruth, SupplierTruth

__all__ = [
    "Instance",
    "PayableTruth",
    "Payables",
    "PaymentTruth",
    "SupplierTruth",
    "fill",
    "fill_little",
    "fill_little_more",
    "fill_ordinarily",
]
