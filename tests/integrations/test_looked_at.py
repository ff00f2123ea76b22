"""Which flows a preflight is asked for: those that write what a ledger's tax edition, or an owner's set-up, has a say in."""

from __future__ import annotations

import pytest

from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.integrations import servicetitan_xero, zoho_bills, zoho_books_servicenow, zoho_sales
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.ways import IN_EDITIONS

OFFERED = (*zoho_bills.OFFER.flows, *zoho_sales.OFFER.flows)


@pytest.mark.parametrize("flow", OFFERED, ids=lambda one: one.name)
def test_what_goes_into_zoho_books_is_looked_at_before(flow: FlowType) -> None:
    writes = flow.target_vendor == "zoho_books" and not flow.tracks
    assert bool(flow.looked_at) is writes


def test_only_what_can_be_written_is_named() -> None:
    named = {entity for entities in IN_EDITIONS["zoho_books"].values() for entity in entities}
    assert named <= set(CONNECTOR.writable)


def test_others_are_asked_as_they_were() -> None:
    flows = [*servicetitan_xero.INTEGRATION.flows, *zoho_books_servicenow.INTEGRATION.flows]
    assert all(one.looked_at == one.writes for one in flows if one.target_vendor != "zoho_books")
