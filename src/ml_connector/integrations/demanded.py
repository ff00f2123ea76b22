"""Tags that the ledger demands on every line: a document that would lack one waits for what gives it a value.

A line gets a tag by the row of its business unit, on a bill another one by the row of its job. What an accountant has chosen
on a line that stands in the ledger is a value, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment
from ml_connector.integrations.bill_kinds import own_key as bill_key
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.drafts import Draft, unit_name
from ml_connector.integrations.invoice_checks import own_key
from ml_connector.integrations.jobs_of_lines import TAG as AS_TAG
from ml_connector.integrations.jobs_of_lines import job_of
from ml_connector.integrations.units_of_lines import SETTING
from ml_connector.integrations.views import ANY, View

Demanding = Bill | Invoice | Payment
_OPTION = "Put an option of {tag} into the row '{key}' of the mapping table {table}."


def demanded_tags(document: Demanding, lines: Sequence[BillLine | InvoiceLine], view: View, draft: Draft) -> None:
    """Wait for each demanded tag that one of the ledger's ``lines`` lacks. ``document`` is the source's."""
    for tag in demanded(document, view):
        bare = [line for line in lines if tag.id not in {one.number for one in line.dimensions}]
        if bare:
            _wait(_Missing(tag, document, bare, view), draft)


def demanded(document: Demanding, view: View) -> tuple[Ref, ...]:
    """The tags that the ledger demands of such a document."""
    side = "purchases" if isinstance(document, Bill) else "sales"
    known = view.ledger.dimensions.values()
    found = {one.set.id: one.set for one in known if one.mandatory and one.demanded_of in ("", side)}
    return tuple(found.values())


def demanded_of_line(line: InvoiceLine, document: Demanding, view: View) -> tuple[Ref, ...]:
    """What a line carries of the tags that are demanded, for one of our own beside it."""
    tags = {one.id for one in demanded(document, view)}
    return tuple(one for one in line.dimensions if one.number in tags)


@dataclass(frozen=True, slots=True)
class _Missing:
    """A demanded tag, and the lines of the ledger's document that would go without it."""

    tag: Ref
    document: Demanding
    bare: Sequence[BillLine | InvoiceLine]
    view: View

    @property
    def name(self) -> str:
        return self.tag.name or self.tag.id

    def parts(self) -> Iterable[tuple[Ref, Ref]]:
        """Business unit and job of each line that lacks it; of all, where lines stand there under ids of the ledger's."""
        document = self.document
        if isinstance(document, Payment):
            return [(document.business_unit, Ref())]
        if self.view.link is not None:
            return [self._part(line) for line in document.lines]
        own = {line.id: line for line in document.lines}
        return [self._part(own.get(line.id)) for line in self.bare]

    def _part(self, line: BillLine | InvoiceLine | None) -> tuple[Ref, Ref]:
        """Business unit and job of a line of the source; one of ours (None) has the document's."""
        document = self.document
        unit = line.business_unit if line is not None and line.business_unit.id else document.business_unit
        bought = line if isinstance(line, BillLine) else None
        return unit, job_of(bought, document) if isinstance(document, Bill) else Ref()

    def given(self, unit: Ref, job: Ref) -> bool:
        """Whether the rows give a line of the unit and job the tag."""
        by_job = _by_job(self, job) and self.of_row("jobs", job.id) == self.tag.id
        return by_job or (bool(unit.id) and self.of_row("business_units", unit.id) == self.tag.id)

    def of_row(self, table: str, key: str) -> str:
        """The tag whose option the row gives; empty where it gives none, or one that is not active."""
        value = self.view.mappings[table].get(key, self.document.date)
        option = self.view.ledger.dimensions.get(value or "")
        return option.set.id if option is not None and option.active else ""


def _wait(missing: _Missing, draft: Draft) -> None:
    parts = list(missing.parts())
    found = [one for unit, job in parts for one in _ways(missing, unit, job)]
    if not found and any(missing.given(unit, job) for unit, job in parts):
        found = list(_taken_away(missing))
    view, name = missing.view, missing.name
    for one in dict.fromkeys(found):
        draft.wait(one)
    also = f"It also goes on by itself once {view.ways.title} does not demand the tag {name} of it any more."
    way = (
        f"Make the tag optional in {view.ways.title}. If it is demanded of purchases alone or of sales alone, name it in the "
        "connection's setting purchase_tags or sales_tags."
    )
    others = [one.name or one.id for one in demanded(missing.document, view) if one.id != missing.tag.id]
    draft.wait(
        Waiting(
            "tag_mandatory",
            "fact",
            f"dimensions:{ANY}",
            _crowded(missing, others) if others and not found else also,
            way,
        )
    )


def _ways(missing: _Missing, unit: Ref, job: Ref) -> Iterable[Waiting]:
    """What would give a line of the unit and job the tag; nothing where both give other tags that are demanded, too."""
    view = missing.view
    if view.settings.business_unit_as != AS_TAG and not _by_job(missing, job):
        yield _told(
            missing, "setting", f"setting:{SETTING}", f"business units become no tags (setting {SETTING})",
            f"Set {SETTING}=tag and put options of {missing.name} into the mapping table business_units.",
        )  # fmt: skip
        return
    others = {one.id for one in demanded(missing.document, view)} - {missing.tag.id}
    given = missing.of_row("business_units", unit.id) if unit.id else ""
    if missing.given(unit, job):
        return
    if _by_job(missing, job) and (given in others or view.settings.business_unit_as != AS_TAG):
        told = f"job {job.number or job.name or job.id} gives its lines none"
        yield _row(missing, "jobs", job.id, told)
    elif not unit.id:
        why = "it has lines without a business unit, by which lines get their tag"
        yield _told(missing, "source", _own_key(missing), why, "Give it a business unit in ServiceTitan.")
    elif given not in others:
        yield _row(missing, "business_units", unit.id, f"business unit {unit_name(unit, view)} gives its lines none")


def _by_job(missing: _Missing, job: Ref) -> bool:
    return isinstance(missing.document, Bill) and missing.view.settings.job_as == AS_TAG and bool(job.id)


def _row(missing: _Missing, table: str, key: str, why: str) -> Waiting:
    way = _OPTION.format(tag=missing.name, key=key, table=table)
    return _told(missing, "mapping", f"{table}:{key}", why, way)


def _taken_away(missing: _Missing) -> Iterable[Waiting]:
    """The row gives the tag, and a line of the document that stands there does not bear it any more."""
    link = missing.view.link
    if link is not None:
        why = "a line of the document there has none any more"
        way = f"Choose an option of {missing.name} on that line in {missing.view.ways.title}."
        yield _told(missing, "fact", f"{link.target_entity}:{link.target_id}", why, way)


def _told(missing: _Missing, kind: str, key: str, why: str, way: str) -> Waiting:
    return waiting("tag_mandatory", kind, key, name=missing.name, ledger=missing.view.ways.title, why=why, way=way)


def _crowded(missing: _Missing, others: Sequence[str]) -> str:
    """Why nothing can give the tag: a line gets one of its business unit, and that one is demanded, too."""
    return (
        f"{missing.view.ways.title} demands the tag {missing.name} on every line beside {', '.join(others)}, and a line gets "
        "one tag of its business unit; of a bill, another one of its job."
    )


def _own_key(missing: _Missing) -> str:
    document = missing.document
    if isinstance(document, Payment):
        return f"payments:{document.id}"
    return bill_key(document) if isinstance(document, Bill) else own_key(document)
