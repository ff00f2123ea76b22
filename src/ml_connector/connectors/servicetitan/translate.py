"""ServiceTitan's lists as canonical documents, and what all translations share. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Collection
from decimal import Decimal
from html import unescape
from typing import TypeVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Party, TaxCode
from ml_connector.canonical.money import plain, total
from ml_connector.canonical.parts import Address, Ref
from ml_connector.connectors.reading import UNIDENTIFIED, Row
from ml_connector.connectors.servicetitan import payloads
from ml_connector.connectors.servicetitan.client import REFERENCE_KEY
from ml_connector.connectors.servicetitan.walks import head

_AT = re.compile(r" - at `\$\.?(.*)`$")
_TAG = re.compile(r"<!--.*?-->|</?([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>", re.DOTALL)
_BLANKS = re.compile(r"[^\S\n]+")
_BREAKS = frozenset(["br", "p", "div", "li", "tr"])

Read = TypeVar("Read", bound=payloads.Payload)


class Unreadable(ValueError):
    """A document that cannot be understood; the text says what is wrong with which field."""


def understood(raw: bytes, shape: type[Read]) -> Read:
    """A row as its payload. Raises Unreadable naming the field."""
    try:
        return msgspec.json.decode(raw, type=shape)
    except msgspec.ValidationError as error:
        raise Unreadable(_sentence(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Unreadable(f"its text cannot be decoded ({error})") from error


def understood_or_none(raw: bytes, shape: type[Read]) -> Read | None:
    """A document fetched for its name or number only: one that cannot be read is as good as absent."""
    try:
        return understood(raw, shape)
    except Unreadable:
        return None


def _sentence(said: str) -> str:
    where = _AT.search(said)
    if where is None:
        return said[0].lower() + said[1:]
    what = said[: where.start()]
    return f"{what[0].lower() + what[1:]}" + (f", in field {where[1]}" if where[1] else "")


def row(label: str, raw: bytes, shape: type[Read], translate: Callable[[Read], Document]) -> Row:
    """One row: its document, or the problem in a sentence. Never raises for what the vendor sent."""
    try:
        payload = understood(raw, shape)
        document = translate(payload)
    except (ValueError, ArithmeticError) as error:
        return unread(label, raw, str(error))
    return Row(document.id, raw, document, stamp=getattr(document, "stamp", ""))


def unread(label: str, raw: bytes, why: str, id: str = "") -> Row:
    """A row that could not be understood. One without an id gets a key of its text, so that it is not mistaken."""
    found = head(raw)
    named = id or (str(found.id) if found.id is not None else "")
    key = named or f"{UNIDENTIFIED}{hashlib.sha256(raw).hexdigest()[:16]}"
    return Row(key, raw, None, found.modified_on or "", f"ServiceTitan {label} {named or 'without an id'}: {why}.")


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])


def one_text(raw: bytes, leave_out: Collection[str] = ()) -> bytes:
    """A document's text with its fields in one order, the same from feed and list, without those to ``leave_out``.

    A text tells whether a document is a new version; in which order feed and list write their fields is not said.
    """
    try:
        fields = _fields.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return raw
    return msgspec.json.encode({name: fields[name] for name in sorted(fields) if name not in leave_out})


def text(value: str | None) -> str:
    """A vendor's text without blanks around it; null is empty. PostgreSQL keeps no NUL, and it means nothing."""
    return (value or "").replace("\0", "").strip()


def ref_id(number: int | None) -> str:
    """An id as text; ServiceTitan writes "none" as null and in places as 0."""
    return str(number) if number else ""


def date(value: str | None, field: str) -> dt.date | None:
    """The date part of a vendor's date, never moved between zones. Raises Unreadable when it is none."""
    if not value:
        return None
    try:
        return dt.date.fromisoformat(value[:10])
    except ValueError:
        raise Unreadable(f"field {field} is {value!r}, which is no date") from None


def plain_text(html: str | None) -> str:
    """HTML as text: tags dropped, entities resolved, line breaks kept, runs of blanks made one."""
    bare = unescape(_TAG.sub(lambda tag: "\n" if (tag[1] or "").lower() in _BREAKS else "", html or ""))
    lines = (_BLANKS.sub(" ", line).strip() for line in bare.splitlines())
    return "\n".join(line for line in lines if line)


def named(value: payloads.Named | None) -> Ref:
    """A reference as the document shows it; empty for null."""
    return Ref() if value is None else Ref(ref_id(value.id), text(value.name))


def vendor(payload: payloads.Vendor) -> Party:
    """A vendor. ServiceTitan keeps no tax id, account number or currency of vendors."""
    contact = payload.contact_info or payloads.ContactInfo()
    return Party(
        id=str(payload.id),
        kind="vendor",
        name=text(payload.name),
        active=payload.active,
        first_name=text(contact.first_name),
        last_name=text(contact.last_name),
        email=text(contact.email),
        phone=text(contact.phone),
        address=address(payload.address or payloads.Address()),
        reference=reference(payload.external_data or []),
        stamp=payload.modified_on or "",
    )


def address(payload: payloads.Address) -> Address:
    """An address, each part without blanks around it."""
    return Address(
        text(payload.street),
        text(payload.unit),
        text(payload.city),
        text(payload.state),
        text(payload.zip),
        text(payload.country),
    )


def reference(kept: list[payloads.ExternalData]) -> str:
    """Our reference in a record's external data; empty where it is not kept, or was not asked for."""
    return next((text(one.value) for one in kept if one.key == REFERENCE_KEY), "")


def account(payload: payloads.GlAccount) -> Account:
    """A general-ledger account; an Intacct group is a heading and takes no posting."""
    return Account(
        id=str(payload.id),
        name=text(payload.name),
        number=text(payload.number),
        type=text(payload.type),
        active=payload.active,
        postable=payload.active and not payload.is_intacct_group,
        stamp=payload.modified_on or "",
    )


def business_unit(payload: payloads.BusinessUnit) -> Dimension:
    """A business unit. ``number`` is its QuickBooks class (may be ``Parent:Child``), else its account code."""
    return Dimension(
        id=str(payload.id),
        kind="business_unit",
        name=text(payload.name),
        number=text(payload.quickbooks_class) or text(payload.account_code),
        active=payload.active,
        currency=text(payload.currency).upper(),
        stamp=payload.modified_on or "",
    )


def tax_zone(payload: payloads.TaxZone) -> TaxCode:
    """A tax zone. Its rates are added up only where all tax the subtotal; else no one rate is true, and None stands.

    Where some tax labor or material alone, those two have a rate of their own.
    """
    whole = all("Subtotal" in rate.tax_base_type for rate in payload.rates) and not payload.is_multiple_tax_zone
    parted = bool(payload.rates) and not whole and not payload.is_multiple_tax_zone
    return TaxCode(
        id=str(payload.id),
        name=text(payload.name),
        rate=plain(total(rate.tax_rate for rate in payload.rates)) if payload.rates and whole else None,
        labor_rate=_rate_on("Labor", payload) if parted else None,
        material_rate=_rate_on("Material", payload) if parted else None,
        active=payload.active,
        stamp=payload.modified_on or "",
    )


def _rate_on(base: str, payload: payloads.TaxZone) -> Decimal:
    return plain(total(rate.tax_rate for rate in payload.rates if {base, "Subtotal"} & set(rate.tax_base_type)))
