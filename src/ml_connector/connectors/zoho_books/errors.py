"""What Zoho Books' error codes mean, for whom, and what to do.

Decided by HTTP class and ``code``; message texts are no interface. Two refusals matter to bookkeepers and have no known
code: a number already used and a locked period. They are recognised by wording, and only to choose the reason and the
advice: a refusal stays a refusal either way.

TransportError
+-- Refusal          the API answered a read with an error code
    +-- NotOffered   the plan or the organisation does not have it, or the API no longer knows it; also NotPermitted
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from ml_connector.connectors import errors as common
from ml_connector.connectors.errors import Meaning
from ml_connector.connectors.writing import STATUS_REFUSED, Outcome, Rejected
from ml_connector.errors import Acts, Recovery
from ml_connector.transport.errors import NotPermitted, TransportError

ABSENT = 1002
_FEATURE_OFF, _UNKNOWN_URL = 110817, 5
# Codes of refusals that may say that the contact named is gone: what does not exist, and what is no valid value. Which of
# them a document gets is told nowhere, so the contact is asked for.
GONE = frozenset(str(code) for code in (2, 4, ABSENT))


class Incomplete(common.Incomplete):
    """An answer of Zoho Books without something it documents."""

    vendor = "Zoho Books"


class Refusal(TransportError):
    """The API answered ``code`` (None: none) with HTTP ``status``; nothing was changed."""

    recovery = Recovery.PERSON

    def __init__(self, path: str, status: int, code: int | None, message: str) -> None:
        self.status, self.code, self.message = status, code, message
        meaning = meaning_of(code, message)
        self.acts = meaning.acts
        what = f"Zoho Books refused {path}: {message or 'no reason given'} (HTTP {status}, code {code})."
        super().__init__(f"{what} {meaning.action}".strip())

    @property
    def absent(self) -> bool:
        """Whether it says clearly that the document does not exist."""
        return self.status == 404 and self.code == ABSENT


class NotOffered(Refusal, NotPermitted):
    """What the organisation does not have, or the API does not know (any more): it concerns whatever needs it alone."""

    def __init__(self, path: str, status: int, code: int | None, message: str) -> None:
        super().__init__(path, status, code, message)
        said = message.rstrip(".") or "no reason given"
        self.args = (
            f"Zoho Books does not offer this organisation {path} (any more): {said} (HTTP {status}, code {code}); turn the "
            "feature on in Zoho's settings or take a plan with it, or turn the flow off; it is asked for again every hour.",
        )
        self.acts = Acts.TENANT_ADMIN


def refusal(path: str, status: int, code: int | None, message: str, *, listed: bool) -> Refusal:
    """The error of a refused read. ``listed``: of a list; an address that is unknown may name one document wrongly."""
    if code == _FEATURE_OFF or (code == _UNKNOWN_URL and listed):
        return NotOffered(path, status, code, message)
    return Refusal(path, status, code, message)


_ADMIN = Acts.TENANT_ADMIN
_MEANINGS: dict[int, Meaning] = {
    2: Meaning("invalid_value", "A value is not one Zoho accepts: check the mapping of the field it names."),
    4: Meaning("invalid_value", "A value is not one Zoho accepts: check the mapping of the field it names."),
    5: Meaning("defect", "The address is not known to Zoho: report this to support.", Acts.US),
    15: Meaning("too_long", "Shorten the field Zoho names at the source and replay."),
    57: Meaning(
        "not_permitted",
        "The connection lacks a right: the Zoho user's role or the consented scopes do not allow it; an administrator "
        "checks the role and connects again.",
        _ADMIN,
    ),
    1002: Meaning("not_found", "An account, vendor, tax or document it refers to no longer exists: check the mapping."),
    1038: Meaning("defect", "The request was not well formed: report this to support.", Acts.US),
    3062: Meaning(
        "duplicate_name",
        "Another contact, active or not, customer or vendor, has this name: link the two, allow duplicate names in Zoho, or "
        "set duplicate_names=no of this connection, and the second one gets its number behind the name; then replay the "
        "record.",
    ),
    4016: Meaning("no_lines", "The document has no lines: add one at the source."),
    6041: Meaning(
        "wrong_organisation",
        "The Zoho user who consented does not belong to this organisation: invite the user there, or connect again "
        "as somebody who belongs to it.",
        _ADMIN,
    ),
    103001: Meaning("plan_expired", "The organisation's Zoho plan or trial has expired: renew it in Zoho.", _ADMIN),
    110817: Meaning(
        "feature_disabled", "Enable the feature Zoho names in the organisation, or choose another plan.", _ADMIN
    ),
}
_PAID = Meaning(
    "paid",
    "What is paid or applied there does not allow it: compare its payments and credits in Zoho with the source, correct what "
    "is wrong, and replay the record.",
)
_BY_WORDING: tuple[tuple[re.Pattern[str], Meaning], ...] = (
    (
        re.compile(
            r"\block(ed|ing)?\b.*\b(transaction|period|date|book)|(transaction|period|book)s?\b.*\block(ed|ing)?\b",
            re.I,
        ),
        Meaning(
            "period_closed",
            "The date lies in a period that is locked in Zoho: unlock the period there and replay the record, or give "
            "the document a later date at its source.",
        ),
    ),
    (
        re.compile(r"(number|bill#?|credit#?).*already (exists|been (used|created|entered))", re.I),
        Meaning(
            "duplicate_number",
            "A document with this number exists for this vendor or customer: compare the two; link them if they are the "
            "same.",
        ),
    ),
    (
        re.compile(r"\binactive\b", re.I),
        Meaning(
            "inactive_account", "An account or contact it uses is inactive in Zoho: activate it, or change the mapping."
        ),
    ),
    (
        re.compile(
            r"(treatment|of supply|hsn|\bsac\b|exemption).*\b(required|mandatory|missing|specify|enter|provide|select)"
            r"|\b(required|mandatory|missing|specify|enter|provide|select)\b.*(treatment|of supply|hsn|\bsac\b|exemption)",
            re.I,
        ),
        Meaning(
            "field_missing",
            "A field of the organisation's tax edition is missing: 'ml-connector fields' shows which setting of the "
            "connection gives it; set it and replay the record.",
            _ADMIN,
        ),
    ),
    (
        re.compile(
            r"\b(payments?|credits?|refunds?)\b.*\b(applied|recorded|associated|made)\b"
            r"|\b(more|greater) than\b.*\b(balance|due|credits?|unused)\b|\bexceeds?\b.*\b(balance|due|credits?|unused)\b",
            re.I,
        ),
        _PAID,
    ),
    (
        re.compile(r"\bmandatory\b.*\btag\b|\btag\b.*\b(mandatory|required)\b", re.I),
        Meaning("tag_missing", "A mandatory reporting tag is missing: fill the mapping table of that tag."),
    ),
)
# Codes whose meaning one source alone tells: they count where no words say more.
_LIKELY: dict[int, Meaning] = {
    36: _PAID,
    1001: Meaning(
        "duplicate_name",
        "One of this name or SKU exists there: link the two, or correct the name or SKU at the source.",
    ),
    1004: _PAID,
}
_UNKNOWN = Meaning("rejected", "Read Zoho's message, correct the record or its mapping, and replay it.")


def meaning_of(code: int | None, message: str) -> Meaning:
    """What a refusal means, by its code, else by its wording, else by what its code likely says, else only a refusal."""
    if code in _MEANINGS:
        return _MEANINGS[code]
    worded = next((meaning for pattern, meaning in _BY_WORDING if pattern.search(message)), None)
    return worded or _LIKELY.get(code or 0, _UNKNOWN)


def status_refused(outcome: Outcome) -> Outcome:
    """A refusal to set a contact active or inactive, that its documents or Zoho's rules are the reason of."""
    if not isinstance(outcome, Rejected) or outcome.acts is not Acts.BOOKKEEPER or outcome.code == str(ABSENT):
        return outcome
    return replace(outcome, reason=STATUS_REFUSED)


def rejected(code: int, message: str, raw: bytes) -> Rejected:
    """The outcome of a refused write."""
    meaning = meaning_of(code, message)
    sentence = f"Zoho Books refused it: {message or f'code {code}'}"
    return Rejected(str(code), sentence, meaning.action, meaning.reason, meaning.acts, raw)
