"""What a person gives to connect a vendor, checked before anything is called: one sentence names the field."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import CredentialField
from ml_connector.errors import BadInput, NotFound
from ml_connector.lanes.runtime import Runtime


def connector_of(runtime: Runtime, vendor: str) -> Connector:
    """The connector of a name, however it is spelled (zoho-books, Zoho Books). Raises NotFound naming those there are."""
    name = "_".join(vendor.casefold().replace("-", " ").replace("_", " ").split())
    found = runtime.connectors.get(name)
    if found is None:
        known = ", ".join(one.replace("_", "-") for one in sorted(runtime.connectors))
        raise NotFound(f"There is no connector {vendor!r}; there are {known}.")
    return found


def checked_credentials(connector: Connector, given: Mapping[str, str]) -> dict[str, str]:
    """The credentials with their defaults. Raises BadInput: what is unknown, missing or wrong, and where it is."""
    known = [field.name for field in connector.credentials]
    for name in given:
        if name not in known:
            raise BadInput(
                f"{connector.title} has no credential {name!r}{_near(name, known)}; it has {', '.join(known)}."
            )
    return {
        field.name: value
        for field in connector.credentials
        if (value := _checked(connector, field, given.get(field.name, "") or field.default))
    }


def _checked(connector: Connector, field: CredentialField, value: str) -> str:
    named = f"{field.label} of {connector.title}"
    if not value.strip():
        if field.required:
            raise BadInput(f"{named} is missing. Where it is found: {field.where}.")
        return ""
    if not field.lines and any(character.isspace() or not character.isprintable() for character in value):
        raise BadInput(f"{named} contains a blank or line break, perhaps copied along: paste it without.")
    if field.choices and value not in field.choices:
        raise BadInput(f"{named} is {value!r}; it can be {', '.join(field.choices)}. {field.where}.")
    return value


def checked_settings(connector: Connector, given: Mapping[str, str]) -> dict[str, str]:
    """A connection's settings as given, without defaults. Raises BadInput naming what is unknown or no choice."""
    fields = {field.name: field for field in connector.settings}
    for name, value in given.items():
        if name not in fields:
            known = _near(name, list(fields)) or f"; it has {', '.join(fields) or 'none'}"
            raise BadInput(f"{connector.title} has no setting {name!r}{known}.")
        choices = fields[name].choices
        if choices and value not in choices:
            raise BadInput(f"The setting {name} of {connector.title} is {value!r}; it can be {', '.join(choices)}.")
    connector.check_settings(given)
    return dict(given)


def _near(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f" (did you mean {close[0]}?)" if close else ""
