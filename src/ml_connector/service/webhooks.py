"""Webhooks as a person sets them up: an address for a vendor to send to, and the key that signs what it sends."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from ml_connector.connectors.base import Connector
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.sealing import Sealer
from ml_connector.service.credentials import connector_of
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.hearing import Secret, digest_of, token_of
from ml_connector.service.roles import Role
from ml_connector.sync.announced import Loss, losses

_SECRET_BYTES = 32
_NAME_LENGTH = 100
MOST_LOST = 5  # percent
_NUMBER = re.compile(r"#?[0-9]+")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Webhook:
    """A hook as it stands. ``address`` is what is entered at the vendor; ``place`` says where.

    ``heard``: deliveries rightly signed, ``void`` those of them that named nothing that is read here; ``dropped``: hints
    about organisations that are not connected; ``refused``: deliveries wrongly signed. ``keyed``: it has a key.
    ``losses``: how many changes at its vendor's connections were announced lately. ``key_place``: where its key is found;
    ``last``: what is left to do at the vendor once address and key are given.
    """

    hook_id: int
    name: str
    vendor: str
    address: str
    place: str
    keyed: bool
    made_at: datetime
    made_by: str
    heard: int
    last_heard_at: datetime | None
    void: int
    dropped: int
    refused: int
    last_refused_at: datetime | None
    most_lost: int
    losses: tuple[Loss, ...] = ()
    key_place: str = ""
    last: str = ""


def checked_base(base: str) -> str:
    """The beginning of our public address, without a slash at its end. Raises BadInput."""
    base = base.strip().rstrip("/")
    if not base:
        raise BadInput(
            "Say where vendors reach this service from outside, with --address or ML_CONNECTOR_ADDRESS: the https address "
            "that leads to 'ml-connector up --listen ADDRESS', such as --address https://sync.example.com."
        )
    try:
        parts = urlsplit(base)
        host, good = parts.hostname, parts.port is None or parts.port > 0
    except ValueError:
        host, good = None, False
    good = good and not (parts.query or parts.fragment or parts.username or "@" in parts.netloc)
    if not good or not host or not (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)):
        raise BadInput(
            f"{base[:100]!r} is no address that vendors can send to, such as https://sync.example.com: give the one under "
            "which 'ml-connector up' with --listen is reached from outside, with --address or ML_CONNECTOR_ADDRESS."
        )
    return base


def checked_key(connector: Connector, key: str) -> str:
    """A key a vendor may sign with. Raises BadInput."""
    shortest, longest = connector.webhook_key_length
    if not shortest <= len(key) <= longest or not key.isprintable() or any(one.isspace() for one in key):
        raise BadInput(
            f"The key of {connector.title}'s webhooks has {shortest} to {longest} characters without blanks, and this one "
            f"has not: copy it anew. {connector.webhook_key}."
        )
    return key


async def add_webhook(
    desk: Desk, vendor: str, base: str, key: str = "", name: str = "", most_lost: int = MOST_LOST
) -> Webhook:
    """Make an address for a vendor's webhooks. Without a ``key`` everything sent there is refused until it is given.

    Where more than ``most_lost`` percent of the changes come unannounced, they are looked for every few minutes.

    For owners. Raises BadInput, NotFound for an unknown vendor, Refused for one that sends none or is not connected.
    """
    desk.require()
    connector = connector_of(desk.runtime, vendor)
    if not connector.webhook_key:
        senders = ", ".join(one.title for one in desk.runtime.connectors.values() if one.webhook_key)
        raise Refused(f"{connector.title} sends no webhooks: it is read by its schedule. Webhooks come from {senders}.")
    base = checked_base(base)
    name = _name(name or connector.title)
    if not 0 <= most_lost <= 100:
        raise BadInput(f"Of a hundred changes 0 to 100 may go unannounced, not {most_lost}.")
    key = checked_key(connector, key) if key else ""
    hook_id = await _new_id(desk)
    token = token_of(desk.tenant_id, hook_id, secrets.token_urlsafe(_SECRET_BYTES))
    sealed = _sealed(await desk.runtime.keyring.hook_sealer(desk.tenant_id, hook_id), Secret(token, key))
    async with desk.changing() as change:
        await _require_connected(change, connector)
        added = await change.run(
            """insert into hook (tenant_id, hook_id, vendor, name, base, digest, secret, keyed, made_at, made_by,
                              most_lost)
            values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) on conflict (tenant_id, name) do nothing""",
            desk.tenant_id, hook_id, connector.vendor, name, base, digest_of(token), sealed, bool(key),
            desk.clock.now(), desk.actor.name, most_lost,
        )  # fmt: skip
        if not added:
            raise BadInput(f"There is a webhook {name!r} already: give another with --name, or remove that one.")
        change.event("webhook added", hook=hook_id, name=name, vendor=connector.vendor, base=base, keyed=bool(key))
    return await _one(desk, hook_id)


async def set_webhook_key(desk: Desk, wanted: str, key: str) -> Webhook:
    """Give a webhook, by name or number, another key; its address stays. For owners. Raises NotFound, BadInput."""
    desk.require()
    hook = await webhook_named(desk, wanted)
    checked_key(desk.runtime.connectors[hook.vendor], key)
    sealer = await desk.runtime.keyring.hook_sealer(desk.tenant_id, hook.hook_id)
    async with desk.changing() as change:
        row = await change.one(
            "select secret from hook where tenant_id = %s and hook_id = %s for update", desk.tenant_id, hook.hook_id
        )
        if row is None:
            raise NotFound(f"The webhook {hook.name!r} was removed meanwhile.")
        secret = msgspec.structs.replace(_opened(sealer, row[0]), key=key)
        await change.run(
            "update hook set secret = %s, keyed = true where tenant_id = %s and hook_id = %s",
            _sealed(sealer, secret), desk.tenant_id, hook.hook_id,
        )  # fmt: skip
        change.event("webhook key set", hook=hook.hook_id, name=hook.name, vendor=hook.vendor)
    return await _one(desk, hook.hook_id)


async def remove_webhook(desk: Desk, wanted: str) -> Webhook:
    """Listen no more at a webhook's address, for good. For owners. Raises NotFound."""
    desk.require()
    hook = await webhook_named(desk, wanted)
    async with desk.changing() as change:
        await change.run(
            "delete from hook where tenant_id = %s and hook_id = %s", desk.tenant_id, hook.hook_id
        )  # fmt: skip
        change.event("webhook removed", hook=hook.hook_id, name=hook.name, vendor=hook.vendor, heard=hook.heard)
    await desk.runtime.keyring.erase_hook(desk.tenant_id, hook.hook_id)
    return hook


