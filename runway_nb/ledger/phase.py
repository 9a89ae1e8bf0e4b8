"""Where a job stands: the one home of phases, of every group of them, and of the SQL made from the groups.

A phase is money. From these groups follows what may be sent again, what counts as spent, and what is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Phase(str, Enum):
    """Where a job stands. The words are stored in the ledger."""

    PREPARING = "preparing"
    """Keyframes are looked up and uploaded."""
    WAITING = "waiting"
    """All slots are taken; nothing is sent yet."""
    SENDING = "sending"
    """The create call is on its way."""
    CHECKING = "checking"
    """The create got no clear answer: its task is looked for before anything is sent again."""
    FOLLOWING = "following"
    """The task exists."""
    DOWNLOADING = "downloading"
    """The task succeeded; its file is being fetched."""
    DONE = "done"
    """The video is on disk."""
    REFUSED = "refused"
    """Refused before a task was made: nothing was charged."""
    REMOVED = "removed"
    """Taken back by the user before it was sent: nothing was charged."""
    FAILED = "failed"
    """The task made no video."""
    UNKNOWN = "unknown"
    """No clear answer to the create: it may have been paid."""
    DETACHED = "detached"
    """Not tracked any more; the task goes on and can be attached again."""
    STOPPED = "stopped"
    """Tracking was stopped by the user; the task goes on and can be attached again."""

    def __str__(self) -> str:
        return self.value

    # what stands in a row is found in a set of phases, too
    __hash__ = str.__hash__

    @property
    def is_final(self) -> bool:
        """True when nothing more happens by itself."""
        return self not in ACTIVE

    @property
    def is_sent(self) -> bool:
        """True when a create call may have been paid."""
        return self not in UNSENT + NOT_MADE


# --- groups -----------------------------------------------------------------------------------------

UNSENT = (Phase.PREPARING, Phase.WAITING)
"""Nothing is on its way: such a job is void once its owner is gone, unless it was sent before and answered with 429."""
UNANSWERED = (Phase.SENDING, Phase.CHECKING)
"""A create has left, and no answer was understood yet."""
IN_DOUBT = (Phase.UNKNOWN, *UNANSWERED)
"""A create may have been paid whose task is not known."""
HOLDS_SLOT = (*UNANSWERED, Phase.FOLLOWING)
"""Its task may be at work at Runway."""
ACTIVE = (*UNSENT, *UNANSWERED, Phase.FOLLOWING, Phase.DOWNLOADING)
"""Somebody is at work on it."""
NOT_MADE = (Phase.REFUSED, Phase.REMOVED)
"""It ended before a task was made: nothing was charged, and it may simply be made again."""
WITHOUT_VIDEO = (Phase.FAILED, Phase.REFUSED)
"""It ended without a video, as the API says."""
SETTLED = (Phase.DONE, *NOT_MADE, Phase.FAILED)
"""There is nothing left to fetch or to find out."""
LEFT = (Phase.DETACHED, Phase.STOPPED)
"""The task goes on, and nobody tracks it."""
FORGOTTEN = (Phase.UNKNOWN, Phase.STOPPED)
"""It rests by the user's decision, or for want of one."""
RESUMABLE = (*LEFT, Phase.UNKNOWN)
"""It ended without a result that may still be had."""
PHASE_NAMES = frozenset(phase.value for phase in Phase)
"""What a row may hold: anything else was written by a newer version."""


# --- the same for rows, in SQL -----------------------------------------------------------------------


def _words(phases: Iterable[Phase]) -> str:
    return f"({', '.join(repr(phase.value) for phase in phases)})"


# written out, so that SQLite sees that its small index of unsent jobs will do
IS_UNSENT_SQL = f"phase IN {_words(UNSENT)}"
"""The rows that wait to be sent, or to be sent again after a 429."""
IS_NOT_UNSENT_SQL = f"COALESCE(phase, '') NOT IN {_words(UNSENT)}"
"""All others, those included whose phase cannot be read."""
IS_WITHOUT_VIDEO_SQL = f"phase IN {_words(WITHOUT_VIDEO)}"
"""The rows that ended without a video, as the API says."""
IS_DONE_SQL = f"phase = {Phase.DONE.value!r}"
"""The rows whose video was made."""
_IS_REFUSED_FOR_NOW_SQL = f"({IS_UNSENT_SQL} AND sent IS NOT NULL)"
IS_WITHOUT_TASK_SQL = f"(phase IN {_words(IN_DOUBT)} OR {_IS_REFUSED_FOR_NOW_SQL}) AND task_id = ''"
"""The rows that were sent and whose tasks are not known."""
IS_UNFINISHED_SQL = (
    f"(COALESCE(phase, '') NOT IN {_words(SETTLED + UNSENT)} OR {_IS_REFUSED_FOR_NOW_SQL}) "
    "AND (COALESCE(resent_as, '') = '' OR COALESCE(task_id, '') != '')"
)
"""The rows that may bring a result; one in doubt that was sent again as another job does not."""
IS_LEFT_SQL = f"{IS_UNFINISHED_SQL} AND COALESCE(phase, '') != {Phase.STOPPED.value!r}"
"""The same without those that rest by the user's decision."""
IS_IN_DOUBT_SQL = f"phase IN {_words(IN_DOUBT)}"
"""The rows with a create that may have been paid, and no task."""
IS_UNPAID_SQL = f"COALESCE(phase IN {_words(NOT_MADE)} AND refusal = '' AND credits = 0 AND task_id = '', FALSE)"
"""The rows whose request may simply be made again: it is certain that nothing was sent, and nobody refused it."""
