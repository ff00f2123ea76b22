"""Tax editions: which fields an organisation's edition has, what the connection's settings give, and what is missing.

The fields and the countries that have them are those of the published request bodies (``x-node_available_in`` of the bundle
of July 2026: bills, vendorcredits, invoices, creditnotes, contacts, items, customerpayments). Which of them Zoho demands is
told nowhere; so a flow that writes such documents waits until they are given, or until setting ``edition_fields`` leaves them
to the contact, as Zoho's pages say of the place of supply. A change of a document leaves those of its head as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import FieldThere, Finding, Preflight, Verdict
from ml_connector.connectors.zoho_books.organisation import organisations

_BOUGHT = frozenset(["bills", "vendor_credits"])
_SOLD = frozenset(["invoices", "credit_notes"])
_DOCUMENTS = _BOUGHT | _SOLD
_PARTIES = frozenset(["parties"])
_ALL = _DOCUMENTS | _PARTIES
_WRITTEN = _ALL | {"items", "payments"}
_EXEMPTING = frozenset(["US", "CA", "AU", "IN"])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an edition; its setting has its name. ``line``: it stands on each line."""

    name: str
    what: str
    entities: frozenset[str]
    line: bool = False


_TREATMENTS = frozenset(["vat_treatment", "gst_treatment", "tax_treatment"])  # which contacts have, too
_TREATMENT = Field("tax_treatment", "tax treatment", _ALL)
# Lines of a credit note have it in both of its PUT requests, not in its POST.
_CODE = Field("hsn_or_sac", "HSN or SAC code", _DOCUMENTS | {"items"}, line=True)
_OF_SALES_LINES = _SOLD | {"items"}
_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "UK": (Field("vat_treatment", "VAT treatment", _ALL),),
    "IN": (
        Field("gst_treatment", "GST treatment", _ALL),
        Field("source_of_supply", "source of supply", _BOUGHT),
        Field("destination_of_supply", "destination of supply", _BOUGHT),
        Field("place_of_supply", "place of supply", _SOLD),
        Field("place_of_contact", "place of new contacts", _PARTIES),
        _CODE,
    ),
    "GCC": (_TREATMENT, Field("place_of_supply", "place of supply", _DOCUMENTS)),
    "MX": (
        _TREATMENT,
        Field("cfdi_usage", "CFDI usage", _SOLD),
        Field("payment_form", "form of payment", frozenset(["credit_notes", "payments"])),
        Field("sat_item_key_code", "SAT key of goods and services", _OF_SALES_LINES, line=True),
        Field("unitkey_code", "SAT key of units", _OF_SALES_LINES, line=True),
    ),
    "KE": (_TREATMENT, _CODE),
    "ZA": (_TREATMENT, _CODE),
}
_EXEMPTION = Field("tax_exemption", "tax exemption of lines without a tax", _DOCUMENTS, line=True)


def head(edition: str, entity: str, settings: Mapping[str, str]) -> dict[str, Any]:
    """The edition's fields of a new document or contact, as far as they are given.

    Where documents follow their contacts, none names a treatment of its own.
    """
    found: dict[str, Any] = _given(edition, entity, settings, line=False)
    if entity in _DOCUMENTS and _left_to_contacts(settings):
        found = {name: value for name, value in found.items() if name not in _TREATMENTS}
    if edition == "ZA" and entity in _SOLD:  # demanded where the customer is registered (SPEC26)
        found["is_reverse_charge_applied"] = settings.get("reverse_charge", "no") == "yes"
    return found


def on_line(edition: str, entity: str, settings: Mapping[str, str], *, taxed: bool) -> dict[str, str]:
    """The edition's fields of a line, as far as they are given; a line without a tax names the exemption."""
    found = _given(edition, entity, settings, line=True)
    exemption = settings.get("tax_exemption", "")
    if not taxed and exemption and edition in _EXEMPTING and entity in _DOCUMENTS:
        found["tax_exemption_id"] = exemption
    return found


