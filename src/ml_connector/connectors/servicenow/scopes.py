"""Roles of the integration user: what an administrator gives, and for what. No token tells them, so the check tries."""

from __future__ import annotations

from ml_connector.connectors.grants import Scope

INTEGRATOR = "sn_spend_intg.procurement_integrator"
FINANCE = "sn_fcms_intg.integration_user"
IMPORT_READER = "import_admin"

SCOPES: tuple[Scope, ...] = (
    Scope(INTEGRATOR, "staged invoices, lines, taxes and payments, and the invoices made of them"),
    Scope(FINANCE, "staged suppliers and cost centres; GL accounts, legal entities, payment terms; transforming rows"),
    Scope(IMPORT_READER, "reading staged rows and their states again, unless an ACL of the staging tables allows it"),
)
