"""`%runway history`: past jobs, by words and by what they are, page by page."""

from __future__ import annotations

from ...ledger.history import HistoryPage
from ...ledger.ledger import Ledger
from ...ledger.thumbnails import MIDDLE, Folders, kept_thumbnail
from ...pictures.asset_names import quoted
from ...values.plain import checked_whole
from ..language.options import MODEL, Option
from .command_line import Arguments
from .front_end import FrontEnd

FILTER = (
    MODEL._replace(help="Those of one model, by its name in %runway models."),
    Option("--since", "text", "D", "Those made since then: 7d, 24h, yesterday, 2026-11-01."),
    Option("--stars", "switch", "", "Those with a star."),
    Option("--notebook", "text", "N", "Those of one notebook, by its name or the end of its path."),
    Option("--failed", "switch", "", "Those that ended without a video."),
)
"""The options that choose jobs; for every command that takes some of the history."""
PAGE = (
    Option("--before", "text", "J", "Those before a job: the next page, whose command stands below each page."),
    Option("--limit", "whole", "N", "How many stand on a page; 12 when not given."),
)


def show_history(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show a page of past jobs."""
    from ..rendering.history_gallery import MOST, USUAL, Shown, bundle  # loads the rendering

    values, studio = arguments.values, front_end.studio
    chosen = {option.field: values[option.field] for option in FILTER if option.field in values}
    wanted = studio.ledger.history.wanted(" ".join(arguments.words), **chosen)
    limit = checked_whole(values.get("limit", USUAL), "limit", 1, MOST)
    posters = studio.settings.posters
    shown = Shown(studio.jobs, lambda job_id: _poster(posters, job_id), front_end.folder, typed(arguments))

    def load(before: str) -> tuple[HistoryPage, dict[str, str]]:
        page = studio.ledger.history.page(wanted, limit=limit, before=before)
        return page, bundle(page, wanted, shown)

    before = _whole_id(studio.ledger, values.get("before", ""))
    if front_end.mode != "live":
        return front_end.show_bundle(load(before)[1])
    from ..cards.history_view import HistoryView  # loads ipywidgets

    return HistoryView(studio, load, before).open()


def _whole_id(ledger: Ledger, text: str) -> str:
    """Return the id that begins so; what names none or several as it is, for the page to refuse."""
    found = ledger.named(text) if text else []
    return found[0].id if len(found) == 1 else text


def _poster(posters: Folders, job_id: str) -> bytes | None:
    """Return the picture of a video; where it begins with a keyframe, as others do, that of its middle."""
    return kept_thumbnail(posters, job_id, MIDDLE) or kept_thumbnail(posters, job_id)


def typed(arguments: Arguments) -> str:
    """Return the command as it is typed for the first page of the same jobs."""
    words = ["%runway history", *map(quoted, arguments.words)]
    given = [option for option in (*FILTER, PAGE[1]) if arguments.values.get(option.field)]
    values = [
        option.flag if not option.takes_value else f"{option.flag} {_value(arguments, option)}" for option in given
    ]
    return " ".join([*words, *values])


def _value(arguments: Arguments, option: Option) -> str:
    return quoted(str(arguments.values[option.field]))
