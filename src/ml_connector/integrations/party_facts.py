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
