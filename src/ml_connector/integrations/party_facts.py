"""What of a party tells who it is, whatever it is called."""

from __future__ import annotations

from ml_connector.canonical.master_data import Party


def facts(party: Party) -> tuple[tuple[str, str], ...]:
    """Strong facts of a party, normalised: (kind, value). Empty values are left out."""
    found = (
        ("e-mail", party.email.strip().casefold()),
        ("phone", _digits(party.phone)),
        ("account number", party.account_number.strip().casefold()),
    )
    return tuple((kind, value) for kind, value in found if value)


def _digits(text: str) -> str:
    """The last ten: numbers are told with and without their country's code."""
    return "".join(c for c in text if c.isdigit())[-10:]


def is_of_kind(party: Party, kind: str) -> bool:
    """Whether a party is among those of a kind; one whose kind is not told may be of any, and "" stands for all.

    A kind is asked for only where each contact has one for good, so where the roles are not told, as in what was read before
    they were, its kind tells.
    """
    told = party.roles or party.kind
    return not kind or not told or kind in told.split()
