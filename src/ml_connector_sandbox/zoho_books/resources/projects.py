"""``/projects``: work for customers, which purchase lines name. There is no filter by last change."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, page_of
from ml_connector_sandbox.zoho_books.books.masters import Project
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import stamp
from ml_connector_sandbox.zoho_books.errors import missing


def list_projects(call: ApiCall) -> Reply:
    """A page of projects; ``filter_by=Status.Active`` or ``Status.Inactive``."""
    wanted = call.query.get("filter_by", "Status.All").removeprefix("Status.").casefold()
    shown = [one for one in call.books.projects.values() if wanted in ("all", _status(one))]
    rows, context = page_of(call, _rules(call.books), shown)
    return Reply(payload={"projects": [_row(call.books, one) for one in rows], "page_context": context})


def get_project(call: ApiCall) -> Reply:
    """One project with its (empty) hours and tasks."""
    one = call.books.projects.get(call.path["project_id"])
    if one is None:
        raise missing("Project")
    currency = vendor_by_id(call.books, one.customer_id).currency_code
    nothing = dict.fromkeys(("total_amount", "billed_amount", "un_billed_amount", "billable_amount"), 0)
    hours = dict.fromkeys(("billed_hours", "un_billed_hours", "non_billable_hours"), "00:00")
    return Reply(
        payload={"project": {**_row(call.books, one), "currency_code": currency, **nothing, **hours, "tasks": []}}
    )


def _rules(books: OrganisationBooks) -> ListRules[Project]:
    return ListRules(
        report_name="Projects",
        default_column="created_time",
        default_order="D",
        columns={
            "project_name": lambda one: one.project_name.casefold(),
            "customer_name": lambda one: vendor_by_id(books, one.customer_id).contact_name.casefold(),
            "created_time": lambda one: one.created,
        },
        exact={"customer_id": lambda one: one.customer_id},
    )


def _status(one: Project) -> str:
    return "active" if one.active else "inactive"


def _row(books: OrganisationBooks, one: Project) -> dict[str, Any]:
    return {
        "project_id": one.project_id,
        "project_name": one.project_name,
        "customer_id": one.customer_id,
        "customer_name": vendor_by_id(books, one.customer_id).contact_name,
        "description": one.description,
        "status": _status(one),
        "billing_type": one.billing_type,
        "rate": 0,
        "created_time": stamp(one.created, books.zone),
        "has_attachment": False,
        "total_hours": "00:00",
        "billable_hours": "00:00",
    }


ROUTES = [
    Route(method="GET", path="/projects", scope="projects.READ", handler=list_projects),
    Route(method="GET", path="/projects/{project_id}", scope="projects.READ", handler=get_project),
]
