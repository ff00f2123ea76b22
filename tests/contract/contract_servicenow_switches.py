"""Every uncertain fact of ServiceNow's emulator: the values the main checks meet, and the settings they call for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from contract_stage import Switch

_CONSENT = Switch(untouched="the checks' grant needs no consent; every kind of grant has its own tests")
_AT_LIMITS = Switch(untouched="met by the tests of limits, which keep them")
_NO_MULTIPLE = Switch(untouched="the connector does not use insertMultiple")
_ASLEEP = Switch(untouched="an instance that sleeps answers nothing: it has its own test")
_UNSENT = {"coalesces": "no"}  # an edit is not sent where nothing is found again by our keys
_ACCEPTED = {"unknown_references": "accept"}
_KEYS = {"invoice": "", "line": "_line", "tax": "_tax_line", "payment": "_payment_detail"}
_RENAMED = {f"{kind}_columns": f"key=sn_spend_intg_imp_invoice{table}.u_import_key" for kind, table in _KEYS.items()}

SWITCHES: Mapping[str, Switch] = MappingProxyType(
    {
        "auto_consent": _CONSENT,
        "consent_user": _CONSENT,
        "remaining_life": Switch((False,)),
        "assertion_audience": Switch(
            untouched="the checks' grant makes no assertion; every kind of grant has its own tests"
        ),
        "refresh_echoed": Switch((False,)),
        "json_token_status": Switch(untouched="the connector asks for tokens by a form"),
        "session_cookie": Switch((False,)),
        "cookie_202": Switch((True,)),
        "limits": Switch((True,)),
        "rate_flush_seconds": _AT_LIMITS,
        "batch_counts_once": _AT_LIMITS,
        "semaphore_threads": _AT_LIMITS,
        "semaphore_queue": _AT_LIMITS,
        "latency_seconds": Switch((0.05,)),
        "batch_item_seconds": Switch((8.0,)),
        "cancelled_item_status": Switch(untouched="met by the tests of cancelled requests of a batch"),
        "quota_rows": Switch((120,)),
        "list_lag_seconds": Switch((30.0,)),
        "stamp_seconds": Switch((5,)),
        "hibernating": _ASLEEP,
        "hibernating_status": _ASLEEP,
        "longest_url": Switch((5000,)),
        "largest_body": Switch((100_000,)),
        "oversize_status": Switch(untouched="no body of the checks is that large: rows_per_batch keeps them small"),
        "missing_path_status": Switch((404,)),
        "extra_fields": Switch((True,)),
        "accept_any": Switch((False,)),
        "headers_always_needed": Switch((True,)),
        "case_insensitive": Switch((False,)),
        "doubled_caret": Switch((False,)),
        "over_long": Switch(("refused",)),
        "unique_status": Switch(
            untouched="the connector writes by import sets alone, which tell it in the row's answer"
        ),
        "unknown_reference": Switch(("discarded",)),
        "plain_currency": Switch(("discarded",)),
        "decimals": Switch((4, -1)),
        "table_post_transforms": Switch(untouched="the connector puts no staged rows by the Table API"),
        "async_seconds": _NO_MULTIPLE,
        "insert_multiple_active": _NO_MULTIPLE,
        "insert_multiple_by_name": _NO_MULTIPLE,
        "insert_multiple_synchronous": _NO_MULTIPLE,
        "import_status": Switch((200,)),
        "empty_coalesce": Switch(("insert",)),
        "copy_empty": Switch((False,)),
        "retention_days": Switch((1,)),
        "column_names": Switch(("u_third_party_import_id=u_import_key",), settings=_RENAMED),
        "stage_prefix": Switch(untouched="the connector stages nothing in the finance tables that this names"),
        "line_number_column": Switch((False,), settings=_UNSENT),
        "header_coalesce": Switch(("", "u_third_party_import_id"), settings=_UNSENT),
        "line_coalesce": Switch(("", "u_third_party_import_id"), settings=_UNSENT),
        "tax_coalesce": Switch(("",), settings=_UNSENT),
        "payment_coalesce": Switch(("", "u_third_party_import_id")),
        "cost_center_coalesce": Switch(("",)),
        "supplier_coalesce": Switch(("",)),
        "contact_coalesce": Switch(("",)),
        "choice_supplier": Switch(("create", "ignore"), settings=_ACCEPTED),
        "choice_cost_center": Switch(("create", "ignore"), settings=_ACCEPTED),
        "choice_gl_account": Switch(("create", "ignore"), settings=_ACCEPTED),
        "choice_payment_terms": Switch(("create", "reject")),
        "choice_legal_entity": Switch(("create", "ignore"), settings=_ACCEPTED),
        "choice_business_owner": Switch(("create", "reject")),
        "mandatory_enforced": Switch((False,)),
        "mapping_required": Switch((False,)),
        "erp_number_inbound": Switch((False,)),
        "locked_when_approved": Switch((False,)),
        "payments_pay": Switch((False,)),
        "plugin_inactive": Switch(untouched="without the plug-in there is nothing to write to: it has its own test"),
    }
)
