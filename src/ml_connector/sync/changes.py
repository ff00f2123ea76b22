"""What differs between what a preview showed and what would be sent now, in a bookkeeper's words. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from ml_connector.connectors.writing import Step
from ml_connector.integrations.decisions import Adopt, Write
from ml_connector.integrations.drafts import money
from ml_connector.integrations.views import Ledger

_AT_MOST = 6  # differences that are told one by one
_NOTHING = "nothing"


def changes(shown: Write | Adopt, now: Write | Adopt, ledger: Ledger) -> list[str]:
    """Each difference as "field: was, is". Ids are told by the name the ledger's lists have for them."""
    if isinstance(shown, Write) and isinstance(now, Write):
        found = list(dict.fromkeys(_writes(shown, now, ledger)))
        more = len(found) - _AT_MOST
        return [*found[:_AT_MOST], *([f"and {more} more"] if more > 0 else [])]
    was, is_ = _told(shown, ledger), _told(now, ledger)
    if was != is_:
        return [f"it was to be {was} and is to be {is_} now"]
    return [f"the evidence for it was '{getattr(shown, 'evidence', '')}', is '{getattr(now, 'evidence', '')}'"]


def _told(decision: Write | Adopt, ledger: Ledger) -> str:
    if isinstance(decision, Write):
        return "posted"
    party = ledger.parties.get(decision.target_id)
    name = f"'{party.name}', " if party else ""
    return f"linked with {name}id {decision.target_id}"


def _writes(shown: Write, now: Write, ledger: Ledger) -> Iterator[str]:
    if len(shown.steps) != len(now.steps):
        yield f"steps: was {len(shown.steps)}, is {len(now.steps)}"
    for was, is_ in zip(shown.steps, now.steps, strict=False):
        yield from _steps(was, is_, ledger)
    if shown.notes != now.notes:
        yield f"remarks: was '{'; '.join(shown.notes) or _NOTHING}', is '{'; '.join(now.notes) or _NOTHING}'"


def _steps(shown: Step, now: Step, ledger: Ledger) -> Iterator[str]:
    if (shown.entity, shown.action) != (now.entity, now.action):
        yield f"what is done: was {shown.action} {shown.entity}, is {now.action} {now.entity}"
    totals = (money(shown.total, shown.currency), money(now.total, now.currency))
    if totals[0] != totals[1]:
        yield f"total: was {totals[0]}, is {totals[1]}"
    for words, was, is_ in (
        ("target", shown.target_id, now.target_id),
        ("vendor", shown.party_id, now.party_id),
        ("number", shown.number, now.number),
        ("date", str(shown.date or ""), str(now.date or "")),
        ("reference", shown.reference, now.reference),
    ):
        if was != is_:
            yield _difference(words, was, is_, ledger)
    told = {value for value in (shown.party_id, shown.number, str(shown.date)) if value}
    was_sent, is_sent = _sent(shown.body), _sent(now.body)
    for path in dict.fromkeys((*was_sent, *is_sent)):
        was, is_ = was_sent.get(path, ""), is_sent.get(path, "")
        if was != is_ and not (len(path) == 1 and was in told):
            yield _difference(_words(path), was, is_, ledger)


def _difference(words: str, was: str, is_: str, ledger: Ledger) -> str:
    accounts = {one.number: one for one in ledger.accounts.values() if one.number} if "account" in words else {}
    was, is_ = (accounts[one].id if one in accounts else one for one in (was, is_))
    return f"{words}: was {named(was, ledger)}, is {named(is_, ledger)}"


def named(value: str, ledger: Ledger) -> str:
    """An id by its number and name, anything else as it stands."""
    account = ledger.accounts.get(value)
    if account is not None:
        return f"{account.number} {account.name}".strip()
    for entries in (ledger.parties, ledger.tax_codes, ledger.dimensions):
        entry = entries.get(value)
        if entry is not None:
            return str(entry.name)
    return value or _NOTHING


# --- a payload, value by value -----------------------------------------------------------------------------------

_Path = tuple[str | int, ...]


def _sent(body: bytes) -> dict[_Path, str]:
    """Every value of a payload by where it stands, numbers as they are written; one that is no JSON is one value."""
    try:
        value = json.loads(body, parse_float=str, parse_int=str) if body else {}
    except ValueError:
        value = body.decode("utf-8", "replace")
    return dict(_values(value, ()))


def _values(value: Any, path: _Path) -> Iterator[tuple[_Path, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _values(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from _values(inner, (*path, number))
    else:
        yield path, "" if value is None else str(value)


def _words(path: _Path) -> str:
    """Where a value stands: ``line_items 2 account_id`` is the account of line 2.

    >>> _words(("line_items", 2, "account_id"))
    'account of line 2'
    >>> _words(("LineItems", 1, "Tracking", 1, "TrackingOptionID"))
    'tracking option of tracking 1 of line 1'
    >>> _words(("Account", "AccountID")), _words(("LineItems", 2, "AccountCode"))
    ('account', 'account of line 2')
    """
    said: list[str] = []
    for part in path:
        if isinstance(part, int) and said:
            said[-1] = f"{_singular(said[-1])} {part}"
        elif _plain(str(part)) not in said[-1:]:
            said.append(_plain(str(part)))
    return " of ".join(reversed([one for one in said if one])) or "what is sent"


def _plain(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
    id_ = (len(words) > 1 and words[-1] == "id") or words[-2:] == ["account", "code"]
    return " ".join(words[:-1] if id_ else words)


def _singular(words: str) -> str:
    if words.endswith(" items"):
        return words.removesuffix(" items")
    return words[:-1] if words.endswith("s") else words
