"""Why changes of bills that were posted wait, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.errors import Acts
from ml_connector.integrations.reason import Reason

_CHANGED = "It was changed in ServiceTitan after it was posted: {what}."
_BOTH = _CHANGED + " The ledger has {there}"
_COMPARE = (
    "Compare both versions, and correct one of them. It is looked at again when the document changes on either side."
)

BILL_CHANGE_REASONS = (
    Reason("changed_after_posting", "Changed after it was posted", f"{_BOTH}: {{why}}.", _COMPARE),
    Reason(
        "canceled_after_posting",
        "Cancelled after it was posted, and not voided",
        "Nothing is owed for it in ServiceTitan any more: {what}. The ledger has {there}: {why}.",
        "It is voided there by itself once it is open there and nothing is paid or credited on it. What was not made from "
        "here, or has become another bill in ServiceTitan, a person voids there, and dismisses this record.",
    ),
    Reason(
        "bill_changed_there",
        "Changed in ServiceTitan and in the ledger",
        f"{_BOTH}, changed there as well: {{why}}.",
        _COMPARE,
    ),
    Reason(
        "bill_lines_unpaired",
        "A change whose lines cannot be laid against the ledger's",
        f"{_BOTH}, and its lines are not changed from here, since what people did to them would be lost: {{why}}.",
        "Make the change in the ledger, then dismiss this record with the reason; or undo what was done to the lines there, "
        "and it goes by itself.",
    ),
    Reason(
        "counterpart_unread",
        "A change waits for the ledger's document",
        f"{_CHANGED} The ledger's document {{id}} is known by its row in a list alone, and a change is laid against lines.",
        "Nothing to do: it is read by itself, and the change goes on.",
        Acts.NOBODY,
    ),
)
