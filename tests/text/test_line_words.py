"""The words of a line that was typed on any keyboard, or copied from anywhere."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb.notebook.language import parsing
from runway_nb.notebook.magics.command_line import read_line
from runway_nb.notebook.magics.commands import COMMANDS
from runway_nb.pictures.asset_names import quoted
from runway_nb.text.line_words import OpenQuote, plain_number, shortened, split

SPACES = "\u00a0\u2007\u202f\u3000\u2003\u1680\u2028\t"
PAIRS = ["\u201c\u201d", "\u201e\u201c", "\u201d\u201d", "\u2018\u2019", "\u201a\u2018", "\u00ab\u00bb", "\u00bb\u00ab",
         "\u2039\u203a", "\u300c\u300d", "\uff02\uff02", '\u201c"']  # fmt: skip
UNSEEN = "\ufeff\u200b\u2060\u00ad\u200e\u200f\u202e\u2069"


def read(line: str, **variables: object) -> parsing.CellOptions:
    return parsing.parse(line, variables)


@given(st.text("ab =-\\'\" \t", max_size=20))
def test_plain_lines_are_split_as_a_shell_does_but_for_backslashes(line: str) -> None:
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
    try:
        expected = list(lexer)
    except ValueError:
        with pytest.raises(OpenQuote):
            split(line)
    else:
        assert split(line) == expected


@pytest.mark.parametrize("space", SPACES)
def test_any_space_parts_words(space: str) -> None:
    line = f"shot{space}--zoom{space}4{space}{space}--first{space}'two{space}words.png'"
    assert read(line) == parsing.CellOptions("shot", {"zoom": 4.0, "first": f"two{space}words.png"}, ())


@pytest.mark.parametrize("pair", PAIRS)
@pytest.mark.parametrize("gap", [" ", "="])
def test_quotes_of_any_language_hold_a_value_together(pair: str, gap: str) -> None:
    line = f"shot --first{gap}{pair[0]}two words.png{pair[1]} --zoom 4"
    assert read(line) == parsing.CellOptions("shot", {"first": "two words.png", "zoom": 4.0}, ())


@pytest.mark.parametrize("mark", "\u201c\u201e\u2018\u00ab\u2019\u201d")
def test_a_quote_that_nothing_closes_is_named(mark: str) -> None:
    (problem,) = read(f"shot --first {mark}two words.png --zoom 4").problems
    assert mark in problem
    assert "MARK" in problem
    assert problem.endswith("is left open on the %%runway line: close it, or type straight ones")


def test_an_apostrophe_inside_a_word_is_a_letter() -> None:
    assert read("--first anna\u2019s.png").values == {"first": "anna\u2019s.png"}


@pytest.mark.parametrize("mark", UNSEEN)
def test_marks_without_width_are_left_out_but_inside_quotes(mark: str) -> None:
    assert read(f"{mark}shot{mark} --zo{mark}om {mark}4{mark}") == parsing.CellOptions("shot", {"zoom": 4.0}, ())
    assert read(f"--first 'a{mark}b.png'").values == {"first": f"a{mark}b.png"}


def test_joiners_stay_in_names_and_are_named_in_options() -> None:
    assert read("--first \U0001f468\u200d\U0001f469.png").values == {"first": "\U0001f468\u200d\U0001f469.png"}
    assert read("--zoom\u200d 4").problems == ("'--zoom\\u200d' is no option: do you mean --zoom?",)


@pytest.mark.parametrize(
    ("typed", "value"),
    [("\u22124", -4), ("\u20134", -4), ("\u20144", -4), ("\uff0d\uff14", -4), ("\uff0b4", 4), ("2,5", 2.5),
     ("-2,5", -2.5), ("\uff12\uff0e\uff15", 2.5), ("2\u066b5", 2.5), ("\u0664", 4), (",5", 0.5)],
)  # fmt: skip
def test_a_number_may_have_the_signs_of_any_keyboard(typed: str, value: float) -> None:
    assert read(f"--zoom {typed}") == parsing.CellOptions("", {"zoom": value}, ())


@pytest.mark.parametrize("typed", ["0.5,0.2", "\uff10.5\uff0c0.2", "0,5;0,2", "0.5;0.2"])
def test_a_place_may_have_the_signs_of_any_keyboard(typed: str) -> None:
    assert read(f"--focus {typed}").values == {"focus": (0.5, 0.2)}


@pytest.mark.parametrize("typed", ["\uff11\uff10", "10"])
def test_a_whole_number_may_have_wide_digits(typed: str) -> None:
    assert read(f"--seconds {typed}").values == {"seconds": 10}
    assert plain_number(typed) == typed


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("\u2014zoom 4", "--zoom"),
        ("\u2013zoom 4", "--zoom"),
        ("-zoom 4", "--zoom"),
        ("\u2212\u2212zoom 4", "--zoom"),
        ("zoom=4", "--zoom"),
        ("\u2014ZOOM=4", "--zoom"),
        ("\u2014static", "--static"),
        ("\u2014max_credits 25", "--max-credits"),
        ("\uff0d\uff0dzoom 4", "--zoom"),
    ],
)
def test_an_option_with_other_dashes_is_refused_with_the_one_that_is_meant(line: str, meant: str) -> None:
    read_back = read(f"shot {line}")
    assert read_back.name == "shot"
    (problem,) = read_back.problems
    assert problem.endswith(f" is no option: type {meant}")


@pytest.mark.parametrize("line", ["--ZOOM 4", "--Zoom=4", "--max_credits 3", "--MAX_CREDITS 3", "--\uff5aoom 4"])
def test_an_option_in_other_letters_is_refused_with_the_one_that_is_meant(line: str) -> None:
    (problem,) = read(line).problems
    meant = "--max-credits" if "3" in line else "--zoom"
    assert problem.endswith(f" is no option: do you mean {meant}?")


def test_an_option_without_dashes_is_told() -> None:
    assert read("shot zoom 4").problems == (
        "one name for the job at most, found 'shot' 'zoom' '4': type --zoom for the option",
    )


def test_a_command_reads_the_same_signs() -> None:
    command, arguments = read_line("upload\u00a0\u201ctwo words.png\u201d\u3000--focus\u00a00,5;0,2", COMMANDS)
    assert (command.name, arguments) == ("upload", (["two words.png"], {"focus": (0.5, 0.2)}))
    with pytest.raises(ValueError, match="'\u2014yes' is no option: type --yes"):
        read_line("delete lamp \u2014yes", COMMANDS)


@example("a\\")
@example("\u201ca\u201d")
@given(st.text(min_size=1).filter(lambda text: not ('"' in text and "'" in text)))
def test_a_word_in_quotes_comes_back(word: str) -> None:
    assert split(f"x {quoted(word)} y") == ["x", word, "y"]
    assert split(f"--first={quoted(word)}") == [f"--first={word}"]


@pytest.mark.slow("reads lines of a million characters")
def test_a_long_mistake_is_told_in_short() -> None:
    for line in (
        f"--zoom {'x' * 10**6}",
        f"--{'x' * 10**6}",
        "x " * 10**5,
        f"--seconds {'9' * 10**6}",
        "y" * 10**6 + "-",
    ):
        assert all(len(problem) < 600 for problem in read(line).problems)
    assert shortened("x" * 100) == repr("x" * 57 + "...")
