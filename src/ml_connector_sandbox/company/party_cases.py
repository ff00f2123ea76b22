"""What happens to parties between two systems: the same, renamed, moved, two of one name, a shared telephone, and so on.

Each case files some parties on both sides and writes down how they must be matched. ``needs``: how many records it
files here and there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace

from ml_connector_sandbox.company.party_desk import CUSTOMER, VENDOR, Desk, Facts
from ml_connector_sandbox.company.party_names import Place
from ml_connector_sandbox.company.party_truth import ALONE, SUGGESTED

NOWHERE = Place("", "", "")


@dataclass(frozen=True, slots=True)
class Case:
    """``weight``: how often it comes among a thousand. ``kinds``: whom it happens to."""

    name: str
    needs: tuple[int, int]
    file: Callable[[Desk, str], None]
    weight: int = 10
    kinds: tuple[str, ...] = (CUSTOMER, VENDOR)


def _bare(facts: Facts) -> Facts:
    """A name and no more."""
    return replace(facts, email="", phone="", place=NOWHERE)


def _same(desk: Desk, case: str) -> None:
    facts = desk.someone(private=len(desk.truth.sources) % 3 != 0)
    desk.expect(case, desk.source(facts), facts, target_id=desk.target(facts))


def _same_firm_by_name(desk: Desk, case: str) -> None:
    """The ledger has a firm's name and nothing else; that name is there once on each side."""
    facts = desk.someone(private=False)
    desk.expect(case, desk.source(facts), facts, target_id=desk.target(_bare(facts)))


def _same_person_by_name(desk: Desk, case: str) -> None:
    """A private person's name proves nothing by itself."""
    facts = desk.someone(private=True)
    source, target = desk.source(facts), desk.target(_bare(facts))
    desk.expect(case, source, facts, SUGGESTED, target, candidates=(target,))


def _spelled(desk: Desk, case: str) -> None:
    """Written decomposed and in capitals there: the same name to anybody who reads it."""
    facts = desk.someone(private=False)
    facts = replace(facts, name=f"Caf\u00e9 {facts.name}")
    theirs = replace(facts, name=unicodedata.normalize("NFD", facts.name).upper())
    desk.expect(case, desk.source(facts), facts, target_id=desk.target(theirs))


def _longer(desk: Desk, case: str) -> None:
    """The ledger's name has a word more; e-mail and telephone are the same."""
    facts = desk.someone(private=False)
    theirs = replace(facts, name=f"{facts.name} LLC")
    desk.expect(case, desk.source(facts), facts, target_id=desk.target(theirs))


def _renamed(desk: Desk, case: str) -> None:
    """Another name altogether, with the same e-mail, telephone and address: a person has to say that it is one firm."""
    facts, other = desk.someone(private=False), desk.someone(private=False)
    source, target = desk.source(facts), desk.target(replace(facts, name=other.name))
    desk.expect(case, source, facts, SUGGESTED, target, candidates=(target,))


def _moved(desk: Desk, case: str) -> None:
    """Another address and telephone; the e-mail is the same."""
    facts, there = desk.someone(private=True), desk.someone(private=True)
    theirs = replace(facts, phone=there.phone, place=there.place)
    desk.expect(case, desk.source(facts), facts, target_id=desk.target(theirs))


def _two_here(desk: Desk, case: str) -> None:
    """Two of one name, of whom the ledger knows one, by e-mail."""
    facts, other = desk.someone(private=True), desk.someone(private=True)
    namesake = replace(other, name=facts.name)
    source, target = desk.source(facts), desk.target(facts)
    desk.expect(case, source, facts, target_id=target)
    desk.expect(case, desk.source(namesake), namesake, ends=ALONE, lookalikes=(target,))


def _two_here_unproven(desk: Desk, case: str) -> None:
    """Two of one name here, one there, and nothing says which of the two it is: neither is linked."""
    facts, other = desk.someone(private=False), desk.someone(private=False)
    namesake = replace(other, name=facts.name)
    target = desk.target(_bare(facts))
    desk.expect(case, desk.source(facts), facts, SUGGESTED, target, candidates=(target,))
    desk.expect(case, desk.source(namesake), namesake, ALONE, lookalikes=(target,))


def _two_there(desk: Desk, case: str) -> None:
    """Two of one name in the ledger; one has our telephone."""
    facts, other = desk.someone(private=True), desk.someone(private=True)
    target, second = desk.target(facts), desk.target(replace(other, name=facts.name))
    desk.expect(case, desk.source(facts), facts, target_id=target, lookalikes=(second,))
    desk.truth.only_there[desk.kind].append(second)


def _two_there_unproven(desk: Desk, case: str) -> None:
    """Two of one name in the ledger and nothing that tells them apart: both are shown."""
    facts = desk.someone(private=False)
    target, second = desk.target(_bare(facts)), desk.target(_bare(facts))
    source = desk.source(facts)
    desk.expect(case, source, facts, SUGGESTED, target, candidates=(target, second), lookalikes=(second,))
    desk.truth.only_there[desk.kind].append(second)


