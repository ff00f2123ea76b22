"""The named settings of a ServiceTitan connection: facts the vendor does not publish, each with its consequence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.connectors.base import SettingField
from ml_connector.connectors.servicetitan import webhook_events
from ml_connector.connectors.servicetitan.webhook_events import Events
from ml_connector.errors import BadInput

_YES_NO = ("yes", "no")

FIELDS = (
    SettingField(
        "bill_amount_includes_tax_and_shipping",
        "yes",
        "ServiceTitan does not say whether billAmount contains tax, shipping and other costs. With the wrong choice no "
        "bill that has any of them ties, and all of those are held.",
        _YES_NO,
        rereads=True,
    ),
    SettingField(
        "currency",
        "",
        "The company's currency, for documents whose business unit states none. Empty: taken from the business units "
        "if all that state one state the same.",
        rereads=True,
    ),
    SettingField(
        "review_binds_posted_invoices",
        "yes",
        "Whether an invoice that a reviewer put on hold, rejected or has not reviewed yet is kept back even when its "
        "batch is posted. No: only until it is posted, for companies that post without reviewing, where every invoice "
        "stays to be reviewed for ever.",
        _YES_NO,
        rereads=True,
    ),
    SettingField(
        "payment_transaction_types",
        "yes",
        "Whether ServiceTitan is asked which payments are journal entries, such as write-offs and financing fees. It "
        "costs a call for 50 payments. No: only the mapping of payment types tells them from money.",
        _YES_NO,
        rereads=True,
    ),
    SettingField(
        "country",
        "",
        "The country written into ServiceTitan for a customer or vendor whose address names none. Empty: one without a "
        "country waits, since ServiceTitan takes only whole addresses.",
    ),
    SettingField(
        "changed_customer_address",
        "keep coordinates",
        "ServiceTitan takes a customer's changed address only with its place on the map, which a ledger does not know. "
        "Keep coordinates: the old address's place goes along until somebody corrects it in ServiceTitan. Wait: a "
        "customer whose address differs waits for a person. One for whom ServiceTitan has no place always does.",
        ("keep coordinates", "wait"),
    ),
    SettingField(
        "payment_status_when_made",
        "Exported",
        "The status of a payment that is made in ServiceTitan from one of the ledger. Exported: it is in the ledger already, "
        "so nobody exports it again. Pending or Posted: it shows among what is still to be exported.",
        ("Exported", "Posted", "Pending"),
    ),
    SettingField(
        "journal_entry_status",
        "Open",
        "The status of a journal entry that is made from one of the ledger's expenses. Open: it may still be changed in "
        "ServiceTitan. Closed: it may not.",
        ("Open", "Closed"),
    ),
    SettingField(
        "journal_entry_version",
        "0",
        "The versionId that a new journal entry is sent with, which ServiceTitan demands and does not explain. With one that "
        "it does not take every entry is refused.",
    ),
    SettingField(
        "probe_by_empty_body",
        "yes",
        "Whether ServiceTitan is asked, before the first payment or journal entry and daily, if it takes any, by a request "
        "without content, which it refuses where it does. No: the first one shows it.",
        _YES_NO,
    ),
    SettingField(
        "list_lag_seconds",
        "300",
        "How long a change may be missing from ServiceTitan's lists. Too short can miss a change until the next daily "
        "re-reading; longer only reads more rows again.",
    ),
    SettingField(
        "reread_days",
        "7",
        "Once a day what changed in this many days is read again from the export feeds, should one have left something "
        "out.",
    ),
    SettingField(
        "recent_changes",
        "yes",
        "Whether the export feed is asked for the newest changes at once, which may repeat rows; no means later.",
        _YES_NO,
    ),
    SettingField(
        "page_size",
        "500",
        "Rows a page, 1 to 5000. Larger pages are fewer calls and come nearer to ServiceTitan's limit of 100 seconds.",
    ),
    SettingField(
        "webhook_header",
        "x-servicetitan-signature",
        "The header that carries a webhook's signature, which ServiceTitan does not publish. With the wrong name every "
        "delivery is refused and changes arrive by schedule only.",
    ),
    SettingField(
        "webhook_encoding",
        "either",
        "How that signature is written, which is not published either: hex, base64, or whichever of the two it looks "
        "like; sha256= before it is always understood. With the wrong one every delivery is refused.",
        ("hex", "base64", "either"),
    ),
    SettingField(
        "webhook_events",
        webhook_events.DEFAULT,
        "Which event has what read again, as name=entity. A name is the object in tn.acc.invoice-posted (invoice), an "
        "event's whole name (jobCompleted), or how one begins (invoice.*); name=entity:field where another field than "
        "id says which. Events that are not named here are counted and change nothing.",
    ),
)

_HEADER = re.compile(r"[\w-]{1,100}", re.ASCII)
_DEFAULTS = {field.name: field.default for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Settings:
    """A connection's settings, understood."""

    gross: bool
    currency: str
    lag: dt.timedelta
    reread: dt.timedelta
    recent: bool
    page_size: int
    application_guid: str
    review_binds: bool
    transaction_types: bool
    country: str
    keep_coordinates: bool
    payment_status: str
    journal_status: str
    journal_version: int
    probes: bool
    webhook_header: str
    webhook_encoding: str
    webhook_events: Events

    @property
    def external_data(self) -> tuple[tuple[str, str], ...]:
        """The query that has our references shown; empty where they are not kept."""
        return (("externalDataApplicationGuid", self.application_guid),) if self.application_guid else ()

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Settings:
        """Raises BadInput naming the setting. ``application_guid`` is the credential of that name, "" where unused."""
        return cls(
            gross=_yes(values, "bill_amount_includes_tax_and_shipping"),
            currency=_stated(values, "currency").upper(),
            lag=dt.timedelta(seconds=_whole(values, "list_lag_seconds", 0, 86_400)),
            reread=dt.timedelta(days=_whole(values, "reread_days", 1, 366)),
            recent=_yes(values, "recent_changes"),
            page_size=_whole(values, "page_size", 1, 5000),
            application_guid=values.get("application_guid", ""),
            review_binds=_yes(values, "review_binds_posted_invoices"),
            transaction_types=_yes(values, "payment_transaction_types"),
            country=_stated(values, "country").strip(),
            keep_coordinates=_stated(values, "changed_customer_address") != "wait",
            payment_status=_stated(values, "payment_status_when_made"),
            journal_status=_stated(values, "journal_entry_status"),
            journal_version=_whole(values, "journal_entry_version", 0, 1_000_000),
            probes=_yes(values, "probe_by_empty_body"),
            webhook_header=_header(values, "webhook_header"),
            webhook_encoding=_stated(values, "webhook_encoding"),
            webhook_events=Events.of(_stated(values, "webhook_events")),
        )


def _stated(values: Mapping[str, str], name: str) -> str:
    return values.get(name) or _DEFAULTS[name]


def _header(values: Mapping[str, str], name: str) -> str:
    stated = _stated(values, name)
    if not _HEADER.fullmatch(stated):
        raise BadInput(f"The setting {name} is {stated[:100]!r}: a header's name has letters, digits and hyphens only.")
    return stated


def _yes(values: Mapping[str, str], name: str) -> bool:
    stated = _stated(values, name)
    if stated not in _YES_NO:
        raise BadInput(f"The setting {name} is {stated!r}: it takes yes or no.")
    return stated == "yes"


def _whole(values: Mapping[str, str], name: str, least: int, most: int) -> int:
    stated = _stated(values, name)
    if not (stated.isascii() and stated.isdigit() and least <= int(stated) <= most):
        raise BadInput(f"The setting {name} is {stated!r}: it takes a whole number from {least} to {most}.")
    return int(stated)
