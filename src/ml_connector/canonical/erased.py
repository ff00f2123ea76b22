"""Documents without the personal data of their party. Pure.

What stays: ids, numbers, dates, amounts, accounts, taxes, states. What goes: names, e-mails, telephones, addresses, the
free text of the document, the place of the job; and these words wherever they stand in the description of a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine, Expense, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, Payment

ERASED = "erased"
_SHORTEST = 3  # characters of a word that is looked for inside of texts
_TELEPHONE = 7  # digits
_Line = TypeVar("_Line", BillLine, InvoiceLine)


class Finder(Protocol):
    """Whatever finds a person's words."""

    def out_of(self, text: str) -> str:
        """The text with ``erased`` in their place."""


class Words:
    """What names a person, found in any text as whole words, however spaced and in whatever case; telephones by digits."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        known = {" ".join(one.split()) for one in words}
        self._words = frozenset(one for one in known if len(one) >= _SHORTEST and one.casefold() != ERASED)
        parts = "|".join(_pattern(one) for one in sorted(self._words, key=len, reverse=True))
        self._found = re.compile(rf"(?<!\w)(?:{parts})(?!\w)", re.IGNORECASE) if parts else None

    def __or__(self, other: Words) -> Words:
        return Words(self._words | other._words)

    def __len__(self) -> int:
        return len(self._words)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words)

    def stand_in(self, text: str) -> bool:
        """Whether any of them does."""
        return self._found is not None and self._found.search(text) is not None

    def out_of(self, text: str) -> str:
        """The text with ``erased`` in their place."""
        return self._found.sub(ERASED, text) if self._found is not None else text


def is_telephone(word: str) -> bool:
    """Whether it is known by its digits."""
    return len(re.sub(r"\D", "", word)) >= _TELEPHONE and not re.search(r"[^\W\d]", word)


def _pattern(word: str) -> str:
    if is_telephone(word):
        return r"\+?" + r"[\s().+-]*".join(re.sub(r"\D", "", word))
    return r"\s+".join(re.escape(part) for part in word.split(" "))


def party_kind(document: Document) -> str:
    """What the document's party is called where customers and vendors are lists of their own; empty without a party."""
    match document:
        case Party():
            return f"{document.kind}s"
        case Payment():
            return "vendors" if document.to_vendor else "customers"
        case Invoice():
            return "customers"
        case Bill() | PurchaseOrder() | Expense():
            return "vendors"
        case _:
            return ""


def words_of(document: Document) -> Words:
    """The words of a party, or of a document about its party: names, e-mail, telephone, street, place of the job."""
    return Words(_words(document))


def _words(document: Document) -> Iterator[str]:
    match document:
        case Party():
            yield from (document.name, document.company, f"{document.first_name} {document.last_name}".strip())
            yield from (
                document.first_name,
                document.last_name,
                document.email,
                document.phone,
            )
            if not _numbered(document):
                yield document.account_number
            yield from (document.address.street, document.address.street2)
            for one in document.persons:
                yield from (
                    f"{one.first_name} {one.last_name}".strip(),
                    one.first_name,
                    one.last_name,
                    one.email,
                    one.phone,
                )
        case Invoice():
            yield from (document.customer.name, document.location.name)
        case Payment():
            yield from (document.party.name, document.remit_to.street, document.remit_to.street2)
        case Bill():
            yield from (document.vendor.name, document.remit_to.street, document.remit_to.street2)
        case PurchaseOrder():
            yield document.vendor.name
        case Expense():
            yield from (document.vendor.name, document.customer.name)


def erased(document: Document, words: Finder | None = None) -> Document:
    """The document without its party's data; ``words`` are known of the party besides those that the document shows."""
    shown = words_of(document)

    def bare(text: str) -> str:
        return shown.out_of(words.out_of(text) if words is not None else text)

    match document:
        case Party():
            return _party(document)
        case Invoice():
            return msgspec.structs.replace(
                document, customer=_bare(document.customer), location=_unnamed(document.location),
                job=_unnamed(document.job), memo="", lines=_lines(document.lines, bare),
            )  # fmt: skip
        case Payment():
            return msgspec.structs.replace(
                document, party=_bare(document.party), memo="", number=bare(document.number), remit_to=Address(),
            )  # fmt: skip
        case Bill() | PurchaseOrder() | Expense():
            return _bought(document, bare)
        case _:
            return document


def _bought(document: Bill | PurchaseOrder | Expense, bare: Callable[[str], str]) -> Document:
    vendor, lines = _bare(document.vendor), _lines(document.lines, bare)
    match document:
        case Bill():
            return msgspec.structs.replace(document, vendor=vendor, memo="", lines=lines, remit_to=Address())
        case Expense():
            customer = _bare(document.customer)
            return msgspec.structs.replace(document, vendor=vendor, customer=customer, memo="", lines=lines)
    delivery = bare(document.delivery)
    return msgspec.structs.replace(document, vendor=vendor, memo="", delivery=delivery, lines=lines)


def _party(party: Party) -> Party:
    kept: dict[str, Any] = {
        name: getattr(party, name)
        for name in (
            "id", "kind", "active", "currency", "private_person", "merged_into", "reference", "stamp", "roles",
            "has_tax_id", "has_terms", "has_1099", "in_full", "tax_exempt",
        )
    }  # fmt: skip
    number = party.account_number if _numbered(party) else ""
    return Party(name=ERASED, erased=True, account_number=number, **kept)


def _numbered(party: Party) -> bool:
    """Whether its account number stays: a vendor's is what documents name it by, such as ServiceNow's ERP supplier code."""
    return party.kind == "vendor"


def _bare(ref: Ref) -> Ref:
    return Ref(ref.id, ERASED)


def _unnamed(ref: Ref) -> Ref:
    return Ref(ref.id, "", ref.number)


def _lines(lines: tuple[_Line, ...], bare: Callable[[str], str]) -> tuple[_Line, ...]:
    return tuple(msgspec.structs.replace(one, description=bare(one.description)) for one in lines)
