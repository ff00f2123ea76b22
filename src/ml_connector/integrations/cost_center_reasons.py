"""Why what is staged for approval waits for a cost centre, in a bookkeeper's words. Both systems are named by the pair."""

from __future__ import annotations

from ml_connector.integrations.reason import Reason

_BY_ITSELF = "it goes on by itself."

COST_CENTER_REASONS = (
    Reason(
        "cost_center_missing",
        "A line has no cost centre",
        "In {source} no {dimensions} is chosen on {lines}, and vendor {vendor} has no cost centre of its own.",
        "Give the line one in {source}; or fill the row '{key}' of the mapping table vendor_cost_centers with the vendor's "
        "cost centre; or have another dimension tell it (setting cost_center_from).",
    ),
    Reason(
        "cost_center_from_unknown",
        "The setting cost_center_from names no dimension",
        "The setting cost_center_from names {word!r}, and {source} has no dimension of that id or name; it has: {known}.",
        "Set cost_center_from to dimensions of {source}, to location or to project; everything that waits for it goes on by "
        "itself.",
    ),
    Reason(
        "cost_center_pending",
        "The cost centre is not in the target yet",
        "{name} of {source} has no cost centre in {target} yet.",
        "See the record of {name} in the flow cost_centers: once it is linked, created or mapped, all bills on it go on by "
        "themselves.",
    ),
    Reason(
        "cost_center_unread",
        "The cost centre's option was not read",
        "{name} ({key}) stands on the bill, and {source}'s list of dimensions does not show it.",
        "See in {source} whether it was deleted or belongs to another tag; or fill the row '{key}' of the mapping table "
        "cost_centers.",
    ),
    Reason(
        "cost_center_projects_unread",
        "Projects tell the cost centre, and none is read",
        "Project {name} ({key}) stands on the bill, and no project of {source} is read at all.",
        "Set projects=yes for the connection of {source}, where its plan and consent have projects; or have another "
        "dimension tell the cost centre (setting cost_center_from); or fill the row '{key}' of the table cost_centers.",
    ),
    Reason(
        "cost_center_flow_off",
        "The option has no cost centre, and the flow cost_centers is off",
        "{name} of {source} has no cost centre in {target}, and the flow that finds or makes it is off.",
        "Turn the flow cost_centers on, or fill the row '{key}' of the mapping table cost_centers.",
    ),
    Reason(
        "cost_center_unknown",
        "A mapped cost centre does not exist",
        "The {what} names cost centre {id}, which {target} does not show.",
        "Correct the mapping, or have the {target} administrator restore the centre.",
    ),
    Reason(
        "cost_center_expired",
        "The cost centre is not valid on the bill's day",
        "Cost centre {name}, by {what}, cannot be used: {why}.",
        "Have whoever keeps cost centres in {target} prolong it; or name the centre that follows it in the mapping table "
        "(a row may hold from a day on); " + _BY_ITSELF,
    ),
    Reason(
        "cost_center_without_number",
        "A cost centre has no account number",
        "Cost centre {name}, by {what}, has no account number in {target}, by which bills name their centres.",
        "Have whoever keeps cost centres in {target} give it one; " + _BY_ITSELF,
    ),
    Reason(
        "cost_center_ambiguous",
        "A cost centre cannot be told for sure",
        "Option {name} of {source} has the same {by} as {found} in {target}, and more than one may be meant.",
        "Fill the row '{key}' of the mapping table cost_centers with the right cost centre's id, with 'new' for one that "
        "is to be created, or with 'none'.",
    ),
    Reason(
        "cost_center_not_there",
        "No cost centre is like the option",
        "No cost centre of {target} has the account number, code or name of {name} of {source}.",
        "Have it made in {target}, or fill the row '{id}' of the mapping table cost_centers; or set create_cost_centers to "
        "yes, and such centres are created from here.",
    ),
)
