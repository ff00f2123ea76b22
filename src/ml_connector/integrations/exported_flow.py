"""Marking documents as exported in ServiceTitan once they are posted."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision, Skip, Unchanged, Write
from ml_connector.integrations.views import View


class Exported(FlowType):
    """What we posted is marked as exported in ServiceTitan, which locks it there. It never undoes a posting.

    ``follows`` names the flow that posts, and with it what the documents are called in ServiceTitan, unless ``marks`` does.
    """

    marks: ClassVar[str] = ""

    source_vendor = target_vendor = "servicetitan"
    priority = 6
    dated = False
    source_lists = target_lists = tables = ()

    def source_entities(self, settings: Any) -> tuple[str, ...]:
        return ()

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {}

    @abstractmethod
    def passed_over(self, document: Document) -> Skip | None:
        """Why ServiceTitan takes no mark for the document as it is now; None where it takes one."""

    def plan(self, view: View) -> Decision:
        document = view.document
        assert isinstance(document, Bill | Invoice | Payment)
        if view.link is not None or document.exported:
            return Unchanged()
        passed = self.passed_over(document)
        if passed is not None:
            return passed
        composed = view.compose(Action.MARK_EXPORTED, document, view.reference)
        step = Step(
            self.marks or self.follows, Action.MARK_EXPORTED, view.reference, composed.body, target_id=document.id
        )
        return Write((step,), self.name, composed.notes)
