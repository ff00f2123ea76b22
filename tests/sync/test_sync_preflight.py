"""What a target is asked before anything is written: an edition's fields together, a set-up of its owner's by itself."""

from __future__ import annotations

from ml_connector.integrations import servicetitan_zoho_books, zoho_books_servicenow, zoho_sales
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.sync.flows import Flow
from ml_connector.sync.preflight import _groups, written


def flow(flow_id: int, type_: FlowType, integration: IntegrationType) -> Flow:
    return Flow(
        flow_id, 1, type_.name, "live", 1, 2, None, "", None, None, 1, None, type_, integration,
    )  # fmt: skip


def test_flows_into_one_edition_are_asked_about_together() -> None:
    pair = servicetitan_zoho_books.INTEGRATION
    bills, vendors, invoices = pair.flow("bills"), pair.flow("vendors"), zoho_sales.ZohoInvoices()
    flows = [flow(n, one, pair) for n, one in enumerate((bills, vendors, invoices), 1)]
    assert _groups(flows) == {("bills", "credit_notes", "invoices", "parties", "vendor_credits"): [1, 2, 3]}
    assert _groups(flows[1:2]) == {("parties",): [2]}, "of what is due alone"
    assert written(flows[:2], 2) == ("bills", "parties", "vendor_credits")
    assert written(flows, 1) == (), "nothing is written at the source"


def test_what_an_owner_shapes_is_asked_by_its_tables() -> None:
    pair = zoho_books_servicenow.INTEGRATION
    staged = [one for one in pair.flows if one.writes]
    groups = _groups([flow(n, one, pair) for n, one in enumerate(staged)])
    assert set(groups) == {one.writes for one in staged}
