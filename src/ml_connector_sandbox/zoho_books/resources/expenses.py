"""``/expenses``: money spent without a bill. The list has no filter by last change, and is not sorted by it."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import expenses
from ml_connector_sandbox.zoho_books.books.expenses import Expense
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import missing
from ml_connector_sandbox.zoho_books.resources import _expense_answer as answer
from ml_connector_sandbox.zoho_books.resources._bounds import bounds
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

# Words of ``status``, and of ``filter_by`` after ``Status.``, that name the two statuses the emulator knows.
STATUS_WORDS = {
    "billable": "unbilled",
    "unbilled": "unbilled",
    "nonbillable": "nonbillable",
    "non-billable": "nonbillable",
    "invoiced": "invoiced",
    "reimbursed": "reimbursed",
}


def rules(books: OrganisationBooks) -> ListRules[Expense]:
    """What the list filters and sorts by."""
    return ListRules(
        report_name="Expenses",
        default_column="created_time",
        default_order="D",
        columns={
            "date": lambda one: one.date,
            "account_name": lambda one: books.accounts[one.account_id].account_name.casefold(),
            "total": lambda one: one.total,
            "bcy_total": lambda one: one.total * one.exchange_rate,
            "reference_number": lambda one: one.reference_number,
            "customer_name": lambda one: _name(books, one.customer_id).casefold(),
            "created_time": lambda one: one.created,
        },
        exact={
            "amount": lambda one: str(number(one.amount)),
            "vendor_id": lambda one: one.vendor_id,
            "customer_id": lambda one: one.customer_id,
            "paid_through_account_id": lambda one: one.paid_through_account_id,
            "project_id": lambda one: one.texts.get("project_id", ""),
        },
        texts={
            "description": lambda one: one.texts.get("description", ""),
            "reference_number": lambda one: one.reference_number,
            "account_name": lambda one: books.accounts[one.account_id].account_name,
            "customer_name": lambda one: _name(books, one.customer_id),
            "vendor_name": lambda one: _name(books, one.vendor_id),
        },
        dates={"date": lambda one: one.date},
        search=lambda one: " ".join(
            (
                books.accounts[one.account_id].account_name,
                one.texts.get("description", ""),
                _name(books, one.customer_id),
                _name(books, one.vendor_id),
            )
        ),
    )


def list_expenses(call: ApiCall) -> Reply:
    """A page of expenses, newest first."""
    rows, context = page_of_register(call, rules(call.books), call.books.expenses, _tests(call))
    return Reply(payload={"expenses": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_expense(call: ApiCall) -> Reply:
    """One expense in full."""
    return Reply(payload={"expense": answer.detail(call.books, expense_of(call))})


def create_expense(call: ApiCall) -> Reply:
    """A new expense; answered with 201, though the specification says 200."""
    return _created(call, expenses.create(call.books, call.body))


def update_expense(call: ApiCall) -> Reply:
    """Change the named fields."""
    return _updated(call, expenses.update(call.books, expense_of(call), call.body))


def upsert_expense(call: ApiCall) -> Reply:
    """Change, or create, the expense that holds a unique custom field's value."""
    found, body = upsert_target(call, expenses.MODULE, "Expense")
    if found is None:
        reply = _created(call, expenses.create(call.books, body))
        reply.status = call.switches.upsert_created_status
        return reply
    old = call.books.expenses.get(found)
    if old is None:
        raise missing("Expense")
    return _updated(call, expenses.update(call.books, old, body))


def delete_expense(call: ApiCall) -> Reply:
    """Remove for good."""
    expenses.delete(call.books, expense_of(call))
    return Reply(message="The expense has been deleted.")


def expense_of(call: ApiCall) -> Expense:
    """The expense of the path. Raises Refused with 404."""
    one = call.books.expenses.get(call.path["expense_id"])
    if one is None:
        raise missing("Expense")
    return one


def _created(call: ApiCall, one: Expense) -> Reply:
    return Reply(
        payload={"expense": answer.detail(call.books, one)},
        message="The expense has been recorded.",
        status=201,
        location=f"/api/v3/expenses/{one.expense_id}",
    )


def _updated(call: ApiCall, one: Expense) -> Reply:
    message = "Expense information has been updated."
    return Reply(payload={"expense": answer.detail(call.books, one)}, message=message)


def _tests(call: ApiCall) -> list[Predicate]:
    words = (call.query.get("status", ""), call.query.get("filter_by", "").removeprefix("Status.").casefold())
    wanted = [STATUS_WORDS[word] for word in words if word in STATUS_WORDS]
    return bounds(call, "amount", lambda one: one.amount) + [_shown(word) for word in wanted]


def _shown(word: str) -> Predicate:
    return lambda one: answer.status(one) == word


def _name(books: OrganisationBooks, contact_id: str) -> str:
    contact = books.contacts.get(contact_id)
    return contact.contact_name if contact else ""


ONE = "/expenses/{expense_id}"
ROUTES = [
    Route(method="GET", path="/expenses", scope="expenses.READ", handler=list_expenses),
    Route(method="POST", path="/expenses", scope="expenses.CREATE", handler=create_expense, takes_body=True),
    Route(method="PUT", path="/expenses", scope="expenses.UPDATE", handler=upsert_expense, takes_body=True),
    Route(method="GET", path=ONE, scope="expenses.READ", handler=get_expense),
    Route(method="PUT", path=ONE, scope="expenses.UPDATE", handler=update_expense, takes_body=True),
    Route(method="DELETE", path=ONE, scope="expenses.DELETE", handler=delete_expense),
]
