"""Why documents wait for the taxes of a ledger that reckons tax itself, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

TAX_REASONS = (
    Reason(
        "tax_rate_changed",
        "Changed in ServiceTitan, and its tax has another rate since",
        "The ledger's document {number} of {date} shows the tax {name} with {was}, and the list of taxes shows it with {now} "
        "today. A change sends its lines again, and nothing says which of the two the ledger would reckon it by.",
        "If it is to keep its tax, put its lines on a tax of the former rate in the ledger, and it goes on by itself; "
        "or release it: then the rate of today is reckoned with, and a total that differs is held.",
        for_version=True,
    ),
    Reason(
        "tax_parts_unread",
        "The taxes of a tax group could not be read",
        "It is taxed by the group {name}, each tax of which is rounded by itself, and the rates of these could not be read: "
        "the ledger's answer for that group was broken or none that is documented.",
        "Nothing to do at first: the group is asked for again with each reading of the taxes, and what waits goes on by "
        "itself. If it stays so, open the group in the ledger and save it, or ask the ledger's support.",
    ),
)
