"""``/locations``: branches, where the organisation has enabled them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books.masters import Location
from ml_connector_sandbox.zoho_books.errors import Refused
from ml_connector_sandbox.zoho_books.resources._common import blank


def list_locations(call: ApiCall) -> Reply:
    """All locations, without paging."""
    if not call.books.profile.locations_enabled:
        message = "Locations are not enabled for this organization."
        raise Refused(400, call.switches.feature_off_code, message)
    return Reply(payload={"locations": [_row(one) for one in call.books.locations.values()]})


def _row(location: Location) -> dict[str, Any]:
    parts = (
        "city",
        "state",
        "country",
        "attention",
        "state_code",
        "street_address1",
        "street_address2",
    )
    return {
        "location_id": location.location_id,
        "location_name": location.location_name,
        "type": "general",
        "status": "active" if location.active else "inactive",
        "is_primary": location.is_primary,
        "email": location.email,
        "phone": location.phone,
        "address": blank(*parts),
        **blank("tax_settings_id", "parent_location_id", "auto_number_generation_id"),
        "associated_series_ids": [],
        "is_all_users_selected": True,
        "associated_users": [],
    }


ROUTES = [Route(method="GET", path="/locations", scope="settings.READ", handler=list_locations)]
