"""What people enter in Zoho Books, back in ServiceTitan, where the account's API takes it: flows and tables."""

from __future__ import annotations

from ml_connector.integrations.back_tables import MODES, NO_MODE, STAYS, ModeTable
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.payments_back import PaymentsBack

OFFER = Offer(
    flows=(PaymentsBack(),),
    tables=(
        ModeTable(
            MODES, "Zoho payment mode (its name in small letters)", "ServiceTitan payment type id, or none", "",
            "payment_types", (STAYS,), (NO_MODE,), back=True,
        ),
    ),
    skipped_by_settings=("payment_back_before_start",),
    held_by_settings=("payment_back_mixed",),
    skipped_by_tables=((MODES, "payment_back_by_rule"),),
    not_possible=(
        "Money given back and credits of customers cannot be entered in ServiceTitan by its API; whether an account takes "
        "payments at all is asked of it daily, and 'ml-connector fields' shows the answer.",
    ),
)  # fmt: skip
