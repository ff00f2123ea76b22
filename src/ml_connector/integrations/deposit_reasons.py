"""Whether a bank deposit adds up, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

DEPOSIT_REASONS = (
    Reason(
        "deposit_ties",
        "Ties out",
        "Its {count} come to the gross amount of {gross}, less fees of {fees} is {net} at the bank.",
        "Nothing to do.",
        Acts.NOBODY,
    ),
    Reason(
        "deposit_open",
        "Not at the bank yet",
        "It is still open in ServiceTitan, with {count} of {gross}: nothing of it is at the bank yet.",
        "Nothing to do; it counts as deposited once ServiceTitan says so.",
        Acts.NOBODY,
    ),
    Reason(
        "deposit_untied",
        "Does not tie out",
        "Bank deposit {number} does not add up: {what}.",
        "Compare its payments, fees and net amount in ServiceTitan with the bank's statement, and correct it there; it is "
        "read again by itself.",
    ),
    Reason(
        "deposit_removed",
        "Taken back",
        "It is not active in ServiceTitan any more.",
        "Nothing to do; its payments count as not deposited.",
        Acts.NOBODY,
    ),
)
