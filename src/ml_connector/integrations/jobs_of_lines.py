"""Job costs: what the ledger's lines carry of the job that they were bought for, as the setting ``job_as`` says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.views import ANY, View

NONE = "none"
TAG, PROJECT = (
    "tag",
    "project",
)  # values of the setting; in place of its tag, a line's dimension says that it is a project
KINDS = {TAG: "reporting_tag", PROJECT: "project"}  # of dimensions, as the ledger's connector names them
WORDS = {TAG: "option of a reporting tag", PROJECT: "project"}
READ = "projects"  # the setting of the ledger's connection with which projects are read


def job_of(line: BillLine | None, bill: Bill) -> Ref:
    """The job of a line, else its bill's; a charge (None) has the bill's."""
    return line.job if line is not None and line.job.id else bill.job


def job_dimension(job: Ref, beside: Iterable[Ref], bill: Bill, view: View, draft: Draft) -> tuple[Ref, ...]:
    """The option of a reporting tag, or the project, that a job becomes; none without a job, or where the settings want none.

    ``beside``: the options that the line carries already; a line has one of each tag. A project names its customer.
    """
    if view.settings.job_as == NONE or not job.id:
        return ()
    name, key = job.number or job.name or job.id, f"jobs:{job.id}"
    target = view.mappings["jobs"].get(job.id, bill.date)
    if target is None and view.settings.unmapped_job == "hold":
        draft.wait(waiting("job_unmapped", "mapping", key, name=name))
    if target != NONE and _unread(view):
        draft.wait(waiting("projects_unread", "fact", f"dimensions:{ANY}"))
        return ()
    if target is None or target == NONE:
        return ()
    entry = view.ledger.dimensions.get(target)
    why = _doubled(entry, beside) or _unfit(entry, view.settings.job_as)
    if entry is None or why:
        draft.wait(waiting("job_unusable", "mapping", key, name=name, target=target, why=why))
        return ()
    return (_as_named(entry),)


def _unread(view: View) -> bool:
    """Whether jobs are to be projects, and the ledger's connection reads none."""
    return view.settings.job_as == PROJECT and view.set_there.get(READ) != "yes"


def _as_named(entry: Dimension) -> Ref:
    """As a line names it: an option with its tag, a project with its customer, without whom the ledger takes none."""
    if entry.kind == KINDS[PROJECT]:
        return Ref(entry.id, entry.party.id, PROJECT)
    return Ref(entry.id, entry.name, entry.set.id)


def is_project(dimension: Ref) -> bool:
    """Whether a line's dimension is a project, and no option of a tag."""
    return dimension.number == PROJECT


def _doubled(entry: Document | None, beside: Iterable[Ref]) -> str:
    """Why an option does not go beside those that the line has, as the rest of a sentence; empty where it does."""
    if not isinstance(entry, Dimension) or not any(one.number == entry.set.id for one in beside):
        return ""
    return f"is an option of the tag {entry.set.name or entry.set.id}, of which business units have options, too"


def _unfit(entry: Document | None, job_as: str) -> str:
    """Why a job cannot become it, as the rest of a sentence; empty where it can. Jobs that stay jobs may become either."""
    if not isinstance(entry, Dimension):
        return "is not there any more"
    kinds = [job_as] if job_as in KINDS else list(KINDS)
    if entry.kind not in {KINDS[one] for one in kinds}:
        wanted = " or ".join(WORDS[one] for one in kinds)
        return f"is no {wanted}, and job_as is {job_as}"
    if not entry.active:
        return "is completed or inactive" if entry.kind == KINDS[PROJECT] else "is inactive"
    if entry.kind == KINDS[PROJECT] and not entry.party.id:
        return "has no customer, and a line names the customer of its project"
    return ""


@dataclass(frozen=True, slots=True)
class JobTable(TableType):
    """Jobs, those of the lines. What has no row goes without, unless a setting says that it waits.

    ``job_as``: what jobs become by the integration's settings, which its values have to be.
    """

    job_as: str = NONE

    def under(self, settings: Mapping[str, object]) -> TableType:
        return replace(self, job_as=str(settings.get("job_as", NONE)))

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Bill):
            return ()
        jobs = {job_of(line, document) for line in document.lines} | {document.job}
        return sorted({(job.id, job.number or job.name) for job in jobs if job.id})

    def entry_word(self, entity: str) -> str:
        return WORDS.get(self.job_as, " or ".join(WORDS.values()))

    def unfit(self, value: str, entry: Document, key: str = "") -> str:
        return "" if value == NONE or not (why := _unfit(entry, self.job_as)) else f"it {why}"

    def bears(self, shown: str, there: Document) -> bool:
        """Projects are often called by the job's number and something more."""
        words = getattr(there, "name", "").replace(",", " ").replace(":", " ").split()
        return bool(number_key(shown)) and number_key(shown) in {number_key(one) for one in words}
