"""Why a document waits, is passed over, or was refused: a code, a sentence a bookkeeper understands, and the way out.

Sentences are templates; their fields are filled where the facts are known. They stand by subject in ``*_reasons``.
"""

from __future__ import annotations

from ml_connector.integrations.back_reasons import BACK_REASONS
from ml_connector.integrations.bill_reasons import BILL_REASONS
from ml_connector.integrations.common_reasons import COMMON_REASONS
from ml_connector.integrations.deposit_reasons import DEPOSIT_REASONS
from ml_connector.integrations.invoice_reasons import INVOICE_REASONS
from ml_connector.integrations.item_reasons import ITEM_REASONS
from ml_connector.integrations.line_item_reasons import LINE_ITEM_REASONS
from ml_connector.integrations.order_reasons import ORDER_REASONS
from ml_connector.integrations.pair_reasons import PAIR_REASONS
from ml_connector.integrations.party_reasons import PARTY_REASONS
from ml_connector.integrations.payment_reasons import PAYMENT_REASONS
from ml_connector.integrations.recoding_reasons import RECODING_REASONS
from ml_connector.integrations.refused_reasons import REFUSED_REASONS
from ml_connector.integrations.staging_reasons import STAGING_REASONS
from ml_connector.integrations.tax_reasons import TAX_REASONS
from ml_connector.integrations.tracking_reasons import TRACKING_REASONS
from ml_connector.integrations.vendor_credit_reasons import VENDOR_CREDIT_REASONS
from ml_connector.integrations.vendor_currency_reasons import VENDOR_CURRENCY_REASONS

_ALL = (
    *COMMON_REASONS,
    *PARTY_REASONS,
    *PAIR_REASONS,
    *BACK_REASONS,
    *BILL_REASONS,
    *VENDOR_CREDIT_REASONS,
    *VENDOR_CURRENCY_REASONS,
    *INVOICE_REASONS,
    *LINE_ITEM_REASONS,
    *ITEM_REASONS,
    *PAYMENT_REASONS,
    *ORDER_REASONS,
    *TRACKING_REASONS,
    *DEPOSIT_REASONS,
    *RECODING_REASONS,
    *STAGING_REASONS,
    *TAX_REASONS,
    *REFUSED_REASONS,
)

REASONS = {reason.code: reason for reason in _ALL}
#: Reasons whose release by a person is meant for one version.
FOR_VERSION = tuple(reason.code for reason in REASONS.values() if reason.for_version)
#: Those of them whose release is meant for what the other side showed then, too.
FOR_BOTH = tuple(reason.code for reason in REASONS.values() if reason.for_both)


def sentence(code: str, fields: dict[str, str]) -> str:
    """The sentence of a reason with its fields filled. Raises KeyError on an unknown code or a missing field."""
    return REASONS[code].sentence.format(**fields)


def action(code: str, fields: dict[str, str]) -> str:
    """What to do about it, in words."""
    return REASONS[code].action.format(**fields)
