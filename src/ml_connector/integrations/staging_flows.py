"""What an integration that stages declares alike, whatever ledger the documents come from."""

from __future__ import annotations

SKIPPED_BY_SETTINGS = (
    "staged_before_start", "payment_of_older_bills", "not_a_cost_center", "credit_listed", "not_in_books_yet",
)  # fmt: skip
SKIPPED_BY_TABLES = (("cost_centers", "cost_center_by_row"),)
HELD_BY_SETTINGS = ("cost_center_missing", "cost_center_not_there", "changed_after_staging")
ACCOUNT_SETTINGS = ("freight_account", "other_account", "discount_account", "rounding_account")
DIMENSION_SETTINGS = ("cost_center_from",)
DIMENSION_WORDS = ("location", "project", "none")
NOT_RECODED = (
    "what is staged is changed from here only where its source has changed, so no mapping table recodes an invoice; have "
    "accounts and cost centres corrected there."
)
NOT_POSSIBLE = (
    "Nothing that is staged can be taken back from here: a voided bill or a deleted payment is told and stays until it is "
    "cancelled there.",
    "Money that a vendor gave back cannot be staged as a payment.",
    "Suppliers are created and never changed from here: remit-to, bank details and terms are kept there.",
)
