"""Fields that the tax editions ask for. Which of them are demanded is told nowhere, so each is a switch and off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.documents import Document
from ml_connector_sandbox.zoho_books.books.masters import Contact
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

SALES_FIELDS = ("vat_treatment", "gst_treatment", "gst_no", "place_of_supply", "tax_treatment")
PURCHASE_FIELDS = (*SALES_FIELDS, "source_of_supply", "destination_of_supply")
_COUNTRIES = {"US": "us", "GB": "uk", "IN": "in", **dict.fromkeys(("AE", "SA", "BH", "KW", "OM", "QA"), "gcc")}
# Edition -> module -> fields of the head, as the specification says where they exist.
_IN_SALES, _GCC = ("gst_treatment", "gst_no", "place_of_supply"), ("tax_treatment", "place_of_supply")
_HEAD: dict[str, dict[str, tuple[str, ...]]] = {
    "us": {},
    "uk": dict.fromkeys(("bill", "vendor_credit", "invoice", "creditnote", "expense"), ("vat_treatment",)),
    "in": {
        **dict.fromkeys(("invoice", "creditnote"), _IN_SALES),
        **dict.fromkeys(("bill", "vendor_credit"), ("gst_treatment", "gst_no", *PURCHASE_FIELDS[-2:])),
        "expense": ("gst_no", *PURCHASE_FIELDS[-2:]),
    },
    "gcc": dict.fromkeys(("bill", "vendor_credit", "invoice", "creditnote", "expense"), _GCC),
}
# Edition -> what a line may have to have. ``tax_exemption``: on a sold line without tax.
_LINE = {"us": ("tax_exemption",), "uk": (), "in": ("hsn_or_sac",), "gcc": ()}
# What the contact says stands in for the document.
_OF_CONTACT = {"place_of_supply": "place_of_contact"}


def edition(books: Records) -> str:
    """``us``, ``uk``, ``in`` or ``gcc`` by the organisation's country; empty for every other one."""
    return _COUNTRIES.get(books.profile.country_code.upper(), "")


def demanded(books: Records) -> frozenset[str]:
    """The fields the switch of the organisation's edition names. Raises ValueError on one the edition does not have."""
    own = edition(books)
    if not own:
        return frozenset()
    wanted = frozenset(one.strip() for one in getattr(books.switches, f"demanded_{own}").split(",") if one.strip())
    known = {name for names in _HEAD[own].values() for name in names} | set(_LINE[own])
    if wanted - known:
        raise ValueError(f"demanded_{own} names {sorted(wanted - known)}; the edition has {sorted(known)}")
    return wanted


def require(books: Records, module: str, document: Document, contact: Contact | None) -> None:
    """Refuse a document without a demanded field; the contact's own value is enough. Raises Refused."""
    wanted = demanded(books)
    if not wanted:
        return
    own = edition(books)
    for name in _HEAD[own].get(module, ()):
        if name in wanted and not document.texts.get(name) and not _of(contact, name):
            raise invalid(name)
    for line in document.lines:
        if "hsn_or_sac" in wanted and not line.texts["hsn_or_sac"]:
            raise invalid("hsn_or_sac")
        exempt = line.texts["tax_exemption_id"] or line.texts["tax_exemption_code"]
        if "tax_exemption" in wanted and module in ("invoice", "creditnote") and not (line.tax_id or exempt):
            message = "Please select a tax or a tax exemption for every line."
            raise Refused(400, books.switches.exemption_code, message)


def require_fields(books: Records, module: str, texts: dict[str, str], contact: Contact | None) -> None:
    """The same for what has no lines. Raises Refused."""
    wanted = demanded(books)
    for name in _HEAD.get(edition(books), {}).get(module, ()):
        if name in wanted and not texts.get(name) and not _of(contact, name):
            raise invalid(name)


def _of(contact: Contact | None, name: str) -> str:
    return contact.texts.get(_OF_CONTACT.get(name, name), "") if contact else ""
