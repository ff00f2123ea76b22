"""Job costs: what the ledger's lines carry of the job that they were bought for, as the setting ``job_as`` says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import View

NONE = "none"
TAG = "reporting_tag"


def job_of(line: BillLine | None, bill: Bill) -> Ref:
    """The job of a line, else its bill's; a charge (None) has the bill's."""
    return line.job if line is not None and line.job.id else bill.job


def job_tag(job: Ref, beside: Iterable[Ref], bill: Bill, view: View, draft: Draft) -> tuple[Ref, ...]:
    """The option of a reporting tag that a job becomes; none without a job, or where the settings want none.

    ``beside``: the options that the line carries already; a line has one of each tag.
    """
    if view.settings.job_as == NONE or not job.id:
        return ()
    name, key = job.number or job.name or job.id, f"jobs:{job.id}"
    target = view.mappings["jobs"].get(job.id, bill.date)
    if target is None and view.settings.unmapped_job == "hold":
        draft.wait(waiting("job_unmapped", "mapping", key, name=name))
    if target is None or target == NONE:
        return ()
    option = view.ledger.dimensions.get(target)
    why = _unfit(option)
    if option is not None and any(one.number == option.set.id for one in beside):
        why = f"is an option of the tag {option.set.name or option.set.id}, of which business units have options, too"
    if option is None or why:
        draft.wait(waiting("job_unusable", "mapping", key, name=name, target=target, why=why))
        return ()
    return (Ref(option.id, option.name, option.set.id),)


def _unfit(option: Document | None) -> str:
    """Why a job cannot become it, as the rest of a sentence; empty where it can."""
    if not isinstance(option, Dimension):
        return "is not there any more"
    if option.kind != TAG:
        return "is no option of a reporting tag"
    return "" if option.active else "is inactive"


@dataclass(frozen=True, slots=True)
class JobTable(TableType):
    """Jobs, those of the lines. What has no row goes without, unless a setting says that it waits."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill):
            return ()
        jobs = {job_of(line, document) for line in document.lines} | {document.job}
        return sorted({(job.id, job.number or job.name) for job in jobs if job.id})

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        return "" if value == NONE or not (why := _unfit(entry)) else f"it {why}"
