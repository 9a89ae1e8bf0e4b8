"""The commands of `%runway`: one table, from which parsing, help, completion and the documents' table come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...request_code import LANGUAGES
from ...spec import MODELS
from ..language.options import CELL_INTRO, CELL_USAGE, OPTIONS, Option, cell_help, option_rows
from . import (
    account_commands,
    asset_commands,
    budget_command,
    compare_command,
    doctor_command,
    folder_commands,
    history_command,
    job_commands,
    ledger_command,
    mark_commands,
    request_commands,
)
from .command_line import (
    LINE_INTRO,
    LINE_USAGE,
    Arguments,
    Command,
    command_rows,
    help_text,
    line_completions,
    read_line,
)
from .front_end import FrontEnd


def run_line(front_end: FrontEnd, line: str) -> None:
    """Run `%runway`."""
    command, arguments = read_line(line, COMMANDS)
    if command.takes_job:
        # of a text the first word alone is a job
        jobs, text = (arguments.words[:1], arguments.words[1:]) if command.is_text else (arguments.words, [])
        arguments = arguments._replace(words=[*_with_job_ids(jobs, front_end.variables), *text])
    command.run(front_end, arguments)


def _with_job_ids(words: Sequence[str], variables: Mapping[str, Any]) -> list[str]:
    """Return the words with the id of a job in the place of the expression that names it."""
    from ..language.expressions import named_job  # loads the jobs

    jobs = {word: job for word in words if (job := named_job(word, variables)) is not None}
    return [jobs[word].id if word in jobs else word for word in words]


def completions(line: str, symbol: str) -> list[str]:
    """Return what may follow on a line of `%runway`."""
    return line_completions(line, symbol, COMMANDS)


def line_help() -> str:
    """Return the text behind `%runway?`."""
    return help_text(COMMANDS)


def show_help(front_end: FrontEnd, _: Arguments) -> None:
    """Show the options and commands: as tables in a notebook, as text in a terminal."""
    from ..rendering.help_tables import HelpSection, help_html  # loads the rendering

    sections = (
        HelpSection(CELL_USAGE, CELL_INTRO, "Options", option_rows()),
        HelpSection(LINE_USAGE, LINE_INTRO, "Commands", command_rows(COMMANDS)),
    )
    front_end.show_bundle({"text/html": help_html(sections), "text/plain": f"{cell_help()}\n\n{line_help()}"})


LISTING = (
    Option("--type", "choice", "T", "What kind is listed; all when not given.", ("image", "video", "audio")),
    Option("--page", "whole", "N", "Which page, from 1."),
)
OFF = (Option("--off", "switch", "", "Take it back."),)
CODE = (Option("--as", "choice", "L", "In which language; curl when not given.", LANGUAGES),)
FITTING = tuple(option for option in OPTIONS if option.flag in ("--model", "--fit", "--focus", "--upscale", "--aspect"))
EMBED = tuple(option for option in OPTIONS if option.flag == "--embed")

COMMANDS: tuple[Command, ...] = (
    Command("help", "", "Show the options and commands.", show_help),
    Command(
        "login", "", "Ask for the useapi.net token and keep it outside the notebook.", account_commands.login,
    ),
    Command(
        "list", "[--account]", "Show the newest jobs; with --account the newest tasks of the account.",
        job_commands.list_jobs, choices=lambda: (job_commands.OF_ACCOUNT,),
    ),
    Command(
        "history", "[WORDS] [--model M] [--since D] [--stars] [--notebook N] [--failed] [--before J] [--limit N]",
        "Show past jobs with their posters, by words of prompt and note, the newest first.",
        history_command.show_history, (*history_command.FILTER, *history_command.PAGE), is_search=True,
    ),
    Command(
        "show", "[ID]", "Show a result again: after a restart, a closed tab or a cleared output.",
        job_commands.show_job,
    ),
    Command(
        "compare", "ID ID [ID] [ID] [--embed E]",
        "Show two to four videos side by side, in step: jobs, files, or the variable of a sweep.",
        compare_command.compare_clips, EMBED,
    ),
    Command(
        "resume", "", "Track every unfinished job again and fetch what was paid for; sends nothing.",
        job_commands.resume,
    ),
    Command(
        "resend", "ID", "Send a job that got no clear answer again; its task is looked for once more first.",
        job_commands.resend,
    ),
    Command("wait", "[ID]", "Keep the cell busy until a job ends, and show it.", job_commands.wait_for),
    Command("stop", "[ID]", "Withdraw a job before it is sent, or stop tracking it.", job_commands.stop),
    Command(
        "attach", "ID", "Track a job again, or a task of the account: our id, a task id, or a replyRef.",
        job_commands.attach,
    ),
    Command("star", "ID... [--off]", "Star jobs, for the history; --off takes the star back.", mark_commands.star, OFF),
    Command(
        "reject", "ID... [--off]", "Mark jobs as rejected, for the history; --off takes it back.",
        mark_commands.reject, OFF,
    ),
    Command(
        "note", "ID [WORDS] [--off]", "Note words on a job, show what is noted, or take it back with --off.",
        mark_commands.note, choices=lambda: (mark_commands.OFF,), is_text=True,
    ),
    Command(
        "panel", "[ID]", "Open the panel: sliders, keyframes, preview; with the settings of a job or task.",
        job_commands.open_panel,
    ),
    Command(
        "cell", "[ID]", "Put the cell of a job, or of the newest panel, below this one.", job_commands.write_cell,
    ),
    Command(
        "code", "[ID] [--as L]", "Write the request of a job or task, or of the newest panel, as code that sends it.",
        request_commands.write_code, CODE,
    ),
    Command(
        "models", "[M]", "Show the models: price, formats, lengths, keyframes, camera; with a name all that is known.",
        request_commands.show_models, choices=lambda: tuple(MODELS),
    ),
    Command(
        "assets", "[TEXT] [--type T] [--page N]", "Show what lies on the account, by a part of the name.",
        asset_commands.show_assets, LISTING,
    ),
    Command(
        "upload", "X... [--model M] [--fit F] [--focus X,Y] [--upscale] [--aspect A]",
        "Put pictures on the account as keyframes of a model would be; one that is there already is not sent again.",
        asset_commands.upload, FITTING,
    ),
    Command(
        "delete", "NAME... [--yes]", "Delete assets from the account for good, after a question.",
        asset_commands.delete, (Option("--yes", "switch", "", "Do not ask."),),
    ),
    Command(
        "credits", "[--all]",
        "Show the credits of the account, and what each notebook, day and job has cost; with --all what each user has.",
        account_commands.show_credits, (Option("--all", "switch", "", "What each user has spent, and the budgets."),),
    ),
    Command(
        "budget", "[BUDGET...] [--off]",
        "Show the budgets that the ledger holds, or set them: user=200/day user:ann=50/day course=3000.",
        budget_command.show_budgets, (Option("--off", "switch", "", "Take them all away."),),
    ),
    Command(
        "simulator", "[FAULT]",
        "Show the address of the embedded simulator, or let it do one thing wrong, by name.",
        account_commands.use_simulator,
    ),
    Command(
        "export", "DIR [WORDS] [--model M] [--since D] [--stars] [--notebook N] [--failed]",
        "Write videos, posters, a manifest and a gallery page to a folder; again, it adds what is new. "
        "--notebook FILE.ipynb alone copies that notebook and its videos to DIR, or to one page if DIR ends in .html.",
        folder_commands.export_folder, history_command.FILTER, is_search=True,
    ),
    Command(
        "import", "DIR", "Make the videos of an export stored results here; nothing is paid for them.",
        folder_commands.import_folder,
    ),
    Command(
        "doctor", "[--json]", "Look at installation, token, folders, ledger and page: what is wrong, and what to do.",
        doctor_command.examine, (Option("--json", "switch", "", "Show it as JSON."),),
    ),
    Command(
        "ledger", "[to-server | to-file]",
        "Show where the ledger is kept, or copy it from its file to the server that RUNWAY_NB_LEDGER names, or back.",
        ledger_command.show_ledger, choices=lambda: ledger_command.DIRECTIONS,
    ),
    Command("version", "", "Show the versions that matter in a bug report.", account_commands.show_versions),
)  # fmt: skip
