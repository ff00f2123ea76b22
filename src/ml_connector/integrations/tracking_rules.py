"""Which payable bill of the ledger an inventory bill is, and how the two differ. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from ml_connector.canonical.numbers import name_key, number_key
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState, PurchaseOrder
from ml_connector.integrations import reasons
from ml_connector.integrations.drafts import money
from ml_connector.integrations.tracked import LineDifference, Payable, Rank, Track

_TOLD = 3  # candidates, or lines that differ, told one by one


@dataclass(frozen=True, slots=True)
class Received:
    """An inventory bill with what is known of it: its currency, its order, and the ledger's side.

    ``order``: as the source shows it now, None where orders are not carried; ``order_there`` its counterpart. ``payables``
    are live bills of its vendor in the ledger, ``party_id`` that vendor there, empty if it has none. ``linked``: the bill
    that a person has linked it with, as long as it is live.
    """

    bill: Bill
    currency: str
    party_id: str
    payables: Sequence[Payable] = ()
    order: PurchaseOrder | None = None
    order_there: Ref = field(default_factory=Ref)
    linked: Bill | None = None

    @property
    def number(self) -> str:
        """The vendor's invoice number, else ServiceTitan's own."""
        return self.bill.number or self.bill.own_number or self.bill.id

    @property
    def order_number(self) -> str:
        """The number of its purchase order; empty where it has none or orders may not be read."""
        return self.bill.purchase_order.number or (self.order.number if self.order else "")

    @property
    def name(self) -> str:
        """What people call its vendor."""
        return self.bill.vendor.name or self.bill.vendor.id

    @property
    def amount(self) -> str:
        """Its total, for a sentence."""
        return money(self.bill.total, self.currency)

    def comparable(self, other: Bill) -> bool:
        """Whether the ledger's bill is in the same currency."""
        return other.currency in ("", self.currency)

    def equal(self, other: Bill) -> bool:
        """Whether the ledger's bill is over the same amount."""
        return other.total == self.bill.total and self.comparable(other)


def named_keys(bill: Bill) -> set[str]:
    """Keys of everything that a bill of the ledger may name: in its number, its reference, or a line's description.

    Words are compared as numbers are; PO-12 is not named by PO-123.
    """
    texts = (bill.number, bill.memo, bill.purchase_order.number, *(line.description for line in bill.lines))
    return {key for text in texts for key in _words(text) if key}


def _words(text: str) -> set[str]:
    """The whole text, each of its words and each two beside each other, as numbers are compared."""
    words = [word.strip(".,;:()[]#") for word in text.split()]
    pairs = (f"{one}{other}" for one, other in pairwise(words))
    return {number_key(one) for one in (text, *words, *pairs)}


def found(received: Received) -> Track:
    """The finding. The surest evidence decides; where two bills have the same evidence, a person does."""
    if received.linked is not None:
        return _claimed(received, received.linked, Rank.PERSON, "a person has linked the two")
    own = number_key(received.number)
    numbered = [one for one in received.payables if number_key(one.bill.number) == own]
    for rank, alike in (
        (Rank.EXACT, [one for one in numbered if received.equal(one.bill)]),
        (Rank.NUMBER, [one for one in numbered if not received.equal(one.bill)]),
        (Rank.ORDER, _by_order(received, numbered)),
    ):
        free = [one.bill for one in alike if not one.claimed_by or one.rank < rank]
        if len(free) == 1:
            return _one(received, free[0], rank)
        if free:
            return _several(received, free)
    return _missing(received, [one for one in numbered if one.claimed_by])


def _by_order(received: Received, numbered: Sequence[Payable]) -> list[Payable]:
    """Bills of another number, of the same total, that name its order."""
    order = number_key(received.order_number)
    others = (one for one in received.payables if one not in numbered and received.equal(one.bill))
    return [one for one in others if order in named_keys(one.bill)]


def _one(received: Received, there: Bill, rank: Rank) -> Track:
    if rank is Rank.ORDER:
        return _suggested(received, there)
    agree = "vendor, number and total agree" if rank is Rank.EXACT else "vendor and number agree"
    spelled = f" (spelled {_called(there)} there)" if there.number.strip() != received.number.strip() else ""
    return _claimed(received, there, rank, agree + spelled)


def _claimed(received: Received, there: Bill, rank: Rank, evidence: str) -> Track:
    told = {"name": received.name, "there": _called(there), "billed": _total(there, received)}
    if not received.comparable(there):
        made = _track(received, "currencies_differ", amount=received.amount, **told)
    elif received.equal(there):
        draft = ", still a draft there" if _is_draft(there) else ""
        made = _track(received, "matched", evidence=evidence + draft, **told)
    else:
        amount, difference = received.amount, _difference(received, there)
        made = _track(received, "price_difference", amount=amount, difference=difference, **told)
    return _with(made, received, there, rank, evidence)


def _suggested(received: Received, there: Bill) -> Track:
    told = {"name": received.name, "there": _called(there), "billed": _total(there, received)}
    order, number = received.order_number, received.number
    made = _track(received, "match_suggested", order=order, number=number, id=there.id, **told)
    return _with(made, received, there, Rank.ORDER, "vendor and total agree, and it names the order")


