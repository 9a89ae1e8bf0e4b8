"""How long text takes through the door, in microseconds; every text on a screen and in a log goes there."""

from __future__ import annotations

import timeit

from runway_nb.api.models import Status
from runway_nb.redaction import know_address, know_token, redact

ROUNDS, CALLS = 7, 500
SENTENCE = "The camera pushes in slowly over the harbour at dusk while gulls wheel above the roofs, about 0:42 left. "
TEXTS = {
    "300 characters of English": (SENTENCE * 3)[:300],
    "300 characters with signs of our own": (SENTENCE.replace(",", " \N{MIDDLE DOT}") * 3)[:300],
    "300 characters of logged addresses": (
        "GET https://api.useapi.net/v1/runwayml/tasks/9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33 HTTP/1.1 200 OK, " * 3
    )[:300],
}

Row = tuple[str, float, str]


def measure() -> list[Row]:
    """Label, value and goal of each figure, with one token and twenty addresses known."""
    know_token("user:4711-benchMARK99key")
    for number in range(20):
        know_address(f"account{number}@studio.example")
    goals = ("below 50", "below 50", "below 150, each part of a path may be base64")
    rows = [(f"{label}, us", _microseconds(TEXTS[label]), goal) for label, goal in zip(TEXTS, goals, strict=True)]
    spent = min(timeit.repeat(lambda: Status("RUNNING"), number=CALLS, repeat=ROUNDS))
    return [*rows, ("a status, us", spent / CALLS * 1e6, "below 5")]


def _microseconds(text: str) -> float:
    return min(timeit.repeat(lambda: redact(text), number=CALLS, repeat=ROUNDS)) / CALLS * 1e6
