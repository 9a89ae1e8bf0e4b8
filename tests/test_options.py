"""The table of options: parser, help, completion, README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidCommand
from runway_nb.notebook import options

README = Path(__file__).parent.parent / "README.md"


def read(line: str, **variables: object) -> options.CellOptions:
    return options.parse(line, variables)


def test_an_empty_line_asks_for_nothing() -> None:
    assert read("") == options.CellOptions("", {}, ())


def test_every_kind_of_value_is_read() -> None:
    line = (
        "shot --first a.png --zoom -3.5 --seconds 10 --static --aspect=portrait --reply-url 'https://x.test/a b' --wait"
    )
    assert read(line) == options.CellOptions(
        "shot",
        {
            "first": "a.png",
            "zoom": -3.5,
            "seconds": 10,
            "static": True,
            "aspect": "portrait",
            "reply_url": "https://x.test/a b",
            "wait": True,
        },
        (),
    )


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--zom 3", "--zom is no option: do you mean --zoom?"),
        ("--xyzzy 3", "--xyzzy is no option: see %runway help"),
        ("--zoom", "--zoom needs a value: --zoom N"),
        ("--zoom fast", "--zoom is 'fast': give a number"),
        ("--seconds 5.5", "--seconds is '5.5': give a whole number"),
        ("--zoom 1 --zoom 2", "--zoom is given twice"),
        ("--static=yes", "--static takes no value"),
        ("a b", "one name for the job at most, found 'a' 'b': quote values that hold spaces"),
        ("2nd", "'2nd' cannot be the name of a variable"),
        ("--first 'open", "a quotation mark is left open on the %%runway line: close it"),
        ("--zoom {{z}}", "{{z}} is no variable: define z first"),
    ],
)
def test_a_mistake_is_one_clear_line(line: str, problem: str) -> None:
    assert problem in read(line).problems


def test_all_mistakes_are_collected() -> None:
    assert len(read("--zom 3 --pan x --seed").problems) == 3


def test_backslashes_of_a_path_stay() -> None:
    assert read(r"--first C:\pictures\a.png").values["first"] == r"C:\pictures\a.png"


def test_variables_are_filled_in_as_they_are() -> None:
    assert read("--zoom {{z}} --first {{ path }}", z=4, path="two words.png").values == {
        "zoom": 4.0,
        "first": "two words.png",
    }


def test_a_variable_is_not_filled_in_twice() -> None:
    problems: list[str] = []
    assert options.fill("a {{x}}", {"x": "{{y}}", "y": "no"}, problems) == "a {{y}}"
    assert not problems


@pytest.mark.parametrize("text", ["{x}", "{ {x} }", "$x", "{{x.y}}", "{{1}}", "{{}}", "f{{{{"])
def test_anything_else_in_braces_is_left_alone(text: str) -> None:
    problems: list[str] = []
    assert options.fill(text, {"x": 1}, problems) == text
    assert not problems


def test_only_plain_variables_are_filled_in() -> None:
    problems: list[str] = []
    options.fill("{{x}} {{y}}", {"x": [1], "y": print}, problems)
    assert [p.split(":")[0] for p in problems] == ["{{x}} is a list", "{{y}} is a builtin_function_or_method"]


@given(st.text(max_size=60))
def test_any_line_is_read_without_an_exception(line: str) -> None:
    result = options.parse(line, {})
    assert isinstance(result.problems, tuple)


@given(st.text())
def test_words_without_references_are_taken_literally(text: str) -> None:
    problems: list[str] = []
    if "{{" not in text:
        assert options.fill(text, {}, problems) == text


@pytest.mark.parametrize("option", options.OPTIONS, ids=lambda option: option.flag)
def test_every_option_can_be_given(option: options.Option) -> None:
    value = {"number": "1", "whole": "5", "place": "0.5,0.2"}.get(
        option.kind, option.choices[0] if option.choices else "x"
    )
    line = option.flag if option.kind == "switch" else f"{option.flag} {value}"
    read_back = read(line)
    assert list(read_back.values) == [option.field]
    assert not read_back.problems


def test_help_names_every_option_and_command() -> None:
    for option in options.OPTIONS:
        assert option.usage in options.cell_help()
    for command in options.COMMANDS:
        assert command.name in options.line_help()


def test_readme_holds_the_tables_as_they_are() -> None:
    text = README.read_text()
    for table in options.readme_tables():
        assert table in text, f"README is out of date; the table is now\n{table}"


@pytest.mark.parametrize(
    ("line", "symbol", "expected"),
    [
        ("%%runway --zo", "--zo", ["--zoom"]),
        ("%%runway --aspect ", "", ["landscape", "portrait"]),
        ("%%runway --aspect po", "po", ["portrait"]),
        ("%%runway --zoom 3 --zo", "--zo", []),
        ("%runway sh", "sh", ["show"]),
        ("%runway show ", "", []),
    ],
)
def test_completion(line: str, symbol: str, expected: list[str]) -> None:
    assert options.completions(line, symbol) == expected


def test_a_line_without_a_command_is_help() -> None:
    assert options.command_of("") == ("help", [])


@pytest.mark.parametrize(("line", "hint"), [("lst", "do you mean list"), ("xyzzy", "known are help"), ("'", "known")])
def test_an_unknown_command_is_one_clear_line(line: str, hint: str) -> None:
    with pytest.raises(InvalidCommand, match=re.escape(hint)):
        options.command_of(line)


@pytest.mark.parametrize("text", ["0.5", "0.5,x", "1,2,3", ","])
def test_a_place_that_is_none_says_what_to_give(text: str) -> None:
    (problem,) = read(f"--focus {text}").problems
    assert problem == f"--focus is {text!r}: give two numbers, such as 0.5,0.2"
