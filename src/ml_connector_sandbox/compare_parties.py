"""Customers and vendors of ServiceTitan against the contacts of Zoho Books, by who is whom: nobody twice, both alike.

``python -m ml_connector_sandbox.compare_parties --file HANDOVER.json`` asks a running sandbox, exits 0 only if all agree.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_connector_sandbox.company.party_truth import LINKED, PartyTruth
from ml_connector_sandbox.compare import Finding
from ml_connector_sandbox.compare_command import run, running_books
from ml_connector_sandbox.ledger_documents import REFERENCE_FIELD
from ml_connector_sandbox.servicetitan.books import PRODUCTION

FAULTS = ("duplicates", "missing", "differ")
_SAME = "same"  # the case of those that both sides had alike, to the letter
_TABLES = {"customer": "customers", "vendor": "vendors"}


@dataclass(slots=True)
class PartyComparison:
    """What was found. ``linked``: those who are on both sides; ``alike``: of these, whose every fact was compared;
    ``made``: contacts that were made for one of ServiceTitan's."""

    findings: list[Finding] = field(default_factory=list)
    linked: int = 0
    alike: int = 0
    made: int = 0

    @property
    def agrees(self) -> bool:
        """Nothing is wrong."""
        return not self.findings

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            **{kind: sum(one.kind == kind for one in self.findings) for kind in FAULTS},
            "linked": self.linked, "alike": self.alike, "made": self.made,
            "findings": [{"kind": one.kind, "sentence": one.sentence} for one in self.findings],
        }  # fmt: skip


def compare_parties(
    company: Mapping[str, Any], servicetitan: Mapping[str, Any], zoho_books: Mapping[str, Any]
) -> PartyComparison:
    """Compare the emulators' ``books()`` with the truth table in the ``company`` part of a hand-over file.

    Raises KeyError when tenant or organisation are not in the books.
    """
    here = servicetitan["tenants"][f"{PRODUCTION}/{company['tenant_id']}"]
    there = {one["contact_id"]: one for one in zoho_books["organisations"][company["organization_id"]]["contacts"]}
    truth = [PartyTruth.of(values) for values in company["parties"]["sources"]]
    found, made = PartyComparison(), dict(_made(company["tenant_id"], there.values()))
    found.made = len(made)
    for one in truth:
        if one.ends == LINKED:
            _look_at(one, here, there, made.get((one.kind, one.source_id), ""), found)
    return found


def _made(tenant_id: str, contacts: Iterable[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], str]]:
    """By kind and source id, the name of the contact that was made for it: our reference names both."""
    named = re.compile(rf"servicetitan-{re.escape(tenant_id)}-(customer|vendor)s-(\d+)")
    for one in contacts:
        if ours := named.fullmatch(str(one["custom"].get(REFERENCE_FIELD, ""))):
            yield (ours[1], ours[2]), str(one["contact_name"])


def _look_at(
    one: PartyTruth, here: Mapping[str, Any], there: Mapping[str, Any], made: str, found: PartyComparison
) -> None:
    who = f"{one.kind} {one.name} ({one.source_id})"
    contact = there.get(one.target_id)
    if contact is None:
        found.findings.append(Finding("missing", f"{who}: its contact {one.target_id} is gone"))
        return
    found.linked += 1
    if made:
        found.findings.append(Finding("duplicates", f"{who} has a contact there, and another was made: {made}"))
    if one.case == _SAME:
        found.alike += 1
        ours, theirs = _ours(one, here), _theirs(contact)
        found.findings += [
            Finding("differ", f"{who}: {name} is {ours[name]!r} in ServiceTitan, {theirs[name]!r} in Zoho Books")
            for name in ours
            if _plain(name, ours[name]) != _plain(name, theirs[name])
        ]


def _ours(one: PartyTruth, here: Mapping[str, Any]) -> dict[str, str]:
    kept = next(row for row in here[_TABLES[one.kind]] if str(row["id"]) == one.source_id)
    if one.kind == "vendor":
        return {"name": kept["name"], "email": kept["email"] or "", "phone": kept["phone"] or ""}
    own = [row for row in here["contacts"] if str(row["customer_id"]) == one.source_id and row["active"]]
    own = [row for row in own if row["location_id"] is None]
    email = next((row["value"] for row in own if row["type"] == "Email"), "")
    phone = next((row["value"] for row in own if row["type"] != "Email"), "")
    return {"name": kept["name"], "email": email, "phone": phone}


def _theirs(contact: Mapping[str, Any]) -> dict[str, str]:
    person = contact["persons"][0] if contact["persons"] else {}
    return {
        "name": contact["contact_name"], "email": person.get("email", ""),
        "phone": person.get("phone", "") or person.get("mobile", ""),
    }  # fmt: skip


def _plain(name: str, value: str) -> str:
    """A telephone by its digits, everything else without its case."""
    return re.sub(r"\D", "", value) if name == "phone" else value.casefold()


async def compare_parties_running(handover: Mapping[str, Any]) -> PartyComparison:
    """As ``compare_parties``, with the books of the sandbox that a hand-over file names. Raises aiohttp.ClientError."""
    return compare_parties(handover["company"], *await running_books(handover, "servicetitan", "zoho_books"))


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_parties", __doc__, arguments, compare_parties_running, _told)


def _told(found: PartyComparison) -> str:
    shown = found.as_dict()
    lines = [f"{name:<20}{value:>8}" for name, value in shown.items() if name != "findings"]
    return "\n".join([*lines, *(f"- {one.sentence}" for one in found.findings)])


if __name__ == "__main__":
    sys.exit(main())
