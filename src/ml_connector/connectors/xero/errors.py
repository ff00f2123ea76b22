"""What Xero's refusals mean, for whom, and what to do.

Xero has no codes for its rules: the messages are recognised by their wording, only to choose the reason and the advice.
A refusal stays a refusal either way, and its own words are always shown.

TransportError
+-- Refusal          the API answered a read with an error
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from ml_connector.connectors import errors as common
from ml_connector.connectors import json_fields
from ml_connector.connectors.errors import Meaning
from ml_connector.connectors.writing import Rejected
from ml_connector.errors import Acts, Recovery
from ml_connector.transport.errors import TransportError


class Incomplete(common.Incomplete):
    """An answer of Xero without something it documents."""

    vendor = "Xero"


class Refusal(TransportError):
    """The API answered a read with HTTP ``status``; nothing was changed."""

    recovery = Recovery.PERSON

    def __init__(self, path: str, status: int, message: str) -> None:
        self.status, self.message = status, message
        meaning = meaning_of([message])
        self.acts = meaning.acts
        super().__init__(f"Xero refused {path}: {message or 'no reason given'} (HTTP {status}). {meaning.action}")

    @property
    def absent(self) -> bool:
        """Whether it says that the document does not exist."""
        return self.status == 404


_ADMIN = Acts.TENANT_ADMIN
# In this order: of several messages about one document, the first that a bookkeeper can act on counts.
_BY_WORDING: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(wording, re.IGNORECASE), meaning)
    for wording, meaning in (
        (
            r"before the (period|end of year) lock date",
            Meaning(
                "period_closed",
                "The date lies in a period that is locked in Xero: open the period there and replay the record, or give "
                "the document a later date at its source.",
            ),
        ),
        (
            r"payment or credit note allocated|only be made against authorised|exceeds the amount outstanding",
            Meaning(
                "paid",
                "Xero shows this document as paid, part-paid or not open: compare its payments in Xero with the source, "
                "remove what is wrong there, then replay the record.",
            ),
        ),
        (
            r"deleted purchaseorders cannot be updated",
            Meaning(
                "duplicate_number",
                "A deleted purchase order still holds this number in Xero: give the order another number, then replay it.",
            ),
        ),
        (
            r"(invoice #|order number|credit note number|number).{0,20} must be unique|has this contact number"
            r"|account number already exists",
            Meaning(
                "duplicate_number",
                "Another document or contact has this number in Xero: compare the two; link them if they are the same, "
                "else give this one another number.",
            ),
        ),
        (
            r"contact name .*already assigned",
            Meaning(
                "duplicate_name",
                "Another active contact has this name in Xero: link the two, or change one of the names.",
            ),
        ),
        (
            r"archived",
            Meaning(
                "inactive_account",
                "A contact or account it uses is archived: restore it in Xero (its API cannot), or change the mapping.",
            ),
        ),
        (
            r"not subscribed to currency",
            Meaning(
                "feature_disabled", "Add the currency to the organisation in Xero, then replay the record.", _ADMIN
            ),
        ),
        (
            r"limit of invoices you can approve",
            Meaning(
                "plan_expired", "The organisation's Xero plan takes no more invoices: choose a larger one.", _ADMIN
            ),
        ),
        (
            r"line total .* does not match",
            Meaning("defect", "Xero computes a line otherwise than we do: report this to support.", Acts.US),
        ),
        (
            r"not of valid status for modification|status change is invalid",
            Meaning(
                "rejected",
                "In the state the document has in Xero it cannot be changed so (or its number was used by one that was "
                "voided or deleted): look at it in Xero, correct it there or give it another number, then replay it.",
            ),
        ),
        (
            r"account code .* is not a valid code|account type is invalid|taxtype code|tax type|item code"
            r"|email address must be valid|duedate field",
            Meaning("invalid_value", "Xero does not accept a value: check the mapping or field that it names."),
        ),
        (
            r"could not be found|contact must (be specified|contain)",
            Meaning("not_found", "Something it refers to is not there in Xero any more: check the mapping."),
        ),
    )
)
_UNKNOWN = Meaning("rejected", "Read Xero's message, correct the record or its mapping, and replay it.")


def meaning_of(messages: Sequence[str]) -> Meaning:
    """What a refusal means, by the wording of its messages, else only that it was refused."""
    said = "\n".join(messages)
    return next((meaning for pattern, meaning in _BY_WORDING if pattern.search(said)), _UNKNOWN)


def rejected(code: str, messages: Sequence[str], raw: bytes) -> Rejected:
    """The outcome of a refused write."""
    meaning = meaning_of(messages)
    said = "; ".join(message.rstrip(".") for message in messages) or f"no reason given ({code})"
    return Rejected(code, f"Xero refused it: {said}.", meaning.action, meaning.reason, meaning.acts, raw)


def messages_of(value: Any) -> list[str]:
    """All validation messages of an element, those of its lines and contact included, each once."""
    return list(dict.fromkeys(_messages(value)))


def _messages(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _messages(one)
    elif isinstance(value, dict):
        for error in json_fields.children(value, "ValidationErrors"):
            if message := json_fields.text(error, "Message"):
                yield message
        for name, one in value.items():
            if name not in ("ValidationErrors", "Warnings"):
                yield from _messages(one)


def told(body: bytes) -> str:
    """What an error answer says, as a sentence; empty for one without words. Key case varies."""
    try:
        fields = json_fields.decode(body)
    except (msgspec.DecodeError, ValueError):
        return ""
    if not isinstance(fields, dict):
        return ""
    lowered = {str(name).lower(): one for name, one in fields.items()}
    said = messages_of(lowered.get("elements")) or [
        json_fields.text(lowered, name) for name in ("detail", "message", "title") if json_fields.text(lowered, name)
    ]
    return "; ".join(said[:1] if lowered.get("elements") is None else said)