def _given(edition: str, entity: str, settings: Mapping[str, str], *, line: bool) -> dict[str, str]:
    wanted = (one for one in _FIELDS.get(edition, ()) if entity in one.entities and one.line is line)
    return {one.name: value for one in wanted if (value := settings.get(one.name, ""))}


async def preflight(session: Session, entities: Sequence[str]) -> Preflight:
    """Whether the settings give what the organisation's edition has for these entities. Raises what ``Books.get`` raises."""
    if not _WRITTEN.intersection(entities):
        return Preflight()
    mine = next((one for one in await organisations(session) if one.id == session.organisation), None)
    return looked(mine, entities, session.settings) if mine else Preflight()


def looked(mine: Organisation, entities: Sequence[str], settings: Mapping[str, str]) -> Preflight:
    """The same for an organisation that is known."""
    wanted = _wanted(mine.edition, entities, settings)
    missing = [one for one in wanted if not settings.get(one.name, "")]
    fields = tuple(_there(one, entities, settings) for one in _shown(mine.edition, entities, wanted, settings))
    return Preflight((_finding(mine, missing),) if missing else (), fields)


def told(mine: Organisation, entities: Sequence[str], settings: Mapping[str, str]) -> Finding:
    """What is missing, or what is given."""
    found = looked(mine, entities, settings)
    if found.findings:
        return found.findings[0]
    given = ", ".join(dict.fromkeys(f"{one.what} {one.told}" for one in found.fields))
    said = given or "nothing more is asked of what is written"
    return Finding("tax edition", Verdict.GOOD, f"The tax edition of {mine.name} is {mine.edition}: {said}.")


def _left_to_contacts(settings: Mapping[str, str]) -> bool:
    return settings.get("edition_fields", "required") != "required"


def _wanted(edition: str, entities: Sequence[str], settings: Mapping[str, str]) -> list[Field]:
    """What must be given."""
    found: list[Field] = []
    if not _left_to_contacts(settings):
        found = [one for one in _FIELDS.get(edition, ()) if one.entities.intersection(entities)]
    demanded = settings.get("exemption_demanded", "no") == "yes" and edition in _EXEMPTING
    return [*found, _EXEMPTION] if demanded and _DOCUMENTS.intersection(entities) else found


def _shown(
    edition: str, entities: Sequence[str], wanted: Sequence[Field], settings: Mapping[str, str]
) -> Sequence[Field]:
    """What must be given, and what is given beyond it."""
    own = [*_FIELDS.get(edition, ()), *([_EXEMPTION] if edition in _EXEMPTING else [])]
    given = [one for one in own if settings.get(one.name, "") and one.entities.intersection(entities)]
    return [*wanted, *(one for one in given if one not in wanted)]


def _there(field: Field, entities: Sequence[str], settings: Mapping[str, str]) -> FieldThere:
    value = settings.get(field.name, "")
    written = ", ".join(sorted(field.entities.intersection(entities))).replace("_", " ")
    place = f"{field.name} of {'each line of ' if field.line else ''}{written}"
    return FieldThere(
        field.what, place, f"always {value}" if value else "not set", Verdict.GOOD if value else Verdict.MISSING
    )


def _finding(mine: Organisation, missing: Sequence[Field]) -> Finding:
    """All that is missing in one line: it is set in one command, which names the organisation among several."""
    named = ", ".join(f"{one.what} ({one.name})" for one in missing)
    given = " ".join(f"--set {one.name}=..." for one in missing)
    rest = (
        " or leave them to each contact with '--set edition_fields=contact'"
        if any(one is not _EXEMPTION for one in missing)
        else ""
    )
    return Finding(
        "tax edition",
        Verdict.MISSING,
        f"The tax edition of {mine.name} is {mine.edition}, and these fields of it are not set: {named}.",
        f"An owner sets them: 'ml-connector settings --connection {mine.id} {given}'{rest}.",
    )
