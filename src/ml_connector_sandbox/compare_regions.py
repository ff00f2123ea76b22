"""Every ledger of a firm with several regions against ServiceTitan's bills, each as ``compare`` takes a company.

``python -m ml_connector_sandbox.compare_regions --file HANDOVER.json`` asks a running sandbox, exits 0 only if all agree.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.compare_command import run, running_books


@dataclass(slots=True)
class RegionsComparison:
    """By data centre, what was found of its ledger."""

    regions: dict[str, Comparison] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """Nothing is wrong in any of them, and there is one."""
        return bool(self.regions) and all(one.agrees for one in self.regions.values())

    def as_dict(self) -> dict[str, Any]:
        """For JSON; amounts as texts."""
        return {"regions": {centre: one.as_dict() for centre, one in self.regions.items()}}


def compare_regions(
    company: Mapping[str, Any], servicetitan: Mapping[str, Any], zoho_books: Mapping[str, Any]
) -> RegionsComparison:
    """Compare the emulators' ``books()`` with each of the ``regions`` of a hand-over file. Raises KeyError."""
    found = {told["data_centre"]: compare(told, servicetitan, zoho_books) for told in company["regions"]}
    return RegionsComparison(found)


async def compare_regions_running(handover: Mapping[str, Any]) -> RegionsComparison:
    """As ``compare_regions``, with the books of the sandbox that a hand-over file names. Raises aiohttp.ClientError."""
    return compare_regions(handover["company"], *await running_books(handover, "servicetitan", "zoho_books"))


def main(arguments: list[str] | None = None) -> int:
    """See ``compare_command.run``."""
    return run("compare_regions", __doc__, arguments, compare_regions_running, _told)


def _told(found: RegionsComparison) -> str:
    lines = []
    for centre, one in found.regions.items():
        lines.append(f"{centre:<4}{one.documents:>6} documents, {len(one.findings)} findings")
        lines += [f"- {finding.sentence}" for finding in one.findings]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
