"""Credit memos into Zoho Books: credit notes by account, applied to the invoices they are on."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bill_world import codes
from zoho_sales_world import DAY, INVOICE, JANE, PARTS, D, invoice, line, sent, shown, step, told, view

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.views import Linked
from ml_connector.integrations.zoho_sales import ZohoCreditMemos

MEMO = invoice(
    id="m1", number="CM-7", kind="credit note", lines=(line("100", sku="NO-SUCH-ITEM"),), balance=D(0),
    allocations=(Allocation("s1", Ref("i1", number="5512"), D("108.25"), DAY),),
)  # fmt: skip


def plan(memo: Invoice, **changes: Any) -> Decision:
    around: dict[str, Any] = {
        "links": {("customers", "c1"): JANE, ("invoices", "i1"): "zi1"},
        "at_target": {("invoices", "zi1"): shown()},
        "sources": {("invoices", "i1"): INVOICE},
    }
    return told(ZohoCreditMemos().plan(view(memo, flow="credit_memos", **{**around, **changes})))


def test_a_memo_is_a_credit_note_by_account_applied_to_its_invoice() -> None:
    decision = plan(MEMO)
    assert isinstance(decision, Write), codes(decision)
    assert [(one.entity, one.action, one.total) for one in decision.steps] == [
        ("credit_notes", Action.CREATE, D("108.25")), ("allocations", Action.CREATE, D("108.25")),
    ]  # fmt: skip
    target = sent(decision)
    assert (target.number, target.kind, target.state) == ("CM-7", "credit note", InvoiceState.AUTHORISED)
    # A credit note's lines name accounts: no item is asked for, whatever stands in the tables.
    assert [(one.item, one.account.id, one.tax_code.id) for one in target.lines] == [(Ref(), PARTS, "tx1")]
    assert sent(decision, 1).allocations[0].document.id == "zi1"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tables": {"sales_accounts": {}}}, "account_unmapped"),
        ({"tables": {"sales_tax": {}}}, "sales_tax_unmapped"),
        ({"at_target": {("invoices", "zi1"): shown(balance=D(20))}}, "invoice_owes_less"),
    ],
)
def test_what_a_memo_waits_for(changes: dict[str, Any], code: str) -> None:
    assert set(codes(plan(MEMO, **changes))) == {code}


def test_a_memo_on_nothing_is_a_credit_note_that_stays_open() -> None:
    alone = msgspec.structs.replace(MEMO, allocations=(), balance=D("108.25"))
    decision = plan(alone)
    assert isinstance(decision, Write) and len(decision.steps) == 1 and step(decision).party_id == JANE


def test_a_note_that_only_a_list_has_told_of_is_applied_to_nothing_before_it_is_read() -> None:
    row = Invoice(
        "zn1", Ref(JANE), D("108.25"), "credit note", "CM-7", DAY, balance=D("108.25"), complete=False,
        state=InvoiceState.AUTHORISED, reference="servicetitan-1-credit_memos-m1",
    )  # fmt: skip
    posted = msgspec.structs.replace(MEMO, allocations=(), balance=D("108.25"))
    decision = plan(MEMO, link=Linked("credit_notes", "zn1", row, posted, row))
    assert codes(decision) == ["counterpart_unread"]
