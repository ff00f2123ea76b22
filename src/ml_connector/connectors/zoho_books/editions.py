"""Tax editions: which fields an organisation's edition has, what the connection's settings give, and what is missing.

The fields and the countries that have them are those of the published request bodies (``x-node_available_in`` of the bundle
of July 2026: bills, vendorcredits, invoices, creditnotes, contacts, items). Which of them Zoho demands is told nowhere; so a
flow that writes such documents waits until they are given, or until setting ``edition_fields`` leaves them to the contact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import FieldThere, Finding, Preflight, Verdict
from ml_connector.connectors.zoho_books.organisation import organisations

_BOUGHT = frozenset(["bills", "vendor_credits"])
_SOLD = frozenset(["invoices", "credit_notes"])
_DOCUMENTS = _BOUGHT | _SOLD
_ALL = _DOCUMENTS | {"parties"}
_EXEMPTING = frozenset(["US", "CA", "AU", "IN"])


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an edition; its setting has its name. ``line``: it stands on each line."""

    name: str
    what: str
    entities: frozenset[str]
    line: bool = False


_TREATMENT = Field("tax_treatment", "tax treatment", _ALL)
# Lines of a credit note have it in both of its PUT requests, not in its POST.
_CODE = Field("hsn_or_sac", "HSN or SAC code", _DOCUMENTS | {"items"}, line=True)
_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "UK": (Field("vat_treatment", "VAT treatment", _ALL),),
    "IN": (
        Field("gst_treatment", "GST treatment", _ALL),
        Field("source_of_supply", "source of supply", _BOUGHT),
        Field("destination_of_supply", "destination of supply", _BOUGHT),
        Field("place_of_supply", "place of supply", _SOLD),
        _CODE,
    ),
    "GCC": (_TREATMENT, Field("place_of_supply", "place of supply", _DOCUMENTS)),
    "MX": (_TREATMENT,),
    "KE": (_TREATMENT, _CODE),
    "ZA": (_TREATMENT, _CODE),
}
_EXEMPTION = Field("tax_exemption", "tax exemption of lines without a tax", _DOCUMENTS, line=True)


def head(edition: str, entity: str, settings: Mapping[str, str]) -> dict[str, str]:
    """The edition's fields of a document or contact, as far as they are given."""
    return _given(edition, entity, settings, line=False)


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
    if not _ALL.union(["items"]).intersection(entities):
        return Preflight()
    mine = next((one for one in await organisations(session) if one.id == session.organisation), None)
    wanted = _wanted(mine.edition, entities, session.settings) if mine else []
    missing = [one for one in wanted if not session.settings.get(one.name, "")]
    fields = tuple(_there(one, entities, session.settings) for one in wanted)
    return Preflight((_finding(mine.edition, missing),) if mine and missing else (), fields)


def _wanted(edition: str, entities: Sequence[str], settings: Mapping[str, str]) -> list[Field]:
    found: list[Field] = []
    if settings.get("edition_fields", "required") == "required":
        found = [one for one in _FIELDS.get(edition, ()) if one.entities.intersection(entities)]
    demanded = settings.get("exemption_demanded", "no") == "yes" and edition in _EXEMPTING
    return [*found, _EXEMPTION] if demanded and _DOCUMENTS.intersection(entities) else found


def _there(field: Field, entities: Sequence[str], settings: Mapping[str, str]) -> FieldThere:
    value = settings.get(field.name, "")
    written = ", ".join(sorted(field.entities.intersection(entities))).replace("_", " ")
    place = f"{field.name} of {'each line of ' if field.line else ''}{written}"
    return FieldThere(
        field.what, place, f"always {value}" if value else "not set", Verdict.GOOD if value else Verdict.MISSING
    )


def _finding(edition: str, missing: Sequence[Field]) -> Finding:
    """All that is missing in one line: it is set in one command."""
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
        f"The organisation's tax edition is {edition}, and these fields of it are not set: {named}.",
        f"Set them: 'ml-connector settings --connection zoho-books {given}'{rest}.",
    )
