"""Names and numbers of what documents only name by id, fetched 50 a call where the right to them is granted."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.connectors.servicetitan import payloads, resources, translate
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.translate import understood_or_none


async def vendor_names(client: Client, ids: Iterable[int]) -> dict[int, str]:
    """The names of vendors by id. Raises transport.errors."""
    raws = await client.by_ids(resources.VENDORS, {str(one) for one in ids})
    vendors = (understood_or_none(raw, payloads.Vendor) for raw in raws)
    return {vendor.id: translate.text(vendor.name) for vendor in vendors if vendor}


async def job_numbers(client: Client, ids: Iterable[int | None]) -> dict[int, str]:
    """The numbers of jobs by id; none without the right to jobs. Raises transport.errors."""
    if resources.JOBS.scope not in client.session.scopes:
        return {}
    raws = await client.by_ids(resources.JOBS, {str(one) for one in ids if one})
    jobs = (understood_or_none(raw, payloads.Job) for raw in raws)
    return {job.id: translate.text(job.job_number) for job in jobs if job}
