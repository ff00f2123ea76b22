"""A company whose invoices are posted in Xero, to be recoded: the engine works and writes, the vendors' wires are played."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from selling_by_hand import BEND, LISTS, Selling, fill, invoice, make_selling
from tracking_world import PlayedXero

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.sales import Invoice
from ml_connector.connectors.writing import Done, Outcome, Rejected, Step
from ml_connector.connectors.xero.translate_documents import invoice as translated
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integration_named

D = Decimal


def guid(n: int) -> str:
    """An id as Xero's are."""
    return f"00000000-0000-4000-8000-{n:012d}"


class KeepingXero(PlayedXero):
    """Xero that keeps what is written to it, and says no to whatever it is told to refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = dict(LISTS)
        self.written: list[Step] = []
        self.refused = ""  # part of the references of steps that it says no to
        self.rounding = D(0)  # what the last line of an invoice is to be, as a line for rounding
        self._rows: dict[str, dict[str, Any]] = {}

    async def write(self, session: Any, step: Step) -> Outcome:
        if self.refused and self.refused in step.reference:
            return Rejected("10", "Xero says no.", "Ask Xero.")
        self.written.append(step)
        if step.entity == "parties":
            made = Party(guid(len(self.written)), "customer", step.number, reference=step.reference)
            self.lists["parties"] = (*self.lists["parties"], made)
            return Done(made.id, made, b"{}")
        shown = self._kept(step)
        self.lists["invoices"] = (*(one for one in self.lists["invoices"] if one.id != shown.id), shown)
        return Done(shown.id, shown, b"{}")

    async def write_batch(self, session: Any, steps: Sequence[Step]) -> Sequence[Outcome]:
        return [await self.write(session, one) for one in steps]

    def _kept(self, step: Step) -> Invoice:
        id_ = step.target_id or guid(1000 + len(self._rows))
        body = json.loads(step.body, parse_float=Decimal, parse_int=Decimal)
        if self.rounding:
            body["LineItems"].append(
                {"Description": "Rounding", "AccountCode": "6800", "LineAmount": self.rounding, "Quantity": D(1)}
            )
        for n, line in enumerate(body["LineItems"]):
            line.setdefault("LineItemID", guid(10_000 + 10 * len(self._rows) + n))
        row = {**self._rows.get(id_, {}), **body, "InvoiceID": id_, "Total": step.total, "AmountDue": step.total}
        self._rows[id_] = row
        return translated(row, "")

    def recode(self, number: str, code: str) -> None:
        """An accountant gives every line of an invoice another account."""
        row = next(one for one in self._rows.values() if one["InvoiceNumber"] == number)
        self._change(row, LineItems=[{**line, "AccountCode": code} for line in row["LineItems"]])

    def _change(self, row: dict[str, Any], **changes: Any) -> None:
        row.update(changes)
        shown = translated(row, "")
        self.lists["invoices"] = (*(one for one in self.lists["invoices"] if one.id != shown.id), shown)

    def void(self, number: str) -> None:
        """Somebody voids an invoice."""
        self._change(next(one for one in self._rows.values() if one["InvoiceNumber"] == number), Status="VOIDED")

    def codes(self, number: str) -> list[str]:
        """The accounts of an invoice's lines."""
        row = next(one for one in self._rows.values() if one["InvoiceNumber"] == number)
        return [line["AccountCode"] for line in row["LineItems"]]


class Recoding:
    """The company with three invoices posted on account 4200, and a mapping that says 4300 now."""

    def __init__(self, selling: Selling, xero: KeepingXero) -> None:
        self.selling, self.xero, self.desk = selling, xero, selling.desk

    async def settled(self) -> None:
        """Have everything due planned, and sent where it may be."""
        await self.selling.plan()

    async def integration(self) -> Integration:
        return await integration_named(self.desk)

    def sent(self) -> list[str]:
        """References of what was written, in order."""
        return [one.reference for one in self.xero.written]


INVOICES = (invoice("1", BEND), invoice("2", BEND, "80.00"), invoice("3", BEND, "60.00"))


async def make_recoding(desk: Desk) -> Recoding:
    """Invoices are live; N-1 to N-3 are posted."""
    selling = await make_selling(desk)
    xero = KeepingXero()
    selling.world.xero = xero
    await selling.plan(1)
    await fill(selling)
    for flow, mode in (("customers", "as needed"), ("invoices", "live")):
        await set_flow_mode(desk, selling.world.integration, flow, mode)
    await selling.read(invoices=INVOICES)
    await selling.plan()
    assert sorted(one.number for one in xero.written if one.entity == "invoices") == ["N-1", "N-2", "N-3"]
    await selling.map(accounts={"4200": "a7"})
    return Recoding(selling, xero)