def _several(received: Received, there: Sequence[Bill]) -> Track:
    shown = [f"{_called(one)} of {one.date or 'no date'} (id {one.id})" for one in there[:_TOLD]]
    more = [f"{len(there) - _TOLD} more"] if len(there) > _TOLD else []
    made = _track(received, "several_candidates", name=received.name, candidates=", ".join([*shown, *more]))
    return msgspec.structs.replace(made, candidates=tuple(one.id for one in there))


def _missing(received: Received, taken: Sequence[Payable]) -> Track:
    """No bill of the ledger is it. One of its number may stand for another delivery of the same vendor's bill."""
    if not received.party_id:
        missing = f"the ledger has no contact for {received.name}, so none of its bills can be found"
    elif taken:
        missing = f"the ledger's bill {received.number} is matched with inventory bill {taken[0].claimed_by} already"
    else:
        missing = f"the ledger has no bill {received.number} of this vendor"
    date = str(received.bill.date or "an unknown day")
    return _track(
        received, "received_not_billed", amount=received.amount, name=received.name, date=date, missing=missing
    )


# --- what a finding carries --------------------------------------------------------------------------------------


def _track(received: Received, finding: str, **told: str) -> Track:
    bill, order = received.bill, received.order
    return Track(
        finding=finding,
        sentence=reasons.sentence(finding, told),
        action=reasons.action(finding, told),
        currency=received.currency,
        received=bill.total,
        received_on=bill.date,
        vendor=bill.vendor,
        number=received.number,
        party_id=received.party_id,
        order=Ref(bill.purchase_order.id, number=received.order_number),
        order_there=received.order_there,
        ordered=order.total if order else bill.ordered,
        ordered_on=(order.date if order else None) or bill.ordered_on,
        sent_on=(order.sent_on if order else None) or bill.order_sent_on,
    )


def _with(made: Track, received: Received, there: Bill, rank: Rank, evidence: str) -> Track:
    """The finding with the ledger's bill. A suggestion claims nothing."""
    return msgspec.structs.replace(
        made,
        target_id=there.id if rank > Rank.ORDER else "",
        rank=rank,
        candidates=(there.id,),
        evidence=evidence,
        number_there=there.number,
        billed=there.total,
        billed_currency=there.currency or received.currency,
        billed_on=there.date,
        awaiting=_is_draft(there),
        lines=differences(received.bill, there) if _apart(received, there) else (),
    )


def _apart(received: Received, there: Bill) -> bool:
    """Whether the two are of different amounts that can be compared."""
    return received.comparable(there) and not received.equal(there)


def _called(there: Bill) -> str:
    """What people call the ledger's bill."""
    return " ".join(there.number.split()) or "without a number"


def _is_draft(there: Bill) -> bool:
    return there.state is BillState.DRAFT


def _total(there: Bill, received: Received) -> str:
    return money(there.total, there.currency or received.currency)


# --- where two bills differ --------------------------------------------------------------------------------------


def _difference(received: Received, there: Bill) -> str:
    """By how much, and at which lines, for a sentence."""
    apart = there.total - received.bill.total
    told = [f"{money(abs(apart), received.currency)} {'more' if apart > 0 else 'less'} than received"]
    lines = differences(received.bill, there)
    told += [_line_told(one) for one in lines[:_TOLD]]
    if len(lines) > _TOLD:
        told.append(f"{len(lines) - _TOLD} more lines")
    return "; ".join(told)


def _line_told(one: LineDifference) -> str:
    if (one.received_quantity, one.received_cost) == (one.billed_quantity, one.billed_cost):
        return f"{one.what} {money(one.received)} received, {money(one.billed)} billed"
    was = f"{one.received_quantity.normalize():f} at {one.received_cost.normalize():f}"
    is_ = f"{one.billed_quantity.normalize():f} at {one.billed_cost.normalize():f}"
    return f"{one.what} {was} received, {is_} billed"


def differences(received: Bill, billed: Bill) -> tuple[LineDifference, ...]:
    """Lines that pair up by their SKU, else their description, and differ. None where the ledger's contain tax."""
    if billed.tax_basis is TaxBasis.INCLUSIVE:
        return ()
    pairs = _pairs(received.lines, billed.lines)
    return tuple(_line(one, other) for one, other in pairs if one.amount != other.amount)


def _pairs(ours: Sequence[BillLine], theirs: Sequence[BillLine]) -> list[tuple[BillLine, BillLine]]:
    """Lines of one name on both sides; two of a bill that are called alike cannot be paired."""
    found: list[tuple[BillLine, BillLine]] = []
    for named in (_sku, _words_of):
        done = [line for pair in found for line in pair]
        left = _unique((line for line in ours if line not in done), named)
        right = _unique((line for line in theirs if line not in done), named)
        found += [(line, right[name]) for name, line in left.items() if name in right]
    return found


def _unique(lines: Iterable[BillLine], named: Callable[[BillLine], str]) -> dict[str, BillLine]:
    kept = list(lines)
    counts = Counter(named(line) for line in kept)
    return {named(line): line for line in kept if named(line) and counts[named(line)] == 1}


def _sku(line: BillLine) -> str:
    return line.sku.strip().casefold()


def _words_of(line: BillLine) -> str:
    return name_key(line.description)


def _line(one: BillLine, other: BillLine) -> LineDifference:
    what = one.sku or one.description or f"line {one.id}"
    return LineDifference(what, one.amount, other.amount, one.quantity, other.quantity, one.unit_cost, other.unit_cost)
