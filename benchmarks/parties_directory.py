"""Two lists of customers and vendors as people keep them for years, and who is whom: made by chance, alike every time.

Owns the cases and the truth about each. ``ends`` says what the product is to make of a party of the source: `linked` with
``target_id``, `suggested` (a person decides; ``candidates`` may be it), or `alone`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address

_FIRST = (
    "Anders", "Beatrice", "Carlos", "Dana", "Elias", "Frances", "Gunnar", "Helen", "Ivan", "Jana", "Karl", "Lena",
    "Mona", "Nils", "Olga", "Pavel",
)  # fmt: skip
_SYLLABLES = (
    "am", "ber", "bro", "cal", "der", "fel", "gar", "hol", "in", "jor", "kel", "lan", "mar", "nor", "oak", "pel",
    "quin", "ros", "sel", "tan", "ver", "wil", "yor", "zan",
)  # fmt: skip
_TRADES = (
    "Apartments", "Roofing", "Bakery", "Plumbing", "Dental", "Motors", "Storage", "Hotels", "Foods", "Logistics",
    "Textiles", "Optics",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true of one party of the source."""

    kind: str
    source_id: str
    case: str
    ends: str
    target_id: str = ""
    candidates: tuple[str, ...] = ()


@dataclass(slots=True)
class Directory:
    """Both sides, and the truth about each party of the source."""

    customers: list[Party] = field(default_factory=list)
    vendors: list[Party] = field(default_factory=list)
    there: list[Party] = field(default_factory=list)
    truth: list[Truth] = field(default_factory=list)


def directory(customers: int, vendors: int, seed: int = 6) -> Directory:
    """Lists of at least so many of each kind; the last case may bring one more."""
    made = _Making(random.Random(seed))
    for kind, count in (("customer", customers), ("vendor", vendors)):
        here, cases = made.here(kind), made.cases(kind)
        while len(here) < count:
            next(cases)()
    return made.found


class _Making:
    """Makes one case after the other. Names of firms and addresses of mail are nobody else's, but where a case says so."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._numbers = iter(range(1, 10**9))
        self._names: set[str] = set()
        self.found = Directory()

    def here(self, kind: str) -> list[Party]:
        return self.found.customers if kind == "customer" else self.found.vendors

    def cases(self, kind: str) -> Iterator[Callable[[], None]]:
        """The cases of a kind in turn, the ordinary ones more often."""
        every = [
            *[self._same] * 12,
            *[self._by_name] * 4,
            self._respelled,
            self._renamed,
            self._two_here,
            self._two_there,
        ]
        every += [self._alone_here, self._alone_there, self._neighbours]
        every += [self._household, self._namesakes] if kind == "customer" else []
        while True:
            yield from (partial(one, kind) for one in every)

    # -- the cases

    def _same(self, kind: str) -> None:
        name, mail = self._name(), self._mail()
        other = self._there(kind, name, mail)
        self._here(kind, "same", name, mail, ends="linked", target=other)

    def _by_name(self, kind: str) -> None:
        name = self._name()
        self._here(kind, "same by name", name, ends="linked", target=self._there(kind, name))

    def _respelled(self, kind: str) -> None:
        name, mail = self._name(), self._mail()
        self._here(kind, "respelled", f"{name}s", mail, ends="linked", target=self._there(kind, name, mail))

    def _renamed(self, kind: str) -> None:
        mail = self._mail()
        self._here(kind, "renamed", self._name(), mail, target=self._there(kind, self._name(), mail))

    def _two_here(self, kind: str) -> None:
        """Entered twice: equal proof of one counterpart, so neither is linked."""
        name, mail = self._name(), self._mail()
        other = self._there(kind, name, mail)
        for _ in range(2):
            self._here(kind, "two here", name, mail, target=other)

    def _two_there(self, kind: str) -> None:
        name = self._name()
        first, second = self._there(kind, name), self._there(kind, name)
        self._here(kind, "two there", name, target=first, candidates=(first.id, second.id))

    def _neighbours(self, kind: str) -> None:
        """Johnstone and Johnson: alike, and two firms. One of them alone is at the target, under its own name."""
        stem, trade = self._word(), self._chance.choice(_TRADES)
        mail = self._mail()
        other = self._there(kind, f"{stem}stone {trade} Supply", mail)
        self._here(kind, "neighbours", f"{stem}stone {trade} Supply", mail, ends="linked", target=other)
        self._here(kind, "neighbours", f"{stem}son {trade} Supply", self._mail(), ends="alone")

    def _household(self, kind: str) -> None:
        """Two of one telephone; he is there and she is not."""
        family, phone = self._word(), self._phone()
        first, second = self._chance.sample(_FIRST, 2)
        mail = self._mail()
        other = self._there(kind, f"{first} {family}", mail, phone=phone)
        here = partial(self._here, kind, "household", phone=phone, private_person=True)
        here(f"{first} {family}", mail, ends="linked", target=other)
        here(f"{second} {family}", self._mail(), ends="alone")

    def _namesakes(self, kind: str) -> None:
        """A private person's name alone is no proof."""
        name = f"{self._chance.choice(_FIRST)} {self._word()}"
        self._here(kind, "private, by name", name, target=self._there(kind, name), private_person=True)

    def _alone_here(self, kind: str) -> None:
        self._here(kind, "alone here", self._name(), self._mail(), ends="alone")

    def _alone_there(self, kind: str) -> None:
        self._there(kind, self._name(), self._mail())

    # -- parts

    def _here(
        self, kind: str, case: str, name: str, mail: str = "", *, ends: str = "suggested", target: Party | None = None,
        candidates: tuple[str, ...] = (), phone: str = "", private_person: bool = False,
    ) -> None:  # fmt: skip
        party = Party(
            str(next(self._numbers)), kind, name, email=mail, phone=phone, private_person=private_person,
            address=self._address(),
        )  # fmt: skip
        self.here(kind).append(party)
        target_id = target.id if target is not None else ""
        self.found.truth.append(Truth(kind, party.id, case, ends, target_id, candidates or (target_id,)))

    def _there(self, kind: str, name: str, mail: str = "", *, phone: str = "") -> Party:
        party = Party(f"there-{next(self._numbers)}", kind, name, email=mail, phone=phone, address=self._address())
        self.found.there.append(party)
        return party

    def _name(self) -> str:
        while (name := f"{self._word()} {self._word()} {self._chance.choice(_TRADES)}") in self._names:
            pass
        self._names.add(name)
        return name

    def _word(self) -> str:
        return "".join(self._chance.choices(_SYLLABLES, k=self._chance.randint(2, 4))).capitalize()

    def _mail(self) -> str:
        return f"office{next(self._numbers)}@example.com"

    def _phone(self) -> str:
        return f"512{next(self._numbers):07}"

    def _address(self) -> Address:
        return Address(f"{self._chance.randint(1, 9999)} {self._word()} Street", city="Austin", state="TX", zip="78701")
