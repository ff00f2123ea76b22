"""``/creditnotes``: what customers are owed."""

from __future__ import annotations

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import sales, sales_states
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import missing
from ml_connector_sandbox.zoho_books.resources import _credit_note_answer as answer
from ml_connector_sandbox.zoho_books.resources._sales_answer import own_number
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

STATUS_WORDS = {
    "Status.Open": "open",
    "Status.Closed": "closed",
    "Status.Void": "void",
    "Status.Draft": "draft",
}
UPDATED = "The credit note has been updated."


def rules(books: OrganisationBooks) -> ListRules[CreditNote]:
    """What the list filters and sorts by."""
    return ListRules(
        report_name="Credit Notes",
        default_column="created_time",
        default_order="D",
        columns={
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name.casefold(),
            "creditnote_number": lambda one: one.number,
            "balance": lambda one: one.balance,
            "total": lambda one: one.total,
            "date": lambda one: one.date,
            "created_time": lambda one: one.created,
            "last_modified_time": lambda one: one.modified,
        },
        exact={"customer_id": lambda one: one.customer_id, "total": lambda one: str(number(one.total))},
        texts={
            "creditnote_number": lambda one: one.number,
            "reference_number": lambda one: one.reference_number,
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name,
            "item_name": lambda one: " ".join(line.texts["name"] for line in one.lines),
            "item_description": lambda one: " ".join(line.texts["description"] for line in one.lines),
        },
        dates={"date": lambda one: one.date},
        search=lambda one: f"{one.number} {one.reference_number} {customer_by_id(books, one.customer_id).contact_name}",
        modified=lambda one: one.modified,
    )


def list_notes(call: ApiCall) -> Reply:
    """A page of credit notes, newest first."""
    rows, context = page_of_register(call, rules(call.books), call.books.credit_notes, _tests(call))
    return Reply(payload={"creditnotes": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_note(call: ApiCall) -> Reply:
    """One credit note in full."""
    return Reply(payload={"creditnote": answer.detail(call.books, note_of(call))})


def create_note(call: ApiCall) -> Reply:
    """A new credit note, open and posted unless ``is_draft``."""
    own = own_number(call.query, call.body)
    return _created(call, sales.create_credit_note(call.books, call.body, own_number=own, by=call.user.name))


def update_note(call: ApiCall) -> Reply:
    """Change the named fields; a named array replaces the old one as a whole."""
    own = own_number(call.query, call.body)
    changed = sales.update_credit_note(call.books, note_of(call), call.body, own_number=own, by=call.user.name)
    return Reply(payload={"creditnote": answer.detail(call.books, changed)}, message=UPDATED)


def upsert_note(call: ApiCall) -> Reply:
    """Change, or create, the credit note that holds a unique custom field's value."""
    found, body = upsert_target(call, "creditnote", "Credit note")
    own = own_number(call.query, call.body)
    if found is None:
        reply = _created(call, sales.create_credit_note(call.books, body, own_number=own, by=call.user.name))
        reply.status = call.switches.upsert_created_status
        return reply
    old = call.books.credit_notes.get(found)
    if old is None:
        raise missing("Credit note")
    changed = sales.update_credit_note(call.books, old, body, own_number=own, by=call.user.name)
    return Reply(payload={"creditnote": answer.detail(call.books, changed)}, message=UPDATED)


def delete_note(call: ApiCall) -> Reply:
    """Remove for good; refused while applied or refunded."""
    sales_states.delete_credit_note(call.books, note_of(call))
    return Reply(message="The credit note has been deleted.")


def mark_void(call: ApiCall) -> Reply:
    """Take out of the ledger; refused while applied or refunded."""
    sales_states.set_credit_note_state(call.books, note_of(call), "void", call.user.name)
    return Reply(message="The credit note has been marked as void.")


def mark_draft(call: ApiCall) -> Reply:
    """Bring a void credit note back as a draft."""
    sales_states.set_credit_note_state(call.books, note_of(call), "draft", call.user.name)
    return Reply(message="The credit note has been marked as Draft.")


def mark_open(call: ApiCall) -> Reply:
    """It can be applied from now on."""
    sales_states.set_credit_note_state(call.books, note_of(call), "open", call.user.name)
    return Reply(message="Status of the credit note has been changed to open.")


def note_of(call: ApiCall) -> CreditNote:
    """The credit note of the path. Raises Refused with 404."""
    note = call.books.credit_notes.get(call.path["creditnote_id"])
    if note is None:
        raise missing("Credit note")
    return note


def _created(call: ApiCall, note: CreditNote) -> Reply:
    return Reply(
        payload={"creditnote": answer.detail(call.books, note)},
        message="The credit note has been created.",
        status=201,
        location=f"/api/v3/creditnotes/{note.document_id}",
    )


def _tests(call: ApiCall) -> list[Predicate]:
    words = (call.query.get("status", ""), STATUS_WORDS.get(call.query.get("filter_by", ""), ""))
    found = [_shown(word) for word in words if word]
    on_lines = [name for name in ("item_id", "line_item_id", "tax_id") if call.query.get(name)]
    return found + [_on_a_line(name, call.query[name]) for name in on_lines]


def _shown(word: str) -> Predicate:
    return lambda one: answer.status(one) == word


def _on_a_line(name: str, wanted: str) -> Predicate:
    return lambda one: any(getattr(line, name) == wanted for line in one.lines)


ONE = "/creditnotes/{creditnote_id}"
_READ, _CREATE, _UPDATE, _DELETE = (f"creditnotes.{word}" for word in ("READ", "CREATE", "UPDATE", "DELETE"))
ROUTES = [
    Route(method="GET", path="/creditnotes", scope=_READ, handler=list_notes),
    Route(method="POST", path="/creditnotes", scope=_CREATE, handler=create_note, takes_body=True),
    Route(method="PUT", path="/creditnotes", scope=_UPDATE, handler=upsert_note, takes_body=True),
    Route(method="GET", path=ONE, scope=_READ, handler=get_note),
    Route(method="PUT", path=ONE, scope=_UPDATE, handler=update_note, takes_body=True),
    Route(method="DELETE", path=ONE, scope=_DELETE, handler=delete_note),
    Route(method="POST", path=f"{ONE}/status/void", scope=_CREATE, handler=mark_void),
    Route(method="POST", path=f"{ONE}/status/draft", scope=_CREATE, handler=mark_draft),
    Route(method="POST", path=f"{ONE}/status/open", scope=_CREATE, handler=mark_open),
]
