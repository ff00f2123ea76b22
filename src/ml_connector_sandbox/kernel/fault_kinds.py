"""The kinds of faults: what each does to a call, and which calls it can strike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Place(StrEnum):
    """What a call is, as far as faults care."""

    TOKEN = "token"  # noqa: S105 - at the token endpoint
    PAGE = "page"  # a page or list for persons at the host of the tokens, such as the consent page
    LIST = "list"  # a list of the API, page by page or as a feed
    DOCUMENT = "document"  # any other call of the API


_ALL = frozenset(Place)
_JSON = frozenset({Place.TOKEN, Place.LIST, Place.DOCUMENT})
_API = frozenset({Place.LIST, Place.DOCUMENT})
_TOKEN = frozenset({Place.TOKEN})
_LIST = frozenset({Place.LIST})


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. ``what`` is a sentence; ``places`` are the calls it can strike.

    ``standing``: it lasts from the call it strikes until it is cleared (or passes by itself, as its sentence says).
    ``needs_person``: nothing but a person can bring the work forward again. ``refuses``: a document may be refused for
    good, and a person has to ask for it again.
    """

    name: str
    what: str
    standing: bool = False
    needs_person: bool = False
    refuses: bool = False
    places: frozenset[Place] = _ALL


_KINDS = (
    Kind("refused", "The port of all vendors refuses connections when the call would be made, then listens again."),
    Kind("timeout before", "The call is held without being carried out until the client hangs up."),
    Kind("timeout after", "The call is carried out, then held unanswered until the client hangs up."),
    Kind("500 before", "Nothing is done, and the vendor's own error is answered."),
    Kind("502 before", "Nothing is done, and a proxy's page is answered."),
    Kind("503 before", "Nothing is done, and a proxy's page is answered."),
    Kind("500 after", "The call is carried out, then the vendor's own error is answered."),
    Kind("502 after", "The call is carried out, then a proxy's page is answered."),
    Kind("503 after", "The call is carried out, then a proxy's page is answered."),
    Kind("cut", "The call is carried out, and the connection ends half-way through the answer's body."),
    Kind("truncated", "The call is carried out, and its JSON stops half-way, at the length it states.", places=_JSON),
    Kind("not json", "The call is carried out, and a page is answered with 200.", places=_JSON),
    Kind("wrong json", "The call is carried out, and JSON of another shape is answered with 200.", places=_JSON),
    Kind("slow", "The call is carried out, and the answer's body comes drop by drop, complete in the end."),
    Kind("token expired", "The access token of the call is dead from now on; a new one works.", places=_API),
    Kind(
        "unauthorised", "Every call of the API is answered with 401, whatever its token, until cleared.",
        standing=True, needs_person=True, places=_API,
    ),
    Kind(
        "revoked", "What was granted is withdrawn, with all tokens, until a person grants it again or it is cleared.",
        standing=True, needs_person=True, places=_JSON,
    ),
    Kind("429", "The vendor's limit refuses the call, in its words and without Retry-After.", places=_API),
    Kind("429 retry-after", "The vendor's limit refuses the call and says in Retry-After how long.", places=_API),
    Kind(
        "day limit", "The organisation's calls of the day are used up until its midnight, or until cleared.",
        standing=True, places=_API,
    ),
    Kind("token throttled", "The token endpoint refuses because it was asked too often.", places=_TOKEN),
    Kind("page moves", "The list is answered, and an old document moves in it before the next page.", places=_LIST),
)  # fmt: skip

KINDS: Mapping[str, Kind] = MappingProxyType({one.name: one for one in _KINDS})
"""Every kind by its name."""
