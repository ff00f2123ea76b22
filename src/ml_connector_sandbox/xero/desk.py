"""What a bookkeeper does at Xero's screens while the sandbox runs, over the admin address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.books.masters import ACTIVE


class _Telephone(msgspec.Struct, forbid_unknown_fields=True, tag_field="act", tag="telephone"):
    organisation: str
    contact: str
    number: str


def carried_out(company: XeroBooks, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a body asks for: ``act`` telephone, with ``organisation``, ``contact`` (a name) and ``number``.

    Tells the number before and after. Raises ValueError.
    """
    try:
        asked = msgspec.convert(wish, _Telephone, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"the desk takes an act 'telephone' with organisation, contact and number: {error}") from error
    books = company.organisations.get(asked.organisation)
    if books is None:
        raise ValueError(f"there is no organisation {asked.organisation!r}")
    found = [one for one in books.contacts if one.name == asked.contact and one.status == ACTIVE]
    if not found:
        raise ValueError(f"there is no active contact {asked.contact!r}")
    before = found[0].phones.get("DEFAULT", {}).get("PhoneNumber", "")
    books.desk.change_contact(found[0], Phones=[{"PhoneType": "DEFAULT", "PhoneNumber": asked.number}])
    return {"contact": asked.contact, "before": before, "after": asked.number}
