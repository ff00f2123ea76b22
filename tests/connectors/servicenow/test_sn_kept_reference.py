"""How a reference of ours reads in ServiceNow's records."""

from __future__ import annotations

from ml_connector.connectors.servicenow.connector import ServiceNow

LONG = "zoho_books-20091544107-bills-260815000000000306"


def test_a_reference_is_kept_whole_where_the_column_takes_it_and_short_where_it_would_be_cut() -> None:
    short = ServiceNow().kept_reference(LONG, {})
    assert short.startswith("mlc-") and len(short) <= 40
    assert ServiceNow().kept_reference(LONG, {"key_length": "0"}) == LONG
    assert ServiceNow().kept_reference("zoho_books-1-bills-2", {}) == "zoho_books-1-bills-2"
