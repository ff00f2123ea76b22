"""Why a posted document is not recoded, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

RECODING_REASONS = (
    Reason(
        "recoded_there",
        "Recoded in the ledger since it was posted",
        "Somebody has recoded it in the ledger since it was posted: {what}.",
        "Nothing is changed there; recode it in the ledger by hand where the mapping table is right.",
    ),
    Reason(
        "recoding_closed",
        "In a closed period of the ledger",
        "It stands in the ledger with the date {date}, which is closed through {closed}, and is reported as it stands.",
        "Move the amount with a journal on an open day; or have the period opened, there and in the setting "
        "closed_through, and begin the recoding again.",
    ),
    Reason(
        "recoding_not_ours",
        "Linked, and not made here",
        "The ledger's {number} was linked and not made here, so it is never written.",
        "Recode it in the ledger by hand.",
    ),
    Reason(
        "recoding_void",
        "Void or deleted in the ledger",
        "The ledger's {number} is {state} there.",
        "Nothing to do: it stands on no account any more.",
    ),
    Reason(
        "recoding_tax_paid",
        "A tax type of a paid document",
        "Of {number} {settled} is paid or credited, and {ledger} changes no tax type of such a document.",
        "Take off in {ledger} what stands on it, begin the recoding again, and put it back; or leave it as it is.",
    ),
    Reason(
        "recoding_erased",
        "Of a customer or vendor who was erased",
        "The customer or vendor of {number} was erased here, and the ledger's words would be lost with the recoding.",
        "Recode it in the ledger by hand.",
    ),
    Reason(
        "recoding_applied",
        "A credit that is applied",
        "Of credit note {number} {settled} is applied or given back, and {ledger} takes no change of such a credit note.",
        "Take it off in {ledger}, begin the recoding again, and apply it again; or leave it as it is.",
    ),
    Reason(
        "recoding_billed",
        "A billed order",
        "Order {number} is billed in the ledger, and its bill has a coding of its own.",
        "Recode the bill in the ledger where that is wrong.",
    ),
    Reason(
        "recoding_unpaired",
        "Lines cannot be told apart",
        "{why}, so nothing tells which line of the ledger is which of ServiceTitan's.",
        "Recode it in the ledger by hand.",
    ),
    Reason(
        "recoding_unsuitable",
        "The ledger cannot take it as it is",
        "{why}",
        "Recode it in the ledger by hand.",
    ),
)  # fmt: skip
