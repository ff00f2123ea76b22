"""``/vendorpayments``: money paid to vendors, what their bills took of it, and what came back."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import payments
from ml_connector_sandbox.zoho_books.books.documents import Refund, VendorPayment
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _payment_answer as answer
from ml_connector_sandbox.zoho_books.resources._bounds import bounds
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

UPDATED = "The details of the payment made to the vendor have been updated"


def rules(books: OrganisationBooks) -> ListRules[VendorPayment]:
    """What the list filters and sorts by; it cannot be sorted by the last change."""
    return ListRules(
        report_name="Payments Made",
        default_column="date",
        default_order="D",
        default_filter="PaymentMode.All",
        columns={
            "vendor_name": lambda one: vendor_by_id(books, one.vendor_id).contact_name.casefold(),
            "date": lambda one: one.date,
            "reference_number": lambda one: one.reference_number,
            "amount": lambda one: one.amount,
            "balance": lambda one: one.balance,
        },
        exact={
            "vendor_id": lambda one: one.vendor_id,
            "amount": lambda one: str(number(one.amount)),
        },
        texts={
            "vendor_name": lambda one: vendor_by_id(books, one.vendor_id).contact_name,
            "reference_number": lambda one: one.reference_number,
            "payment_number": lambda one: one.number,
            "payment_mode": lambda one: one.payment_mode,
            "description": lambda one: one.texts.get("description", ""),
            "notes": lambda one: one.texts.get("description", ""),
        },
        dates={"date": lambda one: one.date},
        search=lambda one: " ".join(
            (one.reference_number, vendor_by_id(books, one.vendor_id).contact_name, one.texts.get("description", ""))
        ),
        modified=lambda one: one.modified,
    )


def list_payments(call: ApiCall) -> Reply:
    """A page of payments."""
    rows, context = page_of_register(call, rules(call.books), call.books.vendor_payments, _tests(call))
    return Reply(payload={"vendorpayments": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_payment(call: ApiCall) -> Reply:
    """One payment in full."""
    return Reply(payload={"vendorpayment": answer.detail(call.books, _payment(call))})


def create_payment(call: ApiCall) -> Reply:
    """A new payment; without bills an advance."""
    return _created(call, payments.create_payment(call.books, call.body, by=call.user.name))


def update_payment(call: ApiCall) -> Reply:
    """Change the named fields; ``bills`` replaces the old ones as a whole."""
    return _updated(call, payments.update_payment(call.books, _payment(call), call.body))


def upsert_payment(call: ApiCall) -> Reply:
    """Change, or create, the payment that holds a unique custom field's value."""
    found, body = upsert_target(call, payments.MODULE, "Payment")
    if found is None:
        reply = _created(call, payments.create_payment(call.books, body, by=call.user.name))
        reply.status = call.switches.upsert_created_status
        return reply
    one = call.books.vendor_payments.get(found)
    if one is None:
        raise missing("Payment")
    return _updated(call, payments.update_payment(call.books, one, body))


def delete_payment(call: ApiCall) -> Reply:
    """Remove for good; its bills are owed again."""
    payments.delete_payment(call.books, _payment(call))
    return Reply(message="The payment has been deleted.")


def delete_payments(call: ApiCall) -> Reply:
    """Remove several for good; the parameter is ``vendorpayment_id``, and none goes unless all can."""
    wanted = [one for one in call.query.get("vendorpayment_id", "").split(",") if one]
    found = [call.books.vendor_payments.get(one) for one in wanted]
    if not wanted:
        raise invalid("vendorpayment_id")
    there = [one for one in found if one is not None]
    if len(there) < len(found):
        raise missing("Payment")
    for one in there:
        payments.check_deletable(call.books, one)
    for one in there:
        payments.delete_payment(call.books, one)
    return Reply(message="The selected vendor payments have been deleted.")


