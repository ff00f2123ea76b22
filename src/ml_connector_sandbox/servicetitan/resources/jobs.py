"""jobs: as much as a document needs of them, first of all the number."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import Job
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, equal, read_page, single, window
from ml_connector_sandbox.servicetitan.shapes import Row, stamps
from ml_connector_sandbox.servicetitan.stamps import shown_or_none

_STATUSES = ("Scheduled", "Dispatched", "InProgress", "Hold", "Completed", "Canceled")
_RULES = ListRules(
    sorts=("Id", "ModifiedOn", "CreatedOn", "Priority"),
    active=False,
    not_emulated=(
        "bookingId", "appointmentStatus", "firstAppointmentStartsOnOrAfter", "firstAppointmentStartsBefore",
        "appointmentStartsOnOrAfter", "appointmentStartsBefore", "technicianId", "soldById", "campaignId",
        "createdFromEstimateId", "estimateIds", "tagTypeIds", "externalDataApplicationGuid", "externalDataKey",
        "externalDataValues", "hasUnusedAppointments",
    ),
)  # fmt: skip


async def _list(call: ApiCall) -> web.Response:
    asked = call.parameters
    tests = [
        *equal("job_number", asked.text("number")),
        *equal("job_status", asked.enum("jobStatus", _STATUSES)),
        *equal("project_id", asked.integer("projectId")),
        *equal("customer_id", asked.integer("customerId")),
        *equal("location_id", asked.integer("locationId")),
        *equal("job_type_id", asked.integer("jobTypeId")),
        *equal("business_unit_id", asked.integer("businessUnitId")),
        *equal("invoice_id", asked.integer("invoiceId")),
        *equal("priority", asked.text("priority")),
        *window(asked.stamp("completedOnOrAfter"), asked.stamp("completedBefore"), lambda job: job.completed_on),
    ]
    page = read_page(call, call.books.jobs, _RULES, tests)
    return envelope(call, page, call.books.jobs, "jobs", _row)


async def _one(call: ApiCall) -> web.Response:
    return single(call, call.books.jobs, "id", _row)


def _row(job: Job) -> Row:
    return {
        "id": job.id,
        "jobNumber": job.job_number,
        "projectId": job.project_id,
        "customerId": job.customer_id,
        "locationId": job.location_id,
        "jobStatus": job.job_status,
        "completedOn": shown_or_none(job.completed_on),
        "businessUnitId": job.business_unit_id,
        "jobTypeId": job.job_type_id,
        "priority": job.priority,
        "campaignId": job.campaign_id,
        **_appointments(job),
        "recallForId": None,
        "warrantyId": None,
        "jobGeneratedLeadSource": None,
        "noCharge": job.no_charge,
        "notificationsEnabled": True,
        **stamps(job),
        "createdById": 21,
        "tagTypeIds": list(job.tag_type_ids),
        "leadCallId": None,
        "partnerLeadCallId": None,
        "bookingId": None,
        "soldById": None,
        "customerPo": job.customer_po,
        "invoiceId": job.invoice_id,
        "membershipId": None,
        "total": job.total,
        "createdFromEstimateId": None,
        "estimateIds": [],
        "summary": job.summary,
        "customFields": [],
        "externalData": [],
    }


def _appointments(job: Job) -> Row:
    ids = job.appointment_ids
    return {
        "appointmentCount": len(ids),
        "firstAppointmentId": ids[0] if ids else 0,
        "lastAppointmentId": ids[-1] if ids else 0,
    }


_READ = "tn.jpm.jobs:r"

OPERATIONS = (
    Operation("GET", "jpm", "jobs", _READ, _list),
    Operation("GET", "jpm", "jobs/{id}", _READ, _one),
)
