"""Reading invoices: the export feed, and where the gate is the completed job, the jobs that changed.

Items that the feed leaves out (null) are read again by ids, and jobs by ids only where the gate needs them, both 50 a
call. A job's completion is not known to move its invoice, so such flows read the invoices of changed jobs again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan import resources
from ml_connector.connectors.servicetitan.client import Client
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.servicetitan.streams import Leg, Stream
from ml_connector.connectors.servicetitan.translate import one_text, understood, understood_or_none, unread
from ml_connector.connectors.servicetitan.translate_invoices import InvoiceChoices, invoice, lacks_items
from ml_connector.connectors.servicetitan.walks import row_id
from ml_connector.errors import BadInput

GATE = "gate"
_GATES = ("posted", "completed")


async def read(client: Client, settings: Settings, reading: Reading) -> AsyncIterator[Page]:
    """Pages of invoices. Option ``gate``: ``posted`` (default) or ``completed``, which needs the right to jobs.

    Raises BadInput for another gate.
    """
    gate = reading.options.get(GATE, "posted")
    if gate not in _GATES:
        raise BadInput(f"The option {GATE} is {gate!r}: it takes posted or completed.")
    joined = _Invoices(client, InvoiceChoices(jobs=gate == "completed", review_binds=settings.review_binds))
    if reading.ids:
        yield Page(await joined.by_ids(reading.ids), reading.cursor or b"", last=True)
        return
    legs = [Leg("invoices", resources.INVOICE_FEED, joined.rows)]
    if gate == "completed":
        legs.append(Leg("jobs", resources.JOBS, joined.of_jobs, listed=True, follows=True))
    async for page in Stream(client, settings, legs, reading).pages():
        yield page


@dataclass(frozen=True, slots=True)
class _Invoices:
    """Completes invoices with their items and, where the gate needs them, their jobs."""

    client: Client
    choices: InvoiceChoices

    async def by_ids(self, ids: Iterable[str]) -> tuple[Row, ...]:
        """The invoices with these ids, those that exist."""
        return await self._rows(await self.client.by_ids(resources.INVOICES, ids))

    async def rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """Rows of the feed. Those without items are read again."""
        lacking = {row_id(raw) for raw in raws if lacks_items(raw) and row_id(raw)}
        again = {row_id(raw): raw for raw in await self.client.by_ids(resources.INVOICES, lacking)}
        return await self._rows([again.get(row_id(raw), raw) for raw in raws])

    async def of_jobs(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        """The invoices of changed jobs."""
        return await self.by_ids({str(invoice) for invoice in map(_invoice, raws) if invoice})

    async def _rows(self, raws: Sequence[bytes]) -> tuple[Row, ...]:
        jobs = await self._jobs(raws) if self.choices.jobs else {}
        return tuple(self._row(raw, jobs) for raw in raws)

    async def _jobs(self, raws: Sequence[bytes]) -> dict[int, tuple[payloads.Job, bytes]]:
        wanted = {str(job) for job in map(_job, raws) if job}
        found = (
            (understood_or_none(raw, payloads.Job), raw) for raw in await self.client.by_ids(resources.JOBS, wanted)
        )
        return {job.id: (job, raw) for job, raw in found if job}

    def _row(self, raw: bytes, jobs: Mapping[int, tuple[payloads.Job, bytes]]) -> Row:
        job, said = jobs.get(_job(raw), (None, b"null"))
        try:
            document = invoice(understood(raw, payloads.Invoice), job, self.choices)
        except (ValueError, ArithmeticError) as error:
            return unread("invoice", raw, str(error))
        text = one_text(raw)
        if self.choices.jobs:  # of a job only what the gate looks at: its other changes are none of the invoice
            status = msgspec.json.encode({"id": job.id, "jobStatus": job.job_status}) if job else said
            text = b'{"invoice":' + text + b',"job":' + status + b"}"
        return Row(document.id, text, document, document.stamp)


class _Invoiced(msgspec.Struct, rename="camel"):
    invoice_id: int | None = None


def _invoice(raw: bytes) -> int:
    """The id of the invoice that a job's text names; 0 for none, or where it cannot be told."""
    try:
        return msgspec.json.decode(raw, type=_Invoiced).invoice_id or 0
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0


class _Jobbed(msgspec.Struct):
    job: payloads.InvoiceJob | None = None


def _job(raw: bytes) -> int:
    """The id of the job that an invoice's text names; 0 for none, or where it cannot be told."""
    try:
        found = msgspec.json.decode(raw, type=_Jobbed).job
    except (msgspec.DecodeError, UnicodeDecodeError):
        return 0
    return found.id if found else 0
