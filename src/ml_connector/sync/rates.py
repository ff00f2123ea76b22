"""The rate that the target has chosen for a document in a foreign currency, as the record tells it. Pure.

No rate is ever sent where the source states none, and none is reckoned with: what is told is what the target shows.
"""

from __future__ import annotations

from ml_connector.connectors.writing import Done, Outcome


def rate_told(outcome: Outcome, home: str) -> dict[str, str]:
    """What an event says of it; nothing for a document in the target's own currency ``home``, or without a rate."""
    document = outcome.document if isinstance(outcome, Done) else None
    rate, currency = getattr(document, "exchange_rate", None), str(getattr(document, "currency", ""))
    if not rate or not home or currency in ("", home):
        return {}
    return {"rate": f"{rate.normalize():f} for {currency}, as the ledger has it"}
