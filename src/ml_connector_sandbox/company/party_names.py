"""Names, addresses and numbers for any number of parties: made from parts, so that no two parties share one by chance."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST = (
    "Anders", "Beatrice", "Carlos", "Dorothy", "Elias", "Fatima", "Gunnar", "Hannah", "Ingrid", "Jamal", "Karen", "Lars",
    "Mai", "Nils", "Olivia", "Pedro", "Quentin", "Rosa", "Sven", "Tamika", "Ursula", "Viktor", "Wanda", "Xiong",
    "Yolanda", "Zachary",
)  # fmt: skip
_LAST_HEADS = (
    "Ahl", "Berg", "Dahl", "Ek", "Fors", "Gran", "Hag", "Jern", "Kron", "Lind", "Moe", "Nor", "Od", "Palm", "Quam",
    "Rosen", "Sand", "Thor", "Ulv", "Wes",
)  # fmt: skip
_LAST_TAILS = (
    "ander", "blad", "by", "dell", "feldt", "gaard", "holm", "ing", "kvist", "lund", "mark", "nes", "quist", "rud",
    "stad", "strom", "ton", "vik", "wall", "zell",
)  # fmt: skip
_PLACE_HEADS = (
    "Amber", "Birch", "Cedar", "Deer", "Eagle", "Falcon", "Granite", "Heron", "Iron", "Juniper", "Kettle", "Loon",
    "Maple", "North", "Otter", "Pine", "Quarry", "River", "Spruce", "Tamarack", "Union", "Vermilion", "Willow", "Zumbro",
)  # fmt: skip
_PLACE_TAILS = (
    "bank", "brook", "creek", "dale", "field", "ford", "gate", "grove", "haven", "hill", "lake", "land", "moor", "point",
    "ridge", "side", "ton", "vale", "view", "wood",
)  # fmt: skip
_TRADES = (
    "Apartments", "Auto Body", "Bakery", "Brewing", "Clinic", "Dental Care", "Elementary School", "Flooring", "Hotel",
    "Lutheran Church", "Print Works", "Storage", "Theatre", "Veterinary",
)  # fmt: skip
_SUPPLIES = (
    "Boiler Parts", "Controls Wholesale", "Duct Supply", "Electric Distributors", "Filter Company", "Pipe and Valve",
    "Refrigeration", "Sheet Metal",
)  # fmt: skip
_LAST = tuple(head + tail for head in _LAST_HEADS for tail in _LAST_TAILS)
_INITIALS = ("", "A ", "C ", "E ", "G ", "J ", "M ", "R ")
# Diagonally: neighbours have neither part in common, and each combination comes once.
_PLACES = tuple(
    _PLACE_HEADS[place % len(_PLACE_HEADS)]
    + _PLACE_TAILS[(place // len(_PLACE_HEADS) + place % len(_PLACE_HEADS)) % len(_PLACE_TAILS)]
    for place in range(len(_PLACE_HEADS) * len(_PLACE_TAILS))
)
_PARTS_OF_TOWN = ("", "Old ", "New ", "Upper ", "Lower ")
_STREETS = ("Elm Street", "Oak Ridge Road", "Third Avenue North", "County Road 75", "Pinecone Court")
_TOWNS = (("Saint Cloud", "56301"), ("Sartell", "56377"), ("Waite Park", "56387"), ("Sauk Rapids", "56379"))
_AREAS = ("218", "320", "507", "612", "651", "763", "952")
_PER_AREA = 10_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a party is: no unit, in Minnesota."""

    street: str
    city: str
    zip: str


def person(number: int) -> str:
    """The name of the ``number``-th private person, from 0; neighbours share the family name, as a household does.

    Raises ValueError beyond the names there are.
    """
    rest, first = divmod(number, len(_FIRST))
    initial, last = divmod(rest, len(_LAST))
    if initial >= len(_INITIALS):
        raise _too_many(number)
    return f"{_FIRST[first]} {_INITIALS[initial]}{_LAST[last]}"


def firm(number: int) -> str:
    """The name of the ``number``-th firm that buys; neighbours are unlike. Raises ValueError beyond the names there are."""
    return _trading(number, _TRADES)


def supplier(number: int) -> str:
    """The name of the ``number``-th firm that supplies; as ``firm``."""
    return _trading(number, _SUPPLIES)


def _trading(number: int, trades: tuple[str, ...]) -> str:
    """Every place with every trade, the trade changing with each number; then again in the next part of each town."""
    turn, place = divmod(number, len(_PLACES))
    part = turn // len(trades)
    if part >= len(_PARTS_OF_TOWN):
        raise _too_many(number)
    return f"{_PARTS_OF_TOWN[part]}{_PLACES[place]} {trades[(turn + number) % len(trades)]}"


def _too_many(number: int) -> ValueError:
    return ValueError(f"there are not names for {number + 1} parties of one kind")


def phone(number: int) -> str:
    """A number of the 555 exchange, as people write it. Raises ValueError beyond the numbers there are."""
    area, rest = divmod(number, _PER_AREA)
    if area >= len(_AREAS):
        raise ValueError(f"there are telephone numbers for {len(_AREAS) * _PER_AREA} parties, not for {number + 1}")
    return f"({_AREAS[area]}) 555-{rest:04d}"


def place(number: int) -> Place:
    """A street, house and town; no two numbers give the same."""
    town, code = _TOWNS[number % len(_TOWNS)]
    street = _STREETS[number // len(_TOWNS) % len(_STREETS)]
    return Place(f"{100 + number // (len(_TOWNS) * len(_STREETS))} {street}", town, code)
