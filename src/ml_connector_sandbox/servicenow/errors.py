"""Refusals of a call in the shape that all REST APIs share: message, detail, and the word failure."""

from __future__ import annotations

FAILED = "Operation Failed"
CANCELLED = "Transaction cancelled: maximum execution time exceeded"
CANCELLED_DETAIL = (
    f"{CANCELLED} Check logs for error trace or enable glide.rest.debug property to verify REST request processing"
)


class Refused(Exception):
    """The API refuses a call with ``status``; ``message`` and ``detail`` stand in its body."""

    def __init__(self, status: int, message: str, detail: str | None = None) -> None:
        super().__init__(status, message, detail)
        self.status, self.message, self.detail = status, message, detail
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {"error": {"message": self.message, "detail": self.detail}, "status": "failure"}


class PageRefused(Exception):
    """Something before the API refuses a call with a page for persons."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(status, title)
        self.status, self.title = status, title


def unauthenticated() -> Refused:
    """No credentials, wrong ones, or a token that is unknown or expired."""
    return Refused(401, "User Not Authenticated", "Required to provide Auth information")


def no_record() -> Refused:
    """An unknown sys_id, or one that an ACL hides; the two cannot be told apart."""
    return Refused(404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


def invalid_table(name: str) -> Refused:
    """A table that does not exist."""
    return Refused(400, f"Invalid table {name}")


def no_resource(status: int) -> Refused:
    """A path that no API answers."""
    return Refused(status, "Requested URI does not represent any resource")


def acl_failed(operation: str) -> Refused:
    """``operation``: Insert, Update or Delete."""
    return Refused(403, FAILED, f"ACL Exception {operation} Failed due to security constraints")


def aborted(table: str, rule: str, sys_id: str) -> Refused:
    """A business rule stopped the write."""
    stopped = f"Operation against file '{table}' was aborted by Business Rule '{rule}^{sys_id}'."
    return Refused(403, FAILED, f"{stopped} Business Rule Stack:{rule}")


def policy_failed(labels: list[str]) -> Refused:
    """A data policy misses values."""
    return Refused(403, FAILED, f"Data Policy Exception: The following fields are mandatory: {', '.join(labels)}")


def insert_failed(status: int, table: str, display: str) -> Refused:
    """The data base refused the row."""
    return Refused(status, FAILED, f"Error during insert of {table} ({display})")


def unreadable(detail: str) -> Refused:
    """A body that is no JSON."""
    return Refused(400, "Exception while reading request", detail)
