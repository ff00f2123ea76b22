"""What an integration that stages declares alike, whatever ledger the documents come from."""

from __future__ import annotations

from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.staging_tables import tables

_NOT_RECODED = (
    "what is staged is changed from here only where its source has changed, so no mapping table recodes an invoice; have "
    "accounts and cost centres corrected there."
)
_NOT_POSSIBLE = (
    "Nothing that is staged can be taken back from here: a voided bill or a deleted payment is told and stays until it is "
    "cancelled there.",
    "Money that a vendor gave back cannot be staged as a payment.",
    "Suppliers are created and never changed from here: remit-to, bank details and terms are kept there.",
)


def staging_integration(pair: Pair, flows: tuple[FlowType, ...]) -> IntegrationType:
    """The integration of a ledger with the system where its bills are approved. ``flows`` say which vendors these are."""
    source, target = flows[0].source_vendor, flows[0].target_vendor
    return IntegrationType(
        kind=f"{source}-{target}",
        title=f"{pair.source} with {pair.target}",
        source_vendor=source,
        source_title=pair.source,
        target_vendor=target,
        target_title=pair.target,
        flows=flows,
        tables=tables(pair.source, pair.target),
        settings=Settings,
        skipped_by_settings=(
            "staged_before_start", "payment_of_older_bills", "not_a_cost_center", "credit_listed", "not_in_books_yet",
        ),
        held_by_settings=("cost_center_missing", "cost_center_not_there", "changed_after_staging"),
        account_settings=("freight_account", "other_account", "discount_account"),
        dimension_settings=("cost_center_from",),
        dimension_words=("location", "project", "none"),
        currency_setting="currency",
        skipped_by_tables=(("cost_centers", "cost_center_by_row"),),
        not_possible=_NOT_POSSIBLE,
        not_recoded=_NOT_RECODED,
    )  # fmt: skip
