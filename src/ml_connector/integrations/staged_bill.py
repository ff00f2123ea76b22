"""How a ledger's bill becomes one that is staged: what passes, what must be right, whose it is, and its payload."""

from __future__ import annotations

from ml_connector.canonical.documents import DELETED
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Waiting, Write, skip, waiting
from ml_connector.integrations.drafts import is_code, money
from ml_connector.integrations.staged_lines import net_of, numbered, staged_lines, stated_total
from ml_connector.integrations.staging import ALL, NONE, Pair, Staged, shown_currency
from ml_connector.integrations.supplier_parts import remit_to, supplier
from ml_connector.integrations.views import Twin, View

ENTITY = "bills"
IN_THE_BOOKS = frozenset([BillState.OPEN, BillState.PARTLY_PAID, BillState.PAID, BillState.POSTED])


def is_dead(bill: Bill) -> bool:
    """Whether it is void or deleted in the ledger."""
    return not bill.active or bill.state is BillState.CANCELED


def how_dead(bill: Bill) -> str:
    """How a dead one ended, as people say it."""
    return DELETED if bill.status == DELETED else "voided"


def passed_over(bill: Bill, view: View, pair: Pair) -> Skip | Adopt | Hold | None:
    """The rules that say there is nothing to stage; they go before everything else that could hold."""
    if is_dead(bill):
        left, what = _left_there(view), how_dead(bill)
        return (
            Hold((still_there(left, what, pair),))
            if left is not None
            else skip("void_in_ledger", what=what, **pair.words)
        )
    if bill.state not in IN_THE_BOOKS:
        return skip("not_in_books_yet", state=bill.status or str(bill.state), **pair.words)
    start = view.settings.start_date
    if bill.date is not None and bill.date < start:
        equal = [twin for twin in view.twins if twin.entity and twin.total == bill.total]
        if len(equal) == 1:
            evidence = f"dated before the start date; {pair.target} has vendor, number {equal[0].number} and total"
            return Adopt(equal[0].entity, equal[0].id, "matched", evidence)
        return skip("staged_before_start", date=str(bill.date), start=str(start))
    if bill.total == 0 and bill.complete and stated_total(bill) == 0:
        return skip("zero")
    return None


def _left_there(view: View) -> Bill | None:
    """What was made of a part of it before the rest was refused: nobody is linked with it, and it may be approved there."""
    found = (one for (entity, _), one in view.at_target.items() if entity == ENTITY and isinstance(one, Bill))
    return next((one for one in found if one.reference == view.reference and one.active), None)


def still_there(now: Bill, what: str, pair: Pair) -> Waiting:
    """The ledger's bill is dead, and nothing is cancelled from here: once it is so there, both sides agree."""
    told = {"what": what, "number": now.number, "state": now.status or str(now.state), **pair.words}
    return waiting("void_after_staging", "fact", f"{ENTITY}:{now.id}", **told)


def source_checks(bill: Bill, draft: Staged) -> None:
    """What must be right in the ledger before anything is translated."""
    key, words = f"bills:{bill.id}", draft.words
    if bill.date is None:
        draft.wait(waiting("bill_without_date", "source", key, **words))
    if not is_code(bill.currency):
        told = {"currency": shown_currency(bill.currency), **words}
        draft.wait(waiting("staged_currency_unknown", "setting", "setting:currency", **told))
    stated, computed = money(bill.total, bill.currency), money(stated_total(bill), bill.currency)
    if not bill.complete:
        why = bill.hidden_reason or "its lines were not read"
        draft.wait(waiting("bill_incomplete", "source", key, stated=stated, why=why.rstrip("."), **words))
    elif stated_total(bill) != bill.total:
        apart = money(bill.total - stated_total(bill), bill.currency)
        draft.wait(waiting("bill_does_not_tie", "source", key, stated=stated, computed=computed, apart=apart, **words))


def target_bill(bill: Bill, view: View, draft: Staged) -> Bill:
    """The bill as it is staged; what is missing for it is added to the draft."""
    whose = supplier(bill.vendor, view, draft)
    if bill.complete and is_code(bill.currency):
        net = net_of(bill, draft)
        staged_lines(net, view, draft)
    else:  # what cannot be seen cannot be staged; whose it is can be asked for already
        net = bill
    order = bill.purchase_order.number if view.settings.orders_known == "yes" else ""
    target = Bill(
        id="",
        vendor=whose,
        total=bill.total,
        number=_number(bill, view, draft),
        own_number=bill.id,
        date=bill.date,
        due_date=bill.due_date,
        currency=bill.currency,
        tax_basis=TaxBasis.EXCLUSIVE,
        lines=numbered(draft),
        tax=net.tax,
        purchase_order=Ref(number=order),
        terms=_terms(bill, view, draft),
        legal_entity=_legal_entity(bill, view, draft),
        remit_to=remit_to(bill.vendor, whose.id, view, draft),
        memo=_memo(bill, order),
        state=BillState.DRAFT,
        reference=view.reference,
    )
    _accounts_of(target, view, draft)
    return target


