"""V2 webhooks: the published envelope, and every reading of what is not published.

The envelope and the form of an event's name are published, with invoices (updated, batched, posted, exported),
bookings and jobs as the objects. That our other records have events at all, how the signature is encoded and in which
header it stands are assumptions, so all of it is a switch; nobody outside the vendor has shown a delivery.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, TypeVar

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.webhook_rules import (
    CREATED,
    DELETED,
    UPDATED,
    Change,
    Numbers,
    Parcel,
    Subscription,
    WebhookRules,
    digest,
    named_events,
    seconds_listed,
)
from ml_connector_sandbox.servicetitan.books import (
    Bill,
    Contact,
    Customer,
    Invoice,
    Location,
    Payment,
    PurchaseOrder,
    Receipt,
    Record,
    ServiceTitanBooks,
    Vendor,
)
from ml_connector_sandbox.servicetitan.shapes import stamps
from ml_connector_sandbox.servicetitan.switches import Switches

T = TypeVar("T")

SECRET_SHORTEST, SECRET_LONGEST = 32, 64
BATCHED, POSTED, EXPORTED = "batched", "posted", "exported"
_MODULES = {
    "bill": "acc", "vendor": "inv", "purchase_order": "inv", "receipt": "inv", "customer": "crm", "contact": "crm",
    "location": "crm", "invoice": "acc", "payment": "acc",
}  # fmt: skip
_NUMBERS: dict[type[Record], str] = {
    Bill: "reference_number", PurchaseOrder: "number", Receipt: "number", Vendor: "name", Customer: "name",
    Contact: "customer_id", Location: "name", Payment: "reference_number",
}  # fmt: skip
_SHOWN = {
    "reference_number": "referenceNumber", "number": "number", "name": "name", "customer_id": "customerId",
}  # fmt: skip
_ONLY_SWITCHED_OFF = (Vendor, Customer, Location)


class ServiceTitanWebhooks(WebhookRules):
    """What the developer portal's subscriptions send, for every tenant that has granted an application."""

    events = (
        *named_events(tuple(_MODULES)),
        *(f"invoice.{one}" for one in (BATCHED, POSTED, EXPORTED)),
    )

    def __init__(self, company: ServiceTitanBooks, switches: Switches) -> None:
        self._company, self._switches = company, switches

    def check_secret(self, secret: str) -> None:
        """32 to 64 characters, or none."""
        if secret and not SECRET_SHORTEST <= len(secret) <= SECRET_LONGEST:
            raise ValueError(f"secret must have {SECRET_SHORTEST} to {SECRET_LONGEST} characters, or be left out")

    def compose(self, subscription: Subscription, change: Change, numbers: Numbers) -> Parcel:
        """One delivery: which record of which tenant changed, signed over the raw body."""
        switches, name = self._switches, self._event_name(change)
        body = exact.dumps(self._envelope(change, name, numbers))
        headers = {"Content-Type": "application/json"}
        if switches.webhook_event_header:
            headers[switches.webhook_event_header] = name
        if subscription.secret:
            encoding = switches.webhook_signature_encoding
            headers[switches.webhook_signature_header] = digest(subscription.secret, body, encoding)
        return Parcel(headers, body)

    def admit(self, change: Change) -> str:
        """Only records that have webhooks, and only while the tenant's grant stands."""
        if change.event == "invoice.created" and not self._switches.webhook_invoice_created:
            return "a new invoice is not announced (switch webhook_invoice_created)"
        if change.entity not in self._switches.webhook_records.split(","):
            return f"{change.entity} has no webhooks (switch webhook_records)"
        grants = (one for one in self._company.grants.values() if one.tenant == change.company)
        if not any(not one.revoked for one in grants):
            return f"tenant {change.company} grants no application anything"
        return ""

    def accepted(self, status: int) -> bool:
        """200, or any 2xx: the vendor says both."""
        return status == 200 or (not self._switches.webhook_only_200 and super().accepted(status))

    def retry_seconds(self) -> tuple[float, ...]:
        """As the switch says."""
        return seconds_listed(self._switches.webhook_retry_seconds)

    def time_out_seconds(self) -> float:
        """As the switch says."""
        return self._switches.webhook_time_out_seconds

    def _subject(self, change: Change) -> str:
        """``purchase-order``; a bill goes by the name of the switch."""
        return self._switches.webhook_bill_name if change.entity == "bill" else change.entity.replace("_", "-")

    def _event_name(self, change: Change) -> str:
        subject, action = self._subject(change), change.action
        if change.event == "invoice.deleted" and not self._switches.webhook_invoice_created:
            action = UPDATED
        names = {
            "published": f"tn.{_MODULES[change.entity]}.{subject}-{action}",
            "dotted": f"{_camel(subject)}.{action}",
            "camel": _camel(subject) + action.capitalize(),
        }
        return _chosen(names, "webhook_event_names", self._switches.webhook_event_names)

    def _envelope(self, change: Change, name: str, numbers: Numbers) -> dict[str, Any]:
        tenant, record = int(change.company), _record(change.record)
        envelopes = {
            "cloudevents": {
                "specversion": "1.0",
                "id": _guid("deliveries", numbers.delivery),
                "type": name,
                "time": record["modifiedOn"],
                "source": "https://webhooks.servicetitan.io",
                "userassignedid": _guid("occurrences", numbers.occurrence),
                "datacontenttype": "application/json",
                "data": {
                    _camel(self._subject(change)): record,
                    "tenantId": tenant,
                    "tenantName": self._company.tenant_name(change.company),
                },
            },
            "data": {"event": name, "tenantId": tenant, "data": record},
            "flat": {"event": name, "tenantId": tenant, **record},
            "record": record,
        }
        return _chosen(envelopes, "webhook_envelope", self._switches.webhook_envelope)


