"""`%runway compare`: two to four videos side by side."""

from __future__ import annotations

from ...sweeps.sweep import Sweep
from .command_line import Arguments
from .front_end import FrontEnd


def compare_clips(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show clips side by side: jobs by id or variable, files, or the jobs of a sweep."""
    from ...comparison import compare  # loads the studio
    from ..cards.comparison_view import show_comparison  # loads the rendering

    variables = front_end.variables
    clips = [found if isinstance(found := variables.get(word), Sweep) else word for word in arguments.words]
    show_comparison(compare(*clips, studio=front_end.studio), front_end.view(arguments.values.get("embed")))
