"""``/customerpayments``: money from customers, what their invoices took of it, and what was given back. There is no void."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import receiving
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CustomerPayment
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _customer_payment_answer as answer
from ml_connector_sandbox.zoho_books.resources._bounds import bounds
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

UPDATED = "The details of the payment received from the customer have been updated"


def rules(books: OrganisationBooks) -> ListRules[CustomerPayment]:
    """What the list filters and sorts by; it has no filter by last change, and is not sorted by it."""
    return ListRules(
        report_name="Payments Received",
        default_column="date",
        default_order="D",
        default_filter="PaymentMode.All",
        columns={
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name.casefold(),
            "date": lambda one: one.date,
            "reference_number": lambda one: one.reference_number,
            "amount": lambda one: one.amount,
        },
        exact={"customer_id": lambda one: one.customer_id, "amount": lambda one: str(number(one.amount))},
        texts={
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name,
            "reference_number": lambda one: one.reference_number,
            "payment_mode": lambda one: one.payment_mode,
            "notes": lambda one: one.texts.get("description", ""),
        },
        dates={"date": lambda one: one.date},
        search=lambda one: " ".join(
            (
                one.reference_number,
                customer_by_id(books, one.customer_id).contact_name,
                one.texts.get("description", ""),
            )
        ),
    )


def list_payments(call: ApiCall) -> Reply:
    """A page of payments, by date: one dated back lands deep."""
    rows, context = page_of_register(call, rules(call.books), call.books.customer_payments, _tests(call))
    return Reply(payload={"customerpayments": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_payment(call: ApiCall) -> Reply:
    """One payment in full."""
    return Reply(payload={"payment": answer.detail(call.books, payment_of(call))})


def create_payment(call: ApiCall) -> Reply:
    """A new payment; without invoices it is unused."""
    return _created(call, receiving.create(call.books, call.body, by=call.user.name))


def update_payment(call: ApiCall) -> Reply:
    """Change the named fields; ``invoices`` replaces the old ones as a whole."""
    return _updated(call, receiving.update(call.books, payment_of(call), call.body))


def upsert_payment(call: ApiCall) -> Reply:
    """Change, or create, the payment that holds a unique custom field's value."""
    found, body = upsert_target(call, receiving.MODULE, "Payment")
    if found is None:
        reply = _created(call, receiving.create(call.books, body, by=call.user.name))
        reply.status = call.switches.upsert_created_status
        return reply
    one = call.books.customer_payments.get(found)
    if one is None:
        raise missing("Payment")
    return _updated(call, receiving.update(call.books, one, body))


def delete_payment(call: ApiCall) -> Reply:
    """Remove for good; its invoices are owed again."""
    receiving.delete(call.books, payment_of(call))
    return Reply(message="The payment has been deleted.")


def delete_payments(call: ApiCall) -> Reply:
    """Remove several for good; ``bulk_delete=true`` stands beside ``payment_ids``, and none goes unless all can."""
    wanted = [one for one in call.query.get("payment_ids", "").split(",") if one]
    if not wanted or call.query.get("bulk_delete", "").lower() != "true":
        raise invalid("payment_ids" if not wanted else "bulk_delete")
    there = [one for one in map(call.books.customer_payments.get, wanted) if one is not None]
    if len(there) < len(wanted):
        raise missing("Payment")
    for one in there:
        receiving.check_deletable(call.books, one)
    for one in there:
        receiving.delete(call.books, one)
    return Reply(message="The selected customer payments have been deleted.")


def payment_of(call: ApiCall) -> CustomerPayment:
    """The payment of the path. Raises Refused with 404."""
    one = call.books.customer_payments.get(call.path["payment_id"])
    if one is None:
        raise missing("Payment")
    return one


def _created(call: ApiCall, one: CustomerPayment) -> Reply:
    return Reply(
        payload={"payment": answer.detail(call.books, one)},
        message="The payment from the customer has been recorded",
        status=201,
        location=f"/api/v3/customerpayments/{one.payment_id}",
    )


def _updated(call: ApiCall, one: CustomerPayment) -> Reply:
    return Reply(payload={"payment": answer.detail(call.books, one)}, message=UPDATED)


def _tests(call: ApiCall) -> list[Predicate]:
    """By mode (``PaymentMode.BankTransfer`` is ``Bank Transfer``), and by bounds of the amount."""
    found = bounds(call, "amount", lambda one: one.amount)
    mode = call.query.get("filter_by", "").removeprefix("PaymentMode.").casefold()
    if mode and mode != "all":
        found.append(lambda one: "".join(one.payment_mode.split()).casefold() == mode)
    return found


ONE = "/customerpayments/{payment_id}"
_READ, _CREATE, _UPDATE, _DELETE = (f"customerpayments.{word}" for word in ("READ", "CREATE", "UPDATE", "DELETE"))
ROUTES = [
    Route(method="GET", path="/customerpayments", scope=_READ, handler=list_payments),
    Route(method="POST", path="/customerpayments", scope=_CREATE, handler=create_payment, takes_body=True),
    Route(method="PUT", path="/customerpayments", scope=_UPDATE, handler=upsert_payment, takes_body=True),
    Route(method="DELETE", path="/customerpayments", scope=_DELETE, handler=delete_payments),
    Route(method="GET", path=ONE, scope=_READ, handler=get_payment),
    Route(method="PUT", path=ONE, scope=_UPDATE, handler=update_payment, takes_body=True),
    Route(method="DELETE", path=ONE, scope=_DELETE, handler=delete_payment),
]
