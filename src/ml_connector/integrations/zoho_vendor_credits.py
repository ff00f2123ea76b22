"""What vendors credit, as vendor credits of Zoho Books: flows and tables, beside those of bills."""

from __future__ import annotations

from ml_connector.integrations.bill_kinds import CREDIT_NUMBERS
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.vendor_credit_flow import VendorCredits, VendorCreditsExported

OFFER = Offer(
    flows=(VendorCredits(), VendorCreditsExported()),
    tables=(TableType(CREDIT_NUMBERS, "ServiceTitan AP credit id", "the number to use instead", "", ""),),
    account_settings=("plain_credit_account",),
)
