"""A sweep is checked before anything is sent: what it costs, how long it takes, and what of it is there already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from ..errors import InvalidRequest
from ..jobs.durations import Duration, Pace, kind_of
from ..jobs.freeze import Asker, CheckedRequest, new_record
from ..jobs.policy import Limits, answering
from ..ledger.durations import finished_of
from ..ledger.record import Record
from ..ledger.snapshot import equal_jobs, moderated_within_a_day
from ..request import VideoRequest
from ..studio import Studio
from ..text.durations import about
from .plan import SweepPlan

_REPORTED = 8
"""Mistakes of single variants that are reported."""
_EARLIER = 60
"""Earlier videos of a model from which the time is estimated."""


class SweepPrice(NamedTuple):
    """What a sweep costs, before anything is sent."""

    variants: int
    stored: int
    """Those that are there already, or run, and cost nothing more."""
    credits: int
    """What the others cost, as far as it is known."""
    unknown: int
    """How many of the others have a price that nobody has documented."""
    seconds: float | None = None
    """How long the others take, as an estimate; None where nothing is known of such videos."""
    slots: int = 0
    """How many of them run at once."""

    @property
    def text(self) -> str:
        """The price on one line: `9 shots, 225 credits, about 6 min at 2 slots; 3 of them are there already for 0`."""
        new = self.variants - self.stored
        unknown = f" and {_counted(self.unknown)} of unknown price" if self.unknown else ""
        stored = (
            f"; {self.stored} of them {'is' if self.stored == 1 else 'are'} there already for 0" if self.stored else ""
        )
        return f"{_counted(self.variants)}, {self.credits if new else 0} credits{unknown}{self._time_text}{stored}"

    @property
    def new_text(self) -> str:
        """What is sent, and what that costs: `6 shots, 150 credits`."""
        unknown = f" and {_counted(self.unknown)} of unknown price" if self.unknown else ""
        return f"{_counted(self.variants - self.stored)}, {self.credits} credits{unknown}"

    @property
    def _time_text(self) -> str:
        if self.seconds is None or self.variants == self.stored:
            return ""
        return f", {about(self.seconds)} at {self.slots} slot{'' if self.slots == 1 else 's'}"


def _counted(number: int) -> str:
    return f"{number} shot{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class CheckedSweep:
    """A sweep without mistakes, and what it costs."""

    plan: SweepPlan
    requests: tuple[CheckedRequest, ...]
    """Of the variants, in their order."""
    price: SweepPrice
    pace: Pace
    """How long earlier videos took, and how many run at once."""
    refusals_left: int | None = None
    """How many more moderation may refuse before the rest is not sent; None where that does not matter."""


def check_sweep(
    studio: Studio, plan: SweepPlan, limits: Limits, names: Mapping[str, str] = MappingProxyType({})
) -> CheckedSweep:
    """Return a sweep checked and frozen, with its price; nothing is sent.

    `names` is what its pictures are called, as in `Studio.check`.

    Raises `InvalidRequest` with the mistakes of all variants, each with the variant that has it.
    """
    requests: list[CheckedRequest] = []
    problems: list[str] = []
    for variant in plan.variants:
        try:
            requests.append(studio.check(variant.request, limits, names=names))
        except InvalidRequest as wrong:
            problems += [f"{variant.label}: {problem}" for problem in wrong.problems]
    if problems:
        more = [f"and {len(problems) - _REPORTED} more like these"] if len(problems) > _REPORTED else []
        raise InvalidRequest([*problems[:_REPORTED], *more])
    digests: set[str] = set()
    new = [each.request for each in requests if not _is_stored(studio, each, digests)]
    known = [each.credits for each in new if each.credits is not None]
    pace = _pace(studio, [each.request for each in requests])
    price = SweepPrice(
        len(requests), len(requests) - len(new), sum(known), len(new) - len(known), pace.total(new), pace.slots
    )
    return CheckedSweep(plan, tuple(requests), price, pace, None if limits.force else max(1, _refusals_left(studio)))


def _refusals_left(studio: Studio) -> int:
    """Return how often moderation may still refuse today."""
    table, settings = studio.ledger.table, studio.settings
    with table.database.opened() as connection:
        return settings.max_moderated - moderated_within_a_day(connection, table.beats.moment().now, settings.backend)


def _pace(studio: Studio, requests: Sequence[VideoRequest]) -> Pace:
    """Return what is known of the account that makes some requests: its slots, and how long such videos took."""
    settings = studio.settings
    limits = [int(request.max_jobs) for request in requests if request.max_jobs is not None]
    models = dict.fromkeys(request.model for request in requests)
    found = [
        record for model in models for record in finished_of(studio.ledger.table, settings.backend, model, _EARLIER)
    ]
    known = [
        Duration(kind_of(VideoRequest.from_wire(record.request, record.model)), record.took)
        for record in found
        if record.took
    ]
    return Pace(min([settings.slots, *limits]), tuple(known))


def _is_stored(studio: Studio, checked: CheckedRequest, digests: set[str]) -> bool:
    """Return True where an equal request has a result, runs, or is among `digests`, so that it costs nothing more."""
    settings = checked.backend.settings
    if checked.limits.fresh or not settings.reuse:
        return False
    new, _ = new_record(checked.request, Asker(studio.folder, "", "", ""), settings, lambda low, _: low)
    if new.digest in digests:
        return True
    digests.add(new.digest)
    table = studio.ledger.table
    with table.database.opened() as connection:
        equal = equal_jobs(table, connection, new)
    return answering(record for record in equal if isinstance(record, Record)) is not None


def reason_to_confirm(studio: Studio, price: SweepPrice) -> str:
    """Return why a sweep of this price is not sent without a yes; nothing where it is."""
    limit = studio.settings.confirm_credits
    if studio.settings.simulated or (price.credits <= limit and not price.unknown):
        return ""
    much = f"more than the {limit} credits that are spent without a word (confirm_credits)"
    return much if price.credits > limit else "what nobody has documented is not spent without a word"