def _household(desk: Desk, case: str) -> None:
    """Two persons of one house with one telephone, both on both sides: the name says who is who."""
    one, other = desk.someone(private=True), desk.someone(private=True)
    first, second = replace(one, email=""), replace(other, email="", phone=one.phone, place=one.place)
    targets = (desk.target(first), desk.target(second))
    desk.expect(case, desk.source(first), first, target_id=targets[0], lookalikes=targets[1:])
    desk.expect(case, desk.source(second), second, target_id=targets[1], lookalikes=targets[:1])


def _household_half(desk: Desk, case: str) -> None:
    """Two persons of one house with one telephone; the ledger knows the first alone."""
    one, other = desk.someone(private=True), desk.someone(private=True)
    second = replace(other, email="", phone=one.phone, place=one.place)
    target = desk.target(one)
    desk.expect(case, desk.source(one), one, target_id=target)
    desk.expect(case, desk.source(second), second, ALONE, lookalikes=(target,))


def _one_office(desk: Desk, case: str) -> None:
    """Two firms that one office answers for: one e-mail, two names."""
    one, other = desk.someone(private=False), desk.someone(private=False)
    second = replace(other, email=one.email)
    targets = (desk.target(one), desk.target(second))
    desk.expect(case, desk.source(one), one, target_id=targets[0], lookalikes=targets[1:])
    desk.expect(case, desk.source(second), second, target_id=targets[1], lookalikes=targets[:1])


def _similar(desk: Desk, case: str) -> None:
    """Johnstone and Johnson: two firms here, of which the ledger has the first."""
    facts, other = desk.someone(private=False), desk.someone(private=False)
    first = replace(facts, name=f"Johnstone {facts.name}")
    second = replace(other, name=f"Johnson {facts.name}")
    target = desk.target(first)
    desk.expect(case, desk.source(first), first, target_id=target)
    desk.expect(case, desk.source(second), second, ALONE, lookalikes=(target,))


def _similar_across(desk: Desk, case: str) -> None:
    """Johnstone here, Johnson there: two firms."""
    facts, other = desk.someone(private=False), desk.someone(private=False)
    target = desk.target(replace(other, name=f"Johnson {facts.name}"))
    first = replace(facts, name=f"Johnstone {facts.name}")
    desk.expect(case, desk.source(first), first, ALONE, lookalikes=(target,))
    desk.truth.only_there[desk.kind].append(target)


def _merged(desk: Desk, case: str) -> None:
    """Entered twice here, and merged into a third by way of the second: only the one that stands has a counterpart."""
    facts = desk.someone(private=True)
    target, crm, at = desk.target(facts), desk.seed.tenant.crm, desk.seed.dates.opening
    first, second, third = (desk.source(facts) for _ in range(3))
    crm.merge(int(first), int(second), at)
    crm.merge(int(second), int(third), at)
    desk.expect(case, third, facts, target_id=target)
    for loser in (first, second):
        desk.expect(case, loser, facts, ALONE, lookalikes=(target,))


def _inactive_there(desk: Desk, case: str) -> None:
    """Its contact was switched off in the ledger: a person has to say whether it is taken up again."""
    facts = desk.someone(private=False)
    source, target = desk.source(facts), desk.target(facts, active=False)
    desk.expect(case, source, facts, SUGGESTED, target, candidates=(target,))


def _inactive_here(desk: Desk, case: str) -> None:
    """Switched off here, in use there, and the same to the letter: one party, whose documents go to that contact."""
    facts = desk.someone(private=False)
    source, target = desk.source(facts, active=False), desk.target(facts)
    desk.expect(case, source, facts, target_id=target)


def _only_here(desk: Desk, case: str) -> None:
    facts = desk.someone(private=len(desk.truth.sources) % 3 != 0)
    desk.expect(case, desk.source(facts), facts, ALONE)


def _only_there(desk: Desk, case: str) -> None:
    facts = desk.someone(private=len(desk.truth.sources) % 3 != 0)
    desk.truth.only_there[desk.kind].append(desk.target(facts))


SAME = Case("same", (1, 1), _same, 640)
ONLY_HERE, ONLY_THERE = Case("only_here", (1, 0), _only_here, 40), Case("only_there", (0, 1), _only_there, 40)
CASES = (
    SAME,
    Case("same_firm_by_name", (1, 1), _same_firm_by_name, 60),
    Case("same_person_by_name", (1, 1), _same_person_by_name, 20, (CUSTOMER,)),
    Case("spelled", (1, 1), _spelled),
    Case("longer", (1, 1), _longer, 20),
    Case("renamed", (1, 1), _renamed, 20),
    Case("moved", (1, 1), _moved, 40),
    Case("two_here", (2, 1), _two_here),
    Case("two_here_unproven", (2, 1), _two_here_unproven),
    Case("two_there", (1, 2), _two_there),
    Case("two_there_unproven", (1, 2), _two_there_unproven),
    Case("household", (2, 2), _household, 10, (CUSTOMER,)),
    Case("household_half", (2, 1), _household_half, 10, (CUSTOMER,)),
    Case("one_office", (2, 2), _one_office),
    Case("similar", (2, 1), _similar),
    Case("similar_across", (1, 1), _similar_across),
    Case("merged", (3, 1), _merged, 5, (CUSTOMER,)),
    Case("inactive_there", (1, 1), _inactive_there),
    Case("inactive_here", (1, 1), _inactive_here),
    ONLY_HERE,
    ONLY_THERE,
)
