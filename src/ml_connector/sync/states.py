"""The states of a version and of an intent, as stored."""

from __future__ import annotations

from enum import IntEnum


class State(IntEnum):
    """How far a version has come. The first four are in flight; every other is an end of its run's equation."""

    STAGED = 0
    PLANNED = 1
    SENDING = 2
    UNCERTAIN = 3
    POSTED = 4
    UNCHANGED = 5
    LINKED = 6
    TRACKED = 7
    SKIPPED = 8
    HELD = 9
    REJECTED = 10
    SUPERSEDED = 11

    @property
    def word(self) -> str:
        """The state as people read it."""
        return self.name.lower()


IN_FLIGHT = (State.STAGED, State.PLANNED, State.SENDING, State.UNCERTAIN)
REPLAYABLE = (
    State.POSTED, State.UNCHANGED, State.LINKED, State.TRACKED, State.SKIPPED, State.HELD, State.REJECTED, State.PLANNED,
)  # fmt: skip


class IntentState(IntEnum):
    """What is known of one step that was about to be sent."""

    SENDING = 0
    UNCERTAIN = 1
    DONE = 2
    REJECTED = 3
    WITHDRAWN = 4  # provably not carried out


class Needed(IntEnum):
    """Who needs a record of an as-needed flow."""

    NOBODY = 0
    PREVIEW = 1
    LIVE = 2


class Priority(IntEnum):
    """Order of work inside a lane."""

    PERSON = 0
    WEBHOOK = 1
    PARTY = 2
    TODAY = 3
    DOCUMENT = 4
    RELEASED = 5
    BACKFILL = 7


HELD_BACK = "breaker"  # the reason of what the mass-change breaker holds; only a decision about all of it frees it
DISMISSED = "dismissed"  # the reason of what a person has passed over
UNREAD = "unreadable_there"  # the reason of what cannot be read before it is changed