def _chosen(offered: dict[str, T], switch: str, wanted: str) -> T:
    if wanted not in offered:
        raise ValueError(f"{switch} {wanted!r} is none of {', '.join(offered)}")
    return offered[wanted]


def _camel(subject: str) -> str:
    first, *others = subject.split("-")
    return first + "".join(one.capitalize() for one in others)


def _guid(kind: str, number: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"servicetitan/webhooks/{kind}/{number}"))


def announcer(announce: Callable[[Change], None]) -> Callable[[str, str, Record | None, Record], None]:
    """What the books call after every change; records without webhooks are passed over."""

    def heard(tenant: str, what: str, old: Record | None, new: Record) -> None:
        event = f"{what.replace(' ', '_')}.{_action(old, new)}"
        if event in ServiceTitanWebhooks.events:
            announce(Change(event, tenant, str(new.id), new))

    return heard


def _action(old: Record | None, new: Record) -> str:
    """A document that is no longer active is deleted; a vendor, customer or location is only switched off."""
    if old is None:
        return CREATED
    if isinstance(old, Invoice) and isinstance(new, Invoice):
        return _moved(old, new)
    gone = old.active and not new.active and not isinstance(new, _ONLY_SWITCHED_OFF)
    return DELETED if gone else UPDATED


def _moved(old: Invoice, new: Invoice) -> str:
    """An invoice that goes on is announced as what it became, not as updated besides."""
    if new.sync_status not in (old.sync_status, "Pending"):
        return POSTED if new.sync_status == "Posted" else EXPORTED
    if old.batch is None and new.batch is not None:
        return BATCHED
    return DELETED if old.active and not new.active else UPDATED


def _record(record: Record) -> dict[str, Any]:
    """The least that says which: id, name or number, active, stamps. The vendor sends more of it."""
    if isinstance(record, Invoice):
        return _invoice(record)
    field = _NUMBERS[type(record)]
    return {"id": record.id, _SHOWN[field]: getattr(record, field), "active": record.active, **stamps(record)}


def _invoice(invoice: Invoice) -> dict[str, Any]:
    """As published for invoices, where ``active`` is no property."""
    return {
        "id": invoice.id,
        "syncStatus": invoice.sync_status,
        "referenceNumber": invoice.reference_number,
        "sentStatus": invoice.sent_status,
        "reviewStatus": invoice.review_status,
        **stamps(invoice),
    }
