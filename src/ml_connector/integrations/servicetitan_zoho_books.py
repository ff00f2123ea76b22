"""ServiceTitan with Zoho Books: what was received becomes bills; vendors follow as the bills need them."""

from __future__ import annotations

from ml_connector.integrations import zoho_bills, zoho_items, zoho_parties, zoho_sales, zoho_vendor_credits
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.offers import together
from ml_connector.integrations.pair_settings import Settings

# Flows with their tables and what goes with them, each share in a file of its own.
_OFFERED = together(
    [zoho_parties.OFFER, zoho_items.OFFER, zoho_bills.OFFER, zoho_vendor_credits.OFFER, zoho_sales.OFFER]
)

INTEGRATION = IntegrationType(
    kind="servicetitan-zoho_books",
    title="ServiceTitan with Zoho Books",
    source_vendor="servicetitan",
    source_title="ServiceTitan",
    target_vendor="zoho_books",
    target_title="Zoho Books",
    flows=_OFFERED.flows,
    tables=_OFFERED.tables,
    settings=Settings,
    fixed_once_posted=_OFFERED.fixed_once_posted,
    skipped_by_settings=_OFFERED.skipped_by_settings,
    held_by_settings=_OFFERED.held_by_settings,
    account_settings=_OFFERED.account_settings,
    skipped_by_tables=_OFFERED.skipped_by_tables,
    currency_setting="currency",
    gates=_OFFERED.gates,
    clearing=_OFFERED.clearing,
    not_recoded="no mapping table recodes a bill that is posted: its lines stay coded as they are in the ledger, whatever "
    "else changes.",
    not_possible=_OFFERED.not_possible,
)
