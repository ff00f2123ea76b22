"""ServiceTitan's tax zones and the ledger's taxes: matched by name and rate, else created where a setting says so.

A link stands for a row of the table of sales taxes, which counts before it. How the tax of bills is booked a person decides.
"""

from __future__ import annotations

from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import TaxCode
from ml_connector.canonical.numbers import name_words
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write, skip, waiting
from ml_connector.integrations.drafts import zone_key
from ml_connector.integrations.invoice_tax import ZONES
from ml_connector.integrations.views import ANY, Books, View
from ml_connector.integrations.zones_alike import differences, per_cent, same_name, same_rate

TABLE = "sales_tax"


class TaxZones(FlowType):
    """Tax zones that sales name: linked with the ledger's tax or tax group of the same name and rate. Runs as needed."""

    name = ZONES
    title = "Tax zones: ServiceTitan to Zoho Books"
    source_vendor, target_vendor = "servicetitan", "zoho_books"
    priority = 1
    as_needed = True
    begins_off = True
    dated = False
    source_lists = ("tax_zones",)
    target_lists = ("tax_codes",)
    tables = (TABLE,)
    matches = "tax_codes"

    def source_entities(self, settings: Any) -> tuple[str, ...]:
        return ("tax_zones",)

    def reading_options(self, settings: Any) -> dict[str, str]:
        return {}

    def target_entity(self, document: Document) -> str:
        return "tax_codes"

    def differences(self, mine: Document, theirs: Document, books: Books) -> tuple[str, ...]:
        assert isinstance(mine, TaxCode) and isinstance(theirs, TaxCode)
        return differences(mine, theirs)

    def plan(self, view: View) -> Decision:
        zone = view.document
        assert isinstance(zone, TaxCode)
        if view.link is not None:
            return _linked(zone, view)
        if view.mappings[TABLE].get(_row(zone)) is not None:
            return skip("zone_by_row", key=_row(zone))
        if not zone.active:
            return skip("zone_inactive_here", name=zone.name)
        listed = view.source_lists.get(ZONES, {}).values()
        others = [one for one in listed if isinstance(one, TaxCode) and one.id != zone.id]
        here, there = same_name(zone, others), same_name(zone, view.ledger.tax_codes.values())
        if here or len(there) > 1:
            mine, theirs = ([_called(one) for one in found[:3]] for found in ([zone, *here], there))
            told = {"mine": ", ".join(mine), "theirs": ", ".join(theirs) or "none", "ledger": view.ways.title}
            return Hold((waiting("zone_name_twice", "mapping", _key(zone), **told),))
        return _matched(zone, there[0], view) if there else _unmatched(zone, view)


def _row(zone: TaxCode) -> str:
    """Its row of the mapping table: documents name it, and rows do as well."""
    return zone_key(Ref(zone.id, zone.name))


def _key(zone: TaxCode) -> str:
    return f"{TABLE}:{_row(zone)}"


def _called(tax: TaxCode) -> str:
    return f"'{tax.name}' ({per_cent(tax.rate)}; id {tax.id})"


def _linked(zone: TaxCode, view: View) -> Decision:
    """What a later version differs in is told, a new name with it: rows go by names, the link stays."""
    theirs = view.link.now if view.link is not None else None
    apart = differences(zone, theirs) if isinstance(theirs, TaxCode) else ()
    return skip("zone_differs", name=zone.name, what=", ".join(apart), row=_row(zone)) if apart else Unchanged()


def _matched(zone: TaxCode, theirs: TaxCode, view: View) -> Decision:
    told = {"name": zone.name, "target": _called(theirs), "ledger": view.ways.title, "row": _row(zone)}
    if theirs.id in view.held_there:
        return Hold((waiting("zone_taken", "mapping", _key(zone), **told),))
    if zone.rate is None or zone.rate != theirs.rate:
        told["rate"] = per_cent(zone.rate)
        places = (("mapping", _key(zone)), ("fact", f"tax_codes:{theirs.id}"))
        return Hold(tuple(waiting("zone_rate_differs", kind, key, **told) for kind, key in places))
    return Adopt(
        "tax_codes", theirs.id, "matched", f"the same name and rate {per_cent(zone.rate)}, which no other one has"
    )


def _unmatched(zone: TaxCode, view: View) -> Decision:
    free = [one for one in same_rate(zone, view.ledger.tax_codes.values()) if one.id not in view.held_there]
    shown = ", ".join(_called(one) for one in free[:3])
    known = f" Of the same rate are {shown}." if shown else ""
    told = {"name": zone.name, "ledger": view.ways.title, "known": known, "row": _row(zone)}
    alike = [one for one in free if set(name_words(one.name)) & set(name_words(zone.name))]
    if view.settings.new_taxes == "no" or alike or zone.rate is None:
        code = "zone_not_there"
        if view.settings.new_taxes == "yes":
            code = "zone_alike" if alike else "zone_without_rate"
        places = (("mapping", _key(zone)), ("fact", f"tax_codes:{ANY}"))
        return Hold(tuple(waiting(code, kind, key, **told) for kind, key in places))
    return _created(zone, view)


def _created(zone: TaxCode, view: View) -> Decision:
    try:
        composed = view.compose(Action.CREATE, TaxCode("", zone.name, zone.rate), view.reference)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"{ZONES}:{zone.id}", why=error.sentence),))
    step = Step("tax_codes", Action.CREATE, view.reference, composed.body, number=zone.name)
    return Write((step,), "tax_codes", (f"a new tax of {per_cent(zone.rate)}", *composed.notes))
