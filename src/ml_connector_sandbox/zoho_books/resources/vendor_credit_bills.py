"""The bills a vendor credit is applied to, seen and changed from the credit's side."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import applying
from ml_connector_sandbox.zoho_books.books.body import Body, decimal, objects, text
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources.vendor_credits import bills_credited, credit_of


def list_bills(call: ApiCall) -> Reply:
    """The bills a credit is applied to."""
    credit = credit_of(call)
    return Reply(payload={"bills_credited": bills_credited(call.books, credit)})


def apply_to_bills(call: ApiCall) -> Reply:
    """Apply a credit to bills of the same vendor; all of them or none."""
    credit = credit_of(call)
    wanted = [(_bill(call, one), decimal(one, "amount_applied")) for one in objects(call.body, "bills")]
    for bill, amount in wanted:
        applying.check_credit(call.books, credit, bill, amount)
    if not wanted or sum(amount for _, amount in wanted) > credit.balance:
        raise invalid("amount_applied")
    for bill, amount in wanted:
        applying.apply_credit(call.books, credit, bill, amount)
    shown: list[dict[str, Any]] = [{"bill_id": bill.document_id, "amount_applied": amount} for bill, amount in wanted]
    return Reply(payload={"bills": shown}, message="Credits have been applied to the bill(s).", status=201)


def take_off(call: ApiCall) -> Reply:
    """Take a credit off one bill."""
    credit = credit_of(call)
    for one in credit.credits:
        if one.vendor_credit_bill_id == call.path["vendor_credit_bill_id"]:
            applying.unapply_credit(call.books, credit, one)
            return Reply(message="Credits applied to a bill have been deleted.")
    raise missing("Vendor credit")


def _bill(call: ApiCall, one: Body) -> Bill:
    bill = call.books.bills.get(text(one, "bill_id"))
    if bill is None:
        raise invalid("bill_id")
    return bill


ALL = "/vendorcredits/{vendor_credit_id}/bills"
ROUTES = [
    Route(method="GET", path=ALL, scope="debitnotes.READ", handler=list_bills),
    Route(method="POST", path=ALL, scope="debitnotes.CREATE", handler=apply_to_bills, takes_body=True),
    Route(method="DELETE", path=f"{ALL}/{{vendor_credit_bill_id}}", scope="debitnotes.DELETE", handler=take_off),
]
