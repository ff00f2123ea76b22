"""Which records: the same filter as on the command line, in an address or in a body."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from ml_connector.service.desk import Desk
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import Filter
from ml_connector.web.values import MOST_ID, Body, Day, Number, Query, Text


class PlanQuery(Query):
    """A filter of stored plans in an address, and which page: ``limit`` records after record ``after``."""

    flow: Text = ""
    reason: Text = ""
    number: Text = ""
    vendor: Text = ""
    run: Number | None = None
    since: Day | None = None
    until: Day | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50
    after: Annotated[int, Field(ge=0, le=MOST_ID)] = 0

    def chosen(self) -> Filter:
        """The filter. ``since`` and ``until`` are document dates, both included."""
        return Filter(
            flow=self.flow, reason=self.reason, number=self.number, party=self.vendor, run_id=self.run or 0,
            since=self.since, until=self.until,
        )  # fmt: skip


class RecordQuery(PlanQuery):
    """A filter of records in an address, whatever their state, and which page."""

    state: Text = ""
    text: Text = ""

    def chosen(self) -> Filter:
        """The filter."""
        return replace(PlanQuery.chosen(self), state=self.state, text=self.text)


class RecordFilter(Body):
    """A filter in a body. ``record`` is a number, an id of either system, or #record, as on the command line."""

    record: Text = ""
    flow: Text = ""
    state: Text = ""
    reason: Text = ""
    number: Text = ""
    text: Text = ""
    vendor: Text = ""
    run: Number | None = None
    since: Day | None = None
    until: Day | None = None

    async def chosen(self, desk: Desk) -> Filter:
        """The filter. Raises NotFound, and BadInput where several records are meant by ``record``."""
        ids = (await find_record(desk, self.record),) if self.record else ()
        return Filter(
            flow=self.flow, state=self.state, reason=self.reason, number=self.number, text=self.text,
            party=self.vendor, run_id=self.run or 0, record_ids=ids, since=self.since, until=self.until,
        )  # fmt: skip
