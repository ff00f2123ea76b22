"""Refusals as the API words them: HTTP status, numeric code, one message."""

from __future__ import annotations


class Refused(Exception):
    """The API refuses a call. ``status`` is the HTTP status, ``code`` the vendor's number."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def invalid(field: str) -> Refused:
    """A missing or impossible value; 400 code 2."""
    return Refused(400, 2, f"Invalid value passed for {field}")


def too_long(field: str, limit: int) -> Refused:
    """A text over the field's length; 400 code 15 (the code is uncertain)."""
    return Refused(400, 15, f"Please ensure {field} has less than {limit} characters.")


def missing(resource: str) -> Refused:
    """No such document; 404 code 1002."""
    return Refused(404, 1002, f"{resource} does not exist.")


def not_authorised() -> Refused:
    """Bad or expired token, and missing scope, are told apart by nothing: 401 code 57."""
    return Refused(401, 57, "You are not authorized to perform this operation")


def foreign_organisation(organization_id: str) -> Refused:
    """The user has no part in that organisation, or it does not exist; 400 code 6041."""
    return Refused(400, 6041, f"This user is not associated with the CompanyID/CompanyName:{organization_id}.")


def invalid_url() -> Refused:
    """404 code 5."""
    return Refused(404, 5, "Invalid URL Passed")


def malformed() -> Refused:
    """The body is not one JSON object; 400 code 1038."""
    return Refused(400, 1038, "JSON is not well formed")
