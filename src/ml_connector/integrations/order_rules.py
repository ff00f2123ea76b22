"""How an order of the source becomes one of the target: its vendor, number, lines and accounts, to the cent."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import total
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, LineKind, OrderState, PurchaseOrder
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.checks import check_currency
from ml_connector.integrations.decisions import Hold, waiting
from ml_connector.integrations.drafts import NO_ACCOUNT, Draft, Named, account_key, checked_account, followed, money
from ml_connector.integrations.payment_tables import SHIPPING, TAX
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View


def is_canceled(order: PurchaseOrder) -> bool:
    """Whether nothing is to be delivered."""
    return order.state is OrderState.CANCELED or not order.active


def target_order(order: PurchaseOrder, view: View, draft: Draft) -> PurchaseOrder:
    """The ledger's order: a new document, so that no reference of the source reaches the target."""
    _source_checks(order, draft)
    vendor = _vendor(order, view, draft)
    check_currency(vendor, "vendor", view, draft)
    return PurchaseOrder(
        id="",
        number=_number(order, view, draft),
        vendor=Ref(vendor, order.vendor.name),
        total=order.total,
        date=order.date,
        lines=tuple(_lines(order, view, draft)),
        state=order.state,
        currency=order.currency,
        tax_basis=TaxBasis.NONE,
        required_on=order.required_on,
        delivery=order.delivery,
        memo=f"Job {order.job.number or order.job.id}" if order.job.id else "",
        reference=view.reference,
    )


def _source_checks(order: PurchaseOrder, draft: Draft) -> None:
    key = f"purchase_orders:{order.id}"
    if order.date is None:
        draft.wait(waiting("no_date", "source", key, what="date"))
    computed = total(line.amount for line in order.lines) + order.tax + order.shipping
    if computed != order.total:
        amounts = (("stated", order.total), ("computed", computed), ("difference", order.total - computed))
        told = {name: money(amount, order.currency) for name, amount in amounts}
        draft.wait(waiting("order_does_not_tie", "source", key, **told))


def _number(order: PurchaseOrder, view: View, draft: Draft) -> str:
    """Its own behind the integration's prefix, or exactly the one that a person gave."""
    given = view.mappings["order_numbers"].get(order.id)
    if given and number_key(given) != number_key(order.number):
        draft.notes.append(f"number {given} given by a person instead of {order.number or 'none'}")
    if not given and not order.number:
        draft.wait(waiting("order_without_number", "mapping", f"order_numbers:{order.id}"))
    return given or f"{view.settings.number_prefix}{order.number}"


def _vendor(order: PurchaseOrder, view: View, draft: Draft) -> str:
    """The ledger's id of the vendor: linked, else chosen by a person where no record of it can be brought."""
    wanted = ("vendors", order.vendor.id)
    key, name = f"vendors:{order.vendor.id}", order.vendor.name or order.vendor.id
    chosen = view.mappings["vendors"].get(order.vendor.id) or ""
    usable = wanted not in view.asked and chosen in view.ledger.parties
    target = followed(view.links.get(wanted) or (chosen if usable else ""), view.ledger.parties)
    party = view.ledger.parties.get(target)
    if target and party is not None and not party.active:
        draft.wait(waiting("vendor_inactive", "fact", f"parties:{target}", name=name, target=party.name, other=""))
    elif not target and wanted in view.asked:
        draft.wait(waiting("order_vendor_pending", "link", key, name=name))
    elif not target:
        code = "order_vendor_unknown" if "vendors" in view.brings else "vendor_flow_off"
        draft.wait(waiting(code, "link", key, name=name))
    return target


# --- lines -------------------------------------------------------------------------------------------------------


def _lines(order: PurchaseOrder, view: View, draft: Draft) -> list[BillLine]:
    """Its lines, its tax and its shipping, each without a tax rate: so the order ties whatever the rates are."""
    tracking = unit_coding(order.business_unit, order.date, view, draft).get("dimensions", ())
    if view.settings.order_lines == "total":
        words = f"Purchase order {order.number}"
        return [
            _line("total", order.total, words, order_account(NO_ACCOUNT, "its total", order, view, draft), tracking)
        ]
    found = []
    for line in order.lines:
        words = line.description or line.sku or f"Line {line.id}"
        if line.amount == 0:
            draft.notes.append(f"line {line.id} '{words[:40]}' of 0.00 is left out")
            continue
        account = order_account(account_key(line.account), f"line {line.id} ({words[:40]})", order, view, draft)
        given = _line(line.id, line.amount, words, account, tracking)
        found.append(msgspec.structs.replace(given, sku=line.sku, quantity=line.quantity, unit_cost=line.unit_cost))
    charges = ((TAX, order.tax, "Tax", LineKind.TAX), (SHIPPING, order.shipping, "Shipping", LineKind.FREIGHT))
    for key, amount, words, kind in charges:
        if amount:
            account = order_account(key, words.lower(), order, view, draft)
            found.append(msgspec.structs.replace(_line(key, amount, words, account, tracking), kind=kind))
    return found


def _line(key: str, amount: Decimal, words: str, account: Ref, tracking: tuple[Ref, ...]) -> BillLine:
    return BillLine(key, amount, description=words, unit_cost=amount, account=account, dimensions=tracking)


def order_account(key: str, where: str, order: PurchaseOrder, view: View, draft: Draft) -> Ref:
    """The account of a line. Tax and shipping have that of lines without an account where they have no row of their own."""
    keys = (key, NO_ACCOUNT) if key in (TAX, SHIPPING) else (key,)
    rows = ((one, view.mappings["order_accounts"].get(one, order.date)) for one in keys)
    found = next(((one, target) for one, target in rows if target is not None), None)
    if found is None:
        draft.wait(waiting("order_account_unmapped", "mapping", f"order_accounts:{keys[-1]}", lines=where))
        return Ref()
    return checked_account(found[1], Named("order_accounts", found[0]), view, draft)


# --- decisions ---------------------------------------------------------------------------------------------------


def composed_order(
    action: Action, target: PurchaseOrder, order: PurchaseOrder, view: View, draft: Draft
) -> Composed | None:
    """The payload; None, with the reason in the draft, where the ledger would not take it or computes another total."""
    key = f"purchase_orders:{order.id}"
    try:
        composed = view.compose(action, target, view.reference)
    except BadInput as error:
        draft.wait(waiting("unsuitable", "source", key, why=error.sentence))
        return None
    if composed.total != order.total:
        told = {"stated": money(order.total, order.currency), "target": money(composed.total, order.currency)}
        draft.wait(waiting("order_total_differs", "source", key, **told))
        return None
    return composed


def step_of(action: Action, target: PurchaseOrder, composed: Composed, view: View) -> Step:
    """The one step of an order."""
    return Step(
        "purchase_orders", action, view.reference, composed.body, target_id=target.id, party_id=target.vendor.id,
        number=target.number, date=target.date, total=target.total, currency=target.currency,
    )  # fmt: skip


def notes_of(draft: Draft, composed: Composed) -> tuple[str, ...]:
    """What is worth telling of it."""
    return (*draft.notes, *composed.notes)


def held(draft: Draft, order: PurchaseOrder) -> Hold:
    """It asks for its vendor when it waits for nothing else."""
    pending = all(wait.code == "order_vendor_pending" for wait in draft.waits)
    return Hold(tuple(draft.waits), (("vendors", order.vendor.id),) if pending else ())