_HOOKS = """
    select hook_id, name, vendor, base, secret, keyed, made_at, made_by, heard, last_heard_at, void, dropped, refused,
           last_refused_at, most_lost
    from hook where tenant_id = %s order by hook_id"""


async def webhooks(desk: Desk) -> list[Webhook]:
    """All webhooks, in the order they were made. For owners and operators."""
    desk.require(Role.OPERATOR)
    async with desk.looking() as reading:
        rows = await reading.all(_HOOKS, desk.tenant_id)
        vendors = dict(await reading.all("select name, vendor from connection where tenant_id = %s", desk.tenant_id))
        lost = (await losses(reading.connection, desk.tenant_id, desk.clock.now())).values()
    found = []
    for hook_id, name, vendor, base, secret, *counts in rows:
        sealer = await desk.runtime.keyring.hook_sealer(desk.tenant_id, hook_id)
        address = f"{base}/webhooks/{_opened(sealer, secret).token}"
        theirs = desk.runtime.connectors[vendor]
        of_vendor = tuple(one for one in lost if vendors[one.connection] == vendor)
        found.append(
            made(
                Webhook, hook_id, name, vendor, address, theirs.webhook_place, *counts, of_vendor, theirs.webhook_key,
                theirs.webhook_last,
            )
        )  # fmt: skip
    return found


async def webhook_named(desk: Desk, wanted: str) -> Webhook:
    """The webhook of that name or number, or the only one of that vendor. Raises NotFound, BadInput."""
    known = await webhooks(desk)
    found = [one for one in known if wanted in (one.name, str(one.hook_id), f"#{one.hook_id}")]
    found = found or [one for one in known if one.vendor == wanted.replace("-", "_")]
    if not found:
        raise NotFound(f"There is no webhook {wanted!r}; 'ml-connector webhooks' shows them.")
    if len(found) > 1:
        names = ", ".join(repr(one.name) for one in found)
        raise BadInput(f"Several webhooks fit ({names}): say which by name or number.")
    return found[0]


async def _one(desk: Desk, hook_id: int) -> Webhook:
    return next(one for one in await webhooks(desk) if one.hook_id == hook_id)


async def _new_id(desk: Desk) -> int:
    async with desk.runtime.database.tenant(desk.tenant_id) as connection:
        row = await (await connection.execute(b"select nextval('hook_hook_id_seq')")).fetchone()
    assert row is not None
    return int(row[0])


async def _require_connected(change: Change, connector: Connector) -> None:
    row = await change.one(
        "select 1 from connection where tenant_id = %s and vendor = %s limit 1", change.tenant_id, connector.vendor
    )
    if row is None:
        raise Refused(f"{connector.title} is not connected here: connect it first, then its webhooks have a use.")


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > _NAME_LENGTH or not name.isprintable() or _NUMBER.fullmatch(name):
        raise BadInput(f"A webhook needs a name of 1 to {_NAME_LENGTH} printable characters that is no number alone.")
    return name


def _sealed(sealer: Sealer, secret: Secret) -> bytes:
    return sealer.seal(b"hook", msgspec.json.encode(secret))


def _opened(sealer: Sealer, secret: bytes) -> Secret:
    return msgspec.json.decode(sealer.open(b"hook", secret), type=Secret)
