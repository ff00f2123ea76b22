"""External data: opaque texts an application keeps at a record, under its own GUID."""

from __future__ import annotations

import uuid
from typing import Any

from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.listing import Test

Kept = dict[str, dict[str, str]]

_LOOK_UP_MAXIMUM = 50
_CREATE = (
    Property("applicationGuid", "guid", required=True),
    Property("externalData", "list", required=True),
)
_UPDATE = (*_CREATE, Property("patchMode", "text", nullable=True, values=("Replace", "Merge")))


def shown(kept: Kept, guid: str | None) -> list[dict[str, str]]:
    """What a read returns: the asked application's texts, nothing without its GUID."""
    texts = kept.get(guid or "", {})
    return [{"key": key, "value": value} for key, value in texts.items()]


def look_up(call: ApiCall) -> list[Test]:
    """The test of ``externalDataKey`` with ``externalDataValues``; both, with the GUID, or neither."""
    asked = call.parameters
    guid, key = asked.guid("externalDataApplicationGuid"), asked.text("externalDataKey")
    values = asked.comma_texts("externalDataValues", _LOOK_UP_MAXIMUM)
    if key is None and not values:
        return []
    for name, given in (
        ("externalDataApplicationGuid", guid),
        ("externalDataKey", key),
        ("externalDataValues", values),
    ):
        if not given:
            asked.refuse(name, f"The {name} field is required.")
    return [lambda record: record.external_data.get(guid, {}).get(key) in values]


def check(data: dict[str, Any] | None, creating: bool, refuse_unknown: bool) -> Errors:
    """What is wrong with an ``externalData`` property; on creation every value must be a text."""
    if data is None:
        return {}
    errors = check_body(data, _CREATE if creating else _UPDATE, refuse_unknown, "externalData.")
    pair = (Property("key", "text", required=True), Property("value", "text", creating, not creating))
    for place, one in enumerate(data["externalData"]) if not errors else ():
        name = f"externalData.externalData[{place}]"
        errors |= (
            {name: ["An object is required."]}
            if not isinstance(one, dict)
            else check_body(one, pair, refuse_unknown, f"{name}.")
        )
    return errors


def applied(kept: Kept, data: dict[str, Any] | None) -> Kept:
    """The texts after a write. Replace (the default) drops the application's other keys; in Merge null deletes."""
    if data is None:
        return kept
    guid = str(uuid.UUID(data["applicationGuid"]))
    given = {one["key"]: one.get("value") for one in data["externalData"]}
    before = kept.get(guid, {}) if data.get("patchMode") == "Merge" else {}
    texts = {key: value for key, value in {**before, **given}.items() if value is not None}
    return {**kept, guid: texts}
