"""The table of commands: parsing, help, completion, its page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidCommand, InvalidRequest
from runway_nb.notebook.language.parsing import parse_arguments
from runway_nb.notebook.magics.command_line import Arguments, Command, read_line
from runway_nb.notebook.magics.commands import COMMANDS, completions, line_help
from support.page_tables import TABLES as PAGE_TABLES

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"
TABLES = {command.name: command.options for command in COMMANDS if command.options}


def read(line: str) -> tuple[Command, Arguments]:
    return read_line(line, COMMANDS)


def test_help_names_every_command_with_its_options() -> None:
    lines = line_help().splitlines()
    for command in COMMANDS:
        (line,) = [line for line in lines if line.split()[:1] == [command.name]]
        assert [option.flag for option in command.options if option.flag not in line] == []


def test_its_page_holds_the_table_as_it_is() -> None:
    table = PAGE_TABLES["commands"]()
    assert table in PAGE.read_text(encoding="utf-8"), f"make docs writes the table, which is now\n{table}"


@pytest.mark.parametrize(
    ("line", "symbol", "expected"),
    [
        ("%runway sh", "sh", ["show"]),
        ("%runway show ", "", []),
        ("%runway a", "a", ["attach", "assets"]),
        ("%runway up", "up", ["upload"]),
        ("%runway de", "de", ["delete"]),
        ("%runway list ", "", ["--account"]),
        ("%runway list --a", "--a", ["--account"]),
        ("%runway list --account ", "", []),
        ("%runway nothing --", "--", []),
    ],
)
def test_the_name_of_a_command_completes(line: str, symbol: str, expected: list[str]) -> None:
    assert completions(line, symbol) == expected


@pytest.mark.parametrize(
    ("line", "symbol", "expected"),
    [
        ("%runway assets --", "--", ["--type", "--page"]),
        ("%runway assets sea --p", "--p", ["--page"]),
        ("%runway assets --type ", "", ["image", "video", "audio"]),
        ("%runway assets --type v", "v", ["video"]),
        ("%runway assets --type=v", "v", ["video"]),
        ("%runway assets --type video --", "--", ["--page"]),
        ("%runway upload --f", "--f", ["--fit", "--focus"]),
        ("%runway upload a.png --fit ", "", ["cover", "contain", "stretch"]),
        ("%runway upload a.png --aspect p", "p", ["portrait"]),
        ("%runway upload --z", "--z", []),
        ("%runway delete lamp --", "--", ["--yes"]),
    ],
)
def test_the_options_of_a_command_complete(line: str, symbol: str, expected: list[str]) -> None:
    assert completions(line, symbol) == expected


@pytest.mark.parametrize("line", ["%runway upload ", "%runway upload la", "%runway delete ", "%runway assets se"])
def test_files_and_names_are_left_to_others_to_complete(line: str) -> None:
    assert completions(line, line.split(" ")[-1]) == []


def test_a_line_without_a_command_is_help() -> None:
    command, arguments = read("")
    assert (command.name, arguments) == ("help", ([], {}))


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("lst", "do you mean list"),
        ("xyzzy", "known are help"),
        ("'", "a quotation mark is left open"),
        ("delete it's", "a quotation mark is left open"),
    ],
)
def test_an_unknown_command_is_one_clear_line(line: str, hint: str) -> None:
    with pytest.raises(InvalidCommand, match=re.escape(hint)):
        read(line)


@pytest.mark.parametrize(
    ("command", "line", "plain", "values"),
    [
        ("assets", "", [], {}),
        ("assets", "sea", ["sea"], {}),
        ("assets", "sea --type video --page=2", ["sea"], {"type": "video", "page": 2}),
        ("assets", "--page 2 'two words' more", ["two words", "more"], {"page": 2}),
        ("assets", "- -x", ["-", "-x"], {}),
        ("upload", "a.png --focus 0.2,0.8 fig", ["a.png", "fig"], {"focus": (0.2, 0.8)}),
        ("upload", "--upscale a.png --fit stretch", ["a.png"], {"upscale": True, "fit": "stretch"}),
        (
            "upload",
            r"C:\pictures\a.png Out[3] shot.frame(2.5)",
            [r"C:\pictures\a.png", "Out[3]", "shot.frame(2.5)"],
            {},
        ),
        ("delete", "--yes lamp sea", ["lamp", "sea"], {"yes": True}),
    ],
)
def test_arguments_are_words_and_options_in_any_order(
    command: str, line: str, plain: list[str], values: dict[str, object]
) -> None:
    found, arguments = read(f"{command} {line}")
    assert found.name == command
    assert arguments == (plain, values)


@pytest.mark.parametrize(
    ("command", "line", "problem"),
    [
        ("assets", "--tpye image", "--tpye is no option: do you mean --type?"),
        ("assets", "--frobnicate", "--frobnicate is no option: see %runway help"),
        ("assets", "--type", "--type needs a value: --type T"),
        ("assets", "--type --page 2", "--type needs a value: --type T"),
        ("assets", "--type image --type video", "--type is given twice"),
        ("assets", "--type film", "--type is 'film': give image, video, audio"),
        ("assets", "--type Image", "--type is 'Image': give image, video, audio"),
        ("assets", "--type=", "--type is '': give image, video, audio"),
        ("assets", "--page 1.5", "--page is '1.5': give a whole number"),
        ("upload", "--focus left", "--focus is 'left': give two numbers, such as 0.5,0.2"),
        ("upload", "--seconds 5", "--seconds is no option: see %runway help"),
        ("delete", "--yes=no", "--yes takes no value"),
        ("delete", "--force", "--force is no option: see %runway help"),
    ],
)
def test_a_mistake_in_an_argument_is_one_clear_line(command: str, line: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_arguments(line.split(), TABLES[command])
    assert caught.value.problems == (problem,)


@pytest.mark.parametrize("command", TABLES)
@given(line=st.text(max_size=60))
def test_any_arguments_are_read_or_refused(command: str, line: str) -> None:
    try:
        plain, values = parse_arguments(line.split(), TABLES[command])
    except InvalidRequest as refused:
        told = refused.problems
    else:
        told = ("fine",)
        assert not [word for word in plain if word.startswith("--")]
        assert set(values) <= {option.field for option in TABLES[command]}
    assert all(told)
