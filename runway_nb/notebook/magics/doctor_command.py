"""`%runway doctor`: what is well, what is wrong, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...text.console import write_line
from ...text.import_problems import import_problem
from ..hosts import Place, current_place
from .command_line import Arguments
from .front_end import FrontEnd

if TYPE_CHECKING:
    from ...doctor.finding import Check


def examine(front_end: FrontEnd, arguments: Arguments) -> None:
    """Look at the installation, and in a live notebook at the page, too."""
    from ..session_checks import without_page  # loads SQLite

    as_data, place = bool(arguments.values.get("json")), current_place(front_end.shell)
    if place.host.mode != "live":
        _write(front_end, place, without_page(), as_data=as_data)
        return
    try:
        from ..cards.doctor_view import DoctorView  # loads ipywidgets
    except ImportError as error:
        _write(front_end, place, _without_widgets(error), as_data=as_data)
    else:
        _show(DoctorView, front_end, place, as_data=as_data)


def _write(front_end: FrontEnd, place: Place, of_page: Check, *, as_data: bool) -> None:
    """Write the report as text."""
    from ...doctor.doctor import Doctor  # loads SQLite
    from ...doctor.report import as_json, as_text  # first use
    from ..session_checks import front_end_checks, session_of  # loads SQLite

    config = front_end.config
    checks = [*front_end_checks(place, str(config["embed"])), of_page]
    findings = Doctor(session_of(config, front_end.folder), checks).examine()
    write_line(as_json(findings) if as_data else as_text(findings))


def _show(view: Any, front_end: FrontEnd, place: Place, *, as_data: bool) -> None:
    """Show the report in the running cell, and complete it with what the page answers."""
    from ...doctor.doctor import Doctor, output_folder  # loads SQLite
    from ..cards.clip_file import ClipFile  # loads the rendering
    from ..page_answer import carried_in  # first use
    from ..session_checks import front_end_checks, session_of  # loads SQLite

    config, folder = front_end.config, front_end.folder
    session, embed = session_of(config, folder), str(config["embed"])
    doctor = Doctor(session, front_end_checks(place, embed))
    view(doctor, lambda: ClipFile(output_folder(session), folder), carried_in(place, embed), as_data=as_data).show()


def _without_widgets(error: ImportError) -> Check:
    """Return the page's line where there are no widgets that could ask it."""
    from ...doctor.finding import Check, wrong  # first use
    from ..page_answer import SCRIPT  # first use

    problem = import_problem("ipywidgets", error)
    return Check(SCRIPT, lambda: [wrong(SCRIPT, f"not asked: {problem}", "pip install ipywidgets")])
