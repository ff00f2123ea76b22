"""What ServiceNow's refusals mean, for whom, and what to do.

There are no codes: the HTTP status and the wording of ``error.message`` and ``error.detail`` decide, and only which
reason and advice are shown. Messages of transform maps are each customer's own, so they are shown as they are.

TransportError
+-- Refusal          the API answered a call with an error
|   +-- Denied       the user or the client lacks the right to it; also NotPermitted
+-- Unsure           rows may be hidden: that something is not shown does not prove that it is not there; also NotPermitted
+-- Cut              the instance stopped the answer in its midst: its time for it was over
"""

from __future__ import annotations

import re

from ml_connector.connectors import errors as common
from ml_connector.connectors.errors import Meaning
from ml_connector.errors import Acts, Recovery
from ml_connector.transport.errors import NotPermitted, TransportError

CANCELLED = b"maximum execution time exceeded"
SET_UP = "set_up_missing"  # the reason of what an instance takes from nobody, as it is set up
EMPTY = "field_missing"  # the reason of a row or record without a value that must be there
# The reasons of a reference that is not found, as it is where the ERP source that it belongs to is not there.
UNFOUND = ("cost_center_refused", "gl_account_refused", "supplier_refused", "legal_entity_refused")
TOO_LARGE = 413  # whatever says it: the instance, or what stands before it


class Incomplete(common.Incomplete):
    """An answer of ServiceNow without something it documents."""

    vendor = "ServiceNow"


class Cut(TransportError):
    """A read was cut off by the instance: the answer proves nothing."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"ServiceNow cut off its answer to {path}, since the instance's time for a request was over: it is asked again "
            "later; if it stays, set fewer rows for a page, or have the ServiceNow administrator raise the quota."
        )


class Refusal(TransportError):
    """The API answered ``status`` with an error; nothing was changed by it."""

    recovery = Recovery.PERSON

    def __init__(self, path: str, status: int, message: str, detail: str = "") -> None:
        self.status, self.message, self.detail = status, message, detail
        meaning = meaning_of(status, message, detail)
        self.reason, self.acts = meaning.reason, meaning.acts
        super().__init__(f"ServiceNow refused {path}: {words(message, detail)} (HTTP {status}). {meaning.action}")

    @property
    def too_large(self) -> bool:
        """Whether the call was too large, so that half of it may be taken."""
        return self.reason == _TOO_LARGE.reason


class Denied(Refusal, NotPermitted):
    """The integration user, or the client, may not do this: other things it may."""


class Unsure(NotPermitted):
    """A look-up that does not prove what is not there, since rows are hidden from this user or were not counted."""


def refusal(path: str, status: int, message: str, detail: str = "") -> Refusal:
    """The refusal of a call, told apart by what it means."""
    kind = Denied if meaning_of(status, message, detail).reason == "not_permitted" else Refusal
    return kind(path, status, message, detail)


_ADMIN = Acts.TENANT_ADMIN
_SCOPED = (
    "The ServiceNow administrator gives the OAuth client a REST API auth scope that covers the Table, Import Set and "
)
_TOO_LARGE = Meaning(
    "too_long",
    "The ServiceNow administrator raises the property glide.rest.max_content_length; then replay the record.",
    _ADMIN,
)
_BY_WORDING: tuple[tuple[re.Pattern[str], Meaning], ...] = tuple(
    (re.compile(wording, re.IGNORECASE), meaning)
    for wording, meaning in (
        (
            r"access to unscoped api",
            Meaning("not_permitted", f"{_SCOPED}Batch APIs, or the broad scope useraccount.", _ADMIN),
        ),
        (
            r"invalid table|does not represent any resource",
            Meaning(
                "set_up_missing",
                "The ServiceNow administrator activates the plugin that brings the table, or the name in the connection's "
                "settings is put right.",
                _ADMIN,
            ),
        ),
        (
            r"ACL|security constraints|not authorized|permission to be read",
            Meaning(
                "not_permitted",
                "The ServiceNow administrator gives the integration user the role that may do this, such as "
                "sn_spend_intg.procurement_integrator and sn_fcms_intg.integration_user.",
                _ADMIN,
            ),
        ),
        (
            r"data policy|mandatory",
            Meaning(
                "field_missing", "Fill the fields it names at the source or in the mapping, and replay the record."
            ),
        ),
        (
            r"business rule",
            Meaning(
                "refused_by_rule",
                "A business rule of the instance refused it: the ServiceNow administrator tells what it asks for; then "
                "replay the record.",
                _ADMIN,
            ),
        ),
        (
            r"unique key|duplicate|error during insert",
            Meaning(
                "duplicate_number", "One of the same key exists there: compare the two, and link them if they are one."
            ),
        ),
        (r"reading request|large rest payload", _TOO_LARGE),
        (
            r"no transform entry",
            Meaning(
                "set_up_missing",
                "The ServiceNow administrator gives the staging table an active transform map.",
                _ADMIN,
            ),
        ),
        (
            r"^\W*(unknown |invalid |no )?erp source\b",
            Meaning(
                "set_up_missing",
                "The ServiceNow administrator adds the ERP source to sn_fin_erp_source, or the setting erp_source of the "
                "connection is put right.",
                _ADMIN,
            ),
        ),
        (
            r"cost cent",
            Meaning("cost_center_refused", "Check the mapping of cost centres, or have the cost centre made there."),
        ),
        (
            r"gl account|ledger account|general ledger",
            Meaning("gl_account_refused", "Check the mapping of GL accounts."),
        ),
        (
            r"supplier|vendor",
            Meaning(
                "supplier_refused", "Link the vendor to the supplier that ServiceNow knows, or have it made there."
            ),
        ),
        (r"legal entity|company code", Meaning("legal_entity_refused", "Check the mapping of legal entities.")),
        (
            r"currency",
            Meaning("currency_refused", "Have the ServiceNow administrator add the currency, or correct it."),
        ),
    )
)
_UNKNOWN = Meaning("rejected", "Read ServiceNow's message, correct the record or its mapping, and replay it.")
_DEFECT = Meaning("defect", "The request was not well formed: report this to support.", Acts.US)


def meaning_of(status: int, message: str, detail: str = "") -> Meaning:
    """What a refusal means, by its wording, else by its status."""
    said = f"{message} {detail}"
    found = next((meaning for pattern, meaning in _BY_WORDING if pattern.search(said)), None)
    if found is not None:
        return found
    if status == TOO_LARGE:
        return _TOO_LARGE
    return _DEFECT if status in (400, 405, 406, 415) else _UNKNOWN


def words(message: str, detail: str = "") -> str:
    """What it said, without the ids of rules."""
    said = ": ".join(part for part in (message.strip(), detail.strip()) if part) or "no reason given"
    return re.sub(r"\^[0-9a-f]{32}", "", said)[:500]
