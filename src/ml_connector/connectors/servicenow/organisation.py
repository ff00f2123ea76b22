"""The instance as the company it stands for: its name, currency and zone, as far as the user may see the properties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import available_timezones

from ml_connector.canonical.currencies import CURRENCIES
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Session
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.answers import Query
from ml_connector.connectors.servicenow.client import Instance
from ml_connector.connectors.servicenow.errors import Refusal
from ml_connector.connectors.servicenow.query import one_of
from ml_connector.connectors.servicenow.settings import of

NAME, ZONE, CURRENCY, PRODUCTION = (
    "instance_name",
    "glide.sys.default.tz",
    "glide.i18n.single_currency.code",
    "glide.installation.production",
)
_PROPERTIES = (NAME, ZONE, CURRENCY, PRODUCTION)


async def organisations(session: Session) -> Sequence[Organisation]:
    """The one instance that a grant reaches. Raises NotPermitted, NotJson, and what the session raises."""
    return [await organisation(session)]


async def organisation(session: Session) -> Organisation:
    """The instance. Properties the user may not read are told by settings, or stay empty."""
    found = await properties(session)
    host = session.organisation or session.settings.get("address", "").removeprefix("https://").strip("/").lower()
    currency = (of(session.settings, "currency") or found.get(CURRENCY, "")).upper()
    zone = found.get(ZONE, "")
    return Organisation(
        id=host,
        name=found.get(NAME, "") or host.partition(".")[0],
        currency=currency if currency in CURRENCIES else "",
        zone=zone if zone in available_timezones() else "UTC",
        sandbox=of(session.settings, "test_instance") == "yes" or found.get(PRODUCTION, "") == "false",
    )


async def properties(session: Session) -> Mapping[str, str]:
    """System properties by name; none where the user may not read them, as is usual without a role for it."""
    query = Query(
        "sys_properties", one_of("name", _PROPERTIES), ("name", "value"), column="name", told=frozenset(_PROPERTIES)
    )
    try:
        (rows,) = await Instance(session).every([query])
    except (Refusal, FilterIgnored):
        return {}
    return {values.text(row, "name"): values.text(row, "value") for row in rows}
