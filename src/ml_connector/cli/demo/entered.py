"""Scenes of the fourth chapter: goods sent back, a bill that changes, and what the bookkeeper enters in Zoho Books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector.cli.demo import stage
from ml_connector.cli.demo.bills import KIND
from ml_connector.cli.demo.known import ledgers, servicetitans
from ml_connector.cli.demo.mapped import BUYING, SALES
from ml_connector.cli.demo.walk import Walk
from ml_connector.service.connections import connection_named
from ml_connector.service.fields import fields
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.values import set_value
from ml_connector.service.tallies import counted

_BACK = ("payments_back", "expenses_back")
_ACCOUNTS, _ACCOUNT, _BANK = "expense_accounts", "5110", "1010"
_BY = 12  # what a vendor's bill is corrected by, in the company's currency
_PAID, _SPENT = Decimal("100.00"), Decimal("41.50")


async def entered(walk: Walk, integration: Integration) -> dict[str, Any]:
    """Post, let a bill change, and carry back what is entered in Zoho Books; the scenes' numbers."""
    credits = await _posted(walk, integration)
    changed = await _bill_changed(walk)
    probed = await _probed(walk)
    return {"vendor_credits": credits, "bill": changed, "offered": probed, **await _back(walk, integration)}


async def _posted(walk: Walk, integration: Integration) -> int:
    """Bills and credits go live; how many vendor credits stand on the bills they came with."""
    commands = [*(f"live {flow}" for flow in BUYING), "sync"]
    text = "Bills go to Zoho Books; the credit of a return becomes a vendor credit, on the bill it came with"
    walk.head(text, "\n".join(commands))
    for flow in BUYING:
        await set_flow_mode(walk.desk, integration, flow, "live")
    await walk.sync(KIND)
    books, currency = await ledgers(walk), walk.company["currency"]
    bills = {one["document_id"]: one for one in books["bills"]}
    applied = [(one, part) for one in books["vendor_credits"] for part in one["bills"]]
    for one, part in applied:
        bill = bills[part["bill_id"]]
        over = f"{one['number']} over {one['total']:,.2f} {currency}"
        walk.say(f"  {over}: {part['amount']:,.2f} of it is on bill {bill['number']}.")
    flows = [
        line for one in (await walk.status(KIND)).integrations for line in one.flows if line.flow in (*BUYING, *SALES)
    ]
    told = ", ".join(f"{line.flow} {line.states['posted'].count}" for line in flows if "posted" in line.states)
    walk.say(f"Posted: {told}.")
    return len(applied)


async def _bill_changed(walk: Walk) -> dict[str, str]:
    """The purchasing office corrects a bill that is posted already."""
    walk.head("A bill is corrected in ServiceTitan after it was posted: the same bill follows", "sync")
    wish = {"act": "edit bill", "tenant": walk.company["tenant_id"], "by": _BY}
    done = await stage.at_the_desk(walk.handover["admin"], "servicetitan", wish)
    before = await _total(walk, str(done["bill"]))
    await walk.sync(KIND)
    after = await _total(walk, str(done["bill"]))
    walk.say(
        f"Bill {done['bill']}: {before:,.2f} becomes {after:,.2f} in Zoho Books; {done['after']:,.2f} in ServiceTitan."
    )
    return {"number": str(done["bill"]), "before": f"{before:.2f}", "after": f"{after:.2f}"}


async def _total(walk: Walk, number: str) -> Decimal:
    return next(Decimal(one["total"]) for one in (await ledgers(walk))["bills"] if one["number"] == number)


async def _probed(walk: Walk) -> dict[str, str]:
    """What this account's API takes, as it says itself."""
    walk.head("What goes back is what the account's API takes: it is asked, and never assumed", "fields ServiceTitan")
    found = await fields(walk.desk, await connection_named(walk.desk, "ServiceTitan"))
    for one in found.findings:
        walk.say(f"  {one.subject}: {one.verdict.value}. {one.sentence}")
    return {one.subject: one.verdict.value for one in found.findings}


async def _back(walk: Walk, integration: Integration) -> dict[str, Any]:
    """A customer's cheque and an expense are typed in Zoho Books."""
    commands = ["map set payment_modes check ID", *(f"live {flow}" for flow in _BACK), "sync"]
    commands += [f"map suggest {_ACCOUNTS} --accept-exact", f"map set {_ACCOUNTS} ID {_ACCOUNT}", "sync"]
    walk.head("A payment and an expense are typed in Zoho Books: ServiceTitan has them", "\n".join(commands))
    check = next(str(one["id"]) for one in (await servicetitans(walk))["payment_types"] if one["name"] == "Check")
    await set_value(walk.desk, integration, "payment_modes", "check", check, anyway=True)
    for flow in _BACK:
        await set_flow_mode(walk.desk, integration, flow, "live")
    invoice = await _typed(walk)
    await walk.sync(KIND)
    taken = await _accounts(walk, integration)
    await walk.sync(KIND)
    books = await servicetitans(walk)
    paid = [one for one in books["payments"] if one["active"] and one["export_id"] and one["total"] == _PAID]
    entries = [one for one in books["journal_entries"] if one["active"]]
    told = counted(len(paid), "payment")
    walk.say(f"Invoice {invoice}: {told} over {_PAID} there now, marked as exported. It does not come here again.")
    for one in entries:
        walk.say(f"Journal entry {one['name']}: {sum(line['debit'] for line in one['lines']):,.2f} on both sides.")
    return {"payments_back": len(paid), "accounts_said": taken, "journal_entries": len(entries)}


async def _accounts(walk: Walk, integration: Integration) -> int:
    """The accounts of the expense: what is sure is taken, and the other is said; how many rows there are."""
    await walk.accept(integration, (_ACCOUNTS,))
    ids: dict[str, str] = walk.company["ledger"]["accounts"]
    for number in (_ACCOUNT, _BANK):
        await set_value(walk.desk, integration, _ACCOUNTS, ids[number], number)
    walk.say(f"{_ACCOUNTS}: {_ACCOUNT} of Zoho Books is {_ACCOUNT} of ServiceTitan, whatever they are called.")
    return len((_ACCOUNT, _BANK))


async def _typed(walk: Walk) -> str:
    """A cheque for an invoice that nobody has paid anything of, and an expense; the invoice's number."""
    books = await ledgers(walk)
    invoice = next(one for one in books["invoices"] if one["balance"] == one["total"] > _PAID)
    names = {one["account_code"]: one["account_name"] for one in books["accounts"]}
    desk = {"organisation": walk.company["organization_id"]}
    paid = {"invoices": [invoice["number"]], "amount": str(_PAID), "reference": "CHK 77"}
    cheque = {"customer": invoice["customer_name"], **paid}
    await stage.at_the_desk(walk.handover["admin"], "zoho_books", {"act": "receive", **desk, **cheque})
    spent = {"account": names[_ACCOUNT], "through": names[_BANK], "amount": str(_SPENT), "reference": "R-1"}
    await stage.at_the_desk(walk.handover["admin"], "zoho_books", {"act": "spend", **desk, **spent})
    return str(invoice["number"])