def list_refunds(call: ApiCall) -> Reply:
    """The refunds of a payment."""
    one = _payment(call)
    return Reply(payload={"vendorpayment_refunds": [answer.refund_row(one, each) for each in one.refunds]})


def get_refund(call: ApiCall) -> Reply:
    """One refund in full."""
    one = _payment(call)
    return Reply(payload={"vendorpayment_refund": answer.refund_detail(call.books, one, _refund(call, one))})


def refund_payment(call: ApiCall) -> Reply:
    """The vendor pays back what is left of an advance."""
    one = _payment(call)
    made = payments.refund(call.books, one, call.body)
    message = "Vendor Payment Refunded successfully"
    payload = {"vendorpayment_refund": answer.refund_detail(call.books, one, made)}
    return Reply(payload=payload, message=message, status=201)


def delete_refund(call: ApiCall) -> Reply:
    """Take a refund back."""
    one = _payment(call)
    payments.delete_refund(call.books, one, _refund(call, one))
    return Reply(message="The refund has been deleted.")


def _created(call: ApiCall, one: VendorPayment) -> Reply:
    return Reply(
        payload={"vendorpayment": answer.detail(call.books, one)},
        message="The payment made to the vendor has been recorded",
        status=201,
        location=f"/api/v3/vendorpayments/{one.payment_id}",
    )


def _updated(call: ApiCall, one: VendorPayment) -> Reply:
    shown = answer.detail(call.books, one)
    return Reply(payload={"vendorpayment": [shown] if call.switches.payment_detail_as_list else shown}, message=UPDATED)


def _payment(call: ApiCall) -> VendorPayment:
    one = call.books.vendor_payments.get(call.path["payment_id"])
    if one is None:
        raise missing("Payment")
    return one


def _refund(call: ApiCall, one: VendorPayment) -> Refund:
    for each in one.refunds:
        if each.refund_id == call.path["refund_id"]:
            return each
    raise missing("Refund")


def _tests(call: ApiCall) -> list[Predicate]:
    """By bill, by mode (``PaymentMode.BankTransfer`` is ``Bank Transfer``), and by bounds of the amount."""
    found: list[Predicate] = []
    bill_id = call.query.get("bill_id", "")
    if bill_id:
        found.append(lambda one: any(part.bill_id == bill_id for part in one.applied))
    mode = call.query.get("filter_by", "").removeprefix("PaymentMode.").casefold()
    if mode and mode != "all":
        found.append(lambda one: "".join(one.payment_mode.split()).casefold() == mode)
    return found + bounds(call, "amount", lambda one: one.amount)


ONE = "/vendorpayments/{payment_id}"
REFUND = f"{ONE}/refunds/{{refund_id}}"
_READ, _CREATE, _UPDATE, _DELETE = (f"vendorpayments.{word}" for word in ("READ", "CREATE", "UPDATE", "DELETE"))
ROUTES = [
    Route(method="GET", path="/vendorpayments", scope=_READ, handler=list_payments),
    Route(method="POST", path="/vendorpayments", scope=_CREATE, handler=create_payment, takes_body=True),
    Route(method="PUT", path="/vendorpayments", scope=_UPDATE, handler=upsert_payment, takes_body=True),
    Route(method="DELETE", path="/vendorpayments", scope=_DELETE, handler=delete_payments),
    Route(method="GET", path=ONE, scope=_READ, handler=get_payment),
    Route(method="PUT", path=ONE, scope=_UPDATE, handler=update_payment, takes_body=True),
    Route(method="DELETE", path=ONE, scope=_DELETE, handler=delete_payment),
    Route(method="GET", path=f"{ONE}/refunds", scope=_READ, handler=list_refunds),
    Route(method="POST", path=f"{ONE}/refunds", scope=_CREATE, handler=refund_payment, takes_body=True),
    Route(method="GET", path=REFUND, scope=_READ, handler=get_refund),
    Route(method="DELETE", path=REFUND, scope=_DELETE, handler=delete_refund),
]
