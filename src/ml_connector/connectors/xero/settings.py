"""The connection's named settings: uncertain facts of Xero, and choices it leaves open, each with its consequence."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from ml_connector.connectors.base import SettingField
from ml_connector.connectors.xero.limits import TIERS
from ml_connector.errors import BadInput

REFERENCE_IN, REFERENCE_URL = "reference_in", "reference_url"
POSTAL, STREET = "postal", "street"
_FORBIDDEN = "xero"  # Xero refuses addresses that contain its name

FIELDS: tuple[SettingField, ...] = (
    SettingField(
        "tier",
        "core",
        "The tier of the app at developer.xero.com: Starter has 1,000 calls a day for each organisation, the others 5,000. "
        "Set too high, Xero's own count in its answers corrects it; set too low, less is used than allowed.",
        tuple(TIERS),
    ),
    SettingField(
        REFERENCE_IN,
        "reference",
        "Where our reference stands on sales invoices, which is how a document of ours is known again. reference: at the "
        "end of the Reference text, which customers see on the invoice. url: in the invoice's link, which only Xero's users "
        "see; needs reference_url. Credit notes, payments and purchase orders have no link and carry it in their Reference.",
        ("reference", "url"),
        rereads=True,
    ),
    SettingField(
        REFERENCE_URL,
        "",
        "The beginning of the link on invoices when reference_in is url, for example https://records.example.com/; our "
        "reference is put behind it. It may not contain the word xero.",
        rereads=True,
    ),
    SettingField(
        "address",
        POSTAL,
        "Which of a contact's two addresses is the one kept in step: postal is printed on invoices, street is where "
        "deliveries go.",
        (POSTAL, STREET),
        rereads=True,
    ),
    SettingField(
        "keep_persons",
        "yes",
        "Whether the contact persons of a contact are sent along, as they stand, when the contact is changed. It is not "
        "known for sure whether Xero drops those that a change leaves out. no: they are left out, one read the fewer.",
        ("yes", "no"),
    ),
    SettingField(
        "prepayment_account",
        "",
        "Code of the account on the line of a prepayment. Empty: none is sent, and Xero may refuse prepayments.",
    ),
    SettingField(
        "payments_together",
        "yes",
        "Whether several payments go in one call. It is not known for sure whether Xero keeps the good ones of a call in "
        "which one fails; yes is faster, and what is not clearly kept is looked up. no sends every payment alone.",
        ("yes", "no"),
    ),
    SettingField(
        "resend_lost",
        "yes",
        "Whether an invoice, credit note, order or contact whose answer was lost is sent once more at once, under the same "
        "Idempotency-Key, so that Xero answers what it answered before. What Xero does with the second while the first is "
        "still at work is known from one source only; a twin it would refuse for its number. Payments, over- and "
        "prepayments are never sent again. no: it is looked up instead, a few minutes later.",
        ("yes", "no"),
    ),
)


def check(settings: Mapping[str, str]) -> None:
    """Raise BadInput where the link for references is wanted and cannot be used."""
    prefix = settings.get(REFERENCE_URL, "")
    if settings.get(REFERENCE_IN, "reference") == "url" and not prefix:
        raise BadInput(
            "reference_in=url needs reference_url: the beginning of a link, such as https://records.example.com/."
        )
    if not prefix:
        return
    parts = urlsplit(prefix)
    if parts.scheme != "https" or not parts.hostname or _FORBIDDEN in prefix.lower():
        raise BadInput(
            f"reference_url {prefix[:100]!r} cannot be used: it must begin with https:// and not contain the word xero."
        )


def link(settings: Mapping[str, str]) -> str:
    """The beginning of the link that carries references; empty when they stand in the Reference text."""
    return settings.get(REFERENCE_URL, "") if settings.get(REFERENCE_IN, "reference") == "url" else ""
