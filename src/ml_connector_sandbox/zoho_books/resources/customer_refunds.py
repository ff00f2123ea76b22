"""Refunds of what customers paid and did not use. There is no upsert: one is found by listing."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import receiving
from ml_connector_sandbox.zoho_books.books.sales_documents import CustomerPayment, SalesRefund
from ml_connector_sandbox.zoho_books.errors import missing
from ml_connector_sandbox.zoho_books.resources import _customer_payment_answer as answer
from ml_connector_sandbox.zoho_books.resources._pages import page_of_rows
from ml_connector_sandbox.zoho_books.resources.customer_payments import payment_of


def list_refunds(call: ApiCall) -> Reply:
    """A page of a payment's refunds."""
    one = payment_of(call)
    rows, context = page_of_rows(call, [answer.refund_row(call.books, one, each) for each in one.refunds], "Refunds")
    message = "The list of refunds of the customer is displayed successfully."
    return Reply(payload={"payment_refunds": rows, "page_context": context}, message=message)


def get_refund(call: ApiCall) -> Reply:
    """One refund in full."""
    one = payment_of(call)
    return _shown(call, one, _refund(call, one), "The details of the refund are displayed successfully.")


def create_refund(call: ApiCall) -> Reply:
    """Give back (part of) what is unused; answered with 200."""
    one = payment_of(call)
    made = receiving.refund(call.books, one, call.body)
    return _shown(call, one, made, "The refund information for this payment has been saved.")


def delete_refund(call: ApiCall) -> Reply:
    """Take a refund back."""
    one = payment_of(call)
    receiving.delete_refund(call.books, one, _refund(call, one))
    return Reply(message="The refund has been deleted.")


def _shown(call: ApiCall, one: CustomerPayment, made: SalesRefund, message: str) -> Reply:
    shown = answer.refund_detail(call.books, one, made)
    body = [shown] if call.switches.payment_refund_as_list else shown
    return Reply(payload={"payment_refunds": body}, message=message)


def _refund(call: ApiCall, one: CustomerPayment) -> SalesRefund:
    for each in one.refunds:
        if each.refund_id == call.path["refund_id"]:
            return each
    raise missing("Refund")


ALL = "/customerpayments/{payment_id}/refunds"
ONE = f"{ALL}/{{refund_id}}"
ROUTES = [
    Route(method="GET", path=ALL, scope="customerpayments.READ", handler=list_refunds),
    Route(method="POST", path=ALL, scope="customerpayments.CREATE", handler=create_refund, takes_body=True),
    Route(method="GET", path=ONE, scope="customerpayments.READ", handler=get_refund),
    Route(method="DELETE", path=ONE, scope="customerpayments.DELETE", handler=delete_refund),
]
