"""The request of a session as code that runs where the session's own requests go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...request import VideoRequest
from ...request_code import as_code

if TYPE_CHECKING:
    from ...studio import Studio


def code_of(studio: Studio, request: VideoRequest, language: str) -> str:
    """Return code that sends a request: to the API, or with no token set to the embedded simulator.

    Args:
        studio: Knows where requests go.
        request: Without mistakes.
        language: One of `request_code.LANGUAGES`.

    Raises `InvalidRequest` with all mistakes.
    """
    api = studio.simulator.api() if studio.settings.simulated else None
    url, token = (api[0], api[1].reveal()) if api else (studio.settings.base_url, "")
    return as_code(request, language, url, token)
