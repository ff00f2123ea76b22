"""Items and tax zones aligned with Zoho Books: flows, beside the mapping tables of what is sold."""

from __future__ import annotations

from ml_connector.integrations import zoho_sales
from ml_connector.integrations.item_flow import Items
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.tax_zone_flow import TaxZones

_TABLES = ("items", "sales_tax", "sales_accounts")

OFFER = Offer(
    flows=(Items(), TaxZones()),
    tables=tuple(one for one in zoho_sales.OFFER.tables if one.name in _TABLES),
    held_by_settings=("item_not_there", "zone_not_there"),
    skipped_by_tables=(("items", "item_by_row"), ("sales_tax", "zone_by_row")),
    not_possible=("Tax zones cannot be created in ServiceTitan by its API.",),
)
