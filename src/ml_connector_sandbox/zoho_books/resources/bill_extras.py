"""What hangs on a bill: payments, credits, one attachment."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import applying, payments
from ml_connector_sandbox.zoho_books.books.body import Body, decimal, objects, text
from ml_connector_sandbox.zoho_books.books.documents import Bill, VendorCredit, VendorPayment
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources._bill_answer import payment
from ml_connector_sandbox.zoho_books.resources.bills import bill_of

ATTACHMENT_TYPES = (".gif", ".png", ".jpeg", ".jpg", ".bmp", ".pdf")


def list_payments(call: ApiCall) -> Reply:
    """The payments applied to a bill."""
    bill = bill_of(call)
    vendor = call.books.contacts.get(bill.vendor_id)
    shown = {"vendor_id": bill.vendor_id, "vendor_name": vendor.contact_name if vendor else ""}
    rows = [payment(call.books, one) | shown for one in bill.payments]
    return Reply(payload={"payments": [one | {"paid_through": one["paid_through_account_name"]} for one in rows]})


def unapply_payment(call: ApiCall) -> Reply:
    """Take a payment off the bill; the payment itself survives."""
    bill = bill_of(call)
    found = [one for one in bill.payments if one.bill_payment_id == call.path["bill_payment_id"]]
    if not found:
        raise missing("Payment")
    call.books.unapply_payment(bill, found[0])
    return Reply(message="The payment has been deleted.")


def apply_credits(call: ApiCall) -> Reply:
    """Apply advances and vendor credits of the same vendor; all of them or none."""
    bill, books = bill_of(call), call.books
    advances = [_advance(call, bill, one) for one in objects(call.body, "bill_payments")]
    credits = [_credit(call, bill, one) for one in objects(call.body, "apply_vendor_credits")]
    amounts = [amount for _, amount in (*advances, *credits)]
    if not amounts or sum(amounts) > bill.balance:
        raise invalid("amount_applied")
    for payment_made, amount in advances:
        payments.apply_advance(books, payment_made, bill, amount)
    for credit, amount in credits:
        applying.apply_credit(books, credit, bill, amount)
    return Reply(message="Credits have been applied to the bill(s).", status=201)


def add_attachment(call: ApiCall) -> Reply:
    """Keep the uploaded file; a second one replaces it."""
    if call.file is None or not call.file[0].lower().endswith(ATTACHMENT_TYPES):
        raise invalid("attachment")
    bill = bill_of(call)
    bill.attachment = call.file
    call.books.touch(bill, call.user.name)
    return Reply(message="The document has been attached.", status=201)


def get_attachment(call: ApiCall) -> Reply:
    """The file itself."""
    bill = bill_of(call)
    if bill.attachment is None:
        raise missing("Attachment")
    return Reply(raw=bill.attachment)


def delete_attachment(call: ApiCall) -> Reply:
    """Remove the file."""
    bill = bill_of(call)
    if bill.attachment is None:
        raise missing("Attachment")
    bill.attachment = None
    call.books.touch(bill, call.user.name)
    return Reply(message="The attachment has been deleted.")


def _advance(call: ApiCall, bill: Bill, one: Body) -> tuple[VendorPayment, Decimal]:
    found = call.books.vendor_payments.get(text(one, "payment_id"))
    if found is None or found.vendor_id != bill.vendor_id:
        raise invalid("payment_id")
    amount = decimal(one, "amount_applied")
    if amount <= 0 or amount > found.balance or bill.state != "open":
        raise invalid("amount_applied")
    return found, amount


def _credit(call: ApiCall, bill: Bill, one: Body) -> tuple[VendorCredit, Decimal]:
    found, amount = call.books.vendor_credits.get(text(one, "vendor_credit_id")), decimal(one, "amount_applied")
    return applying.check_credit(call.books, found, bill, amount), amount


ONE = "/bills/{bill_id}"
ROUTES = [
    Route(method="GET", path=f"{ONE}/payments", scope="bills.READ", handler=list_payments),
    Route(
        method="DELETE",
        path=f"{ONE}/payments/{{bill_payment_id}}",
        scope="bills.DELETE",
        handler=unapply_payment,
    ),
    Route(method="POST", path=f"{ONE}/credits", scope="bills.CREATE", handler=apply_credits, takes_body=True),
    Route(method="GET", path=f"{ONE}/attachment", scope="bills.READ", handler=get_attachment),
    Route(method="POST", path=f"{ONE}/attachment", scope="bills.CREATE", handler=add_attachment),
    Route(method="DELETE", path=f"{ONE}/attachment", scope="bills.DELETE", handler=delete_attachment),
]
