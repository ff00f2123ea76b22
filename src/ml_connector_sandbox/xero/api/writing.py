"""Batches: which elements went through, and the two ways of saying so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.errors import bad_data, failed_validation

OK, WARNING, ERROR = "OK", "WARNING", "ERROR"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one element fared: what is answered for it, and what was wrong. ``flag``: HasErrors or its
    sibling; allocations have none."""

    shown: dict[str, Any]
    issues: Issues
    flag: str

    @property
    def failed(self) -> bool:
        return bool(self.issues.messages)

    @property
    def word(self) -> str:
        """StatusAttributeString."""
        return ERROR if self.failed else WARNING if self.issues.warnings else OK

    def element(self, worded: bool) -> dict[str, Any]:
        """As answered; the status word is there only when the answer is not summarised."""
        found = {**self.shown, **({self.flag: self.failed} if self.flag else {})}
        if worded:
            found["StatusAttributeString"] = self.word
        if self.failed:
            found["ValidationErrors"] = [{"Message": one} for one in self.issues.messages]
        if self.issues.warnings:
            found["Warnings"] = [{"Message": one} for one in self.issues.warnings]
        return found


def elements(body: Any, plural: str) -> list[dict[str, Any]]:
    """The elements sent: under the plural key in any case, or one bare object. Raises BadRequest."""
    if not isinstance(body, dict) or not body:
        raise bad_data(f"The body must be an object with {plural}, or one element")
    wrapped = next((value for name, value in body.items() if name.lower() == plural.lower()), None)
    found = [body] if wrapped is None else wrapped
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise bad_data(f"{plural} must be an array of objects")
    if not found:
        raise bad_data(f"{plural} is empty")
    return found


def one_element(body: Any, plural: str) -> dict[str, Any]:
    """The single element of a write to one object. Raises BadRequest."""
    found = elements(body, plural)
    if len(found) != 1:
        raise bad_data(f"Exactly one element of {plural} can be written here, not {len(found)}")
    return found[0]


def batch(call: ApiCall, plural: str, write: Callable[[dict[str, Any]], Outcome]) -> Reply:
    """Write every element: the valid ones are saved whatever becomes of the others."""
    return summed_up(call, plural, [write(one) for one in elements(call.body, plural)])


def summed_up(call: ApiCall, plural: str, outcomes: list[Outcome]) -> Reply:
    """200 with a word for each element under ``summarizeErrors=false``; else 400 with the failed ones alone."""
    worded = not call.asked_flag("summarizeErrors", default=True)
    failed = [one for one in outcomes if one.failed]
    if failed and not worded:
        raise failed_validation([one.element(worded=False) for one in failed])
    if call.switches.answers_reversed:
        outcomes = outcomes[::-1]
    return Reply(payload={plural: [one.element(worded) for one in outcomes]})
