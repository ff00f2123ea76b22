"""The rights a vendor granted, against those that all flows together need. Pure; every connector's check uses it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.grants import Scope


def findings(
    scopes: Iterable[Scope], *, granted: Callable[[str], bool], needed: Collection[str], remedy: Callable[[str], str]
) -> list[Finding]:
    """One finding for each right. One that is lacking is missing where flows that are on need it (``needed``), else

    a warning. ``remedy`` tells of a right who gives it, and how.
    """
    return [_finding(one, granted(one.name), one.name in needed, remedy) for one in scopes]


def _finding(scope: Scope, granted: bool, needed: bool, remedy: Callable[[str], str]) -> Finding:
    subject = f"right {scope.name}"
    if granted:
        return Finding(subject, Verdict.GOOD, f"Granted, for: {scope.why}.")
    verdict = Verdict.MISSING if needed else Verdict.WARNING
    return Finding(subject, verdict, f"Not granted. It is needed for: {scope.why}.", remedy(scope.name))
