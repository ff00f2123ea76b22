"""``/settings/fields?entity=``: custom fields of a module. Documented on the web only; a switch takes it away."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books.masters import CustomField
from ml_connector_sandbox.zoho_books.errors import invalid, invalid_url


def list_fields(call: ApiCall) -> Reply:
    """The custom fields of ``entity``; the names of the answer's fields are uncertain."""
    if not call.switches.fields_endpoint:
        raise invalid_url()
    entity = call.query.get("entity", "")
    if not entity:
        raise invalid("entity")
    return Reply(payload={"fields": [_row(one) for one in call.books.fields_of(entity)]})


def _row(field: CustomField) -> dict[str, Any]:
    return {
        "field_id": field.field_id,
        "customfield_id": field.field_id,
        "entity": field.module,
        "label": field.label,
        "api_name": field.api_name,
        "index": field.index,
        "data_type": field.data_type,
        "is_custom_field": True,
        "is_active": True,
        "is_mandatory": field.mandatory,
        "is_unique": field.unique,
        "show_on_pdf": False,
    }


ROUTES = [Route(method="GET", path="/settings/fields", scope="settings.READ", handler=list_fields)]
