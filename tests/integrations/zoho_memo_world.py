"""Books that carry out the steps of one credit memo as strictly as Zoho Books does."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec
from zoho_payment_world import ON, Books
from zoho_sales_world import TAXES, line

from ml_connector.canonical import documents
from ml_connector.canonical.money import rounded
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Decision
from ml_connector.integrations.zoho_sales import ZohoCreditMemos

D = Decimal


def memo(amount: str = "100", on: Mapping[str, str] | None = None, **changes: Any) -> Invoice:
    """A memo of one line that is not taxed, on no invoice unless told; what is not applied is its balance."""
    parts = tuple(Allocation(f"s{name}", Ref(name, number=name), D(part), ON) for name, part in (on or {}).items())
    given = line(amount, sku="GOODWILL", taxable=False)
    made = Invoice(
        "m1", Ref("c1", "Jane Doe"), D(amount), "credit note", "CM-7", ON, lines=(given,), allocations=parts,
        business_unit=given.business_unit, state=InvoiceState.POSTED, state_words="status Posted",
        balance=D(amount) - sum((one.amount for one in parts), D(0)),
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


@dataclasses.dataclass
class MemoBooks(Books):
    """One memo through its versions. A credit note is changed while nothing of it is applied, and voided then, too.

    Which changes Zoho takes on a credit note that is applied is told nowhere, so nothing else is ever asked of it.
    """

    flow: FlowType = dataclasses.field(default_factory=ZohoCreditMemos)
    removed: dict[tuple[str, str], str] = dataclasses.field(default_factory=dict)

    def version(self, document: Payment | Invoice, **around: Any) -> Decision:
        """Plan a version and carry it out; what our steps have removed is known to the next plan."""
        return super().version(document, removed=self.removed, **around)

    def note(self) -> Invoice:
        """The one credit note that was ever made."""
        [found] = [one for (entity, _), one in self.shown.items() if entity == "credit_notes"]
        assert isinstance(found, Invoice)
        return found

    def by_hand_on(self, name: str, amount: str) -> None:
        """People apply some of it to an invoice in Zoho."""
        self._applied(msgspec.structs.replace(self.note(), allocations=(Allocation("", Ref(f"z{name}"), D(amount)),)))

    def given_back(self, amount: str) -> None:
        """People give back some of it in Zoho."""
        note = self.note()
        assert note.balance is not None
        self._put(msgspec.structs.replace(note, balance=note.balance - D(amount)))

    def applied(self) -> dict[str, Decimal]:
        """What it is on, by the invoice's name."""
        return {one.document.id.removeprefix("z"): one.amount for one in self.note().allocations}

    def _put(self, note: Invoice) -> None:
        self.shown["credit_notes", note.id] = note

    def _carry_out(self, step: Step) -> str:
        document = documents.decode(step.body)
        assert isinstance(document, Invoice)
        if step.action is Action.VOID:
            self.removed[step.entity, step.target_id] = step.reference
        match step.entity, step.action:
            case "credit_notes", Action.CREATE:
                made = super()._carry_out(step)
                self._put(_shown(msgspec.structs.replace(self.note(), id=made)))
                return made
            case "credit_notes", Action.UPDATE:
                self._free()
                assert {one.id for one in document.lines} <= {one.id for one in self.note().lines} | {""}
                self._put(_shown(msgspec.structs.replace(document, id=step.target_id, reference=step.reference)))
                return step.target_id
            case "credit_notes", Action.VOID:
                self._put(msgspec.structs.replace(self._free(), active=False, state=InvoiceState.VOID))
                return step.target_id
            case "allocations", Action.VOID:
                return self._taken_off(document.allocations[0])
        return super()._carry_out(step)

    def _free(self) -> Invoice:
        note = self.note()
        assert note.active and not note.allocations and note.balance == note.total, "something of it is applied"
        return note

    def _taken_off(self, part: Allocation) -> str:
        note = self.note()
        [there] = [one for one in note.allocations if one.id == part.id]
        on = self.shown["invoices", there.document.id]
        assert isinstance(on, Invoice) and on.balance is not None and note.balance is not None
        self.shown["invoices", on.id] = msgspec.structs.replace(on, balance=on.balance + there.amount)
        left = tuple(one for one in note.allocations if one is not there)
        self._put(msgspec.structs.replace(note, allocations=left, balance=note.balance + there.amount))
        return there.id


def _shown(note: Invoice) -> Invoice:
    """As Zoho shows it in full: its lines under ids, each with the tax that Zoho has reckoned."""
    lines = tuple(_line(one, n) for n, one in enumerate(note.lines, 1))
    tax = sum((one.tax or D(0) for one in lines), D(0))
    whole = sum((one.amount for one in lines), tax)
    return msgspec.structs.replace(
        note, lines=lines, tax=tax, total=whole, balance=whole, state=InvoiceState.AUTHORISED, allocations=()
    )  # fmt: skip


def _line(one: InvoiceLine, n: int) -> InvoiceLine:
    rate = TAXES[one.tax_code.id].rate if one.tax_code.id else None
    tax = rounded(one.amount * rate, "USD") if rate is not None else None
    return msgspec.structs.replace(one, id=one.id if one.id.startswith("zl") else f"zl{n}", tax=tax)
