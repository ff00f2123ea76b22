"""``/Overpayments``: money beyond an invoice; made by bank transactions."""

from __future__ import annotations

from ml_connector_sandbox.xero.books.documents import OVERPAYMENT
from ml_connector_sandbox.xero.resources._bank_credits import credit_routes

ROUTES = credit_routes("Overpayments", OVERPAYMENT, "References")
