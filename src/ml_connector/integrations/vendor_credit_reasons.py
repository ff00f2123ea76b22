"""Why a vendor's credits wait, in a bookkeeper's words."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

_OR_RELEASE = "release this one: then the credit is posted, and that part of it stays open."

VENDOR_CREDIT_REASONS = (
    Reason(
        "plain_credit",
        "A credit without a return, and no account for it",
        "Nothing was sent back for this credit of {amount}, so ServiceTitan shows no lines and no account for it.",
        "Set plain_credit_account of the integration to the ledger account that such credits are booked to.",
    ),
    Reason(
        "credited_bill_pending",
        "The bill that a credit is on is not in the ledger yet",
        "It is on bill {number} of ServiceTitan with {amount}, and that bill is not in the ledger yet.",
        "Nothing to do if that bill is on its way. If it is not to be posted, link it with what stands for it, or "
        + _OR_RELEASE,
    ),
    Reason(
        "credited_bill_flow_off",
        "Credits are on bills, and the bills flow is off",
        "It is on bill {number} of ServiceTitan with {amount}; that bill is not in the ledger, and the flow bills is off.",
        "Turn the flow bills on, or " + _OR_RELEASE,
    ),
    Reason(
        "credited_bill_closed",
        "The bill that a credit is on takes it no more",
        "It is on bill {number} with {amount}, and that bill {why} in the ledger.",
        "See in the ledger what settles the bill, and take back there what is wrong: it goes on by itself. If that is right, "
        + _OR_RELEASE,
    ),
    Reason(
        "credited_other_vendor",
        "A credit and its bill are of two vendors in the ledger",
        "It is on bill {number} with {amount}, and that is another contact's in the ledger; a credit is applied to bills of "
        "its own vendor alone.",
        "Link both with one contact, or have the bill changed to the credit's vendor in the ledger: it goes on by itself.",
    ),
    Reason(
        "vendor_credit_used_up",
        "The vendor credit in the ledger is used up",
        "Vendor credit {number} has {left} left in the ledger, {short} less than ServiceTitan puts on bills.",
        "See in the ledger what it is applied to, and take back there what is wrong; or correct the credit in ServiceTitan: "
        "it goes on by itself.",
    ),
    Reason(
        "vendor_credit_applied_by_hand",
        "A vendor credit that was applied by hand",
        "People have put vendor credit {number} on bill {bill} in the ledger, and ServiceTitan says otherwise now.",
        "Take it off that bill in the ledger, and it goes on by itself; or correct what it is on in ServiceTitan.",
    ),
    Reason(
        "vendor_credit_taken_off",
        "A vendor credit that was taken off a bill by hand",
        "People have taken vendor credit {number} off bill {bill} in the ledger, and ServiceTitan has {amount} of it "
        "there.",
        "Apply it there again, or take it off in ServiceTitan: it goes on by itself.",
    ),
)