def _accounts_of(target: Bill, view: View, draft: Staged) -> None:
    """No line is on an account of another legal entity of the group than the bill's, as far as accounts tell theirs."""
    whose = target.legal_entity
    if not whose.id:
        return
    accounts = (view.ledger.accounts.get(id_) for id_ in dict.fromkeys(line.account.id for line in target.lines))
    for account in accounts:
        if account is None or account.legal_entity in ("", whose.id, whose.number, whose.name):
            continue
        other = view.ledger.entries.get("legal_entities", {}).get(account.legal_entity)
        shown = (other.number or other.name) if other is not None else account.legal_entity
        told = {"name": f"{account.number} {account.name}".strip(), "theirs": shown, "ours": whose.number or whose.id}
        draft.wait(waiting("gl_account_of_other_entity", "fact", f"accounts:{account.id}", **told, **draft.words))


def _memo(bill: Bill, order: str) -> str:
    """The ledger's own notes stay there; a purchase order that is not named as such is told."""
    return f"Purchase order {bill.purchase_order.number}" if bill.purchase_order.number and not order else ""


def _number(bill: Bill, view: View, draft: Staged) -> str:
    given = view.mappings["bill_numbers"].get(bill.id)
    number = given or bill.number or bill.own_number or bill.id
    if given and number_key(given) != number_key(bill.number):
        draft.notes.append(f"number {given} given by a person instead of {bill.number or 'none'}")
    elif not bill.number:
        draft.notes.append(f"the bill has no vendor invoice number; {draft.pair.source}'s own {number} is used")
    return number


def _terms(bill: Bill, view: View, draft: Staged) -> str:
    """The code of the payment terms there, where a row of the mapping names them; without one the due date says it all."""
    row = view.mappings["terms"].get(bill.terms, bill.date) if bill.terms else None
    if row is None or row == NONE:
        return ""
    entry = view.ledger.entries.get("payment_terms", {}).get(row)
    if entry is None or not entry.active:
        told = {"what": f"row '{bill.terms}' of the mapping table terms", "id": row, **draft.words}
        draft.wait(waiting("terms_unknown", "fact", f"payment_terms:{row}", **told))
        return ""
    return entry.number or entry.name


def _legal_entity(bill: Bill, view: View, draft: Staged) -> Ref:
    """The company there that the bill is of: by its location, else the one row for all."""
    rows, place = view.mappings["legal_entities"], bill.location.id
    key = place if place and rows.get(place, bill.date) is not None else ALL
    row = rows.get(key, bill.date)
    if row is None:
        own = f"'{place}' of the mapping table legal_entities, or the row '{ALL}'"
        told = {
            "place": f"location {bill.location.label()}" if place else "no location",
            "row": own if place else f"'{ALL}' of the mapping table legal_entities",
        }
        draft.wait(waiting("legal_entity_unmapped", "mapping", f"legal_entities:{ALL}", **told, **draft.words))
        return Ref()
    if row == NONE:
        return Ref()
    entry = view.ledger.entries.get("legal_entities", {}).get(row)
    if entry is None or not entry.active or not entry.number:
        told = {"what": f"row '{key}' of the mapping table legal_entities", "id": row, **draft.words}
        draft.wait(waiting("legal_entity_unknown", "fact", f"legal_entities:{row}", **told))
        return Ref(row)
    return Ref(entry.id, entry.name, entry.number)


def twins(bill: Bill, view: View, draft: Staged) -> None:
    """Another bill of the same vendor under the number, there or in the ledger: nobody pays an invoice twice."""
    for twin in view.twins:
        same = twin.total == bill.total
        code = "same_number_same_total" if same else "same_number_other_total"
        shown = money(twin.total, bill.currency) if twin.total is not None else "unknown"
        told = {"where": twin.where, "what": "bill", "number": twin.number, "total": shown, "other": twin.label}
        told |= {"same": _same(twin)} if same else {"stated": money(bill.total, bill.currency)}
        draft.wait(waiting(code, "mapping", f"bill_numbers:{bill.id}", **told))


def _same(twin: Twin) -> str:
    if twin.entity:
        return f"link this record with {twin.id}"
    return "dismiss this record with the reason, or void one of the two in the ledger"


def composed(
    target: Bill, bill: Bill, view: View, draft: Staged, action: Action = Action.CREATE, target_id: str = ""
) -> Decision:  # fmt: skip
    """The step that stages it, where its rows come to the ledger's total: the target is told every amount."""
    try:
        found = view.compose(action, target, view.reference)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"bills:{bill.id}", why=error.sentence),))
    if found.total != bill.total:
        stated, theirs = money(bill.total, bill.currency), money(found.total, bill.currency)
        told = {"stated": stated, "computed": theirs, **draft.words}
        return Hold((waiting("staged_total_differs", "person", "staged_total_differs", **told),))
    step = Step(
        ENTITY, action, view.reference, found.body, target_id=target_id, party_id=target.vendor.id, number=target.number,
        date=target.date, total=bill.total, currency=bill.currency,
    )  # fmt: skip
    return Write((step,), ENTITY, (*draft.notes, *found.notes), tuple(draft.coming))
