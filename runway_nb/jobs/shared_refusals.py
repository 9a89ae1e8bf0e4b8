"""What refusals mean for the requests that are not sent yet: which of them would be refused for the same reason."""

from __future__ import annotations

from .. import errors
from ..request import VideoRequest

_MODERATED = (errors.TaskModerated, errors.PromptRefused)
_OF_ACCOUNT = (errors.Unauthorized, errors.NoSubscription, errors.AccountBroken)
"""What is refused with every request of an account alike."""


def shared_reason(error: errors.RunwayError | None, refused: VideoRequest, other: VideoRequest) -> str:
    """Return why a request is not sent after another one was refused; nothing where it may be.

    Accounts are suspended over moderated requests, so what shares the refused words or picture is not tried as well.

    Args:
        error: How the other one ended.
        refused: What it asked for.
        other: The request that is to be sent.
    """
    if isinstance(error, _MODERATED):
        return _shared_part(error, refused, other)
    if isinstance(error, errors.ModelRetired) and other.model == refused.model:
        return f"{refused.row.title} is gone"
    if refused.account and other.account and refused.account != other.account:
        return ""
    if isinstance(error, errors.NotEnoughCredits) and other.counted_credits >= refused.counted_credits > 0:
        return "the account has too few credits"
    return "the account is refused" if isinstance(error, _OF_ACCOUNT) else ""


def _shared_part(error: errors.RunwayError, refused: VideoRequest, other: VideoRequest) -> str:
    if "INPUT.IMAGE" in str(error):
        pictures = set(map(str, refused.keyframes.given.values())) & set(map(str, other.keyframes.given.values()))
        return "moderation refused the same picture" if pictures else ""
    return "moderation refused the same words" if other.sent_prompt == refused.sent_prompt else ""


class Refusals:
    """The refusals among requests that belong together, in the order in which they came."""

    def __init__(self) -> None:
        self.left: int | None = None
        """How many more moderation may refuse before the rest is not sent; None where that does not matter."""
        self._found: list[tuple[str, VideoRequest, errors.RunwayError]] = []

    def note(self, label: str, request: VideoRequest, error: errors.RunwayError | None) -> bool:
        """Take note of how a request ended; return False where that is no refusal. `label` is what it is called."""
        if not isinstance(error, (errors.TaskModerated, errors.ApiError)):
            return False
        self._found.append((label, request, error))
        return True

    def reason_to_hold(self, request: VideoRequest) -> str:
        """Return why a request is not sent after these; nothing where it may be."""
        for label, refused, error in list(self._found):
            if why := shared_reason(error, refused, request):
                return f"{why} ({label})" if label else why
        moderated = sum(isinstance(error, _MODERATED) for _, _, error in self._found)
        if self.left is not None and moderated >= self.left:
            return "moderation has refused too much (max_moderated)"
        return ""
